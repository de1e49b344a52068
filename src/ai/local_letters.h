/* ai/local_letters.h - letters and digits of a text, by bytes.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_LOCAL_LETTERS_H
#define AI_LOCAL_LETTERS_H

#include <stdbool.h>

static inline bool
local_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* A letter of ASCII, or the first byte of a character that may be one. */
static inline bool
local_is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (unsigned char)byte >= 0xC3;
}

#endif
