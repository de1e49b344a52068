/* Whose turn it is when all slots of calls are taken: one after the other, whoever wants how many.
 */
#include "test.h"

#include "base/status.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

#define RUNS 3

struct scene {
    struct engine *engine;
    struct run *runs[RUNS];
    uint32_t wants[RUNS], has[RUNS];
    char order[64]; /* who took a slot */
};

static void
open_scene(struct scene *scene, uint32_t most)
{
    *scene = (struct scene){.engine = calloc(1, sizeof(*scene->engine))};
    scene->engine->slots.most = most;
    for (size_t i = 0; i < RUNS; i++) {
        scene->runs[i] = calloc(1, sizeof(*scene->runs[i]));
        scene->runs[i]->engine = scene->engine;
    }
}

static void
close_scene(struct scene *scene)
{
    for (size_t i = 0; i < RUNS; i++)
        free(scene->runs[i]);
    free(scene->engine);
}

/* As a run that is pumped: takes what it may. */
static void
pump(struct scene *scene, size_t i)
{
    struct slots *slots = &scene->engine->slots;
    while (scene->wants[i] > 0 && slots_may_take(slots, scene->runs[i])) {
        slots_take(slots, scene->runs[i]);
        scene->wants[i]--;
        scene->has[i]++;
        scene->order[strlen(scene->order)] = (char)('a' + i);
    }
    slots_pass(slots, scene->runs[i]);
    assert_true(slots->taken + slots->turns <= slots->most);
}

/* The engine's turn: those that are marked, the last one first. */
static void
pump_marked(struct scene *scene)
{
    struct run *run;
    while ((run = scene->engine->dirty) != NULL) {
        scene->engine->dirty = run->next_dirty;
        run->is_dirty = false;
        for (size_t i = 0; i < RUNS; i++) {
            if (scene->runs[i] == run)
                pump(scene, i);
        }
    }
}

static void
end_call(struct scene *scene, size_t i)
{
    assert_true(scene->has[i] > 0);
    scene->has[i]--;
    slots_free(&scene->engine->slots);
    pump_marked(scene);
}

static void
test_runs_take_turns(void **state)
{
    struct scene scene;
    open_scene(&scene, 2);
    memcpy(scene.wants, (uint32_t[]){6, 3, 1}, sizeof(scene.wants));
    for (size_t i = 0; i < RUNS; i++)
        pump(&scene, i);
    assert_string_equal(scene.order, "aa");
    while (scene.has[0] + scene.has[1] + scene.has[2] > 0) {
        size_t i = 0;
        while (scene.has[i] == 0)
            i++;
        end_call(&scene, i);
    }
    assert_string_equal(scene.order, "aaabcababa");
    assert_int_equal(scene.engine->slots.taken, 0);
    assert_null(scene.engine->slots.first);
    close_scene(&scene);
}

static void
test_a_weight_gives_more_turns(void **state)
{
    struct scene scene;
    open_scene(&scene, 1);
    scene.runs[1]->slot.weight = 3;
    memcpy(scene.wants, (uint32_t[]){5, 8, 2}, sizeof(scene.wants));
    for (size_t i = 0; i < RUNS; i++)
        pump(&scene, i);
    while (scene.has[0] + scene.has[1] + scene.has[2] > 0) {
        size_t i = 0;
        while (scene.has[i] == 0)
            i++;
        end_call(&scene, i);
    }
    assert_string_equal(scene.order, "aabbbcabbbcabba");
    close_scene(&scene);
}

static void
test_a_turn_that_is_not_used_goes_on(void **state)
{
    struct scene scene;
    open_scene(&scene, 1);
    memcpy(scene.wants, (uint32_t[]){1, 2, 1}, sizeof(scene.wants));
    for (size_t i = 0; i < RUNS; i++)
        pump(&scene, i);
    scene.wants[1] = 0; /* its hosts have no room any more */
    end_call(&scene, 0);
    assert_string_equal(scene.order, "ac");
    end_call(&scene, 2);
    assert_int_equal(scene.engine->slots.turns, 0);
    close_scene(&scene);
}

static void
test_a_run_that_leaves_is_not_waited_for(void **state)
{
    struct scene scene;
    open_scene(&scene, 1);
    memcpy(scene.wants, (uint32_t[]){1, 1, 1}, sizeof(scene.wants));
    for (size_t i = 0; i < RUNS; i++)
        pump(&scene, i);
    slots_leave(&scene.engine->slots, scene.runs[1]);
    assert_false(scene.runs[1]->slot.is_waiting);
    /* The next leaves with the turn in its hand. */
    scene.has[0] = 0;
    slots_free(&scene.engine->slots);
    assert_true(scene.runs[2]->slot.has_turn);
    scene.wants[0] = 1;
    assert_false(slots_may_take(&scene.engine->slots, scene.runs[0]));
    slots_leave(&scene.engine->slots, scene.runs[2]);
    pump_marked(&scene);
    assert_string_equal(scene.order, "aa");
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_take_turns),
        cmocka_unit_test(test_a_weight_gives_more_turns),
        cmocka_unit_test(test_a_turn_that_is_not_used_goes_on),
        cmocka_unit_test(test_a_run_that_leaves_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
