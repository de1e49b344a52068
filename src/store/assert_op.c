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
    if (op->kind != STORE_OBJECT_DELETE)
        assert_object(op->object);
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
    if (op->kind == STORE_AUDIT_TRIM) {
        assert(op->trim->limit >= 1);
    } else if (op->kind == STORE_AUDIT_INSERT) {
        assert(!id_is_zero(&op->audit->workspace));
        assert(!id_is_zero(&op->audit->id));
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

void
store_assert_op(const struct store_op *op)
{
    switch (op->kind) {
    case STORE_WORKFLOW_INSERT:
    case STORE_WORKFLOW_UPDATE:
    case STORE_WORKFLOW_DELETE:
    case STORE_VERSION_INSERT:
        assert_definition(op);
        return;
    case STORE_WORKSPACE_INSERT:
    case STORE_WORKSPACE_UPDATE:
    case STORE_GRANT_INSERT:
    case STORE_AUDIT_INSERT:
    case STORE_AUDIT_TRIM:
    case STORE_SPENDING_TRIM:
    case STORE_KEY_INSERT:
    case STORE_KEY_UPDATE:
    case STORE_KEY_USED:
        assert_tenancy(op);
        return;
    case STORE_RUN_INSERT:
    case STORE_RUN_MOVE:
    case STORE_RUN_DELETE:
    case STORE_RUN_CLEAR:
        assert_run_op(op);
        return;
    case STORE_LABELS_INSERT:
    case STORE_LINE_JOIN:
    case STORE_LINE_LEAVE:
        assert_standing_op(op);
        return;
    case STORE_EFFECT_INSERT:
    case STORE_RECORD_INSERT:
    case STORE_EVENTS_INSERT:
        assert_result_op(op);
        return;
    case STORE_CURSOR_PUT:
    case STORE_TIMER_INSERT:
    case STORE_TIMER_DELETE:
        assert_progress_op(op);
        return;
    case STORE_FILE_INSERT:
    case STORE_FILE_DELETE:
    case STORE_BLOB_PUT:
        assert_bytes_op(op);
        return;
    case STORE_IDEMPOTENCY_INSERT:
        assert_idempotency(op->idempotency);
        return;
    case STORE_OBJECT_INSERT:
    case STORE_OBJECT_ADD:
    case STORE_OBJECT_UPDATE:
    case STORE_OBJECT_DELETE:
        assert_object_op(op);
        return;
    case STORE_SETTING_PUT:
    case STORE_TEXT_PUT:
    case STORE_CACHE_PUT:
        assert_kept_op(op);
        return;
    case STORE_DELIVERY_INSERT:
    case STORE_DELIVERY_UPDATE:
        assert_delivery_op(op);
        return;
    case STORE_IDEMPOTENCY_TRIM:
    case STORE_CACHE_TRIM:
    case STORE_VERSION_TRIM:
    case STORE_DELIVERY_TRIM:
        assert(op->trim->limit >= 1);
        return;
    }
    assert(false && "no such operation");
}
