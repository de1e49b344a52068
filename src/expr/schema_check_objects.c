#include "expr/schema_check.h"

#include "base/hash.h"

#include <inttypes.h>

/* Names beyond this many bytes cost steps by their length. */
#define LONG_NAME_BYTES 64

static const char *
plural(int64_t count)
{
    return count == 1 ? "y" : "ies";
}

static bool
check_count(const struct schema_check *check)
{
    const struct schema_range *count = &check->schema->objects->count;
    int64_t found = check->instance.count;
    if (found < count->low)
        return schema_fail(check, "minProperties",
                           "expected at least %" PRId64 " propert%s, found %" PRId64, count->low,
                           plural(count->low), found);
    if (count->high >= 0 && found > count->high)
        return schema_fail(check, "maxProperties",
                           "expected at most %" PRId64 " propert%s, found %" PRId64, count->high,
                           plural(count->high), found);
    return true;
}

/* --- declared names --- */

/* Objects tend to have their names in the order of the schema, so `guess` is tried first. */
static const struct schema_member *
find_declared(const struct schema_objects *objects, struct slice name, uint32_t guess)
{
    if (guess < objects->member_count && slice_equal(objects->members[guess].name, name))
        return &objects->members[guess];
    if (objects->slots == NULL) {
        for (uint32_t i = 0; i < objects->member_count; i++) {
            if (slice_equal(objects->members[i].name, name))
                return &objects->members[i];
        }
        return NULL;
    }
    uint32_t mask = objects->slot_count - 1;
    uint32_t slot = (uint32_t)hash_bytes(name, (uintptr_t)objects) & mask;
    for (; objects->slots[slot] != 0; slot = (slot + 1) & mask) {
        const struct schema_member *member = &objects->members[objects->slots[slot] - 1];
        if (slice_equal(member->name, name))
            return member;
    }
    return NULL;
}

/* The declared name that is most like it, in the arena; NULL if none is. */
static const char *
similar_name(const struct schema_objects *objects, struct slice name, struct arena *arena)
{
    const char *names[SCHEMA_SIMILAR_MAX];
    if (objects->member_count > SCHEMA_SIMILAR_MAX)
        return NULL;
    for (uint32_t i = 0; i < objects->member_count; i++)
        names[i] = arena_copy(arena, slice_cut(objects->members[i].name, SCHEMA_LIST_BYTES)).ptr;
    return slice_nearest(slice_cut(name, SCHEMA_LIST_BYTES), names, objects->member_count);
}

bool
schema_fail_undeclared(const struct schema_check *check, const char *keyword, struct slice name)
{
    if (check->checker->quiet > 0 || check->checker->is_finished)
        return false;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    const char *nearest = similar_name(check->schema->objects, name, &arena);
    schema_fail(check, keyword, "the property \"%.*s\" is not declared%s%s%s",
                SLICE_FORMAT(slice_cut(name, SCHEMA_LIST_BYTES / 2)),
                nearest == NULL ? "" : ", did you mean \"", nearest == NULL ? "" : nearest,
                nearest == NULL ? "" : "\"?");
    arena_done(&arena);
    return false;
}

/* --- members --- */

static bool
apply_to_member(const struct schema_check *check, const struct schema *schema,
                const struct member *member)
{
    struct schema_place place = {.parent = check->place, .name = value_slice(member->key)};
    return schema_apply(check->checker, schema, member->value, &place, NULL);
}

static bool
check_name(const struct schema_check *check, const struct member *member)
{
    struct schema_place place = {
        .parent = check->place, .name = value_slice(member->key), .is_name = true};
    return schema_apply(check->checker, check->schema->objects->names, member->key, &place, NULL);
}

/* patternProperties; *is_known when one of them matches. */
static bool
check_patterns(const struct schema_check *check, const struct member *member, bool *is_known)
{
    const struct schema_objects *objects = check->schema->objects;
    bool is_good = true;
    for (uint32_t i = 0; i < objects->pattern_count && schema_goes_on(check, is_good); i++) {
        const struct schema_pattern_member *pattern = &objects->patterns[i];
        if (!schema_find_pattern(check, pattern->pattern, value_slice(member->key)))
            continue;
        *is_known = true;
        is_good &= apply_to_member(check, pattern->schema, member);
    }
    return is_good;
}

/* One member under all keywords that speak of members. */
static bool
check_member(const struct schema_check *check, uint32_t index, const struct schema_member *declared)
{
    const struct schema_objects *objects = check->schema->objects;
    const struct member *member = &value_members(check->instance)[index];
    bool is_known = declared != NULL && declared->schema != NULL;
    bool is_good = true;
    if (is_known)
        is_good = apply_to_member(check, declared->schema, member);
    if (objects->pattern_count > 0 && schema_goes_on(check, is_good))
        is_good &= check_patterns(check, member, &is_known);
    if (!is_known && objects->additional != NULL && schema_goes_on(check, is_good)) {
        is_known = true;
        if (objects->additional->refuses_all)
            is_good =
                schema_fail_undeclared(check, "additionalProperties", value_slice(member->key));
        else
            is_good &= apply_to_member(check, objects->additional, member);
    }
    if (objects->names != NULL && schema_goes_on(check, is_good))
        is_good &= check_name(check, member);
    if (is_known)
        schema_seen_mark(check->seen, index);
    return is_good;
}

static bool
fail_required(const struct schema_check *check)
{
    const struct schema_objects *objects = check->schema->objects;
    for (uint32_t i = 0; i < objects->member_count && check->checker->quiet == 0; i++) {
        const struct schema_member *member = &objects->members[i];
        if (member->is_required && value_find(check->instance, member->name).kind == VALUE_NONE)
            schema_fail(check, "required", "the property \"%.*s\" is required and missing",
                        SLICE_FORMAT(slice_cut(member->name, SCHEMA_LIST_BYTES)));
    }
    return false;
}

/* One pass for all: an object has each name once, so that required ones can be counted. */
static bool
check_members(const struct schema_check *check)
{
    const struct schema_objects *objects = check->schema->objects;
    uint32_t required_left = objects->required_count;
    if (check->instance.count < required_left && check->checker->quiet > 0)
        return false;
    uint32_t guess = 0;
    bool is_good = schema_charge(check, check->instance.count);
    for (uint32_t i = 0; i < check->instance.count && schema_goes_on(check, is_good); i++) {
        struct slice name = value_slice(value_members(check->instance)[i].key);
        if (name.size > LONG_NAME_BYTES && !schema_charge(check, name.size / LONG_NAME_BYTES))
            return false;
        const struct schema_member *declared = find_declared(objects, name, guess);
        if (declared != NULL) {
            guess = (uint32_t)(declared - objects->members) + 1;
            required_left -= declared->is_required;
        }
        is_good &= check_member(check, i, declared);
    }
    if (required_left > 0 && schema_goes_on(check, is_good))
        is_good = fail_required(check);
    return is_good;
}

/* --- dependentRequired --- */

static bool
check_dependent(const struct schema_check *check, const struct schema_dependent *dependent)
{
    bool is_good = true;
    if (value_find(check->instance, dependent->name).kind == VALUE_NONE)
        return true;
    for (uint32_t i = 0; i < dependent->required.count && schema_goes_on(check, is_good); i++) {
        struct slice name = value_slice(value_items(dependent->required)[i]);
        if (value_find(check->instance, name).kind == VALUE_NONE)
            is_good = schema_fail(check, "dependentRequired",
                                  "the property \"%.*s\" is required beside \"%.*s\", and missing",
                                  SLICE_FORMAT(slice_cut(name, SCHEMA_LIST_BYTES / 2)),
                                  SLICE_FORMAT(slice_cut(dependent->name, SCHEMA_LIST_BYTES / 2)));
    }
    return is_good;
}

static bool
check_dependents(const struct schema_check *check)
{
    const struct schema_objects *objects = check->schema->objects;
    bool is_good = true;
    for (uint32_t i = 0; i < objects->dependent_count && schema_goes_on(check, is_good); i++) {
        if (schema_charge(check, 1 + objects->dependents[i].required.count))
            is_good &= check_dependent(check, &objects->dependents[i]);
    }
    return is_good;
}

bool
schema_check_objects(const struct schema_check *check)
{
    bool is_good = check_count(check);
    if (schema_goes_on(check, is_good))
        is_good &= check_members(check);
    if (schema_goes_on(check, is_good))
        is_good &= check_dependents(check);
    return is_good;
}

bool
schema_check_unevaluated_members(const struct schema_check *check)
{
    const struct schema *schema = check->schema->objects->unevaluated;
    bool is_good = true;
    for (uint32_t i = 0; i < check->instance.count && schema_goes_on(check, is_good); i++) {
        const struct member *member = &value_members(check->instance)[i];
        if (schema_seen_has(check->seen, i))
            continue;
        if (schema->refuses_all)
            is_good =
                schema_fail_undeclared(check, "unevaluatedProperties", value_slice(member->key));
        else
            is_good &= apply_to_member(check, schema, member);
    }
    check->seen->has_all = true;
    return is_good;
}
