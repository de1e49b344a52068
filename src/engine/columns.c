#include "engine/columns.h"

#include "base/limits.h"

#include <string.h>

void
columns_init(struct columns *columns, const struct program *program, const struct plan_table *table,
             struct arena *arena)
{
    *columns = (struct columns){
        .program = program, .table = table, .arena = arena, .index = value_empty_object()};
}

/* The step that a name begins with, as a group; *is_whole: it is the step's name. */
static uint32_t
group_of(const struct columns *columns, struct slice name, bool *is_whole)
{
    const char *dot = name.size == 0 ? NULL : memchr(name.ptr, '.', name.size);
    struct slice head = dot == NULL ? name : slice_of(name.ptr, (size_t)(dot - name.ptr));
    for (uint32_t i = 0; i < plan_row_steps(columns->table); i++) {
        const struct plan_node *node = plan_row_step(columns->program->plan, columns->table, i);
        if (!plan_node_has_columns(node) || !slice_equal(head, value_slice(node->id)))
            continue;
        *is_whole = dot == NULL;
        return i + 1;
    }
    *is_whole = false;
    return 0;
}

static bool
has_room(struct columns *columns)
{
    if (columns->count < columns->capacity)
        return true;
    uint32_t grown = columns->capacity == 0 ? 64 : 2 * columns->capacity;
    struct column_name *larger = arena_try_alloc(columns->arena, grown * sizeof(*larger));
    if (larger == NULL)
        return false;
    if (columns->count > 0)
        memcpy(larger, columns->list, columns->count * sizeof(*larger));
    columns->list = larger;
    columns->capacity = grown;
    return true;
}

static bool
add_name(struct columns *columns, struct value name)
{
    if (columns->count == LIMIT_ROW_FIELDS || !has_room(columns))
        return false;
    struct value copy = value_copy(columns->arena, name);
    columns->index =
        value_object_set(columns->arena, columns->index, copy, value_int(columns->count));
    if (columns->index.kind == VALUE_NONE)
        return false;
    bool is_whole = false;
    uint32_t group = group_of(columns, value_slice(name), &is_whole);
    columns->list[columns->count++] = (struct column_name){copy, group, is_whole};
    return true;
}

/* Rows mostly have the columns of the row before, at the same places. */
static bool
is_as_before(const struct columns *columns, uint32_t place, struct slice name)
{
    return place < columns->layout_count &&
           slice_equal(value_slice(columns->list[columns->layout[place]].name), name);
}

/* Its place in the list. False: there are too many. */
static bool
find_or_add(struct columns *columns, struct value name, uint32_t *out)
{
    struct value found = value_find(columns->index, value_slice(name));
    *out = found.kind == VALUE_NONE ? columns->count : (uint32_t)found.integer;
    return found.kind != VALUE_NONE || add_name(columns, name);
}

enum status
columns_add(struct columns *columns, struct value row, struct error *error)
{
    if (row.kind != VALUE_OBJECT)
        return STATUS_OK;
    const struct member *members = value_members(row);
    for (uint32_t m = 0; m < row.count; m++) {
        uint32_t at = 0;
        if (is_as_before(columns, m, value_slice(members[m].key)))
            at = columns->layout[m];
        else if (!find_or_add(columns, members[m].key, &at))
            return error_set(error, STATUS_LIMIT, "the rows have more than %d columns",
                             LIMIT_ROW_FIELDS);
        if (m < COLUMNS_LAYOUT) {
            columns->layout[m] = at;
            columns->layout_count = m + 1 > columns->layout_count ? m + 1 : columns->layout_count;
        }
        if (members[m].value.kind != VALUE_NULL)
            columns->list[at].is_null = false;
    }
    return STATUS_OK;
}

struct value
columns_names(const struct columns *columns)
{
    struct value names = value_empty_array();
    for (uint32_t group = 0; group <= plan_row_steps(columns->table); group++) {
        uint32_t begin = names.count;
        const struct column_name *whole = NULL;
        for (uint32_t i = 0; i < columns->count; i++) {
            const struct column_name *column = &columns->list[i];
            if (column->group != group)
                continue;
            if (column->is_null)
                whole = column;
            else
                names = value_array_append(columns->arena, names, column->name);
        }
        if (whole != NULL && names.count == begin)
            names = value_array_append(columns->arena, names, whole->name);
    }
    return names;
}

/* --- what is declared --- */

/* An object in which each of the names is null. */
static struct value
nulls_of(struct arena *arena, struct value names)
{
    struct value object = value_empty_object();
    for (uint32_t i = 0; i < names.count; i++)
        object = value_object_set(arena, object, value_items(names)[i], value_null());
    return object;
}

static struct value
input_names(struct arena *arena, const struct schema *schema)
{
    struct value names = value_empty_array();
    for (size_t i = 0; i < schema_property_count(schema); i++)
        names = value_array_append(arena, names, schema_property_name(schema, i));
    return names;
}

static struct value
declared_item(const struct columns *columns, struct value own, bool *is_all)
{
    const struct schema *schema = columns->program->plan->input_schema;
    if (own.kind == VALUE_ARRAY)
        return nulls_of(columns->arena, own);
    bool is_input = columns->table->kind == PLAN_TABLE_INPUT && schema != NULL;
    *is_all = *is_all && is_input && schema_is_closed(schema);
    if (!is_input)
        return value_empty_object();
    return nulls_of(columns->arena, input_names(columns->arena, schema));
}

static bool
sees_step(const struct columns *columns, const struct sink_place *sink, uint32_t step)
{
    const struct program *program = columns->program;
    uint16_t inherited = columns->table->inherited_count;
    if (sink->is_behind_all || step < inherited)
        return true;
    for (uint16_t i = 0; i < program->upstream_counts[sink->node->index]; i++) {
        if (program->upstream[sink->node->index][i] == step - inherited)
            return true;
    }
    return false;
}

/* What a step gives to a row, each value null; VALUE_NONE: nothing that is known. */
static struct value
declared_step(const struct columns *columns, const struct plan_node *node, bool *is_all)
{
    const struct step_type *type = columns->program->types[node->index];
    struct value names = {0};
    if (node->decl->passes_row) {
        *is_all = false; /* a row that it is skipped for has more */
        return value_empty_object();
    }
    if (!plan_node_has_columns(node))
        return names;
    if (type->members != NULL)
        names = type->members(node, columns->arena);
    *is_all = *is_all && names.kind == VALUE_ARRAY && !node->on_error_continue;
    return names.kind == VALUE_ARRAY ? nulls_of(columns->arena, names) : names;
}

static struct value
declared_steps(const struct columns *columns, const struct sink_place *sink, bool *is_all)
{
    struct value steps = value_empty_object();
    for (uint32_t i = 0; i < plan_row_steps(columns->table); i++) {
        const struct plan_node *node = plan_row_step(columns->program->plan, columns->table, i);
        if (!sees_step(columns, sink, i))
            continue;
        struct value value = declared_step(columns, node, is_all);
        if (value.kind != VALUE_NONE)
            steps = value_object_set(columns->arena, steps, node->id, value);
    }
    return steps;
}

enum status
columns_declared(struct value *out, const struct columns *columns, const struct sink_place *sink,
                 struct value own, bool *is_all, struct error *error)
{
    *is_all = true;
    struct member members[] = {
        {value_text("item"), declared_item(columns, own, is_all)},
        {value_text("steps"), declared_steps(columns, sink, is_all)},
    };
    struct step_scope scope = {
        .plan = columns->program->plan,
        .node = sink->node,
        .root = value_object_new(columns->arena, members, COUNT_OF(members)),
        .arena = columns->arena,
    };
    struct step_failure failure;
    if (sink->type->sink_row(&scope, out, &failure))
        return STATUS_OK;
    return error_set(error, STATUS_LIMIT, "%s", failure.words);
}
