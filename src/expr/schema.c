#include "expr/schema_parts.h"

#include <assert.h>
#include <stdio.h>

/* Of the place of a finding. */
#define PLACE_BYTES 200
/* References that are looked through, one behind the other. */
#define REFERENCES_MAX 16

static const struct schema *
next_reference(const struct schema *schema)
{
    return schema->applied == NULL ? NULL : schema->applied->reference;
}

/* Itself, or the schema behind its references that declares properties. */
static const struct schema *
with_properties(const struct schema *schema)
{
    const struct schema *at = schema;
    for (int i = 0; i < REFERENCES_MAX && at != NULL; i++) {
        const struct schema_objects *objects = at->objects;
        if (objects != NULL && (objects->properties.count > 0 || objects->additional != NULL))
            return at;
        at = next_reference(at);
    }
    return schema;
}

const struct schema *
schema_property(const struct schema *schema, struct slice name)
{
    const struct schema_objects *objects = with_properties(schema)->objects;
    for (size_t i = 0; objects != NULL && i < objects->properties.count; i++) {
        if (slice_equal(objects->members[i].name, name))
            return objects->members[i].schema;
    }
    return NULL;
}

bool
schema_is_closed(const struct schema *schema)
{
    const struct schema_objects *objects = with_properties(schema)->objects;
    return objects != NULL && objects->additional != NULL && objects->additional->refuses_all &&
           objects->pattern_count == 0;
}

struct value
schema_keyword(const struct schema *schema, const char *keyword)
{
    struct value found = {.kind = VALUE_NONE};
    for (int i = 0; i < REFERENCES_MAX && schema != NULL && found.kind == VALUE_NONE; i++) {
        found = value_get(*schema->source, keyword);
        schema = next_reference(schema);
    }
    return found;
}

size_t
schema_property_count(const struct schema *schema)
{
    const struct schema_objects *objects = with_properties(schema)->objects;
    return objects == NULL ? 0 : objects->properties.count;
}

struct value
schema_property_name(const struct schema *schema, size_t index)
{
    const struct schema_objects *objects = with_properties(schema)->objects;
    assert(objects != NULL && index < objects->properties.count);
    return value_members(objects->properties)[index].key;
}

void
schema_keep_first(const char *instance_path, const char *schema_path, const char *words,
                  void *context)
{
    struct error *error = context;
    char place[PLACE_BYTES];
    if (error->status != STATUS_OK)
        return;
    snprintf(place, sizeof(place), "%s", instance_path);
    for (char *at = place; *at != '\0'; at++)
        *at = *at == '/' ? '.' : *at;
    error_set(error, STATUS_INVALID, "%s: %s", place, words);
}
