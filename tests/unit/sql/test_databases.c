#include "sql/databases.h"
#include "test.h"

#include <string.h>

static const struct id mine = {{1, 2}}, others = {{3, 4}};

static void
test_lists_are_read(void **state)
{
    struct error error = {0};
    assert_int_equal(databases_set("# mine\n\n shop = sqlite:/srv/shop.db \r\n"
                                   "all=sqlite:/srv/\npg = postgres://u:p@h/d?x=1\n",
                                   &error),
                     STATUS_OK);
    assert_int_equal(databases_find(SLICE("shop"), &mine)->kind, DATABASE_SQLITE_FILE);
    assert_string_equal(databases_find(SLICE("shop"), &mine)->address, "/srv/shop.db");
    assert_int_equal(databases_find(SLICE("all"), &mine)->kind, DATABASE_SQLITE_FOLDER);
    assert_int_equal(databases_find(SLICE("pg"), &mine)->kind, DATABASE_POSTGRES);
    assert_string_equal(databases_find(SLICE("pg"), &mine)->address, "postgres://u:p@h/d?x=1");
    assert_null(databases_find(SLICE("sho"), &mine));
    assert_int_equal(databases_set(NULL, &error), STATUS_OK);
    assert_null(databases_find(SLICE("shop"), &mine));
}

static void
test_some_are_for_some_workspaces(void **state)
{
    struct error error = {0};
    assert_int_equal(databases_set("all = sqlite:/srv/all.db\n"
                                   "hr for 010200000000000000000000 = sqlite:/srv/hr.db\n"
                                   "two for 010200000000000000000000 , "
                                   "wf_030400000000000000000000=sqlite:/srv/two.db\n",
                                   &error),
                     STATUS_OK);
    assert_non_null(databases_find(SLICE("all"), &mine));
    assert_non_null(databases_find(SLICE("hr"), &mine));
    assert_non_null(databases_find(SLICE("two"), &mine));
    assert_non_null(databases_find(SLICE("all"), &others));
    assert_null(databases_find(SLICE("hr"), &others));
    assert_non_null(databases_find(SLICE("two"), &others));
    assert_int_equal(databases_set(NULL, &error), STATUS_OK);
}

static void
test_mistakes_name_the_line_and_no_address(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"shop", "line 1"},
        {"a = sqlite:/x\nb c = sqlite:/password", "line 2"},
        {" = sqlite:/password", "line 1"},
        {"a = ", "line 1"},
        {"a = sqlite:relative/password", "line 1"},
        {"a = sqlite:", "line 1"},
        {"a = mysql://u:password@h/d", "line 1"},
        {"a for  = sqlite:/x", "line 1"},
        {"a for b = sqlite:/x", "line 1: expected ids"},
        {"a for 010200000000000000000000,,010200000000000000000000 = sqlite:/x", "expected ids"},
        {"a for 010200000000000000000000 = relative", "line 1"},
        {"a = sqlite:/x\n\na = postgres://u:password@h", "line 3: \"a\" stands there twice"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error error = {0};
        if (databases_set(rows[i].text, &error) != STATUS_INVALID ||
            strstr(error.text, rows[i].words) == NULL || strstr(error.text, "password") != NULL)
            fail_msg("row %zu: %s", i, error.text);
    }
    struct error unused = {0};
    assert_int_equal(databases_set(NULL, &unused), STATUS_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_are_read),
        cmocka_unit_test(test_some_are_for_some_workspaces),
        cmocka_unit_test(test_mistakes_name_the_line_and_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
