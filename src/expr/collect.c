#include "expr/eval.h"

const struct path path_root;
const struct path path_lost;

const struct path *
path_add(struct expr_machine *machine, const struct path *path, struct value key)
{
    struct path *longer = machine_alloc(machine, sizeof(*longer));
    if (longer == NULL) {
        machine_out_of_memory(machine);
        return NULL;
    }
    longer->up = path;
    longer->key = key;
    return longer;
}

/* As jq has it: what is the same value counts as the same place, containers and texts by identity.
 */
const struct path *
path_of_result(const struct path *path, struct value input, struct value result)
{
    bool same = input.kind == result.kind && input.count == result.count;
    if (same && input.kind >= VALUE_INT)
        same = input.integer == result.integer;
    /* All empty arrays are one, though they may have been made anywhere. */
    if (input.kind >= VALUE_ARRAY && input.count == 0)
        same = false;
    return same ? path : &path_lost;
}

struct value
path_array(struct expr_machine *machine, const struct path *path)
{
    size_t base = machine->value_count;
    for (; path != &path_root; path = path->up) {
        if (!machine_push(machine, path->key))
            return machine_no_steps(machine);
    }
    size_t low = base;
    size_t high = machine->value_count;
    while (low + 1 < high) {
        struct value swapped = machine->values[low];
        machine->values[low++] = machine->values[--high];
        machine->values[high] = swapped;
    }
    return machine_pop_array(machine, base);
}

struct collect_sink {
    struct sink sink;
    struct expr_machine *machine;
};

static enum outcome
collect_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct collect_sink *collect = (struct collect_sink *)sink;
    return machine_push(collect->machine, value) ? OUTCOME_OK : OUTCOME_LIMIT;
}

struct value
eval_collect(const struct node *node, struct env *env, struct value input)
{
    struct expr_machine *machine = env->machine;
    size_t base = machine->value_count;
    struct collect_sink collect = {.sink = {collect_emit}, .machine = machine};
    enum outcome outcome = eval_each(node, env, input, NULL, &collect.sink);
    if (outcome != OUTCOME_OK) {
        machine->value_count = base;
        return value_absent(outcome);
    }
    return machine_pop_array(machine, base);
}

/* Keeps the last output; with `label` it stops at the first. */
struct keep_sink {
    struct sink sink;
    struct expr_machine *machine;
    struct value value;
    const struct path *path;
    uint64_t label;
};

static enum outcome
keep_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct keep_sink *keep = (struct keep_sink *)sink;
    keep->value = value;
    keep->path = path;
    if (keep->label == 0)
        return OUTCOME_OK;
    keep->machine->break_id = keep->label;
    return OUTCOME_BREAK;
}

static enum outcome
run_keeping(struct keep_sink *keep, const struct node *node, struct env *env, struct value *value,
            const struct path **path)
{
    enum outcome outcome = eval_each(node, env, *value, *path, &keep->sink);
    if (outcome == OUTCOME_BREAK && keep->label != 0 && keep->machine->break_id == keep->label)
        outcome = OUTCOME_OK;
    *value = outcome == OUTCOME_OK ? keep->value : value_absent(outcome);
    *path = keep->path;
    return outcome;
}

static enum outcome
run_one(const struct node *node, struct env *env, struct value *value)
{
    *value = eval_one(node, env, *value);
    return value->kind == VALUE_NONE ? value_outcome(*value) : OUTCOME_OK;
}

enum outcome
eval_last(const struct node *node, struct env *env, struct value *value, const struct path **path)
{
    if (*path == NULL && eval_is_one(node, env))
        return run_one(node, env, value);
    struct keep_sink keep = {.sink = {keep_emit}, .machine = env->machine, .path = *path};
    return run_keeping(&keep, node, env, value, path);
}

enum outcome
eval_first(const struct node *node, struct env *env, struct value *value, const struct path **path)
{
    if (*path == NULL && eval_is_one(node, env))
        return run_one(node, env, value);
    struct keep_sink keep = {.sink = {keep_emit}, .machine = env->machine, .path = *path};
    keep.label = ++env->machine->next_label;
    return run_keeping(&keep, node, env, value, path);
}
