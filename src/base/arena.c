#include "base/arena.h"

#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ARENA_ALIGNMENT 16
#define ARENA_BLOCK_BYTES_MIN ((size_t)4096)
#define ARENA_BLOCK_BYTES_MAX ((size_t)256 * 1024)

/* A shared block serves many requests; a large request gets a block of its own, which is put on the
 * same list while the shared block below it goes on serving. */
struct arena_block {
    struct arena_block *older;
    struct arena_block *shared; /* the newest shared block, from here down: itself if it is one */
    char *end;
    size_t size; /* of this block, header included */
};

_Static_assert(sizeof(struct arena_block) % ARENA_ALIGNMENT == 0, "blocks begin aligned");

void
arena_init(struct arena *arena, size_t limit_bytes)
{
    assert(limit_bytes > 0);
    *arena = (struct arena){.limit_bytes = limit_bytes};
}

static void
arena_free_until(struct arena *arena, const struct arena_block *last)
{
    while (arena->blocks != last) {
        struct arena_block *block = arena->blocks;
        assert(block != NULL);
        arena->blocks = block->older;
        mem_free(block);
    }
}

void
arena_done(struct arena *arena)
{
    arena_free_until(arena, NULL);
    arena_init(arena, arena->limit_bytes);
}

void
arena_reset(struct arena *arena)
{
    struct arena_block *kept = arena->blocks == NULL ? NULL : arena->blocks->shared;
    if (kept == NULL) {
        arena_done(arena);
        return;
    }
    arena_free_until(arena, kept);
    arena->blocks = kept->older;
    arena_free_until(arena, NULL);

    kept->older = NULL;
    arena->blocks = kept;
    arena->next = (char *)(kept + 1);
    arena->end = kept->end;
    arena->used_bytes = sizeof(*kept);
}

struct arena_mark
arena_mark(const struct arena *arena)
{
    return (struct arena_mark){
        .block = arena->blocks, .next = arena->next, .used_bytes = arena->used_bytes};
}

void
arena_rewind(struct arena *arena, struct arena_mark mark)
{
    arena_free_until(arena, mark.block);
    bool has_room = mark.block != NULL && mark.block->shared != NULL;
    arena->next = mark.next;
    arena->end = has_room ? mark.block->shared->end : NULL;
    arena->used_bytes = mark.used_bytes;
}

static struct arena_block *
arena_add_block(struct arena *arena, size_t size)
{
    struct arena_block *block = mem_alloc_raw(size);
    block->older = arena->blocks;
    block->end = (char *)block + size;
    block->size = size;
    block->shared = block;
    arena->blocks = block;
    return block;
}

static void *
arena_alloc_alone(struct arena *arena, size_t rounded)
{
    struct arena_block *older = arena->blocks;
    struct arena_block *block = arena_add_block(arena, sizeof(*block) + rounded);
    block->shared = older == NULL ? NULL : older->shared;
    arena->used_bytes += block->size;
    return block + 1;
}

static size_t
arena_room(const struct arena *arena)
{
    return arena->next == NULL ? 0 : (size_t)(arena->end - arena->next);
}

/* Starts a shared block; what was left of the one before counts as used. */
static void
arena_grow(struct arena *arena, size_t rounded)
{
    size_t size = ARENA_BLOCK_BYTES_MIN;
    if (arena->blocks != NULL && arena->blocks->shared != NULL)
        size = arena->blocks->shared->size * 2;
    if (size > ARENA_BLOCK_BYTES_MAX)
        size = ARENA_BLOCK_BYTES_MAX;
    if (size < rounded + sizeof(struct arena_block))
        size = ARENA_BLOCK_BYTES_MIN * 2;

    arena->used_bytes += arena_room(arena) + sizeof(struct arena_block);
    struct arena_block *block = arena_add_block(arena, size);
    arena->next = (char *)(block + 1);
    arena->end = block->end;
}

static size_t
arena_round(size_t size)
{
    size_t at_least_one = size == 0 ? 1 : size;
    return (at_least_one + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
}

static void *
arena_bump(struct arena *arena, size_t rounded)
{
    void *memory = arena->next;
    arena->next += rounded;
    arena->used_bytes += rounded;
    return memory;
}

/* size <= ARENA_SMALL_BYTES. */
static void *
arena_alloc_small(struct arena *arena, size_t size)
{
    size_t rounded = arena_round(size);
    if (arena_room(arena) < rounded)
        arena_grow(arena, rounded);
    return arena_bump(arena, rounded);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
    assert(size < ARENA_SMALL_BYTES);
    return memset(arena_alloc_small(arena, size), 0, size);
}

void *
arena_try_alloc(struct arena *arena, size_t size)
{
    if (size > arena->limit_bytes || size > SIZE_MAX / 2)
        return NULL;
    size_t rounded = arena_round(size);
    bool fits = arena_room(arena) >= rounded;
    bool alone = !fits && rounded >= ARENA_SMALL_BYTES;
    size_t cost = rounded;
    if (!fits)
        cost += sizeof(struct arena_block) + (alone ? 0 : arena_room(arena));
    if (arena->used_bytes > arena->limit_bytes || cost > arena->limit_bytes - arena->used_bytes)
        return NULL;

    if (alone)
        return arena_alloc_alone(arena, rounded);
    if (!fits)
        arena_grow(arena, rounded);
    return arena_bump(arena, rounded);
}

bool
arena_is_over(const struct arena *arena)
{
    return arena->used_bytes > arena->limit_bytes;
}

size_t
arena_make_room(struct arena *arena, size_t size_bytes)
{
    size_t limit_bytes = arena->limit_bytes;
    size_t needed = arena->used_bytes + size_bytes;
    arena->limit_bytes = needed > limit_bytes ? needed : limit_bytes;
    return limit_bytes;
}

void
arena_end_room(struct arena *arena, size_t limit_bytes)
{
    arena->limit_bytes = limit_bytes;
}

struct slice
arena_copy(struct arena *arena, struct slice bytes)
{
    char *copy = arena_try_alloc(arena, bytes.size + 1);
    if (copy == NULL)
        return slice_of(NULL, 0);
    if (bytes.size > 0)
        memcpy(copy, bytes.ptr, bytes.size);
    copy[bytes.size] = '\0';
    return slice_of(copy, bytes.size);
}

const char *
arena_format(struct arena *arena, const char *format, ...)
{
    char text[ARENA_SMALL_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    struct slice cut = slice_of(text, wanted < 0 ? 0 : (size_t)wanted);
    if (cut.size >= sizeof(text))
        cut = slice_cut(slice_of(text, sizeof(text) - 1), sizeof(text) - 2);
    char *copy = arena_alloc_small(arena, cut.size + 1);
    memcpy(copy, cut.ptr, cut.size);
    copy[cut.size] = '\0';
    return copy;
}
