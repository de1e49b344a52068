#include "foreign/n8n.h"

#include "base/json.h"
#include "base/limits.h"
#include "foreign/n8n_parts.h"

#include <string.h>

/* Tables that one node makes at most, with those of its inputs. */
#define TABLES_OF_NODE (N8N_UNION_MAX + 8)

bool
n8n_is(struct value file)
{
    return file.kind == VALUE_OBJECT && value_get(file, "nodes").kind == VALUE_ARRAY &&
           value_get(file, "connections").kind == VALUE_OBJECT;
}

/* --- the report --- */

static const char *
outcome_words(const struct n8n_node *node)
{
    switch (node->outcome) {
    case N8N_CARRIED:
        return "carried";
    case N8N_CHANGED:
        return "carried with changes";
    case N8N_LEFT_OUT:
        return "left out";
    case N8N_PASSED_OVER:
        break;
    }
    return "passed over";
}

static void
report_node(struct n8n *n8n, const struct n8n_node *node, foreign_note_fn *note, void *context)
{
    struct arena *arena = n8n->arena;
    const char *line =
        arena_format(arena, "%.*s (%.*s): %s%s%s", SLICE_FORMAT(slice_cut(node->name, 100)),
                     SLICE_FORMAT(slice_cut(node->type, 100)), outcome_words(node),
                     node->step == NULL ? "" : " as step ", node->step == NULL ? "" : node->step);
    if (node->outcome == N8N_LEFT_OUT && node->step != NULL)
        line = n8n_cat(arena, line, ", which fails", NULL);
    for (const struct n8n_words *words = node->words; words != NULL; words = words->next)
        line = n8n_cat(arena, line, words == node->words ? ": " : "; ", words->words, NULL);
    note(line == NULL ? "a node has too many words" : line, context);
}

/* What was never reached. */
static void
judge_node(struct n8n *n8n, struct n8n_node *node)
{
    if (node->is_done || node->is_note || node->outcome != N8N_CARRIED)
        return;
    if (node->is_sub)
        n8n_say(n8n, node, N8N_LEFT_OUT, "no step takes it");
    else if (node->is_trigger && node->is_disabled)
        n8n_say(n8n, node, N8N_PASSED_OVER, "it is disabled");
    else
        n8n_say(n8n, node, N8N_LEFT_OUT, "nothing that starts the workflow leads to it");
}

static void
report(struct n8n *n8n, foreign_note_fn *note, void *context)
{
    size_t counts[N8N_PASSED_OVER + 1] = {0};
    for (const struct n8n_words *words = n8n->self.words; words != NULL; words = words->next)
        note(words->words, context);
    for (size_t i = 0; i < n8n->node_count; i++) {
        struct n8n_node *node = &n8n->nodes[i];
        judge_node(n8n, node);
        if (node->is_note)
            continue;
        counts[node->outcome]++;
        report_node(n8n, node, note, context);
    }
    note(arena_format(n8n->arena, "%zu nodes: %zu carried, %zu with changes, %zu left out",
                      counts[0] + counts[1] + counts[2], counts[N8N_CARRIED], counts[N8N_CHANGED],
                      counts[N8N_LEFT_OUT]),
         context);
}

/* --- all of it --- */

/* The definition, without data that its editor keeps in it; a very large one is not kept. */
static void
put_origin(struct n8n *n8n, struct value *flow)
{
    static const char *const dropped[] = {"pinData", "staticData", "shared", "meta"};
    struct value definition = n8n->file;
    for (size_t i = 0; i < COUNT_OF(dropped); i++)
        definition = value_object_remove(n8n->arena, definition, slice_text(dropped[i]));
    if (json_text(n8n->arena, definition).size + 100 < LIMIT_ORIGIN_BYTES)
        n8n_put(n8n, flow, "origin", foreign_origin(n8n->arena, "n8n", definition));
}

static struct value
make_flow(struct n8n *n8n)
{
    struct value flow = value_empty_object();
    static const char *const keys[] = {"input", "triggers"};
    n8n_put(n8n, &flow, "name", foreign_name(n8n->arena, n8n_text(n8n->file, "name")));
    /* A name without letters of ours gives no slug by itself. */
    if (slice_is(value_slice(foreign_slug(n8n->arena, n8n_text(n8n->file, "name"))), "workflow"))
        n8n_put_text(n8n, &flow, "slug", "workflow");
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (value_get(n8n->flow, keys[i]).kind != VALUE_NONE)
            n8n_put(n8n, &flow, keys[i], value_get(n8n->flow, keys[i]));
    }
    n8n_put(n8n, &flow, "steps", n8n->steps);
    if (n8n->output.kind != VALUE_NONE)
        n8n_put(n8n, &flow, "output", n8n->output);
    put_origin(n8n, &flow);
    return flow;
}

/* A workflow has at least one step; it gives what came. */
static void
add_step_if_none(struct n8n *n8n)
{
    struct n8n_stream at = {.is_live = true, .json = {.path = ".input"}};
    if (n8n->steps.count == 0)
        n8n_transform(n8n, &n8n->self, &at, ".input");
}

enum status
n8n_read(struct value *out, struct value file, struct arena *arena, foreign_note_fn *note,
         void *context, struct error *error)
{
    struct n8n n8n = {.arena = arena,
                      .file = file,
                      .steps = value_empty_array(),
                      .ids = value_empty_object(),
                      .flow = value_empty_object(),
                      .inputs = value_empty_object(),
                      .self = {.name = SLICE("start")},
                      .error = error};
    *out = (struct value){0};
    enum status status = n8n_graph_read(&n8n);
    if (status != STATUS_OK)
        return status;
    n8n.table_max = (int)n8n.node_count * TABLES_OF_NODE;
    n8n.tables = arena_try_alloc(arena, (size_t)n8n.table_max * sizeof(*n8n.tables));
    if (n8n.tables == NULL)
        return error_set(error, STATUS_LIMIT, "it is too large");
    n8n_table_new(&n8n, N8N_TABLE_INPUT, 0);
    n8n_start(&n8n);
    if (n8n.order_count == 0)
        return error_set(
            error, STATUS_INVALID,
            "nodes: none of them starts the workflow (a trigger that is not disabled)");
    n8n_translate(&n8n);
    n8n_put_input(&n8n);
    add_step_if_none(&n8n);
    report(&n8n, note, context);
    *out = make_flow(&n8n);
    return arena_is_over(arena) ? error_set(error, STATUS_LIMIT, "it is too large") : STATUS_OK;
}
