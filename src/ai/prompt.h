/* ai/prompt.h - a request in words, for models that are talked to.
 *
 * Texts of sources are foreign: they stand between marks that nobody can have written into them,
 * since the marks hold a hash of the texts, and the model is told that nothing between them is an
 * instruction. Of sources longer than the budget the best passages are given.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_PROMPT_H
#define AI_PROMPT_H

#include "ai/request.h"
#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct prompt {
    struct slice system; /* may be empty */
    struct slice user;
};

struct prompt_options {
    size_t context_bytes; /* of source text, at most */
    bool tells_schema;    /* the schema stands in the words: the provider has no other way */
};

/* False: the arena is full. */
bool prompt_make(struct prompt *out, const struct ai_request *request,
                 const struct prompt_options *options, struct arena *arena);

#endif
