#include "ai/local_line.h"

#include "ai/local_layout.h"
#include "ai/local_letters.h"

/* Bytes and words of a line that can stand alone. */
#define SHORT_BYTES 90
#define SHORT_WORDS 12

static struct slice
skip(struct slice text, size_t size)
{
    return slice_of(text.ptr + size, text.size - size);
}

static size_t
bullet_bytes(struct slice text)
{
    static const char *const signs[] = {"- ", "* ", "+ ", "• ", "– ", "‣ ", "◦ ", "▪ ", "· "};
    bool is_letter = text.size > 0 && (text.ptr[0] | 0x20) >= 'a' && (text.ptr[0] | 0x20) <= 'z';
    for (size_t i = 0; !is_letter && i < sizeof(signs) / sizeof(signs[0]); i++)
        if (slice_starts_with(text, slice_text(signs[i])))
            return strlen(signs[i]);
    size_t digits = 0;
    while (digits < text.size && digits < 3 && local_is_digit(text.ptr[digits]))
        digits++;
    bool is_number = digits > 0 && digits + 1 < text.size &&
                     (text.ptr[digits] == '.' || text.ptr[digits] == ')') &&
                     text.ptr[digits + 1] == ' ';
    return is_number ? digits + 2 : 0;
}

static void
take_heading(struct local_line *line)
{
    unsigned level = 0;
    while (level < line->text.size && level < 7 && line->text.ptr[level] == '#')
        level++;
    if (level == 0 || level > 6 || level == line->text.size || line->text.ptr[level] != ' ')
        return;
    line->heading = level;
    line->text = slice_trim(skip(line->text, level));
    while (line->text.size > 0 && line->text.ptr[line->text.size - 1] == '#')
        line->text.size--;
    line->text = slice_trim(line->text);
}

struct local_line
local_line_of(struct slice line)
{
    struct local_line out = {.indent = 0};
    size_t at = 0;
    for (; at < line.size && (unsigned char)line.ptr[at] <= ' '; at++)
        out.indent += line.ptr[at] == '\t' ? 4 : 1;
    out.text = slice_trim(skip(line, at));
    while (out.text.size > 1 && out.text.ptr[0] == '>' && out.text.ptr[1] == ' ')
        out.text = slice_trim(skip(out.text, 1));
    take_heading(&out);
    size_t bullet = out.heading == 0 ? bullet_bytes(out.text) : 0;
    if (bullet > 0) {
        out.has_bullet = true;
        out.text = slice_trim(skip(out.text, bullet));
    }
    return out;
}

bool
local_line_is_rule(struct slice text)
{
    size_t marks = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (memchr("-=*_+~", text.ptr[i], 6) != NULL)
            marks++;
        else if (memchr("|: \t", text.ptr[i], 4) == NULL)
            return false;
    }
    return marks >= 3;
}

bool
local_line_is_short(struct slice text)
{
    if (text.size == 0 || text.size > SHORT_BYTES ||
        memchr(".!?;,", text.ptr[text.size - 1], 5) != NULL)
        return false;
    size_t words = 1;
    for (size_t i = 0; i < text.size; i++)
        words += text.ptr[i] == ' ';
    return words <= SHORT_WORDS;
}

/* Where the next cell's separator begins and how long it is; text.size if there is none. */
static size_t
gap_find(struct slice text, size_t from, size_t *size)
{
    for (size_t at = from; at < text.size; at++) {
        char byte = text.ptr[at];
        size_t run = at;
        if (byte == '\t' || byte == ' ' || byte == '.')
            while (run < text.size && text.ptr[run] == byte)
                run++;
        *size = run - at;
        if ((byte == '\t' && *size > 0) || (byte == ' ' && *size >= 3) ||
            (byte == '.' && *size >= 4))
            return at;
        if (run > at)
            at = run - 1;
    }
    return text.size;
}

static size_t
bar_find(struct slice text, size_t from, size_t *size)
{
    const char *bar = from < text.size ? memchr(text.ptr + from, '|', text.size - from) : NULL;
    *size = 1;
    return bar == NULL ? text.size : (size_t)(bar - text.ptr);
}

static size_t
split_cells(struct slice text, bool by_bar, struct slice cells[LOCAL_CELLS_MAX])
{
    size_t count = 0;
    size_t from = 0;
    while (from <= text.size && count < LOCAL_CELLS_MAX) {
        size_t size = 0;
        size_t end = by_bar ? bar_find(text, from, &size) : gap_find(text, from, &size);
        struct slice cell = slice_trim(slice_of(text.ptr + from, end - from));
        if (by_bar || cell.size > 0)
            cells[count++] = cell;
        if (end == text.size)
            break;
        from = end + size;
    }
    return count;
}

size_t
local_line_cells(struct slice text, struct slice cells[LOCAL_CELLS_MAX])
{
    if (text.size > LOCAL_PIECE_BYTES)
        return 0;
    bool has_bar = memchr(text.ptr, '|', text.size) != NULL;
    if (has_bar && text.ptr[0] == '|')
        text = skip(text, 1);
    if (has_bar && text.size > 0 && text.ptr[text.size - 1] == '|')
        text.size--;
    size_t count = split_cells(text, has_bar, cells);
    return count >= 2 && cells[0].size <= LOCAL_LABEL_BYTES ? count : 0;
}

/* Whether what stands before a separator can be a label. */
static bool
is_label(struct slice label, size_t words_max)
{
    size_t words = 1;
    bool has_letter = false;
    if (label.size == 0 || label.size > LOCAL_LABEL_BYTES)
        return false;
    for (size_t i = 0; i < label.size; i++) {
        char byte = label.ptr[i];
        char next = i + 1 < label.size ? label.ptr[i + 1] : '\0';
        if ((byte == '.' || byte == ';' || byte == '?' || byte == '!') && next == ' ' && i > 2)
            return false;
        words += byte == ' ';
        has_letter = has_letter || (unsigned char)(byte | 0x20) >= 'a' || local_is_digit(byte);
    }
    return has_letter && words <= words_max;
}

/* "12:30", "http:" and "a:b" are not labels. */
static bool
is_colon_of_label(struct slice text, size_t at)
{
    char next = at + 1 < text.size ? text.ptr[at + 1] : ' ';
    return next == ' ' || next == '\t' || next == '*' || next == '_' || next == '"';
}

static bool
split_colon(struct slice text, size_t words_max, struct slice *label, struct slice *value)
{
    size_t reach = text.size < LOCAL_LABEL_BYTES ? text.size : LOCAL_LABEL_BYTES;
    for (size_t at = 1; at < reach; at++) {
        if (text.ptr[at] != ':' || !is_colon_of_label(text, at))
            continue;
        *label = slice_of(text.ptr, at);
        *value = slice_trim(skip(text, at + 1));
        return is_label(*label, words_max);
    }
    return false;
}

static bool
split_sign(struct slice text, const char *sign, struct slice *label, struct slice *value)
{
    struct slice reach = slice_of(text.ptr, text.size < 80 ? text.size : 80);
    const char *found = reach.size == 0 ? NULL : memmem(reach.ptr, reach.size, sign, strlen(sign));
    if (found == NULL || found == text.ptr)
        return false;
    size_t at = (size_t)(found - text.ptr);
    *label = slice_of(text.ptr, at);
    *value = slice_trim(skip(text, at + strlen(sign)));
    return value->size > 0 && is_label(*label, 6);
}

bool
local_line_label(struct slice text, struct slice *label, struct slice *value)
{
    return split_colon(text, 10, label, value) || split_sign(text, " = ", label, value) ||
           split_sign(text, " – ", label, value) || split_sign(text, " — ", label, value) ||
           split_sign(text, " - ", label, value);
}

static bool
is_pair(char first, char last)
{
    if (first == '[')
        return last == ']';
    if (first == '{')
        return last == '}';
    return first == last && memchr("*_`\"'", first, 5) != NULL;
}

struct slice
local_line_bare(struct slice text)
{
    text = slice_trim(text);
    if (text.size > 1 && text.ptr[text.size - 1] == ',')
        text.size--;
    while (text.size > 1 && memchr("*_", text.ptr[0], 2) != NULL &&
           memchr("*_ ", text.ptr[1], 3) != NULL)
        text = slice_trim(skip(text, 1 + (text.ptr[1] != ' ')));
    while (text.size > 1 && is_pair(text.ptr[0], text.ptr[text.size - 1]))
        text = slice_trim(slice_of(text.ptr + 1, text.size - 2));
    bool is_opening = text.size == 1 && memchr("{[|>*_", text.ptr[0], 6) != NULL;
    return is_opening ? slice_of(text.ptr, 0) : text;
}
