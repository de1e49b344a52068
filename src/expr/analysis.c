#include "expr/parser.h"

/* Whether a call gives many outputs depends on its definition's body, which may call itself: every
 * definition is taken to give one until its body says otherwise, and all is looked at again until
 * nothing changes. After some rounds whatever is left is taken to give many, which is always safe.
 */
#define ROUNDS_MAX 8

struct analysis {
    uint16_t pass;
    bool give_up;
    bool is_done; /* `many` is known of all nodes */
};

static bool visit(struct analysis *analysis, const struct node *node);

static bool
visit_call(struct analysis *analysis, const struct node *node)
{
    bool many = node->call.def->many || analysis->give_up;
    for (uint32_t i = 0; i < node->call.def->param_count; i++) {
        bool arg_many = visit(analysis, node->call.args[i]);
        many |= arg_many && node->call.def->params[i].is_value;
    }
    return many;
}

static bool
visit_object(struct analysis *analysis, struct node *node)
{
    bool many = false;
    for (uint32_t i = 0; i < node->object.count; i++) {
        many |= visit(analysis, node->object.entries[i].key);
        many |= visit(analysis, node->object.entries[i].value);
    }
    return many;
}

static bool
visit_branches(struct analysis *analysis, const struct node *node)
{
    bool many = false;
    for (uint32_t i = 0; i < node->branches.count; i++)
        many |= visit(analysis, node->branches.nodes[i]);
    return many;
}

static bool
visit_native(struct analysis *analysis, const struct node *node)
{
    bool many = false;
    for (uint32_t i = 0; i < node->native.count; i++)
        many |= visit(analysis, node->native.args[i]);
    return many;
}

static bool
visit_fold(struct analysis *analysis, const struct node *node)
{
    visit(analysis, node->fold.source);
    visit(analysis, node->fold.update);
    if (node->fold.extract != NULL)
        visit(analysis, node->fold.extract);
    bool start = visit(analysis, node->fold.start);
    if (analysis->is_done)
        ownership_mark(node);
    return node->kind == NODE_FOREACH || start;
}

/* All children are visited, also where their number of outputs does not matter. */
static bool
visit_three(struct analysis *analysis, const struct node *a, const struct node *b,
            const struct node *c)
{
    bool many_a = a != NULL && visit(analysis, a);
    bool many_b = b != NULL && visit(analysis, b);
    bool many_c = c != NULL && visit(analysis, c);
    return many_a || many_b || many_c;
}

static bool
visit_loop(struct analysis *analysis, const struct node *node)
{
    bool any = visit_three(analysis, node->loop.a, node->loop.b, node->loop.c);
    switch (node->kind) {
    case NODE_ARRAY:
    case NODE_FIRST:
    case NODE_LAST:
        return false;
    case NODE_NEGATE:
    case NODE_TRY:
    case NODE_GETPATH:
    case NODE_PATH_OF:
    case NODE_UNTIL:
        return any;
    default:
        return true;
    }
}

static bool
visit_pair(struct analysis *analysis, const struct node *node)
{
    bool left = visit(analysis, node->pair.left);
    bool right = visit(analysis, node->pair.right);
    if (node->kind == NODE_COMMA)
        return true;
    if (node->kind == NODE_ASSIGN)
        return right && node->operator!= OPERATOR_UPDATE;
    return left || right;
}

static bool
look(struct analysis *analysis, struct node *node)
{
    switch (node->kind) {
    case NODE_IDENTITY:
    case NODE_CONSTANT:
    case NODE_VARIABLE:
    case NODE_FORMAT:
    case NODE_BREAK:
    case NODE_EMPTY:
        return false;
    case NODE_PARAMETER:
        return true;
    case NODE_PATH:
        return visit(analysis, node->path.base);
    case NODE_PIPE:
    case NODE_COMMA:
    case NODE_BINARY:
    case NODE_LOGIC:
    case NODE_ALTERNATIVE:
    case NODE_ASSIGN:
        return visit_pair(analysis, node);
    case NODE_IF:
        return visit_three(analysis, node->choice.test, node->choice.then, node->choice.otherwise);
    case NODE_NATIVE:
        return visit_native(analysis, node);
    case NODE_CALL:
        return visit_call(analysis, node);
    case NODE_BIND:
        return visit_three(analysis, node->bind.source, node->bind.body, NULL);
    case NODE_OBJECT:
        return visit_object(analysis, node);
    case NODE_TEXT:
    case NODE_BIND_FIRST:
        return visit_branches(analysis, node);
    case NODE_INDEX:
    case NODE_SLICE:
        return visit_three(analysis, node->index.base, node->index.from, node->index.upto);
    case NODE_ITERATE:
        visit(analysis, node->index.base);
        return true;
    case NODE_REDUCE:
    case NODE_FOREACH:
        return visit_fold(analysis, node);
    case NODE_LABEL:
        return visit(analysis, node->label.body);
    default:
        return visit_loop(analysis, node);
    }
}

static bool
visit(struct analysis *analysis, const struct node *node)
{
    /* Nodes are shared only within the compilation, which is not over. */
    struct node *writable = (struct node *)node;
    if (node->pass != analysis->pass) {
        writable->pass = analysis->pass;
        writable->many = look(analysis, writable);
    }
    return node->many;
}

static bool
visit_all(struct analysis *analysis, const struct node *body, struct def *defs)
{
    bool changed = false;
    analysis->pass++;
    for (struct def *def = defs; def != NULL; def = def->next) {
        bool many = visit(analysis, def->body) || analysis->give_up;
        changed |= many != def->many;
        def->many = many;
    }
    visit(analysis, body);
    return changed;
}

void
analysis_run(const struct node *body, struct def *defs)
{
    struct analysis analysis = {0};
    bool changes = true;
    for (int round = 0; round < ROUNDS_MAX && changes; round++)
        changes = visit_all(&analysis, body, defs);
    analysis.give_up = changes;
    if (changes)
        visit_all(&analysis, body, defs);
    analysis.is_done = true;
    visit_all(&analysis, body, defs);
}
