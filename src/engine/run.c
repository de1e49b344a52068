#include "engine/run.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/asks.h"
#include "engine/callees.h"
#include "engine/children.h"
#include "engine/events.h"
#include "engine/rows.h"
#include "engine/tree.h"

#include <assert.h>
#include <string.h>

static bool
plan_is_interactive(const struct plan *plan)
{
    for (uint16_t t = 0; t < plan->table_count; t++) {
        if (plan->tables[t].is_many)
            return false;
    }
    return true;
}

static void
make_tables(struct run *run)
{
    const struct plan *plan = run->program->plan;
    run->tables = mem_alloc_array(plan->table_count, sizeof(*run->tables));
    for (uint16_t t = 0; t < plan->table_count; t++) {
        struct table_run *table = &run->tables[t];
        table->run = run;
        table->plan = &plan->tables[t];
        table->stretches = mem_alloc_array(table->plan->stretch_count, sizeof(*table->stretches));
        summary_init(&table->summary, table->plan, &run->arena);
        if (!table->plan->is_many) {
            table->chunk_count = 1;
            table->is_source_end = true;
        }
        if (table->plan->kind == PLAN_TABLE_SOURCE)
            table->source_type = run->program->types[table->plan->maker];
        if (table->plan->kind == PLAN_TABLE_RESHAPE)
            table->source_type = &rows_source_type;
    }
}

struct run *
run_new(struct engine *engine, struct program *program, const struct run_row *row)
{
    struct run *run = mem_alloc(sizeof(*run));
    const struct plan *plan = program->plan;
    run->engine = engine;
    run->program = program;
    run->id = row->id;
    run->workspace = row->workspace;
    run->workflow = row->workflow;
    run->parent = row->parent;
    run->root = row->root;
    run->parent_generation = row->parent_generation;
    run->version = row->version;
    run->generation = row->generation;
    run->state = row->state;
    run->created_unix_ms = row->created_unix_ms;
    run->started_unix_ms = row->started_unix_ms;
    run->deadline_unix_ms = row->deadline_unix_ms;
    run->used = row->usage;
    run->vars = value_empty_object();
    arena_init(&run->arena, LIMIT_RUN_BYTES + 8 * row->input.size);
    run->trigger = arena_copy(&run->arena, row->trigger);
    wishes_read(&run->wishes, row->wishes, &run->arena);
    run->slot.weight = priority_weight(run->wishes.priority);
    run->is_interactive = plan_is_interactive(plan) && run->wishes.priority != RUN_PRIORITY_LOW;
    run->outside = mem_alloc_array(plan->node_count + 1u, sizeof(*run->outside));
    run->values = mem_alloc_array(plan->node_count + 1u, sizeof(*run->values));
    pace_owner_init(&run->pace);
    make_tables(run);
    taps_make(run);
    reshapes_make(run);
    run->events = run_events_new(run);
    return run;
}

struct value
run_value_make(struct arena *arena, const struct run_row *row, struct value workflow_value)
{
    char id[ID_HEX_BYTES];
    char created[CLOCK_ISO_BYTES];
    char started[CLOCK_ISO_BYTES];
    id_hex(&row->id, id);
    clock_iso(row->created_unix_ms, created);
    clock_iso(row->started_unix_ms, started);
    struct run_wishes wishes;
    wishes_read(&wishes, row->wishes, arena);
    struct member members[] = {
        {value_text("id"), value_string_copy(arena, slice_text(id))},
        {value_text("createdAt"), value_string_copy(arena, slice_text(created))},
        {value_text("startedAt"), value_string_copy(arena, slice_text(started))},
        {value_text("generation"), value_int(row->generation)},
        {value_text("trigger"), value_string_copy(arena, row->trigger)},
        {value_text("labels"),
         wishes.labels.kind == VALUE_NONE ? value_empty_object() : wishes.labels},
        {value_text("workflow"), value_copy(arena, workflow_value)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

void
run_add_tokens(struct run *run)
{
    struct value tokens = asks_tokens(run->engine, run->program->plan, &run->id, &run->arena);
    if (tokens.kind != VALUE_NONE)
        run->run_value =
            value_object_set(&run->arena, run->run_value, value_text("tokens"), tokens);
}

struct value
workflow_value_make(struct arena *arena, const struct workflow_row *row, uint32_t version)
{
    char id[ID_HEX_BYTES];
    id_hex(&row->id, id);
    struct member members[] = {
        {value_text("id"), value_string_copy(arena, slice_text(id))},
        {value_text("slug"), value_string_copy(arena, row->slug)},
        {value_text("name"), value_string_copy(arena, row->name)},
        {value_text("version"), value_int(version)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* --- the deadline --- */

static void
deadline_fire(struct timer *timer)
{
    struct run *run = timer->owner;
    if (run->is_leaving || run->is_finishing)
        return;
    struct value failure =
        chunk_failure_value(&run->arena, "deadline_passed", "the run's deadline has passed");
    run_end_early(run, RUN_EVENT_FAIL, failure, NULL);
}

static void
set_deadline(struct run *run)
{
    if (run->deadline_unix_ms == 0)
        return;
    struct engine *engine = run->engine;
    int64_t left_ms = run->deadline_unix_ms - clock_unix_ms(engine->options.clock);
    run->deadline.fire = deadline_fire;
    run->deadline.owner = run;
    timers_set(&engine->timers, &run->deadline,
               clock_mono_us(engine->options.clock) + (left_ms > 0 ? left_ms : 0) * 1000);
}

/* Every generation has the whole time that the workflow and the start allow. */
static void
begin_deadline(struct run *run)
{
    int64_t limit_ms = run->program->plan->limits.deadline_ms;
    int64_t wished_ms = run->wishes.deadline_ms;
    if (wished_ms > 0 && (limit_ms == 0 || wished_ms < limit_ms))
        limit_ms = wished_ms;
    if (run->deadline_unix_ms == 0 && limit_ms > 0)
        run->deadline_unix_ms = run->started_unix_ms + limit_ms;
}

static void
hold_deadline(struct run *run)
{
    if (run->deadline_unix_ms == 0 || run->held_unix_ms != 0)
        return;
    run->held_unix_ms = clock_unix_ms(run->engine->options.clock);
    timers_cancel(&run->engine->timers, &run->deadline);
}

void
run_release_deadline(struct run *run)
{
    if (run->held_unix_ms == 0)
        return;
    int64_t waited_ms = clock_unix_ms(run->engine->options.clock) - run->held_unix_ms;
    run->held_unix_ms = 0;
    run->deadline_unix_ms += waited_ms > 0 ? waited_ms : 0;
    set_deadline(run);
}

int64_t
deadline_pause(int64_t deadline_unix_ms, int64_t now_unix_ms)
{
    if (deadline_unix_ms <= 0)
        return deadline_unix_ms;
    return deadline_unix_ms > now_unix_ms ? now_unix_ms - deadline_unix_ms : -1;
}

int64_t
deadline_resume(int64_t deadline_unix_ms, int64_t now_unix_ms)
{
    return deadline_unix_ms < 0 ? now_unix_ms - deadline_unix_ms : deadline_unix_ms;
}

/* --- begin, pump, leave --- */

struct begin_commit {
    struct message message;
    struct run *run;
};

static void
begin_home(struct engine *engine, struct message *message)
{
    struct run *run = ((struct begin_commit *)message)->run;
    mem_free(message);
    run->away--;
    asks_begin(run);
    run_mark(run);
}

static void
begin_done(struct intent *intent)
{
    struct begin_commit *commit = intent->owner;
    intent_free(&intent);
    queue_push(commit->run->engine->mailbox, &commit->message.node);
}

/* What woke it has done its work. */
static void
add_wake_delete(const struct run *run, struct intent *intent)
{
    struct timer_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct timer_row){
        .run = run->id, .table = SLICE(CHILD_WAKE_TABLE), .generation = run->generation};
    intent_add(intent, STORE_TIMER_DELETE, 64)->timer = row;
}

void
run_change(struct run *run, enum run_state next)
{
    count_run(&run->engine->counts, run->state, -1);
    run->state = next;
    count_run(&run->engine->counts, next, 1);
}

/* Nothing but the run's leaving waits for this move: it only shows the state. A later one must not
 * pass it on the way to the store. */
static void
commit_begin(struct run *run)
{
    enum run_state next;
    if (!run_state_next(run->state, RUN_EVENT_BEGIN, &next)) {
        asks_begin(run);
        return;
    }
    struct intent *intent = run_intent(run, KIB(8));
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    run_events_begin(run, run->state);
    run_change(run, next);
    run_fill_row(run, row);
    intent_add(intent, STORE_RUN_MOVE, 256)->run = row;
    if (!run->is_born && (run->has_children || run->wishes.concurrency_key.size > 0))
        add_wake_delete(run, intent);
    if (!run->is_born)
        run_events_add(run, intent);
    struct begin_commit *commit = mem_alloc(sizeof(*commit));
    commit->run = run;
    commit->message.handle = begin_home;
    run_commit(run, intent, begin_done, commit);
}

void
run_begin(struct run *run)
{
    if (run->started_unix_ms == 0)
        run->started_unix_ms = clock_unix_ms(run->engine->options.clock);
    begin_deadline(run);
    if (!run->is_born || run->state != RUN_STATE_RUNNING)
        commit_begin(run);
    set_deadline(run);
    run->tables[0].row = run->input;
    run_mark(run);
}

static bool
all_ended(const struct run *run)
{
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        if (!table_is_ended(&run->tables[t]))
            return false;
    }
    return true;
}

/* When it goes on if nobody does anything. */
static int64_t
soonest_gate(const struct run *run)
{
    int64_t soonest = INT64_MAX;
    for (uint32_t i = 0; i < run->gate_count; i++)
        soonest = run->gates[i].due_unix_ms < soonest ? run->gates[i].due_unix_ms : soonest;
    int64_t answer = asks_soonest(run);
    return answer < soonest ? answer : soonest;
}

/* Nothing to do before a gate is due, a child that waits itself has ended, or somebody answers. */
static bool
only_waits(const struct run *run)
{
    if (run->away > 0 || run->gate_count + run->children_dormant + run->asks_open == 0 ||
        !asks_all_wait(run) || run->calls_asleep != NULL || run->calls_joined != NULL ||
        run->pace.waiting > 0 || run->is_finishing)
        return false;
    if (run->children_open > 0 || run->children_first != NULL)
        return false;
    for (uint32_t t = 0; t < run->tap_count; t++) {
        if (run->taps[t].is_busy)
            return false;
    }
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        if (reshape_is_busy(run->tables[t].reshape))
            return false;
    }
    return true;
}

/* By the timers in the store, or by a parent that keeps the time. */
static bool
may_be_woken(const struct run *run)
{
    if (run->engine->options.take_up_runs)
        return true;
    return run->children_dormant == 0 && child_is_awaited(run->engine, &run->id);
}

/* A run that only waits leaves memory: its timers stand in the store. */
static void
maybe_park(struct run *run)
{
    if (!only_waits(run))
        return;
    int64_t wait_ms = soonest_gate(run) - clock_unix_ms(run->engine->options.clock);
    if (!may_be_woken(run) || wait_ms < 1000 || run->window > 0) {
        hold_deadline(run);
        return;
    }
    if (run->deadline_unix_ms != 0 && run->children_dormant + run->asks_open == 0)
        run->deadline_unix_ms += wait_ms;
    run_end_early(run, RUN_EVENT_PARK, (struct value){0}, NULL);
}

void
run_pump(struct run *run)
{
    bool is_parking = run->engine->is_parking;
    if (run->is_leaving || run->is_finishing || (run->is_held && !is_parking)) {
        slots_pass(&run->engine->slots, run);
        return;
    }
    if (is_parking) {
        run_leave(run);
        return;
    }
    /* Tables made from others first, so that rows leave before more come in. */
    for (uint16_t t = run->program->plan->table_count; t > 0; t--)
        table_pump(&run->tables[t - 1]);
    for (uint32_t t = 0; t < run->tap_count; t++)
        tap_pump(&run->taps[t]);
    for (uint16_t t = 0; t < run->program->plan->table_count; t++)
        reshape_pump(run->tables[t].reshape);
    calls_pump(run);
    children_pump(run);
    run_events_look(run);
    if (all_ended(run)) {
        run->is_finishing = true;
        run_finish(run);
        return;
    }
    if (!run->is_dirty)
        maybe_park(run);
}

void
run_refused(struct run *run, enum status status)
{
    char id[ID_HEX_BYTES];
    id_hex(&run->id, id);
    if (!run->is_leaving && !run->is_finishing)
        log_event(LOG_WARN, "the store refused a write of a run, which leaves memory",
                  "run=%s status=%s", id, status_name(status));
    run_leave(run);
}

/* Nothing of the run is begun any more; what is on its way comes home and is dropped. */
void
run_leave(struct run *run)
{
    run_mark(run);
    if (run->is_leaving)
        return;
    run->is_leaving = true;
    atomic_store(&run->has_left, true);
    timers_cancel(&run->engine->timers, &run->deadline);
    timers_cancel(&run->engine->timers, &run->gate);
    run_events_leave(run);
    for (uint32_t t = 0; t < run->tap_count; t++)
        timers_cancel(&run->engine->timers, &run->taps[t].again);
    reshapes_leave(run);
    calls_cancel(run);
    children_abandon(run);
    asks_abandon(run);
    /* Those below a run that only waits were woken by themselves, and wake it in their turn. */
    if (run->state != RUN_STATE_WAITING || !run->is_finishing)
        tree_leave_below(run->engine, &run->id);
}

static void
table_free(struct table_run *table)
{
    source_free(table);
    chunk_job_free(&table->only);
    for (uint16_t s = 0; s < table->plan->stretch_count; s++) {
        chunk_list_done(&table->stretches[s].ready);
        chunk_set_done(&table->stretches[s].recorded);
    }
    mem_free(table->stretches);
    mem_free(table->heads);
}

void
run_free(struct run *run)
{
    purse_close(run->engine->accounts, &run->purse);
    taps_done(run);
    reshapes_done(run);
    run_events_free(&run->events);
    for (uint16_t t = 0; t < run->program->plan->table_count; t++)
        table_free(&run->tables[t]);
    mem_free(run->tables);
    mem_free(run->outside);
    mem_free(run->values);
    mem_free(run->gates);
    mem_free(run->asks_due);
    program_drop(&run->program);
    callees_drop(&run->callees);
    arena_done(&run->arena);
    mem_free(run);
}

void
run_free_if_home(struct run *run)
{
    if (!run->is_leaving || run->away > 0)
        return;
    struct engine *engine = run->engine;
    if (run->previous == NULL)
        engine->runs = run->next;
    else
        run->previous->next = run->next;
    if (run->next != NULL)
        run->next->previous = run->previous;
    engine->run_count -= run->is_counted;
    count_run(&engine->counts, run->state, -1);
    struct id id = run->id;
    bool leaves_some = run->leaves_some || run->is_held;
    tree_leave(run);
    child_has_left(run);
    share_leave(engine, run);
    run_free(run);
    if (leaves_some)
        tree_settle(engine, &id);
}
