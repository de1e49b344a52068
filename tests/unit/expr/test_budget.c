/* Programs that want to hang or eat the machine must end within the budget, and leave the machine
 * fit for the next one. */
#include "expr_rows.h"

#include "base/buffer.h"
#include "base/status.h"
#include "base/thread.h"
#include "test.h"

#include <string.h>

/* A twentieth of the usual steps, so that the test is quick under sanitizers too. */
static struct expr_budget
small_budget(void)
{
    struct expr_budget budget = expr_budget_default();
    budget.steps = 1000000;
    budget.bytes = (size_t)16 * 1024 * 1024;
    return budget;
}

static const struct expr_row hostile[] = {
    {"def f: f; f", NULL, "LIMIT"},
    {"def f(g): g | f(g); f(.)", NULL, "LIMIT"},
    {"def f: 1 + f; f", NULL, "LIMIT"},
    {"def f: [f]; f", NULL, "LIMIT"},
    {"def f: {a: f}; f", NULL, "LIMIT"},
    {"def f: \"\\(f)\"; f", NULL, "LIMIT"},
    {"def f: try f catch 1; f", NULL, "LIMIT"},
    {"def f: f // 1; f", NULL, "LIMIT"},
    {"def f: f as $x | 1; f", NULL, "LIMIT"},
    {"def f: path(f); f", NULL, "LIMIT"},
    {"def f: first(f); f", NULL, "LIMIT"},
    {"def f: reduce 1 as $x (0; f); f", NULL, "LIMIT"},
    {"def f: label $l | f; f", NULL, "LIMIT"},
    {"def f: .a |= f; {} | f", NULL, "LIMIT"},
    {"def f(x): f(x | x); f(1)", NULL, "LIMIT"},
    {"def f: f, f; f", NULL, "LIMIT"},
    {"[range(1e12)]", NULL, "LIMIT"},
    {"range(1e12) | empty", NULL, "LIMIT"},
    {"range(0; 1; 1e-300) | empty", NULL, "LIMIT"},
    {"[repeat(1)]", NULL, "LIMIT"},
    {"last(repeat(1))", NULL, "LIMIT"},
    {"until(false; .)", NULL, "LIMIT"},
    {"while(true; .) | empty", NULL, "LIMIT"},
    {"\"x\" * 1e9", NULL, "LIMIT"},
    {"reduce range(60) as $i (\"x\"; . + .)", NULL, "LIMIT"},
    {"[range(3e6)] | sort", NULL, "LIMIT"},
    {"reduce range(1000000) as $i (null; [.])", NULL, "LIMIT"},
    {"reduce range(60) as $i (1; [., .])", NULL, "LIMIT"},
    {"reduce range(60) as $i (1; [., .]) | tojson", NULL, "LIMIT"},
    {"reduce range(60) as $i (1; [., .]) | . == .", NULL, "LIMIT"},
    {"reduce range(60) as $i (1; [., .]) | [., .] | sort", NULL, "LIMIT"},
    {"reduce range(60) as $i (1; [., .]) | flatten | length", NULL, "LIMIT"},
    {"reduce range(60) as $i (1; [., .]) | . as $x | contains($x)", NULL, "LIMIT"},
    {"reduce range(60) as $i (1; [., .]) | [., .] | unique", NULL, "LIMIT"},
    {"reduce range(60) as $i (1; [., .]) | .. | empty", NULL, "LIMIT"},
    {"reduce range(60) as $i (1; [., .]) | walk(.)", NULL, "LIMIT"},
    {"(\"x\" * 1000000) as $s | last(range(100000) | select($s | startswith($s)))", NULL, "LIMIT"},
    {"(\"x\" * 1000000) as $s | last(range(100000) | $s | rtrimstr($s))", NULL, "LIMIT"},
    {"(\"x\" * 1000000) as $s | ([range(50) | {(\"k\\(.)\"): .}] | add) as $o |"
     " last(range(100000) | $o[$s], ($o | has($s)))",
     NULL, "LIMIT"},
    {"[range(10000)] as $p | last(range(100000) | null | getpath($p))", NULL, "LIMIT"},
    {"[range(1000000) | -----------------------------------------------------.] | length", NULL,
     "LIMIT"},
    {"\"ab\" * 100000 | . as $s | indices($s[:100000]) | length", NULL, "LIMIT"},
    {"[range(20000)] | . - [range(20000; 40000)]", NULL, "LIMIT"},
    {"[range(20000)] | contains([range(20000)])", NULL, "LIMIT"},
    {"[range(100)] | [combinations(9)]", NULL, "LIMIT"},
    {".[2147483647] = 1", NULL, "!\"Out of bounds: the array would be too large\""},
    {".[400000000] = 1", NULL, "LIMIT"},
    {"setpath([range(1e5)]; 1)", NULL, "LIMIT"},
    {"[range(500) | \"a\"] as $p | setpath($p; 1)", NULL, "LIMIT"},
    {"test(\"^(a+)+$\")", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", "LIMIT"},
    {"\"x\" * 1000000 | test(\"(x+x+)+[yz]\")", NULL, "LIMIT"},
    {"\"a\" * 100000 | [match(\"(?=a*b)\"; \"g\")]", NULL, "LIMIT"},
    {"test(\"((((a{99}){99}){99}){99})\")", "\"a\"",
     "!\"Regex failure: regular expression is too large at offset 25 of "
     "((((a{99}){99}){99}){99})\""},
    /* And after all that the machine still works. */
    {"1 + 1", NULL, "2"},
};

static void
test_hostile_programs_end(void **state)
{
    expr_rows_check_within(hostile, COUNT_OF(hostile), small_budget());
}

static void
run_hostile(void *context)
{
    expr_rows_check_within(hostile, COUNT_OF(hostile), small_budget());
    *(bool *)context = true;
}

static void
test_they_end_on_a_small_stack_too(void **state)
{
    struct thread *thread = NULL;
    bool done = false;
    assert_int_equal(thread_start(&thread, "small", 0, run_hostile, &done), STATUS_OK);
    thread_join(&thread);
    assert_true(done);
}

static void
test_deep_recursion_within_the_budget_works(void **state)
{
    static const struct expr_row rows[] = {
        {"def f: if . == 0 then 0 else 1 + (. - 1 | f) end; 1000 | f", NULL, "1000"},
        {"def f: if . == 0 then . else (. - 1 | f) + 1 end; 3000 | f", NULL, "3000"},
        {"[recurse(if . < 50000 then . + 1 else empty end)] | length", "0", "50001"},
        {"reduce range(100000) as $i (\"\"; . + \"x\") | length", NULL, "100000"},
        {"reduce range(100000) as $i ([]; . + [$i]) | length", NULL, "100000"},
        {"reduce range(20000) as $i ({}; .[\"k\\($i)\"] = $i) | length", NULL, "20000"},
    };
    expr_rows_check(rows, COUNT_OF(rows));
}

static void
test_depth_of_the_budget_holds(void **state)
{
    struct expr_budget budget = expr_budget_default();
    budget.depth = 10;
    static const struct expr_row rows[] = {
        {"def f: if . == 0 then 0 else 1 + (. - 1 | f) end; 9 | f", NULL, "9"},
        {"def f: if . == 0 then 0 else 1 + (. - 1 | f) end; 10 | f", NULL, "LIMIT"},
        {"def f: if . == 0 then 0 else . - 1 | f end; 1000 | f", NULL, "0"},
    };
    expr_rows_check_within(rows, COUNT_OF(rows), budget);
}

static void
test_long_and_deep_sources_are_refused(void **state)
{
    static const struct {
        const char *open;
        const char *close;
        size_t count;
    } rows[] = {
        {"(", ")", 5000},          {"[", "]", 5000},        {"-", "1", 5000},
        {"{a:", "1}", 5000},       {"1+", "1", 5000},       {"try ", "1", 5000},
        {". as $x | ", "1", 5000}, {"def f: ", "1;", 5000}, {"if 1 then ", "2 end", 3000},
        {"\"\\(", ")\"", 5000},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct buffer text;
        struct expr *expr = NULL;
        struct expr_problem problem;
        arena_init(&arena, (size_t)64 * 1024 * 1024);
        buffer_init(&text, (size_t)1024 * 1024);
        for (size_t j = 0; j < rows[i].count; j++)
            buffer_append_text(&text, rows[i].open);
        for (size_t j = 0; j < rows[i].count; j++)
            buffer_append_text(&text, rows[i].close);
        enum status status = expr_compile(&expr, &arena, buffer_slice(&text), &problem);
        if (status == STATUS_OK)
            fail_msg("%s", rows[i].open);
        assert_null(expr);
        buffer_done(&text);
        arena_done(&arena);
    }
}

static void
test_long_chains_are_fine(void **state)
{
    static const char *const links[] = {"|.", ",1", "|.a?"};
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        struct arena arena;
        struct buffer text;
        struct expr *expr = NULL;
        struct expr_problem problem;
        arena_init(&arena, (size_t)64 * 1024 * 1024);
        buffer_init(&text, (size_t)1024 * 1024);
        buffer_append_text(&text, ".");
        for (size_t j = 0; j < 10000; j++)
            buffer_append_text(&text, links[i]);
        assert_int_equal(expr_compile(&expr, &arena, buffer_slice(&text), &problem), STATUS_OK);
        buffer_done(&text);
        arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_programs_end),
        cmocka_unit_test(test_they_end_on_a_small_stack_too),
        cmocka_unit_test(test_deep_recursion_within_the_budget_works),
        cmocka_unit_test(test_depth_of_the_budget_holds),
        cmocka_unit_test(test_long_and_deep_sources_are_refused),
        cmocka_unit_test(test_long_chains_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
