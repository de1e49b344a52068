/* ai/shape.h - the JSON Schemas that an answer has to keep to.
 *
 * Two things need them: the provider is told them, and the step checks the answer by them.
 *
 * Sources: OpenAI, "Structured model outputs", supported schemas (strict mode).
 * Threads: pure, any thread.
 */
#ifndef AI_SHAPE_H
#define AI_SHAPE_H

#include "ai/request.h"
#include "base/arena.h"
#include "base/value.h"

#include <stdbool.h>

/* The schema of the envelope's `output`: the request's own, or made of its fields or labels, or
 * that of a string. VALUE_NONE if the arena is full. */
struct value ai_shape_output(const struct ai_request *request, struct arena *arena);

/* The schema of the whole envelope. VALUE_NONE if the arena is full. */
struct value ai_shape_envelope(const struct ai_request *request, struct arena *arena);

/* The schema as strict structured output wants it: every object is closed and requires all its
 * properties, of which those that were optional may be null; keywords that are not supported there
 * are left out. False: it says something that cannot be said so (a map of any names, an open
 * object, combinators), so that it is better told in the prompt; *out is then VALUE_NONE. */
bool ai_shape_strict(struct value *out, struct value schema, struct arena *arena);

#endif
