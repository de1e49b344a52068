#include "base/crash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/asks.h"
#include "engine/callees.h"
#include "engine/children.h"
#include "engine/events.h"
#include "engine/line.h"
#include "engine/models.h"
#include "engine/pauses.h"
#include "engine/run.h"
#include "engine/tree.h"
#include "engine/vars.h"

#include <stdio.h>
#include <string.h>

/* Reading a run back: what the store holds becomes run state as if it had never left memory. */

struct loading {
    struct run *run;
    struct table_run *table;
    uint16_t stretch;
    uint32_t head_capacity;
    struct store *store;
    struct error *error;
    bool is_reading; /* only looked at: records of earlier generations count too */
};

static void
keep_head(struct loading *loading, const struct record_row *row)
{
    struct table_run *table = loading->table;
    if (table->head_count == loading->head_capacity) {
        loading->head_capacity = loading->head_capacity == 0 ? 64 : 2 * loading->head_capacity;
        table->heads = mem_resize(table->heads, loading->head_capacity * sizeof(*table->heads));
    }
    table->heads[table->head_count++] = (struct chunk_head){
        .chunk = row->chunk,
        .end = {row->source_end, summary_end_line(row->summary),
                row->first_ordinal + row->counts.items},
    };
}

static void
add_row_counts(struct item_counts *total, const struct item_counts *more)
{
    total->items += more->items;
    total->completed += more->completed;
    total->failed += more->failed;
    total->dropped += more->dropped;
    total->cancelled += more->cancelled;
}

static bool
load_head(const struct record_row *row, void *context)
{
    struct loading *loading = context;
    struct table_run *table = loading->table;
    /* The rows of a reshape belong to one generation. */
    bool may_be_older = loading->is_reading && table->plan->kind != PLAN_TABLE_RESHAPE;
    if (row->generation != loading->run->generation && !may_be_older)
        return true;
    if (row->source_end > table->wanted_bytes)
        table->wanted_bytes = row->source_end;
    struct stretch_run *stretch = &table->stretches[loading->stretch];
    chunk_set_add(&stretch->recorded, row->chunk);
    stretch->recorded_count++;
    if (loading->stretch == 0 && table->plan->is_many)
        keep_head(loading, row);
    if (loading->stretch + 1u == table->plan->stretch_count)
        add_row_counts(&table->counts, &row->counts);
    else
        chunk_list_push(&table->stretches[loading->stretch + 1].ready, row->chunk);
    status_ignore(summary_add_text(&table->summary, row->summary, &loading->run->arena));
    return true;
}

/* Takes a number out of the list of chunks that may go on. */
static void
chunk_list_remove(struct chunk_list *list, uint32_t number)
{
    for (size_t i = list->begin; i < list->end; i++) {
        if (list->numbers[i] != number)
            continue;
        memmove(list->numbers + i, list->numbers + i + 1,
                (list->end - i - 1) * sizeof(*list->numbers));
        list->end--;
        return;
    }
}

/* What a stretch has recorded is not waiting for it. */
static void
drop_recorded(struct stretch_run *stretch)
{
    struct chunk_list *list = &stretch->ready;
    size_t kept = list->begin;
    for (size_t i = list->begin; i < list->end; i++) {
        if (!chunk_set_has(&stretch->recorded, list->numbers[i]))
            list->numbers[kept++] = list->numbers[i];
    }
    list->end = kept;
}

static enum status
load_stretches(struct loading *loading)
{
    struct table_run *table = loading->table;
    for (uint16_t s = 0; s < table->plan->stretch_count; s++) {
        struct record_range range = {
            .run = loading->run->id,
            .table = value_slice(table->plan->name),
            .stretch = s,
            .generation = loading->run->generation,
        };
        loading->stretch = s;
        enum status status = store_record_range(loading->store, &range, load_head, loading);
        if (status != STATUS_OK)
            return error_set(loading->error, status, "its records could not be read");
        drop_recorded(&table->stretches[s]);
    }
    return STATUS_OK;
}

static uint16_t
stretches_recorded(const struct table_run *table)
{
    uint16_t count = 0;
    while (count < table->plan->stretch_count && table->stretches[count].recorded_count > 0)
        count++;
    return count;
}

static enum status
load_only(struct loading *loading)
{
    struct table_run *table = loading->table;
    uint16_t recorded = stretches_recorded(table);
    if (recorded == 0)
        return STATUS_OK;
    struct chunk_job *job = chunk_job_new(table, 0, (uint16_t)(recorded - 1));
    table->only = job;
    table->state = TABLE_OPEN;
    if (!chunk_make_items(job->chunk, 1))
        return error_set(loading->error, STATUS_LIMIT, "its item is too large");
    job->chunk->items[0].row = table->row;
    job->chunk->is_begun = true;
    enum status status = chunk_restore(job, loading->store, recorded, loading->error);
    if (status == STATUS_OK)
        publish_values(job);
    return status;
}

static enum status
load_tap(struct loading *loading, struct tap_run *tap)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    char name[128];
    snprintf(name, sizeof(name), "tap:%.*s", SLICE_FORMAT(value_slice(tap->node->id)));
    struct cursor_row which = {
        .run = loading->run->id,
        .name = slice_text(name),
        .generation = loading->run->generation,
    };
    struct cursor_row row;
    struct value body;
    enum status status = store_cursor_get(loading->store, &arena, &which, &row);
    if (status == STATUS_OK)
        status = json_parse(&body, &arena, row.body, 0, NULL, loading->error);
    if (status == STATUS_OK) {
        int64_t number = 0;
        tap->feed.next_chunk =
            value_integer(value_get(body, "chunk"), &number) ? (uint32_t)number : 0;
        tap->offset = value_integer(value_get(body, "offset"), &number) ? (uint64_t)number : 0;
        tap->rows = value_integer(value_get(body, "rows"), &number) ? (uint64_t)number : 0;
        tap->is_filed = tap->is_done = value_is_true(value_get(body, "done"));
        struct value file = value_get(body, "name");
        if (file.kind == VALUE_STRING)
            tap->name = value_copy(&loading->run->arena, file);
        if (tap->is_done)
            tap_give_row(tap);
    }
    arena_done(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static struct tap_run *
tap_making(struct run *run, const struct table_run *table)
{
    for (uint32_t t = 0; t < run->tap_count; t++) {
        if (run->taps[t].makes == table)
            return &run->taps[t];
    }
    return NULL;
}

static enum status
load_table(struct loading *loading, struct table_run *table)
{
    loading->table = table;
    loading->head_capacity = 0;
    enum status status = load_stretches(loading);
    struct tap_run *tap = tap_making(loading->run, table);
    if (status == STATUS_OK && tap != NULL)
        status = load_tap(loading, tap);
    if (status == STATUS_OK && table->plan->kind == PLAN_TABLE_RESHAPE)
        status = reshape_load(table, loading->store, loading->error);
    if (status == STATUS_OK && !table->plan->is_many)
        status = load_only(loading);
    return status;
}

static bool
load_timer(const struct timer_row *row, void *context)
{
    struct loading *loading = context;
    struct run *run = loading->run;
    asks_note_timer(run, row);
    if (row->generation != run->generation)
        return true;
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        struct table_run *table = &run->tables[t];
        if (!slice_equal(value_slice(table->plan->name), row->table) ||
            row->stretch >= table->plan->stretch_count)
            continue;
        struct gate_due due = {row->due_unix_ms, t, (uint16_t)row->stretch, row->chunk};
        run->gates = mem_resize(run->gates, (run->gate_count + 1) * sizeof(*run->gates));
        run->gates[run->gate_count++] = due;
        chunk_list_remove(&table->stretches[row->stretch].ready, row->chunk);
    }
    return true;
}

static enum status
load_run_state(struct loading *loading)
{
    struct run *run = loading->run;
    run->tables[0].row = run->input;
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        enum status status = load_table(loading, &run->tables[t]);
        if (status != STATUS_OK)
            return status;
    }
    return store_timer_list(loading->store, &run->id, load_timer, loading);
}

/* --- the run itself --- */

struct take_up_job {
    struct message message;
    struct take_up_job *next, *previous; /* of the engine's list */
    struct task task;
    struct engine *engine;
    struct id id;
    struct id above[LIMIT_TREE_DEPTH];
    uint8_t depth;
    bool is_orphan;  /* it was left behind by one above it */
    struct run *run; /* NULL: it could not be loaded, or need not */
    struct error error;
    bool is_spoiled; /* the run is moved while it is read */
    struct timer again;
};

static struct take_up_job *
take_up_find(const struct engine *engine, const struct id *id)
{
    struct take_up_job *job = engine->taking;
    while (job != NULL && !id_equal(&job->id, id))
        job = job->next;
    return job;
}

bool
take_up_is_under_way(const struct engine *engine, const struct id *id)
{
    return take_up_find(engine, id) != NULL;
}

void
take_up_spoil(struct engine *engine, const struct id *id)
{
    struct take_up_job *job = take_up_find(engine, id);
    if (job != NULL)
        job->is_spoiled = true;
}

static void
taking_enter(struct take_up_job *job)
{
    struct engine *engine = job->engine;
    job->next = engine->taking;
    if (job->next != NULL)
        job->next->previous = job;
    engine->taking = job;
}

static void
taking_leave(struct take_up_job *job)
{
    if (job->previous == NULL)
        job->engine->taking = job->next;
    else
        job->previous->next = job->next;
    if (job->next != NULL)
        job->next->previous = job->previous;
}

static struct value
workflow_value(struct store *store, const struct run_row *row, struct arena *arena)
{
    struct workflow_row workflow;
    if (store_workflow_get(store, arena, &row->workflow, &workflow) != STATUS_OK)
        return value_empty_object();
    return workflow_value_make(arena, &workflow, row->version);
}

/* The workflows that it calls and the model that it means, pinned when the run began. */
static enum status
load_pins(struct engine *engine, const struct run_row *row, struct run *run, struct error *error)
{
    struct callees_options options = {
        .programs = engine->options.programs,
        .store = engine->options.store,
        .workspace = row->workspace,
    };
    struct value resolved = {0};
    if (row->resolved.size > 0) {
        enum status status = json_parse(&resolved, &run->arena, row->resolved, 0, NULL, error);
        if (status != STATUS_OK)
            return status;
    }
    int64_t limit = 0;
    bool has_limit = value_integer(value_get(resolved, "runs"), &limit) && limit > 0;
    run->vars = vars_pinned(resolved);
    run->below_limit = has_limit ? (uint32_t)limit : LIMIT_TREE_RUNS;
    options.pins = value_get(resolved, "workflows");
    enum status status = callees_find(&run->callees, &options, run->program, error);
    if (status == STATUS_OK && models_are_used(run->program, run->callees)) {
        resolved = models_pin(value_text(engine->options.default_model), resolved, &run->arena);
        run->default_model = value_copy(&run->arena, models_pinned(resolved));
    }
    if (status == STATUS_OK && calls_may_cost(run->program, run->callees)) {
        run->payer = payer_of(row, run->program->plan);
        payer_pinned(resolved, &run->payer);
        status = purse_open(engine, &row->workspace, &run->payer, &run->purse);
    }
    return status;
}

enum status
run_load(struct engine *engine, const struct run_row *row, bool is_reading, struct run **out,
         struct error *error)
{
    const struct engine_options *options = &engine->options;
    struct program *program = NULL;
    *out = NULL;
    enum status status =
        programs_get(options->programs, &row->workflow, row->version, &program, error);
    if (status != STATUS_OK)
        return status;
    struct run_row started = *row;
    if (started.started_unix_ms == 0)
        started.started_unix_ms = clock_unix_ms(options->clock);
    struct run *run = run_new(engine, program, &started);
    *out = run;
    if (!is_reading) {
        status = load_pins(engine, row, run, error);
        if (status != STATUS_OK)
            return status;
    }
    run->run_value =
        run_value_make(&run->arena, &started, workflow_value(options->store, row, &run->arena));
    run_add_tokens(run);
    status = json_parse(&run->input, &run->arena, row->input, 0, NULL, error);
    struct loading loading = {
        .run = run, .store = options->store, .error = error, .is_reading = is_reading};
    return status == STATUS_OK ? load_run_state(&loading) : status;
}

/* CONFLICT: the run has ended, or is not to go on now. */
static enum status
check_row(struct take_up_job *job, const struct run_row *row)
{
    enum tree_above said = TREE_LIVE;
    if (run_state_is_ended(row->state))
        return STATUS_CONFLICT;
    enum status status =
        tree_look_above(job->engine->options.store, row, job->above, &job->depth, &said);
    job->is_orphan = status == STATUS_OK && said == TREE_DEAD;
    if (status == STATUS_OK && (said != TREE_LIVE || row->state == RUN_STATE_PAUSED))
        return STATUS_CONFLICT;
    return status;
}

/* What the cursors of a run and of those above it have, read into one arena. */
struct pauses {
    struct arena arena;
    struct slice above[LIMIT_TREE_DEPTH];
    uint8_t depth;
};

static enum status
read_pauses(struct pauses *pauses, struct store *store, const struct id *run, struct slice *out)
{
    struct cursor_row row;
    struct run_head head;
    *out = slice_of("", 0);
    enum status status = store_run_head(store, run, &head);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    struct cursor_row which = {
        .run = *run, .name = SLICE(PAUSES_CURSOR), .generation = head.generation};
    status = store_cursor_get(store, &pauses->arena, &which, &row);
    if (status == STATUS_OK)
        *out = row.body;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* It has waited for its children, or for people, all the time since then; pauses in that time are
 * counted already. */
static enum status
load_held(struct run *run, struct store *store, const struct pauses *pauses)
{
    if (run->state != RUN_STATE_WAITING || run->deadline_unix_ms == 0 ||
        (callees_are_pure(run->callees) && !run->program->plan->has_asks))
        return STATUS_OK;
    struct arena arena;
    struct cursor_row row;
    struct cursor_row which = {
        .run = run->id, .name = SLICE(RUN_HELD_CURSOR), .generation = run->generation};
    arena_init(&arena, KIB(4));
    int64_t since = 0, now = clock_unix_ms(run->engine->options.clock);
    enum status status = store_cursor_get(store, &arena, &which, &row);
    if (status == STATUS_OK && slice_parse_int64(row.body, &since) && since > 0) {
        int64_t waited_ms = now - since - pauses_since(pauses->above, pauses->depth, since, now);
        run->deadline_unix_ms += waited_ms > 0 ? waited_ms : 0;
    }
    arena_done(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Its deadline does not count what those above it were paused, since it began. */
static enum status
load_paused(struct run *run, struct store *store, struct pauses *pauses)
{
    int64_t now = clock_unix_ms(run->engine->options.clock);
    enum status status = STATUS_OK;
    if (run->deadline_unix_ms == 0 || run->started_unix_ms == 0)
        return STATUS_OK;
    for (; pauses->depth < run->depth && status == STATUS_OK; pauses->depth++)
        status =
            read_pauses(pauses, store, &run->above[pauses->depth], &pauses->above[pauses->depth]);
    if (status != STATUS_OK)
        return status;
    run->paused_above_ms = pauses_since(pauses->above, pauses->depth, run->started_unix_ms, now);
    run->deadline_unix_ms += run->paused_above_ms;
    return load_held(run, store, pauses);
}

/* How many there are in its tree, and its own pauses, of a run that calls others. */
static enum status
load_below(struct run *run, struct store *store, struct pauses *pauses)
{
    struct slice own;
    struct id root = id_is_zero(&run->root) ? run->id : run->root;
    enum status status = store_run_count(store, &root, LIMIT_TREE_RUNS_MAX, &run->below_count);
    if (status == STATUS_OK)
        status = read_pauses(pauses, store, &run->id, &own);
    if (status == STATUS_OK)
        run->pauses = arena_copy(&run->arena, own);
    return status;
}

/* Where the run stands among others. */
static enum status
load_place(struct take_up_job *job)
{
    struct run *run = job->run;
    struct store *store = job->engine->options.store;
    struct pauses pauses = {.depth = 0};
    memcpy(run->above, job->above, sizeof(run->above));
    run->depth = job->depth;
    arena_init(&pauses.arena, (LIMIT_TREE_DEPTH + 1) * PAUSES_BYTES + KIB(16));
    enum status status = STATUS_OK;
    if (!callees_are_pure(run->callees))
        status = load_below(run, store, &pauses);
    if (status == STATUS_OK)
        status = load_paused(run, store, &pauses);
    arena_done(&pauses.arena);
    return status;
}

static void
take_up_work(struct task *task, void *thread_context)
{
    struct take_up_job *job =
        (struct take_up_job *)((char *)task - offsetof(struct take_up_job, task));
    struct arena arena;
    arena_init(&arena, 4 * LIMIT_VALUE_BYTES);
    struct run_row row;
    enum status status = store_run_get(job->engine->options.store, &arena, &job->id, &row);
    if (status == STATUS_OK)
        status = check_row(job, &row);
    if (status == STATUS_OK && row.wishes.size > 0)
        status = line_look(job->engine, &row, &arena);
    crash_blame(&job->id);
    if (status == STATUS_OK)
        status = run_load(job->engine, &row, false, &job->run, &job->error);
    crash_blame(NULL);
    if (status == STATUS_OK)
        status = run_events_load(job->run, job->engine->options.store);
    if (status == STATUS_OK)
        status = load_place(job);
    job->error.status = status;
    arena_done(&arena);
    queue_push(job->engine->mailbox, &job->message.node);
}

static void
post_take_up(struct take_up_job *job)
{
    const struct engine_ports *ports = job->engine->options.ports;
    job->is_spoiled = move_is_under_way(job->engine, &job->id);
    ports->post(ports->world, ENGINE_POOL_WORK, &job->task, NULL);
}

static void
again_fire(struct timer *timer)
{
    post_take_up(timer->owner);
}

static void
set_gate_timers(struct run *run)
{
    struct gate_due *loaded = run->gates;
    uint32_t count = run->gate_count;
    run->gates = NULL;
    run->gate_count = 0;
    for (uint32_t i = 0; i < count; i++)
        gate_add(run, &loaded[i]);
    mem_free(loaded);
}

static void
report_trouble(const struct take_up_job *job)
{
    char id[ID_HEX_BYTES];
    id_hex(&job->id, id);
    enum status status = job->error.status;
    if (status != STATUS_OK && status != STATUS_CONFLICT && status != STATUS_NOT_FOUND)
        log_event(LOG_ERROR, "a run could not be taken up", "run=%s status=%s words=\"%s\"", id,
                  status_name(status), job->error.text);
}

/* Trouble of the store or the machine that may be over in a while. */
static bool
may_pass(enum status status)
{
    return status == STATUS_IO || status == STATUS_UNAVAILABLE || status == STATUS_FULL;
}

static void
take_up_again(struct take_up_job *job, int64_t wait_ms)
{
    struct engine *engine = job->engine;
    job->run = NULL;
    job->again.fire = again_fire;
    job->again.owner = job;
    timers_set(&engine->timers, &job->again, clock_mono_us(engine->options.clock) + wait_ms * 1000);
}

/* How soon a run is read again: one that is just moved or leaving, and after trouble. */
#define MOVING_MS 5
#define TROUBLE_MS 1000

static void
take_up_home(struct engine *engine, struct message *message)
{
    struct take_up_job *job = (struct take_up_job *)message;
    struct run *run = job->run;
    const struct run *here = engine_find(engine, &job->id);
    bool is_here = here != NULL && (here->is_leaving || here->is_finishing);
    bool must_wait = job->is_spoiled || is_here || tree_is_moving(engine, job->above, job->depth);
    bool may_begin = job->error.status == STATUS_OK && here == NULL && !must_wait;
    report_trouble(job);
    if (run != NULL && may_begin && !engine->is_parking) {
        engine_adopt(engine, run);
        set_gate_timers(run);
        run_begin(run);
    } else if (run != NULL) {
        run_free(run);
    }
    bool is_trouble = may_pass(job->error.status);
    if ((must_wait || is_trouble) && !engine->is_parking) {
        take_up_again(job, is_trouble ? TROUBLE_MS : MOVING_MS);
        return;
    }
    taking_leave(job);
    if (!may_begin)
        child_not_taken(engine, &job->id, &job->error);
    if (job->is_orphan)
        tree_settle(engine, &job->id);
    engine->away--;
    mem_free(job);
}

/* One that is under way brings the run. */
void
run_take_up(struct engine *engine, const struct id *id)
{
    if (take_up_is_under_way(engine, id))
        return;
    struct take_up_job *job = mem_alloc(sizeof(*job));
    job->engine = engine;
    job->id = *id;
    job->message.handle = take_up_home;
    job->task.run = take_up_work;
    taking_enter(job);
    engine->away++;
    post_take_up(job);
}

/* --- all that is unfinished, page by page --- */

#define PAGE_RUNS 64

struct page_job {
    struct message message;
    struct task task;
    struct engine *engine;
    struct id after;
    struct id ids[PAGE_RUNS];
    struct run_head heads[PAGE_RUNS];
    uint32_t count, seen;
    enum status status;
};

static bool
page_row(const struct run_row *row, void *context)
{
    struct page_job *job = context;
    job->after = row->id;
    job->seen++;
    job->ids[job->count] = row->id;
    job->heads[job->count++] = (struct run_head){
        .state = row->state,
        .generation = row->generation,
        .parent = row->parent,
        .parent_generation = row->parent_generation,
    };
    return true;
}

/* A child comes when its parent asks for it, unless that one waits outside memory; or if it was
 * left behind, which is looked for even where nothing else is taken up. */
static bool
is_wanted(const struct engine *engine, const struct run_head *run)
{
    struct store *store = engine->options.store;
    bool is_active = engine->options.take_up_runs &&
                     (run->state == RUN_STATE_QUEUED || run->state == RUN_STATE_RUNNING);
    if (run->parent_generation == 0)
        return is_active;
    struct run_head parent;
    enum status status = store_run_head(store, &run->parent, &parent);
    if (status == STATUS_NOT_FOUND)
        return true;
    if (status != STATUS_OK)
        return false;
    if (parent.generation != run->parent_generation || run_state_is_ended(parent.state))
        return true;
    return is_active && parent.state == RUN_STATE_WAITING;
}

static void
keep_wanted(struct page_job *job)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < job->count; i++) {
        if (is_wanted(job->engine, &job->heads[i]))
            job->ids[kept++] = job->ids[i];
    }
    job->count = kept;
}

static void
page_work(struct task *task, void *thread_context)
{
    struct page_job *job = (struct page_job *)((char *)task - offsetof(struct page_job, task));
    struct id after = job->after;
    job->status =
        store_run_unfinished(job->engine->options.store, &after, PAGE_RUNS, page_row, job);
    keep_wanted(job);
    if (job->status != STATUS_OK)
        log_event(LOG_ERROR, "unfinished runs could not be listed", "status=%s",
                  status_name(job->status));
    queue_push(job->engine->mailbox, &job->message.node);
}

#define LOOK_AGAIN_MS 1000

static void
look_again_fire(struct timer *timer)
{
    struct engine *engine = timer->owner;
    engine->is_taking_up = false;
}

static void
look_again_later(struct engine *engine)
{
    engine->look_again.fire = look_again_fire;
    engine->look_again.owner = engine;
    timers_set(&engine->timers, &engine->look_again,
               clock_mono_us(engine->options.clock) + LOOK_AGAIN_MS * 1000);
}

static void
page_home(struct engine *engine, struct message *message)
{
    struct page_job *job = (struct page_job *)message;
    engine->taken_up = job->after;
    engine->has_more_unfinished = job->seen == PAGE_RUNS || job->status != STATUS_OK;
    if (job->status != STATUS_OK)
        look_again_later(engine);
    else
        engine->is_taking_up = false;
    for (uint32_t i = 0; i < job->count; i++) {
        if (engine_find(engine, &job->ids[i]) == NULL)
            run_take_up(engine, &job->ids[i]);
    }
    if (!engine->has_more_unfinished)
        engine_watch_durable(engine);
    engine->away--;
    mem_free(job);
}

void
take_up_more(struct engine *engine)
{
    if (!(engine->has_more_unfinished || engine->must_look_again) || engine->is_taking_up ||
        engine->is_parking || engine->run_count + PAGE_RUNS > LIMIT_ACTIVE_RUNS)
        return;
    if (engine->must_look_again)
        engine->taken_up = (struct id){0};
    engine->must_look_again = false;
    struct page_job *job = mem_alloc(sizeof(*job));
    job->engine = engine;
    job->after = engine->taken_up;
    job->message.handle = page_home;
    job->task.run = page_work;
    engine->is_taking_up = true;
    engine->away++;
    engine->options.ports->post(engine->options.ports->world, ENGINE_POOL_WORK, &job->task, NULL);
}
