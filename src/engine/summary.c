#include "engine/record.h"

#include "base/json.h"

#include <string.h>

void
summary_init(struct summary *summary, const struct plan_table *table, struct arena *arena)
{
    size_t size = (size_t)table->node_count * sizeof(*summary->nodes);
    *summary = (struct summary){
        .node_count = table->node_count,
        .nodes = arena_try_alloc(arena, size + 1),
        .failed_ordinal = UINT64_MAX,
    };
    if (summary->nodes == NULL)
        summary->node_count = 0;
    else
        memset(summary->nodes, 0, size);
}

static bool
is_failure(const struct column *column)
{
    return column->state == NODE_STATE_FAILED;
}

static struct value
failure_with_place(struct chunk *chunk, uint32_t item, struct value failure, struct value step)
{
    char text[KEY_PRINT_BYTES];
    struct key key = chunk_item_key(chunk, item);
    size_t size = key_print(key_slice(&key), text, sizeof(text));
    struct slice copy = arena_copy(&chunk->arena, slice_of(text, size));
    failure = value_object_set(&chunk->arena, failure, value_text("step"), step);
    return value_object_set(&chunk->arena, failure, value_text("item"), value_string(copy));
}

static struct value
unread_failure(struct chunk *chunk, uint32_t item)
{
    bool is_made = chunk->table->kind == PLAN_TABLE_RESHAPE;
    struct value failure = chunk_failure_value(
        &chunk->arena, is_made ? "reshape_failed" : "bad_row", chunk->items[item].problem);
    return failure_with_place(chunk, item, failure, chunk->table->name);
}

/* None of its own columns failed: it stands behind a step of another table that did. */
static struct value
failure_of_others(struct chunk *chunk, uint32_t item)
{
    struct value failure = chunk_failure_value(&chunk->arena, "upstream_failed",
                                               "a step that this row waits for has failed");
    return failure_with_place(chunk, item, failure, chunk->table->name);
}

static struct value
find_failure(struct chunk *chunk, uint32_t index)
{
    struct item *item = &chunk->items[index];
    if (item->problem != NULL)
        return unread_failure(chunk, index);

    struct value first = {0};
    struct value others = value_empty_array();
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        if (!is_failure(&item->columns[c]))
            continue;
        struct value id = chunk->program->plan->nodes[chunk->table->nodes[c]].id;
        if (first.kind == VALUE_NONE)
            first = failure_with_place(chunk, index, item->columns[c].value, id);
        else
            others = value_array_append(&chunk->arena, others, id);
    }
    if (first.kind == VALUE_NONE)
        return failure_of_others(chunk, index);
    if (others.count > 0)
        first = value_object_set(&chunk->arena, first, value_text("others"), others);
    return first;
}

struct value
item_failure(struct chunk *chunk, uint32_t index)
{
    size_t room = (chunk->table->node_count + 1u) * CHUNK_FAILURE_BYTES;
    size_t limit = arena_make_room(&chunk->arena, room);
    struct value failure = find_failure(chunk, index);
    arena_end_room(&chunk->arena, limit);
    return failure;
}

void
summary_add_chunk(struct summary *summary, struct chunk *chunk)
{
    const struct plan_node *nodes = chunk->program->plan->nodes;
    for (uint16_t c = 0; c < summary->node_count; c++) {
        if (nodes[chunk->table->nodes[c]].stretch != chunk->stretch)
            continue;
        for (uint32_t i = 0; i < chunk->item_count; i++)
            summary->nodes[c][chunk->items[i].columns[c].state]++;
    }
    for (uint32_t i = 0; i < chunk->item_count; i++) {
        if (chunk->items[i].state != ITEM_STATE_FAILED)
            continue;
        summary->failed_ordinal = chunk->begin.ordinal + i;
        summary->failure = item_failure(chunk, i);
        return;
    }
}

void
summary_print(const struct summary *summary, struct buffer *out)
{
    buffer_append_text(out, "{\"nodes\":[");
    for (uint16_t c = 0; c < summary->node_count; c++) {
        buffer_append_text(out, c == 0 ? "[" : ",[");
        for (size_t s = 0; s < NODE_STATE_COUNT; s++) {
            if (s > 0)
                buffer_append_byte(out, ',');
            buffer_append_int64(out, (int64_t)summary->nodes[c][s]);
        }
        buffer_append_byte(out, ']');
    }
    buffer_append_byte(out, ']');
    if (summary->failed_ordinal != UINT64_MAX) {
        buffer_append_text(out, ",\"ordinal\":");
        buffer_append_int64(out, (int64_t)summary->failed_ordinal);
        buffer_append_text(out, ",\"failure\":");
        json_print(out, summary->failure);
    }
    buffer_append_text(out, ",\"line\":");
    buffer_append_int64(out, (int64_t)summary->end_line);
    buffer_append_byte(out, '}');
}

static void
keep_earlier_failure(struct summary *summary, uint64_t ordinal, struct value failure,
                     struct arena *arena)
{
    if (ordinal >= summary->failed_ordinal)
        return;
    summary->failed_ordinal = ordinal;
    summary->failure = value_copy(arena, failure);
}

enum status
summary_add_text(struct summary *summary, struct slice text, struct arena *arena)
{
    struct arena scratch;
    arena_init(&scratch, 16 * (text.size + 4096));
    struct value value;
    enum status status = json_parse(&value, &scratch, text, JSON_BORROW, NULL, NULL);
    struct value nodes = status == STATUS_OK ? value_get(value, "nodes") : value_null();
    if (nodes.kind != VALUE_ARRAY || nodes.count > summary->node_count)
        status = STATUS_INVALID;
    for (uint32_t c = 0; status == STATUS_OK && c < nodes.count; c++) {
        struct value states = value_items(nodes)[c];
        for (uint32_t s = 0; states.kind == VALUE_ARRAY && s < states.count; s++) {
            if (s < NODE_STATE_COUNT)
                summary->nodes[c][s] += (uint64_t)value_items(states)[s].integer;
        }
    }
    struct value ordinal = value_get(value, "ordinal");
    if (status == STATUS_OK && ordinal.kind == VALUE_INT)
        keep_earlier_failure(summary, (uint64_t)ordinal.integer, value_get(value, "failure"),
                             arena);
    arena_done(&scratch);
    return status;
}

uint64_t
summary_end_line(struct slice text)
{
    struct arena scratch;
    arena_init(&scratch, 16 * (text.size + 4096));
    struct value value;
    int64_t line = 0;
    if (json_parse(&value, &scratch, text, JSON_BORROW, NULL, NULL) == STATUS_OK)
        value_integer(value_get(value, "line"), &line);
    arena_done(&scratch);
    return (uint64_t)line;
}
