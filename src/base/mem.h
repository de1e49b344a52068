/* base/mem.h - heap memory that never comes back as NULL.
 *
 * Running out of small memory aborts: with durable state a crash is a tested path. Sizes that a
 * user controls are checked against a limit before they come here.
 *
 * Threads: any.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Zeroed memory of size bytes (size 0 gives a unique pointer). Ends with mem_free(). */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* count * size bytes, zeroed; aborts on overflow. */
void *mem_alloc_array(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Memory that is not zeroed, for large buffers. */
void *mem_alloc_raw(size_t size) __attribute__((malloc, returns_nonnull));

/* Like realloc(); new bytes are not zeroed. */
void *mem_resize(void *memory, size_t size) __attribute__((returns_nonnull));

/* A NUL-terminated copy of size bytes. */
char *mem_copy_text(const char *text, size_t size) __attribute__((malloc, returns_nonnull));

/* Accepts NULL. */
void mem_free(void *memory);

#endif
