#include "expr/schema_compile.h"

#include "base/hash.h"

/* Lists of `enum` with more values than this get an index. */
#define ENUM_LINEAR_MAX 8

const char *const schema_type_names[SCHEMA_TYPE_COUNT] = {
    "null", "boolean", "integer", "number", "string", "array", "object",
};

/* One value of `type`; complains about an unknown name. */
static uint8_t
type_bit(const struct schema_keyword_at *at, struct value name)
{
    if (name.kind != VALUE_STRING) {
        schema_complain_at(at, "expected the name of a type, found %s", value_kind_name(name));
        return 0;
    }
    for (unsigned i = 0; i < SCHEMA_TYPE_COUNT; i++) {
        if (slice_is(value_slice(name), schema_type_names[i]))
            return (uint8_t)(1u << i);
    }
    const char *nearest = slice_nearest(value_slice(name), schema_type_names, SCHEMA_TYPE_COUNT);
    schema_complain_at(at, "unknown type \"%.*s\"%s",
                       SLICE_FORMAT(slice_cut(value_slice(name), 64)),
                       schema_did_you_mean(at->compiler, nearest));
    return 0;
}

void
schema_keyword_type(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_ARRAY) {
        at->schema->types = type_bit(at, *at->value);
        return;
    }
    if (at->value->count == 0)
        schema_complain_at(at, "expected at least one type");
    for (uint32_t i = 0; i < at->value->count; i++) {
        uint8_t bit = type_bit(at, value_items(*at->value)[i]);
        if ((at->schema->types & bit) != 0)
            schema_complain_at(at, "a type is there twice");
        at->schema->types |= bit;
    }
}

static void
index_values(const struct schema_keyword_at *at, struct schema_values *values)
{
    struct value list = *at->value;
    uint32_t count = 16;
    while (count < list.count * 2)
        count *= 2;
    values->slots = schema_room(at, count, sizeof(*values->slots));
    if (values->slots == NULL)
        return;
    values->slot_count = count;
    for (uint32_t i = 0; i < list.count; i++) {
        uint32_t slot = (uint32_t)value_hash(value_items(list)[i], (uintptr_t)values);
        while (values->slots[slot & (count - 1)] != 0)
            slot++;
        values->slots[slot & (count - 1)] = i + 1;
    }
}

void
schema_keyword_enum(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_ARRAY || at->value->count == 0) {
        schema_complain_at(at, "expected a list of at least one value");
        return;
    }
    struct schema_values *values = schema_need_values(at);
    values->any_of = *at->value;
    if (at->value->count > ENUM_LINEAR_MAX)
        index_values(at, values);
}

void
schema_keyword_const(const struct schema_keyword_at *at)
{
    schema_need_values(at)->constant = *at->value;
}

/* --- numbers --- */

static void
read_bound(const struct schema_keyword_at *at, enum schema_bound bound)
{
    if (value_is_number(*at->value))
        schema_need_numbers(at)->bounds[bound] = *at->value;
    else
        schema_complain_at(at, "expected a number, found %s", value_kind_name(*at->value));
}

void
schema_keyword_minimum(const struct schema_keyword_at *at)
{
    read_bound(at, SCHEMA_MINIMUM);
}

void
schema_keyword_maximum(const struct schema_keyword_at *at)
{
    read_bound(at, SCHEMA_MAXIMUM);
}

void
schema_keyword_exclusive_minimum(const struct schema_keyword_at *at)
{
    read_bound(at, SCHEMA_EXCLUSIVE_MINIMUM);
}

void
schema_keyword_exclusive_maximum(const struct schema_keyword_at *at)
{
    read_bound(at, SCHEMA_EXCLUSIVE_MAXIMUM);
}

void
schema_keyword_multiple_of(const struct schema_keyword_at *at)
{
    if (value_is_number(*at->value) && schema_number_can_divide(*at->value))
        schema_need_numbers(at)->multiple_of = *at->value;
    else
        schema_complain_at(at, "expected a number above 0 of at most 18 digits");
}

/* --- counts --- */

static void
read_count(const struct schema_keyword_at *at, int64_t *count)
{
    int64_t number = -1;
    if (value_is_number(*at->value) && value_integer(*at->value, &number) && number >= 0)
        *count = number;
    else
        schema_complain_at(at, "expected a whole number of at least 0");
}

void
schema_keyword_min_length(const struct schema_keyword_at *at)
{
    read_count(at, &schema_need_texts(at)->length.low);
}

void
schema_keyword_max_length(const struct schema_keyword_at *at)
{
    read_count(at, &schema_need_texts(at)->length.high);
}

void
schema_keyword_min_items(const struct schema_keyword_at *at)
{
    read_count(at, &schema_need_arrays(at)->count.low);
}

void
schema_keyword_max_items(const struct schema_keyword_at *at)
{
    read_count(at, &schema_need_arrays(at)->count.high);
}

void
schema_keyword_min_contains(const struct schema_keyword_at *at)
{
    read_count(at, &schema_need_arrays(at)->contains_count.low);
}

void
schema_keyword_max_contains(const struct schema_keyword_at *at)
{
    read_count(at, &schema_need_arrays(at)->contains_count.high);
}

void
schema_keyword_min_properties(const struct schema_keyword_at *at)
{
    read_count(at, &schema_need_objects(at)->count.low);
}

void
schema_keyword_max_properties(const struct schema_keyword_at *at)
{
    read_count(at, &schema_need_objects(at)->count.high);
}

void
schema_keyword_unique_items(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_TRUE && at->value->kind != VALUE_FALSE)
        schema_complain_at(at, "expected true or false");
    else
        schema_need_arrays(at)->is_unique = at->value->kind == VALUE_TRUE;
}

/* --- texts --- */

void
schema_keyword_pattern(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_STRING) {
        schema_complain_at(at, "expected a regular expression, found %s",
                           value_kind_name(*at->value));
        return;
    }
    char message[SCHEMA_TEXT_BYTES / 2];
    struct schema_texts *texts = schema_need_texts(at);
    texts->pattern_text = value_slice(*at->value);
    texts->pattern =
        schema_pattern_new(at->compiler->arena, texts->pattern_text, message, sizeof(message));
    if (texts->pattern == NULL)
        schema_complain_at(at, "%s", message);
}

void
schema_keyword_format(const struct schema_keyword_at *at)
{
    if (at->value->kind != VALUE_STRING) {
        schema_complain_at(at, "expected the name of a format, found %s",
                           value_kind_name(*at->value));
        return;
    }
    struct slice name = value_slice(*at->value);
    const struct schema_format *format = schema_format_find(name);
    if (format == NULL)
        schema_complain(at->compiler, STATUS_UNSUPPORTED, at->path, "unknown format \"%.*s\"%s",
                        SLICE_FORMAT(slice_cut(name, 64)),
                        schema_did_you_mean(at->compiler, schema_format_nearest(name)));
    else if (schema_format_is_numeric(format))
        schema_need_numbers(at)->format = format;
    else
        schema_need_texts(at)->format = format;
}
