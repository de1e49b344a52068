/* What the calls of an effect are asked with: as `begin` says, and with the model that the run
 * means by `default`. The step type is of the test's own. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/chunk.h"
#include "engine/models.h"

#include <stdio.h>
#include <string.h>

static const struct field_decl fields[] = {
    {.name = "model", .kind = FIELD_MODEL, .help = "Which one."},
    {.name = "prompt", .kind = FIELD_TEXT, .help = "What for."},
};
static const struct step_decl ask_decl = {
    .name = "ask",
    .group = STEP_GROUP_AI,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Asks.",
    .fields = fields,
    .field_count = COUNT_OF(fields),
};
static const struct step_decl look_decl = {
    .name = "look",
    .group = STEP_GROUP_AI,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Looks first, then asks.",
    .fields = fields + 1,
    .field_count = 1,
};

static bool
look_begin(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    struct value prompt = value_get(progress->config, "prompt");
    if (slice_is(value_slice(prompt), "no"))
        return step_fail(failure, "bad_config", "prompt: cannot be looked for");
    progress->state = value_text("looking");
    progress->next =
        value_object_set(scope->arena, value_empty_object(), value_text("look"), prompt);
    return true;
}

static enum step_follow
look_follow(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    if (progress->call == 1) {
        progress->value = value_text(progress->state.text);
        return STEP_FOLLOW_VALUE;
    }
    assert_string_equal(progress->state.text, "looking");
    progress->state = value_text("asked");
    progress->next =
        value_object_set(scope->arena, progress->config, value_text("seen"), progress->answer);
    return STEP_FOLLOW_CALL;
}

static const struct step_type ask_type = {.decl = &ask_decl};
static const struct step_type look_type = {
    .decl = &look_decl, .begin = look_begin, .follow = look_follow};
static const struct step_decl *const decls[] = {&ask_decl, &look_decl};
static const struct step_type *const types[] = {&ask_type, &look_type};
static const struct catalog catalog = {decls, COUNT_OF(decls)};
static const struct step_table step_types = {types, COUNT_OF(types)};

struct scene {
    struct program *program;
    struct expr_machine *machine;
    struct chunk chunk;
};

static void
open_scene(struct scene *scene, const char *config, struct value default_model)
{
    struct arena arena;
    struct plan *plan = NULL;
    char workflow[512];
    snprintf(workflow, sizeof(workflow), "name: n\nsteps: [{id: s, %s}]\n", config);
    arena_init(&arena, MIB(4));
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, &arena);
    struct plan_options options = {.catalog = &catalog};
    if (plan_load(&plan, slice_text(workflow), &options, problems) != STATUS_OK)
        fail_msg("%s: %s", workflow, problems->list[0].words);
    mem_free(problems);
    arena_done(&arena);
    scene->program = program_new(plan, &step_types);
    scene->machine = expr_machine_new(expr_budget_default());
    scene->chunk =
        (struct chunk){.program = scene->program, .table = &plan->tables[0], .generation = 1};
    struct chunk *chunk = &scene->chunk;
    arena_init(&chunk->arena, LIMIT_CHUNK_BYTES);
    chunk->input = chunk->run_value = chunk->vars = chunk->outer_steps = value_empty_object();
    chunk->default_model = default_model;
    assert_true(chunk_make_items(chunk, 1));
    chunk->items[0].row = value_empty_object();
    chunk_advance(chunk, scene->machine);
}

static void
close_scene(struct scene *scene)
{
    arena_done(&scene->chunk.arena);
    expr_machine_free(&scene->machine);
    program_drop(&scene->program);
}

static void
assert_asks(struct scene *scene, uint32_t number, const char *wanted)
{
    struct chunk *chunk = &scene->chunk;
    if (chunk->call_count != 1 || chunk->calls[0].number != number)
        fail_msg("%s: %u calls", wanted, chunk->call_count);
    struct slice text = json_text(&chunk->arena, chunk->calls[0].config);
    if (!slice_is(text, wanted))
        fail_msg("%s: %.*s", wanted, SLICE_FORMAT(text));
    chunk->call_count = 0;
}

static void
assert_fails(struct scene *scene, const char *words)
{
    const struct column *column = &scene->chunk.items[0].columns[0];
    assert_int_equal(scene->chunk.call_count, 0);
    assert_int_equal(column->state, NODE_STATE_FAILED);
    struct slice text = json_text(&scene->chunk.arena, column->value);
    if (memmem(text.ptr, text.size, words, strlen(words)) == NULL)
        fail_msg("%.*s", SLICE_FORMAT(text));
}

static void
test_models_are_named_in_what_is_asked(void **state)
{
    static const struct {
        const char *config;
        const char *asked;
    } table[] = {
        {"type: ask", "{\"model\":\"p/m\"}"},
        {"type: ask, config: {model: default}", "{\"model\":\"p/m\"}"},
        {"type: ask, config: {model: '{{= \"def\" + \"ault\"}}'}", "{\"model\":\"p/m\"}"},
        {"type: ask, config: {model: 'openai/gpt-4o-mini '}", "{\"model\":\"openai/gpt-4o-mini\"}"},
        {"type: ask, config: {model: 'a/b/c', prompt: x}",
         "{\"model\":\"a/b/c\",\"prompt\":\"x\"}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        open_scene(&scene, table[i].config, value_text("p/m"));
        assert_true(models_are_used(scene.program, NULL));
        assert_asks(&scene, 0, table[i].asked);
        close_scene(&scene);
    }
}

static void
test_names_that_are_no_models_fail(void **state)
{
    static const char *const names[] = {"gpt", "/m", "p/", "''"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct scene scene;
        char config[128];
        snprintf(config, sizeof(config), "type: ask, config: {model: %s}", names[i]);
        open_scene(&scene, config, value_text("p/m"));
        assert_fails(&scene, "model: expected \\\"default\\\" or a name such as");
        close_scene(&scene);
    }
}

static void
test_begin_says_what_the_first_call_is_asked_with(void **state)
{
    struct scene scene;
    open_scene(&scene, "type: look, config: {prompt: p}", (struct value){0});
    assert_false(models_are_used(scene.program, NULL));
    assert_asks(&scene, 0, "{\"look\":\"p\"}");
    chunk_settle(&scene.chunk, 0, 0, true, value_int(7));
    chunk_advance(&scene.chunk, scene.machine);
    assert_asks(&scene, 1, "{\"prompt\":\"p\",\"seen\":7}");
    chunk_settle(&scene.chunk, 0, 0, true, value_int(8));
    chunk_advance(&scene.chunk, scene.machine);
    const struct column *column = &scene.chunk.items[0].columns[0];
    assert_int_equal(column->state, NODE_STATE_DONE);
    assert_true(slice_is(value_slice(column->value), "asked"));
    close_scene(&scene);

    open_scene(&scene, "type: look, config: {prompt: 'no'}", (struct value){0});
    assert_fails(&scene, "prompt: cannot be looked for");
    close_scene(&scene);
}

static void
test_what_is_pinned_stays(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct value none = {0};
    assert_int_equal(models_pinned(none).kind, VALUE_NONE);
    struct value resolved = models_pin(value_text("p/m"), none, &arena);
    assert_true(slice_is(json_text(&arena, resolved), "{\"models\":{\"default\":\"p/m\"}}"));
    resolved = value_object_set(&arena, resolved, value_text("x"), value_int(1));
    resolved = models_pin(value_text("q/n"), resolved, &arena);
    assert_true(slice_is(value_slice(models_pinned(resolved)), "p/m"));
    assert_int_equal(value_get(resolved, "x").integer, 1);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_are_named_in_what_is_asked),
        cmocka_unit_test(test_names_that_are_no_models_fail),
        cmocka_unit_test(test_begin_says_what_the_first_call_is_asked_with),
        cmocka_unit_test(test_what_is_pinned_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
