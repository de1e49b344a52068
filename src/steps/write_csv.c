#include "document/csv.h"
#include "steps/row.h"
#include "steps/types.h"

static const struct field_decl write_csv_fields[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .help = "Of the file; the step's id and .csv if not given."},
    {.name = "columns",
     .kind = FIELD_TEXT_MAP,
     .help = "Names and templates of the columns, in order; by default the item's own columns, "
             "then the steps' outputs."},
    {.name = "delimiter", .kind = FIELD_SIGN, .help = "Between the fields; a comma if not given."},
    {.name = "bom",
     .kind = FIELD_BOOL,
     .help = "Whether the file begins with a byte order mark, by which Excel knows UTF-8 (false if "
             "not given)."},
    {.name = "escape_formulas",
     .kind = FIELD_BOOL,
     .help = "Whether texts that a spreadsheet would take for formulas get an apostrophe in front "
             "(true if not given)."},
};

/* Places in write_csv_fields: looked at for every row. */
enum { COLUMNS_FIELD = 1, DELIMITER_FIELD, BOM_FIELD, ESCAPE_FIELD };

const struct step_decl write_csv_decl = {
    .name = "write_csv",
    .group = STEP_GROUP_OUTPUT,
    .shape = STEP_SHAPE_SINK,
    .summary = "Writes the rows to a CSV file; its value is {file, rows}.",
    .fields = write_csv_fields,
    .field_count = COUNT_OF(write_csv_fields),
};

#define CELLS_AT_ONCE 64

/* The columns of a file: names of an array, or of the declared map. */
struct columns {
    const struct value *names;
    uint32_t count;
};

static bool
write_csv_is_declared(const struct plan_node *node)
{
    return plan_node_field(node, "columns")->is_given;
}

static struct csv_format
format_of(const struct plan_node *node, uint32_t column_count)
{
    struct value delimiter = node->fields[DELIMITER_FIELD].literal;
    struct csv_format format = {
        .delimiter = ',',
        .escapes_formulas = node->fields[ESCAPE_FIELD].literal.kind != VALUE_FALSE,
    };
    if (delimiter.kind == VALUE_STRING && delimiter.count > 0)
        format.delimiter = delimiter.text[0];
    format.is_telling = column_count == 1 && format.delimiter != ',';
    return format;
}

static struct columns
columns_of(const struct plan_node *node, struct value columns)
{
    if (columns.kind == VALUE_ARRAY)
        return (struct columns){value_items(columns), columns.count};
    const struct config_field *field = &node->fields[COLUMNS_FIELD];
    return (struct columns){field->entry_names, field->entry_count};
}

static void
write_csv_header(const struct plan_node *node, struct value columns, struct buffer *out)
{
    struct columns all = columns_of(node, columns);
    struct csv_format format = format_of(node, all.count);
    if (node->fields[BOM_FIELD].literal.kind == VALUE_TRUE)
        buffer_append_text(out, "\xEF\xBB\xBF");
    size_t begin = out->size;
    if (all.count == 0)
        return;
    format.is_telling = true;
    csv_write_cells(out, all.names, all.count, &format);
    csv_end_row(out, begin, all.count);
}

/* Rows mostly hold their columns in the file's order. */
static struct value
cell_of(struct value row, struct value name, uint32_t place)
{
    if (place < row.count) {
        const struct member *member = &value_members(row)[place];
        if (slice_equal(value_slice(member->key), value_slice(name)))
            return member->value;
    }
    return value_find(row, value_slice(name));
}

static void
write_csv_encode(const struct plan_node *node, struct value columns, struct value row,
                 struct buffer *out)
{
    struct columns all = columns_of(node, columns);
    struct csv_format format = format_of(node, all.count);
    size_t begin = out->size;
    struct value cells[CELLS_AT_ONCE];
    for (uint32_t at = 0; at < all.count; at += CELLS_AT_ONCE) {
        uint32_t count = all.count - at < CELLS_AT_ONCE ? all.count - at : CELLS_AT_ONCE;
        for (uint32_t i = 0; i < count; i++)
            cells[i] = cell_of(row, all.names[at + i], at + i);
        if (at > 0)
            buffer_append_byte(out, format.delimiter);
        csv_write_cells(out, cells, count, &format);
    }
    csv_end_row(out, begin, all.count);
}

const struct step_type step_write_csv = {
    .decl = &write_csv_decl,
    .sink_is_declared = write_csv_is_declared,
    .sink_row = row_of_item,
    .sink_header = write_csv_header,
    .sink_encode = write_csv_encode,
    .form = {"csv", "text/csv; charset=utf-8"},
};
