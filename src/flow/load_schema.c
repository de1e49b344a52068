#include "flow/load.h"

/* The way of the schema validator to a problem of this file. */
struct schema_scope {
    struct loader *loader;
    struct spot root;
};

static void
note_problem(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    const struct schema_scope *scope = context;
    struct spot spot = spot_at_pointer(scope->loader->scratch, scope->root, schema_path);
    load_problem_at_key(scope->loader, spot, NULL, "%s", words);
}

struct schema *
load_schema(struct loader *loader, struct spot spot)
{
    struct schema *schema = NULL;
    if (!load_is_kind(loader, spot, VALUE_OBJECT, "a JSON Schema (an object)"))
        return NULL;
    struct schema_scope scope = {.loader = loader, .root = spot};
    /* Each finding is a problem already. */
    status_ignore(schema_compile(&schema, loader->arena, spot.at->value, note_problem, &scope));
    return schema;
}
