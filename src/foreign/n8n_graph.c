/* Nodes and connections of a workflow of n8n, and the order in which they are translated. */
#include "base/limits.h"
#include "foreign/n8n_parts.h"

#include <string.h>

/* --- parameters --- */

struct value
n8n_find(struct value object, const char *path)
{
    while (object.kind == VALUE_OBJECT) {
        size_t size = strcspn(path, ".");
        object = value_find(object, slice_of(path, size));
        if (path[size] == '\0')
            return object;
        path += size + 1;
    }
    return (struct value){0};
}

struct slice
n8n_text(struct value object, const char *path)
{
    struct value text = n8n_find(object, path);
    return value_slice_or(text, SLICE(""));
}

struct value
n8n_param(const struct n8n_node *node, const char *path)
{
    return n8n_find(node->parameters, path);
}

struct slice
n8n_param_text(const struct n8n_node *node, const char *path)
{
    return n8n_text(node->parameters, path);
}

bool
n8n_param_is(const struct n8n_node *node, const char *path, const char *text)
{
    return slice_is(n8n_param_text(node, path), text);
}

struct n8n_node *
n8n_node_find(const struct n8n *n8n, struct slice name)
{
    for (size_t i = 0; i < n8n->node_count; i++) {
        if (slice_equal(n8n->nodes[i].name, name) && !n8n->nodes[i].is_note)
            return &n8n->nodes[i];
    }
    return NULL;
}

struct n8n_node *
n8n_sub_of(const struct n8n_node *node, const char *kind)
{
    for (const struct n8n_sub *sub = node->subs; sub != NULL; sub = sub->next) {
        if (slice_is(sub->kind, kind) && !sub->node->is_disabled)
            return sub->node;
    }
    return NULL;
}

/* --- nodes --- */

static struct slice
short_type(struct slice type)
{
    static const char *const packages[] = {"n8n-nodes-base.", "@n8n/n8n-nodes-langchain."};
    for (size_t i = 0; i < COUNT_OF(packages); i++) {
        size_t size = strlen(packages[i]);
        if (slice_starts_with(type, slice_text(packages[i])))
            return slice_of(type.ptr + size, type.size - size);
    }
    return type;
}

static bool
is_trigger_type(struct slice type)
{
    static const char *const names[] = {"webhook", "cron", "interval", "start", "emailReadImap"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (slice_is(type, names[i]))
            return true;
    }
    return type.size > 7 && memcmp(type.ptr + type.size - 7, "Trigger", 7) == 0;
}

static enum status
read_node(struct n8n *n8n, size_t index)
{
    struct value file = value_items(value_get(n8n->file, "nodes"))[index];
    struct n8n_node *node = &n8n->nodes[index];
    struct value version = value_get(file, "typeVersion");
    struct slice name = n8n_text(file, "name"), type = n8n_text(file, "type");
    bool is_note = slice_is(short_type(type), "stickyNote");
    if ((name.size == 0 && !is_note) || type.size == 0)
        return error_set(n8n->error, STATUS_INVALID,
                         "nodes[%zu]: expected an object with the texts name and type", index);
    if (!is_note && n8n_node_find(n8n, name) != NULL)
        return error_set(n8n->error, STATUS_INVALID, "nodes[%zu].name: two nodes are called %.*s",
                         index, SLICE_FORMAT(slice_cut(name, 100)));
    *node = (struct n8n_node){
        .name = name,
        .type = short_type(type),
        .version = value_is_number(version) ? value_real(version) : 1,
        .file = file,
        .parameters = value_get(file, "parameters"),
        .is_disabled = value_is_true(value_get(file, "disabled")),
        .index = index,
    };
    node->is_trigger = is_trigger_type(node->type);
    node->is_note = is_note;
    node->before = arena_try_alloc(n8n->arena, LIMIT_FOREIGN_NODES / 8);
    return node->before == NULL ? error_set(n8n->error, STATUS_LIMIT, "it is too large")
                                : STATUS_OK;
}

/* --- connections --- */

static void
add_edge(struct n8n *n8n, struct n8n_edge edge)
{
    struct n8n_edge *made = arena_alloc(n8n->arena, sizeof(*made));
    struct n8n_edge **from = &edge.from->out, **to = &edge.to->in;
    while (*from != NULL)
        from = &(*from)->next_from;
    while (*to != NULL)
        to = &(*to)->next_to;
    *made = edge;
    *from = *to = made;
}

static void
add_sub(struct n8n *n8n, struct n8n_node *node, struct n8n_node *sub, struct slice kind)
{
    struct n8n_sub *made = arena_alloc(n8n->arena, sizeof(*made));
    *made = (struct n8n_sub){.next = node->subs, .node = sub, .kind = kind};
    node->subs = made;
    sub->is_sub = true;
}

/* {node, type, index} at an output of a node. */
static void
read_connection(struct n8n *n8n, struct n8n_node *from, struct slice kind, unsigned port,
                struct value connection)
{
    struct value input = value_get(connection, "index");
    struct n8n_node *to = n8n_node_find(n8n, n8n_text(connection, "node"));
    if (to == NULL) {
        n8n_say(n8n, &n8n->self, N8N_CHANGED,
                arena_format(n8n->arena, "a connection of %.*s leads to no node",
                             SLICE_FORMAT(slice_cut(from->name, 100))));
        return;
    }
    if (!slice_is(kind, "main")) {
        add_sub(n8n, to, from, kind);
        return;
    }
    struct n8n_edge edge = {.from = from, .to = to, .port = port};
    edge.input = input.kind == VALUE_INT && input.integer > 0 ? (unsigned)input.integer : 0;
    if (port < N8N_PORTS_MAX)
        add_edge(n8n, edge);
}

static enum status
read_port(struct n8n *n8n, struct n8n_node *from, const struct member *kind, unsigned port,
          size_t *count)
{
    struct value list = value_items(kind->value)[port];
    if (list.kind != VALUE_ARRAY)
        return STATUS_OK;
    for (uint32_t i = 0; i < list.count; i++) {
        if (++*count > LIMIT_FOREIGN_EDGES)
            return error_set(n8n->error, STATUS_LIMIT, "connections: there are more than %d",
                             LIMIT_FOREIGN_EDGES);
        read_connection(n8n, from, value_slice(kind->key), port, value_items(list)[i]);
    }
    return STATUS_OK;
}

/* {"main": [[…], […]], …} of one node. */
static enum status
read_connections_of(struct n8n *n8n, struct n8n_node *from, struct value kinds, size_t *count)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < (kinds.kind == VALUE_OBJECT ? kinds.count : 0); i++) {
        const struct member *kind = &value_members(kinds)[i];
        for (uint32_t k = 0; kind->value.kind == VALUE_ARRAY && k < kind->value.count; k++) {
            status = read_port(n8n, from, kind, k, count);
            if (status != STATUS_OK)
                return status;
        }
    }
    return status;
}

static enum status
read_connections(struct n8n *n8n)
{
    struct value all = value_get(n8n->file, "connections");
    size_t count = 0;
    enum status status = STATUS_OK;
    if (all.kind != VALUE_OBJECT && all.kind != VALUE_NONE)
        return error_set(n8n->error, STATUS_INVALID, "connections: expected an object, found %s",
                         value_kind_name(all));
    for (uint32_t i = 0; i < all.count && status == STATUS_OK; i++) {
        const struct member *member = &value_members(all)[i];
        struct n8n_node *from = n8n_node_find(n8n, value_slice(member->key));
        if (from == NULL)
            n8n_say(n8n, &n8n->self, N8N_CHANGED,
                    arena_format(n8n->arena, "connections of %.*s: there is no such node",
                                 SLICE_FORMAT(slice_cut(value_slice(member->key), 100))));
        else
            status = read_connections_of(n8n, from, member->value, &count);
    }
    return status;
}

/* --- order --- */

static void visit(struct n8n *n8n, struct n8n_node *node);

static void
follow(struct n8n *n8n, struct n8n_edge *edge)
{
    if (edge->to->is_open)
        edge->is_back = true;
    else
        visit(n8n, edge->to);
}

/* The last output first: since a node is put in front of all that it leads to, the first output's
 * nodes then stand first. */
static void
follow_reversed(struct n8n *n8n, struct n8n_edge *edge)
{
    if (edge == NULL)
        return;
    follow_reversed(n8n, edge->next_from);
    follow(n8n, edge);
}

static void
visit(struct n8n *n8n, struct n8n_node *node)
{
    if (node->is_ordered || node->is_sub)
        return;
    node->is_ordered = node->is_open = true;
    /* What comes after a loop stands behind its body; since version 3 that is the first output. */
    bool is_loop = slice_is(node->type, "splitInBatches") && node->version >= 3;
    if (is_loop) {
        for (struct n8n_edge *edge = node->out; edge != NULL; edge = edge->next_from)
            follow(n8n, edge);
    } else {
        follow_reversed(n8n, node->out);
    }
    node->is_open = false;
    n8n->order[--n8n->order_count] = node;
}

/* Order by depth, triggers first; `order` is filled from its end. */
static void
make_order(struct n8n *n8n)
{
    n8n->order_count = n8n->node_count;
    for (size_t i = n8n->node_count; i > 0; i--) {
        struct n8n_node *node = &n8n->nodes[i - 1];
        if (node->is_trigger && !node->is_disabled && !node->is_sub)
            visit(n8n, node);
    }
    size_t unused = n8n->order_count;
    n8n->order += unused;
    n8n->order_count = n8n->node_count - unused;
}

enum status
n8n_graph_read(struct n8n *n8n)
{
    struct value nodes = value_get(n8n->file, "nodes");
    if (nodes.kind != VALUE_ARRAY)
        return error_set(n8n->error, STATUS_INVALID, "nodes: expected a list, found %s",
                         value_kind_name(nodes));
    if (nodes.count == 0 || nodes.count > LIMIT_FOREIGN_NODES)
        return error_set(n8n->error, STATUS_INVALID, "nodes: expected 1 to %d nodes, found %u",
                         LIMIT_FOREIGN_NODES, nodes.count);
    n8n->nodes = arena_try_alloc(n8n->arena, nodes.count * sizeof(*n8n->nodes));
    n8n->order = arena_try_alloc(n8n->arena, nodes.count * sizeof(struct n8n_node *));
    if (n8n->nodes == NULL || n8n->order == NULL)
        return error_set(n8n->error, STATUS_LIMIT, "it is too large");
    enum status status = STATUS_OK;
    for (size_t i = 0; i < nodes.count && status == STATUS_OK; i++) {
        n8n->node_count = i;
        status = read_node(n8n, i);
    }
    if (status != STATUS_OK)
        return status;
    n8n->node_count = nodes.count;
    status = read_connections(n8n);
    if (status == STATUS_OK)
        make_order(n8n);
    return status;
}
