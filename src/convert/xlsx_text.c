#include "convert/xlsx_text.h"

#include "base/json.h"

#include <string.h>

#define ESCAPE_BYTES 7

static int
hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = (char)(byte | 0x20);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The UTF-16 unit of an escape that begins at `at`, or -1. */
static int
escape_unit(const char *at, const char *end)
{
    if (end - at < ESCAPE_BYTES || at[0] != '_' || at[1] != 'x' || at[6] != '_')
        return -1;
    int unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static void
append_code(struct buffer *out, uint32_t code)
{
    if (code < 0x80) {
        buffer_append_byte(out, (char)code);
    } else if (code < 0x800) {
        buffer_append_byte(out, (char)(0xc0 | code >> 6));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buffer_append_byte(out, (char)(0xe0 | code >> 12));
        buffer_append_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buffer_append_byte(out, (char)(0xf0 | code >> 18));
        buffer_append_byte(out, (char)(0x80 | (code >> 12 & 0x3f)));
        buffer_append_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3f)));
    }
}

/* The character of one escape, or of two that are the halves of one; gives what is behind. */
static const char *
append_escape(struct buffer *out, const char *at, const char *end, uint32_t unit)
{
    at += ESCAPE_BYTES;
    if (unit < 0xd800 || unit > 0xdfff) {
        append_code(out, unit);
        return at;
    }
    int low = unit < 0xdc00 ? escape_unit(at, end) : -1;
    if (low < 0xdc00 || low > 0xdfff) {
        append_code(out, 0xfffd);
        return at;
    }
    append_code(out, 0x10000 + ((unit - 0xd800) << 10) + ((uint32_t)low - 0xdc00));
    return at + ESCAPE_BYTES;
}

void
xlsx_append_text(struct buffer *out, struct slice text)
{
    const char *end = text.ptr + text.size;
    if (text.size < ESCAPE_BYTES || memmem(text.ptr, text.size, "_x", 2) == NULL) {
        json_print_string(out, text);
        return;
    }
    struct buffer plain;
    buffer_init(&plain, text.size);
    const char *at = text.ptr;
    while (at < end) {
        const char *next = memchr(at, '_', (size_t)(end - at));
        next = next == NULL ? end : next;
        buffer_append(&plain, at, (size_t)(next - at));
        at = next;
        int unit = at < end ? escape_unit(at, end) : -1;
        if (unit >= 0)
            at = append_escape(&plain, at, end, (uint32_t)unit);
        else if (at < end)
            buffer_append_byte(&plain, *at++);
    }
    json_print_string(out, buffer_slice(&plain));
    buffer_done(&plain);
}
