#include "foreign/sixtyfour_fields.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "foreign/foreign.h"

#include <stdio.h>

#define EXPRESSION_BYTES MIB(1)

/* What clients call a type. The conversion is jq over a value that is not null. */
static const struct field_type {
    const char *theirs, *ours;
    const char *conversion; /* NULL: it is what they expect */
} field_types[] = {
    {"str", "string", NULL},
    {"int", "integer", NULL},
    {"float", "number", NULL},
    {"bool", "boolean", NULL},
    {"list[str]", "list", NULL},
    {"list[int]", "list", "map(tonumber? // empty)"},
    {"list[float]", "list", "map(tonumber? // empty)"},
    {"dict", "string", "(fromjson? // .)"},
    {"score", "number", "if . >= 0 and . <= 10 then . else null end"},
    {"list", "list", NULL},
    {"array", "list", NULL},
    {"object", "string", "(fromjson? // .)"},
    {"string", "string", NULL},
    {"text", "string", NULL},
    {"integer", "integer", NULL},
    {"number", "number", NULL},
    {"boolean", "boolean", NULL},
    {"date", "date", NULL},
    {"money", "money", NULL},
    {"percentage", "percentage", NULL},
    {"email", "email", NULL},
    {"url", "url", NULL},
    {"address", "address", NULL},
};

static enum status
fail(struct sixtyfour_field_problem *problem, struct slice name, const char *member,
     const char *type, const char *words)
{
    bool has_both = name.size > 0 && member[0] != '\0';
    problem->type = type;
    snprintf(problem->place, sizeof(problem->place), "%.*s%s%s",
             SLICE_FORMAT(slice_cut(name, sizeof(problem->place) - 16)), has_both ? "." : "",
             member);
    snprintf(problem->words, sizeof(problem->words), "%s", words);
    return STATUS_INVALID;
}

/* NULL: there is no such type. */
static const struct field_type *
type_of(struct value field)
{
    struct value type = field.kind == VALUE_OBJECT ? value_get(field, "type") : value_null();
    if (type.kind == VALUE_NONE || type.kind == VALUE_NULL)
        return &field_types[0];
    for (size_t i = 0; type.kind == VALUE_STRING && i < COUNT_OF(field_types); i++) {
        if (slice_is(value_slice(type), field_types[i].theirs))
            return &field_types[i];
    }
    return NULL;
}

/* Descriptions of ours hold no templates: double braces are drawn apart. Null over the arena's
 * limit. */
static struct value
plain_words(struct arena *arena, struct slice text)
{
    char *copy = arena_try_alloc(arena, 2 * text.size + 1);
    size_t size = 0;
    for (size_t i = 0; copy != NULL && i < text.size; i++) {
        if (i > 0 && text.ptr[i] == '{' && text.ptr[i - 1] == '{')
            copy[size++] = ' ';
        copy[size++] = text.ptr[i];
    }
    return copy == NULL ? value_null() : value_string(slice_of(copy, size));
}

static enum status
read_field(struct value *out, const struct member *given, struct arena *arena,
           struct sixtyfour_field_problem *problem)
{
    struct slice name = value_slice(given->key);
    struct value words = given->value;
    if (words.kind == VALUE_OBJECT)
        words = value_find_or_null(given->value, SLICE("description"));
    if (name.size == 0)
        return fail(problem, name, "", "value_error", "A field needs a name");
    if (slice_is(name, "confidence") || slice_is(name, "citations"))
        return fail(problem, name, "", "value_error",
                    "This is added to what is found: choose another name");
    if (given->value.kind != VALUE_OBJECT && given->value.kind != VALUE_STRING)
        return fail(problem, name, "", "value_error",
                    "Input should be a description, or {description, type}");
    if (words.kind != VALUE_STRING && words.kind != VALUE_NULL)
        return fail(problem, name, "description", "string_type", "Input should be a valid string");
    const struct field_type *type = type_of(given->value);
    if (type == NULL)
        return fail(problem, name, "type", "enum",
                    "Input should be 'str', 'int', 'float', 'bool', 'list[str]', 'list[int]' or "
                    "'dict'");
    *out = value_empty_object();
    foreign_put(arena, out, "type", value_text(type->ours));
    if (words.kind == VALUE_STRING && words.count > 0)
        foreign_put(arena, out, "description", plain_words(arena, value_slice(words)));
    return STATUS_OK;
}

enum status
sixtyfour_fields_read(struct value *out, struct value given, struct arena *arena,
                      struct sixtyfour_field_problem *problem)
{
    const struct slice all = {0};
    *out = value_empty_object();
    if (given.kind != VALUE_OBJECT)
        return fail(problem, all, "", "dict_type", "Input should be a valid dictionary");
    if (given.count == 0 || given.count > LIMIT_AI_FIELDS)
        return fail(problem, all, "", given.count == 0 ? "too_short" : "too_long",
                    "Dictionary should have 1 to 200 items");
    for (uint32_t i = 0; i < given.count; i++) {
        const struct member *member = &value_members(given)[i];
        struct value field = {0};
        enum status status = read_field(&field, member, arena, problem);
        if (status != STATUS_OK)
            return status;
        *out = value_object_set(arena, *out, member->key, field);
    }
    return arena_is_over(arena) ? STATUS_LIMIT : STATUS_OK;
}

const char *
sixtyfour_fields_expression(struct value given, const char *from, struct arena *arena)
{
    struct buffer out;
    buffer_init(&out, EXPRESSION_BYTES);
    for (uint32_t i = 0; i < given.count; i++) {
        const struct member *member = &value_members(given)[i];
        const struct field_type *type = type_of(member->value);
        const char *name = foreign_literal(arena, value_slice(member->key));
        buffer_append_format(&out, "%s%s: (%s[%s]", i == 0 ? "{" : ", ", name, from, name);
        if (type->conversion != NULL)
            buffer_append_format(&out, " | if . == null then null else %s end", type->conversion);
        buffer_append_byte(&out, ')');
    }
    buffer_append_byte(&out, '}');
    struct slice text = {0};
    if (!buffer_is_over(&out))
        text = arena_copy(arena, buffer_slice(&out));
    buffer_done(&out);
    return text.ptr;
}
