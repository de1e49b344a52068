/* Goal: what differs between two versions of a workflow is told by step and field, and nothing else
 * is. Method: both as texts, and the differences as JSON. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "flow/definition_diff.h"
#include "unit/flow/small_catalog.h"

#define FLOW(steps) "{name: x, steps: [" steps "]}"
#define A "{id: a, type: set, config: {fields: {x: 1, y: 2}}}"
#define B "{id: b, type: set, config: {fields: {z: 3}}}"
#define C "{id: c, type: set, config: {fields: {z: 4}}}"
#define SAME                                                                                       \
    "{\"same\":true,\"fields\":[],\"steps\":{\"added\":[],\"removed\":[],\"changed\":[],"          \
    "\"reordered\":false}}"
#define TOP(changes)                                                                               \
    "{\"same\":false,\"fields\":[" changes "],\"steps\":{\"added\":[],\"removed\":[],"             \
    "\"changed\":[],\"reordered\":false}}"
#define STEPS(added, removed, changed, reordered)                                                  \
    "{\"same\":false,\"fields\":[],\"steps\":{\"added\":[" added "],\"removed\":[" removed         \
    "],\"changed\":[" changed "],\"reordered\":" reordered "}}"
#define CHANGE(path, word, before, after)                                                          \
    "{\"path\":\"" path "\",\"change\":\"" word "\",\"before\":" before ",\"after\":" after "}"
#define OF(step, changes) "{\"id\":\"" step "\",\"fields\":[" changes "]}"
#define SET(step) "{\"id\":\"" step "\",\"type\":\"set\"}"

static const struct {
    const char *label;
    const char *before, *after;
    const char *want;
} table[] = {
    {"the same", FLOW(A), FLOW(A), SAME},
    {"written otherwise", FLOW(A),
     "# a note\nsteps:\n  - type: set\n    id: a\n    config:\n      fields: {\"x\": 1, y: 2}\n"
     "name: \"x\"\n",
     SAME},
    {"an id that stands for a place", FLOW("{type: set, config: {fields: {x: 1}}}"),
     FLOW("{id: step_1, type: set, config: {fields: {x: 1}}}"), SAME},
    {"another name", FLOW(A), "{name: y, slug: x, steps: [" A "]}",
     TOP(CHANGE("name", "changed", "\"x\"", "\"y\"") "," CHANGE("slug", "added", "null", "\"x\""))},
    {"a part of something", "{name: x, limits: {concurrency: 5, deadline: 1h}, steps: [" A "]}",
     "{name: x, limits: {concurrency: 6}, steps: [" A "]}",
     TOP(CHANGE("limits.concurrency", "changed", "5", "6") "," CHANGE("limits.deadline", "removed",
                                                                      "\"1h\"", "null"))},
    {"where it came from says the same again", FLOW(A),
     "{name: x, origin: {format: n8n, definition: {nodes: []}}, steps: [" A "]}", SAME},
    {"a list of another length", "{name: x, input: {required: [a]}, steps: [" A "]}",
     "{name: x, input: {required: [a, b]}, steps: [" A "]}",
     TOP(CHANGE("input.required", "changed", "[\"a\"]", "[\"a\",\"b\"]"))},
    {"an item of a list", "{name: x, input: {required: [a, b]}, steps: [" A "]}",
     "{name: x, input: {required: [a, c]}, steps: [" A "]}",
     TOP(CHANGE("input.required[1]", "changed", "\"b\"", "\"c\""))},
    {"null is not nothing", "{name: x, output: {a: null}, steps: [" A "]}",
     "{name: x, output: {}, steps: [" A "]}", TOP(CHANGE("output.a", "removed", "null", "null"))},
    {"a step more", FLOW(A), FLOW(A "," B), STEPS(SET("b"), "", "", "false")},
    {"a step less", FLOW(A "," B), FLOW(B), STEPS("", SET("a"), "", "false")},
    {"a step put between", FLOW(A "," C), FLOW(A "," B "," C), STEPS(SET("b"), "", "", "false")},
    {"another order", FLOW(A "," B "," C), FLOW(B "," A "," C), STEPS("", "", "", "true")},
    {"another order and others around it", FLOW(A "," B), FLOW(C "," B "," A),
     STEPS(SET("c"), "", "", "true")},
    {"a field of a step", FLOW(A "," B),
     FLOW("{id: a, type: set, config: {fields: {x: 1, y: 5}}}," B),
     STEPS("", "", OF("a", CHANGE("config.fields.y", "changed", "2", "5")), "false")},
    {"the order of columns", FLOW(A), FLOW("{id: a, type: set, config: {fields: {y: 2, x: 1}}}"),
     STEPS("", "",
           OF("a", CHANGE("config.fields", "reordered", "{\"x\":1,\"y\":2}", "{\"y\":2,\"x\":1}")),
           "false")},
    {"another type", FLOW(A), FLOW("{id: a, type: transform, config: {expression: .item}}"),
     STEPS("", "",
           OF("a", CHANGE("type", "changed", "\"set\"", "\"transform\"") "," CHANGE(
                       "config.fields", "removed", "{\"x\":1,\"y\":2}",
                       "null") "," CHANGE("config.expression", "added", "null", "\".item\"")),
           "false")},
};

static struct plan *
load(const char *text, struct arena *arena)
{
    struct problems problems;
    struct plan_options options = {.catalog = &small_catalog};
    struct plan *plan = NULL;
    problems_init(&problems, arena);
    if (plan_load(&plan, slice_text(text), &options, &problems) != STATUS_OK)
        fail_msg("%s: %s", text, problems.list[0].words);
    return plan;
}

static void
test_what_differs_is_told(void **state)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, MIB(4));
        struct plan *before = load(table[i].before, &arena);
        struct plan *after = load(table[i].after, &arena);
        struct slice got = json_text(&arena, definition_diff(&arena, before, after));
        if (!slice_is(got, table[i].want))
            fail_msg("%s:\n%.*s\nnot\n%s", table[i].label, SLICE_FORMAT(got), table[i].want);
        plan_drop(&before);
        plan_drop(&after);
        arena_done(&arena);
    }
}

static void
test_an_arena_that_is_full_gives_nothing(void **state)
{
    struct arena arena, small;
    arena_init(&arena, MIB(4));
    arena_init(&small, KIB(1));
    struct plan *before = load(FLOW(A), &arena);
    struct plan *after = load(FLOW(B "," C), &arena);
    assert_int_equal(definition_diff(&small, before, after).kind, VALUE_NONE);
    plan_drop(&before);
    plan_drop(&after);
    arena_done(&small);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_differs_is_told),
        cmocka_unit_test(test_an_arena_that_is_full_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
