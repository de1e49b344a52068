#include "expr/access.h"
#include "expr/eval.h"

/* `optional` keeps an access from raising. */
static enum outcome
absent_outcome(struct value absent, bool optional)
{
    enum outcome outcome = value_outcome(absent);
    return outcome == OUTCOME_RAISED && optional ? OUTCOME_OK : outcome;
}

static enum outcome
raise_lost(struct expr_machine *machine, struct value container, struct value key)
{
    const char *key_text = machine_describe(machine, key, DESCRIBE_BYTES);
    return value_outcome(
        machine_raise(machine, "Invalid path expression near attempt to access element %s of %s",
                      key_text, machine_describe(machine, container, DESCRIBE_LONG_BYTES)));
}

/* One access: the part into *value and where it lies into *path. */
static enum outcome
step_in(struct expr_machine *machine, struct value *value, const struct path **path,
        const struct path_key *key)
{
    if (*path == &path_lost)
        return raise_lost(machine, *value, key->key);
    if (!machine_charge(machine, 1))
        return value_outcome(machine_no_steps(machine));
    *value = access_static(machine, *value, key->key);
    if (value->kind == VALUE_NONE)
        return absent_outcome(*value, key->optional);
    if (*path == NULL)
        return OUTCOME_OK;
    *path = path_add(machine, *path, key->key);
    return *path == NULL ? OUTCOME_LIMIT : OUTCOME_OK;
}

struct access_sink {
    struct sink sink;
    const struct node *node;
    struct env *env;
    struct sink *out;
    struct path_key key;
};

/* Static keys on each output of the base. */
static enum outcome
path_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct access_sink *access = (struct access_sink *)sink;
    const struct node *node = access->node;
    for (uint32_t i = 0; i < node->path.count; i++) {
        enum outcome outcome =
            step_in(access->env->machine, &value, &path, &node->path.keys->items[i]);
        if (outcome != OUTCOME_OK || value.kind == VALUE_NONE)
            return outcome;
    }
    return sink_emit(access->out, value, path);
}

static enum outcome
index_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct access_sink *access = (struct access_sink *)sink;
    enum outcome outcome = step_in(access->env->machine, &value, &path, &access->key);
    if (outcome != OUTCOME_OK || value.kind == VALUE_NONE)
        return outcome;
    return sink_emit(access->out, value, path);
}

static enum outcome
iterate_array(struct access_sink *access, struct value array, const struct path *path)
{
    struct expr_machine *machine = access->env->machine;
    for (uint32_t i = 0; i < array.count; i++) {
        const struct path *place = path;
        if (path != NULL) {
            place = path_add(machine, path, value_int(i));
            if (place == NULL)
                return OUTCOME_LIMIT;
        }
        if (!machine_charge(machine, 1))
            return value_outcome(machine_no_steps(machine));
        enum outcome outcome = sink_emit(access->out, array.array->items[i], place);
        if (outcome != OUTCOME_OK)
            return outcome;
    }
    return OUTCOME_OK;
}

static enum outcome
iterate_object(struct access_sink *access, struct value object, const struct path *path)
{
    struct expr_machine *machine = access->env->machine;
    for (uint32_t i = 0; i < object.count; i++) {
        struct member member = object.object->members[i];
        const struct path *place = path;
        if (path != NULL) {
            place = path_add(machine, path, member.key);
            if (place == NULL)
                return OUTCOME_LIMIT;
        }
        if (!machine_charge(machine, 1))
            return value_outcome(machine_no_steps(machine));
        enum outcome outcome = sink_emit(access->out, member.value, place);
        if (outcome != OUTCOME_OK)
            return outcome;
    }
    return OUTCOME_OK;
}

static enum outcome
iterate_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct access_sink *access = (struct access_sink *)sink;
    struct expr_machine *machine = access->env->machine;
    if (path == &path_lost)
        return value_outcome(
            machine_raise(machine, "Invalid path expression near attempt to iterate through %s",
                          machine_describe(machine, value, DESCRIBE_BYTES)));
    if (value.kind == VALUE_ARRAY)
        return iterate_array(access, value, path);
    if (value.kind == VALUE_OBJECT)
        return iterate_object(access, value, path);
    if (access->node->optional)
        return OUTCOME_OK;
    return value_outcome(machine_raise(machine, "Cannot iterate over %s (%s)",
                                       value_kind_name(value),
                                       machine_describe(machine, value, DESCRIBE_BYTES)));
}

static enum outcome
each_of_base(const struct node *base, struct access_sink *access, struct value input,
             const struct path *path)
{
    if (base->kind == NODE_IDENTITY)
        return sink_emit(&access->sink, input, path);
    return eval_each(base, access->env, input, path, &access->sink);
}

/* The keys are the outer loop, as in jq: for each key, each output of the base. */
struct key_sink {
    struct sink sink;
    struct access_sink access;
    struct value input;
    const struct path *path;
};

static enum outcome
key_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct key_sink *keys = (struct key_sink *)sink;
    struct access_sink access = keys->access;
    access.key = (struct path_key){.key = value, .optional = access.node->optional};
    return each_of_base(access.node->index.base, &access, keys->input, keys->path);
}

/* Both ends of a slice, the upper one outside. */
struct bound_sink {
    struct sink sink;
    struct key_sink *keys;
    const struct node *next; /* the lower bound, not yet evaluated; NULL: there is none */
    bool is_lower;
    struct value upto;
};

static enum outcome
emit_slice(struct bound_sink *bound, struct value from)
{
    struct expr_machine *machine = bound->keys->access.env->machine;
    struct value key = access_slice_key(machine, from, bound->upto);
    if (key.kind == VALUE_NONE)
        return value_outcome(key);
    return key_emit(&bound->keys->sink, key, NULL);
}

static enum outcome
bound_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct bound_sink *bound = (struct bound_sink *)sink;
    if (bound->is_lower)
        return emit_slice(bound, value);
    struct bound_sink lower = {.sink = {bound_emit}, .keys = bound->keys, .is_lower = true};
    lower.upto = value;
    if (bound->next == NULL)
        return emit_slice(&lower, value_null());
    return eval_each(bound->next, bound->keys->access.env, bound->keys->input, NULL, &lower.sink);
}

static enum outcome
each_slice(struct key_sink *keys, struct value input)
{
    const struct node *node = keys->access.node;
    struct bound_sink upper = {.sink = {bound_emit}, .keys = keys, .next = node->index.from};
    if (node->index.upto == NULL)
        return bound_emit(&upper.sink, value_null(), NULL);
    return eval_each(node->index.upto, keys->access.env, input, NULL, &upper.sink);
}

enum outcome
each_access(const struct node *node, struct env *env, struct value input, const struct path *path,
            struct sink *sink)
{
    struct access_sink access = {.node = node, .env = env, .out = sink};
    if (node->kind == NODE_PATH) {
        access.sink.emit = path_emit;
        return each_of_base(node->path.base, &access, input, path);
    }
    if (node->kind == NODE_ITERATE) {
        access.sink.emit = iterate_emit;
        return each_of_base(node->index.base, &access, input, path);
    }
    access.sink.emit = index_emit;
    struct key_sink keys = {.sink = {key_emit}, .access = access, .input = input, .path = path};
    if (node->kind == NODE_SLICE)
        return each_slice(&keys, input);
    return eval_each(node->index.from, env, input, NULL, &keys.sink);
}

static struct value
one_slice_key(const struct node *node, struct env *env, struct value input)
{
    struct value upto = value_null();
    if (node->index.upto != NULL)
        upto = eval_one(node->index.upto, env, input);
    if (upto.kind == VALUE_NONE)
        return upto;
    struct value from = value_null();
    if (node->index.from != NULL)
        from = eval_one(node->index.from, env, input);
    return from.kind == VALUE_NONE ? from : access_slice_key(env->machine, from, upto);
}

struct value
one_access(const struct node *node, struct env *env, struct value input)
{
    struct value key = node->kind == NODE_SLICE ? one_slice_key(node, env, input)
                                                : eval_one(node->index.from, env, input);
    if (key.kind == VALUE_NONE)
        return key;
    struct value base = eval_one(node->index.base, env, input);
    if (base.kind == VALUE_NONE)
        return base;
    struct value part = access_get(env->machine, base, key);
    if (part.kind == VALUE_NONE && node->optional)
        return value_absent(absent_outcome(part, true));
    return part;
}
