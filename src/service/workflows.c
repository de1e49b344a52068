#include "service/host.h"

#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

struct save_request {
    struct workflow_row workflow;
    struct version_row version;
    struct workflow_cache *cache;
    workflow_saved_fn *saved;
    void *context;
};

static void
workflow_committed(struct intent *intent)
{
    struct save_request *request = intent->owner;
    enum status status = intent->status;
    workflow_cache_forget(request->cache);
    request->saved(status, status == STATUS_OK ? &request->workflow : NULL, request->context);
    intent_free(&intent);
    mem_free(request);
}

static void
fill_rows(struct service *service, const struct workflow_new *wanted, const struct plan *plan,
          struct save_request *request, struct arena *arena)
{
    int64_t now = clock_unix_ms(service->options.clock);
    request->workflow = (struct workflow_row){
        .workspace = wanted->workspace,
        .id = id_next(&service->ids),
        .slug = arena_copy(arena, value_slice(plan->slug)),
        .name = arena_copy(arena, value_slice(plan->name)),
        .status = wanted->publish ? WORKFLOW_ACTIVE : WORKFLOW_DRAFT,
        .latest_version = 1,
        .published_version = wanted->publish ? 1 : 0,
        .created_unix_ms = now,
        .updated_unix_ms = now,
    };
    request->version = (struct version_row){
        .workflow = request->workflow.id,
        .version = 1,
        .text = arena_copy(arena, wanted->text),
        .created_unix_ms = now,
    };
}

static enum status
load_checked(struct service *service, struct slice text, struct problems *problems,
             struct plan **plan)
{
    struct plan_options options = {.catalog = service->options.catalog};
    return plan_load(plan, text, &options, problems);
}

enum status
service_workflow_create(struct service *service, const struct workflow_new *wanted,
                        struct problems *problems, workflow_saved_fn *saved, void *context)
{
    struct plan *plan = NULL;
    enum status status = load_checked(service, wanted->text, problems, &plan);
    if (status != STATUS_OK)
        return status;

    struct intent *intent = intent_new(2 * LIMIT_DEFINITION_BYTES);
    struct save_request *request = mem_alloc(sizeof(*request));
    request->cache = service->workflows;
    fill_rows(service, wanted, plan, request, &intent->arena);
    plan_drop(&plan);
    request->saved = saved;
    request->context = context;
    intent_add(intent, STORE_WORKFLOW_INSERT, 512)->workflow = &request->workflow;
    intent_add(intent, STORE_VERSION_INSERT, wanted->text.size)->version = &request->version;
    intent->done = workflow_committed;
    intent->owner = request;
    writer_push(service->writer, intent);
    return STATUS_OK;
}

static bool
has_newest_text(struct service *service, const struct workflow_row *workflow, struct slice text,
                struct arena *arena)
{
    struct version_row version;
    return workflow->published_version == workflow->latest_version &&
           store_version_get(service->store, arena, &workflow->id, workflow->latest_version,
                             &version) == STATUS_OK &&
           slice_equal(version.text, text);
}

/* The next version of a workflow that is there. */
static void
push_version(struct service *service, struct save_request *request, struct slice text,
             struct intent *intent)
{
    struct workflow_row *workflow = &request->workflow;
    int64_t now = clock_unix_ms(service->options.clock);
    workflow->latest_version++;
    workflow->published_version = workflow->latest_version;
    workflow->status = WORKFLOW_ACTIVE;
    workflow->updated_unix_ms = now;
    request->version = (struct version_row){
        .workflow = workflow->id,
        .version = workflow->latest_version,
        .text = arena_copy(&intent->arena, text),
        .created_unix_ms = now,
    };
    intent_add(intent, STORE_WORKFLOW_UPDATE, 512)->workflow = workflow;
    intent_add(intent, STORE_VERSION_INSERT, text.size)->version = &request->version;
    intent->done = workflow_committed;
    intent->owner = request;
    writer_push(service->writer, intent);
}

enum status
service_workflow_put(struct service *service, const struct id *workspace, struct slice text,
                     struct problems *problems, workflow_saved_fn *saved, void *context)
{
    struct plan *plan = NULL;
    enum status status = load_checked(service, text, problems, &plan);
    if (status != STATUS_OK)
        return status;
    struct intent *intent = intent_new(3 * LIMIT_DEFINITION_BYTES);
    struct save_request *request = mem_alloc(sizeof(*request));
    request->cache = service->workflows;
    request->saved = saved;
    request->context = context;
    status = service_workflow_find(service, workspace, value_slice(plan->slug), &intent->arena,
                                   &request->workflow);
    plan_drop(&plan);
    if (status == STATUS_OK && has_newest_text(service, &request->workflow, text, &intent->arena))
        saved(STATUS_OK, &request->workflow, context);
    else if (status == STATUS_OK) {
        push_version(service, request, text, intent);
        return STATUS_OK;
    }
    mem_free(request);
    intent_free(&intent);
    if (status == STATUS_OK)
        return STATUS_OK;
    struct workflow_new wanted = {*workspace, text, true};
    return service_workflow_create(service, &wanted, problems, saved, context);
}

enum status
service_workflow_find(struct service *service, const struct id *workspace, struct slice id_or_slug,
                      struct arena *arena, struct workflow_row *out)
{
    enum status status = workflow_cache_find(service, id_or_slug, arena, out);
    if (status == STATUS_OK && !id_equal(&out->workspace, workspace))
        return STATUS_NOT_FOUND;
    return status;
}

static enum webhook_door
door_of(const struct plan *plan)
{
    struct value webhook = value_get(plan->triggers, "webhook");
    struct value auth = value_get(webhook, "auth");
    if (webhook.kind == VALUE_NONE)
        return WEBHOOK_DOOR_NONE;
    /* Without a word the door is not open. */
    if (auth.kind != VALUE_STRING || !slice_is(value_slice(auth), "none"))
        return WEBHOOK_DOOR_AUTH;
    return WEBHOOK_DOOR_OPEN;
}

enum status
service_webhook_find(struct service *service, struct slice slug, struct arena *arena,
                     struct workflow_row *out, enum webhook_door *door)
{
    *door = WEBHOOK_DOOR_NONE;
    enum status status = workflow_cache_find(service, slug, arena, out);
    if (status != STATUS_OK)
        return status;
    bool is_open = slice_equal(out->slug, slug) && out->published_version > 0 &&
                   out->status == WORKFLOW_ACTIVE;
    if (!is_open)
        return STATUS_NOT_FOUND;
    struct program *program = NULL;
    struct error error = {0};
    status = programs_get(service->programs, &out->id, out->published_version, &program, &error);
    if (status == STATUS_OK)
        *door = door_of(program->plan);
    program_drop(&program);
    return status;
}

size_t
service_workflow_notes(struct service *service, const struct workflow_row *workflow,
                       const char *notes[SERVICE_NOTES_MAX])
{
    struct program *program = NULL;
    struct error error = {0};
    size_t count = 0;
    if (workflow->published_version == 0 ||
        programs_get(service->programs, &workflow->id, workflow->published_version, &program,
                     &error) != STATUS_OK)
        return 0;
    const struct plan *plan = program->plan;
    if (door_of(plan) == WEBHOOK_DOOR_AUTH)
        notes[count++] = "triggers.webhook: signed webhooks are not in this build, so that calls "
                         "are refused; only auth: none is served";
    if (value_get(plan->triggers, "schedule").kind != VALUE_NONE)
        notes[count++] = "triggers.schedule: schedules are not in this build; no run will start "
                         "by itself";
    program_drop(&program);
    return count;
}

enum status
service_workflow_list(struct service *service, const struct store_page *page,
                      store_workflow_fn *visit, void *context)
{
    return store_workflow_list(service->store, page, visit, context);
}
