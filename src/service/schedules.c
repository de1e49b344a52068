#include "service/schedules.h"

#include "base/cron.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/moment.h"
#include "base/zone.h"
#include "flow/plan.h"
#include "service/host.h"
#include "service/scheduler.h"

/* What is later than this counts as missed. */
#define LATE_MS 60000
/* Body of a schedule with what its workflow asks for as input. */
#define BODY_BYTES_MAX (LIMIT_DEFINITION_BYTES + KIB(16))

enum missed { MISSED_SKIP, MISSED_ONCE, MISSED_ALL };

/* A schedule as it is stored. */
struct schedule {
    struct cron cron;
    struct zone *zone; /* owned */
    enum missed missed;
    struct value body;
};

static void
schedule_done(struct schedule *schedule)
{
    zone_free(&schedule->zone);
}

static struct slice
text_of(struct value object, const char *name, const char *usual)
{
    struct value value = value_get(object, name);
    return value_slice_or(value, slice_text(usual));
}

static enum missed
missed_of(struct slice word)
{
    return slice_is(word, "skip") ? MISSED_SKIP : slice_is(word, "all") ? MISSED_ALL : MISSED_ONCE;
}

/* body: {cron, timezone, missed, …}; to be ended with schedule_done() on every status. */
static enum status
schedule_read(struct schedule *out, struct value body, struct error *error)
{
    *out = (struct schedule){.body = body, .missed = missed_of(text_of(body, "missed", "once"))};
    enum status status = cron_parse(&out->cron, text_of(body, "cron", ""), error);
    if (status == STATUS_OK)
        status = zone_open(&out->zone, text_of(body, "timezone", "UTC"), error);
    return status;
}

/* 0: never. */
static int64_t
next_due(const struct schedule *schedule, int64_t after_unix_ms)
{
    int64_t next_s = 0;
    bool is_there = cron_next(&schedule->cron, schedule->zone, after_unix_ms / 1000, &next_s);
    return is_there ? next_s * 1000 : 0;
}

/* --- in step with workflows --- */

/* By the id of its workflow, in hex. */
static enum status
find_object(struct service *service, const struct workflow_row *row, struct arena *arena,
            struct object_row *out)
{
    char hex[ID_HEX_BYTES];
    id_hex(&row->id, hex);
    struct object_row which = {
        .workspace = row->workspace, .kind = OBJECT_SCHEDULE, .name = slice_text(hex)};
    return store_object_find(service->store, arena, &which, out);
}

static struct value
wanted_body(const struct plan *plan, const struct workflow_row *row, struct arena *arena)
{
    struct value trigger = value_get(plan->triggers, "schedule");
    struct value input = value_get(trigger, "input");
    struct value body = value_empty_object();
    body = value_set(arena, body, "cron", value_get(trigger, "cron"));
    body = value_set(arena, body, "timezone", value_string(text_of(trigger, "timezone", "UTC")));
    body = value_set(arena, body, "missed", value_string(text_of(trigger, "missed", "once")));
    return value_set(arena, body, "input", input.kind == VALUE_NONE ? value_empty_object() : input);
}

/* Whether the stored one asks for the same times; then it keeps the next of them, and what it
 * knows of the last. */
static bool
is_same_plan(struct value stored, struct value wanted)
{
    return value_equal(value_get(stored, "cron"), value_get(wanted, "cron")) &&
           value_equal(value_get(stored, "timezone"), value_get(wanted, "timezone"));
}

static struct value
keep_last(struct arena *arena, struct value body, struct value stored)
{
    static const char *const names[] = {"lastAt", "lastRunId", "lastError"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value value = value_get(stored, names[i]);
        if (value.kind != VALUE_NONE)
            body = value_set(arena, body, names[i], value);
    }
    return body;
}

static enum status
put_schedule(struct service *service, struct intent *intent, const struct workflow_row *row,
             struct object_row *old, struct value body, struct error *error)
{
    struct arena *arena = &intent->arena;
    int64_t now = clock_unix_ms(service->options.clock);
    struct schedule schedule;
    struct value stored = {.kind = VALUE_NONE};
    if (old != NULL && json_parse(&stored, arena, old->body, 0, NULL, error) != STATUS_OK)
        return STATUS_IO;
    enum status status = schedule_read(&schedule, body, error);
    if (status != STATUS_OK) {
        status = STATUS_INVALID;
        error_prepend(error, "triggers.schedule");
    }
    struct object_row fresh = {.workspace = row->workspace,
                               .id = id_next(&service->ids),
                               .kind = OBJECT_SCHEDULE,
                               .created_unix_ms = now};
    if (old != NULL)
        fresh = *old;
    char hex[ID_HEX_BYTES];
    id_hex(&row->id, hex);
    fresh.name = slice_text(hex);
    fresh.revision++;
    fresh.updated_unix_ms = now;
    bool keeps_time = old != NULL && old->due_unix_ms > 0 && is_same_plan(stored, body);
    if (status == STATUS_OK && !keeps_time)
        fresh.due_unix_ms = next_due(&schedule, now);
    fresh.body = json_text(arena, keep_last(arena, body, stored));
    if (status == STATUS_OK)
        intent_add_object(intent, old == NULL ? STORE_OBJECT_INSERT : STORE_OBJECT_UPDATE, &fresh);
    schedule_done(&schedule);
    return status;
}

enum status
schedules_follow(struct service *service, struct intent *intent, const struct workflow_row *row,
                 const struct plan *plan, struct error *error)
{
    struct arena arena;
    struct object_row old;
    bool is_wanted = plan != NULL && row->status == WORKFLOW_ACTIVE &&
                     value_get(plan->triggers, "schedule").kind != VALUE_NONE;
    arena_init(&arena, BODY_BYTES_MAX);
    enum status status = find_object(service, row, &arena, &old);
    bool is_there = status == STATUS_OK;
    status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    if (status != STATUS_OK)
        error_set(error, status, "the schedule of the workflow could not be read");
    else if (is_wanted)
        status = put_schedule(service, intent, row, is_there ? &old : NULL,
                              wanted_body(plan, row, &intent->arena), error);
    else if (is_there)
        intent_add_object(intent, STORE_OBJECT_DELETE, &old);
    arena_done(&arena);
    return status;
}

/* --- starting runs --- */

/* One that is due, until what becomes of it is stored. */
struct firing {
    struct service *service;
    struct object_row row; /* in the arena */
    struct schedule schedule;
    struct arena arena;
    int64_t at_unix_ms; /* the instant that the run is for */
    int64_t now_unix_ms;
};

static void
firing_end(struct firing *firing, bool is_done)
{
    struct service *service = firing->service;
    struct id id = firing->row.id;
    schedule_done(&firing->schedule);
    arena_done(&firing->arena);
    mem_free(firing);
    scheduler_land(service, &id, is_done);
}

/* Whatever came of it, the store says what is due now: another server, or a change of the workflow,
 * may have been first. */
static void
run_started(enum status status, const struct run_row *row, void *context)
{
    firing_end(context, true);
}

/* The object behind this firing. */
static struct object_row
moved_on(struct firing *firing, int64_t due_unix_ms, const char *words)
{
    struct arena *arena = &firing->arena;
    struct value body = firing->schedule.body;
    struct object_row row = firing->row;
    body = value_set(arena, body, "lastAt", value_int(firing->at_unix_ms));
    body = value_set(arena, body, "lastError",
                     words == NULL ? value_null() : value_string_copy(arena, slice_text(words)));
    row.body = json_text(arena, body);
    row.due_unix_ms = due_unix_ms;
    row.revision++;
    row.updated_unix_ms = firing->now_unix_ms;
    return row;
}

/* OK: run_started() will be called. */
static enum status
start_run(struct firing *firing, int64_t due_unix_ms, struct error *error)
{
    struct workflow_row workflow;
    struct id id;
    if (!id_parse(&id, firing->row.name))
        return STATUS_IO;
    enum status status = store_workflow_get(firing->service->store, &firing->arena, &id, &workflow);
    if (status != STATUS_OK)
        return status;
    struct object_row after = moved_on(firing, due_unix_ms, NULL);
    struct run_new_options wanted = {
        .workspace = firing->row.workspace,
        .workflow = &workflow,
        .input = value_get(firing->schedule.body, "input"),
        .trigger = "schedule",
        .also = {.kind = STORE_OBJECT_UPDATE, .object = &after},
    };
    return service_run_start(firing->service, &wanted, run_started, firing, error);
}

static void
moved(struct intent *intent)
{
    struct firing *firing = intent->owner;
    intent_free(&intent);
    firing_end(firing, true);
}

/* Without a run. */
static void
move_on(struct firing *firing, int64_t due_unix_ms, const char *words)
{
    struct intent *intent = intent_new(BODY_BYTES_MAX);
    struct object_row after = moved_on(firing, due_unix_ms, words);
    intent_add_object(intent, STORE_OBJECT_UPDATE, &after);
    intent->done = moved;
    intent->owner = firing;
    writer_push(firing->service->writer, intent);
}

/* Which instant a run is for now (0: none), and when it is due after that. */
static int64_t
choose(const struct firing *firing, int64_t *due_unix_ms)
{
    const struct schedule *schedule = &firing->schedule;
    int64_t at = firing->row.due_unix_ms;
    int64_t next = next_due(schedule, at);
    *due_unix_ms = next;
    bool is_late = firing->now_unix_ms - at > LATE_MS;
    if (schedule->missed == MISSED_ALL || (!is_late && (next == 0 || next > firing->now_unix_ms)))
        return at;
    *due_unix_ms = next_due(schedule, firing->now_unix_ms);
    if (schedule->missed == MISSED_SKIP && is_late)
        return 0;
    while (next != 0 && next <= firing->now_unix_ms) {
        at = next;
        next = next_due(schedule, at);
    }
    return at;
}

static void
fire_read(struct firing *firing)
{
    struct error error = {0};
    int64_t due_unix_ms = 0;
    firing->at_unix_ms = choose(firing, &due_unix_ms);
    if (firing->at_unix_ms == 0) {
        firing->at_unix_ms = firing->row.due_unix_ms;
        move_on(firing, due_unix_ms, "missed while no server was running");
        return;
    }
    enum status status = start_run(firing, due_unix_ms, &error);
    if (status == STATUS_OK)
        return;
    if (status_may_retry(status)) {
        firing_end(firing, false);
        return;
    }
    log_event(LOG_WARN, "a schedule could not start its run", "workflow=%.*s words=\"%s\"",
              SLICE_FORMAT(firing->row.name), error.text);
    move_on(firing, due_unix_ms, error.text[0] == '\0' ? status_name(status) : error.text);
}

void
schedules_fire(struct service *service, const struct object_row *row)
{
    struct firing *firing = mem_alloc(sizeof(*firing));
    struct error error = {0};
    firing->service = service;
    arena_init(&firing->arena, 8 * BODY_BYTES_MAX);
    firing->row = *row;
    firing->row.name = arena_copy(&firing->arena, row->name);
    firing->row.body = arena_copy(&firing->arena, row->body);
    firing->now_unix_ms = clock_unix_ms(service->options.clock);
    struct value body = {.kind = VALUE_NONE};
    enum status status = json_parse(&body, &firing->arena, firing->row.body, 0, NULL, &error);
    if (status == STATUS_OK)
        status = schedule_read(&firing->schedule, body, &error);
    if (status == STATUS_OK)
        fire_read(firing);
    else
        move_on(firing, 0, error.text);
}

/* --- reads --- */

static struct value
next_times(struct service *service, const struct schedule *schedule, const struct object_row *row,
           uint32_t count, struct arena *arena)
{
    struct value out = value_empty_array();
    int64_t at = row->due_unix_ms;
    for (uint32_t i = 0; i < count && at != 0; i++) {
        out = value_array_append(arena, out, moment_value(at, arena));
        at = next_due(schedule, at);
    }
    return out;
}

struct value
schedule_present(struct service *service, const struct object_row *row, uint32_t count,
                 struct arena *arena)
{
    static const char *const kept[] = {"cron", "timezone", "missed", "input"};
    struct value body = {.kind = VALUE_NONE}, out = value_empty_object();
    struct schedule schedule = {.zone = NULL};
    if (json_parse(&body, arena, row->body, 0, NULL, NULL) != STATUS_OK)
        return value_null();
    out = value_set(arena, out, "workflowId", value_string_copy(arena, row->name));
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        out = value_set(arena, out, kept[i], value_find_or_null(body, slice_text(kept[i])));
    struct value next = value_empty_array();
    if (schedule_read(&schedule, body, NULL) == STATUS_OK)
        next = next_times(service, &schedule, row, count, arena);
    schedule_done(&schedule);
    int64_t last = 0;
    bool has_last = value_integer(value_get(body, "lastAt"), &last);
    out = value_set(arena, out, "next", next);
    out = value_set(arena, out, "lastAt", has_last ? moment_value(last, arena) : value_null());
    return value_set(arena, out, "lastError", value_find_or_null(body, SLICE("lastError")));
}

enum status
service_schedule_find(struct service *service, const struct workflow_row *workflow,
                      struct arena *arena, struct object_row *out)
{
    return find_object(service, workflow, arena, out);
}

enum status
service_schedule_list(struct service *service, const struct store_page *page,
                      store_object_fn *visit, void *context)
{
    struct object_page objects = {
        .workspace = page->workspace,
        .kind = OBJECT_SCHEDULE,
        .before = page->before,
        .is_ascending = page->is_ascending,
        .limit = page->limit,
        .skip = page->skip,
    };
    return store_object_list(service->store, &objects, visit, context);
}
