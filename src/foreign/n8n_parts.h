/* foreign/n8n_parts.h - what the parts of the importer of n8n share.
 *
 * n8n passes lists of items from node to node; `$json` is what the node before gave. Here a row
 * keeps its `item`, and steps add values to it. So the importer knows at every connection where
 * `$json` stands: a path such as `.item` or `.steps.fields` (struct n8n_ref), the table of rows in
 * which that path holds, and which step has to come first (struct n8n_stream).
 *
 * Threads: pure; one import belongs to one thread.
 */
#ifndef FOREIGN_N8N_PARTS_H
#define FOREIGN_N8N_PARTS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/value.h"
#include "foreign/foreign.h"

struct catalog;

/* Outputs of one node that are looked at. */
#define N8N_PORTS_MAX 24
/* Tables that feed one union. */
#define N8N_UNION_MAX 24

/* Where a value stands. */
struct n8n_ref {
    const char *path; /* jq from the root, such as .steps.fields; NULL: nowhere */
    int table;
    bool is_webhook; /* the value is {headers, params, query, body}, and `path` its body */
};

/* That a condition has taken a label. */
struct n8n_must {
    const char *step;
    const char *label;
    const struct n8n_must *next;
};

/* What goes through a connection. */
struct n8n_stream {
    bool is_live;
    const char *needs; /* steps, or step.label, with commas between; NULL: the beginning */
    struct n8n_ref json;
    int table;
    const struct n8n_must *must; /* conditions of this table */
};

enum n8n_table_kind {
    N8N_TABLE_INPUT,  /* of one item */
    N8N_TABLE_SAME,   /* rows keep their columns: sort, limit, union, … */
    N8N_TABLE_EXPAND, /* `parent` is the row before */
    N8N_TABLE_GROUP,  /* nothing of the rows before is known */
};

struct n8n_table {
    enum n8n_table_kind kind;
    int parents[N8N_UNION_MAX];
    int parent_count;
};

enum n8n_outcome { N8N_CARRIED, N8N_CHANGED, N8N_LEFT_OUT, N8N_PASSED_OVER };

struct n8n_edge {
    struct n8n_edge *next_from; /* of the same node, in the order of its outputs */
    struct n8n_edge *next_to;   /* to the same node, in the order of the file */
    struct n8n_node *from, *to;
    unsigned port, input;
    bool is_back; /* leads back to a node before */
};

/* A model, parser or tool that hangs on a node. */
struct n8n_sub {
    struct n8n_sub *next;
    struct n8n_node *node;
    struct slice kind; /* ai_languageModel, … */
};

struct n8n_words {
    struct n8n_words *next;
    const char *words;
};

/* What has to be there before the workflow runs. */
struct n8n_need {
    struct n8n_need *next;
    const char *kind, *name, *words;
    struct value hosts; /* of a secret */
    struct value nodes; /* names of those that need it */
};

struct n8n_node {
    struct slice name;
    struct slice type; /* without its package: httpRequest */
    double version;
    struct value file; /* as it stands in the file */
    struct value parameters;
    struct n8n_edge *out, *in;
    struct n8n_sub *subs;
    bool is_disabled, is_trigger, is_note, is_sub;
    bool is_open, is_ordered; /* while the order is made */
    bool is_done;             /* its steps are made */
    size_t index;
    uint64_t *before; /* a bit for each node that comes before it */

    struct n8n_stream streams[N8N_PORTS_MAX];
    struct n8n_ref value;  /* of $('name').item.json */
    const char *step;      /* its main one */
    const char *file_path; /* a template of the file that it reads, for what reads such files */
    enum n8n_outcome outcome;
    struct n8n_words *words; /* in the order of being said */
};

struct n8n {
    struct arena *arena;
    struct value file;
    const struct catalog *catalog; /* or NULL */
    struct n8n_need *needs;        /* in the order of being told */
    struct n8n_node *nodes;        /* in the order of the file */
    size_t node_count;
    struct n8n_node **order; /* those that a trigger reaches */
    size_t order_count;
    struct n8n_table *tables;
    int table_count, table_max;
    struct value steps;   /* of the workflow that is made */
    struct value ids;     /* an object: what is taken */
    struct value flow;    /* its other keys: input, triggers, output */
    struct value inputs;  /* properties of its input's schema */
    struct value output;  /* VALUE_NONE: that of the workflow's last step */
    const char *answer;   /* jq of what a node answers to a webhook; NULL */
    bool answers;         /* somebody waits for the output: keep to one item where it can be */
    struct n8n_node self; /* for what is said of the workflow as a whole */
    struct error *error;
};

/* --- the graph --- */

/* Nodes, connections and their order. INVALID with words that name the place; LIMIT. */
MUST_USE enum status n8n_graph_read(struct n8n *n8n);

/* NULL if there is none. */
struct n8n_node *n8n_node_find(const struct n8n *n8n, struct slice name);

/* The parameter at a path with dots; VALUE_NONE if there is none. */
struct value n8n_param(const struct n8n_node *node, const char *path);
/* A text; "" if it is none. */
struct slice n8n_param_text(const struct n8n_node *node, const char *path);
bool n8n_param_is(const struct n8n_node *node, const char *path, const char *text);
/* The same of any object. */
struct value n8n_find(struct value object, const char *path);
struct slice n8n_text(struct value object, const char *path);

/* The sub-node that hangs on it by a connection of this kind, or NULL. */
struct n8n_node *n8n_sub_of(const struct n8n_node *node, const char *kind);

/* --- what is said of a node --- */

/* Carried, with a change that the user has to know. */
void n8n_change(struct n8n *n8n, struct n8n_node *node, const char *words);
/* Says the same once only. */
void n8n_say(struct n8n *n8n, struct n8n_node *node, enum n8n_outcome at_least, const char *words);

/* What has to be done before the workflow runs: the same name is told once, with all its nodes.
 * Kinds are those of n8n.h. Nothing if a text is NULL. */
void n8n_need(struct n8n *n8n, const struct n8n_node *node, const char *kind, const char *name,
              const char *words);
/* host: to which it is sent; NULL: not known. */
void n8n_need_secret(struct n8n *n8n, const struct n8n_node *node, const char *name,
                     const char *host);

/* Tells `note` all that was said, and gives it as in n8n.h. */
struct value n8n_report(struct n8n *n8n, foreign_note_fn *note, void *context);

/* --- making steps --- */

/* All texts, one behind the other; the last argument is NULL. NULL if another one is, or over the
 * arena's limit, so that calls may be chained and checked once. */
#define n8n_cat(arena, ...)                                                                        \
    n8n_cat_all(arena, (const char *const[]){__VA_ARGS__},                                         \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) - 1)
const char *n8n_cat_all(struct arena *arena, const char *const *texts, size_t count);

void n8n_put(struct n8n *n8n, struct value *object, const char *name, struct value value);
void n8n_put_text(struct n8n *n8n, struct value *object, const char *name, const char *text);

/* A new step behind *at, which then stands behind the step. `hint` becomes its id, as far as that
 * is free; NULL: the node's name. Gives the id. */
const char *n8n_step(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at,
                     const char *type, struct value config, const char *hint);
/* Sets a key of the step that was made last. */
void n8n_step_set(struct n8n *n8n, const char *key, struct value value);

/* A pure step whose value is the new $json. */
void n8n_transform(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at, const char *jq);

/* A step that makes a table; $json is its item. */
void n8n_expand(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at, const char *list);

/* A table of rows that keep what they have. */
int n8n_table_new(struct n8n *n8n, enum n8n_table_kind kind, int parent);

/* The path of a value for rows of another table; NULL: these rows do not see it. */
const char *n8n_ref_path(const struct n8n *n8n, struct n8n_ref ref, int table);

/* $json as an expression. */
const char *n8n_json(const struct n8n *n8n, const struct n8n_stream *at);

/* Several streams as one; `streams` is changed. */
struct n8n_stream n8n_join(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *streams,
                           size_t count);

/* What goes out at an output of a node that is done. */
struct n8n_stream n8n_output(struct n8n *n8n, struct n8n_node *node, unsigned port);

/* What comes to an input: of several connections one stream. Not live if nothing does. */
struct n8n_stream n8n_input(struct n8n *n8n, struct n8n_node *node, unsigned input);

/* In place of what cannot be carried over: a step that fails, with these words. */
void n8n_leave_out(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at,
                   const char *words);

#endif
