/* base/yaml_scalar.h - what a plain scalar of YAML means: the 1.2 core schema, with JSON's numbers.
 *
 * Sources: YAML 1.2.2, 10.3.2, "Tag Resolution".
 * Threads: any.
 */
#ifndef BASE_YAML_SCALAR_H
#define BASE_YAML_SCALAR_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"

/* Null, a boolean, a number or a string; texts are copied to the arena. INVALID: a number that JSON
 * cannot say or that was hardly meant as one; LIMIT: the arena is full. Words without a place. */
MUST_USE enum status yaml_scalar_resolve(struct value *out, struct arena *arena, struct slice text,
                                         struct error *error);

/* A string with a copy of the text. LIMIT: the arena is full. */
MUST_USE enum status yaml_scalar_string(struct value *out, struct arena *arena, struct slice text,
                                        struct error *error);

#endif
