#include "expr_rows.h"

#include "base/status.h"
#include "test.h"

#define CHECK(rows) expr_rows_check(rows, COUNT_OF(rows))

static void
test_strings(void **state)
{
    static const struct expr_row rows[] = {
        {"length, utf8bytelength", "\"a\xC3\xA9\"", "2 3"},
        {"explode, (explode | implode)", "\"\xF0\x9F\x98\x80\"", "[128512] \"\xF0\x9F\x98\x80\""},
        {"ascii_upcase, ascii_downcase", "\"aB\xC3\xA9\"", "\"AB\xC3\xA9\" \"ab\xC3\xA9\""},
        {"startswith(\"a\"), endswith(\"c\"), ltrimstr(\"a\"), rtrimstr(\"c\")", "\"abc\"",
         "true true \"bc\" \"ab\""},
        {"trim, ltrim, rtrim", "\" a \"", "\"a\" \"a \" \" a\""},
        {"split(\",\"), split(\"\")", "\"a,b\"", "[\"a\",\"b\"] [\"a\",\",\",\"b\"]"},
        {"join(\"-\")", "[\"a\",1,null,true]", "\"a-1--true\""},
        {"join(\",\")", "[[1]]", "!\"string (\\\"\\\") and array ([1]) cannot be added\""},
        {"indices(\"b\"), index(\"b\"), rindex(\"b\")",
         "\"\xC3\xA9"
         "bab\"",
         "[1,3] 1 3"},
        {"tonumber", "\" 1.50 \"", "1.50"},
        {"map(tonumber)", "[\"12\",\"-3\",\"1e2\",5]", "[12,-3,1e2,5]"},
        {"tonumber", "\"12x\"", "!\"string (\\\"12x\\\") cannot be parsed as a number\""},
        {"tojson, tostring", "{\"a\":1.10}", "\"{\\\"a\\\":1.10}\" \"{\\\"a\\\":1.10}\""},
        {"fromjson", "\"[1,{\\\"a\\\":2}]\"", "[1,{\"a\":2}]"},
        {"try (fromjson) catch \"bad\"", "\"[1,\"", "\"bad\""},
        {"reverse", "\"ab\xC3\xA9\"",
         "\"\xC3\xA9"
         "ba\""},
        {"@csv, @tsv", "[1,\"a\\\"b\",null,true]",
         "\"1,\\\"a\\\"\\\"b\\\",,true\" \"1\\ta\\\"b\\t\\ttrue\""},
        {"@html", "\"<a href='x'>&\"", "\"&lt;a href=&#39;x&#39;&gt;&amp;\""},
        {"@uri", "\"a b/\xC3\xA9\"", "\"a%20b%2F%C3%A9\""},
        {"@sh", "[1,\"it's\"]", "\"1 'it'\\\\''s'\""},
        {"@base64, (@base64 | @base64d)", "\"hello\"", "\"aGVsbG8=\" \"hello\""},
        {"@base64d", "\"a\"", "!\"string (\\\"a\\\") is not valid base64 data\""},
        {"@base64d", "\"/w==\"",
         "!\"string (\\\"/w==\\\") decodes to bytes that are not UTF-8 text\""},
        {"@csv", "[[1]]", "!\"array ([1]) is not valid in a csv row\""},
    };
    CHECK(rows);
}

static void
test_mathematics(void **state)
{
    static const struct expr_row rows[] = {
        {"frexp, modf, logb, significand, trunc, nearbyint, rint, round, ceil", "-5.5",
         "[-0.6875,3] [-0.5,-5] 2 -1.375 -5 -6 -6 -6 -5"},
        {"gamma, lgamma, lgamma_r, tgamma", "5",
         "3.1780538303479458 3.1780538303479458 [3.1780538303479458,1] 24"},
        {"-0.5 | lgamma_r[1], (lgamma * 1e6 | floor)", NULL, "-1 1265512"},
        {"(pow10 | round), (exp10 | round), exp2, (expm1 * 1e6 | floor), cbrt", "3",
         "1000 1000 8 19085536 1.4422495703074083"},
        {"[infinite, -infinite, nan, 0 | frexp[1], (modf | map(isnan))]", NULL,
         "[0,[false,false],0,[false,false],0,[true,true],0,[false,false]]"},
        {"drem(5; 3), remainder(5; 3), ldexp(3; 4), scalb(3; 4), scalbln(3; -1), fma(2; 3; 4)",
         NULL, "-1 -1 48 48 1.5 10"},
        {"hypot(3; 4), copysign(1; -2), fdim(5; 3), fmin(1; 2), fmax(1; 2), fmod(7; 4), atan2(0; "
         "1)",
         NULL, "5 -1 2 1 2 3 0"},
        {"nextafter(1; 2), nexttoward(1; 0)", NULL, "1.0000000000000002 0.9999999999999999"},
        {"(j0, j1, y0, y1, erf, erfc, jn(2; .), yn(2; .)) * 1e6 | floor", "2",
         "223890 576724 510375 -107033 995322 4677 352834 -617409"},
        {"ldexp(1; 1e300), ldexp(1; -1e300), (ldexp(1; nan) | isnan), (jn(1e9; 1) | isnan)", NULL,
         "1.7976931348623157e+308 0 true true"},
        {"[pow(2; 10), pow(2; 0.5), (2 | sqrt), (1 | atan * 4), (0 | acos, sinh, cosh, tanh)]",
         NULL,
         "[1024,1.4142135623730951,1.4142135623730951,3.141592653589793,1.5707963267948966,0,1,0]"},
        {"try pow(\"a\"; 1) catch ., try fma(1; 2; null) catch ., (null | try frexp catch .)", NULL,
         "\"string (\\\"a\\\") number required\" \"null (null) number required\" \"null (null) "
         "number required\""},
        {"abs, fabs, length", "-9007199254740993",
         "9007199254740993 9007199254740992 9007199254740993"},
        {"[.[] | try abs catch \"no\"]", "[-1.50,\"a\",null,false,[],-0]",
         "[1.50,\"a\",\"no\",\"no\",[],0]"},
        {"[infinite, -infinite, nan, 1, 0 | isinfinite, isnan, isnormal]", NULL,
         "[true,false,false,true,false,false,false,true,false,false,false,true,false,false,false]"},
        {"have_literal_numbers, have_decnum", NULL, "true true"},
        {"[.[] | toarray]", "[1,[2]]", "[[1],[2]]"},
    };
    CHECK(rows);
}

static void
test_formats(void **state)
{
    static const struct expr_row rows[] = {
        {"@base32, (@base32 | @base32d), (@uri | @urid)", "\"f\xC3\xB3 b\"",
         "\"M3B3GIDC\" \"f\xC3\xB3 b\" \"f\xC3\xB3 b\""},
        {"map(@base32, (@base32 | @base32d))", "[\"\",\"a\",\"ab\",\"abc\",\"abcd\",\"abcde\"]",
         "[\"\",\"\",\"ME======\",\"a\",\"MFRA====\",\"ab\",\"MFRGG===\",\"abc\",\"MFRGGZA=\","
         "\"abcd\","
         "\"MFRGGZDF\",\"abcde\"]"},
        {"map(@base64, (@base64 | @base64d))", "[\"\",\"a\",\"ab\",\"abc\",\"abcd\"]",
         "[\"\",\"\",\"YQ==\",\"a\",\"YWI=\",\"ab\",\"YWJj\",\"abc\",\"YWJjZA==\",\"abcd\"]"},
        {"[.[] | try @base32d catch \"no\"]", "[\"M\",\"MFR\",\"M1======\",\"MFRGGZ\",\"MFRA\"]",
         "[\"no\",\"no\",\"no\",\"no\",\"ab\"]"},
        {"[.[] | try @urid catch \"no\"]", "[\"%41%e2%82%ac+\",\"%\",\"%4\",\"%zz\",\"%C3\"]",
         "[\"A\xE2\x82\xAC+\",\"no\",\"no\",\"no\",\"no\"]"},
        {"format(\"csv\", \"json\", \"text\", \"html\")", "[1,\"<\"]",
         "\"1,\\\"<\\\"\" \"[1,\\\"<\\\"]\" \"[1,\\\"<\\\"]\" \"[1,&quot;&lt;&quot;]\""},
        {"try format(\"x\") catch ., try format(1) catch .", NULL,
         "\"x is not a valid format\" \"number (1) is not a valid format\""},
        {"@sh \"echo \\(.)\", @urid \"%41\\(.)\", @base32 \"<\\(.)>\"", "\"%42 c\"",
         "\"echo '%42 c'\" \"%41B c\" \"<EU2DEIDD>\""},
    };
    CHECK(rows);
}

static void
test_newer_string_functions(void **state)
{
    static const struct expr_row rows[] = {
        {"map(trimstr(\"ab\"))", "[\"ab\",\"abxab\",\"xab\",\"abab\",\"a\",1]",
         "[\"\",\"x\",\"x\",\"\",\"a\",1]"},
        {"map(toboolean)", "[\"false\",\"true\",false,true]", "[false,true,false,true]"},
        {"[.[] | try toboolean catch .]", "[null,0,\"True\",\"true \"]",
         "[\"null (null) cannot be parsed as a boolean\",\"number (0) cannot be parsed as a "
         "boolean\",\"string (\\\"True\\\") cannot be parsed as a boolean\",\"string (\\\"true "
         "\\\") "
         "cannot be parsed as a boolean\"]"},
        {"indices(\"aba\"), index(\"aba\"), rindex(\"aba\")", "\"xababababax\"", "[1,3,5,7] 1 7"},
        {"indices(\"\"), index(\"\"), (\"\" | indices(\"a\"))", "\"ab\"", "[] null []"},
        {"indices(\"oo\")", "\"\xC3\xB3ooo\"", "[1,2]"},
        {"trim, ltrim, rtrim", "\"\xC2\xA0\xE2\x80\x83 a b\xE3\x80\x80\\n\"",
         "\"a b\" \"a b\xE3\x80\x80\\n\" \"\xC2\xA0\xE2\x80\x83 a b\""},
        {"trim, ltrim, rtrim", "\" \\t\\n\"", "\"\" \"\" \"\""},
        {"try trim catch ., try ltrimstr(1) catch .", "1", "\"trim input must be a string\" 1"},
        {"implode | explode", "[-1,0,1114111,1114112,55296,1.9]",
         "[65533,0,1114111,65533,65533,1]"},
        {"[.[] | try implode catch .]", "[1,[\"a\"]]",
         "[\"implode input must be an array\",\"string (\\\"a\\\") can't be imploded, unicode "
         "codepoint needs to be numeric\"]"},
        {"[splits(\", *\")], [splits(\"B\"; \"i\")], split(\"b\"; null)", "\"a, b,c\"",
         "[\"a\",\"b\",\"c\"] [\"a, \",\",c\"] [\"a, \",\",c\"]"},
        {"[scan(\"c\")], [scan(\"C\"; \"i\")], [scan(\"(a)(b)?\")]", "\"abac\"",
         "[\"c\"] [\"c\"] [[\"a\",\"b\"],[\"a\",null]]"},
        {"capture(\"(?<x>a)(?<y>z)?\")", "\"abc\"", "{\"x\":\"a\",\"y\":null}"},
        {"[gsub(\"a\"; \"x\", \"y\")], [sub(\"(?<l>.)\"; \"\\(.l)1\", \"\\(.l)2\")]", "\"aa\"",
         "[\"xx\",\"yx\",\"xy\",\"yy\"] [\"a1a\",\"a2a\"]"},
        {"[match([\"A\", \"gi\"]).offset], test([\"A\", \"i\"]), test(\"A\"; \"x\")", "\"abca\"",
         "[0,3] true false"},
        {"gsub(\"\"; \"-\"), gsub(\"^\"; \">\"), [match(\"\"; \"g\").offset]", "\"ab\"",
         "\"-a-b-\" \">ab\" [0,1,2]"},
    };
    CHECK(rows);
}

static void
test_arrays_and_objects(void **state)
{
    static const struct expr_row rows[] = {
        {"map(. * 2), add, length", "[1,2]", "[2,4] 3 2"},
        {"sort, unique, min, max, reverse", "[3,1,2,1]", "[1,1,2,3] [1,2,3] 1 3 [1,2,1,3]"},
        {"sort", "[{\"a\":1},[1],\"a\",1,true,false,null]",
         "[null,false,true,1,\"a\",[1],{\"a\":1}]"},
        {"sort_by(.a, .b)", "[{\"a\":2,\"b\":1},{\"a\":1,\"b\":2},{\"a\":1,\"b\":1}]",
         "[{\"a\":1,\"b\":1},{\"a\":1,\"b\":2},{\"a\":2,\"b\":1}]"},
        {"group_by(.a) | map(length)", "[{\"a\":1},{\"a\":2},{\"a\":1}]", "[2,1]"},
        {"unique_by(length), (min_by(length), max_by(length))", "[\"bb\",\"a\",\"c\"]",
         "[\"a\",\"bb\"] \"a\" \"bb\""},
        {"flatten, flatten(1)", "[1,[2,[3]]]", "[1,2,3] [1,2,[3]]"},
        {"keys, keys_unsorted, has(\"a\")", "{\"b\":1,\"a\":2}",
         "[\"a\",\"b\"] [\"b\",\"a\"] true"},
        {"with_entries(.key |= \"x\" + .)", "{\"a\":1}", "{\"xa\":1}"},
        {"from_entries", "[{\"name\":\"a\",\"value\":1},{\"k\":2,\"v\":3}]", "{\"a\":1,\"2\":3}"},
        {"map_values(. + 1), map_values(empty)", "{\"a\":1}", "{\"a\":2} {}"},
        {"contains({a: [1]}), inside({a: [1,2], b: 3})", "{\"a\":[1,2]}", "true true"},
        {"any, all, any(. == 1), all(. == 1)", "[1,null]", "true false true false"},
        {"transpose, [combinations]", "[[1,2],[3,4]]", "[[1,3],[2,4]] [[1,3],[1,4],[2,3],[2,4]]"},
        {"bsearch(2), bsearch(0), bsearch(4)", "[1,2,3]", "1 -1 -4"},
        {"walk(if type == \"number\" then . + 1 else . end)", "[1,{\"a\":2}]", "[2,{\"a\":3}]"},
        {"[tostream], fromstream(tostream)", "{\"a\":[1]}",
         "[[[\"a\",0],1],[[\"a\",0]],[[\"a\"]]] {\"a\":[1]}"},
        {"IN(2, 3), IN(.[]; 1), INDEX(.)", "[1]", "false true {\"1\":1}"},
        {"delpaths([[\"a\"],[\"b\",0]])", "{\"a\":1,\"b\":[1,2]}", "{\"b\":[2]}"},
        {"getpath([\"a\",\"b\"]), setpath([\"a\",0]; 1)", "{}", "null {\"a\":[1]}"},
        {"first, last, nth(1), (first(empty) // \"none\")", "[1,2,3]", "1 3 2 \"none\""},
        {"abs, toarray, (\"a\" | ascii?)", "-1.5", "1.5 [-1.5]"},
        {"pow(2; 10), log2, sqrt, floor", "4.5", "1024 2.169925001442312 2.1213203435596424 4"},
    };
    CHECK(rows);
}

static void
test_regular_expressions(void **state)
{
    static const struct expr_row rows[] = {
        {"test(\"B\"), test(\"B\"; \"i\"), test([\"b\", null])", "\"abc\"", "false true true"},
        {"[match(\"\xC3\xA9|a\"; \"g\") | [.offset, .length, .string]]", "\"xa\xC3\xA9\"",
         "[[1,1,\"a\"],[2,1,\"\xC3\xA9\"]]"},
        {"match(\"(?<x>a)(?<y>z)?\")", "\"ba\"",
         "{\"offset\":1,\"length\":1,\"string\":\"a\",\"captures\":[{\"offset\":1,\"length\":1,"
         "\"string\":\"a\",\"name\":\"x\"},{\"offset\":-1,\"length\":0,\"string\":null,"
         "\"name\":\"y\"}]}"},
        {"capture(\"(?<y>\\\\d+)-(?<m>\\\\d+)\")", "\"on 2024-05\"",
         "{\"y\":\"2024\",\"m\":\"05\"}"},
        {"[scan(\"[a-z]\")], [scan(\"([a-z])([0-9])\")]", "\"a1b2\"",
         "[\"a\",\"b\"] [[\"a\",\"1\"],[\"b\",\"2\"]]"},
        {"split(\", *\"; null), [splits(\",\")]", "\"a, b,c\"",
         "[\"a\",\"b\",\"c\"] [\"a\",\" b\",\"c\"]"},
        {"sub(\"[a-z]\"; \"<>\"), gsub(\"(?<x>[a-z])\"; \"\\(.x)!\")", "\"ab1\"",
         "\"<>b1\" \"a!b!1\""},
        {"gsub(\"a\"; \"b\", \"c\")", "\"aa\"", "\"bb\" \"cb\" \"bc\" \"cc\""},
        {"gsub(\"A\"; \"\"; \"i\"), gsub(\"\"; \"-\")", "\"ab\"", "\"b\" \"-a-b-\""},
        {"[match(\"\"; \"g\").offset]", "\"a\xC3\xA9\"", "[0,1,2]"},
        {"[match(\"a*\"; \"gn\").string]", "\"baac\"", "[\"aa\"]"},
        {"test(\"a.b\"), test(\"a.b\"; \"p\"), test(\"a b\"; \"x\")", "\"a\\nb\"",
         "false true false"},
        {"test(\"(\")", "\"a\"",
         "!\"Regex failure: missing closing parenthesis at offset 1 of (\""},
        {"test(\"a\"; \"q\")", "\"a\"", "!\"q is not a valid modifier string\""},
        {"test(\"a\")", "1", "!\"number (1) cannot be matched, as it is not a string\""},
        {"test(1)", "\"a\"", "!\"number not a string or array\""},
        {"test(\"\\\\C\")", "\"a\"",
         "!\"Regex failure: using \\\\C is disabled by the application at offset 2 of \\\\C\""},
    };
    CHECK(rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_newer_string_functions),
        cmocka_unit_test(test_mathematics),
        cmocka_unit_test(test_arrays_and_objects),
        cmocka_unit_test(test_regular_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
