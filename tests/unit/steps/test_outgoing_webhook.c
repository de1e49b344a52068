/* What `outgoing_webhook` tells about an item. */
#include "conversation.h"
#include "test.h"

#define ROOT                                                                                       \
    "{\"input\":{\"hook\":\"https://a.example/b\"},\"item\":{\"name\":\"A\",\"x\":5},"             \
    "\"steps\":{\"s\":{\"y\":1}},\"run\":{},\"vars\":{}}"
#define TOLD(type, data)                                                                           \
    "{\"delivery\":{\"url\":\"https://a.example/b\",\"type\":\"" type "\",\"data\":" data "}}"

static void
test_what_is_told(void **state)
{
    static const struct {
        const char *label, *config, *want;
    } table[] = {
        {"the item", "{ url: 'https://a.example/b' }",
         TOLD("outgoing_webhook", "{\"name\":\"A\",\"x\":5}")},
        {"what is given", "{ url: ' {{input.hook}} ', type: 'lead.{{item.x}}', data: [1] }",
         TOLD("lead.5", "[1]")},
        {"a null", "{ url: '{{input.hook}}', data: null }", TOLD("outgoing_webhook", "null")},
        {"no type", "{ url: '{{input.hook}}', type: '' }",
         "bad_config: type: expected 1 to 100 bytes"},
        {"no url", "{ url: '{{input.none}}' }", "bad_config: url: *"},
        {"no web", "{ url: 'ftp://a.example/' }", "bad_config: url: *"},
        {"a name and a password", "{ url: 'https://me:you@a.example/' }", "bad_config: url: *"},
        {"an expression that fails", "{ url: x, data: '{{= error(\"why\") }}' }",
         "expression_failed: data: why"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, "outgoing_webhook", table[i].config, ROOT);
        const char *got = conversation_begin(&talk);
        if (got[0] == '{')
            got = conversation_answer(&talk, 0, NULL);
        if (!conversation_is_like(got, table[i].want))
            fail_msg("%s: got %s", table[i].label, got);
        conversation_close(&talk);
    }
}

static void
test_configs_that_are_refused(void **state)
{
    assert_true(conversation_is_like(conversation_problem("outgoing_webhook", "{ data: 1 }"),
                                     "*url*required*"));
    assert_true(conversation_is_like(
        conversation_problem("outgoing_webhook", "{ url: x, body: 1 }"), "body: unknown key*"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_told),
        cmocka_unit_test(test_configs_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
