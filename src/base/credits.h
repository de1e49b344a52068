/* base/credits.h - amounts of credits, which are counted in millionths.
 *
 * Threads: any; pure.
 */
#ifndef BASE_CREDITS_H
#define BASE_CREDITS_H

#include "base/arena.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

#define CREDITS_TEXT_BYTES 24
/* The largest amount that is read, in credits. */
#define CREDITS_MAX 1000000000

/* The amount (0 or more) in credits, as a JSON number without zeros at its end: "0.0125", "3". */
void credits_print(int64_t microcredits, char out[CREDITS_TEXT_BYTES]);

/* The same as a number; VALUE_NONE if the arena is full. */
struct value credits_value(int64_t microcredits, struct arena *arena);

/* A number from 0 to CREDITS_MAX, to the nearest millionth; false: it is none. */
bool credits_read(struct value value, int64_t *microcredits);

#endif
