#include "sql/databases.h"
#include "test.h"

#include <string.h>

static void
test_lists_are_read(void **state)
{
    struct error error = {0};
    assert_int_equal(databases_set("# mine\n\n shop = sqlite:/srv/shop.db \r\n"
                                   "all=sqlite:/srv/\npg = postgres://u:p@h/d?x=1\n",
                                   &error),
                     STATUS_OK);
    assert_int_equal(databases_find(SLICE("shop"))->kind, DATABASE_SQLITE_FILE);
    assert_string_equal(databases_find(SLICE("shop"))->address, "/srv/shop.db");
    assert_int_equal(databases_find(SLICE("all"))->kind, DATABASE_SQLITE_FOLDER);
    assert_int_equal(databases_find(SLICE("pg"))->kind, DATABASE_POSTGRES);
    assert_string_equal(databases_find(SLICE("pg"))->address, "postgres://u:p@h/d?x=1");
    assert_null(databases_find(SLICE("sho")));
    assert_int_equal(databases_set(NULL, &error), STATUS_OK);
    assert_null(databases_find(SLICE("shop")));
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
        cmocka_unit_test(test_mistakes_name_the_line_and_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
