#include "foreign/n8n.h"

#include "base/json.h"
#include "base/limits.h"
#include "foreign/n8n_nodes.h"

#include <string.h>

/* Tables that one node makes at most, with those of its inputs. */
#define TABLES_OF_NODE (N8N_UNION_MAX + 8)

bool
n8n_is(struct value file)
{
    return file.kind == VALUE_OBJECT && value_get(file, "nodes").kind == VALUE_ARRAY &&
           value_get(file, "connections").kind == VALUE_OBJECT;
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
n8n_read(struct n8n_made *out, const struct n8n_wanted *wanted, struct arena *arena,
         struct error *error)
{
    struct n8n n8n = {.arena = arena,
                      .file = wanted->file,
                      .catalog = wanted->catalog,
                      .steps = value_empty_array(),
                      .ids = value_empty_object(),
                      .flow = value_empty_object(),
                      .inputs = value_empty_object(),
                      .self = {.name = SLICE("start")},
                      .error = error};
    *out = (struct n8n_made){0};
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
    struct n8n_made made = {.report = n8n_report(&n8n, wanted->note, wanted->context),
                            .flow = make_flow(&n8n)};
    if (arena_is_over(arena))
        return error_set(error, STATUS_LIMIT, "it is too large");
    *out = made;
    return STATUS_OK;
}
