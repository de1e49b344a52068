/* document/scan.h - looking at eight bytes of text at once.
 *
 * Sources: A. Mycroft's test for a zero byte in a word.
 * Threads: pure functions, any thread.
 */
#ifndef DOCUMENT_SCAN_H
#define DOCUMENT_SCAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define BYTES(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))

/* Bit 7 of each byte that is zero in `word`. Exact for the lowest hit. */
static inline uint64_t
zero_bytes(uint64_t word)
{
    return (word - BYTES(0x01)) & ~word & BYTES(0x80);
}

static inline uint64_t
load_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return le64toh(word);
}

#endif
