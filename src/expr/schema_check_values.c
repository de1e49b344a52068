#include "expr/schema_check.h"

#include "base/buffer.h"
#include "base/utf8.h"

#include <inttypes.h>

/* --- enum and const --- */

static bool
is_among(const struct schema_values *values, struct value value)
{
    const struct value *items = value_items(values->any_of);
    if (values->slots == NULL) {
        for (uint32_t i = 0; i < values->any_of.count; i++) {
            if (value_equal(items[i], value))
                return true;
        }
        return false;
    }
    uint32_t mask = values->slot_count - 1;
    uint32_t slot = (uint32_t)value_hash(value, (uintptr_t)values) & mask;
    for (; values->slots[slot] != 0; slot = (slot + 1) & mask) {
        if (value_equal(items[values->slots[slot] - 1], value))
            return true;
    }
    return false;
}

/* A short list is compared one by one, so a tree may be walked as often. */
static bool
charge(const struct schema_check *check, const struct schema_values *values, struct value value)
{
    uint64_t times = 1;
    if (values->any_of.kind != VALUE_NONE && values->slots == NULL)
        times += values->any_of.count;
    return schema_charge_tree(check, value, times);
}

bool
schema_values_hold(const struct schema_check *check, const struct schema_values *values,
                   struct value value)
{
    if (!charge(check, values, value))
        return false;
    bool has_constant = values->constant.kind != VALUE_NONE;
    return (values->any_of.kind == VALUE_NONE || is_among(values, value)) &&
           (!has_constant || value_equal(values->constant, value));
}

bool
schema_check_values(const struct schema_check *check)
{
    const struct schema_values *values = check->schema->values;
    if (schema_values_hold(check, values, check->instance))
        return true;
    if (check->checker->quiet > 0)
        return false;
    struct buffer expected, found;
    const char *text = schema_show(&found, check->instance);
    if (values->any_of.kind != VALUE_NONE && !is_among(values, check->instance))
        schema_fail(check, "enum", "expected one of %s; found %s",
                    schema_show_list(&expected, values->any_of), text);
    else
        schema_fail(check, "const", "expected %s, found %s",
                    schema_show(&expected, values->constant), text);
    buffer_done(&expected);
    buffer_done(&found);
    return false;
}

/* --- numbers --- */

/* Steps for each SCHEMA_STEP_BYTES of a number that is divided. */
#define DIVISION_STEPS 32

static int
compare_numbers(struct value a, struct value b)
{
    if (a.kind == VALUE_INT && b.kind == VALUE_INT)
        return (a.integer > b.integer) - (a.integer < b.integer);
    return value_compare(a, b);
}

static bool
bound_holds(struct value number, enum schema_bound bound, struct value limit)
{
    int order = compare_numbers(number, limit);
    switch (bound) {
    case SCHEMA_MINIMUM:
        return order >= 0;
    case SCHEMA_MAXIMUM:
        return order <= 0;
    case SCHEMA_EXCLUSIVE_MINIMUM:
        return order > 0;
    case SCHEMA_EXCLUSIVE_MAXIMUM:
        return order < 0;
    case SCHEMA_BOUND_COUNT:
        break;
    }
    return true;
}

static bool
fail_number(const struct schema_check *check, const char *keyword, const char *words,
            struct value limit)
{
    if (check->checker->quiet > 0)
        return false;
    struct buffer expected, found;
    schema_fail(check, keyword, "expected %s %s, found %s", words, schema_show(&expected, limit),
                schema_show(&found, check->instance));
    buffer_done(&expected);
    buffer_done(&found);
    return false;
}

static bool
fail_format(const struct schema_check *check, const struct schema_format *format)
{
    if (check->checker->quiet > 0)
        return false;
    struct buffer found;
    schema_fail(check, "format", "expected %s, found %s", schema_format_words(format),
                schema_show(&found, check->instance));
    buffer_done(&found);
    return false;
}

bool
schema_check_numbers(const struct schema_check *check)
{
    static const struct {
        const char *keyword;
        const char *words;
    } bounds[SCHEMA_BOUND_COUNT] = {
        {"minimum", "at least"},
        {"maximum", "at most"},
        {"exclusiveMinimum", "more than"},
        {"exclusiveMaximum", "less than"},
    };
    const struct schema_numbers *numbers = check->schema->numbers;
    bool is_good = schema_charge_tree(check, check->instance, 1);
    for (int i = 0; i < SCHEMA_BOUND_COUNT && schema_goes_on(check, is_good); i++) {
        struct value limit = numbers->bounds[i];
        if (limit.kind != VALUE_NONE && !bound_holds(check->instance, (enum schema_bound)i, limit))
            is_good = fail_number(check, bounds[i].keyword, bounds[i].words, limit);
    }
    if (numbers->multiple_of.kind != VALUE_NONE && schema_goes_on(check, is_good) &&
        schema_charge_tree(check, check->instance, DIVISION_STEPS) &&
        !schema_number_is_multiple(check->instance, numbers->multiple_of))
        is_good = fail_number(check, "multipleOf", "a multiple of", numbers->multiple_of);
    if (numbers->format != NULL && schema_goes_on(check, is_good) &&
        !schema_format_holds(numbers->format, check->instance))
        is_good = fail_format(check, numbers->format);
    return is_good;
}

/* --- texts --- */

static bool
check_length(const struct schema_check *check)
{
    const struct schema_range *length = &check->schema->texts->length;
    int64_t bytes = check->instance.count;
    bool is_too_long = length->high >= 0 && bytes > length->high;
    bool is_too_short = length->low > 0 && bytes < length->low * 4;
    if (!is_too_long && !is_too_short)
        return true;
    if (!schema_charge_tree(check, check->instance, 1))
        return false;
    int64_t count = (int64_t)utf8_count(value_slice(check->instance));
    bool is_good = true;
    if (count < length->low)
        is_good = schema_fail(check, "minLength",
                              "expected at least %" PRId64 " character%s, found %" PRId64,
                              length->low, schema_plural(length->low), count);
    if (length->high >= 0 && count > length->high)
        is_good = schema_fail(check, "maxLength",
                              "expected at most %" PRId64 " character%s, found %" PRId64,
                              length->high, schema_plural(length->high), count);
    return is_good;
}

static bool
check_pattern(const struct schema_check *check)
{
    const struct schema_texts *texts = check->schema->texts;
    if (schema_find_pattern(check, texts->pattern, value_slice(check->instance)))
        return true;
    if (check->checker->quiet > 0)
        return false;
    struct slice pattern = slice_cut(texts->pattern_text, SCHEMA_SHOWN_BYTES);
    struct buffer found;
    schema_fail(check, "pattern", "expected a match of /%.*s/, found %s", SLICE_FORMAT(pattern),
                schema_show(&found, check->instance));
    buffer_done(&found);
    return false;
}

bool
schema_check_texts(const struct schema_check *check)
{
    const struct schema_texts *texts = check->schema->texts;
    bool is_good = check_length(check);
    if (texts->pattern != NULL && schema_goes_on(check, is_good))
        is_good &= check_pattern(check);
    if (texts->format != NULL && schema_goes_on(check, is_good) &&
        schema_charge_tree(check, check->instance, schema_format_steps(texts->format)) &&
        !schema_format_holds(texts->format, check->instance))
        is_good = fail_format(check, texts->format);
    return is_good;
}
