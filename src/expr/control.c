#include "expr/eval.h"

/* Passes outputs on, and remembers whether an error came from further on: that is not the guarded
 * node's own, and nobody here may catch it. */
struct guard_sink {
    struct sink sink;
    struct sink *out;
    struct expr_machine *machine;
    bool only_true; /* outputs that are null or false are dropped */
    bool has_output;
    bool failed_further_on;
};

static enum outcome
guard_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct guard_sink *guard = (struct guard_sink *)sink;
    if (guard->only_true && !value_is_true(value))
        return OUTCOME_OK;
    guard->has_output = true;
    enum outcome outcome = sink_pass(guard->machine, guard->out, value, path);
    guard->failed_further_on = outcome != OUTCOME_OK;
    return outcome;
}

static bool
is_own_error(const struct guard_sink *guard, enum outcome outcome)
{
    return outcome == OUTCOME_RAISED && !guard->failed_further_on;
}

static enum outcome
each_alternative(const struct node *node, struct env *env, struct value input,
                 const struct path *path, struct sink *sink)
{
    struct guard_sink guard = {
        .sink = {guard_emit}, .out = sink, .machine = env->machine, .only_true = true};
    enum outcome outcome = eval_each(node->pair.left, env, input, path, &guard.sink);
    if (outcome != OUTCOME_OK || guard.has_output)
        return outcome;
    return eval_each(node->pair.right, env, input, path, sink);
}

static enum outcome
each_try(const struct node *node, struct env *env, struct value input, const struct path *path,
         struct sink *sink)
{
    struct guard_sink guard = {.sink = {guard_emit}, .out = sink, .machine = env->machine};
    enum outcome outcome = eval_each(node->loop.a, env, input, path, &guard.sink);
    if (!is_own_error(&guard, outcome))
        return outcome;
    if (node->loop.b == NULL)
        return OUTCOME_OK;
    return eval_each(node->loop.b, env, env->machine->raised, path == NULL ? NULL : &path_lost,
                     sink);
}

static enum outcome
each_bind_first(const struct node *node, struct env *env, struct value input,
                const struct path *path, struct sink *sink)
{
    uint32_t last = node->branches.count - 1;
    for (uint32_t i = 0; i < last; i++) {
        struct guard_sink guard = {.sink = {guard_emit}, .out = sink, .machine = env->machine};
        enum outcome outcome = eval_each(node->branches.nodes[i], env, input, path, &guard.sink);
        if (!is_own_error(&guard, outcome))
            return outcome;
    }
    return eval_each(node->branches.nodes[last], env, input, path, sink);
}

static enum outcome
start_break(struct expr_machine *machine, uint64_t label)
{
    machine->break_id = label;
    return OUTCOME_BREAK;
}

static uint64_t
label_of_break(const struct node *node, struct env *env)
{
    return env_up(env, node->variable.level)->slots[node->variable.slot].label;
}

static enum outcome
each_label(const struct node *node, struct env *env, struct value input, const struct path *path,
           struct sink *sink)
{
    struct expr_machine *machine = env->machine;
    union slot *slot = &env->slots[node->label.slot];
    union slot old = *slot;
    uint64_t label = ++machine->next_label;
    slot->label = label;
    enum outcome outcome = eval_each(node->label.body, env, input, path, sink);
    *slot = old;
    return outcome == OUTCOME_BREAK && machine->break_id == label ? OUTCOME_OK : outcome;
}

enum outcome
each_control(const struct node *node, struct env *env, struct value input, const struct path *path,
             struct sink *sink)
{
    switch (node->kind) {
    case NODE_ALTERNATIVE:
        return each_alternative(node, env, input, path, sink);
    case NODE_TRY:
        return each_try(node, env, input, path, sink);
    case NODE_BIND_FIRST:
        return each_bind_first(node, env, input, path, sink);
    case NODE_LABEL:
        return each_label(node, env, input, path, sink);
    case NODE_BREAK:
        return start_break(env->machine, label_of_break(node, env));
    default:
        return OUTCOME_OK;
    }
}

static bool
is_raised(struct value value)
{
    return value.kind == VALUE_NONE && value_outcome(value) == OUTCOME_RAISED;
}

static struct value
one_try(const struct node *node, struct env *env, struct value input)
{
    struct value value = eval_one(node->loop.a, env, input);
    if (!is_raised(value))
        return value;
    if (node->loop.b == NULL)
        return value_absent(OUTCOME_OK);
    return eval_one(node->loop.b, env, env->machine->raised);
}

static struct value
one_bind_first(const struct node *node, struct env *env, struct value input)
{
    struct value value = value_absent(OUTCOME_OK);
    for (uint32_t i = 0; i < node->branches.count; i++) {
        value = eval_one(node->branches.nodes[i], env, input);
        if (!is_raised(value))
            break;
    }
    return value;
}

static struct value
one_label(const struct node *node, struct env *env, struct value input)
{
    struct expr_machine *machine = env->machine;
    union slot *slot = &env->slots[node->label.slot];
    union slot old = *slot;
    uint64_t label = ++machine->next_label;
    slot->label = label;
    struct value value = eval_one(node->label.body, env, input);
    *slot = old;
    bool is_here = value.kind == VALUE_NONE && value_outcome(value) == OUTCOME_BREAK &&
                   machine->break_id == label;
    return is_here ? value_absent(OUTCOME_OK) : value;
}

struct value
one_control(const struct node *node, struct env *env, struct value input)
{
    switch (node->kind) {
    case NODE_TRY:
        return one_try(node, env, input);
    case NODE_BIND_FIRST:
        return one_bind_first(node, env, input);
    case NODE_LABEL:
        return one_label(node, env, input);
    case NODE_BREAK:
        return value_absent(start_break(env->machine, label_of_break(node, env)));
    default:
        return value_absent(OUTCOME_OK);
    }
}
