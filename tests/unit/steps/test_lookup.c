/* What `lookup` asks for, as the config of a source, and what it makes of what is found. */
#include "conversation.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static void
test_what_is_looked_up(void **state)
{
    static const struct {
        const char *config, *given;
    } table[] = {
        {"{ entity: { id: '{{item.id}}' } }",
         "{\"reads\":\"entities\",\"config\":{\"ids\":[\"x\"]},\"most\":1}"},
        {"{ entity: { id: '{{item.none}}' } }",
         "{\"reads\":\"entities\",\"config\":{\"ids\":[null]},\"most\":1}"},
        {"{ entity: { type: t, externalId: '{{item.n}}' } }",
         "{\"reads\":\"entities\",\"config\":{\"type\":\"t\",\"externalIds\":[\"7\"]},\"most\":1}"},
        {"{ entity: { type: t, filter: { a: '{{item.n}}' } } }",
         "{\"reads\":\"entities\",\"config\":{\"type\":\"t\",\"filter\":{\"a\":7}},\"most\":1}"},
        {"{ entity: { type: empty, externalId: x } }", "null"},
        {"{ entity: { type: none, externalId: x } }", "no_entity_type: there is no entity type"},
        {"{ list: { list: L, filter: { a: 1 } } }",
         "{\"reads\":\"list\",\"config\":{\"list\":\"L\",\"filter\":{\"a\":1}},\"most\":1}"},
        {"{ document: { id: '{{item.id}}' } }",
         "{\"reads\":\"documents\",\"config\":{\"id\":\"x\"},\"most\":1}"},
        {"{ document: { id: '{{item.none}}' } }", "null"},
        {"{ documents: { query: 'a {{item.id}}', filter: { collection: c }, any: true, limit: 3 } "
         "}",
         "[{\"reads\":\"documents\",\"config\":{\"query\":\"a "
         "x\",\"filter\":{\"collection\":\"c\"},\"any\":true,\"limit\":3},\"most\":4294967295}]"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, "lookup", table[i].config,
                          "{\"input\":{},\"item\":{\"id\":\"x\",\"n\":7},\"steps\":{},\"run\":{},"
                          "\"vars\":{}}");
        conversation_begin(&talk);
        const char *given = conversation_answer(&talk, 0, NULL);
        if (strcmp(given, table[i].given) != 0)
            fail_msg("%s: gave %s", table[i].config, given);
        conversation_close(&talk);
    }
}

static void
test_configs_that_are_none(void **state)
{
    static const char *const table[][2] = {
        {"{}", "*exactly one of*"},
        {"{ entity: { type: t } }", "*exactly one of*"},
        {"{ entity: { id: a, externalId: b } }", "*exactly one of*"},
        {"{ list: { list: L } }", "*filter*"},
        {"{ list: { list: L, filter: {} }, document: { id: x } }", "*exactly one of*"},
        {"{ documents: { query: a, limit: 1001 } }", "*limit*"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const char *problem = conversation_problem("lookup", table[i][0]);
        if (!conversation_is_like(problem, table[i][1]))
            fail_msg("%s: %s", table[i][0], problem);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_looked_up),
        cmocka_unit_test(test_configs_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
