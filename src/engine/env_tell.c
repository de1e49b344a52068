#include "base/json.h"
#include "base/limits.h"
#include "engine/env.h"
#include "engine/notice.h"

#include <stdio.h>
#include <string.h>

/* A call that is concluded again, since a crash came before it was recorded, tells under the same
 * id. The run's time comes first, so that ids sort by it. */
static struct id
event_id(const struct step_env *env)
{
    char key[2 * DIGEST_BYTES + 1];
    char name[sizeof(key) + 8];
    struct id id = *env->call->run;
    effect_idempotency_key(env->call, env->generation, key);
    snprintf(name, sizeof(name), "event %s", key);
    struct digest digest = digest_of(slice_text(name));
    memcpy(id.bytes + 4, digest.bytes, sizeof(id.bytes) - 4);
    return id;
}

/* .ptr NULL: it is too long. */
static struct slice
event_text(struct step_env *env, const struct step_event *event, int64_t now_unix_ms)
{
    char time[CLOCK_ISO_BYTES];
    struct buffer text;
    clock_iso(now_unix_ms, time);
    buffer_init(&text, LIMIT_DELIVERY_BYTES);
    buffer_append_text(&text, "{\"type\":");
    json_print_string(&text, event->type);
    buffer_append_format(&text, ",\"timestamp\":\"%s\",\"data\":", time);
    json_print(&text, event->data);
    buffer_append_byte(&text, '}');
    bool is_over = buffer_is_over(&text);
    struct slice copy = is_over ? slice_of(NULL, 0) : arena_copy(env->arena, buffer_slice(&text));
    buffer_done(&text);
    return copy;
}

static void
keep_event(struct step_env *env, const struct step_event *event, struct slice body, int64_t now)
{
    struct slice url = arena_copy(env->arena, event->url);
    env->has_delivery = true;
    env->delivery = (struct delivery_row){
        .workspace = env->workspace,
        .id = event_id(env),
        .run = *env->call->run,
        .type = arena_copy(env->arena, event->type),
        .url = url,
        .host = notice_host(url, arena_alloc(env->arena, url.size + 1)),
        .body = body,
        .created_unix_ms = now,
        .due_unix_ms = now,
        .give_up_unix_ms = now + env->options->notice_ms,
    };
}

bool
step_env_tell(struct step_env *env, const struct step_event *event, struct value *out,
              struct step_failure *failure)
{
    int64_t now = clock_unix_ms(env->options->clock);
    char hex[ID_HEX_BYTES];
    *out = value_null();
    struct slice body = event_text(env, event, now);
    if (body.ptr == NULL)
        return step_fail(failure, "limit_exceeded", "the event is longer than %zu bytes",
                         (size_t)LIMIT_DELIVERY_BYTES);
    if (!env->delivers)
        return true;
    keep_event(env, event, body, now);
    id_hex(&env->delivery.id, hex);
    *out = value_string_copy(env->arena, slice_text(hex));
    return true;
}
