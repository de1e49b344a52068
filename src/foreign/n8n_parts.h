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
    struct n8n_node *nodes; /* in the order of the file */
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

/* --- expressions --- */

enum jq_type {
    JQ_ANY,
    JQ_STRING,
    JQ_NUMBER,
    JQ_BOOL,
    JQ_ARRAY,
    JQ_OBJECT,
    JQ_NULL,
    JQ_DATE, /* seconds since 1970 */
};

struct jq {
    const char *text; /* NULL: it could not be translated */
    enum jq_type type;
    bool is_term;     /* a path, a literal, or in parentheses */
    bool is_constant; /* the same for all rows */
};

/* Where an expression stands. */
struct n8n_scope {
    struct n8n *n8n;
    struct n8n_node *node;
    const struct n8n_stream *at;
    const char *why; /* of the first failure */
    int inside;      /* functions around it */
    int bound;       /* variables made */
    int depth;
    bool uses_root;        /* there is a $root */
    struct slice item;     /* a name that stands for the item, as in a Code node; "" if none */
    bool item_is_json;     /* that name stands for its JSON */
    const char *names[16]; /* of parameters and variables, the innermost last */
    int name_count;
};

/* One JavaScript expression, as jq. Fails with scope->why. */
struct jq n8n_jq(struct n8n_scope *scope, struct slice javascript);
struct js;
struct jq n8n_jq_of(struct n8n_scope *scope, const struct js *js);
/* The same; a date becomes text. */
struct jq jq_plain(struct n8n_scope *scope, struct jq jq);

/* For the parts of the translator. */
struct jq jq_fail(struct n8n_scope *scope, const char *why);
struct jq jq_term(enum jq_type type, const char *text);
struct jq jq_made(enum jq_type type, const char *text);
const char *jq_closed(struct n8n_scope *scope, struct jq jq);
const char *jq_text(struct n8n_scope *scope, struct jq jq);
const char *jq_number(struct n8n_scope *scope, struct jq jq);
const char *jq_truth(struct n8n_scope *scope, struct jq jq);
const char *jq_quote(struct n8n_scope *scope, struct slice text);
/* A call of a function or a method; n8n_methods.c. */
struct jq jq_call(struct n8n_scope *scope, const struct js *call);
struct jq jq_new(struct n8n_scope *scope, const struct js *call);
/* A property of a date. */
struct jq jq_date_member(struct n8n_scope *scope, struct jq date, struct slice name);
struct jq jq_date_call(struct n8n_scope *scope, struct jq date, struct slice name,
                       const struct js *arguments);
/* Whether a name of theirs may be a variable of jq: none that jq or the translator has. */
bool jq_name_is_free(struct slice name);
/* An arrow function with one parameter, as a filter of its argument. NULL: failed. */
const char *jq_arrow(struct n8n_scope *scope, const struct js *arrow, enum jq_type *type);

/* A parameter's value, be it a literal or an expression, as jq. What cannot be translated is said
 * of the node, and becomes error("…"). */
struct jq n8n_value(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
                    struct value value, const char *parameter);

/* The same as a template of ours. `as_text`: other values than texts become texts. */
struct value n8n_template(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
                          struct value value, const char *parameter);

/* A text that is JSON when its places are filled, as a tree of templates; VALUE_NONE if it is no
 * JSON so. */
struct value n8n_json_template(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
                               struct value value, const char *parameter);

/* Whether a value is text that holds an expression. */
bool n8n_is_expression(struct value value);

/* --- nodes --- */

/* Makes the node's steps and streams. */
typedef void n8n_node_fn(struct n8n *n8n, struct n8n_node *node);

n8n_node_fn n8n_set, n8n_if, n8n_switch, n8n_filter, n8n_merge, n8n_code, n8n_split_out,
    n8n_item_lists, n8n_aggregate, n8n_summarize, n8n_sort, n8n_limit, n8n_remove_duplicates,
    n8n_rename_keys, n8n_loop, n8n_wait, n8n_pass, n8n_date_time, n8n_stop, n8n_http, n8n_slack,
    n8n_email, n8n_workflow, n8n_respond, n8n_to_file, n8n_from_file, n8n_read_file, n8n_chain,
    n8n_openai, n8n_extract, n8n_classify, n8n_sentiment, n8n_agent, n8n_spreadsheet;

/* What starts the workflow: `triggers`, the input's schema and the first streams. */
void n8n_start(struct n8n *n8n);

/* The input's schema, when all properties are known. */
void n8n_put_input(struct n8n *n8n);

/* Makes the steps of all nodes in their order; n8n_nodes.c. */
void n8n_translate(struct n8n *n8n);

/* jq for conditions of if, switch and filter: any version. NULL: there are none. */
const char *n8n_conditions(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
                           struct value conditions, const char *combine);

/* One comparison of the kind that version 1 of if has. */
struct n8n_comparison {
    const char *type; /* string, number, boolean, dateTime */
    struct slice operation;
    struct value left, right;
};
const char *n8n_compare(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
                        const struct n8n_comparison *one);

/* One of several outputs, each with a test; the first that holds is taken. */
struct n8n_switching {
    const char *tests[N8N_PORTS_MAX]; /* jq, by rule */
    unsigned ports[N8N_PORTS_MAX];
    unsigned count;
    int fallback; /* the output of what fits none; -1: there is none */
};
void n8n_switch_one(struct n8n *n8n, struct n8n_node *node, const struct n8n_switching *switching);

/* Retries, deadlines and what is done about failures, for the step that was made last. */
void n8n_effect(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at);

/* The name of the secret for the credential of this type. */
const char *n8n_secret(struct n8n *n8n, struct n8n_node *node, struct slice type);

/* The path of a field of `base`; its name may have dots. */
const char *n8n_field(struct n8n *n8n, const char *base, struct slice name, bool has_dots);
/* The names of "a, b"; at most max. */
size_t n8n_names(struct slice text, struct slice *out, size_t max);

/* A condition, whose answers go to two outputs. */
void n8n_branch(struct n8n *n8n, struct n8n_node *node, const char *jq, unsigned yes, unsigned no);

#endif
