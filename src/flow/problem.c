#include "flow/problem.h"

#include "base/slice.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Longest text kept of a path, of words or of a name: what a line of a terminal can take. */
#define PROBLEM_TEXT_BYTES 1024

void
problems_init(struct problems *problems, struct arena *arena)
{
    *problems = (struct problems){.arena = arena};
}

/* Problems are also sent as JSON: bytes that are no character become question marks. */
static const char *
copy_text(struct arena *arena, const char *text)
{
    struct slice kept = slice_cut(slice_text(text), PROBLEM_TEXT_BYTES);
    char *copy = arena_alloc(arena, kept.size + 1);
    for (size_t i = 0; i < kept.size;) {
        size_t size = slice_character(slice_of(kept.ptr + i, kept.size - i));
        if (size == 0)
            copy[i++] = '?';
        for (size_t j = 0; j < size; j++, i++)
            copy[i] = kept.ptr[i];
    }
    return copy;
}

/* Two paths of one template may be wrong in the same way. */
static bool
is_known(const struct problems *problems, uint32_t line, uint32_t column, const char *path,
         const char *words)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->list[i];
        if (problem->line == line && problem->column == column &&
            strcmp(problem->path, path) == 0 && strcmp(problem->words, words) == 0)
            return true;
    }
    return false;
}

void
problems_add(struct problems *problems, uint32_t line, uint32_t column, const char *path,
             const char *nearest, const char *format, ...)
{
    if (problems->count == PROBLEMS_MAX) {
        problems->more++;
        return;
    }
    /* Wider than what is kept, so that the cut falls between characters. */
    char words[PROBLEM_TEXT_BYTES + 8];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    if (is_known(problems, line, column, path, words))
        return;
    problems->list[problems->count++] = (struct problem){
        .line = line,
        .column = column,
        .path = copy_text(problems->arena, path),
        .words = copy_text(problems->arena, words),
        .nearest = nearest == NULL ? NULL : copy_text(problems->arena, nearest),
    };
}

static bool
problem_is_before(const struct problem *a, const struct problem *b)
{
    return a->line < b->line || (a->line == b->line && a->column < b->column);
}

/* By insertion: short, and problems of one place keep their order. */
void
problems_sort(struct problems *problems)
{
    for (size_t i = 1; i < problems->count; i++) {
        struct problem moving = problems->list[i];
        size_t at = i;
        while (at > 0 && problem_is_before(&moving, &problems->list[at - 1])) {
            problems->list[at] = problems->list[at - 1];
            at--;
        }
        problems->list[at] = moving;
    }
}

static void
print_one(const struct problem *problem, const char *file, struct buffer *out)
{
    buffer_append_printable(out, file);
    buffer_append_format(out, ":%u:%u: ", problem->line, problem->column);
    if (problem->path[0] != '\0') {
        buffer_append_printable(out, problem->path);
        buffer_append_text(out, ": ");
    }
    buffer_append_printable(out, problem->words);
    if (problem->nearest != NULL) {
        buffer_append_text(out, " (did you mean ");
        buffer_append_printable(out, problem->nearest);
        buffer_append_text(out, "?)");
    }
    buffer_append_byte(out, '\n');
}

void
problems_print(const struct problems *problems, const char *file, struct buffer *out)
{
    for (size_t i = 0; i < problems->count; i++)
        print_one(&problems->list[i], file, out);
    if (problems->more > 0) {
        buffer_append_printable(out, file);
        buffer_append_format(out, ": %zu further problems are not shown\n", problems->more);
    }
}
