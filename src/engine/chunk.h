/* engine/chunk.h - a chunk of items in memory, and how its row steps are evaluated.
 *
 * A chunk is the unit of claiming: up to LIMIT_CHUNK_ITEMS consecutive items of one table, in one
 * stretch. It is loaded by a work thread, then advanced by an eval thread as far as recorded data
 * allows; what needs the world comes back as wanted calls and naps. The engine fills in results and
 * has it advanced again, until every node of the stretch is decided on every item. All that belongs
 * to it hangs in its arena.
 *
 * Threads: one owner at a time: the engine hands it to a pool and gets it back.
 */
#ifndef ENGINE_CHUNK_H
#define ENGINE_CHUNK_H

#include "base/arena.h"
#include "base/id.h"
#include "base/value.h"
#include "engine/key.h"
#include "engine/program.h"
#include "engine/step.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct callee;
struct callees;

/* One node on one item. */
struct column {
    uint8_t state;  /* enum node_state */
    uint8_t chosen; /* label of a done branch */
    bool is_asked;  /* a call or a nap is on its way */
    bool is_effect; /* the value stands in an effect row of this hash */
    uint8_t hash[STORE_HASH_BYTES];
    struct value value; /* the output; of FAILED and CONTINUED the failure {code, message, …} */
    struct step_progress *progress; /* of an effect of several calls, once it has begun */
};

struct item {
    struct value row;
    struct slice key;       /* .size 0: by the item's ordinal */
    struct value inherited; /* columns that a reshape brought along; VALUE_NONE: none */
    struct value parent;    /* what the row was expanded from; VALUE_NONE: nothing */
    struct value base;      /* outer columns and inherited ones, once they are needed */
    struct value steps;     /* columns seen by chain nodes, grown as they are decided */
    uint16_t steps_through; /* how many columns `steps` holds */
    uint16_t open_count;    /* nodes of this stretch that are not decided */
    uint8_t state;          /* enum item_state; set after the last stretch */
    bool is_ready;          /* something changed since it was last advanced */
    bool is_counted;        /* in the chunk's counts */
    const char *problem;    /* the source could not read this row */
    struct column *columns; /* by column of the table */
};

/* A call that the world has to answer. */
struct chunk_call {
    uint32_t item;
    uint16_t node;
    uint32_t number; /* of the step's calls on this item, from 0 */
    uint8_t hash[STORE_HASH_BYTES];
    uint32_t failed_generation;  /* newest generation that recorded a failure; 0: none */
    struct value config;         /* of a workflow step: its input */
    struct slice host;           /* that it goes to, as far as its type says */
    const struct callee *callee; /* of a workflow step; else NULL */
    struct id child;             /* its run */
};

/* A wait of less than a second. */
struct chunk_nap {
    uint32_t item;
    uint16_t node;
    int64_t duration_ms;
};

/* State of a node of another, one-item table, as rows see it. */
struct outside {
    uint8_t state;
    uint8_t chosen;
};

/* A recorded effect of an item of this chunk. */
struct found_effect {
    struct slice key;
    uint16_t node;
    uint32_t call;
    uint8_t hash[STORE_HASH_BYTES];
    uint32_t failed_generation; /* newest recorded failure */
    bool is_ok;
    struct value value;   /* of a success */
    struct value failure; /* of a failure of this generation; VALUE_NONE if there is none */
    struct usage used;    /* in all generations */
    uint32_t attempts;    /* likewise */
};

struct chunk {
    struct arena arena;
    const struct program *program; /* borrowed from the run, which outlives it */
    const struct callees *callees; /* likewise; NULL: no step calls a workflow */
    const struct plan_table *table;
    uint32_t index;
    uint16_t stretch;
    uint32_t generation;
    struct id run;

    struct value input, run_value, vars, outer_steps; /* parts of the root */
    struct value default_model;                       /* as in struct step_scope */
    const struct outside *outside;                    /* by node index */

    struct source_place begin, end;
    uint32_t item_count;
    struct item *items;
    bool is_begun;
    uint32_t unsettled_count; /* items with open nodes in this stretch */

    struct found_effect *found; /* sorted by (node, key, call, hash) */
    uint32_t found_count;

    /* Filled by chunk_advance(), emptied by the engine. */
    struct chunk_call *calls;
    uint32_t call_count, call_capacity;
    struct chunk_nap *naps;
    uint32_t nap_count, nap_capacity;

    bool is_in_place;    /* not a chunk of a stored run (in_place.h) */
    uint32_t calls_left; /* workflows that may still be called for the item in hand */
    bool is_over_budget; /* something failed that more time or memory might have let go well */
    int64_t now_unix_ms; /* handed in before advancing: base of waits */
    int64_t due_unix_ms; /* latest gate of this stretch; 0: none */
    struct item_counts counts; /* of what is settled in the last stretch */
};

/* The order of chunk.found. */
int found_effect_compare(const struct found_effect *a, const struct found_effect *b);

/* What that node has done on the item in all generations, as far as it was recorded when the
 * effects were found. */
struct effort {
    uint32_t effects; /* recorded ones */
    uint64_t attempts;
    struct usage used;
};
struct effort chunk_item_effort(const struct chunk *chunk, uint32_t item, uint16_t node);

/* Lays out items and columns, all pending. False: the arena's limit does not allow it. */
bool chunk_make_items(struct chunk *chunk, uint32_t item_count);

/* Lays out items for the rows of a source. False as above. */
bool chunk_take_rows(struct chunk *chunk, const struct source_batch *batch);

struct key chunk_item_key(const struct chunk *chunk, uint32_t item);

/* Decides every node of the stretch that can be decided, on every ready item. Pure. */
void chunk_advance(struct chunk *chunk, struct expr_machine *machine);

/* Puts in the outcome of a call or a nap: a value, or a failure. Copies into the chunk's arena. A
 * step that may take several calls goes on when the chunk is advanced. */
void chunk_settle(struct chunk *chunk, uint32_t item, uint16_t node, bool is_ok,
                  struct value outcome);

/* The root value {input, item, steps, run, vars} as that node sees it. */
struct value chunk_root(struct chunk *chunk, uint32_t item, const struct plan_node *node);

/* What a reshape at that node brings along of the item: inherited columns and those before it. */
struct value chunk_kept_steps(struct chunk *chunk, uint32_t item, const struct plan_node *node);

/* The root value as a node behind all columns would see it. */
struct value chunk_root_behind(struct chunk *chunk, uint32_t item);

/* The root without an item's own columns, for what is rendered once per table. */
struct value chunk_outer_root(struct chunk *chunk);

/* Bytes that a failure takes beside its words. */
#define CHUNK_FAILURE_BYTES KIB(4)
/* A failure as data: {"code", "message"}; also in an arena that is used up. */
struct value chunk_failure_value(struct arena *arena, const char *code, const char *words);

/* That of the run's output, which could not be rendered. */
struct value chunk_output_failure(struct arena *arena, const struct expr_failure *bad);

/* Type name and rendered config as STORE_HASH_BYTES. */
void effect_hash(const struct plan_node *node, struct value config, uint8_t out[STORE_HASH_BYTES]);

/* What one recorded call is known by. */
struct effect_name {
    const struct id *run;
    struct slice step, key;
    uint32_t call;
    const uint8_t *hash; /* STORE_HASH_BYTES */
};

/* The outward idempotency key: 64 hex digits over the name and the retried failure. */
void effect_idempotency_key(const struct effect_name *name, uint32_t failed_generation,
                            char out[2 * DIGEST_BYTES + 1]);

#endif
