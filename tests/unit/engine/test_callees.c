/* Goal: which workflows a run's steps call is found, pinned and found again; those that are pure
 * are computed in place. Method: a few small workflows in a simulated store. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/callees.h"
#include "engine/in_place.h"
#include "engine/programs.h"
#include "steps/table.h"
#include "store/simulated/simulated.h"

#include <stdio.h>

struct scene {
    struct arena arena;
    struct store *store;
    struct programs *programs;
    struct expr_machine *machine;
};

static struct id
id_of(uint8_t number)
{
    struct id id = {{0}};
    id.bytes[ID_BYTES - 1] = number;
    return id;
}

static struct scene *
scene_open(void)
{
    struct scene *scene = test_calloc(1, sizeof(*scene));
    arena_init(&scene->arena, MIB(64));
    scene->store = simulated_store_new(1);
    struct programs_options options = {scene->store, &step_catalog, &step_table, NULL};
    scene->programs = programs_new(&options);
    scene->machine = expr_machine_new(expr_budget_default());
    return scene;
}

static void
scene_close(struct scene *scene)
{
    expr_machine_free(&scene->machine);
    programs_free(&scene->programs);
    store_close(&scene->store);
    arena_done(&scene->arena);
    test_free(scene);
}

/* Workflow `number` of a workspace in one more version, which is published unless told otherwise.
 * Its slug is "w" and the number. */
static void
put(struct scene *scene, uint8_t number, uint32_t version, const char *text, bool publish)
{
    char slug[8];
    snprintf(slug, sizeof(slug), "w%u", number);
    struct workflow_row workflow = {
        .workspace = id_of(number < 200 ? 1 : 2),
        .id = id_of(number),
        .slug = slice_text(slug),
        .name = SLICE("a name"),
        .status = WORKFLOW_ACTIVE,
        .latest_version = version,
        .published_version = publish ? version : 0,
        .revision = version,
    };
    struct version_row row = {
        .workflow = id_of(number), .version = version, .text = slice_text(text)};
    struct intent *intent = intent_new(KIB(64));
    intent_add(intent, version == 1 ? STORE_WORKFLOW_INSERT : STORE_WORKFLOW_UPDATE, 0)->workflow =
        &workflow;
    intent_add(intent, STORE_VERSION_INSERT, 0)->version = &row;
    assert_int_equal(store_commit(scene->store, &intent, 1, NULL), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
}

static struct program *
program_of(struct scene *scene, uint8_t number, uint32_t version)
{
    struct program *program = NULL;
    struct error error = {0};
    struct id id = id_of(number);
    if (programs_get(scene->programs, &id, version, &program, &error) != STATUS_OK)
        fail_msg("w%u: %s", number, error.text);
    return program;
}

static enum status
find(struct scene *scene, uint8_t number, struct value pins, struct callees **out,
     struct error *error)
{
    struct callees_options options = {scene->programs, scene->store, id_of(1), pins};
    struct program *program = program_of(scene, number, 1);
    *error = (struct error){0};
    enum status status = callees_find(out, &options, program, error);
    program_drop(&program);
    return status;
}

#define SET "{id: s, type: set, config: {fields: {v: 1}}}"
#define CALL(id, callee) "{id: " id ", type: workflow, config: {slug: " callee "}}"
#define GET "{id: g, type: http_request, config: {url: 'http://x/'}}"

static const struct {
    uint8_t number;
    const char *text;
} stored[] = {
    {1, "{name: w1, steps: [" SET "]}"},
    {2, "{name: w2, steps: [" CALL("a", "w1") "]}"},
    {3, "{name: w3, steps: [" CALL("a", "w2") "," CALL("b", "w1") "]}"},
    {4, "{name: w4, steps: [" GET "]}"},
    {5, "{name: w5, steps: [" CALL("a", "w1") "," CALL("b", "w4") "]}"},
    {6, "{name: w6, steps: [" CALL("a", "w7") "]}"},
    {7, "{name: w7, steps: [" CALL("a", "w6") "]}"},
    {8, "{name: w8, steps: [" CALL("a", "w6") "]}"},
    {9, "{name: w9, steps: [" CALL("a", "absent") "]}"},
    {10, "{name: w10, steps: [" CALL("a", "w200") "]}"},
    {200, "{name: w200, steps: [" SET "]}"},
    {11, "{name: w11, steps: [{id: a, type: workflow, config: {id: '000000000000000000000001'}}]}"},
    /* A chain of nine below w20. */
    {20, "{name: w20, steps: [" CALL("a", "w21") "]}"},
    {21, "{name: w21, steps: [" CALL("a", "w22") "]}"},
    {22, "{name: w22, steps: [" CALL("a", "w23") "]}"},
    {23, "{name: w23, steps: [" CALL("a", "w24") "]}"},
    {24, "{name: w24, steps: [" CALL("a", "w25") "]}"},
    {25, "{name: w25, steps: [" CALL("a", "w26") "]}"},
    {26, "{name: w26, steps: [" CALL("a", "w27") "]}"},
    {27, "{name: w27, steps: [" CALL("a", "w28") "]}"},
    {28, "{name: w28, steps: [" CALL("a", "w29") "]}"},
    {29, "{name: w29, steps: [" SET "]}"},
    /* The chain is seen from the middle first, and is too long from above. */
    {30, "{name: w30, steps: [" CALL("a", "w25") "," CALL("b", "w20") "]}"},
};

static const struct {
    uint8_t number;
    uint32_t count;
    bool is_pure;
    const char *words; /* NULL: found */
} searches[] = {
    {1, 0, true, NULL},
    {2, 1, true, NULL},
    {3, 2, true, NULL},
    {5, 2, false, NULL},
    {11, 1, true, NULL},
    {6, 0, false,
     "workflows call each other in a circle, \"w7\" among them: such calls would not end"},
    {8, 0, false,
     "workflows call each other in a circle, \"w6\" among them: such calls would not end"},
    {9, 0, false,
     "step \"a\" of \"w9\": there is no workflow \"absent\" in this workspace: publish it first"},
    {10, 0, false,
     "step \"a\" of \"w10\": there is no workflow \"w200\" in this workspace: publish it first"},
    {21, 8, true, NULL},
    {20, 0, false, "workflows call each other more than 8 deep, \"w29\" at the end"},
    {30, 0, false, "workflows call each other more than 8 deep, \"w28\" at the end"},
};

static void
put_all(struct scene *scene)
{
    for (size_t i = 0; i < COUNT_OF(stored); i++)
        put(scene, stored[i].number, 1, stored[i].text, true);
}

static void
test_all_are_found_or_refused_with_words(void **state)
{
    struct scene *scene = scene_open();
    put_all(scene);
    for (size_t i = 0; i < COUNT_OF(searches); i++) {
        struct callees *callees = NULL;
        struct error error;
        enum status status = find(scene, searches[i].number, (struct value){0}, &callees, &error);
        if (searches[i].words == NULL ? status != STATUS_OK : status != STATUS_INVALID)
            fail_msg("w%u: %s %s", searches[i].number, status_name(status), error.text);
        if (searches[i].words != NULL && strcmp(error.text, searches[i].words) != 0)
            fail_msg("w%u: %s", searches[i].number, error.text);
        assert_int_equal(callees == NULL ? 0 : callees->count, searches[i].count);
        if (status == STATUS_OK)
            assert_int_equal(callees_are_pure(callees), searches[i].is_pure);
        callees_drop(&callees);
    }
    scene_close(scene);
}

static void
test_an_unpublished_one_is_refused(void **state)
{
    struct scene *scene = scene_open();
    put(scene, 1, 1, stored[0].text, false);
    put(scene, 2, 1, stored[1].text, true);
    struct callees *callees = NULL;
    struct error error;
    assert_int_equal(find(scene, 2, (struct value){0}, &callees, &error), STATUS_INVALID);
    assert_string_equal(error.text, "step \"a\" of \"w2\": the workflow \"w1\" has no published "
                                    "version");
    scene_close(scene);
}

/* A new version below is not seen by who holds pins, and changes the hash of all above it. */
static void
test_versions_are_pinned(void **state)
{
    struct scene *scene = scene_open();
    put_all(scene);
    struct callees *old = NULL, *pinned = NULL, *new = NULL;
    struct error error;
    assert_int_equal(find(scene, 3, (struct value){0}, &old, &error), STATUS_OK);
    put(scene, 1, 2, "{name: w1, steps: [" GET "]}", true);
    struct value resolved = callees_pin(old, (struct value){0}, &scene->arena);
    assert_string_equal(
        arena_copy(&scene->arena, json_text(&scene->arena, resolved)).ptr,
        "{\"workflows\":{\"w2\":{\"id\":\"000000000000000000000002\",\"version\":1},"
        "\"w1\":{\"id\":\"000000000000000000000001\",\"version\":1}}}");
    struct value pins = value_get(resolved, "workflows");
    assert_int_equal(find(scene, 3, pins, &pinned, &error), STATUS_OK);
    assert_int_equal(find(scene, 3, (struct value){0}, &new, &error), STATUS_OK);
    for (uint32_t i = 0; i < old->count; i++) {
        assert_memory_equal(old->list[i].pins, pinned->list[i].pins, STORE_HASH_BYTES);
        assert_memory_not_equal(old->list[i].pins, new->list[i].pins, STORE_HASH_BYTES);
    }
    assert_true(callees_are_pure(pinned));
    assert_false(callees_are_pure(new));
    callees_drop(&old);
    callees_drop(&pinned);
    callees_drop(&new);
    scene_close(scene);
}

/* Runs that have begun go on with it, others do not begin. */
static void
test_a_deleted_workflow_stays_where_it_is_pinned(void **state)
{
    struct scene *scene = scene_open();
    put_all(scene);
    struct callees *old = NULL, *pinned = NULL, *new = NULL;
    struct error error;
    assert_int_equal(find(scene, 2, (struct value){0}, &old, &error), STATUS_OK);
    struct value resolved = callees_pin(old, (struct value){0}, &scene->arena);
    const struct workflow_row gone = {.workspace = id_of(1),
                                      .id = id_of(1),
                                      .latest_version = 1,
                                      .published_version = 1,
                                      .revision = 1};
    struct intent *intent = intent_new(KIB(4));
    intent_add(intent, STORE_WORKFLOW_DELETE, 0)->workflow = &gone;
    assert_int_equal(store_commit(scene->store, &intent, 1, NULL), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
    assert_int_equal(find(scene, 2, (struct value){0}, &new, &error), STATUS_INVALID);
    struct value pins = value_get(resolved, "workflows");
    assert_int_equal(find(scene, 2, pins, &pinned, &error), STATUS_OK);
    assert_memory_equal(old->list[0].pins, pinned->list[0].pins, STORE_HASH_BYTES);
    callees_drop(&old);
    callees_drop(&pinned);
    scene_close(scene);
}

/* --- computing in place --- */

#define INPUT "input: {type: object, required: [n], properties: {n: {type: integer}}}"
#define CALL_WITH(id, callee, input)                                                               \
    "{id: " id ", type: workflow, on_error: continue, config: {slug: " callee ", input: " input "}}"

static const struct {
    const char *label;
    const char *below; /* w1 */
    const char *above; /* w2 */
    const char *want;  /* its output; or the failure */
} computed[] = {
    {"its output is the value",
     "{name: w1, " INPUT
     ", steps: [{id: t, type: transform, config: {expression: '.input.n * 2'}}],"
     " output: {twice: '{{steps.t}}'}}",
     "{name: w2, steps: [" CALL_WITH("a", "w1", "{n: 21}") "]}", "{\"twice\":42}"},
    {"the last value by default",
     "{name: w1, steps: [{id: t, type: transform, config: {expression: '.input | keys'}}]}",
     "{name: w2, steps: [" CALL_WITH("a", "w1", "{b: 1, a: 2}") "]}", "[\"a\",\"b\"]"},
    {"nothing is given",
     "{name: w1, steps: [{id: t, type: transform, config: {expression: .input}}]}",
     "{name: w2, steps: [" CALL("a", "w1") "]}", "{}"},
    {"a bad input", "{name: w1, " INPUT ", steps: [" SET "]}",
     "{name: w2, steps: [" CALL_WITH("a", "w1", "{n: x}") "], output: '{{steps.a.error}}'}",
     "{\"code\":\"bad_input\",\"message\":\"input/n: expected integer, found \\\"x\\\"\"}"},
    {"an input that is no object", "{name: w1, steps: [" SET "]}",
     "{name: w2, steps: [" CALL_WITH("a", "w1", "[1]") "], output: '{{steps.a.error.message}}'}",
     "\"input: expected an object, found array\""},
    {"a failure below",
     "{name: w1, steps: [{id: t, type: transform, config: {expression: 'error(\"no\")'}}]}",
     "{name: w2, steps: [" CALL_WITH("a", "w1", "{}") "], output: '{{steps.a.error}}'}",
     "{\"code\":\"workflow_failed\",\"message\":\"the workflow \\\"w1\\\" failed at step "
     "\\\"t\\\": "
     "expression_failed: expression: no\"}"},
    {"an output that fails", "{name: w1, steps: [" SET "], output: '{{= error(\"no\") }}'}",
     "{name: w2, steps: [" CALL_WITH("a", "w1", "{}") "], output: '{{steps.a.error.message}}'}",
     "\"the workflow \\\"w1\\\" failed: output_failed: output: no\""},
    {"what it sees of its run",
     "{name: w1, steps: [{id: t, type: transform, config: {expression: "
     "'[.run.startedAt, .run.generation, .run.trigger, .run.workflow.slug, (.run.id | "
     "length)]'}}]}",
     "{name: w2, steps: [" CALL("a", "w1") "]}", "[\"now\",1,\"workflow\",\"w1\",24]"},
};

static struct in_place
in_place_of(struct scene *scene, const struct program *program, const struct callees *callees)
{
    struct member started = {value_text("startedAt"), value_text("now")};
    return (struct in_place){
        .program = program,
        .callees = callees,
        .run = id_of(9),
        .input = value_empty_object(),
        .run_value = value_object_new(&scene->arena, &started, 1),
        .vars = value_empty_object(),
        .calls_left = 3,
    };
}

/* The output or failure of w2 as text, in the scene's arena. */
static const char *
compute(struct scene *scene, bool *is_ok)
{
    struct callees *callees = NULL;
    struct error error;
    if (find(scene, 2, (struct value){0}, &callees, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    struct program *program = program_of(scene, 2, 1);
    struct in_place what = in_place_of(scene, program, callees);
    struct chunk chunk;
    struct value value;
    assert_true(in_place_compute(&chunk, &what, scene->machine));
    *is_ok = in_place_output(&chunk, scene->machine, &value);
    const char *text = arena_copy(&scene->arena, json_text(&chunk.arena, value)).ptr;
    arena_done(&chunk.arena);
    program_drop(&program);
    callees_drop(&callees);
    return text;
}

static void
test_pure_ones_are_computed_in_place(void **state)
{
    for (size_t i = 0; i < COUNT_OF(computed); i++) {
        struct scene *scene = scene_open();
        put(scene, 1, 1, computed[i].below, true);
        put(scene, 2, 1, computed[i].above, true);
        bool is_ok = false;
        const char *got = compute(scene, &is_ok);
        if (!is_ok || strcmp(got, computed[i].want) != 0)
            fail_msg("%s: %s", computed[i].label, got);
        scene_close(scene);
    }
}

/* The same input of the same item gives the same run, another input another. */
static void
test_a_run_is_known_by_its_input(void **state)
{
    struct scene *scene = scene_open();
    put(scene, 1, 1, "{name: w1, steps: [{id: t, type: transform, config: {expression: .run.id}}]}",
        true);
    put(scene, 2, 1,
        "{name: w2, steps: [" CALL_WITH("a", "w1", "{x: 1, y: 2}") "," CALL_WITH(
            "b", "w1",
            "{x: 1, y: 2}") "," CALL_WITH("c", "w1",
                                          "{x: 1, y: 3}") "], output: ['{{steps.a}}', "
                                                          "'{{steps.b}}', '{{steps.c}}']}",
        true);
    bool is_ok = false;
    const char *first = compute(scene, &is_ok);
    const char *again = compute(scene, &is_ok);
    assert_string_equal(first, again);
    struct value ids;
    assert_int_equal(json_parse(&ids, &scene->arena, slice_text(first), 0, NULL, NULL), STATUS_OK);
    for (uint32_t i = 0; i < ids.count; i++) {
        struct slice id = value_slice(value_items(ids)[i]);
        assert_int_equal(id.size, 24);
        /* It begins with the time of its parent. */
        assert_memory_equal(id.ptr, "00000000", 8);
        for (uint32_t j = 0; j < i; j++)
            assert_false(value_equal(value_items(ids)[i], value_items(ids)[j]));
    }
    scene_close(scene);
}

static void
test_calls_of_one_item_are_bounded(void **state)
{
    struct scene *scene = scene_open();
    put(scene, 1, 1, "{name: w1, steps: [" SET "]}", true);
    put(scene, 2, 1,
        "{name: w2, steps: [" CALL("a", "w1") "," CALL("b", "w1") "," CALL("c", "w1") "," CALL(
            "d", "w1") "]}",
        true);
    bool is_ok = true;
    const char *got = compute(scene, &is_ok);
    assert_false(is_ok);
    assert_non_null(strstr(got, "\"limit_exceeded\""));
    scene_close(scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_found_or_refused_with_words),
        cmocka_unit_test(test_an_unpublished_one_is_refused),
        cmocka_unit_test(test_versions_are_pinned),
        cmocka_unit_test(test_a_deleted_workflow_stays_where_it_is_pinned),
        cmocka_unit_test(test_pure_ones_are_computed_in_place),
        cmocka_unit_test(test_a_run_is_known_by_its_input),
        cmocka_unit_test(test_calls_of_one_item_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
