#include "expr/aggregate_parts.h"
#include "expr/array.h"
#include "expr/children.h"
#include "expr/machine.h"
#include "expr/number.h"
#include "expr/order.h"

#include <string.h>

/* Splits an expression into leaves and the rest.
 *
 * The walk goes down from the top as long as the input is the array that a stream stands for. A
 * node that folds that array becomes a leaf; a node that hands its input on to others is copied
 * with these replaced; whatever stands behind a pipe sees the left side's value only, and stays.
 * `[generator] | …` goes on with a further stream. Everything else needs the array as it is, and
 * then the aggregate does not stream. */

#define BOUND_MAX 32
/* Nodes looked at; only a program that is made for it has so many. */
#define VISITS_MAX 20000

struct splitter {
    struct aggregate *aggregate;
    struct arena *arena;
    /* Slots of the variables around the node that is looked at: a leaf has none of them, since its
     * rows come before these have a value. */
    uint32_t bound[BOUND_MAX];
    uint32_t bound_count;
    uint32_t visits;
};

/* A node and what its pipe goes on with. */
struct chain {
    const struct node *node;
    const struct chain *next;
};

static bool
splitter_visit(struct splitter *splitter)
{
    return ++splitter->visits <= VISITS_MAX;
}

/* --- what kind of thing a node is --- */

static bool is_dependent(const struct node *node, void *splitter);

/* Whether each output is the input itself, and how many there are has nothing to do with it. */
static bool
is_gate(struct splitter *splitter, const struct node *node)
{
    switch (node->kind) {
    case NODE_IDENTITY:
    case NODE_EMPTY:
        return true;
    case NODE_IF:
        return !is_dependent(node->choice.test, splitter) && is_gate(splitter, node->choice.then) &&
               is_gate(splitter, node->choice.otherwise);
    case NODE_PIPE:
        return is_gate(splitter, node->pair.left) && is_gate(splitter, node->pair.right);
    default:
        return false;
    }
}

/* Whether the outputs may have to do with the node's input. */
static bool
is_dependent(const struct node *node, void *context)
{
    struct splitter *splitter = context;
    if (!splitter_visit(splitter))
        return true;
    switch (node->kind) {
    case NODE_CONSTANT:
    case NODE_VARIABLE:
    case NODE_EMPTY:
        return false;
    case NODE_PIPE:
        return is_dependent(node->pair.left, splitter) &&
               (!is_gate(splitter, node->pair.left) || is_dependent(node->pair.right, splitter));
    case NODE_TRY:
        return is_dependent(node->loop.a, splitter);
    case NODE_REDUCE:
        return is_dependent(node->fold.source, splitter) ||
               is_dependent(node->fold.start, splitter);
    case NODE_PATH:
    case NODE_INDEX:
    case NODE_SLICE:
    case NODE_ITERATE:
    case NODE_BINARY:
    case NODE_LOGIC:
    case NODE_ALTERNATIVE:
    case NODE_COMMA:
    case NODE_IF:
    case NODE_BIND:
    case NODE_OBJECT:
    case NODE_ARRAY:
    case NODE_TEXT:
    case NODE_NEGATE:
        return node_any_child(node, is_dependent, splitter);
    default:
        return true;
    }
}

static bool
is_rows(const struct node *node)
{
    return node->kind == NODE_ITERATE && node->index.base->kind == NODE_IDENTITY;
}

static bool is_generator(struct splitter *splitter, const struct node *node);

/* What is evaluated beside a generator is so without any element, too: it may not raise an error.
 */
static bool
is_sure(const struct node *node)
{
    return node->kind == NODE_CONSTANT || node->kind == NODE_VARIABLE;
}

static bool
is_generator_bind(struct splitter *splitter, const struct node *node)
{
    if (is_generator(splitter, node->bind.source))
        return !is_dependent(node->bind.body, splitter);
    return is_sure(node->bind.source) && is_generator(splitter, node->bind.body);
}

static bool
is_generator_pair(struct splitter *splitter, const struct node *node)
{
    if (is_generator(splitter, node->pair.left))
        return is_sure(node->pair.right);
    return is_sure(node->pair.left) && is_generator(splitter, node->pair.right);
}

/* Whether the outputs over an array are those over [its first element], then those over [its
 * second], and so on. */
static bool
is_generator(struct splitter *splitter, const struct node *node)
{
    if (!splitter_visit(splitter))
        return false;
    switch (node->kind) {
    case NODE_ITERATE:
        return is_rows(node) || is_generator(splitter, node->index.base);
    case NODE_PATH:
        return is_generator(splitter, node->path.base);
    case NODE_PIPE:
        if (node->pair.left->kind == NODE_IDENTITY)
            return is_generator(splitter, node->pair.right);
        return is_generator(splitter, node->pair.left);
    case NODE_BINARY:
        return is_generator_pair(splitter, node);
    case NODE_BIND:
        return is_generator_bind(splitter, node);
    default:
        return false;
    }
}

/* Whether the node has to do with a variable around it. */
static bool
mentions_bound(const struct node *node, void *context)
{
    struct splitter *splitter = context;
    if (!splitter_visit(splitter))
        return true;
    if (node->kind == NODE_CALL && !node->call.def->is_root)
        return true;
    if (node->kind == NODE_VARIABLE)
        for (uint32_t i = 0; i < splitter->bound_count; i++)
            if (node->variable.slot == splitter->bound[i])
                return true;
    return node_any_child(node, mentions_bound, splitter);
}

static bool
is_closed(struct splitter *splitter, const struct node *node)
{
    return splitter->bound_count == 0 || !mentions_bound(node, splitter);
}

/* --- streams and leaves --- */

/* The index of a new stream; 0 if there are too many. */
static uint32_t
add_stream(struct splitter *splitter, const struct node *generator, uint32_t parent, bool is_lazy)
{
    struct aggregate *aggregate = splitter->aggregate;
    if (aggregate->stream_count == AGGREGATE_STREAMS_MAX)
        return 0;
    aggregate->streams[aggregate->stream_count] =
        (struct aggregate_stream){.generator = generator, .parent = parent, .is_lazy = is_lazy};
    return aggregate->stream_count++;
}

static struct node *
new_node(struct splitter *splitter, const struct node *like)
{
    struct node *node = arena_alloc(splitter->arena, sizeof(*node));
    *node = *like;
    return node;
}

/* What a leaf's node does at the end: see aggregate_parts.h. */
static struct value
leaf_native(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (args[1].kind == VALUE_TRUE)
        return args[0];
    if (args[1].kind == VALUE_FALSE)
        return machine_raise_value(machine, args[0]);
    return value_absent(OUTCOME_OK);
}

static const struct node *
slot_node(struct splitter *splitter, const struct node *like, uint32_t slot)
{
    struct node *node = new_node(splitter, like);
    node->kind = NODE_VARIABLE;
    node->many = false;
    node->variable.level = 0;
    node->variable.slot = slot;
    return node;
}

/* The node in the place of a new leaf; NULL if there are too many. */
static const struct node *
add_leaf(struct splitter *splitter, const struct node *like, struct aggregate_leaf leaf)
{
    struct aggregate *aggregate = splitter->aggregate;
    if (aggregate->leaf_count == AGGREGATE_LEAVES_MAX)
        return NULL;
    uint32_t slot = aggregate->first_slot + 2 * aggregate->leaf_count;
    aggregate->leaves[aggregate->leaf_count++] = leaf;
    struct node *node = new_node(splitter, like);
    node->kind = NODE_NATIVE;
    node->many = false;
    node->native.call = leaf_native;
    node->native.count = 2;
    node->native.args[0] = slot_node(splitter, like, slot);
    node->native.args[1] = slot_node(splitter, like, slot + 1);
    return node;
}

/* A leaf with a stream of its own. */
static const struct node *
add_lazy_leaf(struct splitter *splitter, const struct node *node, const struct node *generator,
              uint32_t parent, enum leaf_kind kind)
{
    uint32_t stream = add_stream(splitter, generator, parent, true);
    if (stream == 0)
        return NULL;
    return add_leaf(splitter, node,
                    (struct aggregate_leaf){.kind = (uint8_t)kind, .stream = stream, .node = node});
}

/* --- the walk; NULL: does not stream --- */

static const struct node *split(struct splitter *splitter, const struct node *node,
                                uint32_t stream);

/* min_by(f) is _min_by([.[] | [f]]); the key's array, or NULL. */
static const struct node *
key_of(const struct node *native)
{
    const struct node *keys = native->native.args[0];
    if (keys->kind != NODE_ARRAY || keys->loop.a->kind != NODE_PIPE)
        return NULL;
    const struct node *pipe = keys->loop.a;
    bool is_key = pipe->pair.right->kind == NODE_ARRAY || pipe->pair.right->kind == NODE_CONSTANT;
    return is_rows(pipe->pair.left) && is_key ? pipe->pair.right : NULL;
}

#define NUMBER_BINARY_CALL(name, function) number_native_##name,

/* Whether the function looks at its arguments only. */
static bool
is_of_arguments(native_fn *call)
{
    /* clang-format off */
    static native_fn *const calls[] = {
        NUMBER_BINARY(NUMBER_BINARY_CALL)
        number_native_infinite, number_native_nan, array_native_error_value,
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        if (calls[i] == call)
            return true;
    return false;
}

static const struct node *
split_arguments(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    struct node *copy = new_node(splitter, node);
    for (uint32_t i = 0; i < node->native.count; i++) {
        copy->native.args[i] = split(splitter, node->native.args[i], stream);
        if (copy->native.args[i] == NULL)
            return NULL;
    }
    return copy;
}

static const struct node *
split_native(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    static const struct {
        native_fn *call;
        enum leaf_kind kind;
    } rows[] = {
        {array_native_length, LEAF_LENGTH}, {array_native_add, LEAF_ADD},
        {order_native_min, LEAF_MIN},       {order_native_max, LEAF_MAX},
        {order_native_min_by, LEAF_MIN},    {order_native_max_by, LEAF_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (node->native.call != rows[i].call)
            continue;
        struct aggregate_leaf leaf = {.kind = (uint8_t)rows[i].kind, .stream = stream};
        if (node->native.count > 0) {
            leaf.node = key_of(node);
            if (leaf.node == NULL || !is_closed(splitter, leaf.node))
                return NULL;
        }
        return add_leaf(splitter, node, leaf);
    }
    return is_of_arguments(node->native.call) ? split_arguments(splitter, node, stream) : NULL;
}

/* `.[0].a` is the path .a behind a leaf. */
static const struct node *
split_element(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    struct value index = node->path.keys->items[0].key;
    if (index.kind != VALUE_INT || index.integer < -1)
        return NULL;
    struct aggregate_leaf leaf = {.kind = index.integer < 0 ? LEAF_LAST : LEAF_NTH,
                                  .stream = stream,
                                  .index = (uint64_t)index.integer};
    const struct node *base = add_leaf(splitter, node, leaf);
    uint32_t count = node->path.count - 1;
    if (base == NULL || count == 0)
        return base;
    size_t bytes = count * sizeof(struct path_key);
    struct path_keys *keys = arena_try_alloc(splitter->arena, sizeof(*keys) + bytes);
    if (keys == NULL)
        return NULL;
    keys->used = count;
    keys->capacity = count;
    memcpy(keys->items, node->path.keys->items + 1, bytes);
    struct node *path = new_node(splitter, node);
    path->path.base = base;
    path->path.keys = keys;
    path->path.count = count;
    return path;
}

static const struct node *
split_path(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    if (node->path.base->kind == NODE_IDENTITY)
        return split_element(splitter, node, stream);
    struct node *copy = new_node(splitter, node);
    copy->path.base = split(splitter, node->path.base, stream);
    return copy->path.base == NULL ? NULL : copy;
}

static const struct node *
split_reduce(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    bool fits = is_generator(splitter, node->fold.source) && !node->fold.start->many &&
                !is_dependent(node->fold.start, splitter) && is_closed(splitter, node);
    if (!fits)
        return NULL;
    return add_lazy_leaf(splitter, node, node->fold.source, stream, LEAF_REDUCE);
}

/* Of `first(f, g)` the generator f is asked for its first output only, as isempty() does. */
static const struct node *
split_first_of_two(struct splitter *splitter, const struct node *comma, uint32_t stream)
{
    const struct node *generator = comma->pair.left;
    struct node *copy = new_node(splitter, comma);
    copy->pair.left = is_generator(splitter, generator) && is_closed(splitter, generator)
                          ? add_lazy_leaf(splitter, generator, generator, stream, LEAF_FIRST_OUTPUT)
                          : split(splitter, generator, stream);
    copy->pair.right = copy->pair.left == NULL ? NULL : split(splitter, comma->pair.right, stream);
    return copy->pair.right == NULL ? NULL : copy;
}

/* first(f) and last(f); f itself may be a generator or something that is split. */
static const struct node *
split_end(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    const struct node *of = node->loop.a;
    bool is_first = node->kind == NODE_FIRST;
    if (is_generator(splitter, of) && is_closed(splitter, of))
        return add_lazy_leaf(splitter, node, of, stream, is_first ? LEAF_FIRST_OUTPUT : LEAF_LAST);
    struct node *copy = new_node(splitter, node);
    copy->loop.a = is_first && of->kind == NODE_COMMA ? split_first_of_two(splitter, of, stream)
                                                      : split(splitter, of, stream);
    return copy->loop.a == NULL ? NULL : copy;
}

static const struct node *
split_pair(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    struct node *copy = new_node(splitter, node);
    copy->pair.left = split(splitter, node->pair.left, stream);
    copy->pair.right = copy->pair.left == NULL ? NULL : split(splitter, node->pair.right, stream);
    return copy->pair.right == NULL ? NULL : copy;
}

static const struct node *
split_if(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    struct node *copy = new_node(splitter, node);
    copy->choice.test = split(splitter, node->choice.test, stream);
    if (copy->choice.test != NULL)
        copy->choice.then = split(splitter, node->choice.then, stream);
    if (copy->choice.test == NULL || copy->choice.then == NULL)
        return NULL;
    copy->choice.otherwise = split(splitter, node->choice.otherwise, stream);
    return copy->choice.otherwise == NULL ? NULL : copy;
}

static const struct node *
split_bind(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    struct node *copy = new_node(splitter, node);
    copy->bind.source = split(splitter, node->bind.source, stream);
    if (copy->bind.source == NULL || splitter->bound_count == BOUND_MAX)
        return NULL;
    splitter->bound[splitter->bound_count++] = node->bind.slot;
    copy->bind.body = split(splitter, node->bind.body, stream);
    splitter->bound_count--;
    return copy->bind.body == NULL ? NULL : copy;
}

static const struct node *
split_object(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    size_t bytes = node->object.count * sizeof(struct object_entry);
    struct object_entry *entries = arena_try_alloc(splitter->arena, bytes + 1);
    if (entries == NULL)
        return NULL;
    for (uint32_t i = 0; i < node->object.count; i++) {
        entries[i].key = split(splitter, node->object.entries[i].key, stream);
        entries[i].value = split(splitter, node->object.entries[i].value, stream);
        if (entries[i].key == NULL || entries[i].value == NULL)
            return NULL;
    }
    struct node *copy = new_node(splitter, node);
    copy->object.entries = entries;
    return copy;
}

static const struct node *
split_text(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    size_t bytes = node->branches.count * sizeof(struct node *);
    const struct node **pieces = arena_try_alloc(splitter->arena, bytes + 1);
    if (pieces == NULL)
        return NULL;
    for (uint32_t i = 0; i < node->branches.count; i++) {
        pieces[i] = split(splitter, node->branches.nodes[i], stream);
        if (pieces[i] == NULL)
            return NULL;
    }
    struct node *copy = new_node(splitter, node);
    copy->branches.nodes = pieces;
    return copy;
}

static const struct node *
split_index(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    struct node *copy = new_node(splitter, node);
    const struct node *const from[] = {node->index.base, node->index.from, node->index.upto};
    const struct node **const to[] = {&copy->index.base, &copy->index.from, &copy->index.upto};
    for (size_t i = 0; i < COUNT_OF(from); i++) {
        if (from[i] != NULL)
            *to[i] = split(splitter, from[i], stream);
        if (from[i] != NULL && *to[i] == NULL)
            return NULL;
    }
    return copy;
}

/* [f], -f, try f: what else is below (a handler) has another input. */
static const struct node *
split_first_child(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    struct node *copy = new_node(splitter, node);
    copy->loop.a = split(splitter, node->loop.a, stream);
    return copy->loop.a == NULL ? NULL : copy;
}

/* Everything but pipes. */
static const struct node *
split_node(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    switch (node->kind) {
    case NODE_CONSTANT:
    case NODE_VARIABLE:
    case NODE_EMPTY:
        return node;
    case NODE_NATIVE:
        return split_native(splitter, node, stream);
    case NODE_PATH:
        return split_path(splitter, node, stream);
    case NODE_INDEX:
    case NODE_SLICE:
    case NODE_ITERATE:
        return split_index(splitter, node, stream);
    case NODE_REDUCE:
        return split_reduce(splitter, node, stream);
    case NODE_FIRST:
    case NODE_LAST:
        return split_end(splitter, node, stream);
    case NODE_COMMA:
    case NODE_BINARY:
    case NODE_LOGIC:
    case NODE_ALTERNATIVE:
        return split_pair(splitter, node, stream);
    case NODE_IF:
        return split_if(splitter, node, stream);
    case NODE_BIND:
        return split_bind(splitter, node, stream);
    case NODE_OBJECT:
        return split_object(splitter, node, stream);
    case NODE_TEXT:
        return split_text(splitter, node, stream);
    case NODE_ARRAY:
    case NODE_NEGATE:
    case NODE_TRY:
        return split_first_child(splitter, node, stream);
    default:
        return NULL;
    }
}

static const struct node *
new_pipe(struct splitter *splitter, const struct node *left, const struct node *right)
{
    struct node *pipe = arena_alloc(splitter->arena, sizeof(*pipe));
    pipe->kind = NODE_PIPE;
    pipe->many = left->many || right->many;
    pipe->pair.left = left;
    pipe->pair.right = right;
    return pipe;
}

/* A pipe is a tree of any shape; from left to right it is a chain. */
static const struct node *
split_chain(struct splitter *splitter, const struct chain *chain, uint32_t stream)
{
    const struct node *node = chain->node;
    if (!splitter_visit(splitter))
        return NULL;
    if (node->kind == NODE_PIPE) {
        struct chain right = {.node = node->pair.right, .next = chain->next};
        struct chain left = {.node = node->pair.left, .next = &right};
        return split_chain(splitter, &left, stream);
    }
    if (chain->next == NULL)
        return split_node(splitter, node, stream);
    if (node->kind == NODE_IDENTITY)
        return split_chain(splitter, chain->next, stream);
    if (node->kind == NODE_ARRAY && is_generator(splitter, node->loop.a) &&
        is_closed(splitter, node->loop.a)) {
        uint32_t inner = add_stream(splitter, node->loop.a, stream, false);
        return inner == 0 ? NULL : split_chain(splitter, chain->next, inner);
    }
    const struct node *made = split_node(splitter, node, stream);
    for (chain = chain->next; made != NULL && chain != NULL; chain = chain->next)
        made = new_pipe(splitter, made, chain->node);
    return made;
}

static const struct node *
split(struct splitter *splitter, const struct node *node, uint32_t stream)
{
    struct chain chain = {.node = node};
    return split_chain(splitter, &chain, stream);
}

const struct aggregate *
aggregate_new(struct arena *arena, const struct expr *expr)
{
    struct aggregate *aggregate = arena_alloc(arena, sizeof(*aggregate));
    aggregate->expr = expr;
    aggregate->first_slot = expr->slot_count;
    aggregate->stream_count = 1;
    struct splitter splitter = {.aggregate = aggregate, .arena = arena};
    aggregate->rest = split(&splitter, expr->body, AGGREGATE_ROWS);
    aggregate->slot_count = aggregate->first_slot + 2 * aggregate->leaf_count;
    return aggregate;
}

bool
aggregate_is_streaming(const struct aggregate *aggregate)
{
    return aggregate->rest != NULL;
}
