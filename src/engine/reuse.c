#include "base/json.h"
#include "base/limits.h"
#include "engine/call.h"
#include "engine/env.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* So often an answer that is kept brings along the removal of old ones, of so many at most. */
#define TRIM_EVERY 64
#define TRIM_COUNT 256

/* --- leaders and followers --- */

static struct call **
bucket_of(const struct call *call)
{
    uint32_t number;
    memcpy(&number, call->hash, sizeof(number));
    return &call->run->engine->alike[number % ALIKE_BUCKETS];
}

static struct call *
find_leader(const struct call *call)
{
    struct call *leader = *bucket_of(call);
    while (leader != NULL && (memcmp(leader->hash, call->hash, STORE_HASH_BYTES) != 0 ||
                              !id_equal(&leader->run->workspace, &call->run->workspace)))
        leader = leader->reuse.next_alike;
    return leader;
}

static void
lead(struct call *call)
{
    struct call **bucket = bucket_of(call);
    call->reuse.is_leader = true;
    call->reuse.next_alike = *bucket;
    *bucket = call;
}

static void
follow(struct call *call, struct call *leader)
{
    call->reuse.leader = leader;
    call->reuse.next_follower = leader->reuse.followers;
    leader->reuse.followers = call;
    call_list_enter(&call->run->calls_joined, call);
    call->run->joined_count++;
}

/* Takes the first follower out of both lists. */
static struct call *
take_follower(struct call *leader)
{
    struct call *call = leader->reuse.followers;
    leader->reuse.followers = call->reuse.next_follower;
    call->reuse.next_follower = call->reuse.leader = NULL;
    call_list_leave(&call->run->calls_joined, call);
    call->run->joined_count--;
    return call;
}

static void
stop_following(struct call *call)
{
    struct call **link = &call->reuse.leader->reuse.followers;
    while (*link != call)
        link = &(*link)->reuse.next_follower;
    *link = call->reuse.next_follower;
    call->reuse.next_follower = call->reuse.leader = NULL;
    call_list_leave(&call->run->calls_joined, call);
    call->run->joined_count--;
}

/* --- answers that are kept --- */

static bool
take_kept(struct call *call)
{
    const struct engine_options *options = &call->run->engine->options;
    struct cache_row which = {.workspace = call->run->workspace};
    struct cache_row row;
    struct error error = {0};
    memcpy(which.hash, call->hash, STORE_HASH_BYTES);
    enum status status =
        store_cache_get(options->store, &call->arena, &which, clock_unix_ms(options->clock), &row);
    /* One that cannot be read is asked for anew. */
    return status == STATUS_OK &&
           json_parse(&call->outcome, &call->arena, row.value, 0, NULL, &error) == STATUS_OK;
}

static void
record_taken(struct call *call)
{
    call->started_unix_ms = clock_unix_ms(call->run->engine->options.clock);
    call_record(call);
}

static void
looked_home(struct engine *engine, struct message *message)
{
    struct call *call = (struct call *)message;
    struct run *run = call->run;
    run->away--;
    run_mark(run);
    if (run->is_leaving)
        call_abandon(call);
    else if (call->reuse.is_taken)
        record_taken(call);
    else
        call_go(call);
}

static void
look_work(struct task *task, void *thread_context)
{
    struct call *call = (struct call *)((char *)task - offsetof(struct call, task));
    arena_init(&call->arena, LIMIT_OUTCOME_BYTES);
    call->reuse.is_taken = call->is_ok = take_kept(call);
    if (!call->is_ok) {
        arena_done(&call->arena);
        call->arena = (struct arena){0};
    }
    call->message.handle = looked_home;
    queue_push_soon(call->run->engine->mailbox, &call->message.node);
}

static void
look(struct call *call)
{
    struct run *run = call->run;
    const struct engine_ports *ports = run->engine->options.ports;
    run->away++;
    call->task.run = look_work;
    ports->post(ports->world, ENGINE_POOL_WORK, &call->task,
                run->is_interactive ? NULL : &run->flows[SHARE_WORK]);
}

/* --- the life of a call --- */

/* A call of another run may wait long for its turn; one that is on its way soon has an answer. */
static bool
may_follow(const struct call *call, const struct call *leader)
{
    return leader->run == call->run || leader->has_slot;
}

/* 0: its answer is not kept. */
static int64_t
keep_ms(const struct call *call)
{
    const struct step_type *type = call->run->program->types[call->node->index];
    int64_t own_ms = type->keep_ms == NULL ? 0 : type->keep_ms(call->config);
    return call->node->cache_ms > own_ms ? call->node->cache_ms : own_ms;
}

void
reuse_enter(struct call *call)
{
    const struct step_type *type = call->run->program->types[call->node->index];
    bool is_kept = keep_ms(call) > 0;
    if (!is_kept && !type->joins_alike) {
        call_go(call);
        return;
    }
    struct call *leader = find_leader(call);
    if (leader != NULL && may_follow(call, leader)) {
        follow(call, leader);
        return;
    }
    if (leader == NULL)
        lead(call);
    if (is_kept)
        look(call);
    else
        call_go(call);
}

/* What it has made belongs to its own item. */
static bool
may_be_shared(const struct call *call)
{
    return call->is_ok && (call->env == NULL || !env_has_made(call->env));
}

static void
add_trim(struct call *call, struct intent *intent)
{
    struct engine *engine = call->run->engine;
    if (engine->kept_answers++ % TRIM_EVERY != 0)
        return;
    struct store_trim *trim = arena_alloc(&intent->arena, sizeof(*trim));
    trim->now_unix_ms = clock_unix_ms(engine->options.clock);
    trim->limit = TRIM_COUNT;
    intent_add(intent, STORE_CACHE_TRIM, 64)->trim = trim;
}

void
reuse_record(struct call *call, struct intent *intent)
{
    int64_t kept_ms = keep_ms(call);
    if (kept_ms == 0 || call->reuse.is_taken || !call->is_sent || !may_be_shared(call))
        return;
    int64_t now = clock_unix_ms(call->run->engine->options.clock);
    struct cache_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct cache_row){
        .workspace = call->run->workspace,
        .value = json_text(&intent->arena, call->outcome),
        .created_unix_ms = now,
        .expires_unix_ms = now + kept_ms,
    };
    memcpy(row->hash, call->hash, STORE_HASH_BYTES);
    intent_add(intent, STORE_CACHE_PUT, row->value.size + 128)->cache = row;
    add_trim(call, intent);
}

static void
give(struct call *call, const struct call *leader)
{
    arena_init(&call->arena, LIMIT_OUTCOME_BYTES);
    call->outcome = value_copy(&call->arena, leader->outcome);
    call->is_ok = call->reuse.is_taken = true;
    assert(call->outcome.kind != VALUE_NONE);
    record_taken(call);
}

void
reuse_give(struct call *call)
{
    while (call->reuse.followers != NULL && may_be_shared(call))
        give(take_follower(call), call);
    reuse_leave(call);
}

void
reuse_leave(struct call *call)
{
    while (call->reuse.followers != NULL) {
        struct call *follower = take_follower(call);
        call_go(follower);
    }
    if (!call->reuse.is_leader)
        return;
    struct call **link = bucket_of(call);
    while (*link != call)
        link = &(*link)->reuse.next_alike;
    *link = call->reuse.next_alike;
    call->reuse.is_leader = false;
}

void
reuse_cancel(struct run *run)
{
    while (run->calls_joined != NULL) {
        struct call *call = run->calls_joined;
        stop_following(call);
        call_abandon(call);
    }
}
