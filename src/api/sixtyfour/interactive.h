/* api/sixtyfour/interactive.h - jobs that are built block by block.
 *
 * A job is a run of a workflow that only it has. Each block that is added makes a longer version,
 * with which the run goes on as a new generation: what was done is found. `finish` archives the
 * workflow.
 *
 * Threads: as handlers, see api/call.h.
 */
#ifndef API_SIXTYFOUR_INTERACTIVE_H
#define API_SIXTYFOUR_INTERACTIVE_H

#include "api/sixtyfour/sixtyfour.h"

struct plan;

/* The job that the path names. False: the call was answered, 404 also for other runs. */
bool interactive_find(struct call *call, struct run_row *out);

/* A member of the body that has to be there, of that kind: VALUE_STRING or VALUE_OBJECT. False: the
 * call was answered with 422. */
bool interactive_read(struct call *call, const char *name, enum value_kind kind, struct value *out);

/* The graph of that version, borrowed from *plan, one reference for the caller. False: the call was
 * answered. On a work thread. */
struct version_row;
bool interactive_load(struct call *call, const struct version_row *version, struct plan **plan,
                      struct value *definition);

/* The block of a graph with that id; VALUE_NONE: there is none. */
struct value interactive_block(struct value definition, struct slice id);

/* A request with an Idempotency-Key that was answered before. False: of other endpoints. */
bool interactive_answer_again(struct call *call, const struct run_row *run);

#endif
