#include "render/escape.h"

static const char *
entity_of(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void
escape_text(struct buffer *out, struct slice text)
{
    size_t kept = 0;
    for (size_t at = 0; at < text.size; at++) {
        const char *entity = entity_of(text.ptr[at]);
        if (entity == NULL)
            continue;
        buffer_append(out, text.ptr + kept, at - kept);
        buffer_append_text(out, entity);
        kept = at + 1;
    }
    if (kept < text.size)
        buffer_append(out, text.ptr + kept, text.size - kept);
}

void
escape_attribute(struct buffer *out, const char *name, struct slice value)
{
    buffer_append_format(out, " %s=\"", name);
    escape_text(out, value);
    buffer_append_byte(out, '"');
}
