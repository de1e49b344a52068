#include "base/conversion.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "steps/reading.h"
#include "steps/types.h"

#include <inttypes.h>

static const struct field_decl read_xlsx_fields[] = {
    {.name = "file", .kind = FIELD_TEXT, .required = true, .help = "The workbook to read."},
    {.name = "sheet",
     .kind = FIELD_ANY,
     .help = "Name of the sheet, or its number from 1; the first that is not hidden if not given."},
    {.name = "header",
     .kind = FIELD_BOOL,
     .help = "Whether the first row names the columns (true if not given); otherwise they are "
             "column_1, column_2, …"},
};

const struct step_decl read_xlsx_decl = {
    .name = "read_xlsx",
    .group = STEP_GROUP_SOURCES,
    .shape = STEP_SHAPE_SOURCE,
    .summary = "Reads the rows of a sheet of an Excel workbook; values keep their types.",
    .fields = read_xlsx_fields,
    .field_count = COUNT_OF(read_xlsx_fields),
};

/* Counts up when the kind "xlsx" of src/convert gives other lines for the same sheet. */
#define VERSION 1

struct source {
    struct arena arena;
    struct step_file *file;
    struct value columns;      /* array of names */
    struct source_place first; /* of the first row */
};

/* --- converting --- */

static enum status
read_xlsx_convert(struct value config, struct arena *arena, struct step_conversion *out,
                  struct error *error)
{
    struct value sheet = value_get(config, "sheet");
    struct value header = value_get(config, "header");
    int64_t number = 0;
    *out = (struct step_conversion){"xlsx", VERSION, value_empty_object()};
    if (sheet.kind != VALUE_NONE && sheet.kind != VALUE_NULL && sheet.kind != VALUE_STRING &&
        !(value_integer(sheet, &number) && number > 0))
        return error_set(error, STATUS_INVALID,
                         "sheet: expected a name, or a number from 1, found %s",
                         value_is_number(sheet) ? "another number" : value_kind_name(sheet));
    if (number > 0)
        sheet = value_int(number);
    if (sheet.kind == VALUE_STRING || sheet.kind == VALUE_INT)
        out->options = value_object_set(arena, out->options, value_text("sheet"), sheet);
    out->options = value_object_set(arena, out->options, value_text("header"),
                                    value_bool(header.kind != VALUE_FALSE));
    return STATUS_OK;
}

/* --- lines --- */

/* A row as it is in the file: a list of cells, or a string that says why there are none. */
typedef bool take_line_fn(struct reading *reading, struct value line, void *context);

struct lines {
    take_line_fn *take; /* false: the arena is full */
    void *context;
};

static enum status
read_lines(struct reading *reading, struct piece *piece, void *context)
{
    const struct lines *lines = context;
    while (!reading_is_full(reading) && piece->at < piece->end) {
        const char *end = memchr(piece->at, '\n', (size_t)(piece->end - piece->at));
        if (end == NULL && !piece->is_last)
            break;
        end = end == NULL ? piece->end : end;
        struct value line;
        struct slice text = slice_of(piece->at, (size_t)(end - piece->at));
        enum status status =
            json_parse(&line, reading->arena, text, JSON_BORROW, NULL, reading->error);
        if (status == STATUS_OK && !lines->take(reading, line, lines->context))
            status = STATUS_LIMIT;
        if (status != STATUS_OK)
            return status;
        reading_pass(reading, piece, end + (end < piece->end), 1);
    }
    return STATUS_OK;
}

/* --- opening --- */

static void
read_xlsx_close(struct source **source)
{
    struct source *gone = *source;
    *source = NULL;
    if (gone == NULL)
        return;
    arena_done(&gone->arena);
    mem_free(gone);
}

static bool
take_header(struct reading *reading, struct value line, void *context)
{
    reading_add(reading, line, NULL);
    return true;
}

/* The line behind the head, from *place on. */
static enum status
read_header(struct source *source, struct arena *arena, struct source_place *place,
            struct value *out, struct error *error)
{
    struct source_batch batch = {0};
    struct lines lines = {take_header, NULL};
    struct reading reading = {
        .file = source->file,
        .place = place,
        .rows_max = 1,
        .bytes_max = LIMIT_ROW_BYTES,
        .arena = arena,
        .out = &batch,
        .error = error,
    };
    enum status status = reading_fill(&reading, read_lines, &lines);
    *out = status == STATUS_OK && batch.count == 1 ? batch.rows[0].value : value_empty_array();
    place->ordinal = 0;
    return status;
}

static enum status
keep_names(struct source *source, struct value names, struct error *error)
{
    struct value known = value_empty_object();
    source->columns = value_empty_array();
    for (uint32_t i = 0; i < names.count; i++) {
        struct value name = value_items(names)[i];
        if (name.kind != VALUE_STRING || name.count == 0)
            return error_set(error, STATUS_INVALID, "column %" PRIu32 " has no name", i + 1);
        struct value before = value_find(known, value_slice(name));
        if (before.kind == VALUE_INT)
            return error_set(error, STATUS_INVALID,
                             "columns %" PRId64 " and %" PRIu32 " are both named \"%.*s\"",
                             before.integer, i + 1,
                             SLICE_FORMAT(slice_cut(value_slice(name), 100)));
        struct slice copy = arena_copy(&source->arena, value_slice(name));
        if (copy.ptr != NULL)
            known = value_object_set(&source->arena, known, value_string(copy), value_int(i + 1));
        source->columns = value_array_append(&source->arena, source->columns, value_string(copy));
        if (copy.ptr == NULL || known.kind == VALUE_NONE || source->columns.kind == VALUE_NONE)
            return error_set(error, STATUS_LIMIT, "the names of the columns are too long");
    }
    return STATUS_OK;
}

static void
number_columns(struct source *source, int64_t count)
{
    source->columns = value_empty_array();
    for (int64_t i = 1; i <= count; i++) {
        const char *name = arena_format(&source->arena, "column_%" PRId64, i);
        source->columns = value_array_append(&source->arena, source->columns, value_text(name));
    }
}

static enum status
read_head(struct step_file *file, struct arena *arena, struct value *out, struct error *error)
{
    char line[CONVERSION_HEAD_BYTES];
    size_t got = 0;
    enum status status = file->read(file, 0, line, sizeof(line), &got, error);
    if (status != STATUS_OK)
        return status;
    return json_parse(out, arena, slice_of(line, got), 0, NULL, error);
}

static enum status
begin(struct source *source, struct arena *arena, bool has_header, struct error *error)
{
    struct value head;
    struct value names = value_empty_array();
    int64_t column_count = 0;
    struct source_place place = {.offset = CONVERSION_HEAD_BYTES, .line = 1};
    enum status status = read_head(source->file, arena, &head, error);
    if (status == STATUS_OK && has_header)
        status = read_header(source, arena, &place, &names, error);
    if (status != STATUS_OK)
        return status;
    source->first = place;
    if (!has_header && value_integer(value_get(head, "columns"), &column_count))
        number_columns(source, column_count);
    status = has_header ? keep_names(source, names, error) : STATUS_OK;
    if (status != STATUS_OK)
        error_prepend(error, "%s: sheet \"%.*s\"", source->file->name,
                      SLICE_FORMAT(value_slice(value_get(head, "sheet"))));
    return status;
}

static enum status
read_xlsx_open(struct source **out, struct value config, struct step_file *file,
               struct error *error)
{
    *out = NULL;
    struct source *source = mem_alloc(sizeof(*source));
    struct arena arena;
    arena_init(&source->arena, 4 * LIMIT_ROW_BYTES);
    arena_init(&arena, 4 * LIMIT_ROW_BYTES);
    source->file = file;
    enum status status =
        begin(source, &arena, value_get(config, "header").kind != VALUE_FALSE, error);
    arena_done(&arena);
    if (status == STATUS_OK)
        *out = source;
    else
        read_xlsx_close(&source);
    return status;
}

static struct value
read_xlsx_columns(const struct source *source)
{
    return source->columns;
}

/* --- rows --- */

struct row_room {
    const struct source *source;
    struct member *members; /* with their names */
};

static bool
take_row(struct reading *reading, struct value line, void *context)
{
    const struct row_room *room = context;
    uint32_t count = room->source->columns.count;
    if (line.kind == VALUE_STRING) {
        reading_add(reading, value_null(),
                    arena_format(reading->arena, "%.*s", SLICE_FORMAT(value_slice(line))));
        return true;
    }
    for (uint32_t i = 0; i < count; i++)
        room->members[i].value = i < line.count ? value_items(line)[i] : value_null();
    struct value row = value_object_new(reading->arena, room->members, count);
    if (row.kind == VALUE_NONE)
        return false;
    reading_add(reading, row, NULL);
    return true;
}

static enum status
read_xlsx_next(struct source *source, struct source_place *place, size_t rows_max, size_t bytes_max,
               struct arena *arena, struct source_batch *out, struct error *error)
{
    uint32_t count = source->columns.count;
    struct row_room room = {source, arena_try_alloc(arena, (count + 1) * sizeof(*room.members))};
    struct lines lines = {take_row, &room};
    if (room.members == NULL)
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
    return reading_fill(&reading, read_lines, &lines);
}

const struct step_type step_read_xlsx = {
    .decl = &read_xlsx_decl,
    .source_convert = read_xlsx_convert,
    .source_open = read_xlsx_open,
    .source_next = read_xlsx_next,
    .source_columns = read_xlsx_columns,
    .source_close = read_xlsx_close,
};
