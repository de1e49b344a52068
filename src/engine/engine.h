/* engine/engine.h - runs workflows: owns all run state in memory and applies every move.
 *
 * One thread (or, in the simulation, one turn after the other) handles messages: a run to take up,
 * a chunk that was advanced, an answer, a commit, a timer. It does no I/O and evaluates nothing:
 * that is posted to pools and comes back as a message; what must last goes to the writer as an
 * intent and counts only when it comes back committed.
 *
 * Sources: docs/ARCHITECTURE.md, "Life of a run".
 * Threads: as each function says.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/conversion.h"
#include "base/digest.h"
#include "base/exchange.h"
#include "base/id.h"
#include "base/mail.h"
#include "base/pool.h"
#include "base/rng.h"
#include "engine/accounts.h"
#include "engine/program.h"
#include "engine/programs.h"
#include "engine/wishes.h"
#include "store/blobs.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct callees;
struct converted;
struct engine;

enum engine_pool {
    ENGINE_POOL_EVAL,    /* pure steps; the thread context is a struct expr_machine */
    ENGINE_POOL_WORK,    /* files and reads of the store; the same context */
    ENGINE_POOL_SANDBOX, /* waits for sandbox children; the same context */
};
#define ENGINE_POOL_COUNT (ENGINE_POOL_SANDBOX + 1)

/* The world, handed in: threads and network in the program, one seeded schedule in the simulation.
 */
struct engine_ports {
    /* flow: its place among other runs; NULL: somebody waits for it, it goes first. On the engine's
     * and the transport's thread. */
    void (*post)(void *world, enum engine_pool pool, struct task *task, struct fair_flow *flow);
    void (*commit)(void *world, struct intent *intent);
    /* Takes the exchange until its `done`; gives a ticket for call_cancel. */
    uint64_t (*call)(void *world, struct exchange *exchange);
    /* Asks to end a call early; its `done` comes all the same. An old ticket does nothing. */
    void (*call_cancel)(void *world, uint64_t ticket);
    /* What a request of so many bytes to "provider/model" may cost, in millionths of a credit;
     * answer_tokens: the longest answer, 0: as the provider has it. An empty name: the dearest
     * model of all. NULL: nothing costs anything. Any thread. */
    int64_t (*price)(void *world, struct slice model, size_t bytes, int64_t answer_tokens);
    tenant_limits_fn *limits; /* NULL: there are none */
    /* Makes something of a foreign document; the caller waits. A converter_fn over `world`. */
    converter_fn *convert;
    /* Sends a mail; the caller waits. A mailer_fn over `world`; NULL: none can be sent. */
    mailer_fn *mail;
    void *world;
};

struct engine_options {
    struct store *store; /* borrowed, for reads */
    struct blobs *blobs;
    struct converted *converted; /* borrowed */
    struct programs *programs;
    const struct engine_ports *ports;
    struct clock *clock;
    struct rng rng;
    const struct digest *link_secret; /* with which run.tokens are signed; NULL: there are none */
    const char *default_model; /* "provider/model": what `default` means in runs started from now
                                * on; NULL without steps that ask models */
    uint32_t calls_max;        /* on their way over all runs; 0: LIMIT_CALLS_IN_FLIGHT */
    int64_t notice_ms;         /* for so long whoever wants to know that a run has ended is told so
                                * again; 0: nobody is told (windrow run) */
    bool allow_paths;          /* a `file` is a path (windrow run); otherwise a stored file's id */
    bool take_up_runs; /* go on with what the store holds unfinished (serve); otherwise only what an
                        * ended run has left below it is ended too */
};

MUST_USE enum status engine_new(struct engine **out, const struct engine_options *options,
                                struct error *error);

/* Handles what has come and fires what is due; returns the monotonic time in us at which it wants
 * another turn (INT64_MAX: only when a message comes). The engine's thread. */
int64_t engine_turn(struct engine *engine);

/* Where messages wait; readable when engine_turn() has work. */
struct queue *engine_mailbox(struct engine *engine);

/* Hands in a message that was taken out of the mailbox while waiting; before the next turn. */
void engine_give(struct engine *engine, struct queue_node *message);

/* Asks every run to stop where it is: nothing new begins. engine_is_quiet() turns true when it has
 * been heard and all that was on its way has come home. Any thread; the second the engine's. */
void engine_park(struct engine *engine);
bool engine_is_quiet(struct engine *engine);

/* What it counts of itself, for Prometheus. Any thread. */
void engine_print_metrics(const struct engine *engine, struct buffer *out);

/* The engine must be quiet (or the process about to end). */
void engine_free(struct engine **engine);

/* {id, slug, name, version}: what steps see in run.workflow. */
struct value workflow_value_make(struct arena *arena, const struct workflow_row *row,
                                 uint32_t version);

/* How a run begins. All is borrowed until engine_run_start() returns. */
struct run_start {
    struct program *program;
    struct callees *callees; /* of the program (callees_find()) */
    struct id workspace, workflow, run;
    struct id key;      /* of the API, with which it is started; zero: none */
    struct purse purse; /* of engine_purse_open(); taken over */
    uint32_t version;
    struct value workflow_value; /* {id, slug, name, version} as steps see it in run.workflow */
    struct value input;          /* already checked against the schema */
    const char *trigger;
    struct value resolved; /* kept with the run; VALUE_NONE: nothing */
    struct value vars;     /* of the workspace (engine/vars.h); VALUE_NONE: none are used */
    struct run_wishes wishes;
    const struct idempotency_row *idempotency; /* may be NULL */
    struct store_op also;         /* one more operation of the same commit, on an object; or none */
    struct expr_machine *machine; /* the caller's, of engine_inline_budget(); NULL: not in place */
};

/* What pays for the run, before it is started: LIMIT and *refusal: a limit is used up already, and
 * *out is empty. Else as the store's reads. *out is empty too when its steps ask no models. Reads
 * the store: not on the engine's thread. */
MUST_USE enum status engine_purse_open(struct engine *engine, const struct run_start *start,
                                       struct purse *out, struct refusal *refusal);
/* For limits that have changed. */
struct accounts *engine_accounts(struct engine *engine);

/* Called once, on the writer's thread: OK and the row as it was committed (already completed when
 * the run was computed in place), or why not (CONFLICT: the idempotency key is taken, or the object
 * is another one by now). */
typedef void run_started_fn(enum status status, const struct run_row *row, void *context);

/* The budget of machines that compute runs in place. */
struct expr_budget engine_inline_budget(void);

/* Stores the run and then begins it. Any thread. */
void engine_run_start(struct engine *engine, const struct run_start *start, run_started_fn *started,
                      void *context);

/* Answers on the engine's or the writer's thread: OK, NOT_FOUND, CONFLICT (the state does not allow
 * it). Acknowledged only when committed. */
typedef void run_moved_fn(enum status status, void *context);

/* Who asks for a move, and is told. */
struct run_asker {
    run_moved_fn *moved;
    void *context;
    /* Stored with the move, copied; may be NULL. CONFLICT may mean that the key is taken. */
    const struct idempotency_row *idempotency;
};

/* Any thread; the asker is copied. */
void engine_run_cancel(struct engine *engine, const struct id *run, const struct run_asker *asker);
/* Opens the generation behind the given one (0: whichever is the last; CONFLICT: it is not the last
 * any more), on the given version (0: the one it is on). */
void engine_run_retry(struct engine *engine, const struct id *run, uint32_t generation,
                      uint32_t version, const struct run_asker *asker);
/* Ends a run that is not in memory as failed, since the server crashes on it. */
void engine_run_give_up(struct engine *engine, const struct id *run, const struct run_asker *asker);
/* Parks one run in state paused; or takes a paused one up again. */
void engine_run_pause(struct engine *engine, const struct id *run, const struct run_asker *asker);
void engine_run_resume(struct engine *engine, const struct id *run, const struct run_asker *asker);

/* Items of one table of a stored run, with their steps, from the packed records. */
struct item_query {
    struct slice
        table;      /* plan_table.name; .ptr NULL: the last table of many items, else the input */
    bool has_state; /* only items in `state` */
    enum item_state state;
    uint64_t from_ordinal; /* only items with this ordinal or a later one */
    uint32_t limit;        /* 0: all */
    /* Only the item with this key as items show it, with its recorded calls; of a table of one item
     * "0". .ptr NULL: all that the others leave */
    struct slice key;
};
/* item: {key, state, item, steps: {id: {state, value | error, attempts?, tokens?, cost?}}, error?};
 * attempts of a step that makes calls. Of one item asked for by its key a step with attempts has
 * calls: [{call, generation, state, attempts, startedAt, endedAt, tokens, cost, error}]. False
 * stops. */
typedef bool item_visit_fn(struct value item, void *context);
/* Reads the store and the source's file: on a work thread or the caller's own. NOT_FOUND: no such
 * table, or no recorded item with that key; LIMIT: an item is too large; else as the store and the
 * source have it. */
MUST_USE enum status engine_run_items(struct engine *engine, const struct run_row *row,
                                      const struct item_query *query, item_visit_fn *visit,
                                      void *context, struct error *error);

/* The run as its generation was, to be looked at: *out is the row with another generation and
 * version. NOT_FOUND: there is no such generation. Reads the store. */
MUST_USE enum status engine_run_at(struct engine *engine, const struct run_row *row,
                                   uint32_t generation, struct run_row *out, struct error *error);

/* How far a run in memory is. */
struct table_progress {
    struct slice name; /* borrowed from the arena given */
    bool is_many, is_complete;
    const char *state; /* "open", "completed", "failed", "skipped" */
    uint64_t total;    /* items, as far as known; an estimate while a source is read; 0: unknown */
    struct item_counts counts;
};

struct run_progress {
    enum run_state state;
    uint32_t calls_in_flight, calls_waiting; /* for a slot, their hosts, or the same answer */
    struct usage used;                       /* what its calls have used so far */
    uint32_t table_count;
    struct table_progress *tables; /* in the arena */
};

/* Called on the engine's thread; progress is NULL if the run is neither in memory nor on its way
 * there (then without tables). */
typedef void run_progress_fn(const struct run_progress *progress, void *context);
void engine_run_progress(struct engine *engine, const struct id *run, run_progress_fn *visit,
                         void *context);

#endif
