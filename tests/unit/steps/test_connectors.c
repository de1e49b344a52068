/* The worked examples as steps: what is declared, and which limits hold. */
#include "engine/program.h"
#include "flow/problem.h"
#include "steps/connector.h"
#include "test.h"

#include <stdio.h>

static const char *folder;

static const char workflow[] =
    "name: c\n"
    "steps:\n"
    "  - { id: a, type: people_finder, config: { email: x } }\n"
    "  - { id: b, type: people_finder, config: { email: x, rate: 5/m, per_host: 3 } }\n"
    "  - { id: c, type: firm_registry, config: { name: x } }\n"
    "  - { id: d, type: page_rank, config: { domain: x } }\n"
    "  - { id: e, type: set, config: { fields: { x: 1 } } }\n";

static void
check_limit(const struct program *program, const char *id, const struct pace_limit *wanted)
{
    const struct plan_node *node = plan_node_find(program->plan, slice_text(id));
    const struct pace_limit *limit = &program->limits[node->index];
    if (limit->rate.count != wanted->rate.count || limit->rate.per_ms != wanted->rate.per_ms ||
        limit->at_once != wanted->at_once)
        fail_msg("%s: %u per %lld ms, %u at once", id, limit->rate.count,
                 (long long)limit->rate.per_ms, limit->at_once);
}

static void
test_limits_of_the_file_hold_where_a_step_says_nothing(void **state)
{
    struct connectors *connectors = NULL;
    struct error error = {0};
    struct arena arena;
    struct problems problems;
    struct plan *plan = NULL;
    arena_init(&arena, 1000000);
    problems_init(&problems, &arena);
    if (connectors_open(&connectors, folder, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    struct plan_options options = {.catalog = connectors_catalog(connectors)};
    assert_int_equal(plan_load(&plan, slice_text(workflow), &options, &problems), STATUS_OK);
    struct program *program = program_new(plan, connectors_steps(connectors));
    check_limit(program, "a", &(struct pace_limit){{10, 1000}, 0});
    check_limit(program, "b", &(struct pace_limit){{5, 60000}, 3});
    check_limit(program, "c", &(struct pace_limit){{60, 60000}, 2});
    check_limit(program, "d", &(struct pace_limit){{0, 0}, 0});
    check_limit(program, "e", &(struct pace_limit){{0, 0}, 0});
    program_drop(&program);
    connectors_free(&connectors);
    arena_done(&arena);
}

static void
test_without_a_folder_there_are_the_steps_of_this_build(void **state)
{
    struct connectors *connectors = NULL;
    struct error error = {0};
    assert_int_equal(connectors_open(&connectors, NULL, &error), STATUS_OK);
    assert_non_null(catalog_find(connectors_catalog(connectors), SLICE("http_request")));
    assert_null(catalog_find(connectors_catalog(connectors), SLICE("people_finder")));
    connectors_free(&connectors);
    assert_int_equal(connectors_open(&connectors, "/nowhere", &error), STATUS_NOT_FOUND);
    assert_null(connectors);
    connectors_free(&connectors);
}

int
main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/demo/connectors", argc < 2 ? "." : argv[1]);
    folder = path;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_of_the_file_hold_where_a_step_says_nothing),
        cmocka_unit_test(test_without_a_folder_there_are_the_steps_of_this_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
