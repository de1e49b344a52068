#include "document/csv.h"

#include "base/json.h"

#include <string.h>

/* A row in the making. */
struct scan {
    struct csv_reader *reader;
    struct csv_row *row;
    const char *begin; /* of the row */
    const char *at;
};

#define BYTES(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))

/* Bit 7 of each byte that is zero in `word`. Source: Mycroft's test; exact for the lowest hit. */
static uint64_t
zero_bytes(uint64_t word)
{
    return (word - BYTES(0x01)) & ~word & BYTES(0x80);
}

/* The first delimiter, LF or CR at or behind `at`; `end` if there is none. */
static const char *
find_cell_end(const char *at, const char *end, char delimiter)
{
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        uint64_t hits = zero_bytes(word ^ BYTES(delimiter)) | zero_bytes(word ^ BYTES('\n')) |
                        zero_bytes(word ^ BYTES('\r'));
        if (hits != 0)
            return at + __builtin_ctzll(hits) / 8;
        at += 8;
    }
    while (at < end && *at != delimiter && *at != '\n' && *at != '\r')
        at++;
    return at;
}

static enum csv_end
bad_row(struct scan *scan, const char *problem)
{
    scan->row->problem = problem;
    scan->row->problem_column = (uint32_t)(scan->at - scan->begin) + 1;
    while (scan->at < scan->reader->end && *scan->at != '\n')
        scan->at++;
    if (scan->at < scan->reader->end)
        scan->at++;
    scan->row->lines++;
    scan->reader->at = scan->at;
    return CSV_BAD;
}

static bool
add_field(struct scan *scan, struct slice text)
{
    if (scan->row->count == scan->reader->fields_max)
        return false;
    scan->reader->fields[scan->row->count++] = value_string(text);
    return true;
}

static uint64_t
count_lines(const char *at, const char *end)
{
    uint64_t lines = 0;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        lines++;
        at++;
    }
    return lines;
}

/* Doubled quotes become one. */
static struct slice
unquote(struct scan *scan, const char *begin, const char *end)
{
    size_t size = (size_t)(end - begin);
    char *copy = arena_try_alloc(scan->reader->arena, size + 1);
    if (copy == NULL)
        return slice_of(NULL, 0);
    size_t used = 0;
    for (const char *at = begin; at < end; at++) {
        copy[used++] = *at;
        if (*at == '"')
            at++;
    }
    return slice_of(copy, used);
}

/* The closing quote of a field that begins at `at`, or NULL; *is_doubled tells of "" inside. */
static const char *
find_quote_end(const char *at, const char *end, bool *is_doubled)
{
    *is_doubled = false;
    for (;;) {
        at = memchr(at, '"', (size_t)(end - at));
        if (at == NULL || at + 1 == end || at[1] != '"')
            return at;
        *is_doubled = true;
        at += 2;
    }
}

/* CSV_ROW: the field is read and `at` stands behind it. */
static enum csv_end
read_quoted(struct scan *scan)
{
    struct csv_reader *reader = scan->reader;
    const char *begin = scan->at + 1;
    bool is_doubled = false;
    const char *close = find_quote_end(begin, reader->end, &is_doubled);
    if (close == NULL) {
        if (!reader->is_last)
            return CSV_MORE;
        scan->row->lines += count_lines(begin, reader->end);
        enum csv_end end = bad_row(scan, "a quoted field is not closed");
        reader->at = reader->end;
        return end;
    }
    /* At the block's end the next byte could double the quote. */
    if (close + 1 == reader->end && !reader->is_last)
        return CSV_MORE;
    scan->row->lines += count_lines(begin, close);
    struct slice text =
        is_doubled ? unquote(scan, begin, close) : slice_of(begin, (size_t)(close - begin));
    scan->at = close + 1;
    if (scan->at < reader->end && *scan->at != reader->delimiter && *scan->at != '\n' &&
        *scan->at != '\r')
        return bad_row(scan, "text after a closing quote");
    return add_field(scan, text) ? CSV_ROW : bad_row(scan, "too many fields");
}

static enum csv_end
read_plain(struct scan *scan)
{
    struct csv_reader *reader = scan->reader;
    const char *end = find_cell_end(scan->at, reader->end, reader->delimiter);
    if (end == reader->end && !reader->is_last)
        return CSV_MORE;
    struct slice text = slice_of(scan->at, (size_t)(end - scan->at));
    scan->at = end;
    return add_field(scan, text) ? CSV_ROW : bad_row(scan, "too many fields");
}

/* Passes a line end; false: the block ends where an LF could follow. */
static bool
pass_line_end(struct scan *scan)
{
    struct csv_reader *reader = scan->reader;
    if (*scan->at == '\r') {
        if (scan->at + 1 == reader->end && !reader->is_last)
            return false;
        scan->at++;
        if (scan->at == reader->end || *scan->at != '\n') {
            scan->row->lines++;
            return true;
        }
    }
    scan->at++;
    scan->row->lines++;
    return true;
}

enum csv_end
csv_read_row(struct csv_reader *reader, struct csv_row *row)
{
    struct scan scan = {reader, row, reader->at, reader->at};
    *row = (struct csv_row){.fields = reader->fields};
    if (reader->at == reader->end)
        return reader->is_last ? CSV_DONE : CSV_MORE;
    for (;;) {
        bool is_quoted = scan.at < reader->end && *scan.at == '"';
        enum csv_end end = is_quoted ? read_quoted(&scan) : read_plain(&scan);
        if (end != CSV_ROW)
            return end;
        if (scan.at == reader->end) {
            row->lines++;
            break;
        }
        if (*scan.at == reader->delimiter) {
            scan.at++;
            continue;
        }
        if (!pass_line_end(&scan))
            return CSV_MORE;
        break;
    }
    bool is_blank = row->count == 1 && row->fields[0].count == 0 && *reader->at != '"';
    reader->at = scan.at;
    return is_blank ? CSV_BLANK : CSV_ROW;
}

static bool
needs_quotes(struct slice text, char delimiter)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.ptr[i];
        if (byte == delimiter || byte == '"' || byte == '\n' || byte == '\r')
            return true;
    }
    return text.size > 0 && (text.ptr[0] == ' ' || text.ptr[text.size - 1] == ' ');
}

static void
write_text(struct buffer *out, struct slice text, char delimiter)
{
    if (!needs_quotes(text, delimiter)) {
        buffer_append_slice(out, text);
        return;
    }
    buffer_append_byte(out, '"');
    const char *at = text.ptr;
    const char *end = text.ptr + text.size;
    for (;;) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        if (quote == NULL)
            break;
        buffer_append(out, at, (size_t)(quote - at) + 1);
        buffer_append_byte(out, '"');
        at = quote + 1;
    }
    buffer_append(out, at, (size_t)(end - at));
    buffer_append_byte(out, '"');
}

void
csv_write_cell(struct buffer *out, struct value value, char delimiter)
{
    if (value.kind == VALUE_NONE || value.kind == VALUE_NULL)
        return;
    if (value.kind == VALUE_STRING) {
        write_text(out, value_slice(value), delimiter);
        return;
    }
    if (value.kind < VALUE_STRING) {
        json_print(out, value);
        return;
    }
    struct buffer text;
    buffer_init(&text, out->max_bytes);
    json_print(&text, value);
    write_text(out, buffer_slice(&text), delimiter);
    buffer_done(&text);
}
