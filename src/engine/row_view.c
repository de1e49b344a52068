#include "engine/row_view.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "engine/record.h"

#define OWN_COLUMNS 3
static const char *const own_columns[OWN_COLUMNS] = {"_key", "_state", "_error"};

void
row_view_init(struct row_view *view, const struct plan_table *table, const struct step_type *format,
              struct arena *arena)
{
    const struct step_decl *decl = format->decl;
    struct config_field *fields = arena_alloc(arena, (decl->field_count + 1) * sizeof(*fields));
    for (size_t i = 0; i < decl->field_count; i++)
        fields[i].decl = &decl->fields[i];
    view->format = format;
    view->is_plain = view->is_of_items = false;
    view->node = (struct plan_node){
        .table = table->index,
        .column = table->node_count,
        .makes_table = -1,
        .id = value_text(""),
        .decl = decl,
        .fields = fields,
    };
}

static bool
is_own_column(struct slice name)
{
    for (size_t i = 0; i < OWN_COLUMNS; i++) {
        if (slice_is(name, own_columns[i]))
            return true;
    }
    return false;
}

/* A column of the row that is called like one of ours, or like one that was put under "item." for
 * that: the rule of steps/row.h for names that meet. */
static bool
meets_own_column(struct slice name)
{
    struct slice prefix = SLICE("item.");
    while (slice_starts_with(name, prefix))
        name = slice_of(name.ptr + prefix.size, name.size - prefix.size);
    return is_own_column(name);
}

static bool
must_rename(struct value row)
{
    const struct member *members = value_members(row);
    for (uint32_t i = 0; i < row.count; i++) {
        struct slice name = value_slice(members[i].key);
        if (name.size > 0 && (name.ptr[0] == '_' || name.ptr[0] == 'i') && meets_own_column(name))
            return true;
    }
    return false;
}

static struct value
rename_columns(struct arena *arena, struct value row)
{
    if (!must_rename(row))
        return row;
    const struct member *members = value_members(row);
    struct value renamed = value_empty_object();
    for (uint32_t i = 0; i < row.count; i++) {
        struct value name = members[i].key;
        if (meets_own_column(value_slice(name)))
            name = value_text(arena_format(arena, "item.%.*s", SLICE_FORMAT(value_slice(name))));
        renamed = value_object_set(arena, renamed, name, members[i].value);
    }
    return renamed;
}

static struct value
error_text(struct chunk *chunk, uint32_t index)
{
    static const char *const parts[] = {"step", "code", "message"};
    if (chunk->items[index].state != ITEM_STATE_FAILED)
        return value_null();
    struct value failure = item_failure(chunk, index);
    struct buffer text;
    buffer_init(&text, LIMIT_VALUE_BYTES);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct value part = value_get(failure, parts[i]);
        if (part.kind != VALUE_STRING)
            continue;
        buffer_append_text(&text, text.size > 0 ? ": " : "");
        buffer_append_slice(&text, value_slice(part));
    }
    struct value words = value_string_copy(&chunk->arena, buffer_slice(&text));
    buffer_done(&text);
    return words;
}

static struct value
add_own_columns(struct chunk *chunk, uint32_t index, struct value row)
{
    struct arena *arena = &chunk->arena;
    char text[KEY_PRINT_BYTES];
    struct key key = chunk_item_key(chunk, index);
    size_t size = key_print(key_slice(&key), text, sizeof(text));
    const char *state = item_state_name((enum item_state)chunk->items[index].state);
    struct value values[] = {
        value_string_copy(arena, slice_of(text, size)),
        value_text(state),
        error_text(chunk, index),
    };
    for (size_t i = 0; i < OWN_COLUMNS; i++)
        row = value_object_set(arena, row, value_text(own_columns[i]), values[i]);
    return row;
}

bool
row_view_has(const struct row_view *view, const struct chunk *chunk, uint32_t item)
{
    return !view->is_of_items || chunk->items[item].problem == NULL;
}

static struct value
make_item(struct chunk *chunk, uint32_t index)
{
    struct value item = value_get(chunk_root_behind(chunk, index), "item");
    if (item.kind == VALUE_OBJECT)
        return item;
    return value_object_set(&chunk->arena, value_empty_object(), value_text("item"), item);
}

enum status
row_view_make(struct value *out, const struct row_view *view, struct chunk *chunk, uint32_t item,
              struct error *error)
{
    struct step_failure failure;
    struct step_scope scope = {
        .plan = chunk->program->plan,
        .node = &view->node,
        .root = chunk_root_behind(chunk, item),
        .arena = &chunk->arena,
    };
    if (view->is_of_items)
        *out = make_item(chunk, item);
    else if (!view->format->sink_row(&scope, out, &failure))
        return error_set(error, STATUS_LIMIT, "row %llu: %s",
                         (unsigned long long)(chunk->begin.ordinal + item), failure.words);
    if (!view->is_plain)
        *out = add_own_columns(chunk, item, rename_columns(&chunk->arena, *out));
    return out->kind != VALUE_NONE ? STATUS_OK
                                   : error_set(error, STATUS_LIMIT, "a row is too large");
}

enum status
row_view_declare(const struct row_view *view, struct columns *all, struct value own, bool *is_all,
                 struct error *error)
{
    struct sink_place sink = {&view->node, view->format, true};
    struct value row;
    if (view->is_of_items) {
        *is_all = false;
        return STATUS_OK;
    }
    enum status status = columns_declared(&row, all, &sink, own, is_all, error);
    if (status == STATUS_OK && !view->is_plain)
        row = rename_columns(all->arena, row);
    return status == STATUS_OK ? columns_add(all, row, error) : status;
}

enum status
row_view_names(struct value *out, const struct row_view *view, const struct columns *all,
               struct error *error)
{
    struct value found = columns_names(all);
    struct value names = value_empty_array();
    for (uint32_t i = 0; i < found.count; i++) {
        if (view->is_plain || !is_own_column(value_slice(value_items(found)[i])))
            names = value_array_append(all->arena, names, value_items(found)[i]);
    }
    for (size_t i = 0; i < OWN_COLUMNS && !view->is_plain; i++)
        names = value_array_append(all->arena, names, value_text(own_columns[i]));
    *out = names;
    return names.kind == VALUE_NONE || found.kind == VALUE_NONE
               ? error_set(error, STATUS_LIMIT, "the columns are too many")
               : STATUS_OK;
}
