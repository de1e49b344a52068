#include "expr/eval.h"

/* reduce and foreach. The state and the place where it lies go from one round to the next; an
 * update without output makes the state null. A fold that owns its state (ownership.c) gives the
 * machine its number while its update runs. */

struct fold_sink {
    struct sink sink;
    const struct node *node;
    struct env *env;
    struct value state;
    const struct path *state_path;
    struct sink *out; /* foreach only */
    uint32_t owner;   /* 0: the state is not this fold's own */
};

/* The machine works for the fold until fold_leave() with what this gives. */
static uint32_t
fold_enter(const struct fold_sink *fold)
{
    struct expr_machine *machine = fold->env->machine;
    uint32_t outer = machine->owner;
    if ((fold->node->ownership & NODE_OWNING) != 0)
        machine->owner = fold->owner;
    return outer;
}

static void
fold_leave(struct fold_sink *fold, uint32_t outer)
{
    struct expr_machine *machine = fold->env->machine;
    if ((fold->node->ownership & NODE_OWNING) != 0) {
        fold->owner = machine->owner;
        machine->owner = outer;
    }
}

/* Whoever gets a part of the state may keep it. */
static void
give_away(const struct fold_sink *fold)
{
    if ((fold->node->ownership & NODE_OWNING) != 0)
        machine_renew_owner(fold->env->machine);
}

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
    uint32_t outer = fold_enter(fold);
    enum outcome outcome = eval_last(fold->node->fold.update, fold->env, &state, &state_path);
    fold_leave(fold, outer);
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
    if (extract != NULL && (path != NULL || extract->many)) {
        give_away(update);
        return eval_each(extract, update->env, value, path, update->out);
    }
    if (extract != NULL)
        value = eval_one(extract, update->env, value);
    if (value.kind == VALUE_NONE)
        return value_outcome(value);
    if (value.kind >= VALUE_ARRAY)
        give_away(update);
    return sink_emit(update->out, value, path);
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
    uint32_t outer = fold_enter(fold);
    enum outcome outcome =
        eval_each(fold->node->fold.update, fold->env, fold->state, fold->state_path, &update.sink);
    fold_leave(fold, outer);
    fold->state = update.state;
    fold->state_path = update.state_path;
    return outcome;
}

/* Runs the source over one starting state. */
static enum outcome
run_fold(struct fold_sink *fold, struct value input)
{
    struct expr_machine *machine = fold->env->machine;
    const struct node *node = fold->node;
    bool inherits = (node->ownership & NODE_INHERITING) != 0;
    if ((node->ownership & NODE_OWNING) != 0 && fold->state_path == NULL)
        fold->owner = inherits ? machine->owner : machine_new_owner(machine);
    union slot *slot = &fold->env->slots[node->fold.slot];
    union slot old = *slot;
    enum outcome outcome = eval_each(node->fold.source, fold->env, input, NULL, &fold->sink);
    *slot = old;
    if (inherits && fold->state_path == NULL)
        machine->owner = fold->owner;
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

enum outcome
fold_round(const struct node *reduce, struct env *env, struct value item, struct value *state,
           uint32_t *owner)
{
    if ((reduce->ownership & NODE_OWNING) != 0 && *owner == 0)
        *owner = machine_new_owner(env->machine);
    struct fold_sink fold = {.node = reduce, .env = env, .state = *state, .owner = *owner};
    enum outcome outcome = reduce_emit(&fold.sink, item, NULL);
    *state = fold.state;
    *owner = fold.owner;
    return outcome;
}
