#include "expr/array.h"
#include "expr/expr.h"
#include "expr/node.h"
#include "expr/number.h"

#include <assert.h>

/* Which parts of the root input an expression reads. Each node is walked with what is known of its
 * input: a place in the root, or nothing. A place is reported where its value is used for something
 * other than a further static access. */

#define VISITS_MAX 100000
#define ROOTS_ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define NAMES_MAX 64

/* A known place: names from the inside out. The root has no name. */
struct place {
    const struct place *up;
    struct slice name;
    size_t count; /* of names */
    size_t offset;
};

/* What the variables of one function hold. */
struct known {
    const struct known *up;
    const struct place **slots;
};

struct def_list {
    const struct def *def;
    const struct def_list *next;
};

struct walker {
    struct arena arena;
    expr_path_fn *visit;
    void *context;
    const struct def_list *seen; /* definitions whose bodies were walked */
    uint32_t visits;
};

static const struct place *walk(struct walker *walker, const struct known *known,
                                const struct node *node, const struct place *in);

static void
report(struct walker *walker, const struct place *place)
{
    struct slice names[NAMES_MAX];
    while (place->count > NAMES_MAX)
        place = place->up;
    size_t count = place->count;
    size_t offset = place->offset;
    for (size_t i = count; i > 0; i--) {
        names[i - 1] = place->name;
        place = place->up;
    }
    walker->visit(names, count, offset, walker->context);
}

/* The value of a node is used in full. */
static void
use(struct walker *walker, const struct known *known, const struct node *node,
    const struct place *in)
{
    if (node == NULL)
        return;
    const struct place *place = walk(walker, known, node, in);
    if (place != NULL)
        report(walker, place);
}

static const struct known *
known_new(struct walker *walker, const struct known *up, uint32_t slot_count)
{
    struct known *known = arena_alloc(&walker->arena, sizeof(*known));
    known->up = up;
    size_t size = (slot_count + 1) * sizeof(known->slots[0]);
    known->slots = arena_try_alloc(&walker->arena, size);
    if (known->slots != NULL)
        memset(known->slots, 0, size);
    return known;
}

static const struct place *
walk_path(struct walker *walker, const struct known *known, const struct node *node,
          const struct place *in)
{
    const struct place *place = walk(walker, known, node->path.base, in);
    for (uint32_t i = 0; i < node->path.count && place != NULL; i++) {
        struct value key = node->path.keys->items[i].key;
        if (key.kind != VALUE_STRING) {
            report(walker, place);
            return NULL;
        }
        struct place *inner = arena_alloc(&walker->arena, sizeof(*inner));
        *inner = (struct place){.up = place,
                                .name = value_slice(key),
                                .count = place->count + 1,
                                .offset = node->offset};
        place = inner;
    }
    return place;
}

static const struct place *
walk_bind(struct walker *walker, const struct known *known, const struct node *node,
          const struct place *in)
{
    const struct place *bound = walk(walker, known, node->bind.source, in);
    if (known->slots != NULL)
        known->slots[node->bind.slot] = bound;
    else if (bound != NULL)
        report(walker, bound);
    return walk(walker, known, node->bind.body, in);
}

static const struct place *
walk_variable(const struct known *known, const struct node *node)
{
    for (uint32_t i = 0; i < node->variable.level && known != NULL; i++)
        known = known->up;
    bool is_known = known != NULL && known->slots != NULL;
    return is_known ? known->slots[node->variable.slot] : NULL;
}

/* A body is walked once, with an input of which nothing is known: the call reports its own. */
static void
walk_definition(struct walker *walker, const struct known *known, const struct node *call)
{
    const struct def *def = call->call.def;
    for (const struct def_list *at = walker->seen; at != NULL; at = at->next) {
        if (at->def == def)
            return;
    }
    struct def_list *seen = arena_alloc(&walker->arena, sizeof(*seen));
    *seen = (struct def_list){.def = def, .next = walker->seen};
    walker->seen = seen;
    const struct known *up = def->is_root ? NULL : known;
    for (uint32_t i = 0; i < call->call.up && up != NULL; i++)
        up = up->up;
    use(walker, known_new(walker, up, def->slot_count), def->body, NULL);
}

static const struct place *
walk_call(struct walker *walker, const struct known *known, const struct node *node,
          const struct place *in)
{
    const struct def *def = node->call.def;
    if (in != NULL)
        report(walker, in);
    for (uint32_t i = 0; i < def->param_count; i++)
        use(walker, known, node->call.args[i], def->params[i].is_value ? in : NULL);
    walk_definition(walker, known, node);
    return NULL;
}

static bool
reads_input(native_fn *native)
{
#define NUMBER_IS_NOT(name, function) native != number_native_##name &&
    return NUMBER_BINARY(NUMBER_IS_NOT) native != number_native_infinite &&
           native != number_native_nan && native != number_native_fma &&
           native != array_native_error_value;
}

static const struct place *
walk_native(struct walker *walker, const struct known *known, const struct node *node,
            const struct place *in)
{
    if (in != NULL && reads_input(node->native.call))
        report(walker, in);
    for (uint32_t i = 0; i < node->native.count; i++)
        use(walker, known, node->native.args[i], in);
    return NULL;
}

static const struct place *
walk_fold(struct walker *walker, const struct known *known, const struct node *node,
          const struct place *in)
{
    use(walker, known, node->fold.source, in);
    use(walker, known, node->fold.start, in);
    if (known->slots != NULL)
        known->slots[node->fold.slot] = NULL;
    use(walker, known, node->fold.update, NULL);
    use(walker, known, node->fold.extract, NULL);
    return NULL;
}

static const struct place *
walk_many(struct walker *walker, const struct known *known, const struct node *node,
          const struct place *in)
{
    if (node->kind == NODE_OBJECT) {
        for (uint32_t i = 0; i < node->object.count; i++) {
            use(walker, known, node->object.entries[i].key, in);
            use(walker, known, node->object.entries[i].value, in);
        }
        return NULL;
    }
    for (uint32_t i = 0; i < node->branches.count; i++)
        use(walker, known, node->branches.nodes[i], in);
    return NULL;
}

static const struct place *
walk_pair(struct walker *walker, const struct known *known, const struct node *node,
          const struct place *in)
{
    bool is_assign = node->kind == NODE_ASSIGN;
    bool is_update = is_assign && node->operator== OPERATOR_UPDATE;
    if (is_assign && in != NULL)
        report(walker, in);
    use(walker, known, node->pair.left, in);
    use(walker, known, node->pair.right, is_update ? NULL : in);
    return NULL;
}

static const struct place *
walk_index(struct walker *walker, const struct known *known, const struct node *node,
           const struct place *in)
{
    use(walker, known, node->index.base, in);
    use(walker, known, node->index.from, in);
    use(walker, known, node->index.upto, in);
    return NULL;
}

/* FIRST to GETPATH, ARRAY, NEGATE, TRY. */
static const struct place *
walk_loop(struct walker *walker, const struct known *known, const struct node *node,
          const struct place *in)
{
    switch (node->kind) {
    case NODE_FIRST:
    case NODE_LAST:
        return walk(walker, known, node->loop.a, in);
    case NODE_TRY:
        use(walker, known, node->loop.b, NULL);
        return walk(walker, known, node->loop.a, in);
    case NODE_LIMIT:
    case NODE_SKIP:
        use(walker, known, node->loop.a, in);
        return walk(walker, known, node->loop.b, in);
    case NODE_WHILE:
    case NODE_UNTIL:
    case NODE_RECURSE:
        if (in != NULL)
            report(walker, in);
        use(walker, known, node->loop.a, NULL);
        use(walker, known, node->loop.b, NULL);
        return NULL;
    default:
        if (in != NULL && node->kind == NODE_GETPATH)
            report(walker, in);
        use(walker, known, node->loop.a, in);
        use(walker, known, node->loop.b, in);
        use(walker, known, node->loop.c, in);
        return NULL;
    }
}

static const struct place *
walk_node(struct walker *walker, const struct known *known, const struct node *node,
          const struct place *in)
{
    switch (node->kind) {
    case NODE_IDENTITY:
        return in;
    case NODE_CONSTANT:
    case NODE_BREAK:
    case NODE_EMPTY:
        return NULL;
    case NODE_VARIABLE:
        return walk_variable(known, node);
    case NODE_PATH:
        return walk_path(walker, known, node, in);
    case NODE_PIPE:
        return walk(walker, known, node->pair.right, walk(walker, known, node->pair.left, in));
    case NODE_IF:
        use(walker, known, node->choice.test, in);
        use(walker, known, node->choice.then, in);
        use(walker, known, node->choice.otherwise, in);
        return NULL;
    case NODE_BIND:
        return walk_bind(walker, known, node, in);
    case NODE_CALL:
        return walk_call(walker, known, node, in);
    case NODE_NATIVE:
        return walk_native(walker, known, node, in);
    case NODE_OBJECT:
    case NODE_TEXT:
    case NODE_BIND_FIRST:
        return walk_many(walker, known, node, in);
    case NODE_BINARY:
    case NODE_LOGIC:
    case NODE_COMMA:
    case NODE_ALTERNATIVE:
    case NODE_ASSIGN:
        return walk_pair(walker, known, node, in);
    case NODE_INDEX:
    case NODE_SLICE:
    case NODE_ITERATE:
        return walk_index(walker, known, node, in);
    case NODE_REDUCE:
    case NODE_FOREACH:
        return walk_fold(walker, known, node, in);
    case NODE_LABEL:
        return walk(walker, known, node->label.body, in);
    case NODE_PARAMETER:
    case NODE_FORMAT:
        if (in != NULL)
            report(walker, in);
        return NULL;
    default:
        return walk_loop(walker, known, node, in);
    }
}

/* Shared nodes (patterns joined by ?//) could make the walk endless: it then ends, and the root
 * counts as used whole, which is always safe to say. */
static const struct place *
walk(struct walker *walker, const struct known *known, const struct node *node,
     const struct place *in)
{
    if (walker->visits >= VISITS_MAX || arena_is_over(&walker->arena))
        return NULL;
    walker->visits++;
    return walk_node(walker, known, node, in);
}

void
expr_each_root_path(const struct expr *expr, expr_path_fn *visit, void *context)
{
    struct place root = {0};
    struct walker walker = {.visit = visit, .context = context};
    arena_init(&walker.arena, ROOTS_ARENA_BYTES);
    use(&walker, known_new(&walker, NULL, expr->slot_count), expr->body, &root);
    if (walker.visits >= VISITS_MAX || arena_is_over(&walker.arena))
        report(&walker, &root);
    arena_done(&walker.arena);
}
