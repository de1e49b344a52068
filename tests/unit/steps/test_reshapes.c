/* Reshapes: what comes out of what goes in, for each type. */
#include "reshaping.h"
#include "test.h"

#include "base/status.h"

#include <string.h>

struct reshape_case {
    const char *type, *config, *left, *right, *want;
};

static void
check(const struct reshape_case *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct reshape_case *row = &table[i];
        char *got =
            reshape_rows(row->type, row->config, row->left, row->right == NULL ? "" : row->right);
        if (strcmp(got, row->want) != 0)
            fail_msg("%s %s of %s\n%s instead of\n%s", row->type, row->config, row->left, got,
                     row->want);
        test_free(got);
    }
}

#define ID_A "9007199254740993" /* 2^53 + 1 */
#define ID_B "9007199254740992"

static void
test_sort(void **state)
{
    static const struct reshape_case table[] = {
        {"sort", "{ by: item }", "", NULL, ""},
        {"sort", "{ by: item }", "7", NULL, "0 7\n"},
        {"sort", "{ by: item }", "{\"a\":1}, [0], \"b\", \"a\", 2, true, false, null", NULL,
         "7 null\n6 false\n5 true\n4 2\n3 \"a\"\n2 \"b\"\n1 [0]\n0 {\"a\":1}\n"},
        {"sort", "{ by: { path: item, order: desc } }", "1, null, \"a\", 3, []", NULL,
         "4 []\n2 \"a\"\n3 3\n0 1\n1 null\n"},
        {"sort", "{ by: item.k }", "{\"k\":1.0,\"n\":0}, {\"k\":1,\"n\":1}, {\"k\":1e0,\"n\":2}",
         NULL, "0 {\"k\":1.0,\"n\":0}\n1 {\"k\":1,\"n\":1}\n2 {\"k\":1e0,\"n\":2}\n"},
        {"sort", "{ by: item }", ID_A ", " ID_B, NULL, "1 " ID_B "\n0 " ID_A "\n"},
        {"sort", "{ by: item }", "-1, -10, 1e3, 0.5, -0.5", NULL,
         "1 -10\n0 -1\n4 -0.5\n3 0.5\n2 1e3\n"},
        {"sort", "{ by: [{ path: item.a, order: desc }, item.b] }",
         "{\"a\":1,\"b\":2}, {\"a\":2,\"b\":2}, {\"a\":2,\"b\":1}", NULL,
         "2 {\"a\":2,\"b\":1}\n1 {\"a\":2,\"b\":2}\n0 {\"a\":1,\"b\":2}\n"},
        {"sort", "{ by: { path: item, order: desc } }", "\"a\", \"ab\", \"\", \"b\"", NULL,
         "3 \"b\"\n1 \"ab\"\n0 \"a\"\n2 \"\"\n"},
        {"sort", "{ by: .item | tonumber }", "\"10\", \"x\", \"9\"", NULL,
         "! expression_failed\n2 \"9\"\n0 \"10\"\n"},
    };
    check(table, COUNT_OF(table));
}

static void
test_deduplicate(void **state)
{
    static const struct reshape_case table[] = {
        {"deduplicate", "{}", "", NULL, ""},
        {"deduplicate", "{}", "1, 1.0, 1e0, 2, \"1\"", NULL, "0 1\n3 2\n4 \"1\"\n"},
        {"deduplicate", "{}", ID_A ", " ID_B ", " ID_A, NULL, "0 " ID_A "\n1 " ID_B "\n"},
        {"deduplicate", "{ against: { list: L } }", "{\"a\":1}, {\"a\":2}, {\"a\":1}, {\"a\":2.0}",
         "{\"a\":2}\n{\"b\":1}\n", "0 {\"a\":1}\n"},
        {"deduplicate", "{ by: item.a, against: { list: L } }", "{\"a\":1}, {\"a\":2}, {\"b\":1}",
         "{\"a\":2,\"n\":5}\n\"no row\"\n{\"c\":1}\n", "0 {\"a\":1}\n"},
        {"deduplicate",
         "{ by: [item.a, item.b], ignore_case: true, against: { list: L, by: [x, y] } }",
         "{\"a\":\"A\",\"b\":1}, {\"a\":\"B\",\"b\":1}", "{\"x\":\"a\",\"y\":1.0}\n",
         "1 {\"a\":\"B\",\"b\":1}\n"},
        {"deduplicate", "{ by: item.a, against: { list: L } }", "{\"a\":1}, {\"a\":1}", "",
         "0 {\"a\":1}\n"},
        {"deduplicate", "{ by: item.a }", "{\"a\":null}, {}, {\"a\":0}", NULL,
         "0 {\"a\":null}\n2 {\"a\":0}\n"},
        {"deduplicate", "{ by: [item.a, item.b] }",
         "{\"a\":\"x\",\"b\":\"yz\"}, {\"a\":\"xy\",\"b\":\"z\"}, {\"b\":\"yz\",\"a\":\"x\"}", NULL,
         "0 {\"a\":\"x\",\"b\":\"yz\"}\n1 {\"a\":\"xy\",\"b\":\"z\"}\n"},
        {"deduplicate", "{ ignore_case: true }", "\"\xc3\x84\", \"\xc3\xa4\", \"A\", \"a\"", NULL,
         "0 \"\xc3\x84\"\n2 \"A\"\n"},
        {"deduplicate", "{ by: item, ignore_space: true }",
         "\"a b\", \" a \\t b \", \"a\xc2\xa0"
         "b\", \"ab\", \"A b\"",
         NULL, "0 \"a b\"\n3 \"ab\"\n4 \"A b\"\n"},
        {"deduplicate", "{ ignore_case: true, ignore_space: true }",
         "\"\", \" \", \"\\u03a3 x\", \"\\u03c3  X\"", NULL, "0 \"\"\n2 \"\xce\xa3 x\"\n"},
    };
    check(table, COUNT_OF(table));
}

static void
test_limit(void **state)
{
    static const struct reshape_case table[] = {
        {"limit", "{ count: 2 }", "", NULL, ""},
        {"limit", "{ count: 2 }", "1, 2, 3", NULL, "0 1\n1 2\n"},
        {"limit", "{ count: 0 }", "1, 2", NULL, ""},
        {"limit", "{ count: 2, offset: 1 }", "1, 2, 3, 4", NULL, "1 2\n2 3\n"},
        {"limit", "{ count: 2, offset: 4 }", "1, 2, 3, 4", NULL, ""},
        {"limit", "{ count: 9223372036854775807, offset: 9223372036854775807 }", "1", NULL, ""},
    };
    check(table, COUNT_OF(table));
}

static void
test_union(void **state)
{
    static const struct reshape_case table[] = {
        {"union", "{}", "", "", ""},
        {"union", "{}", "1, 2", "1", "0.0 1\n0.1 2\n1.0 1\n"},
        {"union", "{}", "", "null", "1.0 null\n"},
    };
    check(table, COUNT_OF(table));
}

static void
test_expand(void **state)
{
    static const struct reshape_case table[] = {
        {"expand", "{ list: .item }", "[], null", NULL, ""},
        {"expand", "{ list: .item.l }", "{\"l\":[1,\"a\\nb\",null]}", NULL,
         "0.0 1 parent={\"item\":{\"l\":[1,\"a\\nb\",null]},\"steps\":{}}\n"
         "0.1 \"a\\nb\" parent={\"item\":{\"l\":[1,\"a\\nb\",null]},\"steps\":{}}\n"
         "0.2 null parent={\"item\":{\"l\":[1,\"a\\nb\",null]},\"steps\":{}}\n"},
        {"expand", "{ list: .item }", "1, \"a\", {}, [" ID_A "]", NULL,
         "! bad_config\n! bad_config\n! bad_config\n"
         "3.0 " ID_A " parent={\"item\":[" ID_A "],\"steps\":{}}\n"},
        {"expand", "{ list: error }", "1", NULL, "! expression_failed\n"},
    };
    check(table, COUNT_OF(table));
}

#define ON "on: { left: item.a, right: item.b }"

static void
test_join(void **state)
{
    static const char left[] = "{\"a\":1}, {\"a\":2}, {\"a\":null}";
    static const char right[] =
        "{\"b\":1.0,\"n\":1}, {\"b\":null}, {\"b\":1,\"n\":2}, {\"b\":\"2\"}";
#define PAIRS                                                                                      \
    "0.0 {\"a\":1} steps={\"it\":{\"item\":{\"b\":1.0,\"n\":1},\"steps\":{}}}\n"                   \
    "0.2 {\"a\":1} steps={\"it\":{\"item\":{\"b\":1,\"n\":2},\"steps\":{}}}\n"
    const struct reshape_case table[] = {
        {"join", "{ with: right, " ON " }", left, right, PAIRS},
        {"join", "{ with: right, kind: inner, " ON " }", left, "", ""},
        {"join", "{ with: right, kind: left, " ON " }", "", right, ""},
        {"join", "{ with: right, on: item.a }", "{\"a\":" ID_A "}", "{\"a\":" ID_B "}", ""},
        {"join", "{ with: right, on: [item.a, item.b] }", "{\"a\":1,\"b\":2}",
         "{\"a\":2,\"b\":1}, {\"a\":1}", ""},
    };
    check(table, COUNT_OF(table));
    char *got = reshape_rows("join", "{ with: right, kind: left, " ON " }", left, right);
    assert_true(strncmp(got, PAIRS, strlen(PAIRS)) == 0);
    assert_non_null(strstr(got, "{\"a\":2} steps={\"it\":null}\n"));
    assert_non_null(strstr(got, "{\"a\":null} steps={\"it\":null}\n"));
    test_free(got);
    got = reshape_rows("join", "{ with: right, kind: anti, " ON " }", left, right);
    assert_null(strstr(got, "{\"a\":1}"));
    assert_non_null(strstr(got, "{\"a\":2}"));
    assert_non_null(strstr(got, "{\"a\":null}"));
    test_free(got);
}

static void
test_group_by(void **state)
{
    static const struct reshape_case table[] = {
        {"group_by", "{ by: item.g }", "", NULL, ""},
        {"group_by", "{ by: item.g }", "{\"g\":2}, {\"g\":1}, {\"g\":2.0}, {}, {\"g\":null}", NULL,
         "# {\"g\":2,\"count\":2}\n# {\"g\":1,\"count\":1}\n# {\"g\":null,\"count\":2}\n"},
        {"group_by",
         "{ by: [item.g], aggregates: { sum: 'map(.item.n) | add', keys: 'map(.key)' } }",
         "{\"g\":\"a\",\"n\":1}, {\"g\":\"b\",\"n\":5}, {\"g\":\"a\",\"n\":2}", NULL,
         "# {\"g\":\"a\",\"count\":2,\"sum\":3,\"keys\":[\"0\",\"2\"]}\n"
         "# {\"g\":\"b\",\"count\":1,\"sum\":5,\"keys\":[\"1\"]}\n"},
        {"group_by", "{ by: item.g, aggregates: { sum: 'map(.item.n | tonumber) | add' } }",
         "{\"g\":1,\"n\":\"x\"}, {\"g\":2,\"n\":\"7\"}", NULL,
         "# {\"g\":1,\"count\":1} problem=sum: "
         "string (\"x\") cannot be parsed as a number\n# {\"g\":2,\"count\":1,\"sum\":7}\n"},
    };
    check(table, COUNT_OF(table));
}

static void
test_a_group_may_have_too_many_rows(void **state)
{
    char *got = reshape_rows(
        "group_by", "{ by: item.g, max_rows: 2, aggregates: { all: 'sort_by(.item.n) | length' } }",
        "{\"g\":1,\"n\":1}, {\"g\":1,\"n\":2}, {\"g\":1,\"n\":3}, {\"g\":2,\"n\":1}", NULL);
    assert_non_null(strstr(got, "# {\"g\":1,\"count\":3} problem=all: "));
    assert_non_null(strstr(got, "# {\"g\":2,\"count\":1,\"all\":1}\n"));
    test_free(got);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort),     cmocka_unit_test(test_deduplicate),
        cmocka_unit_test(test_limit),    cmocka_unit_test(test_union),
        cmocka_unit_test(test_expand),   cmocka_unit_test(test_join),
        cmocka_unit_test(test_group_by), cmocka_unit_test(test_a_group_may_have_too_many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
