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

struct buffer {
    char *ptr; /* NULL until the first append */
    size_t size;
    size_t capacity;
    size_t max_bytes;
    bool over;
};

void buffer_init(struct buffer *buffer, size_t max_bytes);
void buffer_done(struct buffer *buffer);

/* Empties it and clears the mark; keeps the memory. */
void buffer_clear(struct buffer *buffer);

void buffer_append(struct buffer *buffer, const void *bytes, size_t size);
void buffer_append_slice(struct buffer *buffer, struct slice slice);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_append_int64(struct buffer *buffer, int64_t number);
void buffer_append_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Room for size bytes at the end, to be filled and then counted by buffer_commit(). NULL if over.
 */
char *buffer_reserve(struct buffer *buffer, size_t size);
void buffer_commit(struct buffer *buffer, size_t size);

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
