#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
mem_die(size_t size)
{
    fprintf(stderr, "windrow: out of memory (%zu bytes wanted)\n", size);
    abort();
}

void *
mem_alloc(size_t size)
{
    void *memory = calloc(1, size == 0 ? 1 : size);
    if (memory == NULL)
        mem_die(size);
    return memory;
}

void *
mem_alloc_array(size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        mem_die(SIZE_MAX);
    return mem_alloc(bytes);
}

void *
mem_alloc_raw(size_t size)
{
    void *memory = malloc(size == 0 ? 1 : size);
    if (memory == NULL)
        mem_die(size);
    return memory;
}

void *
mem_resize(void *memory, size_t size)
{
    void *resized = realloc(memory, size == 0 ? 1 : size);
    if (resized == NULL)
        mem_die(size);
    return resized;
}

char *
mem_copy_text(const char *text, size_t size)
{
    char *copy = mem_alloc_raw(size + 1);
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

void
mem_free(void *memory)
{
    free(memory);
}
