/* Statuses and the words that travel with them. */
#include "base/status.h"
#include "test.h"

#include <string.h>

static void
test_each_status_has_a_name_and_a_code(void **state)
{
    static const struct {
        enum status status;
        const char *name;
        int http;
        bool may_retry;
    } table[] = {
        {STATUS_OK, "ok", 200, false},
        {STATUS_INVALID, "invalid", 400, false},
        {STATUS_UNAUTHORIZED, "unauthorized", 401, false},
        {STATUS_FORBIDDEN, "forbidden", 403, false},
        {STATUS_NOT_FOUND, "not_found", 404, false},
        {STATUS_CONFLICT, "conflict", 409, false},
        {STATUS_LIMIT, "limit", 422, false},
        {STATUS_UNSUPPORTED, "unsupported", 501, false},
        {STATUS_TIMEOUT, "timeout", 504, true},
        {STATUS_CANCELLED, "cancelled", 409, false},
        {STATUS_UNAVAILABLE, "unavailable", 503, true},
        {STATUS_IO, "io", 500, true},
        {STATUS_FULL, "full", 507, true},
    };
    assert_int_equal(COUNT_OF(table), STATUS_COUNT);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        assert_string_equal(status_name(table[i].status), table[i].name);
        if (status_http(table[i].status) != table[i].http ||
            status_may_retry(table[i].status) != table[i].may_retry)
            fail_msg("%s: code %d", table[i].name, status_http(table[i].status));
    }
}

static void
test_set_returns_the_status_and_keeps_the_words(void **state)
{
    struct error error = {0};
    assert_int_equal(error_set(&error, STATUS_LIMIT, "%d of %s", 7, "those"), STATUS_LIMIT);
    assert_int_equal(error.status, STATUS_LIMIT);
    assert_string_equal(error.text, "7 of those");
    assert_int_equal(error_set(NULL, STATUS_IO, "nobody reads this"), STATUS_IO);
}

static void
test_prepend_puts_context_before(void **state)
{
    struct error error = {0};
    status_ignore(error_set(&error, STATUS_IO, "reason"));
    error_prepend(&error, "file %s", "a");
    assert_string_equal(error.text, "file a: reason");
    error_prepend(NULL, "nothing happens");
}

static void
test_set_may_quote_its_own_text(void **state)
{
    struct error error = {0};
    status_ignore(error_set(&error, STATUS_IO, "reason"));
    status_ignore(error_set(&error, STATUS_INVALID, "because: %s", error.text));
    assert_string_equal(error.text, "because: reason");
}

static void
test_long_text_is_cut_at_a_character(void **state)
{
    char euros[3 * 400 + 1];
    for (size_t i = 0; i < 400; i++)
        memcpy(euros + 3 * i, "\xE2\x82\xAC", 4);
    for (int shift = 0; shift < 4; shift++) {
        struct error error = {0};
        status_ignore(error_set(&error, STATUS_IO, "%.*s%s", shift, "...", euros));
        size_t size = strlen(error.text);
        size_t dots = strspn(error.text, ".");
        assert_true(size < ERROR_TEXT_BYTES && size > ERROR_TEXT_BYTES - 5);
        assert_int_equal((size - dots) % 3, 0);
    }
}

static void
test_foreign_bytes_become_question_marks(void **state)
{
    struct error error = {0};
    status_ignore(error_set(&error, STATUS_INVALID, "bad %s!", "\xFF\xC3"));
    assert_string_equal(error.text, "bad ?"
                                    "?!");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_status_has_a_name_and_a_code),
        cmocka_unit_test(test_set_returns_the_status_and_keeps_the_words),
        cmocka_unit_test(test_prepend_puts_context_before),
        cmocka_unit_test(test_set_may_quote_its_own_text),
        cmocka_unit_test(test_long_text_is_cut_at_a_character),
        cmocka_unit_test(test_foreign_bytes_become_question_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
