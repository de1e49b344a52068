#include "base/json.h"
#include "steps/row.h"
#include "steps/types.h"

static const struct field_decl write_jsonl_fields[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .help = "Of the file; the step's id and .jsonl if not given."},
    {.name = "columns",
     .kind = FIELD_TEXT_MAP,
     .help = "Names and templates of the members, in order; by default the item's own columns, "
             "then the steps' outputs."},
};

const struct step_decl write_jsonl_decl = {
    .name = "write_jsonl",
    .group = STEP_GROUP_OUTPUT,
    .shape = STEP_SHAPE_SINK,
    .summary = "Writes the rows to a file, one JSON object a line; its value is {file, rows}.",
    .fields = write_jsonl_fields,
    .field_count = COUNT_OF(write_jsonl_fields),
};

static bool
write_jsonl_is_declared(const struct plan_node *node)
{
    return true;
}

static void
write_jsonl_encode(const struct plan_node *node, struct value columns, struct value row,
                   struct buffer *out)
{
    json_print(out, row);
    buffer_append_byte(out, '\n');
}

const struct step_type step_write_jsonl = {
    .decl = &write_jsonl_decl,
    .sink_is_declared = write_jsonl_is_declared,
    .sink_row = row_of_item,
    .sink_encode = write_jsonl_encode,
    .form = {"jsonl", "application/x-ndjson"},
};
