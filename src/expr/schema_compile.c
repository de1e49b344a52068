#include "expr/schema_compile.h"

#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define FIRST_SLOTS 64

/* --- words --- */

static void complain_with(struct schema_compiler *compiler, enum status status, const char *path,
                          const char *format, va_list arguments)
    __attribute__((format(printf, 4, 0)));

static void
complain_with(struct schema_compiler *compiler, enum status status, const char *path,
              const char *format, va_list arguments)
{
    char words[SCHEMA_TEXT_BYTES];
    vsnprintf(words, sizeof(words), format, arguments);
    if (compiler->status != STATUS_INVALID)
        compiler->status = status;
    bool is_shown = schema_shows_more(compiler);
    compiler->finding_count += is_shown;
    if (is_shown)
        compiler->visit("", path, words, compiler->context);
}

void
schema_complain(struct schema_compiler *compiler, enum status status, const char *path,
                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain_with(compiler, status, path, format, arguments);
    va_end(arguments);
}

void
schema_complain_at(const struct schema_keyword_at *at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain_with(at->compiler, STATUS_INVALID, at->path, format, arguments);
    va_end(arguments);
}

bool
schema_shows_more(const struct schema_compiler *compiler)
{
    return compiler->finding_count < LIMIT_SCHEMA_FINDINGS;
}

const char *
schema_did_you_mean(struct schema_compiler *compiler, const char *nearest)
{
    return nearest == NULL ? "" : arena_format(compiler->arena, ", did you mean \"%s\"?", nearest);
}

const char *
schema_path_join(struct arena *arena, const char *path, struct slice name)
{
    char text[SCHEMA_TEXT_BYTES];
    size_t size = 0;
    for (size_t i = 0; path[i] != '\0' && size < sizeof(text) - 4; i++)
        text[size++] = path[i];
    text[size++] = '/';
    for (size_t i = 0; i < name.size && size < sizeof(text) - 3; i++) {
        char byte = name.ptr[i];
        if (byte == '~' || byte == '/') {
            text[size++] = '~';
            text[size++] = byte == '~' ? '0' : '1';
        } else {
            text[size++] = byte;
        }
    }
    struct slice cut = slice_cut(slice_of(text, size), size);
    return arena_format(arena, "%.*s", SLICE_FORMAT(cut));
}

/* --- memory --- */

void *
schema_room(const struct schema_keyword_at *at, size_t count, size_t size)
{
    size_t bytes = (count + 1) * size;
    void *room = arena_try_alloc(at->compiler->arena, bytes);
    if (room == NULL)
        schema_complain(at->compiler, STATUS_LIMIT, at->path,
                        "the schema needs more memory than is allowed");
    else
        memset(room, 0, bytes);
    return room;
}

struct schema_values *
schema_need_values(const struct schema_keyword_at *at)
{
    struct schema *schema = at->schema;
    if (schema->values == NULL)
        schema->values = arena_alloc(at->compiler->arena, sizeof(*schema->values));
    return schema->values;
}

struct schema_numbers *
schema_need_numbers(const struct schema_keyword_at *at)
{
    struct schema *schema = at->schema;
    if (schema->numbers == NULL)
        schema->numbers = arena_alloc(at->compiler->arena, sizeof(*schema->numbers));
    return schema->numbers;
}

struct schema_texts *
schema_need_texts(const struct schema_keyword_at *at)
{
    struct schema *schema = at->schema;
    if (schema->texts == NULL) {
        schema->texts = arena_alloc(at->compiler->arena, sizeof(*schema->texts));
        schema->texts->length = (struct schema_range){-1, -1};
    }
    return schema->texts;
}

struct schema_arrays *
schema_need_arrays(const struct schema_keyword_at *at)
{
    struct schema *schema = at->schema;
    if (schema->arrays == NULL) {
        schema->arrays = arena_alloc(at->compiler->arena, sizeof(*schema->arrays));
        schema->arrays->count = (struct schema_range){-1, -1};
        schema->arrays->contains_count = (struct schema_range){1, -1};
    }
    return schema->arrays;
}

struct schema_objects *
schema_need_objects(const struct schema_keyword_at *at)
{
    struct schema *schema = at->schema;
    if (schema->objects == NULL) {
        schema->objects = arena_alloc(at->compiler->arena, sizeof(*schema->objects));
        schema->objects->count = (struct schema_range){-1, -1};
    }
    return schema->objects;
}

struct schema_applied *
schema_need_applied(const struct schema_keyword_at *at)
{
    struct schema *schema = at->schema;
    if (schema->applied == NULL)
        schema->applied = arena_alloc(at->compiler->arena, sizeof(*schema->applied));
    return schema->applied;
}

/* --- which source became which schema --- */

static uint32_t
slot_of(const struct schema_compiler *compiler, const struct value *source)
{
    uint64_t mixed = (uint64_t)(uintptr_t)source * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t mask = compiler->slot_count - 1;
    uint32_t slot = (uint32_t)(mixed >> 32) & mask;
    while (compiler->slots[slot] != NULL && compiler->slots[slot]->source != source)
        slot = (slot + 1) & mask;
    return slot;
}

static void
grow_slots(struct schema_compiler *compiler)
{
    struct schema **old = compiler->slots;
    uint32_t old_count = compiler->slot_count;
    compiler->slot_count = old_count == 0 ? FIRST_SLOTS : old_count * 2;
    compiler->slots = mem_alloc_array(compiler->slot_count, sizeof(struct schema *));
    for (uint32_t i = 0; i < old_count; i++) {
        if (old[i] != NULL)
            compiler->slots[slot_of(compiler, old[i]->source)] = old[i];
    }
    mem_free(old);
}

struct schema *
schema_compiled(const struct schema_compiler *compiler, const struct value *source)
{
    return compiler->slot_count == 0 ? NULL : compiler->slots[slot_of(compiler, source)];
}

static struct schema *
make_schema(struct schema_compiler *compiler, const struct value *source, const char *path)
{
    struct schema *schema = arena_alloc(compiler->arena, sizeof(*schema));
    schema->source = source;
    schema->path = path;
    if (++compiler->schema_count * 2 > compiler->slot_count)
        grow_slots(compiler);
    compiler->slots[slot_of(compiler, source)] = schema;
    schema->made_before = compiler->schemas;
    compiler->schemas = schema;
    return schema;
}

/* --- keywords --- */

static void
keep_text(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_STRING)
        schema_complain_at(at, "expected text, found %s", value_kind_name(*at->value));
}

static void
keep_truth(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_TRUE && at->value->kind != VALUE_FALSE)
        schema_complain_at(at, "expected true or false, found %s", value_kind_name(*at->value));
}

static void
keep_list(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_ARRAY)
        schema_complain_at(at, "expected a list, found %s", value_kind_name(*at->value));
}

static void
keep_object(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_OBJECT)
        schema_complain_at(at, "expected an object, found %s", value_kind_name(*at->value));
}

static void
keep_anything(const struct schema_keyword_at *at)
{
}

static void
check_dialect(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_STRING) {
        keep_text(at);
        return;
    }
    struct slice name = value_slice(*at->value);
    if (slice_is(name, DIALECT) || slice_is(name, DIALECT "#"))
        return;
    schema_complain(at->compiler, STATUS_UNSUPPORTED, at->path,
                    "the dialect \"%.*s\" is not supported, expected " DIALECT,
                    SLICE_FORMAT(slice_cut(name, 100)));
}

static const struct {
    const char *name;
    schema_keyword_fn *compile;
} keywords[] = {
    {"type", schema_keyword_type},
    {"enum", schema_keyword_enum},
    {"const", schema_keyword_const},
    {"minimum", schema_keyword_minimum},
    {"maximum", schema_keyword_maximum},
    {"exclusiveMinimum", schema_keyword_exclusive_minimum},
    {"exclusiveMaximum", schema_keyword_exclusive_maximum},
    {"multipleOf", schema_keyword_multiple_of},
    {"minLength", schema_keyword_min_length},
    {"maxLength", schema_keyword_max_length},
    {"pattern", schema_keyword_pattern},
    {"format", schema_keyword_format},
    {"minItems", schema_keyword_min_items},
    {"maxItems", schema_keyword_max_items},
    {"uniqueItems", schema_keyword_unique_items},
    {"minContains", schema_keyword_min_contains},
    {"maxContains", schema_keyword_max_contains},
    {"minProperties", schema_keyword_min_properties},
    {"maxProperties", schema_keyword_max_properties},
    {"required", schema_keyword_members},
    {"properties", schema_keyword_members},
    {"patternProperties", schema_keyword_pattern_properties},
    {"additionalProperties", schema_keyword_additional_properties},
    {"propertyNames", schema_keyword_property_names},
    {"dependentRequired", schema_keyword_dependent_required},
    {"dependentSchemas", schema_keyword_dependent_schemas},
    {"prefixItems", schema_keyword_prefix_items},
    {"items", schema_keyword_items},
    {"contains", schema_keyword_contains},
    {"allOf", schema_keyword_all_of},
    {"anyOf", schema_keyword_any_of},
    {"oneOf", schema_keyword_one_of},
    {"not", schema_keyword_not},
    {"if", schema_keyword_if},
    {"then", schema_keyword_then},
    {"else", schema_keyword_else},
    {"unevaluatedItems", schema_keyword_unevaluated_items},
    {"unevaluatedProperties", schema_keyword_unevaluated_properties},
    {"$ref", schema_keyword_ref},
    {"$dynamicRef", schema_keyword_dynamic_ref},
    {"$anchor", schema_keyword_anchor},
    {"$dynamicAnchor", schema_keyword_dynamic_anchor},
    {"$defs", schema_keyword_defs},
    {"definitions", schema_keyword_defs},
    {"$id", keep_anything}, /* schema_read_id() was here */
    {"$schema", check_dialect},
    {"$comment", keep_text},
    {"$vocabulary", keep_object}, /* for metaschemas; as a schema they are like any other */
    {"title", keep_text},
    {"description", keep_text},
    {"default", keep_anything},
    {"examples", keep_list},
    {"deprecated", keep_truth},
    {"readOnly", keep_truth},
    {"writeOnly", keep_truth},
    {"contentEncoding", keep_text},
    {"contentMediaType", keep_text},
    {"contentSchema", schema_keyword_content_schema},
};

/* Known words of other dialects, with what takes their place. */
static const struct {
    const char *name;
    const char *mend;
} foreign[] = {
    {"additionalItems", "write \"prefixItems\" and \"items\""},
    {"dependencies", "write \"dependentRequired\" or \"dependentSchemas\""},
    {"$recursiveRef", "write \"$dynamicRef\""},
    {"$recursiveAnchor", "write \"$dynamicAnchor\""},
    {"id", "write \"$id\""},
    {"nullable", "write \"type\": [..., \"null\"]"},
    {"discriminator", "leave it out, and give the property a \"const\" in each schema"},
    {"example", "write \"examples\" with a list"},
};

static void
complain_of_name(struct schema_compiler *compiler, struct slice name, const char *path)
{
    struct slice shown = slice_cut(name, 64);
    for (size_t i = 0; i < COUNT_OF(foreign); i++) {
        if (slice_is(name, foreign[i].name)) {
            schema_complain(compiler, STATUS_UNSUPPORTED, path,
                            "the keyword \"%.*s\" is not of draft 2020-12: %s", SLICE_FORMAT(shown),
                            foreign[i].mend);
            return;
        }
    }
    const char *names[COUNT_OF(keywords)];
    const char *nearest = NULL;
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        names[i] = keywords[i].name;
    if (schema_shows_more(compiler))
        nearest = slice_nearest(name, names, COUNT_OF(keywords));
    schema_complain(compiler, STATUS_INVALID, path, "unknown keyword \"%.*s\"%s",
                    SLICE_FORMAT(shown), schema_did_you_mean(compiler, nearest));
}

static void
compile_keyword(struct schema_compiler *compiler, struct schema *schema,
                const struct member *member)
{
    struct slice name = value_slice(member->key);
    if (slice_starts_with(name, SLICE("x-")))
        return;
    const char *path = schema_path_join(compiler->arena, schema->path, name);
    struct schema_keyword_at at = {compiler, schema, &member->value, path};
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (slice_is(name, keywords[i].name)) {
            keywords[i].compile(&at);
            return;
        }
    }
    complain_of_name(compiler, name, path);
}

/* --- schemas --- */

static bool
has_room(struct schema_compiler *compiler, const char *path)
{
    if (compiler->schema_count < LIMIT_SCHEMA_COUNT && !arena_is_over(compiler->arena))
        return true;
    if (compiler->schema_count == LIMIT_SCHEMA_COUNT) {
        compiler->schema_count++;
        schema_complain(compiler, STATUS_LIMIT, path, "more than %d schemas in one",
                        LIMIT_SCHEMA_COUNT);
    }
    return false;
}

struct schema *
schema_compile_at(struct schema_compiler *compiler, const struct value *source, const char *path,
                  struct schema_resource *resource)
{
    static struct schema none;
    struct schema *schema = schema_compiled(compiler, source);
    if (schema != NULL)
        return schema;
    if (!has_room(compiler, path))
        return &none;
    schema = make_schema(compiler, source, path);
    schema->resource = resource;
    if (source->kind == VALUE_FALSE) {
        schema->refuses_all = true;
    } else if (source->kind == VALUE_OBJECT) {
        schema_read_id(compiler, schema);
        for (uint32_t i = 0; i < source->count && !arena_is_over(compiler->arena); i++)
            compile_keyword(compiler, schema, &value_members(*source)[i]);
    } else if (source->kind != VALUE_TRUE) {
        schema_complain(compiler, STATUS_INVALID, path,
                        "expected a schema (an object, true or false), found %s",
                        value_kind_name(*source));
    }
    return schema;
}

enum status
schema_compile(struct schema **out, struct arena *arena, struct value source,
               schema_problem_fn *visit, void *context)
{
    *out = NULL;
    struct value *root = arena_alloc(arena, sizeof(*root));
    *root = source;
    struct schema_resource *document = arena_alloc(arena, sizeof(*document));
    document->uri = SLICE("");
    struct schema_compiler compiler = {.arena = arena, .visit = visit, .context = context};
    struct schema *schema = schema_compile_at(&compiler, root, "", document);
    if (document->root == NULL)
        document->root = schema;
    schema_follow_references(&compiler);
    if (compiler.status == STATUS_OK)
        schema_refuse_cycles(&compiler);
    if (compiler.status == STATUS_OK && arena_is_over(arena))
        schema_complain(&compiler, STATUS_LIMIT, "",
                        "the schema needs more memory than is allowed");
    schema_names_done(&compiler.names);
    mem_free(compiler.slots);
    if (compiler.status == STATUS_OK)
        *out = schema;
    return compiler.status;
}
