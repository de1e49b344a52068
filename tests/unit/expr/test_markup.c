#include "base/json.h"
#include "base/limits.h"
#include "expr/markup.h"
#include "test.h"

#include <string.h>

static const char root_text[] =
    "{\"item\":{\"name\":\"A*B [x]\",\"list\":[1,\"b|c\"],\"deep\":{\"a\":[{}]},\"n\":-1234567.5,"
    "\"year\":1847,\"lines\":\"one\\n\\ntwo\",\"none\":null,\"html\":\"<b>&amp;\",\"dash\":\"- x\","
    "\"point\":\"12. x\"},"
    "\"steps\":{\"facts\":{\"capital\":\"Paris\",\"area\":5,\"citations\":["
    "{\"field\":\"capital\",\"quote\":\"Capital: Paris\",\"digest\":\"d1\",\"start\":3},"
    "{\"field\":\"area\",\"quote\":\"5 km\",\"digest\":\"d1\",\"start\":30},"
    "{\"field\":\"area\",\"quote\":\"five\",\"digest\":\"d2\",\"start\":1}]},"
    "\"memo\":{\"text\":\"First. Second.\",\"citations\":["
    "{\"field\":\"text\",\"quote\":\"Second.\",\"digest\":\"d1\",\"start\":50},"
    "{\"field\":null,\"quote\":\"First.\",\"digest\":\"d1\",\"start\":3},"
    "{\"field\":\"text\",\"quote\":\"elsewhere\",\"digest\":\"d9\",\"start\":3}]}},"
    "\"rows\":[{\"item\":{\"name\":\"x\",\"tags\":[\"p\",\"q\"]}},"
    "{\"item\":{\"name\":\"y\",\"tags\":[]}}]}";

struct world {
    struct arena arena;
    struct expr_machine *machine;
    struct value root;
};

static void
world_init(struct world *world)
{
    arena_init(&world->arena, MIB(64));
    world->machine = expr_machine_new(expr_budget_default());
    assert_int_equal(json_parse(&world->root, &world->arena, slice_text(root_text), 0, NULL, NULL),
                     STATUS_OK);
}

static void
world_done(struct world *world)
{
    expr_machine_free(&world->machine);
    arena_done(&world->arena);
}

/* The page, or "!" and words. */
static const char *
render(struct world *world, const char *text, struct value *citations)
{
    struct markup *markup = NULL;
    struct expr_problem problem;
    struct expr_failure failure;
    struct markup_page page;
    if (markup_compile(&markup, &world->arena, slice_text(text), &problem) != STATUS_OK)
        return arena_format(&world->arena, "!%zu %s", problem.offset, problem.words);
    buffer_init(&page.text, LIMIT_VALUE_BYTES);
    enum status status =
        markup_render(world->machine, markup, world->root, &world->arena, &page, &failure);
    const char *got = status == STATUS_OK ? arena_format(&world->arena, "%.*s",
                                                         SLICE_FORMAT(buffer_slice(&page.text)))
                                          : arena_format(&world->arena, "!%s", failure.words);
    if (citations != NULL)
        *citations = page.citations;
    buffer_done(&page.text);
    return got;
}

struct row {
    const char *text, *want;
};

static void
check_rows(const struct row *rows, size_t count)
{
    struct world world;
    world_init(&world);
    for (size_t i = 0; i < count; i++) {
        const char *got = render(&world, rows[i].text, NULL);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s: got \"%s\", want \"%s\"", rows[i].text, got, rows[i].want);
    }
    world_done(&world);
}

static void
test_values(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {"plain *text*\n", "plain *text*\n"},
        {"{{item.name}}", "A\\*B \\[x\\]"},
        {"{{{item.name}}}", "A*B [x]"},
        {"{{{= .item.deep}}}", "{\"a\":[{}]}"},
        {"{{= {a: {b: 1}} }}", "\\{\"a\":\\{\"b\":1\\}\\}"},
        {"<{{item.none}}{{item.missing.deeper}}>", "<>"},
        {"{{item.list}}", "1, b\\|c"},
        {"{{item.lines}}", "one  two"},
        {"{{{item.lines}}}", "one\n\ntwo"},
        {"{{item.html}}", "\\<b\\>\\&amp;"},
        {"{{item.dash}}|{{item.point}}", "\\- x|12\\. x"},
        {"{{number item.n}} {{number item.year}} {{number item.name}} {{number item.none}}",
         "-1,234,567.5 1,847 A\\*B \\[x\\] "},
        {"{{= .item.name | ascii_downcase }}", "a\\*b \\[x\\]"},
        {"{{= \"}}\" }}", "\\}\\}"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void
test_structure(void **state)
{
    static const struct row rows[] = {
        {"{{#each rows as row}}{{row.item.name}};{{/each}}", "x;y;"},
        {"{{#each = [range(3)] }}{{this}}{{/each}}", "012"},
        {"{{#each = .rows | map(.item) as $all | $all }}{{this.name}}{{/each}}", "xy"},
        {"{{#each item.none}}a{{else}}none{{/each}}", "none"},
        {"{{#each rows as r}}{{#each r.item.tags as t}}{{r.item.name}}{{t}}{{else}}-{{/each}}"
         "{{/each}}",
         "xpxq-"},
        {"{{#if item.none}}a{{else if item.n}}b{{else}}c{{/if}}", "b"},
        {"{{#if = .item.year > 1900}}a{{else if = .item.year > 1800 }}b{{else}}c{{/if}}", "b"},
        {"{{#if item.none}}a{{else if item.none}}b{{else if item.none}}d{{else}}c{{/if}}|", "c|"},
        {"{{#if item.none}}a{{/if}}|", "|"},
        {"| a |\n| - |\n{{#each rows as r}}\n| {{r.item.name}} |\n{{/each}}\nend\n",
         "| a |\n| - |\n| x |\n| y |\nend\n"},
        {"a\n  {{! a remark = \"}\n  }}  \nb", "a\nb"},
        {"a {{#if item.n}} b {{/if}} c", "a  b  c"},
        {"{{#if item.n}}\nx\n{{/if}}", "x\n"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void
test_refusals(void **state)
{
    static const struct row rows[] = {
        {"a {{item.name", "!2 the {{ here has no }}"},
        {"a {{{item.name}}", "!2 the {{{ here has no }}}"},
        {"{{}}", "!0 expected a path, or = and an expression"},
        {"{{#each rows}}x", "!0 the {{#each}} here has no {{/each}}"},
        {"{{#each rows}}x{{/if}}", "!15 expected {{/each}}"},
        {"{{#if item}}x{{else}}y{{else}}z{{/if}}", "!22 expected {{/if}}"},
        {"{{#each rows}}x{{else if item}}y{{/each}}", "!15 expected {{/each}}"},
        {"x{{/if}}", "!1 nothing is open that this could end"},
        {"x{{else}}", "!1 nothing is open that this could end"},
        {"{{#while x}}", "!0 expected {{#each …}} or {{#if …}}"},
        {"{{#each rows as item}}{{/each}}", "!16 item has a meaning already: use another name"},
        {"{{cited item}}", "!8 expected a path such as steps.facts.capital"},
        {"{{cite = .a.b}}", "!7 expected a path such as steps.facts.capital"},
        {"{{#each item.year}}x{{/each}}", "!{{#each}} needs a list"},
        {"{{= error(\"why\") }}", "!why"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void
test_an_expression_error_has_its_place(void **state)
{
    struct world world;
    world_init(&world);
    const char *got = render(&world, "abc {{= 1 + }}", NULL);
    assert_memory_equal(got, "!11 ", 4);
    world_done(&world);
}

static void
test_citations(void **state)
{
    struct world world;
    struct value citations;
    world_init(&world);
    assert_string_equal(render(&world,
                               "{{cited steps.facts.area}} {{cited steps.facts.capital}} "
                               "{{cite steps.facts.area}} {{cited item.name}}",
                               &citations),
                        "5[@1][@2] Paris[@3] [@1][@2] A\\*B \\[x\\]");
    assert_int_equal(citations.count, 3);
    assert_true(
        slice_is(value_slice(value_get(citations.array->items[2], "quote")), "Capital: Paris"));
    assert_string_equal(render(&world, "{{cited steps.memo.text}}", &citations),
                        "First.[@1] Second.[@2][@3]");
    assert_int_equal(citations.count, 3);
    world_done(&world);
}

static void
note_path(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    struct buffer *out = context;
    for (size_t i = 0; i < count; i++)
        buffer_append_format(out, "%s%.*s", i > 0 ? "." : "", SLICE_FORMAT(names[i]));
    buffer_append_format(out, "@%zu ", source_offset);
}

static void
test_names_of_loops_are_no_roots(void **state)
{
    struct world world;
    struct markup *markup = NULL;
    struct expr_problem problem;
    struct buffer out;
    world_init(&world);
    buffer_init(&out, KIB(4));
    const char *text = "{{#each rows as r}}{{r.x}}{{item.y}}{{else}}{{r.z}}{{/each}}{{this.a}}";
    assert_int_equal(markup_compile(&markup, &world.arena, slice_text(text), &problem), STATUS_OK);
    markup_each_root_path(markup, note_path, &out);
    buffer_append_byte(&out, '\0');
    assert_string_equal(out.ptr, "rows@8 item.y@28 r.z@46 this.a@62 ");
    buffer_done(&out);
    world_done(&world);
}

static void
test_depth_and_size_are_limited(void **state)
{
    struct world world;
    struct buffer text;
    world_init(&world);
    buffer_init(&text, MIB(1));
    for (size_t i = 0; i < 40; i++)
        buffer_append_text(&text, "{{#if item}}");
    buffer_append_byte(&text, '\0');
    assert_string_equal(render(&world, text.ptr, NULL),
                        "!384 more than 32 loops and conditions inside each other");
    assert_string_equal(render(&world,
                               "{{#each = [range(2000)] as a}}{{#each = [range(2000)] as b}}"
                               "12345678{{/each}}{{/each}}",
                               NULL),
                        "!the text becomes too large");
    buffer_done(&text);
    world_done(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_an_expression_error_has_its_place),
        cmocka_unit_test(test_citations),
        cmocka_unit_test(test_names_of_loops_are_no_roots),
        cmocka_unit_test(test_depth_and_size_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
