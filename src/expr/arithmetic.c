#include "expr/arithmetic.h"

#include "expr/order.h"
#include "expr/text.h"

#include <assert.h>
#include <math.h>

struct value
number_literal(struct arena *arena, struct slice text)
{
    char *clean = arena_try_alloc(arena, text.size + 2);
    if (clean == NULL)
        return (struct value){0};
    size_t size = 0;
    size_t at = 0;
    while (at + 1 < text.size && text.ptr[at] == '0' && text.ptr[at + 1] >= '0' &&
           text.ptr[at + 1] <= '9')
        at++;
    if (text.ptr[at] == '.')
        clean[size++] = '0';
    for (; at < text.size; at++) {
        bool is_digit_next =
            at + 1 < text.size && text.ptr[at + 1] >= '0' && text.ptr[at + 1] <= '9';
        if (text.ptr[at] != '.' || is_digit_next)
            clean[size++] = text.ptr[at];
    }
    return value_number(slice_of(clean, size));
}

struct value
number_negate(struct arena *arena, struct value number)
{
    if (number.kind == VALUE_INT && number.integer != 0 && number.integer != INT64_MIN)
        return value_int(-number.integer);
    if (number.kind != VALUE_DECIMAL)
        return value_double(-value_real(number));
    if (number.text[0] == '-')
        return value_number(slice_of(number.text + 1, number.count - 1));
    char *text = arena_try_alloc(arena, (size_t)number.count + 1);
    if (text == NULL)
        return (struct value){0};
    text[0] = '-';
    memcpy(text + 1, number.text, number.count);
    return value_number(slice_of(text, (size_t)number.count + 1));
}

struct value
arithmetic_negate(struct expr_machine *machine, struct value operand)
{
    if (!value_is_number(operand))
        return machine_raise_about(machine, operand, "cannot be negated");
    return machine_check(machine, number_negate(&machine->scratch, operand));
}

static struct value
add_numbers(struct value left, struct value right)
{
    int64_t sum = 0;
    if (left.kind == VALUE_INT && right.kind == VALUE_INT &&
        !__builtin_add_overflow(left.integer, right.integer, &sum))
        return value_int(sum);
    return value_double(value_real(left) + value_real(right));
}

static struct value
subtract_numbers(struct value left, struct value right)
{
    int64_t difference = 0;
    if (left.kind == VALUE_INT && right.kind == VALUE_INT &&
        !__builtin_sub_overflow(left.integer, right.integer, &difference))
        return value_int(difference);
    return value_double(value_real(left) - value_real(right));
}

static struct value
multiply_numbers(struct value left, struct value right)
{
    int64_t product = 0;
    if (left.kind == VALUE_INT && right.kind == VALUE_INT &&
        !__builtin_mul_overflow(left.integer, right.integer, &product))
        return value_int(product);
    return value_double(value_real(left) * value_real(right));
}

static struct value
divide_numbers(struct expr_machine *machine, struct value left, struct value right)
{
    double divisor = value_real(right);
    if (divisor == 0.0)
        return machine_raise_pair(machine, left, right,
                                  "cannot be divided because the divisor is zero");
    bool are_integers = left.kind == VALUE_INT && right.kind == VALUE_INT;
    if (are_integers && right.integer != -1 && left.integer % right.integer == 0)
        return value_int(left.integer / right.integer);
    return value_double(value_real(left) / divisor);
}

/* Towards zero, held within int64. */
static int64_t
truncate_number(struct value number)
{
    if (number.kind == VALUE_INT)
        return number.integer;
    double real = value_real(number);
    if (real >= 9223372036854775808.0)
        return INT64_MAX;
    if (real <= -9223372036854775808.0)
        return INT64_MIN;
    return (int64_t)real;
}

static struct value
modulo_numbers(struct expr_machine *machine, struct value left, struct value right)
{
    if (isnan(value_real(left)) || isnan(value_real(right)))
        return value_double(NAN);
    int64_t divisor = truncate_number(right);
    if (divisor == 0)
        return machine_raise_pair(machine, left, right,
                                  "cannot be divided (remainder) because the divisor is zero");
    if (divisor == -1)
        return value_int(0);
    return value_int(truncate_number(left) % divisor);
}

struct value
arithmetic_add_objects(struct expr_machine *machine, uint32_t owner, struct value a, struct value b)
{
    if (!machine_charge(machine, b.count))
        return machine_no_steps(machine);
    const struct member *members = value_members(b);
    for (uint32_t i = 0; i < b.count && a.kind != VALUE_NONE; i++) {
        if (!machine_charge_name(machine, members[i].key))
            return machine_no_steps(machine);
        a = value_object_put(&machine->scratch, owner, a, members[i].key, members[i].value);
    }
    return machine_check(machine, a);
}

/* Appending in place costs nothing for what is there already: `reduce … (. + [$x])` stays linear.
 */
static bool
grows_in_place(const struct expr_machine *machine, struct value a)
{
    return a.count > 0 && a.array->arena == &machine->scratch && a.array->used == a.count;
}

static struct value
add_arrays(struct expr_machine *machine, struct value a, struct value b)
{
    uint64_t copied = grows_in_place(machine, a) ? 0 : a.count / 16;
    if (!machine_charge(machine, b.count + copied))
        return machine_no_steps(machine);
    return machine_check(machine, value_array_concat(&machine->scratch, a, b));
}

struct value
arithmetic_add(struct expr_machine *machine, struct value left, struct value right)
{
    if (left.kind == VALUE_NULL)
        return right;
    if (right.kind == VALUE_NULL)
        return left;
    if (value_is_number(left) && value_is_number(right))
        return add_numbers(left, right);
    if (left.kind == right.kind) {
        if (left.kind == VALUE_STRING)
            return machine_join_text(machine, value_slice(left), value_slice(right));
        if (left.kind == VALUE_ARRAY)
            return add_arrays(machine, left, right);
        if (left.kind == VALUE_OBJECT)
            return arithmetic_add_objects(machine, machine_new_owner(machine), left, right);
    }
    return machine_raise_pair(machine, left, right, "cannot be added");
}

static struct value
subtract_arrays(struct expr_machine *machine, struct value a, struct value b)
{
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < a.count; i++) {
        struct value item = a.array->items[i];
        bool found = false;
        for (uint32_t j = 0; j < b.count && !found; j++)
            found = order_equal(machine, item, b.array->items[j]);
        if (!found && !machine_push(machine, item))
            break;
    }
    if (!machine_charge(machine, 1)) {
        machine->value_count = base;
        return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

static struct value
subtract(struct expr_machine *machine, struct value left, struct value right)
{
    if (value_is_number(left) && value_is_number(right))
        return subtract_numbers(left, right);
    if (left.kind == VALUE_ARRAY && right.kind == VALUE_ARRAY)
        return subtract_arrays(machine, left, right);
    return machine_raise_pair(machine, left, right, "cannot be subtracted");
}

/* Objects in both are merged, else b's member wins. */
static struct value
merge_objects(struct expr_machine *machine, struct value a, struct value b)
{
    const struct member *members = value_members(b);
    uint32_t owner = machine_new_owner(machine);
    for (uint32_t i = 0; i < b.count && a.kind != VALUE_NONE; i++) {
        struct value value = members[i].value;
        struct value old = value_find(a, value_slice(members[i].key));
        if (!machine_charge(machine, 1) || !machine_charge_name(machine, members[i].key))
            return machine_no_steps(machine);
        if (old.kind == VALUE_OBJECT && value.kind == VALUE_OBJECT) {
            value = merge_objects(machine, old, value);
            if (value.kind == VALUE_NONE)
                return value;
        }
        a = value_object_put(&machine->scratch, owner, a, members[i].key, value);
    }
    return machine_check(machine, a);
}

static struct value
multiply(struct expr_machine *machine, struct value left, struct value right)
{
    if (value_is_number(left) && value_is_number(right))
        return multiply_numbers(left, right);
    if (left.kind == VALUE_STRING && value_is_number(right))
        return text_repeat(machine, left, right);
    if (value_is_number(left) && right.kind == VALUE_STRING)
        return text_repeat(machine, right, left);
    if (left.kind == VALUE_OBJECT && right.kind == VALUE_OBJECT)
        return merge_objects(machine, left, right);
    return machine_raise_pair(machine, left, right, "cannot be multiplied");
}

static struct value
divide(struct expr_machine *machine, struct value left, struct value right)
{
    if (value_is_number(left) && value_is_number(right))
        return divide_numbers(machine, left, right);
    if (left.kind == VALUE_STRING && right.kind == VALUE_STRING)
        return text_split(machine, left, right);
    return machine_raise_pair(machine, left, right, "cannot be divided");
}

static struct value
compare(struct expr_machine *machine, enum operator operator, struct value left, struct value right)
{
    int order = order_compare(machine, left, right);
    switch ((unsigned)operator) {
    case OPERATOR_EQUAL:
        return value_bool(order == 0);
    case OPERATOR_UNEQUAL:
        return value_bool(order != 0);
    case OPERATOR_LESS:
        return value_bool(order < 0);
    case OPERATOR_LESS_EQUAL:
        return value_bool(order <= 0);
    case OPERATOR_GREATER:
        return value_bool(order > 0);
    default:
        return value_bool(order >= 0);
    }
}

struct value
arithmetic(struct expr_machine *machine, enum operator operator, struct value left,
           struct value right)
{
    switch ((unsigned)operator) {
    case OPERATOR_ADD:
        return arithmetic_add(machine, left, right);
    case OPERATOR_SUBTRACT:
        return subtract(machine, left, right);
    case OPERATOR_MULTIPLY:
        return multiply(machine, left, right);
    case OPERATOR_DIVIDE:
        return divide(machine, left, right);
    case OPERATOR_MODULO:
        if (value_is_number(left) && value_is_number(right))
            return modulo_numbers(machine, left, right);
        return machine_raise_pair(machine, left, right, "cannot be divided (remainder)");
    default:
        return compare(machine, operator, left, right);
    }
}
