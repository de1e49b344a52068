#include "base/json.h"
#include "document/csv.h"
#include "document/scan.h"

#include <strings.h>

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

/* What a text begins with that is looked at closely before it is written. */
enum lead {
    LEAD_BLANK = 1,   /* it is quoted, so that readers keep it */
    LEAD_FORMULA = 2, /* maybe */
};

static const unsigned char leads[256] = {
    [' '] = LEAD_BLANK | LEAD_FORMULA,
    ['='] = LEAD_FORMULA,
    ['+'] = LEAD_FORMULA,
    ['-'] = LEAD_FORMULA,
    ['@'] = LEAD_FORMULA,
    ['\t'] = LEAD_FORMULA,
    ['\r'] = LEAD_FORMULA,
    ['\n'] = LEAD_FORMULA,
    ['"'] = LEAD_FORMULA,
    [0xEF] = LEAD_FORMULA, /* signs in full width */
};

static inline unsigned
lead_mask(const struct csv_format *format)
{
    return format->escapes_formulas ? LEAD_BLANK | LEAD_FORMULA : LEAD_BLANK;
}

/* Copies a text, with up to OVERHANG_BYTES behind it; false if it may need more than that. */
static inline bool
copy_plain(char *to, struct slice text, char delimiter, unsigned mask)
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
    bool is_looked_at = (leads[(unsigned char)text.ptr[0]] & mask) != 0;
    return hits == 0 && !is_looked_at && text.ptr[text.size - 1] != ' ';
}

/* --- texts that are looked at --- */

static bool
is_part_of_number(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte != '\0' && strchr(" .,'", byte) != NULL);
}

/* Behind a sign: digits with what groups them, maybe an exponent and "%". A telephone number is as
 * harmless. */
static bool
is_number(const char *at, const char *end)
{
    bool has_digit = false;
    for (; at < end && is_part_of_number(*at); at++)
        has_digit |= *at >= '0' && *at <= '9';
    if (!has_digit)
        return false;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        const char *exponent = at;
        while (at < end && *at >= '0' && *at <= '9')
            at++;
        if (at == exponent)
            return false;
    }
    at += at < end && *at == '%';
    return at == end;
}

/* A placeholder such as "-" or "---". */
static bool
is_only_signs(const char *at, const char *end)
{
    while (at < end && *at != '\0' && strchr("=+-@ ", *at) != NULL)
        at++;
    return at == end;
}

static bool
begins_with_wide_sign(const char *at, const char *end)
{
    static const char *const signs[] = {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        if (slice_starts_with(slice_of(at, (size_t)(end - at)), slice_text(signs[i])))
            return true;
    }
    return false;
}

bool
csv_is_formula(struct slice text)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.size;
    if (at < end && (*at == '\t' || *at == '\r' || *at == '\n'))
        return true;
    while (at < end && (*at == ' ' || *at == '"'))
        at++;
    if (at == end || is_only_signs(at, end))
        return false;
    if (*at == '+' || *at == '-')
        return !is_number(at + 1, end);
    return *at == '=' || *at == '@' || begins_with_wide_sign(at, end);
}

static bool
could_mislead(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] != '\0' && strchr(",;|\t", text.ptr[i]) != NULL)
            return true;
    }
    return slice_starts_with(text, SLICE("\xEF\xBB\xBF")) ||
           (text.size >= 4 && strncasecmp(text.ptr, "sep=", 4) == 0);
}

static bool
needs_quotes(struct slice text, const struct csv_format *format)
{
    if (text.size == 0)
        return false;
    uint64_t hits = 0;
    size_t i = 0;
    for (; i + 8 <= text.size && hits == 0; i += 8)
        hits = word_needs_quotes(load_word(text.ptr + i), format->delimiter);
    if (i < text.size && hits == 0)
        hits = word_needs_quotes(load_short(text.ptr + i, text.size - i), format->delimiter);
    bool has_edge = text.ptr[0] == ' ' || text.ptr[text.size - 1] == ' ';
    return hits != 0 || has_edge || (format->is_telling && could_mislead(text));
}

static size_t
copy_doubled(char *to, struct slice text)
{
    char *begin = to;
    const char *at = text.ptr;
    const char *end = text.ptr + text.size;
    while (at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        size_t size = (size_t)((quote == NULL ? end : quote + 1) - at);
        memcpy(to, at, size);
        to += size;
        if (quote != NULL)
            *to++ = '"';
        at += size;
    }
    return (size_t)(to - begin);
}

static void
write_text(struct buffer *out, struct slice text, const struct csv_format *format)
{
    char *room = buffer_reserve(out, 2 * text.size + 3);
    if (room == NULL)
        return;
    char *to = room;
    bool is_quoted = needs_quotes(text, format);
    if (is_quoted)
        *to++ = '"';
    bool may_be_formula = text.size > 0 && (leads[(unsigned char)text.ptr[0]] & LEAD_FORMULA) != 0;
    if (format->escapes_formulas && may_be_formula && csv_is_formula(text))
        *to++ = '\'';
    to += copy_doubled(to, text);
    if (is_quoted)
        *to++ = '"';
    buffer_commit(out, (size_t)(to - room));
}

/* --- cells --- */

/* What is no text, as JSON. */
static void
write_json(struct buffer *out, struct value value, const struct csv_format *format)
{
    struct csv_format plain = {.delimiter = format->delimiter};
    struct buffer text;
    buffer_init(&text, out->max_bytes);
    json_print(&text, value);
    if (buffer_is_over(&text))
        out->over = true;
    else
        write_text(out, buffer_slice(&text), &plain);
    buffer_done(&text);
}

/* Whether it occurs in numbers, true and false. */
static bool
is_in_scalars(char delimiter)
{
    return strchr("+-.0123456789Eeaflrstu", delimiter) != NULL;
}

static inline bool
is_text(struct value value)
{
    return value.kind == VALUE_STRING || value.kind <= VALUE_NULL;
}

/* Writes texts that are nothing but text in one go, with a delimiter behind each; gives their
 * number. */
static size_t
write_plain_cells(struct buffer *out, const struct value *cells, size_t count,
                  const struct csv_format *format)
{
    unsigned mask = lead_mask(format);
    char delimiter = format->delimiter;
    size_t bytes = OVERHANG_BYTES;
    size_t texts = 0;
    for (; texts < count && is_text(cells[texts]); texts++)
        bytes += (size_t)cells[texts].count + 1;
    char *room = buffer_reserve(out, bytes);
    if (room == NULL)
        return count;
    char *at = room;
    size_t i = 0;
    for (; i < texts && copy_plain(at, value_slice(cells[i]), delimiter, mask); i++) {
        at += cells[i].count;
        *at++ = delimiter;
    }
    buffer_commit(out, (size_t)(at - room));
    return i;
}

static void
write_cell(struct buffer *out, struct value value, const struct csv_format *format)
{
    if (is_text(value))
        write_text(out, value_slice(value), format);
    else if (value.kind >= VALUE_ARRAY || is_in_scalars(format->delimiter))
        write_json(out, value, format);
    else
        json_print(out, value);
}

void
csv_write_cells(struct buffer *out, const struct value *cells, size_t count,
                const struct csv_format *format)
{
    for (size_t i = 0; i < count; i++) {
        if (!format->is_telling)
            i += write_plain_cells(out, cells + i, count - i, format);
        if (i == count)
            break;
        write_cell(out, cells[i], format);
        buffer_append_byte(out, format->delimiter);
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
