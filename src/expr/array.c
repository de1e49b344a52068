#include "expr/array.h"

#include "base/utf8.h"
#include "expr/access.h"
#include "expr/arithmetic.h"
#include "expr/number.h"
#include "expr/order.h"
#include "expr/text.h"

static struct value
raise_iterate(struct expr_machine *machine, struct value input)
{
    return machine_raise(machine, "Cannot iterate over %s (%s)", value_kind_name(input),
                         machine_describe(machine, input, DESCRIBE_BYTES));
}

/* The element or member's value at index. */
static struct value
part_at(struct value container, uint32_t index)
{
    return container.kind == VALUE_OBJECT ? container.object->members[index].value
                                          : container.array->items[index];
}

struct value
array_native_length(struct expr_machine *machine, struct value input, const struct value *args)
{
    switch ((enum value_kind)input.kind) {
    case VALUE_NULL:
        return value_int(0);
    case VALUE_INT:
    case VALUE_DOUBLE:
    case VALUE_DECIMAL:
        return number_native_abs(machine, input, args);
    case VALUE_STRING:
        if (!machine_charge_bytes(machine, input.count))
            return machine_no_steps(machine);
        return value_int((int64_t)utf8_count(value_slice(input)));
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return value_int(input.count);
    case VALUE_NONE:
    case VALUE_FALSE:
    case VALUE_TRUE:
        break;
    }
    return machine_raise_about(machine, input, "has no length");
}

struct value
array_native_add(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind != VALUE_ARRAY && input.kind != VALUE_OBJECT)
        return raise_iterate(machine, input);
    struct value sum = value_null();
    uint32_t owner = machine_new_owner(machine);
    for (uint32_t i = 0; i < input.count && sum.kind != VALUE_NONE; i++) {
        struct value part = part_at(input, i);
        if (!machine_charge(machine, 1))
            return machine_no_steps(machine);
        if (sum.kind == VALUE_OBJECT && part.kind == VALUE_OBJECT)
            sum = arithmetic_add_objects(machine, owner, sum, part);
        else
            sum = arithmetic_add(machine, sum, part);
    }
    return sum;
}

/* Strings too, as later versions of jq have it. */
static struct value
reverse_string(struct expr_machine *machine, struct value input)
{
    char *text = machine_alloc(machine, (size_t)input.count + 1);
    if (text == NULL || !machine_charge_bytes(machine, input.count))
        return machine_out_of_memory(machine);
    char *to = text + input.count;
    for (uint32_t at = 0; at < input.count;) {
        size_t size = utf8_size(input.text[at]);
        to -= size;
        memcpy(to, input.text + at, size);
        at += (uint32_t)size;
    }
    return value_string(slice_of(text, input.count));
}

struct value
array_native_reverse(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind == VALUE_STRING)
        return reverse_string(machine, input);
    if (input.kind != VALUE_ARRAY) {
        /* jq asks for the length, then for the elements one by one. */
        struct value length = array_native_length(machine, input, args);
        bool is_empty = length.kind == VALUE_INT && length.integer == 0;
        if (length.kind == VALUE_NONE || !is_empty)
            return length.kind == VALUE_NONE ? length : access_get(machine, input, value_int(0));
        return value_empty_array();
    }
    size_t base = machine->value_count;
    for (uint32_t i = input.count; i > 0; i--) {
        if (!machine_push(machine, input.array->items[i - 1]))
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

static bool
push_flat(struct expr_machine *machine, struct value container, double depth)
{
    for (uint32_t i = 0; i < container.count; i++) {
        struct value item = part_at(container, i);
        if (!machine_charge(machine, 1)) {
            machine_no_steps(machine);
            return false;
        }
        bool opens = item.kind == VALUE_ARRAY && depth > 0;
        bool pushed = opens ? push_flat(machine, item, depth - 1) : machine_push(machine, item);
        if (!pushed)
            return false;
    }
    return true;
}

struct value
array_native_flatten(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (!value_is_number(args[0]))
        return machine_raise(machine, "flatten depth must be a number");
    double depth = value_real(args[0]);
    if (depth < 0)
        return machine_raise(machine, "flatten depth must not be negative");
    if (input.kind != VALUE_ARRAY && input.kind != VALUE_OBJECT)
        return raise_iterate(machine, input);
    size_t base = machine->value_count;
    if (!push_flat(machine, input, depth))
        return value_absent(OUTCOME_LIMIT);
    return machine_pop_array(machine, base);
}

static struct value
transpose_column(struct expr_machine *machine, struct value rows, uint32_t column)
{
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < rows.count; i++) {
        struct value cell = access_get(machine, rows.array->items[i], value_int(column));
        if (cell.kind == VALUE_NONE || !machine_push(machine, cell)) {
            machine->value_count = base;
            return cell.kind == VALUE_NONE ? cell : machine_no_steps(machine);
        }
    }
    return machine_pop_array(machine, base);
}

struct value
array_native_transpose(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind != VALUE_ARRAY)
        return raise_iterate(machine, input);
    uint32_t columns = 0;
    for (uint32_t i = 0; i < input.count; i++) {
        struct value row = input.array->items[i];
        if (row.kind != VALUE_ARRAY && row.kind != VALUE_NULL)
            return access_get(machine, row, value_int(0));
        if (row.kind == VALUE_ARRAY && row.count > columns)
            columns = row.count;
    }
    struct value columns_array = value_empty_array();
    for (uint32_t i = 0; i < columns && columns_array.kind != VALUE_NONE; i++) {
        if (!machine_charge(machine, input.count + 1u))
            return machine_no_steps(machine);
        struct value column = transpose_column(machine, input, i);
        if (column.kind == VALUE_NONE)
            return column;
        columns_array = value_array_append(&machine->scratch, columns_array, column);
    }
    return machine_check(machine, columns_array);
}

static bool contains(struct expr_machine *machine, struct value whole, struct value part);

static bool
object_contains(struct expr_machine *machine, struct value whole, struct value part)
{
    for (uint32_t i = 0; i < part.count; i++) {
        struct member wanted = part.object->members[i];
        struct value found = value_find(whole, value_slice(wanted.key));
        if (found.kind == VALUE_NONE || !contains(machine, found, wanted.value))
            return false;
    }
    return true;
}

static bool
array_contains(struct expr_machine *machine, struct value whole, struct value part)
{
    for (uint32_t i = 0; i < part.count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < whole.count && !found; j++)
            found = contains(machine, whole.array->items[j], part.array->items[i]);
        if (!found)
            return false;
    }
    return true;
}

/* The answer does not matter once the budget is spent: the next node sees that. */
static bool
contains(struct expr_machine *machine, struct value whole, struct value part)
{
    if (!machine_charge(machine, 1))
        return false;
    if (whole.kind == VALUE_OBJECT && part.kind == VALUE_OBJECT)
        return object_contains(machine, whole, part);
    if (whole.kind == VALUE_ARRAY && part.kind == VALUE_ARRAY)
        return array_contains(machine, whole, part);
    if (whole.kind == VALUE_STRING && part.kind == VALUE_STRING) {
        if (!machine_charge_bytes(machine, whole.count))
            return false;
        return part.count == 0 || memmem(whole.text, whole.count, part.text, part.count) != NULL;
    }
    return order_equal(machine, whole, part);
}

static bool
is_same_type(struct value a, struct value b)
{
    return a.kind == b.kind || (value_is_number(a) && value_is_number(b));
}

struct value
array_native_contains(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (!is_same_type(input, args[0]))
        return machine_raise_pair(machine, input, args[0], "cannot have their containment checked");
    return value_bool(contains(machine, input, args[0]));
}

struct value
array_native_indices(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind == VALUE_NULL)
        return value_null();
    if (input.kind == VALUE_STRING && args[0].kind == VALUE_STRING)
        return text_native_indices(machine, input, args);
    if (input.kind != VALUE_ARRAY)
        return access_get(machine, input, args[0]);
    struct value wanted = args[0];
    if (wanted.kind != VALUE_ARRAY)
        wanted = machine_check(machine, value_array_new(&machine->scratch, args, 1));
    return wanted.kind == VALUE_NONE ? wanted : access_indices(machine, input, wanted);
}

static struct value
make_entry(struct expr_machine *machine, struct value key, struct value value)
{
    struct member members[] = {{value_text("key"), key}, {value_text("value"), value}};
    return machine_check(machine, value_object_new(&machine->scratch, members, 2));
}

struct value
array_native_to_entries(struct expr_machine *machine, struct value input, const struct value *args)
{
    bool is_object = input.kind == VALUE_OBJECT;
    if (!is_object && input.kind != VALUE_ARRAY)
        return machine_raise_about(machine, input, "has no keys");
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < input.count; i++) {
        struct value key = is_object ? input.object->members[i].key : value_int(i);
        struct value entry = make_entry(machine, key, part_at(input, i));
        if (entry.kind == VALUE_NONE || !machine_push(machine, entry))
            return value_absent(OUTCOME_LIMIT);
    }
    return machine_pop_array(machine, base);
}

/* The first of the names that the entry has with a true value; for the key also a false one that is
 * called "key". VALUE_NONE after an error. */
static struct value
entry_part(struct expr_machine *machine, struct value entry, const char *const *names, size_t count)
{
    struct value part = value_null();
    for (size_t i = 0; i < count; i++) {
        part = access_get(machine, entry, value_text(names[i]));
        bool is_key = i == 0 && part.kind == VALUE_FALSE;
        if (part.kind == VALUE_NONE || value_is_true(part) || is_key)
            return part;
    }
    return part;
}

static struct value
entry_key(struct expr_machine *machine, struct value entry)
{
    static const char *const names[] = {"key", "k", "name", "Name", "K", "Key"};
    struct value key = entry_part(machine, entry, names, COUNT_OF(names));
    return key.kind == VALUE_NONE ? key : text_of(machine, key);
}

static struct value
entry_value(struct expr_machine *machine, struct value entry)
{
    static const char *const names[] = {"value", "v", "Value"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value found = value_get(entry, names[i]);
        if (found.kind != VALUE_NONE)
            return found;
    }
    return value_null();
}

struct value
array_native_from_entries(struct expr_machine *machine, struct value input,
                          const struct value *args)
{
    if (input.kind != VALUE_ARRAY && input.kind != VALUE_OBJECT)
        return raise_iterate(machine, input);
    struct value object = value_empty_object();
    uint32_t owner = machine_new_owner(machine);
    for (uint32_t i = 0; i < input.count && object.kind != VALUE_NONE; i++) {
        struct value entry = part_at(input, i);
        struct value key = entry_key(machine, entry);
        if (key.kind == VALUE_NONE)
            return key;
        if (!machine_charge(machine, 1) || !machine_charge_name(machine, key))
            return machine_no_steps(machine);
        object =
            value_object_put(&machine->scratch, owner, object, key, entry_value(machine, entry));
    }
    return machine_check(machine, object);
}

struct value
array_native_keys_unsorted(struct expr_machine *machine, struct value input,
                           const struct value *args)
{
    if (input.kind != VALUE_OBJECT)
        return order_native_keys(machine, input, args);
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < input.count; i++) {
        if (!machine_push(machine, input.object->members[i].key))
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

struct value
array_native_not(struct expr_machine *machine, struct value input, const struct value *args)
{
    return value_bool(!value_is_true(input));
}

struct value
array_native_type(struct expr_machine *machine, struct value input, const struct value *args)
{
    return value_text(value_kind_name(input));
}

struct value
array_native_error(struct expr_machine *machine, struct value input, const struct value *args)
{
    return machine_raise_value(machine, input);
}

struct value
array_native_error_value(struct expr_machine *machine, struct value input, const struct value *args)
{
    return machine_raise_value(machine, args[0]);
}
