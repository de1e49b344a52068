/* What `publish` asks for each of its targets, and what comes of it. */
#include "conversation.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define ROOT(item)                                                                                 \
    "{\"input\":{},\"item\":" item ",\"steps\":{},\"run\":{\"id\":\"r\"},\"vars\":{}}"

/* given: what the call comes to. */
static void
test_what_is_kept_here(void **state)
{
    static const struct {
        const char *config, *item, *asked, *given;
    } table[] = {
        {"{ entity: { id: '{{item.id}}', fields: { a: '{{item.n}}', b: null } } }",
         "{\"id\":\"x\",\"n\":1.50}",
         "{\"entity\":{\"id\":\"x\",\"fields\":{\"a\":1.50,\"b\":null}}}",
         "{\"type\":\"\",\"id\":\"x\",\"externalId\":\"\",\"fields\":{\"a\":1.50,\"b\":null}}"},
        {"{ entity: { type: t, externalId: '{{item.n}}', fields: '{{item.all}}' } }",
         "{\"n\":17,\"all\":{\"c\":[1]}}",
         "{\"entity\":{\"type\":\"t\",\"externalId\":17,\"fields\":{\"c\":[1]}}}",
         "{\"type\":\"t\",\"id\":\"\",\"externalId\":\"17\",\"fields\":{\"c\":[1]}}"},
        {"{ entity: { type: t, fields: {} } }", "{}", "{\"entity\":{\"type\":\"t\",\"fields\":{}}}",
         "{\"type\":\"t\",\"id\":\"\",\"externalId\":\"\",\"fields\":{}}"},
        {"{ entity: { type: none, fields: {} } }", "{}", "*", "no_entity_type: *"},
        {"{ entity: { type: t, externalId: '{{item.n}}', fields: {} } }", "{}", "*",
         "bad_config: entity.externalId: expected a text or a number, found null"},
        {"{ entity: { type: t, externalId: '', fields: {} } }", "{}", "*",
         "bad_config: entity.externalId: expected a text or a number, found an empty one"},
        {"{ entity: { type: t, externalId: [1], fields: {} } }", "{}", "*",
         "bad_config: entity.externalId: expected a text or a number, found array"},
        {"{ entity: { id: '{{item.id}}', fields: {} } }", "{\"id\":\"\"}", "*",
         "bad_config: entity.id: expected an id, found an empty text"},
        {"{ entity: { id: x, externalId: y, fields: {} } }", "{}", "*",
         "bad_config: entity: at most one of id and externalId may be given"},
        {"{ entity: { externalId: y, fields: {} } }", "{}", "*",
         "bad_config: entity.type: it is needed without `id`"},
        {"{ entity: { id: x, fields: '{{item.all}}' } }", "{\"all\":7}", "*",
         "bad_config: entity.fields: expected an object, found number"},
        {"{ file: { name: a.md, content: '# {{item.n}}' } }", "{\"n\":1}",
         "{\"file\":{\"name\":\"a.md\",\"content\":\"# 1\"}}",
         "{\"file\":\"a.md\",\"kind\":null,*\"type\":\"text/markdown; "
         "charset=utf-8\",\"input\":\"# "
         "1\"}"},
        {"{ file: { name: 'x{{item.n}}', content: { a: '{{item.n}}' } } }", "{\"n\":1}", "*",
         "{\"file\":\"x1\",*\"type\":\"text/plain; charset=utf-8\",\"input\":\"{\\\"a\\\":1}\"}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        char root[512];
        snprintf(root, sizeof(root), ROOT("%s"), table[i].item);
        conversation_open(&talk, "publish", table[i].config, root);
        const char *asked = conversation_begin(&talk);
        if (!conversation_is_like(asked, table[i].asked))
            fail_msg("%s: asked %s", table[i].config, asked);
        const char *given = conversation_answer(&talk, 0, NULL);
        if (!conversation_is_like(given, table[i].given))
            fail_msg("%s: gave %s", table[i].config, given);
        conversation_close(&talk);
    }
}

static void
test_requests(void **state)
{
    static const struct {
        const char *config, *method, *body;
    } table[] = {
        {"{ http: { url: 'http://a.test/x' } }", "POST", "{\"n\":1}"},
        {"{ http: { url: 'http://a.test/x', json: { m: '{{item.n}}' } } }", "POST", "{\"m\":1}"},
        {"{ http: { url: 'http://a.test/x', method: PUT, form: { m: 2 } } }", "PUT", "m=2"},
        {"{ http: { url: 'http://a.test/x', method: PATCH, body: x } }", "PATCH", "x"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, "publish", table[i].config, ROOT("{\"n\":1}"));
        conversation_begin(&talk);
        const char *given = conversation_answer(&talk, 201, "done");
        if (!conversation_is_like(given, "{\"status\":201,\"headers\":{*},\"body\":\"done\"}"))
            fail_msg("%s: gave %s", table[i].config, given);
        assert_true(slice_is(talk.exchange->url, "http://a.test/x"));
        assert_true(slice_is(talk.exchange->method, table[i].method));
        assert_true(slice_is(talk.exchange->body, table[i].body));
        assert_true(slice_is(talk.exchange->headers[0].name, "Idempotency-Key"));
        given = conversation_answer(&talk, 500, "no");
        if (!conversation_is_like(given, "http_status: *"))
            fail_msg("%s: gave %s", table[i].config, given);
        conversation_close(&talk);
    }
}

static void
test_configs_that_are_none(void **state)
{
    static const char *const table[][2] = {
        {"{}", "*exactly one of*"},
        {"{ entity: { type: t } }", "*fields*"},
        {"{ entity: { type: t, fields: {}, values: {} } }", "*values*"},
        {"{ entity: { type: t, fields: {} }, file: { name: a, content: b } }", "*exactly one of*"},
        {"{ http: { url: x, method: GET } }", "*method*"},
        {"{ http: { json: {} } }", "*url*"},
        {"{ file: { name: a } }", "*content*"},
        {"{ entity: { type: t, fields: { a: '{{secrets.A}}' } } }", "*secret*"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const char *problem = conversation_problem("publish", table[i][0]);
        if (!conversation_is_like(problem, table[i][1]))
            fail_msg("%s: %s", table[i][0], problem);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept_here),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_configs_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
