#include "render/text.h"

#include "base/utf8.h"

bool
text_allows(uint32_t point)
{
    if (point < 0x20 || (point >= 0x7F && point < 0xA0))
        return false;
    if (point >= 0xFDD0 && point <= 0xFDEF)
        return false;
    return (point & 0xFFFE) != 0xFFFE && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
}

void
text_append_allowed(struct buffer *out, struct slice text)
{
    size_t kept = 0;
    for (size_t at = 0; at < text.size;) {
        size_t size = utf8_size(text.ptr[at]);
        if (text.ptr[at] != '\t' && !text_allows(utf8_point(text.ptr + at))) {
            buffer_append(out, text.ptr + kept, at - kept);
            kept = at + size;
        }
        at += size;
    }
    if (kept < text.size)
        buffer_append(out, text.ptr + kept, text.size - kept);
}

static bool
is_white(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct slice
text_line(struct arena *arena, struct slice text)
{
    char *line = arena_try_alloc(arena, text.size + 1);
    if (line == NULL)
        return slice_of(NULL, 0);
    size_t size = 0;
    for (size_t at = 0; at < text.size;) {
        size_t width = utf8_size(text.ptr[at]);
        if (is_white(text.ptr[at])) {
            if (size > 0 && line[size - 1] != ' ')
                line[size++] = ' ';
        } else if (text_allows(utf8_point(text.ptr + at))) {
            memcpy(line + size, text.ptr + at, width);
            size += width;
        }
        at += width;
    }
    while (size > 0 && line[size - 1] == ' ')
        size--;
    line[size] = '\0';
    return slice_of(line, size);
}

/* What stands in numbers beside digits: separators, signs and currencies. */
static bool
is_sign(uint32_t point)
{
    static const uint32_t signs[] = {
        ',',  '.',  '\'', ' ',  '+',  '-',    '(',    ')',    '%',    '$',    '~',    '/',   0xA0,
        0xA3, 0xA5, 0xB1, 0xB2, 0xB3, 0x2009, 0x2012, 0x2013, 0x202F, 0x2030, 0x20AC, 0x2212};
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        if (signs[i] == point)
            return true;
    }
    return false;
}

bool
text_is_number(struct slice text)
{
    size_t digits = 0;
    size_t letters = 0;
    for (size_t at = 0; at < text.size; at += utf8_size(text.ptr[at])) {
        uint32_t point = utf8_point(text.ptr + at);
        if (point >= '0' && point <= '9')
            digits++;
        else if (!is_sign(point) && (++letters > 3 || digits == 0))
            return false;
    }
    return digits > 0;
}
