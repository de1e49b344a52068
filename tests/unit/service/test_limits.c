/* What keys and workspaces may use: read, printed, read again. */
#include "service/limits.h"

#include "base/json.h"
#include "base/limits.h"
#include "test.h"

#include <string.h>

static enum status
read_text(struct access_limits *out, const char *text, struct error *error)
{
    struct arena arena;
    struct value value;
    arena_init(&arena, KIB(64));
    assert_int_equal(json_parse(&value, &arena, slice_text(text), 0, NULL, error), STATUS_OK);
    enum status status = access_limits_read(out, value, error);
    arena_done(&arena);
    return status;
}

static void
test_limits_are_read_and_printed(void **state)
{
    static const struct {
        const char *text, *printed;
    } table[] = {
        {"null", ""},
        {"{}", ""},
        {"{\"rate\":null}", ""},
        {"{\"rate\":\"10/s\"}", "{\"rate\":\"10/s\",\"burst\":10,\"budgetPerDay\":null}"},
        {"{\"rate\":\"600/1m\",\"burst\":5}",
         "{\"rate\":\"600/m\",\"burst\":5,\"budgetPerDay\":null}"},
        {"{\"rate\":\"3/100ms\"}", "{\"rate\":\"3/100ms\",\"burst\":3,\"budgetPerDay\":null}"},
        {"{\"rate\":\"3/10m\"}", "{\"rate\":\"3/10m\",\"burst\":3,\"budgetPerDay\":null}"},
        {"{\"budgetPerDay\":0}", "{\"rate\":null,\"burst\":null,\"budgetPerDay\":0}"},
        {"{\"budgetPerDay\":2.5}", "{\"rate\":null,\"burst\":null,\"budgetPerDay\":2.5}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct access_limits limits, again;
        struct error error = {0};
        struct buffer text;
        if (read_text(&limits, table[i].text, &error) != STATUS_OK)
            fail_msg("%s: %s", table[i].text, error.text);
        buffer_init(&text, 256);
        access_limits_print(&text, &limits);
        if (!slice_is(buffer_slice(&text), table[i].printed))
            fail_msg("%s: %.*s", table[i].text, (int)text.size, text.ptr);
        access_limits_parse(&again, buffer_slice(&text));
        assert_int_equal(again.rate.count, limits.rate.count);
        assert_int_equal(again.rate.per_ms, limits.rate.per_ms);
        assert_int_equal(again.burst, limits.burst);
        assert_int_equal(again.has_budget, limits.has_budget);
        assert_int_equal(again.budget_microcredits, limits.budget_microcredits);
        buffer_done(&text);
    }
}

static void
test_wrong_limits_name_their_place(void **state)
{
    static const struct {
        const char *text, *place;
    } table[] = {
        {"7", "limits:"},
        {"[]", "limits:"},
        {"{\"speed\":1}", "speed"},
        {"{\"rate\":5}", "limits.rate"},
        {"{\"rate\":\"fast\"}", "limits.rate"},
        {"{\"rate\":\"0/s\"}", "limits.rate"},
        {"{\"rate\":\"100001/s\"}", "limits.rate"},
        {"{\"burst\":5}", "limits.burst"},
        {"{\"rate\":\"5/s\",\"burst\":0}", "limits.burst"},
        {"{\"rate\":\"5/s\",\"burst\":1.5}", "limits.burst"},
        {"{\"rate\":\"5/s\",\"burst\":100001}", "limits.burst"},
        {"{\"budgetPerDay\":-0.1}", "limits.budgetPerDay"},
        {"{\"budgetPerDay\":1e10}", "limits.budgetPerDay"},
        {"{\"budgetPerDay\":\"5\"}", "limits.budgetPerDay"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct access_limits limits;
        struct error error = {0};
        if (read_text(&limits, table[i].text, &error) == STATUS_OK ||
            strstr(error.text, table[i].place) == NULL)
            fail_msg("%s: %s", table[i].text, error.text);
    }
}

static void
test_text_that_is_none_is_no_limit(void **state)
{
    static const char *const texts[] = {"", "{", "[1]", "{\"rate\":\"x\"}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct access_limits limits;
        access_limits_parse(&limits, slice_text(texts[i]));
        assert_int_equal(limits.rate.count, 0);
        assert_false(limits.has_budget);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_are_read_and_printed),
        cmocka_unit_test(test_wrong_limits_name_their_place),
        cmocka_unit_test(test_text_that_is_none_is_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
