/* Goal: what is wrong between two workflows, of which one calls the other, is found. Method: both
 * as texts, and the problems as they are printed. */
#include "test.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "flow/calls.h"
#include "unit/flow/small_catalog.h"

#include <string.h>

#define CALL(config)                                                                               \
    "{name: above, steps: [{id: a, type: workflow, config: {slug: below" config "}}]}"
#define BELOW(schema) "{name: below, input: {" schema "}, steps: [" SET "]}"
#define SET "{type: set, config: {fields: {x: 1}}}"
#define PROPERTIES "properties: {company: {type: string}, n: {type: integer}}"
#define CLOSED "additionalProperties: false, " PROPERTIES

static const struct {
    const char *label;
    const char *above, *below;
    const char *want; /* of above; "" : nothing is wrong */
} table[] = {
    {"nothing is asked", CALL(""), "{name: below, steps: [" SET "]}", ""},
    {"all is given", CALL(", input: {company: x, n: 1}"), BELOW("required: [n], " CLOSED), ""},
    {"a template may be anything", CALL(", input: {n: '{{input.n}}'}"), BELOW(CLOSED), ""},
    {"the whole is a template", CALL(", input: '{{input}}'"), BELOW("required: [n]"), ""},
    {"further names are allowed", CALL(", input: {zzz: 1}"), BELOW(PROPERTIES), ""},
    {"something is missing", CALL(", input: {company: x}"), BELOW("required: [n, company]"),
     "steps[0].config.input: \"below\" requires \"n\", which is not given\n"},
    {"nothing is given", CALL(""), BELOW("required: [n]"),
     "steps[0].config.input: \"below\" requires \"n\", which is not given\n"},
    {"a wrong name", CALL(", input: {compny: x}"), BELOW(CLOSED),
     "steps[0].config.input: the input of \"below\" has no \"compny\" (its schema allows no "
     "further "
     "properties) (did you mean company?)\n"},
    {"a wrong value", CALL(", input: {n: x}"), BELOW(PROPERTIES),
     "steps[0].config.input: what \"below\" gets as \"n\": expected integer, found \"x\"\n"},
    {"a wrong kind", CALL(", input: [1]"), BELOW(PROPERTIES),
     "steps[0].config.input: expected an object: a workflow is given its input by names\n"},
    {"a circle", CALL(""), "{name: below, steps: [{type: workflow, config: {slug: above}}]}",
     "steps[0].config.slug: \"below\" calls \"above\" in its turn: such calls would not end\n"},
    {"another workflow is meant", "{name: above, steps: [{type: workflow, config: {slug: other}}]}",
     BELOW("required: [n]"), ""},
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

/* Without the name of the file, line and column. */
static void
print_without_place(const struct problems *problems, struct buffer *out)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->list[i];
        buffer_append_format(out, "%s: %s", problem->path, problem->words);
        if (problem->nearest != NULL)
            buffer_append_format(out, " (did you mean %s?)", problem->nearest);
        buffer_append_byte(out, '\n');
    }
    buffer_append_byte(out, '\0');
}

static void
test_calls_are_compared_with_what_they_call(void **state)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct problems problems;
        struct buffer got;
        arena_init(&arena, MIB(4));
        buffer_init(&got, KIB(64));
        problems_init(&problems, &arena);
        struct plan *above = load(table[i].above, &arena);
        struct plan *below = load(table[i].below, &arena);
        const struct plan *both[] = {above, below};
        plan_check_calls(above, both, COUNT_OF(both), &problems);
        print_without_place(&problems, &got);
        if (strcmp(got.ptr, table[i].want) != 0)
            fail_msg("%s: %s", table[i].label, got.ptr);
        plan_drop(&above);
        plan_drop(&below);
        buffer_done(&got);
        arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_are_compared_with_what_they_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
