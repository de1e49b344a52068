#include "expr/access.h"
#include "expr/arithmetic.h"
#include "expr/eval.h"

/* Assignment. A left side of plain steps (.a.b, .[k], .[], pipes and ifs of these) is changed on
 * the way back from a walk down to the places; any other one by the list of its paths, as jq does
 * it. An update without output deletes the place. */

struct change {
    struct expr_machine *machine;
    struct env *env;
    enum operator operator;
    const struct node *right; /* UPDATE */
    struct value operand;     /* all others: the right side's value */
    uint64_t applied;         /* places changed so far */
    uint8_t ownership;        /* the node's */
};

/* Whose bodies may be changed in place; 0: nobody's. */
static uint32_t
owner_of(const struct change *change)
{
    return (change->ownership & NODE_OWNING) != 0 ? change->machine->owner : 0;
}

/* A value about to be stored that may be, or hold, a part of what is changed: then parts would have
 * two places. */
static void
note_stored(const struct change *change, struct value value)
{
    bool stores_fresh = (change->ownership & NODE_FRESH) != 0;
    if (owner_of(change) != 0 && !stores_fresh && value.kind >= VALUE_ARRAY)
        machine_renew_owner(change->machine);
}

/* The new value for a place; VALUE_NONE with OUTCOME_OK: the place goes. */
static struct value
apply(struct change *change, struct value old)
{
    const struct path *path = NULL;
    change->applied++;
    switch ((unsigned)change->operator) {
    case OPERATOR_SET:
        return change->operand;
    case OPERATOR_UPDATE: {
        enum outcome outcome = eval_first(change->right, change->env, &old, &path);
        note_stored(change, old);
        return outcome == OUTCOME_OK ? old : value_absent(outcome);
    }
    case OPERATOR_ADD:
        if (owner_of(change) != 0 && old.kind == VALUE_OBJECT &&
            change->operand.kind == VALUE_OBJECT)
            return arithmetic_add_objects(change->machine, owner_of(change), old, change->operand);
        return arithmetic_add(change->machine, old, change->operand);
    case OPERATOR_ALTERNATIVE:
        return value_is_true(old) ? old : change->operand;
    default:
        return arithmetic(change->machine, change->operator, old, change->operand);
    }
}

static bool
is_deletion(struct value value)
{
    return value.kind == VALUE_NONE && value_outcome(value) == OUTCOME_OK;
}

/* Whether the walk below can follow the left side. */
static bool
is_walkable(const struct node *node, struct env *env)
{
    switch (node->kind) {
    case NODE_IDENTITY:
    case NODE_EMPTY:
        return true;
    case NODE_PATH:
        return is_walkable(node->path.base, env);
    case NODE_ITERATE:
        return is_walkable(node->index.base, env);
    case NODE_INDEX:
        return eval_is_one(node->index.from, env) && is_walkable(node->index.base, env);
    case NODE_PIPE:
        return is_walkable(node->pair.left, env) && is_walkable(node->pair.right, env);
    case NODE_IF:
        return eval_is_one(node->choice.test, env) && is_walkable(node->choice.then, env) &&
               is_walkable(node->choice.otherwise, env);
    default:
        return false;
    }
}

/* What is still to be followed behind a step, innermost last. */
struct rest {
    const struct rest *next;
    const struct node *node; /* to walk; or whose keys or elements to go into */
    bool is_step;            /* node's own step: its base is behind us */
    uint32_t at;             /* PATH: the next key */
    struct value key;        /* INDEX */
};

static struct value walk(struct change *change, const struct node *node, struct value value,
                         const struct rest *rest);
static struct value walk_rest(struct change *change, struct value value, const struct rest *rest);

static struct value
walk_key(struct change *change, struct value value, const struct path_key *key,
         const struct rest *rest)
{
    struct expr_machine *machine = change->machine;
    struct value old = access_static(machine, value, key->key);
    if (old.kind == VALUE_NONE) {
        bool is_quiet = key->optional && value_outcome(old) == OUTCOME_RAISED;
        return is_quiet ? value : old;
    }
    uint64_t applied = change->applied;
    struct value new = walk_rest(change, old, rest);
    if (is_deletion(new))
        return access_delete(machine, value, key->key);
    /* Where no place was met nothing comes into being on the way. */
    if (new.kind != VALUE_NONE && change->applied == applied)
        return value;
    if (new.kind == VALUE_NONE)
        return new;
    return access_set(machine, owner_of(change), value, key->key, new);
}

static struct value
walk_array(struct change *change, struct value array, const struct rest *rest)
{
    struct expr_machine *machine = change->machine;
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < array.count; i++) {
        struct value new = walk_rest(change, array.array->items[i], rest);
        if (is_deletion(new))
            continue;
        if (new.kind == VALUE_NONE || !machine_push(machine, new)) {
            machine->value_count = base;
            return new.kind == VALUE_NONE ? new : machine_no_steps(machine);
        }
    }
    return machine_pop_array(machine, base);
}

static struct value
walk_object(struct change *change, struct value object, const struct rest *rest)
{
    struct expr_machine *machine = change->machine;
    struct member *members = machine_alloc(machine, (object.count + 1) * sizeof(*members));
    if (members == NULL)
        return machine_out_of_memory(machine);
    size_t count = 0;
    for (uint32_t i = 0; i < object.count; i++) {
        struct member member = object.object->members[i];
        member.value = walk_rest(change, member.value, rest);
        if (is_deletion(member.value))
            continue;
        if (member.value.kind == VALUE_NONE)
            return member.value;
        members[count++] = member;
    }
    return machine_check(machine, value_object_new(&machine->scratch, members, count));
}

static struct value
walk_elements(struct change *change, struct value value, const struct rest *rest, bool optional)
{
    struct expr_machine *machine = change->machine;
    if (value.kind == VALUE_ARRAY)
        return walk_array(change, value, rest);
    if (value.kind == VALUE_OBJECT)
        return walk_object(change, value, rest);
    if (optional)
        return value;
    return machine_raise(machine, "Cannot iterate over %s (%s)", value_kind_name(value),
                         machine_describe(machine, value, DESCRIBE_BYTES));
}

static struct value
walk_rest(struct change *change, struct value value, const struct rest *rest)
{
    if (rest == NULL)
        return apply(change, value);
    const struct node *node = rest->node;
    if (!rest->is_step)
        return walk(change, node, value, rest->next);
    if (node->kind == NODE_ITERATE)
        return walk_elements(change, value, rest->next, node->optional);
    if (node->kind == NODE_INDEX) {
        struct path_key key = {.key = rest->key, .optional = node->optional};
        return walk_key(change, value, &key, rest->next);
    }
    struct rest further = *rest;
    further.at++;
    const struct path_key *key = &node->path.keys->items[rest->at];
    bool is_last = further.at == node->path.count;
    return walk_key(change, value, key, is_last ? rest->next : &further);
}

static struct value
walk(struct change *change, const struct node *node, struct value value, const struct rest *rest)
{
    struct rest step = {.next = rest, .node = node, .is_step = true};
    if (!machine_charge(change->machine, 1))
        return machine_no_steps(change->machine);
    switch (node->kind) {
    case NODE_IDENTITY:
        return walk_rest(change, value, rest);
    case NODE_PATH:
        return walk(change, node->path.base, value, &step);
    case NODE_ITERATE:
        return walk(change, node->index.base, value, &step);
    case NODE_INDEX:
        step.key = eval_one(node->index.from, change->env, value);
        if (step.key.kind == VALUE_NONE)
            return is_deletion(step.key) ? value : step.key;
        return walk(change, node->index.base, value, &step);
    case NODE_PIPE:
        step.node = node->pair.right;
        step.is_step = false;
        return walk(change, node->pair.left, value, &step);
    case NODE_IF: {
        struct value test = eval_one(node->choice.test, change->env, value);
        if (test.kind == VALUE_NONE)
            return is_deletion(test) ? value : test;
        return walk(change, value_is_true(test) ? node->choice.then : node->choice.otherwise, value,
                    rest);
    }
    default:
        return value;
    }
}

struct paths_sink {
    struct sink sink;
    struct expr_machine *machine;
};

static enum outcome
paths_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct expr_machine *machine = ((struct paths_sink *)sink)->machine;
    if (path == &path_lost)
        return value_outcome(machine_raise(machine, "Invalid path expression with result %s",
                                           machine_describe(machine, value, DESCRIBE_LONG_BYTES)));
    struct value array = path_array(machine, path);
    if (array.kind == VALUE_NONE)
        return value_outcome(array);
    return machine_push(machine, array) ? OUTCOME_OK : OUTCOME_LIMIT;
}

static struct value
list_paths(const struct node *node, struct env *env, struct value input)
{
    struct expr_machine *machine = env->machine;
    size_t base = machine->value_count;
    struct paths_sink sink = {.sink = {paths_emit}, .machine = machine};
    enum outcome outcome = eval_each(node, env, input, &path_root, &sink.sink);
    if (outcome != OUTCOME_OK) {
        machine->value_count = base;
        return value_absent(outcome);
    }
    return machine_pop_array(machine, base);
}

static struct value
change_paths(struct change *change, struct value root, struct value paths)
{
    struct expr_machine *machine = change->machine;
    struct value gone = value_empty_array();
    for (uint32_t i = 0; i < paths.count; i++) {
        struct value path = paths.array->items[i];
        struct value new = access_get_path(machine, root, path);
        if (new.kind == VALUE_NONE)
            return new;
        new = apply(change, new);
        if (is_deletion(new)) {
            gone = machine_check(machine, value_array_append(&machine->scratch, gone, path));
            if (gone.kind == VALUE_NONE)
                return gone;
            continue;
        }
        if (new.kind == VALUE_NONE)
            return new;
        root = access_set_path(machine, root, path, new);
        if (root.kind == VALUE_NONE)
            return root;
    }
    return access_delete_paths(machine, root, gone);
}

static struct value
assign(const struct node *node, struct change *change, struct value input)
{
    const struct node *left = node->pair.left;
    if (is_walkable(left, change->env)) {
        struct value changed = walk(change, left, input, NULL);
        return is_deletion(changed) ? value_null() : changed;
    }
    struct value paths = list_paths(left, change->env, input);
    return paths.kind == VALUE_NONE ? paths : change_paths(change, input, paths);
}

struct value
one_assign(const struct node *node, struct env *env, struct value input)
{
    struct change change = {.machine = env->machine,
                            .env = env,
                            .operator=(enum operator) node->operator,
                            .right = node->pair.right,
                            .ownership = node->ownership};
    if (change.operator!= OPERATOR_UPDATE) {
        change.operand = eval_one(node->pair.right, env, input);
        if (change.operand.kind == VALUE_NONE)
            return change.operand;
        note_stored(&change, change.operand);
    }
    return assign(node, &change, input);
}

/* A right side with many outputs gives as many results. */
struct assign_sink {
    struct sink sink;
    const struct node *node;
    struct env *env;
    struct value input;
    struct sink *out;
};

static enum outcome
assign_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct assign_sink *to = (struct assign_sink *)sink;
    struct change change = {.machine = to->env->machine,
                            .env = to->env,
                            .operator=(enum operator) to->node->operator,
                            .operand = value };
    struct value result = assign(to->node, &change, to->input);
    if (result.kind == VALUE_NONE)
        return value_outcome(result);
    return sink_emit(to->out, result, NULL);
}

enum outcome
each_assign(const struct node *node, struct env *env, struct value input, struct sink *sink)
{
    struct assign_sink to = {
        .sink = {assign_emit}, .node = node, .env = env, .input = input, .out = sink};
    return eval_each(node->pair.right, env, input, NULL, &to.sink);
}
