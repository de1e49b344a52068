/* steps/until.h - how long a step waits: `for` a time, or `until` a moment.
 *
 * Threads: pure.
 */
#ifndef STEPS_UNTIL_H
#define STEPS_UNTIL_H

#include "engine/step.h"

/* Of the rendered fields: one that is not given is VALUE_NONE. False: the failure is filled. */
bool until_read(struct step_wait *out, struct value length, struct value until,
                struct step_failure *failure);

#endif
