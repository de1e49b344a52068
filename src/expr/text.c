#include "expr/text.h"

#include "base/json.h"
#include "base/utf8.h"
#include "expr/arithmetic.h"
#include "expr/format.h"

#include <math.h>

struct value
text_of(struct expr_machine *machine, struct value value)
{
    if (value.kind == VALUE_STRING)
        return value;
    struct slice text = machine_json(machine, value);
    return text.ptr == NULL ? value_absent(OUTCOME_LIMIT) : value_string(text);
}

struct value
text_format(struct expr_machine *machine, enum format format, struct value value)
{
    if (format == FORMAT_TEXT)
        return text_of(machine, value);
    if (format == FORMAT_JSON)
        return text_native_tojson(machine, value, NULL);
    return format_value(machine, format, value);
}

/* Doubles what is there until it is enough. */
struct value
text_repeat(struct expr_machine *machine, struct value string, struct value times)
{
    double count = value_real(times);
    if (!(count > 0))
        return value_null();
    double copies = count < 1 ? 1 : floor(count);
    double wanted = copies * string.count;
    if (wanted > (double)machine->budget.bytes)
        return machine_spend(machine, "the expression needs too much memory");
    size_t size = (size_t)wanted;
    if (size == string.count)
        return string;
    if (!machine_charge_bytes(machine, size))
        return machine_no_steps(machine);
    char *text = machine_alloc(machine, size);
    if (text == NULL)
        return machine_out_of_memory(machine);
    memcpy(text, string.text, string.count);
    size_t filled = string.count;
    while (filled < size) {
        size_t more = filled < size - filled ? filled : size - filled;
        memcpy(text + filled, text, more);
        filled += more;
    }
    return value_string(slice_of(text, size));
}

static struct value
split_characters(struct expr_machine *machine, struct slice text)
{
    size_t base = machine->value_count;
    for (size_t at = 0; at < text.size;) {
        size_t size = utf8_size(text.ptr[at]);
        if (!machine_push(machine, value_string(slice_of(text.ptr + at, size))))
            return machine_no_steps(machine);
        at += size;
    }
    return machine_pop_array(machine, base);
}

struct value
text_split(struct expr_machine *machine, struct value string, struct value separator)
{
    struct slice rest = value_slice(string);
    struct slice between = value_slice(separator);
    if (!machine_charge_bytes(machine, rest.size))
        return machine_no_steps(machine);
    if (rest.size == 0)
        return value_empty_array();
    if (between.size == 0)
        return split_characters(machine, rest);
    size_t base = machine->value_count;
    for (;;) {
        const char *found = memmem(rest.ptr, rest.size, between.ptr, between.size);
        size_t size = found == NULL ? rest.size : (size_t)(found - rest.ptr);
        if (!machine_push(machine, value_string(slice_of(rest.ptr, size))))
            return machine_no_steps(machine);
        if (found == NULL)
            return machine_pop_array(machine, base);
        rest = slice_of(found + between.size, rest.size - size - between.size);
    }
}

static struct value
piece_text(struct expr_machine *machine, const struct node *node, uint32_t index, struct value part)
{
    if (node->branches.nodes[index]->is_literal)
        return part;
    return text_format(machine, (enum format)node->format, part);
}

struct value
text_join_pieces(struct expr_machine *machine, const struct node *node, const struct value *parts)
{
    uint32_t count = node->branches.count;
    size_t base = machine->value_count;
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct value text = piece_text(machine, node, i, parts[count - 1 - i]);
        if (text.kind == VALUE_NONE || !machine_push(machine, text)) {
            machine->value_count = base;
            return text.kind == VALUE_NONE ? text : machine_no_steps(machine);
        }
        size += text.count;
    }
    machine->value_count = base;
    if (!machine_charge_bytes(machine, size))
        return machine_no_steps(machine);
    char *joined = size > UINT32_MAX ? NULL : machine_alloc(machine, size);
    if (joined == NULL)
        return machine_out_of_memory(machine);
    char *to = joined;
    for (uint32_t i = 0; i < count; i++) {
        struct slice text = value_slice(machine->values[base + i]);
        to = mempcpy(to, text.ptr, text.size);
    }
    return value_string(slice_of(joined, size));
}

struct value
text_native_tostring(struct expr_machine *machine, struct value input, const struct value *args)
{
    return text_of(machine, input);
}

struct value
text_native_tojson(struct expr_machine *machine, struct value input, const struct value *args)
{
    struct slice text = machine_json(machine, input);
    return text.ptr == NULL ? value_absent(OUTCOME_LIMIT) : value_string(text);
}

struct value
text_native_fromjson(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind != VALUE_STRING)
        return machine_raise_about(machine, input, "only strings can be parsed");
    if (!machine_charge(machine, input.count / 16 + 1))
        return machine_no_steps(machine);
    struct value parsed = {0};
    struct error error = {0};
    struct slice text = value_slice(input);
    enum status status = json_parse(&parsed, &machine->scratch, text, JSON_BORROW, NULL, &error);
    if (status == STATUS_OK)
        return parsed;
    if (status == STATUS_LIMIT)
        return machine_out_of_memory(machine);
    return machine_raise(machine, "%s (while parsing '%.*s')", error.text,
                         SLICE_FORMAT(slice_cut(text, 128)));
}

/* Decimal digits with an optional point and exponent, as jq's literals; no sign. */
static bool
is_number_text(struct slice text)
{
    size_t at = 0;
    size_t digits = 0;
    for (; at < text.size && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++)
        digits++;
    if (at < text.size && text.ptr[at] == '.')
        at++;
    for (; at < text.size && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++)
        digits++;
    if (digits == 0)
        return false;
    if (at == text.size)
        return true;
    if (text.ptr[at] != 'e' && text.ptr[at] != 'E')
        return false;
    at++;
    if (at < text.size && (text.ptr[at] == '+' || text.ptr[at] == '-'))
        at++;
    size_t start = at;
    while (at < text.size && text.ptr[at] >= '0' && text.ptr[at] <= '9')
        at++;
    return at > start && at == text.size;
}

struct value
text_native_tonumber(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (value_is_number(input))
        return input;
    if (input.kind != VALUE_STRING)
        return machine_raise_about(machine, input, "cannot be parsed as a number");
    if (!machine_charge_bytes(machine, input.count))
        return machine_no_steps(machine);
    struct slice text = slice_trim(value_slice(input));
    bool is_negative = text.size > 0 && text.ptr[0] == '-';
    if (text.size > 0 && (is_negative || text.ptr[0] == '+'))
        text = slice_of(text.ptr + 1, text.size - 1);
    if (!is_number_text(text))
        return machine_raise_about(machine, input, "cannot be parsed as a number");
    struct value number = number_literal(&machine->scratch, text);
    if (is_negative && number.kind != VALUE_NONE)
        number = number_negate(&machine->scratch, number);
    return machine_check(machine, number);
}

struct value
text_native_format(struct expr_machine *machine, struct value input, const struct value *args)
{
    enum format format = FORMAT_TEXT;
    if (args[0].kind != VALUE_STRING)
        return machine_raise_about(machine, args[0], "is not a valid format");
    if (!format_find(value_slice(args[0]), &format))
        return machine_raise(machine, "%.*s is not a valid format",
                             SLICE_FORMAT(slice_cut(value_slice(args[0]), 128)));
    return text_format(machine, format, input);
}

struct value
text_native_toboolean(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind == VALUE_TRUE || input.kind == VALUE_FALSE)
        return input;
    bool is_true = input.kind == VALUE_STRING && slice_is(value_slice(input), "true");
    bool is_false = input.kind == VALUE_STRING && slice_is(value_slice(input), "false");
    if (!is_true && !is_false)
        return machine_raise_about(machine, input, "cannot be parsed as a boolean");
    return value_bool(is_true);
}

static struct value
shift_case(struct expr_machine *machine, struct value input, char low, char high)
{
    if (input.kind != VALUE_STRING)
        return machine_raise(machine, "explode input must be a string");
    if (!machine_charge_bytes(machine, input.count))
        return machine_no_steps(machine);
    char *text = machine_alloc(machine, input.count);
    if (text == NULL)
        return machine_out_of_memory(machine);
    for (uint32_t i = 0; i < input.count; i++) {
        char c = input.text[i];
        text[i] = (char)(c >= low && c <= high ? c ^ 0x20 : c);
    }
    return value_string(slice_of(text, input.count));
}

struct value
text_native_ascii_downcase(struct expr_machine *machine, struct value input,
                           const struct value *args)
{
    return shift_case(machine, input, 'A', 'Z');
}

struct value
text_native_ascii_upcase(struct expr_machine *machine, struct value input, const struct value *args)
{
    return shift_case(machine, input, 'a', 'z');
}

struct value
text_native_explode(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind != VALUE_STRING)
        return machine_raise(machine, "explode input must be a string");
    if (!machine_charge_bytes(machine, input.count))
        return machine_no_steps(machine);
    size_t base = machine->value_count;
    for (uint32_t at = 0; at < input.count; at += (uint32_t)utf8_size(input.text[at])) {
        if (!machine_push(machine, value_int(utf8_point(input.text + at))))
            return machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

struct value
text_native_implode(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (input.kind != VALUE_ARRAY)
        return machine_raise(machine, "implode input must be an array");
    char *text = machine_alloc(machine, (size_t)input.count * 4 + 1);
    if (text == NULL || !machine_charge(machine, input.count))
        return machine_out_of_memory(machine);
    size_t size = 0;
    for (uint32_t i = 0; i < input.count; i++) {
        struct value item = input.array->items[i];
        if (!value_is_number(item))
            return machine_raise_about(machine, item,
                                       "can't be imploded, unicode codepoint needs to be numeric");
        double point = value_real(item);
        bool is_point = point >= 0 && point < 0x110000;
        size += utf8_write(text + size, is_point ? (uint32_t)point : 0xFFFD);
    }
    return value_string(slice_of(text, size));
}

static bool
ends_with(struct value string, struct value end)
{
    return end.count <= string.count &&
           memcmp(string.text + string.count - end.count, end.text, end.count) == 0;
}

static bool
starts_with(struct value string, struct value start)
{
    return slice_starts_with(value_slice(string), value_slice(start));
}

static bool
are_strings(struct value a, struct value b)
{
    return a.kind == VALUE_STRING && b.kind == VALUE_STRING;
}

struct value
text_native_startswith(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (!are_strings(input, args[0]))
        return machine_raise(machine, "startswith() requires string inputs");
    if (!machine_charge_bytes(machine, args[0].count))
        return machine_no_steps(machine);
    return value_bool(starts_with(input, args[0]));
}

struct value
text_native_endswith(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (!are_strings(input, args[0]))
        return machine_raise(machine, "endswith() requires string inputs");
    if (!machine_charge_bytes(machine, args[0].count))
        return machine_no_steps(machine);
    return value_bool(ends_with(input, args[0]));
}

struct value
text_native_ltrimstr(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (args[0].kind == VALUE_STRING && !machine_charge_bytes(machine, args[0].count))
        return machine_no_steps(machine);
    if (!are_strings(input, args[0]) || !starts_with(input, args[0]))
        return input;
    return value_string(slice_of(input.text + args[0].count, input.count - args[0].count));
}

struct value
text_native_rtrimstr(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (args[0].kind == VALUE_STRING && !machine_charge_bytes(machine, args[0].count))
        return machine_no_steps(machine);
    if (!are_strings(input, args[0]) || !ends_with(input, args[0]))
        return input;
    return value_string(slice_of(input.text, input.count - args[0].count));
}

struct value
text_native_trimstr(struct expr_machine *machine, struct value input, const struct value *args)
{
    struct value rest = text_native_ltrimstr(machine, input, args);
    return rest.kind == VALUE_NONE ? rest : text_native_rtrimstr(machine, rest, args);
}

/* Unicode's White_Space. */
static bool
is_space(uint32_t point)
{
    return point == ' ' || (point >= '\t' && point <= '\r') || point == 0x85 || point == 0xA0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
           point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
}

/* Bytes of the white space that the text begins with; 0 if it does not. */
static size_t
space_at_start(struct slice text)
{
    if (text.size == 0)
        return 0;
    return is_space(utf8_point(text.ptr)) ? utf8_size(text.ptr[0]) : 0;
}

static size_t
space_at_end(struct slice text)
{
    size_t at = text.size;
    if (at == 0)
        return 0;
    do {
        at--;
    } while (at > 0 && !utf8_is_start(text.ptr[at]));
    return space_at_start(slice_of(text.ptr + at, text.size - at));
}

static struct value
trim(struct expr_machine *machine, struct value input, bool left, bool right)
{
    if (input.kind != VALUE_STRING)
        return machine_raise(machine, "trim input must be a string");
    if (!machine_charge_bytes(machine, input.count))
        return machine_no_steps(machine);
    struct slice text = value_slice(input);
    for (size_t size = left ? space_at_start(text) : 0; size > 0; size = space_at_start(text))
        text = slice_of(text.ptr + size, text.size - size);
    for (size_t size = right ? space_at_end(text) : 0; size > 0; size = space_at_end(text))
        text.size -= size;
    return value_string(text);
}

struct value
text_native_trim(struct expr_machine *machine, struct value input, const struct value *args)
{
    return trim(machine, input, true, true);
}

struct value
text_native_ltrim(struct expr_machine *machine, struct value input, const struct value *args)
{
    return trim(machine, input, true, false);
}

struct value
text_native_rtrim(struct expr_machine *machine, struct value input, const struct value *args)
{
    return trim(machine, input, false, true);
}

struct value
text_native_split(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (!are_strings(input, args[0]))
        return machine_raise(machine, "split input and separator must be strings");
    return text_split(machine, input, args[0]);
}

static struct value
join_item(struct expr_machine *machine, struct value joined, struct value item)
{
    if (item.kind == VALUE_NULL)
        return joined;
    if (item.kind < VALUE_STRING)
        item = text_of(machine, item);
    return item.kind == VALUE_NONE ? item : arithmetic_add(machine, joined, item);
}

struct value
text_native_join(struct expr_machine *machine, struct value input, const struct value *args)
{
    bool is_object = input.kind == VALUE_OBJECT;
    if (!is_object && input.kind != VALUE_ARRAY)
        return machine_raise(machine, "Cannot iterate over %s (%s)", value_kind_name(input),
                             machine_describe(machine, input, DESCRIBE_BYTES));
    struct value joined = value_text("");
    for (uint32_t i = 0; i < input.count && joined.kind != VALUE_NONE; i++) {
        if (i > 0)
            joined = arithmetic_add(machine, joined, args[0]);
        struct value item = is_object ? input.object->members[i].value : input.array->items[i];
        if (joined.kind != VALUE_NONE)
            joined = join_item(machine, joined, item);
        if (!machine_charge(machine, 1))
            return machine_no_steps(machine);
    }
    return joined;
}

struct value
text_native_utf8bytelength(struct expr_machine *machine, struct value input,
                           const struct value *args)
{
    if (input.kind != VALUE_STRING)
        return machine_raise_about(machine, input, "only strings have UTF-8 byte length");
    return value_int(input.count);
}

/* Where the argument begins, in code points; occurrences may overlap. */
struct value
text_native_indices(struct expr_machine *machine, struct value input, const struct value *args)
{
    struct slice rest = value_slice(input);
    struct slice wanted = value_slice(args[0]);
    if (!machine_charge_bytes(machine, rest.size))
        return machine_no_steps(machine);
    if (wanted.size == 0)
        return value_empty_array();
    size_t base = machine->value_count;
    int64_t point = 0;
    for (;;) {
        const char *found = memmem(rest.ptr, rest.size, wanted.ptr, wanted.size);
        if (found == NULL)
            return machine_pop_array(machine, base);
        size_t before = (size_t)(found - rest.ptr);
        point += (int64_t)utf8_count(slice_of(rest.ptr, before));
        /* Each look-up goes through what is wanted anew. */
        if (!machine_charge_bytes(machine, wanted.size) || !machine_push(machine, value_int(point)))
            return machine_no_steps(machine);
        size_t step = utf8_size(*found);
        rest = slice_of(found + step, rest.size - before - step);
        point++;
    }
}
