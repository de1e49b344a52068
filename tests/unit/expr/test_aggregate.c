/* Aggregates: row by row they give what the expression gives over the array of all rows, errors
 * included; those that stream do so in memory that does not grow with the rows. */
#include "base/buffer.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "expr/aggregate.h"
#include "test.h"

#include <malloc.h>
#include <stdio.h>

#define BIG ((size_t)256 * 1024 * 1024)
#define SEED 4711
#define ROUNDS 60

static const struct expr *
compile(struct arena *arena, const char *source)
{
    struct expr *expr = NULL;
    struct expr_problem problem;
    if (expr_compile(&expr, arena, slice_text(source), &problem) != STATUS_OK)
        fail_msg("%s: %s", source, problem.words);
    return expr;
}

/* A few numbers, texts, arrays and objects, now and then of a wrong kind or missing. */
static struct value
random_part(struct arena *arena, struct rng *rng, bool is_nasty)
{
    static const char *const texts[] = {"a", "b", "", "longer text", "\xC3\xA9"};
    switch (rng_below(rng, is_nasty ? 9 : 4)) {
    case 0:
        return value_int((int64_t)rng_below(rng, 5) - 1);
    case 1:
        return value_double((double)rng_below(rng, 50) / 8);
    case 2:
        return value_number(SLICE("9007199254740993"));
    case 3:
        return value_int((int64_t)rng_below(rng, 1000));
    case 4:
        return value_text(texts[rng_below(rng, COUNT_OF(texts))]);
    case 5:
        return value_array_append(arena, value_empty_array(), value_int(1));
    case 6:
        return value_object_set(arena, value_empty_object(), value_text("k"), value_int(2));
    case 7:
        return value_bool(rng_below(rng, 2) == 0);
    default:
        return value_null();
    }
}

static struct value
random_tags(struct arena *arena, struct rng *rng)
{
    struct value tags = value_empty_array();
    for (uint64_t i = rng_below(rng, 4); i > 0; i--)
        tags = value_array_append(arena, tags, value_int((int64_t)rng_below(rng, 3)));
    return tags;
}

/* {key, item: {x, name, city, ok, tags}, steps}; nasty is how many rows of a hundred are so. */
static struct value
random_row(struct arena *arena, struct rng *rng, uint64_t nasty)
{
    static const char *const cities[] = {"Rome", "Oslo", "Lima"};
    bool is_nasty = rng_below(rng, 100) < nasty;
    struct value item = value_empty_object();
    item = value_object_set(arena, item, value_text("x"), random_part(arena, rng, is_nasty));
    item = value_object_set(
        arena, item, value_text("name"),
        is_nasty ? random_part(arena, rng, true)
                 : value_text(arena_format(arena, "n%u", (unsigned)rng_below(rng, 100))));
    item = value_object_set(arena, item, value_text("city"), value_text(cities[rng_below(rng, 3)]));
    item = value_object_set(arena, item, value_text("ok"), value_bool(rng_below(rng, 2) == 0));
    item = value_object_set(arena, item, value_text("tags"),
                            is_nasty ? random_part(arena, rng, true) : random_tags(arena, rng));
    struct value row = value_empty_object();
    row = value_object_set(arena, row, value_text("key"),
                           value_text(arena_format(arena, "%u", (unsigned)rng_below(rng, 1000))));
    row = value_object_set(arena, row, value_text("item"), item);
    return value_object_set(arena, row, value_text("steps"), value_empty_object());
}

/* What one way of evaluating gave. */
struct ending {
    enum status status;
    struct value value;
    char words[sizeof(((struct expr_failure *)NULL)->words)];
};

static void
end(struct ending *ending, struct arena *arena, enum status status, struct value value,
    const struct expr_failure *failure)
{
    ending->status = status;
    ending->value = status == STATUS_OK ? value : value_null();
    snprintf(ending->words, sizeof(ending->words), "%s", status == STATUS_OK ? "" : failure->words);
    if (status == STATUS_INVALID && failure->raised.kind != VALUE_NONE)
        ending->value = value_copy(arena, failure->raised);
}

static void
run_plain(struct ending *ending, struct arena *arena, const struct expr *expr, struct value rows)
{
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    struct expr_failure failure;
    struct value value;
    enum status status = expr_one(machine, expr, rows, arena, &value, &failure);
    end(ending, arena, status, value, &failure);
    expr_machine_free(&machine);
}

/* Each row lives in an arena of its own, which is gone when the next one comes. */
static void
run_by_row(struct ending *ending, struct arena *arena, struct aggregate_state *state,
           struct value rows)
{
    struct expr_failure failure;
    for (uint32_t i = 0; i < rows.count; i++) {
        struct arena own;
        arena_init(&own, BIG);
        struct value row = value_copy(&own, value_items(rows)[i]);
        if (aggregate_state_add(state, row, &failure) != STATUS_OK)
            fail_msg("row %u: %s", i, failure.words);
        arena_done(&own);
    }
    struct value value;
    enum status status = aggregate_state_finish(state, arena, &value, &failure);
    end(ending, arena, status, value, &failure);
    aggregate_state_reset(state);
}

static void
check_same(const char *source, struct arena *arena, const struct ending *plain,
           const struct ending *by_row)
{
    struct slice a = json_text(arena, plain->value);
    struct slice b = json_text(arena, by_row->value);
    if (plain->status != by_row->status || !slice_equal(a, b) ||
        strcmp(plain->words, by_row->words) != 0)
        fail_msg("%s: plain %s %.*s %s, by row %s %.*s %s", source, status_name(plain->status),
                 SLICE_FORMAT(a), plain->words, status_name(by_row->status), SLICE_FORMAT(b),
                 by_row->words);
}

static struct value
random_rows(struct arena *arena, struct rng *rng, uint64_t count)
{
    static const uint64_t nasty[] = {0, 0, 3, 20};
    uint64_t share = nasty[rng_below(rng, COUNT_OF(nasty))];
    struct value rows = value_empty_array();
    for (uint64_t i = 0; i < count; i++)
        rows = value_array_append(arena, rows, random_row(arena, rng, share));
    return rows;
}

static void
check_program(const char *source, bool is_streaming, uint64_t rows_max)
{
    struct arena program;
    struct arena arena;
    arena_init(&program, BIG);
    arena_init(&arena, BIG);
    const struct expr *expr = compile(&program, source);
    const struct aggregate *aggregate = aggregate_new(&program, expr);
    if (aggregate_is_streaming(aggregate) != is_streaming)
        fail_msg("%s: %s", source, is_streaming ? "does not stream" : "streams");
    struct aggregate_state *state = aggregate_state_new(aggregate, expr_budget_default(), 1000);
    struct rng rng;
    rng_seed(&rng, SEED);
    for (int round = 0; round < ROUNDS; round++) {
        struct value rows =
            random_rows(&arena, &rng, round < 3 ? (uint64_t)round : rng_below(&rng, rows_max));
        struct ending plain;
        struct ending by_row;
        run_plain(&plain, &arena, expr, rows);
        run_by_row(&by_row, &arena, state, rows);
        check_same(source, &arena, &plain, &by_row);
        arena_reset(&arena);
    }
    aggregate_state_free(&state);
    assert_null(state);
    arena_done(&arena);
    arena_done(&program);
}

static const char *const streaming[] = {
    /* One leaf. */
    "length",
    "map(.item.x) | add",
    "[.[].item.x] | add",
    "[.[] | .item.x] | add",
    "add(.[].item.x)",
    "map(.item.x) | min",
    "map(.item.x) | max",
    "map(.item.name) | add",
    "map(.item.tags) | add",
    "map({(.item.city): .item.x}) | add",
    "map(.item) | add",
    "map(.item.x) | first",
    "map(.item.x) | last",
    "map(.item.x) | .[2]",
    "map(.item.ok) | any",
    "map(.item.ok) | all",
    "map(select(.item.ok)) | length",
    "[.[] | select(.item.ok) | .item.x] | add",
    "[.[] | select(.item.x > 2) | .item.x * 2] | max",
    "[.[].item.tags[]] | add",
    "[.[].item.tags[]?] | length",
    "[.[].item | .x, .name] | length",
    "[.[] | .item.tags | length] | add",
    "[.[] | try (.item.x + 1) catch 0] | add",
    "[.[] as $r | $r.item.x + 1] | add",
    "[.[] as $r | select($r.item.ok) | $r.item.x] | add",
    "[.[] as {item: {x: $x, name: $n}} | [$x, $n]] | last",
    "[.[].item.x * 2] | add",
    "[1 + .[].item.x] | add",
    "first",
    "last",
    "first.item.name",
    "last | .item.tags[0]",
    ".[0].item.city",
    ".[-1].key",
    ".[3].key",
    "min_by(.item.x)",
    "max_by(.item.x).item.name",
    "max_by(.item.city, .item.x)",
    "min_by(empty)",
    "map(.item) | min_by(.name) | .x",
    "any(.item.ok)",
    "all(.item.x > 0)",
    "any(.[]; .item.x == 3)",
    "all(.[].item; .ok or .x == null)",
    "any",
    "isempty(.[])",
    "first(.[] | select(.item.x > 5) | .item.name)",
    "[first(.[] | select(.item.x > 500))]",
    "last(.[].item.name)",
    "[last(.[] | select(.item.x == 999))]",
    "reduce .[] as $r (0; . + 1)",
    "reduce .[] as $r (0; . + $r.item.x)",
    "reduce .[].item as {x: $x, city: $c} ({}; .[$c] += $x)",
    "reduce .[] as $r ({}; .[$r.item.city] += 1)",
    "reduce .[] as $r ({}; .[$r.item.city] |= (. // []) + [$r.item.name])",
    "reduce .[] as $r (null; [$r.item.x, .[0]])",
    "reduce .[].item.name as $n (\"\"; . + $n)",
    "reduce .[] as $r ([]; if $r.item.ok then . + [$r.key] else empty end)",
    "reduce (.[] | select(.item.ok)) as $r (0; . + 1)",
    "reduce .[] as $r (null | error; .)",
    "[reduce .[] as $r (empty; .)]",
    "INDEX(.[]; .item.city)",
    "INDEX(.item.city) | length",
    /* Streams of streams. */
    "map(.item) | map(.x) | add",
    "map(.item) | map(select(.ok)) | map(.x) | max",
    "map(.item.tags) | map(add) | add",
    "map(.item.tags[]) | map(. + 1) | add / length",
    "[.[] | .item] | first(.[] | select(.ok)) | .name",
    "map(.item) | reduce .[] as $i (0; . + $i.x)",
    "map(.item) | any(.ok)",
    ". | map(.item.x) | . | add",
    /* Put together. */
    "(map(.item.x) | add) / length",
    "map(.item.x) | add / length",
    "map(.item.x) | (max - min)",
    "{n: length, sum: (map(.item.x) | add), first: first.item.name, \"\\(length)\": 1}",
    "[length, (map(.item.x) | min, max)]",
    "\"\\(length) rows, \\(map(.item.x) | max)\"",
    "length as $n | (map(.item.x) | add) as $s | {n: $n, mean: ($s / $n)}",
    "if length > 3 then (map(.item.x) | add) else \"few\" end",
    "(map(.item.x) | add) // \"none\"",
    "try (map(.item.x) | add) catch (\"caught: \" + .)",
    "(map(.item.x) | add)?, length",
    "(map(.item.x) | add) > 10 and length > 2",
    "-(map(.item.x) | add)",
    "map(.item.tags) | add | sort | unique",
    "(map(.item.name) | add)[0:3]",
    "map(.item.x) | [min, max] | map(tostring) | join(\"-\")",
    "{} | .a = 1",
    "[map(.item.x) | add, length] | if .[1] == 0 then null else .[0] / .[1] end",
    "map(.item.x) | {sum: add, n: length} | .mean = (try (.sum / .n) catch null)",
    "first(length, add)",
    "(map(.item.x + 1) | add), error(\"later\")?",
    "if length > 3 then error(\"too many\") else pow(length; 2) end",
    "empty",
    "null",
};

static const char *const collecting[] = {
    ".",
    "map(.item.x)",
    "map(.item.x) | sort | .[length / 2 | floor]",
    "map(.item.x) | unique | length",
    "group_by(.item.city) | map(length)",
    "[.[].item.name] | join(\", \")",
    "sort_by(.item.x) | first",
    "[limit(3; .[]) | .key]",
    ". as $all | map(.item.x) | add / ($all | length)",
    "length as $n | map(.item.x / $n) | add",
    "(map(.item.x) | add) as $s | map(.item.x * $s) | add",
    "first(.[] | .item.x) as $x | map(select(.item.x == $x)) | length",
    "def total: add; map(.item.x) | total",
    "length as $n | def f: $n; map(f) | add",
    "[foreach .[] as $r (0; . + $r.item.x)] | last",
    "[.[].item.x, .[].item.name] | add",
    "[.[] + (null | error)] | add",
    "[(.[] | .item.x | tonumber)?] | add",
    "[.[].item.x // 0] | add",
    ".[1:] | length",
    ".[-2]",
    "reduce .[] as $r (length; . + 1)",
    "[.[1:][] | .item.x] | add",
    "map(.item.x) as $xs | $xs | add",
    "to_entries | length",
    "[paths] | length",
    "first(range(length) as $i | .[$i])",
};

static void
test_streamed_is_plain(void **state)
{
    for (size_t i = 0; i < COUNT_OF(streaming); i++)
        check_program(streaming[i], true, 40);
}

static void
test_others_are_evaluated_at_the_end(void **state)
{
    for (size_t i = 0; i < COUNT_OF(collecting); i++)
        check_program(collecting[i], false, 40);
}

/* Programs put together at random, all of which stream. A template's A, F and C are filled in turn:
 * an aggregate, what is taken from a row (or from what was), a condition. */
static const char *const aggregates[] = {
    "length",
    "(map(F) | add)",
    "([.[] | select(C) | F] | add)",
    "([.[] | F] | min)",
    "([.[] | F, F] | max)",
    "(map(F) | map(F) | length)",
    "(map(F) | map(select(. != null)) | last)",
    "([.[] | F | tostring] | add)",
    "(map(F) | max_by(F))",
    "min_by(F)",
    "any(C)",
    "(map(F) | all)",
    "[first(.[] | select(C) | F)]",
    "last(.[] | F)",
    "(reduce .[] as $r (0; . + ($r | F)))",
    "(reduce (.[] | select(C)) as $r ([]; [$r | F] + .[:3]))",
    "(map(F) | reduce .[] as $r ({}; .[$r | tostring] += 1))",
    "(map(F) | {a: add, n: length} | .n)",
    "[A, A]",
    "{a: A, b: A}",
    "(A + A)",
    "(A as $v | [$v, A])",
    "(if A == A then A else A end)",
    "(A // A)",
    "(try A catch .)",
    "(A == A or A)",
    "\"\\(A) and \\(A)\"",
    "(A | tostring | length)",
};
#define AGGREGATE_ENDS 18 /* those without A */

static const char *const takings[] = {
    ".item", ".item.x",       ".item.name",           ".item.tags",
    ".key",  ".item.tags[]?", ".item.x + 1",          "[.item.x?]",
    ".x",    "length",        "(.item.x, .item.ok)?", "[.]"};
static const char *const conditions[] = {".item.ok", ".item.x > 2", ".item?.tags",
                                         "type == \"object\"", ".x"};

static const char *
pick(struct rng *rng, const char *const *texts, size_t count)
{
    return texts[rng_below(rng, count)];
}

static void
write_program(struct buffer *out, struct rng *rng, const char *text, unsigned depth)
{
    for (; *text != '\0'; text++) {
        if (*text == 'A')
            write_program(out, rng,
                          pick(rng, aggregates, depth == 0 ? AGGREGATE_ENDS : COUNT_OF(aggregates)),
                          depth - (depth > 0));
        else if (*text == 'F')
            buffer_append_text(out, pick(rng, takings, COUNT_OF(takings)));
        else if (*text == 'C')
            buffer_append_text(out, pick(rng, conditions, COUNT_OF(conditions)));
        else
            buffer_append_byte(out, *text);
    }
}

static void
test_random_programs(void **state)
{
    struct rng rng;
    rng_seed(&rng, SEED);
    for (int i = 0; i < 250; i++) {
        struct buffer program;
        buffer_init(&program, BIG);
        write_program(&program, &rng, "A", 3);
        buffer_append_byte(&program, '\0');
        check_program(program.ptr, true, 12);
        buffer_done(&program);
    }
}

/* Many rows, so that what is kept is copied again and again. */
static void
test_long_groups(void **state)
{
    static const char *const programs[] = {
        "map(.item.name) | add",
        "map(.item.tags) | add",
        "map({(.key): .item.x}) | add",
        "reduce .[] as $r ({}; .[$r.key] += $r.item.x)",
        "reduce .[] as $r ([]; [$r.item.name] + .[:50])",
        "[max_by(.item.x), min_by(.item.name), last, (map(.item) | first), length]",
    };
    for (size_t i = 0; i < COUNT_OF(programs); i++)
        check_program(programs[i], true, 900);
}

static size_t
heap(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static struct value
make_row(struct arena *arena, int64_t number)
{
    struct value item =
        value_object_set(arena, value_empty_object(), value_text("x"), value_int(number % 1000));
    item = value_object_set(arena, item, value_text("name"),
                            value_text(arena_format(arena, "name %d", (int)number)));
    return value_object_set(arena, value_empty_object(), value_text("item"), item);
}

static void
test_memory_does_not_grow(void **state)
{
    struct arena arena;
    struct arena own;
    arena_init(&arena, BIG);
    arena_init(&own, BIG);
    const struct expr *expr = compile(
        &arena, "{n: length, sum: (map(.item.x) | add), top: max_by(.item.x), last: last.item, "
                "by: (reduce .[] as $r ({}; .[$r.item.x | tostring] += 1) | length)}");
    const struct aggregate *aggregate = aggregate_new(&arena, expr);
    assert_true(aggregate_is_streaming(aggregate));
    struct aggregate_state *group = aggregate_state_new(aggregate, expr_budget_default(), 10);
    struct expr_failure failure;
    size_t before = 0;
    for (int64_t i = 0; i < 100000; i++) {
        struct value row = make_row(&own, i);
        assert_int_equal(aggregate_state_add(group, row, &failure), STATUS_OK);
        arena_reset(&own);
        if (i == 10000)
            before = heap();
    }
    assert_in_range(heap(), 0, before + 300000);
    struct value value;
    assert_int_equal(aggregate_state_finish(group, &arena, &value, &failure), STATUS_OK);
    struct slice text = json_text(&arena, value);
    assert_string_equal(text.ptr, "{\"n\":100000,\"sum\":49950000,\"top\":{\"item\":{\"x\":999,"
                                  "\"name\":\"name 99999\"}},\"last\":{\"x\":999,\"name\":\"name "
                                  "99999\"},\"by\":1000}");
    aggregate_state_free(&group);
    arena_done(&own);
    arena_done(&arena);
}

/* With a copy of the whole for each row this would take minutes. */
static void
test_long_results_are_appended_to(void **state)
{
    static const char *const programs[] = {"map(.item.name) | add | length",
                                           "map([.item.x]) | add | length",
                                           "reduce .[] as $r (\"\"; . + $r.item.name) | length"};
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        struct arena arena;
        struct arena own;
        arena_init(&arena, BIG);
        arena_init(&own, BIG);
        const struct aggregate *aggregate = aggregate_new(&arena, compile(&arena, programs[i]));
        struct aggregate_state *group = aggregate_state_new(aggregate, expr_budget_default(), 10);
        struct expr_failure failure;
        for (int64_t row = 0; row < 200000; row++) {
            enum status status = aggregate_state_add(group, make_row(&own, row), &failure);
            if (status != STATUS_OK)
                fail_msg("%s: %s", programs[i], failure.words);
            arena_reset(&own);
        }
        struct value value;
        assert_int_equal(aggregate_state_finish(group, &arena, &value, &failure), STATUS_OK);
        assert_int_equal(value.integer, i == 1 ? 200000 : 2088890);
        aggregate_state_free(&group);
        arena_done(&own);
        arena_done(&arena);
    }
}

static void
check_limit(const char *source, struct expr_budget budget, uint32_t max_rows, const char *words)
{
    struct arena arena;
    arena_init(&arena, BIG);
    const struct aggregate *aggregate = aggregate_new(&arena, compile(&arena, source));
    struct aggregate_state *state = aggregate_state_new(aggregate, budget, max_rows);
    struct expr_failure failure = {.status = STATUS_OK};
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < 3000; i++) {
        enum status was = status;
        status = aggregate_state_add(state, make_row(&arena, i), &failure);
        assert_true(was == STATUS_OK || status == was);
    }
    struct value value;
    assert_int_equal(status, STATUS_LIMIT);
    assert_int_equal(aggregate_state_finish(state, &arena, &value, &failure), STATUS_LIMIT);
    assert_int_equal(value.kind, VALUE_NONE);
    if (strstr(failure.words, words) == NULL)
        fail_msg("%s: %s", source, failure.words);

    /* The next group begins anew. */
    aggregate_state_reset(state);
    assert_int_equal(aggregate_state_add(state, make_row(&arena, 1), &failure), STATUS_OK);
    assert_int_equal(aggregate_state_finish(state, &arena, &value, &failure), STATUS_OK);
    aggregate_state_free(&state);
    arena_done(&arena);
}

static void
test_limits(void **state)
{
    struct expr_budget usual = expr_budget_default();
    struct expr_budget few_steps = {.steps = 2000, .bytes = usual.bytes, .depth = usual.depth};
    struct expr_budget few_bytes = {.steps = usual.steps, .bytes = 200000, .depth = usual.depth};
    check_limit("map(.item.x) | unique", usual, 1000, "more than 1000 rows");
    check_limit("map(.item.x) | unique", few_bytes, 100000, "too much memory");
    check_limit("map(.item.name) | map([range(if . == \"name 500\" then 9999 else 1 end)]) | add | "
                "length",
                few_steps, 10, "too many steps");
    check_limit("map([.item]) | add | length", few_bytes, 10, "too much memory");
    check_limit("reduce .[] as $r ([]; . + [$r]) | length", few_bytes, 10, "too much memory");
}

static void
test_a_result_that_is_too_large(void **state)
{
    struct arena arena;
    struct arena small;
    arena_init(&arena, BIG);
    arena_init(&small, 10000);
    const struct aggregate *aggregate =
        aggregate_new(&arena, compile(&arena, "map(.item.name) | add"));
    struct aggregate_state *group = aggregate_state_new(aggregate, expr_budget_default(), 10);
    struct expr_failure failure;
    for (int64_t i = 0; i < 3000; i++)
        assert_int_equal(aggregate_state_add(group, make_row(&arena, i), &failure), STATUS_OK);
    struct value value;
    assert_int_equal(aggregate_state_finish(group, &small, &value, &failure), STATUS_LIMIT);
    assert_string_equal(failure.words, "the result is too large");
    aggregate_state_free(&group);
    arena_done(&small);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streamed_is_plain),
        cmocka_unit_test(test_others_are_evaluated_at_the_end),
        cmocka_unit_test(test_random_programs),
        cmocka_unit_test(test_long_groups),
        cmocka_unit_test(test_memory_does_not_grow),
        cmocka_unit_test(test_long_results_are_appended_to),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_a_result_that_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
