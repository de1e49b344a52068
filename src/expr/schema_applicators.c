#include "expr/schema_compile.h"

#include "base/hash.h"

#include <stdio.h>

/* Objects with more declared names than this get an index. */
#define MEMBERS_LINEAR_MAX 8

static struct schema *
compile_child(const struct schema_keyword_at *at, const struct value *source, struct slice name)
{
    const char *path = schema_path_join(at->compiler->arena, at->path, name);
    return schema_compile_at(at->compiler, source, path, at->schema->resource);
}

static struct schema *
compile_one(const struct schema_keyword_at *at)
{
    return schema_compile_at(at->compiler, at->value, at->path, at->schema->resource);
}

static void
compile_list(const struct schema_keyword_at *at, struct schema_list *list)
{
    if (at->value->kind != VALUE_ARRAY || at->value->count == 0) {
        schema_complain_at(at, "expected a list of at least one schema");
        return;
    }
    list->items = schema_room(at, at->value->count, sizeof(struct schema *));
    for (uint32_t i = 0; list->items != NULL && i < at->value->count; i++) {
        char index[16];
        snprintf(index, sizeof(index), "%u", i);
        list->items[i] = compile_child(at, &value_items(*at->value)[i], slice_text(index));
        list->count = i + 1;
    }
}

static bool
is_object_of_schemas(const struct schema_keyword_at *at)
{
    if (at->value->kind == VALUE_OBJECT)
        return true;
    schema_complain_at(at, "expected an object of schemas, found %s", value_kind_name(*at->value));
    return false;
}

/* --- to the same value --- */

void
schema_keyword_all_of(const struct schema_keyword_at *at)
{
    compile_list(at, &schema_need_applied(at)->all_of);
}

void
schema_keyword_any_of(const struct schema_keyword_at *at)
{
    compile_list(at, &schema_need_applied(at)->any_of);
}

void
schema_keyword_one_of(const struct schema_keyword_at *at)
{
    compile_list(at, &schema_need_applied(at)->one_of);
}

void
schema_keyword_not(const struct schema_keyword_at *at)
{
    schema_need_applied(at)->negated = compile_one(at);
}

void
schema_keyword_if(const struct schema_keyword_at *at)
{
    schema_need_applied(at)->condition = compile_one(at);
}

void
schema_keyword_then(const struct schema_keyword_at *at)
{
    schema_need_applied(at)->consequence = compile_one(at);
}

void
schema_keyword_else(const struct schema_keyword_at *at)
{
    schema_need_applied(at)->alternative = compile_one(at);
}

void
schema_keyword_dependent_schemas(const struct schema_keyword_at *at)
{
    if (!is_object_of_schemas(at))
        return;
    struct schema_applied *applied = schema_need_applied(at);
    applied->dependents = schema_room(at, at->value->count, sizeof(*applied->dependents));
    for (uint32_t i = 0; applied->dependents != NULL && i < at->value->count; i++) {
        const struct member *member = &value_members(*at->value)[i];
        struct slice name = value_slice(member->key);
        applied->dependents[i] = (struct schema_dependent){
            .name = name, .schema = compile_child(at, &member->value, name)};
        applied->dependent_count = i + 1;
    }
}

/* --- to items --- */

void
schema_keyword_prefix_items(const struct schema_keyword_at *at)
{
    compile_list(at, &schema_need_arrays(at)->prefix);
}

void
schema_keyword_items(const struct schema_keyword_at *at)
{
    if (at->value->kind == VALUE_ARRAY)
        schema_complain(at->compiler, STATUS_UNSUPPORTED, at->path,
                        "a list of schemas is of an older dialect: write \"prefixItems\" for the "
                        "list, and \"items\" with one schema for all items behind it");
    else
        schema_need_arrays(at)->items = compile_one(at);
}

void
schema_keyword_contains(const struct schema_keyword_at *at)
{
    schema_need_arrays(at)->contains = compile_one(at);
}

void
schema_keyword_unevaluated_items(const struct schema_keyword_at *at)
{
    schema_need_arrays(at)->unevaluated = compile_one(at);
}

/* --- to properties --- */

static struct schema_member *
find_member(struct schema_objects *objects, struct slice name)
{
    uint32_t slot = (uint32_t)hash_bytes(name, (uintptr_t)objects);
    for (;; slot++) {
        uint32_t place = objects->slots[slot & (objects->slot_count - 1)];
        if (place == 0) {
            objects->slots[slot & (objects->slot_count - 1)] = objects->member_count + 1;
            struct schema_member *member = &objects->members[objects->member_count++];
            member->name = name;
            return member;
        }
        if (slice_equal(objects->members[place - 1].name, name))
            return &objects->members[place - 1];
    }
}

static void
add_properties(const struct schema_keyword_at *at, struct schema_objects *objects)
{
    objects->properties = *at->value;
    for (uint32_t i = 0; i < at->value->count; i++) {
        const struct member *member = &value_members(*at->value)[i];
        struct slice name = value_slice(member->key);
        find_member(objects, name)->schema = compile_child(at, &member->value, name);
    }
}

static void
add_required(const struct schema_keyword_at *at, struct schema_objects *objects)
{
    for (uint32_t i = 0; i < at->value->count; i++) {
        struct slice name = value_slice(value_items(*at->value)[i]);
        struct schema_member *member = find_member(objects, name);
        if (member->is_required)
            schema_complain_at(at, "\"%.*s\" is there twice", SLICE_FORMAT(slice_cut(name, 64)));
        objects->required_count += !member->is_required;
        member->is_required = true;
    }
}

static bool
is_list_of_names(struct value value)
{
    bool is_good = value.kind == VALUE_ARRAY;
    for (uint32_t i = 0; is_good && i < value.count; i++)
        is_good = value_items(value)[i].kind == VALUE_STRING;
    return is_good;
}

/* The sibling keyword of that name; its value is NULL if it is absent. */
static struct schema_keyword_at
sibling(const struct schema_keyword_at *at, const char *name)
{
    struct schema_keyword_at found = {.compiler = at->compiler, .schema = at->schema};
    const struct value *source = at->schema->source;
    for (uint32_t i = 0; i < source->count; i++) {
        if (slice_is(value_slice(value_members(*source)[i].key), name))
            found.value = &value_members(*source)[i].value;
    }
    found.path = schema_path_join(at->compiler->arena, at->schema->path, slice_text(name));
    return found;
}

static bool
make_member_slots(const struct schema_keyword_at *at, struct schema_objects *objects,
                  uint32_t count)
{
    uint32_t slot_count = 16;
    while (slot_count < count * 2)
        slot_count *= 2;
    objects->slot_count = slot_count;
    objects->slots = schema_room(at, slot_count, sizeof(*objects->slots));
    objects->members = schema_room(at, count, sizeof(*objects->members));
    return objects->slots != NULL && objects->members != NULL;
}

/* Either of the two keywords comes here; the first does the work of both. */
void
schema_keyword_members(const struct schema_keyword_at *at)
{
    struct schema_objects *objects = schema_need_objects(at);
    if (objects->slot_count > 0)
        return;
    struct schema_keyword_at properties = sibling(at, "properties");
    struct schema_keyword_at required = sibling(at, "required");
    bool has_properties = properties.value != NULL && is_object_of_schemas(&properties);
    bool has_required = required.value != NULL && is_list_of_names(*required.value);
    if (required.value != NULL && !has_required)
        schema_complain_at(&required, "expected a list of property names");
    uint32_t count = has_properties ? properties.value->count : 0;
    count += has_required ? required.value->count : 0;
    if (!make_member_slots(at, objects, count))
        return;
    if (has_properties)
        add_properties(&properties, objects);
    if (has_required)
        add_required(&required, objects);
    if (objects->member_count <= MEMBERS_LINEAR_MAX)
        objects->slots = NULL;
}

void
schema_keyword_pattern_properties(const struct schema_keyword_at *at)
{
    if (!is_object_of_schemas(at))
        return;
    struct schema_objects *objects = schema_need_objects(at);
    objects->patterns = schema_room(at, at->value->count, sizeof(*objects->patterns));
    for (uint32_t i = 0; objects->patterns != NULL && i < at->value->count; i++) {
        const struct member *member = &value_members(*at->value)[i];
        struct slice text = value_slice(member->key);
        char message[SCHEMA_TEXT_BYTES / 2];
        struct schema_pattern *pattern =
            schema_pattern_new(at->compiler->arena, text, message, sizeof(message));
        if (pattern == NULL)
            schema_complain(at->compiler, STATUS_INVALID,
                            schema_path_join(at->compiler->arena, at->path, text), "%s", message);
        objects->patterns[i] =
            (struct schema_pattern_member){pattern, compile_child(at, &member->value, text)};
        objects->pattern_count = i + 1;
    }
}

void
schema_keyword_additional_properties(const struct schema_keyword_at *at)
{
    schema_need_objects(at)->additional = compile_one(at);
}

void
schema_keyword_property_names(const struct schema_keyword_at *at)
{
    schema_need_objects(at)->names = compile_one(at);
}

void
schema_keyword_unevaluated_properties(const struct schema_keyword_at *at)
{
    schema_need_objects(at)->unevaluated = compile_one(at);
}

void
schema_keyword_dependent_required(const struct schema_keyword_at *at)
{
    bool is_good = at->value->kind == VALUE_OBJECT;
    for (uint32_t i = 0; is_good && i < at->value->count; i++)
        is_good = is_list_of_names(value_members(*at->value)[i].value);
    if (!is_good) {
        schema_complain_at(at, "expected an object of lists of property names");
        return;
    }
    struct schema_objects *objects = schema_need_objects(at);
    objects->dependents = schema_room(at, at->value->count, sizeof(*objects->dependents));
    for (uint32_t i = 0; objects->dependents != NULL && i < at->value->count; i++) {
        const struct member *member = &value_members(*at->value)[i];
        objects->dependents[i] =
            (struct schema_dependent){.name = value_slice(member->key), .required = member->value};
        objects->dependent_count = i + 1;
    }
}

/* --- to nothing --- */

void
schema_keyword_defs(const struct schema_keyword_at *at)
{
    if (!is_object_of_schemas(at))
        return;
    for (uint32_t i = 0; i < at->value->count; i++) {
        const struct member *member = &value_members(*at->value)[i];
        compile_child(at, &member->value, value_slice(member->key));
    }
}

void
schema_keyword_content_schema(const struct schema_keyword_at *at)
{
    compile_one(at);
}
