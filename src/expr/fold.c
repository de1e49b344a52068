#include "expr/eval.h"

/* reduce and foreach. The state and the place where it lies go from one round to the next; an
 * update without output makes the state null. */

struct fold_sink {
    struct sink sink;
    const struct node *node;
    struct env *env;
    struct value state;
    const struct path *state_path;
    struct sink *out; /* foreach only */
};

static void
bind_item(const struct fold_sink *fold, struct value item)
{
    fold->env->slots[fold->node->fold.slot].value = item;
}

static enum outcome
reduce_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct fold_sink *fold = (struct fold_sink *)sink;
    bind_item(fold, value);
    struct value state = fold->state;
    const struct path *state_path = fold->state_path;
    enum outcome outcome = eval_last(fold->node->fold.update, fold->env, &state, &state_path);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (state.kind == VALUE_NONE) {
        state = value_null();
        state_path = fold->state_path == NULL ? NULL : &path_lost;
    }
    fold->state = state;
    fold->state_path = state_path;
    return OUTCOME_OK;
}

/* One output of foreach's update: the new state, and what is taken from it. */
static enum outcome
update_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct fold_sink *update = (struct fold_sink *)sink;
    update->state = value;
    update->state_path = path;
    const struct node *extract = update->node->fold.extract;
    if (extract == NULL)
        return sink_emit(update->out, value, path);
    return eval_each(extract, update->env, value, path, update->out);
}

static enum outcome
foreach_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct fold_sink *fold = (struct fold_sink *)sink;
    bind_item(fold, value);
    struct fold_sink update = *fold;
    update.sink.emit = update_emit;
    update.state = value_null();
    update.state_path = fold->state_path == NULL ? NULL : &path_lost;
    enum outcome outcome =
        eval_each(fold->node->fold.update, fold->env, fold->state, fold->state_path, &update.sink);
    fold->state = update.state;
    fold->state_path = update.state_path;
    return outcome;
}

/* Runs the source over one starting state. */
static enum outcome
run_fold(struct fold_sink *fold, struct value input)
{
    union slot *slot = &fold->env->slots[fold->node->fold.slot];
    union slot old = *slot;
    enum outcome outcome = eval_each(fold->node->fold.source, fold->env, input, NULL, &fold->sink);
    *slot = old;
    return outcome;
}

struct start_sink {
    struct sink sink;
    const struct node *node;
    struct env *env;
    struct value input;
    struct sink *out;
};

static enum outcome
start_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct start_sink *start = (struct start_sink *)sink;
    bool is_reduce = start->node->kind == NODE_REDUCE;
    struct fold_sink fold = {.sink = {is_reduce ? reduce_emit : foreach_emit},
                             .node = start->node,
                             .env = start->env,
                             .state = value,
                             .state_path = path,
                             .out = start->out};
    enum outcome outcome = run_fold(&fold, start->input);
    if (outcome != OUTCOME_OK || !is_reduce)
        return outcome;
    return sink_emit(start->out, fold.state, fold.state_path);
}

enum outcome
each_fold(const struct node *node, struct env *env, struct value input, const struct path *path,
          struct sink *sink)
{
    struct start_sink start = {
        .sink = {start_emit}, .node = node, .env = env, .input = input, .out = sink};
    return eval_each(node->fold.start, env, input, path, &start.sink);
}

struct value
one_fold(const struct node *node, struct env *env, struct value input)
{
    struct value state = eval_one(node->fold.start, env, input);
    if (state.kind == VALUE_NONE)
        return state;
    struct fold_sink fold = {.sink = {reduce_emit}, .node = node, .env = env, .state = state};
    enum outcome outcome = run_fold(&fold, input);
    return outcome == OUTCOME_OK ? fold.state : value_absent(outcome);
}
