/* foreign/n8n_jq.h - expressions of n8n as jq and as templates.
 *
 * An expression is JavaScript within `{{ }}`, in a text that begins with `=`. It is read into a
 * tree (n8n_js.h), of which jq is made, from the root of what a step of ours sees. Nodes need
 * n8n_value() and n8n_template(); the rest is what the parts of the translator share.
 *
 * Threads: pure; one import belongs to one thread.
 */
#ifndef FOREIGN_N8N_JQ_H
#define FOREIGN_N8N_JQ_H

#include "foreign/n8n_parts.h"

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

#endif
