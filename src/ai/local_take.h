/* ai/local_take.h - takes a field's value from what a label names.
 *
 * Threads: as the finder.
 */
#ifndef AI_LOCAL_TAKE_H
#define AI_LOCAL_TAKE_H

#include "ai/local_find.h"

/* Adds what the finder's statement, named by labels so well as `score` says, holds for the field.
 */
void local_take(struct local_finder *finder, size_t field, double score);

/* How well the typed value is what the field asks for: 0 (not at all) to 1. */
double local_take_fit(const struct local_field *field, const struct local_found *found,
                      const struct local_scale *scale);

/* Adds a typed value of the statement. */
void local_take_found(struct local_finder *finder, size_t field, const struct local_found *found,
                      double score);

/* Adds a text of the statement as it is. */
void local_take_text(struct local_finder *finder, size_t field, struct slice text, double score);

/* The field's choice that the text names; -1 if none. */
int64_t local_take_choice(const struct local_field *field, struct slice text);

#endif
