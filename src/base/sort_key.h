/* base/sort_key.h - JSON values as bytes that compare as the values do.
 *
 * memcmp() over two keys, the shorter first where one is the other's beginning, gives what
 * value_compare() gives over their values, and two keys have the same bytes exactly when the values
 * are equal: 1, 1.0 and 1e0 are one key, whatever their digits and exponents. No key is the
 * beginning of another, so that keys may stand one behind the other, each ascending or descending,
 * and what follows them does not disturb the order.
 *
 * NaN, which equals nothing, is one key here, below every other number.
 *
 * How it is written: one byte of rank; then of a number its exponent and its digits, two in a byte
 * (negative ones inverted); of a string its bytes, of which 0 and 1 take two; of an array its
 * elements; of an object its sorted names, then its values in that order. A zero ends each list.
 * Descending keys are inverted altogether. A key is at most twice as long as the value's JSON text,
 * and two bytes.
 *
 * Sources: base/value.h for the order; base/decimal.h for the unique form of a number; the key
 *          encodings of FoundationDB's tuple layer and of Cockroach Labs (terminators, inversion).
 * Threads: pure functions, any thread.
 */
#ifndef BASE_SORT_KEY_H
#define BASE_SORT_KEY_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

#define SORT_KEY_HASH_BYTES 16

/* Puts the value's key behind what is in the buffer; ask buffer_is_over() when all are there. */
void sort_key_append(struct buffer *out, struct value value, bool is_descending);

/* The first half of the SHA-256 of the key: whoever finds two hashes equal may take the keys to be
 * equal, also where somebody wishes them to collide. */
void sort_key_hash(struct slice key, uint8_t out[SORT_KEY_HASH_BYTES]);

#endif
