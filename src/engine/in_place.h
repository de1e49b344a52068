/* engine/in_place.h - a run of one-item tables, pure to its end, computed at once and without a
 * store: one that a client waits for (start.c), or a workflow that a step calls (child.h).
 *
 * Threads: pure; any thread that owns the machine.
 */
#ifndef ENGINE_IN_PLACE_H
#define ENGINE_IN_PLACE_H

#include "engine/chunk.h"

struct in_place {
    const struct program *program; /* plan->is_inline, and callees_are_pure() */
    const struct callees *callees; /* NULL: its steps call none */
    struct id run;
    struct value input;     /* checked against the schema */
    struct value run_value; /* what its steps see under `run` */
    struct value vars;      /* under `vars`; an object */
    int64_t now_unix_ms;
    uint32_t calls_left; /* workflows that may be called below it */
};

/* Decides every node; what follows reads the chunk, which is the caller's to end by arena_done() of
 * its arena. False: its item does not fit into memory. */
bool in_place_compute(struct chunk *chunk, const struct in_place *what,
                      struct expr_machine *machine);

/* True and the output of the workflow, or false and the failure; in the chunk's arena. */
bool in_place_output(struct chunk *chunk, struct expr_machine *machine, struct value *out);

#endif
