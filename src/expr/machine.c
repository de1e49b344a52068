#include "expr/machine.h"

#include "base/json.h"
#include "base/mem.h"
#include "expr/regex.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define DESCRIBE_ARENA_BYTES ((size_t)64 * 1024)
#define TEXT_ROOM_MIN ((size_t)64)
#define TEXT_ROOM_MAX ((size_t)1024 * 1024)

struct value
machine_spend(struct expr_machine *machine, const char *words)
{
    machine->steps_left = 0;
    if (machine->limit_words == NULL)
        machine->limit_words = words;
    return value_absent(OUTCOME_LIMIT);
}

struct value
machine_no_steps(struct expr_machine *machine)
{
    if (arena_is_over(&machine->scratch))
        return machine_out_of_memory(machine);
    return machine_spend(machine, "the expression takes too many steps");
}

/* A builder gives nothing also when a value would be nested too deeply, but then there is room. */
struct value
machine_out_of_memory(struct expr_machine *machine)
{
    const struct arena *scratch = &machine->scratch;
    size_t near_full = scratch->limit_bytes - scratch->limit_bytes / 4;
    bool is_full = scratch->used_bytes > near_full;
    return machine_spend(machine, is_full ? "the expression needs too much memory"
                                          : "a value is too large or nested too deeply");
}

struct value
machine_raise_value(struct expr_machine *machine, struct value error)
{
    machine->raised = error;
    return value_absent(OUTCOME_RAISED);
}

struct value
machine_raise(struct expr_machine *machine, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    size_t size = wanted < 0 ? 0 : (size_t)wanted;
    struct slice whole = slice_of(text, size < sizeof(text) ? size : sizeof(text) - 1);
    struct value error = machine_text(machine, slice_cut(whole, sizeof(text) - 2));
    return error.kind == VALUE_NONE ? error : machine_raise_value(machine, error);
}

struct value
machine_raise_about(struct expr_machine *machine, struct value about, const char *words)
{
    return machine_raise(machine, "%s (%s) %s", value_kind_name(about),
                         machine_describe(machine, about, DESCRIBE_BYTES), words);
}

struct value
machine_raise_pair(struct expr_machine *machine, struct value a, struct value b, const char *words)
{
    const char *text_a = machine_describe(machine, a, DESCRIBE_BYTES);
    const char *text_b = machine_describe(machine, b, DESCRIBE_BYTES);
    return machine_raise(machine, "%s (%s) and %s (%s) %s", value_kind_name(a), text_a,
                         value_kind_name(b), text_b, words);
}

/* The part of a value that prints as its first bytes: every node prints as one byte or more, so
 * that so many nodes are enough. */
static struct value
prune(struct arena *arena, struct value value, size_t *nodes)
{
    if (*nodes > 0)
        --*nodes;
    if (value.kind == VALUE_STRING)
        return value_string(slice_cut(value_slice(value), 64));
    if (value.kind == VALUE_ARRAY) {
        struct value pruned = value_empty_array();
        for (uint32_t i = 0; i<value.count && * nodes> 0; i++)
            pruned = value_array_append(arena, pruned, prune(arena, value.array->items[i], nodes));
        return pruned;
    }
    if (value.kind == VALUE_OBJECT) {
        struct value pruned = value_empty_object();
        for (uint32_t i = 0; i<value.count && * nodes> 0; i++) {
            struct member member = value.object->members[i];
            struct value key = value_string(slice_cut(value_slice(member.key), 64));
            pruned = value_object_set(arena, pruned, key, prune(arena, member.value, nodes));
        }
        return pruned;
    }
    return value;
}

const char *
machine_describe(struct expr_machine *machine, struct value value, size_t max_bytes)
{
    struct arena small;
    arena_init(&small, DESCRIBE_ARENA_BYTES);
    size_t nodes = max_bytes + 2;
    struct value pruned = prune(&small, value, &nodes);
    struct slice text = json_text(&small, pruned);
    const char *description = "...";
    if (text.ptr != NULL && text.size <= max_bytes) {
        description = arena_format(&machine->scratch, "%.*s", SLICE_FORMAT(text));
    } else if (text.ptr != NULL) {
        struct slice cut = slice_cut(text, max_bytes - 3);
        description = arena_format(&machine->scratch, "%.*s...", SLICE_FORMAT(cut));
    }
    arena_done(&small);
    return description;
}

static bool
grow_values(struct expr_machine *machine)
{
    size_t capacity = machine->value_capacity * 2;
    size_t bytes = capacity * sizeof(struct value);
    if (bytes > machine->budget.bytes ||
        machine->scratch.used_bytes > machine->budget.bytes - bytes)
        return false;
    machine->values = mem_resize(machine->values, bytes);
    machine->value_capacity = capacity;
    return true;
}

bool
machine_push(struct expr_machine *machine, struct value value)
{
    if (machine->value_count == machine->value_capacity && !grow_values(machine)) {
        machine_spend(machine, "the expression needs too much memory");
        return false;
    }
    machine->values[machine->value_count++] = value;
    return true;
}

struct value
machine_pop_array(struct expr_machine *machine, size_t base)
{
    assert(base <= machine->value_count);
    size_t count = machine->value_count - base;
    struct value array = value_empty_array();
    if (count > 0)
        array = value_array_new(&machine->scratch, machine->values + base, count);
    if (array.kind == VALUE_NONE)
        array = machine_out_of_memory(machine);
    machine->value_count = base;
    return array;
}

struct value
machine_text(struct expr_machine *machine, struct slice text)
{
    return machine_check(machine, value_string_copy(&machine->scratch, text));
}

/* New memory with room to grow by as much again, within reason. */
static char *
start_text(struct expr_machine *machine, size_t size)
{
    size_t room = size < TEXT_ROOM_MAX ? size : TEXT_ROOM_MAX;
    if (size < TEXT_ROOM_MIN)
        room = 0;
    char *text = machine_alloc(machine, size + room);
    if (text == NULL && room > 0) {
        room = 0;
        text = machine_alloc(machine, size);
    }
    if (text != NULL) {
        machine->text_end = text + size;
        machine->text_limit = text + size + room;
    }
    return text;
}

struct value
machine_join_text(struct expr_machine *machine, struct slice a, struct slice b)
{
    size_t size = a.size + b.size;
    if (b.size == 0)
        return value_string(a);
    if (a.size == 0)
        return value_string(b);
    if (size > UINT32_MAX)
        return machine_out_of_memory(machine);
    bool in_place = a.ptr + a.size == machine->text_end &&
                    b.size <= (size_t)(machine->text_limit - machine->text_end);
    if (!machine_charge_bytes(machine, in_place ? b.size : size))
        return machine_no_steps(machine);
    if (in_place) {
        memcpy(machine->text_end, b.ptr, b.size);
        machine->text_end += b.size;
        return value_string(slice_of(a.ptr, size));
    }
    char *text = start_text(machine, size);
    if (text == NULL)
        return machine_out_of_memory(machine);
    memcpy(text, a.ptr, a.size);
    memcpy(text + a.size, b.ptr, b.size);
    return value_string(slice_of(text, size));
}

bool
machine_charge_tree(struct expr_machine *machine, struct value value)
{
    if (value.kind == VALUE_ARRAY) {
        if (!machine_charge(machine, value.count))
            return false;
        for (uint32_t i = 0; i < value.count; i++) {
            struct value item = value.array->items[i];
            if (item.kind >= VALUE_DECIMAL && !machine_charge_tree(machine, item))
                return false;
        }
        return true;
    }
    if (value.kind == VALUE_OBJECT) {
        if (!machine_charge(machine, value.count))
            return false;
        for (uint32_t i = 0; i < value.count; i++) {
            if (!machine_charge_tree(machine, value.object->members[i].key) ||
                !machine_charge_tree(machine, value.object->members[i].value))
                return false;
        }
        return true;
    }
    return value.kind < VALUE_DECIMAL || machine_charge_bytes(machine, value.count);
}

struct slice
machine_json(struct expr_machine *machine, struct value value)
{
    struct slice text = slice_of(NULL, 0);
    if (!machine_charge_tree(machine, value)) {
        machine_no_steps(machine);
        return text;
    }
    text = json_text(&machine->scratch, value);
    if (text.ptr == NULL)
        machine_out_of_memory(machine);
    return text;
}

struct keeper {
    struct expr_machine *machine;
    const struct arena *constants;
    struct arena *arena;
};

static bool
is_foreign(const struct keeper *keeper, const struct arena *owner)
{
    return owner != &keeper->machine->scratch && owner != keeper->constants;
}

static struct value keep(const struct keeper *keeper, struct value value);

static struct value
keep_array(const struct keeper *keeper, struct value value)
{
    struct expr_machine *machine = keeper->machine;
    size_t base = machine->value_count;
    for (uint32_t i = 0; i < value.count; i++) {
        struct value item = keep(keeper, value.array->items[i]);
        if (item.kind == VALUE_NONE || !machine_push(machine, item)) {
            machine->value_count = base;
            return value_absent(OUTCOME_LIMIT);
        }
    }
    struct value kept = value_array_new(keeper->arena, machine->values + base, value.count);
    machine->value_count = base;
    return kept;
}

static struct value
keep_object(const struct keeper *keeper, struct value value)
{
    struct expr_machine *machine = keeper->machine;
    struct member *members = machine_alloc(machine, value.count * sizeof(*members));
    if (members == NULL)
        return machine_out_of_memory(machine);
    for (uint32_t i = 0; i < value.count; i++) {
        members[i].key = keep(keeper, value.object->members[i].key);
        members[i].value = keep(keeper, value.object->members[i].value);
        if (members[i].key.kind == VALUE_NONE || members[i].value.kind == VALUE_NONE)
            return value_absent(OUTCOME_LIMIT);
    }
    return value_object_new(keeper->arena, members, value.count);
}

static struct value
keep(const struct keeper *keeper, struct value value)
{
    if (value.kind < VALUE_DECIMAL)
        return value;
    if (!machine_charge(keeper->machine, 1))
        return machine_no_steps(keeper->machine);
    if (value.kind == VALUE_ARRAY) {
        if (value.count == 0)
            return value_empty_array();
        return is_foreign(keeper, value.array->arena) ? value : keep_array(keeper, value);
    }
    if (value.kind == VALUE_OBJECT) {
        if (value.count == 0)
            return value_empty_object();
        return is_foreign(keeper, value.object->arena) ? value : keep_object(keeper, value);
    }
    struct value copy = value_string_copy(keeper->arena, value_slice(value));
    if (copy.kind != VALUE_NONE)
        copy.kind = value.kind;
    return copy;
}

struct value
machine_keep(struct expr_machine *machine, const struct expr *expr, struct arena *arena,
             struct value value)
{
    struct keeper keeper = {.machine = machine, .constants = expr->arena, .arena = arena};
    struct value kept = keep(&keeper, value);
    if (kept.kind == VALUE_NONE)
        machine_spend(machine, "the result is too large");
    return kept;
}
