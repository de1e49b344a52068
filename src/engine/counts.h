/* engine/counts.h - what the engine counts of itself, for Prometheus; private to engine/.
 *
 * Threads: counted by the engine's, printed by any.
 */
#ifndef ENGINE_COUNTS_H
#define ENGINE_COUNTS_H

#include "base/buffer.h"
#include "flow/catalog.h"
#include "flow/state.h"

#include <stdatomic.h>
#include <stdint.h>

struct effect_row;

/* Kinds of step that may have effects. */
#define COUNTS_TYPES_MAX 64

/* Of one kind of step. */
struct effect_counts {
    _Atomic(const struct step_decl *) type; /* NULL: free, and so are those behind it */
    _Atomic uint64_t ok, failed, reused;
    _Atomic uint64_t attempts;
};

struct engine_counts {
    _Atomic int64_t runs[RUN_STATE_COUNT]; /* in memory */
    _Atomic int64_t calls_in_flight, calls_waiting;
    struct effect_counts effects[COUNTS_TYPES_MAX];
};

/* A run in that state is in memory (by 1), or not any more (by -1). */
static inline void
count_run(struct engine_counts *counts, enum run_state state, int64_t by)
{
    atomic_fetch_add_explicit(&counts->runs[state], by, memory_order_relaxed);
}

/* An effect goes to the store; reused: its answer is another one's. */
void count_effect(struct engine_counts *counts, const struct step_decl *type,
                  const struct effect_row *row, bool is_reused);

#endif
