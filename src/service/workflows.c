#include "service/workflows.h"

#include "base/json.h"
#include "base/yaml.h"
#include "service/host.h"

enum status
service_workflow_find(struct service *service, const struct id *workspace, struct slice id_or_slug,
                      struct arena *arena, struct workflow_row *out)
{
    enum status status = workflow_cache_find(service, id_or_slug, arena, out);
    if (status == STATUS_OK && !id_equal(&out->workspace, workspace))
        return STATUS_NOT_FOUND;
    return status;
}

enum status
service_workflow_find_alias(struct service *service, const struct id *workspace, struct slice alias,
                            struct arena *arena, struct workflow_row *out)
{
    return workflow_cache_find_alias(service, workspace, alias, arena, out);
}

enum status
service_workflow_alias(struct service *service, const struct id *workflow, struct arena *arena,
                       struct slice *out)
{
    struct object_row row;
    enum status status = store_object_get(service->store, arena, workflow, &row);
    *out = slice_of("", 0);
    if (status == STATUS_OK && row.kind != OBJECT_ALIAS)
        status = STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        *out = row.name;
    return status;
}

enum status
service_workflow_get(struct service *service, const struct id *id, struct arena *arena,
                     struct workflow_row *out)
{
    return store_workflow_get(service->store, arena, id, out);
}

void
service_workflow_load(struct service *service, const struct workflow_row *workflow)
{
    struct program *program = NULL;
    struct error error = {0};
    if (workflow->published_version > 0)
        status_ignore(programs_get(service->programs, &workflow->id, workflow->published_version,
                                   &program, &error));
    program_drop(&program);
}

enum status
service_workflow_list(struct service *service, const struct store_page *page,
                      store_workflow_fn *visit, void *context)
{
    return store_workflow_list(service->store, page, visit, context);
}

enum status
service_version_find(struct service *service, const struct workflow_row *workflow,
                     struct slice which, struct arena *arena, struct version_row *out,
                     struct error *error)
{
    int64_t number = 0;
    *out = (struct version_row){.version = 0};
    if (slice_is(which, "newest"))
        number = workflow->latest_version;
    else if (slice_is(which, "published"))
        number = workflow->published_version;
    else if (!slice_parse_int64(which, &number) || number < 1)
        return error_set(error, STATUS_INVALID,
                         "expected the number of a version, \"newest\" or \"published\"");
    if (number == 0)
        return error_set(error, STATUS_NOT_FOUND, "the workflow has no published version");
    if (number > workflow->latest_version)
        return error_set(error, STATUS_NOT_FOUND, "there is no version %lld; the newest is %u",
                         (long long)number, workflow->latest_version);
    return store_version_get(service->store, arena, &workflow->id, (uint32_t)number, out);
}

enum status
service_version_read(struct service *service, const struct version_row *version,
                     struct arena *arena, struct value *out)
{
    struct version_row row;
    struct located *root = NULL;
    struct error error = {0};
    *out = (struct value){0};
    enum status status =
        store_version_get(service->store, arena, &version->workflow, version->version, &row);
    /* Most are JSON, which is read quicker so. */
    if (status != STATUS_OK ||
        json_parse(out, arena, row.text, JSON_BORROW, NULL, NULL) == STATUS_OK)
        return status;
    status = yaml_load(&root, arena, row.text, NULL, &error);
    if (status == STATUS_OK)
        *out = root->value;
    return status;
}

enum status
service_version_load(struct service *service, const struct version_row *version, struct plan **out,
                     struct error *error)
{
    struct program *program = NULL;
    *out = NULL;
    enum status status =
        programs_get(service->programs, &version->workflow, version->version, &program, error);
    if (status != STATUS_OK)
        return status;
    plan_hold(program->plan);
    *out = program->plan;
    program_drop(&program);
    return STATUS_OK;
}

enum status
service_version_list(struct service *service, const struct version_page *page,
                     store_version_fn *visit, void *context)
{
    return store_version_list(service->store, page, visit, context);
}
