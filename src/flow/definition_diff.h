/* flow/definition_diff.h - what differs between two versions of a workflow.
 *
 * Compared are the definitions in canonical order, so that comments, spacing, the order of keys and
 * YAML against JSON make no difference; but the order in which people list what they name (columns,
 * fields) does. Steps are matched by id.
 *
 * Threads: pure.
 */
#ifndef FLOW_DEFINITION_DIFF_H
#define FLOW_DEFINITION_DIFF_H

#include "flow/plan.h"

/* {same, fields: [change…], steps: {added: [{id, type}…], removed: [{id, type}…],
 * changed: [{id, fields: [change…]}…], reordered}}; a change is {path, change, before, after} with
 * `change` one of "added", "removed", "changed", "reordered" and null for what is not there.
 * reordered: steps that both have follow each other in another order. It borrows from both plans;
 * VALUE_NONE over the arena's limit. */
struct value definition_diff(struct arena *arena, const struct plan *before,
                             const struct plan *after);

#endif
