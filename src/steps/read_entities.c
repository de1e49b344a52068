#include "steps/lines.h"
#include "steps/types.h"

static const struct field_decl read_entities_fields[] = {
    {.name = "type",
     .kind = FIELD_TEXT,
     .help = "Entities of this type: its slug or its id. Needed without `ids`."},
    {.name = "filter",
     .kind = FIELD_TEXT_MAP,
     .help = "Only those whose fields, by their slugs, have just these values; null: none."},
    {.name = "ids",
     .kind = FIELD_ANY,
     .help = "Only those with these ids, in this order: a list, or a template that gives one. "
             "The word `all`: all of the type."},
    {.name = "externalIds", .kind = FIELD_ANY, .help = "The same by the type's externalIds."},
};

const struct step_decl read_entities_decl = {
    .name = "read_entities",
    .group = STEP_GROUP_SOURCES,
    .shape = STEP_SHAPE_SOURCE,
    .summary = "Reads entities, as they are when the step begins.",
    .fields = read_entities_fields,
    .field_count = COUNT_OF(read_entities_fields),
};

const struct step_type step_read_entities = {
    .decl = &read_entities_decl,
    .reads = STEP_READS_ENTITIES,
    .source_open = lines_open_kept,
    .source_next = lines_next,
    .source_columns = lines_columns,
    .source_close = lines_close,
};
