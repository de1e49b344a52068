/* foreign/n8n.h - workflows of n8n, as its editor saves them.
 *
 * {name, nodes: [{name, type, typeVersion, parameters, …}], connections: {name: {main: [[{node,
 * type, index}]]}}, settings, …}. Nodes that have a counterpart become steps; expressions in
 * JavaScript become jq. What cannot be carried over becomes a step or an expression that fails with
 * words, so that no run does something else in silence.
 *
 * Source: n8n-io/n8n, packages/workflow and packages/nodes-base: parameters by node and version.
 * Threads: pure.
 */
#ifndef FOREIGN_N8N_H
#define FOREIGN_N8N_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"
#include "foreign/foreign.h"

/* Whether a JSON object looks like one. */
bool n8n_is(struct value file);

/* The same as a workflow file of ours, in the arena. `note` gets a line for each node: whether it
 * was carried, and what there is to do. INVALID, LIMIT with words that name the
 * place. */
MUST_USE enum status n8n_read(struct value *out, struct value file, struct arena *arena,
                              foreign_note_fn *note, void *context, struct error *error);

#endif
