/* What is told of an import: what became of each node, and what there is to do. */
#include "base/limits.h"
#include "foreign/foreign.h"
#include "foreign/n8n_parts.h"

#include <string.h>

/* --- what there is to do --- */

static struct n8n_need *
find_need(struct n8n *n8n, const char *kind, const char *name)
{
    struct n8n_need **at = &n8n->needs;
    for (; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->kind, kind) == 0 && strcmp((*at)->name, name) == 0)
            return *at;
    }
    *at = arena_alloc(n8n->arena, sizeof(**at));
    **at = (struct n8n_need){
        .kind = kind, .name = name, .hosts = value_empty_array(), .nodes = value_empty_array()};
    return *at;
}

/* Puts a text at the end unless it is in the list. */
static void
add_once(struct n8n *n8n, struct value *list, struct value text)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (slice_equal(value_slice(value_items(*list)[i]), value_slice(text)))
            return;
    }
    *list = value_array_append(n8n->arena, *list, text);
}

void
n8n_need(struct n8n *n8n, const struct n8n_node *node, const char *kind, const char *name,
         const char *words)
{
    if (name == NULL || words == NULL)
        return;
    struct n8n_need *need = find_need(n8n, kind, name);
    need->words = words;
    if (node != &n8n->self)
        add_once(n8n, &need->nodes, value_string(node->name));
}

void
n8n_need_secret(struct n8n *n8n, const struct n8n_node *node, const char *name, const char *host)
{
    n8n_need(n8n, node, "secret", name, "");
    struct n8n_need *need = find_need(n8n, "secret", name);
    if (host != NULL)
        add_once(n8n, &need->hosts, value_text(host));
}

/* "a, b", or "a and 7 others". */
static const char *
list_words(struct n8n *n8n, struct value list, const char *comma, uint32_t max)
{
    const char *out = "";
    for (uint32_t i = 0; i < list.count && i < max; i++)
        out = n8n_cat(n8n->arena, out, i == 0 ? "" : comma,
                      arena_copy(n8n->arena, slice_cut(value_slice(value_items(list)[i]), 100)).ptr,
                      NULL);
    if (list.count > max)
        out =
            n8n_cat(n8n->arena, out,
                    arena_format(n8n->arena, " and %u others", (unsigned)(list.count - max)), NULL);
    return out;
}

static const char *
need_words(struct n8n *n8n, const struct n8n_need *need)
{
    if (strcmp(need->kind, "secret") != 0)
        return need->words;
    const char *hosts = list_words(n8n, need->hosts, ",", LIMIT_FOREIGN_NODES);
    return n8n_cat(n8n->arena, "windrow secrets set ", need->name, " --hosts ",
                   need->hosts.count == 0 ? "HOST" : hosts, NULL);
}

static struct value
report_need(struct n8n *n8n, const struct n8n_need *need, foreign_note_fn *note, void *context)
{
    struct value shown = value_empty_object();
    const char *words = need_words(n8n, need);
    n8n_put_text(n8n, &shown, "kind", need->kind);
    n8n_put_text(n8n, &shown, "name", need->name);
    if (need->hosts.count > 0)
        n8n_put(n8n, &shown, "hosts", need->hosts);
    n8n_put_text(n8n, &shown, "words", words);
    n8n_put(n8n, &shown, "nodes", need->nodes);
    const char *line = n8n_cat(n8n->arena, "to do: ", words, NULL);
    if (need->nodes.count > 0)
        line =
            n8n_cat(n8n->arena, line, " (for ", list_words(n8n, need->nodes, ", ", 3), ")", NULL);
    note(line == NULL ? "something is too long" : line, context);
    return shown;
}

/* --- the nodes --- */

static const struct {
    const char *name, *words;
} outcomes[] = {
    [N8N_CARRIED] = {"carried", "carried"},
    [N8N_CHANGED] = {"changed", "carried with changes"},
    [N8N_LEFT_OUT] = {"left_out", "left out"},
    [N8N_PASSED_OVER] = {"passed_over", "passed over"},
};

static struct value
list_of_words(struct n8n *n8n, const struct n8n_words *words)
{
    struct value list = value_empty_array();
    for (; words != NULL; words = words->next)
        list = value_array_append(n8n->arena, list, value_text(words->words));
    return list;
}

static struct value
show_node(struct n8n *n8n, const struct n8n_node *node)
{
    struct value shown = value_empty_object();
    n8n_put(n8n, &shown, "name", value_string(node->name));
    n8n_put(n8n, &shown, "type", value_string(node->type));
    n8n_put_text(n8n, &shown, "outcome", outcomes[node->outcome].name);
    n8n_put(n8n, &shown, "step", node->step == NULL ? value_null() : value_text(node->step));
    n8n_put(n8n, &shown, "words", list_of_words(n8n, node->words));
    return shown;
}

static void
tell_node(struct n8n *n8n, const struct n8n_node *node, foreign_note_fn *note, void *context)
{
    struct arena *arena = n8n->arena;
    const char *line =
        arena_format(arena, "%.*s (%.*s): %s%s%s", SLICE_FORMAT(slice_cut(node->name, 100)),
                     SLICE_FORMAT(slice_cut(node->type, 100)), outcomes[node->outcome].words,
                     node->step == NULL ? "" : " as step ", node->step == NULL ? "" : node->step);
    if (node->outcome == N8N_LEFT_OUT && node->step != NULL)
        line = n8n_cat(arena, line, ", which fails", NULL);
    for (const struct n8n_words *words = node->words; words != NULL; words = words->next)
        line = n8n_cat(arena, line, words == node->words ? ": " : "; ", words->words, NULL);
    note(line == NULL ? "a node has too many words" : line, context);
}

/* The node that a model, a parser or a tool hangs on; NULL: none. */
static const struct n8n_node *
owner_of(const struct n8n *n8n, const struct n8n_node *node)
{
    for (size_t i = 0; i < n8n->node_count; i++) {
        for (const struct n8n_sub *sub = n8n->nodes[i].subs; sub != NULL; sub = sub->next) {
            if (sub->node == node)
                return &n8n->nodes[i];
        }
    }
    return NULL;
}

/* What was never reached. */
static void
judge_node(struct n8n *n8n, struct n8n_node *node)
{
    if (node->is_done || node->is_note || node->outcome != N8N_CARRIED)
        return;
    const struct n8n_node *owner = node->is_sub ? owner_of(n8n, node) : NULL;
    if (owner != NULL && owner->outcome == N8N_LEFT_OUT)
        n8n_say(n8n, node, N8N_LEFT_OUT,
                arena_format(n8n->arena, "it belongs to \"%.*s\", which is left out",
                             SLICE_FORMAT(slice_cut(owner->name, 100))));
    else if (node->is_sub)
        n8n_say(n8n, node, N8N_LEFT_OUT, "no step takes it");
    else if (node->is_trigger && node->is_disabled)
        n8n_say(n8n, node, N8N_PASSED_OVER, "it is disabled");
    else
        n8n_say(n8n, node, N8N_LEFT_OUT, "nothing that starts the workflow leads to it");
}

/* --- all of it --- */

static struct value
report_nodes(struct n8n *n8n, size_t *counts, foreign_note_fn *note, void *context)
{
    struct value nodes = value_empty_array();
    for (size_t i = 0; i < n8n->node_count; i++) {
        struct n8n_node *node = &n8n->nodes[i];
        judge_node(n8n, node);
        if (node->is_note)
            continue;
        counts[node->outcome]++;
        tell_node(n8n, node, note, context);
        nodes = value_array_append(n8n->arena, nodes, show_node(n8n, node));
    }
    return nodes;
}

struct value
n8n_report(struct n8n *n8n, foreign_note_fn *note, void *context)
{
    size_t counts[COUNT_OF(outcomes)] = {0};
    struct value report = value_empty_object(), shown = value_empty_object();
    struct value todo = value_empty_array();
    for (const struct n8n_words *words = n8n->self.words; words != NULL; words = words->next)
        note(words->words, context);
    n8n_put(n8n, &report, "nodes", report_nodes(n8n, counts, note, context));
    for (size_t i = 0; i < COUNT_OF(outcomes); i++)
        n8n_put(n8n, &shown, outcomes[i].name, value_int((int64_t)counts[i]));
    n8n_put(n8n, &report, "counts", shown);
    n8n_put(n8n, &report, "notes", list_of_words(n8n, n8n->self.words));
    for (const struct n8n_need *need = n8n->needs; need != NULL; need = need->next)
        todo = value_array_append(n8n->arena, todo, report_need(n8n, need, note, context));
    n8n_put(n8n, &report, "todo", todo);
    note(arena_format(n8n->arena, "%zu nodes: %zu carried, %zu with changes, %zu left out",
                      counts[N8N_CARRIED] + counts[N8N_CHANGED] + counts[N8N_LEFT_OUT],
                      counts[N8N_CARRIED], counts[N8N_CHANGED], counts[N8N_LEFT_OUT]),
         context);
    return report;
}
