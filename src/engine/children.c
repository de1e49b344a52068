#include "engine/children.h"

#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/child.h"
#include "engine/events.h"
#include "engine/models.h"
#include "engine/tree.h"
#include "engine/vars.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum child_state {
    CHILD_QUEUED,    /* waits for a place */
    CHILD_ASKED,     /* the store is asked: is_away */
    CHILD_COMING,    /* it comes into memory, or leaves it */
    CHILD_HERE,      /* it is in memory */
    CHILD_DORMANT,   /* it waits outside memory and holds no place */
    CHILD_ENDED,     /* its end is being committed, with the effect */
    CHILD_RECORDING, /* the effect alone is: is_away */
};

/* One run that a step asked for on one item, until its outcome is delivered. */
struct child_call {
    struct message message;
    struct task task;
    struct child_call *next, *previous; /* of the run */
    struct child_call *next_queued;     /* while it waits for a place */
    struct child_call *next_asked;      /* of its bucket in the engine */
    struct run *run;
    struct chunk_job *job;
    const struct plan_node *node;
    uint32_t item;
    struct key key;
    uint8_t hash[STORE_HASH_BYTES];
    const struct callee *callee;
    struct value input; /* in the chunk's arena, which stays while the call is open */
    struct id child;
    enum child_state state;
    bool is_away, has_place;
    bool is_stored;         /* its run is known to be there */
    bool was_here;          /* seen in memory: what it waits for, it waits for still */
    int64_t due_unix_ms;    /* the soonest time that it waits for; INT64_MAX: none */
    int64_t looked_unix_ms; /* due before that: gone, and may go on */
    int64_t started_unix_ms;
    struct timer again;
    enum status status; /* what the store said */
    struct run_row row; /* of the child, in `arena`; or as it is being stored */
    struct arena arena; /* of what was read, or of the outcome */
    bool is_ok;
    struct value outcome;
};

static void look(struct child_call *call);

/* --- the engine's table, by the child's id --- */

static struct child_call **
bucket_of(const struct engine *engine, const struct id *child)
{
    uint32_t hash = 0;
    memcpy(&hash, child->bytes + ID_BYTES - sizeof(hash), sizeof(hash));
    return (struct child_call **)&engine->asked[hash % ASKED_BUCKETS];
}

static struct child_call *
asked_find(const struct engine *engine, const struct id *child)
{
    struct child_call *call = *bucket_of(engine, child);
    while (call != NULL && !id_equal(&call->child, child))
        call = call->next_asked;
    return call;
}

/* Not one that leaves memory, as it does when all its children are dormant. */
static bool
is_waiting(const struct run *run)
{
    return !run->is_leaving && !run->is_finishing;
}

/* Whether something new may begin below it. */
static bool
may_begin(const struct run *run)
{
    return is_waiting(run) && !run->is_held && !run->engine->is_parking;
}

/* The call that waits for this generation of the child. */
static struct child_call *
call_for(const struct run *child)
{
    struct child_call *call = asked_find(child->engine, &child->id);
    bool is_its = call != NULL && is_waiting(call->run) &&
                  id_equal(&call->run->id, &child->parent) &&
                  call->run->generation == child->parent_generation;
    return is_its ? call : NULL;
}

bool
child_is_awaited(const struct engine *engine, const struct id *child)
{
    return asked_find(engine, child) != NULL;
}

static void
asked_enter(struct child_call *call)
{
    struct child_call **bucket = bucket_of(call->run->engine, &call->child);
    call->next_asked = *bucket;
    *bucket = call;
}

static void
asked_leave(struct child_call *call)
{
    struct child_call **place = bucket_of(call->run->engine, &call->child);
    while (*place != call)
        place = &(*place)->next_asked;
    *place = call->next_asked;
}

/* --- places --- */

static void
take_place(struct child_call *call)
{
    assert(!call->has_place);
    call->has_place = true;
    call->run->children_open++;
    call->run->engine->places[call->run->depth + 1]++;
}

/* Runs that found none are looked at again. */
static void
leave_place(struct child_call *call)
{
    struct engine *engine = call->run->engine;
    if (!call->has_place)
        return;
    call->has_place = false;
    call->run->children_open--;
    engine->places[call->run->depth + 1]--;
    if (!engine->is_short_of_places)
        return;
    engine->is_short_of_places = false;
    for (struct run *run = engine->runs; run != NULL; run = run->next)
        run_mark(run);
}

static void
enqueue(struct child_call *call)
{
    struct run *run = call->run;
    leave_place(call);
    call->state = CHILD_QUEUED;
    call->next_queued = NULL;
    if (run->children_last == NULL)
        run->children_first = call;
    else
        run->children_last->next_queued = call;
    run->children_last = call;
    run_mark(run);
}

static void
wake(struct child_call *call)
{
    if (call->state != CHILD_DORMANT)
        return;
    timers_cancel(&call->run->engine->timers, &call->again);
    call->run->children_dormant--;
    take_place(call);
    run_release_deadline(call->run);
}

/* --- a call's beginning and end --- */

void
children_take(struct run *run, struct chunk_job *job, const struct chunk_call *wanted)
{
    struct child_call *call = mem_alloc(sizeof(*call));
    call->run = run;
    call->job = job;
    call->item = wanted->item;
    call->node = &run->program->plan->nodes[wanted->node];
    call->key = chunk_item_key(job->chunk, wanted->item);
    memcpy(call->hash, wanted->hash, STORE_HASH_BYTES);
    call->callee = wanted->callee;
    call->input = wanted->config;
    call->child = wanted->child;
    job->calls_open++;
    call->next = run->children;
    if (call->next != NULL)
        call->next->previous = call;
    run->children = call;
    asked_enter(call);
    enqueue(call);
}

static void
drop_arena(struct child_call *call)
{
    if (call->arena.limit_bytes > 0)
        arena_done(&call->arena);
    call->arena = (struct arena){0};
}

static void
call_free(struct child_call *call)
{
    struct run *run = call->run;
    if (call->state == CHILD_DORMANT)
        run->children_dormant--;
    leave_place(call);
    timers_cancel(&run->engine->timers, &call->again);
    asked_leave(call);
    if (call->previous == NULL)
        run->children = call->next;
    else
        call->previous->next = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    drop_arena(call);
    mem_free(call);
}

static void
call_abandon(struct child_call *call)
{
    struct run *run = call->run;
    struct chunk_job *job = call->job;
    call_free(call);
    job->calls_open--;
    if (job->calls_open == 0 && !job->is_away && job->table->plan->is_many)
        chunk_job_free(&job);
    run_mark(run);
}

void
children_abandon(struct run *run)
{
    run->children_first = run->children_last = NULL;
    struct child_call *next = NULL;
    for (struct child_call *call = run->children; call != NULL; call = next) {
        next = call->next;
        if (!call->is_away)
            call_abandon(call);
    }
}

static void
deliver(struct child_call *call)
{
    struct run *run = call->run;
    struct chunk_job *job = call->job;
    struct outcome *outcome = mem_alloc(sizeof(*outcome));
    outcome->item = call->item;
    outcome->node = call->node->index;
    outcome->is_ok = call->is_ok;
    outcome->value = call->outcome;
    outcome->arena = call->arena;
    call->arena = (struct arena){0};
    call_free(call);
    run_release_deadline(run);
    run_mark(run);
    chunk_outcome(job, outcome);
}

/* What was asked of the store is back. True: the run is leaving, and the call is gone. */
static bool
came_home(struct child_call *call)
{
    struct run *run = call->run;
    call->is_away = false;
    run->away--;
    run_mark(run);
    if (run->is_leaving)
        call_abandon(call);
    return run->is_leaving;
}

/* On the writer's thread. */
static void
send_home(struct intent *intent)
{
    struct child_call *call = intent->owner;
    struct queue *mailbox = call->run->engine->mailbox;
    call->status = intent->status;
    intent_free(&intent);
    queue_push(mailbox, &call->message.node);
}

static void
commit(struct child_call *call, struct intent *intent, message_fn *home)
{
    call->is_away = true;
    call->message.handle = home;
    run_commit(call->run, intent, send_home, call);
}

/* --- the outcome is recorded before anything builds on it --- */

static void
add_effect(struct child_call *call, struct intent *intent)
{
    struct run *run = call->run;
    struct effect_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct effect_row){
        .run = run->id,
        .step = value_slice(call->node->id),
        .key = arena_copy(&intent->arena, key_slice(&call->key)),
        .generation = run->generation,
        .state = call->is_ok ? EFFECT_OK : EFFECT_FAILED,
        .attempts = 1,
        .started_unix_ms = call->started_unix_ms,
        .ended_unix_ms = clock_unix_ms(run->engine->options.clock),
        .value = json_text(&intent->arena, call->outcome),
    };
    memcpy(row->hash, call->hash, STORE_HASH_BYTES);
    intent_add(intent, STORE_EFFECT_INSERT, row->value.size + 256)->effect = row;
    count_effect(&run->engine->counts, call->node->decl, row, false);
}

static void
recorded_home(struct engine *engine, struct message *message)
{
    struct child_call *call = (struct child_call *)message;
    struct run *run = call->run;
    if (call->status != STATUS_OK)
        run_leave(run);
    if (!came_home(call))
        deliver(call);
}

/* A child that ended, or cannot: as every effect, it counts whatever the run is doing. */
static void
record(struct child_call *call)
{
    struct intent *intent = run_intent(call->run, 2 * LIMIT_VALUE_BYTES);
    intent->guard.is_any = true;
    add_effect(call, intent);
    call->state = CHILD_RECORDING;
    commit(call, intent, recorded_home);
}

/* The failure that the child's error is for its item. */
static void
set_failure(struct child_call *call, struct value error)
{
    struct arena arena;
    arena_init(&arena, LIMIT_VALUE_BYTES);
    struct value failure = child_failure(&arena, call->callee, &call->child, error);
    drop_arena(call);
    call->arena = arena;
    call->is_ok = false;
    call->outcome = failure;
}

static void
fail(struct child_call *call, const char *code, const char *words)
{
    drop_arena(call);
    arena_init(&call->arena, LIMIT_VALUE_BYTES);
    call->is_ok = false;
    call->outcome = chunk_failure_value(&call->arena, code, words);
    record(call);
}

/* --- the child's row --- */

#define PINS_BYTES (2 * STORE_HASH_BYTES + 1)

static void
print_pins(const struct child_call *call, char out[PINS_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < STORE_HASH_BYTES; i++) {
        out[2 * i] = digits[call->callee->pins[i] >> 4];
        out[2 * i + 1] = digits[call->callee->pins[i] & 15];
    }
    out[PINS_BYTES - 1] = '\0';
}

/* {"pins": of its versions, "models", "vars", "workflows": those that it calls, "runs": that the
 * tree may have}. */
static struct slice
resolved_text(const struct child_call *call, struct arena *arena)
{
    char pins[PINS_BYTES];
    print_pins(call, pins);
    struct member member = {value_text("pins"), value_string_copy(arena, slice_text(pins))};
    struct value resolved = value_object_new(arena, &member, 1);
    if (call->run->default_model.kind == VALUE_STRING)
        resolved = models_pin(call->run->default_model, resolved, arena);
    if (calls_may_cost(call->run->program, call->run->callees))
        resolved = payer_pin(&call->run->payer, resolved, arena);
    if (call->callee->program->plan->calls_workflows) {
        resolved = callees_pin(call->run->callees, resolved, arena);
        resolved = value_object_set(arena, resolved, value_text("runs"),
                                    value_int(call->run->tree->limit));
    }
    if (vars_are_used(call->callee->program, call->run->callees))
        resolved = vars_pin(call->run->vars, resolved, arena);
    return json_text(arena, resolved);
}

/* The sooner of what the step and the workflow allow; 0: neither does. */
static int64_t
deadline_of(const struct child_call *call, int64_t now)
{
    int64_t step_ms = call->node->timeout_ms;
    int64_t own_ms = call->callee->program->plan->limits.deadline_ms;
    int64_t limit_ms = step_ms > 0 && (own_ms == 0 || step_ms < own_ms) ? step_ms : own_ms;
    return limit_ms == 0 ? 0 : now + limit_ms;
}

static void
fill_row(struct child_call *call, struct run_row *row, struct arena *arena)
{
    const struct run *run = call->run;
    int64_t now = clock_unix_ms(run->engine->options.clock);
    struct run_wishes inherited = {.priority = run->wishes.priority};
    *row = (struct run_row){
        .workspace = run->workspace,
        .id = call->child,
        .workflow = call->callee->workflow,
        .version = call->callee->version,
        .generation = 1,
        .state = RUN_STATE_RUNNING,
        .parent = run->id,
        .root = id_is_zero(&run->root) ? run->id : run->root,
        .parent_generation = run->generation,
        .trigger = SLICE(RUN_TRIGGER_CHILD),
        .created_unix_ms = now,
        .started_unix_ms = now,
        .deadline_unix_ms = deadline_of(call, now),
        .input = json_text(arena, call->input),
        .resolved = resolved_text(call, arena),
        .wishes = wishes_print(&inherited, arena),
    };
}

/* --- a new one --- */

static void
set_above(struct run *child, const struct run *parent)
{
    child->above[0] = parent->id;
    memcpy(child->above + 1, parent->above, parent->depth * sizeof(parent->above[0]));
    child->depth = (uint8_t)(parent->depth + 1);
}

static void
begin_child(struct child_call *call)
{
    struct run *parent = call->run;
    const struct callee *callee = call->callee;
    program_hold(callee->program);
    struct run *child = run_new(parent->engine, callee->program, &call->row);
    child->is_born = true;
    child->is_interactive &= parent->is_interactive;
    child->input = value_copy(&child->arena, call->input);
    child->run_value = run_value_make(&child->arena, &call->row, callee->workflow_value);
    child->vars = value_copy(&child->arena, parent->vars);
    child->default_model = value_copy(&child->arena, parent->default_model);
    child->payer = parent->payer;
    purse_share(parent->engine->accounts, &parent->purse, &child->purse);
    set_above(child, parent);
    if (callee->program->plan->calls_workflows) {
        callees_hold(parent->callees);
        child->callees = parent->callees;
        child->below_limit = parent->tree->limit;
    }
    run_events_note_call(parent, call->node->index);
    call->state = CHILD_HERE;
    call->was_here = call->is_stored = true;
    engine_adopt(parent->engine, child);
    run_begin(child);
}

/* Somebody may have found it in the store sooner, and be about to move it there. */
static void
stored_home(struct engine *engine, struct message *message)
{
    struct child_call *call = (struct child_call *)message;
    struct run *run = call->run;
    bool is_new = call->status == STATUS_OK;
    fault_point(FAULT_child_after_insert);
    if (!is_new)
        run->tree->count--;
    if (came_home(call))
        return;
    if (is_new && may_begin(run) && !move_is_under_way(engine, &call->child))
        begin_child(call);
    else
        look(call);
}

/* It is there already after a crash and in a later generation: then the insert is refused. */
static void
store_child(struct child_call *call)
{
    struct run *run = call->run;
    struct intent *intent = run_intent(run, 4 * LIMIT_INPUT_BYTES);
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    fill_row(call, row, &intent->arena);
    call->row = *row;
    call->state = CHILD_ASKED;
    run->tree->count++;
    intent_add(intent, STORE_RUN_INSERT, row->input.size + 512)->run = row;
    fault_point(FAULT_child_before_insert);
    commit(call, intent, stored_home);
}

void
children_pump(struct run *run)
{
    uint32_t most = run->program->plan->limits.concurrency;
    while (run->children_first != NULL && run->children_open < most) {
        if (run->engine->places[run->depth + 1] >= LIMIT_ACTIVE_RUNS) {
            run->engine->is_short_of_places = true;
            return;
        }
        struct child_call *call = run->children_first;
        run->children_first = call->next_queued;
        if (run->children_first == NULL)
            run->children_last = NULL;
        take_place(call);
        if (call->started_unix_ms == 0)
            call->started_unix_ms = clock_unix_ms(run->engine->options.clock);
        if (run->tree->count < run->tree->limit && !call->is_stored)
            store_child(call);
        else
            look(call);
    }
}

/* --- one that is there --- */

static bool
see_timer(const struct timer_row *row, void *context)
{
    struct child_call *call = context;
    call->due_unix_ms = row->due_unix_ms < call->due_unix_ms ? row->due_unix_ms : call->due_unix_ms;
    return true;
}

/* On a work thread. */
static void
look_work(struct task *task, void *thread_context)
{
    struct child_call *call =
        (struct child_call *)((char *)task - offsetof(struct child_call, task));
    struct store *store = call->run->engine->options.store;
    arena_init(&call->arena, 8 * LIMIT_VALUE_BYTES);
    call->status = store_run_get(store, &call->arena, &call->child, &call->row);
    call->outcome = value_null();
    struct slice text = call->row.state == RUN_STATE_COMPLETED ? call->row.output : call->row.error;
    if (call->status == STATUS_OK && text.size > 0)
        call->status = json_parse(&call->outcome, &call->arena, text, 0, NULL, NULL);
    call->due_unix_ms = INT64_MAX;
    if (call->status == STATUS_OK && call->row.state == RUN_STATE_WAITING)
        call->status = store_timer_list(store, &call->child, see_timer, call);
    queue_push(call->run->engine->mailbox, &call->message.node);
}

static void
again_fire(struct timer *timer)
{
    look(timer->owner);
}

#define LOOK_AGAIN_MS 1000

static void
set_timer(struct child_call *call, int64_t wait_ms)
{
    struct engine *engine = call->run->engine;
    timers_set(&engine->timers, &call->again,
               clock_mono_us(engine->options.clock) + wait_ms * 1000);
}

static void
look_later(struct child_call *call)
{
    call->again.fire = again_fire;
    call->again.owner = call;
    set_timer(call, LOOK_AGAIN_MS);
}

/* Whether its end is one that this generation of the parent may take. */
static bool
may_take_end(const struct child_call *call)
{
    const struct run_row *row = &call->row;
    if (row->parent_generation == call->run->generation)
        return true;
    char pins[PINS_BYTES];
    print_pins(call, pins);
    return row->state == RUN_STATE_COMPLETED &&
           memmem(row->resolved.ptr, row->resolved.size, pins, PINS_BYTES - 1) != NULL;
}

static void
take_end(struct child_call *call)
{
    if (call->row.state == RUN_STATE_COMPLETED)
        call->is_ok = true;
    else
        set_failure(call, call->outcome);
    record(call);
}

static void
take_up(struct child_call *call)
{
    call->state = CHILD_COMING;
    drop_arena(call);
    run_take_up(call->run->engine, &call->child);
}

static void
moved_home(struct engine *engine, struct message *message)
{
    struct child_call *call = (struct child_call *)message;
    bool is_retried = call->status == STATUS_OK && call->row.state == RUN_STATE_QUEUED;
    fault_point(FAULT_child_after_move);
    if (came_home(call))
        return;
    if (is_retried)
        take_up(call);
    else
        look(call);
}

/* Moves the child from where it was found, whoever is above it. */
static void
move(struct child_call *call, const struct run_row *to)
{
    struct intent *intent = run_intent(call->run, 4 * LIMIT_VALUE_BYTES);
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = *to;
    row->resolved = resolved_text(call, &intent->arena);
    row->input = row->trigger = row->output = row->error = row->counts = slice_of("", 0);
    intent->guard = (struct store_guard){
        .is_on = true,
        .run = call->child,
        .generation = call->row.generation,
        .states = 1u << (unsigned)call->row.state,
        .is_alone = true,
    };
    intent_add(intent, STORE_RUN_MOVE, 1024)->run = row;
    events_add_move(intent, row,
                    row->state == RUN_STATE_QUEUED ? RUN_EVENT_RETRY : RUN_EVENT_CANCEL,
                    clock_unix_ms(call->run->engine->options.clock));
    call->row = *to;
    call->state = CHILD_ASKED;
    drop_arena(call);
    commit(call, intent, moved_home);
}

/* Its next generation belongs to this one of the parent. */
static void
retry(struct child_call *call)
{
    struct run_row next = call->row;
    next.generation++;
    next.state = RUN_STATE_QUEUED;
    next.version = call->callee->version;
    next.parent_generation = call->run->generation;
    next.started_unix_ms = next.ended_unix_ms = 0;
    next.deadline_unix_ms = deadline_of(call, clock_unix_ms(call->run->engine->options.clock));
    move(call, &next);
}

/* It goes on for an earlier generation, or on its own account: it is ended and then retried, and
 * finds what it has done. */
static void
end_other(struct child_call *call)
{
    struct run *here = engine_find(call->run->engine, &call->child);
    if (here != NULL) {
        call->state = CHILD_COMING;
        drop_arena(call);
        if (!here->is_finishing && !here->is_leaving)
            run_end_early(here, RUN_EVENT_CANCEL, (struct value){0}, NULL);
        return;
    }
    struct run_row next = call->row;
    next.state = RUN_STATE_CANCELLED;
    next.ended_unix_ms = clock_unix_ms(call->run->engine->options.clock);
    move(call, &next);
}

/* Many may be due at once: each waits for a place again. */
static void
queue_dormant(struct child_call *call)
{
    struct run *run = call->run;
    timers_cancel(&run->engine->timers, &call->again);
    run->children_dormant--;
    run_release_deadline(run);
    enqueue(call);
}

static void
due_fire(struct timer *timer)
{
    queue_dormant(timer->owner);
}

/* Where nobody watches the timers of the store, the parent does. */
static void
go_dormant(struct child_call *call)
{
    drop_arena(call);
    leave_place(call);
    call->state = CHILD_DORMANT;
    call->run->children_dormant++;
    if (call->run->engine->options.take_up_runs || call->row.state == RUN_STATE_PAUSED)
        return;
    call->again.fire = due_fire;
    call->again.owner = call;
    set_timer(call, call->due_unix_ms - call->looked_unix_ms);
}

/* Whether what the child waits for has not come: a time, or runs below it, which it has asked for
 * when it was here and which wake it where that is done. */
static bool
waits_on(const struct child_call *call)
{
    if (call->due_unix_ms != INT64_MAX)
        return call->due_unix_ms > call->looked_unix_ms;
    return call->was_here && call->run->engine->options.take_up_runs;
}

static void
go_on_with(struct child_call *call)
{
    struct engine *engine = call->run->engine;
    const struct run *here = engine_find(engine, &call->child);
    bool is_waiting = call->row.state == RUN_STATE_WAITING && waits_on(call);
    if (call->row.parent_generation != call->run->generation) {
        end_other(call);
    } else if (here != NULL) {
        call->state = here->is_leaving ? CHILD_COMING : CHILD_HERE;
        drop_arena(call);
    } else if (call->row.state == RUN_STATE_PAUSED || is_waiting) {
        go_dormant(call);
    } else {
        take_up(call);
    }
}

/* The insert was refused, and yet it is not there: so is everything else that the run writes; or
 * there was no room for it. */
static void
not_there(struct child_call *call)
{
    if (call->run->tree->count < call->run->tree->limit) {
        run_refused(call->run, STATUS_CONFLICT);
        return;
    }
    char words[128];
    snprintf(words, sizeof(words),
             "the workflows called by one run may leave %" PRIu32 " runs, and have (limits.runs)",
             call->run->tree->limit);
    fail(call, "limit_exceeded", words);
}

static void
look_home(struct engine *engine, struct message *message)
{
    struct child_call *call = (struct child_call *)message;
    struct run *run = call->run;
    if (came_home(call))
        return;
    call->is_stored = call->status == STATUS_OK;
    if (!may_begin(run))
        enqueue(call);
    else if (call->status == STATUS_NOT_FOUND)
        not_there(call);
    else if (call->status == STATUS_LIMIT || call->status == STATUS_INVALID)
        fail(call, "not_readable", "what is stored of the sub-workflow's run cannot be read");
    else if (call->status != STATUS_OK)
        look_later(call);
    else if (!id_equal(&call->row.parent, &run->id))
        fail(call, "not_readable", "another run has the id of this sub-workflow's run");
    else if (!run_state_is_ended(call->row.state))
        go_on_with(call);
    else if (may_take_end(call))
        take_end(call);
    else
        retry(call);
}

static void
look(struct child_call *call)
{
    const struct engine_ports *ports = call->run->engine->options.ports;
    drop_arena(call);
    call->state = CHILD_ASKED;
    call->is_away = true;
    call->run->away++;
    call->looked_unix_ms = clock_unix_ms(call->run->engine->options.clock);
    call->task.run = look_work;
    call->message.handle = look_home;
    struct run *run = call->run;
    ports->post(ports->world, ENGINE_POOL_WORK, &call->task,
                run->is_interactive ? NULL : &run->flows[SHARE_WORK]);
}

/* --- what a child says of itself --- */

void
child_is_here(struct run *child)
{
    struct child_call *call = call_for(child);
    if (call == NULL || (call->state != CHILD_DORMANT && call->state != CHILD_COMING))
        return;
    wake(call);
    call->state = CHILD_HERE;
    call->was_here = true;
    child->is_interactive &= call->run->is_interactive;
}

void
child_has_left(struct run *child)
{
    struct child_call *call = asked_find(child->engine, &child->id);
    if (call == NULL || call->run->is_leaving)
        return;
    if (call->state == CHILD_HERE || call->state == CHILD_COMING)
        look(call);
}

bool
child_is_due(struct engine *engine, const struct id *child)
{
    struct child_call *call = asked_find(engine, child);
    if (call == NULL || !is_waiting(call->run))
        return false;
    if (call->state == CHILD_DORMANT)
        queue_dormant(call);
    return true;
}

static void
dropped(struct intent *intent)
{
    intent_free(&intent);
}

/* The parent is here, and knows. */
static void
drop_wake(const struct run *run)
{
    const struct engine_ports *ports = run->engine->options.ports;
    struct intent *intent = intent_new(KIB(8));
    struct timer_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct timer_row){
        .run = run->id, .table = SLICE(CHILD_WAKE_TABLE), .generation = run->generation};
    intent_add(intent, STORE_TIMER_DELETE, 64)->timer = row;
    intent->done = dropped;
    ports->commit(ports->world, intent);
}

void
child_was_moved(struct engine *engine, const struct id *child, bool has_ended)
{
    struct child_call *call = asked_find(engine, child);
    if (call == NULL || !is_waiting(call->run))
        return;
    if (has_ended)
        drop_wake(call->run);
    if (call->state != CHILD_DORMANT)
        return;
    wake(call);
    look(call);
}

void
child_not_taken(struct engine *engine, const struct id *child, const struct error *error)
{
    struct child_call *call = asked_find(engine, child);
    if (call == NULL || call->run->is_leaving || call->state != CHILD_COMING)
        return;
    if (error->status == STATUS_OK || error->status == STATUS_CONFLICT)
        look(call);
    else
        fail(call, "not_readable", error->text);
}

void
child_add_wake(const struct run_row *child, struct intent *intent, int64_t now_unix_ms)
{
    struct timer_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct timer_row){
        .due_unix_ms = now_unix_ms,
        .run = child->parent,
        .table = SLICE(CHILD_WAKE_TABLE),
        .generation = child->parent_generation,
    };
    intent_add(intent, STORE_TIMER_INSERT, 64)->timer = row;
}

void
child_add_end(struct run *child, struct intent *intent, struct value output, struct value error)
{
    const struct child_call *asked = asked_find(child->engine, &child->id);
    bool is_alone = asked == NULL || !is_waiting(asked->run);
    if (is_alone && child->parent_generation > 0 && !child->is_held) {
        struct run_row row;
        run_fill_row(child, &row);
        child_add_wake(&row, intent, clock_unix_ms(child->engine->options.clock));
    }
    struct child_call *call = call_for(child);
    if (call == NULL || call->state != CHILD_HERE)
        return;
    if (child->state == RUN_STATE_COMPLETED) {
        drop_arena(call);
        arena_init(&call->arena, 4 * LIMIT_VALUE_BYTES);
        call->is_ok = true;
        call->outcome = value_copy(&call->arena, output);
    } else {
        set_failure(call, error);
    }
    call->state = CHILD_ENDED;
    add_effect(call, intent);
}

void
child_end_committed(struct run *child, enum status status)
{
    struct child_call *call = asked_find(child->engine, &child->id);
    if (call == NULL || call->state != CHILD_ENDED) {
        engine_watch_durable(child->engine);
        return;
    }
    call->state = CHILD_COMING;
    if (status == STATUS_OK && !call->run->is_leaving)
        deliver(call);
}
