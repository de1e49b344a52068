#include "document/csv.h"

#include "document/scan.h"

/* A row in the making. */
struct scan {
    struct csv_reader *reader;
    struct csv_row *row;
    const char *begin; /* of the row */
    const char *at;
    bool is_open; /* the quotes of the field at `at` are not closed in the block */
};

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

static inline const char *
behind_line_end(const char *at, const char *end)
{
    if (*at == '\r' && at + 1 < end && at[1] == '\n')
        at++;
    return at + 1;
}

/* Passes a line end; false: the block ends where an LF could follow. */
static inline bool
pass_line_end(struct scan *scan)
{
    const struct csv_reader *reader = scan->reader;
    if (*scan->at == '\r' && scan->at + 1 == reader->end && !reader->is_last)
        return false;
    scan->at = behind_line_end(scan->at, reader->end);
    return true;
}

static inline const char *
pass_blanks(const struct csv_reader *reader, const char *at)
{
    while (at < reader->end && (*at == ' ' || *at == '\t') && *at != reader->dialect.delimiter)
        at++;
    return at;
}

static inline bool
ends_field(const struct csv_reader *reader, const char *at)
{
    return at == reader->end || *at == reader->dialect.delimiter || *at == '\n' || *at == '\r';
}

/* The closing quote of a field whose text begins at `at`, or NULL; *is_doubled tells of two in a
 * row inside. */
static const char *
find_quote_end(const char *at, const char *end, int quote, bool *is_doubled)
{
    *is_doubled = false;
    for (;;) {
        at = memchr(at, quote, (size_t)(end - at));
        if (at == NULL || at + 1 == end || at[1] != quote)
            return at;
        *is_doubled = true;
        at += 2;
    }
}

/* --- malformed rows --- */

/* The end of a field by itself, with closed quotes or none at all; NULL: it has others. */
static const char *
find_sound_field_end(const struct csv_reader *reader, const char *at, const char *end)
{
    const struct csv_dialect *dialect = &reader->dialect;
    const char *field_end = at;
    bool is_doubled;
    if (at == end || *at != dialect->quote) {
        field_end = find_cell_end(at, end, dialect->delimiter);
        bool has_quote = dialect->quote != CSV_NO_QUOTE &&
                         memchr(at, dialect->quote, (size_t)(field_end - at)) != NULL;
        return has_quote ? NULL : field_end;
    }
    field_end = find_quote_end(at + 1, end, dialect->quote, &is_doubled);
    bool is_closed =
        field_end != NULL && (field_end + 1 == end || field_end[1] == dialect->delimiter);
    return is_closed ? field_end + 1 : NULL;
}

bool
csv_looks_like_row(const struct csv_reader *reader, struct slice line)
{
    const char *at = line.ptr;
    const char *end = line.ptr + line.size;
    uint32_t count = 0;
    if (line.size == 0)
        return false;
    for (;; at++) {
        at = find_sound_field_end(reader, at, end);
        if (at == NULL || count++ == reader->row_fields)
            return false;
        if (at == end)
            return count == reader->row_fields;
    }
}

/* Where reading goes on behind a malformed row that ends at `stop` at the latest. */
static const char *
find_resumption(const struct scan *scan, const char *stop)
{
    const struct csv_reader *reader = scan->reader;
    const char *line = scan->begin;
    while (line < stop && reader->row_fields > 0) {
        const char *line_end = find_cell_end(line, stop, '\n');
        bool is_whole = line_end < stop || reader->is_last;
        struct slice text = slice_of(line, (size_t)(line_end - line));
        if (line > scan->begin && is_whole && csv_looks_like_row(reader, text))
            return line;
        line = line_end == stop ? stop : behind_line_end(line_end, stop);
    }
    return stop;
}

/* The problem is at scan->at. */
static enum csv_end
give_up(struct scan *scan, const char *problem, const char *stop)
{
    struct csv_reader *reader = scan->reader;
    struct csv_row *row = scan->row;
    row->problem = problem;
    csv_place(scan->begin, scan->at, &row->problem_line, &row->problem_column);
    reader->at = find_resumption(scan, stop);
    row->lines = count_line_ends(scan->begin, reader->at);
    bool is_end = reader->at == reader->end && reader->is_last;
    if (is_end && reader->end[-1] != '\n' && reader->end[-1] != '\r')
        row->lines++;
    return CSV_BAD;
}

static enum csv_end
text_behind_quote(struct scan *scan, const char *at)
{
    const struct csv_reader *reader = scan->reader;
    const char *line_end = find_cell_end(at, reader->end, '\n');
    bool may_go_on = line_end == reader->end || (*line_end == '\r' && line_end + 1 == reader->end);
    if (may_go_on && !reader->is_last)
        return CSV_MORE;
    scan->at = at;
    return give_up(scan, "text after a closing quote (a quote inside quotes is written twice)",
                   line_end == reader->end ? line_end : behind_line_end(line_end, reader->end));
}

/* What follows the quote belongs to the row, as far as the resumption tells. */
static enum csv_end
unclosed_row(struct scan *scan)
{
    scan->is_open = true;
    if (!scan->reader->is_last)
        return CSV_MORE;
    return give_up(scan, "a quoted field is not closed", scan->reader->end);
}

/* The block holds as much as a row may have. */
static enum csv_end
too_long(struct scan *scan)
{
    struct csv_reader *reader = scan->reader;
    const char *problem = "a quoted field is not closed within 16 MiB";
    if (!scan->is_open) {
        problem = "the row is longer than 16 MiB";
        scan->at = scan->begin;
    }
    /* An LF could follow; the two are passed together. */
    const char *stop = reader->end - (reader->end[-1] == '\r');
    enum csv_end end = give_up(scan, problem, stop);
    scan->row->is_cut = reader->at == stop;
    scan->row->is_open = scan->row->is_cut && scan->is_open;
    return end;
}

/* --- fields --- */

/* The field begins at scan->at. */
static inline void
add_field(struct scan *scan, struct slice text)
{
    if (scan->row->count < scan->reader->fields_max)
        scan->reader->fields[scan->row->count] = value_string(text);
    else if (scan->row->surplus == NULL && text.size > 0)
        scan->row->surplus = scan->at;
    scan->row->count++;
}

/* Doubled quotes become one. ptr NULL: over the arena's limit. */
static struct slice
unquote(struct arena *arena, const char *begin, const char *end, int mark)
{
    char *copy = arena_try_alloc(arena, (size_t)(end - begin) + 1);
    size_t used = 0;
    while (copy != NULL && begin < end) {
        const char *quote = memchr(begin, mark, (size_t)(end - begin));
        size_t size = quote == NULL ? (size_t)(end - begin) : (size_t)(quote - begin) + 1;
        memcpy(copy + used, begin, size);
        used += size;
        begin += quote == NULL ? size : size + 1;
    }
    return slice_of(copy, used);
}

/* ROW: the field is read and `at` stands behind it. */
static enum csv_end
read_quoted(struct scan *scan)
{
    struct csv_reader *reader = scan->reader;
    int quote = reader->dialect.quote;
    const char *begin = scan->at + 1;
    bool is_doubled = false;
    const char *close = find_quote_end(begin, reader->end, quote, &is_doubled);
    if (close == NULL)
        return unclosed_row(scan);
    const char *next = pass_blanks(reader, close + 1);
    /* At the block's end the next byte could double the quote, or be text. */
    if (next == reader->end && !reader->is_last)
        return CSV_MORE;
    if (!ends_field(reader, next))
        return text_behind_quote(scan, next);
    struct slice text = slice_of(begin, (size_t)(close - begin));
    if (is_doubled)
        text = unquote(reader->arena, begin, close, quote);
    if (text.ptr == NULL)
        return CSV_FULL;
    scan->row->lines += count_line_ends(begin, close);
    add_field(scan, text);
    scan->at = next;
    return CSV_ROW;
}

static inline enum csv_end
read_plain(struct scan *scan)
{
    const struct csv_reader *reader = scan->reader;
    const char *end = find_cell_end(scan->at, reader->end, reader->dialect.delimiter);
    if (end == reader->end && !reader->is_last)
        return CSV_MORE;
    add_field(scan, slice_of(scan->at, (size_t)(end - scan->at)));
    scan->at = end;
    return CSV_ROW;
}

/* Passes blanks, but only before quotes that close in the same line, right before the field's end;
 * else they are text, as quotes behind them are. False: the block does not tell. */
static bool
pass_blanks_before_quotes(struct scan *scan)
{
    const struct csv_reader *reader = scan->reader;
    const char *open = pass_blanks(reader, scan->at);
    if (open == reader->end || *open != reader->dialect.quote)
        return open < reader->end || reader->is_last;
    const char *line_end = find_cell_end(open, reader->end, '\n');
    if (line_end == reader->end && !reader->is_last)
        return false;
    bool is_doubled;
    const char *close = find_quote_end(open + 1, line_end, reader->dialect.quote, &is_doubled);
    if (close != NULL && ends_field(reader, pass_blanks(reader, close + 1)))
        scan->at = open;
    return true;
}

static inline enum csv_end
read_field(struct scan *scan)
{
    const struct csv_reader *reader = scan->reader;
    if (scan->at == reader->end)
        return read_plain(scan);
    bool may_be_blank = (unsigned char)*scan->at <= ' ';
    if (may_be_blank && !pass_blanks_before_quotes(scan))
        return CSV_MORE;
    return *scan->at == reader->dialect.quote ? read_quoted(scan) : read_plain(scan);
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

static inline enum csv_end
read_fields(struct scan *scan)
{
    const struct csv_reader *reader = scan->reader;
    for (;;) {
        enum csv_end end = read_field(scan);
        if (end != CSV_ROW)
            return end;
        if (scan->at == reader->end || *scan->at != reader->dialect.delimiter)
            return finish_row(scan);
        scan->at++;
    }
}

enum csv_end
csv_read_row(struct csv_reader *reader, struct csv_row *row)
{
    struct scan scan = {.reader = reader, .row = row, .begin = reader->at, .at = reader->at};
    *row = (struct csv_row){.fields = reader->fields};
    if (reader->at == reader->end)
        return reader->is_last ? CSV_DONE : CSV_MORE;
    enum csv_end end = read_fields(&scan);
    return end == CSV_MORE && reader->is_full ? too_long(&scan) : end;
}
