#include "expr/schema_check.h"

#include "base/buffer.h"

static bool
apply_here(const struct schema_check *check, const struct schema *schema, struct schema_seen *seen)
{
    return schema_apply(check->checker, schema, check->instance, check->place, seen);
}

/* The same value under another schema without reporting; its marks count only if it holds. */
static bool
probe_here(const struct schema_check *check, const struct schema *schema)
{
    if (check->seen == NULL)
        return schema_probe(check, schema, check->instance, NULL);
    struct schema_seen own;
    struct arena_mark mark = arena_mark(&check->checker->scratch);
    if (!schema_seen_init(check, &own, check->instance.count))
        return false;
    bool holds = schema_probe(check, schema, check->instance, &own);
    if (holds)
        schema_seen_merge(check, check->seen, &own);
    if (own.words != &own.word)
        arena_rewind(&check->checker->scratch, mark);
    return holds;
}

/* --- why none of several schemas holds --- */

/* The schema that says something by itself, behind references. */
static const struct schema *
behind_references(const struct schema *schema)
{
    for (int i = 0; i < 16; i++) {
        bool only_refers = schema->applied != NULL && schema->applied->reference != NULL &&
                           schema->types == 0 && schema->objects == NULL;
        if (!only_refers)
            break;
        schema = schema->applied->reference;
    }
    return schema;
}

static bool
has_other_type(const struct schema_check *check, const struct schema *schema)
{
    return schema->refuses_all ||
           (schema->types != 0 && (schema->types & schema_types_of(check->instance)) == 0);
}

/* Schemas of a union are often told apart by a property with a fixed value. */
static bool
has_other_tag(const struct schema_check *check, const struct schema *schema)
{
    if (check->instance.kind != VALUE_OBJECT || schema->objects == NULL)
        return false;
    const struct schema_objects *objects = schema->objects;
    for (uint32_t i = 0; i < objects->member_count; i++) {
        const struct schema *member = objects->members[i].schema;
        if (member == NULL || member->values == NULL)
            continue;
        struct value value = value_find(check->instance, objects->members[i].name);
        if (value.kind == VALUE_STRING && !schema_values_hold(check, member->values, value))
            return true;
    }
    return false;
}

/* The only schema that is worth explaining, NULL if there are several or none. */
static const struct schema *
likely_schema(const struct schema_check *check, const struct schema_list *list)
{
    const struct schema *likely = NULL;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct schema *schema = behind_references(list->items[i]);
        if (has_other_type(check, schema) || has_other_tag(check, schema))
            continue;
        if (likely != NULL)
            return NULL;
        likely = list->items[i];
    }
    return likely;
}

/* The types that the schemas allow, if none allows the value's; else 0. */
static uint8_t
allowed_types(const struct schema_check *check, const struct schema_list *list)
{
    uint8_t types = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct schema *schema = behind_references(list->items[i]);
        if (!has_other_type(check, schema))
            return 0;
        types |= schema->types;
    }
    return types;
}

static void
explain_each(const struct schema_check *check, const struct schema_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (!has_other_type(check, behind_references(list->items[i])))
            apply_here(check, list->items[i], NULL);
    }
}

static bool
fail_all(const struct schema_check *check, const char *keyword, const struct schema_list *list)
{
    if (check->checker->quiet > 0 || check->checker->is_finished)
        return false;
    uint8_t types = allowed_types(check, list);
    const struct schema *likely = likely_schema(check, list);
    if (types != 0) {
        char expected[96];
        struct buffer found;
        schema_fail(check, keyword, "expected %s, found %s", schema_type_words(expected, types),
                    schema_show(&found, check->instance));
        buffer_done(&found);
    } else if (likely != NULL) {
        apply_here(check, likely, NULL);
    } else {
        schema_fail(check, keyword, "none of the %u schemas of \"%s\" holds", list->count, keyword);
        explain_each(check, list);
    }
    return false;
}

/* --- the keywords --- */

static bool
check_all_of(const struct schema_check *check)
{
    const struct schema_list *list = &check->schema->applied->all_of;
    bool is_good = true;
    for (uint32_t i = 0; i < list->count && schema_goes_on(check, is_good); i++)
        is_good &= apply_here(check, list->items[i], check->seen);
    return is_good;
}

static bool
check_any_of(const struct schema_check *check)
{
    const struct schema_list *list = &check->schema->applied->any_of;
    bool holds = false;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!holds || check->seen != NULL)
            holds |= probe_here(check, list->items[i]);
    }
    return holds || fail_all(check, "anyOf", list);
}

static bool
check_one_of(const struct schema_check *check)
{
    const struct schema_list *list = &check->schema->applied->one_of;
    uint32_t first = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!probe_here(check, list->items[i]))
            continue;
        if (first < list->count)
            return schema_fail(check, "oneOf",
                               "schemas %u and %u of \"oneOf\" both hold, expected just one", first,
                               i);
        first = i;
    }
    return first < list->count || fail_all(check, "oneOf", list);
}

static bool
check_not(const struct schema_check *check)
{
    if (!schema_probe(check, check->schema->applied->negated, check->instance, NULL))
        return !check->checker->is_finished;
    if (check->checker->quiet > 0)
        return false;
    struct buffer found;
    schema_fail(check, "not", "the schema of \"not\" holds, and must not; found %s",
                schema_show(&found, check->instance));
    buffer_done(&found);
    return false;
}

static bool
check_condition(const struct schema_check *check)
{
    const struct schema_applied *applied = check->schema->applied;
    bool holds = probe_here(check, applied->condition);
    const struct schema *next = holds ? applied->consequence : applied->alternative;
    return !check->checker->is_finished && (next == NULL || apply_here(check, next, check->seen));
}

static bool
check_dependents(const struct schema_check *check)
{
    const struct schema_applied *applied = check->schema->applied;
    bool is_good = true;
    if (check->instance.kind != VALUE_OBJECT)
        return true;
    for (uint32_t i = 0; i < applied->dependent_count && schema_goes_on(check, is_good); i++) {
        const struct schema_dependent *dependent = &applied->dependents[i];
        if (schema_charge(check, 1) &&
            value_find(check->instance, dependent->name).kind != VALUE_NONE)
            is_good &= apply_here(check, dependent->schema, check->seen);
    }
    return is_good;
}

/* The outermost schema on the way here that has a dynamic anchor of that name. */
static const struct schema *
dynamic_target(const struct schema_check *check)
{
    const struct schema_applied *applied = check->schema->applied;
    const struct schema *target = applied->dynamic;
    if (applied->dynamic_name.ptr == NULL)
        return target;
    for (const struct schema_scope *at = check->checker->scope; at != NULL; at = at->outer) {
        const struct schema_anchor *anchor = at->resource->anchors;
        for (; anchor != NULL && schema_charge(check, 1); anchor = anchor->next) {
            if (anchor->is_dynamic && slice_equal(anchor->name, applied->dynamic_name))
                target = anchor->schema;
        }
    }
    return target;
}

bool
schema_check_applied(const struct schema_check *check)
{
    const struct schema_applied *applied = check->schema->applied;
    bool is_good = true;
    if (applied->reference != NULL)
        is_good = apply_here(check, applied->reference, check->seen);
    if (applied->dynamic != NULL && schema_goes_on(check, is_good))
        is_good &= apply_here(check, dynamic_target(check), check->seen);
    if (applied->all_of.count > 0 && schema_goes_on(check, is_good))
        is_good &= check_all_of(check);
    if (applied->any_of.count > 0 && schema_goes_on(check, is_good))
        is_good &= check_any_of(check);
    if (applied->one_of.count > 0 && schema_goes_on(check, is_good))
        is_good &= check_one_of(check);
    if (applied->negated != NULL && schema_goes_on(check, is_good))
        is_good &= check_not(check);
    if (applied->condition != NULL && schema_goes_on(check, is_good))
        is_good &= check_condition(check);
    if (applied->dependent_count > 0 && schema_goes_on(check, is_good))
        is_good &= check_dependents(check);
    return is_good;
}
