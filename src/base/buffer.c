#include "base/buffer.h"

#include "base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_FIRST_BYTES ((size_t)256)

void
buffer_init(struct buffer *buffer, size_t max_bytes)
{
    *buffer = (struct buffer){.max_bytes = max_bytes};
}

void
buffer_done(struct buffer *buffer)
{
    mem_free(buffer->ptr);
    buffer_init(buffer, buffer->max_bytes);
}

void
buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->over = false;
}

static void
buffer_grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity == 0 ? BUFFER_FIRST_BYTES : buffer->capacity;
    while (capacity < needed && capacity <= buffer->max_bytes / 2)
        capacity *= 2;
    if (capacity < needed || capacity > buffer->max_bytes)
        capacity = buffer->max_bytes;
    buffer->ptr = mem_resize(buffer->ptr, capacity);
    buffer->capacity = capacity;
}

char *
buffer_make_room(struct buffer *buffer, size_t size)
{
    if (size > buffer->max_bytes - buffer->size)
        buffer->over = true;
    if (buffer->over)
        return NULL;
    if (buffer->ptr == NULL || size > buffer->capacity - buffer->size)
        buffer_grow(buffer, buffer->size + size);
    return buffer->ptr + buffer->size;
}

void
buffer_commit(struct buffer *buffer, size_t size)
{
    assert(size <= buffer->capacity - buffer->size);
    assert(size <= buffer->max_bytes - buffer->size);
    buffer->size += size;
}

void
buffer_append_int64(struct buffer *buffer, int64_t number)
{
    char digits[20];
    size_t first = sizeof(digits);
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do {
        digits[--first] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--first] = '-';
    buffer_append(buffer, digits + first, sizeof(digits) - first);
}

void
buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    if (buffer->over)
        return;
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int wanted = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    size_t size = wanted < 0 ? 0 : (size_t)wanted;
    if (size < sizeof(text)) {
        buffer_append(buffer, text, size);
    } else if (size > buffer->max_bytes - buffer->size) {
        buffer->over = true;
    } else {
        char *whole = mem_alloc_raw(size + 1);
        vsnprintf(whole, size + 1, format, again);
        buffer_append(buffer, whole, size);
        mem_free(whole);
    }
    va_end(again);
}

void
buffer_append_printable(struct buffer *buffer, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x20 || byte == 0x7f)
            buffer_append_format(buffer, "\\x%02x", byte);
        else
            buffer_append_byte(buffer, *at);
    }
}

void
buffer_consume(struct buffer *buffer, size_t size)
{
    assert(size <= buffer->size);
    buffer->size -= size;
    if (size > 0 && buffer->size > 0)
        memmove(buffer->ptr, buffer->ptr + size, buffer->size);
}

char *
buffer_take(struct buffer *buffer, size_t *size)
{
    char *taken = buffer->ptr;
    *size = buffer->size;
    buffer_init(buffer, buffer->max_bytes);
    return taken;
}
