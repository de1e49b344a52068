#include "document/xlsx_cell.h"

#include "base/civil.h"
#include "base/decimal.h"
#include "base/json.h"
#include "base/limits.h"
#include "document/xlsx_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Excel keeps and shows this many digits of a number. */
#define NUMBER_DIGITS 15
/* Decimal places of a date's fraction: a millisecond is 1.2e-8 days. */
#define FRACTION_SCALE INT64_C(10000000000)
#define DAY_MS INT64_C(86400000)
/* Excel's serial number of 1970-01-01. */
#define SERIAL_1970 25569

void
xlsx_letters(uint32_t column, char out[XLSX_LETTERS_BYTES])
{
    char reversed[XLSX_LETTERS_BYTES];
    size_t count = 0;
    for (uint32_t rest = column + 1; rest > 0 && count < sizeof(reversed); rest = (rest - 1) / 26)
        reversed[count++] = (char)('A' + (rest - 1) % 26);
    for (size_t i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    out[count < XLSX_LETTERS_BYTES ? count : XLSX_LETTERS_BYTES - 1] = '\0';
}

/* --- text --- */

size_t
xlsx_text_length(struct slice text)
{
    size_t length = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        length += ((byte & 0xc0) != 0x80) + (byte >= 0xf0);
    }
    return length;
}

static bool
is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

/* Text that a reader would take for an escape: its first byte is escaped itself. */
static bool
looks_escaped(const char *at, const char *end)
{
    return end - at >= 7 && at[1] == 'x' && is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) &&
           is_hex(at[5]) && at[6] == '_';
}

/* U+FFFE and U+FFFF, which XML does not allow. */
static bool
is_noncharacter(const char *at, const char *end)
{
    return end - at >= 3 && at[0] == '\xEF' && at[1] == '\xBF' && (at[2] & '\xFE') == '\xBE';
}

/* The replacement of the character at `at`, or NULL; *size: its bytes in the text. */
static const char *
escape_of(const char *at, const char *end, size_t *size, char room[8])
{
    *size = 1;
    switch (*at) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '_':
        return looks_escaped(at, end) ? "_x005F_" : NULL;
    case '\t':
    case '\n':
        return NULL;
    default:
        break;
    }
    if ((unsigned char)*at < 0x20) {
        snprintf(room, 8, "_x%04X_", (unsigned)*at);
        return room;
    }
    if (!is_noncharacter(at, end))
        return NULL;
    *size = 3;
    return at[2] == '\xBE' ? "_xFFFE_" : "_xFFFF_";
}

void
xlsx_append_escaped(struct buffer *out, struct slice text)
{
    const char *end = text.ptr + text.size;
    const char *begin = text.ptr;
    for (const char *at = text.ptr; at < end; at++) {
        char room[8];
        size_t size = 1;
        const char *escape = escape_of(at, end, &size, room);
        if (escape == NULL)
            continue;
        buffer_append(out, begin, (size_t)(at - begin));
        buffer_append_text(out, escape);
        begin = at + size;
        at += size - 1;
    }
    buffer_append(out, begin, (size_t)(end - begin));
}

static bool
is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Characters of the longest line: what a column must be wide for. */
static size_t
shown_length(struct slice text)
{
    size_t most = 0;
    const char *end = text.ptr + text.size;
    for (const char *at = text.ptr; at < end;) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL)
            line_end = end;
        size_t length = xlsx_text_length(slice_of(at, (size_t)(line_end - at)));
        most = length > most ? length : most;
        at = line_end + 1;
    }
    return most;
}

/* --- numbers --- */

/* Whether Excel gives the number back as it is. */
static bool
is_kept(struct value number)
{
    if (number.kind == VALUE_DOUBLE)
        return isfinite(number.real);
    struct decimal decimal;
    decimal_of(&decimal, number);
    double real = decimal_real(&decimal);
    if (!isfinite(real) || (decimal_digits(&decimal) > 0 && fabs(real) < 1e-307))
        return false;
    if (decimal_digits(&decimal) <= NUMBER_DIGITS)
        return true;
    /* A fraction that is just how a double is written. */
    struct decimal again;
    decimal_of_double(&again, real);
    bool is_fraction = decimal.point < (int64_t)decimal_digits(&decimal);
    return is_fraction && decimal_compare(&decimal, &again) == 0;
}

/* --- dates --- */

static bool
read_digits(const char *at, size_t count, int *out)
{
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        *out = *out * 10 + (at[i] - '0');
    }
    return true;
}

static int
days_in_month(int year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* YYYY-MM-DD as a serial number. Before March 1900 Excel counts a day that never was. */
static bool
read_date(struct slice text, int64_t *serial)
{
    int year = 0;
    int month = 0;
    int day = 0;
    const char *at = text.ptr;
    if (text.size < 10 || at[4] != '-' || at[7] != '-' || !read_digits(at, 4, &year) ||
        !read_digits(at + 5, 2, &month) || !read_digits(at + 8, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *serial = civil_days(year, month, day) + SERIAL_1970;
    return *serial >= 61;
}

/* HH:MM, HH:MM:SS or HH:MM:SS.fraction, with Z or without, in milliseconds. */
static bool
read_time(struct slice text, int64_t *ms)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    const char *at = text.ptr;
    const char *end = text.ptr + text.size;
    if (end > at && (end[-1] == 'Z' || end[-1] == 'z'))
        end--;
    if (end - at < 5 || at[2] != ':' || !read_digits(at, 2, &hour) ||
        !read_digits(at + 3, 2, &minute) || hour > 23 || minute > 59)
        return false;
    if (end - at >= 8 && (at[5] != ':' || !read_digits(at + 6, 2, &second) || second > 59))
        return false;
    *ms = ((hour * 60 + minute) * INT64_C(60) + second) * 1000;
    if (end - at == 5 || end - at == 8)
        return true;
    if (end - at < 10 || at[8] != '.')
        return false;
    int64_t scale = 100;
    for (at += 9; at < end; at++, scale /= 10) {
        if (*at < '0' || *at > '9')
            return false;
        *ms += (*at - '0') * scale;
    }
    return true;
}

static bool
read_moment(struct slice text, int64_t *serial, int64_t *ms, enum xlsx_style *style)
{
    *ms = 0;
    *style = XLSX_STYLE_DATE;
    if (text.size > 40 || !read_date(text, serial))
        return false;
    if (text.size == 10)
        return true;
    *style = XLSX_STYLE_TIME;
    return (text.ptr[10] == 'T' || text.ptr[10] == 't' || text.ptr[10] == ' ') &&
           read_time(slice_of(text.ptr + 11, text.size - 11), ms);
}

/* --- the cell --- */

static void
append_begin(struct buffer *out, const struct xlsx_cell *cell, enum xlsx_style style)
{
    buffer_append(out, "<c r=\"", 6);
    buffer_append_text(out, cell->letters);
    buffer_append_int64(out, cell->row);
    buffer_append_byte(out, '"');
    if (style != XLSX_STYLE_PLAIN)
        buffer_append_format(out, " s=\"%d\"", (int)style);
}

static size_t
append_text(struct buffer *out, const struct xlsx_cell *cell, struct slice text)
{
    if (text.size == 0)
        return 0;
    if (text.size > XLSX_TEXT_MAX && xlsx_text_length(text) > XLSX_TEXT_MAX)
        return SIZE_MAX;
    append_begin(out, cell, cell->is_header ? XLSX_STYLE_HEADER : XLSX_STYLE_PLAIN);
    bool has_edge = is_space(text.ptr[0]) || is_space(text.ptr[text.size - 1]);
    buffer_append_text(out, " t=\"inlineStr\"><is><t");
    buffer_append_text(out, has_edge ? " xml:space=\"preserve\">" : ">");
    xlsx_append_escaped(out, text);
    buffer_append_text(out, "</t></is></c>");
    return shown_length(text);
}

static size_t
append_number(struct buffer *out, const struct xlsx_cell *cell, struct value number)
{
    append_begin(out, cell, XLSX_STYLE_PLAIN);
    buffer_append(out, "><v>", 4);
    size_t before = out->size;
    json_print(out, number);
    size_t shown = out->size - before;
    buffer_append(out, "</v></c>", 8);
    return shown;
}

static size_t
append_as_json(struct buffer *out, const struct xlsx_cell *cell, struct value value)
{
    struct buffer text;
    buffer_init(&text, 2 * LIMIT_VALUE_BYTES);
    json_print(&text, value);
    size_t shown = buffer_is_over(&text) ? SIZE_MAX : append_text(out, cell, buffer_slice(&text));
    buffer_done(&text);
    return shown;
}

static size_t
append_string(struct buffer *out, const struct xlsx_cell *cell, struct slice text)
{
    int64_t serial = 0;
    int64_t ms = 0;
    enum xlsx_style style = XLSX_STYLE_PLAIN;
    if (!cell->has_dates || cell->is_header || !read_moment(text, &serial, &ms, &style))
        return append_text(out, cell, text);
    append_begin(out, cell, style);
    buffer_append_format(out, "><v>%" PRId64, serial);
    int64_t fraction = (ms * FRACTION_SCALE + DAY_MS / 2) / DAY_MS;
    if (fraction > 0)
        buffer_append_format(out, ".%010" PRId64, fraction);
    buffer_append_text(out, "</v></c>");
    return style == XLSX_STYLE_DATE ? 10 : 19;
}

size_t
xlsx_append_cell(struct buffer *out, const struct xlsx_cell *cell, struct value value)
{
    switch ((enum value_kind)value.kind) {
    case VALUE_NONE:
    case VALUE_NULL:
        return 0;
    case VALUE_FALSE:
    case VALUE_TRUE:
        append_begin(out, cell, XLSX_STYLE_PLAIN);
        buffer_append_format(out, " t=\"b\"><v>%d</v></c>", value.kind == VALUE_TRUE);
        return 5;
    case VALUE_INT:
    case VALUE_DOUBLE:
    case VALUE_DECIMAL:
        if (value.kind == VALUE_DOUBLE && isnan(value.real))
            return 0;
        return is_kept(value) ? append_number(out, cell, value) : append_as_json(out, cell, value);
    case VALUE_STRING:
        return append_string(out, cell, value_slice(value));
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return append_as_json(out, cell, value);
    }
    return 0;
}

bool
xlsx_can_hold(struct value value)
{
    if (value.kind == VALUE_STRING)
        return value.count <= XLSX_TEXT_MAX ||
               xlsx_text_length(value_slice(value)) <= XLSX_TEXT_MAX;
    if (value.kind < VALUE_DECIMAL)
        return true;
    struct buffer text;
    buffer_init(&text, 2 * LIMIT_VALUE_BYTES);
    json_print(&text, value);
    bool fits = !buffer_is_over(&text) && xlsx_text_length(buffer_slice(&text)) <= XLSX_TEXT_MAX;
    buffer_done(&text);
    return fits;
}
