/* What must hold for operations, whoever makes them. */
#include "base/limits.h"
#include "store/backend.h"

#include <assert.h>

static void
assert_workflow(const struct workflow_row *row)
{
    assert(!id_is_zero(&row->id));
    assert(!id_is_zero(&row->workspace));
    assert(row->status <= WORKFLOW_ARCHIVED);
    assert(row->published_version <= row->latest_version);
}

static void
assert_run(const struct run_row *row)
{
    assert(!id_is_zero(&row->id));
    assert(row->state < RUN_STATE_COUNT);
    assert(row->generation >= 1);
    assert(id_is_zero(&row->parent) == id_is_zero(&row->root));
    assert(row->parent_generation == 0 || !id_is_zero(&row->parent));
}

static void
assert_effect(const struct effect_row *row)
{
    assert(!id_is_zero(&row->run));
    assert(row->step.size > 0);
    assert(row->key.size <= STORE_KEY_BYTES_MAX);
    assert(row->generation >= 1);
    assert(row->state == EFFECT_OK || row->state == EFFECT_FAILED);
    assert(row->tokens_in >= 0);
    assert(row->tokens_out >= 0);
    assert(row->cost_microcredits >= 0);
    assert(id_is_zero(&row->payer.workspace) || row->payer.day >= 1);
}

static void
assert_record(const struct record_row *row)
{
    assert(!id_is_zero(&row->run));
    assert(row->generation >= 1);
    assert(row->source_end <= INT64_MAX);
    assert(row->source_begin <= row->source_end);
    assert(row->first_ordinal <= INT64_MAX);
}

static void
assert_text(const struct text_row *row)
{
    assert(!id_is_zero(&row->workspace));
    assert(row->body.size <= LIMIT_SOURCE_TEXT_BYTES);
}

/* What pends is due some time, what has ended is not. */
static void
assert_delivery(const struct delivery_row *row)
{
    bool is_pending = row->state == DELIVERY_PENDING;
    assert(!id_is_zero(&row->id));
    assert(row->state <= DELIVERY_DEAD);
    assert(is_pending == (row->due_unix_ms > 0));
    assert(is_pending == (row->ended_unix_ms == 0));
    assert(is_pending == (row->expires_unix_ms == 0));
}

static void
assert_object(const struct object_row *row)
{
    assert(!id_is_zero(&row->id));
    assert(!id_is_zero(&row->workspace));
    assert(row->kind >= OBJECT_LIST && row->kind <= OBJECT_KIND_LAST);
    assert(row->name.size <= STORE_NAME_BYTES_MAX);
    assert(row->revision >= 1);
}

static void
assert_object_op(const struct store_op *op)
{
    assert(!id_is_zero(&op->object->id));
    if (op->kind != STORE_OBJECT_DELETE && op->kind != STORE_OBJECT_REQUIRE)
        assert_object(op->object);
}

static void
assert_objects_op(const struct store_op *op)
{
    assert(op->objects->count >= 1 && op->objects->count <= STORE_OBJECTS_MAX);
    for (size_t i = 0; op->kind == STORE_OBJECTS_ADD && i < op->objects->count; i++)
        assert_object(&op->objects->rows[i]);
}

static void
assert_index_op(const struct store_op *op)
{
    assert(!id_is_zero(&op->index->workspace));
    assert(!id_is_zero(&op->index->id));
    assert(op->kind == STORE_INDEX_DELETE || op->index->body.size <= LIMIT_DOCUMENT_TEXT_BYTES);
}

static void
assert_delivery_op(const struct store_op *op)
{
    bool is_new = op->kind == STORE_DELIVERY_INSERT;
    assert_delivery(is_new ? op->delivery : &op->delivery_update->row);
}

static void
assert_events(const struct events_row *row)
{
    assert(!id_is_zero(&row->run));
    assert(row->generation >= 1);
    assert(row->count >= 1);
    assert(row->fixed == 0 || (row->fixed >= row->count && row->fixed < EVENT_FIRST_STORED));
}

static void
assert_kept_op(const struct store_op *op)
{
    if (op->kind == STORE_SETTING_PUT) {
        assert(op->setting->name.size > 0);
        return;
    }
    if (op->kind == STORE_TEXT_PUT)
        assert_text(op->text);
    else if (op->kind == STORE_SETTING_PUT)
        assert(op->setting->name.size > 0);
    else
        assert(!id_is_zero(&op->cache->workspace));
}

static void
assert_progress_op(const struct store_op *op)
{
    if (op->kind == STORE_RECORD_INSERT)
        assert_record(op->record);
    else if (op->kind == STORE_CURSOR_PUT)
        assert(op->cursor->generation >= 1);
    else
        assert(!id_is_zero(&op->timer->run));
}

static void
assert_standing_op(const struct store_op *op)
{
    if (op->kind == STORE_LABELS_INSERT) {
        assert(op->labels->count >= 1);
        assert(op->labels->count <= STORE_LABELS_MAX);
        return;
    }
    assert(op->kind == STORE_LINE_LEAVE || op->line->name.size > 0);
    assert(!id_is_zero(&op->line->run));
}

static void
assert_idempotency(const struct idempotency_row *row)
{
    assert(row->key.size > 0);
    assert(!id_is_zero(&row->id));
}

static void
assert_tenancy(const struct store_op *op)
{
    if (op->kind == STORE_AUDIT_INSERT || op->kind == STORE_AUDIT_ANSWER) {
        assert(!id_is_zero(&op->audit->workspace));
        assert(!id_is_zero(&op->audit->id));
    } else if (op->kind == STORE_SPENDING_ADD) {
        assert(!id_is_zero(&op->spent->payer.workspace));
        assert(op->spent->used.calls >= 0 && op->spent->used.cost_microcredits >= 0);
        assert(op->spent->used.tokens_in >= 0 && op->spent->used.tokens_out >= 0);
    } else if (op->kind == STORE_SPENDING_TRIM) {
        assert(op->spending_trim->limit >= 1);
        assert(op->spending_trim->day >= 1);
    } else if (op->kind == STORE_GRANT_INSERT) {
        assert(!id_is_zero(&op->grant->id));
        assert(!id_is_zero(&op->grant->workspace));
        assert(op->grant->microcredits >= 0);
    } else if (op->kind == STORE_WORKSPACE_INSERT || op->kind == STORE_WORKSPACE_UPDATE) {
        assert(!id_is_zero(&op->workspace->id));
    } else {
        assert(!id_is_zero(&op->key->id));
    }
}

static void
assert_run_op(const struct store_op *op)
{
    if (op->kind == STORE_RUN_DELETE)
        assert(!id_is_zero(&op->gone->run));
    else if (op->kind == STORE_RUN_CLEAR)
        assert(op->clear->limit >= 1);
    else
        assert_run(op->run);
}

static void
assert_bytes_op(const struct store_op *op)
{
    if (op->kind == STORE_BLOB_PUT)
        assert(!id_is_zero(&op->blob->run));
    else
        assert(!id_is_zero(&op->file->id));
}

static void
assert_result_op(const struct store_op *op)
{
    if (op->kind == STORE_EFFECT_INSERT)
        assert_effect(op->effect);
    else if (op->kind == STORE_RECORD_INSERT)
        assert_record(op->record);
    else
        assert_events(op->events);
}

static void
assert_definition(const struct store_op *op)
{
    if (op->kind == STORE_VERSION_INSERT)
        assert(op->version->version >= 1);
    else
        assert_workflow(op->workflow);
}

static void
assert_idempotency_op(const struct store_op *op)
{
    assert_idempotency(op->idempotency);
}

static void
assert_trim(const struct store_op *op)
{
    assert(op->trim->limit >= 1);
}

typedef void assert_op_fn(const struct store_op *op);

static assert_op_fn *const checks[STORE_OP_KIND_COUNT] = {
    [STORE_WORKFLOW_INSERT] = assert_definition,
    [STORE_WORKFLOW_UPDATE] = assert_definition,
    [STORE_WORKFLOW_DELETE] = assert_definition,
    [STORE_VERSION_INSERT] = assert_definition,
    [STORE_VERSION_TRIM] = assert_trim,
    [STORE_WORKSPACE_INSERT] = assert_tenancy,
    [STORE_WORKSPACE_UPDATE] = assert_tenancy,
    [STORE_GRANT_INSERT] = assert_tenancy,
    [STORE_AUDIT_INSERT] = assert_tenancy,
    [STORE_AUDIT_ANSWER] = assert_tenancy,
    [STORE_AUDIT_TRIM] = assert_trim,
    [STORE_SPENDING_ADD] = assert_tenancy,
    [STORE_SPENDING_TRIM] = assert_tenancy,
    [STORE_KEY_INSERT] = assert_tenancy,
    [STORE_KEY_UPDATE] = assert_tenancy,
    [STORE_KEY_USED] = assert_tenancy,
    [STORE_RUN_INSERT] = assert_run_op,
    [STORE_RUN_MOVE] = assert_run_op,
    [STORE_RUN_DELETE] = assert_run_op,
    [STORE_RUN_CLEAR] = assert_run_op,
    [STORE_LABELS_INSERT] = assert_standing_op,
    [STORE_LINE_JOIN] = assert_standing_op,
    [STORE_LINE_LEAVE] = assert_standing_op,
    [STORE_EFFECT_INSERT] = assert_result_op,
    [STORE_RECORD_INSERT] = assert_result_op,
    [STORE_EVENTS_INSERT] = assert_result_op,
    [STORE_CURSOR_PUT] = assert_progress_op,
    [STORE_TIMER_INSERT] = assert_progress_op,
    [STORE_TIMER_DELETE] = assert_progress_op,
    [STORE_FILE_INSERT] = assert_bytes_op,
    [STORE_FILE_DELETE] = assert_bytes_op,
    [STORE_BLOB_PUT] = assert_bytes_op,
    [STORE_IDEMPOTENCY_INSERT] = assert_idempotency_op,
    [STORE_IDEMPOTENCY_TRIM] = assert_trim,
    [STORE_HOOK_TRIM] = assert_trim,
    [STORE_OBJECT_INSERT] = assert_object_op,
    [STORE_OBJECT_ADD] = assert_object_op,
    [STORE_OBJECT_ADD_CAUGHT] = assert_object_op,
    [STORE_OBJECT_UPDATE] = assert_object_op,
    [STORE_OBJECT_DELETE] = assert_object_op,
    [STORE_OBJECT_REQUIRE] = assert_object_op,
    [STORE_OBJECTS_ADD] = assert_objects_op,
    [STORE_OBJECTS_REMOVE] = assert_objects_op,
    [STORE_INDEX_PUT] = assert_index_op,
    [STORE_INDEX_DELETE] = assert_index_op,
    [STORE_SETTING_PUT] = assert_kept_op,
    [STORE_TEXT_PUT] = assert_kept_op,
    [STORE_CACHE_PUT] = assert_kept_op,
    [STORE_CACHE_TRIM] = assert_trim,
    [STORE_DELIVERY_INSERT] = assert_delivery_op,
    [STORE_DELIVERY_UPDATE] = assert_delivery_op,
    [STORE_DELIVERY_TRIM] = assert_trim,
};

void
store_assert_op(const struct store_op *op)
{
    assert(op->kind < STORE_OP_KIND_COUNT && checks[op->kind] != NULL);
    checks[op->kind](op);
}
