/* Sinks: the row of an item, and its text in the file. */
#include "scene.h"
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "steps/table.h"

#include <stdio.h>

#define ROWS "name: sinks\nsteps:\n  - { id: rows, type: read_csv, config: { file: x.csv } }\n"
#define SUM "  - { id: sum, type: transform, config: { expression: .item.a } }\n"
#define SET "  - { id: s, type: set, config: { fields: { x: 1 } } }\n"
#define CUT "  - { id: cut, type: remove_columns, config: { columns: [b] } }\n"
#define CUT_TOO "  - { id: too, type: remove_columns, config: { columns: [a, none] } }\n"
#define KEEP "  - { id: keep, type: filter, config: { where: 'true' } }\n"
#define ASK "  - { id: ask, type: http_request, config: { url: 'http://a.example' } }\n"
#define REST "  - { id: rest, type: wait, config: { for: 1ms } }\n"
#define STEP(id) "  - { id: " id ", type: transform, config: { expression: '7' } }\n"
#define TAP "  - { id: tap, type: write_csv }\n"
#define OUT "  - { id: out, type: write_csv }\n"
#define ITEM "\"item\":{\"a\":\"1\",\"b\":\"2\",\"c\":null}"

static const char *
row_of(struct scene *scene)
{
    struct value row = {0};
    if (scene->type->sink_row(&scene->scope, &row, &scene->failure))
        return scene_text(scene, row);
    return arena_format(&scene->arena, "%s: %s", scene->failure.code, scene->failure.words);
}

static void
test_default_rows_are_the_item_and_the_outputs(void **state)
{
    static const struct {
        const char *label, *workflow, *root, *row;
    } table[] = {
        {"the item alone", ROWS OUT, "{" ITEM ",\"steps\":{}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null}"},
        {"outputs, flattened one level", ROWS SUM SET OUT,
         "{" ITEM ",\"steps\":{\"sum\":5,\"s\":{\"x\":1,\"y\":{\"z\":[2]}}}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null,\"sum\":5,\"s.x\":1,\"s.y\":{\"z\":[2]}}"},
        {"lists and nulls stay whole", ROWS SUM SET OUT,
         "{" ITEM ",\"steps\":{\"sum\":[{\"x\":1}],\"s\":null}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null,\"sum\":[{\"x\":1}],\"s\":null}"},
        {"an empty object adds nothing", ROWS SUM OUT, "{" ITEM ",\"steps\":{\"sum\":{}}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null}"},
        {"a skipped step adds nothing", ROWS SUM SET OUT, "{" ITEM ",\"steps\":{\"s\":{\"x\":1}}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null,\"s.x\":1}"},
        {"removed columns", ROWS CUT SUM OUT,
         "{" ITEM ",\"steps\":{\"cut\":{\"a\":\"1\",\"c\":null},\"sum\":5}}",
         "{\"a\":\"1\",\"c\":null,\"sum\":5}"},
        {"columns removed twice", ROWS CUT CUT_TOO OUT,
         "{" ITEM ",\"steps\":{\"cut\":{},\"too\":{}}}", "{\"c\":null}"},
        {"a skipped removal", ROWS CUT OUT, "{" ITEM ",\"steps\":{}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null}"},
        {"filters and waits have no output", ROWS KEEP REST SUM OUT,
         "{" ITEM ",\"steps\":{\"keep\":null,\"rest\":null,\"sum\":5}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null,\"sum\":5}"},
        {"taps have none", ROWS TAP SUM "  - { id: out, type: write_csv }\n",
         "{" ITEM ",\"steps\":{\"tap\":{\"file\":\"x\",\"rows\":1},\"sum\":5}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null,\"sum\":5}"},
        {"answers", ROWS ASK OUT, "{" ITEM ",\"steps\":{\"ask\":{\"status\":200,\"body\":\"x\"}}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null,\"ask.status\":200,\"ask.body\":\"x\"}"},
        {"steps outside the table are left out",
         "name: sinks\nsteps:\n" SET
         "  - { id: rows, type: read_csv, config: { file: x.csv } }\n" SUM OUT,
         "{" ITEM ",\"steps\":{\"s\":{\"x\":1},\"sum\":5}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null,\"sum\":5}"},
        {"a column named as a step is put under item", ROWS STEP("b") OUT,
         "{" ITEM ",\"steps\":{\"b\":7}}", "{\"a\":\"1\",\"item.b\":\"2\",\"c\":null,\"b\":7}"},
        {"whatever the step gave to this row", ROWS STEP("b") OUT, "{" ITEM ",\"steps\":{}}",
         "{\"a\":\"1\",\"item.b\":\"2\",\"c\":null}"},
        {"a column named as a member of a step", ROWS SET OUT,
         "{\"item\":{\"s.x\":1,\"sx\":2,\"s\":3,\".s\":4,\"\":5},\"steps\":{\"s\":{\"x\":6}}}",
         "{\"item.s.x\":1,\"sx\":2,\"item.s\":3,\".s\":4,\"\":5,\"s.x\":6}"},
        {"a column named as one that was renamed", ROWS STEP("b") OUT,
         "{\"item\":{\"b\":1,\"item.b\":2,\"item.item.b\":3,\"item.c\":4},\"steps\":{\"b\":7}}",
         "{\"item.b\":1,\"item.item.b\":2,\"item.item.item.b\":3,\"item.c\":4,\"b\":7}"},
        {"a step named item", ROWS STEP("item") STEP("b") OUT,
         "{\"item\":{\"b\":1,\"item.x\":2,\"item\":3},\"steps\":{\"item\":{\"b\":8},\"b\":7}}",
         "{\"item-.b\":1,\"item-.item.x\":2,\"item-.item\":3,\"item.b\":8,\"b\":7}"},
        {"a filter takes no name", ROWS KEEP OUT,
         "{\"item\":{\"keep\":1},\"steps\":{\"keep\":null}}", "{\"keep\":1}"},
        {"nor a step behind the sink", ROWS OUT STEP("b"), "{" ITEM ",\"steps\":{}}",
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null}"},
        {"columns are removed by their own names", ROWS CUT STEP("b") OUT,
         "{" ITEM ",\"steps\":{\"cut\":{},\"b\":7}}", "{\"a\":\"1\",\"c\":null,\"b\":7}"},
        {"no item", "name: sinks\nsteps:\n" SUM OUT, "{\"item\":null,\"steps\":{\"sum\":5}}",
         "{\"sum\":5}"},
        {"an item that is no object", "name: sinks\nsteps:\n" SUM OUT,
         "{\"item\":[1],\"steps\":{\"sum\":5}}", "{\"item\":[1],\"sum\":5}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        scene_open(&scene, table[i].workflow, "out", table[i].root);
        const char *row = row_of(&scene);
        if (strcmp(row, table[i].row) != 0)
            fail_msg("%s: %s", table[i].label, row);
        scene_close(&scene);
    }
}

static void
test_columns_make_the_row(void **state)
{
    static const char *const types[] = {"write_csv", "write_jsonl"};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct scene scene;
        char workflow[512];
        snprintf(workflow, sizeof(workflow),
                 ROWS SUM "  - id: out\n    type: %s\n    config:\n      columns: { z: "
                          "'{{item.a}}!', n: '{{steps.sum}}', none: '{{item.c}}', l: [1] }\n",
                 types[i]);
        scene_open(&scene, workflow, "out", "{" ITEM ",\"steps\":{\"sum\":1.10}}");
        assert_true(scene.type->sink_is_declared(scene.scope.node));
        assert_string_equal(row_of(&scene), "{\"z\":\"1!\",\"n\":1.10,\"none\":null,\"l\":[1]}");
        scene_close(&scene);
    }
}

static void
test_a_column_that_cannot_be_rendered_fails(void **state)
{
    struct scene scene;
    scene_open(&scene,
               ROWS "  - id: out\n    type: write_csv\n"
                    "    config: { columns: { x: '{{= error(\"no\") }}' } }\n",
               "out", "{" ITEM ",\"steps\":{}}");
    assert_memory_equal(row_of(&scene), "expression_failed: columns: ", 28);
    scene_close(&scene);
}

static void
test_only_csv_without_columns_needs_two_passes(void **state)
{
    struct scene scene;
    scene_open(&scene, ROWS OUT, "out", "{}");
    assert_false(scene.type->sink_is_declared(scene.scope.node));
    assert_string_equal(scene.type->form.ending, "csv");
    assert_string_equal(scene.type->form.content_type, "text/csv; charset=utf-8");
    scene_close(&scene);

    scene_open(&scene, ROWS "  - { id: out, type: write_jsonl }\n", "out", "{}");
    assert_true(scene.type->sink_is_declared(scene.scope.node));
    assert_null(scene.type->sink_header);
    assert_string_equal(scene.type->form.ending, "jsonl");
    assert_string_equal(scene.type->form.content_type, "application/x-ndjson");
    scene_close(&scene);
}

/* Header and rows (JSON, NULL at the end) with the columns (a JSON array, or NULL: declared). */
static void
check_text(const char *workflow, const char *columns, const char *const *rows, const char *wanted)
{
    struct scene scene;
    struct buffer out;
    struct value names = {0};
    scene_open(&scene, workflow, "out", "{}");
    buffer_init(&out, MIB(1));
    if (columns != NULL)
        assert_int_equal(json_parse(&names, &scene.arena, slice_text(columns), 0, NULL, NULL),
                         STATUS_OK);
    if (scene.type->sink_header != NULL)
        scene.type->sink_header(scene.scope.node, names, &out);
    for (; *rows != NULL; rows++) {
        struct value row;
        assert_int_equal(json_parse(&row, &scene.arena, slice_text(*rows), 0, NULL, NULL),
                         STATUS_OK);
        scene.type->sink_encode(scene.scope.node, names, row, &out);
    }
    if (!slice_is(buffer_slice(&out), wanted))
        fail_msg("%s: %.*s", wanted, SLICE_FORMAT(buffer_slice(&out)));
    buffer_done(&out);
    scene_close(&scene);
}

#define DECLARED                                                                                   \
    ROWS "  - id: out\n    type: write_csv\n"                                                      \
         "    config: { columns: { 'a,b': '{{item.a}}', n: '{{item.b}}' } }\n"

static void
test_csv_text(void **state)
{
    check_text(ROWS OUT, "[\"a\",\"b\",\"c\"]",
               (const char *const[]){"{\"a\":\"1\",\"b\":2,\"c\":\"x y\"}",
                                     "{\"c\":true,\"a\":[1,\"q\"]}", "{}",
                                     "{\"b\":null,\"a\":\"l\\nl\",\"d\":\"unseen\"}", NULL},
               "a,b,c\n1,2,x y\n\"[1,\"\"q\"\"]\",,true\n,,\n\"l\nl\",,\n");
    check_text(DECLARED, NULL, (const char *const[]){"{\"a,b\":\"x\",\"n\":1.10}", NULL},
               "\"a,b\",n\nx,1.10\n");
    check_text(DECLARED, NULL, (const char *const[]){NULL}, "\"a,b\",n\n");
    check_text(ROWS OUT, "[]", (const char *const[]){NULL}, "");
    check_text(ROWS OUT, "[\"a\"]", (const char *const[]){"{\"a\":\"\"}", "{}", "{\"a\":1}", NULL},
               "a\n\"\"\n\"\"\n1\n");
}

#define WITH(config) ROWS "  - { id: out, type: write_csv, config: { " config " } }\n"

static void
test_csv_options(void **state)
{
    static const char *const rows[] = {"{\"a\":\"=1\",\"b;c\":-5}", "{\"a\":\"x;y,z\"}", NULL};
    static const char names[] = "[\"a\",\"b;c\"]";
    check_text(WITH(""), names, rows, "a,\"b;c\"\n'=1,-5\n\"x;y,z\",\n");
    check_text(WITH("escape_formulas: true, bom: false"), names, rows,
               "a,\"b;c\"\n'=1,-5\n\"x;y,z\",\n");
    check_text(WITH("escape_formulas: false"), names, rows, "a,\"b;c\"\n=1,-5\n\"x;y,z\",\n");
    check_text(WITH("delimiter: ';', bom: true"), names, rows,
               "\xEF\xBB\xBF"
               "a;\"b;c\"\n'=1;-5\n\"x;y,z\";\n");
    check_text(WITH("delimiter: \"\\t\""), names, rows, "a\t\"b;c\"\n'=1\t-5\nx;y,z\t\n");
    check_text(WITH("bom: true"), "[]", (const char *const[]){NULL}, "\xEF\xBB\xBF");
    check_text(WITH(""), "[\"@a\",\"=b\"]", (const char *const[]){NULL}, "'@a,'=b\n");
    check_text(WITH("delimiter: ';'"), "[\"a\"]",
               (const char *const[]){"{\"a\":\"x,y\"}", "{\"a\":\"z\"}", "{}", NULL},
               "a\n\"x,y\"\nz\n\"\"\n");
}

static void
test_csv_of_many_columns(void **state)
{
    enum { count = 200 };
    struct buffer names;
    struct buffer wanted;
    buffer_init(&names, MIB(1));
    buffer_init(&wanted, MIB(1));
    for (int i = 0; i < count; i++) {
        buffer_append_format(&names, "%s\"c%d\"", i == 0 ? "[" : ",", i);
        buffer_append_format(&wanted, "%sc%d", i == 0 ? "" : ",", i);
    }
    buffer_append_text(&names, "]");
    buffer_append_byte(&names, '\0');
    buffer_append_byte(&wanted, '\n');
    for (int i = 0; i < count; i++)
        buffer_append_text(&wanted, i == 0 ? "x" : i == count - 1 ? ",y" : ",");
    buffer_append_byte(&wanted, '\n');
    buffer_append_byte(&wanted, '\0');
    check_text(ROWS OUT, names.ptr, (const char *const[]){"{\"c0\":\"x\",\"c199\":\"y\"}", NULL},
               wanted.ptr);
    buffer_done(&names);
    buffer_done(&wanted);
}

static void
test_jsonl_text(void **state)
{
    check_text(ROWS "  - { id: out, type: write_jsonl }\n", NULL,
               (const char *const[]){"{\"a\":\"1\\n2\",\"n\":null}", "{}",
                                     "{\"n\":[9007199254740993,1.10]}", NULL},
               "{\"a\":\"1\\n2\",\"n\":null}\n{}\n{\"n\":[9007199254740993,1.10]}\n");
}

static void
test_a_text_that_no_cell_holds_fails_its_row(void **state)
{
    static const struct {
        size_t size;
        const char *end;
    } table[] = {{32767, NULL}, {32768, "cell_too_long: column \"a\": "}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        struct buffer root;
        buffer_init(&root, MIB(1));
        buffer_append_text(&root, "{\"steps\":{},\"item\":{\"a\":\"");
        for (size_t at = 0; at < table[i].size; at++)
            buffer_append_byte(&root, 'x');
        buffer_append(&root, "\"}}", 4);
        scene_open(&scene, ROWS "  - { id: out, type: write_xlsx }\n", "out", root.ptr);
        const char *row = row_of(&scene);
        const char *end = table[i].end == NULL ? "{\"a\":\"xxx" : table[i].end;
        assert_memory_equal(row, end, strlen(end));
        assert_false(scene.type->sink_is_declared(scene.scope.node));
        scene_close(&scene);
        buffer_done(&root);
    }
}

static void
test_a_workbook_is_opened_as_configured(void **state)
{
    static const struct {
        const char *config, *row;
        enum status status;
    } table[] = {
        {"{ columns: { a: '{{item.a}}' }, max_rows: 1 }", "{\"a\":1}", STATUS_LIMIT},
        {"{ columns: { a: '{{item.a}}' }, max_rows: 1, split: true }", "{\"a\":1}", STATUS_OK},
        {"{ sheet: 'A/B', dates: true }", "{\"a\":1}", STATUS_OK},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        char workflow[512];
        snprintf(workflow, sizeof(workflow),
                 ROWS "  - id: out\n    type: write_xlsx\n    config: %s\n", table[i].config);
        scene_open(&scene, workflow, "out", "{}");
        bool is_declared = scene.type->sink_is_declared(scene.scope.node);
        struct value names = value_array_append(&scene.arena, value_empty_array(), value_text("a"));
        struct sink_start start = {scene.scope.node, is_declared ? (struct value){0} : names, 0,
                                   NULL, NULL};
        struct sink_book *book = scene.type->sink_open(&start);
        struct buffer out;
        struct error error = {0};
        struct value row;
        buffer_init(&out, MIB(1));
        assert_int_equal(json_parse(&row, &scene.arena, slice_text(table[i].row), 0, NULL, NULL),
                         STATUS_OK);
        assert_int_equal(scene.type->sink_add(book, row, &out, &error), STATUS_OK);
        assert_int_equal(scene.type->sink_add(book, row, &out, &error), table[i].status);
        if (table[i].status == STATUS_OK)
            assert_int_equal(scene.type->sink_end(book, &out, &error), STATUS_OK);
        scene.type->sink_close(&book);
        assert_null(book);
        buffer_done(&out);
        scene_close(&scene);
    }
}

#define FACTS                                                                                      \
    "  - { id: facts, type: extract, config: { sources: x, fields: { city: b, staff: c } } }\n"
#define MADE "  - { id: made, type: set, config: { fields: { city: 1 } } }\n"
#define BOOK(config) "  - { id: out, type: write_xlsx, config: " config " }\n"
#define QUOTED(field, quote, title, verified)                                                      \
    "{\"field\":" field ",\"quote\":\"" quote "\",\"title\":" title                                \
    ",\"document\":\"a.md\",\"url\":null,\"verified\":" verified "}"
#define FOUND(citations)                                                                           \
    "{" ITEM ",\"steps\":{\"made\":{\"city\":1},\"facts\":{\"city\":\"Bonn\",\"staff\":5,"         \
    "\"confidence\":{},\"citations\":[" citations "]}}}"
#define CITY QUOTED("\"city\"", "in Bonn", "\"On it\"", "true")
#define STAFF QUOTED("\"staff\"", "5 people", "null", "false")
#define NOTE_CITY "\"\xE2\x80\x9Cin Bonn\xE2\x80\x9D\\nOn it, a.md\""
#define NOTE_STAFF                                                                                 \
    "\"Not found in the source:\\n\xE2\x80\x9C"                                                    \
    "5 people\xE2\x80\x9D\\na.md\""

/* Cells of a workbook bring the quotes behind them. */
static void
test_cells_bring_their_citations(void **state)
{
    static const struct {
        const char *label, *workflow, *root, *row;
    } table[] = {
        {"by default", ROWS MADE FACTS BOOK("{}"), FOUND(CITY "," STAFF),
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null,\"made.city\":1,\"facts.city\":\"Bonn\","
         "\"facts.staff\":5,\"facts.confidence\":{},\"\\u0001notes\":{\"facts.city\":" NOTE_CITY
         ",\"facts.staff\":" NOTE_STAFF "}}"},
        {"without any", ROWS MADE FACTS BOOK("{}"), FOUND(""),
         "{\"a\":\"1\",\"b\":\"2\",\"c\":null,\"made.city\":1,\"facts.city\":\"Bonn\","
         "\"facts.staff\":5,\"facts.confidence\":{}}"},
        {"declared", ROWS MADE FACTS BOOK("{ columns: { c: '{{steps.facts.city}}' } }"),
         FOUND(CITY "," STAFF), "{\"c\":\"Bonn\",\"\\u0001notes\":{\"c\":" NOTE_CITY "}}"},
        {"part of a text", ROWS MADE FACTS BOOK("{ columns: { c: 'In {{steps.facts.city}}!' } }"),
         FOUND(CITY), "{\"c\":\"In Bonn!\",\"\\u0001notes\":{\"c\":" NOTE_CITY "}}"},
        {"of two fields",
         ROWS MADE FACTS BOOK("{ columns: { c: '{{steps.facts.city}}{{steps.facts.staff}}' } }"),
         FOUND(CITY), "{\"c\":\"Bonn5\"}"},
        {"of another step", ROWS MADE FACTS BOOK("{ columns: { c: '{{steps.made.city}}' } }"),
         FOUND(CITY), "{\"c\":1}"},
        {"at most three", ROWS MADE FACTS BOOK("{ columns: { c: '{{steps.facts.city}}' } }"),
         FOUND(CITY "," CITY "," CITY "," CITY),
         "{\"c\":\"Bonn\",\"\\u0001notes\":{\"c\":\"\xE2\x80\x9Cin Bonn\xE2\x80\x9D\\nOn it, "
         "a.md\\n\\n\xE2\x80\x9Cin Bonn\xE2\x80\x9D\\nOn it, a.md\\n\\n\xE2\x80\x9Cin "
         "Bonn\xE2\x80\x9D\\nOn it, a.md\"}}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        scene_open(&scene, table[i].workflow, "out", table[i].root);
        const char *row = row_of(&scene);
        if (strcmp(row, table[i].row) != 0)
            fail_msg("%s: %s", table[i].label, row);
        scene_close(&scene);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_rows_are_the_item_and_the_outputs),
        cmocka_unit_test(test_columns_make_the_row),
        cmocka_unit_test(test_a_column_that_cannot_be_rendered_fails),
        cmocka_unit_test(test_only_csv_without_columns_needs_two_passes),
        cmocka_unit_test(test_csv_text),
        cmocka_unit_test(test_csv_options),
        cmocka_unit_test(test_csv_of_many_columns),
        cmocka_unit_test(test_jsonl_text),
        cmocka_unit_test(test_a_text_that_no_cell_holds_fails_its_row),
        cmocka_unit_test(test_a_workbook_is_opened_as_configured),
        cmocka_unit_test(test_cells_bring_their_citations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
