/* base/arena.h - memory of one task, dropped in one go.
 *
 * An arena has a soft limit. Small allocations (under ARENA_SMALL_BYTES) always succeed, so that
 * code which builds many little things needs no error branch; whoever drives the task asks
 * arena_is_over() at each step and stops. Large allocations ask first and get NULL over the limit.
 *
 * Threads: one thread at a time; it may be handed to another with the values in it.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define ARENA_SMALL_BYTES 4096

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    char *next;                 /* free room in the newest block */
    char *end;
    size_t used_bytes; /* handed out, headers and tails of blocks included */
    size_t limit_bytes;
};

struct arena_mark {
    struct arena_block *block;
    char *next;
    size_t used_bytes;
};

/* Takes no memory until the first allocation. limit_bytes > 0. */
void arena_init(struct arena *arena, size_t limit_bytes);

/* Frees everything; the arena may be used again as after arena_init(). */
void arena_done(struct arena *arena);

/* Forgets everything but keeps one block for the next task. */
void arena_reset(struct arena *arena);

struct arena_mark arena_mark(const struct arena *arena);

/* Frees what was allocated after the mark. */
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Zeroed, aligned to 16. size < ARENA_SMALL_BYTES (asserted): never fails. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));

/* Any size, not zeroed, aligned to 16; NULL when that would pass the limit. */
void *arena_try_alloc(struct arena *arena, size_t size);

/* True once more than limit_bytes were handed out. */
bool arena_is_over(const struct arena *arena);

/* Lets that many bytes more be handed out, though the limit is reached: for the words that say so.
 * Returns the limit, to which arena_end_room() goes back. */
size_t arena_make_room(struct arena *arena, size_t size_bytes);
void arena_end_room(struct arena *arena, size_t limit_bytes);

/* A NUL-terminated copy. .ptr is NULL if the limit does not allow it. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

/* Formatted text, at most 4,095 bytes, cut there. NUL-terminated. */
const char *arena_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
