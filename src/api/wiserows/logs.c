/* The logs of a job, in words: what the run's events tell, then why entities failed. */
#include "api/wiserows/wiserows.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/moment.h"

/* Entities that failed of which it is told why. */
#define FAILED_MAX 100
/* They are looked for among all of them, so not in larger runs. */
#define LOOKED_MAX 100000
#define EVENT_BYTES (4 * LIMIT_EVENTS_BYTES)
#define MESSAGE_BYTES 2048

struct log {
    struct buffer *out;
    struct arena arena;   /* of one entry */
    int64_t timestamp_ms; /* of the last entry */
    bool has_entry;
};

static void
put_entry(struct log *log, const char *level, struct slice message)
{
    if (log->has_entry)
        buffer_append_byte(log->out, ',');
    log->has_entry = true;
    buffer_append_format(log->out, "{\"timestamp\":%lld,\"level\":\"%s\"",
                         (long long)log->timestamp_ms, level);
    wiserows_put_text(log->out, "message", message);
    buffer_append_byte(log->out, '}');
}

/* --- events --- */

/* "step.completed" of the step "check": Step "check" completed. */
static void
put_what(struct buffer *out, struct value event)
{
    struct slice type = value_get_text(event, "type");
    const char *dot = type.size == 0 ? NULL : memchr(type.ptr, '.', type.size);
    struct slice step = value_get_text(event, "step");
    struct slice verb =
        dot == NULL ? type : slice_of(dot + 1, type.size - (size_t)(dot + 1 - type.ptr));
    if (step.size > 0)
        buffer_append_format(out, "Step \"%.*s\" %.*s", SLICE_FORMAT(step), SLICE_FORMAT(verb));
    else if (slice_starts_with(type, SLICE("table.")))
        buffer_append_format(out, "Rows of \"%.*s\" %.*s",
                             SLICE_FORMAT(value_get_text(event, "table")), SLICE_FORMAT(verb));
    else
        buffer_append_format(out, "Job %.*s", SLICE_FORMAT(verb));
}

/* ": 998 done, 2 failed" */
static void
put_counts(struct buffer *out, struct value counts)
{
    const char *before = ": ";
    for (uint32_t i = 0; i < counts.count && counts.kind == VALUE_OBJECT; i++) {
        struct member member = value_members(counts)[i];
        int64_t count = 0;
        if (!value_integer(member.value, &count) || count == 0)
            continue;
        buffer_append_format(out, "%s%lld %.*s", before, (long long)count,
                             SLICE_FORMAT(value_slice(member.key)));
        before = ", ";
    }
}

static const char *
level_of(struct value event)
{
    int64_t failed = 0;
    struct slice type = value_get_text(event, "type");
    if (slice_is(type, "run.failed") || slice_is(type, "step.failed") ||
        slice_is(type, "table.failed"))
        return "error";
    bool is_partly = value_integer(value_get(value_get(event, "counts"), "failed"), &failed);
    return is_partly && failed > 0 ? "warning" : "info";
}

/* The input is a table too, of which nobody knows here. */
static bool
is_hidden(struct value event)
{
    return slice_starts_with(value_get_text(event, "type"), SLICE("table.")) &&
           value_get_text(event, "table").size == 0;
}

static bool
put_event(struct slice text, void *context)
{
    struct log *log = context;
    struct value event;
    struct buffer message;
    arena_reset(&log->arena);
    if (json_parse(&event, &log->arena, text, JSON_BORROW, NULL, NULL) != STATUS_OK ||
        is_hidden(event) || !moment_parse_iso(value_get_text(event, "at"), &log->timestamp_ms))
        return true;
    buffer_init(&message, MESSAGE_BYTES);
    put_what(&message, event);
    put_counts(&message, value_get(event, "counts"));
    struct slice words = value_get_text(value_get(event, "error"), "message");
    if (words.size > 0)
        buffer_append_format(&message, ": %.*s", SLICE_FORMAT(slice_cut(words, MESSAGE_BYTES / 2)));
    if (!buffer_is_over(&message))
        put_entry(log, level_of(event), buffer_slice(&message));
    buffer_done(&message);
    return !buffer_is_over(log->out);
}

/* --- entities --- */

static bool
put_failed(struct value item, void *context)
{
    struct log *log = context;
    struct value error = value_get(item, "error");
    struct slice id = value_get_text(value_get(item, "item"), "_id");
    struct slice step = value_get_text(error, "step");
    struct buffer message;
    buffer_init(&message, MESSAGE_BYTES);
    /* One that could not be read is named by the words. */
    if (id.size > 0)
        buffer_append_format(&message, "Entity %.*s failed in step \"%.*s\": ", SLICE_FORMAT(id),
                             SLICE_FORMAT(step));
    buffer_append_slice(&message, slice_cut(value_get_text(error, "message"), MESSAGE_BYTES / 2));
    if (!buffer_is_over(&message))
        put_entry(log, "error", buffer_slice(&message));
    buffer_done(&message);
    return !buffer_is_over(log->out);
}

/* What cannot be read any more is left out: the events are told all the same. */
static void
put_failures(struct log *log, struct call *call, const struct run_row *run)
{
    struct error error = {0};
    struct item_query query = {.has_state = true, .state = ITEM_STATE_FAILED, .limit = FAILED_MAX};
    status_ignore(service_run_items(call->service, run, &query, put_failed, log, &error));
}

/* Whether any are worth looking for. */
static bool
has_failures(const struct wiserows_job *job)
{
    return run_state_is_ended(job->state) && job->progress.failed > 0 &&
           job->progress.total <= LOOKED_MAX;
}

enum status
wiserows_put_logs(struct buffer *out, struct call *call, const struct wiserows_job *job)
{
    struct log log = {.out = out};
    arena_init(&log.arena, EVENT_BYTES);
    buffer_append_text(out, ",\"logs\":[");
    enum status status = service_run_events(call->service, &job->id, put_event, &log);
    if (status == STATUS_OK && has_failures(job))
        put_failures(&log, call, job->run);
    buffer_append_byte(out, ']');
    arena_done(&log.arena);
    return status;
}
