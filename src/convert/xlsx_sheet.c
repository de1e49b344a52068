#include "convert/xlsx_sheet.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "convert/xlsx_format.h"
#include "convert/xlsx_text.h"
#include "convert/xml.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_BYTES_MAX (UINT64_C(64) * 1024 * 1024 * 1024)
#define COLUMNS_MAX LIMIT_ROW_FIELDS

/* A cell of the row that is read: its JSON text in reading.values. */
struct place {
    size_t begin, size; /* size 0: null */
};

enum cell_kind {
    CELL_NUMBER,
    CELL_BOOLEAN,
    CELL_SHARED,
    CELL_TEXT, /* of a formula, or inline */
    CELL_DATE, /* ISO 8601 already */
    CELL_ERROR,
};

struct reading_sheet {
    struct xlsx_rows *rows;
    bool needs_header;
    uint64_t row;    /* its number in the sheet */
    uint32_t column; /* of the cell, from 0 */
    enum cell_kind kind;
    enum xlsx_format format;
    struct buffer text; /* of the cell */
    bool is_in_row, is_in_cell, is_in_text;
    unsigned is_aside; /* inside what tells how to pronounce a text */
    size_t piece_begin;
    bool keeps_space;
    struct buffer values;
    struct place *places; /* COLUMNS_MAX */
    uint32_t place_count; /* up to the last cell that is not null */
    char problem[200];    /* of the row; empty: none */
};

static void set_problem(struct reading_sheet *reading, const char *format, ...) PRINTF_LIKE(2, 3);

/* --- cells --- */

/* "A" for 0, as in the words for a person. */
static void
column_letters(uint32_t column, char out[8])
{
    char reversed[8];
    size_t count = 0;
    for (uint32_t rest = column + 1; rest > 0 && count < 7; rest = (rest - 1) / 26)
        reversed[count++] = (char)('A' + (rest - 1) % 26);
    for (size_t i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    out[count] = '\0';
}

static void
set_problem(struct reading_sheet *reading, const char *format, ...)
{
    char words[120];
    char letters[8];
    if (reading->problem[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    column_letters(reading->column, letters);
    snprintf(reading->problem, sizeof(reading->problem), "row %" PRIu64 ", column %s: %s",
             reading->row, letters, words);
}

/* The column of a reference such as AB12, or the one behind the last. */
static uint32_t
column_of(const struct reading_sheet *reading, const char *reference)
{
    uint32_t column = 0;
    const char *at = reference == NULL ? "" : reference;
    for (; *at >= 'A' && *at <= 'Z' && column <= COLUMNS_MAX; at++)
        column = column * 26 + (uint32_t)(*at - 'A') + 1;
    return column == 0 ? reading->column + 1 : column - 1;
}

static enum cell_kind
kind_of(const char *type)
{
    static const struct {
        const char *type;
        enum cell_kind kind;
    } table[] = {{"n", CELL_NUMBER},  {"s", CELL_SHARED},       {"str", CELL_TEXT},
                 {"b", CELL_BOOLEAN}, {"inlineStr", CELL_TEXT}, {"d", CELL_DATE},
                 {"e", CELL_ERROR}};
    for (size_t i = 0; i < COUNT_OF(table) && type != NULL; i++) {
        if (strcmp(type, table[i].type) == 0)
            return table[i].kind;
    }
    return CELL_NUMBER;
}

static void
begin_cell(struct reading_sheet *reading, const char **attributes)
{
    const struct xlsx_book *book = reading->rows->book;
    const char *style = xml_attribute(attributes, "s");
    unsigned long index = style == NULL ? 0 : strtoul(style, NULL, 10);
    reading->column = column_of(reading, xml_attribute(attributes, "r"));
    reading->kind = kind_of(xml_attribute(attributes, "t"));
    reading->format =
        index < book->format_count ? (enum xlsx_format)book->formats[index] : XLSX_FORMAT_NUMBER;
    reading->is_in_cell = true;
    buffer_clear(&reading->text);
}

/* A date or a time, where the cell's format says so; else the number itself. */
static void
append_number(struct reading_sheet *reading, struct slice text)
{
    struct buffer *out = &reading->values;
    size_t begin = out->size;
    if (reading->format != XLSX_FORMAT_NUMBER && text.size < 100) {
        buffer_append_byte(out, '"');
        double serial = strtod(text.ptr, NULL);
        if (xlsx_append_moment(out, serial, reading->format, reading->rows->book->is_1904)) {
            buffer_append_byte(out, '"');
            return;
        }
        if (!buffer_is_over(out))
            out->size = begin;
    }
    if (!xlsx_append_number(out, text))
        set_problem(reading, "\"%.*s\" is no number", SLICE_FORMAT(slice_cut(text, 40)));
}

static void
append_shared(struct reading_sheet *reading, struct slice text)
{
    int64_t index = -1;
    struct slice shared;
    if (!slice_parse_int64(slice_trim(text), &index) || index < 0 ||
        !xlsx_strings_get(reading->rows->strings, (uint64_t)index, &shared))
        set_problem(reading, "there is no shared text %.*s", SLICE_FORMAT(slice_cut(text, 20)));
    else if (shared.size > strlen("\"\""))
        buffer_append_slice(&reading->values, shared);
}

static void
append_value(struct reading_sheet *reading, struct slice text)
{
    switch (reading->kind) {
    case CELL_NUMBER:
        append_number(reading, text);
        return;
    case CELL_BOOLEAN:
        buffer_append_text(&reading->values,
                           slice_is(text, "0") || slice_is(text, "false") ? "false" : "true");
        return;
    case CELL_SHARED:
        append_shared(reading, text);
        return;
    case CELL_TEXT:
    case CELL_DATE:
        xlsx_append_text(&reading->values, text);
        return;
    case CELL_ERROR:
        return;
    }
}

/* Cells mostly come in order; one that comes again counts anew. */
static void
put_place(struct reading_sheet *reading, size_t begin)
{
    uint32_t column = reading->column;
    size_t size = reading->values.size - begin;
    if (size == 0)
        return;
    while (reading->place_count <= column)
        reading->places[reading->place_count++] = (struct place){0, 0};
    reading->places[column] = (struct place){begin, size};
}

static void
end_cell(struct reading_sheet *reading)
{
    reading->is_in_cell = false;
    size_t begin = reading->values.size;
    if (reading->text.size == 0 && !buffer_is_over(&reading->text))
        return;
    /* Numbers are read by functions that want an end. */
    buffer_append_byte(&reading->text, '\0');
    if (buffer_is_over(&reading->text)) {
        set_problem(reading, "the text is larger than %zu MB", LIMIT_ROW_BYTES / MIB(1));
        return;
    }
    if (reading->column >= COLUMNS_MAX) {
        set_problem(reading, "a sheet has at most %d columns", COLUMNS_MAX);
        return;
    }
    append_value(reading, slice_of(reading->text.ptr, reading->text.size - 1));
    if (buffer_is_over(&reading->values))
        set_problem(reading, "the row is larger than %zu MB", LIMIT_ROW_BYTES / MIB(1));
    else
        put_place(reading, begin);
}

/* --- rows --- */

/* Names are texts, whatever the cells are. */
static void
append_cells(const struct reading_sheet *reading, bool as_names, struct buffer *out)
{
    buffer_append_byte(out, '[');
    for (uint32_t c = 0; c < reading->place_count; c++) {
        const struct place *place = &reading->places[c];
        struct slice cell = slice_of(reading->values.ptr + place->begin, place->size);
        if (c > 0)
            buffer_append_byte(out, ',');
        if (cell.size == 0)
            buffer_append(out, "null", 4);
        else if (as_names && cell.ptr[0] != '"')
            json_print_string(out, cell);
        else
            buffer_append_slice(out, cell);
    }
    buffer_append(out, "]\n", 2);
}

static void
end_row(struct xml *xml, struct reading_sheet *reading)
{
    struct xlsx_rows *rows = reading->rows;
    bool is_header = reading->needs_header;
    if (reading->place_count == 0 && reading->problem[0] == '\0')
        return;
    if (is_header && reading->problem[0] != '\0') {
        xml_fail(xml, STATUS_INVALID, "the header cannot be read: %s", reading->problem);
        return;
    }
    if (rows->has_header && !is_header && reading->place_count > rows->column_count) {
        reading->column = reading->place_count - 1;
        set_problem(reading, "a value beyond the last column of the header");
    }
    if (reading->problem[0] != '\0') {
        json_print_string(rows->out, slice_text(reading->problem));
        buffer_append_byte(rows->out, '\n');
    } else {
        append_cells(reading, is_header, rows->out);
    }
    if (reading->place_count > rows->column_count && (is_header || !rows->has_header))
        rows->column_count = reading->place_count;
    rows->row_count += !is_header;
    reading->needs_header = false;
    rows->flush(rows->context);
}

static void
begin_row(struct reading_sheet *reading, const char **attributes)
{
    int64_t number = 0;
    const char *text = xml_attribute(attributes, "r");
    reading->row++;
    if (text != NULL && slice_parse_int64(slice_text(text), &number) && number > 0)
        reading->row = (uint64_t)number;
    reading->is_in_row = true;
    reading->is_in_cell = reading->is_in_text = false;
    reading->column = UINT32_MAX; /* the next is the first */
    reading->place_count = 0;
    reading->problem[0] = '\0';
    buffer_clear(&reading->values);
}

/* --- the part --- */

static void
begin_text(struct reading_sheet *reading, bool keeps_space)
{
    reading->is_in_text = reading->is_aside == 0;
    reading->piece_begin = reading->text.size;
    reading->keeps_space = keeps_space;
}

static void
on_begin(struct xml *xml, const char *name, const char **attributes)
{
    struct reading_sheet *reading = xml_context(xml);
    if (strcmp(name, "row") == 0)
        begin_row(reading, attributes);
    else if (strcmp(name, "c") == 0 && reading->is_in_row && !reading->is_in_cell)
        begin_cell(reading, attributes);
    else if (!reading->is_in_cell)
        return;
    else if (strcmp(name, "v") == 0)
        begin_text(reading, true);
    else if (strcmp(name, "t") == 0)
        begin_text(reading, xml_keeps_space(attributes));
    else if (strcmp(name, "rPh") == 0)
        reading->is_aside++;
}

static void
on_end(struct xml *xml, const char *name)
{
    struct reading_sheet *reading = xml_context(xml);
    if (strcmp(name, "row") == 0 && reading->is_in_row) {
        reading->is_in_row = false;
        end_row(xml, reading);
    } else if (strcmp(name, "c") == 0 && reading->is_in_cell) {
        end_cell(reading);
    } else if (strcmp(name, "rPh") == 0 && reading->is_aside > 0) {
        reading->is_aside--;
    } else if (reading->is_in_text && (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)) {
        reading->is_in_text = false;
        if (!reading->keeps_space)
            xml_trim(&reading->text, reading->piece_begin);
    }
}

static void
on_text(struct xml *xml, struct slice text)
{
    struct reading_sheet *reading = xml_context(xml);
    if (reading->is_in_text && reading->is_in_cell)
        buffer_append_slice(&reading->text, text);
}

enum status
xlsx_sheet_read(struct xlsx_rows *rows, struct error *error)
{
    struct reading_sheet *reading = mem_alloc(sizeof(*reading));
    reading->rows = rows;
    reading->needs_header = rows->has_header;
    reading->places = mem_alloc_array(COLUMNS_MAX, sizeof(*reading->places));
    buffer_init(&reading->text, LIMIT_ROW_BYTES);
    buffer_init(&reading->values, LIMIT_ROW_BYTES);
    struct xml_handler handler = {on_begin, on_end, on_text, reading, xml_spreadsheet};
    enum status status =
        xml_read(rows->book->package, rows->book->sheet_part, PART_BYTES_MAX, &handler, error);
    buffer_done(&reading->text);
    buffer_done(&reading->values);
    mem_free(reading->places);
    mem_free(reading);
    if (status == STATUS_OK && rows->has_header && rows->row_count == 0 && rows->column_count == 0)
        return error_set(error, STATUS_INVALID,
                         "the sheet \"%.*s\" is empty: expected a first row with the names of the "
                         "columns",
                         SLICE_FORMAT(slice_cut(slice_text(rows->book->sheet_name), 100)));
    return status;
}
