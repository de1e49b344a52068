#include "engine/render.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/columns.h"
#include "engine/look.h"
#include "engine/row_view.h"
#include "engine/run.h"

#include <string.h>

enum render_phase {
    RENDER_BEGINS,
    RENDER_FINDS_COLUMNS,
    RENDER_WRITES,
};

struct render {
    struct render_options options;
    struct look look;
    struct arena arena;
    struct row_view view;
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
    row_view_init(&render->view, render->look.table->plan, options->format, &render->arena);
    render->view.is_plain = options->is_plain || options->is_of_items;
    render->view.is_of_items = options->is_of_items;
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
        format->sink_encode(&render->view.node, render->columns, row, render->out);
    }
}

static void
give_row(struct render *render, struct chunk *chunk, uint32_t index)
{
    struct arena_mark mark = arena_mark(&chunk->arena);
    struct value row;
    render->status = row_view_make(&row, &render->view, chunk, index, render->error);
    if (render->status == STATUS_OK && render->options.columns.kind == VALUE_ARRAY)
        row = select_columns(render, &chunk->arena, row);
    if (render->status == STATUS_OK && row.kind == VALUE_NONE)
        render->status = error_set(render->error, STATUS_LIMIT, "a row is too large");
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
            (!options->has_state || chunk->items[i].state == options->state) &&
            row_view_has(&render->view, chunk, i))
            give_row(render, chunk, i);
    }
}

/* --- the way through both passes --- */

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
        struct sink_start start = {&render->view.node, render->columns,
                                   render->look.run->created_unix_ms, NULL, NULL};
        render->book = format->sink_open(&start);
    } else if (format->sink_header != NULL) {
        format->sink_header(&render->view.node, render->columns, render->out);
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

static enum status
begin(struct render *render, struct error *error)
{
    bool is_all = true;
    enum status status = STATUS_OK;
    if (needs_columns(render)) {
        status = row_view_declare(&render->view, &render->all, source_header(render->look.table),
                                  &is_all, error);
        if (status == STATUS_OK && is_all)
            status = row_view_names(&render->columns, &render->view, &render->all, error);
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
    enum status status = row_view_names(&render->columns, &render->view, &render->all, error);
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
