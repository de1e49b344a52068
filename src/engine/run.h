/* engine/run.h - run state in memory; private to engine/.
 *
 * The plan is read-only and shared; everything that changes is here. A run is freed when it has
 * ended or was parked and all that it had given away (tasks, intents, calls) has come home.
 *
 * Threads: the engine's only, but for what is handed to a pool inside a task.
 */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include "base/limits.h"
#include "engine/accounts.h"
#include "engine/chunk.h"
#include "engine/counts.h"
#include "engine/engine.h"
#include "engine/feed.h"
#include "engine/pace.h"
#include "engine/record.h"
#include "engine/share.h"
#include "engine/slots.h"
#include "engine/timers.h"
#include "engine/wishes.h"

#include <stdatomic.h>
#include <stddef.h>

/* Since when a parked run only waits for its children, as milliseconds; 0: for something else. */
#define RUN_HELD_CURSOR "held"

/* Buckets for the runs that steps have asked for. */
#define ASKED_BUCKETS 4096

/* Buckets for the calls whose answers others may take. */
#define ALIKE_BUCKETS 4096

struct ask;
struct call;
struct child_call;
struct tree;
struct message;
typedef void message_fn(struct engine *engine, struct message *message);

/* Anything that comes back to the engine. */
struct message {
    struct queue_node node;
    message_fn *handle;
};

/* A task of a pool that comes home as a message. */
struct job {
    struct task task;
    task_fn *work;
    struct message message;
    struct engine *engine;
    struct run *run;
};

struct reshape_run;
struct run;
struct run_events;
struct table_run;

/* An outcome that came while its chunk was in a pool. */
struct outcome {
    struct outcome *next;
    uint32_t item;
    uint16_t node;
    bool is_ok;
    struct value value; /* in `arena` */
    struct arena arena;
};

/* A chunk while it is in memory, and what its evaluation gave. */
struct chunk_job {
    struct job job;
    struct chunk_job *next_due; /* of the engine's list, see chunk_outcome() */
    struct table_run *table;
    struct chunk *chunk;
    bool is_away;        /* in a pool, or its record waits for the commit */
    bool is_packed;      /* everything of the stretch is decided and packed */
    bool has_timer;      /* a timer row of this stretch is to be deleted with the record */
    uint32_t calls_open; /* calls and naps that will bring an outcome */
    struct outcome *inbox;
    struct buffer record, summary;
    struct digest previous_record; /* of an earlier generation; zero: none */
    struct piece *pieces;
    uint32_t piece_count;
    struct error error;      /* loading it failed */
    struct item_counts told; /* what of its counts is among those under way */
};

enum table_state {
    TABLE_WAITING,
    TABLE_OPENING,
    TABLE_OPEN,
    TABLE_DONE,
    TABLE_SKIPPED,
    TABLE_FAILED,
};

/* A growing list of chunk numbers, taken from the front. */
struct chunk_list {
    uint32_t *numbers;
    size_t begin, end, capacity;
};

/* Which chunks of a stretch are recorded: all below `through`, and some above. */
struct chunk_set {
    uint32_t through;
    uint64_t *bits; /* from `base` on */
    uint32_t base, capacity_bits;
};

struct stretch_run {
    bool is_open;            /* its gates are decided */
    struct chunk_list ready; /* chunks that may be loaded for it */
    struct chunk_set recorded;
    uint32_t recorded_count;
};

struct tap_run {
    struct run *run;
    const struct plan_node *node;
    struct feed feed;
    struct table_run *makes;
    const struct step_type *type;
    bool is_busy;
    bool is_done;
    bool is_counted;   /* the blob is noted as one of the run */
    bool is_filed;     /* the complete file is stored, or on its way to the store */
    struct value name; /* rendered; VALUE_NONE: by default */
    struct id blob;
    uint64_t offset, rows;
    struct timer again; /* after a full disk */
    bool is_told;       /* that the disk is full */
};

/* A recorded chunk that the source need not give again. */
struct chunk_head {
    uint32_t chunk;
    struct source_place end;
};

struct table_run {
    struct run *run;
    const struct plan_table *plan;
    enum table_state state;
    struct value failure; /* FAILED: in the run's arena */

    struct source *source;
    const struct step_type *source_type;
    struct step_file *file;
    struct source_place next_place;
    uint32_t next_chunk;
    bool is_reading, is_source_end;
    /* Tables that a reshape makes */
    struct reshape_run *reshape;
    uint64_t rows_bytes; /* that may be read of its rows */
    uint32_t rows_news;  /* counts when there are more of them, or they are known to be all */
    uint64_t
        wanted_bytes; /* up to where recorded chunks refer to them: it opens when they are there */
    bool is_dry;      /* what may be read does not make a chunk */
    uint32_t chunk_count;     /* when is_source_end */
    struct chunk_head *heads; /* recorded chunks found at take-up, by number */
    uint32_t head_count;

    struct stretch_run *stretches;
    struct item_counts counts;
    struct item_counts under_way; /* of many items: settled ones whose record is still to come */
    struct summary summary;
    struct value row;       /* one-item tables: the item */
    struct chunk_job *only; /* one-item tables: kept until the run leaves memory */
};

struct run {
    struct engine *engine;
    struct run *next, *previous; /* of the engine's list */
    struct run *next_dirty;
    bool is_dirty;

    struct arena arena;
    struct id id, workspace, workflow;
    struct id parent, root; /* zero, unless a step of `parent` asked for it */
    uint32_t parent_generation;
    struct id above[LIMIT_TREE_DEPTH]; /* the runs above it, the nearest first */
    uint8_t depth;                     /* how many; none if it goes on its own account */
    uint32_t version, generation;
    enum run_state state;
    int64_t created_unix_ms, started_unix_ms, deadline_unix_ms;
    struct program *program;
    struct slice trigger;     /* in the run's arena */
    struct run_wishes wishes; /* the same */
    struct callees *callees;  /* NULL: its steps call no workflows */
    struct value input, run_value;
    struct value vars;          /* pinned (vars.h); an object */
    struct value default_model; /* pinned (models.h); VALUE_NONE: its steps ask no models */
    bool is_interactive; /* no table of many items, nor low priority: first lane everywhere */
    struct share *share; /* of the workspace, while the engine holds the run */
    struct fair_flow own_flows[SHARE_COUNT];
    struct fair_flow *flows; /* where it waits: its own, or those of its tree */
    bool is_born;            /* began in this process: nothing of it can be in the store */
    bool is_leaving;         /* ended, cancelled or parked: nothing new begins */
    atomic_bool has_left;    /* the same, for jobs that are long on their threads */
    bool is_finishing;
    bool is_held;     /* one above it is being ended or paused: nothing new begins */
    bool leaves_some; /* ended while runs below it may go on: they are settled (tree.h) */
    bool is_counted;  /* in engine->run_count: it has no place of its parent's (children.h) */
    uint32_t away;    /* jobs, intents, calls and naps that have not come home */
    struct run_events *events; /* events.h */

    struct table_run *tables;
    struct tap_run *taps;
    uint32_t tap_count;
    struct outside *outside; /* by node, of one-item tables */
    struct value *values;    /* by node, of decided nodes of one-item tables; in the run's arena */

    uint32_t window; /* chunks in memory */
    uint32_t calls_in_flight;
    struct usage used; /* of its calls so far */
    struct run_payer payer;
    struct purse purse; /* empty: its steps ask no models */
    int64_t dearest;    /* what a call of it has cost at most, since it is in memory */
    bool is_unpaid;     /* a call waits until others have left enough of the purse */
    struct slot_turn slot;
    struct pace_owner pace;    /* calls that wait for a slot, or for their hosts */
    struct call *calls_out;    /* in flight */
    struct call *calls_asleep; /* between two attempts, and short waits */
    uint32_t joined_count;
    struct call *calls_joined;   /* waiting for the answer of another that asks for the same */
    bool has_children;           /* its steps may leave runs below it */
    struct tree *tree;           /* NULL: nothing is above or below it */
    uint32_t below_count;        /* runs of its tree in the store, when it was read back */
    uint32_t below_limit;        /* how many they may be, as the root allows */
    struct child_call *children; /* runs that its steps have asked for */
    struct child_call *children_first, *children_last; /* of these, those that wait for a place */
    uint32_t children_open, children_dormant;          /* with a place; outside memory */
    struct ask *asks;                                  /* what its steps ask of somebody outside */
    uint32_t asks_open;                                /* of these, those that wait for an answer */
    struct id *asks_due; /* questions whose timers had come when it was read back */
    uint32_t asks_due_count;
    struct timer deadline;
    int64_t held_unix_ms; /* since then it only waits, which its deadline does not count; 0: not */
    int64_t paused_above_ms; /* that its deadline has been given for pauses above it */
    struct slice pauses;     /* its own (pauses.h), of one that calls others; in the run's arena */
    struct timer gate;       /* soonest due gate of this run */
    struct gate_due *gates;
    uint32_t gate_count;
};

/* A chunk that waits for its time before the next stretch. */
struct gate_due {
    int64_t due_unix_ms;
    uint16_t table, stretch; /* the stretch to begin */
    uint32_t chunk;
};

struct engine {
    struct engine_options options;
    struct queue *mailbox;
    struct timers timers;
    struct run *runs;
    uint32_t run_count;
    struct share *shares;
    struct fair_owner own; /* writes of the engine itself that nobody waits for */
    struct fair_flow own_flow;
    struct run *dirty;
    struct chunk_job *due_first, **due_end; /* to be advanced at the end of the turn */
    bool is_parking;
    _Atomic uint32_t away; /* starts, trials and jobs of no run */
    _Atomic uint32_t trials;
    atomic_bool trials_end; /* they make no further calls */
    struct slots slots;     /* of calls */
    struct accounts *accounts;
    struct pace pace;
    struct call *alike[ALIKE_BUCKETS]; /* calls whose answers others may take (reuse.c) */
    uint32_t kept_answers;             /* in this process */
    struct child_call *asked[ASKED_BUCKETS];
    uint32_t places[LIMIT_TREE_DEPTH + 2]; /* taken by children of that depth */
    bool is_short_of_places;               /* a run found no free one */
    struct tree *trees;
    struct rng rng;
    struct engine_counts counts;
    struct id taken_up; /* unfinished runs up to this id were looked at */
    bool is_taking_up;
    bool has_more_unfinished;
    bool must_look_again;        /* a run stayed in the store while they were looked at */
    struct timer look_again;     /* after they could not be read */
    struct take_up_job *taking;  /* runs on their way into memory */
    struct move_request *moving; /* moves of runs that are not in memory */
    struct timer durable;        /* soonest timer row of runs that are not in memory */
    bool is_watching, must_watch_again;
};

/* engine.c */
void run_mark(struct run *run); /* to be pumped this turn */
struct run *engine_find(struct engine *engine, const struct id *id);
void job_post(struct run *run, struct job *job, enum engine_pool pool, task_fn *work,
              message_fn *handle);
void job_home(struct job *job); /* in the pool's thread: sends it back */
/* Identity, state, generation, version and times; the rest empty. */
void run_fill_row(const struct run *run, struct run_row *row);
/* An intent of this run, guarded by its generation and live states. */
struct intent *run_intent(struct run *run, size_t limit_bytes);
void run_commit(struct run *run, struct intent *intent, intent_done_fn *done, void *owner);
void engine_adopt(struct engine *engine, struct run *run);

/* run.c: pump, end and leave */
/* Takes over the caller's reference of the program. */
struct run *run_new(struct engine *engine, struct program *program, const struct run_row *row);
/* What steps see under `run`. */
struct value run_value_make(struct arena *arena, const struct run_row *row,
                            struct value workflow_value);
/* To that, what whoever answers its steps has to know. */
void run_add_tokens(struct run *run);
void run_begin(struct run *run);
/* To another state, while the engine holds it. */
void run_change(struct run *run, enum run_state next);
/* While a run is paused, its row has the time that is left before the deadline, negative. */
int64_t deadline_pause(int64_t deadline_unix_ms, int64_t now_unix_ms);
int64_t deadline_resume(int64_t deadline_unix_ms, int64_t now_unix_ms);
/* It has something to do again: its deadline moves by the time that it only waited. */
void run_release_deadline(struct run *run);
void run_pump(struct run *run);
void run_leave(struct run *run);
/* A guarded write did not hold: somebody else has moved the run. */
void run_refused(struct run *run, enum status status);
void run_free_if_home(struct run *run);
void run_free(struct run *run); /* of one that the engine does not hold */
void run_fail_table(struct table_run *table, const char *code, const char *words);

/* table.c: sources, chunks, stretches, gates */
void table_pump(struct table_run *table);
void table_complete(struct table_run *table, enum table_state state);
bool table_is_ended(const struct table_run *table);
bool table_gates_are_decided(const struct table_run *table, uint16_t stretch);
/* A chunk goes on in a later stretch when `due` has passed. */
void gate_add(struct run *run, const struct gate_due *due);

/* lists.c */
void chunk_list_push(struct chunk_list *list, uint32_t number);
bool chunk_list_pop(struct chunk_list *list, uint32_t *number);
void chunk_list_done(struct chunk_list *list);
bool chunk_set_has(const struct chunk_set *set, uint32_t number);
void chunk_set_add(struct chunk_set *set, uint32_t number);
void chunk_set_done(struct chunk_set *set);

/* chunks.c: one chunk's way through a stretch */
struct chunk_job *chunk_job_new(struct table_run *table, uint32_t index, uint16_t stretch);
/* Another chunk that sees the same of other tables; any thread that owns the model. */
struct chunk_job *chunk_job_like(const struct chunk_job *model, uint32_t index);
void chunk_job_free(struct chunk_job **job);
void chunk_send(struct chunk_job *job); /* to be advanced */
/* Sends those that outcomes came for. */
void chunks_send_due(struct engine *engine);
/* Begins a stretch of a one-item table: looks for recorded effects first where there may be some.
 */
void chunk_enter(struct chunk_job *job);
/* Makes decided columns of a one-item table visible to the tables behind. */
void publish_values(struct chunk_job *job);
/* Puts in an outcome when the chunk is home and all outcomes of this turn are there. Takes over
 * the arena. */
void chunk_outcome(struct chunk_job *job, struct outcome *outcome);
void chunk_next_stretch(struct chunk_job *job);
/* On a pool thread: everything of the stretch is decided: packs record, summary and tap pieces. */
void chunk_pack(struct chunk_job *job);

/* restore.c: reads on a work thread */
enum status chunk_find_effects(struct chunk *chunk, struct store *store, struct error *error);
/* Rows and all stretches below `through` from the store. */
enum status chunk_restore(struct chunk_job *job, struct store *store, uint16_t through,
                          struct error *error);
/* The rows alone, of a table of many items. */
enum status chunk_restore_rows(struct chunk_job *job, struct store *store, struct error *error);
enum status chunk_previous_record(struct chunk_job *job, struct store *store);

/* source.c */
/* On a work thread: opens the table's source from the rendered config. */
MUST_USE enum status source_open_now(struct table_run *table, struct value config,
                                     const char **code, struct error *error);
/* Names of the columns of every row if the source knows them (a header), else VALUE_NONE. The
 * source is open. */
struct value source_header(const struct table_run *table);
void source_open_begin(struct table_run *table);
void source_read_begin(struct table_run *table);
void source_free(struct table_run *table);

/* call.c */
void calls_take(struct run *run, struct chunk_job *job);
void calls_pump(struct run *run);
pace_may_fn call_may_begin;
pace_begin_fn call_begin_paced;
void calls_cancel(struct run *run);

/* pay.c */
/* What one attempt of a call with that config may cost: what is sent, and the longest answer that
 * is asked for; of a step with a price that. Other calls cost nothing. */
int64_t pay_guess(const struct engine *engine, const struct plan_node *node, struct value config,
                  size_t body_bytes);
/* Says it as a failure of a step; the details in the arena. */
struct value pay_refusal(const struct refusal *refusal, struct step_failure *failure,
                         struct arena *arena);
/* Since 1970, UTC; from 1. */
int64_t pay_day(int64_t unix_ms);
/* Who pays for a run that nothing is pinned of. */
struct run_payer payer_of(const struct run_row *row, const struct plan *plan);
/* Reads the store: not on the engine's thread. */
MUST_USE enum status purse_open(struct engine *engine, const struct id *workspace,
                                const struct run_payer *payer, struct purse *out);

/* tap.c */
void taps_make(struct run *run);
void tap_pump(struct tap_run *tap);
void tap_offer(struct run *run, struct chunk_job *job);
/* The file is complete: the table behind gets its item. */
void tap_give_row(struct tap_run *tap);
void taps_done(struct run *run);
/* Offers what is written of files that will not be completed. */
void taps_add_partial(struct run *run, struct intent *intent);

/* reshape.c */
void reshapes_make(struct run *run);
/* These do nothing for NULL: a table that no reshape makes. */
void reshape_pump(struct reshape_run *reshape);
void reshape_offer(struct reshape_run *reshape, struct piece *piece);
bool reshape_is_busy(const struct reshape_run *reshape);
/* Whether its rows are being opened again: a work thread sets the table's source. */
bool reshape_is_reopening(const struct reshape_run *reshape);
bool reshape_is_unfinished(const struct reshape_run *reshape);
void reshapes_leave(struct run *run); /* cancels its timers */
void reshapes_done(struct run *run);
/* On a work thread: how far it came, from the store. */
MUST_USE enum status reshape_load(struct table_run *table, struct store *store,
                                  struct error *error);
/* On a work thread: opens the rows that are there, for looking at them. */
MUST_USE enum status reshape_read_again(struct table_run *table, struct error *error);

/* finish.c */
void run_finish(struct run *run);
/* Ends a run before its plan did: deadline, cancel, pause. asker: NULL: nobody is told. */
void run_end_early(struct run *run, enum run_event event, struct value error,
                   const struct run_asker *asker);
/* The step that was written last. */
const struct plan_node *plan_last_node(const struct plan *plan);
/* "open", "completed", "failed", "skipped". */
const char *table_state_word(const struct table_run *table);
/* {tables: [{table, state, items, …, steps: […]}]} */
struct value run_counts(const struct run *run, struct arena *arena);

/* moves.c */
bool move_is_under_way(const struct engine *engine, const struct id *id);

/* takeup.c: reads a run back from the store */
/* On a work thread: the run's state as stored; *out may be set on failure too, to be freed by
 * run_free(). is_reading: to be looked at only, not to go on. */
MUST_USE enum status run_load(struct engine *engine, const struct run_row *row, bool is_reading,
                              struct run **out, struct error *error);
/* Loads that run on a work thread and begins it; does nothing if it is in memory. */
void run_take_up(struct engine *engine, const struct id *id);
bool take_up_is_under_way(const struct engine *engine, const struct id *id);
/* What is being read of that run is not to be trusted: it is moved at the same time. */
void take_up_spoil(struct engine *engine, const struct id *id);
/* Goes on taking up unfinished runs while there is room. */
void take_up_more(struct engine *engine);

/* durable.c: runs that wait outside memory are taken up when their timers are due */
void engine_watch_durable(struct engine *engine);

#endif
