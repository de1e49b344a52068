/* engine/share.h - how runs take turns: each is a flow of its workspace in every queue, together
 * with all above and below it.
 *
 * Threads: the engine's, but for the flows themselves, each of which the owner of its queue uses.
 */
#ifndef ENGINE_SHARE_H
#define ENGINE_SHARE_H

#include "base/fair.h"
#include "base/id.h"

struct engine;
struct run;

/* Queues in which runs wait: those of the pools, in the order of enum engine_pool, and the
 * writer's. */
enum share_queue { SHARE_EVAL, SHARE_WORK, SHARE_SANDBOX, SHARE_WRITER };
#define SHARE_COUNT (SHARE_WRITER + 1)

/* A workspace while a run of it is in memory. */
struct share {
    struct share *next;
    struct id workspace;
    uint32_t runs;
    struct fair_owner owners[SHARE_COUNT];
};

/* A run comes into memory, and leaves it when nothing of it waits anywhere. */
void share_join(struct engine *engine, struct run *run);
void share_leave(struct engine *engine, struct run *run);

#endif
