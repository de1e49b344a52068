/* steps/keys.h - what reshapes take of a row to sort, compare and join it by.
 *
 * Threads: any.
 */
#ifndef STEPS_KEYS_H
#define STEPS_KEYS_H

#include "base/sort_key.h"
#include "engine/step.h"
#include "spill/sorter.h"

/* The values of an array as sort keys one behind the other. */
void keys_append(struct buffer *out, struct value values);
/* A hash of these keys, SORT_KEY_HASH_BYTES: the same of values that are equal. */
void keys_append_hash(struct buffer *out, struct value values);

/* Text of the values with letters in lower case, or with blanks cut at the ends and one between two
 * words; arrays and objects are left alone. VALUE_NONE: no room. */
struct value keys_loosened(struct arena *arena, struct value values, bool ignores_case,
                           bool ignores_space);

/* Puts out the next rows of a sorted sorter, whose payloads are packed rows; a bounded part. */
enum status keys_put_sorted(struct sorter *sorter, struct reshape_out *out, bool *is_done,
                            struct error *error);

#endif
