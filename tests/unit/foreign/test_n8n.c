/* Expressions of n8n, as jq and as what cannot be translated. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "foreign/n8n.h"
#include "foreign/n8n_js.h"

#include <stdio.h>
#include <string.h>

struct heard {
    char text[4096];
};

static void
hear(const char *words, void *context)
{
    struct heard *heard = context;
    size_t size = strlen(heard->text);
    snprintf(heard->text + size, sizeof(heard->text) - size, "%s\n", words);
}

/* A workflow of a trigger and one set node with one field. */
static enum status
read_field(struct arena *arena, const char *field, struct value *flow, struct heard *heard)
{
    static const char file[] =
        "{\"name\":\"F\",\"nodes\":[{\"name\":\"S\",\"type\":\"n8n-nodes-base.manualTrigger\","
        "\"parameters\":{}},{\"name\":\"A b\",\"type\":\"n8n-nodes-base.set\",\"typeVersion\":2,"
        "\"parameters\":{\"keepOnlySet\":true,\"values\":{\"string\":[{\"name\":\"f\",\"value\":%s}"
        "]}}}],\"connections\":{\"S\":{\"main\":[[{\"node\":\"A b\",\"type\":\"main\",\"index\":0}"
        "]]}}}";
    struct value value;
    struct error error = {0};
    struct slice quoted = json_text(arena, value_text(field));
    const char *text = arena_format(arena, file, quoted.ptr);
    *heard = (struct heard){0};
    assert_int_equal(json_parse(&value, arena, slice_text(text), 0, NULL, &error), STATUS_OK);
    assert_true(n8n_is(value));
    struct n8n_wanted wanted = {.file = value, .note = hear, .context = heard};
    struct n8n_made made;
    enum status status = n8n_read(&made, &wanted, arena, &error);
    *flow = made.flow;
    return status;
}

static void
test_fields_become_templates(void **state)
{
    static const struct {
        const char *field, *want;
    } table[] = {
        {"plain", "plain"},
        {"a {{ b", "a {{= \"{{\" }} b"},
        {"={{ $json.a.b }}", "{{= .input.a.b }}"},
        {"=Dear {{ $json.name }}!", "Dear {{input.name}}!"},
        {"={{ $json['a b'] }}", "{{= .input[\"a b\"] }}"},
        {"={{ $('S').item.json.x }}", "{{= .input.x }}"},
        {"={{ $node[\"S\"].json[\"x\"] }}", "{{= .input.x }}"},
        {"={{ {a: {b: 1}} }}", "{{= ({\"a\": ({\"b\": 1})}) }}"},
        {"={{ $json.a === 1 ? 'x' : 'y' }}", "{{= if (.input.a == 1) then \"x\" else \"y\" end }}"},
        {"={{ `${$json.a}-${1}` }}", "{{= \"\\(.input.a)-\\(1)\" }}"},
        {"={{ $json.l.length }}", "{{= (.input.l | length) }}"},
        {"={{ $json.s.trim().toLowerCase() }}", "{{= ((.input.s | trim) | ascii_downcase) }}"},
        {"={{ $workflow.id }}", "{{= .run.workflow.id }}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct value flow;
        struct heard heard;
        arena_init(&arena, MIB(8));
        enum status status = read_field(&arena, table[i].field, &flow, &heard);
        struct value step = status == STATUS_OK ? value_items(value_get(flow, "steps"))[0] : flow;
        struct value fields = value_get(value_get(step, "config"), "fields");
        struct slice got = value_slice(value_get(fields, "f"));
        if (status != STATUS_OK || !slice_is(got, table[i].want))
            fail_msg("%s: %.*s\n%s", table[i].field, SLICE_FORMAT(got), heard.text);
        arena_done(&arena);
    }
}

static void
test_what_is_not_translated_says_why(void **state)
{
    static const struct {
        const char *field, *words;
    } table[] = {
        {"={{ $env }}", "the variable NAME of the workspace"},
        {"={{ $binary.data }}", "files do not stand in items"},
        {"={{ $('X').item.json.a }}", "there is no node \"X\""},
        {"={{ $('A b').item.json.a }}", "does not come before it"},
        {"={{ foo }}", "`foo` is not known here"},
        {"={{ $json.a.frobnicate() }}", "`frobnicate()` is not translated"},
        {"={{ 1 + }}", "a value is missing at its end"},
        {"={{ 'a }}", "a text is not closed"},
        {"={{ `a }}", "a template is not closed"},
        {"={{ /a }}", "a regular expression is not closed"},
        {"={{ if (1) 2 }}", "`if` is not read"},
        {"={{ (x, y) => x }}", "a function or a regular expression stands where a value should"},
        {"={{ a b }}", "expected its end in front of b"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct value flow;
        struct heard heard;
        arena_init(&arena, MIB(8));
        enum status status = read_field(&arena, table[i].field, &flow, &heard);
        if (status != STATUS_OK || strstr(heard.text, table[i].words) == NULL ||
            strstr(heard.text, "A b (set): carried with changes as step a_b") == NULL)
            fail_msg("%s: %s", table[i].field, heard.text);
        arena_done(&arena);
    }
}

static void
test_javascript_has_limits(void **state)
{
    struct arena arena;
    struct buffer text;
    const char *why = NULL;
    arena_init(&arena, MIB(64));
    buffer_init(&text, MIB(1));
    for (int i = 0; i < 10000; i++)
        buffer_append_text(&text, "(");
    assert_null(js_parse(&arena, buffer_slice(&text), &why));
    assert_string_equal(why, "it is too deeply nested");
    buffer_clear(&text);
    for (int i = 0; i < 10000; i++)
        buffer_append_text(&text, "a+");
    buffer_append_text(&text, "a");
    assert_null(js_parse(&arena, buffer_slice(&text), &why));
    assert_string_equal(why, "it is too long");
    assert_non_null(js_parse(&arena, SLICE("a /* b */ + c // d"), &why));
    assert_null(why);
    buffer_done(&text);
    arena_done(&arena);
}

static void
test_programs_are_read(void **state)
{
    static const struct {
        const char *text, *why;
    } table[] = {
        {"const a = 1; return a", NULL},
        {"for (const x of items) { x.json.a = 1 } return items;", NULL},
        {"", "there is nothing in it"},
        {"while (1) {}", "`while` is not read"},
        {"f(1)", "a statement does something else than to set a value"},
        {"for (let i = 0; i < 1; i++) {}", "only `for (const x of list)` is read"},
        {"const = 1", "expected a name in front of ="},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        const char *why = NULL;
        arena_init(&arena, MIB(1));
        const struct js *js = js_parse_program(&arena, slice_text(table[i].text), &why);
        bool is_good = table[i].why == NULL
                           ? js != NULL && why == NULL
                           : js == NULL && why != NULL && strcmp(why, table[i].why) == 0;
        if (!is_good)
            fail_msg("%s: %s", table[i].text, why == NULL ? "read" : why);
        arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_become_templates),
        cmocka_unit_test(test_what_is_not_translated_says_why),
        cmocka_unit_test(test_javascript_has_limits),
        cmocka_unit_test(test_programs_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
