/* steps/http_answer.h - what steps make of an HTTP answer.
 *
 * Threads: any.
 */
#ifndef STEPS_HTTP_ANSWER_H
#define STEPS_HTTP_ANSWER_H

#include "engine/step.h"

/* Whether the field `expect` of a rendered config can be understood. */
bool http_answer_check_expect(struct value config, struct step_failure *failure);

/* Whether an answer came at all; otherwise the failure says why not. */
bool http_answer_came(const struct exchange *exchange, struct step_failure *failure);

/* Whether an answer came with a status that the config expects: 2xx by default. */
bool http_answer_is_well(struct value config, const struct exchange *exchange,
                         struct step_failure *failure);

/* Whether what was answered with that status may go well at another time. */
bool http_answer_may_retry(int http_status);

step_conclude_fn http_answer_conclude;

#endif
