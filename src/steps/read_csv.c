#include "base/limits.h"
#include "base/mem.h"
#include "document/csv.h"
#include "document/csv_dialect.h"
#include "steps/header.h"
#include "steps/reading.h"
#include "steps/types.h"

#include <inttypes.h>

static const struct field_decl read_csv_fields[] = {
    {.name = "file", .kind = FIELD_TEXT, .required = true, .help = "The file to read."},
    {.name = "delimiter",
     .kind = FIELD_SIGN,
     .help = "One character between the fields; found in the file if not given."},
    {.name = "quote",
     .kind = FIELD_SIGN,
     .help = "One character around fields; `\"` if not given, empty for none."},
    {.name = "encoding",
     .kind = FIELD_LABEL,
     .help = "utf-8, windows-1252, …; found in the file if not given."},
    {.name = "header",
     .kind = FIELD_BOOL_OR_NAMES,
     .help = "Whether the first line names the columns (true if not given); if not, they are "
             "column_1, column_2, … or have the names of the list."},
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
    struct source_text text; /* first: behind the header */
    struct csv_dialect dialect;
    struct value columns; /* array of names */
    bool is_delimiter_given, is_encoding_given;
    uint32_t made_count; /* of names that the header does not have so */
    const char *remark;
};

/* Room for the rows of one batch. */
struct row_room {
    const struct source *source;
    struct value *fields;
    struct member *members; /* with their names */
};

/* --- options --- */

/* Both are one ASCII character or none, as the loader has seen to. */
static enum status
read_signs(struct value config, struct csv_dialect *dialect, struct error *error)
{
    struct value delimiter = value_get(config, "delimiter");
    struct value quote = value_get(config, "quote");
    *dialect = (struct csv_dialect){.quote = '"'};
    if (delimiter.kind == VALUE_STRING && delimiter.count > 0)
        dialect->delimiter = delimiter.text[0];
    if (quote.kind == VALUE_STRING)
        dialect->quote = quote.count == 0 ? CSV_NO_QUOTE : quote.text[0];
    if (dialect->quote != CSV_NO_QUOTE && !csv_is_quote((char)dialect->quote))
        return error_set(error, STATUS_INVALID,
                         "quote: expected a sign such as \" or ', or nothing if quotes are "
                         "ordinary characters");
    if (dialect->delimiter == dialect->quote)
        return error_set(error, STATUS_INVALID,
                         "delimiter: expected another character than the quote");
    return STATUS_OK;
}

static enum status
read_encoding(struct value config, const struct charset **out, struct error *error)
{
    struct value encoding = value_get(config, "encoding");
    *out = NULL;
    if (encoding.kind != VALUE_STRING)
        return STATUS_OK;
    struct slice name = slice_cut(value_slice(encoding), 64);
    *out = charset_find(name);
    if (*out != NULL)
        return STATUS_OK;
    const char *nearest = charset_nearest(name);
    if (nearest != NULL)
        return error_set(error, STATUS_INVALID,
                         "encoding: \"%.*s\" is not known; did you mean \"%s\"?",
                         SLICE_FORMAT(name), nearest);
    return error_set(error, STATUS_INVALID,
                     "encoding: \"%.*s\" is not known; known are utf-8, utf-16, windows-1252, "
                     "iso-8859-1, shift_jis and others (docs/steps/read_csv.md)",
                     SLICE_FORMAT(name));
}

/* The line of Excel is ASCII: a unit of the charset for each of its bytes. */
static void
find_delimiter(struct source *source, struct slice text)
{
    struct source_place *first = &source->text.first;
    struct csv_dialect *dialect = &source->dialect;
    char named = '\0';
    size_t size = csv_sep_line(text, &named);
    if (size > 0 && named != dialect->quote) {
        first->offset += size * source->text.charset->unit_bytes;
        first->line++;
    }
    bool is_whole = text.size + CHARSET_CHARACTER_BYTES <= LIMIT_DELIMITER_LOOK_BYTES;
    source->is_delimiter_given = dialect->delimiter != '\0';
    if (!source->is_delimiter_given && named != dialect->quote)
        dialect->delimiter = named;
    if (dialect->delimiter == '\0')
        dialect->delimiter = csv_guess_delimiter(text, is_whole, dialect->quote);
}

/* What the config leaves open is found in the file's beginning. */
static enum status
begin_text(struct source *source, struct value config, struct step_file *file, struct error *error)
{
    struct charset_hint hint = {0};
    enum status status = read_signs(config, &source->dialect, error);
    if (status == STATUS_OK)
        status = read_encoding(config, &hint.said, error);
    if (status != STATUS_OK)
        return status;
    struct buffer beginning;
    buffer_init(&beginning, LIMIT_DELIMITER_LOOK_BYTES);
    status = source_text_begin(&source->text, file, &hint, &beginning, error);
    source->is_encoding_given = hint.said != NULL;
    if (status == STATUS_OK)
        find_delimiter(source, buffer_slice(&beginning));
    buffer_done(&beginning);
    return status;
}

/* --- the header --- */

/* The first row that is not blank. */
struct first_row {
    const struct source *source;
    uint64_t line; /* where it begins */
};

static enum status
check_first_row(const struct reading *reading, const struct csv_row *row)
{
    uint64_t line = reading->page.place->line + row->problem_line;
    const char *name = reading->text->file->name;
    if (row->problem != NULL)
        return error_set(reading->error, STATUS_INVALID,
                         "%s: line %" PRIu64 ", column %" PRIu64 ": %s", name, line,
                         row->problem_column, row->problem);
    if (row->count > LIMIT_ROW_FIELDS)
        return error_set(reading->error, STATUS_INVALID,
                         "%s: line %" PRIu64 ": %" PRIu32 " fields, at most %d are read", name,
                         line, row->count, LIMIT_ROW_FIELDS);
    return STATUS_OK;
}

/* One row as an array of its fields; a row that cannot be read is an error. */
static enum status
read_first_row(struct reading *reading, struct piece *piece, void *context)
{
    struct first_row *first = context;
    struct value *fields = arena_try_alloc(reading->page.arena, LIMIT_ROW_FIELDS * sizeof(*fields));
    if (fields == NULL)
        return STATUS_LIMIT;
    struct csv_reader reader = {
        .at = piece->at,
        .end = piece->end,
        .dialect = first->source->dialect,
        .is_last = piece->is_last,
        .is_full = piece->is_full,
        .arena = reading->page.arena,
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
    struct value names = value_array_new(reading->page.arena, fields, row.count);
    if (names.kind == VALUE_NONE)
        return STATUS_LIMIT;
    first->line = reading->page.place->line;
    reading_add(reading, names, NULL);
    reading_pass(reading, piece, reader.at, row.lines);
    return STATUS_OK;
}

static enum status
name_columns(struct source *source, struct value fields, struct error *error)
{
    for (uint32_t i = 0; i < fields.count; i++) {
        if (!slice_is_utf8(value_slice(value_items(fields)[i])))
            return error_set(error, STATUS_INVALID,
                             "the name of column %" PRIu32 " is not text in %s; give the encoding "
                             "of the file as `encoding`",
                             i + 1, source->text.charset->name);
    }
    source->columns =
        csv_make_names(&source->arena, value_items(fields), fields.count, &source->made_count);
    if (source->columns.kind == VALUE_NONE)
        return error_set(error, STATUS_LIMIT, "the names of the columns are too long");
    return STATUS_OK;
}

static enum status
read_header(struct source *source, bool has_header, struct arena *arena, struct error *error)
{
    struct source_place place = source->text.first;
    struct source_batch batch;
    struct first_row first = {.source = source};
    struct reading reading = {
        .text = &source->text,
        .page = {&place, 1, LIMIT_ROW_BYTES, arena},
        .out = &batch,
        .error = error,
    };
    enum status status = reading_fill(&reading, read_first_row, &first);
    if (status != STATUS_OK)
        return status;
    struct value fields = batch.count == 0 ? value_empty_array() : batch.rows[0].value;
    if (!has_header) {
        source->columns = header_number(&source->arena, fields.count);
        return STATUS_OK;
    }
    if (batch.count == 0)
        return error_set(error, STATUS_INVALID,
                         "%s is empty: expected a first line with the names of the columns",
                         source->text.file->name);
    status = name_columns(source, fields, error);
    if (status != STATUS_OK)
        error_prepend(error, "%s: line %" PRIu64, source->text.file->name, first.line);
    place.ordinal = 0;
    source->text.first = place;
    return status;
}

static const char *
delimiter_name(char delimiter)
{
    static const struct {
        char sign;
        const char *name;
    } table[] = {{',', "comma"}, {';', "semicolon"}, {'\t', "tab"}, {'|', "bar"}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (table[i].sign == delimiter)
            return table[i].name;
    }
    return "of its first line";
}

/* UTF-8 with commas needs no words. */
static void
make_remark(struct source *source)
{
    const struct charset *charset = source->text.charset;
    bool has_encoding = !source->is_encoding_given && !charset_is_utf8(charset);
    bool has_delimiter = !source->is_delimiter_given && source->dialect.delimiter != ',';
    if (!has_encoding && !has_delimiter && source->made_count == 0)
        return;
    const char *names = "";
    if (source->made_count > 0)
        names = arena_format(&source->arena, ", columns renamed: %" PRIu32, source->made_count);
    source->remark = arena_format(&source->arena, "encoding %s, delimiter %s%s", charset->name,
                                  delimiter_name(source->dialect.delimiter), names);
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
    struct arena arena;
    arena_init(&arena, 4 * LIMIT_ROW_BYTES);
    enum status status = begin_text(source, config, file, error);
    struct value header = value_get(config, "header");
    if (status == STATUS_OK && header.kind == VALUE_ARRAY)
        status = header_take(&source->columns, &source->arena, header, error);
    else if (status == STATUS_OK)
        status = read_header(source, header.kind != VALUE_FALSE, &arena, error);
    arena_done(&arena);
    if (status != STATUS_OK) {
        read_csv_close(&source);
        return status;
    }
    make_remark(source);
    *out = source;
    return STATUS_OK;
}

static struct value
read_csv_columns(const struct source *source)
{
    return source->columns;
}

static const char *
read_csv_remark(const struct source *source)
{
    return source->remark;
}

/* --- rows --- */

/* Words behind their place; `at` lies in the row that begins at piece->at. */
static const char *
problem_at(struct reading *reading, const struct piece *piece, const char *at, const char *words)
{
    uint64_t line = 0;
    uint64_t column = 0;
    csv_place(piece->at, at, &line, &column);
    return arena_format(reading->page.arena, "line %" PRIu64 ", column %" PRIu64 ": %s",
                        reading->page.place->line + line, column, words);
}

static const char *
bad_bytes_problem(struct reading *reading, const struct piece *piece, const char *end)
{
    const char *at = piece->at;
    size_t size = 0;
    while ((size = slice_character(slice_of(at, (size_t)(end - at)))) > 0)
        at += size;
    return problem_at(reading, piece, at, reading_bad_bytes(reading, piece, at));
}

/* Why the row that ends at `behind` is none, or NULL. */
static const char *
row_problem(struct reading *reading, const struct piece *piece, const struct csv_row *row,
            const char *behind, uint32_t column_count)
{
    if (row->problem != NULL)
        return arena_format(reading->page.arena, "line %" PRIu64 ", column %" PRIu64 ": %s",
                            reading->page.place->line + row->problem_line, row->problem_column,
                            row->problem);
    if (row->surplus != NULL)
        return problem_at(reading, piece, row->surplus,
                          arena_format(reading->page.arena,
                                       "%" PRIu32 " fields where the header has %" PRIu32,
                                       row->count, column_count));
    if (slice_is_utf8(slice_of(piece->at, (size_t)(behind - piece->at))))
        return NULL;
    return bad_bytes_problem(reading, piece, behind);
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
    return value_object_new(reading->page.arena, room->members, count);
}

static bool
take_row(struct reading *reading, const struct piece *piece, struct row_room *room,
         const struct csv_row *row, const char *behind)
{
    uint32_t column_count = room->source->columns.count;
    const char *problem = row_problem(reading, piece, row, behind, column_count);
    struct value value = value_null();
    if (problem == NULL)
        value = make_row(reading, room, row);
    if (value.kind == VALUE_NONE)
        return false;
    reading_add(reading, value, problem);
    return true;
}

static bool
is_row_again(struct slice line, const void *context)
{
    const struct source *source = context;
    struct csv_reader reader = {
        .dialect = source->dialect,
        .row_fields = source->columns.count,
    };
    return csv_looks_like_row(&reader, line);
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
        .arena = reading->page.arena,
        .fields = room->fields,
        .fields_max = source->columns.count,
    };
    while (!reading_is_full(reading)) {
        struct csv_row row;
        reader.is_full = piece->is_full;
        enum csv_end end = csv_read_row(&reader, &row);
        if (end == CSV_MORE || end == CSV_DONE)
            break;
        if (end == CSV_FULL ||
            (end != CSV_BLANK && !take_row(reading, piece, room, &row, reader.at)))
            return STATUS_LIMIT;
        reading_pass(reading, piece, reader.at, row.lines);
        if (row.is_cut) {
            reading_skip(reading, piece, row.is_open ? is_row_again : NULL, source);
            break;
        }
    }
    return STATUS_OK;
}

static enum status
read_csv_next(struct source *source, const struct source_page *page, struct source_batch *out,
              struct error *error)
{
    uint32_t count = source->columns.count;
    struct row_room room = {
        .source = source,
        .fields = arena_try_alloc(page->arena, count * sizeof(*room.fields)),
        .members = reading_members(page, source->columns),
    };
    if (room.fields == NULL || room.members == NULL)
        return error_set(error, STATUS_LIMIT, "no memory is left for %zu rows", page->rows_max);
    struct reading reading = {
        .text = &source->text,
        .page = *page,
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
    .source_remark = read_csv_remark,
    .source_close = read_csv_close,
};
