#include "base/credits.h"
#include "base/limits.h"
#include "engine/look.h"
#include "engine/run.h"

#include <string.h>

struct looking {
    const struct item_query *query;
    item_visit_fn *visit;
    void *context;
    uint32_t given;
    bool is_stopped;
};

static struct value
column_value(struct arena *arena, const struct column *column)
{
    enum node_state state = (enum node_state)column->state;
    struct value out = value_object_set(arena, value_empty_object(), value_text("state"),
                                        value_text(node_state_name(state)));
    if (state == NODE_STATE_FAILED || state == NODE_STATE_CONTINUED)
        return value_object_set(arena, out, value_text("error"), column->value);
    if (state == NODE_STATE_DONE && column->value.kind != VALUE_NULL)
        return value_object_set(arena, out, value_text("value"), column->value);
    return out;
}

/* With what the step has used on the item, if anything. */
static struct value
add_usage(struct arena *arena, struct value step, const struct usage *used)
{
    if (used->calls == 0)
        return step;
    char cost[CREDITS_TEXT_BYTES];
    credits_print(used->cost_microcredits, cost);
    struct slice text = arena_copy(arena, slice_text(cost));
    struct member tokens[] = {
        {value_text("in"), value_int(used->tokens_in)},
        {value_text("out"), value_int(used->tokens_out)},
    };
    if (text.ptr == NULL)
        return (struct value){0};
    step = value_object_set(arena, step, value_text("tokens"),
                            value_object_new(arena, tokens, COUNT_OF(tokens)));
    return value_object_set(arena, step, value_text("cost"), value_number(text));
}

static struct value
item_value(struct chunk *chunk, uint32_t index)
{
    struct arena *arena = &chunk->arena;
    const struct item *item = &chunk->items[index];
    struct value steps = value_empty_object();
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        const struct plan_node *node = &chunk->program->plan->nodes[chunk->table->nodes[c]];
        if (item->columns[c].state == NODE_STATE_PENDING || node->is_side)
            continue;
        struct usage used = chunk_item_usage(chunk, index, node->index);
        struct value step = column_value(arena, &item->columns[c]);
        steps = value_object_set(arena, steps, node->id, add_usage(arena, step, &used));
    }
    char text[64];
    struct key key = chunk_item_key(chunk, index);
    size_t size = key_print(key_slice(&key), text, sizeof(text));
    struct member members[] = {
        {value_text("key"), value_string_copy(arena, slice_of(text, size))},
        {value_text("state"), value_text(item_state_name((enum item_state)item->state))},
        {value_text("item"), item->row},
        {value_text("steps"), steps},
    };
    struct value out = value_object_new(arena, members, COUNT_OF(members));
    if (item->state == ITEM_STATE_FAILED)
        out = value_object_set(arena, out, value_text("error"), item_failure(chunk, index));
    return out;
}

static void
give_items(struct chunk *chunk, void *context)
{
    struct looking *looking = context;
    const struct item_query *query = looking->query;
    for (uint32_t i = 0; i < chunk->item_count && !looking->is_stopped; i++) {
        if (chunk->begin.ordinal + i < query->from_ordinal)
            continue;
        if (query->has_state && chunk->items[i].state != query->state)
            continue;
        struct value item = item_value(chunk, i);
        looking->given++;
        looking->is_stopped = item.kind == VALUE_NONE || !looking->visit(item, looking->context) ||
                              (query->limit > 0 && looking->given >= query->limit);
    }
}

enum status
engine_run_items(struct engine *engine, const struct run_row *row, const struct item_query *query,
                 item_visit_fn *visit, void *context, struct error *error)
{
    struct looking looking = {query, visit, context, 0, false};
    struct look look;
    bool is_end = false;
    enum status status = look_open(&look, engine, row, query->table, error);
    while (status == STATUS_OK && !is_end && !looking.is_stopped)
        status = look_next(&look, query->from_ordinal, give_items, &looking, &is_end, error);
    look_close(&look);
    return status;
}
