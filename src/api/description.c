#include "api/description.h"

#include "api/openapi.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "expr/schema.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The text as values, and its schemas compiled. */
#define DESCRIPTION_BYTES MIB(8)

struct description {
    const struct route_table *table;
    struct arena arena;
    struct value text;
    const struct schema **bodies; /* by route; NULL: it takes no JSON */
};

static void
tell_finding(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    fprintf(stderr, "api.yaml: %s: %s\n", schema_path, words);
}

/* One schema in which every body that a route takes is a property of its own. */
static const struct schema *
compile_bodies(struct description *description)
{
    struct arena *arena = &description->arena;
    struct value bodies = value_empty_object();
    for (size_t i = 0; i < description->table->count; i++) {
        const char *name = description->table->routes[i].takes;
        if (name == NULL || value_get(bodies, name).kind != VALUE_NONE)
            continue;
        struct member reference = {value_text("$ref"),
                                   value_text(arena_format(arena, "#/$defs/%s", name))};
        bodies = value_object_set(arena, bodies, value_text(name),
                                  value_object_new(arena, &reference, 1));
    }
    struct member members[] = {
        {value_text("$defs"), value_get(description->text, "schemas")},
        {value_text("properties"), bodies},
    };
    struct schema *schema = NULL;
    struct value source = value_object_new(arena, members, COUNT_OF(members));
    enum status status = schema_compile(&schema, arena, source, tell_finding, NULL);
    assert(status == STATUS_OK);
    return schema;
}

struct description *
description_new(const struct route_table *table, struct slice yaml)
{
    struct description *description = mem_alloc(sizeof(*description));
    struct located *located = NULL;
    struct error error = {0};
    description->table = table;
    arena_init(&description->arena, DESCRIPTION_BYTES);
    enum status status = yaml_load(&located, &description->arena, yaml, NULL, &error);
    if (status != STATUS_OK)
        fprintf(stderr, "api.yaml: %s\n", error.text);
    assert(status == STATUS_OK);
    description->text = located->value;
    const struct schema *schema = compile_bodies(description);
    description->bodies = mem_alloc_array(table->count, sizeof(*description->bodies));
    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->routes[i].takes;
        description->bodies[i] = name == NULL ? NULL : schema_property(schema, slice_text(name));
        assert(name == NULL || description->bodies[i] != NULL);
    }
    return description;
}

void
description_free(struct description **description)
{
    if (*description == NULL)
        return;
    arena_done(&(*description)->arena);
    mem_free((*description)->bodies);
    mem_free(*description);
    *description = NULL;
}

const struct schema *
description_body(const struct description *description, const struct route *route)
{
    return description->bodies[route - description->table->routes];
}

struct value
description_openapi(const struct description *description, struct slice server_url,
                    struct arena *arena)
{
    return openapi_make(description->table, description->text, server_url, arena);
}
