#include "steps/lines.h"
#include "steps/types.h"

static const struct field_decl read_list_fields[] = {
    {.name = "list",
     .kind = FIELD_TEXT,
     .required = true,
     .help = "The list to read: its id or its name."},
    {.name = "filter",
     .kind = FIELD_TEXT_MAP,
     .help = "Only rows whose members have just these values; null: none."},
};

const struct step_decl read_list_decl = {
    .name = "read_list",
    .group = STEP_GROUP_SOURCES,
    .shape = STEP_SHAPE_SOURCE,
    .summary = "Reads the rows of a list, as they are when the step begins.",
    .fields = read_list_fields,
    .field_count = COUNT_OF(read_list_fields),
};

const struct step_type step_read_list = {
    .decl = &read_list_decl,
    .reads = STEP_READS_LIST,
    .source_open = lines_open_kept,
    .source_next = lines_next,
    .source_columns = lines_columns,
    .source_close = lines_close,
};
