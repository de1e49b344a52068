#include "base/json.h"
#include "document/csv.h"
#include "document/scan.h"

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
