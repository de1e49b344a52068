/* steps/http_answer.h - what the http_request step makes of an answer.
 *
 * Threads: any.
 */
#ifndef STEPS_HTTP_ANSWER_H
#define STEPS_HTTP_ANSWER_H

#include "engine/step.h"

/* Whether the field `expect` of a rendered config can be understood. */
bool http_answer_check_expect(struct value config, struct step_failure *failure);

step_conclude_fn http_answer_conclude;

#endif
