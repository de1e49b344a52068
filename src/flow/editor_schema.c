#include "flow/editor_schema.h"

#include "base/embedded.h"
#include "base/json.h"

#include <assert.h>

/* Made from workflow.schema.json. */
extern const struct embedded_file workflow_schema_files[];

static struct value
text_array(struct arena *arena, const char *const *texts)
{
    struct value array = value_empty_array();
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
        array = value_array_append(arena, array, value_text(texts[i]));
    return array;
}

/* {name: value} */
static struct value
one_member(struct arena *arena, const char *name, struct value value)
{
    struct member member = {value_text(name), value};
    return value_object_new(arena, &member, 1);
}

static struct value
of_type(struct arena *arena, const char *type)
{
    return one_member(arena, "type", value_text(type));
}

static struct value
reference(struct arena *arena, const char *to)
{
    return one_member(arena, "$ref", value_text(to));
}

static struct value
integer_schema(struct arena *arena, const struct field_decl *field)
{
    struct value schema = of_type(arena, "integer");
    if (field->min == 0 && field->max == 0)
        return schema;
    schema = value_set(arena, schema, "minimum", value_int(field->min));
    return value_set(arena, schema, "maximum", value_int(field->max));
}

static struct value
rate_schema(struct arena *arena)
{
    return value_set(arena, of_type(arena, "string"), "pattern",
                     value_text("^[1-9][0-9]{0,5}/([1-9][0-9]*)?(ms|s|m|h|d)$"));
}

/* A list or a map with at least one entry, each of which is a text. */
static struct value
texts_schema(struct arena *arena, const char *type, const char *entries, const char *least)
{
    struct value schema = of_type(arena, type);
    schema = value_set(arena, schema, entries, of_type(arena, "string"));
    return value_set(arena, schema, least, value_int(1));
}

/* The fields of a config, or the parts of a group. */
struct field_set {
    const struct field_decl *fields;
    size_t count;
    const char *const *one_of;
};

static struct value group_schema(struct arena *arena, const struct field_decl *field);

static struct value
bool_or_names_schema(struct arena *arena)
{
    struct value types[] = {value_text("boolean"), value_text("array")};
    struct value schema = one_member(arena, "type", value_array_new(arena, types, 2));
    schema = value_set(arena, schema, "items", of_type(arena, "string"));
    return value_set(arena, schema, "minItems", value_int(1));
}

static struct value
number_schema(struct arena *arena, const struct field_decl *field)
{
    struct value schema =
        value_set(arena, of_type(arena, "number"), "minimum", value_int(field->min));
    return value_set(arena, schema, "maximum", value_int(field->max));
}

/* {name: text, or an object with the types of this field} */
static struct value
facts_schema(struct arena *arena, const struct field_decl *field)
{
    struct value fact = reference(arena, "#/$defs/fact");
    struct value type = one_member(arena, "enum", text_array(arena, field->choices));
    fact = value_set(arena, fact, "properties", one_member(arena, "type", type));
    struct value schema = value_set(arena, of_type(arena, "object"), "additionalProperties", fact);
    return value_set(arena, schema, "minProperties", value_int(1));
}

static struct value
kind_schema(struct arena *arena, const struct field_decl *field)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_EXPRESSION:
    case FIELD_MARKUP:
        return of_type(arena, "string");
    case FIELD_ANY:
        return value_empty_object();
    case FIELD_TEXT_MAP:
        return of_type(arena, "object");
    case FIELD_EXPRESSION_MAP:
    case FIELD_AGGREGATE_MAP:
        return texts_schema(arena, "object", "additionalProperties", "minProperties");
    case FIELD_NAMES:
        return texts_schema(arena, "array", "items", "minItems");
    case FIELD_LABEL:
        return reference(arena, "#/$defs/literal");
    case FIELD_SIGN:
        return value_set(arena, of_type(arena, "string"), "pattern", value_text("^[\\t -~]?$"));
    case FIELD_BOOL:
        return of_type(arena, "boolean");
    case FIELD_BOOL_OR_NAMES:
        return bool_or_names_schema(arena);
    case FIELD_INT:
        return integer_schema(arena, field);
    case FIELD_DURATION:
        return reference(arena, "#/$defs/durationTemplate");
    case FIELD_CHOICE:
        return one_member(arena, "enum", text_array(arena, field->choices));
    case FIELD_PATHS:
        return reference(arena, "#/$defs/paths");
    case FIELD_ORDER:
        return reference(arena, "#/$defs/order");
    case FIELD_KEYS:
        return reference(arena, "#/$defs/keys");
    case FIELD_STEP:
        return reference(arena, "#/$defs/literal");
    case FIELD_SCHEMA:
        return of_type(arena, "object");
    case FIELD_RATE:
        return rate_schema(arena);
    case FIELD_MODEL:
        return of_type(arena, "string");
    case FIELD_NUMBER:
        return number_schema(arena, field);
    case FIELD_SOURCES:
        return reference(arena, "#/$defs/sources");
    case FIELD_FACTS:
        return facts_schema(arena, field);
    case FIELD_CLASSES:
        return reference(arena, "#/$defs/classes");
    case FIELD_GROUP:
        return group_schema(arena, field);
    }
    return value_null();
}

static struct value
required_fields(struct arena *arena, const struct field_set *set)
{
    struct value names = value_empty_array();
    for (size_t i = 0; i < set->count; i++) {
        if (set->fields[i].required)
            names = value_array_append(arena, names, value_text(set->fields[i].name));
    }
    return names;
}

/* [{required: [a]}, {required: [b]}]: just one of them holds. */
static struct value
one_of_fields(struct arena *arena, const struct field_set *set)
{
    struct value list = value_empty_array();
    for (size_t i = 0; set->one_of[i] != NULL; i++) {
        struct value name = value_text(set->one_of[i]);
        struct value names = value_array_new(arena, &name, 1);
        list = value_array_append(arena, list, one_member(arena, "required", names));
    }
    return list;
}

static struct value
add_fields(struct arena *arena, struct value schema, const struct field_set *set)
{
    struct value fields = value_empty_object();
    for (size_t i = 0; i < set->count; i++) {
        struct value field = kind_schema(arena, &set->fields[i]);
        field = value_set(arena, field, "description", value_text(set->fields[i].help));
        fields = value_set(arena, fields, set->fields[i].name, field);
    }
    schema = value_set(arena, schema, "properties", fields);
    schema = value_set(arena, schema, "additionalProperties", value_bool(false));
    struct value required = required_fields(arena, set);
    if (required.count > 0)
        schema = value_set(arena, schema, "required", required);
    if (set->one_of != NULL)
        schema = value_set(arena, schema, "oneOf", one_of_fields(arena, set));
    return schema;
}

static struct value
group_schema(struct arena *arena, const struct field_decl *field)
{
    struct field_set set = {field->parts, field->part_count, field->one_of};
    return add_fields(arena, of_type(arena, "object"), &set);
}

/* Cases of a branch and the label of what is left need each other. */
static struct value
branch_needs(struct arena *arena)
{
    static const char *const cases[] = {"cases", NULL};
    static const char *const otherwise[] = {"else", NULL};
    struct value needs = one_member(arena, "cases", text_array(arena, otherwise));
    return value_set(arena, needs, "else", text_array(arena, cases));
}

static struct value
config_schema(struct arena *arena, const struct step_decl *decl)
{
    struct field_set set = {decl->fields, decl->field_count, decl->one_of};
    struct value schema = one_member(arena, "description", value_text(decl->summary));
    schema = add_fields(arena, schema, &set);
    if (decl->shape == STEP_SHAPE_BRANCH)
        schema = value_set(arena, schema, "dependentRequired", branch_needs(arena));
    return schema;
}

static bool
has_needs(const struct step_decl *decl)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (decl->fields[i].required)
            return true;
    }
    return decl->one_of != NULL;
}

/* {if: {properties: {type: {enum: [names]}}}, then: {properties: {config}, required?}} */
static struct value
type_rule(struct arena *arena, const struct step_decl *decl)
{
    static const char *const type[] = {"type", NULL};
    static const char *const config[] = {"config", NULL};
    struct value names = text_array(arena, decl->aliases);
    names = value_array_append(arena, names, value_text(decl->name));
    struct value is_it = one_member(arena, "type", one_member(arena, "enum", names));
    struct value condition = one_member(arena, "properties", is_it);
    condition = value_set(arena, condition, "required", text_array(arena, type));
    struct value members = one_member(arena, "config", config_schema(arena, decl));
    struct value then = one_member(arena, "properties", members);
    if (has_needs(decl))
        then = value_set(arena, then, "required", text_array(arena, config));
    return value_set(arena, one_member(arena, "if", condition), "then", then);
}

/* {const: name, description: summary}: editors show the summary beside the name. */
static struct value
add_type_name(struct arena *arena, struct value list, const char *name, const char *words)
{
    struct value entry = one_member(arena, "const", value_text(name));
    return value_array_append(arena, list,
                              value_set(arena, entry, "description", value_text(words)));
}

static struct value
type_names(struct arena *arena, const struct catalog *catalog)
{
    struct value list = value_empty_array();
    for (size_t i = 0; i < catalog->count; i++) {
        const struct step_decl *decl = catalog->types[i];
        list = add_type_name(arena, list, decl->name, decl->summary);
        for (size_t a = 0; decl->aliases != NULL && decl->aliases[a] != NULL; a++)
            list = add_type_name(arena, list, decl->aliases[a],
                                 arena_format(arena, "Another name of %s.", decl->name));
    }
    return list;
}

struct value
editor_schema(const struct catalog *catalog, struct arena *arena)
{
    const char *text = embedded_find(workflow_schema_files, SLICE("workflow.schema.json"));
    struct value schema;
    if (json_parse(&schema, arena, slice_text(text), JSON_BORROW, NULL, NULL) != STATUS_OK)
        return (struct value){0};
    struct value defs = value_get(schema, "$defs");
    struct value step = value_get(defs, "step");
    struct value members = value_get(step, "properties");
    struct value type = value_get(members, "type");
    struct value rules = value_empty_array();
    for (size_t i = 0; i < catalog->count; i++)
        rules = value_array_append(arena, rules, type_rule(arena, catalog->types[i]));
    type = value_set(arena, type, "anyOf", type_names(arena, catalog));
    members = value_set(arena, members, "type", type);
    step = value_set(arena, value_set(arena, step, "properties", members), "allOf", rules);
    return value_set(arena, schema, "$defs", value_set(arena, defs, "step", step));
}
