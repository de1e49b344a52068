#include "expr/order.h"

#include <assert.h>

static int
compare_arrays(struct expr_machine *machine, struct value a, struct value b)
{
    uint32_t shorter = a.count < b.count ? a.count : b.count;
    for (uint32_t i = 0; i < shorter; i++) {
        int order = order_compare(machine, a.array->items[i], b.array->items[i]);
        if (order != 0)
            return order;
    }
    return (a.count > b.count) - (a.count < b.count);
}

/* NULL over the budget. */
static const struct member **
sorted_members(struct expr_machine *machine, struct value object)
{
    const struct member **members = machine_alloc(machine, (object.count + 1) * sizeof(*members));
    if (members == NULL || !machine_charge(machine, (uint64_t)object.count * 4)) {
        machine_out_of_memory(machine);
        return NULL;
    }
    value_sorted_members(object, members);
    return members;
}

static int
compare_sorted(struct expr_machine *machine, const struct member **a, const struct member **b,
               uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        int order = slice_compare(value_slice(a[i]->key), value_slice(b[i]->key));
        if (order != 0 || !machine_charge_name(machine, a[i]->key))
            return order;
    }
    for (uint32_t i = 0; i < count; i++) {
        int order = order_compare(machine, a[i]->value, b[i]->value);
        if (order != 0)
            return order;
    }
    return 0;
}

/* First the sorted names as arrays, then the values in that order. */
static int
compare_objects(struct expr_machine *machine, struct value a, struct value b)
{
    struct arena_mark mark = arena_mark(&machine->scratch);
    const struct member **of_a = sorted_members(machine, a);
    const struct member **of_b = of_a == NULL ? NULL : sorted_members(machine, b);
    int order = 0;
    if (of_b != NULL) {
        uint32_t shorter = a.count < b.count ? a.count : b.count;
        for (uint32_t i = 0; i < shorter && order == 0; i++)
            order = slice_compare(value_slice(of_a[i]->key), value_slice(of_b[i]->key));
        if (order == 0)
            order = (a.count > b.count) - (a.count < b.count);
        if (order == 0)
            order = compare_sorted(machine, of_a, of_b, shorter);
    }
    arena_rewind(&machine->scratch, mark);
    return order;
}

int
order_compare(struct expr_machine *machine, struct value a, struct value b)
{
    bool are_containers = a.kind == b.kind && a.kind >= VALUE_ARRAY;
    if (!are_containers) {
        uint32_t bytes = a.kind >= VALUE_DECIMAL && a.kind <= VALUE_STRING ? a.count : 0;
        if (!machine_charge_bytes(machine, bytes))
            return 0;
        return value_compare(a, b);
    }
    if (!machine_charge(machine, 1))
        return 0;
    if (a.kind == VALUE_ARRAY)
        return compare_arrays(machine, a, b);
    return compare_objects(machine, a, b);
}

static void
merge(struct expr_machine *machine, struct sort_entry *entries, size_t half, size_t count,
      struct sort_entry *spare)
{
    memcpy(spare, entries, half * sizeof(*spare));
    size_t left = 0;
    size_t right = half;
    size_t to = 0;
    while (left < half && right < count) {
        bool take_right = order_compare(machine, entries[right].key, spare[left].key) < 0;
        entries[to++] = take_right ? entries[right++] : spare[left++];
    }
    memcpy(entries + to, spare + left, (half - left) * sizeof(*spare));
}

static void
sort_range(struct expr_machine *machine, struct sort_entry *entries, size_t count,
           struct sort_entry *spare)
{
    if (count < 2 || machine->steps_left == 0)
        return;
    size_t half = count / 2;
    sort_range(machine, entries, half, spare);
    sort_range(machine, entries + half, count - half, spare);
    if (order_compare(machine, entries[half].key, entries[half - 1].key) < 0)
        merge(machine, entries, half, count, spare);
}

bool
order_sort(struct expr_machine *machine, struct sort_entry *entries, size_t count)
{
    struct arena_mark mark = arena_mark(&machine->scratch);
    struct sort_entry *spare = machine_alloc(machine, (count / 2 + 1) * sizeof(*spare));
    if (spare == NULL) {
        machine_out_of_memory(machine);
        return false;
    }
    sort_range(machine, entries, count, spare);
    arena_rewind(&machine->scratch, mark);
    return machine->steps_left > 0;
}

/* Sorted entries of an array, keys[i] for items[i]; NULL over the budget. */
static struct sort_entry *
sorted_entries(struct expr_machine *machine, struct value array, struct value keys)
{
    assert(array.count == keys.count);
    struct sort_entry *entries = machine_alloc(machine, (array.count + 1) * sizeof(*entries));
    if (entries == NULL) {
        machine_out_of_memory(machine);
        return NULL;
    }
    for (uint32_t i = 0; i < array.count; i++)
        entries[i] = (struct sort_entry){keys.array->items[i], array.array->items[i]};
    return order_sort(machine, entries, array.count) ? entries : NULL;
}

static bool
both_arrays(struct value input, struct value keys)
{
    return input.kind == VALUE_ARRAY && keys.kind == VALUE_ARRAY && input.count == keys.count;
}

static struct value
sort_array(struct expr_machine *machine, struct value input, struct value keys)
{
    struct sort_entry *entries = sorted_entries(machine, input, keys);
    if (entries == NULL)
        return machine_no_steps(machine);
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < input.count; i++) {
        if (!machine_push(machine, entries[i].item))
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

struct value
order_native_sort(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind != VALUE_ARRAY)
        return machine_raise_about(machine, input, "cannot be sorted, as it is not an array");
    return sort_array(machine, input, input);
}

struct value
order_native_sort_by(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (!both_arrays(input, args[0]))
        return machine_raise_pair(machine, input, args[0],
                                  "cannot be sorted, as they are not both arrays");
    return sort_array(machine, input, args[0]);
}

struct value
order_native_group_by(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (!both_arrays(input, args[0]))
        return machine_raise_pair(machine, input, args[0],
                                  "cannot be sorted, as they are not both arrays");
    struct sort_entry *entries = sorted_entries(machine, input, args[0]);
    if (entries == NULL)
        return machine_no_steps(machine);
    struct value groups = value_empty_array();
    for (uint32_t i = 0; i < input.count && groups.kind != VALUE_NONE;) {
        size_t base = machine->value_count;
        uint32_t first = i;
        do {
            if (!machine_push(machine, entries[i++].item))
                return machine_no_steps(machine);
        } while (i < input.count && order_equal(machine, entries[first].key, entries[i].key));
        struct value group = machine_pop_array(machine, base);
        if (group.kind == VALUE_NONE)
            return group;
        groups = value_array_append(&machine->scratch, groups, group);
    }
    return machine_check(machine, groups);
}

struct value
order_native_unique_by(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (!both_arrays(input, args[0]))
        return machine_raise_pair(machine, input, args[0],
                                  "cannot be sorted, as they are not both arrays");
    struct sort_entry *entries = sorted_entries(machine, input, args[0]);
    if (entries == NULL)
        return machine_no_steps(machine);
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < input.count; i++) {
        if (i > 0 && order_equal(machine, entries[i - 1].key, entries[i].key))
            continue;
        if (!machine_push(machine, entries[i].item))
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

/* The first of the smallest, or the last of the greatest, as in jq. */
static struct value
extreme(struct expr_machine *machine, struct value input, struct value keys, bool greatest)
{
    if (!both_arrays(input, keys))
        return machine_raise_pair(machine, input, keys, "cannot be iterated over");
    if (input.count == 0)
        return value_null();
    uint32_t best = 0;
    for (uint32_t i = 1; i < input.count; i++) {
        int order = order_compare(machine, keys.array->items[i], keys.array->items[best]);
        if (greatest ? order >= 0 : order < 0)
            best = i;
    }
    return input.array->items[best];
}

struct value
order_native_min_by(struct expr_machine *machine, struct value input, const struct value *args)
{
    return extreme(machine, input, args[0], false);
}

struct value
order_native_max_by(struct expr_machine *machine, struct value input, const struct value *args)
{
    return extreme(machine, input, args[0], true);
}

struct value
order_native_min(struct expr_machine *machine, struct value input, const struct value *args)
{
    return extreme(machine, input, input, false);
}

struct value
order_native_max(struct expr_machine *machine, struct value input, const struct value *args)
{
    return extreme(machine, input, input, true);
}

/* The index of the value in a sorted array, or -1 - where it would stand. */
struct value
order_native_bsearch(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind != VALUE_ARRAY)
        return machine_raise_about(machine, input, "cannot be searched from");
    int64_t low = 0;
    int64_t high = (int64_t)input.count - 1;
    while (low <= high) {
        int64_t middle = low + (high - low) / 2;
        int order = order_compare(machine, input.array->items[middle], args[0]);
        if (order == 0)
            return value_int(middle);
        if (order < 0)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return value_int(-1 - low);
}

static struct value
array_indices(struct expr_machine *machine, uint32_t count)
{
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < count; i++) {
        if (!machine_push(machine, value_int(i)))
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

struct value
order_native_keys(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind == VALUE_ARRAY)
        return array_indices(machine, input.count);
    if (input.kind != VALUE_OBJECT)
        return machine_raise_about(machine, input, "has no keys");
    const struct member **members = sorted_members(machine, input);
    if (members == NULL)
        return machine_no_steps(machine);
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < input.count; i++) {
        if (!machine_push(machine, members[i]->key))
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}
