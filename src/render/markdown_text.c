#include "render/markdown_text.h"

#include "base/utf8.h"

#include "render/address.h"

#include <ctype.h>
#include <strings.h>

static void write_list(struct markdown_line *line, const struct span *spans);

static bool
is_punctuation(uint32_t point)
{
    return point < 0x80 && ispunct((int)point);
}

/* As md4c reads it, or more. */
static bool
is_space(uint32_t point)
{
    return point == ' ' || point == 0xA0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 ||
           point == 0x202F || point == 0x205F || point == 0x3000;
}

static bool
is_word(uint32_t point)
{
    return point != 0 && !is_punctuation(point) && !is_space(point);
}

/* The last character of the line, 0 if there is none. */
static uint32_t
last_point(const struct markdown_line *line)
{
    size_t at = line->out->size;
    if (at == line->begin)
        return 0;
    do
        at--;
    while (at > line->begin && !utf8_is_start(line->out->ptr[at]));
    return utf8_point(line->out->ptr + at);
}

static void
append_point(struct buffer *out, uint32_t point)
{
    buffer_append_format(out, "&#%u;", point);
}

/* Spells the last character as an entity, which ends and begins with punctuation. */
static void
respell_last(struct markdown_line *line)
{
    uint32_t point = last_point(line);
    while (line->out->size > line->begin && !utf8_is_start(line->out->ptr[line->out->size - 1]))
        line->out->size--;
    line->out->size--;
    append_point(line->out, point);
}

/* --- Text ------------------------------------------------------------------------------------ */

/* Whether "&" begins what Markdown would read as an entity. */
static bool
begins_entity(struct slice text, size_t at)
{
    size_t end = at + 1;
    if (end < text.size && text.ptr[end] == '#')
        end++;
    while (end < text.size && isalnum((unsigned char)text.ptr[end]))
        end++;
    return end > at + 1 && end < text.size && text.ptr[end] == ';';
}

static char
byte_at(struct slice text, size_t at)
{
    return at < text.size ? text.ptr[at] : '\0';
}

/* Whether the sign in the text must not be read as one. */
static bool
is_sign(const struct markdown_line *line, struct slice text, size_t at)
{
    char byte = text.ptr[at];
    bool is_first = line->out->size == line->begin;
    char before = at > 0 ? text.ptr[at - 1] : '\0';
    if (strchr("\\`*[]<~|", byte) != NULL)
        return true;
    if (byte == '&')
        return begins_entity(text, at);
    if (byte == '_')
        return !isalnum((unsigned char)before) || !isalnum((unsigned char)byte_at(text, at + 1));
    if (byte == '#')
        return is_first || line->place == MARKDOWN_HEADING;
    if (byte == '>' || byte == '-' || byte == '+' || byte == '=')
        return is_first && line->place != MARKDOWN_CELL;
    if (byte == ':' && last_point(line) == ']') /* "[^1]:" begins a note */
        return true;
    if (byte == ':')
        return (is_first && line->place != MARKDOWN_CELL) || byte_at(text, at + 1) == '/';
    if (byte == '@')
        return before != '\0' && before != ' ';
    return false;
}

/* "1." at the beginning of a line, and "www." anywhere. */
static bool
is_sign_dot(const struct markdown_line *line, struct slice text, size_t at)
{
    if (at >= 3 && strncasecmp(text.ptr + at - 3, "www", 3) == 0)
        return text.ptr[at] == '.';
    char behind = byte_at(text, at + 1);
    size_t digits = 0;
    if (line->place == MARKDOWN_CELL || (behind != '\0' && behind != ' '))
        return false;
    while (digits < at && isdigit((unsigned char)text.ptr[digits]))
        digits++;
    return digits > 0 && digits == at && line->out->size - line->begin == digits;
}

static void
write_character(struct markdown_line *line, struct slice text, size_t at)
{
    size_t size = utf8_size(text.ptr[at]);
    uint32_t point = utf8_point(text.ptr + at);
    uint32_t before = last_point(line);
    bool is_dot = point == '.' || point == ')';
    if ((point == ' ' && (before == 0 || before == ' ')) || (line->is_opened && is_space(point))) {
        append_point(line->out, point);
    } else if (line->is_after_sign && (is_word(point) || point == '_')) {
        append_point(line->out, point);
    } else {
        if (is_dot ? is_sign_dot(line, text, at) : size == 1 && is_sign(line, text, at))
            buffer_append_byte(line->out, '\\');
        buffer_append(line->out, text.ptr + at, size);
    }
    line->is_after_sign = false;
    line->is_opened = false;
}

static void
write_text(struct markdown_line *line, struct slice text)
{
    for (size_t at = 0; at < text.size; at += utf8_size(text.ptr[at]))
        write_character(line, text, at);
}

/* A space at the end of a line would be lost. */
static void
end_text(struct markdown_line *line)
{
    if (last_point(line) == ' ')
        respell_last(line);
}

/* --- Code, links, pictures ------------------------------------------------------------------- */

/* Ticks that do not stand in the text. */
static size_t
ticks_for(struct slice text)
{
    bool has_run[32] = {false};
    size_t run = 0;
    for (size_t i = 0; i <= text.size; i++) {
        if (i < text.size && text.ptr[i] == '`') {
            run++;
        } else {
            if (run < sizeof(has_run))
                has_run[run] = true;
            run = 0;
        }
    }
    size_t ticks = 1;
    while (ticks < sizeof(has_run) - 1 && has_run[ticks])
        ticks++;
    return ticks;
}

static void
write_ticks(struct buffer *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_append_byte(out, '`');
}

static void
write_code(struct markdown_line *line, struct slice text)
{
    size_t ticks = ticks_for(text);
    bool has_edge = text.size > 0 && (text.ptr[0] == '`' || text.ptr[text.size - 1] == '`' ||
                                      text.ptr[0] == ' ' || text.ptr[text.size - 1] == ' ');
    bool is_blank = slice_trim(text).size == 0;
    write_ticks(line->out, ticks);
    buffer_append_text(line->out, has_edge && !is_blank ? " " : "");
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] == '|' && line->place == MARKDOWN_CELL)
            buffer_append_byte(line->out, '\\');
        buffer_append_byte(line->out, text.ptr[i]);
    }
    buffer_append_text(line->out, has_edge && !is_blank ? " " : "");
    write_ticks(line->out, ticks);
    line->is_after_sign = false;
}

static void
append_escaped(struct buffer *out, struct slice text, const char *signs)
{
    for (size_t i = 0; i < text.size; i++) {
        if (strchr(signs, text.ptr[i]) != NULL || (text.ptr[i] == '&' && begins_entity(text, i)))
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, text.ptr[i]);
    }
}

/* What an address may hold without "<" and ">" around it. */
static bool
is_plain_target(struct slice address)
{
    for (size_t i = 0; i < address.size; i++) {
        unsigned char byte = (unsigned char)address.ptr[i];
        if (byte <= ' ' || strchr("()<>\\&*_`|[]\"'~", byte) != NULL)
            return false;
    }
    return address.size > 0;
}

static void
write_target(struct markdown_line *line, struct slice address, struct slice title)
{
    bool is_plain = is_plain_target(address);
    buffer_append_text(line->out, is_plain ? "](" : "](<");
    append_escaped(line->out, address, "\\<>|*_~`[]");
    buffer_append_text(line->out, is_plain ? "" : ">");
    if (title.size > 0) {
        buffer_append_text(line->out, " \"");
        append_escaped(line->out, title, "\\\"<>|*_~`[]");
        buffer_append_byte(line->out, '"');
    }
    buffer_append_byte(line->out, ')');
}

/* Behind "!" it would be a picture. */
static void
open_bracket(struct markdown_line *line)
{
    if (last_point(line) == '!') {
        line->out->size--;
        buffer_append_text(line->out, "\\!");
    }
    buffer_append_byte(line->out, '[');
    line->is_after_sign = false;
}

static void
write_picture(struct markdown_line *line, const struct span *span)
{
    buffer_append_text(line->out, "![");
    line->is_after_sign = false;
    write_text(line, span->text);
    write_target(line, span->picture->name, span->title);
}

/* --- Emphasis -------------------------------------------------------------------------------- */

/* What the spans begin with in Markdown; 0: nothing. */
static uint32_t
first_point(const struct span *span)
{
    for (; span != NULL; span = span->next) {
        switch (span->kind) {
        case SPAN_TEXT:
            if (span->text.size == 0)
                break;
            return is_space(utf8_point(span->text.ptr)) ? '&' : utf8_point(span->text.ptr);
        case SPAN_CODE:
            return '`';
        case SPAN_EMPHASIS:
        case SPAN_STRONG:
        case SPAN_STRIKE:
            return '*';
        case SPAN_LINK:
        case SPAN_NOTE:
        case SPAN_CITATION:
            return '[';
        case SPAN_PICTURE:
            return '!';
        case SPAN_BREAK:
            return ' ';
        }
    }
    return 0;
}

static void
open_sign(struct markdown_line *line, const char *sign, const struct span *inside)
{
    uint32_t before = last_point(line);
    uint32_t first = first_point(inside);
    /* Between a word and punctuation the sign would not open. */
    if (is_word(before) && (is_punctuation(first) || first >= 0x80))
        respell_last(line);
    buffer_append_text(line->out, sign);
    line->is_opened = true;
    line->is_after_sign = false;
}

static void
close_sign(struct markdown_line *line, const char *sign)
{
    if (is_space(last_point(line)))
        respell_last(line);
    uint32_t last = last_point(line);
    buffer_append_text(line->out, sign);
    line->is_after_sign = is_punctuation(last) || last >= 0x80;
    line->is_opened = false;
}

static void
write_emphasis(struct markdown_line *line, const struct span *span, const char *sign)
{
    open_sign(line, sign, span->first);
    write_list(line, span->first);
    close_sign(line, sign);
}

/* "_" does not mix with the signs of SPAN_STRONG, but does not work within words. */
static const char *
emphasis_sign(const struct markdown_line *line, const struct span *span)
{
    uint32_t first = first_point(span->next);
    return is_word(last_point(line)) || is_word(first) ? "*" : "_";
}

/* Whether it may be written as <address>. */
static bool
is_bare_link(const struct span *link)
{
    const struct span *inside = link->first;
    if (inside == NULL || inside->next != NULL || inside->kind != SPAN_TEXT || link->title.size > 0)
        return false;
    for (size_t i = 0; i < link->address.size; i++) {
        if (link->address.ptr[i] == '&' && begins_entity(link->address, i))
            return false;
    }
    return slice_equal(inside->text, link->address) && address_is_web(link->address);
}

static void
write_link(struct markdown_line *line, const struct span *span)
{
    if (is_bare_link(span)) {
        buffer_append_byte(line->out, '<');
        buffer_append_slice(line->out, span->address);
        buffer_append_byte(line->out, '>');
    } else {
        open_bracket(line);
        line->is_opened = true;
        write_list(line, span->first);
        end_text(line);
        write_target(line, span->address, span->title);
    }
    line->is_after_sign = false;
    line->is_opened = false;
}

static void
write_break(struct markdown_line *line)
{
    end_text(line);
    buffer_append_text(line->out, "\\\n");
    buffer_append_slice(line->out, line->prefix);
    line->begin = line->out->size;
    line->is_after_sign = false;
}

static void
write_span(struct markdown_line *line, const struct span *span)
{
    switch (span->kind) {
    case SPAN_TEXT:
        write_text(line, span->text);
        break;
    case SPAN_CODE:
        write_code(line, span->text);
        break;
    case SPAN_EMPHASIS:
        write_emphasis(line, span, emphasis_sign(line, span));
        break;
    case SPAN_STRONG:
        write_emphasis(line, span, "**");
        break;
    case SPAN_STRIKE:
        write_emphasis(line, span, "~~");
        break;
    case SPAN_LINK:
        write_link(line, span);
        break;
    case SPAN_PICTURE:
        write_picture(line, span);
        break;
    case SPAN_BREAK:
        write_break(line);
        break;
    case SPAN_NOTE:
        open_bracket(line);
        buffer_append_format(line->out, "^%u]", span->note->number);
        break;
    case SPAN_CITATION:
        open_bracket(line);
        buffer_append_format(line->out, "^s%u]", span->citation->number);
        break;
    }
}

static void
write_list(struct markdown_line *line, const struct span *spans)
{
    for (const struct span *span = spans; span != NULL; span = span->next)
        write_span(line, span);
}

void
markdown_write_spans(struct markdown_line *line, const struct span *spans)
{
    line->begin = line->out->size;
    line->is_after_sign = false;
    line->is_opened = false;
    write_list(line, spans);
    end_text(line);
}

/* --- Sources --------------------------------------------------------------------------------- */

static void
write_source_name(struct markdown_line *line, const struct citation *citation)
{
    struct slice name = citation->title.size > 0      ? citation->title
                        : citation->document.size > 0 ? citation->document
                                                      : citation->address;
    struct span text = {.kind = SPAN_TEXT, .text = name};
    struct span link = {.kind = SPAN_LINK, .first = &text, .address = citation->address};
    write_span(line, citation->address.size > 0 ? &link : &text);
    if (citation->document.size > 0 && citation->title.size > 0 &&
        !slice_equal(citation->document, citation->title)) {
        write_text(line, SLICE(" ("));
        write_text(line, citation->document);
        write_text(line, SLICE(")"));
    }
}

void
markdown_write_citation(struct markdown_line *line, const struct citation *citation,
                        const char *unverified)
{
    line->begin = line->out->size;
    line->is_after_sign = false;
    line->is_opened = false;
    write_source_name(line, citation);
    if (citation->quote.size > 0) {
        write_text(line, line->out->size > line->begin ? SLICE(": \u201C") : SLICE("\u201C"));
        write_text(line, citation->quote);
        write_text(line, SLICE("\u201D"));
    }
    if (citation->is_unverified) {
        write_text(line, SLICE(" ["));
        write_text(line, slice_text(unverified));
        write_text(line, SLICE("]"));
    }
    end_text(line);
}
