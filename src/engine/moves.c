#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/callees.h"
#include "engine/children.h"
#include "engine/events.h"
#include "engine/line.h"
#include "engine/models.h"
#include "engine/notice.h"
#include "engine/pauses.h"
#include "engine/run.h"
#include "engine/tree.h"

#include <string.h>

/* Times that a move of a run which changes at the same moment is tried. */
#define MOVE_TRIES_MAX 8

/* A move of a run that somebody asked for and waits for. */
struct move_request {
    struct message message;
    struct move_request *next, *previous; /* of the engine's list, while the store is moved */
    struct task task;
    struct engine *engine;
    struct id id;
    enum run_event event;
    uint32_t generation; /* retry: the one that it has to be on still; 0 = any */
    uint32_t version;    /* retry: 0 = the one it is on */
    uint32_t tries;
    struct arena arena; /* what the asker lent */
    struct run_asker asker;
    struct id workspace;
    struct slice line; /* in the arena: the line that the run has left; empty: none */
    enum status status;
    bool is_begun_after; /* the run is taken up when the move is committed */
};

bool
move_is_under_way(const struct engine *engine, const struct id *id)
{
    const struct move_request *request = engine->moving;
    while (request != NULL && !id_equal(&request->id, id))
        request = request->next;
    return request != NULL;
}

static void
moving_enter(struct move_request *request)
{
    struct engine *engine = request->engine;
    request->next = engine->moving;
    if (request->next != NULL)
        request->next->previous = request;
    engine->moving = request;
}

static void
moving_leave(struct move_request *request)
{
    if (request->previous == NULL)
        request->engine->moving = request->next;
    else
        request->previous->next = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
}

static void
request_end(struct move_request *request)
{
    request->engine->away--;
    arena_done(&request->arena);
    mem_free(request);
}

static void
answer_here(struct move_request *request, enum status status)
{
    request->asker.moved(status, request->asker.context);
    request_end(request);
}

static void move_in_store(struct move_request *request);

/* The run may have been parked between reading and moving it. */
static bool
is_worth_another_try(const struct move_request *request)
{
    return request->status == STATUS_CONFLICT && request->tries < MOVE_TRIES_MAX;
}

/* What runs above and below it have to know. */
static void
follow_move(const struct move_request *request)
{
    struct engine *engine = request->engine;
    if (request->status != STATUS_OK) {
        tree_release_below(engine, &request->id);
        return;
    }
    bool is_end = request->event == RUN_EVENT_CANCEL || request->event == RUN_EVENT_FAIL;
    child_was_moved(engine, &request->id, is_end);
    if (is_end) {
        tree_end_below(engine, &request->id);
        tree_settle(engine, &request->id);
    } else if (request->event == RUN_EVENT_PAUSE) {
        tree_leave_below(engine, &request->id);
    }
}

static void
moved_home(struct engine *engine, struct message *message)
{
    struct move_request *request = (struct move_request *)message;
    if (is_worth_another_try(request)) {
        move_in_store(request);
        return;
    }
    moving_leave(request);
    follow_move(request);
    if (request->status == STATUS_OK && request->is_begun_after)
        run_take_up(engine, &request->id);
    if (request->status == STATUS_OK && request->line.size > 0)
        line_go_on(engine, &request->workspace, request->line);
    request_end(request);
}

/* On the work thread or the writer's. The answer does not wait for the engine. */
static void
moved_send(struct move_request *request, enum status status)
{
    request->status = status;
    request->message.handle = moved_home;
    if (!is_worth_another_try(request))
        request->asker.moved(status, request->asker.context);
    queue_push(request->engine->mailbox, &request->message.node);
}

static void
move_committed(struct intent *intent)
{
    struct move_request *request = intent->owner;
    enum status status = intent->status;
    intent_free(&intent);
    moved_send(request, status);
}

#define GIVEN_UP                                                                                   \
    "{\"code\":\"crashed_server\",\"message\":\"the server crashed again and again while it "      \
    "worked "                                                                                      \
    "on this run\"}"

static void
fill_move(const struct move_request *request, struct run_row *row, enum run_state next)
{
    int64_t now = clock_unix_ms(request->engine->options.clock);
    row->state = next;
    if (run_state_is_ended(next))
        row->ended_unix_ms = now;
    if (request->event == RUN_EVENT_PAUSE)
        row->deadline_unix_ms = deadline_pause(row->deadline_unix_ms, now);
    if (request->event == RUN_EVENT_BEGIN)
        row->deadline_unix_ms = deadline_resume(row->deadline_unix_ms, now);
    if (request->event == RUN_EVENT_FAIL)
        row->error = SLICE(GIVEN_UP);
    if (request->event != RUN_EVENT_RETRY)
        return;
    row->generation++;
    row->parent_generation = 0;
    row->version = request->version == 0 ? row->version : request->version;
    row->started_unix_ms = 0;
    row->ended_unix_ms = 0;
    row->deadline_unix_ms = 0;
    row->output = row->error = row->counts = slice_of("", 0);
}

/* A run keeps its place in its line while it is paused. */
static void
add_line(struct move_request *request, const struct run_row *row, struct intent *intent)
{
    struct run_wishes wishes;
    wishes_read(&wishes, row->wishes, &intent->arena);
    if (request->event == RUN_EVENT_RETRY)
        line_add_join(intent, row, &wishes);
    if (!run_state_is_ended(row->state))
        return;
    line_add_leave(intent, &row->id, &wishes);
    request->workspace = row->workspace;
    request->line = arena_copy(&request->arena, wishes.concurrency_key);
}

#define VERSION_CURSOR "version"

/* What a generation ran on is kept when the next one runs on another, for who looks back. */
static void
keep_version(const struct move_request *request, const struct run_row *row, struct intent *intent)
{
    if (request->event != RUN_EVENT_RETRY || request->version == 0 ||
        request->version == row->version)
        return;
    struct cursor_row *cursor = arena_alloc(&intent->arena, sizeof(*cursor));
    *cursor = (struct cursor_row){
        .run = row->id,
        .name = SLICE(VERSION_CURSOR),
        .generation = row->generation,
        .body = slice_text(arena_format(&intent->arena, "%u", row->version)),
    };
    intent_add(intent, STORE_CURSOR_PUT, 64)->cursor = cursor;
}

/* What is paused or resumed counts for those below, too. */
static enum status
keep_pauses(const struct move_request *request, const struct run_row *row, struct intent *intent)
{
    bool is_pause = request->event == RUN_EVENT_PAUSE;
    if (!is_pause && request->event != RUN_EVENT_BEGIN)
        return STATUS_OK;
    int64_t now = clock_unix_ms(request->engine->options.clock);
    struct cursor_row *cursor = arena_alloc(&intent->arena, sizeof(*cursor));
    struct cursor_row which = {
        .run = row->id, .name = SLICE(PAUSES_CURSOR), .generation = row->generation};
    enum status status =
        store_cursor_get(request->engine->options.store, &intent->arena, &which, cursor);
    if (status == STATUS_NOT_FOUND && is_pause) {
        *cursor = which;
        status = STATUS_OK;
    }
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    cursor->body = is_pause ? pauses_begin(cursor->body, now, &intent->arena)
                            : pauses_end(cursor->body, now, &intent->arena);
    intent_add(intent, STORE_CURSOR_PUT, 64)->cursor = cursor;
    return STATUS_OK;
}

enum status
engine_run_at(struct engine *engine, const struct run_row *row, uint32_t generation,
              struct run_row *out, struct error *error)
{
    *out = *row;
    if (generation < 1 || generation > row->generation)
        return error_set(error, STATUS_NOT_FOUND, "the run has the generations 1 to %u",
                         row->generation);
    out->generation = generation;
    enum status status = STATUS_NOT_FOUND;
    for (uint32_t g = generation; g < row->generation && status == STATUS_NOT_FOUND; g++) {
        struct arena arena;
        struct cursor_row cursor;
        struct cursor_row which = {.run = row->id, .name = SLICE(VERSION_CURSOR), .generation = g};
        int64_t version = 0;
        arena_init(&arena, KIB(4));
        status = store_cursor_get(engine->options.store, &arena, &which, &cursor);
        if (status == STATUS_OK && slice_parse_int64(cursor.body, &version))
            out->version = (uint32_t)version;
        arena_done(&arena);
    }
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return error_set(error, status, "the version of a generation could not be read");
}

/* Who paid goes on paying, with the budgets of the version that it goes on with. */
static struct value
pin_payer(struct value resolved, const struct run_row *row, const struct plan *plan,
          struct arena *arena)
{
    struct run_payer fresh = payer_of(row, plan), payer = fresh;
    payer_pinned(resolved, &payer);
    if (id_is_zero(&row->root)) {
        payer.run_budget = fresh.run_budget;
        payer.day_budget = fresh.day_budget;
    }
    return payer_pin(&payer, resolved, arena);
}

/* On the newest version, the workflows that its steps call are the newest too. */
static enum status
pin_again(const struct move_request *request, struct run_row *row, struct arena *arena)
{
    const struct engine_options *options = &request->engine->options;
    struct callees_options wanted = {
        .programs = options->programs, .store = options->store, .workspace = row->workspace};
    struct program *program = NULL;
    struct callees *callees = NULL;
    struct value resolved = {0};
    enum status status =
        programs_get(options->programs, &row->workflow, request->version, &program, NULL);
    if (status == STATUS_OK)
        status = callees_find(&callees, &wanted, program, NULL);
    if (status == STATUS_OK && row->resolved.size > 0)
        status = json_parse(&resolved, arena, row->resolved, 0, NULL, NULL);
    bool may_cost = status == STATUS_OK && calls_may_cost(program, callees);
    if (may_cost && models_are_used(program, callees))
        resolved = models_pin(value_text(options->default_model), resolved, arena);
    if (may_cost)
        resolved = pin_payer(resolved, row, program->plan, arena);
    if (status == STATUS_OK && (may_cost || callees != NULL))
        row->resolved = json_text(arena, callees_pin(callees, resolved, arena));
    callees_drop(&callees);
    program_drop(&program);
    return status;
}

/* Who is told of an end stands in the version that the run is on. If that cannot be read, nobody
 * is: a cancel has to work all the same. */
static void
add_notice(const struct engine_options *options, const struct run_row *row, struct intent *intent)
{
    struct program *program = NULL;
    if (!run_state_is_ended(row->state))
        return;
    enum status status =
        programs_get(options->programs, &row->workflow, row->version, &program, NULL);
    struct run_wishes wishes;
    wishes_read(&wishes, row->wishes, &intent->arena);
    const struct notice_to to = {status == STATUS_OK ? program->plan : NULL, wishes.callback_url,
                                 wishes.callback_task};
    notice_add_end(intent, options, row, &to);
    program_drop(&program);
}

/* On a work thread: the run is not in memory, so what the store says holds; the guard keeps it so.
 */
static void
move_stored(struct task *task, void *thread_context)
{
    struct move_request *request =
        (struct move_request *)((char *)task - offsetof(struct move_request, task));
    const struct engine_options *options = &request->engine->options;
    struct intent *intent = intent_new(4 * LIMIT_VALUE_BYTES);
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    enum status status = store_run_get(options->store, &intent->arena, &request->id, row);
    enum run_state next;
    bool has_gone_on =
        status == STATUS_OK && request->generation > 0 && request->generation != row->generation;
    if (status == STATUS_OK &&
        (has_gone_on || !run_state_next(row->state, request->event, &next))) {
        request->tries = MOVE_TRIES_MAX;
        status = STATUS_CONFLICT;
    }
    if (status == STATUS_OK && request->event == RUN_EVENT_RETRY && request->version > 0)
        status = pin_again(request, row, &intent->arena);
    if (status == STATUS_OK && request->event == RUN_EVENT_RETRY)
        status = events_keep_whole(intent, options->store, row);
    if (status == STATUS_OK)
        status = keep_pauses(request, row, intent);
    if (status != STATUS_OK) {
        intent_free(&intent);
        moved_send(request, status);
        return;
    }
    intent->guard = (struct store_guard){
        .is_on = true,
        .run = row->id,
        .generation = row->generation,
        .states = 1u << (unsigned)row->state,
        .is_alone = true,
    };
    keep_version(request, row, intent);
    fill_move(request, row, next);
    request->is_begun_after = !run_state_is_ended(next) && next != RUN_STATE_PAUSED;
    intent_add(intent, STORE_RUN_MOVE, 1024)->run = row;
    add_line(request, row, intent);
    intent_add_idempotency(intent, request->asker.idempotency, IDEMPOTENCY_RUN, &row->id);
    events_add_move(intent, row, request->event, clock_unix_ms(options->clock));
    add_notice(options, row, intent);
    if (run_state_is_ended(next) && tree_has_live_parent(options->store, row))
        child_add_wake(row, intent, row->ended_unix_ms);
    intent->done = move_committed;
    intent->owner = request;
    options->ports->commit(options->ports->world, intent);
}

static void
move_in_store(struct move_request *request)
{
    const struct engine_ports *ports = request->engine->options.ports;
    request->tries++;
    request->task.run = move_stored;
    ports->post(ports->world, ENGINE_POOL_WORK, &request->task, NULL);
}

static void
moved_in_memory(enum status status, void *context)
{
    answer_here(context, status);
}

static void
move_handle(struct engine *engine, struct message *message)
{
    struct move_request *request = (struct move_request *)message;
    struct run *run = engine_find(engine, &request->id);
    bool is_here = run != NULL && !run->is_leaving && !run->is_finishing;
    if (is_here && (request->event == RUN_EVENT_CANCEL || request->event == RUN_EVENT_PAUSE)) {
        struct run_asker asker = {moved_in_memory, request, request->asker.idempotency};
        run_end_early(run, request->event, (struct value){0}, &asker);
        return;
    }
    if (is_here) {
        answer_here(request, STATUS_CONFLICT);
        return;
    }
    moving_enter(request);
    take_up_spoil(engine, &request->id);
    if (request->event == RUN_EVENT_CANCEL || request->event == RUN_EVENT_PAUSE)
        tree_hold_below(engine, &request->id);
    move_in_store(request);
}

static struct move_request *
request_new(struct engine *engine, const struct id *run, enum run_event event,
            const struct run_asker *asker)
{
    struct move_request *request = mem_alloc(sizeof(*request));
    *request = (struct move_request){
        .message = {.handle = move_handle},
        .engine = engine,
        .id = *run,
        .event = event,
        .asker = *asker,
    };
    arena_init(&request->arena, KIB(64));
    if (asker->idempotency != NULL)
        request->asker.idempotency = idempotency_copy(&request->arena, asker->idempotency);
    return request;
}

static void
request_send(struct move_request *request)
{
    struct engine *engine = request->engine;
    engine->away++;
    queue_push(engine->mailbox, &request->message.node);
}

static void
ask(struct engine *engine, const struct id *run, enum run_event event,
    const struct run_asker *asker)
{
    request_send(request_new(engine, run, event, asker));
}

void
engine_run_cancel(struct engine *engine, const struct id *run, const struct run_asker *asker)
{
    ask(engine, run, RUN_EVENT_CANCEL, asker);
}

void
engine_run_retry(struct engine *engine, const struct id *run, uint32_t generation, uint32_t version,
                 const struct run_asker *asker)
{
    struct move_request *request = request_new(engine, run, RUN_EVENT_RETRY, asker);
    request->generation = generation;
    request->version = version;
    request_send(request);
}

void
engine_run_pause(struct engine *engine, const struct id *run, const struct run_asker *asker)
{
    ask(engine, run, RUN_EVENT_PAUSE, asker);
}

void
engine_run_resume(struct engine *engine, const struct id *run, const struct run_asker *asker)
{
    ask(engine, run, RUN_EVENT_BEGIN, asker);
}

void
engine_run_give_up(struct engine *engine, const struct id *run, const struct run_asker *asker)
{
    ask(engine, run, RUN_EVENT_FAIL, asker);
}

/* --- progress --- */

struct progress_request {
    struct message message;
    struct id id;
    run_progress_fn *visit;
    void *context;
};

static void
fill_table(const struct table_run *table, struct table_progress *out)
{
    *out = (struct table_progress){
        .name = value_slice(table->plan->name),
        .is_many = table->plan->is_many,
        .is_complete = table_is_ended(table),
        .state = table_state_word(table),
        .counts = table->counts,
    };
    out->counts.items += table->under_way.items;
    out->counts.completed += table->under_way.completed;
    out->counts.failed += table->under_way.failed;
    out->counts.dropped += table->under_way.dropped;
    out->counts.cancelled += table->under_way.cancelled;
    if (!table->plan->is_many)
        out->total = 1;
    else if (table->is_source_end)
        out->total = table->next_place.ordinal;
    else if (table->file != NULL && table->next_place.offset > 0)
        out->total = (uint64_t)((double)table->next_place.ordinal *
                                (double)table->file->size_bytes / (double)table->next_place.offset);
}

static void
progress_handle(struct engine *engine, struct message *message)
{
    struct progress_request *request = (struct progress_request *)message;
    const struct run *run = engine_find(engine, &request->id);
    if (run == NULL || run->is_leaving) {
        struct run_progress coming = {.state = RUN_STATE_QUEUED};
        bool is_coming =
            take_up_is_under_way(engine, &request->id) || move_is_under_way(engine, &request->id);
        request->visit(is_coming ? &coming : NULL, request->context);
        mem_free(request);
        return;
    }
    uint32_t count = run->program->plan->table_count;
    struct run_progress progress = {
        .state = run->state,
        .calls_in_flight = run->calls_in_flight,
        .used = run->used,
        .calls_waiting = run->pace.waiting + run->joined_count,
        .table_count = count,
        .tables = mem_alloc_array(count, sizeof(struct table_progress)),
    };
    for (uint32_t t = 0; t < count; t++)
        fill_table(&run->tables[t], &progress.tables[t]);
    request->visit(&progress, request->context);
    mem_free(progress.tables);
    mem_free(request);
}

void
engine_run_progress(struct engine *engine, const struct id *run, run_progress_fn *visit,
                    void *context)
{
    struct progress_request *request = mem_alloc(sizeof(*request));
    request->message.handle = progress_handle;
    request->id = *run;
    request->visit = visit;
    request->context = context;
    queue_push(engine->mailbox, &request->message.node);
}
