#include "test.h"

#include "base/status.h"
#include "flow/catalog.h"

static const char *const http_aliases[] = {"web_request", "fetch", NULL};
static const struct field_decl http_fields[] = {
    {.name = "url", .kind = FIELD_TEXT, .required = true},
    {.name = "method", .kind = FIELD_TEXT},
};
static const struct step_decl http = {.name = "http_request",
                                      .aliases = http_aliases,
                                      .fields = http_fields,
                                      .field_count = COUNT_OF(http_fields)};
static const struct step_decl filter = {.name = "filter"};
static const struct step_decl *const types[] = {&http, &filter};
static const struct catalog catalog = {.types = types, .count = COUNT_OF(types)};

static void
test_types_are_found_by_name_and_alias(void **state)
{
    assert_ptr_equal(catalog_find(&catalog, SLICE("filter")), &filter);
    assert_ptr_equal(catalog_find(&catalog, SLICE("http_request")), &http);
    assert_ptr_equal(catalog_find(&catalog, SLICE("fetch")), &http);
    assert_null(catalog_find(&catalog, SLICE("Fetch")));
    assert_null(catalog_find(&catalog, SLICE("")));
}

static void
test_the_nearest_type_is_offered(void **state)
{
    assert_string_equal(catalog_nearest(&catalog, SLICE("filtre")), "filter");
    assert_string_equal(catalog_nearest(&catalog, SLICE("http_requset")), "http_request");
    assert_null(catalog_nearest(&catalog, SLICE("document")));
    struct catalog empty = {.count = 0};
    assert_null(catalog_nearest(&empty, SLICE("filter")));
}

static void
test_fields_are_found_by_name(void **state)
{
    assert_int_equal(step_decl_field(&http, SLICE("url")), 0);
    assert_int_equal(step_decl_field(&http, SLICE("method")), 1);
    assert_int_equal(step_decl_field(&http, SLICE("methods")), -1);
    assert_int_equal(step_decl_field(&filter, SLICE("where")), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_are_found_by_name_and_alias),
        cmocka_unit_test(test_the_nearest_type_is_offered),
        cmocka_unit_test(test_fields_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
