/* What is told of runs: events that somebody may have seen stay as they were, and tell no more and
 * no less than happened.
 *
 * Threads: one.
 */
#ifndef SIM_TELLING_H
#define SIM_TELLING_H

struct events_row;
struct id;
struct world;

/* It was committed: whoever watches has seen it. */
void telling_note(struct world *world, const struct events_row *row);

/* At the end: what is told of each run of the stories, and of each below them, is sound. */
void telling_check(struct world *world);

void telling_done(struct world *world);

#endif
