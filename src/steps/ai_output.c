#include "steps/ai_output.h"

#include "ai/shape.h"
#include "ai/structured.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Findings that are told; each further one says the same in other words more often than not. */
#define TOLD_MAX 5

/* Bytes of a JSON pointer whose null is left out. */
#define POINTER_BYTES 256

/* --- JSON pointers --- */

/* The next part of the pointer, which begins with a slash; unescaped into `part`. */
static bool
next_part(const char **pointer, char part[POINTER_BYTES])
{
    const char *at = *pointer;
    size_t size = 0;
    if (*at != '/')
        return false;
    for (at++; *at != '\0' && *at != '/' && size + 1 < POINTER_BYTES; at++) {
        char byte = *at;
        if (byte == '~' && (at[1] == '0' || at[1] == '1'))
            byte = *++at == '0' ? '~' : '/';
        part[size++] = byte;
    }
    part[size] = '\0';
    *pointer = at;
    return *at == '\0' || *at == '/';
}

/* Where an array has the element that the part names; false: it has none. */
static bool
find_element(struct value array, const char *part, uint32_t *index)
{
    int64_t number = 0;
    if (!slice_parse_int64(slice_text(part), &number) || number < 0 || number >= array.count)
        return false;
    *index = (uint32_t)number;
    return true;
}

static struct value
child_of(struct value parent, const char *part)
{
    uint32_t index = 0;
    if (parent.kind == VALUE_OBJECT)
        return value_get(parent, part);
    if (parent.kind != VALUE_ARRAY || !find_element(parent, part, &index))
        return (struct value){0};
    return value_items(parent)[index];
}

static struct value
value_at(struct value value, const char *pointer)
{
    char part[POINTER_BYTES];
    while (*pointer != '\0') {
        if (!next_part(&pointer, part))
            return (struct value){0};
        value = child_of(value, part);
    }
    return value;
}

static struct value
replace(struct arena *arena, struct value parent, const char *part, struct value child)
{
    uint32_t index = 0;
    if (parent.kind == VALUE_OBJECT)
        return value_object_set(arena, parent, value_string_copy(arena, slice_text(part)), child);
    if (!find_element(parent, part, &index))
        return parent;
    struct value items = value_empty_array();
    for (uint32_t i = 0; i < parent.count; i++)
        items = value_array_append(arena, items, i == index ? child : value_items(parent)[i]);
    return items;
}

/* The value without the member that the pointer leads to. */
static struct value
without(struct arena *arena, struct value value, const char *pointer)
{
    char part[POINTER_BYTES];
    if (!next_part(&pointer, part))
        return value;
    if (*pointer == '\0')
        return value.kind == VALUE_OBJECT ? value_object_remove(arena, value, slice_text(part))
                                          : value;
    struct value child = child_of(value, part);
    if (child.kind < VALUE_ARRAY)
        return value;
    return replace(arena, value, part, without(arena, child, pointer));
}

/* --- the check --- */

/* What was checked against the schema, and what came of it. */
struct check {
    struct arena *arena;
    struct value value;
    struct ai_output *out;
    unsigned found;
    unsigned nulls;        /* of those found */
    struct value pointers; /* of the nulls; VALUE_NONE if memory ends */
};

static void
note(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    struct check *check = context;
    size_t used = strlen(check->out->words);
    const char *shown = *instance_path == '\0' ? "output" : instance_path;
    if (check->found < TOLD_MAX && used + 2 < AI_OUTPUT_WORDS_BYTES)
        snprintf(check->out->words + used, AI_OUTPUT_WORDS_BYTES - used, "%s%s: %s",
                 used == 0 ? "" : "; ", shown, words);
    check->found++;
    if (value_at(check->value, instance_path).kind != VALUE_NULL)
        return;
    check->nulls++;
    check->pointers = value_array_append(
        check->arena, check->pointers, value_string_copy(check->arena, slice_text(instance_path)));
}

/* The words may have been cut in the middle of a character. */
static void
end_words(struct ai_output *out)
{
    struct slice words = slice_text(out->words);
    while (words.size > 0 && !slice_is_utf8(words))
        words.size--;
    out->words[words.size] = '\0';
}

/* A model that must name every property says null for one that may be absent. */
static bool
is_valid_without_nulls(struct check *check, const struct schema *schema)
{
    struct value pruned = check->value;
    for (uint32_t i = 0; i < check->pointers.count; i++) {
        const char *pointer =
            arena_copy(check->arena, value_slice(value_items(check->pointers)[i])).ptr;
        if (pointer == NULL)
            return false;
        pruned = without(check->arena, pruned, pointer);
    }
    if (pruned.kind == VALUE_NONE || schema_check(schema, pruned, NULL, NULL) != STATUS_OK)
        return false;
    check->value = pruned;
    return true;
}

static bool
check_value(struct ai_output *out, const struct schema *schema, struct arena *arena)
{
    struct check check = {
        .arena = arena, .value = out->value, .out = out, .pointers = value_empty_array()};
    if (schema_check(schema, out->value, note, &check) == STATUS_OK)
        return true;
    end_words(out);
    if (check.nulls > 0 && is_valid_without_nulls(&check, schema)) {
        out->value = check.value;
        return true;
    }
    out->is_unsaid = check.nulls > 0 && check.nulls == check.found;
    return false;
}

/* --- the envelope --- */

static bool
fail_words(struct ai_output *out, const char *words)
{
    snprintf(out->words, sizeof(out->words), "%s", words);
    end_words(out);
    return false;
}

static void
note_schema(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    struct ai_output *out = context;
    snprintf(out->words, sizeof(out->words), "the schema of the answer: %s: %s", schema_path,
             words);
}

static bool
check_shape(struct ai_output *out, const struct ai_request *request, const struct schema *schema,
            struct arena *arena)
{
    struct schema *made = NULL;
    /* A schema without a type allows anything, and the step's value is an object. */
    if (request->schema.kind != VALUE_NONE && out->value.kind != VALUE_OBJECT)
        return fail_words(out, "output: expected an object; the schema should say `type: object`");
    if (schema == NULL) {
        struct value shape = ai_shape_output(request, arena);
        if (shape.kind == VALUE_NONE ||
            schema_compile(&made, arena, shape, note_schema, out) != STATUS_OK) {
            end_words(out);
            return false;
        }
        schema = made;
    }
    return check_value(out, schema, arena);
}

bool
ai_output_read(struct ai_output *out, const struct ai_request *request, const struct schema *schema,
               struct slice text, struct arena *arena)
{
    struct value envelope;
    struct error error = {0};
    *out = (struct ai_output){0};
    if (structured_find(&envelope, arena, text, "output", &error) != STATUS_OK)
        return fail_words(out, error.text);
    struct value output = value_get(envelope, "output");
    struct value citations = value_get(envelope, "citations");
    out->value = output.kind == VALUE_NONE ? envelope : output;
    if (citations.kind == VALUE_ARRAY)
        out->citations = citations;
    if (output.kind == VALUE_NONE && citations.kind != VALUE_NONE)
        out->value = value_object_remove(arena, envelope, SLICE("citations"));
    return check_shape(out, request, schema, arena);
}

/* --- names --- */

/* Keywords by which a value may have, or need, other names than those that are declared. */
static bool
has_further_names(struct value schema)
{
    static const char *const keywords[] = {
        "additionalProperties",
        "patternProperties",
        "unevaluatedProperties",
        "$ref",
        "allOf",
        "anyOf",
        "oneOf",
        "if",
        "dependentSchemas",
        "$dynamicRef",
    };
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        struct value value = value_get(schema, keywords[i]);
        if (value.kind != VALUE_NONE && value.kind != VALUE_FALSE)
            return true;
    }
    return false;
}

struct value
ai_output_names(struct value schema, struct arena *arena)
{
    struct value properties = value_get(schema, "properties");
    if (properties.kind != VALUE_OBJECT || properties.count == 0 || has_further_names(schema))
        return (struct value){0};
    struct value names = value_empty_array();
    for (uint32_t i = 0; i < properties.count; i++)
        names = value_array_append(arena, names, value_members(properties)[i].key);
    return names;
}
