/* Which node of n8n is translated by what, and the walk over all of them. */
#include "foreign/n8n_nodes.h"
#include "base/json.h"
#include "base/limits.h"

#include <string.h>

static const struct {
    const char *type;
    n8n_node_fn *translate;
} table[] = {
    {"agent", n8n_agent},
    {"aggregate", n8n_aggregate},
    {"chainLlm", n8n_chain},
    {"code", n8n_code},
    {"convertToFile", n8n_to_file},
    {"dataTable", n8n_data_table},
    {"dateTime", n8n_date_time},
    {"discord", n8n_discord},
    {"emailSend", n8n_email},
    {"executeWorkflow", n8n_workflow},
    {"extractFromFile", n8n_from_file},
    {"filter", n8n_filter},
    {"function", n8n_code},
    {"functionItem", n8n_code},
    {"gmail", n8n_gmail},
    {"httpRequest", n8n_http},
    {"if", n8n_if},
    {"informationExtractor", n8n_extract},
    {"itemLists", n8n_item_lists},
    {"limit", n8n_limit},
    {"merge", n8n_merge},
    {"noOp", n8n_pass},
    {"openAi", n8n_openai},
    {"readBinaryFile", n8n_read_file},
    {"readBinaryFiles", n8n_read_file},
    {"readWriteFile", n8n_read_file},
    {"removeDuplicates", n8n_remove_duplicates},
    {"renameKeys", n8n_rename_keys},
    {"respondToWebhook", n8n_respond},
    {"sentimentAnalysis", n8n_sentiment},
    {"set", n8n_set},
    {"slack", n8n_slack},
    {"sort", n8n_sort},
    {"splitInBatches", n8n_loop},
    {"splitOut", n8n_split_out},
    {"spreadsheetFile", n8n_spreadsheet},
    {"stopAndError", n8n_stop},
    {"summarize", n8n_summarize},
    {"switch", n8n_switch},
    {"textClassifier", n8n_classify},
    {"wait", n8n_wait},
    {"whatsApp", n8n_whatsapp},
};

void
n8n_pass(struct n8n *n8n, struct n8n_node *node)
{
    /* What comes goes on as it is. */
    (void)n8n;
    (void)node;
}

/* --- loops --- */

static bool
is_loop(const struct n8n_node *node)
{
    return slice_is(node->type, "splitInBatches") && !node->is_disabled;
}

/* The output of the items of a batch; the other one is that of the end. */
static unsigned
loop_port(const struct n8n_node *node)
{
    return node->version >= 3 ? 1 : 0;
}

/* What has come back to a loop, as what comes after it. */
static struct n8n_stream
after_loop(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream streams[N8N_UNION_MAX];
    size_t count = 0;
    for (const struct n8n_edge *edge = node->in; edge != NULL; edge = edge->next_to) {
        if (!edge->is_back || !edge->from->is_done || count == N8N_UNION_MAX)
            continue;
        struct n8n_stream stream = n8n_output(n8n, edge->from, edge->port);
        if (stream.is_live)
            streams[count++] = stream;
    }
    return count == 0 ? node->streams[loop_port(node)] : n8n_join(n8n, node, streams, count);
}

struct n8n_stream
n8n_output(struct n8n *n8n, struct n8n_node *node, unsigned port)
{
    unsigned end = 1 - loop_port(node);
    if (is_loop(node) && port == end && !node->streams[end].is_live)
        node->streams[end] = after_loop(n8n, node);
    return node->streams[port];
}

/* Rows go one by one anyway: the items of a batch are what came. */
void
n8n_loop(struct n8n *n8n, struct n8n_node *node)
{
    struct value size = n8n_param(node, "batchSize");
    if (loop_port(node) != 0) {
        node->streams[loop_port(node)] = node->streams[0];
        node->streams[0] = (struct n8n_stream){0};
    }
    if (size.kind == VALUE_INT && size.integer > 1)
        n8n_change(n8n, node, "rows go through the loop one by one, not in batches");
}

/* --- what comes before a node --- */

static void
add_before(struct n8n_node *node, const struct n8n_node *from)
{
    for (size_t i = 0; i < LIMIT_FOREIGN_NODES / 64; i++)
        node->before[i] |= from->before[i];
    node->before[from->index / 64] |= UINT64_C(1) << (from->index % 64);
}

static void
mark_before(struct n8n_node *node)
{
    memset(node->before, 0, LIMIT_FOREIGN_NODES / 8);
    for (const struct n8n_edge *edge = node->in; edge != NULL; edge = edge->next_to) {
        if (edge->is_back)
            continue;
        add_before(node, edge->from);
        if (!is_loop(edge->from) || edge->port == loop_port(edge->from))
            continue;
        for (const struct n8n_edge *back = edge->from->in; back != NULL; back = back->next_to) {
            if (back->is_back)
                add_before(node, back->from);
        }
    }
}

/* --- what a node does besides --- */

/* Rows that would go back to a node before it end here, and say so. */
static void
end_ways_back(struct n8n *n8n, struct n8n_node *node)
{
    for (struct n8n_edge *edge = node->out; edge != NULL; edge = edge->next_from) {
        struct n8n_stream at = node->streams[edge->port];
        if (!edge->is_back || is_loop(edge->to) || !at.is_live)
            continue;
        const char *words =
            arena_format(n8n->arena,
                         "the way back to \"%.*s\" is left out: steps are not repeated; what would "
                         "go there fails",
                         SLICE_FORMAT(slice_cut(edge->to->name, 100)));
        n8n_change(n8n, node, words);
        struct slice quoted = json_text(n8n->arena, value_text(words));
        n8n_transform(n8n, node, &at, n8n_cat(n8n->arena, "error(", quoted.ptr, ")", NULL));
    }
}

/* Behind a node that is left out, what follows its several outputs is translated all the same; a
 * condition that fails stands for the choice. */
static void
open_outputs(struct n8n *n8n, struct n8n_node *node)
{
    bool is_used[N8N_PORTS_MAX] = {false};
    struct n8n_switching switching = {.fallback = -1};
    unsigned last = 0;
    for (const struct n8n_edge *edge = node->out; edge != NULL; edge = edge->next_from) {
        is_used[edge->port] = true;
        last = edge->port > last ? edge->port : last;
    }
    if (node->outcome != N8N_LEFT_OUT || !node->streams[0].is_live || last == 0)
        return;
    for (unsigned port = 0; port <= last; port++) {
        if (!is_used[port])
            continue;
        switching.ports[switching.count] = port;
        switching.tests[switching.count++] =
            "error(\"write here which rows go this way: the n8n node was left out\")";
    }
    n8n_switch_one(n8n, node, &switching);
    n8n_say(n8n, node, N8N_LEFT_OUT,
            "which rows go to which of its outputs is to be written into the condition behind it");
}

static void
tell_settings(struct n8n *n8n, struct n8n_node *node)
{
    if (value_is_true(value_get(node->file, "executeOnce")))
        n8n_change(n8n, node, "it is done for every row; in n8n only for the first item");
}

static n8n_node_fn *
find_node(struct slice type)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(type, table[i].type))
            return table[i].translate;
    }
    return n8n_vendor;
}

/* Nothing comes to its first input: what comes to others, one behind the other. */
static struct n8n_stream
other_inputs(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream streams[N8N_UNION_MAX];
    size_t count = 0;
    for (unsigned i = 1; i < N8N_UNION_MAX; i++) {
        streams[count] = n8n_input(n8n, node, i);
        count += streams[count].is_live;
    }
    if (count > 0)
        n8n_change(n8n, node,
                   "nothing comes to its first input: what comes to others goes on as it is");
    return n8n_join(n8n, node, streams, count);
}

static void
translate_node(struct n8n *n8n, struct n8n_node *node)
{
    n8n_node_fn *translate = node->is_disabled ? n8n_pass : find_node(node->type);
    mark_before(node);
    node->streams[0] = n8n_input(n8n, node, 0);
    if (!node->streams[0].is_live) {
        node->streams[0] = other_inputs(n8n, node);
        translate = n8n_pass;
    }
    if (!node->streams[0].is_live)
        return;
    translate(n8n, node);
    open_outputs(n8n, node);
    tell_settings(n8n, node);
    node->is_done = true;
    unsigned port = 0;
    while (port < N8N_PORTS_MAX - 1 && !node->streams[port].is_live)
        port++;
    node->value = node->streams[port].json;
    end_ways_back(n8n, node);
}

/* --- the output --- */

static bool
is_leaf(const struct n8n_node *node)
{
    return node->is_done && node->step != NULL && !node->is_trigger && node->out == NULL &&
           node->streams[0].is_live;
}

/* What the nodes gave at which the workflow ends, if there is one item. */
static void
put_output(struct n8n *n8n)
{
    const char *jq = n8n->answer;
    for (size_t i = 0; i < n8n->order_count && n8n->answer == NULL; i++) {
        const struct n8n_node *node = n8n->order[i];
        if (!is_leaf(node))
            continue;
        if (node->streams[0].table != 0)
            return;
        const char *json = n8n_json(n8n, &node->streams[0]);
        jq = jq == NULL ? json : n8n_cat(n8n->arena, json, " // ", jq, NULL);
    }
    if (n8n->output.kind == VALUE_NONE && jq != NULL)
        n8n->output = value_text(n8n_cat(n8n->arena, "{{= ", jq, " }}", NULL));
}

void
n8n_translate(struct n8n *n8n)
{
    for (size_t i = 0; i < n8n->order_count; i++) {
        if (!n8n->order[i]->is_done)
            translate_node(n8n, n8n->order[i]);
    }
    put_output(n8n);
}
