/* Says of a life that went wrong what each run waits for.
 *
 * Threads: one.
 */
#ifndef SIM_STUCK_H
#define SIM_STUCK_H

struct world;

/* Prints to standard error. */
void stuck_describe(const struct world *world);

#endif
