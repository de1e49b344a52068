#include "expr/access.h"
#include "expr/arithmetic.h"
#include "expr/eval.h"

/* Built-ins that are loops in C rather than recursion in jq. Where their arguments give one output
 * each they run without nesting, however long; else each output nests. */

struct loop_sink {
    struct sink sink;
    const struct node *node;
    struct env *env;
    struct sink *out;
    struct value value;
    const struct path *path;
};

static enum outcome
emit_value(const struct loop_sink *loop)
{
    return sink_emit(loop->out, loop->value, loop->path);
}

/* Moves to the only output of `update`; false at the end. */
static bool
advance(struct loop_sink *loop, const struct node *update, enum outcome *outcome)
{
    *outcome = eval_last(update, loop->env, &loop->value, &loop->path);
    return *outcome == OUTCOME_OK && loop->value.kind != VALUE_NONE;
}

/* while: the values as long as the test holds; until: the first for which it does. True: nothing
 * follows. */
static bool
take_test(const struct loop_sink *loop, struct value test, enum outcome *outcome)
{
    bool holds = value_is_true(test);
    bool is_last = holds == (loop->node->kind == NODE_UNTIL);
    *outcome = holds ? emit_value(loop) : OUTCOME_OK;
    return is_last || *outcome != OUTCOME_OK;
}

static enum outcome test_run(const struct loop_sink *start);

static enum outcome
test_next_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct loop_sink next = *(struct loop_sink *)sink;
    next.value = value;
    next.path = path;
    return test_run(&next);
}

static enum outcome
test_emit(struct sink *sink, struct value test, const struct path *path)
{
    const struct loop_sink *loop = (struct loop_sink *)sink;
    enum outcome outcome;
    if (take_test(loop, test, &outcome))
        return outcome;
    struct loop_sink next = *loop;
    next.sink.emit = test_next_emit;
    return eval_each(loop->node->loop.b, loop->env, loop->value, loop->path, &next.sink);
}

static enum outcome
test_run(const struct loop_sink *start)
{
    struct loop_sink loop = *start;
    const struct node *test = loop.node->loop.a;
    const struct node *update = loop.node->loop.b;
    enum outcome outcome = OUTCOME_OK;
    loop.sink.emit = test_emit;
    if (!eval_is_one(test, loop.env) || !eval_is_one(update, loop.env))
        return eval_each(test, loop.env, loop.value, NULL, &loop.sink);
    do {
        struct value truth = eval_one(test, loop.env, loop.value);
        if (truth.kind == VALUE_NONE)
            return value_outcome(truth);
        if (take_test(&loop, truth, &outcome))
            return outcome;
    } while (advance(&loop, update, &outcome));
    return outcome;
}

static enum outcome recurse_run(const struct loop_sink *start);

static enum outcome
recurse_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct loop_sink next = *(struct loop_sink *)sink;
    next.value = value;
    next.path = path;
    return recurse_run(&next);
}

static enum outcome
recurse_run(const struct loop_sink *start)
{
    struct loop_sink loop = *start;
    const struct node *update = loop.node->loop.a;
    bool is_one = eval_is_one(update, loop.env);
    enum outcome outcome = OUTCOME_OK;
    loop.sink.emit = recurse_emit;
    do {
        outcome = emit_value(&loop);
        if (outcome != OUTCOME_OK)
            return outcome;
        if (!is_one)
            return eval_each(update, loop.env, loop.value, loop.path, &loop.sink);
    } while (advance(&loop, update, &outcome));
    return outcome;
}

/* `..`: the value, then everything in it. */
static enum outcome
descend(const struct loop_sink *loop)
{
    struct expr_machine *machine = loop->env->machine;
    enum outcome outcome = emit_value(loop);
    bool is_object = loop->value.kind == VALUE_OBJECT;
    uint32_t count = is_object || loop->value.kind == VALUE_ARRAY ? loop->value.count : 0;
    struct loop_sink inner = *loop;
    for (uint32_t i = 0; i < count && outcome == OUTCOME_OK; i++) {
        struct value key = value_int(i);
        inner.value =
            is_object ? loop->value.object->members[i].value : loop->value.array->items[i];
        if (is_object)
            key = loop->value.object->members[i].key;
        if (!machine_charge(machine, 1))
            return value_outcome(machine_no_steps(machine));
        if (loop->path != NULL)
            inner.path = path_add(machine, loop->path, key);
        if (loop->path != NULL && inner.path == NULL)
            return OUTCOME_LIMIT;
        outcome = descend(&inner);
    }
    return outcome;
}

static enum outcome
recurse_start(const struct loop_sink *loop)
{
    if (loop->node->loop.a != NULL)
        return recurse_run(loop);
    bool has_parts = loop->value.kind >= VALUE_ARRAY && loop->value.count > 0;
    if (loop->path == &path_lost && has_parts)
        return value_outcome(machine_raise(
            loop->env->machine, "Invalid path expression near attempt to iterate through %s",
            machine_describe(loop->env->machine, loop->value, DESCRIBE_BYTES)));
    return descend(loop);
}

struct count_sink {
    struct sink sink;
    struct sink *out;
    struct expr_machine *machine;
    double left;
    uint64_t label;
};

static enum outcome
limit_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct count_sink *count = (struct count_sink *)sink;
    count->left -= 1;
    enum outcome outcome = sink_pass(count->machine, count->out, value, path);
    if (outcome != OUTCOME_OK || count->left > 0)
        return outcome;
    count->machine->break_id = count->label;
    return OUTCOME_BREAK;
}

static enum outcome
skip_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct count_sink *count = (struct count_sink *)sink;
    if (count->left > 0) {
        count->left -= 1;
        return OUTCOME_OK;
    }
    return sink_pass(count->machine, count->out, value, path);
}

/* limit(a; b) and skip(a; b); a is a constant or variable by the time it comes here. */
static enum outcome
count_run(const struct loop_sink *loop)
{
    struct expr_machine *machine = loop->env->machine;
    bool is_limit = loop->node->kind == NODE_LIMIT;
    struct value number = eval_one(loop->node->loop.a, loop->env, loop->value);
    if (number.kind == VALUE_NONE)
        return value_outcome(number);
    if (!value_is_number(number))
        return value_outcome(
            machine_raise(machine, "%s count must be a number", is_limit ? "limit" : "skip"));
    struct count_sink count = {.sink = {is_limit ? limit_emit : skip_emit},
                               .out = loop->out,
                               .machine = machine,
                               .left = value_real(number),
                               .label = ++machine->next_label};
    if (count.left < 0)
        return value_outcome(machine_raise(machine, "%s doesn't support negative count",
                                           is_limit ? "limit" : "skip"));
    if (is_limit && count.left == 0)
        return OUTCOME_OK;
    enum outcome outcome =
        eval_each(loop->node->loop.b, loop->env, loop->value, loop->path, &count.sink);
    bool is_done = outcome == OUTCOME_BREAK && machine->break_id == count.label;
    return is_done ? OUTCOME_OK : outcome;
}

static enum outcome
emit_number(const struct loop_sink *loop, struct value number)
{
    struct expr_machine *machine = loop->env->machine;
    if (!machine_charge(machine, 1))
        return value_outcome(machine_no_steps(machine));
    const struct path *path = loop->path;
    if (path != NULL)
        path = path_of_result(path, loop->value, number);
    return sink_emit(loop->out, number, path);
}

static enum outcome
range_integers(const struct loop_sink *loop, int64_t from, int64_t upto, int64_t by)
{
    enum outcome outcome = OUTCOME_OK;
    while (outcome == OUTCOME_OK && (by > 0 ? from < upto : by < 0 && from > upto)) {
        outcome = emit_number(loop, value_int(from));
        if (__builtin_add_overflow(from, by, &from))
            break;
    }
    return outcome;
}

static enum outcome
range_reals(const struct loop_sink *loop, double from, double upto, double by)
{
    enum outcome outcome = OUTCOME_OK;
    while (outcome == OUTCOME_OK && (by > 0 ? from < upto : by < 0 && from > upto)) {
        outcome = emit_number(loop, value_double(from));
        from += by;
    }
    return outcome;
}

/* The bounds are constants or variables by the time they come here. */
static enum outcome
range_run(const struct loop_sink *loop)
{
    const struct node *nodes[] = {loop->node->loop.a, loop->node->loop.b, loop->node->loop.c};
    struct value bounds[COUNT_OF(nodes)];
    bool are_integers = true;
    for (size_t i = 0; i < COUNT_OF(nodes); i++) {
        bounds[i] = eval_one(nodes[i], loop->env, loop->value);
        if (bounds[i].kind == VALUE_NONE)
            return value_outcome(bounds[i]);
        if (!value_is_number(bounds[i]))
            return value_outcome(machine_raise(loop->env->machine, "Range bounds must be numeric"));
        are_integers &= bounds[i].kind == VALUE_INT;
    }
    if (are_integers)
        return range_integers(loop, bounds[0].integer, bounds[1].integer, bounds[2].integer);
    return range_reals(loop, value_real(bounds[0]), value_real(bounds[1]), value_real(bounds[2]));
}

static enum outcome
raise_no_path(struct expr_machine *machine, struct value value)
{
    return value_outcome(machine_raise(machine, "Invalid path expression with result %s",
                                       machine_describe(machine, value, DESCRIBE_LONG_BYTES)));
}

/* An output of f in path(f): its place is the value. */
static enum outcome
path_of_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct loop_sink *loop = (struct loop_sink *)sink;
    struct expr_machine *machine = loop->env->machine;
    if (path == &path_lost)
        return raise_no_path(machine, value);
    struct value array = path_array(machine, path);
    if (array.kind == VALUE_NONE)
        return value_outcome(array);
    return sink_emit(loop->out, array, loop->path == NULL ? NULL : &path_lost);
}

static enum outcome
path_of_run(const struct loop_sink *loop)
{
    struct loop_sink inner = *loop;
    inner.sink.emit = path_of_emit;
    return eval_each(loop->node->loop.a, loop->env, loop->value, &path_root, &inner.sink);
}

/* One path of getpath(paths). */
static enum outcome
getpath_emit(struct sink *sink, struct value keys, const struct path *path)
{
    struct loop_sink *loop = (struct loop_sink *)sink;
    struct expr_machine *machine = loop->env->machine;
    if (loop->path == &path_lost)
        return raise_no_path(machine, loop->value);
    struct value value = access_get_path(machine, loop->value, keys);
    if (value.kind == VALUE_NONE)
        return value_outcome(value);
    const struct path *place = loop->path;
    for (uint32_t i = 0; place != NULL && i < keys.count; i++) {
        place = path_add(machine, place, keys.array->items[i]);
        if (place == NULL)
            return OUTCOME_LIMIT;
    }
    return sink_emit(loop->out, value, place);
}

static enum outcome
getpath_run(const struct loop_sink *loop)
{
    struct loop_sink inner = *loop;
    inner.sink.emit = getpath_emit;
    return eval_each(loop->node->loop.a, loop->env, loop->value, NULL, &inner.sink);
}

static enum outcome
pick_run(const struct loop_sink *loop)
{
    struct loop_sink picked = *loop;
    bool is_first = loop->node->kind == NODE_FIRST;
    enum outcome outcome =
        is_first ? eval_first(loop->node->loop.a, loop->env, &picked.value, &picked.path)
                 : eval_last(loop->node->loop.a, loop->env, &picked.value, &picked.path);
    if (outcome != OUTCOME_OK)
        return outcome;
    return picked.value.kind == VALUE_NONE ? OUTCOME_OK : emit_value(&picked);
}

enum outcome
each_loop(const struct node *node, struct env *env, struct value input, const struct path *path,
          struct sink *sink)
{
    struct loop_sink loop = {.node = node, .env = env, .out = sink, .value = input, .path = path};
    switch (node->kind) {
    case NODE_FIRST:
    case NODE_LAST:
        return pick_run(&loop);
    case NODE_LIMIT:
    case NODE_SKIP:
        return count_run(&loop);
    case NODE_RANGE:
        return range_run(&loop);
    case NODE_WHILE:
    case NODE_UNTIL:
        return test_run(&loop);
    case NODE_RECURSE:
        return recurse_start(&loop);
    case NODE_PATH_OF:
        return path_of_run(&loop);
    default:
        return getpath_run(&loop);
    }
}

struct loop_result {
    struct sink sink;
    struct value value;
};

static enum outcome
result_emit(struct sink *sink, struct value value, const struct path *path)
{
    ((struct loop_result *)sink)->value = value;
    return OUTCOME_OK;
}

struct value
one_loop(const struct node *node, struct env *env, struct value input)
{
    if (node->kind == NODE_NEGATE) {
        struct value operand = eval_one(node->loop.a, env, input);
        return operand.kind == VALUE_NONE ? operand : arithmetic_negate(env->machine, operand);
    }
    struct loop_result result = {.sink = {result_emit}};
    enum outcome outcome = each_loop(node, env, input, NULL, &result.sink);
    return outcome == OUTCOME_OK ? result.value : value_absent(outcome);
}
