/* Goal: every graph of blocks becomes a workflow that loads, or is refused with its place in the
 * graph. Method: graphs as JSON against the steps that we have; what comes of an operator is
 * evaluated over rows. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "foreign/sixtyfour.h"
#include "steps/table.h"

#include <string.h>

#define NAME_VALUE "{\"filters\":[{\"column\":\"a\",\"operator\":\""

struct scene {
    struct arena arena;
    struct value flow;
    struct sixtyfour_problem problem;
    struct buffer notes;
    enum status status;
};

static void
take_note(const char *words, void *context)
{
    struct scene *scene = context;
    buffer_append_format(&scene->notes, "%s\n", words);
}

static void
scene_read_with(struct scene *scene, const char *json, bool keeps_on)
{
    struct sixtyfour_wanted wanted = {.name = SLICE("A graph"),
                                      .catalog = &step_catalog,
                                      .keeps_on = keeps_on,
                                      .note = take_note,
                                      .context = scene};
    struct error error = {0};
    arena_init(&scene->arena, MIB(64));
    buffer_init(&scene->notes, MIB(1));
    if (json_parse(&wanted.definition, &scene->arena, slice_text(json), 0, NULL, &error) !=
        STATUS_OK)
        fail_msg("%s: %s", json, error.text);
    scene->status = sixtyfour_read(&scene->flow, &wanted, &scene->arena, &scene->problem);
}

static void
scene_read(struct scene *scene, const char *json)
{
    scene_read_with(scene, json, false);
}

static void
scene_done(struct scene *scene)
{
    buffer_done(&scene->notes);
    arena_done(&scene->arena);
}

static struct plan *
scene_load(struct scene *scene, const char *label)
{
    struct problems problems;
    struct plan *plan = NULL;
    struct plan_options options = {.catalog = &step_catalog};
    if (scene->status != STATUS_OK)
        fail_msg("%s: %s: %s", label, scene->problem.place, scene->problem.words);
    problems_init(&problems, &scene->arena);
    if (plan_load(&plan, json_text(&scene->arena, scene->flow), &options, &problems) != STATUS_OK)
        fail_msg("%s: %s: %s", label, problems.list[0].path, problems.list[0].words);
    return plan;
}

/* --- every block --- */

#define HEAD "{\"blocks\":[{\"sequence_number\":1,\"block_name\":\"webhook\",\"specs\":{}},"
#define SECOND(name, specs)                                                                        \
    HEAD "{\"sequence_number\":2,\"block_name\":\"" name "\",\"specs\":" specs "}],\"edges\":[]}"
#define ALONE(name, specs)                                                                         \
    "{\"blocks\":[{\"sequence_number\":2,\"block_name\":\"" name "\",\"specs\":" specs             \
    "}],\"edges\":[]}"
#define FIELDS "{\"x {{y}}\":{\"description\":\"an {{x}}\",\"type\":\"list[int]\"},\"z\":\"the z\"}"

#define CRITERIA "{\"qualification_criteria\":[{\"criteria_name\":\"fit\",\"description\":\"d\"}]"

static const struct {
    const char *name, *graph;
} good[] = {
    {"webhook", ALONE("webhook", "{}")},
    {"webhook", ALONE("webhook", "{\"dataframe_type\":\"LEAD\",\"webhook_input\":\"{\\\"a\\\": "
                                 "\\\"}}\\\"}\",\"input_schema\":{\"a\":{\"type\":\"string\"}}}")},
    {"read_csv", ALONE("read_csv", "{}")},
    {"read_csv", ALONE("read_csv", "{\"resource_handle_id\":\"x{{y}}\"}")},
    {"read_notebook", ALONE("read_notebook", "{\"notebook_id\":\"People {{x}}\"}")},
    {"search", ALONE("search", "{\"query\":\"nuts {{x}}\",\"max_results\":100000}")},
    {"company_enrichment", SECOND("company_enrichment", "{\"return_fields\":" FIELDS "}")},
    {"lead_enrichment", SECOND("lead_enrichment", "{\"return_fields\":" FIELDS
                                                  ",\"model\":\"local\",\"url_column\":\"a b\"}")},
    {"enrich_company", SECOND("enrich_company", "{\"company_field\":\"name\"}")},
    {"enrich_lead", SECOND("enrich_lead", "{}")},
    {"scrape_web", SECOND("scrape_web", "{}")},
    {"scrape_web",
     SECOND("scrape_web", "{\"url\":\"https://{{domain}}/\",\"output_column\":\"t\"}")},
    {"llm_openai",
     SECOND("llm_openai", "{\"prompt\":\"What is {name} of {{ the town }}? "
                          "{\\\"a\\\": 1} {{\",\"model\":\"gpt-4o\",\"temperature\":0.5,"
                          "\"max_tokens\":10,\"system_prompt\":\"Be {kind}\"}")},
    {"llm_openai", SECOND("llm_openai", "{\"prompt\":\"p\",\"return_fields\":" FIELDS "}")},
    {"join", HEAD
     "{\"sequence_number\":2,\"block_name\":\"webhook\",\"block_id\":\"l\","
     "\"specs\":{\"dataframe_type\":\"LEAD\"}},{\"sequence_number\":3,\"block_name\":\"webhook\","
     "\"block_id\":\"c\","
     "\"specs\":{\"dataframe_type\":\"COMPANY\"}},{\"sequence_number\":4,\"block_name\":"
     "\"join\",\"block_id\":\"j\",\"specs\":{\"columns\":[\"a b\",\"}}\"],\"kind\":\"inner\"}}],"
     "\"edges\":[{\"from_block_id\":\"c\",\"to_block_id\":\"j\"},{\"from_block_id\":\"l\",\"to_"
     "block_"
     "id\":\"j\"}]}"},
    {"qa_agent",
     SECOND("qa_agent", "{\"qualification_criteria\":[{\"criteria_name\":\"fit\","
                        "\"description\":\"Does it fit?\",\"weight\":2,\"threshold\":5},"
                        "{\"criteria_name\":\"near \\\"x\\\"\"}],\"struct\":" FIELDS "}")},
    {"transform_data", SECOND("transform_data", "{\"expression\":\"{a: .b} # words\"}")},
    {"transform_data",
     SECOND("transform_data", "{\"columns\":{\"a\":\"{{b}}!\",\"c\":{\"d\":[1,{\"e\":\"}}\"}]}}}")},
    {"filter", SECOND("filter", NAME_VALUE "is_empty\"}]}")},
    {"deduplicate", SECOND("deduplicate", "{}")},
    {"deduplicate", SECOND("deduplicate", "{\"columns\":[\"a b\",\"c\\\"d\",\"}}\"]}")},
    {"deduplicate_wrt_notebook",
     SECOND("deduplicate_wrt_notebook", "{\"notebook_id\":\"L\",\"column\":\"a b\"}")},
    {"deduplicate_wrt_notebook", SECOND("deduplicate_wrt_notebook", "{\"notebook_id\":\"L\"}")},
    {"remove_columns", SECOND("remove_columns", "{\"columns\":[\"a b\",\"}}\"]}")},
    {"group_by",
     SECOND("group_by",
            "{\"columns\":[\"a b\",\"c\"],\"aggregations\":["
            "{\"column\":\"d\",\"function\":\"sum\"},{\"column\":\"d\",\"function\":\"mean\"},"
            "{\"column\":\"d\",\"function\":\"min\"},{\"column\":\"d\",\"function\":\"max\"},"
            "{\"column\":\"d\",\"function\":\"count\"},{\"column\":\"d\",\"function\":\"first\"},"
            "{\"column\":\"d e\",\"function\":\"list\"}]}")},
    {"append_to_notebook", SECOND("append_to_notebook", "{\"notebook_id\":\"__create_new__\"}")},
    {"append_to_notebook", SECOND("append_to_notebook", "{\"notebook_id\":\"L {{x}}\"}")},
    {"send_slack_message",
     SECOND("send_slack_message", "{\"webhook_url\":\"https://x/y\",\"message\":\"Hi {{name}}\"}")},
    {"send_slack_message",
     SECOND("send_slack_message", "{\"webhook_url\":\"https://x/y\",\"message\":\"Done\"}")},
    {"outgoing_webhook", SECOND("outgoing_webhook", "{\"url\":\"https://x/y\"}")},
};

static void
test_every_block_becomes_steps_that_load(void **state)
{
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct scene scene;
        scene_read(&scene, good[i].graph);
        struct plan *plan = scene_load(&scene, good[i].name);
        struct sixtyfour_blocks blocks;
        assert_int_equal(sixtyfour_blocks_of(&blocks, plan, &scene.arena), STATUS_OK);
        const struct sixtyfour_block *last = &blocks.blocks[blocks.count - 1];
        if (!slice_is(last->name, good[i].name) || last->number == 0)
            fail_msg("%s: the last block is %.*s", good[i].name, SLICE_FORMAT(last->name));
        const struct plan_node *node = plan_node_find(plan, last->step);
        if (node == NULL || node->makes_table < 0)
            fail_msg("%s: %.*s makes no table", good[i].name, SLICE_FORMAT(last->step));
        for (uint16_t n = 0; n < plan->node_count; n++)
            assert_non_null(sixtyfour_block_of_step(&blocks, value_slice(plan->nodes[n].id)));
        plan_drop(&plan);
        scene_done(&scene);
    }
}

static bool
is_good(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (slice_is(name, good[i].name))
            return true;
    }
    return false;
}

/* What there is no step for asks for a connector; imported it becomes a step that fails. */
static void
test_all_other_blocks_ask_for_a_connector(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct value catalog = sixtyfour_catalog(&arena);
    assert_true(catalog.count > 30);
    for (uint32_t i = 0; i < catalog.count; i++) {
        struct value one = value_items(catalog)[i];
        struct slice name = value_get_text(one, "name");
        bool is_source = slice_is(value_get_text(one, "source"), "only");
        const char *head = is_source ? "{\"blocks\":[" : HEAD;
        const char *graph = arena_format(
            &arena,
            "%s{\"sequence_number\":2,\"block_name\":\"%.*s\",\"specs\":{\"query\":\"x\"}}]}", head,
            SLICE_FORMAT(name));
        struct scene scene;
        if (is_good(name))
            continue;
        scene_read(&scene, graph);
        assert_int_equal(scene.status, STATUS_INVALID);
        assert_non_null(strstr(scene.problem.words, "connector"));
        scene_done(&scene);
        scene_read_with(&scene, graph, true);
        struct plan *plan = scene_load(&scene, "imported");
        buffer_append_byte(&scene.notes, '\0');
        assert_non_null(strstr(scene.notes.ptr, "every row fails there"));
        plan_drop(&plan);
        scene_done(&scene);
    }
    arena_done(&arena);
}

/* --- what filters let through --- */

#define FILTERS(list) SECOND("filter", "{\"filters\":[" list "]}")
#define ONE(operator, value)                                                                       \
    FILTERS("{\"column\":\"a\",\"operator\":\"" operator"\",\"value\":" value "}")

static const struct {
    const char *label, *graph;
    const char *rows; /* an array */
    const char *want; /* of which these pass */
} filters[] = {
    {"equals", ONE("equals", "\"x\""), "[{\"a\":\"x\"},{\"a\":\"X\"},{}]", "[{\"a\":\"x\"}]"},
    {"equals a number", ONE("equals", "10"),
     "[{\"a\":10},{\"a\":\"10.0\"},{\"a\":\"1\"},{\"a\":null}]", "[{\"a\":10},{\"a\":\"10.0\"}]"},
    {"equals a text of a number", ONE("equals", "\"10\""), "[{\"a\":10},{\"a\":\"10\"},{\"a\":[]}]",
     "[{\"a\":10},{\"a\":\"10\"}]"},
    {"equals true", ONE("equals", "true"), "[{\"a\":true},{\"a\":\"true\"},{\"a\":1}]",
     "[{\"a\":true},{\"a\":\"true\"}]"},
    {"equals null", ONE("equals", "null"), "[{\"a\":1},{\"a\":null},{}]", "[{\"a\":null},{}]"},
    {"not_equals", ONE("not_equals", "\"x\""), "[{\"a\":\"x\"},{\"a\":\"y\"},{}]",
     "[{\"a\":\"y\"},{}]"},
    {"contains", ONE("contains", "\"b\""), "[{\"a\":\"abc\"},{\"a\":\"x\"},{},{\"a\":[\"b\"]}]",
     "[{\"a\":\"abc\"},{\"a\":[\"b\"]}]"},
    {"not_contains", ONE("not_contains", "\"b\""), "[{\"a\":\"abc\"},{\"a\":\"x\"},{}]",
     "[{\"a\":\"x\"},{}]"},
    {"greater", ONE("greater", "9"), "[{\"a\":10},{\"a\":\"10\"},{\"a\":9},{\"a\":\"x\"},{}]",
     "[{\"a\":10},{\"a\":\"10\"}]"},
    {"greater of texts", ONE("greater", "\"2024-02\""), "[{\"a\":\"2024-03\"},{\"a\":\"2023\"},{}]",
     "[{\"a\":\"2024-03\"}]"},
    {"less", ONE("less", "\"9\""), "[{\"a\":10},{\"a\":\"8\"},{}]", "[{\"a\":\"8\"}]"},
    {"in", ONE("in", "[\"x\",7]"), "[{\"a\":\"x\"},{\"a\":\"7\"},{\"a\":\"y\"}]",
     "[{\"a\":\"x\"},{\"a\":\"7\"}]"},
    {"in a text with commas", ONE("in", "\"x, y\""), "[{\"a\":\"y\"},{\"a\":\"z\"}]",
     "[{\"a\":\"y\"}]"},
    {"in nothing", ONE("in", "[]"), "[{\"a\":\"y\"}]", "[]"},
    {"not_in", ONE("not_in", "[\"x\"]"), "[{\"a\":\"x\"},{\"a\":\"y\"}]", "[{\"a\":\"y\"}]"},
    {"is_empty", FILTERS("{\"column\":\"a\",\"operator\":\"is_empty\"}"),
     "[{\"a\":\"\"},{},{\"a\":[]},{\"a\":0}]", "[{\"a\":\"\"},{},{\"a\":[]}]"},
    {"is_not_empty", FILTERS("{\"column\":\"a\",\"operator\":\"is_not_empty\"}"),
     "[{\"a\":\"\"},{\"a\":0},{\"a\":false}]", "[{\"a\":0},{\"a\":false}]"},
    {"matches", ONE("matches", "\"^[0-9]{2}$\""), "[{\"a\":12},{\"a\":\"x12\"},{}]",
     "[{\"a\":12}]"},
    {"odd names",
     FILTERS("{\"column\":\"a "
             "\\\\(\\\"b\\\")}}\",\"operator\":\"equals\",\"value\":\"\\\\(1)\\\"}}\"}"),
     "[{\"a \\\\(\\\"b\\\")}}\":\"\\\\(1)\\\"}}\"},{}]",
     "[{\"a \\\\(\\\"b\\\")}}\":\"\\\\(1)\\\"}}\"}]"},
    {"and, then or",
     FILTERS("{\"column\":\"a\",\"operator\":\"greater\",\"value\":1},"
             "{\"column\":\"a\",\"operator\":\"less\",\"value\":3,\"logic\":\"and\"},"
             "{\"column\":\"b\",\"operator\":\"equals\",\"value\":1,\"logic\":\"or\"}"),
     "[{\"a\":2},{\"a\":4},{\"a\":4,\"b\":1}]", "[{\"a\":2},{\"a\":4,\"b\":1}]"},
};

/* Those rows for which an expression of the flow holds, as JSON. */
static struct slice
passing(struct scene *scene, const char *rows)
{
    struct error error = {0};
    struct expr *expr = NULL;
    struct expr_problem problem;
    struct value all, out = value_empty_array();
    struct value where =
        value_get(value_get(value_items(value_get(scene->flow, "steps"))[1], "config"), "where");
    assert_int_equal(json_parse(&all, &scene->arena, slice_text(rows), 0, NULL, &error), STATUS_OK);
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    if (expr_compile(&expr, &scene->arena, value_slice(where), &problem) != STATUS_OK)
        fail_msg("%.*s: %s", SLICE_FORMAT(value_slice(where)), problem.words);
    for (uint32_t i = 0; i < all.count; i++) {
        struct member item = {value_text("item"), value_items(all)[i]};
        struct value root = value_object_new(&scene->arena, &item, 1);
        struct expr_failure failure;
        bool passes = false;
        if (expr_truth(machine, expr, root, &passes, &failure) != STATUS_OK)
            fail_msg("%.*s: %s", SLICE_FORMAT(value_slice(where)), failure.words);
        if (passes)
            out = value_array_append(&scene->arena, out, value_items(all)[i]);
    }
    expr_machine_free(&machine);
    return json_text(&scene->arena, out);
}

static void
test_operators(void **state)
{
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        struct scene scene;
        scene_read(&scene, filters[i].graph);
        struct plan *plan = scene_load(&scene, filters[i].label);
        struct slice got = passing(&scene, filters[i].rows);
        if (!slice_is(got, filters[i].want))
            fail_msg("%s: %.*s", filters[i].label, SLICE_FORMAT(got));
        plan_drop(&plan);
        scene_done(&scene);
    }
}

/* --- what is refused --- */

#define BLOCK(number, name, id)                                                                    \
    "{\"sequence_number\":" number ",\"block_name\":\"" name "\",\"block_id\":\"" id               \
    "\",\"specs\":{}}"
#define GRAPH(blocks, edges) "{\"blocks\":[" blocks "],\"edges\":[" edges "]}"
#define EDGE(from, to) "{\"from_block_id\":\"" from "\",\"to_block_id\":\"" to "\"}"
#define W BLOCK("1", "webhook", "a")
#define D BLOCK("2", "deduplicate", "b")

static const struct {
    const char *label, *graph, *place, *type;
} bad[] = {
    {"no object", "[]", "", "dict_type"},
    {"nothing", "{}", "blocks", "missing"},
    {"blocks that are none", "{\"blocks\":{}}", "blocks", "list_type"},
    {"no blocks", "{\"blocks\":[]}", "blocks", "too_short"},
    {"a block that is none", "{\"blocks\":[7]}", "blocks.0", "dict_type"},
    {"no number", "{\"blocks\":[{}]}", "blocks.0.sequence_number", "missing"},
    {"a number that is none", "{\"blocks\":[{\"sequence_number\":\"1\"}]}",
     "blocks.0.sequence_number", "int_parsing"},
    {"half a number", "{\"blocks\":[{\"sequence_number\":1.5}]}", "blocks.0.sequence_number",
     "int_parsing"},
    {"a number below all", "{\"blocks\":[{\"sequence_number\":-1}]}", "blocks.0.sequence_number",
     "int_parsing"},
    {"no name", "{\"blocks\":[{\"sequence_number\":1}]}", "blocks.0.block_name", "missing"},
    {"a name that is none", "{\"blocks\":[{\"sequence_number\":1,\"block_name\":null}]}",
     "blocks.0.block_name", "string_type"},
    {"an unknown name", GRAPH(BLOCK("1", "nonsense", "a"), ""), "blocks.0.block_name",
     "value_error"},
    {"an id that is none",
     "{\"blocks\":[{\"sequence_number\":1,\"block_name\":\"webhook\",\"block_id\":7}]}",
     "blocks.0.block_id", "string_type"},
    {"specs that are none",
     "{\"blocks\":[{\"sequence_number\":1,\"block_name\":\"webhook\",\"specs\":[]}]}",
     "blocks.0.specs", "dict_type"},
    {"two of one number", GRAPH(W "," BLOCK("1", "deduplicate", "b"), ""),
     "blocks.1.sequence_number", "value_error"},
    {"two of one id", GRAPH(W "," BLOCK("2", "deduplicate", "a"), ""), "blocks.1.block_id",
     "value_error"},
    {"edges that are none", "{\"blocks\":[" W "],\"edges\":7}", "edges", "list_type"},
    {"an edge that is none", GRAPH(W, "7"), "edges.0", "dict_type"},
    {"an edge from nothing", GRAPH(W "," D, "{\"to_block_id\":\"b\"}"), "edges.0.from_block_id",
     "missing"},
    {"an edge from nowhere", GRAPH(W "," D, EDGE("x", "b")), "edges.0.from_block_id",
     "value_error"},
    {"an edge to nowhere", GRAPH(W "," D, EDGE("a", "b") "," EDGE("a", "x")), "edges.1.to_block_id",
     "value_error"},
    {"an edge to itself", GRAPH(W "," D, EDGE("b", "b")), "edges.0", "value_error"},
    {"a circle",
     GRAPH(W "," D "," BLOCK("3", "deduplicate", "c"), EDGE("b", "c") "," EDGE("c", "b")), "edges",
     "value_error"},
    {"an edge to a source", GRAPH(W "," D, EDGE("b", "a")), "blocks.1.block_name", "value_error"},
    {"no edge to what needs rows",
     GRAPH(W "," D "," BLOCK("3", "deduplicate", "c"), EDGE("a", "b")), "blocks.2.block_name",
     "value_error"},
    {"LEAD rows for companies",
     "{\"blocks\":[{\"sequence_number\":1,\"block_name\":\"webhook\",\"specs\":{\"dataframe_type\":"
     "\"LEAD\"}},{\"sequence_number\":2,\"block_name\":\"company_enrichment\"}]}",
     "blocks.1.block_name", "value_error"},
    {"COMPANY rows for people, two blocks on",
     "{\"blocks\":[{\"sequence_number\":1,\"block_name\":\"webhook\",\"specs\":{\"dataframe_type\":"
     "\"COMPANY\"}},{\"sequence_number\":2,\"block_name\":\"deduplicate\"},"
     "{\"sequence_number\":3,\"block_name\":\"lead_enrichment\"}]}",
     "blocks.2.block_name", "value_error"},
    {"people and companies in one table",
     GRAPH(
         "{\"sequence_number\":1,\"block_name\":\"webhook\",\"block_id\":\"a\",\"specs\":{"
         "\"dataframe_type\":\"COMPANY\"}},{\"sequence_number\":2,\"block_name\":\"read_notebook\","
         "\"block_id\":\"b\",\"specs\":{\"notebook_id\":\"n\",\"dataframe_type\":\"LEAD\"}},"
         "" BLOCK("3", "deduplicate", "c"),
         EDGE("a", "c") "," EDGE("b", "c")),
     "blocks.2.block_name", "value_error"},
    {"a spec that is missing", SECOND("filter", "{}"), "blocks.1.specs", "value_error"},
    {"a spec of another type", SECOND("filter", "{\"filters\":7}"), "blocks.1.specs.filters",
     "value_error"},
    {"an operator that there is not", ONE("near", "1"), "blocks.1.specs.filters.0.operator",
     "value_error"},
    {"nothing to compare with", FILTERS("{\"column\":\"a\",\"operator\":\"equals\"}"),
     "blocks.1.specs.filters.0.value", "value_error"},
    {"a sample that is no JSON", ALONE("webhook", "{\"webhook_input\":\"{\"}"),
     "blocks.0.specs.webhook_input", "value_error"},
    {"a sample of no rows", ALONE("webhook", "{\"webhook_input\":\"7\"}"),
     "blocks.0.specs.webhook_input", "value_error"},
    {"a type that there is not",
     SECOND("lead_enrichment", "{\"return_fields\":{\"a\":{\"type\":\"set\"}}}"),
     "blocks.1.specs.return_fields.a.type", "value_error"},
    {"neither expression nor columns", SECOND("transform_data", "{}"), "blocks.1.specs",
     "value_error"},
    {"no columns", SECOND("remove_columns", "{}"), "blocks.1.specs.columns", "value_error"},
    {"no groups", SECOND("group_by", "{}"), "blocks.1.specs.columns", "value_error"},
    {"an address that is none", SECOND("outgoing_webhook", "{\"url\":\"x\"}"), "blocks.1.specs.url",
     "value_error"},
};

static void
test_what_is_wrong_is_placed(void **state)
{
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct scene scene;
        scene_read(&scene, bad[i].graph);
        if (scene.status != STATUS_INVALID || strcmp(scene.problem.place, bad[i].place) != 0 ||
            strcmp(scene.problem.type, bad[i].type) != 0 || scene.problem.words[0] == '\0')
            fail_msg("%s: status %d, %s, %s: %s", bad[i].label, (int)scene.status,
                     scene.problem.place, scene.problem.type, scene.problem.words);
        scene_done(&scene);
    }
}

/* What the loader finds has its place in the graph. */
static void
test_the_loader_s_problems_are_placed(void **state)
{
    struct scene scene;
    struct problems problems;
    struct plan *plan = NULL;
    struct plan_options options = {.catalog = &step_catalog};
    scene_read(&scene, SECOND("transform_data", "{\"expression\":\".a +\"}"));
    assert_int_equal(scene.status, STATUS_OK);
    problems_init(&problems, &scene.arena);
    assert_int_equal(plan_load(&plan, json_text(&scene.arena, scene.flow), &options, &problems),
                     STATUS_INVALID);
    sixtyfour_blame(&scene.problem, scene.flow, &problems.list[0]);
    assert_string_equal(scene.problem.place, "blocks.1.specs");
    scene_done(&scene);
}

/* --- size --- */

static void
add_blocks(struct buffer *out, size_t count)
{
    buffer_append_text(out, "{\"blocks\":[" W);
    for (size_t i = 0; i < count; i++)
        buffer_append_format(out, ",{\"sequence_number\":%zu,\"block_name\":\"deduplicate\"}",
                             i + 2);
    buffer_append_text(out, "]}");
}

static void
test_many_blocks(void **state)
{
    static const struct {
        size_t count;
        enum status want;
    } sizes[] = {{10, STATUS_OK}, {400, STATUS_OK}, {500, STATUS_INVALID}, {10000, STATUS_INVALID}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct scene scene;
        struct buffer text;
        buffer_init(&text, MIB(2));
        add_blocks(&text, sizes[i].count);
        buffer_append_byte(&text, '\0');
        scene_read(&scene, text.ptr);
        assert_int_equal(scene.status, sizes[i].want);
        if (scene.status != STATUS_OK)
            assert_string_equal(scene.problem.type, "too_long");
        scene_done(&scene);
        buffer_done(&text);
    }
}

/* --- ids and order --- */

/* The ids that are shown of the blocks of a graph, a line each. */
static const char *
shown_ids(const char *graph, struct scene *scene)
{
    struct sixtyfour_blocks blocks;
    scene_read(scene, graph);
    struct plan *plan = scene_load(scene, "ids");
    assert_int_equal(sixtyfour_blocks_of(&blocks, plan, &scene->arena), STATUS_OK);
    const char *ids = "";
    for (uint32_t i = 0; i < blocks.count; i++) {
        assert_int_equal(blocks.blocks[i].id.size, 36);
        ids = arena_format(&scene->arena, "%s%.*s\n", ids, SLICE_FORMAT(blocks.blocks[i].id));
    }
    plan_drop(&plan);
    return ids;
}

static void
test_ids_are_uuids_that_stay(void **state)
{
    static const char graph[] = GRAPH(
        BLOCK("1", "webhook", "first block") "," BLOCK(
            "2", "deduplicate", "second") ",{"
                                          "\"sequence_number\":3,\"block_name\":\"deduplicate\"}",
        "");
    static const char renamed[] = GRAPH(
        BLOCK("1", "webhook", "first block") "," BLOCK(
            "2", "deduplicate", "other") ",{"
                                         "\"sequence_number\":3,\"block_name\":\"deduplicate\"}",
        "");
    struct scene one, two, three;
    const char *ids = shown_ids(graph, &one);
    assert_string_equal(ids, shown_ids(graph, &two));
    const char *others = shown_ids(renamed, &three);
    assert_memory_equal(ids, others, 37);
    assert_memory_not_equal(ids + 37, others + 37, 36);
    assert_string_equal(ids + 74, others + 74);
    scene_done(&one);
    scene_done(&two);
    scene_done(&three);
}

static void
test_parents_stand_before_their_children(void **state)
{
    struct scene scene;
    struct sixtyfour_blocks blocks;
    scene_read(&scene,
               GRAPH(BLOCK("5", "webhook", "w") "," BLOCK("3", "deduplicate", "x") "," BLOCK(
                         "4", "deduplicate", "F47AC10B-58CC-4372-A567-0E02B2C3D479"),
                     EDGE("w", "x") "," EDGE("w", "f47ac10b-58cc-4372-a567-0e02b2c3d479") "," EDGE(
                         "x", "F47AC10B-58CC-4372-A567-0E02B2C3D479")));
    struct plan *plan = scene_load(&scene, "order");
    assert_int_equal(sixtyfour_blocks_of(&blocks, plan, &scene.arena), STATUS_OK);
    assert_int_equal(blocks.count, 3);
    assert_int_equal(blocks.blocks[0].number, 5);
    assert_int_equal(blocks.blocks[1].number, 3);
    assert_int_equal(blocks.blocks[2].number, 4);
    assert_true(slice_is(blocks.blocks[2].id, "f47ac10b-58cc-4372-a567-0e02b2c3d479"));
    assert_int_equal(blocks.blocks[2].previous_count, 2);
    assert_true(slice_equal(blocks.blocks[2].previous[0], blocks.blocks[1].id));
    assert_int_equal(blocks.blocks[0].id.size, 36);
    plan_drop(&plan);
    scene_done(&scene);
}

static void
test_other_workflows_have_no_blocks_but_can_be_shown(void **state)
{
    struct scene scene = {.status = STATUS_OK};
    struct sixtyfour_blocks blocks;
    arena_init(&scene.arena, MIB(8));
    buffer_init(&scene.notes, KIB(1));
    struct problems problems;
    struct plan *plan = NULL;
    struct plan_options options = {.catalog = &step_catalog};
    problems_init(&problems, &scene.arena);
    assert_int_equal(plan_load(&plan,
                               SLICE("name: x\nsteps:\n- {id: a, type: set, config: {fields: {b: "
                                     "1}}}\n- {id: b, type: wait, config: {for: 1s}}\n"),
                               &options, &problems),
                     STATUS_OK);
    assert_int_equal(sixtyfour_blocks_of(&blocks, plan, &scene.arena), STATUS_NOT_FOUND);
    struct slice shown = json_text(&scene.arena, sixtyfour_show(&scene.arena, plan));
    assert_true(slice_is(
        shown, "{\"blocks\":[{\"sequence_number\":1,\"block_type\":\"set\",\"block_name\":\"set\","
               "\"block_id\":\"a\",\"specs\":{\"fields\":{\"b\":1}}},{\"sequence_number\":2,"
               "\"block_type\":"
               "\"wait\",\"block_name\":\"wait\",\"block_id\":\"b\",\"specs\":{\"for\":\"1s\"}}],"
               "\"edges\":["
               "{\"from_block_id\":\"a\",\"to_block_id\":\"b\",\"condition\":null}]}"));
    plan_drop(&plan);
    scene_done(&scene);
}

static void
test_what_is_left_out_is_said(void **state)
{
    static const struct {
        const char *graph, *words;
    } table[] = {
        {SECOND("company_enrichment", "{\"find_people\":true}"), "specs.find_people: "},
        {SECOND("company_enrichment", "{\"people_focus_prompt\":\"CTO\"}"),
         "specs.people_focus_prompt: "},
        {SECOND("company_enrichment", "{\"depth\":3}"), "specs.depth: "},
        {SECOND("company_enrichment", "{\"model\":\"strange\"}"), "specs.model: "},
        {SECOND("qa_agent", CRITERIA ",\"references\":[\"https://x.example\"]}"),
         "specs.references: "},
        {ALONE("search", "{\"query\":\"x\",\"auto_execute\":true}"), "specs.auto_execute: "},
        {ALONE("search", "{\"query\":\"x\",\"max_results\":1001}"), "specs.max_results: "},
        {SECOND("company_enrichment", "{\"find_people\":false}"), NULL},
        {ALONE("search", "{\"query\":\"x\",\"auto_execute\":false,\"max_results\":9}"), NULL},
        {SECOND("qa_agent", CRITERIA ",\"max_tool_calls\":0}"), NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        scene_read(&scene, table[i].graph);
        if (scene.status != STATUS_OK)
            fail_msg("%s: %s: %s", table[i].graph, scene.problem.place, scene.problem.words);
        buffer_append_byte(&scene.notes, '\0');
        bool is_said = table[i].words == NULL ? scene.notes.size == 1
                                              : strstr(scene.notes.ptr, table[i].words) != NULL;
        if (!is_said)
            fail_msg("%s: %s", table[i].graph, scene.notes.ptr);
        scene_done(&scene);
    }
}

/* The page of the row is the one thing that it may look at. */
static void
test_tool_calls_of_a_judgement_are_pages(void **state)
{
    static const struct {
        const char *graph;
        bool reads;
    } table[] = {
        {SECOND("qa_agent", CRITERIA "}"), true},
        {SECOND("qa_agent", CRITERIA ",\"max_tool_calls\":10}"), true},
        {SECOND("qa_agent", CRITERIA ",\"max_tool_calls\":0}"), false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        scene_read(&scene, table[i].graph);
        struct plan *plan = scene_load(&scene, table[i].graph);
        assert_int_equal(plan_node_find(plan, SLICE("b2_qa_agent_page")) != NULL, table[i].reads);
        plan_drop(&plan);
        scene_done(&scene);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_block_becomes_steps_that_load),
        cmocka_unit_test(test_all_other_blocks_ask_for_a_connector),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_what_is_wrong_is_placed),
        cmocka_unit_test(test_the_loader_s_problems_are_placed),
        cmocka_unit_test(test_many_blocks),
        cmocka_unit_test(test_ids_are_uuids_that_stay),
        cmocka_unit_test(test_parents_stand_before_their_children),
        cmocka_unit_test(test_other_workflows_have_no_blocks_but_can_be_shown),
        cmocka_unit_test(test_what_is_left_out_is_said),
        cmocka_unit_test(test_tool_calls_of_a_judgement_are_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
