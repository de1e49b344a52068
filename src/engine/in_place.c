#include "engine/in_place.h"

#include "base/limits.h"
#include "engine/run.h"

bool
in_place_compute(struct chunk *chunk, const struct in_place *what, struct expr_machine *machine)
{
    *chunk = (struct chunk){
        .program = what->program,
        .callees = what->callees,
        .table = &what->program->plan->tables[0],
        .generation = 1,
        .run = what->run,
        .input = what->input,
        .run_value = what->run_value,
        .vars = what->vars,
        .outer_steps = value_empty_object(),
        .now_unix_ms = what->now_unix_ms,
        .is_in_place = true,
        .calls_left = what->calls_left,
    };
    arena_init(&chunk->arena, LIMIT_CHUNK_BYTES);
    if (!chunk_make_items(chunk, 1))
        return false;
    chunk->items[0].row = what->input;
    chunk_advance(chunk, machine);
    return true;
}

static struct value
steps_value(struct chunk *chunk)
{
    struct value steps = value_empty_object();
    const struct plan_node *nodes = chunk->program->plan->nodes;
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        const struct column *column = &chunk->items[0].columns[c];
        struct value seen = column->value;
        if (column->state == NODE_STATE_CONTINUED)
            seen = value_object_set(&chunk->arena, value_empty_object(), value_text("error"),
                                    column->value);
        else if (column->state != NODE_STATE_DONE)
            continue;
        steps = value_object_set(&chunk->arena, steps, nodes[chunk->table->nodes[c]].id, seen);
    }
    return steps;
}

bool
in_place_output(struct chunk *chunk, struct expr_machine *machine, struct value *out)
{
    if (chunk->items[0].state == ITEM_STATE_FAILED) {
        *out = item_failure(chunk, 0);
        return false;
    }
    const struct plan *plan = chunk->program->plan;
    struct arena *arena = &chunk->arena;
    struct value steps = steps_value(chunk);
    if (plan->output == NULL) {
        *out = value_find_or_null(steps, value_slice(plan_last_node(plan)->id));
        return true;
    }
    struct value root =
        value_object_set(arena, chunk_outer_root(chunk), value_text("steps"), steps);
    root = value_object_set(arena, root, value_text("item"), chunk->input);
    struct expr_failure bad;
    enum status status = template_render(machine, plan->output, root, arena, out, &bad);
    if (status == STATUS_OK)
        return true;
    chunk->is_over_budget |= status == STATUS_LIMIT;
    *out = chunk_output_failure(arena, &bad);
    return false;
}
