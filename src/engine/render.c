#include "engine/render.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/columns.h"
#include "engine/look.h"
#include "engine/run.h"

#include <string.h>

static const char *const own_columns[] = {"_key", "_state", "_error"};

enum render_phase {
    RENDER_BEGINS,
    RENDER_FINDS_COLUMNS,
    RENDER_WRITES,
};

struct render {
    struct render_options options;
    struct look look;
    struct arena arena;
    struct plan_node node; /* the sink that the plan does not have */
    struct columns all;
    struct value columns;   /* names; VALUE_NONE until they are known, or if nobody needs them */
    struct sink_book *book; /* of a format that makes its file as a whole */
    enum render_phase phase;
    uint64_t given;     /* rows of this pass */
    bool is_past;       /* no further row of this pass is wanted */
    struct buffer *out; /* of this call */
    enum status status; /* of this call's chunk */
    struct error *error;
};

static void
make_node(struct render *render, const struct plan_table *table)
{
    const struct step_decl *decl = render->options.format->decl;
    struct config_field *fields =
        arena_alloc(&render->arena, (decl->field_count + 1) * sizeof(*fields));
    for (size_t i = 0; i < decl->field_count; i++)
        fields[i].decl = &decl->fields[i];
    render->node = (struct plan_node){
        .table = table->index,
        .column = table->node_count,
        .makes_table = -1,
        .id = value_text(""),
        .decl = decl,
        .fields = fields,
    };
}

enum status
render_open(struct render **out, struct engine *engine, const struct run_row *row,
            const struct render_options *options, struct error *error)
{
    struct render *render = mem_alloc(sizeof(*render));
    render->options = *options;
    arena_init(&render->arena, LIMIT_CHUNK_BYTES);
    *out = NULL;
    enum status status = look_open(&render->look, engine, row, options->table, error);
    if (status != STATUS_OK) {
        render_close(&render);
        return status;
    }
    make_node(render, render->look.table->plan);
    columns_init(&render->all, render->look.run->program, render->look.table->plan, &render->arena);
    render->columns = options->columns;
    *out = render;
    return STATUS_OK;
}

struct slice
render_table(const struct render *render)
{
    return value_slice(render->look.table->plan->name);
}

void
render_close(struct render **render)
{
    struct render *gone = *render;
    *render = NULL;
    if (gone == NULL)
        return;
    if (gone->book != NULL)
        gone->options.format->sink_close(&gone->book);
    look_close(&gone->look);
    arena_done(&gone->arena);
    mem_free(gone);
}

/* --- the row of an item --- */

static bool
is_own_column(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(own_columns); i++) {
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

static struct value
rename_meeting(struct arena *arena, struct value row)
{
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
    char text[64];
    struct key key = chunk_item_key(chunk, index);
    size_t size = key_print(key_slice(&key), text, sizeof(text));
    const char *state = item_state_name((enum item_state)chunk->items[index].state);
    struct value values[] = {
        value_string_copy(arena, slice_of(text, size)),
        value_text(state),
        error_text(chunk, index),
    };
    for (size_t i = 0; i < COUNT_OF(own_columns); i++)
        row = value_object_set(arena, row, value_text(own_columns[i]), values[i]);
    return row;
}

/* Just the columns that were asked for, for formats whose rows have their own. */
static struct value
select_columns(const struct render *render, struct arena *arena, struct value row)
{
    struct value selected = value_empty_object();
    for (uint32_t i = 0; i < render->options.columns.count; i++) {
        struct value name = value_items(render->options.columns)[i];
        selected =
            value_object_set(arena, selected, name, value_find_or_null(row, value_slice(name)));
    }
    return selected;
}

static enum status
make_row(struct render *render, struct chunk *chunk, uint32_t index, struct value *out)
{
    struct step_failure failure;
    struct step_scope scope = {
        .plan = chunk->program->plan,
        .node = &render->node,
        .root = chunk_root_behind(chunk, index),
        .arena = &chunk->arena,
    };
    if (!render->options.format->sink_row(&scope, out, &failure))
        return error_set(render->error, STATUS_LIMIT, "row %llu: %s",
                         (unsigned long long)(chunk->begin.ordinal + index), failure.words);
    if (must_rename(*out))
        *out = rename_meeting(&chunk->arena, *out);
    *out = add_own_columns(chunk, index, *out);
    if (render->options.columns.kind == VALUE_ARRAY)
        *out = select_columns(render, &chunk->arena, *out);
    return out->kind != VALUE_NONE ? STATUS_OK
                                   : error_set(render->error, STATUS_LIMIT, "a row is too large");
}

/* --- rows --- */

static void
write_row(struct render *render, struct value row)
{
    const struct step_type *format = render->options.format;
    if (render->options.is_array) {
        buffer_append_text(render->out, render->given == 0 ? "[" : ",\n");
        json_print(render->out, row);
    } else if (render->book != NULL) {
        render->status = format->sink_add(render->book, row, render->out, render->error);
    } else {
        format->sink_encode(&render->node, render->columns, row, render->out);
    }
}

static void
give_row(struct render *render, struct chunk *chunk, uint32_t index)
{
    struct arena_mark mark = arena_mark(&chunk->arena);
    struct value row;
    render->status = make_row(render, chunk, index, &row);
    if (render->status == STATUS_OK && render->phase == RENDER_FINDS_COLUMNS)
        render->status = columns_add(&render->all, row, render->error);
    else if (render->status == STATUS_OK)
        write_row(render, row);
    if (render->status == STATUS_OK && buffer_is_over(render->out))
        render->status =
            error_set(render->error, STATUS_LIMIT, "the text of one chunk is too large");
    render->given++;
    arena_rewind(&chunk->arena, mark);
}

static void
give_rows(struct chunk *chunk, void *context)
{
    struct render *render = context;
    const struct render_options *options = &render->options;
    for (uint32_t i = 0; i < chunk->item_count && render->status == STATUS_OK; i++) {
        uint64_t ordinal = chunk->begin.ordinal + i;
        render->is_past = ordinal > options->through_ordinal ||
                          (options->limit > 0 && render->given >= options->limit);
        if (render->is_past)
            return;
        if (ordinal >= options->from_ordinal &&
            (!options->has_state || chunk->items[i].state == options->state))
            give_row(render, chunk, i);
    }
}

/* --- the way through both passes --- */

/* Our own come last, whatever the steps of the rows are called. */
static enum status
know_columns(struct render *render, struct error *error)
{
    struct value found = columns_names(&render->all);
    struct value names = value_empty_array();
    for (uint32_t i = 0; i < found.count; i++) {
        if (!is_own_column(value_slice(value_items(found)[i])))
            names = value_array_append(&render->arena, names, value_items(found)[i]);
    }
    for (size_t i = 0; i < COUNT_OF(own_columns); i++)
        names = value_array_append(&render->arena, names, value_text(own_columns[i]));
    render->columns = names;
    return names.kind == VALUE_NONE || found.kind == VALUE_NONE
               ? error_set(error, STATUS_LIMIT, "the columns are too many")
               : STATUS_OK;
}

static void
begin_writing(struct render *render)
{
    const struct step_type *format = render->options.format;
    look_rewind(&render->look);
    render->given = 0;
    render->is_past = false;
    render->phase = RENDER_WRITES;
    if (render->options.is_array)
        return;
    if (format->sink_open != NULL) {
        struct sink_start start = {&render->node, render->columns,
                                   render->look.run->started_unix_ms};
        render->book = format->sink_open(&start);
    } else if (format->sink_header != NULL) {
        format->sink_header(&render->node, render->columns, render->out);
    }
}

/* JSON has the names in each row; any other file has to know them first. */
static bool
needs_columns(const struct render *render)
{
    const struct step_type *format = render->options.format;
    return render->columns.kind == VALUE_NONE && !render->options.is_array &&
           (format->sink_header != NULL || format->sink_open != NULL);
}

/* Adds what is declared; *is_all: rows can have no more. */
static enum status
declare_columns(struct render *render, bool *is_all, struct error *error)
{
    struct sink_place sink = {&render->node, render->options.format, true};
    struct value row;
    enum status status = columns_declared(&row, &render->all, &sink,
                                          source_header(render->look.table), is_all, error);
    if (status != STATUS_OK)
        return status;
    if (must_rename(row))
        row = rename_meeting(&render->arena, row);
    return columns_add(&render->all, row, error);
}

static enum status
begin(struct render *render, struct error *error)
{
    bool is_all = true;
    enum status status = STATUS_OK;
    if (needs_columns(render)) {
        status = declare_columns(render, &is_all, error);
        if (status == STATUS_OK && is_all)
            status = know_columns(render, error);
    }
    if (status == STATUS_OK && is_all)
        begin_writing(render);
    else
        render->phase = RENDER_FINDS_COLUMNS;
    return status;
}

static enum status
end_writing(struct render *render, struct error *error)
{
    if (render->options.is_array)
        buffer_append_text(render->out, render->given == 0 ? "[]\n" : "]\n");
    else if (render->book != NULL)
        return render->options.format->sink_end(render->book, render->out, error);
    return STATUS_OK;
}

static enum status
end_pass(struct render *render, bool *is_end, struct error *error)
{
    *is_end = render->phase == RENDER_WRITES;
    if (*is_end)
        return end_writing(render, error);
    enum status status = know_columns(render, error);
    if (status == STATUS_OK)
        begin_writing(render);
    return status;
}

enum status
render_next(struct render *render, struct buffer *out, bool *is_end, struct error *error)
{
    bool is_pass_end = false;
    *is_end = false;
    render->out = out;
    render->error = error;
    render->status = STATUS_OK;
    enum status status = render->phase == RENDER_BEGINS ? begin(render, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = look_next(&render->look, render->options.from_ordinal, give_rows, render,
                           &is_pass_end, error);
    if (status == STATUS_OK)
        status = render->status;
    if (status == STATUS_OK && (is_pass_end || render->is_past))
        status = end_pass(render, is_end, error);
    return status;
}
