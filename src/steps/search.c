#include "steps/search.h"

#include "steps/lines.h"
#include "steps/types.h"

const struct field_decl search_fields[SEARCH_FIELD_COUNT] = {
    {.name = "query",
     .kind = FIELD_TEXT,
     .required = true,
     .help = "Words; \"words in quotes\" stand together, a * goes on, a - in front excludes."},
    {.name = "filter",
     .kind = FIELD_ANY,
     .help = "Only documents with this {collection, metadata: {name: value}}."},
    {.name = "any", .kind = FIELD_BOOL, .help = "One of the words is enough; else all are needed."},
    {.name = "limit",
     .kind = FIELD_INT,
     .min = 1,
     .max = 1000,
     .help = "How many are given, the best first; 10 if not given."},
};

const struct step_decl search_decl = {
    .name = "search",
    .group = STEP_GROUP_SOURCES,
    .shape = STEP_SHAPE_SOURCE,
    .summary = "Finds documents of the workspace by their words.",
    .fields = search_fields,
    .field_count = SEARCH_FIELD_COUNT,
};

const struct step_type step_search = {
    .decl = &search_decl,
    .reads = STEP_READS_DOCUMENTS,
    .source_open = lines_open_kept,
    .source_next = lines_next,
    .source_columns = lines_columns,
    .source_close = lines_close,
};
