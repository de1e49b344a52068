#include "expr/children.h"

static bool
any_of(const struct node *const *nodes, uint32_t count, node_test_fn *test, void *context)
{
    for (uint32_t i = 0; i < count; i++)
        if (nodes[i] != NULL && test(nodes[i], context))
            return true;
    return false;
}

static bool
any_entry(const struct node *object, node_test_fn *test, void *context)
{
    for (uint32_t i = 0; i < object->object.count; i++) {
        const struct object_entry *entry = &object->object.entries[i];
        if (test(entry->key, context) || test(entry->value, context))
            return true;
    }
    return false;
}

/* The children of a node that has at most four, NULL where it has fewer. */
static void
list_children(const struct node *node, const struct node *out[4])
{
    switch (node->kind) {
    case NODE_PATH:
        out[0] = node->path.base;
        break;
    case NODE_PIPE:
    case NODE_COMMA:
    case NODE_BINARY:
    case NODE_LOGIC:
    case NODE_ALTERNATIVE:
    case NODE_ASSIGN:
        out[0] = node->pair.left;
        out[1] = node->pair.right;
        break;
    case NODE_IF:
        out[0] = node->choice.test;
        out[1] = node->choice.then;
        out[2] = node->choice.otherwise;
        break;
    case NODE_BIND:
        out[0] = node->bind.source;
        out[1] = node->bind.body;
        break;
    case NODE_INDEX:
    case NODE_SLICE:
    case NODE_ITERATE:
        out[0] = node->index.base;
        out[1] = node->index.from;
        out[2] = node->index.upto;
        break;
    case NODE_REDUCE:
    case NODE_FOREACH:
        out[0] = node->fold.source;
        out[1] = node->fold.start;
        out[2] = node->fold.update;
        out[3] = node->fold.extract;
        break;
    case NODE_LABEL:
        out[0] = node->label.body;
        break;
    default:
        out[0] = node->loop.a;
        out[1] = node->loop.b;
        out[2] = node->loop.c;
        break;
    }
}

bool
node_any_child(const struct node *node, node_test_fn *test, void *context)
{
    const struct node *few[4] = {0};
    switch (node->kind) {
    case NODE_IDENTITY:
    case NODE_CONSTANT:
    case NODE_VARIABLE:
    case NODE_PARAMETER:
    case NODE_FORMAT:
    case NODE_BREAK:
    case NODE_EMPTY:
        return false;
    case NODE_NATIVE:
        return any_of(node->native.args, node->native.count, test, context);
    case NODE_CALL:
        return any_of(node->call.args, node->call.def->param_count, test, context);
    case NODE_OBJECT:
        return any_entry(node, test, context);
    case NODE_TEXT:
    case NODE_BIND_FIRST:
        return any_of(node->branches.nodes, node->branches.count, test, context);
    default:
        list_children(node, few);
        return any_of(few, COUNT_OF(few), test, context);
    }
}
