#include "base/credits.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/moment.h"
#include "engine/look.h"
#include "engine/run.h"

#include <string.h>

struct looking {
    struct store *store;
    const struct item_query *query;
    const struct key *only; /* NULL: whatever key they have */
    uint64_t from_ordinal;
    item_visit_fn *visit;
    void *context;
    uint32_t given;
    bool is_stopped;
    enum status status;
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

/* VALUE_NONE stays what it is. */
static struct value
with(struct arena *arena, struct value object, const char *name, struct value member)
{
    return object.kind == VALUE_NONE || member.kind == VALUE_NONE
               ? (struct value){0}
               : value_object_set(arena, object, value_text(name), member);
}

static struct value
tokens_value(struct arena *arena, const struct usage *used)
{
    struct member tokens[] = {
        {value_text("in"), value_int(used->tokens_in)},
        {value_text("out"), value_int(used->tokens_out)},
    };
    return value_object_new(arena, tokens, COUNT_OF(tokens));
}

/* --- recorded calls --- */

struct recorded {
    struct arena *arena;
    struct value calls; /* VALUE_NONE: there are too many */
};

static struct value
call_error(struct arena *arena, const struct effect_row *row)
{
    struct value error = value_null();
    if (row->state == EFFECT_FAILED &&
        json_parse(&error, arena, row->value, 0, NULL, NULL) != STATUS_OK)
        return (struct value){0};
    return error;
}

static bool
put_call(const struct effect_row *row, void *context)
{
    struct recorded *recorded = context;
    struct arena *arena = recorded->arena;
    struct usage used = effect_usage(row);
    struct value call = value_empty_object();
    call = with(arena, call, "call", value_int(row->call));
    call = with(arena, call, "generation", value_int(row->generation));
    call = with(arena, call, "state", value_text(row->state == EFFECT_OK ? "completed" : "failed"));
    call = with(arena, call, "attempts", value_int(row->attempts));
    call = with(arena, call, "startedAt", moment_value(row->started_unix_ms, arena));
    call = with(arena, call, "endedAt", moment_value(row->ended_unix_ms, arena));
    call = with(arena, call, "tokens", tokens_value(arena, &used));
    call = with(arena, call, "cost", credits_value(row->cost_microcredits, arena));
    call = with(arena, call, "error", call_error(arena, row));
    recorded->calls = call.kind == VALUE_NONE ? (struct value){0}
                                              : value_array_append(arena, recorded->calls, call);
    return recorded->calls.kind != VALUE_NONE;
}

/* VALUE_NONE also when the store cannot be read, which is noted. */
static struct value
calls_value(struct looking *looking, struct chunk *chunk, uint32_t index,
            const struct plan_node *node)
{
    struct recorded recorded = {&chunk->arena, value_empty_array()};
    struct key key = chunk_item_key(chunk, index);
    struct effect_range range = {chunk->run, value_slice(node->id), key_slice(&key),
                                 key_slice(&key)};
    looking->status = store_effect_range(looking->store, &range, put_call, &recorded);
    return looking->status == STATUS_OK ? recorded.calls : (struct value){0};
}

/* --- items --- */

/* With what the step has done and used on the item, if it makes calls. */
static struct value
add_effort(struct looking *looking, struct chunk *chunk, uint32_t index, struct value step,
           const struct plan_node *node)
{
    struct arena *arena = &chunk->arena;
    struct effort effort = chunk_item_effort(chunk, index, node->index);
    if (effort.effects == 0)
        return step;
    step = with(arena, step, "attempts", value_int((int64_t)effort.attempts));
    if (effort.used.calls > 0) {
        step = with(arena, step, "tokens", tokens_value(arena, &effort.used));
        step = with(arena, step, "cost", credits_value(effort.used.cost_microcredits, arena));
    }
    if (looking->only != NULL)
        step = with(arena, step, "calls", calls_value(looking, chunk, index, node));
    return step;
}

static struct value
steps_value(struct looking *looking, struct chunk *chunk, uint32_t index)
{
    struct value steps = value_empty_object();
    for (uint16_t c = 0; c < chunk->table->node_count && steps.kind != VALUE_NONE; c++) {
        const struct plan_node *node = &chunk->program->plan->nodes[chunk->table->nodes[c]];
        const struct column *column = &chunk->items[index].columns[c];
        if (column->state == NODE_STATE_PENDING || node->is_side)
            continue;
        struct value step = column_value(&chunk->arena, column);
        step = add_effort(looking, chunk, index, step, node);
        steps =
            step.kind == VALUE_NONE ? step : value_object_set(&chunk->arena, steps, node->id, step);
    }
    return steps;
}

static struct value
item_value(struct looking *looking, struct chunk *chunk, uint32_t index)
{
    struct arena *arena = &chunk->arena;
    const struct item *item = &chunk->items[index];
    char text[KEY_PRINT_BYTES];
    struct key key = chunk_item_key(chunk, index);
    size_t size = key_print(key_slice(&key), text, sizeof(text));
    struct value out = value_empty_object();
    out = with(arena, out, "key", value_string_copy(arena, slice_of(text, size)));
    out = with(arena, out, "state", value_text(item_state_name((enum item_state)item->state)));
    out = with(arena, out, "item", item->row.kind == VALUE_NONE ? value_null() : item->row);
    out = with(arena, out, "steps", steps_value(looking, chunk, index));
    struct value failure = {0};
    if (item->state == ITEM_STATE_FAILED)
        failure = item_failure(chunk, index);
    /* One of an earlier generation is not there any more while this one tries again. */
    return failure.kind == VALUE_NONE ? out : with(arena, out, "error", failure);
}

static bool
is_wanted(const struct looking *looking, const struct chunk *chunk, uint32_t index)
{
    const struct item_query *query = looking->query;
    if (chunk->begin.ordinal + index < looking->from_ordinal ||
        (query->has_state && chunk->items[index].state != query->state))
        return false;
    if (looking->only == NULL || !chunk->table->is_many)
        return true;
    struct key key = chunk_item_key(chunk, index);
    return slice_equal(key_slice(&key), key_slice(looking->only));
}

static void
give_items(struct chunk *chunk, void *context)
{
    struct looking *looking = context;
    uint32_t limit = looking->query->limit;
    for (uint32_t i = 0; i < chunk->item_count && !looking->is_stopped; i++) {
        if (!is_wanted(looking, chunk, i))
            continue;
        struct arena_mark mark = arena_mark(&chunk->arena);
        struct value item = item_value(looking, chunk, i);
        if (item.kind == VALUE_NONE && looking->status == STATUS_OK)
            looking->status = STATUS_LIMIT;
        looking->given++;
        looking->is_stopped = item.kind == VALUE_NONE || !looking->visit(item, looking->context) ||
                              (limit > 0 && looking->given >= limit);
        arena_rewind(&chunk->arena, mark);
    }
    looking->is_stopped |= looking->only != NULL;
}

static enum status
no_such_item(const struct item_query *query, struct error *error)
{
    return error_set(error, STATUS_NOT_FOUND,
                     "the table has no item \"%.*s\", or it is not recorded yet",
                     SLICE_FORMAT(slice_cut(query->key, KEY_PRINT_BYTES)));
}

/* Where the item with the key that is asked for stands, if one is. */
static enum status
find_place(struct looking *looking, struct look *look, struct key *key, struct error *error)
{
    const struct item_query *query = looking->query;
    looking->from_ordinal = query->from_ordinal;
    if (query->key.ptr == NULL)
        return STATUS_OK;
    looking->only = key;
    enum status status = key_parse(query->key, key)
                             ? look_find(look, key, &looking->from_ordinal, error)
                             : STATUS_NOT_FOUND;
    uint64_t ordinal;
    if (!look->table->plan->is_many && !(key_is_ordinal(key, &ordinal) && ordinal == 0))
        status = STATUS_NOT_FOUND;
    return status == STATUS_NOT_FOUND ? no_such_item(query, error) : status;
}

enum status
engine_run_items(struct engine *engine, const struct run_row *row, const struct item_query *query,
                 item_visit_fn *visit, void *context, struct error *error)
{
    struct looking looking = {
        .store = engine->options.store, .query = query, .visit = visit, .context = context};
    struct look look;
    struct key key;
    bool is_end = false;
    enum status status = look_open(&look, engine, row, query->table, error);
    if (status == STATUS_OK)
        status = find_place(&looking, &look, &key, error);
    while (status == STATUS_OK && !is_end && !looking.is_stopped) {
        status = look_next(&look, looking.from_ordinal, give_items, &looking, &is_end, error);
        if (status == STATUS_OK && looking.status != STATUS_OK)
            status = error_set(error, looking.status, "an item is too large to be shown");
    }
    if (status == STATUS_OK && looking.only != NULL && looking.given == 0)
        status = no_such_item(query, error);
    look_close(&look);
    return status;
}
