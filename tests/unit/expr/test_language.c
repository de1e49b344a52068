#include "expr_rows.h"

#include "base/status.h"
#include "test.h"

#define CHECK(rows) expr_rows_check(rows, COUNT_OF(rows))

static void
test_paths_read_parts(void **state)
{
    static const struct expr_row rows[] = {
        {".", "{\"a\":1}", "{\"a\":1}"},
        {".a.b", "{\"a\":{\"b\":2}}", "2"},
        {".a[\"b c\"].d", "{\"a\":{\"b c\":{\"d\":3}}}", "3"},
        {".a.\"b c\"", "{\"a\":{\"b c\":3}}", "3"},
        {".a.[\"b\"]", "{\"a\":{\"b\":3}}", "3"},
        {".missing.deeper", "{}", "null"},
        {".[0], .[-1], .[9]", "[1,2,3]", "1 3 null"},
        {".[1.9]", "[1,2,3]", "2"},
        {".[1:], .[:-1], .[1:2], .[-2:], .[2:1]", "[1,2,3]", "[2,3] [1,2] [2] [2,3] []"},
        {".[1:3]",
         "\"a\xC3\xA9"
         "bc\"",
         "\"\xC3\xA9"
         "b\""},
        {".[]", "{\"b\":1,\"a\":[2]}", "1 [2]"},
        {"[..]", "[[1],2]", "[[[1],2],[1],1,2]"},
        {".a.b", "{\"a\":1}", "!\"Cannot index number with string \\\"b\\\"\""},
        {".[0]", "{}", "!\"Cannot index object with number\""},
        {".[]", "1", "!\"Cannot iterate over number (1)\""},
        {"[.a?, .[]?, .[0]?]", "1", "[]"},
        {".a.b?", "1", "!\"Cannot index number with string \\\"a\\\"\""},
        {"[.[].a?]", "[1,{\"a\":2}]", "[2]"},
        {".[[1,2]]", "[0,1,2,1,2]", "[1,3]"},
        {".[(\"a\",\"b\")]", "{\"a\":1,\"b\":2}", "1 2"},
        {"[.[]|.[0]?//\"d\"]", "[[1],2]", "[1,\"d\"]"},
        {".a?//\"d\"", "{}", "\"d\""},
    };
    CHECK(rows);
}

static void
test_numbers_stay_exact(void **state)
{
    static const struct expr_row rows[] = {
        {".", "9007199254740993", "9007199254740993"},
        {".", "18446744073709551615", "18446744073709551615"},
        {"[., 1.10]", "1.10", "[1.10,1.10]"},
        {".", "1e400", "1e400"},
        {". + 1", "9007199254740993", "9007199254740994"},
        {". - 1, . * 1", "-9223372036854775807", "-9223372036854775808 -9223372036854775807"},
        {". + 1 | . == 9223372036854775807", "9223372036854775807", "false"},
        {"7 / 7, 7 / 2, 1 / 3", NULL, "1 3.5 0.3333333333333333"},
        {"9223372036854775807 % 10", NULL, "7"},
        {"-7 % 3, 7 % -3, 5.9 % 2.1", NULL, "-1 1 1"},
        {"(-9223372036854775808) % -1", NULL, "0"},
        {"-.", "1.50", "-1.50"},
        {"-(-1e400)", NULL, "1e400"},
        {"1.10 == 1.1, 9007199254740993 == 9007199254740992", NULL, "true false"},
        {"[1.1, 1, 1.0, 0.5] | unique", NULL, "[0.5,1,1.1]"},
        {"1., .5, 007, 1.e2", NULL, "1 0.5 7 1e2"},
        {"nan < 1, nan == nan, ([nan] | .[0] | isnan)", NULL, "true false true"},
        {"1 / 0", NULL,
         "!\"number (1) and number (0) cannot be divided because the divisor is zero\""},
        {"1 % 0.5", NULL,
         "!\"number (1) and number (0.5) cannot be divided (remainder) because the divisor is "
         "zero\""},
    };
    CHECK(rows);
}

static void
test_operators(void **state)
{
    static const struct expr_row rows[] = {
        {"1 + 2 * 3 - 4 / 2", NULL, "5"},
        {"1 - -1", NULL, "2"},
        {"null + 1, {} + {a: 1}, [1] + [2], \"a\" + \"b\"", NULL, "1 {\"a\":1} [1,2] \"ab\""},
        {"{} + 1", NULL, "!\"object ({}) and number (1) cannot be added\""},
        {"[1,2,1] - [1]", NULL, "[2]"},
        {"{a: {b: 1}} * {a: {c: 2}}", NULL, "{\"a\":{\"b\":1,\"c\":2}}"},
        {"\"ab\" * 3, \"ab\" * 0, 0.5 * \"ab\"", NULL, "\"ababab\" null \"ab\""},
        {"\"a,b\" / \",\"", NULL, "[\"a\",\"b\"]"},
        {"[(1,2) + (10,20)]", NULL, "[11,12,21,22]"},
        {"1 < 2 and null < false or false", NULL, "true"},
        {"(true,false) and (true,false)", NULL, "true false false"},
        {"(false,null,1) // 2, (null // 3), (empty // 4)", NULL, "1 3 4"},
        {"error(\"x\") // 1", NULL, "!\"x\""},
        {"1 as $x | 2 as $x | $x", NULL, "2"},
        {"1, 2 | . * 10", NULL, "10 20"},
        {"\"x\\(1 + 1)y\\(\"z\\(3)\")\"", NULL, "\"x2yz3\""},
        {"\"\\(1,2)-\\(3,4)\"", NULL, "\"1-3\" \"2-3\" \"1-4\" \"2-4\""},
        {"@json \"v=\\(.)\"", "\"a\\\"b\"", "\"v=\\\"a\\\\\\\"b\\\"\""},
        {"@text, @json", "[1]", "\"[1]\" \"[1]\""},
    };
    CHECK(rows);
}

static void
test_control(void **state)
{
    static const struct expr_row rows[] = {
        {"if . then 1 else 2 end", "null", "2"},
        {"if . == 1 then \"a\" elif . == 2 then \"b\" end", "2", "\"b\""},
        {"if . == 1 then \"a\" end", "3", "3"},
        {"[if (true,false) then 1 else 2 end]", NULL, "[1,2]"},
        {"try error(\"x\") catch .", NULL, "\"x\""},
        {"try error({a: 1}) catch .a", NULL, "1"},
        {"[.[] | try error catch .]", "[null,1]", "[null,1]"},
        {"(try 1 catch 2) | error(\"after\")", NULL, "!\"after\""},
        {"[(1, error(\"x\"), 2)?]", NULL, "[1]"},
        {"reduce .[] as $x (0; . + $x)", "[1,2,3]", "6"},
        {"reduce (1,2) as $x (0; empty)", NULL, "null"},
        {"[foreach .[] as $x (0; . + $x)]", "[1,2,3]", "[1,3,6]"},
        {"[foreach .[] as [$a, $b] (0; . + $a; [$b, .])]", "[[1,\"x\"],[2,\"y\"]]",
         "[[\"x\",1],[\"y\",3]]"},
        {"label $f | 1, break $f, 2", NULL, "1"},
        {"[label $a | label $b | 1, break $a, 2]", NULL, "[1]"},
        {"[limit(3; repeat(1))], first(range(9)), [limit(0; 1)]", NULL, "[null,1,1] 0 []"},
        {"[1 | limit(4; repeat(. * 2))]", NULL, "[1,2,4,8]"},
        {"[range(3)], [range(1;3)], [range(5;0;-2)]", NULL, "[0,1,2] [1,2] [5,3,1]"},
        {"isempty(empty), isempty(error(\"x\")?), isempty(1)", NULL, "true true false"},
        {"any(1, error(\"not reached\"); . == 1)", NULL, "true"},
        {"[skip(2; 1,2,3,4)], nth(1; 5,6,7)", NULL, "[3,4] 6"},
    };
    CHECK(rows);
}

static void
test_what_newer_versions_changed(void **state)
{
    static const struct expr_row rows[] = {
        {"[last(empty)], [last(1, 2)], [first(empty)]", NULL, "[] [2] []"},
        {"try limit(-1; 1) catch ., try skip(-1; 1) catch .", NULL,
         "\"limit doesn't support negative count\" \"skip doesn't support negative count\""},
        {"[limit(1, 2; 7, 8, 9)], [skip(0, 1, 2; 7, 8)], [limit(0; error)]", NULL,
         "[7,7,8] [7,8,8] []"},
        {"1 + 2 as $x | -$x", NULL, "-3"},
        {"[-1 as $x | 1, $x], [1, 2 as $x | $x * 10]", NULL, "[1,-1] [1,20]"},
        {"\"x\" as $x | \"a\" + \"y\" as $y | $x + $y", NULL, "\"xay\""},
        {"{a: (1 + 1 as $x | $x), b: 3}", NULL, "{\"a\":2,\"b\":3}"},
        {"def f($if; $end): $if + $end; f(1; 2)", NULL, "3"},
        {". as {as: $as, \"str\": $end, (\"e\" + \"x\"): $def} | [$as, $end, $def]",
         "{\"as\":1,\"str\":2,\"ex\":3}", "[1,2,3]"},
        {"{if: 0, and: 1, reduce: 2, then: 3} | .if, .and, .reduce, {then}", NULL,
         "0 1 2 {\"then\":3}"},
        {"\"a\" as $k | {$k: 1}, {$k}, {\"x\\($k)\": 2}, {@base64 \"b\\($k)\": 3}", NULL,
         "{\"a\":1} {\"k\":\"a\"} {\"xa\":2} {\"bYQ==\":3}"},
        {"{(\"a\", \"b\"): (1, 2)}", NULL, "{\"a\":1} {\"a\":2} {\"b\":1} {\"b\":2}"},
        {"{$__loc__, x: 1}", NULL, "{\"__loc__\":{\"file\":\"<top-level>\",\"line\":1},\"x\":1}"},
        {".a.[\"b\"], .a.[\"c\"].[0], .a.[]?, .\"a\".\"b\", .a[\"c\"][-1]",
         "{\"a\":{\"b\":1,\"c\":[2,3]}}", "1 2 1 [2,3] 1 3"},
        {"1 # one \\\n + 1\n + 2 # two \\\\\n + 3", NULL, "6"},
        {"1 # one \\\r\n + 1\r\n + 2", NULL, "3"},
        {"reduce -.[] as $x (0; . + $x), [foreach -.[] as $x (0; . + $x)]", "[1,2]", "-3 [-1,-3]"},
        {"reduce (1, 2) as $x (0, 10; . + $x), [foreach (1, 2) as $x (0, 10; . + $x)]", NULL,
         "3 13 [1,3,11,13]"},
        {"[.[] | if . == 1 then \"one\" elif . == 2 then \"two\" end]", "[1,2,3]",
         "[\"one\",\"two\",3]"},
        {"1 + try 2 catch 3 + 4, [try error(\"x\")], (try -.? catch \"no\")", "\"a\"",
         "7 [] \"no\""},
        {"try (try error catch \"in \\(.)\" | error) catch \"out \\(.)\"", "\"e\"", "\"out in e\""},
        {"[range(10)] | .[1.2:3.5], .[1.7], (.[1.1] = \"x\" | .[1]), .[nan:1], (.[nan] | not)",
         NULL, "[1,2,3] 1 \"x\" [0] true"},
        {"getpath([\"a\", 0, \"b\"]) |= 5", "null", "{\"a\":[{\"b\":5}]}"},
        {"pick(.a.b, .c[1]), pick(first), try pick(last) catch .",
         "{\"a\":{\"b\":1,\"x\":2},\"c\":[3,4]}",
         "{\"a\":{\"b\":1},\"c\":[null,4]} !\"Cannot index object with number\""},
        {"[pick(.[0], .[2])], [pick(first | first)]?", "[[1,2],3,4]", "[[[1,2],null,4]] [[[1]]]"},
        {"add(.[].a), add(empty), [.[] | .a += 1] == map(.a |= . + 1)", "[{\"a\":1},{\"a\":2}]",
         "3 null true"},
        {"JOIN({\"1\": \"x\"}; .[0] | tostring)", "[[1],[2]]", "[[[1],\"x\"],[[2],null]]"},
        {"[JOIN({\"1\": \"x\"}; .[]; .[0] | tostring)], [JOIN({\"1\": \"x\"}; .[]; .[0] | "
         "tostring; "
         ".[1])]",
         "[[1],[2]]", "[[[1],\"x\"],[[2],null]] [\"x\",null]"},
        {"(.a, .b) = (1, 2), (.c //= 3 | .c), (.a |= empty)", "{\"a\":0}",
         "{\"a\":1,\"b\":1} {\"a\":2,\"b\":2} 3 {}"},
        {"[.[] as [$a] ?// {$b} ?// $c | [$a, $b, $c]]", "[[1],{\"b\":2},3]",
         "[[1,null,null],[null,2,null],[null,null,3]]"},
        {"[1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]])]", NULL, "[[[0],2],[[0]]]"},
        {"[.[] | tojson], (.[0] | tojson | fromjson)", "[1.10,1e1000,-0,100000000000000000001,1e2]",
         "[\"1.10\",\"1e1000\",\"-0\",\"100000000000000000001\",\"1e2\"] 1.10"},
        {"walk(select(IN({}, []) | not)), [walk(., 1)]", "{\"a\":1,\"b\":[]}",
         "{\"a\":1} [{\"a\":1,\"b\":[]},1]"},
    };
    CHECK(rows);
}

static void
test_destructuring(void **state)
{
    static const struct expr_row rows[] = {
        {". as [$a, {b: $c}] | [$a, $c]", "[1,{\"b\":2}]", "[1,2]"},
        {". as {$a, \"b\": [$x, $y], (\"c\" + \"d\"): $z} | [$a, $x, $y, $z]",
         "{\"a\":1,\"b\":[2,3],\"cd\":4}", "[1,2,3,4]"},
        {". as {$a: [$b]} | [$a, $b]", "{\"a\":[7]}", "[[7],7]"},
        {". as {(\"a\",\"b\"): $x} | $x", "{\"a\":1,\"b\":2}", "1 2"},
        {"[.[] as [$a] ?// {a: $a} ?// $a | $a]", "[[1],{\"a\":2},3]", "[1,2,3]"},
        {". as [$a] ?// {$b} | [$a, $b]", "{\"b\":1}", "[null,1]"},
        {"[. as [$a] ?// $a | if ($a | type) == \"number\" then error(\"x\") else $a end]", "[1]",
         "[[1]]"},
        {". as [$a] | $a", "{}", "!\"Cannot index object with number\""},
    };
    CHECK(rows);
}

static void
test_functions(void **state)
{
    static const struct expr_row rows[] = {
        {"def f: . + 1; f | f", "1", "3"},
        {"def f(g): [g]; f(1,2)", NULL, "[1,2]"},
        {"def f($a; $b): [$a, $b]; f(1,2; 3)", NULL, "[1,3] [2,3]"},
        {"def f($a): a, $a; [f(5)]", NULL, "[5,5]"},
        {"def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; fac", "20", "2432902008176640000"},
        {"def f: def g: 3; g * 2; f", NULL, "6"},
        {"def f(x): x | x; f(. * 3)", "2", "18"},
        {"def a: 1; def b: a + 1; def a: 10; [a, b]", NULL, "[10,2]"},
        {"def f(g): [1 | g], [2 | g]; f(. as $x | ($x, $x * 10))", NULL, "[1,10] [2,20]"},
        {"def f(g): g | g; [3 | f(. as $x | ($x, $x + 1))]", NULL, "[3,4,4,5]"},
        {"def f($n): if $n > 0 then f($n - 1) else \"end\" end; f(100000)", NULL, "\"end\""},
        {"def f: if . > 100000 then . else . + 1 | f end; f", "0", "100001"},
        {"def f(g): if . > 100000 then . else g | f(g) end; f(. + 1)", "0", "100001"},
        {"def r: ., (.[]? | r); [r]", "[[1]]", "[[[1]],[1],1]"},
        {"def map(f): \"mine\"; map(.)", "[1]", "\"mine\""},
        {"def map(f): \"mine\"; with_entries(.value += 1)", "{\"a\":1}", "{\"a\":2}"},
        {"def f: reduce .[] as $x (0; . + $x); f", "[1,2]", "3"},
        {"1 as $x | def f: $x; 2 as $x | [f, $x]", NULL, "[1,2]"},
    };
    CHECK(rows);
}

static void
test_construction(void **state)
{
    static const struct expr_row rows[] = {
        {"{a, \"b\": 2, \"c\\(1)\": 3, (\"d\", \"e\"): 4, if: 5}", "{\"a\":1}",
         "{\"a\":1,\"b\":2,\"c1\":3,\"d\":4,\"if\":5} {\"a\":1,\"b\":2,\"c1\":3,\"e\":4,\"if\":5}"},
        {"1 as $x | {$x, $__loc__, \"y\"}", "{\"y\":2}",
         "{\"x\":1,\"__loc__\":{\"file\":\"<top-level>\",\"line\":1},\"y\":2}"},
        {"{a: (1,2), b: (3,4)}", NULL,
         "{\"a\":1,\"b\":3} {\"a\":1,\"b\":4} {\"a\":2,\"b\":3} {\"a\":2,\"b\":4}"},
        {"{a: 1 + 2, b: . // 3 | . * 2}", NULL, "{\"a\":3,\"b\":6}"},
        {"{a: 1, a: 2}", NULL, "{\"a\":2}"},
        {"{(1): 2}", NULL, "!\"Cannot use number (1) as object key\""},
        {"[1, [2], []]", NULL, "[1,[2],[]]"},
        {"[]", NULL, "[]"},
        {"# a comment\n[1, # and another\n 2]", NULL, "[1,2]"},
    };
    CHECK(rows);
}

static void
test_assignment(void **state)
{
    static const struct expr_row rows[] = {
        {".a.b = 1", NULL, "{\"a\":{\"b\":1}}"},
        {".a = (1,2)", "{}", "{\"a\":1} {\"a\":2}"},
        {".a |= . + 1", "{\"a\":1}", "{\"a\":2}"},
        {".[] |= empty", "[1,2,3]", "[]"},
        {".a |= empty", "{\"a\":1,\"b\":2}", "{\"b\":2}"},
        {"(.[] | select(. > 1)) |= . * 10", "[1,2,3]", "[1,20,30]"},
        {"(.. | numbers) += 1", "[1,[2]]", "[2,[3]]"},
        {"(.a, .b) = 9", "{}", "{\"a\":9,\"b\":9}"},
        {".a //= 5 | .b //= 6", "{\"a\":1}", "{\"a\":1,\"b\":6}"},
        {".[1:] = [9]", "[1,2,3]", "[1,9]"},
        {".[2] = 1", NULL, "[null,null,1]"},
        {".[-1] = 9", "[1,2]", "[1,9]"},
        {".[-3] = 9", "[1,2]", "!\"Out of bounds negative array index\""},
        {".a[1:] |= map(. + 1)", "{\"a\":[1,2]}", "{\"a\":[1,3]}"},
        {"(.a.b | select(. == 1)) = 5", NULL, "null"},
        {"getpath([\"a\",\"b\"]) = 5", NULL, "{\"a\":{\"b\":5}}"},
        {"(1,2) = 3", NULL, "!\"Invalid path expression with result 1\""},
        {"del(.[0,2])", "[1,2,3]", "[2]"},
        {"del(.a, .b)", "{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3}"},
        {"del(.. | select(. == 1)?)", "[1,[1,2]]", "[[2]]"},
        {"to_entries", "{\"a\":1}", "[{\"key\":\"a\",\"value\":1}]"},
        {"[path(..)]", "{\"a\":[1]}", "[[],[\"a\"],[\"a\",0]]"},
        {"[paths]", "{\"a\":[1]}", "[[\"a\"],[\"a\",0]]"},
        {"path(first(.a, .b))", NULL, "[\"a\"]"},
        {"path([1] | .[0])", NULL,
         "!\"Invalid path expression near attempt to access element 0 of [1]\""},
        {"pick(.a.b)", "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":1}}"},
    };
    CHECK(rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_read_parts),
        cmocka_unit_test(test_numbers_stay_exact),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_what_newer_versions_changed),
        cmocka_unit_test(test_destructuring),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_construction),
        cmocka_unit_test(test_assignment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
