#include "flow/definition_diff.h"

struct comparison {
    struct arena *arena;
    struct value changes; /* found so far */
};

/* --- fields --- */

static struct value
or_null(struct value value)
{
    return value.kind == VALUE_NONE ? value_null() : value;
}

static const char *
change_word(struct value before, struct value after)
{
    if (before.kind == VALUE_NONE)
        return "added";
    if (after.kind == VALUE_NONE)
        return "removed";
    return value_equal(before, after) ? "reordered" : "changed";
}

static void
add_change(struct comparison *comparison, const char *path, struct value before, struct value after)
{
    const char *word = change_word(before, after);
    struct member members[] = {
        {value_text("path"), value_text(path)},
        {value_text("change"), value_text(word)},
        {value_text("before"), or_null(before)},
        {value_text("after"), or_null(after)},
    };
    struct value change = value_object_new(comparison->arena, members, COUNT_OF(members));
    comparison->changes = value_array_append(comparison->arena, comparison->changes, change);
}

static void compare(struct comparison *comparison, const char *path, struct value before,
                    struct value after);

static void
compare_member(struct comparison *comparison, const char *path, struct slice name,
               const struct value pair[2])
{
    const char *below = arena_format(comparison->arena, "%s%s%.*s", path,
                                     path[0] == '\0' ? "" : ".", SLICE_FORMAT(name));
    compare(comparison, below, pair[0], pair[1]);
}

/* The same names in another order: it is that of columns, where people name things. */
static bool
is_turned(struct value before, struct value after)
{
    bool is_turned = false;
    for (uint32_t i = 0; i < before.count && before.count == after.count; i++) {
        struct value name = value_members(before)[i].key;
        if (value_find(after, value_slice(name)).kind == VALUE_NONE)
            return false;
        is_turned = is_turned || !value_equal(name, value_members(after)[i].key);
    }
    return is_turned;
}

/* Those of `before` in their order, then those that are new. */
static void
compare_objects(struct comparison *comparison, const char *path, struct value before,
                struct value after)
{
    for (uint32_t i = 0; i < before.count; i++) {
        struct slice name = value_slice(value_members(before)[i].key);
        struct value pair[2] = {value_members(before)[i].value, value_find(after, name)};
        compare_member(comparison, path, name, pair);
    }
    for (uint32_t i = 0; i < after.count; i++) {
        struct slice name = value_slice(value_members(after)[i].key);
        struct value pair[2] = {value_find(before, name), value_members(after)[i].value};
        if (pair[0].kind == VALUE_NONE)
            compare_member(comparison, path, name, pair);
    }
}

static void
compare(struct comparison *comparison, const char *path, struct value before, struct value after)
{
    bool is_object = before.kind == VALUE_OBJECT && after.kind == VALUE_OBJECT;
    bool is_list = before.kind == VALUE_ARRAY && after.kind == VALUE_ARRAY;
    if (is_object && !(is_turned(before, after) && value_equal(before, after))) {
        compare_objects(comparison, path, before, after);
        return;
    }
    if (is_object || (is_list ? before.count != after.count : !value_equal(before, after))) {
        add_change(comparison, path, before, after);
        return;
    }
    if (!is_list)
        return;
    for (uint32_t i = 0; i < before.count; i++)
        compare(comparison, arena_format(comparison->arena, "%s[%u]", path, i),
                value_items(before)[i], value_items(after)[i]);
}

static struct value
fields_of(struct arena *arena, struct value before, struct value after)
{
    struct comparison comparison = {arena, value_empty_array()};
    compare(&comparison, "", before, after);
    return comparison.changes;
}

/* --- steps --- */

/* With the id that it has by its place, if it names none. */
static struct value
step_with_id(struct arena *arena, struct value step, uint32_t index)
{
    if (value_get(step, "id").kind == VALUE_STRING)
        return step;
    struct member id = {value_text("id"), value_text(arena_format(arena, "step_%u", index + 1))};
    struct value out = value_object_new(arena, &id, 1);
    for (uint32_t i = 0; i < step.count; i++)
        out =
            value_object_set(arena, out, value_members(step)[i].key, value_members(step)[i].value);
    return out;
}

static struct value
steps_with_ids(struct arena *arena, const struct plan *plan)
{
    struct value steps = value_get(plan->canonical, "steps");
    struct value out = value_empty_array();
    for (uint32_t i = 0; i < steps.count; i++)
        out = value_array_append(arena, out, step_with_id(arena, value_items(steps)[i], i));
    return out;
}

static struct value
find_step(struct value steps, struct value id)
{
    for (uint32_t i = 0; i < steps.count; i++) {
        if (value_equal(value_get(value_items(steps)[i], "id"), id))
            return value_items(steps)[i];
    }
    return (struct value){0};
}

/* Those of `steps` that `others` does not have, as {id, type}. */
static struct value
steps_missing(struct arena *arena, struct value steps, struct value others)
{
    struct value out = value_empty_array();
    for (uint32_t i = 0; i < steps.count; i++) {
        struct value id = value_get(value_items(steps)[i], "id");
        if (find_step(others, id).kind != VALUE_NONE)
            continue;
        struct member members[] = {
            {value_text("id"), id},
            {value_text("type"), value_get(value_items(steps)[i], "type")},
        };
        struct value step = value_object_new(arena, members, COUNT_OF(members));
        out = value_array_append(arena, out, step);
    }
    return out;
}

static struct value
steps_changed(struct arena *arena, struct value before, struct value after)
{
    struct value out = value_empty_array();
    for (uint32_t i = 0; i < before.count; i++) {
        struct value step = value_items(before)[i];
        struct value other = find_step(after, value_get(step, "id"));
        struct value fields =
            other.kind == VALUE_NONE ? value_empty_array() : fields_of(arena, step, other);
        if (fields.count == 0)
            continue;
        struct member members[] = {
            {value_text("id"), value_get(step, "id")},
            {value_text("fields"), fields},
        };
        struct value changed = value_object_new(arena, members, COUNT_OF(members));
        out = value_array_append(arena, out, changed);
    }
    return out;
}

/* What is not told by the steps. Where they came from is not compared: it says the same again. */
static struct value
rest_of(struct arena *arena, const struct plan *plan)
{
    struct value rest = value_object_remove(arena, plan->canonical, SLICE("steps"));
    return value_object_remove(arena, rest, SLICE("origin"));
}

/* Whether the steps that both have stand in another order. */
static bool
is_reordered(struct value before, struct value after)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < before.count; i++) {
        struct value id = value_get(value_items(before)[i], "id");
        if (find_step(after, id).kind == VALUE_NONE)
            continue;
        while (find_step(before, value_get(value_items(after)[at], "id")).kind == VALUE_NONE)
            at++;
        if (!value_equal(value_get(value_items(after)[at++], "id"), id))
            return true;
    }
    return false;
}

struct value
definition_diff(struct arena *arena, const struct plan *before, const struct plan *after)
{
    struct value steps[2] = {steps_with_ids(arena, before), steps_with_ids(arena, after)};
    struct value added = steps_missing(arena, steps[1], steps[0]);
    struct value removed = steps_missing(arena, steps[0], steps[1]);
    struct value changed = steps_changed(arena, steps[0], steps[1]);
    bool reordered = is_reordered(steps[0], steps[1]);
    struct value fields = fields_of(arena, rest_of(arena, before), rest_of(arena, after));
    bool is_same = added.count + removed.count + changed.count + fields.count == 0 && !reordered;
    struct member of_steps[] = {
        {value_text("added"), added},
        {value_text("removed"), removed},
        {value_text("changed"), changed},
        {value_text("reordered"), value_bool(reordered)},
    };
    struct member members[] = {
        {value_text("same"), value_bool(is_same)},
        {value_text("fields"), fields},
        {value_text("steps"), value_object_new(arena, of_steps, COUNT_OF(of_steps))},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}
