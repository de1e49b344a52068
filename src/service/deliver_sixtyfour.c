#include "service/deliver_sixtyfour.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "engine/notice.h"
#include "service/host.h"
#include "service/links.h"
#include "service/results.h"
#include "service/signing.h"
#include "service/workflows.h"

#include <assert.h>
#include <stdio.h>

/* Rows that make a longer text are not told inline. */
#define INLINE_BYTES KIB(256)
/* That many, a comma and a line end behind each, make one even if they are all {}. */
#define INLINE_ROWS (INLINE_BYTES / 4)
/* A run as it is stored: its input, output and the rest. */
#define RUN_BYTES (4 * LIMIT_INPUT_BYTES + 4 * LIMIT_VALUE_BYTES)
#define SIGNATURE_BYTES KIB(1)

/* --- the body --- */

static void
put_uuid(struct buffer *out, const char *name, const struct id *id)
{
    char text[ID_UUID_BYTES];
    id_uuid(id, text);
    buffer_append_format(out, "\"%s\":\"%s\",", name, text);
}

/* How many rows came through the last table; the name of its file in the arena. */
struct last_table {
    const char *file_name;
    uint64_t row_count;
    struct arena *arena;
    bool is_many;
    bool is_of_items; /* of a graph, whose blocks give the rows of tables as they come in */
};

static bool
look_at(const struct table_shape *shape, void *context)
{
    struct last_table *last = context;
    if (shape->is_many || !last->is_many) {
        bool is_input = !shape->is_many && !slice_is(shape->name, "input");
        if (is_input)
            return true; /* a file that a step has written */
        last->is_many = shape->is_many;
        last->row_count = last->is_of_items ? shape->counts.items : shape->counts.completed;
        last->file_name = arena_format(last->arena, "%.*s.csv", SLICE_FORMAT(shape->name));
    }
    return true;
}

static void
put_address(struct buffer *out, struct service *service, const struct run_row *run,
            const struct last_table *last)
{
    const char *base = service->options.public_url;
    struct link link = {
        .file = run->id,
        .name = slice_text(last->file_name),
        .expires_unix_s = clock_unix_ms(service->options.clock) / 1000 + LINK_SECONDS,
        .is_table = true,
        .is_plain = true,
        .is_of_items = last->is_of_items,
    };
    buffer_append_text(out, ",\"results_download_url\":");
    if (base == NULL) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_append_format(out, "\"%s/files/", base);
    service_link_print(service, out, &link);
    buffer_append_byte(out, '"');
}

/* Others wait to be told meanwhile: a large table is not looked at for what its counts say. */
static void
put_rows(struct buffer *out, struct service *service, const struct run_row *run,
         const struct last_table *last)
{
    struct buffer rows;
    struct error error = {0};
    const struct results_part part = {.is_of_items = last->is_of_items, .limit = last->row_count};
    buffer_append_text(out, ",\"results\":");
    if (last->row_count == 0) {
        buffer_append_text(out, "[]");
        return;
    }
    buffer_init(&rows, INLINE_BYTES);
    bool is_small = last->row_count <= INLINE_ROWS &&
                    results_inline(&rows, service, run, &part, &error) == STATUS_OK;
    buffer_append_slice(out, is_small ? slice_trim(buffer_slice(&rows)) : SLICE("null"));
    buffer_done(&rows);
}

/* Words of a job that has not come to a result. */
static struct slice
error_words(const struct run_row *run, struct arena *arena)
{
    struct value error = value_null();
    if (run->state == RUN_STATE_CANCELLED)
        return SLICE("The job was cancelled");
    if (run->error.size > 0)
        status_ignore(json_parse(&error, arena, run->error, 0, NULL, NULL));
    struct value words = value_find_or_null(error, SLICE("message"));
    return value_slice_or(words, SLICE("The job has failed"));
}

static void
tell_job(struct buffer *out, const struct delivery_row *row, const struct run_row *run,
         struct arena *arena)
{
    bool is_good = run->state == RUN_STATE_COMPLETED;
    buffer_append_byte(out, '{');
    put_uuid(out, "task_id", &run->id);
    buffer_append_format(out, "\"status\":\"%s\",\"task_type\":", is_good ? "completed" : "failed");
    json_print_string(out, row->type);
    buffer_append_text(out, is_good ? ",\"result\":" : ",\"error\":");
    if (is_good)
        buffer_append_slice(out, run->output);
    else
        json_print_string(out, error_words(run, arena));
    buffer_append_byte(out, '}');
}

static enum status
is_of_graph(bool *out, struct service *service, const struct run_row *run, struct error *error)
{
    struct plan *plan = NULL;
    struct version_row version = {.workflow = run->workflow, .version = run->version};
    enum status status = service_version_load(service, &version, &plan, error);
    *out = false;
    if (status != STATUS_OK)
        return status;
    *out = plan_is_from(plan, "sixtyfour");
    plan_drop(&plan);
    return STATUS_OK;
}

static enum status
tell_run(struct buffer *out, struct service *service, const struct delivery_row *row,
         const struct run_row *run, struct arena *arena)
{
    char time[CLOCK_ISO_BYTES];
    struct error error = {0};
    struct last_table last = {.arena = arena, .file_name = "input.csv"};
    enum status status = is_of_graph(&last.is_of_items, service, run, &error);
    if (status == STATUS_OK)
        status = results_tables(service, run, NULL, look_at, &last, &error);
    if (status != STATUS_OK)
        return status;
    clock_iso(run->ended_unix_ms, time);
    buffer_append_byte(out, '{');
    put_uuid(out, "event_id", &row->id);
    buffer_append_text(out, "\"event_type\":");
    json_print_string(out, row->type);
    buffer_append_byte(out, ',');
    put_uuid(out, "run_id", &run->id);
    put_uuid(out, "workflow_id", &run->workflow);
    buffer_append_format(out, "\"status\":\"%s\",\"row_count\":%llu", run_state_name(run->state),
                         (unsigned long long)last.row_count);
    put_rows(out, service, run, &last);
    put_address(out, service, run, &last);
    buffer_append_format(out, ",\"completed_at\":\"%s\"}", time);
    return STATUS_OK;
}

enum status
sixtyfour_tell(struct buffer *out, struct service *service, const struct delivery_row *row)
{
    struct arena arena;
    struct run_row run;
    arena_init(&arena, RUN_BYTES);
    enum status status = store_run_get(service->store, &arena, &row->run, &run);
    if (status == STATUS_OK && slice_is(row->type, NOTICE_SIXTYFOUR_RUN))
        status = tell_run(out, service, row, &run, &arena);
    else if (status == STATUS_OK)
        tell_job(out, row, &run, &arena);
    arena_done(&arena);
    return status;
}

/* --- the headers --- */

enum status
sixtyfour_add_headers(struct service *service, struct exchange *exchange,
                      const struct delivery_row *row, int64_t now_unix_ms)
{
    char id[ID_UUID_BYTES], attempt[24];
    struct buffer signature;
    buffer_init(&signature, SIGNATURE_BYTES);
    enum status status =
        signing_sign(service, &row->workspace, now_unix_ms, exchange->body, &signature);
    id_uuid(&row->id, id);
    snprintf(attempt, sizeof(attempt), "%u", row->attempts + 1);
    const struct exchange_header headers[] = {
        {SLICE("Sixtyfour-Event-Id"), slice_text(id)},
        {SLICE("Sixtyfour-Event-Type"), row->type},
        {SLICE("Sixtyfour-Delivery-Attempt"), slice_text(attempt)},
        {SLICE("Sixtyfour-Signature"), buffer_slice(&signature)},
    };
    size_t count = COUNT_OF(headers) - (signature.size == 0 ? 1 : 0);
    bool is_added = true;
    for (size_t i = 0; i < count; i++)
        is_added = is_added && exchange_add_header(exchange, headers[i].name, headers[i].value);
    assert(is_added);
    buffer_done(&signature);
    return status;
}
