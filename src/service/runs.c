#include "service/host.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/callees.h"
#include "engine/vars.h"
#include "service/vars.h"

#include <stdio.h>
#include <string.h>

static enum status
find_callees(struct service *service, const struct run_new_options *wanted,
             const struct program *program, struct callees **out, struct error *error)
{
    struct callees_options options = {
        .programs = service->programs, .store = service->store, .workspace = wanted->workspace};
    return callees_find(out, &options, program, error);
}

/* LIMIT: nothing is left to pay for its calls. */
static enum status
open_purse(struct service *service, const struct run_new_options *wanted, struct run_start *start,
           struct error *error)
{
    struct refusal refusal = {.limit = 0};
    char words[REFUSAL_WORDS_BYTES];
    enum status status = engine_purse_open(service->engine, start, &start->purse, &refusal);
    if (status != STATUS_LIMIT)
        return status;
    if (wanted->refusal != NULL)
        *wanted->refusal = refusal;
    refusal_words(&refusal, words);
    return error_set(error, status, "%s", words);
}

static enum status
check_vars(const struct plan *plan, struct value vars, struct error *error)
{
    for (uint32_t i = 0; i < plan->var_count; i++) {
        struct slice name = slice_cut(plan->var_names[i], 80);
        if (value_find(vars, plan->var_names[i]).kind == VALUE_NONE)
            return error_set(
                error, STATUS_INVALID,
                "vars.%.*s: the workspace has no variable of that name: set it (windrow "
                "vars set %.*s, or PUT /v1/vars/%.*s)",
                SLICE_FORMAT(name), SLICE_FORMAT(name), SLICE_FORMAT(name));
    }
    return STATUS_OK;
}

/* Of the program and of the workflows that it calls, which see the same variables. */
static enum status
check_all_vars(const struct run_start *start, struct error *error)
{
    const struct callees *callees = start->callees;
    enum status status = check_vars(start->program->plan, start->vars, error);
    for (uint32_t i = 0; callees != NULL && i < callees->count && status == STATUS_OK; i++)
        status = check_vars(callees->list[i].program->plan, start->vars, error);
    return status;
}

static enum status
read_vars(struct service *service, struct run_start *start, struct arena *arena,
          struct error *error)
{
    if (!vars_are_used(start->program, start->callees))
        return STATUS_OK;
    enum status status = vars_read(service, &start->workspace, arena, &start->vars);
    return status == STATUS_OK
               ? check_all_vars(start, error)
               : error_set(error, status, "the variables of the workspace could not be read");
}

/* Whoever shows a key has been asked for this; schedules and webhooks show none. */
static enum status
check_workspace(struct service *service, const struct run_new_options *wanted, struct error *error)
{
    if (!id_is_zero(&wanted->key) || id_equal(&wanted->workspace, &service->workspace))
        return STATUS_OK;
    struct arena arena;
    struct workspace_row row;
    arena_init(&arena, KIB(64));
    enum status status = store_workspace_get(service->store, &arena, &wanted->workspace, &row);
    bool is_closed = status == STATUS_OK && row.is_closed;
    arena_done(&arena);
    return is_closed ? error_set(error, STATUS_FORBIDDEN, "the workspace is closed") : status;
}

static enum status
check_version(const struct workflow_row *workflow, uint32_t version, struct error *error)
{
    if (workflow->status == WORKFLOW_ARCHIVED)
        return error_set(error, STATUS_CONFLICT, "the workflow is archived; unarchive it first");
    if (version == 0)
        return error_set(error, STATUS_CONFLICT, "the workflow has no published version");
    if (version > workflow->latest_version)
        return error_set(error, STATUS_INVALID, "version: the workflow has the versions 1 to %u",
                         workflow->latest_version);
    return STATUS_OK;
}

enum status
service_run_start(struct service *service, const struct run_new_options *wanted,
                  run_started_fn *started, void *context, struct error *error)
{
    const struct workflow_row *workflow = wanted->workflow;
    uint32_t version = wanted->version == 0 ? workflow->published_version : wanted->version;
    struct program *program = NULL;
    enum status status = check_version(workflow, version, error);
    if (status == STATUS_OK)
        status = check_workspace(service, wanted, error);
    if (status == STATUS_OK)
        status = programs_get(service->programs, &workflow->id, version, &program, error);
    if (status != STATUS_OK)
        return status;

    struct value input = wanted->input.kind == VALUE_NONE ? value_empty_object() : wanted->input;
    status = program_check_input(program, input, wanted->any_input, error);
    if (status == STATUS_OK)
        status = uploads_check_input(service, &wanted->workspace, program->plan->input_schema,
                                     input, error);
    struct callees *callees = NULL;
    if (status == STATUS_OK)
        status = find_callees(service, wanted, program, &callees, error);
    if (status == STATUS_OK) {
        struct arena arena;
        arena_init(&arena, VARS_ARENA_BYTES);
        struct run_start start = {
            .program = program,
            .callees = callees,
            .workspace = wanted->workspace,
            .workflow = workflow->id,
            .run = id_is_zero(&wanted->run) ? id_next(&service->ids) : wanted->run,
            .key = wanted->key,
            .version = version,
            .workflow_value = workflow_value_make(&arena, workflow, version),
            .input = input,
            .trigger = wanted->trigger,
            .resolved = wanted->resolved,
            .idempotency = wanted->idempotency,
            .machine = wanted->machine,
            .also = wanted->also,
        };
        if (wanted->wishes != NULL)
            start.wishes = *wanted->wishes;
        status = read_vars(service, &start, &arena, error);
        if (status == STATUS_OK)
            status = open_purse(service, wanted, &start, error);
        if (status == STATUS_OK)
            engine_run_start(service->engine, &start, started, context);
        arena_done(&arena);
    }
    callees_drop(&callees);
    program_drop(&program);
    return status;
}

enum status
service_run_rerun(struct service *service, const struct run_new_options *asked,
                  run_started_fn *started, void *context, struct error *error)
{
    const struct run_row *run = asked->rerun_of;
    struct arena arena;
    arena_init(&arena, 32 * LIMIT_INPUT_BYTES);
    struct workflow_row workflow;
    struct run_new_options wanted = *asked;
    wanted.workspace = run->workspace;
    wanted.workflow = &workflow;
    wanted.trigger = "rerun";
    struct run_wishes same;
    wishes_read(&same, run->wishes, &arena);
    if (wanted.wishes == NULL)
        wanted.wishes = &same;
    enum status status = store_workflow_get(service->store, &arena, &run->workflow, &workflow);
    if (status == STATUS_NOT_FOUND)
        status = error_set(error, STATUS_CONFLICT, "the workflow of the run was deleted");
    if (status == STATUS_OK)
        status = json_parse(&wanted.input, &arena, run->input, 0, NULL, error);
    if (status == STATUS_OK && run->resolved.size > 0)
        status = json_parse(&wanted.resolved, &arena, run->resolved, 0, NULL, error);
    if (status == STATUS_OK) {
        /* What `default` means is asked anew, and so are the variables. */
        if (wanted.resolved.kind == VALUE_OBJECT)
            wanted.resolved = value_object_remove(&arena, wanted.resolved, SLICE("models"));
        if (wanted.resolved.kind == VALUE_OBJECT)
            wanted.resolved = value_object_remove(&arena, wanted.resolved, SLICE("vars"));
        if (wanted.version == 0 && workflow.published_version == 0)
            wanted.version = run->version;
        status = service_run_start(service, &wanted, started, context, error);
    }
    arena_done(&arena);
    return status;
}

/* Runs go with those above them, and are removed a little later. */
static enum status
find_above(struct service *service, const struct run_row *run)
{
    struct id above = run->parent;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !id_is_zero(&above)) {
        struct run_head head;
        status = store_run_head(service->store, &above, &head);
        above = head.parent;
    }
    return status;
}

enum status
service_run_find(struct service *service, const struct id *workspace, struct slice text,
                 struct arena *arena, struct run_row *out)
{
    struct id id;
    if (!id_parse(&id, text))
        return STATUS_NOT_FOUND;
    enum status status = store_run_get(service->store, arena, &id, out);
    if (status == STATUS_OK && !id_equal(&out->workspace, workspace))
        return STATUS_NOT_FOUND;
    return status == STATUS_OK ? find_above(service, out) : status;
}

enum status
service_run_get(struct service *service, const struct id *id, struct arena *arena,
                struct run_row *out)
{
    return store_run_get(service->store, arena, id, out);
}

enum status
service_run_list(struct service *service, const struct store_page *page, store_run_fn *visit,
                 void *context)
{
    return store_run_list(service->store, page, visit, context);
}

enum status
service_run_usage(struct service *service, const struct id *run, store_usage_fn *visit,
                  void *context)
{
    return store_usage_list(service->store, run, visit, context);
}

void
service_file_path(struct service *service, const struct id *file, char out[4096])
{
    blob_path(service->blobs, file, out);
}

void
service_run_cancel(struct service *service, const struct id *run, const struct run_asker *asker)
{
    engine_run_cancel(service->engine, run, asker);
}

/* Whether an item of the run failed, by its counts. */
static bool
has_failed_items(const struct run_row *run)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct value counts;
    int64_t failed = 0;
    if (run->counts.size > 0 &&
        json_parse(&counts, &arena, run->counts, 0, NULL, NULL) == STATUS_OK) {
        struct value tables = value_get(counts, "tables");
        for (uint32_t t = 0; tables.kind == VALUE_ARRAY && t < tables.count && failed == 0; t++)
            value_integer(value_get(value_items(tables)[t], "failed"), &failed);
    }
    arena_done(&arena);
    return failed > 0;
}

static uint32_t
newest_version(struct service *service, const struct run_row *run)
{
    uint32_t version = 0;
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct workflow_row workflow;
    if (store_workflow_get(service->store, &arena, &run->workflow, &workflow) == STATUS_OK)
        version = workflow.published_version;
    arena_done(&arena);
    return version;
}

/* The first step whose type is another one in `now`; NULL: none. */
static const struct plan_node *
changed_step(const struct plan *was, const struct plan *now)
{
    for (uint16_t n = 0; n < now->node_count; n++) {
        const struct plan_node *old = plan_node_find(was, value_slice(now->nodes[n].id));
        if (old != NULL && old->decl != now->nodes[n].decl)
            return &now->nodes[n];
    }
    return NULL;
}

enum status
service_run_fits_newest(struct service *service, const struct run_row *run, struct error *error)
{
    uint32_t version = newest_version(service, run);
    struct program *was = NULL;
    struct program *now = NULL;
    if (version == 0 || version == run->version)
        return STATUS_OK;
    enum status status = programs_get(service->programs, &run->workflow, run->version, &was, error);
    if (status == STATUS_OK)
        status = programs_get(service->programs, &run->workflow, version, &now, error);
    const struct plan_node *changed =
        status == STATUS_OK ? changed_step(was->plan, now->plan) : NULL;
    if (changed != NULL)
        status = error_set(error, STATUS_CONFLICT,
                           "the step \"%.*s\" has another type in version %u, so that its results "
                           "do not fit: rename it, or start a new run",
                           SLICE_FORMAT(value_slice(changed->id)), version);
    program_drop(&was);
    program_drop(&now);
    return status;
}

void
service_run_retry(struct service *service, const struct run_row *run, bool on_newest,
                  const struct run_asker *asker)
{
    uint32_t version = on_newest ? newest_version(service, run) : 0;
    bool is_on_another = version != 0 && version != run->version;
    if (run->state == RUN_STATE_COMPLETED && !is_on_another && !has_failed_items(run)) {
        asker->moved(STATUS_CONFLICT, asker->context);
        return;
    }
    engine_run_retry(service->engine, &run->id, run->generation, version, asker);
}

void
service_run_pause(struct service *service, const struct id *run, const struct run_asker *asker)
{
    engine_run_pause(service->engine, run, asker);
}

void
service_run_resume(struct service *service, const struct id *run, const struct run_asker *asker)
{
    engine_run_resume(service->engine, run, asker);
}

struct deletion {
    run_moved_fn *deleted;
    void *context;
};

static void
deletion_done(struct intent *intent)
{
    struct deletion deletion = *(const struct deletion *)intent->owner;
    enum status status = intent->status;
    intent_free(&intent);
    deletion.deleted(status, deletion.context);
}

void
service_run_delete(struct service *service, const struct id *run, run_moved_fn *deleted,
                   void *context)
{
    struct intent *intent = intent_new(KIB(4));
    struct deletion *deletion = arena_alloc(&intent->arena, sizeof(*deletion));
    struct run_gone_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *deletion = (struct deletion){deleted, context};
    *row =
        (struct run_gone_row){.run = *run, .gone_unix_ms = clock_unix_ms(service->options.clock)};
    intent_add(intent, STORE_RUN_DELETE, KIB(1))->gone = row;
    intent->done = deletion_done;
    intent->owner = deletion;
    writer_push(service->writer, intent);
}

void
service_run_progress(struct service *service, const struct id *run, run_progress_fn *visit,
                     void *context)
{
    engine_run_progress(service->engine, run, visit, context);
}

enum status
service_run_at(struct service *service, const struct run_row *run, uint32_t generation,
               struct run_row *out, struct error *error)
{
    return engine_run_at(service->engine, run, generation, out, error);
}

enum status
service_run_items(struct service *service, const struct run_row *run,
                  const struct item_query *query, item_visit_fn *visit, void *context,
                  struct error *error)
{
    return engine_run_items(service->engine, run, query, visit, context, error);
}
