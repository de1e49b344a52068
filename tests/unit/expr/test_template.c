#include "base/json.h"
#include "expr/template.h"
#include "test.h"

#include <string.h>

#define ARENA_BYTES ((size_t)32 * 1024 * 1024)

static const char root_text[] =
    "{\"item\":{\"name\":\"Ada\",\"GICS Sector\":\"IT\",\"names\":[\"x\",\"y\"],\"n\":1.10,"
    "\"a-b\":{\"c_d\":true}},\"steps\":{\"research\":{\"fit\":0.75,\"list\":[1,{\"a\":2}]}},"
    "\"vars\":{\"none\":null}}";

static void
parse(struct value *out, struct arena *arena, const char *text)
{
    assert_int_equal(json_parse(out, arena, slice_text(text), 0, NULL, NULL), STATUS_OK);
}

static void
test_rendering(void **state)
{
    static const struct {
        const char *tree;
        const char *want; /* as JSON, or "!" and the words */
    } rows[] = {
        {"\"plain\"", "\"plain\""},
        {"\"\"", "\"\""},
        {"1.50", "1.50"},
        {"\"{{item.name}}\"", "\"Ada\""},
        {"\"{{ item.name }}\"", "\"Ada\""},
        {"\"{{steps.research.fit}}\"", "0.75"},
        {"\"{{steps.research.list}}\"", "[1,{\"a\":2}]"},
        {"\"{{item}}\"", "{\"name\":\"Ada\",\"GICS Sector\":\"IT\",\"names\":[\"x\",\"y\"],"
                         "\"n\":1.10,\"a-b\":{\"c_d\":true}}"},
        {"\"Dear {{item.name}}, {{item.n}} {{steps.research.list}}{{vars.none}}!\"",
         "\"Dear Ada, 1.10 [1,{\\\"a\\\":2}]!\""},
        {"\"{{item[\\\"GICS Sector\\\"]}} {{item.GICS Sector}}\"", "\"IT IT\""},
        {"\"{{item.names[0]}}{{item.names[-1]}}\"", "\"xy\""},
        {"\"{{item.a-b.c_d}}\"", "true"},
        {"\"{{item.missing}}\"", "null"},
        {"\"<{{item.missing.deeper}}>\"", "\"<>\""},
        {"\"{{= .item.name | ascii_upcase }}\"", "\"ADA\""},
        {"\"{{= {a: {b: 1}}}}\"", "{\"a\":{\"b\":1}}"},
        {"\"{{= \\\"}}\\\" }}\"", "\"}}\""},
        {"\"{{= \\\"a\\\\(\\\"}}\\\")b\\\" }} c\"", "\"a}}b c\""},
        {"\"{{= 1 # }} no end\\n}}\"", "1"},
        {"\"{{= \\\"{{\\\" }} and }}\"", "\"{{ and }}\""},
        {"{\"{{not}}\":[\"{{item.name}}\",{\"x\":\"a{{item.n}}\"},null,7]}",
         "{\"{{not}}\":[\"Ada\",{\"x\":\"a1.10\"},null,7]}"},
        {"[[\"no\"],{\"a\":true}]", "[[\"no\"],{\"a\":true}]"},
        {"\"{{= empty }}\"", "!the expression gives no value"},
        {"\"x{{= 1,2 }}\"", "!the expression gives more than one value"},
        {"\"{{item.name.first}}\"", "!Cannot index string with string \"first\""},
        {"\"{{= error(\\\"why\\\") }}\"", "!why"},
        {"{\"a\":1,\"b\":[{\"c\":\"{{= empty }}\"}]}", "!b: c: the expression gives no value"},
        {"\"{{= def f: f; f }}\"", "!the expression takes too many steps"},
    };
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct value tree;
        struct value root;
        struct value out;
        struct template *template = NULL;
        struct expr_problem problem;
        struct expr_failure failure;
        arena_init(&arena, ARENA_BYTES);
        parse(&tree, &arena, rows[i].tree);
        parse(&root, &arena, root_text);
        if (template_compile(&template, &arena, tree, &problem, NULL) != STATUS_OK)
            fail_msg("%s: %s", rows[i].tree, problem.words);
        enum status status = template_render(machine, template, root, &arena, &out, &failure);
        const char *got = arena_format(&arena, "!%s", failure.words);
        if (status == STATUS_OK)
            got = json_text(&arena, out).ptr;
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s: got %s, want %s", rows[i].tree, got, rows[i].want);
        arena_done(&arena);
    }
    expr_machine_free(&machine);
}

static void
test_problems_are_placed(void **state)
{
    static const struct {
        const char *tree;
        enum status status;
        size_t offset;
        const char *where;
        const char *words;
    } rows[] = {
        {"\"a {{item.name\"", STATUS_INVALID, 2, "", "the {{ here has no }}"},
        {"\"a {{}}\"", STATUS_INVALID, 4, "", "expected a path, such as item.name"},
        {"\"{{ }}\"", STATUS_INVALID, 2, "", "expected a path, such as item.name"},
        {"\"{{.item}}\"", STATUS_INVALID, 2, "",
         "a path begins with a name, without a dot (or write {{= … }})"},
        {"\"{{item | length}}\"", STATUS_INVALID, 7, "",
         "| cannot stand in a path: write {{= … }} for an expression, or [\"name\"] for such a "
         "name"},
        {"\"{{item..x}}\"", STATUS_INVALID, 7, "", "expected a name"},
        {"\"{{item[x]}}\"", STATUS_INVALID, 7, "",
         "expected a whole number or a \"name\" between [ and ]"},
        {"\"{{item[0}}\"", STATUS_INVALID, 7, "", "the [ before this has no ]"},
        {"\"{{item[0]x}}\"", STATUS_INVALID, 9, "", "expected . or [ here"},
        {"{\"a\":[1,{\"b/c\":\"ok {{= .x | lenght }}\"}]}", STATUS_INVALID, 12, "/a/1/b~1c",
         "unknown function lenght: did you mean length?"},
        {"[\"{{= input }}\"]", STATUS_UNSUPPORTED, 4, "/0",
         "input is not available: an expression has one input, which is `.`"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct value tree;
        struct template *template = NULL;
        struct expr_problem problem;
        struct slice where;
        arena_init(&arena, ARENA_BYTES);
        parse(&tree, &arena, rows[i].tree);
        enum status status = template_compile(&template, &arena, tree, &problem, &where);
        if (status != rows[i].status || problem.offset != rows[i].offset ||
            !slice_is(where, rows[i].where) || strcmp(problem.words, rows[i].words) != 0)
            fail_msg("%s: %s at %zu of %.*s: %s", rows[i].tree, status_name(status), problem.offset,
                     SLICE_FORMAT(where), problem.words);
        assert_null(template);
        arena_done(&arena);
    }
}

static void
note_path(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    struct buffer *text = context;
    if (text->size > 0)
        buffer_append_byte(text, ' ');
    buffer_append_format(text, "%zu", source_offset);
    for (size_t i = 0; i < count; i++) {
        buffer_append_byte(text, '.');
        buffer_append_slice(text, names[i]);
    }
}

static void
test_root_paths_and_constants(void **state)
{
    static const struct {
        const char *tree;
        bool is_constant;
        const char *want;
    } rows[] = {
        {"\"plain\"", true, ""},
        {"[1,{\"a\":\"b\"}]", true, ""},
        {"\"{{= 1 + 1 }}\"", true, ""},
        {"\"x {{steps.a.b}}\"", false, "4.steps.a.b"},
        {"\"x {{= .steps.a.b + .item.c }}\"", false, "6.steps.a.b 19.item.c"},
        {"{\"a\":[\"{{item.x}}\"],\"b\":\"{{= . }}\"}", false, "2.item.x 3"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct buffer text;
        struct value tree;
        struct template *template = NULL;
        struct expr_problem problem;
        arena_init(&arena, ARENA_BYTES);
        buffer_init(&text, ARENA_BYTES);
        parse(&tree, &arena, rows[i].tree);
        assert_int_equal(template_compile(&template, &arena, tree, &problem, NULL), STATUS_OK);
        template_each_root_path(template, note_path, &text);
        if (!slice_is(buffer_slice(&text), rows[i].want))
            fail_msg("%s: %.*s", rows[i].tree, SLICE_FORMAT(buffer_slice(&text)));
        assert_int_equal(template_is_constant(template), rows[i].is_constant);
        buffer_done(&text);
        arena_done(&arena);
    }
}

static void
test_an_expression_as_template(void **state)
{
    struct arena arena;
    struct template *template = NULL;
    struct expr_problem problem;
    struct expr_failure failure;
    struct value out;
    arena_init(&arena, ARENA_BYTES);
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    assert_int_equal(
        template_compile_expression(&template, &arena, SLICE("[1, 2] | add"), &problem), STATUS_OK);
    assert_true(template_is_constant(template));
    assert_int_equal(template_render(machine, template, value_null(), &arena, &out, &failure),
                     STATUS_OK);
    assert_int_equal(out.integer, 3);
    assert_int_equal(template_compile_expression(&template, &arena, SLICE("[1"), &problem),
                     STATUS_INVALID);
    assert_null(template);
    assert_int_equal(problem.offset, 2);
    expr_machine_free(&machine);
    arena_done(&arena);
}

static void
note_secret(struct slice name, size_t offset, void *context)
{
    struct buffer *text = context;
    buffer_append_format(text, "%.*s@%zu ", SLICE_FORMAT(name), offset);
}

static void
test_secrets_render_to_marks_and_are_told(void **state)
{
    struct arena arena;
    struct template *template = NULL;
    struct expr_problem problem;
    struct expr_failure failure;
    struct value out, tree;
    struct buffer text;
    arena_init(&arena, ARENA_BYTES);
    buffer_init(&text, 1024);
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    parse(&tree, &arena,
          "[\"{{secrets.A}}\",{\"k\":\"x {{ secrets.B-2 }}{{item}}\"},\"{{x.secrets.C}}\"]");
    assert_int_equal(template_compile(&template, &arena, tree, &problem, NULL), STATUS_OK);
    template_each_secret(template, note_secret, &text);
    assert_true(slice_is(buffer_slice(&text), "A@10 B-2@13 "));
    parse(&tree, &arena, "{\"item\":1}");
    assert_int_equal(template_render(machine, template, tree, &arena, &out, &failure), STATUS_OK);
    const struct value *items = value_items(out);
    assert_true(slice_is(value_slice(items[0]), "\xFF"
                                                "A\xFE"));
    assert_true(slice_is(value_slice(value_get(items[1], "k")), "x \xFF"
                                                                "B-2\xFE"
                                                                "1"));
    assert_int_equal(items[2].kind, VALUE_NULL);
    expr_machine_free(&machine);
    buffer_done(&text);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rendering),
        cmocka_unit_test(test_problems_are_placed),
        cmocka_unit_test(test_root_paths_and_constants),
        cmocka_unit_test(test_an_expression_as_template),
        cmocka_unit_test(test_secrets_render_to_marks_and_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
