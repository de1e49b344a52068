#include "expr/access.h"
#include "expr/parser.h"

/* Which folds may change their state in place.
 *
 * `reduce f as $x (init; update)` keeps one state, and nothing else sees it as long as no part of
 * it gets a second use: a variable, another member, an output. An update is linear when its output
 * holds each part of its input at most once and nothing else keeps one. Then the old state is gone
 * after each round, and the assignments in the update may write where they would copy. What cannot
 * be known here, whether a stored value is a part of the state, is looked at when it happens: only
 * arrays and objects can be (update.c). */

static bool is_fresh(const struct node *node);

static bool
is_fresh_object(const struct node *node)
{
    for (uint32_t i = 0; i < node->object.count; i++) {
        if (!is_fresh(node->object.entries[i].value))
            return false;
    }
    return true;
}

static bool
is_comparison(const struct node *node)
{
    return node->operator>= OPERATOR_EQUAL && node->operator<= OPERATOR_GREATER_EQUAL;
}

/* Whether no output can be, or hold, an array or object of the node's input. Variables are bound to
 * such outputs only (is_linear). */
static bool
is_fresh(const struct node *node)
{
    switch (node->kind) {
    case NODE_CONSTANT:
    case NODE_VARIABLE:
    case NODE_TEXT:
    case NODE_FORMAT:
    case NODE_LOGIC:
    case NODE_NEGATE:
    case NODE_RANGE:
    case NODE_EMPTY:
    case NODE_BREAK:
        return true;
    case NODE_PATH:
        return is_fresh(node->path.base);
    case NODE_INDEX:
    case NODE_SLICE:
    case NODE_ITERATE:
        return is_fresh(node->index.base);
    case NODE_PIPE:
        return is_fresh(node->pair.left);
    case NODE_BINARY:
        return is_comparison(node) || (is_fresh(node->pair.left) && is_fresh(node->pair.right));
    case NODE_COMMA:
    case NODE_ALTERNATIVE:
        return is_fresh(node->pair.left) && is_fresh(node->pair.right);
    case NODE_IF:
        return is_fresh(node->choice.then) && is_fresh(node->choice.otherwise);
    case NODE_BIND:
        return is_fresh(node->bind.source) && is_fresh(node->bind.body);
    case NODE_OBJECT:
        return is_fresh_object(node);
    case NODE_ARRAY:
    case NODE_FIRST:
    case NODE_LAST:
        return is_fresh(node->loop.a);
    case NODE_REDUCE:
        return is_fresh(node->fold.source) && is_fresh(node->fold.start);
    default:
        return false;
    }
}

/* A left side that update.c walks down. */
static bool
is_walk(const struct node *node)
{
    switch (node->kind) {
    case NODE_IDENTITY:
        return true;
    case NODE_PATH:
        return is_walk(node->path.base);
    case NODE_ITERATE:
    case NODE_INDEX:
        return is_walk(node->index.base);
    case NODE_PIPE:
        return is_walk(node->pair.left) && is_walk(node->pair.right);
    case NODE_IF:
        return is_walk(node->choice.then) && is_walk(node->choice.otherwise);
    default:
        return false;
    }
}

static bool is_linear(const struct node *node);

/* `. + {…}` is `. += {…}`, which can work in place. */
static bool
is_object_sum(const struct node *node)
{
    return node->kind == NODE_BINARY && node->operator== OPERATOR_ADD &&
                                        node->pair.left->kind == NODE_IDENTITY &&
                                        node->pair.right->kind == NODE_OBJECT;
}

static bool
is_setpath(const struct node *node)
{
    return node->native.call == access_native_setpath ||
           node->native.call == access_native_setpath_owning;
}

static bool
is_linear_native(const struct node *node)
{
    const struct node *const *args = node->native.args;
    if (node->native.call == access_native_delpaths)
        return args[0]->kind == NODE_ARRAY && args[0]->loop.a->kind == NODE_PATH_OF;
    return is_setpath(node) && is_fresh(args[1]);
}

static bool
is_linear_reduce(const struct node *node)
{
    return is_fresh(node->fold.source) && is_linear(node->fold.start) &&
           is_linear(node->fold.update);
}

static bool
look(const struct node *node)
{
    switch (node->kind) {
    case NODE_IDENTITY:
        return true;
    case NODE_PATH:
        return is_linear(node->path.base);
    case NODE_INDEX:
    case NODE_SLICE:
        return is_linear(node->index.base);
    case NODE_ASSIGN:
        return is_walk(node->pair.left);
    case NODE_PIPE:
        return is_linear(node->pair.left) && is_linear(node->pair.right);
    case NODE_IF:
        return is_linear(node->choice.then) && is_linear(node->choice.otherwise);
    case NODE_BIND:
        return is_fresh(node->bind.source) && is_linear(node->bind.body);
    case NODE_BINARY:
        return is_object_sum(node) || (is_linear(node->pair.left) && is_fresh(node->pair.right));
    case NODE_ALTERNATIVE:
        return node->pair.left->kind == NODE_IDENTITY && is_fresh(node->pair.right);
    case NODE_NATIVE:
        return is_linear_native(node);
    case NODE_REDUCE:
        return is_linear_reduce(node);
    default:
        return false;
    }
}

static void
add_bits(const struct node *node, uint8_t bits)
{
    /* Nodes are shared only within the compilation, which is not over. */
    ((struct node *)(uintptr_t)node)->ownership |= bits;
}

static bool
is_linear(const struct node *node)
{
    if ((node->ownership & NODE_LOOKED_AT) == 0) {
        bool linear = !node->many && (is_fresh(node) || look(node));
        add_bits(node, linear ? NODE_LOOKED_AT | NODE_LINEAR : NODE_LOOKED_AT);
    }
    return (node->ownership & NODE_LINEAR) != 0;
}

static uint32_t mark(const struct node *node);

static uint32_t
mark_assign(const struct node *node)
{
    const struct node *right = node->pair.right;
    uint32_t marks = 1;
    bool stores_fresh = is_fresh(right);
    if (!stores_fresh && node->operator== OPERATOR_UPDATE && is_linear(right)) {
        stores_fresh = true;
        marks += mark(right);
    }
    add_bits(node, stores_fresh ? NODE_OWNING | NODE_FRESH : NODE_OWNING);
    return marks;
}

static uint32_t
mark_sum(const struct node *node)
{
    if (!is_object_sum(node))
        return mark(node->pair.left);
    ((struct node *)(uintptr_t)node)->kind = NODE_ASSIGN;
    return mark_assign(node);
}

static uint32_t
mark_native(const struct node *node)
{
    if (!is_setpath(node))
        return 0;
    ((struct node *)(uintptr_t)node)->native.call = access_native_setpath_owning;
    return 1;
}

static uint32_t
mark_reduce(const struct node *node)
{
    if (!is_linear_reduce(node))
        return 0;
    uint32_t marks = mark(node->fold.start) + mark(node->fold.update);
    if (marks > 0)
        add_bits(node, NODE_OWNING | NODE_INHERITING);
    return marks;
}

/* Marks what may work in place in the node, when it is linear; gives how many there are. */
static uint32_t
mark(const struct node *node)
{
    if (!is_linear(node))
        return 0;
    switch (node->kind) {
    case NODE_PATH:
        return mark(node->path.base);
    case NODE_INDEX:
    case NODE_SLICE:
        return mark(node->index.base);
    case NODE_ASSIGN:
        return mark_assign(node);
    case NODE_PIPE:
        return mark(node->pair.left) + mark(node->pair.right);
    case NODE_IF:
        return mark(node->choice.then) + mark(node->choice.otherwise);
    case NODE_BIND:
        return mark(node->bind.body);
    case NODE_BINARY:
        return mark_sum(node);
    case NODE_NATIVE:
        return mark_native(node);
    case NODE_REDUCE:
        return mark_reduce(node);
    default:
        return 0;
    }
}

void
ownership_mark(const struct node *fold)
{
    if (mark(fold->fold.update) > 0)
        add_bits(fold, NODE_OWNING);
}
