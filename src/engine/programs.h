/* engine/programs.h - the compiled versions of workflows, kept while they are used.
 *
 * Threads: any; a mutex inside, not held over reads or compiling.
 */
#ifndef ENGINE_PROGRAMS_H
#define ENGINE_PROGRAMS_H

#include "base/id.h"
#include "base/status.h"
#include "engine/program.h"

struct programs;
struct store;

/* Programs kept without a user. */
#define PROGRAMS_KEPT_MAX 256

struct programs_options {
    struct store *store;
    const struct catalog *catalog;
    const struct step_table *types;
    const char *rows_file; /* see plan_options; NULL */
};

struct programs *programs_new(const struct programs_options *options);
void programs_free(struct programs **programs);

/* The program of that version, one reference for the caller. NOT_FOUND; INVALID: a stored text that
 * does not load (a newer or older build wrote it). */
MUST_USE enum status programs_get(struct programs *programs, const struct id *workflow,
                                  uint32_t version, struct program **out, struct error *error);

#endif
