#include "base/html.h"

void
html_put_byte(struct buffer *out, char byte)
{
    if (byte == '&')
        buffer_append_text(out, "&amp;");
    else if (byte == '<')
        buffer_append_text(out, "&lt;");
    else if (byte == '>')
        buffer_append_text(out, "&gt;");
    else if (byte == '"')
        buffer_append_text(out, "&quot;");
    else if (byte == '\'')
        buffer_append_text(out, "&#39;");
    else
        buffer_append_byte(out, byte);
}

void
html_put_text(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        html_put_byte(out, text.ptr[i]);
}
