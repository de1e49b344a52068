#include "expr/arithmetic.h"
#include "expr/eval.h"
#include "expr/text.h"

/* Nodes that put the outputs of several operands together, in all combinations. Operand 0 is the
 * outermost loop: the last argument, the right side, the last piece of a text, but the first member
 * of an object, because jq does it so. */

static uint32_t
operand_count(const struct node *node)
{
    switch (node->kind) {
    case NODE_BINARY:
        return 2;
    case NODE_NATIVE:
        return node->native.count;
    case NODE_TEXT:
        return node->branches.count;
    case NODE_OBJECT:
        return node->object.count * 2;
    default:
        return 1;
    }
}

static const struct node *
operand_at(const struct node *node, uint32_t index)
{
    switch (node->kind) {
    case NODE_BINARY:
        return index == 0 ? node->pair.right : node->pair.left;
    case NODE_NATIVE:
        return node->native.args[node->native.count - 1 - index];
    case NODE_TEXT:
        return node->branches.nodes[node->branches.count - 1 - index];
    case NODE_OBJECT:
        return index % 2 == 0 ? node->object.entries[index / 2].key
                              : node->object.entries[index / 2].value;
    default:
        return node->loop.a;
    }
}

static struct value
raise_key(struct expr_machine *machine, struct value key)
{
    return machine_raise(machine, "Cannot use %s (%s) as object key", value_kind_name(key),
                         machine_describe(machine, key, DESCRIBE_BYTES));
}

static struct value
add_member(struct expr_machine *machine, struct value object, struct value key, struct value value)
{
    if (key.kind != VALUE_STRING)
        return raise_key(machine, key);
    if (!machine_charge_name(machine, key))
        return machine_no_steps(machine);
    /* The first member may well be the only one: no room for others. */
    if (object.count == 0)
        return machine_check(machine,
                             value_object_new(&machine->scratch, &(struct member){key, value}, 1));
    return machine_check(machine, value_object_set(&machine->scratch, object, key, value));
}

static struct value
combine_object(struct expr_machine *machine, const struct node *node, const struct value *parts)
{
    struct value object = value_empty_object();
    for (uint32_t i = 0; i < node->object.count && object.kind != VALUE_NONE; i++)
        object = add_member(machine, object, parts[2 * i], parts[2 * i + 1]);
    return object;
}

/* `parts` are in the order of the operands. */
static struct value
combine(struct expr_machine *machine, const struct node *node, struct value input,
        const struct value *parts)
{
    struct value args[NATIVE_ARGS_MAX];
    switch (node->kind) {
    case NODE_BINARY:
        return arithmetic(machine, (enum operator)node->operator, parts[1], parts[0]);
    case NODE_NATIVE:
        for (uint32_t i = 0; i < node->native.count; i++)
            args[node->native.count - 1 - i] = parts[i];
        return node->native.call(machine, input, args);
    case NODE_TEXT:
        return text_join_pieces(machine, node, parts);
    case NODE_OBJECT:
        return combine_object(machine, node, parts);
    default:
        return arithmetic_negate(machine, parts[0]);
    }
}

struct combination {
    const struct node *node;
    struct env *env;
    struct value input;
    const struct path *path;
    struct sink *out;
    struct value *parts;
};

struct part_sink {
    struct sink sink;
    const struct combination *combination;
    uint32_t index;
};

static enum outcome run_parts(const struct combination *combination, uint32_t index);

static enum outcome
part_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct part_sink *part = (struct part_sink *)sink;
    part->combination->parts[part->index] = value;
    return run_parts(part->combination, part->index + 1);
}

/* Operands with one output are taken in a loop; only the others nest. */
static enum outcome
run_parts(const struct combination *combination, uint32_t index)
{
    const struct node *node = combination->node;
    struct env *env = combination->env;
    uint32_t count = operand_count(node);
    for (; index < count; index++) {
        const struct node *operand = operand_at(node, index);
        if (!eval_is_one(operand, env)) {
            struct part_sink part = {
                .sink = {part_emit}, .combination = combination, .index = index};
            return eval_each(operand, env, combination->input, NULL, &part.sink);
        }
        struct value value = eval_one(operand, env, combination->input);
        if (value.kind == VALUE_NONE)
            return value_outcome(value);
        combination->parts[index] = value;
    }
    struct value result = combine(env->machine, node, combination->input, combination->parts);
    if (result.kind == VALUE_NONE)
        return value_outcome(result);
    const struct path *path = combination->path;
    if (path != NULL)
        path = path_of_result(path, combination->input, result);
    return sink_pass(env->machine, combination->out, result, path);
}

/* `and` and `or`: the right side is evaluated for those left sides that do not decide. */
static enum outcome
right_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct part_sink *part = (struct part_sink *)sink;
    const struct combination *combination = part->combination;
    return sink_pass(combination->env->machine, combination->out, value_bool(value_is_true(value)),
                     combination->path == NULL ? NULL : &path_lost);
}

static enum outcome
left_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct part_sink *part = (struct part_sink *)sink;
    const struct combination *combination = part->combination;
    const struct node *node = combination->node;
    struct part_sink right = {.sink = {right_emit}, .combination = combination};
    if (value_is_true(value) == (node->operator== OPERATOR_OR))
        return right_emit(&right.sink, value, NULL);
    return eval_each(node->pair.right, combination->env, combination->input, NULL, &right.sink);
}

enum outcome
each_combination(const struct node *node, struct env *env, struct value input,
                 const struct path *path, struct sink *sink)
{
    struct combination combination = {
        .node = node, .env = env, .input = input, .path = path, .out = sink};
    if (node->kind == NODE_LOGIC) {
        struct part_sink left = {.sink = {left_emit}, .combination = &combination};
        return eval_each(node->pair.left, env, input, NULL, &left.sink);
    }
    struct value few[8];
    combination.parts = few;
    uint32_t count = operand_count(node);
    if (count > COUNT_OF(few))
        combination.parts = machine_alloc(env->machine, count * sizeof(struct value));
    if (combination.parts == NULL)
        return value_outcome(machine_out_of_memory(env->machine));
    return run_parts(&combination, 0);
}

static struct value
one_static_object(const struct node *node, struct env *env, struct value input)
{
    struct member members[OBJECT_STATIC_MAX];
    for (uint32_t i = 0; i < node->object.count; i++) {
        const struct object_entry *entry = &node->object.entries[i];
        members[i].key = entry->key->constant;
        members[i].value = eval_one(entry->value, env, input);
        if (members[i].value.kind == VALUE_NONE)
            return members[i].value;
    }
    struct expr_machine *machine = env->machine;
    return machine_check(machine, value_object_new(&machine->scratch, members, node->object.count));
}

struct value
one_object(const struct node *node, struct env *env, struct value input)
{
    if (node->object.is_static)
        return one_static_object(node, env, input);
    struct value object = value_empty_object();
    for (uint32_t i = 0; i < node->object.count && object.kind != VALUE_NONE; i++) {
        struct value key = eval_one(node->object.entries[i].key, env, input);
        if (key.kind == VALUE_NONE)
            return key;
        struct value value = eval_one(node->object.entries[i].value, env, input);
        if (value.kind == VALUE_NONE)
            return value;
        object = add_member(env->machine, object, key, value);
    }
    return object;
}

struct value
one_text(const struct node *node, struct env *env, struct value input)
{
    struct expr_machine *machine = env->machine;
    if (node->kind == NODE_FORMAT)
        return text_format(machine, (enum format)node->format, input);
    struct value few[8];
    struct value *parts = few;
    uint32_t count = node->branches.count;
    if (count > COUNT_OF(few))
        parts = machine_alloc(machine, count * sizeof(*parts));
    if (parts == NULL)
        return machine_out_of_memory(machine);
    for (uint32_t i = 0; i < count; i++) {
        parts[i] = eval_one(node->branches.nodes[count - 1 - i], env, input);
        if (parts[i].kind == VALUE_NONE)
            return parts[i];
    }
    return text_join_pieces(machine, node, parts);
}
