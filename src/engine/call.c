#include "engine/call.h"
#include "base/crash.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/asks.h"
#include "engine/children.h"
#include "engine/env.h"
#include "engine/events.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Overload does not use up attempts, but no call waits for ever on it. Between two tries it waits
 * at least as if these were its backoff. */
#define OVERLOAD_MS_MAX INT64_C(86400000)
#define OVERLOAD_LOW_MS INT64_C(1000)
#define OVERLOAD_HIGH_MS INT64_C(60000)
/* A call that waits for what others leave of a purse asks again so often. */
#define UNPAID_MS 100
/* How often others may be first to change what a call changes. One of those that are on their way
 * always is, so that it takes very many to come so far. */
#define OVERTAKEN_MAX 100000
/* Answers up to this size become values on the transport's thread: about half a millisecond. */
#define READ_AT_ONCE_BYTES KIB(64)

void
call_list_enter(struct call **list, struct call *call)
{
    call->previous = NULL;
    call->next = *list;
    if (call->next != NULL)
        call->next->previous = call;
    *list = call;
}

void
call_list_leave(struct call **list, struct call *call)
{
    if (call->previous == NULL)
        *list = call->next;
    else
        call->previous->next = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    call->next = call->previous = NULL;
}

static struct call *
call_new(struct chunk_job *job, uint32_t item, uint16_t node)
{
    struct call *call = mem_alloc(sizeof(*call));
    call->run = job->table->run;
    call->job = job;
    call->item = item;
    call->node = &call->run->program->plan->nodes[node];
    job->calls_open++;
    return call;
}

/* There is none before the first attempt, between two, and after the outcome was handed over. */
static void
drop_arena(struct call *call)
{
    if (call->arena.limit_bytes > 0)
        arena_done(&call->arena);
    call->arena = (struct arena){0};
    call->env = NULL;
}

static void
call_free(struct call *call)
{
    reuse_leave(call);
    if (call->exchange != NULL)
        exchange_free(&call->exchange);
    pay_settle(call, 0);
    pace_leave(&call->run->engine->pace, &call->pace);
    drop_arena(call);
    mem_free(call);
}

/* A call keeps its slot until its outcome is recorded. */
static void
leave_flight(struct call *call)
{
    if (!call->has_slot)
        return;
    call->has_slot = false;
    call_list_leave(&call->run->calls_out, call);
    call->run->calls_in_flight--;
    slots_free(&call->run->engine->slots);
}

/* Ends a call of a run that is leaving. */
void
call_abandon(struct call *call)
{
    struct run *run = call->run;
    struct chunk_job *job = call->job;
    leave_flight(call);
    call_free(call);
    job->calls_open--;
    if (job->calls_open == 0 && !job->is_away && job->table->plan->is_many)
        chunk_job_free(&job);
    run_mark(run);
}

static void
call_deliver(struct call *call)
{
    struct outcome *outcome = mem_alloc(sizeof(*outcome));
    outcome->item = call->item;
    outcome->node = call->node->index;
    outcome->is_ok = call->is_ok;
    outcome->value = call->outcome;
    outcome->arena = call->arena;
    call->arena = (struct arena){0};
    struct chunk_job *job = call->job;
    call_free(call);
    chunk_outcome(job, outcome);
}

/* --- naps --- */

static void
sleep_for(struct call *call, int64_t wait_ms, timer_fn *fire)
{
    struct engine *engine = call->run->engine;
    call->timer.fire = fire;
    call->timer.owner = call;
    call_list_enter(&call->run->calls_asleep, call);
    timers_set(&engine->timers, &call->timer,
               clock_mono_us(engine->options.clock) + wait_ms * 1000);
}

static void
nap_fire(struct timer *timer)
{
    struct call *call = timer->owner;
    call_list_leave(&call->run->calls_asleep, call);
    run_mark(call->run);
    call->is_ok = true;
    call->outcome = value_null();
    call_deliver(call);
}

static void
take_naps(struct chunk_job *job)
{
    struct chunk *chunk = job->chunk;
    for (uint32_t i = 0; i < chunk->nap_count; i++) {
        struct call *call = call_new(job, chunk->naps[i].item, chunk->naps[i].node);
        arena_init(&call->arena, LIMIT_VALUE_BYTES);
        sleep_for(call, chunk->naps[i].duration_ms, nap_fire);
    }
    chunk->nap_count = 0;
}

/* --- the outcome is recorded before anything builds on it --- */

static void
count_recorded(struct call *call)
{
    struct run *run = call->run;
    const struct effect_row row = {
        .state = call->is_ok ? EFFECT_OK : EFFECT_FAILED,
        .attempts = call->attempts,
        .tokens_in = call->usage.tokens_in,
        .tokens_out = call->usage.tokens_out,
        .cost_microcredits = call->usage.cost_microcredits,
    };
    struct usage used = effect_usage(&row);
    usage_add(&run->used, &used);
    count_effect(&run->engine->counts, call->node->decl, &row, call->reuse.is_taken);
}

/* Somebody else has changed what it was to change, and nothing of it was stored: it is made again
 * of what is there now, as the same attempt. */
static void
call_overtaken(struct call *call)
{
    call->overtaken++;
    call->attempts--;
    drop_arena(call);
    call_go(call);
}

static void
recorded_home(struct engine *engine, struct message *message)
{
    struct call *call = (struct call *)message;
    struct run *run = call->run;
    run->away--;
    leave_flight(call);
    run_mark(run);
    bool may_be_overtaken = call->env != NULL && env_may_be_refused(call->env);
    if (!call->is_recorded && may_be_overtaken && !run->is_leaving &&
        call->overtaken < OVERTAKEN_MAX) {
        call_overtaken(call);
        return;
    }
    if (call->is_recorded) {
        count_recorded(call);
        pay_settle(call, call->usage.cost_microcredits);
        reuse_give(call);
    } else {
        run_leave(run);
    }
    if (run->is_leaving)
        call_abandon(call);
    else
        call_deliver(call);
}

static void
recorded_done(struct intent *intent)
{
    struct call *call = intent->owner;
    struct queue *mailbox = call->run->engine->mailbox;
    call->message.handle = recorded_home;
    call->is_recorded = intent->status == STATUS_OK;
    intent_free(&intent);
    queue_push_soon(mailbox, &call->message.node);
}

/* A finished call is recorded even after a cancel, unless the run is deleted. */
void
call_record(struct call *call)
{
    struct run *run = call->run;
    struct intent *intent = run_intent(run, 2 * LIMIT_VALUE_BYTES);
    intent->guard.is_any = true;
    struct effect_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct effect_row){
        .run = run->id,
        .step = value_slice(call->node->id),
        .key = key_slice(&call->key),
        .call = call->number,
        .generation = run->generation,
        .state = call->is_ok ? EFFECT_OK : EFFECT_FAILED,
        .attempts = call->attempts,
        .started_unix_ms = call->started_unix_ms,
        .ended_unix_ms = clock_unix_ms(run->engine->options.clock),
        .tokens_in = call->usage.tokens_in,
        .tokens_out = call->usage.tokens_out,
        .cost_microcredits = call->usage.cost_microcredits,
        .value = json_text(&intent->arena, call->outcome),
    };
    row->payer = pay_row(run, row->ended_unix_ms);
    memcpy(row->hash, call->hash, STORE_HASH_BYTES);
    intent_add(intent, STORE_EFFECT_INSERT, row->value.size + 256)->effect = row;
    if (call->env != NULL)
        env_record(call->env, intent);
    if (call->is_ok)
        reuse_record(call, intent);
    run_commit(run, intent, recorded_done, call);
}

/* --- attempts --- */

/* What the step tells beside code and words, as far as there is room; its own words do not change
 * what the engine says. */
static struct value
add_details(struct arena *arena, struct value failure, struct value details)
{
    if (details.kind != VALUE_OBJECT)
        return failure;
    const struct member *members = value_members(details);
    for (uint32_t i = 0; i < details.count; i++) {
        if (value_find(failure, value_slice(members[i].key)).kind != VALUE_NONE)
            continue;
        struct value copy = value_copy(arena, members[i].value);
        struct value name = value_string_copy(arena, value_slice(members[i].key));
        if (copy.kind == VALUE_NONE || name.kind == VALUE_NONE)
            continue;
        struct value joined = value_object_set(arena, failure, name, copy);
        failure = joined.kind == VALUE_NONE ? failure : joined;
    }
    return failure;
}

static void
call_failed_for_good(struct call *call)
{
    struct arena arena;
    arena_init(&arena, LIMIT_VALUE_BYTES);
    struct value failure = chunk_failure_value(&arena, call->failure.code, call->failure.words);
    failure = value_object_set(&arena, failure, value_text("attempts"), value_int(call->attempts));
    if (call->number > 0)
        failure = value_object_set(&arena, failure, value_text("call"), value_int(call->number));
    call->outcome = add_details(&arena, failure, call->details);
    call->is_ok = false;
    drop_arena(call);
    call->arena = arena;
    call_record(call);
}

void
call_go(struct call *call)
{
    pace_wait(&call->run->engine->pace, &call->pace);
    run_mark(call->run);
}

static void
again_fire(struct timer *timer)
{
    struct call *call = timer->owner;
    call_list_leave(&call->run->calls_asleep, call);
    call_go(call);
}

static int64_t
larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Full jitter over an interval that doubles; never before the other side asked for. Source:
 * Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. */
static int64_t
backoff_ms(struct call *call)
{
    bool is_free = call->failure.is_free;
    int64_t high = larger(call->node->backoff_low_ms, is_free ? OVERLOAD_LOW_MS : 0);
    int64_t most = larger(call->node->backoff_high_ms, is_free ? OVERLOAD_HIGH_MS : 0);
    uint32_t tries = is_free ? call->free_tries : call->attempts;
    for (uint32_t i = 1; i < tries && high < most; i++)
        high *= 2;
    if (high > most)
        high = most;
    int64_t wait = high / 2 + (int64_t)rng_below(&call->run->engine->rng, (uint64_t)high / 2 + 1);
    return larger(wait, call->failure.retry_after_ms);
}

static bool
may_try_again(struct call *call)
{
    int64_t now_us = clock_mono_us(call->run->engine->options.clock);
    if (!call->failure.may_retry)
        return false;
    if (!call->failure.is_free)
        return call->attempts < call->node->attempts;
    call->attempts--;
    if (call->free_tries++ == 0)
        call->overloaded_us = now_us;
    return now_us - call->overloaded_us < OVERLOAD_MS_MAX * 1000;
}

static void
call_again_or_fail(struct call *call)
{
    if (!may_try_again(call)) {
        call_failed_for_good(call);
        return;
    }
    leave_flight(call);
    drop_arena(call);
    sleep_for(call, backoff_ms(call), again_fire);
}

/* A host that is overloaded is left alone by all, also by calls of this run when it goes on later.
 */
static void
tell_pace(struct call *call)
{
    struct pace *pace = &call->run->engine->pace;
    if (!call->is_ok && call->failure.is_free && call->failure.retry_after_ms > 0)
        pace_hold(pace, &call->pace, call->failure.retry_after_ms);
    pace_came(pace, &call->pace);
}

static void
answer_home(struct engine *engine, struct message *message)
{
    struct call *call = (struct call *)message;
    struct run *run = call->run;
    run->away--;
    exchange_free(&call->exchange);
    tell_pace(call);
    run_mark(run);
    if (call->is_ok)
        call_record(call); /* even of a run that is leaving: it was paid */
    else if (run->is_leaving)
        call_abandon(call);
    else
        call_again_or_fail(call);
}

/* The answer becomes the step's value, and goes home as data. */
static void
call_conclude(struct call *call)
{
    const struct step_type *type = call->run->program->types[call->node->index];
    struct step_conclusion conclusion = {
        .node = call->node,
        .config = call->config,
        .exchange = call->exchange,
        .env = call->env,
        .arena = &call->arena,
    };
    crash_blame(&call->run->id);
    call->is_ok = type->conclude(&conclusion);
    crash_blame(NULL);
    if (!call->is_ok && call->env != NULL)
        env_forget(call->env);
    call->outcome = conclusion.value;
    call->failure = conclusion.failure;
    call->details = conclusion.details;
    /* Whatever a provider says, the sums stay in their range. */
    const struct step_usage *used = &conclusion.usage;
    usage_add(&call->usage,
              &(struct usage){1, used->tokens_in, used->tokens_out, used->cost_microcredits});
    call->message.handle = answer_home;
    queue_push_soon(call->run->engine->mailbox, &call->message.node);
}

static void
conclude_work(struct task *task, void *thread_context)
{
    call_conclude((struct call *)((char *)task - offsetof(struct call, task)));
}

static void
post_conclude(struct call *call, enum engine_pool pool)
{
    struct run *run = call->run;
    const struct engine_ports *ports = run->engine->options.ports;
    call->task.run = conclude_work;
    ports->post(ports->world, pool, &call->task,
                run->is_interactive ? NULL : &run->flows[(enum share_queue)pool]);
}

/* What is made of a model's answer reads kept texts at most; of others, documents are read and
 * files made in sandbox children, behind which it should not have to wait. */
static enum engine_pool
work_pool(const struct exchange *exchange)
{
    return slice_starts_with(exchange->url, SLICE("ai:")) ? ENGINE_POOL_WORK : ENGINE_POOL_SANDBOX;
}

/* On the transport's thread, which has other answers to look after: a large one is read elsewhere.
 */
static void
answer_done(struct exchange *exchange)
{
    struct call *call = exchange->owner;
    fault_point(FAULT_call_after_answer);
    if (exchange->needs_work)
        post_conclude(call, work_pool(exchange));
    else if (exchange->answer_body.size > READ_AT_ONCE_BYTES)
        post_conclude(call, ENGINE_POOL_EVAL);
    else
        call_conclude(call);
}

static struct step_env *
make_env(struct call *call)
{
    struct run *run = call->run;
    struct step_env *env = arena_alloc(&call->arena, sizeof(*env));
    env->options = &run->engine->options;
    env->workspace = run->workspace;
    env->call = &call->name;
    env->generation = run->generation;
    env->arena = &call->arena;
    env->is_cancelled = &run->has_left;
    env->time_ms_max = call->node->timeout_ms;
    env->delivers = run->engine->options.notice_ms > 0;
    return env;
}

static void
enter_flight(struct call *call)
{
    call->has_slot = true;
    call_list_enter(&call->run->calls_out, call);
    call->run->calls_in_flight++;
    slots_take(&call->run->engine->slots, call->run);
    call->run->away++;
}

static struct exchange *
make_exchange(struct call *call)
{
    struct exchange *exchange = exchange_new(LIMIT_EXCHANGE_BYTES);
    exchange->workspace = call->run->workspace;
    exchange->run = call->run->id;
    exchange->timeout_ms = call->node->timeout_ms;
    exchange->max_answer_bytes = LIMIT_ANSWER_BYTES;
    exchange->done = answer_done;
    exchange->owner = call;
    return exchange;
}

static void
unpaid_fire(struct timer *timer)
{
    struct call *call = timer->owner;
    call->run->is_unpaid = false;
    again_fire(timer);
}

/* No other call of the run asks meanwhile: the answers on their way tell when it may. */
static void
wait_for_credits(struct call *call)
{
    call->attempts--;
    call->run->is_unpaid = true;
    drop_arena(call);
    sleep_for(call, UNPAID_MS, unpaid_fire);
}

/* Nothing is sent, now or at all. */
static void
call_not_sent(struct call *call, enum reserve paid)
{
    exchange_free(&call->exchange);
    if (paid == RESERVE_WAIT)
        wait_for_credits(call);
    pace_came(&call->run->engine->pace, &call->pace);
    if (paid != RESERVE_WAIT)
        call_failed_for_good(call);
}

/* For those who listen to what a model says. */
static void
name_call(struct call *call)
{
    struct exchange *exchange = call->exchange;
    char text[KEY_PRINT_BYTES];
    if (!slice_starts_with(exchange->url, SLICE("ai:")))
        return;
    size_t size = key_print(key_slice(&call->key), text, sizeof(text));
    exchange->step = value_slice(call->node->id);
    exchange->item = arena_copy(&exchange->arena, slice_of(text, size));
}

static void
call_send(struct call *call)
{
    struct run *run = call->run;
    const struct engine_ports *ports = run->engine->options.ports;
    name_call(call);
    call->is_sent = call->exchange->url.size > 0;
    assert(call->is_sent || call->exchange->needs_work);
    call->env = call->exchange->needs_work ? make_env(call) : NULL;
    enter_flight(call);
    fault_point(FAULT_call_before_send);
    if (call->is_sent)
        call->ticket = ports->call(ports->world, call->exchange);
    else
        post_conclude(call, work_pool(call->exchange));
}

static void
call_begin(struct call *call)
{
    struct run *run = call->run;
    const struct step_type *type = run->program->types[call->node->index];
    if (call->started_unix_ms == 0)
        call->started_unix_ms = clock_unix_ms(run->engine->options.clock);
    call->attempts++;
    arena_init(&call->arena, LIMIT_OUTCOME_BYTES);
    call->failure = (struct step_failure){0};
    call->details = (struct value){0};
    call->exchange = make_exchange(call);
    enum reserve paid = RESERVE_NEVER;
    if (type->prepare(call->config, slice_text(call->idempotency_key), call->exchange,
                      &call->failure))
        paid = pay_reserve(call);
    if (paid != RESERVE_OK) {
        call_not_sent(call, paid);
        return;
    }
    run_events_note_call(run, call->node->index);
    call_send(call);
}

static struct run *
run_of(struct pace_owner *owner)
{
    return (struct run *)((char *)owner - offsetof(struct run, pace));
}

bool
call_may_begin(struct pace_owner *owner)
{
    struct run *run = run_of(owner);
    struct engine *engine = run->engine;
    if (run->is_leaving || run->is_finishing || run->is_unpaid || engine->is_parking ||
        run->calls_in_flight >= run->program->plan->limits.concurrency)
        return false;
    return slots_may_take(&engine->slots, run);
}

static struct call *
call_of(struct pace_call *pace)
{
    return (struct call *)((char *)pace - offsetof(struct call, pace));
}

void
call_begin_paced(struct pace_call *pace)
{
    call_begin(call_of(pace));
}

void
calls_pump(struct run *run)
{
    pace_go(&run->engine->pace, &run->pace);
    slots_pass(&run->engine->slots, run);
}

void
calls_take(struct run *run, struct chunk_job *job)
{
    struct chunk *chunk = job->chunk;
    for (uint32_t i = 0; i < chunk->call_count; i++) {
        const struct chunk_call *wanted = &chunk->calls[i];
        if (wanted->callee != NULL) {
            children_take(run, job, wanted);
            continue;
        }
        if (run->program->types[wanted->node]->ask != NULL) {
            asks_take(run, job, wanted);
            continue;
        }
        struct call *call = call_new(job, wanted->item, wanted->node);
        call->number = wanted->number;
        call->config = wanted->config;
        call->key = chunk_item_key(chunk, wanted->item);
        memcpy(call->hash, wanted->hash, STORE_HASH_BYTES);
        call->name = (struct effect_name){&run->id, value_slice(call->node->id),
                                          key_slice(&call->key), call->number, call->hash};
        effect_idempotency_key(&call->name, wanted->failed_generation, call->idempotency_key);
        struct pace_target target = {&run->workspace, wanted->host,
                                     &run->program->limits[wanted->node]};
        pace_enter(&run->engine->pace, &call->pace, &run->pace, &target);
        reuse_enter(call);
    }
    chunk->call_count = 0;
    take_naps(job);
}

void
calls_cancel(struct run *run)
{
    const struct engine_ports *ports = run->engine->options.ports;
    for (struct call *call = run->calls_out; call != NULL; call = call->next) {
        if (call->is_sent)
            ports->call_cancel(ports->world, call->ticket);
    }
    struct pace_call *waiting;
    slots_leave(&run->engine->slots, run);
    reuse_cancel(run);
    while ((waiting = pace_take_back(&run->engine->pace, &run->pace)) != NULL)
        call_abandon(call_of(waiting));
    while (run->calls_asleep != NULL) {
        struct call *call = run->calls_asleep;
        timers_cancel(&run->engine->timers, &call->timer);
        call_list_leave(&run->calls_asleep, call);
        call_abandon(call);
    }
}
