#include "base/limits.h"
#include "base/mem.h"
#include "document/csv.h"
#include "steps/reading.h"
#include "steps/types.h"

#include <inttypes.h>
#include <strings.h>

static const struct field_decl read_csv_fields[] = {
    {.name = "file", .kind = FIELD_TEXT, .required = true, .help = "The file to read."},
    {.name = "delimiter",
     .kind = FIELD_LABEL,
     .help = "One character between the fields; a comma if not given."},
    {.name = "encoding", .kind = FIELD_LABEL, .help = "utf-8, the only one so far."},
    {.name = "header",
     .kind = FIELD_BOOL,
     .help = "Whether the first line names the columns (true if not given); otherwise they are "
             "column_1, column_2, …"},
};

const struct step_decl read_csv_decl = {
    .name = "read_csv",
    .group = STEP_GROUP_SOURCES,
    .shape = STEP_SHAPE_SOURCE,
    .summary = "Reads the rows of a CSV file; every value is a string.",
    .fields = read_csv_fields,
    .field_count = COUNT_OF(read_csv_fields),
};

struct source {
    struct arena arena;
    struct step_file *file;
    struct csv_dialect dialect;
    struct value columns;      /* array of names */
    struct source_place first; /* of the first row */
};

/* Room for the rows of one batch. */
struct row_room {
    const struct source *source;
    struct value *fields;
    struct member *members; /* with their names */
};

/* --- opening --- */

static bool
is_delimiter(struct slice text)
{
    return text.size == 1 && (text.ptr[0] == '\t' || text.ptr[0] >= ' ') && text.ptr[0] < 0x7f &&
           text.ptr[0] != '"';
}

static enum status
read_options(struct source *source, struct value config, struct error *error)
{
    struct value delimiter = value_get(config, "delimiter");
    struct value encoding = value_get(config, "encoding");
    source->dialect = (struct csv_dialect){',', '"'};
    if (delimiter.kind == VALUE_STRING) {
        if (!is_delimiter(value_slice(delimiter)))
            return error_set(error, STATUS_INVALID,
                             "delimiter: expected one ASCII character other than a quote, such as "
                             "\";\" or \"\\t\"");
        source->dialect.delimiter = delimiter.text[0];
    }
    if (encoding.kind != VALUE_STRING)
        return STATUS_OK;
    struct slice name = value_slice(encoding);
    bool is_known = (name.size == 5 && strncasecmp(name.ptr, "utf-8", 5) == 0) ||
                    (name.size == 4 && strncasecmp(name.ptr, "utf8", 4) == 0);
    if (!is_known)
        return error_set(error, STATUS_INVALID,
                         "encoding: only utf-8 can be read; write the file anew as UTF-8 (iconv -f "
                         "%.*s -t utf-8)",
                         SLICE_FORMAT(slice_cut(name, 64)));
    return STATUS_OK;
}

/* The first row that is not blank. */
struct first_row {
    const struct source *source;
    uint64_t line; /* where it begins */
};

static enum status
check_first_row(const struct reading *reading, const struct csv_row *row)
{
    uint64_t line = reading->place->line + row->problem_line;
    if (row->problem != NULL)
        return error_set(reading->error, STATUS_INVALID,
                         "%s: line %" PRIu64 ", column %" PRIu64 ": %s", reading->file->name, line,
                         row->problem_column, row->problem);
    if (row->count > LIMIT_ROW_FIELDS)
        return error_set(reading->error, STATUS_INVALID,
                         "%s: line %" PRIu64 ": %" PRIu32 " fields, at most %d are read",
                         reading->file->name, line, row->count, LIMIT_ROW_FIELDS);
    return STATUS_OK;
}

/* One row as an array of its fields; a row that cannot be read is an error. */
static enum status
read_first_row(struct reading *reading, struct piece *piece, void *context)
{
    struct first_row *first = context;
    struct value *fields = arena_try_alloc(reading->arena, LIMIT_ROW_FIELDS * sizeof(*fields));
    if (fields == NULL)
        return STATUS_LIMIT;
    struct csv_reader reader = {
        .at = piece->at,
        .end = piece->end,
        .dialect = first->source->dialect,
        .is_last = piece->is_last,
        .is_full = piece->is_full,
        .arena = reading->arena,
        .fields = fields,
        .fields_max = LIMIT_ROW_FIELDS,
    };
    struct csv_row row;
    enum csv_end end = CSV_BLANK;
    while ((end = csv_read_row(&reader, &row)) == CSV_BLANK)
        reading_pass(reading, piece, reader.at, row.lines);
    if (end == CSV_MORE || end == CSV_DONE)
        return STATUS_OK;
    if (end == CSV_FULL)
        return STATUS_LIMIT;
    enum status status = check_first_row(reading, &row);
    if (status != STATUS_OK)
        return status;
    struct value names = value_array_new(reading->arena, fields, row.count);
    if (names.kind == VALUE_NONE)
        return STATUS_LIMIT;
    first->line = reading->place->line;
    reading_add(reading, names, NULL);
    reading_pass(reading, piece, reader.at, row.lines);
    return STATUS_OK;
}

/* Names are NUL-terminated too. */
static enum status
keep_names(struct source *source, struct value names, struct error *error)
{
    struct value known = value_empty_object();
    source->columns = value_empty_array();
    for (uint32_t i = 0; i < names.count; i++) {
        struct slice name = value_slice(value_items(names)[i]);
        if (!slice_is_utf8(name))
            return error_set(error, STATUS_INVALID, "the name of column %" PRIu32 " is not UTF-8",
                             i + 1);
        if (name.size == 0)
            return error_set(error, STATUS_INVALID, "column %" PRIu32 " has no name", i + 1);
        struct value before = value_find(known, name);
        if (before.kind == VALUE_INT)
            return error_set(error, STATUS_INVALID,
                             "columns %" PRId64 " and %" PRIu32 " are both named \"%.*s\"",
                             before.integer, i + 1, SLICE_FORMAT(slice_cut(name, 100)));
        struct slice copy = arena_copy(&source->arena, name);
        if (copy.ptr != NULL)
            known = value_object_set(&source->arena, known, value_string(copy), value_int(i + 1));
        source->columns = value_array_append(&source->arena, source->columns, value_string(copy));
        if (copy.ptr == NULL || known.kind == VALUE_NONE || source->columns.kind == VALUE_NONE)
            return error_set(error, STATUS_LIMIT, "the names of the columns are too long");
    }
    return STATUS_OK;
}

static void
number_columns(struct source *source, uint32_t count)
{
    source->columns = value_empty_array();
    for (uint32_t i = 1; i <= count; i++) {
        const char *name = arena_format(&source->arena, "column_%" PRIu32, i);
        source->columns = value_array_append(&source->arena, source->columns, value_text(name));
    }
}

static enum status
read_header(struct source *source, struct arena *arena, bool has_header, struct error *error)
{
    struct source_place place = source->first;
    struct source_batch batch;
    struct first_row first = {.source = source};
    struct reading reading = {
        .file = source->file,
        .place = &place,
        .rows_max = 1,
        .bytes_max = LIMIT_ROW_BYTES,
        .arena = arena,
        .out = &batch,
        .error = error,
    };
    enum status status = reading_fill(&reading, read_first_row, &first);
    if (status != STATUS_OK)
        return status;
    if (!has_header) {
        number_columns(source, batch.count == 0 ? 0 : batch.rows[0].value.count);
        return STATUS_OK;
    }
    if (batch.count == 0)
        return error_set(error, STATUS_INVALID,
                         "%s is empty: expected a first line with the names of the columns",
                         source->file->name);
    status = keep_names(source, batch.rows[0].value, error);
    if (status != STATUS_OK)
        error_prepend(error, "%s: line %" PRIu64, source->file->name, first.line);
    place.ordinal = 0;
    source->first = place;
    return status;
}

static void
read_csv_close(struct source **source)
{
    struct source *gone = *source;
    *source = NULL;
    if (gone == NULL)
        return;
    arena_done(&gone->arena);
    mem_free(gone);
}

static enum status
read_csv_open(struct source **out, struct value config, struct step_file *file, struct error *error)
{
    *out = NULL;
    struct source *source = mem_alloc(sizeof(*source));
    arena_init(&source->arena, 4 * LIMIT_ROW_BYTES);
    source->file = file;
    struct arena arena;
    arena_init(&arena, 4 * LIMIT_ROW_BYTES);
    bool has_header = value_get(config, "header").kind != VALUE_FALSE;
    enum status status = read_options(source, config, error);
    if (status == STATUS_OK)
        status = reading_begin(file, &source->first, error);
    if (status == STATUS_OK)
        status = read_header(source, &arena, has_header, error);
    arena_done(&arena);
    if (status == STATUS_OK)
        *out = source;
    else
        read_csv_close(&source);
    return status;
}

static struct value
read_csv_columns(const struct source *source)
{
    return source->columns;
}

/* --- rows --- */

static const char *
bad_bytes_problem(struct reading *reading, struct slice text)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.size;
    size_t size = 0;
    while ((size = slice_character(slice_of(at, (size_t)(end - at)))) > 0)
        at += size;
    uint64_t line = 0;
    uint64_t column = 0;
    csv_place(text.ptr, at, &line, &column);
    return arena_format(reading->arena,
                        "line %" PRIu64 ", column %" PRIu64 ": the byte 0x%02X is not UTF-8",
                        reading->place->line + line, column, (unsigned)(unsigned char)*at);
}

/* Why a row is none, or NULL. */
static const char *
row_problem(struct reading *reading, const struct csv_row *row, struct slice text,
            uint32_t column_count)
{
    uint64_t line = reading->place->line;
    if (row->problem != NULL)
        return arena_format(reading->arena, "line %" PRIu64 ", column %" PRIu64 ": %s",
                            line + row->problem_line, row->problem_column, row->problem);
    if (row->count > column_count && row->overflows)
        return arena_format(reading->arena,
                            "line %" PRIu64 ": %" PRIu32 " fields, the header has %" PRIu32, line,
                            row->count, column_count);
    return slice_is_utf8(text) ? NULL : bad_bytes_problem(reading, text);
}

static struct value
make_row(struct reading *reading, struct row_room *room, const struct csv_row *row)
{
    uint32_t count = room->source->columns.count;
    uint32_t given = row->count < count ? row->count : count;
    for (uint32_t i = 0; i < given; i++)
        room->members[i].value = row->fields[i];
    for (uint32_t i = given; i < count; i++)
        room->members[i].value = value_null();
    return value_object_new(reading->arena, room->members, count);
}

static bool
take_row(struct reading *reading, struct row_room *room, const struct csv_row *row,
         struct slice text)
{
    const char *problem = row_problem(reading, row, text, room->source->columns.count);
    struct value value = value_null();
    if (problem == NULL)
        value = make_row(reading, room, row);
    if (value.kind == VALUE_NONE)
        return false;
    reading_add(reading, value, problem);
    return true;
}

static enum status
read_rows(struct reading *reading, struct piece *piece, void *context)
{
    struct row_room *room = context;
    const struct source *source = room->source;
    struct csv_reader reader = {
        .at = piece->at,
        .end = piece->end,
        .dialect = source->dialect,
        .is_last = piece->is_last,
        .row_fields = source->columns.count,
        .arena = reading->arena,
        .fields = room->fields,
        .fields_max = source->columns.count,
    };
    while (!reading_is_full(reading)) {
        struct csv_row row;
        reader.is_full = piece->is_full;
        enum csv_end end = csv_read_row(&reader, &row);
        if (end == CSV_MORE || end == CSV_DONE)
            break;
        struct slice text = slice_of(piece->at, (size_t)(reader.at - piece->at));
        if (end == CSV_FULL || (end != CSV_BLANK && !take_row(reading, room, &row, text)))
            return STATUS_LIMIT;
        reading_pass(reading, piece, reader.at, row.lines);
        if (row.is_cut) {
            reading_skip_line(reading, piece);
            break;
        }
    }
    return STATUS_OK;
}

static enum status
read_csv_next(struct source *source, struct source_place *place, size_t rows_max, size_t bytes_max,
              struct arena *arena, struct source_batch *out, struct error *error)
{
    uint32_t count = source->columns.count;
    struct row_room room = {
        .source = source,
        .fields = arena_try_alloc(arena, count * sizeof(*room.fields)),
        .members = arena_try_alloc(arena, count * sizeof(*room.members)),
    };
    if (room.fields == NULL || room.members == NULL)
        return error_set(error, STATUS_LIMIT, "no memory is left for %zu rows", rows_max);
    for (uint32_t i = 0; i < count; i++)
        room.members[i].key = value_items(source->columns)[i];
    if (place->line == 0)
        *place = source->first;
    struct reading reading = {
        .file = source->file,
        .place = place,
        .rows_max = rows_max,
        .bytes_max = bytes_max,
        .arena = arena,
        .out = out,
        .error = error,
    };
    return reading_fill(&reading, read_rows, &room);
}

const struct step_type step_read_csv = {
    .decl = &read_csv_decl,
    .source_open = read_csv_open,
    .source_next = read_csv_next,
    .source_columns = read_csv_columns,
    .source_close = read_csv_close,
};
