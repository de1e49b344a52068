#include "convert/plain.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a title: it is told beside the text, within CONVERSION_HEAD_BYTES. */
#define TITLE_BYTES 200
/* Lists in lists that are still set off. */
#define INDENT_MAX 8

void
plain_init(struct plain *plain, struct convert_job *job)
{
    *plain = (struct plain){.job = job};
}

/* --- bytes --- */

static void
put(struct plain *plain, struct slice bytes)
{
    if (bytes.size > LIMIT_SOURCE_TEXT_BYTES - plain->bytes)
        plain->is_over = true;
    if (plain->is_over)
        return;
    buffer_append_slice(plain->job->out, bytes);
    plain->bytes += bytes.size;
}

static void
put_times(struct plain *plain, struct slice bytes, unsigned count)
{
    for (; count > 0 && !plain->is_over; count--)
        put(plain, bytes);
}

static void
settle_line(struct plain *plain)
{
    if (plain->breaks > 0 && plain->is_page_begun) {
        put_times(plain, SLICE("\n"), plain->breaks);
        plain->is_line_begun = false;
    }
    plain->breaks = 0;
    plain->job->flush(plain->job->context);
}

static void
settle_indent(struct plain *plain)
{
    bool has_marker = plain->marker[0] != '\0';
    unsigned indent = plain->indent < INDENT_MAX ? plain->indent : INDENT_MAX;
    if (indent > 0 && plain->row_depth == 0)
        put_times(plain, SLICE("  "), has_marker ? indent - 1 : indent);
    put(plain, slice_text(plain->marker));
    plain->marker[0] = '\0';
}

/* What is owed before the next words. */
static void
settle(struct plain *plain)
{
    settle_line(plain);
    if (!plain->is_line_begun) {
        settle_indent(plain);
        put_times(plain, SLICE("| "), plain->bars);
    } else if (plain->bars > 0) {
        put(plain, SLICE(" | "));
        put_times(plain, SLICE("| "), plain->bars - 1);
    } else if (plain->is_space_owed) {
        put(plain, SLICE(" "));
    }
    plain->bars = 0;
    plain->is_space_owed = false;
    plain->is_line_begun = plain->is_page_begun = true;
}

static inline void
put_words(struct plain *plain, struct slice words)
{
    if (plain->is_space_owed || plain->breaks > 0 || plain->bars > 0 || !plain->is_line_begun)
        settle(plain);
    put(plain, words);
    plain->has_words = true;
}

/* --- characters --- */

enum meaning {
    MEANS_ITSELF,
    MEANS_SPACE,
    MEANS_LINE_END,
    MEANS_NOTHING,
    MEANS_NO_TEXT, /* a byte that is no UTF-8 */
};

static enum meaning
meaning_of_ascii(char byte)
{
    if (byte == ' ' || byte == '\t' || byte == '\f')
        return MEANS_SPACE;
    if (byte == '\n' || byte == '\r' || byte == '\v')
        return MEANS_LINE_END;
    return (unsigned char)byte < ' ' || byte == 0x7F ? MEANS_NOTHING : MEANS_ITSELF;
}

/* Of what begins with 0xC2: the controls of ISO 6429, no-break space, soft hyphen. */
static enum meaning
meaning_of_latin(unsigned char second)
{
    if (second == 0x85)
        return MEANS_LINE_END;
    if (second == 0xA0)
        return MEANS_SPACE;
    return second < 0xA0 || second == 0xAD ? MEANS_NOTHING : MEANS_ITSELF;
}

/* Zero width space, marks and brackets of direction, word joiner and its like. */
static bool
is_invisible(const unsigned char *bytes)
{
    if (bytes[0] == 0xEF)
        return bytes[1] == 0xBB && bytes[2] == 0xBF;
    if (bytes[0] != 0xE2)
        return false;
    if (bytes[1] == 0x80)
        return bytes[2] == 0x8B || bytes[2] == 0x8E || bytes[2] == 0x8F ||
               (bytes[2] >= 0xAA && bytes[2] <= 0xAE);
    return bytes[1] == 0x81 && bytes[2] >= 0xA0 && bytes[2] <= 0xAF;
}

/* What is invisible would stand in the way of those who look for a word. */
static enum meaning
meaning_of(struct slice character)
{
    const unsigned char *bytes = (const unsigned char *)character.ptr;
    if (character.size == 1)
        return meaning_of_ascii(character.ptr[0]);
    if (bytes[0] == 0xC2)
        return meaning_of_latin(bytes[1]);
    if (slice_is(character, "\xE2\x80\xA8") || slice_is(character, "\xE2\x80\xA9"))
        return MEANS_LINE_END;
    return character.size == 3 && is_invisible(bytes) ? MEANS_NOTHING : MEANS_ITSELF;
}

/* Only what begins with one of these may mean something else than itself. */
static inline bool
is_special(unsigned char byte)
{
    return byte <= ' ' || byte == 0x7F || byte == 0xC2 || byte == 0xE2 || byte == 0xEF;
}

/* The next bytes with one meaning. */
static struct slice
next_part(struct slice text, bool is_checked, enum meaning *meaning)
{
    size_t size = 0;
    *meaning = MEANS_ITSELF;
    while (size < text.size && !is_special((unsigned char)text.ptr[size]) &&
           (is_checked || (unsigned char)text.ptr[size] < 0x80))
        size++;
    if (size > 0)
        return slice_of(text.ptr, size);
    size = slice_character(text);
    struct slice character = slice_of(text.ptr, size == 0 ? 1 : size);
    *meaning = size == 0 ? MEANS_NO_TEXT : meaning_of(character);
    return character;
}

void
plain_words(struct plain *plain, struct slice text)
{
    while (text.size > 0 && !plain->is_over) {
        enum meaning meaning;
        struct slice part = next_part(text, true, &meaning);
        if (meaning == MEANS_SPACE || meaning == MEANS_LINE_END)
            plain->is_space_owed = true;
        else if (meaning == MEANS_ITSELF)
            put_words(plain, part);
        text = slice_of(text.ptr + part.size, text.size - part.size);
    }
}

/* White space that counts, but is no word. */
static void
put_space(struct plain *plain, struct slice space)
{
    bool has_words = plain->has_words;
    put_words(plain, space.size == 1 ? space : SLICE(" "));
    plain->has_words = has_words;
}

void
plain_raised(struct plain *plain, struct slice text)
{
    text = slice_trim(text);
    bool is_number = text.size > 0 && ((text.ptr[0] >= '0' && text.ptr[0] <= '9') ||
                                       text.ptr[0] == '-' || text.ptr[0] == '+');
    bool is_beside =
        plain->is_line_begun && !plain->is_space_owed && plain->breaks == 0 && plain->bars == 0;
    if (is_number && is_beside)
        put(plain, SLICE("^"));
}

static void
put_verbatim(struct plain *plain, struct slice part, enum meaning meaning)
{
    if (meaning == MEANS_ITSELF)
        put_words(plain, part);
    else if (meaning == MEANS_NO_TEXT)
        put_words(plain, SLICE("\xEF\xBF\xBD"));
    else if (meaning == MEANS_LINE_END && plain->row_depth == 0)
        plain->breaks++;
    else if (meaning != MEANS_NOTHING && plain->row_depth > 0)
        plain->is_space_owed = true;
    else if (meaning == MEANS_SPACE)
        put_space(plain, part);
}

void
plain_verbatim(struct plain *plain, struct slice text)
{
    while (text.size > 0 && !plain->is_over) {
        enum meaning meaning;
        struct slice part = next_part(text, false, &meaning);
        if (slice_starts_with(text, SLICE("\r\n")))
            part.size = 2;
        put_verbatim(plain, part, meaning);
        text = slice_of(text.ptr + part.size, text.size - part.size);
    }
}

/* --- lines and pages --- */

void
plain_break(struct plain *plain, unsigned breaks)
{
    if (plain->row_depth > 0) {
        plain->is_space_owed = true;
        return;
    }
    plain->is_space_owed = false;
    /* What an item begins with stands beside its marker. */
    if (plain->marker[0] == '\0' && plain->breaks < breaks)
        plain->breaks = breaks;
}

void
plain_line_end(struct plain *plain)
{
    plain_break(plain, plain->breaks < 2 ? plain->breaks + 1 : 2);
}

void
plain_page(struct plain *plain)
{
    if (plain->is_line_begun)
        put(plain, SLICE("\n"));
    put(plain, SLICE("\f"));
    plain->breaks = 0;
    plain->is_space_owed = plain->is_line_begun = plain->is_page_begun = false;
}

/* --- lists --- */

void
plain_list_begin(struct plain *plain)
{
    plain_break(plain, plain->indent == 0 ? 2 : 1);
    plain->indent++;
}

void
plain_list_end(struct plain *plain)
{
    plain->marker[0] = '\0';
    plain->indent--;
    plain_break(plain, plain->indent == 0 ? 2 : 1);
}

void
plain_item(struct plain *plain, const char *marker)
{
    plain->marker[0] = '\0';
    plain_break(plain, 1);
    if (plain->row_depth == 0)
        snprintf(plain->marker, sizeof(plain->marker), "%s", marker);
}

void
plain_indent(struct plain *plain, unsigned indent)
{
    plain->indent = indent;
}

/* --- tables --- */

void
plain_row_begin(struct plain *plain)
{
    plain_break(plain, 1);
    plain->row_depth++;
    if (plain->row_depth == 1)
        plain->cells = 0;
}

void
plain_row_end(struct plain *plain)
{
    plain->row_depth--;
    if (plain->row_depth == 0)
        plain->bars = 0;
    plain_break(plain, 1);
}

void
plain_cell(struct plain *plain)
{
    plain->is_space_owed = true;
    if (plain->row_depth != 1)
        return;
    plain->is_space_owed = false;
    plain->bars += plain->cells > 0;
    plain->cells++;
}

/* --- titles --- */

static void
keep(void *context)
{
}

struct slice
plain_title(struct arena *arena, struct slice words)
{
    struct buffer line;
    struct plain plain;
    buffer_init(&line, LIMIT_SOURCE_TEXT_BYTES);
    struct convert_job job = {.out = &line, .flush = keep};
    plain_init(&plain, &job);
    plain_words(&plain, slice_cut(words, 8 * TITLE_BYTES));
    struct slice title = slice_cut(buffer_slice(&line), TITLE_BYTES);
    title = title.size == 0 ? slice_of(NULL, 0) : arena_copy(arena, title);
    buffer_done(&line);
    return title;
}

/* --- the end --- */

enum status
plain_end(struct plain *plain, struct error *error)
{
    if (plain->is_line_begun)
        put(plain, SLICE("\n"));
    if (plain->is_over)
        return error_set(error, STATUS_LIMIT,
                         "its text is longer than %zu MB; split it into several documents",
                         LIMIT_SOURCE_TEXT_BYTES / MIB(1));
    return STATUS_OK;
}
