#include "ai/local_tree.h"

#include "ai/local_words.h"

#include <stdint.h>

/* Schemas that are looked at, however they nest. */
#define NODES_MAX 4096

struct builder {
    struct arena *arena;
    struct local_wanted *wanted; /* NULL: only counts */
    struct value root;
    size_t fields;
    size_t nodes;
};

/* --- What a schema says --- */

/* "#/$defs/Address" of the root; any other reference stays unknown. */
static struct value
resolve(struct value root, struct value schema)
{
    struct value reference = value_get(schema, "$ref");
    struct slice text = value_slice(reference);
    if (reference.kind != VALUE_STRING || !slice_starts_with(text, SLICE("#/")))
        return schema;
    struct value at = root;
    size_t from = 2;
    for (size_t i = 2; i <= text.size; i++)
        if (i == text.size || text.ptr[i] == '/') {
            at = value_find(at, slice_of(text.ptr + from, i - from));
            from = i + 1;
        }
    return at.kind == VALUE_OBJECT ? at : schema;
}

static bool
is_null_schema(struct value schema)
{
    return slice_is(value_slice(value_get(schema, "type")), "null");
}

/* The alternative that is not null, of "anyOf" or "oneOf"; the schema itself without them. */
static struct value
without_null(struct builder *builder, struct value schema, bool *may_be_null)
{
    struct value either = value_get(schema, "anyOf");
    if (either.kind != VALUE_ARRAY)
        either = value_get(schema, "oneOf");
    struct value chosen = schema;
    bool is_chosen = false;
    for (uint32_t i = 0; either.kind == VALUE_ARRAY && i < either.count; i++) {
        struct value item = value_items(either)[i];
        *may_be_null = *may_be_null || is_null_schema(item);
        if (!is_null_schema(item) && !is_chosen) {
            chosen = resolve(builder->root, item);
            is_chosen = true;
        }
    }
    return chosen;
}

/* The type's name, of several the first that is not null; empty if it is not said. */
static struct slice
type_of(struct value schema, bool *may_be_null)
{
    struct value type = value_get(schema, "type");
    struct slice found = slice_of("", 0);
    if (type.kind == VALUE_STRING)
        return value_slice(type);
    for (uint32_t i = 0; type.kind == VALUE_ARRAY && i < type.count; i++) {
        struct slice name = value_slice(value_items(type)[i]);
        if (slice_is(name, "null"))
            *may_be_null = true;
        else if (found.size == 0)
            found = name;
    }
    if (found.size == 0 && value_get(schema, "properties").kind == VALUE_OBJECT)
        return SLICE("object");
    return found;
}

static bool
list_has(struct value list, struct slice name)
{
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++)
        if (slice_equal(value_slice(value_items(list)[i]), name))
            return true;
    return false;
}

/* A text's type by its format, else by the last word of its name. */
static enum ai_field_type
text_type(struct value schema, struct slice name)
{
    static const struct {
        const char *format;
        const char *word; /* as names end */
        enum ai_field_type type;
    } kinds[] = {
        {"date", "date", AI_FIELD_DATE},       {"email", "email", AI_FIELD_EMAIL},
        {"uri", "website", AI_FIELD_URL},      {"iri", "url", AI_FIELD_URL},
        {"", "homepage", AI_FIELD_URL},        {"", "address", AI_FIELD_ADDRESS},
        {"idn-email", "mail", AI_FIELD_EMAIL},
    };
    struct slice format = value_slice(value_get(schema, "format"));
    struct local_word word;
    uint64_t last = 0;
    for (size_t at = 0; local_word_next(name, &at, &word);)
        last = word.stem;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        bool is_named = format.size == 0 && last == local_stem(slice_text(kinds[i].word));
        if (is_named || (format.size > 0 && slice_is(format, kinds[i].format)))
            return kinds[i].type;
    }
    return AI_FIELD_STRING;
}

/* Whether a field can be found for the schema, and of which type. */
static bool
field_type(struct value schema, struct slice type, struct slice name, enum ai_field_type *out)
{
    bool ignored = false;
    struct slice item = type_of(value_get(schema, "items"), &ignored);
    bool has_choices = value_get(schema, "enum").kind == VALUE_ARRAY;
    if (slice_is(type, "number"))
        *out = AI_FIELD_NUMBER;
    else if (slice_is(type, "integer"))
        *out = AI_FIELD_INTEGER;
    else if (slice_is(type, "boolean"))
        *out = AI_FIELD_BOOLEAN;
    else if (slice_is(type, "array") && (item.size == 0 || slice_is(item, "string")))
        *out = AI_FIELD_LIST;
    else if (has_choices || slice_is(type, "string"))
        *out = has_choices ? AI_FIELD_STRING : text_type(schema, name);
    else
        return false;
    return true;
}

/* --- Building --- */

static struct slice
joined(struct arena *arena, struct slice a, const char *between, struct slice b)
{
    if (a.size == 0 || b.size == 0)
        return a.size == 0 ? b : a;
    return slice_text(arena_format(arena, "%.*s%s%.*s", (int)(a.size > 1000 ? 1000 : a.size), a.ptr,
                                   between, (int)(b.size > 1000 ? 1000 : b.size), b.ptr));
}

static void
add_field(struct builder *builder, struct local_node *node, struct slice path, struct slice type)
{
    struct slice name = value_slice(node->name);
    struct local_field_made made = {.path = path, .name = name, .schema = node->schema};
    if (builder->fields >= LOCAL_FIELDS_MAX || !field_type(node->schema, type, name, &made.type))
        return;
    node->field = builder->fields++;
    node->is_list = made.type == AI_FIELD_LIST;
    if (builder->wanted == NULL)
        return;
    made.choices = value_get(node->schema, "enum");
    made.description = joined(builder->arena, value_slice(value_get(node->schema, "title")), " ",
                              value_slice(value_get(node->schema, "description")));
    local_wanted_add(builder->wanted, &made);
}

static struct local_node *build(struct builder *builder, struct value schema, struct value name,
                                struct slice path, size_t depth);

static void
build_children(struct builder *builder, struct local_node *node, struct slice path, size_t depth)
{
    struct value properties = value_get(node->schema, "properties");
    struct value required = value_get(node->schema, "required");
    struct local_node **last = &node->children;
    for (uint32_t i = 0; properties.kind == VALUE_OBJECT && i < properties.count; i++) {
        const struct member *member = &value_members(properties)[i];
        struct slice name = value_slice(member->key);
        struct local_node *child = build(builder, member->value, member->key,
                                         joined(builder->arena, path, ".", name), depth + 1);
        if (child == NULL)
            continue;
        child->is_required = list_has(required, name);
        *last = child;
        last = &child->next;
    }
}

static struct local_node *
build(struct builder *builder, struct value schema, struct value name, struct slice path,
      size_t depth)
{
    if (depth > LOCAL_NESTING_MAX || builder->nodes++ >= NODES_MAX)
        return NULL;
    struct local_node *node = arena_alloc(builder->arena, sizeof(*node));
    bool may_be_null = false;
    schema = without_null(builder, resolve(builder->root, schema), &may_be_null);
    struct slice type = type_of(schema, &may_be_null);
    *node = (struct local_node){.name = name, .schema = schema, .field = SIZE_MAX};
    node->may_be_null = may_be_null;
    node->is_object = slice_is(type, "object");
    if (node->is_object)
        build_children(builder, node, path, depth);
    else
        add_field(builder, node, path, type);
    return node;
}

struct local_node *
local_tree_new(struct arena *arena, struct local_wanted *wanted, struct value schema)
{
    struct builder builder = {.arena = arena, .wanted = wanted, .root = schema};
    return build(&builder, schema, value_text(""), slice_of("", 0), 0);
}

size_t
local_tree_count(struct arena *arena, struct value schema)
{
    struct builder builder = {.arena = arena, .root = schema};
    build(&builder, schema, value_text(""), slice_of("", 0), 0);
    return builder.fields;
}

/* --- The value --- */

static struct value
missing(const struct local_node *node)
{
    int64_t least = 0;
    bool has_least = value_integer(value_get(node->schema, "minItems"), &least);
    bool may_be_empty = node->is_list && !(has_least && least > 0);
    if (node->may_be_null)
        return value_null();
    if (!node->is_required)
        return (struct value){0};
    return may_be_empty ? value_empty_array() : value_null();
}

struct value
local_tree_value(struct arena *arena, const struct local_node *node, local_tree_value_fn *value_of,
                 void *context)
{
    struct value value = {0};
    if (!node->is_object) {
        if (node->field != SIZE_MAX)
            value = value_of(context, node->field);
        return value.kind != VALUE_NONE ? value : missing(node);
    }
    value = value_empty_object();
    for (const struct local_node *child = node->children; child != NULL; child = child->next) {
        struct value of_child = local_tree_value(arena, child, value_of, context);
        if (of_child.kind != VALUE_NONE)
            value = value_object_set(arena, value, child->name, of_child);
    }
    return value;
}
