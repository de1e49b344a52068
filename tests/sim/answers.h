/* Who answers the steps that wait for somebody outside: an event, or a yes or no.
 *
 * What is said depends on the question alone, so that a life comes out as an undisturbed one does;
 * one that is about "late" is never answered. The same may be said several times at once: the store
 * lets one count.
 *
 * Threads: one.
 */
#ifndef SIM_ANSWERS_H
#define SIM_ANSWERS_H

#include <stdbool.h>

struct world;

/* Answers what is open, or some of it; false: nothing was, or an answer is on its way. */
bool answers_give(struct world *world, bool gives_all);

/* What was acknowledged holds. */
void answers_check(struct world *world);
/* The process died: nobody hears what it would have said. */
void answers_forget(struct world *world);
void answers_done(struct world *world);

#endif
