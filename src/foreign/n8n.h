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

struct catalog;

struct n8n_wanted {
    struct value file;
    const struct catalog *catalog; /* whose connectors nodes may become; NULL: none */
    foreign_note_fn *note;         /* gets the report, a line for each node and each thing to do */
    void *context;
};

struct n8n_made {
    struct value flow; /* a workflow file of ours */
    /* {nodes: [{name, type, outcome, step, words}], counts, notes, todo: [{kind, name, hosts,
     * words, nodes}]}: an outcome is carried, changed, left_out or passed_over; a kind secret,
     * variable, connector, step (to be put in its place), workflow, list or setting. */
    struct value report;
};

/* All in the arena. INVALID, LIMIT with words that name the place. */
MUST_USE enum status n8n_read(struct n8n_made *out, const struct n8n_wanted *wanted,
                              struct arena *arena, struct error *error);

#endif
