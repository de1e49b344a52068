#include "service/failures.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/moment.h"
#include "engine/wishes.h"
#include "service/host.h"
#include "service/scheduler.h"

/* A longer input of the run that failed is not handed on. */
#define INPUT_BYTES_MAX KIB(256)
/* The run that failed with its input, the object and the input of the new run. */
#define SCRATCH_BYTES (4 * LIMIT_INPUT_BYTES + 8 * LIMIT_VALUE_BYTES)

/* A failure until what becomes of it is stored. */
struct failure {
    struct service *service;
    struct object_row row; /* in the arena */
    struct arena arena;
    struct value body;
    struct workflow_row handler;
};

static void
failure_end(struct failure *failure, bool is_done)
{
    struct service *service = failure->service;
    struct id id = failure->row.id;
    arena_done(&failure->arena);
    mem_free(failure);
    scheduler_land(service, &id, is_done);
}

static struct slice
text_of(const struct failure *failure, const char *name)
{
    return value_get_text(failure->body, name);
}

static struct value
copy_of(const struct failure *failure, const char *name)
{
    return value_find_or_null(failure->body, slice_text(name));
}

/* --- which workflow is run for all failures of a workspace --- */

/* OK: *workflow is it. */
static enum status
find_catcher(struct service *service, const struct id *workspace, struct arena *arena,
             struct object_row *out, struct id *workflow)
{
    const struct object_row which = {
        .workspace = *workspace, .kind = OBJECT_CATCHER, .name = SLICE(OBJECT_CATCHER_NAME)};
    struct value body;
    enum status status = store_object_find(service->store, arena, &which, out);
    if (status == STATUS_OK)
        status = json_parse(&body, arena, out->body, 0, NULL, NULL);
    if (status == STATUS_OK && !id_parse(workflow, value_get_text(body, "workflow")))
        status = STATUS_IO;
    return status;
}

static void
insert_catcher(struct service *service, struct intent *intent, const struct workflow_row *row)
{
    char hex[ID_HEX_BYTES];
    id_hex(&row->id, hex);
    const struct object_row catcher = {
        .workspace = row->workspace,
        .id = id_next(&service->ids),
        .kind = OBJECT_CATCHER,
        .name = SLICE(OBJECT_CATCHER_NAME),
        .body = slice_text(arena_format(&intent->arena, "{\"workflow\":\"%s\"}", hex)),
        .revision = 1,
        .created_unix_ms = row->updated_unix_ms,
        .updated_unix_ms = row->updated_unix_ms,
    };
    intent_add_object(intent, STORE_OBJECT_INSERT, &catcher);
}

enum status
failures_follow(struct service *service, struct intent *intent, const struct workflow_row *row,
                const struct plan *plan, struct error *error)
{
    struct object_row old;
    struct id workflow;
    bool is_wanted = plan != NULL && plan->catches_failures;
    enum status status = find_catcher(service, &row->workspace, &intent->arena, &old, &workflow);
    bool is_own = status == STATUS_OK && id_equal(&workflow, &row->id);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return error_set(error, status, "the workflow for failures could not be read");
    if (is_wanted && status == STATUS_OK && !is_own)
        return error_set(error, STATUS_CONFLICT,
                         "triggers.failure: another workflow of the workspace is run for failures; "
                         "publish it without that, or archive it, first");
    if (is_wanted && !is_own)
        insert_catcher(service, intent, row);
    else if (!is_wanted && is_own)
        intent_add_object(intent, STORE_OBJECT_DELETE, &old);
    return STATUS_OK;
}

/* --- the input of the new run --- */

static struct value
workflow_of(struct failure *failure)
{
    struct workflow_row row;
    struct id id;
    struct arena *arena = &failure->arena;
    bool is_there = id_parse(&id, text_of(failure, "workflow")) &&
                    store_workflow_get(failure->service->store, arena, &id, &row) == STATUS_OK;
    struct member members[] = {
        {value_text("id"), copy_of(failure, "workflow")},
        {value_text("slug"), is_there ? value_string(row.slug) : value_null()},
        {value_text("name"), is_there ? value_string(row.name) : value_null()},
        {value_text("version"), copy_of(failure, "version")},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* Null if it is long, or the run was deleted meanwhile. */
static struct value
input_of(struct failure *failure)
{
    struct run_row run;
    struct id id;
    struct value input = value_null();
    struct arena *arena = &failure->arena;
    bool is_there = id_parse(&id, text_of(failure, "run")) &&
                    store_run_get(failure->service->store, arena, &id, &run) == STATUS_OK;
    if (is_there && run.input.size <= INPUT_BYTES_MAX &&
        json_parse(&input, arena, run.input, 0, NULL, NULL) != STATUS_OK)
        return value_null();
    return input;
}

static struct value
moment_of(struct failure *failure, const char *name)
{
    int64_t unix_ms = 0;
    bool is_there = value_integer(value_get(failure->body, name), &unix_ms);
    return is_there ? moment_value(unix_ms, &failure->arena) : value_null();
}

static struct value
run_of(struct failure *failure)
{
    struct arena *arena = &failure->arena;
    struct slice run = text_of(failure, "run");
    const char *path = arena_format(arena, "/v1/workflow-runs/%.*s", SLICE_FORMAT(run));
    struct member members[] = {
        {value_text("id"), value_string(run)},
        {value_text("generation"), copy_of(failure, "generation")},
        {value_text("trigger"), copy_of(failure, "trigger")},
        {value_text("startedAt"), moment_of(failure, "startedAt")},
        {value_text("endedAt"), moment_of(failure, "endedAt")},
        {value_text("path"), value_text(path)},
        {value_text("input"), input_of(failure)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct value
make_input(struct failure *failure)
{
    struct member members[] = {
        {value_text("run"), run_of(failure)},
        {value_text("workflow"), workflow_of(failure)},
        {value_text("error"), copy_of(failure, "error")},
    };
    return value_object_new(&failure->arena, members, COUNT_OF(members));
}

/* --- what becomes of it --- */

static void
removed(struct intent *intent)
{
    struct failure *failure = intent->owner;
    intent_free(&intent);
    failure_end(failure, true);
}

/* Without a run, or with one that is there already. */
static void
remove_object(struct failure *failure)
{
    struct intent *intent = intent_new(KIB(64));
    intent_add_object(intent, STORE_OBJECT_DELETE, &failure->row);
    intent->done = removed;
    intent->owner = failure;
    writer_push(failure->service->writer, intent);
}

static void
run_started(enum status status, const struct run_row *row, void *context)
{
    if (status == STATUS_CONFLICT)
        remove_object(context);
    else
        failure_end(context, status == STATUS_OK);
}

static enum status
find_handler_of_all(struct failure *failure, struct error *error)
{
    struct object_row catcher;
    struct id workflow;
    struct service *service = failure->service;
    enum status status =
        find_catcher(service, &failure->row.workspace, &failure->arena, &catcher, &workflow);
    if (status == STATUS_OK)
        status = store_workflow_get(service->store, &failure->arena, &workflow, &failure->handler);
    if (status == STATUS_NOT_FOUND)
        return error_set(error, status, "no workflow is run for failures any more");
    return status;
}

static enum status
find_handler(struct failure *failure, struct error *error)
{
    if (text_of(failure, "handler").size == 0)
        return find_handler_of_all(failure, error);
    struct slice slug = text_of(failure, "handler");
    struct workflow_row *row = &failure->handler;
    enum status status =
        store_workflow_by_slug(failure->service->store, &failure->arena, slug, row);
    bool is_foreign = status == STATUS_OK && !id_equal(&row->workspace, &failure->row.workspace);
    if (status == STATUS_NOT_FOUND || is_foreign)
        return error_set(error, STATUS_NOT_FOUND, "there is no workflow of that slug");
    return status;
}

static enum status
start_run(struct failure *failure, struct error *error)
{
    enum status status = find_handler(failure, error);
    if (status != STATUS_OK)
        return status;
    struct member label = {value_text(FAILURE_LABEL), value_string(text_of(failure, "run"))};
    struct run_wishes wishes = {.labels = value_object_new(&failure->arena, &label, 1)};
    struct run_new_options wanted = {
        .workspace = failure->row.workspace,
        .run = failure->row.id,
        .workflow = &failure->handler,
        .input = make_input(failure),
        .trigger = RUN_TRIGGER_FAILURE,
        .wishes = &wishes,
        .also = {.kind = STORE_OBJECT_DELETE, .object = &failure->row},
    };
    return service_run_start(failure->service, &wanted, run_started, failure, error);
}

static void
try_start(struct failure *failure)
{
    struct error error = {0};
    enum status status = start_run(failure, &error);
    if (status == STATUS_OK)
        return;
    if (status_may_retry(status)) {
        failure_end(failure, false);
        return;
    }
    log_event(LOG_WARN, "a workflow could not be run for a failure",
              "run=%.*s on_failure=%.*s words=\"%s\"", SLICE_FORMAT(text_of(failure, "run")),
              SLICE_FORMAT(text_of(failure, "handler")),
              error.text[0] == '\0' ? status_name(status) : error.text);
    remove_object(failure);
}

void
failures_fire(struct service *service, const struct object_row *row)
{
    struct failure *failure = mem_alloc(sizeof(*failure));
    failure->service = service;
    arena_init(&failure->arena, SCRATCH_BYTES);
    failure->row = *row;
    failure->row.name = arena_copy(&failure->arena, row->name);
    failure->row.body = arena_copy(&failure->arena, row->body);
    if (json_parse(&failure->body, &failure->arena, failure->row.body, 0, NULL, NULL) == STATUS_OK)
        try_start(failure);
    else
        remove_object(failure);
}
