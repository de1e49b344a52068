#include "base/json.h"
#include "base/limits.h"
#include "engine/callees.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

/* --- effects of a chunk --- */

struct finding {
    struct chunk *chunk;
    uint16_t node;
    uint32_t capacity;
    bool is_over;
};

static struct found_effect *
find_same(struct chunk *chunk, uint16_t node, const struct effect_row *row)
{
    for (uint32_t i = chunk->found_count; i > 0; i--) {
        struct found_effect *found = &chunk->found[i - 1];
        if (found->node != node || found->call != row->call || !slice_equal(found->key, row->key))
            break;
        if (memcmp(found->hash, row->hash, STORE_HASH_BYTES) == 0)
            return found;
    }
    return NULL;
}

static struct found_effect *
found_add(struct finding *finding, const struct effect_row *row)
{
    struct chunk *chunk = finding->chunk;
    if (chunk->found_count == finding->capacity) {
        uint32_t grown = finding->capacity == 0 ? 64 : 2 * finding->capacity;
        struct found_effect *larger = arena_try_alloc(&chunk->arena, grown * sizeof(*larger));
        if (larger == NULL)
            return NULL;
        if (chunk->found_count > 0)
            memcpy(larger, chunk->found, chunk->found_count * sizeof(*larger));
        chunk->found = larger;
        finding->capacity = grown;
    }
    struct found_effect *found = &chunk->found[chunk->found_count++];
    *found = (struct found_effect){
        .key = arena_copy(&chunk->arena, row->key), .node = finding->node, .call = row->call};
    memcpy(found->hash, row->hash, STORE_HASH_BYTES);
    return found;
}

/* A success counts for every generation, a failure for its own only. */
static bool
found_row(const struct effect_row *row, void *context)
{
    struct finding *finding = context;
    struct chunk *chunk = finding->chunk;
    struct found_effect *found = find_same(chunk, finding->node, row);
    if (found == NULL)
        found = found_add(finding, row);
    struct value value = {0};
    struct usage used = effect_usage(row);
    if (found == NULL ||
        json_parse(&value, &chunk->arena, row->value, 0, NULL, NULL) != STATUS_OK) {
        finding->is_over = true;
        return false;
    }
    usage_add(&found->used, &used);
    found->attempts += row->attempts;
    if (row->state == EFFECT_OK) {
        found->is_ok = true;
        found->value = value;
    } else if (row->generation == chunk->generation) {
        found->failure = value;
    } else if (row->generation > found->failed_generation) {
        found->failed_generation = row->generation;
    }
    return true;
}

static int
found_order(const void *left, const void *right)
{
    return found_effect_compare(left, right);
}

static bool
may_have_effects(const struct chunk *chunk, const struct plan_node *node)
{
    if (node->decl->shape == STEP_SHAPE_CHILD)
        return chunk->callees == NULL || !callee_of(chunk->callees, node)->is_pure;
    return node->decl->shape == STEP_SHAPE_EFFECT;
}

/* The effects of one node: one range for rows in the order of their keys; for those of a reshape,
 * which may stand in any order, one for each. */
static enum status
find_node_effects(struct finding *finding, struct store *store, const struct plan_node *node)
{
    struct chunk *chunk = finding->chunk;
    bool is_range = chunk->table->kind != PLAN_TABLE_RESHAPE;
    uint32_t step = is_range ? chunk->item_count : 1;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < chunk->item_count && status == STATUS_OK; i += step) {
        struct key low = chunk_item_key(chunk, i);
        struct key high = chunk_item_key(chunk, i + step - 1);
        struct effect_range range = {chunk->run, value_slice(node->id), key_slice(&low),
                                     key_slice(&high)};
        status = store_effect_range(store, &range, found_row, finding);
    }
    return status;
}

enum status
chunk_find_effects(struct chunk *chunk, struct store *store, struct error *error)
{
    struct finding finding = {.chunk = chunk};
    chunk->found_count = 0;
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        const struct plan_node *node = &chunk->program->plan->nodes[chunk->table->nodes[c]];
        if (!may_have_effects(chunk, node) || node->stretch > chunk->stretch)
            continue;
        finding.node = node->index;
        enum status status = find_node_effects(&finding, store, node);
        if (status != STATUS_OK)
            return error_set(error, status, "the recorded effects could not be read");
        if (finding.is_over)
            return error_set(error, STATUS_LIMIT, "the recorded effects of a chunk are too large");
    }
    if (chunk->found_count > 1)
        qsort(chunk->found, chunk->found_count, sizeof(*chunk->found), found_order);
    return STATUS_OK;
}

/* --- rows and earlier stretches --- */

static enum status
get_record(const struct chunk *chunk, struct store *store, uint16_t stretch, uint32_t generation,
           struct arena *arena, struct record_row *out)
{
    struct record_row which = {
        .run = chunk->run,
        .table = value_slice(chunk->table->name),
        .stretch = stretch,
        .chunk = chunk->index,
    };
    return store_record_get(store, arena, &which, generation, out);
}

static enum status
restore_rows(struct chunk_job *job, const struct record_row *first, struct error *error)
{
    struct chunk *chunk = job->chunk;
    uint32_t count = 0;
    if (record_item_count(first->body, &count) != STATUS_OK)
        return error_set(error, STATUS_INVALID, "a packed record is damaged");
    chunk->begin =
        (struct source_place){first->source_begin, first->source_line, first->first_ordinal};
    chunk->end = chunk->begin;
    struct source_batch batch = {0};
    struct source_page page = {&chunk->end, count, SIZE_MAX, &chunk->arena};
    enum status status =
        job->table->source_type->source_next(job->table->source, &page, &batch, error);
    if (status != STATUS_OK)
        return status;
    if (batch.count != count || !chunk_take_rows(chunk, &batch))
        return error_set(error, STATUS_CONFLICT, "the source gives other rows than before");
    return STATUS_OK;
}

static enum status
restore_stretch(struct chunk_job *job, struct store *store, uint16_t stretch, struct error *error)
{
    struct chunk *chunk = job->chunk;
    struct arena arena;
    arena_init(&arena, 2 * LIMIT_RECORD_BYTES);
    struct record_row row;
    enum status status = get_record(chunk, store, stretch, chunk->generation, &arena, &row);
    if (status != STATUS_OK)
        error_set(error, status, "a packed record could not be read");
    if (status == STATUS_OK && stretch == 0 && chunk->table->is_many)
        status = restore_rows(job, &row, error);
    if (status == STATUS_OK && stretch == 0)
        status = chunk_find_effects(chunk, store, error);
    if (status == STATUS_OK)
        status = record_unpack(chunk, row.body, error);
    arena_done(&arena);
    return status;
}

enum status
chunk_restore_rows(struct chunk_job *job, struct store *store, struct error *error)
{
    struct arena arena;
    arena_init(&arena, 2 * LIMIT_RECORD_BYTES);
    struct record_row row;
    enum status status = get_record(job->chunk, store, 0, job->chunk->generation, &arena, &row);
    if (status != STATUS_OK)
        error_set(error, status, "a packed record could not be read");
    else
        status = restore_rows(job, &row, error);
    arena_done(&arena);
    return status;
}

enum status
chunk_restore(struct chunk_job *job, struct store *store, uint16_t through, struct error *error)
{
    for (uint16_t stretch = 0; stretch < through; stretch++) {
        enum status status = restore_stretch(job, store, stretch, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status
chunk_previous_record(struct chunk_job *job, struct store *store)
{
    struct chunk *chunk = job->chunk;
    /* Of several stretches each leaves its record, so that a crash finds how far a chunk came; and
     * the rows of a reshape may stand in other places than before. */
    if (chunk->generation == 1 || chunk->table->stretch_count > 1 ||
        chunk->table->kind == PLAN_TABLE_RESHAPE)
        return STATUS_OK;
    struct arena arena;
    arena_init(&arena, 2 * LIMIT_RECORD_BYTES);
    struct record_row row;
    enum status status =
        get_record(chunk, store, chunk->stretch, chunk->generation - 1, &arena, &row);
    if (status == STATUS_OK)
        job->previous_record = digest_of(row.body);
    arena_done(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
