#include "base/json.h"
#include "expr/expr.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

static void
test_problems_say_where_and_what(void **state)
{
    static const struct {
        const char *source;
        enum status status;
        size_t offset;
        const char *words;
    } rows[] = {
        {"", STATUS_INVALID, 0, "expected an expression, found the end"},
        {". |", STATUS_INVALID, 3, "expected an expression, found the end"},
        {"[1, 2", STATUS_INVALID, 5, "expected ], found the end"},
        {"1 2", STATUS_INVALID, 2, "expected an operator or the end, found 2"},
        {"1 == 2 == 3", STATUS_INVALID, 7,
         "== cannot follow another operator of its kind: use parentheses"},
        {"\"abc", STATUS_INVALID, 0, "the string that begins here has no end"},
        {"\"a\\qb\"", STATUS_INVALID, 2, "no such escape in a string"},
        {"\"\\ud800\"", STATUS_INVALID, 2, "no such escape in a string"},
        {"if 1 then 2", STATUS_INVALID, 11, "expected end, found the end"},
        {".a | lenght", STATUS_INVALID, 5, "unknown function lenght: did you mean length?"},
        {"1 as $item | $itme", STATUS_INVALID, 13, "unknown variable $itme: did you mean $item?"},
        {"$zzz", STATUS_INVALID, 0, "unknown variable $zzz"},
        {"def sum(f): 1; sun(.)", STATUS_INVALID, 15, "unknown function sun: did you mean sum?"},
        {"map", STATUS_INVALID, 0, "map/0 does not exist: map takes 1 argument"},
        {"length(1)", STATUS_INVALID, 0, "length/1 does not exist: length takes 0 arguments"},
        {"_sort_by([])", STATUS_INVALID, 0, "unknown function _sort_by: did you mean sort_by?"},
        {"@jsn", STATUS_INVALID, 0, "unknown format @jsn: did you mean @json?"},
        {"break $x", STATUS_INVALID, 6, "there is no label $x around this break"},
        {"{(1)}", STATUS_INVALID, 4, "expected :, found }"},
        {"{1: 2}", STATUS_INVALID, 1, "expected the name of a member, found 1"},
        {"def f: 1", STATUS_INVALID, 8, "expected ;, found the end"},
        {"def f(a; ; 3): 1; 2", STATUS_INVALID, 9, "expected the name of a parameter, found ;"},
        {"'a'", STATUS_INVALID, 0, "expected an expression, found '"},
        {"input", STATUS_UNSUPPORTED, 0,
         "input is not available: an expression has one input, which is `.`"},
        {"[inputs]", STATUS_UNSUPPORTED, 1,
         "inputs is not available: an expression has one input, which is `.`"},
        {". | debug", STATUS_UNSUPPORTED, 4,
         "debug is not available: an expression has no output but its value"},
        {"$ENV.PATH", STATUS_UNSUPPORTED, 1,
         "ENV is not available: an expression sees no environment"},
        {"env", STATUS_UNSUPPORTED, 0, "env is not available: an expression sees no environment"},
        {"import \"a\" as a; .", STATUS_UNSUPPORTED, 0,
         "import is not available: an expression has no modules"},
        {"include \"a\"; .", STATUS_UNSUPPORTED, 0,
         "include is not available: an expression has no modules"},
        {"now", STATUS_UNSUPPORTED, 0,
         "now is not available: an expression that is run again must give the same result; the "
         "time "
         "of the run is .run.startedAt | fromdate"},
        {"halt_error(1)", STATUS_UNSUPPORTED, 0,
         "halt_error is not available: an expression can end only itself, by error(message)"},
        {"\xFF", STATUS_INVALID, 0, "the expression is not UTF-8 text"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct expr *expr = NULL;
        struct expr_problem problem;
        arena_init(&arena, ARENA_BYTES);
        enum status status = expr_compile(&expr, &arena, slice_text(rows[i].source), &problem);
        if (status != rows[i].status || problem.offset != rows[i].offset ||
            strcmp(problem.words, rows[i].words) != 0)
            fail_msg("%s: %s at %zu: %s", rows[i].source, status_name(status), problem.offset,
                     problem.words);
        assert_null(expr);
        arena_done(&arena);
    }
}

static void
test_source_is_kept(void **state)
{
    struct arena arena;
    struct expr *expr = NULL;
    struct expr_problem problem;
    char source[] = ".a + 1";
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(expr_compile(&expr, &arena, slice_text(source), &problem), STATUS_OK);
    memset(source, 'x', sizeof(source) - 1);
    assert_true(slice_is(expr_source(expr), ".a + 1"));
    arena_done(&arena);
}

static void
note_path(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    struct buffer *text = context;
    if (text->size > 0)
        buffer_append_byte(text, ' ');
    buffer_append_format(text, "%zu", source_offset);
    for (size_t i = 0; i < count; i++) {
        buffer_append_byte(text, '.');
        buffer_append_slice(text, names[i]);
    }
}

static void
test_root_paths_are_told(void **state)
{
    static const struct {
        const char *source;
        const char *want; /* offset and names of each access */
    } rows[] = {
        {"1 + 2", ""},
        {".", "0"},
        {".item.name", "0.item.name"},
        {".steps.a.b >= 0.7", "0.steps.a.b"},
        {"{a: .item.x, b: (.item.y | tonumber)}", "4.item.x 17.item.y"},
        {".item.list[0].x", "0.item.list"},
        {".item[.key]", "0.item 6.key"},
        {".item.list[] | .x", "0.item.list"},
        {".item | .a.b, .c", "8.item.a.b 14.item.c"},
        {".item as $i | $i.a", "14.item.a"},
        {". as $root | .item | $root.vars.x", "21.vars.x"},
        {"if .a then .b else .c end", "3.a 11.b 19.c"},
        {"select(.a)", "7.a 0"},
        {"[.item.list[] | select(.x > 1)] | length", "1.item.list"},
        {".a // .b", "0.a 6.b"},
        {"\"x \\(.a) y\"", "5.a"},
        {"def f: .x; f", "0"},
        {"def f(g): g; .a | f(.b)", "13.a"},
        {". as $r | def f: $r.steps.x; f", "0 17.steps.x"},
        {"reduce .list[] as $x (0; . + $x.y)", "7.list"},
        {"try .a catch .", "4.a"},
        {"pow(.a; 2)", "4.a"},
        {"has(\"a\")", "0"},
        {"first(.a.b)", "6.a.b"},
        {".a = .b", "0 0.a 5.b"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct buffer text;
        struct expr *expr = NULL;
        struct expr_problem problem;
        arena_init(&arena, ARENA_BYTES);
        buffer_init(&text, ARENA_BYTES);
        assert_int_equal(expr_compile(&expr, &arena, slice_text(rows[i].source), &problem),
                         STATUS_OK);
        expr_each_root_path(expr, note_path, &text);
        if (!slice_is(buffer_slice(&text), rows[i].want))
            fail_msg("%s: %.*s", rows[i].source, SLICE_FORMAT(buffer_slice(&text)));
        buffer_done(&text);
        arena_done(&arena);
    }
}

static void
compile_into(struct expr **expr, struct arena *arena, const char *source)
{
    struct expr_problem problem;
    assert_int_equal(expr_compile(expr, arena, slice_text(source), &problem), STATUS_OK);
}

static void
test_one_wants_one_output(void **state)
{
    static const struct {
        const char *source;
        enum status status;
        const char *words;
    } rows[] = {
        {"1 + 1", STATUS_OK, ""},
        {"empty", STATUS_INVALID, "the expression gives no value"},
        {"1, 2", STATUS_INVALID, "the expression gives more than one value"},
        {"(1, 2) | empty", STATUS_INVALID, "the expression gives no value"},
        {"first(1, 2)", STATUS_OK, ""},
        {"error(\"why\")", STATUS_INVALID, "why"},
        {"error({a: 1})", STATUS_INVALID, "(not a string) {\"a\":1}"},
        {"def f: f; f", STATUS_LIMIT, "the expression takes too many steps"},
        {"reduce range(300) as $i (0; [.])", STATUS_LIMIT,
         "a value is too large or nested too deeply"},
        {"\"x\" * 1e9", STATUS_LIMIT, "the expression needs too much memory"},
    };
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct expr *expr = NULL;
        struct value value;
        struct expr_failure failure;
        arena_init(&arena, ARENA_BYTES);
        compile_into(&expr, &arena, rows[i].source);
        enum status status = expr_one(machine, expr, value_null(), &arena, &value, &failure);
        if (status != rows[i].status || failure.status != status ||
            strcmp(failure.words, rows[i].words) != 0)
            fail_msg("%s: %s: %s", rows[i].source, status_name(status), failure.words);
        assert_int_equal(value.kind == VALUE_NONE, status != STATUS_OK);
        arena_done(&arena);
    }
    expr_machine_free(&machine);
}

static void
test_truth_is_that_of_jq(void **state)
{
    static const struct {
        const char *source;
        bool truth;
    } rows[] = {
        {"null", false}, {"false", false}, {"0", true}, {"\"\"", true}, {". == null", true}};
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct expr *expr = NULL;
        struct expr_failure failure;
        bool truth = !rows[i].truth;
        arena_init(&arena, ARENA_BYTES);
        compile_into(&expr, &arena, rows[i].source);
        assert_int_equal(expr_truth(machine, expr, value_null(), &truth, &failure), STATUS_OK);
        assert_int_equal(truth, rows[i].truth);
        arena_done(&arena);
    }
    expr_machine_free(&machine);
}

/* The result must not point into the machine, nor into the expression; what is in the input may be
 * shared. */
static void
test_results_outlive_machine_and_expression(void **state)
{
    struct arena compiled;
    struct arena inputs;
    struct arena results;
    struct expr *expr = NULL;
    struct value input;
    struct value result;
    struct expr_failure failure;
    arena_init(&compiled, ARENA_BYTES);
    arena_init(&inputs, ARENA_BYTES);
    arena_init(&results, ARENA_BYTES);
    compile_into(&expr, &compiled,
                 "{a: .list, b: [1, \"two\", {c: \"d\"}], e: \"x\\(.n)\", f: 1.50, g: {}, h: []}");
    assert_int_equal(
        json_parse(&input, &inputs, SLICE("{\"list\":[1,[2]],\"n\":3}"), 0, NULL, NULL), STATUS_OK);
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    assert_int_equal(expr_one(machine, expr, input, &results, &result, &failure), STATUS_OK);
    assert_ptr_equal(value_get(result, "a").array, value_get(input, "list").array);
    expr_machine_free(&machine);
    arena_done(&compiled);

    struct slice text = json_text(&results, result);
    assert_true(slice_is(text,
                         "{\"a\":[1,[2]],\"b\":[1,\"two\",{\"c\":\"d\"}],\"e\":\"x3\",\"f\":1.50,"
                         "\"g\":{},\"h\":[]}"));
    arena_done(&results);
    arena_done(&inputs);
}

static enum status
stop_at_second(struct value output, void *context)
{
    return ++*(int *)context == 2 ? STATUS_CANCELLED : STATUS_OK;
}

static void
test_visitor_can_stop(void **state)
{
    struct arena arena;
    struct expr *expr = NULL;
    struct expr_failure failure;
    int count = 0;
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    arena_init(&arena, ARENA_BYTES);
    compile_into(&expr, &arena, "try range(10) catch \"caught\"");
    assert_int_equal(expr_each(machine, expr, value_null(), stop_at_second, &count, &failure),
                     STATUS_CANCELLED);
    assert_int_equal(count, 2);
    expr_machine_free(&machine);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problems_say_where_and_what),
        cmocka_unit_test(test_source_is_kept),
        cmocka_unit_test(test_root_paths_are_told),
        cmocka_unit_test(test_one_wants_one_output),
        cmocka_unit_test(test_truth_is_that_of_jq),
        cmocka_unit_test(test_results_outlive_machine_and_expression),
        cmocka_unit_test(test_visitor_can_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
