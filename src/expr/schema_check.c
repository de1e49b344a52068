#include "expr/schema.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/mem.h"
#include "expr/schema_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FINDINGS_MAX 100
/* Bytes of one text value that words repeat. */
#define SHOWN_BYTES 60
/* Bytes of all that words repeat. */
#define LIST_BYTES 240
/* Steps of all patterns of one check: about two seconds. */
#define PATTERN_STEPS_MAX 50000000
#define PATH_BYTES ((size_t)64 * 1024)

/* Where in the instance: a chain on the stack, written out only for a finding. */
struct place {
    const struct place *parent; /* NULL: the whole instance */
    struct slice name;          /* of a property */
    uint32_t index;             /* of an item */
    bool is_item;
};

struct checker {
    schema_problem_fn *visit;
    void *context;
    size_t count;
    uint32_t pattern_steps_left;
};

/* One value under one schema. */
struct check {
    struct checker *checker;
    const struct schema *schema;
    struct value instance;
    const struct place *place;
};

static void check_at(struct checker *checker, const struct schema *schema, struct value instance,
                     const struct place *place);

static void
append_pointer(struct buffer *out, const struct place *place)
{
    if (place->parent == NULL)
        return;
    append_pointer(out, place->parent);
    buffer_append_byte(out, '/');
    if (place->is_item) {
        buffer_append_format(out, "%" PRIu32, place->index);
        return;
    }
    struct slice name = slice_cut(place->name, LIST_BYTES);
    for (size_t i = 0; i < name.size; i++) {
        if (name.ptr[i] == '~' || name.ptr[i] == '/')
            buffer_append_text(out, name.ptr[i] == '~' ? "~0" : "~1");
        else
            buffer_append_byte(out, name.ptr[i]);
    }
}

static void report(const struct check *check, const char *keyword, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void
report(const struct check *check, const char *keyword, const char *format, ...)
{
    struct checker *checker = check->checker;
    if (checker->count++ >= FINDINGS_MAX)
        return;
    char words[SCHEMA_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    struct buffer path;
    buffer_init(&path, PATH_BYTES);
    append_pointer(&path, check->place);
    buffer_append_byte(&path, '\0');
    char schema_path[SCHEMA_TEXT_BYTES * 2];
    snprintf(schema_path, sizeof(schema_path), "%s%s%s", check->schema->path,
             keyword[0] == '\0' ? "" : "/", keyword);
    checker->visit(buffer_is_over(&path) ? "" : path.ptr, schema_path, words, checker->context);
    buffer_done(&path);
}

/* What was found, short enough for a message. */
static void
append_value(struct buffer *out, struct value value)
{
    if (value.kind == VALUE_ARRAY) {
        buffer_append_format(out, "an array of %" PRIu32, value.count);
    } else if (value.kind == VALUE_OBJECT) {
        buffer_append_text(out, "an object");
    } else if (value.kind == VALUE_STRING && value.count > SHOWN_BYTES) {
        json_print_string(out, slice_cut(value_slice(value), SHOWN_BYTES));
        buffer_append_text(out, "...");
    } else {
        json_print(out, value);
    }
}

static const char *
show(struct buffer *out, struct value value)
{
    buffer_init(out, SCHEMA_TEXT_BYTES);
    append_value(out, value);
    if (buffer_is_over(out))
        buffer_clear(out);
    buffer_append_byte(out, '\0');
    return out->ptr;
}

/* As many of the values as fit, with commas between. */
static const char *
show_list(struct buffer *out, struct value list)
{
    buffer_init(out, LIST_BYTES + 8);
    uint32_t i = 0;
    for (; i < list.count && out->size < LIST_BYTES - 2 * SHOWN_BYTES - 8; i++) {
        if (i > 0)
            buffer_append_text(out, ", ");
        append_value(out, value_items(list)[i]);
    }
    if (i < list.count)
        buffer_append_text(out, ", ...");
    buffer_append_byte(out, '\0');
    return buffer_is_over(out) ? "its values" : out->ptr;
}

static uint8_t
types_of(struct value value)
{
    switch ((enum value_kind)value.kind) {
    case VALUE_NULL:
        return SCHEMA_NULL;
    case VALUE_FALSE:
    case VALUE_TRUE:
        return SCHEMA_BOOLEAN;
    case VALUE_INT:
        return SCHEMA_NUMBER | SCHEMA_INTEGER;
    case VALUE_DOUBLE:
    case VALUE_DECIMAL:
        return schema_number_is_integer(value) ? SCHEMA_NUMBER | SCHEMA_INTEGER : SCHEMA_NUMBER;
    case VALUE_STRING:
        return SCHEMA_STRING;
    case VALUE_ARRAY:
        return SCHEMA_ARRAY;
    case VALUE_OBJECT:
        return SCHEMA_OBJECT;
    case VALUE_NONE:
        break;
    }
    return 0;
}

/* False when the kind is wrong: the other rules would only repeat that. */
static bool
check_type(const struct check *check)
{
    uint8_t types = check->schema->types;
    if (types == 0 || (types & types_of(check->instance)) != 0)
        return true;
    char expected[SCHEMA_TEXT_BYTES / 4] = "";
    size_t size = 0;
    for (unsigned i = 0; i < SCHEMA_TYPE_COUNT; i++) {
        if ((types & (1u << i)) != 0)
            size += (size_t)snprintf(expected + size, sizeof(expected) - size, "%s%s",
                                     size == 0 ? "" : " or ", schema_type_names[i]);
    }
    struct buffer found;
    report(check, "type", "expected %s, found %s", expected, show(&found, check->instance));
    buffer_done(&found);
    return false;
}

static void
check_values(const struct check *check)
{
    struct buffer found, list;
    struct value constant = check->schema->constant;
    struct value any_of = check->schema->any_of;
    if (constant.kind != VALUE_NONE && !value_equal(constant, check->instance)) {
        report(check, "const", "expected %s, found %s", show(&list, constant),
               show(&found, check->instance));
        buffer_done(&list);
        buffer_done(&found);
    }
    for (uint32_t i = 0; i < any_of.count; i++) {
        if (value_equal(value_items(any_of)[i], check->instance))
            return;
    }
    if (any_of.kind == VALUE_NONE)
        return;
    report(check, "enum", "expected one of %s; found %s", show_list(&list, any_of),
           show(&found, check->instance));
    buffer_done(&list);
    buffer_done(&found);
}

/* The sign that value_compare() must not give, and the words for it. */
static const struct {
    const char *keyword;
    const char *words;
    bool is_upper, is_exclusive;
} bound_rules[SCHEMA_BOUND_COUNT] = {
    [SCHEMA_MINIMUM] = {"minimum", "at least", false, false},
    [SCHEMA_MAXIMUM] = {"maximum", "at most", true, false},
    [SCHEMA_EXCLUSIVE_MINIMUM] = {"exclusiveMinimum", "more than", false, true},
    [SCHEMA_EXCLUSIVE_MAXIMUM] = {"exclusiveMaximum", "less than", true, true},
};

static void
check_bound(const struct check *check, enum schema_bound rule)
{
    struct value bound = check->schema->bounds[rule];
    if (bound.kind == VALUE_NONE)
        return;
    int order = value_compare(check->instance, bound);
    int beyond = bound_rules[rule].is_upper ? order : -order;
    if (beyond < 0 || (beyond == 0 && !bound_rules[rule].is_exclusive))
        return;
    struct buffer found, limit;
    report(check, bound_rules[rule].keyword, "expected %s %s, found %s", bound_rules[rule].words,
           show(&limit, bound), show(&found, check->instance));
    buffer_done(&limit);
    buffer_done(&found);
}

static void
check_number(const struct check *check)
{
    for (unsigned rule = 0; rule < SCHEMA_BOUND_COUNT; rule++)
        check_bound(check, (enum schema_bound)rule);
    struct value divisor = check->schema->multiple_of;
    if (divisor.kind == VALUE_NONE || schema_number_is_multiple(check->instance, divisor))
        return;
    struct buffer found, by;
    report(check, "multipleOf", "expected a multiple of %s, found %s", show(&by, divisor),
           show(&found, check->instance));
    buffer_done(&by);
    buffer_done(&found);
}

static const struct {
    const char *keyword;
    const char *words;
    const char *unit;
    bool is_upper;
} count_rules[SCHEMA_COUNT_COUNT] = {
    [SCHEMA_MIN_LENGTH] = {"minLength", "at least", "characters", false},
    [SCHEMA_MAX_LENGTH] = {"maxLength", "at most", "characters", true},
    [SCHEMA_MIN_ITEMS] = {"minItems", "at least", "items", false},
    [SCHEMA_MAX_ITEMS] = {"maxItems", "at most", "items", true},
    [SCHEMA_MIN_PROPERTIES] = {"minProperties", "at least", "properties", false},
    [SCHEMA_MAX_PROPERTIES] = {"maxProperties", "at most", "properties", true},
};

static void
check_count(const struct check *check, enum schema_count rule, int64_t count)
{
    int64_t limit = check->schema->counts[rule];
    if (limit < 0 || (count_rules[rule].is_upper ? count <= limit : count >= limit))
        return;
    report(check, count_rules[rule].keyword, "expected %s %" PRId64 " %s, found %" PRId64,
           count_rules[rule].words, limit, count_rules[rule].unit, count);
}

/* Code points, as JSON Schema counts: bytes that do not continue a character. */
static int64_t
count_characters(struct slice text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

static void
check_text(const struct check *check)
{
    const struct schema *schema = check->schema;
    if (schema->counts[SCHEMA_MIN_LENGTH] >= 0 || schema->counts[SCHEMA_MAX_LENGTH] >= 0) {
        int64_t count = count_characters(value_slice(check->instance));
        check_count(check, SCHEMA_MIN_LENGTH, count);
        check_count(check, SCHEMA_MAX_LENGTH, count);
    }
    if (schema->pattern == NULL)
        return;
    enum schema_match match = schema_pattern_search(schema->pattern, value_slice(check->instance),
                                                    &check->checker->pattern_steps_left);
    if (match == SCHEMA_MATCH_YES)
        return;
    struct slice pattern = slice_cut(schema->pattern_text, SHOWN_BYTES);
    struct buffer found;
    const char *text = show(&found, check->instance);
    if (match == SCHEMA_MATCH_NO)
        report(check, "pattern", "expected a match of /%.*s/, found %s", SLICE_FORMAT(pattern),
               text);
    else
        report(check, "pattern", "the pattern /%.*s/ takes too many steps on %s",
               SLICE_FORMAT(pattern), text);
    buffer_done(&found);
}

static int
compare_items(const void *a, const void *b)
{
    return value_compare(**(const struct value *const *)a, **(const struct value *const *)b);
}

static void
check_unique(const struct check *check)
{
    uint32_t count = check->instance.count;
    if (!check->schema->has_unique_items || count < 2)
        return;
    const struct value *items = value_items(check->instance);
    const struct value **sorted = mem_alloc_array(count, sizeof(*sorted));
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &items[i];
    qsort(sorted, count, sizeof(*sorted), compare_items);
    for (uint32_t i = 1; i < count; i++) {
        if (!value_equal(*sorted[i - 1], *sorted[i]))
            continue;
        ptrdiff_t a = sorted[i - 1] - items;
        ptrdiff_t b = sorted[i] - items;
        report(check, "uniqueItems", "items %td and %td are equal", a < b ? a : b, a < b ? b : a);
        break;
    }
    mem_free(sorted);
}

static void
check_array(const struct check *check)
{
    const struct schema *schema = check->schema;
    check_count(check, SCHEMA_MIN_ITEMS, check->instance.count);
    check_count(check, SCHEMA_MAX_ITEMS, check->instance.count);
    check_unique(check);
    for (uint32_t i = 0; schema->items != NULL && i < check->instance.count; i++) {
        if (check->checker->count >= FINDINGS_MAX)
            return;
        struct place place = {.parent = check->place, .index = i, .is_item = true};
        check_at(check->checker, schema->items, value_items(check->instance)[i], &place);
    }
}

static void
check_required(const struct check *check)
{
    struct value required = check->schema->required;
    for (uint32_t i = 0; i < required.count; i++) {
        struct slice name = value_slice(value_items(required)[i]);
        if (value_find(check->instance, name).kind == VALUE_NONE)
            report(check, "required", "the property \"%.*s\" is required and missing",
                   SLICE_FORMAT(slice_cut(name, LIST_BYTES)));
    }
}

static void
report_undeclared(const struct check *check, struct slice name)
{
    struct value properties = check->schema->properties;
    const char **names = mem_alloc_array(properties.count, sizeof(*names));
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    for (uint32_t i = 0; i < properties.count; i++) {
        struct slice declared =
            slice_cut(value_slice(value_members(properties)[i].key), LIST_BYTES);
        names[i] = arena_copy(&arena, declared).ptr;
    }
    const char *nearest = slice_nearest(slice_cut(name, LIST_BYTES), names, properties.count);
    report(check, "additionalProperties", "the property \"%.*s\" is not declared%s%s%s",
           SLICE_FORMAT(slice_cut(name, LIST_BYTES / 2)),
           nearest == NULL ? "" : ", did you mean \"", nearest == NULL ? "" : nearest,
           nearest == NULL ? "" : "\"?");
    arena_done(&arena);
    mem_free(names);
}

static void
check_additional(const struct check *check)
{
    const struct schema *additional = check->schema->additional;
    for (uint32_t i = 0; additional != NULL && i < check->instance.count; i++) {
        if (check->checker->count >= FINDINGS_MAX)
            return;
        const struct member *member = &value_members(check->instance)[i];
        struct slice name = value_slice(member->key);
        if (value_find(check->schema->properties, name).kind != VALUE_NONE)
            continue;
        struct place place = {.parent = check->place, .name = name};
        if (additional->refuses_all)
            report_undeclared(check, name);
        else
            check_at(check->checker, additional, member->value, &place);
    }
}

static void
check_object(const struct check *check)
{
    check_count(check, SCHEMA_MIN_PROPERTIES, check->instance.count);
    check_count(check, SCHEMA_MAX_PROPERTIES, check->instance.count);
    check_required(check);
    struct value properties = check->schema->properties;
    for (uint32_t i = 0; i < properties.count; i++) {
        struct slice name = value_slice(value_members(properties)[i].key);
        struct value found = value_find(check->instance, name);
        struct place place = {.parent = check->place, .name = name};
        if (found.kind != VALUE_NONE)
            check_at(check->checker, check->schema->property_schemas[i], found, &place);
    }
    check_additional(check);
}

static void
check_at(struct checker *checker, const struct schema *schema, struct value instance,
         const struct place *place)
{
    struct check check = {
        .checker = checker, .schema = schema, .instance = instance, .place = place};
    if (schema->refuses_all) {
        report(&check, "", "nothing is allowed here");
        return;
    }
    if (!check_type(&check))
        return;
    check_values(&check);
    if (value_is_number(instance))
        check_number(&check);
    else if (instance.kind == VALUE_STRING)
        check_text(&check);
    else if (instance.kind == VALUE_ARRAY)
        check_array(&check);
    else if (instance.kind == VALUE_OBJECT)
        check_object(&check);
}

bool
schema_check(const struct schema *schema, struct value instance, schema_problem_fn *visit,
             void *context)
{
    struct checker checker = {
        .visit = visit, .context = context, .pattern_steps_left = PATTERN_STEPS_MAX};
    struct place whole = {.parent = NULL};
    check_at(&checker, schema, instance, &whole);
    return checker.count == 0;
}
