#include "engine/feed.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/run.h"

#include <string.h>

/* Pieces kept in memory; further ones are made again from the records. */
#define HELD_MAX 32

bool
feed_wants_pieces(const struct plan_node *node, const struct step_type *type)
{
    if (node->decl->shape == STEP_SHAPE_RESHAPE)
        return true;
    return node->decl->shape == STEP_SHAPE_SINK && type->sink_open == NULL &&
           type->sink_is_declared(node);
}

void
feed_init(struct feed *feed, struct table_run *reads, const struct plan_node *node,
          const struct step_type *type)
{
    *feed = (struct feed){
        .reads = reads,
        .node = node,
        .type = type,
        .has_pieces = feed_wants_pieces(node, type),
        .held = mem_alloc_array(HELD_MAX, sizeof(struct piece)),
    };
}

void
feed_done(struct feed *feed)
{
    for (uint32_t i = 0; i < feed->held_count; i++)
        buffer_done(&feed->held[i].text);
    mem_free(feed->held);
    feed->held = NULL;
    feed->held_count = 0;
}

void
feed_offer(struct feed *feed, struct piece *piece)
{
    if (feed->node->index != piece->node || feed->held_count == HELD_MAX ||
        piece->chunk < feed->next_chunk || piece->text.ptr == NULL)
        return;
    feed->held[feed->held_count++] = *piece;
    piece->text = (struct buffer){0};
}

bool
feed_is_whole(const struct feed *feed)
{
    const struct table_run *reads = feed->reads;
    const struct stretch_run *stretch = &reads->stretches[feed->node->stretch];
    return reads->is_source_end && stretch->recorded_count == reads->chunk_count;
}

/* Rows that were recorded have seen it, but behind a restart it comes back in its own time. */
static bool
is_all_seen_there(const struct feed *feed)
{
    for (uint16_t s = 0; s <= feed->node->stretch; s++) {
        if (!table_gates_are_decided(feed->reads, s))
            return false;
    }
    return true;
}

bool
feed_is_ready(const struct feed *feed, uint32_t *end, bool *is_last)
{
    const struct table_run *reads = feed->reads;
    if ((reads->state != TABLE_OPEN && reads->state != TABLE_DONE) || !is_all_seen_there(feed))
        return false;
    uint32_t through = reads->stretches[feed->node->stretch].recorded.through;
    bool is_whole = feed_is_whole(feed);
    /* Behind a crash the cursor may be ahead: records that a retry had no need to write anew are
     * made again. */
    if (through < feed->next_chunk)
        return false;
    *end = through - feed->next_chunk > FEED_CHUNKS ? feed->next_chunk + FEED_CHUNKS : through;
    *is_last = is_whole && *end == through;
    return *end > feed->next_chunk || *is_last;
}

static void
take_held(struct feed *feed, struct feed_batch *batch)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < feed->held_count; i++) {
        struct piece *piece = &feed->held[i];
        uint32_t at = piece->chunk - batch->begin;
        if (piece->chunk < batch->end && at < FEED_CHUNKS) {
            batch->pieces[at] = *piece;
            batch->is_at_hand[at] = true;
        } else {
            feed->held[kept++] = *piece;
        }
    }
    feed->held_count = kept;
}

void
feed_take(struct feed *feed, struct feed_batch *batch, uint32_t end, bool is_last)
{
    *batch = (struct feed_batch){
        .feed = feed,
        .begin = feed->next_chunk,
        .end = end,
        .is_last = is_last,
        .model = chunk_job_new(feed->reads, 0, feed->node->stretch),
        .store = feed->reads->run->engine->options.store,
    };
    take_held(feed, batch);
}

void
feed_batch_done(struct feed_batch *batch)
{
    for (uint32_t i = 0; i < FEED_CHUNKS; i++)
        buffer_done(&batch->pieces[i].text);
    chunk_job_free(&batch->model);
}

/* --- making pieces of chunks that have left memory --- */

/* The row of an item as it goes into a reshape. */
struct packing {
    struct chunk *chunk;
    const struct plan_node *node;
    const struct step_type *type;
    struct buffer taken, item, steps, parent;
};

static void
pack_row(struct packing *packing, uint32_t index, struct buffer *out)
{
    const struct item *item = &packing->chunk->items[index];
    struct buffer *parts[] = {&packing->taken, &packing->item, &packing->steps, &packing->parent};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        buffer_clear(parts[i]);
    if (packing->type->reshape_encode != NULL)
        packing->type->reshape_encode(packing->node, item->columns[packing->node->column].value,
                                      &packing->taken);
    json_print(&packing->item, item->row);
    struct value steps = chunk_kept_steps(packing->chunk, index, packing->node);
    if (steps.kind == VALUE_OBJECT && steps.count > 0)
        json_print(&packing->steps, steps);
    if (item->parent.kind != VALUE_NONE)
        json_print(&packing->parent, item->parent);
    struct key key = chunk_item_key(packing->chunk, index);
    struct reshape_row row = {
        .key = key_slice(&key),
        .taken = buffer_slice(&packing->taken),
        .item = buffer_slice(&packing->item),
        .steps = buffer_slice(&packing->steps),
        .parent = buffer_slice(&packing->parent),
    };
    reshape_row_pack(out, &row);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        out->over = out->over || buffer_is_over(parts[i]);
}

static void
pack_rows(struct piece *piece, struct chunk *chunk, const struct plan_node *node,
          const struct step_type *type)
{
    struct packing packing = {.chunk = chunk, .node = node, .type = type};
    struct buffer *parts[] = {&packing.taken, &packing.item, &packing.steps, &packing.parent};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        buffer_init(parts[i], LIMIT_CHUNK_BYTES);
    for (uint32_t i = 0; i < chunk->item_count; i++) {
        if (chunk->items[i].columns[node->column].state != NODE_STATE_DONE)
            continue;
        pack_row(&packing, i, &piece->text);
        piece->rows++;
    }
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        buffer_done(parts[i]);
}

void
piece_make(struct piece *piece, struct chunk *chunk, const struct plan_node *node,
           const struct step_type *type, struct value columns)
{
    *piece = (struct piece){.node = node->index, .chunk = chunk->index};
    buffer_init(&piece->text, LIMIT_CHUNK_BYTES);
    if (node->decl->shape == STEP_SHAPE_RESHAPE) {
        pack_rows(piece, chunk, node, type);
        return;
    }
    for (uint32_t i = 0; i < chunk->item_count; i++) {
        const struct column *column = &chunk->items[i].columns[node->column];
        if (column->state != NODE_STATE_DONE)
            continue;
        type->sink_encode(node, columns, column->value, &piece->text);
        piece->rows++;
    }
}

/* Only the node's own column is evaluated again, on the rows that it had. */
static void
redo_column(struct chunk *chunk, const struct plan_node *node)
{
    for (uint32_t i = 0; i < chunk->item_count; i++) {
        struct item *item = &chunk->items[i];
        struct column *column = &item->columns[node->column];
        bool is_row = column->state == NODE_STATE_DONE;
        item->open_count = is_row;
        item->is_ready = is_row;
        if (is_row)
            column->state = NODE_STATE_PENDING;
    }
    chunk->is_begun = true;
    chunk->stretch = node->stretch;
}

enum status
feed_visit(struct feed_batch *batch, uint32_t index, feed_visit_fn *visit, void *context,
           struct error *error)
{
    const struct feed *feed = batch->feed;
    struct chunk_job *loaded = chunk_job_like(batch->model, index);
    struct chunk *chunk = loaded->chunk;
    enum status status = STATUS_OK;
    if (!feed->reads->plan->is_many) {
        status = chunk_make_items(chunk, 1) ? STATUS_OK : STATUS_LIMIT;
        chunk->items[0].row = feed->reads->row;
    }
    if (status == STATUS_OK)
        status = chunk_restore(loaded, batch->store, (uint16_t)(feed->node->stretch + 1), error);
    if (status == STATUS_OK) {
        redo_column(chunk, feed->node);
        chunk_advance(chunk, batch->machine);
        visit(chunk, context);
    }
    chunk_job_free(&loaded);
    return status;
}

static void
remake_piece(struct chunk *chunk, void *context)
{
    struct feed_batch *batch = context;
    piece_make(&batch->pieces[chunk->index - batch->begin], chunk, batch->feed->node,
               batch->feed->type, (struct value){0});
}

enum status
feed_piece(struct feed_batch *batch, uint32_t chunk, struct piece **out, struct error *error)
{
    uint32_t at = chunk - batch->begin;
    enum status status = STATUS_OK;
    *out = &batch->pieces[at];
    if (!batch->is_at_hand[at])
        status = feed_visit(batch, chunk, remake_piece, batch, error);
    if (status == STATUS_OK && buffer_is_over(&(*out)->text))
        status = error_set(error, STATUS_LIMIT, "the text of one chunk is too large");
    return status;
}
