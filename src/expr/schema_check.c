#include "expr/schema_check.h"

#include "base/buffer.h"
#include "base/json.h"
#include "expr/stack.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define PATH_BYTES KIB(64)
/* Bytes of one check's marks of what was evaluated. */
#define SCRATCH_BYTES MIB(64)

/* --- words --- */

static void
append_pointer(struct buffer *out, const struct schema_place *place)
{
    if (place->parent == NULL)
        return;
    append_pointer(out, place->parent);
    buffer_append_byte(out, '/');
    if (place->is_item) {
        buffer_append_format(out, "%" PRIu32, place->index);
        return;
    }
    struct slice name = slice_cut(place->name, SCHEMA_LIST_BYTES);
    for (size_t i = 0; i < name.size; i++) {
        if (name.ptr[i] == '~' || name.ptr[i] == '/')
            buffer_append_text(out, name.ptr[i] == '~' ? "~0" : "~1");
        else
            buffer_append_byte(out, name.ptr[i]);
    }
}

static void
report(const struct schema_check *check, const char *keyword, const char *words)
{
    struct buffer path;
    buffer_init(&path, PATH_BYTES);
    append_pointer(&path, check->place);
    buffer_append_byte(&path, '\0');
    char schema_path[SCHEMA_TEXT_BYTES * 2];
    snprintf(schema_path, sizeof(schema_path), "%s%s%s", check->schema->path,
             keyword[0] == '\0' ? "" : "/", keyword);
    struct schema_checker *checker = check->checker;
    checker->visit(buffer_is_over(&path) ? "" : path.ptr, schema_path, words, checker->context);
    buffer_done(&path);
}

bool
schema_fail(const struct schema_check *check, const char *keyword, const char *format, ...)
{
    struct schema_checker *checker = check->checker;
    if (checker->quiet > 0 || checker->is_finished)
        return false;
    char words[SCHEMA_TEXT_BYTES];
    size_t size = 0;
    if (check->place->is_name)
        size = (size_t)snprintf(words, sizeof(words), "the name of the property: ");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words + size, sizeof(words) - size, format, arguments);
    va_end(arguments);
    report(check, keyword, words);
    checker->is_finished = ++checker->finding_count == LIMIT_SCHEMA_FINDINGS;
    return false;
}

void
schema_give_up(const struct schema_check *check, const char *words)
{
    struct schema_checker *checker = check->checker;
    if (!checker->gave_up && checker->visit != NULL)
        report(check, "", words);
    checker->gave_up = true;
    checker->is_finished = true;
}

static void
append_value(struct buffer *out, struct value value)
{
    if (value.kind == VALUE_ARRAY) {
        buffer_append_format(out, "an array of %" PRIu32, value.count);
    } else if (value.kind == VALUE_OBJECT) {
        buffer_append_text(out, "an object");
    } else if (value.kind == VALUE_STRING && value.count > SCHEMA_SHOWN_BYTES) {
        json_print_string(out, slice_cut(value_slice(value), SCHEMA_SHOWN_BYTES));
        buffer_append_text(out, "...");
    } else {
        json_print(out, value);
    }
}

const char *
schema_show(struct buffer *out, struct value value)
{
    buffer_init(out, SCHEMA_TEXT_BYTES);
    append_value(out, value);
    if (buffer_is_over(out)) {
        buffer_clear(out);
        buffer_append_text(out, "a long number");
    }
    buffer_append_byte(out, '\0');
    return out->ptr;
}

const char *
schema_show_list(struct buffer *out, struct value list)
{
    buffer_init(out, SCHEMA_LIST_BYTES + 8);
    uint32_t i = 0;
    for (; i < list.count && out->size < SCHEMA_LIST_BYTES - 2 * SCHEMA_SHOWN_BYTES - 8; i++) {
        if (i > 0)
            buffer_append_text(out, ", ");
        append_value(out, value_items(list)[i]);
    }
    if (i < list.count)
        buffer_append_text(out, ", ...");
    buffer_append_byte(out, '\0');
    return buffer_is_over(out) ? "its values" : out->ptr;
}

const char *
schema_type_words(char out[96], uint8_t types)
{
    size_t size = 0;
    unsigned left = types;
    out[0] = '\0';
    for (unsigned i = 0; i < SCHEMA_TYPE_COUNT; i++) {
        if ((types >> i & 1) == 0)
            continue;
        left &= ~(1u << i);
        const char *before = size == 0 ? "" : left == 0 ? " or " : ", ";
        size += (size_t)snprintf(out + size, 96 - size, "%s%s", before, schema_type_names[i]);
    }
    return out;
}

/* --- budget --- */

bool
schema_charge(const struct schema_check *check, uint64_t steps)
{
    struct schema_checker *checker = check->checker;
    if (checker->steps_left >= steps) {
        checker->steps_left -= steps;
        return true;
    }
    checker->steps_left = 0;
    schema_give_up(check, "the schema takes too many steps on this value");
    return false;
}

bool
schema_charge_tree(const struct schema_check *check, struct value value, uint64_t times)
{
    if (value.kind < VALUE_DECIMAL)
        return true;
    if (value.kind == VALUE_ARRAY || value.kind == VALUE_OBJECT) {
        bool is_good = schema_charge(check, value.count * times);
        for (uint32_t i = 0; is_good && i < value.count; i++) {
            struct value child =
                value.kind == VALUE_ARRAY ? value_items(value)[i] : value_members(value)[i].value;
            is_good = schema_charge_tree(check, child, times);
        }
        return is_good;
    }
    return schema_charge(check, value.count / SCHEMA_STEP_BYTES * times);
}

bool
schema_find_pattern(const struct schema_check *check, const struct schema_pattern *pattern,
                    struct slice text)
{
    struct schema_checker *checker = check->checker;
    enum schema_match match =
        schema_pattern_search(pattern, text, checker->matcher, &checker->steps_left);
    if (match == SCHEMA_MATCH_GAVE_UP)
        schema_give_up(check, "a pattern takes too many steps on this value");
    return match == SCHEMA_MATCH_YES;
}

/* --- what was evaluated --- */

bool
schema_seen_init(const struct schema_check *check, struct schema_seen *seen, uint32_t count)
{
    *seen = (struct schema_seen){.count = count};
    seen->words = &seen->word;
    if (count <= 64)
        return true;
    size_t bytes = ((size_t)count + 63) / 64 * sizeof(uint64_t);
    if (!schema_charge(check, count / 64))
        return false;
    seen->words = arena_try_alloc(&check->checker->scratch, bytes);
    if (seen->words == NULL) {
        schema_give_up(check, "the schema needs too much memory on this value");
        return false;
    }
    memset(seen->words, 0, bytes);
    return true;
}

void
schema_seen_merge(const struct schema_check *check, struct schema_seen *to,
                  const struct schema_seen *from)
{
    to->has_all |= from->has_all;
    if (!schema_charge(check, to->count / 64))
        return;
    for (uint32_t i = 0; i * 64 < to->count; i++)
        to->words[i] |= from->words[i];
}

/* --- one value under one schema --- */

uint8_t
schema_types_of(struct value value)
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

static bool
check_type(const struct schema_check *check)
{
    uint8_t types = check->schema->types;
    if (types == 0 || (types & schema_types_of(check->instance)) != 0)
        return true;
    if (check->checker->quiet > 0)
        return false;
    char expected[96];
    struct buffer found;
    schema_fail(check, "type", "expected %s, found %s", schema_type_words(expected, types),
                schema_show(&found, check->instance));
    buffer_done(&found);
    return false;
}

static bool
check_kind(const struct schema_check *check)
{
    const struct schema *schema = check->schema;
    struct value instance = check->instance;
    if (instance.kind == VALUE_STRING)
        return schema->texts == NULL || schema_check_texts(check);
    if (instance.kind == VALUE_OBJECT)
        return schema->objects == NULL || schema_check_objects(check);
    if (instance.kind == VALUE_ARRAY)
        return schema->arrays == NULL || schema_check_arrays(check);
    return schema->numbers == NULL || !value_is_number(instance) || schema_check_numbers(check);
}

static bool
check_rules(const struct schema_check *check)
{
    const struct schema *schema = check->schema;
    if (schema->refuses_all)
        return schema_fail(check, "", "nothing is allowed here");
    /* Of what has the wrong type, nothing else is worth saying. */
    if (!check_type(check))
        return false;
    bool is_good = schema->values == NULL || schema_check_values(check);
    if (schema_goes_on(check, is_good))
        is_good &= check_kind(check);
    if (schema->applied != NULL && schema_goes_on(check, is_good))
        is_good &= schema_check_applied(check);
    return is_good && !check->checker->is_finished;
}

/* unevaluatedItems and unevaluatedProperties see what this schema evaluated, not its neighbours:
 * marks of its own, which the one outside gets when all is valid. */
static bool
check_with_own_marks(struct schema_check *check)
{
    struct schema_seen own;
    struct schema_seen *outer = check->seen;
    struct arena_mark mark = arena_mark(&check->checker->scratch);
    if (!schema_seen_init(check, &own, check->instance.count))
        return false;
    check->seen = &own;
    bool is_good = check_rules(check);
    if (is_good)
        is_good = check->instance.kind == VALUE_ARRAY ? schema_check_unevaluated_items(check)
                                                      : schema_check_unevaluated_members(check);
    if (is_good && outer != NULL)
        schema_seen_merge(check, outer, &own);
    if (own.words != &own.word)
        arena_rewind(&check->checker->scratch, mark);
    return is_good && !check->checker->is_finished;
}

static bool
looks_for_unevaluated(const struct schema *schema, struct value instance)
{
    if (instance.kind == VALUE_OBJECT)
        return schema->objects != NULL && schema->objects->unevaluated != NULL;
    return instance.kind == VALUE_ARRAY && schema->arrays != NULL &&
           schema->arrays->unevaluated != NULL;
}

static bool
check_in_scope(struct schema_check *check)
{
    struct schema_checker *checker = check->checker;
    if (checker->depth >= LIMIT_SCHEMA_DEPTH ||
        (const char *)__builtin_frame_address(0) < checker->stack_floor) {
        schema_give_up(check, "too many schemas are applied inside each other");
        return false;
    }
    struct schema_scope scope = {.resource = check->schema->resource, .outer = checker->scope};
    const struct schema_scope *outer = checker->scope;
    if (outer == NULL || outer->resource != scope.resource)
        checker->scope = &scope;
    checker->depth++;
    bool is_good = looks_for_unevaluated(check->schema, check->instance)
                       ? check_with_own_marks(check)
                       : check_rules(check);
    checker->depth--;
    checker->scope = outer;
    return is_good;
}

bool
schema_apply(struct schema_checker *checker, const struct schema *schema, struct value instance,
             const struct schema_place *place, struct schema_seen *seen)
{
    struct schema_check check = {checker, schema, instance, place, seen};
    if (checker->is_finished || !schema_charge(&check, 1))
        return false;
    return check_in_scope(&check);
}

bool
schema_probe(const struct schema_check *check, const struct schema *schema, struct value instance,
             struct schema_seen *seen)
{
    check->checker->quiet++;
    bool is_good = schema_apply(check->checker, schema, instance, check->place, seen);
    check->checker->quiet--;
    return is_good;
}

enum status
schema_check(const struct schema *schema, struct value instance, schema_problem_fn *visit,
             void *context)
{
    struct schema_matcher_room matcher;
    schema_matcher_init(&matcher);
    struct schema_checker checker = {
        .visit = visit,
        .context = context,
        .quiet = visit == NULL,
        .steps_left = LIMIT_SCHEMA_STEPS,
        .stack_floor = stack_floor(),
        .matcher = &matcher,
    };
    arena_init(&checker.scratch, SCRATCH_BYTES);
    struct schema_place whole = {.parent = NULL};
    bool is_good = schema_apply(&checker, schema, instance, &whole, NULL);
    schema_matcher_done(&matcher);
    arena_done(&checker.scratch);
    if (checker.gave_up)
        return STATUS_LIMIT;
    return is_good ? STATUS_OK : STATUS_INVALID;
}
