#include "engine/ask.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/asks.h"
#include "engine/events.h"

#include <string.h>

/* --- where it is stored --- */

static void
place_digest(const struct ask_place *place, struct digest *out)
{
    struct buffer text;
    buffer_init(&text, KIB(1));
    buffer_append(&text, place->run.bytes, ID_BYTES);
    buffer_append_int64(&text, place->generation);
    buffer_append_byte(&text, (char)place->step.size);
    buffer_append_slice(&text, place->step);
    buffer_append_slice(&text, place->key);
    *out = digest_of(buffer_slice(&text));
    buffer_done(&text);
}

void
ask_name(const struct ask_place *place, char out[2 * DIGEST_BYTES + 1])
{
    struct digest digest;
    place_digest(place, &digest);
    digest_hex(&digest, out);
}

struct id
ask_id(const struct ask_place *place, int64_t now_unix_ms)
{
    struct digest digest;
    struct id id;
    place_digest(place, &digest);
    id_first_of(&id, now_unix_ms);
    memcpy(id.bytes + 4, digest.bytes, ID_BYTES - 4);
    return id;
}

enum status
ask_find(struct store *store, struct arena *arena, enum object_kind kind,
         const struct id *workspace, const struct ask_place *place, struct object_row *out)
{
    char name[2 * DIGEST_BYTES + 1];
    ask_name(place, name);
    struct object_row which = {.workspace = *workspace, .kind = kind, .name = slice_text(name)};
    return store_object_find(store, arena, &which, out);
}

/* --- the body --- */

static struct value
base64_value(struct arena *arena, struct slice bytes)
{
    struct buffer text;
    buffer_init(&text, KIB(1));
    base64url_encode(&text, bytes);
    struct value value = value_string_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return value;
}

static bool
read_base64(struct arena *arena, struct value body, const char *name, struct slice *out)
{
    char raw[BASE64_DECODED_BYTES(KIB(1))];
    size_t size = 0;
    struct value text = value_get(body, name);
    *out = slice_of("", 0);
    if (text.kind != VALUE_STRING || value_slice(text).size > KIB(1) ||
        !base64url_decode(raw, &size, value_slice(text)))
        return false;
    *out = arena_copy(arena, slice_of(raw, size));
    return true;
}

static struct value
id_value(struct arena *arena, const struct id *id)
{
    char hex[ID_HEX_BYTES];
    id_hex(id, hex);
    return value_string_copy(arena, slice_text(hex));
}

struct slice
ask_body_print(struct arena *arena, const struct ask_body *body)
{
    struct member late[] = {
        {value_text("ok"), value_bool(body->is_ok_late)},
        {value_text("value"), body->late},
    };
    struct slice hash = slice_of((const char *)body->hash, STORE_HASH_BYTES);
    struct member members[] = {
        {value_text("run"), id_value(arena, &body->run)},
        {value_text("workflow"), id_value(arena, &body->workflow)},
        {value_text("generation"), value_int(body->place.generation)},
        {value_text("step"), value_string(body->place.step)},
        {value_text("key"), base64_value(arena, body->place.key)},
        {value_text("item"), value_string(body->item)},
        {value_text("hash"), base64_value(arena, hash)},
        {value_text("opened"), value_int(body->opened_unix_ms)},
        {value_text("until"), value_int(body->until_unix_ms)},
        {value_text("shown"), body->shown},
        {value_text("late"), value_object_new(arena, late, COUNT_OF(late))},
        {value_text("answer"), body->answer},
        {value_text("comments"), body->comments},
    };
    return json_text(arena, value_object_new(arena, members, COUNT_OF(members)));
}

static bool
read_id(struct value body, const char *name, struct id *out)
{
    struct value text = value_get(body, name);
    return text.kind == VALUE_STRING && id_parse(out, value_slice(text));
}

static bool
read_text(struct value body, const char *name, struct slice *out)
{
    struct value text = value_get(body, name);
    *out = value_slice_or(text, SLICE(""));
    return text.kind == VALUE_STRING;
}

bool
ask_body_read(struct ask_body *out, struct arena *arena, const struct object_row *row)
{
    struct value body;
    struct slice hash;
    int64_t generation = 0;
    *out = (struct ask_body){.is_ok_late = false};
    if (json_parse(&body, arena, row->body, 0, NULL, NULL) != STATUS_OK ||
        !read_id(body, "run", &out->run) || !read_id(body, "workflow", &out->workflow) ||
        !value_integer(value_get(body, "generation"), &generation) ||
        !value_integer(value_get(body, "opened"), &out->opened_unix_ms) ||
        !value_integer(value_get(body, "until"), &out->until_unix_ms) ||
        !read_text(body, "step", &out->place.step) || !read_text(body, "item", &out->item) ||
        !read_base64(arena, body, "key", &out->place.key) ||
        !read_base64(arena, body, "hash", &hash) || hash.size != STORE_HASH_BYTES)
        return false;
    memcpy(out->hash, hash.ptr, STORE_HASH_BYTES);
    out->whole = body;
    out->place.run = out->run;
    out->place.generation = (uint32_t)generation;
    out->shown = value_get(body, "shown");
    out->is_ok_late = value_is_true(value_get(value_get(body, "late"), "ok"));
    out->late = value_find_or_null(value_get(body, "late"), SLICE("value"));
    out->answer = value_find_or_null(body, SLICE("answer"));
    out->comments = value_get(body, "comments");
    if (out->comments.kind != VALUE_ARRAY)
        out->comments = value_empty_array();
    return true;
}

/* --- the answer --- */

void
ask_add_effect(struct intent *intent, const struct ask_answer *answer, int64_t now_unix_ms)
{
    struct arena *arena = &intent->arena;
    const struct ask_body *body = answer->body;
    struct effect_row *row = arena_alloc(arena, sizeof(*row));
    *row = (struct effect_row){
        .run = body->run,
        .step = arena_copy(arena, body->place.step),
        .key = arena_copy(arena, body->place.key),
        .generation = body->place.generation,
        .state = answer->is_ok ? EFFECT_OK : EFFECT_FAILED,
        .attempts = 1,
        .started_unix_ms = body->opened_unix_ms,
        .ended_unix_ms = now_unix_ms,
        .value = json_text(arena, answer->value),
    };
    memcpy(row->hash, body->hash, STORE_HASH_BYTES);
    intent_add(intent, STORE_EFFECT_INSERT, row->value.size + 256)->effect = row;
}

struct timer_row *
ask_timer_row(struct arena *arena, const struct ask_body *body, const struct id *id)
{
    char hex[ID_HEX_BYTES];
    id_hex(id, hex);
    struct timer_row *row = arena_alloc(arena, sizeof(*row));
    *row = (struct timer_row){
        .due_unix_ms = body->until_unix_ms,
        .run = body->run,
        .table = slice_text(arena_format(arena, ASK_TIMER "%s", hex)),
        .generation = body->place.generation,
    };
    return row;
}

void
ask_add_answer(struct intent *intent, const struct ask_answer *answer, int64_t now_unix_ms)
{
    struct arena *arena = &intent->arena;
    struct member members[] = {
        {value_text("ok"), value_bool(answer->is_ok)},
        {value_text("late"), value_bool(answer->is_late)},
        {value_text("at"), value_int(now_unix_ms)},
        {value_text("value"), answer->value},
    };
    struct ask_body body = *answer->body;
    body.answer = value_object_new(arena, members, COUNT_OF(members));
    struct object_row row = *answer->row;
    row.body = ask_body_print(arena, &body);
    row.revision++;
    row.archived_unix_ms = row.updated_unix_ms = now_unix_ms;
    row.due_unix_ms = now_unix_ms + ASK_KEPT_MS;
    intent_add_object(intent, STORE_OBJECT_UPDATE, &row);
    ask_add_effect(intent, answer, now_unix_ms);
    intent_add(intent, STORE_TIMER_DELETE, 64)->timer = ask_timer_row(arena, &body, &row.id);
}

/* --- from outside --- */

/* The run of the question, in that generation, while it goes on or is paused. */
static struct store_guard
guard_of(const struct ask_body *body)
{
    return (struct store_guard){
        .is_on = true,
        .run = body->run,
        .generation = body->place.generation,
        .states = STORE_LIVE_STATES | 1u << RUN_STATE_PAUSED,
    };
}

/* Tells what a person said, which is an object of texts: {decision, by, via, comment, …}. */
static void
add_event(struct intent *intent, const struct ask_answer *answer, const char *type,
          int64_t now_unix_ms)
{
    static const char *const names[] = {"decision", "by", "via", "comment"};
    const struct ask_body *body = answer->body;
    struct arena *arena = &intent->arena;
    struct value said = value_empty_object();
    said = value_object_set(arena, said, value_text("approval"), id_value(arena, &answer->row->id));
    said = value_object_set(arena, said, value_text("step"), value_string(body->place.step));
    said = value_object_set(arena, said, value_text("item"), value_string(body->item));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value value = value_get(answer->value, names[i]);
        if (value.kind == VALUE_STRING)
            said = value_object_set(arena, said, value_text(names[i]), value);
    }
    const struct run_row run = {.id = body->run, .generation = body->place.generation};
    events_add_said(intent, &run, type, said, now_unix_ms);
}

void
ask_add_comment(struct intent *intent, const struct object_row *row, const struct ask_body *body,
                struct value comment, int64_t now_unix_ms)
{
    struct ask_body after = *body;
    struct object_row changed = *row;
    const struct ask_answer said = {.row = row, .body = body, .value = comment};
    after.comments = value_array_append(&intent->arena, body->comments, comment);
    changed.body = ask_body_print(&intent->arena, &after);
    changed.revision++;
    changed.updated_unix_ms = now_unix_ms;
    intent->guard = guard_of(body);
    intent_add_object(intent, STORE_OBJECT_UPDATE, &changed);
    add_event(intent, &said, "approval.commented", now_unix_ms);
}

struct answer_request {
    struct message message;
    struct engine *engine;
    struct id run, question;
    struct run_asker asker;
};

static void
answered_home(struct engine *engine, struct message *message)
{
    struct answer_request *request = (struct answer_request *)message;
    asks_tell(engine, &request->run, &request->question);
    engine->away--;
    mem_free(request);
}

/* On the writer's thread: first in the mailbox, then acknowledged. */
static void
answer_committed(struct intent *intent)
{
    struct answer_request *request = intent->owner;
    struct run_asker asker = request->asker;
    enum status status = intent->status;
    intent_free(&intent);
    request->message.handle = answered_home;
    queue_push(request->engine->mailbox, &request->message.node);
    asker.moved(status, asker.context);
}

/* Wakes a run that waits outside memory: it finds the answer by itself. */
static void
add_wake(struct intent *intent, const struct ask_answer *answer, int64_t now_unix_ms)
{
    struct timer_row *row = ask_timer_row(&intent->arena, answer->body, &answer->row->id);
    row->due_unix_ms = now_unix_ms;
    intent_add(intent, STORE_TIMER_INSERT, 64)->timer = row;
}

void
engine_ask_answer(struct engine *engine, const struct ask_answer *answer,
                  const struct run_asker *asker)
{
    const struct engine_ports *ports = engine->options.ports;
    int64_t now = clock_unix_ms(engine->options.clock);
    struct answer_request *request = mem_alloc(sizeof(*request));
    request->engine = engine;
    request->run = answer->body->run;
    request->question = answer->row->id;
    request->asker = *asker;
    struct intent *intent = intent_new(4 * LIMIT_VALUE_BYTES);
    intent->guard = guard_of(answer->body);
    ask_add_answer(intent, answer, now);
    if (answer->row->kind == OBJECT_APPROVAL)
        add_event(intent, answer, "approval.decided", now);
    add_wake(intent, answer, now);
    intent_add_idempotency(intent, asker->idempotency, IDEMPOTENCY_APPROVAL, &answer->row->id);
    intent->done = answer_committed;
    intent->owner = request;
    engine->away++;
    ports->commit(ports->world, intent);
}
