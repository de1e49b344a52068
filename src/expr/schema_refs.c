#include "expr/schema_compile.h"

#include "base/mem.h"
#include "expr/schema_format.h"

/* --- ids and anchors --- */

struct schema_resource *
schema_find_resource(const struct schema_compiler *compiler, struct slice uri)
{
    return schema_names_find(&compiler->names, NULL, uri);
}

static bool
is_reference(struct value value)
{
    return value.kind == VALUE_STRING && schema_is_uri_reference(value_slice(value));
}

static void
begin_resource(struct schema_compiler *compiler, struct schema *schema, struct slice uri)
{
    struct schema_resource *resource = schema->resource;
    if (resource->root != NULL)
        resource = arena_alloc(compiler->arena, sizeof(*resource));
    resource->uri = uri;
    resource->root = schema;
    schema->resource = resource;
    schema_names_add(&compiler->names, NULL, uri, resource);
}

/* The resource of an $id; false after a complaint. */
static bool
begin_identified(struct schema_compiler *compiler, struct schema *schema, struct value id)
{
    const char *path = schema_path_join(compiler->arena, schema->path, SLICE("$id"));
    struct slice fragment = slice_of(NULL, 0);
    struct slice uri = slice_of(NULL, 0);
    if (!is_reference(id)) {
        schema_complain(compiler, STATUS_INVALID, path, "expected a URI");
        return false;
    }
    uri = schema_uri_resolve(compiler->arena, schema->resource->uri, value_slice(id), &fragment);
    if (uri.ptr == NULL)
        schema_complain(compiler, STATUS_LIMIT, path, "the URI is too long");
    else if (fragment.size > 0)
        schema_complain(compiler, STATUS_INVALID, path,
                        "an $id has no fragment: write \"$anchor\": \"%.*s\"",
                        SLICE_FORMAT(slice_cut(fragment, 64)));
    else if (schema_find_resource(compiler, uri) != NULL)
        schema_complain(compiler, STATUS_INVALID, path, "another schema has the id \"%.*s\"",
                        SLICE_FORMAT(slice_cut(uri, 200)));
    else
        begin_resource(compiler, schema, uri);
    return schema->resource->root == schema;
}

void
schema_read_id(struct schema_compiler *compiler, struct schema *schema)
{
    struct value id = value_get(*schema->source, "$id");
    if (id.kind != VALUE_NONE && begin_identified(compiler, schema, id))
        return;
    if (schema->resource->root == NULL)
        begin_resource(compiler, schema, SLICE(""));
}

static bool
is_anchor_name(struct slice name)
{
    bool is_good = schema_is_alpha(schema_byte(name, 0)) || schema_byte(name, 0) == '_';
    for (size_t i = 1; is_good && i < name.size; i++) {
        char byte = name.ptr[i];
        is_good = schema_is_alpha(byte) || schema_is_digit(byte) ||
                  (byte != '\0' && strchr("_-.", byte) != NULL);
    }
    return is_good;
}

static void
add_anchor(const struct schema_keyword_at *at, bool is_dynamic)
{
    if (at->value->kind != VALUE_STRING || !is_anchor_name(value_slice(*at->value))) {
        schema_complain_at(at, "expected a name of letters, digits, \"-\", \"_\" and \".\" that "
                               "begins with a letter or \"_\"");
        return;
    }
    struct slice name = value_slice(*at->value);
    struct schema_resource *resource = at->schema->resource;
    struct schema_names *names = &at->compiler->names;
    if (schema_names_find(names, resource, name) != NULL) {
        schema_complain_at(at, "another schema has the anchor \"%.*s\"",
                           SLICE_FORMAT(slice_cut(name, 200)));
        return;
    }
    struct schema_anchor *anchor = arena_alloc(at->compiler->arena, sizeof(*anchor));
    *anchor = (struct schema_anchor){name, at->schema, is_dynamic, resource->anchors};
    resource->anchors = anchor;
    schema_names_add(names, resource, name, anchor);
}

void
schema_keyword_anchor(const struct schema_keyword_at *at)
{
    add_anchor(at, false);
}

void
schema_keyword_dynamic_anchor(const struct schema_keyword_at *at)
{
    add_anchor(at, true);
}

/* --- references --- */

static void
add_reference(const struct schema_keyword_at *at, bool is_dynamic)
{
    if (!is_reference(*at->value)) {
        schema_complain_at(at, at->value->kind == VALUE_NULL
                                   ? "expected a reference, found null (in YAML, quote what begins "
                                     "with #)"
                                   : "expected a reference, such as \"#/$defs/name\"");
        return;
    }
    struct schema_reference *reference = arena_alloc(at->compiler->arena, sizeof(*reference));
    reference->from = at->schema;
    reference->path = at->path;
    reference->text = value_slice(*at->value);
    reference->is_dynamic = is_dynamic;
    reference->next = at->compiler->references;
    at->compiler->references = reference;
    schema_need_applied(at);
}

void
schema_keyword_ref(const struct schema_keyword_at *at)
{
    add_reference(at, false);
}

void
schema_keyword_dynamic_ref(const struct schema_keyword_at *at)
{
    add_reference(at, true);
}

/* In place, for text that is known to be well-formed. */
static struct slice
decode_percent(struct slice text)
{
    char *to = (char *)text.ptr;
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.ptr[i];
        if (byte == '%') {
            byte =
                (char)(schema_hex_value(text.ptr[i + 1]) << 4 | schema_hex_value(text.ptr[i + 2]));
            i += 2;
        }
        to[size++] = byte;
    }
    return slice_of(to, size);
}

/* A walk along a JSON pointer. */
struct walk {
    struct schema_compiler *compiler;
    const struct value *at;
    struct schema_resource *resource; /* of the innermost schema so far */
    const char *path;
};

static const struct value *
find_child(const struct value *at, struct slice name)
{
    if (at->kind == VALUE_OBJECT) {
        const struct member *member = value_find_member(*at, name);
        return member == NULL ? NULL : &member->value;
    }
    int64_t index = -1;
    bool is_index = slice_parse_int64(name, &index) && (name.size == 1 || name.ptr[0] != '0');
    if (at->kind != VALUE_ARRAY || !is_index || index < 0 || index >= at->count)
        return NULL;
    return &value_items(*at)[index];
}

/* The next name of the pointer, without its escapes, in the arena. */
static struct slice
take_name(struct schema_compiler *compiler, struct slice *pointer)
{
    size_t end = 1;
    while (end < pointer->size && pointer->ptr[end] != '/')
        end++;
    struct slice name = arena_copy(compiler->arena, slice_of(pointer->ptr + 1, end - 1));
    *pointer = slice_of(pointer->ptr + end, pointer->size - end);
    if (name.ptr == NULL)
        return SLICE("");
    char *to = (char *)name.ptr;
    size_t size = 0;
    for (size_t i = 0; i < name.size; i++) {
        bool is_escape = name.ptr[i] == '~' && i + 1 < name.size;
        to[size++] = !is_escape ? name.ptr[i] : name.ptr[i + 1] == '1' ? '/' : '~';
        i += is_escape;
    }
    return slice_of(to, size);
}

static const char *
nearest_child(struct schema_compiler *compiler, const struct value *at, struct slice wrong)
{
    if (at->kind != VALUE_OBJECT || at->count > SCHEMA_SIMILAR_MAX || !schema_shows_more(compiler))
        return NULL;
    const char **names = mem_alloc_array(at->count + 1, sizeof(*names));
    for (uint32_t i = 0; i < at->count; i++) {
        struct slice name = slice_cut(value_slice(value_members(*at)[i].key), 100);
        names[i] = arena_format(compiler->arena, "%.*s", SLICE_FORMAT(name));
    }
    const char *nearest = slice_nearest(wrong, names, at->count);
    mem_free(names);
    return nearest;
}

static struct schema *
follow_pointer(struct walk *walk, const struct schema_reference *reference, struct slice pointer)
{
    while (pointer.size > 0) {
        struct slice name = take_name(walk->compiler, &pointer);
        const struct value *child = find_child(walk->at, name);
        if (child == NULL) {
            const char *nearest = nearest_child(walk->compiler, walk->at, name);
            schema_complain(walk->compiler, STATUS_INVALID, reference->path,
                            "\"%.*s\" leads nowhere: there is no \"%.*s\" at \"%s\"%s",
                            SLICE_FORMAT(slice_cut(reference->text, 100)),
                            SLICE_FORMAT(slice_cut(name, 60)), walk->path,
                            schema_did_you_mean(walk->compiler, nearest));
            return NULL;
        }
        walk->at = child;
        walk->path = schema_path_join(walk->compiler->arena, walk->path, name);
        struct schema *schema = schema_compiled(walk->compiler, child);
        if (schema != NULL)
            walk->resource = schema->resource;
    }
    return schema_compile_at(walk->compiler, walk->at, walk->path, walk->resource);
}

static struct schema *
follow_anchor(struct schema_compiler *compiler, const struct schema_reference *reference,
              const struct schema_resource *resource, struct slice name)
{
    struct schema_anchor *anchor = schema_names_find(&compiler->names, resource, name);
    if (anchor == NULL) {
        schema_complain(compiler, STATUS_INVALID, reference->path,
                        "\"%.*s\" leads nowhere: there is no $anchor \"%.*s\"",
                        SLICE_FORMAT(slice_cut(reference->text, 100)),
                        SLICE_FORMAT(slice_cut(name, 60)));
        return NULL;
    }
    if (reference->is_dynamic && anchor->is_dynamic)
        reference->from->applied->dynamic_name = anchor->name;
    return anchor->schema;
}

static struct schema *
find_target(struct schema_compiler *compiler, const struct schema_reference *reference)
{
    struct slice fragment;
    struct slice uri = schema_uri_resolve(compiler->arena, reference->from->resource->uri,
                                          reference->text, &fragment);
    struct schema_resource *resource = uri.ptr == NULL ? NULL : schema_find_resource(compiler, uri);
    if (resource == NULL && uri.ptr != NULL)
        resource = schema_find_metaschema(compiler, uri);
    if (resource == NULL) {
        schema_complain(compiler, STATUS_UNSUPPORTED, reference->path,
                        "\"%.*s\" is not in this document, and references to other documents are "
                        "not supported: put the schema under \"$defs\"",
                        SLICE_FORMAT(slice_cut(reference->text, 200)));
        return NULL;
    }
    fragment = decode_percent(fragment);
    if (fragment.size == 0)
        return resource->root;
    if (fragment.ptr[0] != '/')
        return follow_anchor(compiler, reference, resource, fragment);
    struct walk walk = {compiler, resource->root->source, resource, resource->root->path};
    return follow_pointer(&walk, reference, fragment);
}

/* In written order; what is compiled on the way may bring more. */
void
schema_follow_references(struct schema_compiler *compiler)
{
    while (compiler->references != NULL) {
        struct schema_reference *first = NULL;
        for (struct schema_reference *at = compiler->references, *next; at != NULL; at = next) {
            next = at->next;
            at->next = first;
            first = at;
        }
        compiler->references = NULL;
        for (const struct schema_reference *at = first; at != NULL; at = at->next) {
            struct schema *target = find_target(compiler, at);
            if (at->is_dynamic)
                at->from->applied->dynamic = target;
            else
                at->from->applied->reference = target;
        }
    }
}

/* --- cycles --- */

static void walk_applied(struct schema_compiler *compiler, struct schema *schema, unsigned depth);

static void
walk_list(struct schema_compiler *compiler, const struct schema_list *list, unsigned depth)
{
    for (uint32_t i = 0; i < list->count; i++)
        walk_applied(compiler, list->items[i], depth);
}

/* Where a dynamic reference leads is known only during a check, which has its own limit. */
static void
walk_parts(struct schema_compiler *compiler, const struct schema_applied *applied, unsigned depth)
{
    struct schema *const singles[] = {
        applied->reference,   applied->dynamic_name.ptr == NULL ? applied->dynamic : NULL,
        applied->negated,     applied->condition,
        applied->consequence, applied->alternative,
    };
    for (size_t i = 0; i < COUNT_OF(singles); i++) {
        if (singles[i] != NULL)
            walk_applied(compiler, singles[i], depth);
    }
    walk_list(compiler, &applied->all_of, depth);
    walk_list(compiler, &applied->any_of, depth);
    walk_list(compiler, &applied->one_of, depth);
    for (uint32_t i = 0; i < applied->dependent_count; i++)
        walk_applied(compiler, applied->dependents[i].schema, depth);
}

static void
walk_applied(struct schema_compiler *compiler, struct schema *schema, unsigned depth)
{
    if (schema->applied == NULL || schema->is_acyclic || compiler->status != STATUS_OK)
        return;
    if (schema->is_entered || depth > LIMIT_SCHEMA_DEPTH) {
        schema_complain(compiler, STATUS_INVALID, schema->path,
                        schema->is_entered
                            ? "the schema applies itself to the same value without end"
                            : "too many schemas are applied inside each other");
        return;
    }
    schema->is_entered = true;
    walk_parts(compiler, schema->applied, depth + 1);
    schema->is_acyclic = true;
}

void
schema_refuse_cycles(struct schema_compiler *compiler)
{
    for (struct schema *at = compiler->schemas; at != NULL; at = at->made_before)
        walk_applied(compiler, at, 0);
}
