#include "document/csv.h"

#include "base/json.h"

#include <endian.h>
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
static inline uint64_t
zero_bytes(uint64_t word)
{
    return (word - BYTES(0x01)) & ~word & BYTES(0x80);
}

static inline uint64_t
load_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return le64toh(word);
}

/* The first delimiter, LF or CR at or behind `at`; `end` if there is none. */
static inline const char *
find_cell_end(const char *at, const char *end, char delimiter)
{
    while (end - at >= 8) {
        uint64_t word = load_word(at);
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

static uint64_t
count_line_ends(const char *at, const char *end)
{
    uint64_t lines = 0;
    for (; at < end; at++) {
        bool is_half = *at == '\r' && at + 1 < end && at[1] == '\n';
        lines += (*at == '\n' || *at == '\r') && !is_half;
    }
    return lines;
}

void
csv_place(const char *begin, const char *at, uint64_t *line, uint64_t *column)
{
    const char *line_begin = at;
    while (line_begin > begin && line_begin[-1] != '\n' && line_begin[-1] != '\r')
        line_begin--;
    *line = count_line_ends(begin, line_begin);
    *column = 1;
    for (const char *byte = line_begin; byte < at; byte++)
        *column += ((unsigned char)*byte & 0xC0) != 0x80;
}

/* Passes a line end; false: the block ends where an LF could follow. */
static inline bool
pass_line_end(struct scan *scan)
{
    const struct csv_reader *reader = scan->reader;
    if (*scan->at == '\r') {
        if (scan->at + 1 == reader->end && !reader->is_last)
            return false;
        if (scan->at + 1 < reader->end && scan->at[1] == '\n')
            scan->at++;
    }
    scan->at++;
    return true;
}

/* Passes the rest of the line that holds the problem, at scan->at. */
static enum csv_end
bad_row(struct scan *scan, const char *problem)
{
    struct csv_reader *reader = scan->reader;
    struct csv_row *row = scan->row;
    row->problem = problem;
    csv_place(scan->begin, scan->at, &row->problem_line, &row->problem_column);
    scan->at = find_cell_end(scan->at, reader->end, '\n');
    if (scan->at == reader->end && !reader->is_last)
        return CSV_MORE;
    if (scan->at < reader->end && !pass_line_end(scan))
        return CSV_MORE;
    row->lines = row->problem_line + 1;
    reader->at = scan->at;
    return CSV_BAD;
}

static inline void
add_field(struct scan *scan, struct slice text)
{
    if (scan->row->count < scan->reader->fields_max)
        scan->reader->fields[scan->row->count] = value_string(text);
    scan->row->count++;
}

/* Doubled quotes become one. ptr NULL: over the arena's limit. */
static struct slice
unquote(struct arena *arena, const char *begin, const char *end)
{
    char *copy = arena_try_alloc(arena, (size_t)(end - begin) + 1);
    size_t used = 0;
    while (copy != NULL && begin < end) {
        const char *quote = memchr(begin, '"', (size_t)(end - begin));
        size_t size = quote == NULL ? (size_t)(end - begin) : (size_t)(quote - begin) + 1;
        memcpy(copy + used, begin, size);
        used += size;
        begin += quote == NULL ? size : size + 1;
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

/* The quote that begins it is where the problem lies; all that follows belongs to the row. */
static enum csv_end
unclosed_row(struct scan *scan)
{
    struct csv_reader *reader = scan->reader;
    if (!reader->is_last)
        return CSV_MORE;
    struct csv_row *row = scan->row;
    row->problem = "a quoted field is not closed";
    csv_place(scan->begin, scan->at, &row->problem_line, &row->problem_column);
    bool ends_line = reader->end[-1] == '\n' || reader->end[-1] == '\r';
    row->lines = count_line_ends(scan->begin, reader->end) + !ends_line;
    reader->at = reader->end;
    return CSV_BAD;
}

/* ROW: the field is read and `at` stands behind it. */
static enum csv_end
read_quoted(struct scan *scan)
{
    struct csv_reader *reader = scan->reader;
    const char *begin = scan->at + 1;
    bool is_doubled = false;
    const char *close = find_quote_end(begin, reader->end, &is_doubled);
    if (close == NULL)
        return unclosed_row(scan);
    /* At the block's end the next byte could double the quote. */
    if (close + 1 == reader->end && !reader->is_last)
        return CSV_MORE;
    const char *next = close + 1;
    if (next < reader->end && *next != reader->delimiter && *next != '\n' && *next != '\r') {
        scan->at = next;
        return bad_row(scan, "text after a closing quote");
    }
    struct slice text = slice_of(begin, (size_t)(close - begin));
    if (is_doubled)
        text = unquote(reader->arena, begin, close);
    if (text.ptr == NULL)
        return CSV_FULL;
    scan->row->lines += count_line_ends(begin, close);
    scan->at = next;
    add_field(scan, text);
    return CSV_ROW;
}

static inline enum csv_end
read_plain(struct scan *scan)
{
    const struct csv_reader *reader = scan->reader;
    const char *end = find_cell_end(scan->at, reader->end, reader->delimiter);
    if (end == reader->end && !reader->is_last)
        return CSV_MORE;
    add_field(scan, slice_of(scan->at, (size_t)(end - scan->at)));
    scan->at = end;
    return CSV_ROW;
}

static enum csv_end
finish_row(struct scan *scan)
{
    struct csv_reader *reader = scan->reader;
    bool is_blank = scan->at == scan->begin;
    if (scan->at < reader->end && !pass_line_end(scan))
        return CSV_MORE;
    scan->row->lines++;
    reader->at = scan->at;
    return is_blank ? CSV_BLANK : CSV_ROW;
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
        if (scan.at == reader->end || *scan.at != reader->delimiter)
            return finish_row(&scan);
        scan.at++;
    }
}

/* --- writing --- */

/* Bytes that a cell may be written beyond its end. */
#define OVERHANG_BYTES 8

static inline uint64_t
word_needs_quotes(uint64_t word, char delimiter)
{
    return zero_bytes(word ^ BYTES(delimiter)) | zero_bytes(word ^ BYTES('"')) |
           zero_bytes(word ^ BYTES('\n')) | zero_bytes(word ^ BYTES('\r'));
}

/* 1 to 7 bytes, then zeros. */
static inline uint64_t
load_short(const char *at, size_t size)
{
    if (size >= 4) {
        uint32_t first;
        uint32_t last;
        memcpy(&first, at, sizeof(first));
        memcpy(&last, at + size - sizeof(last), sizeof(last));
        uint64_t low = le32toh(first);
        return low | (uint64_t)le32toh(last) << 8 * (size - sizeof(last));
    }
    const unsigned char *bytes = (const unsigned char *)at;
    return bytes[0] | (uint64_t)bytes[size / 2] << 8 * (size / 2) |
           (uint64_t)bytes[size - 1] << 8 * (size - 1);
}

static inline void
store_word(char *to, uint64_t word)
{
    word = htole64(word);
    memcpy(to, &word, sizeof(word));
}

/* Copies a text, with up to OVERHANG_BYTES behind it; false if it needs quotes. */
static inline bool
copy_plain(char *to, struct slice text, char delimiter)
{
    if (text.size == 0)
        return true;
    uint64_t hits = 0;
    size_t i = 0;
    for (; i + 8 <= text.size; i += 8) {
        uint64_t word = load_word(text.ptr + i);
        hits |= word_needs_quotes(word, delimiter);
        store_word(to + i, word);
    }
    if (i < text.size) {
        uint64_t word = load_short(text.ptr + i, text.size - i);
        hits |= word_needs_quotes(word, delimiter);
        store_word(to + i, word);
    }
    return hits == 0 && text.ptr[0] != ' ' && text.ptr[text.size - 1] != ' ';
}

static void
write_quoted(struct buffer *out, struct slice text)
{
    char *room = buffer_reserve(out, 2 * text.size + 2);
    if (room == NULL)
        return;
    char *to = room;
    const char *at = text.ptr;
    const char *end = text.ptr + text.size;
    *to++ = '"';
    for (;;) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        size_t size = (size_t)((quote == NULL ? end : quote + 1) - at);
        memcpy(to, at, size);
        to += size;
        *to++ = '"';
        if (quote == NULL)
            break;
        at = quote + 1;
    }
    buffer_commit(out, (size_t)(to - room));
}

/* A list or an object. */
static void
write_json(struct buffer *out, struct value value, char delimiter)
{
    struct buffer text;
    buffer_init(&text, out->max_bytes);
    json_print(&text, value);
    char *room = buffer_reserve(out, text.size + OVERHANG_BYTES);
    if (room == NULL || buffer_is_over(&text))
        out->over = true;
    else if (copy_plain(room, buffer_slice(&text), delimiter))
        buffer_commit(out, text.size);
    else
        write_quoted(out, buffer_slice(&text));
    buffer_done(&text);
}

static inline bool
is_text(struct value value)
{
    return value.kind == VALUE_STRING || value.kind <= VALUE_NULL;
}

/* Writes texts that need no quotes in one go, with a delimiter behind each; gives their number. */
static size_t
write_plain_cells(struct buffer *out, const struct value *cells, size_t count, char delimiter)
{
    size_t bytes = OVERHANG_BYTES;
    size_t texts = 0;
    for (; texts < count && is_text(cells[texts]); texts++)
        bytes += (size_t)cells[texts].count + 1;
    char *room = buffer_reserve(out, bytes);
    if (room == NULL)
        return count;
    char *at = room;
    size_t i = 0;
    for (; i < texts && copy_plain(at, value_slice(cells[i]), delimiter); i++) {
        at += cells[i].count;
        *at++ = delimiter;
    }
    buffer_commit(out, (size_t)(at - room));
    return i;
}

/* One that is no plain text. */
static void
write_cell(struct buffer *out, struct value value, char delimiter)
{
    if (value.kind == VALUE_STRING)
        write_quoted(out, value_slice(value));
    else if (value.kind >= VALUE_ARRAY)
        write_json(out, value, delimiter);
    else
        json_print(out, value);
}

void
csv_write_cells(struct buffer *out, const struct value *cells, size_t count, char delimiter)
{
    for (size_t i = 0; i < count; i++) {
        i += write_plain_cells(out, cells + i, count - i, delimiter);
        if (i == count)
            break;
        write_cell(out, cells[i], delimiter);
        buffer_append_byte(out, delimiter);
    }
    /* Each cell brought its delimiter. */
    if (count > 0 && !buffer_is_over(out))
        out->size--;
}

void
csv_end_row(struct buffer *out, size_t begin, size_t count)
{
    /* One empty cell alone would read as a blank line. */
    if (count == 1 && out->size == begin)
        buffer_append(out, "\"\"", 2);
    buffer_append_byte(out, '\n');
}
