#include "chunk_scene.h"
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "steps/table.h"

static struct plan *
load(const char *workflow)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, &arena);
    struct plan_options options = {.catalog = &step_catalog};
    struct plan *plan = NULL;
    if (plan_load(&plan, slice_text(workflow), &options, problems) != STATUS_OK)
        fail_msg("%s: %s", workflow, problems->list[0].words);
    mem_free(problems);
    arena_done(&arena);
    return plan;
}

static struct value
parse(struct arena *arena, const char *text)
{
    struct value value;
    struct error error = {0};
    if (json_parse(&value, arena, slice_text(text), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

/* Sources are done, since their rows are here. */
static void
look_outside(struct chunk *chunk)
{
    const struct plan *plan = chunk->program->plan;
    struct outside *outside =
        arena_alloc(&chunk->arena, (plan->node_count + 1u) * sizeof(*outside));
    for (uint16_t n = 0; n < plan->node_count; n++)
        outside[n].state = NODE_STATE_DONE;
    chunk->outside = outside;
}

static void
fill_chunk(struct chunk_scene *scene, const char *const *rows)
{
    struct chunk *chunk = &scene->chunk;
    const struct plan *plan = scene->program->plan;
    *chunk = (struct chunk){.program = scene->program, .table = &plan->tables[0], .generation = 1};
    for (uint16_t t = 0; t < plan->table_count; t++) {
        if (plan->tables[t].is_many)
            chunk->table = &plan->tables[t];
    }
    arena_init(&chunk->arena, LIMIT_CHUNK_BYTES);
    memset(chunk->run.bytes, 7, ID_BYTES);
    chunk->input = chunk->run_value = chunk->vars = chunk->outer_steps = value_empty_object();
    look_outside(chunk);
    uint32_t count = 0;
    while (rows[count] != NULL)
        count++;
    assert_true(chunk_make_items(chunk, count));
    for (uint32_t i = 0; i < count; i++)
        chunk->items[i].row = parse(&chunk->arena, rows[i]);
}

void
chunk_scene_open(struct chunk_scene *scene, const char *workflow, const char *const *rows)
{
    scene->program = program_new(load(workflow), &step_table);
    scene->machine = expr_machine_new(expr_budget_default());
    fill_chunk(scene, rows);
}

void
chunk_scene_again(struct chunk_scene *scene, const struct chunk_scene *like,
                  const char *const *rows)
{
    scene->program = like->program;
    program_hold(scene->program);
    scene->machine = expr_machine_new(expr_budget_default());
    fill_chunk(scene, rows);
}

void
chunk_scene_close(struct chunk_scene *scene)
{
    arena_done(&scene->chunk.arena);
    expr_machine_free(&scene->machine);
    program_drop(&scene->program);
}

void
chunk_scene_advance(struct chunk_scene *scene)
{
    chunk_advance(&scene->chunk, scene->machine);
}

static const struct plan_node *
node_of(const struct chunk_scene *scene, const char *step)
{
    const struct plan_node *node = plan_node_find(scene->program->plan, slice_text(step));
    assert_non_null(node);
    return node;
}

void
chunk_scene_settle(struct chunk_scene *scene, uint32_t item, const char *step, bool is_ok,
                   const char *json)
{
    const struct plan_node *node = node_of(scene, step);
    struct chunk *chunk = &scene->chunk;
    assert_true(chunk->items[item].columns[node->column].is_asked);
    chunk_settle(chunk, item, node->index, is_ok, parse(&chunk->arena, json));
}

const struct column *
chunk_scene_column(struct chunk_scene *scene, uint32_t item, const char *step)
{
    return &scene->chunk.items[item].columns[node_of(scene, step)->column];
}

const char *
chunk_scene_states(struct chunk_scene *scene, uint32_t item)
{
    struct chunk *chunk = &scene->chunk;
    const struct plan_node *nodes = scene->program->plan->nodes;
    struct buffer text;
    buffer_init(&text, KIB(4));
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        const struct plan_node *node = &nodes[chunk->table->nodes[c]];
        enum node_state state = (enum node_state)chunk->items[item].columns[c].state;
        buffer_append_format(&text, "%s%.*s:%s", c == 0 ? "" : " ",
                             SLICE_FORMAT(value_slice(node->id)), node_state_name(state));
    }
    const char *copy = arena_copy(&chunk->arena, buffer_slice(&text)).ptr;
    buffer_done(&text);
    return copy;
}

const char *
chunk_scene_text(struct chunk_scene *scene, struct value value)
{
    if (value.kind == VALUE_NONE)
        return "nothing";
    struct arena *arena = &scene->chunk.arena;
    return arena_copy(arena, json_text(arena, value)).ptr;
}
