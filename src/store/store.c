#include "store/store.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "store/backend.h"

#include <assert.h>

/* A page of a list, and how far a page number may skip. */
#define STORE_LIST_MAX 1000
#define STORE_SKIP_MAX 100000

void
store_init(struct store *store, const struct store_ops *ops)
{
    *store = (struct store){.ops = ops};
}

/* Notes a call that began at begun_us and gives its status back. */
static enum status
store_note(struct store *store, enum store_call call, int64_t begun_us, enum status status)
{
    struct store_counter *counter = &store->counters[call];
    int64_t spent_us = clock_mono_us(clock_system()) - begun_us;
    atomic_fetch_add_explicit(&counter->calls, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counter->spent_us, (uint64_t)spent_us, memory_order_relaxed);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        atomic_fetch_add_explicit(&counter->failures, 1, memory_order_relaxed);
    return status;
}

static int64_t
store_begin(void)
{
    return clock_mono_us(clock_system());
}

static void
assert_intent(const struct intent *intent)
{
    assert(intent->op_count <= STORE_OPS_MAX);
    for (size_t i = 0; i < intent->op_count; i++)
        store_assert_op(&intent->ops[i]);
    if (intent->guard.is_on)
        assert(!id_is_zero(&intent->guard.run));
}

static void
count_start(const struct run_row *run)
{
    static const struct {
        const char *trigger;
        enum metric metric;
    } triggers[] = {
        {"api", METRIC_RUNS_STARTED_API},
        {"webhook", METRIC_RUNS_STARTED_WEBHOOK},
        {"rerun", METRIC_RUNS_STARTED_RERUN},
        {"workflow", METRIC_RUNS_STARTED_WORKFLOW},
        {"schedule", METRIC_RUNS_STARTED_SCHEDULE},
        {RUN_TRIGGER_FAILURE, METRIC_RUNS_STARTED_FAILURE},
    };
    enum metric metric = METRIC_RUNS_STARTED_OTHER;
    for (size_t i = 0; i < COUNT_OF(triggers); i++)
        if (slice_is(run->trigger, triggers[i].trigger))
            metric = triggers[i].metric;
    metric_add(metric, 1);
}

static void
count_state(const struct run_row *run)
{
    if (run->state == RUN_STATE_COMPLETED)
        metric_add(METRIC_RUNS_COMPLETED, 1);
    else if (run->state == RUN_STATE_FAILED)
        metric_add(METRIC_RUNS_FAILED, 1);
    else if (run->state == RUN_STATE_CANCELLED)
        metric_add(METRIC_RUNS_CANCELLED, 1);
}

/* What was committed of runs, for the counters. */
static void
count_intent(const struct intent *intent)
{
    for (size_t i = 0; i < intent->op_count && intent->status == STATUS_OK; i++) {
        const struct store_op *op = &intent->ops[i];
        if (op->kind == STORE_RUN_INSERT)
            count_start(op->run);
        if (op->kind == STORE_RUN_INSERT || op->kind == STORE_RUN_MOVE)
            count_state(op->run);
        if (op->kind == STORE_RUN_MOVE && op->run->state == RUN_STATE_QUEUED)
            metric_add(METRIC_RUNS_RETRIED, 1);
        if (op->kind == STORE_RECORD_INSERT && op->record->stretch == 0)
            metric_add(METRIC_ITEMS, (int64_t)op->record->counts.items);
    }
}

enum status
store_commit(struct store *store, struct intent *const *intents, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        assert_intent(intents[i]);
    int64_t begun_us = store_begin();
    enum status status = store->ops->commit(store, intents, count, error);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        count_intent(intents[i]);
    return store_note(store, STORE_CALL_COMMIT, begun_us, status);
}

enum status
store_workflow_get(struct store *store, struct arena *arena, const struct id *id,
                   struct workflow_row *out)
{
    *out = (struct workflow_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->workflow_get(store, arena, id, out);
    return store_note(store, STORE_CALL_WORKFLOW_GET, begun_us, status);
}

enum status
store_workflow_by_slug(struct store *store, struct arena *arena, struct slice slug,
                       struct workflow_row *out)
{
    *out = (struct workflow_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->workflow_by_slug(store, arena, slug, out);
    return store_note(store, STORE_CALL_WORKFLOW_BY_SLUG, begun_us, status);
}

enum status
store_workflow_gone_next(struct store *store, const struct id *after, struct id *out)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->workflow_gone_next(store, after, out);
    return store_note(store, STORE_CALL_WORKFLOW_GONE_NEXT, begun_us, status);
}

enum status
store_version_get(struct store *store, struct arena *arena, const struct id *workflow,
                  uint32_t version, struct version_row *out)
{
    *out = (struct version_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->version_get(store, arena, workflow, version, out);
    return store_note(store, STORE_CALL_VERSION_GET, begun_us, status);
}

enum status
store_workspace_get(struct store *store, struct arena *arena, const struct id *id,
                    struct workspace_row *out)
{
    *out = (struct workspace_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->workspace_get(store, arena, id, out);
    return store_note(store, STORE_CALL_WORKSPACE_GET, begun_us, status);
}

enum status
store_spending_get(struct store *store, struct spending_row *row)
{
    row->used = (struct usage){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->spending_get(store, row);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    return store_note(store, STORE_CALL_SPENDING_GET, begun_us, status);
}

enum status
store_key_get(struct store *store, struct arena *arena, const struct id *id, struct key_row *out)
{
    *out = (struct key_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->key_get(store, arena, id, out);
    return store_note(store, STORE_CALL_KEY_GET, begun_us, status);
}

enum status
store_key_by_secret(struct store *store, struct arena *arena, const struct digest *secret,
                    struct key_row *out)
{
    *out = (struct key_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->key_by_secret(store, arena, secret, out);
    return store_note(store, STORE_CALL_KEY_BY_SECRET, begun_us, status);
}

enum status
store_run_get(struct store *store, struct arena *arena, const struct id *id, struct run_row *out)
{
    *out = (struct run_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->run_get(store, arena, id, out);
    return store_note(store, STORE_CALL_RUN_GET, begun_us, status);
}

enum status
store_run_head(struct store *store, const struct id *id, struct run_head *out)
{
    *out = (struct run_head){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->run_head(store, id, out);
    return store_note(store, STORE_CALL_RUN_HEAD, begun_us, status);
}

enum status
store_run_count(struct store *store, const struct id *root, uint32_t limit, uint32_t *out)
{
    assert(!id_is_zero(root));
    *out = 0;
    int64_t begun_us = store_begin();
    enum status status = store->ops->run_count(store, root, limit, out);
    return store_note(store, STORE_CALL_RUN_COUNT, begun_us, status);
}

enum status
store_line_first(struct store *store, const struct id *workspace, struct slice name, struct id *out)
{
    *out = (struct id){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->line_first(store, workspace, name, out);
    return store_note(store, STORE_CALL_LINE_FIRST, begun_us, status);
}

enum status
store_file_get(struct store *store, struct arena *arena, const struct id *id, struct file_row *out)
{
    *out = (struct file_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->file_get(store, arena, id, out);
    return store_note(store, STORE_CALL_FILE_GET, begun_us, status);
}

enum status
store_cursor_get(struct store *store, struct arena *arena, const struct cursor_row *which,
                 struct cursor_row *out)
{
    *out = (struct cursor_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->cursor_get(store, arena, which, out);
    return store_note(store, STORE_CALL_CURSOR_GET, begun_us, status);
}

enum status
store_idempotency_get(struct store *store, struct arena *arena, const struct idempotency_row *which,
                      int64_t now_unix_ms, struct idempotency_row *out)
{
    *out = (struct idempotency_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->idempotency_get(store, arena, which, now_unix_ms, out);
    return store_note(store, STORE_CALL_IDEMPOTENCY_GET, begun_us, status);
}

enum status
store_setting_get(struct store *store, struct arena *arena, struct slice name, struct slice *out)
{
    *out = (struct slice){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->setting_get(store, arena, name, out);
    return store_note(store, STORE_CALL_SETTING_GET, begun_us, status);
}

enum status
store_text_get(struct store *store, struct arena *arena, const struct id *workspace,
               const struct digest *digest, struct slice *out)
{
    *out = (struct slice){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->text_get(store, arena, workspace, digest, out);
    return store_note(store, STORE_CALL_TEXT_GET, begun_us, status);
}

enum status
store_text_has(struct store *store, const struct id *workspace, const struct digest *digest)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->text_has(store, workspace, digest);
    return store_note(store, STORE_CALL_TEXT_HAS, begun_us, status);
}

enum status
store_cache_get(struct store *store, struct arena *arena, const struct cache_row *which,
                int64_t now_unix_ms, struct cache_row *out)
{
    *out = (struct cache_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->cache_get(store, arena, which, now_unix_ms, out);
    return store_note(store, STORE_CALL_CACHE_GET, begun_us, status);
}

enum status
store_record_get(struct store *store, struct arena *arena, const struct record_row *which,
                 uint32_t generation, struct record_row *out)
{
    *out = (struct record_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->record_get(store, arena, which, generation, out);
    return store_note(store, STORE_CALL_RECORD_GET, begun_us, status);
}

static void
assert_page(const struct store_page *page)
{
    assert(page->limit >= 1);
    assert(page->limit <= STORE_LIST_MAX);
    assert(page->skip <= STORE_SKIP_MAX);
}

enum status
store_workflow_list(struct store *store, const struct store_page *page, store_workflow_fn *visit,
                    void *context)
{
    assert_page(page);
    int64_t begun_us = store_begin();
    enum status status = store->ops->workflow_list(store, page, visit, context);
    return store_note(store, STORE_CALL_WORKFLOW_LIST, begun_us, status);
}

enum status
store_version_list(struct store *store, const struct version_page *page, store_version_fn *visit,
                   void *context)
{
    assert(page->limit >= 1 && page->limit <= STORE_LIST_MAX);
    int64_t begun_us = store_begin();
    enum status status = store->ops->version_list(store, page, visit, context);
    return store_note(store, STORE_CALL_VERSION_LIST, begun_us, status);
}

enum status
store_workspace_list(struct store *store, const struct store_page *page, store_workspace_fn *visit,
                     void *context)
{
    assert_page(page);
    int64_t begun_us = store_begin();
    enum status status = store->ops->workspace_list(store, page, visit, context);
    return store_note(store, STORE_CALL_WORKSPACE_LIST, begun_us, status);
}

enum status
store_grant_list(struct store *store, const struct store_page *page, store_grant_fn *visit,
                 void *context)
{
    assert_page(page);
    int64_t begun_us = store_begin();
    enum status status = store->ops->grant_list(store, page, visit, context);
    return store_note(store, STORE_CALL_GRANT_LIST, begun_us, status);
}

enum status
store_audit_list(struct store *store, const struct store_page *page, store_audit_fn *visit,
                 void *context)
{
    assert_page(page);
    int64_t begun_us = store_begin();
    enum status status = store->ops->audit_list(store, page, visit, context);
    return store_note(store, STORE_CALL_AUDIT_LIST, begun_us, status);
}

enum status
store_spending_list(struct store *store, const struct spending_range *range,
                    store_spending_fn *visit, void *context)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->spending_list(store, range, visit, context);
    return store_note(store, STORE_CALL_SPENDING_LIST, begun_us, status);
}

enum status
store_key_list(struct store *store, const struct store_page *page, store_key_fn *visit,
               void *context)
{
    assert_page(page);
    int64_t begun_us = store_begin();
    enum status status = store->ops->key_list(store, page, visit, context);
    return store_note(store, STORE_CALL_KEY_LIST, begun_us, status);
}

bool
store_page_wants(const struct store_page *page, const struct id *workflow, enum run_state state,
                 struct slice trigger)
{
    if (page->states != 0 && (page->states & (UINT32_C(1) << state)) == 0)
        return false;
    if (!id_is_zero(&page->workflow) && !id_equal(&page->workflow, workflow))
        return false;
    bool is_named = page->trigger_count == 0;
    for (uint32_t i = 0; i < page->trigger_count && !is_named; i++)
        is_named = slice_equal(page->triggers[i], trigger);
    return is_named && (page->not_trigger.size == 0 || !slice_equal(page->not_trigger, trigger));
}

enum status
store_run_list(struct store *store, const struct store_page *page, store_run_fn *visit,
               void *context)
{
    assert_page(page);
    assert(id_is_zero(&page->parent) || id_is_zero(&page->workflow));
    bool is_owned = id_is_zero(&page->parent) &&
                    (!id_is_zero(&page->workflow) || !id_is_zero(&page->workspace));
    bool is_narrowed = page->trigger_count > 0 || page->not_trigger.size > 0 ||
                       !id_is_zero(&page->from) || !id_is_zero(&page->until);
    assert(is_owned || !is_narrowed);
    if (page->label.name.size > 0) {
        assert(is_owned && !id_is_zero(&page->workspace));
        assert(!page->is_ascending && page->skip == 0);
        *page->resume = (struct id){0};
    }
    int64_t begun_us = store_begin();
    enum status status = store->ops->run_list(store, page, visit, context);
    return store_note(store, STORE_CALL_RUN_LIST, begun_us, status);
}

enum status
store_run_unfinished(struct store *store, const struct id *after, uint32_t limit,
                     store_run_fn *visit, void *context)
{
    assert(limit >= 1);
    int64_t begun_us = store_begin();
    enum status status = store->ops->run_unfinished(store, after, limit, visit, context);
    return store_note(store, STORE_CALL_RUN_UNFINISHED, begun_us, status);
}

enum status
store_run_gone_list(struct store *store, const struct run_gone_row *range, uint32_t limit,
                    store_run_gone_fn *visit, void *context)
{
    assert(limit >= 1);
    int64_t begun_us = store_begin();
    enum status status = store->ops->run_gone_list(store, range, limit, visit, context);
    return store_note(store, STORE_CALL_RUN_GONE_LIST, begun_us, status);
}

enum status
store_blob_list(struct store *store, const struct id *run, uint32_t limit, store_blob_fn *visit,
                void *context)
{
    assert(limit >= 1);
    int64_t begun_us = store_begin();
    enum status status = store->ops->blob_list(store, run, limit, visit, context);
    return store_note(store, STORE_CALL_BLOB_LIST, begun_us, status);
}

enum status
store_blob_has(struct store *store, const struct id *blob)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->blob_has(store, blob);
    return store_note(store, STORE_CALL_BLOB_HAS, begun_us, status);
}

enum status
store_effect_range(struct store *store, const struct effect_range *range, store_effect_fn *visit,
                   void *context)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->effect_range(store, range, visit, context);
    return store_note(store, STORE_CALL_EFFECT_RANGE, begun_us, status);
}

enum status
store_record_range(struct store *store, const struct record_range *range, store_record_fn *visit,
                   void *context)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->record_range(store, range, visit, context);
    return store_note(store, STORE_CALL_RECORD_RANGE, begun_us, status);
}

enum status
store_timer_due(struct store *store, int64_t now_unix_ms, uint32_t limit, store_timer_fn *visit,
                void *context)
{
    assert(limit >= 1);
    int64_t begun_us = store_begin();
    enum status status = store->ops->timer_due(store, now_unix_ms, limit, visit, context);
    return store_note(store, STORE_CALL_TIMER_DUE, begun_us, status);
}

enum status
store_timer_next(struct store *store, int64_t *due_unix_ms)
{
    *due_unix_ms = 0;
    int64_t begun_us = store_begin();
    enum status status = store->ops->timer_next(store, due_unix_ms);
    return store_note(store, STORE_CALL_TIMER_NEXT, begun_us, status);
}

enum status
store_timer_list(struct store *store, const struct id *run, store_timer_fn *visit, void *context)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->timer_list(store, run, visit, context);
    return store_note(store, STORE_CALL_TIMER_LIST, begun_us, status);
}

enum status
store_events_list(struct store *store, const struct id *run, uint64_t after, store_events_fn *visit,
                  void *context)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->events_list(store, run, after, visit, context);
    return store_note(store, STORE_CALL_EVENTS_LIST, begun_us, status);
}

enum status
store_file_list(struct store *store, const struct id *run, store_file_fn *visit, void *context)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->file_list(store, run, visit, context);
    return store_note(store, STORE_CALL_FILE_LIST, begun_us, status);
}

enum status
store_usage_list(struct store *store, const struct id *run, store_usage_fn *visit, void *context)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->usage_list(store, run, visit, context);
    return store_note(store, STORE_CALL_USAGE_LIST, begun_us, status);
}

enum status
store_delivery_get(struct store *store, struct arena *arena, const struct id *id,
                   struct delivery_row *out)
{
    *out = (struct delivery_row){0};
    int64_t begun_us = store_begin();
    enum status status = store->ops->delivery_get(store, arena, id, out);
    return store_note(store, STORE_CALL_DELIVERY_GET, begun_us, status);
}

enum status
store_delivery_next(struct store *store, int64_t now_unix_ms, int64_t *due_unix_ms)
{
    *due_unix_ms = 0;
    int64_t begun_us = store_begin();
    enum status status = store->ops->delivery_next(store, now_unix_ms, due_unix_ms);
    return store_note(store, STORE_CALL_DELIVERY_NEXT, begun_us, status);
}

enum status
store_delivery_list(struct store *store, const struct delivery_page *page, store_delivery_fn *visit,
                    void *context)
{
    assert(page->limit >= 1 && page->limit <= STORE_LIST_MAX);
    assert(page->skip <= STORE_SKIP_MAX);
    assert(!id_is_zero(&page->workspace));
    int64_t begun_us = store_begin();
    enum status status = store->ops->delivery_list(store, page, visit, context);
    return store_note(store, STORE_CALL_DELIVERY_LIST, begun_us, status);
}

enum status
store_delivery_due(struct store *store, int64_t now_unix_ms, const struct delivery_due *after,
                   uint32_t limit, store_delivery_due_fn *visit, void *context)
{
    assert(limit >= 1);
    int64_t begun_us = store_begin();
    enum status status = store->ops->delivery_due(store, now_unix_ms, after, limit, visit, context);
    return store_note(store, STORE_CALL_DELIVERY_DUE, begun_us, status);
}

enum status
store_file_sent(struct store *store, const struct store_page *page, store_file_fn *visit,
                void *context)
{
    assert_page(page);
    assert(!id_is_zero(&page->workspace));
    int64_t begun_us = store_begin();
    enum status status = store->ops->file_sent(store, page, visit, context);
    return store_note(store, STORE_CALL_FILE_SENT, begun_us, status);
}

enum status
store_file_scan(struct store *store, const struct id *after, uint32_t limit, store_file_fn *visit,
                void *context)
{
    assert(limit >= 1);
    int64_t begun_us = store_begin();
    enum status status = store->ops->file_scan(store, after, limit, visit, context);
    return store_note(store, STORE_CALL_FILE_SCAN, begun_us, status);
}

enum status
store_copy_step(struct store *store, struct store_copy *copy, struct error *error)
{
    assert(!copy->is_done);
    int64_t begun_us = store_begin();
    enum status status = store->ops->copy_step(store, copy, error);
    return store_note(store, STORE_CALL_COPY_STEP, begun_us, status);
}

void
store_copy_end(struct store *store, struct store_copy *copy)
{
    store->ops->copy_end(store, copy);
}

enum status
store_check(struct store *store, bool is_quick, struct error *error)
{
    int64_t begun_us = store_begin();
    enum status status = store->ops->check(store, is_quick, error);
    return store_note(store, STORE_CALL_CHECK, begun_us, status);
}

void
store_close(struct store **store)
{
    if (*store == NULL)
        return;
    (*store)->ops->close(*store);
    *store = NULL;
}

struct store_counts
store_counts(const struct store *store, enum store_call call)
{
    const struct store_counter *counter = &store->counters[call];
    return (struct store_counts){
        .calls = atomic_load_explicit(&counter->calls, memory_order_relaxed),
        .failures = atomic_load_explicit(&counter->failures, memory_order_relaxed),
        .spent_us = atomic_load_explicit(&counter->spent_us, memory_order_relaxed),
    };
}

enum status
store_object_get(struct store *store, struct arena *arena, const struct id *id,
                 struct object_row *out)
{
    *out = (struct object_row){.kind = OBJECT_LIST};
    int64_t begun_us = store_begin();
    enum status status = store->ops->object_get(store, arena, id, out);
    return store_note(store, STORE_CALL_OBJECT_GET, begun_us, status);
}

enum status
store_object_find(struct store *store, struct arena *arena, const struct object_row *which,
                  struct object_row *out)
{
    struct object_row wanted = *which;
    *out = (struct object_row){.kind = OBJECT_LIST};
    int64_t begun_us = store_begin();
    enum status status = store->ops->object_find(store, arena, &wanted, out);
    return store_note(store, STORE_CALL_OBJECT_FIND, begun_us, status);
}

enum status
store_object_named(struct store *store, struct arena *arena, const struct object_row *which,
                   struct slice id_or_name, struct object_row *out)
{
    struct object_row wanted = *which;
    bool is_id = id_parse(&wanted.id, id_or_name);
    wanted.name = id_or_name;
    if (!is_id && (id_or_name.size == 0 || id_or_name.size > STORE_NAME_BYTES_MAX))
        return STATUS_NOT_FOUND;
    enum status status = is_id ? store_object_get(store, arena, &wanted.id, out)
                               : store_object_find(store, arena, &wanted, out);
    bool is_it = status == STATUS_OK && out->kind == which->kind && out->archived_unix_ms == 0 &&
                 id_equal(&out->workspace, &which->workspace) &&
                 id_equal(&out->parent, &which->parent);
    return status == STATUS_OK && !is_it ? STATUS_NOT_FOUND : status;
}

enum status
store_object_list(struct store *store, const struct object_page *page, store_object_fn *visit,
                  void *context)
{
    assert(page->limit >= 1 && page->limit <= STORE_LIST_MAX);
    assert(page->skip <= STORE_SKIP_MAX);
    int64_t begun_us = store_begin();
    enum status status = store->ops->object_list(store, page, visit, context);
    return store_note(store, STORE_CALL_OBJECT_LIST, begun_us, status);
}

enum status
store_object_count(struct store *store, const struct object_page *page, uint32_t most,
                   uint32_t *out)
{
    *out = 0;
    int64_t begun_us = store_begin();
    enum status status = store->ops->object_count(store, page, most, out);
    return store_note(store, STORE_CALL_OBJECT_COUNT, begun_us, status);
}

enum status
store_object_due(struct store *store, enum object_kind kind, int64_t now_unix_ms, uint32_t limit,
                 store_object_fn *visit, void *context)
{
    assert(limit >= 1);
    int64_t begun_us = store_begin();
    enum status status = store->ops->object_due(store, kind, now_unix_ms, limit, visit, context);
    return store_note(store, STORE_CALL_OBJECT_DUE, begun_us, status);
}

enum status
store_object_next(struct store *store, enum object_kind kind, int64_t *due_unix_ms)
{
    *due_unix_ms = 0;
    int64_t begun_us = store_begin();
    enum status status = store->ops->object_next(store, kind, due_unix_ms);
    return store_note(store, STORE_CALL_OBJECT_NEXT, begun_us, status);
}

enum status
store_index_get(struct store *store, struct arena *arena, const struct index_row *which,
                struct index_row *out)
{
    struct index_row wanted = *which;
    *out = (struct index_row){.workspace = wanted.workspace, .id = wanted.id};
    int64_t begun_us = store_begin();
    enum status status = store->ops->index_get(store, arena, &wanted, out);
    return store_note(store, STORE_CALL_INDEX_GET, begun_us, status);
}

enum status
store_search(struct store *store, const struct store_search *search, store_hit_fn *visit,
             void *context)
{
    assert(search->limit >= 1 && search->limit <= STORE_LIST_MAX);
    assert(search->skip <= STORE_SKIP_MAX);
    assert(search->term_count >= 1);
    int64_t begun_us = store_begin();
    enum status status = store->ops->search(store, search, visit, context);
    return store_note(store, STORE_CALL_SEARCH, begun_us, status);
}

enum status
store_search_count(struct store *store, const struct store_search *search, uint32_t most,
                   uint32_t *out)
{
    *out = 0;
    int64_t begun_us = store_begin();
    enum status status = store->ops->search_count(store, search, most, out);
    return store_note(store, STORE_CALL_SEARCH_COUNT, begun_us, status);
}

static const char *const call_names[STORE_CALL_COUNT] = {
    [STORE_CALL_COMMIT] = "commit",
    [STORE_CALL_WORKFLOW_GET] = "workflow_get",
    [STORE_CALL_WORKFLOW_BY_SLUG] = "workflow_by_slug",
    [STORE_CALL_WORKFLOW_GONE_NEXT] = "workflow_gone_next",
    [STORE_CALL_VERSION_GET] = "version_get",
    [STORE_CALL_WORKSPACE_GET] = "workspace_get",
    [STORE_CALL_SPENDING_GET] = "spending_get",
    [STORE_CALL_KEY_GET] = "key_get",
    [STORE_CALL_KEY_BY_SECRET] = "key_by_secret",
    [STORE_CALL_RUN_GET] = "run_get",
    [STORE_CALL_RUN_HEAD] = "run_head",
    [STORE_CALL_RUN_COUNT] = "run_count",
    [STORE_CALL_LINE_FIRST] = "line_first",
    [STORE_CALL_FILE_GET] = "file_get",
    [STORE_CALL_CURSOR_GET] = "cursor_get",
    [STORE_CALL_IDEMPOTENCY_GET] = "idempotency_get",
    [STORE_CALL_SETTING_GET] = "setting_get",
    [STORE_CALL_TEXT_GET] = "text_get",
    [STORE_CALL_TEXT_HAS] = "text_has",
    [STORE_CALL_CACHE_GET] = "cache_get",
    [STORE_CALL_RECORD_GET] = "record_get",
    [STORE_CALL_WORKFLOW_LIST] = "workflow_list",
    [STORE_CALL_VERSION_LIST] = "version_list",
    [STORE_CALL_WORKSPACE_LIST] = "workspace_list",
    [STORE_CALL_GRANT_LIST] = "grant_list",
    [STORE_CALL_AUDIT_LIST] = "audit_list",
    [STORE_CALL_SPENDING_LIST] = "spending_list",
    [STORE_CALL_KEY_LIST] = "key_list",
    [STORE_CALL_RUN_LIST] = "run_list",
    [STORE_CALL_RUN_UNFINISHED] = "run_unfinished",
    [STORE_CALL_RUN_GONE_LIST] = "run_gone_list",
    [STORE_CALL_BLOB_LIST] = "blob_list",
    [STORE_CALL_BLOB_HAS] = "blob_has",
    [STORE_CALL_EFFECT_RANGE] = "effect_range",
    [STORE_CALL_RECORD_RANGE] = "record_range",
    [STORE_CALL_TIMER_DUE] = "timer_due",
    [STORE_CALL_TIMER_NEXT] = "timer_next",
    [STORE_CALL_TIMER_LIST] = "timer_list",
    [STORE_CALL_FILE_LIST] = "file_list",
    [STORE_CALL_USAGE_LIST] = "usage_list",
    [STORE_CALL_OBJECT_GET] = "object_get",
    [STORE_CALL_OBJECT_FIND] = "object_find",
    [STORE_CALL_OBJECT_LIST] = "object_list",
    [STORE_CALL_OBJECT_COUNT] = "object_count",
    [STORE_CALL_OBJECT_DUE] = "object_due",
    [STORE_CALL_OBJECT_NEXT] = "object_next",
    [STORE_CALL_INDEX_GET] = "index_get",
    [STORE_CALL_SEARCH] = "search",
    [STORE_CALL_SEARCH_COUNT] = "search_count",
    [STORE_CALL_DELIVERY_GET] = "delivery_get",
    [STORE_CALL_DELIVERY_NEXT] = "delivery_next",
    [STORE_CALL_DELIVERY_LIST] = "delivery_list",
    [STORE_CALL_DELIVERY_DUE] = "delivery_due",
    [STORE_CALL_FILE_SENT] = "file_sent",
    [STORE_CALL_FILE_SCAN] = "file_scan",
    [STORE_CALL_COPY_STEP] = "copy_step",
    [STORE_CALL_CHECK] = "check",
    [STORE_CALL_EVENTS_LIST] = "events_list",
};

const char *
store_call_name(enum store_call call)
{
    assert(call < STORE_CALL_COUNT);
    return call_names[call];
}
