#include "expr/format.h"

#include "base/buffer.h"
#include "base/html.h"
#include "expr/digits.h"
#include "expr/text.h"

const char *const format_names[FORMAT_COUNT] = {
    [FORMAT_TEXT] = "text",     [FORMAT_JSON] = "json",       [FORMAT_CSV] = "csv",
    [FORMAT_TSV] = "tsv",       [FORMAT_HTML] = "html",       [FORMAT_URI] = "uri",
    [FORMAT_SH] = "sh",         [FORMAT_BASE64] = "base64",   [FORMAT_BASE64D] = "base64d",
    [FORMAT_BASE32] = "base32", [FORMAT_BASE32D] = "base32d", [FORMAT_URID] = "urid",
};

bool
format_find(struct slice name, enum format *out)
{
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (slice_is(name, format_names[i])) {
            *out = (enum format)i;
            return true;
        }
    }
    return false;
}

/* What a format puts together, before it moves to the scratch arena. */
static struct value
finish(struct expr_machine *machine, struct buffer *buffer)
{
    struct value text = value_absent(OUTCOME_LIMIT);
    if (!buffer_is_over(buffer) && machine_charge_bytes(machine, buffer->size))
        text = value_string_copy(&machine->scratch, buffer_slice(buffer));
    buffer_done(buffer);
    return machine_check(machine, text);
}

typedef void escape_byte_fn(struct buffer *buffer, char c);

static struct value
escape_bytes(struct expr_machine *machine, struct value string, escape_byte_fn *escape)
{
    if (!machine_charge(machine, string.count / 16 + 1))
        return machine_no_steps(machine);
    struct buffer buffer;
    buffer_init(&buffer, machine->budget.bytes);
    for (uint32_t i = 0; i < string.count; i++)
        escape(&buffer, string.text[i]);
    return finish(machine, &buffer);
}

static escape_byte_fn escape_uri;
static void
escape_uri(struct buffer *buffer, char c)
{
    bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain)
        buffer_append_byte(buffer, c);
    else
        buffer_append_format(buffer, "%%%02X", (unsigned)(unsigned char)c);
}

static escape_byte_fn escape_csv;
static void
escape_csv(struct buffer *buffer, char c)
{
    if (c == '"')
        buffer_append_byte(buffer, c);
    buffer_append_byte(buffer, c);
}

static escape_byte_fn escape_tsv;
static void
escape_tsv(struct buffer *buffer, char c)
{
    static const char from[] = "\t\n\r\\";
    static const char into[] = "tnr\\";
    const char *found = c == '\0' ? NULL : strchr(from, c);
    if (found != NULL)
        buffer_append_byte(buffer, '\\');
    buffer_append_byte(buffer, found == NULL ? c : into[found - from]);
}

static escape_byte_fn escape_sh;
static void
escape_sh(struct buffer *buffer, char c)
{
    if (c == '\'')
        buffer_append_text(buffer, "'\\''");
    else
        buffer_append_byte(buffer, c);
}

/* How the cells of an array become one line. */
struct row_style {
    char separator;
    const char *quote; /* around strings */
    escape_byte_fn *escape;
    const char *null;
    const char *complaint;
};

static const struct row_style csv_style = {',', "\"", escape_csv, "", "is not valid in a csv row"};
static const struct row_style tsv_style = {'\t', "", escape_tsv, "", "is not valid in a csv row"};
static const struct row_style sh_style = {' ', "'", escape_sh, "null",
                                          "can not be escaped for shell"};

static struct value
append_cell(struct expr_machine *machine, struct buffer *buffer, struct value cell,
            const struct row_style *style)
{
    if (cell.kind >= VALUE_ARRAY)
        return machine_raise_about(machine, cell, style->complaint);
    if (!machine_charge(machine, cell.kind == VALUE_STRING ? cell.count / 16 + 1 : 1))
        return machine_no_steps(machine);
    if (cell.kind == VALUE_NULL) {
        buffer_append_text(buffer, style->null);
        return cell;
    }
    if (cell.kind != VALUE_STRING) {
        struct value text = text_of(machine, cell);
        if (text.kind != VALUE_NONE)
            buffer_append_slice(buffer, value_slice(text));
        return text;
    }
    buffer_append_text(buffer, style->quote);
    for (uint32_t i = 0; i < cell.count; i++)
        style->escape(buffer, cell.text[i]);
    buffer_append_text(buffer, style->quote);
    return cell;
}

static struct value
format_row(struct expr_machine *machine, const struct value *cells, uint32_t count,
           const struct row_style *style)
{
    struct buffer buffer;
    buffer_init(&buffer, machine->budget.bytes);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_byte(&buffer, style->separator);
        struct value done = append_cell(machine, &buffer, cells[i], style);
        if (done.kind == VALUE_NONE) {
            buffer_done(&buffer);
            return done;
        }
    }
    return finish(machine, &buffer);
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static struct value
decode_uri(struct expr_machine *machine, struct value string)
{
    char *bytes = machine_alloc(machine, (size_t)string.count + 1);
    if (bytes == NULL)
        return machine_out_of_memory(machine);
    if (!machine_charge(machine, string.count / 16 + 1))
        return machine_no_steps(machine);
    size_t size = 0;
    for (uint32_t i = 0; i < string.count; i++) {
        bytes[size++] = string.text[i];
        if (string.text[i] != '%')
            continue;
        int high = string.count - i > 2 ? hex_digit(string.text[i + 1]) : -1;
        int low = string.count - i > 2 ? hex_digit(string.text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return machine_raise_about(machine, string, "is not a valid uri encoding");
        bytes[size - 1] = (char)(high * 16 + low);
        i += 2;
    }
    if (!slice_is_utf8(slice_of(bytes, size)))
        return machine_raise_about(machine, string, "decodes to bytes that are not UTF-8 text");
    return value_string(slice_of(bytes, size));
}

struct value
format_value(struct expr_machine *machine, enum format format, struct value value)
{
    const struct row_style *style = format == FORMAT_CSV ? &csv_style : &tsv_style;
    if (format == FORMAT_CSV || format == FORMAT_TSV) {
        if (value.kind != VALUE_ARRAY)
            return machine_raise_about(machine, value,
                                       format == FORMAT_CSV
                                           ? "cannot be csv-formatted, only array"
                                           : "cannot be tsv-formatted, only array");
        return format_row(machine, value_items(value), value.count, style);
    }
    if (format == FORMAT_SH) {
        if (value.kind == VALUE_ARRAY)
            return format_row(machine, value_items(value), value.count, &sh_style);
        return format_row(machine, &value, 1, &sh_style);
    }
    struct value string = text_of(machine, value);
    if (string.kind == VALUE_NONE)
        return string;
    switch ((unsigned)format) {
    case FORMAT_HTML:
        return escape_bytes(machine, string, html_put_byte);
    case FORMAT_URI:
        return escape_bytes(machine, string, escape_uri);
    case FORMAT_URID:
        return decode_uri(machine, string);
    case FORMAT_BASE64:
        return digits_encode(machine, string, &digits_base64);
    case FORMAT_BASE64D:
        return digits_decode(machine, string, &digits_base64);
    case FORMAT_BASE32:
        return digits_encode(machine, string, &digits_base32);
    default:
        return digits_decode(machine, string, &digits_base32);
    }
}
