/* engine/children.h - the runs that a run's workflow steps ask for; private to engine/.
 *
 * A child is stored before it begins, under an id that is derived (child.h), so that it is never
 * started twice: who finds it there goes on with it. Its end and the effect of its parent's item
 * are one commit. A child in memory holds a place of its depth, never one of its parent's; one that
 * only waits (for a clock or a person) holds none, and its parent may leave memory too.
 *
 * docs/adr/0009-sub-workflows.md has the reasons.
 *
 * Threads: the engine's only.
 */
#ifndef ENGINE_CHILDREN_H
#define ENGINE_CHILDREN_H

#include "engine/run.h"

/* A step asks for a run; its outcome goes to the job's item as that of a call does. */
void children_take(struct run *run, struct chunk_job *job, const struct chunk_call *wanted);
void children_pump(struct run *run);
/* The run is leaving: what it has asked for is not waited for any more. */
void children_abandon(struct run *run);

/* What a child says of itself. Each does nothing if no run in memory waits for it. */
void child_is_here(struct run *child); /* it came into memory */
void child_has_left(struct run *child);
/* In the store; has_ended: with what wakes its parent. */
void child_was_moved(struct engine *engine, const struct id *child, bool has_ended);
/* A time that it waits for has come. False: nobody waits for it, who would take it up. */
bool child_is_due(struct engine *engine, const struct id *child);
/* It could not be taken up. */
void child_not_taken(struct engine *engine, const struct id *child, const struct error *error);

/* Its end is about to be committed with the intent, which gets what it means to its parent. */
void child_add_end(struct run *child, struct intent *intent, struct value output,
                   struct value error);
void child_end_committed(struct run *child, enum status status);

/* Wakes a parent that waits outside memory: it finds the end by itself. Any thread. */
void child_add_wake(const struct run_row *child, struct intent *intent, int64_t now_unix_ms);

/* Whether a run in memory waits for it. */
bool child_is_awaited(const struct engine *engine, const struct id *child);

/* The timer row that wakes a parent which waits outside memory. */
#define CHILD_WAKE_TABLE "/child"

#endif
