#include "expr/schema_check.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>

/* Up to so many items are compared each with each. */
#define UNIQUE_PAIRWISE_MAX 8

static bool
check_count(const struct schema_check *check)
{
    const struct schema_range *count = &check->schema->arrays->count;
    int64_t found = check->instance.count;
    if (found < count->low)
        return schema_fail(check, "minItems",
                           "expected at least %" PRId64 " item%s, found %" PRId64, count->low,
                           schema_plural(count->low), found);
    if (count->high >= 0 && found > count->high)
        return schema_fail(check, "maxItems", "expected at most %" PRId64 " item%s, found %" PRId64,
                           count->high, schema_plural(count->high), found);
    return true;
}

/* --- uniqueItems --- */

static int
compare_items(const void *a, const void *b)
{
    return value_compare(**(const struct value *const *)a, **(const struct value *const *)b);
}

static bool
fail_unique(const struct schema_check *check, const struct value *a, const struct value *b)
{
    ptrdiff_t first = a - value_items(check->instance);
    ptrdiff_t second = b - value_items(check->instance);
    return schema_fail(check, "uniqueItems", "items %td and %td are equal",
                       first < second ? first : second, first < second ? second : first);
}

static bool
are_unique_sorted(const struct schema_check *check)
{
    uint32_t count = check->instance.count;
    const struct value *items = value_items(check->instance);
    const struct value **sorted = mem_alloc_array(count, sizeof(*sorted));
    bool is_good = true;
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &items[i];
    qsort(sorted, count, sizeof(*sorted), compare_items);
    for (uint32_t i = 1; i < count && is_good; i++) {
        if (value_equal(*sorted[i - 1], *sorted[i]))
            is_good = fail_unique(check, sorted[i - 1], sorted[i]);
    }
    mem_free(sorted);
    return is_good;
}

static bool
are_unique_pairwise(const struct schema_check *check)
{
    const struct value *items = value_items(check->instance);
    for (uint32_t i = 1; i < check->instance.count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (value_equal(items[i], items[j]))
                return fail_unique(check, &items[i], &items[j]);
        }
    }
    return true;
}

static bool
check_unique(const struct schema_check *check)
{
    uint64_t rounds = 2;
    for (uint32_t left = check->instance.count; left > 1; left /= 2)
        rounds += 2;
    if (!schema_charge_tree(check, check->instance, rounds))
        return false;
    return check->instance.count <= UNIQUE_PAIRWISE_MAX ? are_unique_pairwise(check)
                                                        : are_unique_sorted(check);
}

/* --- items --- */

static bool
apply_to_item(const struct schema_check *check, const struct schema *schema, uint32_t index)
{
    struct schema_place place = {.parent = check->place, .index = index, .is_item = true};
    return schema_apply(check->checker, schema, value_items(check->instance)[index], &place, NULL);
}

static bool
check_items(const struct schema_check *check)
{
    const struct schema_arrays *arrays = check->schema->arrays;
    bool is_good = true;
    for (uint32_t i = 0; i < check->instance.count && schema_goes_on(check, is_good); i++) {
        const struct schema *schema =
            i < arrays->prefix.count ? arrays->prefix.items[i] : arrays->items;
        if (schema == NULL)
            break;
        is_good &= apply_to_item(check, schema, i);
        schema_seen_mark(check->seen, i);
    }
    return is_good;
}

/* Counts and marks; stops early when nobody asks for marks and the answer is known. */
static int64_t
count_contained(const struct schema_check *check)
{
    const struct schema_arrays *arrays = check->schema->arrays;
    int64_t enough = arrays->contains_count.high < 0 ? arrays->contains_count.low : INT64_MAX;
    int64_t count = 0;
    for (uint32_t i = 0; i < check->instance.count && !check->checker->is_finished; i++) {
        if (check->seen == NULL && count >= enough)
            break;
        if (!schema_probe(check, arrays->contains, value_items(check->instance)[i], NULL))
            continue;
        schema_seen_mark(check->seen, i);
        count++;
    }
    return count;
}

static bool
check_contains(const struct schema_check *check)
{
    const struct schema_range *range = &check->schema->arrays->contains_count;
    int64_t count = count_contained(check);
    if (count < range->low)
        return schema_fail(check, range->low == 1 ? "contains" : "minContains",
                           "expected at least %" PRId64
                           " item%s that \"contains\" allows, found %" PRId64,
                           range->low, schema_plural(range->low), count);
    if (range->high >= 0 && count > range->high)
        return schema_fail(check, "maxContains",
                           "expected at most %" PRId64
                           " item%s that \"contains\" allows, found %" PRId64,
                           range->high, schema_plural(range->high), count);
    return true;
}

bool
schema_check_arrays(const struct schema_check *check)
{
    const struct schema_arrays *arrays = check->schema->arrays;
    bool is_good = check_count(check);
    if (arrays->is_unique && schema_goes_on(check, is_good))
        is_good &= check_unique(check);
    if ((arrays->prefix.count > 0 || arrays->items != NULL) && schema_goes_on(check, is_good))
        is_good &= check_items(check);
    if (arrays->contains != NULL && schema_goes_on(check, is_good))
        is_good &= check_contains(check);
    return is_good;
}

bool
schema_check_unevaluated_items(const struct schema_check *check)
{
    const struct schema *schema = check->schema->arrays->unevaluated;
    bool is_good = true;
    for (uint32_t i = 0; i < check->instance.count && schema_goes_on(check, is_good); i++) {
        if (schema_seen_has(check->seen, i))
            continue;
        if (schema->refuses_all)
            is_good = schema_fail(check, "unevaluatedItems", "no schema allows the item %u", i);
        else
            is_good &= apply_to_item(check, schema, i);
    }
    check->seen->has_all = true;
    return is_good;
}
