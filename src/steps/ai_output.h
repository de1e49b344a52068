/* steps/ai_output.h - the value in a model's text, and whether it is what was asked for.
 *
 * Threads: pure, any thread.
 */
#ifndef STEPS_AI_OUTPUT_H
#define STEPS_AI_OUTPUT_H

#include "ai/request.h"
#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"
#include "expr/schema.h"

#include <stdbool.h>

/* Bytes of words about what is wrong. */
#define AI_OUTPUT_WORDS_BYTES ERROR_TEXT_BYTES

struct ai_output {
    struct value value;     /* as the schema has it */
    struct value citations; /* array of what the model claims; VALUE_NONE: nothing */
    bool is_unsaid;         /* all that is wrong is null where the schema wants a value */
    char words[AI_OUTPUT_WORDS_BYTES];
};

/* Reads the envelope (ai/request.h) in the text; everything lives in the arena. schema: of the
 * value, NULL: made from the request. False: it cannot be used, `words` says why. An object where
 * the envelope should be is taken for the value; null for a property that may be absent counts as
 * absent. */
bool ai_output_read(struct ai_output *out, const struct ai_request *request,
                    const struct schema *schema, struct slice text, struct arena *arena);

/* The names of the properties that the step's value has by that schema: all that it declares, the
 * absent ones null, and no other. VALUE_NONE: objects may have other names as well. */
struct value ai_output_names(struct value schema, struct arena *arena);

#endif
