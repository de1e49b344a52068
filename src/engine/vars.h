/* engine/vars.h - what a run sees as `vars`.
 *
 * The variables of its workspace are taken when it starts and kept with the run
 * (run_row.resolved, under "vars"): after a crash and in a retry its steps see the same, whatever
 * the variables are by then. Runs below it have the same.
 *
 * Threads: pure.
 */
#ifndef ENGINE_VARS_H
#define ENGINE_VARS_H

#include "engine/program.h"

struct callees;

/* Whether the program, or a workflow that is called, reads any. callees may be NULL. */
bool vars_are_used(const struct program *program, const struct callees *callees);

/* `resolved` (an object, or VALUE_NONE) with {"vars": vars}; as it is without any. */
struct value vars_pin(struct value vars, struct value resolved, struct arena *arena);

/* What is kept there, borrowed; {}: nothing. */
struct value vars_pinned(struct value resolved);

#endif
