#include "expr/schema.h"

#include "expr/schema_parts.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

const char *const schema_type_names[SCHEMA_TYPE_COUNT] = {
    "null", "boolean", "integer", "number", "string", "array", "object",
};

struct compiler {
    struct arena *arena;
    schema_problem_fn *visit;
    void *context;
    enum status status; /* the worst so far */
};

static struct schema *compile_at(struct compiler *compiler, struct value source, const char *path);

/* Known words of JSON Schema that this validator does not check: refused, since a rule that is
 * silently ignored accepts wrong values. */
static const char *const refused_names[] = {
    "$anchor",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$ref",
    "$vocabulary",
    "additionalItems",
    "allOf",
    "anyOf",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "else",
    "if",
    "maxContains",
    "minContains",
    "not",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "readOnly",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "writeOnly",
};

static void complain(struct compiler *compiler, enum status status, const char *path,
                     const char *format, ...) PRINTF_LIKE(4, 5);

static void
complain(struct compiler *compiler, enum status status, const char *path, const char *format, ...)
{
    char words[SCHEMA_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    if (compiler->status != STATUS_INVALID)
        compiler->status = status;
    compiler->visit("", path, words, compiler->context);
}

/* path + "/" + name with the escapes of JSON pointers; cut when it is very long. */
static const char *
path_join(struct arena *arena, const char *path, struct slice name)
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
    text[size] = '\0';
    return arena_format(arena, "%s", text);
}

/* One value of `type`; complains about an unknown name. */
static uint8_t
type_bit(struct compiler *compiler, struct value name, const char *path)
{
    if (name.kind != VALUE_STRING) {
        complain(compiler, STATUS_INVALID, path, "expected the name of a type, found %s",
                 value_kind_name(name));
        return 0;
    }
    for (unsigned i = 0; i < SCHEMA_TYPE_COUNT; i++) {
        if (slice_is(value_slice(name), schema_type_names[i]))
            return (uint8_t)(1u << i);
    }
    const char *nearest = slice_nearest(value_slice(name), schema_type_names, SCHEMA_TYPE_COUNT);
    complain(compiler, STATUS_INVALID, path, "unknown type \"%.*s\"%s%s%s",
             SLICE_FORMAT(slice_cut(value_slice(name), 64)),
             nearest == NULL ? "" : ", did you mean \"", nearest == NULL ? "" : nearest,
             nearest == NULL ? "" : "\"?");
    return 0;
}

static void
compile_type(struct compiler *compiler, struct schema *schema, struct value value, const char *path)
{
    if (value.kind != VALUE_ARRAY) {
        schema->types = type_bit(compiler, value, path);
        return;
    }
    if (value.count == 0)
        complain(compiler, STATUS_INVALID, path, "expected at least one type");
    for (uint32_t i = 0; i < value.count; i++)
        schema->types |= type_bit(compiler, value_items(value)[i], path);
}

static void
compile_enum(struct compiler *compiler, struct schema *schema, struct value value, const char *path)
{
    if (value.kind != VALUE_ARRAY || value.count == 0) {
        complain(compiler, STATUS_INVALID, path, "expected a list of at least one value");
        return;
    }
    schema->any_of = value;
}

static void
compile_const(struct compiler *compiler, struct schema *schema, struct value value,
              const char *path)
{
    schema->constant = value;
}

static void
compile_required(struct compiler *compiler, struct schema *schema, struct value value,
                 const char *path)
{
    bool is_good = value.kind == VALUE_ARRAY;
    for (uint32_t i = 0; is_good && i < value.count; i++)
        is_good = value_items(value)[i].kind == VALUE_STRING;
    if (is_good)
        schema->required = value;
    else
        complain(compiler, STATUS_INVALID, path, "expected a list of property names");
}

static void
compile_properties(struct compiler *compiler, struct schema *schema, struct value value,
                   const char *path)
{
    if (value.kind != VALUE_OBJECT) {
        complain(compiler, STATUS_INVALID, path, "expected an object of schemas, found %s",
                 value_kind_name(value));
        return;
    }
    size_t bytes = value.count * sizeof(struct schema *);
    struct schema **schemas = arena_try_alloc(compiler->arena, bytes == 0 ? 1 : bytes);
    if (schemas == NULL) {
        complain(compiler, STATUS_INVALID, path, "more properties than the memory limit allows");
        return;
    }
    for (uint32_t i = 0; i < value.count; i++) {
        const struct member *member = &value_members(value)[i];
        schemas[i] = compile_at(compiler, member->value,
                                path_join(compiler->arena, path, value_slice(member->key)));
    }
    schema->properties = value;
    schema->property_schemas = schemas;
}

static void
compile_additional(struct compiler *compiler, struct schema *schema, struct value value,
                   const char *path)
{
    schema->additional = compile_at(compiler, value, path);
}

static void
compile_items(struct compiler *compiler, struct schema *schema, struct value value,
              const char *path)
{
    if (value.kind == VALUE_ARRAY)
        complain(compiler, STATUS_UNSUPPORTED, path,
                 "a list of schemas is not supported, expected one schema for all items");
    else
        schema->items = compile_at(compiler, value, path);
}

static void
compile_unique(struct compiler *compiler, struct schema *schema, struct value value,
               const char *path)
{
    if (value.kind != VALUE_TRUE && value.kind != VALUE_FALSE)
        complain(compiler, STATUS_INVALID, path, "expected true or false");
    schema->has_unique_items = value.kind == VALUE_TRUE;
}

static void
compile_multiple_of(struct compiler *compiler, struct schema *schema, struct value value,
                    const char *path)
{
    if (value_is_number(value) && schema_number_can_divide(value))
        schema->multiple_of = value;
    else
        complain(compiler, STATUS_INVALID, path, "expected a number above 0 of at most 18 digits");
}

static void
compile_pattern(struct compiler *compiler, struct schema *schema, struct value value,
                const char *path)
{
    if (value.kind != VALUE_STRING) {
        complain(compiler, STATUS_INVALID, path, "expected a regular expression, found %s",
                 value_kind_name(value));
        return;
    }
    char message[SCHEMA_TEXT_BYTES / 2];
    schema->pattern_text = value_slice(value);
    schema->pattern =
        schema_pattern_new(compiler->arena, value_slice(value), message, sizeof(message));
    if (schema->pattern == NULL)
        complain(compiler, STATUS_INVALID, path, "%s", message);
}

static void
compile_bound(struct compiler *compiler, struct value *bound, struct value value, const char *path)
{
    if (value_is_number(value))
        *bound = value;
    else
        complain(compiler, STATUS_INVALID, path, "expected a number, found %s",
                 value_kind_name(value));
}

static void
compile_count(struct compiler *compiler, int64_t *count, struct value value, const char *path)
{
    int64_t number = -1;
    if (value_is_number(value) && value_integer(value, &number) && number >= 0)
        *count = number;
    else
        complain(compiler, STATUS_INVALID, path, "expected a whole number of at least 0");
}

typedef void compile_fn(struct compiler *compiler, struct schema *schema, struct value value,
                        const char *path);

static const struct {
    const char *name;
    compile_fn *compile;
} keywords[] = {
    {"type", compile_type},
    {"enum", compile_enum},
    {"const", compile_const},
    {"required", compile_required},
    {"properties", compile_properties},
    {"additionalProperties", compile_additional},
    {"items", compile_items},
    {"uniqueItems", compile_unique},
    {"multipleOf", compile_multiple_of},
    {"pattern", compile_pattern},
};

static const char *const bound_names[SCHEMA_BOUND_COUNT] = {
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
};

static const char *const count_names[SCHEMA_COUNT_COUNT] = {
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
};

static const char *const annotation_names[] = {
    "title", "description", "default", "examples", "format", "$schema", "$comment",
};

#define KEYWORD_COUNT                                                                              \
    (COUNT_OF(keywords) + SCHEMA_BOUND_COUNT + SCHEMA_COUNT_COUNT + COUNT_OF(annotation_names))

static int
find_name(const char *const *names, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, names[i]))
            return (int)i;
    }
    return -1;
}

static const char *
nearest_keyword(struct slice wrong)
{
    const char *names[KEYWORD_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        names[count++] = keywords[i].name;
    for (size_t i = 0; i < SCHEMA_BOUND_COUNT; i++)
        names[count++] = bound_names[i];
    for (size_t i = 0; i < SCHEMA_COUNT_COUNT; i++)
        names[count++] = count_names[i];
    for (size_t i = 0; i < COUNT_OF(annotation_names); i++)
        names[count++] = annotation_names[i];
    return slice_nearest(wrong, names, count);
}

static void
complain_of_name(struct compiler *compiler, struct slice name, const char *path)
{
    struct slice shown = slice_cut(name, 64);
    if (find_name(refused_names, COUNT_OF(refused_names), name) >= 0) {
        complain(compiler, STATUS_UNSUPPORTED, path, "the keyword \"%.*s\" is not supported",
                 SLICE_FORMAT(shown));
        return;
    }
    const char *nearest = nearest_keyword(name);
    if (nearest != NULL)
        complain(compiler, STATUS_INVALID, path, "unknown keyword \"%.*s\", did you mean \"%s\"?",
                 SLICE_FORMAT(shown), nearest);
    else
        complain(compiler, STATUS_INVALID, path, "unknown keyword \"%.*s\"", SLICE_FORMAT(shown));
}

static void
compile_keyword(struct compiler *compiler, struct schema *schema, const struct member *member)
{
    struct slice name = value_slice(member->key);
    const char *path = path_join(compiler->arena, schema->path, name);
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (slice_is(name, keywords[i].name)) {
            keywords[i].compile(compiler, schema, member->value, path);
            return;
        }
    }
    int bound = find_name(bound_names, SCHEMA_BOUND_COUNT, name);
    int count = find_name(count_names, SCHEMA_COUNT_COUNT, name);
    if (bound >= 0)
        compile_bound(compiler, &schema->bounds[bound], member->value, path);
    else if (count >= 0)
        compile_count(compiler, &schema->counts[count], member->value, path);
    else if (find_name(annotation_names, COUNT_OF(annotation_names), name) < 0)
        complain_of_name(compiler, name, path);
}

static struct schema *
compile_at(struct compiler *compiler, struct value source, const char *path)
{
    struct schema *schema = arena_alloc(compiler->arena, sizeof(*schema));
    schema->source = source;
    schema->path = path;
    for (size_t i = 0; i < SCHEMA_COUNT_COUNT; i++)
        schema->counts[i] = -1;
    if (source.kind == VALUE_FALSE) {
        schema->refuses_all = true;
    } else if (source.kind == VALUE_OBJECT) {
        for (uint32_t i = 0; i < source.count; i++)
            compile_keyword(compiler, schema, &value_members(source)[i]);
    } else if (source.kind != VALUE_TRUE) {
        complain(compiler, STATUS_INVALID, path, "expected a schema (an object), found %s",
                 value_kind_name(source));
    }
    return schema;
}

enum status
schema_compile(struct schema **out, struct arena *arena, struct value source,
               schema_problem_fn *visit, void *context)
{
    *out = NULL;
    struct compiler compiler = {.arena = arena, .visit = visit, .context = context};
    struct schema *schema = compile_at(&compiler, source, "");
    if (compiler.status == STATUS_OK)
        *out = schema;
    return compiler.status;
}

const struct schema *
schema_property(const struct schema *schema, struct slice name)
{
    for (uint32_t i = 0; i < schema->properties.count; i++) {
        if (slice_equal(value_slice(value_members(schema->properties)[i].key), name))
            return schema->property_schemas[i];
    }
    return NULL;
}

bool
schema_is_closed(const struct schema *schema)
{
    return schema->additional != NULL && schema->additional->refuses_all;
}

struct value
schema_keyword(const struct schema *schema, const char *keyword)
{
    return value_get(schema->source, keyword);
}

size_t
schema_property_count(const struct schema *schema)
{
    return schema->properties.count;
}

struct value
schema_property_name(const struct schema *schema, size_t index)
{
    assert(index < schema->properties.count);
    return value_members(schema->properties)[index].key;
}
