/* steps/ai_answer.h - what a step makes of a model's answer.
 *
 * Whoever the provider is, the answer is read the same way: the JSON in it is found, checked by its
 * schema, and each quote is looked up in the source that it is said to come from. An answer that
 * cannot be used is still a recorded success of its call, since it was paid, and is followed by one
 * question what is wrong with it; the answer to that, if it is bad too, fails the call.
 *
 * Threads: any.
 */
#ifndef STEPS_AI_ANSWER_H
#define STEPS_AI_ANSWER_H

#include "engine/step.h"

/* Concludes a question: config is the neutral request, the value that of the step, or a bad answer.
 * Failures: what the transport says, `no_provider`, `no_source`, `provider_refused`,
 * `provider_failed`, `overloaded`, `bad_output`, `not_in_sources`. */
step_conclude_fn ai_answer_conclude;

/* An answer that cannot be used. */
struct ai_bad_answer {
    struct value text;  /* what was said */
    struct value words; /* what to say to it */
};

/* Whether a call's value is one: the value of a step is never an array. */
bool ai_bad_answer_is(struct value value);
struct ai_bad_answer ai_bad_answer_of(struct value value);

#endif
