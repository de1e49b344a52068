/* Paths and queries: what is decoded, and what is refused because others might read it otherwise.
 */
#include "net/http_target.h"
#include "test.h"

#include <stdio.h>

static void
join(const struct http_path *path, char out[256])
{
    int size = 0;
    out[0] = '\0';
    for (size_t i = 0; i < path->count; i++)
        size += snprintf(out + size, 256 - (size_t)size, "[%.*s]", SLICE_FORMAT(path->segments[i]));
}

static void
test_paths_are_split_first_and_decoded_once(void **state)
{
    static const struct {
        const char *raw;
        enum status status;
        const char *segments;
    } table[] = {
        {"", STATUS_OK, ""},
        {"/", STATUS_OK, ""},
        {"*", STATUS_OK, ""},
        {"/a", STATUS_OK, "[a]"},
        {"/a/", STATUS_OK, "[a][]"},
        {"/a/b/c", STATUS_OK, "[a][b][c]"},
        {"/v1/%77orkflows", STATUS_OK, "[v1][workflows]"},
        {"/a%2fb", STATUS_OK, "[a/b]"},
        {"/a%2Fb/c", STATUS_OK, "[a/b][c]"},
        {"/a%252fb", STATUS_OK, "[a%2fb]"},
        {"/%2e%2e%2fa", STATUS_OK, "[../a]"},
        {"/a+b", STATUS_OK, "[a+b]"},
        {"/a;b=c", STATUS_OK, "[a;b=c]"},
        {"/...", STATUS_OK, "[...]"},
        {"/a.", STATUS_OK, "[a.]"},
        {"/..a", STATUS_OK, "[..a]"},
        {"/%5c", STATUS_OK, "[\\]"},
        {"/%c3%a9", STATUS_OK, "[\xc3\xa9]"},
        {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", STATUS_OK,
         "[1][2][3][4][5][6][7][8][9][10][11][12][13][14][15][16]"},
        {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/", STATUS_LIMIT, NULL},
        {"//", STATUS_INVALID, NULL},
        {"//a", STATUS_INVALID, NULL},
        {"/a//b", STATUS_INVALID, NULL},
        {"/a//", STATUS_INVALID, NULL},
        {"/.", STATUS_INVALID, NULL},
        {"/..", STATUS_INVALID, NULL},
        {"/../a", STATUS_INVALID, NULL},
        {"/a/../b", STATUS_INVALID, NULL},
        {"/a/%2e", STATUS_INVALID, NULL},
        {"/a/%2E%2e/b", STATUS_INVALID, NULL},
        {"/a/.%2e", STATUS_INVALID, NULL},
        {"/%00", STATUS_INVALID, NULL},
        {"/a%00b", STATUS_INVALID, NULL},
        {"/a%0a", STATUS_INVALID, NULL},
        {"/a%1F", STATUS_INVALID, NULL},
        {"/a%7f", STATUS_INVALID, NULL},
        {"/%ff", STATUS_INVALID, NULL},
        {"/%c0%ae", STATUS_INVALID, NULL},
        {"/%ed%a0%80", STATUS_INVALID, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, KIB(64));
        struct http_path path;
        struct error error = {0};
        char segments[256];
        enum status status = http_path_split(&path, &arena, slice_text(table[i].raw), &error);
        join(&path, segments);
        bool right = status == table[i].status &&
                     (status != STATUS_OK ? error.text[0] != '\0'
                                          : strcmp(segments, table[i].segments) == 0);
        if (!right)
            fail_msg("%s: status %d, %s", table[i].raw, status, segments);
        arena_done(&arena);
    }
}

static void
test_path_without_memory_is_a_limit(void **state)
{
    struct arena arena;
    arena_init(&arena, 16);
    struct http_path path;
    struct error error;
    assert_int_equal(http_path_split(&path, &arena, SLICE("/%41%41%41%41%41%41%41"), &error),
                     STATUS_LIMIT);
    arena_done(&arena);
}

static void
test_query_parameters_are_found_by_name(void **state)
{
    static const struct {
        const char *query, *name;
        const char *value; /* NULL: there is none */
    } table[] = {
        {"", "a", NULL},
        {"a=1", "a", "1"},
        {"a=1&b=2", "b", "2"},
        {"a=1&a=2", "a", "1"},
        {"a", "a", ""},
        {"a=", "a", ""},
        {"a=b=c", "a", "b=c"},
        {"&&a=1&&", "a", "1"},
        {"ab=1", "a", NULL},
        {"a=1", "ab", NULL},
        {"A=1", "a", NULL},
        {"%61=1", "a", "1"},
        {"a+b=1", "a b", "1"},
        {"a%2Bb=1", "a+b", "1"},
        {"f[x]=1", "f[x]", "1"},
        {"f%5bx%5D=1", "f[x]", "1"},
        {"a=x+y%20z%2b", "a", "x y z+"},
        {"a=%26b=2", "b", NULL},
        {"=1", "", "1"},
        {"a=%zz%4%\xff\xff%", "a", "%zz%4%\xff\xff%"},
        {"%4=1", "%4", "1"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, KIB(64));
        struct slice value = http_query_find(slice_text(table[i].query), &arena, table[i].name);
        bool right = table[i].value == NULL ? value.ptr == NULL
                                            : value.ptr != NULL && slice_is(value, table[i].value);
        if (!right)
            fail_msg("%s of %s: %.*s", table[i].name, table[i].query, SLICE_FORMAT(value));
        arena_done(&arena);
    }
}

static void
test_query_is_walked_in_order(void **state)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct slice rest = SLICE("a=1&&b=%32&a=x+y&c");
    static const char *const wanted[][2] = {{"a", "1"}, {"b", "2"}, {"a", "x y"}, {"c", ""}};
    struct slice name;
    struct slice value;
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        assert_true(http_query_next(&rest, &arena, &name, &value));
        assert_true(slice_is(name, wanted[i][0]));
        assert_non_null(value.ptr);
        assert_true(slice_is(value, wanted[i][1]));
    }
    assert_false(http_query_next(&rest, &arena, &name, &value));
    arena_done(&arena);
}

static void
test_query_without_memory_has_no_value(void **state)
{
    struct arena arena;
    arena_init(&arena, 16);
    assert_null(http_query_find(SLICE("a=%41%41%41%41%41%41%41"), &arena, "a").ptr);
    assert_true(slice_is(http_query_find(SLICE("a=plain"), &arena, "a"), "plain"));
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_are_split_first_and_decoded_once),
        cmocka_unit_test(test_path_without_memory_is_a_limit),
        cmocka_unit_test(test_query_parameters_are_found_by_name),
        cmocka_unit_test(test_query_is_walked_in_order),
        cmocka_unit_test(test_query_without_memory_has_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
