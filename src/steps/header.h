/* steps/header.h - the names of a source's columns when its file does not give them.
 *
 * Threads: any.
 */
#ifndef STEPS_HEADER_H
#define STEPS_HEADER_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"

/* The names of the config as they are, copied. INVALID: one is given twice; LIMIT. */
MUST_USE enum status header_take(struct value *out, struct arena *arena, struct value names,
                                 struct error *error);

/* column_1, column_2, … An array of strings, NUL-terminated; VALUE_NONE over the arena's limit. */
struct value header_number(struct arena *arena, int64_t count);

#endif
