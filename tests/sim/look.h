/* Somebody looks at a run in the middle of its life: its progress, its items so far.
 *
 * Threads: one.
 */
#ifndef SIM_LOOK_H
#define SIM_LOOK_H

struct story;

/* Asks for both; what does not fit together is a failure of the world. */
void look_at(struct story *story);

#endif
