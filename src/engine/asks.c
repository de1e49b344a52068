#include "engine/asks.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/ask_token.h"

#include <assert.h>
#include <string.h>

/* After trouble of the store. */
#define LOOK_AGAIN_MS 1000

enum ask_state {
    ASK_LOOKING,   /* the store is asked: is_away */
    ASK_OPEN,      /* somebody may answer */
    ASK_RECORDING, /* what it asks, or how it ended, is being committed: is_away */
};

/* One question on one item, until its outcome is delivered. */
struct ask {
    struct message message;
    struct task task;
    struct ask *next, *previous; /* of the run */
    struct run *run;
    struct chunk_job *job;
    const struct plan_node *node;
    const struct step_type *type;
    uint32_t item;
    struct key key;
    uint8_t hash[STORE_HASH_BYTES];
    struct value config; /* in the chunk's arena, which stays while the question is open */
    enum ask_state state;
    bool is_away;
    bool is_told;     /* that it was answered, while it was away */
    uint32_t refused; /* commits in a row */
    struct timer timer;
    enum status status; /* what the store said */
    int64_t looked_unix_ms;
    struct object_row row; /* as it is stored, or is to be; in `arena` */
    struct ask_body body;
    struct step_failure failure; /* the question could not be made */
    struct arena arena;          /* of what was read, then of the outcome */
    bool is_ok;
    struct value outcome;
};

static void look(struct ask *ask);

static enum object_kind
kind_of(const struct ask *ask)
{
    return ask->node->decl->asks == STEP_ASKS_APPROVAL ? OBJECT_APPROVAL : OBJECT_WAIT;
}

static int64_t
now_of(const struct ask *ask)
{
    return clock_unix_ms(ask->run->engine->options.clock);
}

/* --- beginning and end --- */

void
asks_take(struct run *run, struct chunk_job *job, const struct chunk_call *wanted)
{
    struct ask *ask = mem_alloc(sizeof(*ask));
    ask->run = run;
    ask->job = job;
    ask->item = wanted->item;
    ask->node = &run->program->plan->nodes[wanted->node];
    ask->type = run->program->types[wanted->node];
    ask->key = chunk_item_key(job->chunk, wanted->item);
    memcpy(ask->hash, wanted->hash, STORE_HASH_BYTES);
    ask->config = wanted->config;
    job->calls_open++;
    ask->next = run->asks;
    if (ask->next != NULL)
        ask->next->previous = ask;
    run->asks = ask;
    look(ask);
}

static void
drop_arena(struct ask *ask)
{
    if (ask->arena.limit_bytes > 0)
        arena_done(&ask->arena);
    ask->arena = (struct arena){0};
}

static void
close_question(struct ask *ask)
{
    if (ask->state != ASK_OPEN)
        return;
    timers_cancel(&ask->run->engine->timers, &ask->timer);
    ask->run->asks_open--;
    ask->state = ASK_LOOKING;
}

static void
ask_free(struct ask *ask)
{
    struct run *run = ask->run;
    close_question(ask);
    timers_cancel(&run->engine->timers, &ask->timer);
    if (ask->previous == NULL)
        run->asks = ask->next;
    else
        ask->previous->next = ask->next;
    if (ask->next != NULL)
        ask->next->previous = ask->previous;
    drop_arena(ask);
    mem_free(ask);
}

static void
ask_abandon(struct ask *ask)
{
    struct run *run = ask->run;
    struct chunk_job *job = ask->job;
    ask_free(ask);
    job->calls_open--;
    if (job->calls_open == 0 && !job->is_away && job->table->plan->is_many)
        chunk_job_free(&job);
    run_mark(run);
}

void
asks_abandon(struct run *run)
{
    struct ask *next = NULL;
    for (struct ask *ask = run->asks; ask != NULL; ask = next) {
        next = ask->next;
        if (!ask->is_away)
            ask_abandon(ask);
    }
}

static void
deliver(struct ask *ask)
{
    struct run *run = ask->run;
    struct chunk_job *job = ask->job;
    struct outcome *outcome = mem_alloc(sizeof(*outcome));
    outcome->item = ask->item;
    outcome->node = ask->node->index;
    outcome->is_ok = ask->is_ok;
    outcome->value = ask->outcome;
    outcome->arena = ask->arena;
    ask->arena = (struct arena){0};
    ask_free(ask);
    run_release_deadline(run);
    run_mark(run);
    chunk_outcome(job, outcome);
}

/* --- commits --- */

/* What was asked of the store is back. True: the run is leaving, and the question is gone. */
static bool
came_home(struct ask *ask)
{
    struct run *run = ask->run;
    ask->is_away = false;
    run->away--;
    run_mark(run);
    if (run->is_leaving)
        ask_abandon(ask);
    return run->is_leaving;
}

/* On the writer's thread. */
static void
send_home(struct intent *intent)
{
    struct ask *ask = intent->owner;
    struct queue *mailbox = ask->run->engine->mailbox;
    ask->status = intent->status;
    intent_free(&intent);
    queue_push(mailbox, &ask->message.node);
}

static void
commit(struct ask *ask, struct intent *intent, message_fn *home)
{
    ask->state = ASK_RECORDING;
    ask->is_away = true;
    ask->message.handle = home;
    run_commit(ask->run, intent, send_home, ask);
}

static struct ask_answer
answer_of(const struct ask *ask, bool is_late)
{
    return (struct ask_answer){.row = &ask->row,
                               .body = &ask->body,
                               .is_ok = ask->is_ok,
                               .is_late = is_late,
                               .value = ask->outcome};
}

static void
effect_home(struct engine *engine, struct message *message)
{
    struct ask *ask = (struct ask *)message;
    if (ask->status != STATUS_OK)
        run_leave(ask->run);
    if (!came_home(ask))
        deliver(ask);
}

/* The outcome is known, and may stand in the store already. */
static void
record(struct ask *ask)
{
    struct intent *intent = run_intent(ask->run, 2 * LIMIT_VALUE_BYTES);
    struct ask_answer answer = answer_of(ask, false);
    intent->guard.is_any = true;
    memcpy(ask->body.hash, ask->hash, STORE_HASH_BYTES);
    ask_add_effect(intent, &answer, now_of(ask));
    if (!id_is_zero(&ask->row.id))
        intent_add(intent, STORE_TIMER_DELETE, 64)->timer =
            ask_timer_row(&intent->arena, &ask->body, &ask->row.id);
    commit(ask, intent, effect_home);
}

static void
fail(struct ask *ask, const char *code, const char *words)
{
    drop_arena(ask);
    arena_init(&ask->arena, LIMIT_VALUE_BYTES);
    ask->is_ok = false;
    ask->outcome = chunk_failure_value(&ask->arena, code, words);
    ask->row = (struct object_row){0};
    ask->body.place = (struct ask_place){ask->run->id, ask->run->generation,
                                         value_slice(ask->node->id), key_slice(&ask->key)};
    ask->body.run = ask->run->id;
    record(ask);
}

/* Somebody was quicker, or the run was moved, which the second time says. */
static void
refused(struct ask *ask)
{
    if (ask->refused++ > 0)
        run_refused(ask->run, ask->status);
    if (!came_home(ask))
        look(ask);
}

static void
ended_home(struct engine *engine, struct message *message)
{
    struct ask *ask = (struct ask *)message;
    if (ask->status != STATUS_OK)
        refused(ask);
    else if (!came_home(ask))
        deliver(ask);
}

/* The time is over. */
static void
end_late(struct ask *ask)
{
    struct intent *intent = run_intent(ask->run, 4 * LIMIT_VALUE_BYTES);
    ask->is_ok = ask->body.is_ok_late;
    ask->outcome = ask->body.late;
    struct ask_answer answer = answer_of(ask, true);
    ask_add_answer(intent, &answer, now_of(ask));
    commit(ask, intent, ended_home);
}

/* --- while it is open --- */

static void
late_fire(struct timer *timer)
{
    struct ask *ask = timer->owner;
    close_question(ask);
    end_late(ask);
}

static void
again_fire(struct timer *timer)
{
    look(timer->owner);
}

static void
set_timer(struct ask *ask, timer_fn *fire, int64_t wait_ms)
{
    struct engine *engine = ask->run->engine;
    ask->timer.fire = fire;
    ask->timer.owner = ask;
    timers_set(&engine->timers, &ask->timer, clock_mono_us(engine->options.clock) + wait_ms * 1000);
}

static void
wait_for_answer(struct ask *ask)
{
    int64_t wait_ms = ask->body.until_unix_ms - now_of(ask);
    if (ask->is_told) {
        look(ask);
        return;
    }
    if (wait_ms <= 0) {
        end_late(ask);
        return;
    }
    ask->state = ASK_OPEN;
    ask->refused = 0;
    ask->run->asks_open++;
    set_timer(ask, late_fire, wait_ms);
}

static void
opened_home(struct engine *engine, struct message *message)
{
    struct ask *ask = (struct ask *)message;
    if (ask->status != STATUS_OK)
        run_refused(ask->run, ask->status);
    if (!came_home(ask))
        wait_for_answer(ask);
}

/* Nobody can answer before this is committed. */
static void
open_question(struct ask *ask)
{
    struct intent *intent = run_intent(ask->run, 4 * LIMIT_VALUE_BYTES);
    ask->row.body = ask_body_print(&intent->arena, &ask->body);
    intent_add_object(intent, STORE_OBJECT_ADD, &ask->row);
    intent_add(intent, STORE_TIMER_INSERT, 64)->timer =
        ask_timer_row(&intent->arena, &ask->body, &ask->row.id);
    commit(ask, intent, opened_home);
}

/* --- what the store knows of it --- */

static void
take_answer(struct ask *ask)
{
    ask->is_ok = value_is_true(value_get(ask->body.answer, "ok"));
    ask->outcome = value_find_or_null(ask->body.answer, SLICE("value"));
    record(ask);
}

static void
look_home(struct engine *engine, struct message *message)
{
    struct ask *ask = (struct ask *)message;
    if (came_home(ask))
        return;
    if (ask->status == STATUS_NOT_FOUND && ask->failure.code[0] != '\0')
        fail(ask, ask->failure.code, ask->failure.words);
    else if (ask->status == STATUS_NOT_FOUND)
        open_question(ask);
    else if (ask->status == STATUS_INVALID || ask->status == STATUS_LIMIT)
        fail(ask, "not_readable", "what is stored of the question cannot be read");
    else if (ask->status != STATUS_OK)
        set_timer(ask, again_fire, LOOK_AGAIN_MS);
    else if (ask->body.answer.kind == VALUE_OBJECT)
        take_answer(ask);
    else
        wait_for_answer(ask);
}

/* A decision that nobody made was made when the time was over. */
static struct value
late_at(struct arena *arena, struct value late, int64_t until_unix_ms)
{
    char text[CLOCK_ISO_BYTES];
    if (value_get(late, "at").kind != VALUE_NULL)
        return late;
    clock_iso(until_unix_ms, text);
    return value_object_set(arena, late, value_text("at"),
                            value_string_copy(arena, slice_text(text)));
}

/* On a work thread: the question as the step has it. */
static void
make_question(struct ask *ask, const struct ask_place *place)
{
    struct step_ask made = {.shown = value_null()};
    char item[64];
    if (!ask->type->ask(ask->config, &ask->arena, &made, &ask->failure))
        return;
    int64_t now = ask->looked_unix_ms;
    size_t item_size = key_print(place->key, item, sizeof(item));
    ask->body = (struct ask_body){
        .run = place->run,
        .workflow = ask->run->workflow,
        .place = *place,
        .item = arena_copy(&ask->arena, slice_of(item, item_size)),
        .shown = made.shown,
        .opened_unix_ms = now,
        .until_unix_ms =
            made.until.duration_ms >= 0 ? now + made.until.duration_ms : made.until.until_unix_ms,
        .is_ok_late = made.is_ok_late,
        .answer = value_null(),
        .comments = value_empty_array(),
    };
    ask->body.late = late_at(&ask->arena, made.late, ask->body.until_unix_ms);
    if (json_text(&ask->arena, made.shown).size > LIMIT_ASK_BYTES) {
        step_fail(&ask->failure, "limit_exceeded", "what is shown takes more than %zu bytes",
                  LIMIT_ASK_BYTES);
        return;
    }
    memcpy(ask->body.hash, ask->hash, STORE_HASH_BYTES);
    char *name = arena_alloc(&ask->arena, 2 * DIGEST_BYTES + 1);
    ask_name(place, name);
    ask->row = (struct object_row){
        .workspace = ask->run->workspace,
        .id = ask_id(place, now),
        .kind = kind_of(ask),
        .name = slice_text(name),
        .revision = 1,
        .created_unix_ms = now,
        .updated_unix_ms = now,
        .due_unix_ms = ask->body.until_unix_ms + ASK_KEPT_MS,
    };
}

static void
look_work(struct task *task, void *thread_context)
{
    struct ask *ask = (struct ask *)((char *)task - offsetof(struct ask, task));
    struct run *run = ask->run;
    struct ask_place place = {run->id, run->generation, value_slice(ask->node->id),
                              key_slice(&ask->key)};
    arena_init(&ask->arena, 8 * LIMIT_VALUE_BYTES);
    ask->failure = (struct step_failure){0};
    ask->status = ask_find(run->engine->options.store, &ask->arena, kind_of(ask), &run->workspace,
                           &place, &ask->row);
    if (ask->status == STATUS_OK && !ask_body_read(&ask->body, &ask->arena, &ask->row))
        ask->status = STATUS_INVALID;
    if (ask->status == STATUS_NOT_FOUND)
        make_question(ask, &place);
    queue_push(run->engine->mailbox, &ask->message.node);
}

static void
look(struct ask *ask)
{
    struct run *run = ask->run;
    const struct engine_ports *ports = run->engine->options.ports;
    drop_arena(ask);
    ask->state = ASK_LOOKING;
    ask->is_away = true;
    ask->is_told = false;
    run->away++;
    ask->looked_unix_ms = now_of(ask);
    ask->task.run = look_work;
    ask->message.handle = look_home;
    ports->post(ports->world, ENGINE_POOL_WORK, &ask->task,
                run->is_interactive ? NULL : &run->flows[SHARE_WORK]);
}

/* --- from outside --- */

bool
asks_all_wait(const struct run *run)
{
    for (const struct ask *ask = run->asks; ask != NULL; ask = ask->next) {
        if (ask->state != ASK_OPEN)
            return false;
    }
    return true;
}

void
asks_tell(struct engine *engine, const struct id *id, const struct id *question)
{
    struct run *run = engine_find(engine, id);
    if (run == NULL || run->is_leaving || run->is_finishing) {
        engine_watch_durable(engine);
        return;
    }
    struct ask *next = NULL;
    for (struct ask *ask = run->asks; ask != NULL; ask = next) {
        next = ask->next;
        ask->is_told |= ask->state != ASK_OPEN;
        if (ask->state != ASK_OPEN || !id_equal(&ask->row.id, question))
            continue;
        close_question(ask);
        look(ask);
    }
}

/* --- timers in the store --- */

void
asks_note_timer(struct run *run, const struct timer_row *row)
{
    size_t skip = sizeof(ASK_TIMER) - 1;
    struct id id;
    if (!slice_starts_with(row->table, SLICE(ASK_TIMER)) ||
        !id_parse(&id, slice_of(row->table.ptr + skip, row->table.size - skip)) ||
        row->due_unix_ms > clock_unix_ms(run->engine->options.clock))
        return;
    run->asks_due = mem_resize(run->asks_due, (run->asks_due_count + 1) * sizeof(id));
    run->asks_due[run->asks_due_count++] = id;
}

static void
dropped(struct intent *intent)
{
    intent_free(&intent);
}

void
asks_begin(struct run *run)
{
    const struct engine_ports *ports = run->engine->options.ports;
    struct intent *intent = NULL;
    const struct ask_body body = {.run = run->id, .place.generation = run->generation};
    for (uint32_t i = 0; i < run->asks_due_count; i++) {
        if (intent == NULL) {
            intent = intent_new(KIB(16));
            intent->done = dropped;
        }
        intent_add(intent, STORE_TIMER_DELETE, 64)->timer =
            ask_timer_row(&intent->arena, &body, &run->asks_due[i]);
        if (intent->op_count == STORE_OPS_MAX || i + 1 == run->asks_due_count) {
            ports->commit(ports->world, intent);
            intent = NULL;
        }
    }
    mem_free(run->asks_due);
    run->asks_due = NULL;
    run->asks_due_count = 0;
}

int64_t
asks_soonest(const struct run *run)
{
    int64_t soonest = INT64_MAX;
    for (const struct ask *ask = run->asks; ask != NULL; ask = ask->next) {
        if (ask->state == ASK_OPEN && ask->body.until_unix_ms < soonest)
            soonest = ask->body.until_unix_ms;
    }
    return soonest;
}

struct value
asks_tokens(const struct engine *engine, const struct plan *plan, const struct id *run,
            struct arena *arena)
{
    struct value tokens = value_empty_object();
    if (!plan->has_asks || engine->options.link_secret == NULL)
        return (struct value){0};
    for (uint16_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        if (!node->decl->asks)
            continue;
        struct ask_token token = {
            .run = *run, .step = value_slice(node->id), .key = slice_of("", 0)};
        struct buffer text;
        buffer_init(&text, ASK_TOKEN_BYTES_MAX);
        ask_token_print(&text, engine->options.link_secret, &token);
        tokens = value_object_set(arena, tokens, node->id,
                                  value_string_copy(arena, buffer_slice(&text)));
        buffer_done(&text);
    }
    return tokens;
}
