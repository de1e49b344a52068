/* steps/ai_call.h - the calls of a step that asks a model.
 *
 * First one call for each place that sources are read from (steps/sources.h), then the question,
 * and if the answer cannot be used, the same question once more with what was wrong. A question is
 * asked with the neutral request (ai/request.h), so that its hash covers the texts of the sources
 * by their digests: another prompt reads no source again.
 *
 * Threads: pure but for ai_call_conclude().
 */
#ifndef STEPS_AI_CALL_H
#define STEPS_AI_CALL_H

#include "engine/step.h"

/* Fields that all these steps have. */
#define AI_CALL_FIELD_MODEL                                                                        \
    {                                                                                              \
        .name = "model", .kind = FIELD_MODEL,                                                      \
        .help = "Such as openai/gpt-4o-mini; `default` if not given."                              \
    }
#define AI_CALL_FIELD_SOURCES(is_required)                                                         \
    {                                                                                              \
        .name = "sources", .kind = FIELD_SOURCES, .required = (is_required),                       \
        .help =                                                                                    \
            "Texts that the answer is drawn from: `{text}`, `{file}`, `{documents, match?}` or "   \
            "`{page}`, each with a `title` if you like; a bare text is `{text}`."                  \
    }

/* What the step asks by its rendered config: the neutral request without model and sources.
 * VALUE_NONE: the arena is full. */
typedef struct value ai_call_ask_fn(struct value config, struct arena *arena);

/* A question in the making. */
struct ai_question {
    ai_call_ask_fn *ask;
    const char *text_field; /* a field whose text is the first source; NULL: none */
    bool needs_source;      /* without any source there is no question: `no_source` */
};

/* As step_begin_fn. */
bool ai_call_begin(struct step_scope *scope, struct step_progress *progress,
                   const struct ai_question *question, struct step_failure *failure);

step_follow_fn ai_call_follow;
step_host_fn ai_call_host;
step_prepare_fn ai_call_prepare;
step_conclude_fn ai_call_conclude;

/* Whether the step's value has `citations`: sources are configured, whatever they come to. */
bool ai_call_has_citations(const struct plan_node *node);

/* The member `name` of the config in the request, if it is given. */
struct value ai_call_copy(struct arena *arena, struct value request, struct value config,
                          const char *name);

#endif
