#include "expr/access.h"
#include "expr/activation.h"

/* Whether the node's outputs can be places in the input; of all others it can only be found that
 * the output is the input itself. */
static bool
is_place(const struct node *node)
{
    switch (node->kind) {
    case NODE_CONSTANT:
    case NODE_VARIABLE:
    case NODE_BINARY:
    case NODE_LOGIC:
    case NODE_NATIVE:
    case NODE_OBJECT:
    case NODE_ARRAY:
    case NODE_TEXT:
    case NODE_FORMAT:
    case NODE_NEGATE:
    case NODE_ASSIGN:
    case NODE_RANGE:
    case NODE_PATH_OF:
        return false;
    default:
        return true;
    }
}

bool
eval_is_one(const struct node *node, struct env *env)
{
    if (!node->many)
        return true;
    return node->kind == NODE_PARAMETER && !frame_closure(node, env).node->many;
}

static bool
arguments_are_one(const struct node *call, struct env *env)
{
    const struct def *def = call->call.def;
    for (uint32_t i = 0; i < def->param_count; i++) {
        if (def->params[i].is_value && !eval_is_one(call->call.args[i], env))
            return false;
    }
    return true;
}

/* A sink that goes on with a node, in the same frame. */
struct onward_sink {
    struct sink sink;
    const struct node *node;
    struct env *env;
    struct sink *out;
};

static enum outcome
pipe_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct onward_sink *pipe = (struct onward_sink *)sink;
    return eval_each(pipe->node, pipe->env, value, path, pipe->out);
}

struct choice_sink {
    struct onward_sink onward;
    struct value input;
    const struct path *path;
};

static enum outcome
choice_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct choice_sink *choice = (struct choice_sink *)sink;
    const struct node *node = choice->onward.node;
    const struct node *taken = value_is_true(value) ? node->choice.then : node->choice.otherwise;
    return eval_each(taken, choice->onward.env, choice->input, choice->path, choice->onward.out);
}

static enum outcome
bind_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct choice_sink *bind = (struct choice_sink *)sink;
    const struct node *node = bind->onward.node;
    bind->onward.env->slots[node->bind.slot].value = value;
    return eval_each(node->bind.body, bind->onward.env, bind->input, bind->path, bind->onward.out);
}

static enum outcome
each_bind(const struct node *node, struct env *env, struct value input, const struct path *path,
          struct sink *sink)
{
    union slot old = env->slots[node->bind.slot];
    struct choice_sink bind = {
        .onward = {.sink = {bind_emit}, .node = node, .env = env, .out = sink},
        .input = input,
        .path = path};
    enum outcome outcome = eval_each(node->bind.source, env, input, NULL, &bind.onward.sink);
    env->slots[node->bind.slot] = old;
    return outcome;
}

static enum outcome
each_if(const struct node *node, struct env *env, struct value input, const struct path *path,
        struct sink *sink)
{
    struct choice_sink choice = {
        .onward = {.sink = {choice_emit}, .node = node, .env = env, .out = sink},
        .input = input,
        .path = path};
    return eval_each(node->choice.test, env, input, NULL, &choice.onward.sink);
}

static enum outcome
each_pipe(const struct node *node, struct env *env, struct value input, const struct path *path,
          struct sink *sink)
{
    struct onward_sink pipe = {
        .sink = {pipe_emit}, .node = node->pair.right, .env = env, .out = sink};
    return eval_each(node->pair.left, env, input, path, &pipe.sink);
}

static enum outcome
emit_one(const struct node *node, struct env *env, struct value input, const struct path *path,
         struct sink *sink)
{
    struct value value = eval_one(node, env, input);
    if (value.kind == VALUE_NONE)
        return value_outcome(value);
    if (path != NULL)
        path = path_of_result(path, input, value);
    return sink_emit(sink, value, path);
}

/* Everything that is not in eval_each() for its tail position. */
static enum outcome
each_other(const struct node *node, struct env *env, struct value input, const struct path *path,
           struct sink *sink)
{
    switch (node->kind) {
    case NODE_IDENTITY:
        return sink_emit(sink, input, path);
    case NODE_PIPE:
        return each_pipe(node, env, input, path, sink);
    case NODE_IF:
        return each_if(node, env, input, path, sink);
    case NODE_PATH:
    case NODE_INDEX:
    case NODE_SLICE:
    case NODE_ITERATE:
        return each_access(node, env, input, path, sink);
    case NODE_BINARY:
    case NODE_NATIVE:
    case NODE_OBJECT:
    case NODE_TEXT:
    case NODE_NEGATE:
    case NODE_LOGIC:
        return each_combination(node, env, input, path, sink);
    case NODE_REDUCE:
    case NODE_FOREACH:
        return each_fold(node, env, input, path, sink);
    case NODE_ALTERNATIVE:
    case NODE_TRY:
    case NODE_BIND_FIRST:
    case NODE_LABEL:
    case NODE_BREAK:
    case NODE_EMPTY:
        return each_control(node, env, input, path, sink);
    case NODE_ASSIGN:
        return each_assign(node, env, input, sink);
    case NODE_BIND:
        return each_bind(node, env, input, path, sink);
    case NODE_CALL:
        return each_call(node, env, input, path, sink);
    default:
        return each_loop(node, env, input, path, sink);
    }
}

/* Where an evaluation stands; a step in tail position moves it on. */
struct cursor {
    const struct node *node;
    struct env *env;
    struct value input;
    const struct path *path;
};

/* Moves on to the node in tail position, when what stands before it gives at most one output.
 * False if there is no such node; then *outcome is the end if *is_over. */
static bool
move_on(struct cursor *at, struct activation *own, enum outcome *outcome, bool *is_over)
{
    const struct node *node = at->node;
    struct value value = at->input;
    const struct path *path = NULL;
    *outcome = OUTCOME_OK;
    switch (node->kind) {
    case NODE_PIPE:
        if (!eval_is_one(node->pair.left, at->env))
            return false;
        path = at->path;
        *outcome = eval_last(node->pair.left, at->env, &value, &path);
        at->input = value;
        at->path = path;
        at->node = node->pair.right;
        break;
    case NODE_IF:
        if (!eval_is_one(node->choice.test, at->env))
            return false;
        value = eval_one(node->choice.test, at->env, value);
        at->node = value_is_true(value) ? node->choice.then : node->choice.otherwise;
        break;
    case NODE_BIND:
        if (node->in_closure || !eval_is_one(node->bind.source, at->env))
            return false;
        value = eval_one(node->bind.source, at->env, value);
        at->env->slots[node->bind.slot].value = value;
        at->node = node->bind.body;
        break;
    case NODE_CALL: {
        if (!arguments_are_one(node, at->env))
            return false;
        struct env *frame = activation_call(own, node, at->env, value, &value);
        at->env = frame;
        at->node = node->call.def->body;
        break;
    }
    case NODE_PARAMETER: {
        struct closure closure = frame_closure(node, at->env);
        at->env = closure.env;
        at->node = closure.node;
        break;
    }
    default:
        return false;
    }
    *is_over = value.kind == VALUE_NONE;
    if (*is_over && *outcome == OUTCOME_OK)
        *outcome = value_outcome(value);
    return true;
}

enum outcome
eval_each(const struct node *node, struct env *env, struct value input, const struct path *path,
          struct sink *sink)
{
    struct expr_machine *machine = env->machine;
    if (!activation_has_stack(machine))
        return value_outcome(
            machine_spend(machine, "the expression's calls are nested too deeply"));
    struct activation own = activation_start(machine);
    struct cursor at = {node, env, input, path};
    enum outcome outcome = OUTCOME_OK;
    bool is_over = false;
    while (!is_over) {
        if (activation_is_spent(machine)) {
            outcome = value_outcome(machine_no_steps(machine));
            break;
        }
        machine->steps_left--;
        if (!at.node->many && (at.path == NULL || !is_place(at.node))) {
            outcome = emit_one(at.node, at.env, at.input, at.path, sink);
            break;
        }
        if (at.node->kind == NODE_COMMA) {
            outcome = eval_each(at.node->pair.left, at.env, at.input, at.path, sink);
            at.node = at.node->pair.right;
            is_over = outcome != OUTCOME_OK;
            continue;
        }
        if (move_on(&at, &own, &outcome, &is_over))
            continue;
        outcome = each_other(at.node, at.env, at.input, at.path, sink);
        break;
    }
    activation_end(&own, machine);
    return outcome;
}
