/* What `document` asks to be made, of an item and of a table. */
#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "conversation.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define ROOT                                                                                       \
    "{\"input\":{},\"item\":{\"name\":\"A*B\",\"x\":5,\"facts\":{\"x\":5,"                         \
    "\"citations\":[{\"number\":7,\"field\":\"x\",\"title\":\"Page\",\"quote\":\"x is 5\","        \
    "\"document\":\"a.md\",\"url\":null,\"start\":1,\"end\":7,\"digest\":\"d\","                   \
    "\"verified\":true,\"confidence\":0.5,\"source\":1}]}},\"steps\":{},"                          \
    "\"run\":{\"createdAt\":\"2026-11-21T07:00:00.000Z\"},\"vars\":{}}"
#define DATE "\"date\":1795244400000"

static void
test_of_an_item(void **state)
{
    static const struct {
        const char *config, *asked, *made;
    } table[] = {
        {"{ format: docx, template: 'Dear {{item.name}}' }",
         "{\"request\":{\"markdown\":\"Dear A\\\\*B\",\"citations\":[]," DATE
         "},\"options\":{\"format\":\"docx\"},\"name\":null,\"version\":1}",
         "{\"file\":\"it.docx\",\"kind\":\"render\",\"options\":{\"format\":\"docx\"},\"type\":"
         "\"application/vnd.openxmlformats-officedocument.wordprocessingml.document\",\"input\":"
         "\"{\\\"markdown\\\":\\\"Dear A\\\\\\\\*B\\\",\\\"citations\\\":[],\\\"date\\\":"
         "1795244400000}\"}"},
        {"{ format: pdf, per: item, name: '{{item.name}}.pdf', template: 'x{{! y }}', paper: "
         "letter, "
         "contents: true, title: 'T {{item.x}}', subtitle: s, author: a, language: de }",
         "{\"request\":{\"markdown\":\"x\",\"citations\":[]," DATE
         ",\"title\":\"T 5\",\"subtitle\":\"s\",\"author\":\"a\",\"language\":\"de\"},\"options\":"
         "{\"format\":\"pdf\",\"paper\":\"letter\",\"toc\":true},\"name\":\"A*B.pdf\","
         "\"version\":1}",
         NULL},
        {"{ format: md, template: '{{cited .item.facts.x}}' }", NULL, NULL},
        {"{ format: html, template: '{{cited item.facts.x}}' }",
         "{\"request\":{\"markdown\":\"5[@1]\",\"citations\":[{\"number\":1,\"title\":\"Page\","
         "\"quote\":\"x is 5\",\"document\":\"a.md\",\"verified\":true}]," DATE
         "},\"options\":{\"format\":\"html\"},\"name\":null,\"version\":1}",
         NULL},
        {"{ format: md, template: '{{= error(\"why\") }}' }", "expression_failed: template: why",
         NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        if (table[i].asked == NULL) {
            assert_true(conversation_is_like(conversation_problem("document", table[i].config),
                                             "template: *"));
            continue;
        }
        conversation_open(&talk, "document", table[i].config, ROOT);
        const char *asked = conversation_begin(&talk);
        if (strcmp(asked, table[i].asked) != 0)
            fail_msg("%s: got %s, want %s", table[i].config, asked, table[i].asked);
        if (table[i].made != NULL)
            assert_string_equal(conversation_answer(&talk, 0, NULL), table[i].made);
        conversation_close(&talk);
    }
}

static void
test_pictures(void **state)
{
    static const struct made_up documents[] = {
        {"a.png", "\x89PNG\r\n\x1A\n....", NULL}, {"b.txt", "words", NULL}, {NULL, NULL, NULL}};
    static const struct {
        const char *config, *want;
    } table[] = {
        {"{ format: md, template: 'x{{! }}', images: { 'logo.png': '{{item.name}}' } }",
         "no_file: there is no A*B"},
        {"{ format: md, template: 'x{{! }}', images: { 'logo.png': b.txt } }",
         "bad_file: images: b.txt is neither PNG nor JPEG"},
        {"{ format: md, template: 'x{{! }}', images: { 'logo.png': a.png } }",
         "*\\\"images\\\":[{\\\"name\\\":\\\"logo.png\\\",\\\"type\\\":\\\"image/"
         "png\\\",\\\"base64\\\":\\\"iVBORw0KGgouLi4u\\\"}]*"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, "document", table[i].config, ROOT);
        talk.documents = documents;
        conversation_begin(&talk);
        const char *got = conversation_answer(&talk, 0, NULL);
        if (!conversation_is_like(got, table[i].want))
            fail_msg("%s: got %s", table[i].config, got);
        conversation_close(&talk);
    }
}

struct table_scene {
    struct scene scene;
    struct sink_book *book;
    struct buffer out;
    struct error error;
};

static void
table_open(struct table_scene *table, const char *config)
{
    char workflow[1024];
    *table = (struct table_scene){0};
    snprintf(workflow, sizeof(workflow),
             "name: one\nsteps:\n  - { id: rows, type: read_csv, config: { file: f } }\n"
             "  - { id: it, type: document, config: %s }\n",
             config);
    scene_open(&table->scene, workflow, "it", ROOT);
    struct sink_start start = {.node = table->scene.scope.node, .scope = &table->scene.scope};
    table->book = table->scene.type->sink_open(&start);
    buffer_init(&table->out, MIB(64));
}

static void
table_close(struct table_scene *table)
{
    table->scene.type->sink_close(&table->book);
    buffer_done(&table->out);
    scene_close(&table->scene);
}

static void
test_of_a_table(void **state)
{
    struct table_scene table;
    struct value row;
    struct step_conversion how;
    table_open(&table, "{ per: table, format: pdf, title: 'n {{run.generation}}', template: "
                       "'{{#each rows as r}}{{r.item.name}} {{cited r.item.facts.x}}; {{/each}}' "
                       "}");
    const struct step_type *type = table.scene.type;
    assert_true(type->sink_row(&table.scene.scope, &row, &table.scene.failure));
    for (int i = 0; i < 2; i++)
        assert_int_equal(type->sink_add(table.book, row, &table.out, &table.error), STATUS_OK);
    assert_int_equal(table.out.size, 0);
    assert_int_equal(type->sink_end(table.book, &table.out, &table.error), STATUS_OK);
    buffer_append_byte(&table.out, '\0');
    assert_string_equal(table.out.ptr,
                        "{\"markdown\":\"A\\\\*B 5[@1]; A\\\\*B 5[@1]; \",\"citations\":["
                        "{\"number\":1,\"title\":\"Page\",\"quote\":\"x is 5\",\"document\":"
                        "\"a.md\",\"verified\":true}]," DATE ",\"title\":\"n \"}");
    assert_int_equal(
        type->sink_convert(table.scene.scope.node, &table.scene.arena, &how, &table.error),
        STATUS_OK);
    assert_string_equal(how.kind, "render");
    assert_string_equal(scene_text(&table.scene, how.options), "{\"format\":\"pdf\"}");
    assert_string_equal(type->sink_form(table.scene.scope.node).ending, "pdf");
    table_close(&table);
}

static void
test_a_table_has_its_limit(void **state)
{
    struct table_scene table;
    enum status status = STATUS_OK;
    size_t count = 0;
    table_open(&table, "{ per: table, format: md, template: '{{= error(\"why\") }}' }");
    const struct step_type *type = table.scene.type;
    for (; status == STATUS_OK && count < 30000; count++)
        status = type->sink_add(table.book, value_int(1), &table.out, &table.error);
    assert_int_equal(status, STATUS_LIMIT);
    assert_int_equal(count, 20001);
    assert_non_null(strstr(table.error.text, "at most 20000 rows"));
    assert_int_equal(type->sink_end(table.book, &table.out, &table.error), STATUS_INVALID);
    assert_string_equal(table.error.text, "template: why");
    table_close(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_an_item),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_of_a_table),
        cmocka_unit_test(test_a_table_has_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
