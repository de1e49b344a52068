/* What store/writer.h does, an event at a time: two lanes in order, batches, reports.
 *
 * Threads: one.
 */
#ifndef SIM_COMMITS_H
#define SIM_COMMITS_H

#include <stdbool.h>
#include <stdint.h>

struct intent;
struct world;

/* The engine's port. */
void commits_push(struct world *world, struct intent *intent);

/* When the next batch is to be committed; INT64_MAX: there is nothing. */
int64_t commits_next_us(const struct world *world);

/* Commits a batch, or fails to: then the same batch comes again. */
void commits_step(struct world *world);

bool commits_has_report(const struct world *world);
/* Calls `done` of the oldest committed intent. */
void commits_report(struct world *world);

/* The process dies: the batch under way is stored or not. */
void commits_kill(struct world *world);
/* Gives back everything that was pushed since, as not stored. */
void commits_give_up(struct world *world);

void commits_done(struct world *world);

#endif
