#include "engine/notice.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/limits.h"
#include "engine/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *
notice_type(const struct run_row *row)
{
    switch (row->state) {
    case RUN_STATE_COMPLETED:
        return "run.completed";
    case RUN_STATE_CANCELLED:
        return "run.cancelled";
    case RUN_STATE_FAILED:
    case RUN_STATE_QUEUED:
    case RUN_STATE_RUNNING:
    case RUN_STATE_WAITING:
    case RUN_STATE_PAUSED:
        break;
    }
    return "run.failed";
}

struct slice
notice_host(struct slice url, char *out)
{
    const char *slashes = url.size == 0 ? NULL : memmem(url.ptr, url.size, "://", 3);
    size_t at = slashes == NULL ? url.size : (size_t)(slashes - url.ptr) + 3;
    size_t size = 0;
    for (; at < url.size && memchr("/?#\\", url.ptr[at], 4) == NULL; at++) {
        char byte = url.ptr[at];
        out[size++] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
    }
    return slice_of(out, size);
}

/* The same for every commit that tries to end this generation of the run at that time; the time
 * comes first, so that ids sort by it. */
static struct id
notice_id(const struct run_row *row, const char *kind)
{
    char hex[ID_HEX_BYTES];
    char name[ID_HEX_BYTES + 40];
    id_hex(&row->id, hex);
    snprintf(name, sizeof(name), "%s %u %s", hex, row->generation, kind);
    struct digest digest = digest_of(slice_text(name));
    struct id id;
    uint64_t second = (uint64_t)row->ended_unix_ms / 1000;
    for (size_t i = 0; i < 4; i++)
        id.bytes[i] = (uint8_t)(second >> (24 - 8 * i));
    memcpy(id.bytes + 4, digest.bytes, sizeof(id.bytes) - 4);
    return id;
}

static struct delivery_row *
add_one(struct intent *intent, const struct engine_options *options, const struct run_row *row,
        struct slice url, const char *kind)
{
    struct delivery_row *delivery = arena_alloc(&intent->arena, sizeof(*delivery));
    *delivery = (struct delivery_row){
        .workspace = row->workspace,
        .id = notice_id(row, kind),
        .run = row->id,
        .type = slice_text(notice_type(row)),
        .url = arena_copy(&intent->arena, url),
        .host = notice_host(url, arena_alloc(&intent->arena, url.size + 1)),
        .created_unix_ms = row->ended_unix_ms,
        .due_unix_ms = row->ended_unix_ms,
        .give_up_unix_ms = row->ended_unix_ms + options->notice_ms,
    };
    intent_add(intent, STORE_DELIVERY_INSERT, url.size + 256)->delivery = delivery;
    return delivery;
}

/* The Sixtyfour API tells of runs that have completed, and of no others. */
static void
add_on_end(struct intent *intent, const struct engine_options *options, const struct run_row *row,
           const struct plan *plan)
{
    if (plan->is_sixtyfour_notice && row->state != RUN_STATE_COMPLETED)
        return;
    struct delivery_row *delivery =
        add_one(intent, options, row, value_slice(plan->on_end), "on_end");
    if (!plan->is_sixtyfour_notice)
        return;
    delivery->form = DELIVERY_SIXTYFOUR;
    delivery->type = SLICE(NOTICE_SIXTYFOUR_RUN);
}

static void
add_asked(struct intent *intent, const struct engine_options *options, const struct run_row *row,
          const struct notice_to *to)
{
    struct delivery_row *delivery = add_one(intent, options, row, to->callback, "asked");
    if (to->task.size == 0)
        return;
    delivery->form = DELIVERY_SIXTYFOUR;
    delivery->type = arena_copy(&intent->arena, to->task);
}

/* Whether a workflow may have to be run for its failure: none is for one that catches itself. */
static bool
is_failure(const struct engine_options *options, const struct run_row *row, const struct plan *plan)
{
    return options->take_up_runs && row->state == RUN_STATE_FAILED &&
           !slice_is(row->trigger, RUN_TRIGGER_FAILURE) &&
           (plan == NULL || !plan->catches_failures || plan->on_failure.kind == VALUE_STRING);
}

static struct slice
failure_body(const struct run_row *row, struct slice handler, struct arena *arena)
{
    char run[ID_HEX_BYTES], workflow[ID_HEX_BYTES];
    struct buffer text;
    id_hex(&row->id, run);
    id_hex(&row->workflow, workflow);
    buffer_init(&text, row->error.size + KIB(4));
    buffer_append_format(&text, "{\"handler\":\"%.*s\",\"run\":\"%s\",\"workflow\":\"%s\",",
                         SLICE_FORMAT(handler), run, workflow);
    buffer_append_format(&text, "\"version\":%u,\"generation\":%u,\"trigger\":", row->version,
                         row->generation);
    json_print_string(&text, row->trigger);
    buffer_append_format(&text, ",\"startedAt\":%" PRId64 ",\"endedAt\":%" PRId64 ",\"error\":",
                         row->started_unix_ms, row->ended_unix_ms);
    struct slice error = row->error.size > 0 ? row->error : SLICE("null");
    buffer_append(&text, error.ptr, error.size);
    buffer_append_byte(&text, '}');
    struct slice body = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return body;
}

static void
add_failure(struct intent *intent, const struct run_row *row, const struct plan *plan)
{
    char hex[ID_HEX_BYTES];
    struct slice handler = plan == NULL ? slice_of(NULL, 0) : value_slice(plan->on_failure);
    id_hex(&row->id, hex);
    struct object_row object = {
        .workspace = row->workspace,
        .id = notice_id(row, "failure"),
        .kind = OBJECT_FAILURE,
        .name = slice_text(arena_format(&intent->arena, "%s %u", hex, row->generation)),
        .body = failure_body(row, handler, &intent->arena),
        .revision = 1,
        .created_unix_ms = row->ended_unix_ms,
        .updated_unix_ms = row->ended_unix_ms,
        .due_unix_ms = row->ended_unix_ms,
    };
    intent_add_object(intent, handler.size > 0 ? STORE_OBJECT_ADD : STORE_OBJECT_ADD_CAUGHT,
                      &object);
}

void
notice_add_end(struct intent *intent, const struct engine_options *options,
               const struct run_row *row, const struct notice_to *to)
{
    bool is_wanted = run_state_is_ended(row->state) && row->parent_generation == 0;
    if (is_wanted && is_failure(options, row, to->plan))
        add_failure(intent, row, to->plan);
    if (!is_wanted || options->notice_ms == 0)
        return;
    if (to->plan != NULL && to->plan->on_end.kind == VALUE_STRING)
        add_on_end(intent, options, row, to->plan);
    if (to->callback.size > 0)
        add_asked(intent, options, row, to);
}
