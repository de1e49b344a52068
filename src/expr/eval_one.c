#include "expr/access.h"
#include "expr/activation.h"
#include "expr/arithmetic.h"
#include "expr/eval.h"
#include "expr/text.h"

struct env *
activation_call(struct activation *own, const struct node *call, struct env *env,
                struct value input, struct value *absent)
{
    struct expr_machine *machine = env->machine;
    if (own->frame == NULL) {
        if (machine->depth_left == 0) {
            *absent = machine_spend(machine, "the expression's calls are nested too deeply");
            return NULL;
        }
        machine->depth_left--;
    }
    struct env *frame = frame_enter(call, env, input, absent);
    if (frame == NULL)
        return NULL;
    if (own->frame == env && frame_is_replaceable(call)) {
        size_t size = (size_t)(machine->frame_top - (char *)frame);
        memmove(env, frame, size);
        machine->frame_top = (char *)env + size;
        frame = env;
    }
    own->frame = frame;
    return frame;
}

static inline bool
is_raised(struct value value)
{
    return value.kind == VALUE_NONE && value.count == OUTCOME_RAISED;
}

static struct value
one_path(const struct node *node, struct env *env, struct value input)
{
    struct value value = input;
    if (node->path.base->kind != NODE_IDENTITY)
        value = eval_one(node->path.base, env, input);
    const struct path_key *keys = node->path.keys->items;
    for (uint32_t i = 0; i < node->path.count && value.kind != VALUE_NONE; i++) {
        value = access_static(env->machine, value, keys[i].key);
        if (is_raised(value) && keys[i].optional)
            return value_absent(OUTCOME_OK);
    }
    return value;
}

/* Operands without the cost of a call where that is easy. */
static inline struct value
operand(const struct node *node, struct env *env, struct value input)
{
    switch (node->kind) {
    case NODE_IDENTITY:
        return input;
    case NODE_CONSTANT:
        return node->constant;
    case NODE_VARIABLE:
        return env_up(env, node->variable.level)->slots[node->variable.slot].value;
    case NODE_PATH:
        return one_path(node, env, input);
    default:
        return eval_one(node, env, input);
    }
}

/* jq evaluates the right side first. */
static struct value
one_binary(const struct node *node, struct env *env, struct value input)
{
    struct value right = operand(node->pair.right, env, input);
    if (right.kind == VALUE_NONE)
        return right;
    struct value left = operand(node->pair.left, env, input);
    if (left.kind == VALUE_NONE)
        return left;
    if (left.kind == VALUE_INT && right.kind == VALUE_INT) {
        switch (node->operator) {
        case OPERATOR_EQUAL:
            return value_bool(left.integer == right.integer);
        case OPERATOR_LESS:
            return value_bool(left.integer < right.integer);
        case OPERATOR_GREATER:
            return value_bool(left.integer > right.integer);
        default:
            break;
        }
    }
    return arithmetic(env->machine, (enum operator)node->operator, left, right);
}

static struct value
one_logic(const struct node *node, struct env *env, struct value input)
{
    struct value left = operand(node->pair.left, env, input);
    if (left.kind == VALUE_NONE)
        return left;
    if (value_is_true(left) == (node->operator== OPERATOR_OR))
        return value_bool(value_is_true(left));
    struct value right = operand(node->pair.right, env, input);
    return right.kind == VALUE_NONE ? right : value_bool(value_is_true(right));
}

static struct value
one_native(const struct node *node, struct env *env, struct value input)
{
    struct value args[NATIVE_ARGS_MAX];
    for (uint32_t i = node->native.count; i > 0; i--) {
        args[i - 1] = operand(node->native.args[i - 1], env, input);
        if (args[i - 1].kind == VALUE_NONE)
            return args[i - 1];
    }
    return node->native.call(env->machine, input, args);
}

/* A binder in an argument's text may be entered again before it is left: it puts back what it found
 * in its slot. (Everywhere else each call has a frame of its own.) */
static struct value
one_bind_restoring(const struct node *node, struct env *env, struct value input, struct value bound)
{
    union slot *slot = &env->slots[node->bind.slot];
    union slot old = *slot;
    slot->value = bound;
    struct value result = eval_one(node->bind.body, env, input);
    *slot = old;
    return result;
}

/* Whether what `//` has on its left decides: a true value, or a failure. */
static bool
decides_alternative(struct value left)
{
    if (left.kind != VALUE_NONE)
        return value_is_true(left);
    return value_outcome(left) != OUTCOME_OK;
}

/* Everything that has no tail position, or whose tail is not worth it. */
static struct value
one_other(const struct node *node, struct env *env, struct value input)
{
    switch (node->kind) {
    case NODE_IDENTITY:
    case NODE_CONSTANT:
    case NODE_VARIABLE:
    case NODE_PATH:
        return operand(node, env, input);
    case NODE_BINARY:
        return one_binary(node, env, input);
    case NODE_LOGIC:
        return one_logic(node, env, input);
    case NODE_NATIVE:
        return one_native(node, env, input);
    case NODE_ARRAY:
        return eval_collect(node->loop.a, env, input);
    case NODE_OBJECT:
        return one_object(node, env, input);
    case NODE_TEXT:
    case NODE_FORMAT:
        return one_text(node, env, input);
    case NODE_INDEX:
    case NODE_SLICE:
        return one_access(node, env, input);
    case NODE_ASSIGN:
        return one_assign(node, env, input);
    case NODE_REDUCE:
        return one_fold(node, env, input);
    case NODE_TRY:
    case NODE_BIND_FIRST:
    case NODE_LABEL:
    case NODE_BREAK:
    case NODE_EMPTY:
        return one_control(node, env, input);
    default:
        return one_loop(node, env, input);
    }
}

/* `continue` goes on with the node in tail position; `break` ends with result. */
struct value
eval_one(const struct node *node, struct env *env, struct value input)
{
    struct expr_machine *machine = env->machine;
    if (!activation_has_stack(machine))
        return machine_spend(machine, "the expression's calls are nested too deeply");
    struct activation own = activation_start(machine);
    struct value result;
    for (;;) {
        if (activation_is_spent(machine)) {
            result = machine_no_steps(machine);
            break;
        }
        machine->steps_left--;
        switch (node->kind) {
        case NODE_PIPE:
            input = result = operand(node->pair.left, env, input);
            node = node->pair.right;
            if (result.kind != VALUE_NONE)
                continue;
            break;
        case NODE_IF:
            result = operand(node->choice.test, env, input);
            node = value_is_true(result) ? node->choice.then : node->choice.otherwise;
            if (result.kind != VALUE_NONE)
                continue;
            break;
        case NODE_ALTERNATIVE:
            result = operand(node->pair.left, env, input);
            node = node->pair.right;
            if (!decides_alternative(result))
                continue;
            break;
        case NODE_BIND:
            result = operand(node->bind.source, env, input);
            if (result.kind == VALUE_NONE)
                break;
            if (node->in_closure) {
                result = one_bind_restoring(node, env, input, result);
                break;
            }
            env->slots[node->bind.slot].value = result;
            node = node->bind.body;
            continue;
        case NODE_CALL: {
            struct env *frame = activation_call(&own, node, env, input, &result);
            if (frame == NULL)
                break;
            env = frame;
            node = node->call.def->body;
            continue;
        }
        case NODE_PARAMETER: {
            struct closure closure = frame_closure(node, env);
            env = closure.env;
            node = closure.node;
            continue;
        }
        default:
            result = one_other(node, env, input);
            break;
        }
        break;
    }
    activation_end(&own, machine);
    return result;
}
