#include "base/mem.h"
#include "document/xlsx_write.h"
#include "steps/row.h"
#include "steps/row_notes.h"
#include "steps/types.h"

static const struct field_decl write_xlsx_fields[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .help = "Of the file; the step's id and .xlsx if not given."},
    {.name = "columns",
     .kind = FIELD_TEXT_MAP,
     .help = "Names and templates of the columns, in order; by default the item's own columns, "
             "then the steps' outputs."},
    {.name = "sheet", .kind = FIELD_LABEL, .help = "Name of the sheet; Sheet1 if not given."},
    {.name = "split",
     .kind = FIELD_BOOL,
     .help = "Whether rows that a sheet does not hold go to further sheets."},
    {.name = "max_rows",
     .kind = FIELD_INT,
     .min = 1,
     .max = XLSX_ROWS_MAX - 1,
     .help = "Rows of one sheet below the header, with split; 1,048,575 if not given."},
    {.name = "dates",
     .kind = FIELD_BOOL,
     .help = "Whether text that is an ISO 8601 date, with a time or without, becomes a date."},
};

const struct step_decl write_xlsx_decl = {
    .name = "write_xlsx",
    .shape = STEP_SHAPE_SINK,
    .group = STEP_GROUP_OUTPUT,
    .summary = "Writes the rows to an Excel workbook; its value is {file, rows}.",
    .fields = write_xlsx_fields,
    .field_count = COUNT_OF(write_xlsx_fields),
};

/* Beside its cells a row brings the notes on them, under a name that no column has. */
#define NOTES "\x01notes"

struct sink_book {
    struct xlsx_writer *writer;
    struct arena arena; /* of the names of declared columns */
};

static bool
write_xlsx_is_declared(const struct plan_node *node)
{
    return plan_node_field(node, "columns")->is_given;
}

/* What no cell can hold fails its own row, not the file. */
static bool
check_cells(struct value row, struct step_failure *failure)
{
    const struct member *members = value_members(row);
    for (uint32_t i = 0; i < row.count; i++) {
        if (xlsx_can_hold(members[i].value))
            continue;
        return step_fail(failure, "cell_too_long",
                         "column \"%.*s\": the text is longer than the %d characters that a cell "
                         "holds",
                         SLICE_FORMAT(slice_cut(value_slice(members[i].key), 100)), XLSX_TEXT_MAX);
    }
    return true;
}

static bool
write_xlsx_row(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    if (!row_of_item(scope, out, failure))
        return false;
    struct value notes = row_notes(scope, out);
    if (!check_cells(*out, failure))
        return false;
    if (notes.kind == VALUE_NONE || notes.count > 0)
        *out = value_object_set(scope->arena, *out, value_text(NOTES), notes);
    return out->kind != VALUE_NONE || step_fail(failure, "limit_exceeded", "the row is too large");
}

static uint32_t
rows_of_sheet(const struct plan_node *node)
{
    const struct config_field *field = plan_node_field(node, "max_rows");
    return field->is_given ? (uint32_t)field->literal.integer : XLSX_ROWS_MAX - 1;
}

/* Columns that were found in rows have the notes among them. */
static struct value
without_notes(struct arena *arena, struct value columns)
{
    struct value kept = value_empty_array();
    for (uint32_t i = 0; i < columns.count; i++) {
        if (!slice_is(value_slice(value_items(columns)[i]), NOTES))
            kept = value_array_append(arena, kept, value_items(columns)[i]);
    }
    return kept;
}

static struct sink_book *
write_xlsx_open(const struct sink_start *start)
{
    const struct plan_node *node = start->node;
    struct sink_book *book = mem_alloc(sizeof(*book));
    arena_init(&book->arena, MIB(4));
    struct xlsx_options options = {
        .columns = start->columns,
        .created_unix_ms = start->created_unix_ms,
        .rows_max = rows_of_sheet(node),
        .may_split = value_is_true(plan_node_field(node, "split")->literal),
        .has_dates = value_is_true(plan_node_field(node, "dates")->literal),
    };
    const struct config_field *columns = plan_node_field(node, "columns");
    if (options.columns.kind == VALUE_NONE)
        options.columns = value_array_new(&book->arena, columns->entry_names, columns->entry_count);
    else
        options.columns = without_notes(&book->arena, options.columns);
    const struct config_field *sheet = plan_node_field(node, "sheet");
    if (sheet->is_given)
        options.sheet = value_slice(sheet->literal);
    book->writer = xlsx_writer_new(&options);
    return book;
}

static enum status
write_xlsx_add(struct sink_book *book, struct value row, struct buffer *out, struct error *error)
{
    enum status status = xlsx_writer_add(book->writer, row, out, error);
    struct value notes = value_get(row, NOTES);
    for (uint32_t i = 0; status == STATUS_OK && notes.kind == VALUE_OBJECT && i < notes.count; i++)
        xlsx_writer_comment(book->writer, value_slice(value_members(notes)[i].key),
                            value_slice(value_members(notes)[i].value));
    return status;
}

static enum status
write_xlsx_end(struct sink_book *book, struct buffer *out, struct error *error)
{
    return xlsx_writer_end(book->writer, out, error);
}

static void
write_xlsx_close(struct sink_book **book)
{
    struct sink_book *gone = *book;
    *book = NULL;
    if (gone == NULL)
        return;
    xlsx_writer_free(&gone->writer);
    arena_done(&gone->arena);
    mem_free(gone);
}

const struct step_type step_write_xlsx = {
    .decl = &write_xlsx_decl,
    .sink_is_declared = write_xlsx_is_declared,
    .sink_row = write_xlsx_row,
    .sink_open = write_xlsx_open,
    .sink_add = write_xlsx_add,
    .sink_end = write_xlsx_end,
    .sink_close = write_xlsx_close,
    .form = {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
};
