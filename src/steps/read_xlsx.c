#include "base/conversion.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "document/csv_dialect.h"
#include "steps/header.h"
#include "steps/reading.h"
#include "steps/types.h"

#include <inttypes.h>

static const struct field_decl read_xlsx_fields[] = {
    {.name = "file", .kind = FIELD_TEXT, .required = true, .help = "The workbook to read."},
    {.name = "sheet",
     .kind = FIELD_ANY,
     .help = "Name of the sheet, or its number from 1; the first that is not hidden if not given."},
    {.name = "header",
     .kind = FIELD_BOOL_OR_NAMES,
     .help = "Whether the first row names the columns (true if not given); if not, they are "
             "column_1, column_2, … or have the names of the list."},
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
    struct source_text text;
    struct value columns; /* array of names */
};

static bool
has_header(struct value config)
{
    struct value header = value_get(config, "header");
    return header.kind != VALUE_FALSE && header.kind != VALUE_ARRAY;
}

/* --- converting --- */

static enum status
read_xlsx_convert(struct value config, struct arena *arena, struct step_conversion *out,
                  struct error *error)
{
    struct value sheet = value_get(config, "sheet");
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
    out->options =
        value_object_set(arena, out->options, value_text("header"), value_bool(has_header(config)));
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
        struct slice text;
        struct value line;
        const char *behind = NULL;
        if (!reading_line(piece, &text, &behind))
            break;
        enum status status =
            json_parse(&line, reading->page.arena, text, JSON_BORROW, NULL, reading->error);
        if (status == STATUS_OK && !lines->take(reading, line, lines->context))
            status = STATUS_LIMIT;
        if (status != STATUS_OK)
            return status;
        reading_pass(reading, piece, behind, 1);
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
        .text = &source->text,
        .page = {place, 1, LIMIT_ROW_BYTES, arena},
        .out = &batch,
        .error = error,
    };
    enum status status = reading_fill(&reading, read_lines, &lines);
    *out = status == STATUS_OK && batch.count == 1 ? batch.rows[0].value : value_empty_array();
    place->ordinal = 0;
    return status;
}

/* A cell without a name is null. */
static enum status
make_names(struct source *source, struct arena *arena, struct value cells, struct error *error)
{
    struct value *fields = arena_try_alloc(arena, (cells.count + 1) * sizeof(*fields));
    uint32_t made_count = 0;
    for (uint32_t i = 0; i < cells.count && fields != NULL; i++) {
        struct value cell = value_items(cells)[i];
        fields[i] = cell.kind == VALUE_STRING ? cell : value_string(SLICE(""));
    }
    source->columns = (struct value){0};
    if (fields != NULL)
        source->columns = csv_make_names(&source->arena, fields, cells.count, &made_count);
    if (source->columns.kind == VALUE_NONE)
        return error_set(error, STATUS_LIMIT, "the names of the columns are too long");
    return STATUS_OK;
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
name_columns(struct source *source, struct value config, struct arena *arena, struct error *error)
{
    struct value head;
    struct value header = value_get(config, "header");
    int64_t count = 0;
    enum status status = read_head(source->text.file, arena, &head, error);
    if (status != STATUS_OK)
        return status;
    if (header.kind == VALUE_ARRAY)
        return header_take(&source->columns, &source->arena, header, error);
    if (!has_header(config)) {
        if (value_integer(value_get(head, "columns"), &count))
            source->columns = header_number(&source->arena, count);
        return STATUS_OK;
    }
    struct value cells;
    status = read_header(source, arena, &source->text.first, &cells, error);
    return status == STATUS_OK ? make_names(source, arena, cells, error) : status;
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
    source->text = (struct source_text){
        .file = file,
        .charset = charset_find(SLICE("utf-8")),
        .first = {.offset = CONVERSION_HEAD_BYTES, .line = 1},
    };
    source->columns = value_empty_array();
    enum status status = name_columns(source, config, &arena, error);
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
                    arena_format(reading->page.arena, "%.*s", SLICE_FORMAT(value_slice(line))));
        return true;
    }
    const char *problem = NULL;
    if (line.count > count)
        problem =
            arena_format(reading->page.arena, "%" PRIu32 " cells, the header has %" PRIu32 " names",
                         line.count, count);
    for (uint32_t i = 0; i < count; i++)
        room->members[i].value = i < line.count ? value_items(line)[i] : value_null();
    struct value row = value_object_new(reading->page.arena, room->members, count);
    if (row.kind == VALUE_NONE)
        return false;
    reading_add(reading, problem == NULL ? row : value_null(), problem);
    return true;
}

static enum status
read_xlsx_next(struct source *source, const struct source_page *page, struct source_batch *out,
               struct error *error)
{
    struct row_room room = {source, reading_members(page, source->columns)};
    struct lines lines = {take_row, &room};
    if (room.members == NULL)
        return error_set(error, STATUS_LIMIT, "no memory is left for %zu rows", page->rows_max);
    struct reading reading = {
        .text = &source->text,
        .page = *page,
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
