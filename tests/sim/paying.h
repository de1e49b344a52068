/* The steps of this build and those of asking.h, but answers to requests cost something.
 *
 * Only answers from which a value is made do, so that what a run has used depends on what it came
 * to and not on how often it was tried: it is part of the outcome that lives are compared by.
 *
 * Threads: as the steps themselves.
 */
#ifndef SIM_PAYING_H
#define SIM_PAYING_H

#include "engine/step.h"

const struct step_table *paying_steps(void);
const struct catalog *paying_catalog(void);

#endif
