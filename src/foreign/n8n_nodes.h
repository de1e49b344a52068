/* foreign/n8n_nodes.h - the translations of the kinds of nodes, and what they share.
 *
 * A function for each kind makes the steps of its node behind node->streams[0], which is what comes
 * to it, and leaves in node->streams what goes out. n8n_nodes.c has the table of them.
 *
 * Threads: pure; one import belongs to one thread.
 */
#ifndef FOREIGN_N8N_NODES_H
#define FOREIGN_N8N_NODES_H

#include "foreign/n8n_jq.h"
#include "foreign/n8n_parts.h"

/* Makes the node's steps and streams. */
typedef void n8n_node_fn(struct n8n *n8n, struct n8n_node *node);

n8n_node_fn n8n_set, n8n_if, n8n_switch, n8n_filter, n8n_merge, n8n_code, n8n_split_out,
    n8n_item_lists, n8n_aggregate, n8n_summarize, n8n_sort, n8n_limit, n8n_remove_duplicates,
    n8n_rename_keys, n8n_loop, n8n_wait, n8n_pass, n8n_date_time, n8n_stop, n8n_http, n8n_slack,
    n8n_email, n8n_workflow, n8n_respond, n8n_to_file, n8n_from_file, n8n_read_file, n8n_chain,
    n8n_openai, n8n_extract, n8n_classify, n8n_sentiment, n8n_agent, n8n_spreadsheet, n8n_gmail,
    n8n_discord, n8n_whatsapp, n8n_data_table;

/* An app: the connector of its name, or a step that fails and says what is missing. */
n8n_node_fn n8n_vendor;

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

/* What a request answered: each object of it becomes an item, where a list may come. `values` is
 * jq; are_several: it gives one or more of them. */
void n8n_take_items(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at,
                    const char *values, bool are_several);

/* A request that posts JSON; its answer's body is the new $json. */
struct n8n_post {
    const char *credential; /* its type */
    const char *scheme;     /* of the Authorization header; NULL: the usual one */
    struct value url, body; /* templates */
};
void n8n_post(struct n8n *n8n, struct n8n_node *node, const struct n8n_post *post);

#endif
