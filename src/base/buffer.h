/* base/buffer.h - a growing run of bytes with a maximum.
 *
 * An append that would pass the maximum marks the buffer and changes nothing; later appends do
 * nothing, so that the writer checks buffer_is_over() once at the end.
 *
 * Threads: one at a time.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buffer {
    char *ptr; /* NULL until the first append */
    size_t size;
    size_t capacity; /* at most max_bytes */
    size_t max_bytes;
    bool over;
};

void buffer_init(struct buffer *buffer, size_t max_bytes);
void buffer_done(struct buffer *buffer);

/* Empties it and clears the mark; keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* What buffer_reserve() does when the room there is does not surely suffice. */
char *buffer_make_room(struct buffer *buffer, size_t size);

/* Room for size bytes at the end, to be filled and then counted by buffer_commit(). NULL if over.
 */
static inline char *
buffer_reserve(struct buffer *buffer, size_t size)
{
    if (size < buffer->capacity - buffer->size && !buffer->over)
        return buffer->ptr + buffer->size;
    return buffer_make_room(buffer, size);
}

void buffer_commit(struct buffer *buffer, size_t size);

/* Answers are made of many small pieces, so these are worth being inline. */
static inline void
buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    char *room = buffer_reserve(buffer, size);
    if (room == NULL)
        return;
    memcpy(room, bytes, size);
    buffer->size += size;
}

static inline void
buffer_append_slice(struct buffer *buffer, struct slice slice)
{
    buffer_append(buffer, slice.ptr, slice.size);
}

static inline void
buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

static inline void
buffer_append_byte(struct buffer *buffer, char byte)
{
    buffer_append(buffer, &byte, 1);
}

void buffer_append_int64(struct buffer *buffer, int64_t number);
void buffer_append_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Foreign text for a terminal: control characters become \x1b, so that they do nothing there and a
 * line end does not look like another message. */
void buffer_append_printable(struct buffer *buffer, const char *text);

/* Drops the first size bytes (size <= buffer->size). */
void buffer_consume(struct buffer *buffer, size_t size);

/* Hands the memory over (free with mem_free); the buffer is empty after. */
char *buffer_take(struct buffer *buffer, size_t *size);

static inline bool
buffer_is_over(const struct buffer *buffer)
{
    return buffer->over;
}

static inline struct slice
buffer_slice(const struct buffer *buffer)
{
    return slice_of(buffer->ptr, buffer->size);
}

#endif
