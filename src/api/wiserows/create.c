/* A workflow is made of the steps that were sent, and published at once; and made again when its
 * entity type has changed. */
#include "api/wiserows/wiserows.h"
#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "foreign/wiserows.h"
#include "service/present.h"
#include "service/workflows.h"

static const char create_schema[] =
    "{\"type\":\"object\",\"required\":[\"name\",\"entityTypeId\",\"steps\"],\"properties\":{"
    "\"name\":{\"type\":\"string\",\"pattern\":\"\\\\S\",\"maxLength\":200},"
    "\"description\":{\"type\":[\"string\",\"null\"],\"maxLength\":10000},"
    "\"entityTypeId\":{\"type\":\"string\"},"
    "\"steps\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":400,\"items\":{\"type\":\"object\","
    "\"required\":[\"type\",\"config\"],\"properties\":{\"id\":{\"type\":\"string\"},"
    "\"type\":{\"type\":\"string\"},\"config\":{\"type\":\"object\"}},"
    "\"additionalProperties\":false}}},\"additionalProperties\":false}";

/* A workflow on its way. */
struct making {
    struct workflow_row row;
    struct workflow_change change;
    struct value definition;
    struct value stored; /* the workflow as it stands; VALUE_NONE: there is none yet */
    const struct object_row *type;
    route_handler_fn *answer; /* when it is there */
    struct error error;
    struct problems problems;
};

/* Perhaps somebody was first who has sent the same request. */
static void
answer_conflict(struct call *call)
{
    const struct making *making = call->own;
    if (!call_answer_again(call))
        call_fail_status(call, STATUS_CONFLICT, &making->error);
}

static void
workflow_changed(const struct workflow_changed *changed, void *context)
{
    struct call *call = context;
    struct making *making = call->own;
    if (changed->status == STATUS_CONFLICT) {
        making->error = changed->error;
        call_go_on(call, answer_conflict);
        return;
    }
    if (changed->status != STATUS_OK) {
        call_fail_status(call, changed->status, &changed->error);
        return;
    }
    making->row = *changed->row;
    making->row.slug = arena_copy(call->arena, changed->row->slug);
    making->row.name = arena_copy(call->arena, changed->row->name);
    call_go_on(call, making->answer);
}

/* The first of them, in its place in what was sent. */
static void
fail_problems(struct call *call, const struct problems *problems)
{
    const struct problem *first = &problems->list[0];
    const char *nearest = first->nearest;
    call_fail(call, 400, "%s: %s%s%s%s", foreign_wiserows_place(first->path, call->arena),
              first->words, nearest == NULL ? "" : " (did you mean ",
              nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?)");
}

/* The step as it stands, with what of its config follows the entity type. */
static struct value
renewed_step(struct call *call, struct value stored, struct value fresh)
{
    static const char *const names[] = {"schema", "output"};
    struct value config = value_get(stored, "config");
    if (!value_equal(value_get(stored, "id"), value_get(fresh, "id")) ||
        !value_equal(value_get(stored, "type"), value_get(fresh, "type")))
        return stored;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value follows = value_get(value_get(fresh, "config"), names[i]);
        if (follows.kind != VALUE_NONE)
            config = value_object_set(call->arena, config, value_text(names[i]), follows);
    }
    return value_object_set(call->arena, stored, value_text("config"), config);
}

/* Somebody may have given it limits, or other steps, in the native API. */
static struct value
renewed(struct call *call, struct value stored, struct value fresh)
{
    struct value steps = value_get(stored, "steps"), made = value_get(fresh, "steps");
    struct value out = value_empty_array();
    for (uint32_t i = 0; i < steps.count; i++) {
        struct value step = value_items(steps)[i];
        if (i < made.count)
            step = renewed_step(call, step, value_items(made)[i]);
        out = value_array_append(call->arena, out, step);
    }
    return value_object_set(call->arena, stored, value_text("steps"), out);
}

static enum status
translate(struct call *call, struct making *making, struct error *error)
{
    struct value workflow;
    struct foreign_wiserows from = {
        .definition = making->definition,
        .type = value_slice(present_id(&making->type->id, call->arena)),
        .fields = value_get(object_body(making->type, call->arena), "fields"),
        .schema = service_entity_type_schema(making->type, call->arena),
    };
    enum status status = foreign_wiserows_read(&workflow, &from, call->arena, error);
    if (status != STATUS_OK)
        return status;
    if (making->stored.kind != VALUE_NONE)
        workflow = renewed(call, making->stored, workflow);
    making->change.text = json_text(call->arena, workflow);
    return making->change.text.ptr != NULL ? STATUS_OK : STATUS_LIMIT;
}

/* On a work thread. */
static void
make(struct call *call, struct making *making)
{
    struct error error = {0};
    enum status status = translate(call, making, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return;
    }
    problems_init(&making->problems, call->arena);
    status = service_workflow_change(call->service, &making->change, &making->problems,
                                     workflow_changed, call);
    if (status != STATUS_OK && making->problems.count > 0)
        fail_problems(call, &making->problems);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
}

/* NULL: the call was answered. */
static struct making *
making_new(struct call *call, enum workflow_change_kind kind, route_handler_fn *answer)
{
    struct making *making = arena_try_alloc(call->arena, sizeof(*making));
    if (making == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return NULL;
    }
    *making = (struct making){.answer = answer};
    making->change = (struct workflow_change){
        .kind = kind,
        .workspace = call->caller.workspace,
        .publish = true,
        .any_slug = true,
    };
    call->own = making;
    return making;
}

/* --- a new one --- */

static void
answer_made(struct call *call)
{
    const struct making *making = call->own;
    service_workflow_load(call->service, &making->row);
    wiserows_answer_workflow(call, 201, &making->row);
}

static void
create(struct call *call)
{
    struct making *making = making_new(call, WORKFLOW_CREATE, answer_made);
    if (making == NULL || !wiserows_read_body(call, create_schema))
        return;
    making->change.idempotency = call->idempotency;
    making->definition = call->body;
    making->type = wiserows_find_type(call, "entityTypeId",
                                      value_slice(value_get(call->body, "entityTypeId")));
    if (making->type != NULL)
        make(call, making);
}

void
wiserows_workflow_create(struct call *call)
{
    call_go_on(call, create);
}

/* --- one whose entity type has changed --- */

/* Whether what steps do depends on the fields of the type. */
static bool
depends_on_type(struct value steps)
{
    for (uint32_t i = 0; i < steps.count; i++) {
        struct value type = value_get(value_items(steps)[i], "type");
        if (type.kind == VALUE_STRING &&
            (slice_is(value_slice(type), "validate") || slice_is(value_slice(type), "ai_generate")))
            return true;
    }
    return false;
}

/* Of a definition of ours that is older than its type: the type; else NULL. */
static const struct object_row *
newer_type(struct call *call, const struct workflow_row *workflow, struct value definition)
{
    struct value id = value_get(definition, "entityTypeId");
    struct object_row *type = arena_alloc(call->arena, sizeof(*type));
    if (id.kind != VALUE_STRING || !depends_on_type(value_get(definition, "steps")))
        return NULL;
    enum status status = service_entity_type_find(call->service, &call->caller.workspace,
                                                  value_slice(id), call->arena, type);
    bool is_newer = status == STATUS_OK && type->updated_unix_ms >= workflow->updated_unix_ms;
    return is_newer ? type : NULL;
}

static void
make_again(struct call *call)
{
    make(call, call->own);
}

static void
start_made(struct call *call)
{
    const struct making *making = call->own;
    wiserows_start(call, &making->row, NULL);
}

bool
wiserows_renew(struct call *call, const struct workflow_row *workflow)
{
    char id[ID_HEX_BYTES];
    struct plan *plan = wiserows_plan_of(call, workflow);
    struct value definition = wiserows_definition_of(plan);
    const struct object_row *type =
        workflow->published_version == 0 ? NULL : newer_type(call, workflow, definition);
    struct making *making = type == NULL ? NULL : making_new(call, WORKFLOW_PUT, start_made);
    if (making != NULL) {
        id_hex(&workflow->id, id);
        making->type = type;
        making->stored = value_copy(call->arena, plan->canonical);
        making->definition = value_copy(call->arena, definition);
        making->change.target = arena_copy(call->arena, slice_text(id));
        call_go_on(call, make_again);
    }
    plan_drop(&plan);
    return type != NULL;
}
