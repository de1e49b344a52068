/* reduce and foreach may change their state in place: nobody may ever see that, and it must make
 * large states cheap. */
#include "expr_rows.h"

#include "base/json.h"
#include "base/rng.h"
#include "test.h"

#include <stdio.h>

static void
test_large_states_are_cheap(void **state)
{
    static const struct expr_row rows[] = {
        {"reduce range(300000) as $i ({}; .[\"k\\($i % 100000)\"] += 1) | length, .k5", NULL,
         "100000 3"},
        {"reduce range(300000) as $i ({}; .[\"k\\($i % 100000)\"] |= . + 1) | length, .k5", NULL,
         "100000 3"},
        {"reduce range(300000) as $i ({}; .[\"k\\($i % 100000)\"] += [$i]) | length, .k5", NULL,
         "100000 [5,100005,200005]"},
        {"reduce range(200000) as $i ({}; .[\"k\\($i % 100000)\"].n += 1 | .total += 1)"
         " | .total, .k5",
         NULL, "200000 {\"n\":2}"},
        {"reduce range(300000) as $i ({}; . + {(\"k\\($i % 100000)\"): $i}) | length, .k5", NULL,
         "100000 200005"},
        {"reduce range(300000) as $i ({}; setpath([\"k\\($i % 100000)\"]; $i)) | length, .k5", NULL,
         "100000 200005"},
        {"reduce range(300000) as $i ([]; .[$i % 100000] += 1) | length, .[5]", NULL, "100000 3"},
        {"reduce range(300000) as $i ({}; .[\"k\\($i % 100000)\"] = (.[\"k\\($i % 100000)\"] // 0)"
         " + 1) | length, .k5",
         NULL, "100000 3"},
        {"last(foreach range(300000) as $i ({}; .[\"k\\($i % 100000)\"] += 1; length))", NULL,
         "100000"},
        {"reduce range(300) as $i ({}; reduce range(1000) as $j (.; .[\"k\\($i % 100 * 1000 + "
         "$j)\"]"
         " += 1)) | length, .k5",
         NULL, "100000 3"},
        {"[range(100000) | {(\"k\\(. % 1000)\"): .}] | add | length, .k5", NULL, "1000 99005"},
        {"[range(200000) | {key: \"k\\(. % 50000)\", value: .}] | from_entries | length, .k5", NULL,
         "50000 150005"},
        {"([range(20000) | {(\"k\\(.)\"): {a: .}}] | add) as $o | $o + $o, $o * $o | length", NULL,
         "20000 20000"},
        {"INDEX(range(200000) | {id: (. % 100000)}; .id) | length", NULL, "100000"},
    };
    expr_rows_check(rows, COUNT_OF(rows));
}

static void
test_nobody_sees_the_change(void **state)
{
    static const struct expr_row rows[] = {
        {"reduce range(3) as $i ([]; . + [.])", NULL, "[[],[[]],[[],[[]]]]"},
        {"reduce range(3) as $i ({a: {}}; .a.x += 1 | .b = .a)", NULL,
         "{\"a\":{\"x\":3},\"b\":{\"x\":3}}"},
        {"reduce range(3) as $i ({a: {n: 0}}; .h += [.a] | .a.n += 1) | .h", NULL,
         "[{\"n\":0},{\"n\":1},{\"n\":2}]"},
        {"reduce range(2) as $i ({a: {n: 0}}; . + {b: .a} | .a.n += 1)", NULL,
         "{\"a\":{\"n\":2},\"b\":{\"n\":1}}"},
        {"reduce range(3) as $i ({a: {n: 0}}; .a |= {p: ., q: .} | .a.p.n += 1 | .a |= .q)", NULL,
         "{\"a\":{\"n\":0}}"},
        {"reduce range(2) as $i ({a: {n: 0}}; .a as $x | .a.n += 1 | .h += [$x]) | .h", NULL,
         "[{\"n\":0},{\"n\":1}]"},
        {"[foreach range(3) as $i ({}; .n += 1)]", NULL, "[{\"n\":1},{\"n\":2},{\"n\":3}]"},
        {"[foreach range(2) as $i ({a: {}}; .a.n += 1; .a, .)]", NULL,
         "[{\"n\":1},{\"a\":{\"n\":1}},{\"n\":2},{\"a\":{\"n\":2}}]"},
        {"{x: {n: 1}} as $o | reduce range(3) as $i ($o; .x.n += 1) | ., $o", NULL,
         "{\"x\":{\"n\":4}} {\"x\":{\"n\":1}}"},
        {"reduce range(3) as $i ({}; .x = {n: 1} | .x.n += $i | .y = {n: 1})", NULL,
         "{\"x\":{\"n\":3},\"y\":{\"n\":1}}"},
        {"., (reduce .[] as $x (.; .[0].n += 1)), .", "[{\"n\":1},{\"n\":2}]",
         "[{\"n\":1},{\"n\":2}] [{\"n\":3},{\"n\":2}] [{\"n\":1},{\"n\":2}]"},
        /* An array that is wrapped and emptied over and over does not count as ever deeper. */
        {"reduce range(1000) as $i ({h: 0}; .h = [.h] | .h[0] = 0) | .h", NULL, "[0]"},
    };
    expr_rows_check(rows, COUNT_OF(rows));
}

static const char *const steps[] = {
    ".a += 1",
    ".a.n += 1",
    ".a[$i % 3] += 1",
    ".[\"k\\($i % 3)\"] += [$i]",
    ".[\"k\\($i % 2)\"] |= . + [$i]",
    ".b = .a",
    ".a = .b",
    ".b = [.a, .c]",
    ".a |= [., .]",
    ".a |= .[0]",
    ".c |= (.n += 1)",
    ".c |= {p: ., q: .}",
    ".c |= .q",
    ".h += [.]",
    ".h += [.a]",
    ".h[0].a.n += 1",
    ".h |= .[-2:]",
    ". + {b: .c}",
    ". + {a: {n: $i}}",
    ". + {(\"k\\($i)\"): $o}",
    ".c = $o",
    ".c.x.n += 1",
    "setpath([\"c\", \"x\"]; $o)",
    "setpath([\"c\", \"x\"]; .)",
    "del(.a)",
    "del(.h[0])",
    "if $i > 1 then .a.n += 1 else .c = .a end",
    "(.a as $s | .a.n += 1 | .b = $s)",
    "($i as $s | .a.n += $s)",
    "(.a, .b) |= {n: 1}",
    ".. |= .",
    "(.a[]?, .c) |= .",
    ".[] |= .",
    "reduce (1, 2) as $j (.; .a.n += $j | .b = .a)",
    "reduce (1, 2) as $j (.; .c.n += $j)",
    ".z = [foreach (1, 2) as $j (.a; .n += $j)]",
    ".b //= .a",
    ".a *= {m: {n: 1}}",
};

/* Outputs of the program, or the error, as text; at most a few thousand bytes. */
static void
evaluate(struct expr_machine *machine, const char *program, struct buffer *out)
{
    struct arena arena;
    struct expr *expr = NULL;
    struct expr_problem problem;
    struct expr_failure failure;
    struct value value;
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    buffer_clear(out);
    if (expr_compile(&expr, &arena, slice_text(program), &problem) != STATUS_OK)
        fail_msg("%s: %s", program, problem.words);
    if (expr_one(machine, expr, value_null(), &arena, &value, &failure) == STATUS_OK)
        json_print(out, value);
    else
        buffer_append_text(out, failure.words);
    arena_done(&arena);
}

/* The same update within `try` is not done in place, as anything can happen there. */
static void
check_update(struct expr_machine *machine, const char *update)
{
    char plain[1024];
    char guarded[1024];
    struct buffer got;
    struct buffer want;
    buffer_init(&got, (size_t)16 * 1024 * 1024);
    buffer_init(&want, (size_t)16 * 1024 * 1024);
    static const char form[] =
        "{x: {n: 5}} as $o | reduce range(4) as $i ({a: {n: 0}, c: {}}; %s%s%s) | [., $o]";
    snprintf(plain, sizeof(plain), form, "", update, "");
    snprintf(guarded, sizeof(guarded), form, "try (", update, ") catch error");
    evaluate(machine, plain, &got);
    evaluate(machine, guarded, &want);
    if (!slice_equal(buffer_slice(&got), buffer_slice(&want)))
        fail_msg("%s: got %.*s, want %.*s", update, SLICE_FORMAT(buffer_slice(&got)),
                 SLICE_FORMAT(buffer_slice(&want)));
    buffer_done(&got);
    buffer_done(&want);
}

static void
test_random_updates_give_what_copying_gives(void **state)
{
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    struct rng rng;
    rng_seed(&rng, 42);
    for (int round = 0; round < 3000; round++) {
        char update[512] = "";
        size_t size = 0;
        uint64_t count = 1 + rng_below(&rng, 5);
        for (uint64_t i = 0; i < count; i++) {
            const char *step = steps[rng_below(&rng, COUNT_OF(steps))];
            int added =
                snprintf(update + size, sizeof(update) - size, "%s%s", i > 0 ? " | " : "", step);
            assert_true(added > 0 && size + (size_t)added < sizeof(update));
            size += (size_t)added;
        }
        check_update(machine, update);
    }
    expr_machine_free(&machine);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_states_are_cheap),
        cmocka_unit_test(test_nobody_sees_the_change),
        cmocka_unit_test(test_random_updates_give_what_copying_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
