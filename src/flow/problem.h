/* flow/problem.h - all that is wrong with a workflow file, in one go.
 *
 * Threads: one at a time.
 */
#ifndef FLOW_PROBLEM_H
#define FLOW_PROBLEM_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"

#include <stdint.h>

/* Further ones are counted, not kept. */
#define PROBLEMS_MAX 100

struct problem {
    uint32_t line, column; /* 1-based, in the file */
    const char *path;      /* in the document: "steps[2].config.where" */
    const char *words;     /* what was found, what was expected */
    const char *nearest;   /* the nearest right name, or NULL */
};

struct problems {
    struct arena *arena; /* owns the texts */
    struct problem list[PROBLEMS_MAX];
    size_t count;
    size_t more; /* not kept */
};

void problems_init(struct problems *problems, struct arena *arena);

/* Adds one; nearest may be NULL; path and words are copied. */
void problems_add(struct problems *problems, uint32_t line, uint32_t column, const char *path,
                  const char *nearest, const char *format, ...) PRINTF_LIKE(6, 7);

/* By line, then column. */
void problems_sort(struct problems *problems);

/* "FILE:LINE:COLUMN: PATH: WORDS (did you mean NEAREST?)", one a line. */
void problems_print(const struct problems *problems, const char *file, struct buffer *out);

#endif
