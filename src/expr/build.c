#include "expr/arithmetic.h"
#include "expr/parser.h"

#include <assert.h>

void *
build_alloc(struct parser *parser, size_t size)
{
    if (size < ARENA_SMALL_BYTES)
        return arena_alloc(parser->compilation->arena, size);
    void *memory = arena_try_alloc(parser->compilation->arena, size);
    if (memory != NULL)
        return memset(memory, 0, size);
    parser_refuse(parser, STATUS_LIMIT, SLICE(""), "the expression needs too much memory");
    return NULL;
}

struct node *
build_node(struct parser *parser, enum node_kind kind)
{
    struct node *node = arena_alloc(parser->compilation->arena, sizeof(*node));
    node->kind = (uint8_t)kind;
    node->in_closure = parser->in_closure;
    size_t offset = parser->is_builtin ? parser->call_offset : parser->token.offset;
    node->offset = (uint32_t)offset;
    return node;
}

void
build_adopt(struct parser *parser, struct node *node, const struct node *child)
{
    if (child == NULL || child->height < node->height)
        return;
    node->height = (uint16_t)(child->height + 1);
    if (node->height > NODE_HEIGHT_MAX) {
        parser_refuse(parser, STATUS_LIMIT, SLICE(""), "the expression is nested too deeply");
        node->height = NODE_HEIGHT_MAX;
    }
}

const struct node *
build_identity(struct parser *parser)
{
    return build_node(parser, NODE_IDENTITY);
}

const struct node *
build_constant(struct parser *parser, struct value value)
{
    struct node *node = build_node(parser, NODE_CONSTANT);
    node->constant = value;
    return node;
}

const struct node *
build_slot(struct parser *parser, enum node_kind kind, uint32_t level, uint32_t slot)
{
    struct node *node = build_node(parser, kind);
    node->variable.level = level;
    node->variable.slot = slot;
    return node;
}

const struct node *
build_pair(struct parser *parser, enum node_kind kind, const struct node *left,
           const struct node *right)
{
    struct node *node = build_node(parser, kind);
    node->pair.left = left;
    node->pair.right = right;
    build_adopt(parser, node, left);
    build_adopt(parser, node, right);
    return node;
}

const struct node *
build_operator(struct parser *parser, enum operator operator, const struct node * left,
               const struct node *right)
{
    enum node_kind kind = NODE_BINARY;
    if (operator== OPERATOR_AND || operator== OPERATOR_OR)
        kind = NODE_LOGIC;
    if (operator== OPERATOR_ALTERNATIVE)
        kind = NODE_ALTERNATIVE;
    struct node *node = (struct node *)build_pair(parser, kind, left, right);
    node->operator=(uint8_t) operator;
    return node;
}

const struct node *
build_assign(struct parser *parser, enum operator operator, const struct node * left,
             const struct node *right)
{
    struct node *node = (struct node *)build_pair(parser, NODE_ASSIGN, left, right);
    node->operator=(uint8_t) operator;
    return node;
}

const struct node *
build_negate(struct parser *parser, const struct node *operand)
{
    if (operand->kind == NODE_CONSTANT && value_is_number(operand->constant)) {
        struct value negated = number_negate(parser->compilation->arena, operand->constant);
        if (negated.kind != VALUE_NONE)
            return build_constant(parser, negated);
    }
    return build_loop(parser, NODE_NEGATE, operand, NULL);
}

/* The elements of a body that gives nothing but constants; false if it does not. */
static bool
collect_constants(struct parser *parser, const struct node *body, struct value *array)
{
    if (body->kind == NODE_COMMA)
        return collect_constants(parser, body->pair.left, array) &&
               collect_constants(parser, body->pair.right, array);
    if (body->kind != NODE_CONSTANT)
        return false;
    *array = value_array_append(parser->compilation->arena, *array, body->constant);
    return array->kind != VALUE_NONE;
}

const struct node *
build_array(struct parser *parser, const struct node *body)
{
    struct value array = value_empty_array();
    if (body == NULL || collect_constants(parser, body, &array))
        return build_constant(parser, array);
    return build_loop(parser, NODE_ARRAY, body, NULL);
}

/* Room for one more key behind the first count of keys: in place where nobody has added another
 * key since, as with the bodies of arrays. */
static struct path_keys *
grow_keys(struct parser *parser, struct path_keys *keys, uint32_t count)
{
    if (keys != NULL && keys->used == count && count < keys->capacity)
        return keys;
    uint32_t capacity = count < 2 ? 4 : count * 2;
    struct path_keys *grown =
        build_alloc(parser, sizeof(*grown) + capacity * sizeof(grown->items[0]));
    if (grown == NULL)
        return NULL;
    if (count > 0)
        memcpy(grown->items, keys->items, count * sizeof(keys->items[0]));
    grown->used = count;
    grown->capacity = capacity;
    return grown;
}

static const struct node *
extend_path(struct parser *parser, const struct node *base, struct value key)
{
    struct node *node = build_node(parser, NODE_PATH);
    if (base->kind == NODE_PATH) {
        node->path = base->path;
        node->height = base->height;
    } else {
        node->path.base = base;
        build_adopt(parser, node, base);
    }
    struct path_keys *keys = grow_keys(parser, node->path.keys, node->path.count);
    if (keys == NULL)
        return node;
    keys->items[keys->used++] = (struct path_key){.key = key};
    node->path.keys = keys;
    node->path.count++;
    return node;
}

const struct node *
build_index(struct parser *parser, const struct node *base, const struct node *key)
{
    bool is_static = key->kind == NODE_CONSTANT &&
                     (key->constant.kind == VALUE_STRING || key->constant.kind == VALUE_INT);
    if (is_static)
        return extend_path(parser, base, key->constant);

    struct node *node = build_node(parser, NODE_INDEX);
    node->index.base = base;
    node->index.from = key;
    build_adopt(parser, node, base);
    build_adopt(parser, node, key);
    return node;
}

const struct node *
build_loop(struct parser *parser, enum node_kind kind, const struct node *a, const struct node *b)
{
    struct node *node = build_node(parser, kind);
    node->loop.a = a;
    node->loop.b = b;
    build_adopt(parser, node, a);
    build_adopt(parser, node, b);
    return node;
}

const struct node *
build_if(struct parser *parser, const struct node *test, const struct node *then,
         const struct node *otherwise)
{
    struct node *node = build_node(parser, NODE_IF);
    node->choice.test = test;
    node->choice.then = then;
    node->choice.otherwise = otherwise;
    build_adopt(parser, node, test);
    build_adopt(parser, node, then);
    build_adopt(parser, node, otherwise);
    return node;
}

const struct node *
build_bind(struct parser *parser, const struct node *source, uint32_t slot, const struct node *body)
{
    struct node *node = build_node(parser, NODE_BIND);
    node->bind.source = source;
    node->bind.slot = slot;
    node->bind.body = body;
    build_adopt(parser, node, source);
    build_adopt(parser, node, body);
    return node;
}

/* Pipes and commas are associative, so that a long one need not be a deep one. */
const struct node *
build_chain(struct parser *parser, enum node_kind kind, const struct node **nodes, size_t count)
{
    if (count == 0)
        return build_identity(parser);
    if (count == 1)
        return nodes[0];
    size_t half = count / 2;
    return build_pair(parser, kind, build_chain(parser, kind, nodes, half),
                      build_chain(parser, kind, nodes + half, count - half));
}

void
node_list_add(struct parser *parser, struct node_list *list, const struct node *node)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        const struct node **nodes = build_alloc(parser, capacity * sizeof(*nodes));
        if (nodes == NULL)
            return;
        if (list->count > 0)
            memcpy(nodes, list->nodes, list->count * sizeof(*nodes));
        list->nodes = nodes;
        list->capacity = capacity;
    }
    list->nodes[list->count++] = node;
}
