/* ai/structured.h - finds the JSON object in what a model said.
 *
 * Models put fences, thoughts and prose around JSON, leave a comma behind the last element, write
 * comments, single quotes, bare names, Python's True, raw line ends in strings. All of that is read
 * as what it plainly means; NaN and infinities become null. An object that is not closed, or broken
 * in any other way once a name and its colon were read, is refused as a whole: a part of it is
 * never taken for the answer. Whoever asked checks what comes back by a schema.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_STRUCTURED_H
#define AI_STRUCTURED_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"

/* The object in the text, in the arena: of several the last that has a member `wanted`, else the
 * first. INVALID with words for whoever wrote the text: there is none, it is cut off, or malformed;
 * LIMIT: larger than LIMIT_VALUE_BYTES or than the arena allows. */
MUST_USE enum status structured_find(struct value *out, struct arena *arena, struct slice text,
                                     const char *wanted, struct error *error);

#endif
