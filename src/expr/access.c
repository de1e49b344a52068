#include "expr/access.h"

#include "base/utf8.h"
#include "expr/order.h"

#include <assert.h>
#include <math.h>

/* Beyond this an array that grows by setting an element is a mistake. */
#define ARRAY_COUNT_MAX 536870911

/* Index of an array element, rounded down; false for NaN or what no array has. */
static bool
array_index(struct value key, uint32_t count, int64_t *out)
{
    double real = key.kind == VALUE_INT ? (double)key.integer : floor(value_real(key));
    if (!(real > -4294967296.0 && real < 4294967296.0))
        return false;
    *out = (int64_t)real;
    if (*out < 0)
        *out += count;
    return true;
}

static struct value
get_element(struct value array, struct value key)
{
    int64_t index = 0;
    if (!array_index(key, array.count, &index) || index < 0 || index >= array.count)
        return value_null();
    return array.array->items[index];
}

/* One end of a slice: a number rounded as asked, or null. */
static bool
slice_bound(struct value bound, double missing, double *out)
{
    if (bound.kind == VALUE_NULL) {
        *out = missing;
        return true;
    }
    if (!value_is_number(bound))
        return false;
    *out = value_real(bound);
    if (isnan(*out))
        *out = missing;
    return true;
}

static double
clamp(double real, double low, double high)
{
    if (real < low)
        return low;
    return real > high ? high : real;
}

/* Start inclusive, rounded down; end exclusive, rounded up; both within 0..count. */
static bool
slice_range(struct value key, uint32_t count, uint32_t *from, uint32_t *upto)
{
    double start = 0;
    double end = count;
    if (!slice_bound(value_get(key, "start"), 0, &start) ||
        !slice_bound(value_get(key, "end"), count, &end))
        return false;
    if (start < 0)
        start += count;
    if (end < 0)
        end += count;
    start = clamp(start, 0, count);
    end = clamp(end, 0, count);
    *from = (uint32_t)floor(start);
    *upto = end < start ? *from : (uint32_t)ceil(end);
    return true;
}

static struct value
slice_array(struct expr_machine *machine, struct value array, uint32_t from, uint32_t upto)
{
    if (from == 0) {
        struct value view = array;
        view.count = upto;
        return upto == 0 ? value_empty_array() : view;
    }
    return machine_check(
        machine, value_array_new(&machine->scratch, array.array->items + from, upto - from));
}

static struct value
slice_string(struct expr_machine *machine, struct value string, struct value key)
{
    struct slice text = value_slice(string);
    uint32_t from = 0;
    uint32_t upto = 0;
    if (!machine_charge_bytes(machine, text.size))
        return machine_no_steps(machine);
    if (!slice_range(key, (uint32_t)utf8_count(text), &from, &upto))
        return machine_raise(machine, "Start and end indices of an string slice must be numbers");
    size_t start = utf8_offset(text, from);
    struct slice rest = slice_of(text.ptr + start, text.size - start);
    return value_string(slice_of(rest.ptr, utf8_offset(rest, upto - from)));
}

static struct value
get_slice(struct expr_machine *machine, struct value container, struct value key)
{
    uint32_t from = 0;
    uint32_t upto = 0;
    if (container.kind == VALUE_STRING)
        return slice_string(machine, container, key);
    if (!slice_range(key, container.count, &from, &upto))
        return machine_raise(machine, "Start and end indices of an array slice must be numbers");
    return slice_array(machine, container, from, upto);
}

static struct value
raise_index(struct expr_machine *machine, struct value container, struct value key)
{
    const char *kind = value_kind_name(container);
    if (key.kind != VALUE_STRING)
        return machine_raise(machine, "Cannot index %s with %s", kind, value_kind_name(key));
    struct slice cut = slice_cut(value_slice(key), 512);
    return machine_raise(machine, "Cannot index %s with string \"%.*s\"", kind, SLICE_FORMAT(cut));
}

struct value
access_get(struct expr_machine *machine, struct value container, struct value key)
{
    if (container.kind == VALUE_OBJECT && key.kind == VALUE_STRING) {
        if (!machine_charge_name(machine, key))
            return machine_no_steps(machine);
        return value_find_or_null(container, value_slice(key));
    }
    if (container.kind == VALUE_ARRAY && value_is_number(key))
        return get_element(container, key);
    if ((container.kind == VALUE_ARRAY || container.kind == VALUE_STRING) &&
        key.kind == VALUE_OBJECT)
        return get_slice(machine, container, key);
    if (container.kind == VALUE_ARRAY && key.kind == VALUE_ARRAY)
        return access_indices(machine, container, key);
    bool is_key = key.kind == VALUE_STRING || key.kind == VALUE_OBJECT || value_is_number(key);
    if (container.kind == VALUE_NULL && is_key)
        return value_null();
    return raise_index(machine, container, key);
}

struct value
access_slice_key(struct expr_machine *machine, struct value from, struct value upto)
{
    struct member members[] = {
        {value_text("start"), from.kind == VALUE_NONE ? value_null() : from},
        {value_text("end"), upto.kind == VALUE_NONE ? value_null() : upto},
    };
    return machine_check(machine, value_object_new(&machine->scratch, members, 2));
}

static bool
matches_at(struct expr_machine *machine, struct value array, uint32_t at, struct value wanted)
{
    for (uint32_t i = 0; i < wanted.count; i++) {
        if (!order_equal(machine, array.array->items[at + i], wanted.array->items[i]))
            return false;
    }
    return true;
}

struct value
access_indices(struct expr_machine *machine, struct value array, struct value wanted)
{
    size_t base = machine->value_count;
    for (uint32_t i = 0; wanted.count > 0 && wanted.count <= array.count - i && i < array.count;
         i++) {
        if (matches_at(machine, array, i, wanted) && !machine_push(machine, value_int(i)))
            return machine_no_steps(machine);
        if (machine->steps_left == 0)
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

/* items[0..from), middle, items[upto..count). */
static struct value
splice(struct expr_machine *machine, struct value array, uint32_t from, uint32_t upto,
       struct value middle)
{
    struct value head = slice_array(machine, array, 0, from);
    if (head.kind == VALUE_NONE)
        return head;
    struct value result = value_array_concat(&machine->scratch, head, middle);
    if (upto >= array.count || result.kind == VALUE_NONE)
        return machine_check(machine, result);
    struct value tail = slice_array(machine, array, upto, array.count);
    if (tail.kind == VALUE_NONE)
        return tail;
    return machine_check(machine, value_array_concat(&machine->scratch, result, tail));
}

static struct value
pad_array(struct expr_machine *machine, struct value array, int64_t count)
{
    if (count > ARRAY_COUNT_MAX)
        return machine_raise(machine, "Out of bounds: the array would be too large");
    while (array.count < count && array.kind != VALUE_NONE)
        array = value_array_append(&machine->scratch, array, value_null());
    return machine_check(machine, array);
}

static struct value
replace_element(struct expr_machine *machine, struct value array, uint32_t index,
                struct value value)
{
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < array.count; i++) {
        if (!machine_push(machine, i == index ? value : array.array->items[i]))
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

static struct value
set_element(struct expr_machine *machine, uint32_t owner, struct value array, struct value key,
            struct value value)
{
    int64_t index = 0;
    if (!array_index(key, array.count, &index))
        return machine_raise(machine, "Out of bounds: no array has such an index");
    if (index < 0)
        return machine_raise(machine, "Out of bounds negative array index");
    if (index < array.count && owner != 0)
        return machine_check(
            machine, value_array_put(&machine->scratch, owner, array, (uint32_t)index, value));
    if (index < array.count)
        return replace_element(machine, array, (uint32_t)index, value);
    array = pad_array(machine, array, index);
    if (array.kind == VALUE_NONE)
        return array;
    return machine_check(machine, value_array_append(&machine->scratch, array, value));
}

static struct value
set_slice(struct expr_machine *machine, struct value array, struct value key, struct value value)
{
    uint32_t from = 0;
    uint32_t upto = 0;
    if (!slice_range(key, array.count, &from, &upto))
        return machine_raise(machine, "Start and end indices of an array slice must be numbers");
    if (value.kind != VALUE_ARRAY)
        return machine_raise(machine, "A slice of an array can only be assigned another array");
    return splice(machine, array, from, upto, value);
}

static struct value
set_member(struct expr_machine *machine, uint32_t owner, struct value object, struct value key,
           struct value value)
{
    struct arena *arena = &machine->scratch;
    if (!machine_charge_name(machine, key))
        return machine_no_steps(machine);
    return machine_check(machine, owner != 0 ? value_object_put(arena, owner, object, key, value)
                                             : value_object_set(arena, object, key, value));
}

struct value
access_set(struct expr_machine *machine, uint32_t owner, struct value container, struct value key,
           struct value value)
{
    bool is_null = container.kind == VALUE_NULL;
    if (key.kind == VALUE_STRING && (container.kind == VALUE_OBJECT || is_null)) {
        struct value object = is_null ? value_empty_object() : container;
        return set_member(machine, owner, object, key, value);
    }
    struct value array = is_null ? value_empty_array() : container;
    if (array.kind == VALUE_ARRAY && value_is_number(key))
        return set_element(machine, owner, array, key, value);
    if (array.kind == VALUE_ARRAY && key.kind == VALUE_OBJECT)
        return set_slice(machine, array, key, value);
    if (key.kind == VALUE_ARRAY && container.kind == VALUE_ARRAY)
        return machine_raise(machine, "Cannot update field at array index of array");
    if (key.kind == VALUE_OBJECT)
        return machine_raise(machine, "Cannot update field at object index of %s",
                             value_kind_name(container));
    return raise_index(machine, container, key);
}

/* Marks the elements that a key means. */
static bool
mark_elements(struct expr_machine *machine, struct value array, struct value key, bool *marks)
{
    uint32_t from = 0;
    uint32_t upto = 0;
    int64_t index = 0;
    if (key.kind == VALUE_OBJECT) {
        if (!slice_range(key, array.count, &from, &upto)) {
            machine_raise(machine, "Start and end indices of an array slice must be numbers");
            return false;
        }
        memset(marks + from, true, upto - from);
        return true;
    }
    if (!value_is_number(key)) {
        machine_raise(machine, "Cannot delete %s element of array", value_kind_name(key));
        return false;
    }
    if (array_index(key, array.count, &index) && index >= 0 && index < array.count)
        marks[index] = true;
    return true;
}

static struct value
delete_elements(struct expr_machine *machine, struct value array, const struct value *keys,
                size_t count)
{
    bool *marks = machine_alloc(machine, array.count + 1);
    if (marks == NULL)
        return machine_out_of_memory(machine);
    memset(marks, false, array.count);
    for (size_t i = 0; i < count; i++) {
        if (!mark_elements(machine, array, keys[i], marks))
            return value_absent(OUTCOME_RAISED);
    }
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < array.count; i++) {
        if (!marks[i] && !machine_push(machine, array.array->items[i]))
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

static struct value
delete_members(struct expr_machine *machine, struct value object, const struct value *keys,
               size_t count)
{
    for (size_t i = 0; i < count && object.kind != VALUE_NONE; i++) {
        if (keys[i].kind != VALUE_STRING)
            return machine_raise(machine, "Cannot delete %s field of object",
                                 value_kind_name(keys[i]));
        object = value_object_remove(&machine->scratch, object, value_slice(keys[i]));
    }
    return machine_check(machine, object);
}

static struct value
delete_keys(struct expr_machine *machine, struct value container, const struct value *keys,
            size_t count)
{
    if (count == 0 || container.kind == VALUE_NULL)
        return container;
    if (container.kind == VALUE_ARRAY)
        return delete_elements(machine, container, keys, count);
    if (container.kind == VALUE_OBJECT)
        return delete_members(machine, container, keys, count);
    return machine_raise(machine, "Cannot delete fields from %s", value_kind_name(container));
}

struct value
access_delete(struct expr_machine *machine, struct value container, struct value key)
{
    return delete_keys(machine, container, &key, 1);
}

struct value
access_has(struct expr_machine *machine, struct value container, struct value key)
{
    if (container.kind == VALUE_OBJECT && key.kind == VALUE_STRING) {
        if (!machine_charge_name(machine, key))
            return machine_no_steps(machine);
        return value_bool(value_find(container, value_slice(key)).kind != VALUE_NONE);
    }
    if (container.kind == VALUE_ARRAY && value_is_number(key)) {
        double real = value_real(key);
        return value_bool(real >= 0 && real < container.count);
    }
    if (container.kind == VALUE_NULL && (key.kind == VALUE_STRING || value_is_number(key)))
        return value_bool(false);
    return machine_raise(machine, "Cannot check whether %s has a %s key",
                         value_kind_name(container), value_kind_name(key));
}

struct value
access_get_path(struct expr_machine *machine, struct value root, struct value path)
{
    if (path.kind != VALUE_ARRAY)
        return machine_raise(machine, "Path must be specified as an array");
    if (!machine_charge(machine, path.count))
        return machine_no_steps(machine);
    for (uint32_t i = 0; i < path.count && root.kind != VALUE_NONE; i++)
        root = access_get(machine, root, path.array->items[i]);
    return root;
}

struct setting {
    struct expr_machine *machine;
    uint32_t owner;
    struct value path;
    struct value value;
};

static struct value
set_along(const struct setting *setting, struct value root, uint32_t at)
{
    if (at == setting->path.count)
        return setting->value;
    struct value key = setting->path.array->items[at];
    struct value inner = access_get(setting->machine, root, key);
    if (inner.kind != VALUE_NONE)
        inner = set_along(setting, inner, at + 1);
    if (inner.kind == VALUE_NONE)
        return inner;
    return access_set(setting->machine, setting->owner, root, key, inner);
}

static struct value
set_path(const struct setting *setting, struct value root)
{
    if (setting->path.kind != VALUE_ARRAY)
        return machine_raise(setting->machine, "Path must be specified as an array");
    if (setting->path.count > VALUE_DEPTH_MAX)
        return machine_spend(setting->machine, "a value is nested too deeply");
    return set_along(setting, root, 0);
}

struct value
access_set_path(struct expr_machine *machine, struct value root, struct value path,
                struct value value)
{
    struct setting setting = {.machine = machine, .path = path, .value = value};
    return set_path(&setting, root);
}

/* Paths that are sorted and agree up to `depth`. */
struct path_range {
    const struct value *paths;
    uint32_t count;
    uint32_t depth;
};

static struct value delete_sorted(struct expr_machine *machine, struct value root,
                                  struct path_range range);

/* What deleting below one key makes of the whole. */
static struct value
delete_below(struct expr_machine *machine, struct value root, struct value key,
             struct path_range range)
{
    struct value inner = access_get(machine, root, key);
    if (inner.kind == VALUE_NONE)
        return inner;
    if (inner.kind == VALUE_NULL)
        return root;
    inner = delete_sorted(machine, inner, range);
    return inner.kind == VALUE_NONE ? inner : access_set(machine, 0, root, key, inner);
}

static struct value
delete_sorted(struct expr_machine *machine, struct value root, struct path_range range)
{
    struct value *keys = machine_alloc(machine, range.count * sizeof(*keys));
    if (keys == NULL || range.depth > VALUE_DEPTH_MAX)
        return machine_out_of_memory(machine);
    size_t key_count = 0;
    for (uint32_t i = 0; i < range.count;) {
        struct value first = range.paths[i];
        struct value key = first.array->items[range.depth];
        uint32_t next = i + 1;
        while (next < range.count &&
               order_equal(machine, key, range.paths[next].array->items[range.depth]))
            next++;
        if (first.count == range.depth + 1) {
            keys[key_count++] = key;
        } else {
            struct path_range below = {range.paths + i, next - i, range.depth + 1};
            root = delete_below(machine, root, key, below);
            if (root.kind == VALUE_NONE)
                return root;
        }
        i = next;
    }
    return delete_keys(machine, root, keys, key_count);
}

struct value
access_delete_paths(struct expr_machine *machine, struct value root, struct value paths)
{
    if (paths.kind != VALUE_ARRAY)
        return machine_raise(machine, "Paths must be specified as an array");
    if (paths.count == 0)
        return root;
    for (uint32_t i = 0; i < paths.count; i++) {
        if (paths.array->items[i].kind != VALUE_ARRAY)
            return machine_raise(machine, "Path must be specified as array, not %s",
                                 value_kind_name(paths.array->items[i]));
    }
    struct value sorted = order_native_sort(machine, paths, NULL);
    if (sorted.kind == VALUE_NONE)
        return sorted;
    if (sorted.array->items[0].count == 0)
        return value_null();
    struct path_range all = {sorted.array->items, sorted.count, 0};
    return delete_sorted(machine, root, all);
}

struct value
access_native_setpath(struct expr_machine *machine, struct value input, const struct value *args)
{
    return access_set_path(machine, input, args[0], args[1]);
}

struct value
access_native_setpath_owning(struct expr_machine *machine, struct value input,
                             const struct value *args)
{
    struct setting setting = {
        .machine = machine, .owner = machine->owner, .path = args[0], .value = args[1]};
    return set_path(&setting, input);
}

struct value
access_native_delpaths(struct expr_machine *machine, struct value input, const struct value *args)
{
    return access_delete_paths(machine, input, args[0]);
}

struct value
access_native_has(struct expr_machine *machine, struct value input, const struct value *args)
{
    return access_has(machine, input, args[0]);
}
