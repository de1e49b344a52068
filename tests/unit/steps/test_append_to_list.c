/* What `append_to_list` asks to be appended. */
#include "conversation.h"
#include "test.h"

#include <string.h>

#define ROOT(item)                                                                                 \
    "{\"input\":{},\"item\":" item ",\"steps\":{},\"run\":{\"id\":\"r\"},\"vars\":{}}"

static void
test_rows(void **state)
{
    static const struct {
        const char *config, *root, *asked, *given;
    } table[] = {
        {"{ list: Sink }", ROOT("{\"a\":1.50}"), "{\"list\":\"Sink\",\"row\":{\"a\":1.50}}",
         "{\"list\":\"Sink\",\"row\":{\"a\":1.50}}"},
        {"{ list: '{{item.to}}', row: { b: '{{item.a}}', c: 'x{{item.a}}', d: 7 } }",
         ROOT("{\"a\":1,\"to\":\"L\"}"), "{\"list\":\"L\",\"row\":{\"b\":1,\"c\":\"x1\",\"d\":7}}",
         "{\"list\":\"L\",\"row\":{\"b\":1,\"c\":\"x1\",\"d\":7}}"},
        {"{ list: L, row: { b: '{{item.none}}' } }", ROOT("{}"),
         "{\"list\":\"L\",\"row\":{\"b\":null}}", "{\"list\":\"L\",\"row\":{\"b\":null}}"},
        {"{ list: L }", ROOT("7"), "bad_config: row: the item is no object, but number; *", NULL},
        {"{ list: L, row: { b: '{{= error(\"why\") }}' } }", ROOT("{}"), "expression_failed: *",
         NULL},
        {"{ list: none }", ROOT("{}"), "{\"list\":\"none\",\"row\":{}}",
         "no_list: there is no list"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, "append_to_list", table[i].config, table[i].root);
        const char *asked = conversation_begin(&talk);
        if (!conversation_is_like(asked, table[i].asked))
            fail_msg("%s: asked %s", table[i].config, asked);
        const char *given = table[i].given == NULL ? NULL : conversation_answer(&talk, 0, NULL);
        if (given != NULL && strcmp(given, table[i].given) != 0)
            fail_msg("%s: gave %s", table[i].config, given);
        conversation_close(&talk);
    }
}

static void
test_configs_that_are_none(void **state)
{
    static const char *const table[][2] = {
        {"{}", "*list*"},
        {"{ list: L, rows: {} }", "*rows*"},
        {"{ list: L, row: x }", "*row*"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const char *problem = conversation_problem("append_to_list", table[i][0]);
        if (!conversation_is_like(problem, table[i][1]))
            fail_msg("%s: %s", table[i][0], problem);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_configs_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
