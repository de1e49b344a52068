#include "service/present.h"

#include "base/clock.h"
#include "base/credits.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/moment.h"
#include "service/service.h"

struct value
present_id(const struct id *id, struct arena *arena)
{
    char text[ID_HEX_BYTES];
    id_hex(id, text);
    return value_string_copy(arena, slice_text(text));
}

struct value
present_time(int64_t unix_ms, struct arena *arena)
{
    return moment_value(unix_ms, arena);
}

/* Names are ours: nothing in them needs an escape. */
static void
put_name(struct buffer *out, const char *name)
{
    buffer_append_slice(out, SLICE(",\""));
    buffer_append_text(out, name);
    buffer_append_slice(out, SLICE("\":"));
}

static void
put_id(struct buffer *out, const char *name, const struct id *id)
{
    char text[ID_HEX_BYTES];
    id_hex(id, text);
    put_name(out, name);
    buffer_append_byte(out, '"');
    buffer_append(out, text, ID_HEX_BYTES - 1);
    buffer_append_byte(out, '"');
}

static void
put_time(struct buffer *out, const char *name, int64_t unix_ms)
{
    put_name(out, name);
    if (unix_ms == 0) {
        buffer_append_slice(out, SLICE("null"));
        return;
    }
    char text[CLOCK_ISO_BYTES];
    clock_iso(unix_ms, text);
    buffer_append_byte(out, '"');
    buffer_append_text(out, text);
    buffer_append_byte(out, '"');
}

/* Stored JSON as it is; null if there is none. */
static void
put_json(struct buffer *out, const char *name, struct slice json)
{
    put_name(out, name);
    buffer_append_slice(out, json.size == 0 ? SLICE("null") : json);
}

/* A string; null if it is empty. */
static void
put_text(struct buffer *out, const char *name, struct slice text)
{
    put_name(out, name);
    if (text.size == 0)
        buffer_append_slice(out, SLICE("null"));
    else
        json_print_string(out, text);
}

/* {"default": "provider/model"}, or null of a run that asks no models. */
static void
put_models(struct buffer *out, struct slice resolved)
{
    struct arena arena;
    struct value value;
    arena_init(&arena, 8 * resolved.size + KIB(64));
    put_name(out, "models");
    if (resolved.size == 0 || json_parse(&value, &arena, resolved, 0, NULL, NULL) != STATUS_OK)
        value = value_null();
    json_print(out, value_find_or_null(value, SLICE("models")));
    arena_done(&arena);
}

static void
put_count(struct buffer *out, const char *name, int64_t count)
{
    put_name(out, name);
    buffer_append_int64(out, count);
}

/* Without the brace at its end. */
static void
put_used(struct buffer *out, const struct usage *used)
{
    char cost[CREDITS_TEXT_BYTES];
    credits_print(used->cost_microcredits, cost);
    buffer_append_slice(out, SLICE("{\"calls\":"));
    buffer_append_int64(out, used->calls);
    put_count(out, "tokensIn", used->tokens_in);
    put_count(out, "tokensOut", used->tokens_out);
    put_name(out, "cost");
    buffer_append_text(out, cost);
}

static bool
put_step_used(const struct usage_row *row, void *context)
{
    struct buffer *out = context;
    if (!buffer_is_over(out) && out->ptr[out->size - 1] != '{')
        buffer_append_byte(out, ',');
    json_print_string(out, row->step);
    buffer_append_byte(out, ':');
    put_used(out, &row->used);
    buffer_append_byte(out, '}');
    return true;
}

static void
put_usage(struct buffer *out, const struct run_row *row, struct service *service)
{
    if (row->usage.calls == 0)
        return;
    put_name(out, "usage");
    put_used(out, &row->usage);
    if (service != NULL) {
        put_name(out, "steps");
        buffer_append_byte(out, '{');
        status_ignore(service_run_usage(service, &row->id, put_step_used, out));
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, '}');
}

/* Most runs wish nothing. */
static void
put_wishes(struct buffer *out, const struct run_row *row)
{
    struct arena arena;
    struct run_wishes wishes;
    arena_init(&arena, 8 * row->wishes.size + KIB(64));
    wishes_read(&wishes, row->wishes, &arena);
    put_name(out, "labels");
    json_print(out, wishes.labels.kind == VALUE_NONE ? value_empty_object() : wishes.labels);
    put_name(out, "priority");
    json_print_string(out, slice_text(priority_name(wishes.priority)));
    put_time(out, "deadline", row->deadline_unix_ms < 0 ? 0 : row->deadline_unix_ms);
    put_text(out, "callbackUrl", wishes.callback_url);
    put_text(out, "concurrencyKey", wishes.concurrency_key);
    arena_done(&arena);
}

void
present_run_text(struct buffer *out, const struct run_row *row, const char *status,
                 struct service *service)
{
    char id[ID_HEX_BYTES];
    id_hex(&row->id, id);
    buffer_append_slice(out, SLICE("{\"id\":\""));
    buffer_append(out, id, ID_HEX_BYTES - 1);
    buffer_append_byte(out, '"');
    put_id(out, "workflowId", &row->workflow);
    put_name(out, "status");
    json_print_string(out, slice_text(status));
    put_name(out, "state");
    json_print_string(out, slice_text(run_state_name(row->state)));
    put_json(out, "input", row->input);
    put_json(out, "output", row->output);
    put_json(out, "error", row->error);
    put_time(out, "createdAt", row->created_unix_ms);
    put_time(out, "startedAt", row->started_unix_ms);
    put_time(out, "completedAt", row->ended_unix_ms);
    put_count(out, "version", row->version);
    put_count(out, "generation", row->generation);
    put_name(out, "trigger");
    json_print_string(out, row->trigger);
    if (id_is_zero(&row->parent))
        put_json(out, "parentRunId", slice_of("", 0));
    else
        put_id(out, "parentRunId", &row->parent);
    put_wishes(out, row);
    put_models(out, row->resolved);
    put_json(out, "counts", row->counts);
    put_usage(out, row, service);
    buffer_append_byte(out, '}');
}

/* What runs make has none. */
static void
put_digest(struct buffer *out, const char *name, const struct file_row *row)
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(&row->digest, hex);
    put_name(out, name);
    if (row->has_digest)
        buffer_append_format(out, "\"%s\"", hex);
    else
        buffer_append_slice(out, SLICE("null"));
}

void
present_file_text(struct buffer *out, const struct file_row *row)
{
    char id[ID_HEX_BYTES];
    bool is_upload = id_is_zero(&row->run);
    id_hex(&row->id, id);
    buffer_append_format(out, "{\"id\":\"%s\"", id);
    put_name(out, "name");
    json_print_string(out, row->name);
    put_name(out, "contentType");
    json_print_string(out, row->content_type);
    put_count(out, "bytes", (int64_t)row->size_bytes);
    put_digest(out, "sha256", row);
    put_time(out, "createdAt", row->created_unix_ms);
    if (is_upload) {
        buffer_append_slice(out, SLICE(",\"runId\":null,\"step\":null"));
    } else {
        put_id(out, "runId", &row->run);
        put_name(out, "step");
        json_print_string(out, row->step);
    }
    put_json(out, "partial", row->is_partial ? SLICE("true") : SLICE("false"));
    buffer_append_byte(out, '}');
}

struct value
present_run(const struct run_row *row, struct service *service, struct arena *arena)
{
    struct buffer text;
    struct value run = {0};
    buffer_init(&text, arena->limit_bytes);
    present_run_text(&text, row, run_state_name(row->state), service);
    /* Stored JSON is sound, so it can only be too large. */
    if (buffer_is_over(&text) ||
        json_parse(&run, arena, buffer_slice(&text), 0, NULL, NULL) != STATUS_OK)
        run = value_null();
    buffer_done(&text);
    return run;
}

struct value
present_workflow(const struct workflow_row *row, struct arena *arena)
{
    static const char *const statuses[] = {"draft", "active", "archived"};
    struct member members[] = {
        {value_text("id"), present_id(&row->id, arena)},
        {value_text("name"), value_string_copy(arena, row->name)},
        {value_text("slug"), value_string_copy(arena, row->slug)},
        {value_text("status"), value_text(statuses[row->status])},
        {value_text("version"), value_int(row->latest_version)},
        {value_text("publishedVersion"),
         row->published_version == 0 ? value_null() : value_int(row->published_version)},
        {value_text("createdAt"), present_time(row->created_unix_ms, arena)},
        {value_text("updatedAt"), present_time(row->updated_unix_ms, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}
