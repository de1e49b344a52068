/* Credits that are few: what a workspace may spend in some lives, in which every run asks.
 *
 * Answers cost less than what is reserved for them, so that not one credit more may be spent than
 * was granted, whatever comes in between. What the store has added up is what its runs have used.
 *
 * Threads: one.
 */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "engine/engine.h"

struct world;

struct ledger {
    bool is_scarce;
    int64_t granted; /* in millionths of a credit, so far */
    uint32_t revision;
    uint64_t grant_at; /* event; 0: there is none, or it was */
};

/* With dice of its own: whether this life is one of those. Before its stories. */
void ledger_draw(struct world *world);

/* Ports of the engine: struct engine_ports. */
tenant_limits_fn ledger_limits;
int64_t ledger_price(void *world, struct slice model, size_t bytes, int64_t answer_tokens);

/* Fills the purse of a start; false: it is refused, since nothing is left. */
bool ledger_open(struct world *world, struct run_start *start);

/* Between two events: grants what is due, and looks at what was spent. */
void ledger_turn(struct world *world);

/* At the end. */
void ledger_check(struct world *world);

#endif
