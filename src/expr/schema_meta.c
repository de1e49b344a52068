#include "base/embedded.h"
#include "base/json.h"
#include "expr/schema_compile.h"

#include <assert.h>

#define META "https://json-schema.org/draft/2020-12/"

/* Made from metaschema.json. */
extern const struct embedded_file metaschema_files[];

struct schema_resource *
schema_find_metaschema(struct schema_compiler *compiler, struct slice uri)
{
    if (!slice_starts_with(uri, SLICE(META)) || compiler->has_metaschema)
        return NULL;
    compiler->has_metaschema = true;
    const char *text = embedded_find(metaschema_files, SLICE("metaschema.json"));
    assert(text != NULL);
    struct value *root = arena_alloc(compiler->arena, sizeof(*root));
    if (json_parse(root, compiler->arena, slice_text(text), JSON_BORROW, NULL, NULL) != STATUS_OK)
        return NULL;
    struct schema_resource *resource = arena_alloc(compiler->arena, sizeof(*resource));
    resource->uri = SLICE("");
    schema_compile_at(compiler, root, META "schema#", resource);
    return schema_find_resource(compiler, uri);
}
