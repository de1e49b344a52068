/* tests/fuzz/fuzz.h - what every fuzz target shares.
 *
 * Threads: one.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* One input; returns 0. A broken property is a failed assert. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
