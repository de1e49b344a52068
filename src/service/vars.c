#include "service/vars.h"

#include "base/json.h"
#include "service/host.h"
#include "service/present.h"

enum status
service_var_find(struct service *service, const struct id *workspace, struct slice name,
                 struct arena *arena, struct object_row *out)
{
    struct object_row which = {.workspace = *workspace, .kind = OBJECT_VARIABLE, .name = name};
    return named_find(service, &which, arena, out);
}

static struct named_change *
change_new(struct intent *intent, struct service *service, named_stored_fn *stored, void *context)
{
    struct named_change *change = arena_alloc(&intent->arena, sizeof(*change));
    *change = (struct named_change){.service = service, .stored = stored, .context = context};
    return change;
}

enum status
service_var_put(struct service *service, const struct object_row *which, struct value value,
                named_stored_fn *stored, void *context, struct error *error)
{
    struct intent *intent = intent_new(16 * LIMIT_VAR_BYTES);
    struct named_change *change = change_new(intent, service, stored, context);
    change->row = *which;
    change->row.kind = OBJECT_VARIABLE;
    struct slice body = json_text(&intent->arena, value);
    enum status status = STATUS_OK;
    if (body.ptr == NULL || body.size > LIMIT_VAR_BYTES)
        status = error_set(error, STATUS_INVALID, "value: longer than %d bytes as JSON",
                           LIMIT_VAR_BYTES);
    if (status == STATUS_OK)
        status = named_prepare(change, &intent->arena, LIMIT_VARS, error);
    if (status != STATUS_OK) {
        intent_free(&intent);
        return status;
    }
    change->row.body = body;
    named_push(change, intent);
    return STATUS_OK;
}

void
service_var_delete(struct service *service, const struct object_row *row, named_stored_fn *stored,
                   void *context)
{
    struct intent *intent = intent_new(16 * LIMIT_VAR_BYTES);
    struct named_change *change = change_new(intent, service, stored, context);
    change->row = *row;
    change->is_gone = true;
    named_push(change, intent);
}

enum status
service_var_list(struct service *service, const struct store_page *page, store_object_fn *visit,
                 void *context)
{
    return named_list(service, OBJECT_VARIABLE, page, visit, context);
}

static struct value
read_value(const struct object_row *row, struct arena *arena)
{
    struct value value = value_null();
    status_ignore(json_parse(&value, arena, row->body, 0, NULL, NULL));
    return value;
}

struct value
var_present(struct service *service, const struct object_row *row, struct arena *arena)
{
    struct member members[] = {
        {value_text("id"), present_id(&row->id, arena)},
        {value_text("name"), value_string_copy(arena, row->name)},
        {value_text("value"), read_value(row, arena)},
        {value_text("createdAt"), present_time(row->created_unix_ms, arena)},
        {value_text("updatedAt"), present_time(row->updated_unix_ms, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

struct reading {
    struct arena *arena;
    struct value out;
};

static bool
add_var(const struct object_row *row, void *context)
{
    struct reading *reading = context;
    reading->out =
        value_object_set(reading->arena, reading->out, value_string_copy(reading->arena, row->name),
                         read_value(row, reading->arena));
    return reading->out.kind != VALUE_NONE;
}

enum status
vars_read(struct service *service, const struct id *workspace, struct arena *arena,
          struct value *out)
{
    struct reading reading = {.arena = arena, .out = value_empty_object()};
    struct object_page page = {.workspace = *workspace,
                               .kind = OBJECT_VARIABLE,
                               .is_ascending = true,
                               .limit = LIMIT_VARS};
    enum status status = store_object_list(service->store, &page, add_var, &reading);
    *out = reading.out;
    return status == STATUS_OK && out->kind == VALUE_NONE ? STATUS_LIMIT : status;
}
