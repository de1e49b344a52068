#include "net/event_stream.h"

/* The next line without its end: CR, LF or both. */
static struct slice
next_line(struct slice *rest)
{
    size_t size = 0;
    while (size < rest->size && rest->ptr[size] != '\n' && rest->ptr[size] != '\r')
        size++;
    struct slice line = slice_of(rest->ptr, size);
    if (size < rest->size) {
        bool is_pair =
            rest->ptr[size] == '\r' && size + 1 < rest->size && rest->ptr[size + 1] == '\n';
        size += is_pair ? 2 : 1;
    }
    *rest = slice_of(rest->ptr + size, rest->size - size);
    return line;
}

/* False: the line is no data. */
static bool
find_data(struct slice line, struct slice *value)
{
    static const char name[] = "data";
    size_t size = sizeof(name) - 1;
    if (!slice_starts_with(line, slice_text(name)) || (line.size > size && line.ptr[size] != ':'))
        return false;
    *value = slice_of(NULL, 0);
    if (line.size <= size + 1)
        return true;
    size += line.ptr[size + 1] == ' ' ? 2 : 1;
    *value = slice_of(line.ptr + size, line.size - size);
    return true;
}

bool
event_stream_next(struct event_stream *stream, struct buffer *data)
{
    buffer_clear(data);
    bool has_data = false;
    while (stream->rest.size > 0) {
        struct slice line = next_line(&stream->rest);
        struct slice value;
        if (line.size == 0 && has_data)
            return true;
        if (!find_data(line, &value))
            continue;
        if (has_data)
            buffer_append_byte(data, '\n');
        buffer_append_slice(data, value);
        has_data = true;
    }
    return has_data;
}
