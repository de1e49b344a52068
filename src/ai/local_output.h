/* ai/local_output.h - the answer's parts: values, citations, the envelope.
 *
 * Threads: one at a time.
 */
#ifndef AI_LOCAL_OUTPUT_H
#define AI_LOCAL_OUTPUT_H

#include "ai/local_find.h"
#include "ai/request.h"
#include "base/arena.h"
#include "base/value.h"

#include <stddef.h>

struct local_output {
    const struct ai_request *request;
    struct arena *arena;
    struct value citations; /* array */
};

void local_output_init(struct local_output *output, const struct ai_request *request,
                       struct arena *arena);

/* What is said, where, and how sure that is. */
struct local_citation {
    struct slice field; /* or empty */
    size_t source;      /* index in the request's sources */
    struct slice text;  /* in the source: what the quote must hold */
    struct slice quote; /* in the source: what stands around it */
    double confidence;
};

void local_output_cite(struct local_output *output, const struct local_citation *citation);

/* The value of the field's best candidate that is good enough and keeps to the schema, which is
 * cited; VALUE_NONE: there is none. */
struct value local_output_field(struct local_output *output, const struct local_finder *finder,
                                size_t field);

/* {"output": value, "citations": [...]} as text; .ptr NULL if the arena is full. */
struct slice local_output_text(struct local_output *output, struct value value);

/* The text on one line: white space of any kind is a space. */
struct value local_output_line(struct arena *arena, struct slice text);

#endif
