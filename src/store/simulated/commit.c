#include "store/simulated/world.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static struct table *
table_of(struct world *world, enum kind kind)
{
    return &world->tables[kind];
}

static void
put(struct world *world, enum kind kind, const void *row)
{
    table_put(table_of(world, kind), row, &world->journal);
}

/* CONFLICT if the key is there. */
static enum status
insert_new(struct world *world, enum kind kind, const void *row)
{
    if (table_find(table_of(world, kind), row) != NULL)
        return STATUS_CONFLICT;
    put(world, kind, row);
    return STATUS_OK;
}

static enum status
insert_if_absent(struct world *world, enum kind kind, const void *row)
{
    if (table_find(table_of(world, kind), row) == NULL)
        put(world, kind, row);
    return STATUS_OK;
}

/* Whether a workflow other than this one has its slug. */
static bool
slug_is_taken(struct world *world, const struct workflow_row *row)
{
    const struct table *table = table_of(world, KIND_WORKFLOW);
    for (size_t i = 0; i < table->count; i++) {
        const struct workflow_row *other = table->rows[i];
        if (slice_equal(other->slug, row->slug) && !id_equal(&other->id, &row->id))
            return true;
    }
    return false;
}

static enum status
workflow_insert(struct world *world, const struct workflow_row *row)
{
    return slug_is_taken(world, row) ? STATUS_CONFLICT : insert_new(world, KIND_WORKFLOW, row);
}

static enum status
workflow_update(struct world *world, const struct workflow_row *row)
{
    const struct workflow_row *old = table_find(table_of(world, KIND_WORKFLOW), row);
    if (old == NULL)
        return STATUS_NOT_FOUND;
    if (slug_is_taken(world, row) || old->revision + 1 != row->revision)
        return STATUS_CONFLICT;
    struct workflow_row fresh = *row;
    fresh.workspace = old->workspace;
    fresh.created_unix_ms = old->created_unix_ms;
    put(world, KIND_WORKFLOW, &fresh);
    return STATUS_OK;
}

/* unfinished_only: runs that have ended do not count. */
static bool
workflow_has_runs(struct world *world, const struct id *workflow, bool unfinished_only)
{
    const struct table *table = table_of(world, KIND_RUN);
    for (size_t i = 0; i < table->count; i++) {
        const struct run_row *run = table->rows[i];
        bool counts = !unfinished_only || !run_state_is_ended(run->state);
        if (counts && id_equal(&run->workflow, workflow))
            return true;
    }
    return false;
}

static enum status
file_delete(struct world *world, const struct file_row *row)
{
    struct table *table = table_of(world, KIND_FILE);
    const struct file_row *old = table_find(table, row);
    if (old == NULL || !id_is_zero(&old->run) || !id_equal(&old->workspace, &row->workspace))
        return STATUS_NOT_FOUND;
    table_remove(table, row, &world->journal);
    return STATUS_OK;
}

static enum status
workflow_delete(struct world *world, const struct workflow_row *row)
{
    struct table *table = table_of(world, KIND_WORKFLOW);
    const struct workflow_row *old = table_find(table, row);
    if (old == NULL)
        return STATUS_NOT_FOUND;
    if (old->revision != row->revision || workflow_has_runs(world, &row->id, true))
        return STATUS_CONFLICT;
    put(world, KIND_GONE, row);
    table_remove(table, row, &world->journal);
    return STATUS_OK;
}

static const struct workflow_row *
find_gone(struct world *world, int64_t now_unix_ms)
{
    const struct table *table = table_of(world, KIND_GONE);
    for (size_t i = 0; i < table->count; i++) {
        const struct workflow_row *row = table->rows[i];
        if (row->updated_unix_ms <= now_unix_ms && !workflow_has_runs(world, &row->id, false))
            return row;
    }
    return NULL;
}

/* The first version of the workflow, or NULL. */
static const struct version_row *
first_version(struct world *world, const struct id *workflow)
{
    const struct table *table = table_of(world, KIND_VERSION);
    struct version_row key = {.workflow = *workflow};
    size_t place = table_seek(table, &key);
    const struct version_row *row = place < table->count ? table->rows[place] : NULL;
    return row != NULL && id_equal(&row->workflow, workflow) ? row : NULL;
}

static enum status
version_trim(struct world *world, const struct store_trim *trim)
{
    const struct workflow_row *gone = find_gone(world, trim->now_unix_ms);
    const struct version_row *version = NULL;
    if (gone == NULL)
        return STATUS_OK;
    for (uint32_t i = 0; i < trim->limit; i++) {
        version = first_version(world, &gone->id);
        if (version != NULL)
            table_remove(table_of(world, KIND_VERSION), version, &world->journal);
    }
    if (first_version(world, &gone->id) == NULL)
        table_remove(table_of(world, KIND_GONE), gone, &world->journal);
    return STATUS_OK;
}

static enum status
key_insert(struct world *world, const struct key_row *row)
{
    const struct table *table = table_of(world, KIND_KEY);
    for (size_t i = 0; i < table->count; i++) {
        const struct key_row *other = table->rows[i];
        if (memcmp(other->secret.bytes, row->secret.bytes, DIGEST_BYTES) == 0)
            return STATUS_CONFLICT;
    }
    return insert_new(world, KIND_KEY, row);
}

static enum status
key_update(struct world *world, const struct key_row *row)
{
    const struct key_row *old = table_find(table_of(world, KIND_KEY), row);
    if (old == NULL)
        return STATUS_NOT_FOUND;
    struct key_row fresh = *row;
    fresh.workspace = old->workspace;
    fresh.secret = old->secret;
    fresh.created_unix_ms = old->created_unix_ms;
    fresh.used_unix_ms = old->used_unix_ms;
    put(world, KIND_KEY, &fresh);
    return STATUS_OK;
}

static enum status
key_used(struct world *world, const struct key_row *row)
{
    const struct key_row *old = table_find(table_of(world, KIND_KEY), row);
    if (old == NULL || old->used_unix_ms >= row->used_unix_ms)
        return STATUS_OK;
    struct key_row fresh = *old;
    fresh.used_unix_ms = row->used_unix_ms;
    put(world, KIND_KEY, &fresh);
    return STATUS_OK;
}

static enum status
workspace_update(struct world *world, const struct workspace_row *row)
{
    const struct workspace_row *old = table_find(table_of(world, KIND_WORKSPACE), row);
    if (old == NULL)
        return STATUS_NOT_FOUND;
    struct workspace_row fresh = *row;
    fresh.created_unix_ms = old->created_unix_ms;
    fresh.is_metered = old->is_metered;
    fresh.granted_microcredits = old->granted_microcredits;
    fresh.credit_revision = old->credit_revision;
    put(world, KIND_WORKSPACE, &fresh);
    return STATUS_OK;
}

static int64_t
sum_up(int64_t a, int64_t b)
{
    return b > INT64_MAX - a ? INT64_MAX : a + b;
}

static int64_t
ever_used(struct world *world, const struct id *workspace)
{
    struct spending_row key = {.workspace = *workspace, .kind = SPENDING_EVER};
    const struct spending_row *row = table_find(table_of(world, KIND_SPENDING), &key);
    return row == NULL ? 0 : row->used.cost_microcredits;
}

static enum status
grant_insert(struct world *world, const struct grant_row *row)
{
    struct workspace_row key = {.id = row->workspace};
    const struct workspace_row *old = table_find(table_of(world, KIND_WORKSPACE), &key);
    if (old == NULL || (row->kind == GRANT_ADD && !old->is_metered))
        return STATUS_CONFLICT;
    struct workspace_row fresh = *old;
    fresh.is_metered = row->kind != GRANT_UNLIMITED;
    fresh.credit_revision++;
    if (row->kind == GRANT_ADD)
        fresh.granted_microcredits = sum_up(old->granted_microcredits, row->microcredits);
    else if (row->kind == GRANT_SET)
        fresh.granted_microcredits = sum_up(row->microcredits, ever_used(world, &row->workspace));
    else
        fresh.granted_microcredits = 0;
    put(world, KIND_WORKSPACE, &fresh);
    return insert_new(world, KIND_GRANT, row);
}

static void
add_spending(struct world *world, const struct payer *payer, const struct usage *used)
{
    struct spending_row rows[SPENDING_ROWS_MAX];
    size_t count = store_spending_rows(payer, used, rows);
    for (size_t i = 0; i < count; i++) {
        const struct spending_row *old = table_find(table_of(world, KIND_SPENDING), &rows[i]);
        if (old != NULL)
            usage_add(&rows[i].used, &old->used);
        put(world, KIND_SPENDING, &rows[i]);
    }
}

static enum status
spending_trim(struct world *world, const struct spending_trim *trim)
{
    struct table *table = table_of(world, KIND_SPENDING);
    uint32_t removed = 0;
    for (size_t i = 0; i < table->count && removed < trim->limit;) {
        const struct spending_row *row = table->rows[i];
        if (row->day == 0 || row->day >= trim->day) {
            i++;
            continue;
        }
        struct spending_row gone = *row;
        table_remove(table, &gone, &world->journal);
        removed++;
    }
    return STATUS_OK;
}

static enum status
run_move(struct world *world, const struct run_row *row)
{
    const struct run_row *old = table_find(table_of(world, KIND_RUN), row);
    if (old == NULL)
        return STATUS_NOT_FOUND;
    struct run_row fresh = *old;
    fresh.version = row->version;
    fresh.generation = row->generation;
    fresh.parent_generation = row->parent_generation;
    fresh.state = row->state;
    fresh.started_unix_ms = row->started_unix_ms;
    fresh.ended_unix_ms = row->ended_unix_ms;
    fresh.deadline_unix_ms = row->deadline_unix_ms;
    fresh.output = row->output;
    fresh.error = row->error;
    fresh.counts = row->counts;
    if (row->resolved.size > 0)
        fresh.resolved = row->resolved;
    put(world, KIND_RUN, &fresh);
    return STATUS_OK;
}

static enum status
timer_insert(struct world *world, const struct timer_row *row)
{
    const struct timer_row *old = table_find(table_of(world, KIND_TIMER), row);
    if (old == NULL || row->generation > old->generation)
        put(world, KIND_TIMER, row);
    return STATUS_OK;
}

static enum status
labels_insert(struct world *world, const struct label_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct label_row row = {.workspace = rows->workspace,
                                .name = rows->labels[i].name,
                                .value = rows->labels[i].value,
                                .run = rows->run};
        put(world, KIND_LABEL, &row);
    }
    return STATUS_OK;
}

static enum status
line_join(struct world *world, const struct line_row *row)
{
    const struct table *table = table_of(world, KIND_LINE);
    struct placed_line placed = {.line = *row};
    for (size_t i = 0; i < table->count; i++) {
        const struct placed_line *other = table->rows[i];
        placed.place = other->place > placed.place ? other->place : placed.place;
    }
    placed.place++;
    return insert_if_absent(world, KIND_LINE, &placed);
}

static void
add_usage(struct world *world, const struct id *run, struct slice step, const struct usage *used)
{
    struct usage_row row = {.run = *run, .step = step};
    const struct usage_row *old = table_find(table_of(world, KIND_USAGE), &row);
    if (old != NULL)
        row = *old;
    usage_add(&row.used, used);
    put(world, KIND_USAGE, &row);
}

static enum status
effect_insert(struct world *world, const struct effect_row *row)
{
    if (table_find(table_of(world, KIND_EFFECT), row) != NULL)
        return STATUS_OK;
    put(world, KIND_EFFECT, row);
    struct usage used = effect_usage(row);
    if (used.calls == 0)
        return STATUS_OK;
    add_usage(world, &row->run, RUN_TOTAL_STEP, &used);
    add_usage(world, &row->run, row->step, &used);
    add_spending(world, &row->payer, &used);
    return STATUS_OK;
}

/* Removes the row that expired longest ago; false: none has. expires_at: the offset of its time. */
static bool
trim_one(struct world *world, enum kind kind, size_t expires_at, int64_t now_unix_ms)
{
    struct table *table = table_of(world, kind);
    const void *first = NULL;
    int64_t soonest = now_unix_ms + 1;
    for (size_t i = 0; i < table->count; i++) {
        int64_t expires;
        memcpy(&expires, (const char *)table->rows[i] + expires_at, sizeof(expires));
        if (expires < soonest) {
            first = table->rows[i];
            soonest = expires;
        }
    }
    if (first != NULL)
        table_remove(table, first, &world->journal);
    return first != NULL;
}

static enum status
trim(struct world *world, enum kind kind, size_t expires_at, const struct store_trim *which)
{
    uint32_t left = which->limit;
    while (left > 0 && trim_one(world, kind, expires_at, which->now_unix_ms))
        left--;
    return STATUS_OK;
}

static enum status
cache_trim(struct world *world, const struct store_trim *which)
{
    return trim(world, KIND_CACHE, offsetof(struct cache_row, expires_unix_ms), which);
}

static enum status
idempotency_trim(struct world *world, const struct store_trim *which)
{
    return trim(world, KIND_IDEMPOTENCY, offsetof(struct idempotency_row, expires_unix_ms), which);
}

static enum status
idempotency_insert(struct world *world, const struct idempotency_row *row)
{
    const struct idempotency_row *old = table_find(table_of(world, KIND_IDEMPOTENCY), row);
    if (old != NULL && old->expires_unix_ms > row->created_unix_ms)
        return STATUS_CONFLICT;
    put(world, KIND_IDEMPOTENCY, row);
    return STATUS_OK;
}

/* The last event of the run, or what comes before those that are stored. */
static uint64_t
last_event(struct world *world, const struct id *run)
{
    const struct table *table = table_of(world, KIND_EVENTS);
    struct events_row behind = {.run = *run, .last = UINT64_MAX};
    size_t place = table_seek(table, &behind);
    const struct events_row *row = place == 0 ? NULL : table->rows[place - 1];
    bool is_stored = row != NULL && id_equal(&row->run, run);
    return is_stored ? row->last : EVENT_FIRST_STORED - 1;
}

static enum status
events_insert(struct world *world, struct events_row *row)
{
    row->last = row->fixed > 0 ? row->fixed : last_event(world, &row->run) + row->count;
    return insert_if_absent(world, KIND_EVENTS, row);
}

static enum status
delivery_update(struct world *world, const struct delivery_update *update)
{
    const struct delivery_row *old = table_find(table_of(world, KIND_DELIVERY), &update->row);
    if (old == NULL)
        return STATUS_NOT_FOUND;
    if (old->state != update->was)
        return STATUS_CONFLICT;
    struct delivery_row fresh = update->row;
    fresh.workspace = old->workspace;
    fresh.run = old->run;
    fresh.type = old->type;
    fresh.url = old->url;
    fresh.host = old->host;
    fresh.body = old->body;
    fresh.created_unix_ms = old->created_unix_ms;
    put(world, KIND_DELIVERY, &fresh);
    return STATUS_OK;
}

/* Removes the one that expired longest ago; false: none has. */
static bool
delivery_trim_one(struct world *world, int64_t now_unix_ms)
{
    struct table *table = table_of(world, KIND_DELIVERY);
    const struct delivery_row *first = NULL;
    for (size_t i = 0; i < table->count; i++) {
        const struct delivery_row *row = table->rows[i];
        bool has_expired = row->expires_unix_ms > 0 && row->expires_unix_ms <= now_unix_ms;
        if (has_expired && (first == NULL || row->expires_unix_ms < first->expires_unix_ms))
            first = row;
    }
    if (first != NULL)
        table_remove(table, first, &world->journal);
    return first != NULL;
}

static enum status
delivery_trim(struct world *world, const struct store_trim *which)
{
    uint32_t left = which->limit;
    while (left > 0 && delivery_trim_one(world, which->now_unix_ms))
        left--;
    return STATUS_OK;
}

static enum status
apply_to_deliveries(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_DELIVERY_INSERT)
        return insert_if_absent(world, KIND_DELIVERY, op->delivery);
    return op->kind == STORE_DELIVERY_TRIM ? delivery_trim(world, op->trim)
                                           : delivery_update(world, op->delivery_update);
}

static enum status
apply_to_workflows(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_VERSION_INSERT)
        return insert_new(world, KIND_VERSION, op->version);
    if (op->kind == STORE_VERSION_TRIM)
        return version_trim(world, op->trim);
    if (op->kind == STORE_WORKFLOW_INSERT)
        return workflow_insert(world, op->workflow);
    return op->kind == STORE_WORKFLOW_UPDATE ? workflow_update(world, op->workflow)
                                             : workflow_delete(world, op->workflow);
}

static enum status
audit_answer(struct world *world, const struct audit_row *row)
{
    const struct audit_row *old = table_find(table_of(world, KIND_AUDIT), row);
    if (old == NULL)
        return STATUS_OK;
    struct audit_row fresh = *old;
    fresh.object = row->object;
    fresh.status = row->status;
    put(world, KIND_AUDIT, &fresh);
    return STATUS_OK;
}

static enum status
audit_trim(struct world *world, const struct store_trim *trim)
{
    struct table *table = table_of(world, KIND_AUDIT);
    uint32_t removed = 0;
    for (size_t i = 0; i < table->count && removed < trim->limit;) {
        const struct audit_row *row = table->rows[i];
        if (row->created_unix_ms >= trim->now_unix_ms) {
            i++;
            continue;
        }
        struct audit_row gone = *row;
        table_remove(table, &gone, &world->journal);
        removed++;
    }
    return STATUS_OK;
}

/* Workspaces, keys, credits, and who did what. */
static enum status
apply_tenancy(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_WORKSPACE_INSERT)
        return insert_new(world, KIND_WORKSPACE, op->workspace);
    if (op->kind == STORE_WORKSPACE_UPDATE)
        return workspace_update(world, op->workspace);
    if (op->kind == STORE_GRANT_INSERT)
        return grant_insert(world, op->grant);
    if (op->kind == STORE_AUDIT_INSERT)
        return insert_new(world, KIND_AUDIT, op->audit);
    if (op->kind == STORE_AUDIT_ANSWER)
        return audit_answer(world, op->audit);
    if (op->kind == STORE_AUDIT_TRIM)
        return audit_trim(world, op->trim);
    if (op->kind == STORE_SPENDING_ADD) {
        add_spending(world, &op->spent->payer, &op->spent->used);
        return STATUS_OK;
    }
    if (op->kind == STORE_SPENDING_TRIM)
        return spending_trim(world, op->spending_trim);
    if (op->kind == STORE_KEY_INSERT)
        return key_insert(world, op->key);
    if (op->kind == STORE_KEY_UPDATE)
        return key_update(world, op->key);
    assert(op->kind == STORE_KEY_USED);
    return key_used(world, op->key);
}

/* What stands beside a run for who looks for it. */
static enum status
apply_standing(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_LABELS_INSERT)
        return labels_insert(world, op->labels);
    if (op->kind == STORE_LINE_JOIN)
        return line_join(world, op->line);
    struct placed_line gone = {.line = *op->line};
    table_remove(table_of(world, KIND_LINE), &gone, &world->journal);
    return STATUS_OK;
}

static enum status
put_row(struct world *world, enum kind kind, const void *row)
{
    put(world, kind, row);
    return STATUS_OK;
}

static enum status
remove_row(struct world *world, enum kind kind, const void *row)
{
    table_remove(table_of(world, kind), row, &world->journal);
    return STATUS_OK;
}

static enum status
apply_to_runs(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_RUN_INSERT)
        return insert_new(world, KIND_RUN, op->run);
    if (op->kind == STORE_RUN_MOVE)
        return run_move(world, op->run);
    if (op->kind == STORE_BLOB_PUT)
        return insert_if_absent(world, KIND_BLOB, op->blob);
    return op->kind == STORE_RUN_DELETE ? world_run_delete(world, op->gone)
                                        : world_run_clear(world, op->clear);
}

static enum status
apply_to_objects(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_OBJECT_INSERT)
        return simulated_object_insert(world, op->object);
    if (op->kind == STORE_OBJECT_UPDATE)
        return simulated_object_update(world, op->object);
    if (op->kind == STORE_OBJECT_REQUIRE)
        return simulated_object_require(world, op->object);
    if (op->kind == STORE_OBJECTS_ADD)
        return simulated_objects_add(world, op->objects);
    if (op->kind == STORE_OBJECTS_REMOVE)
        return simulated_objects_remove(world, op->objects);
    if (op->kind == STORE_HOOK_TRIM)
        return simulated_hook_trim(world, op->trim);
    if (op->kind == STORE_OBJECT_ADD_CAUGHT)
        simulated_object_add_caught(world, op->object);
    else if (op->kind == STORE_OBJECT_ADD)
        status_ignore(simulated_object_insert(world, op->object));
    else
        table_remove(table_of(world, KIND_OBJECT), op->object, &world->journal);
    return STATUS_OK;
}

static enum status
apply_to_idempotency(struct world *world, const struct store_op *op)
{
    return op->kind == STORE_IDEMPOTENCY_INSERT ? idempotency_insert(world, op->idempotency)
                                                : idempotency_trim(world, op->trim);
}

static enum status
apply_to_kept(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_SETTING_PUT)
        return put_row(world, KIND_SETTING, op->setting);
    if (op->kind == STORE_TEXT_PUT)
        return insert_if_absent(world, KIND_TEXT, op->text);
    return op->kind == STORE_CACHE_PUT ? put_row(world, KIND_CACHE, op->cache)
                                       : cache_trim(world, op->trim);
}

static enum status
apply_to_files(struct world *world, const struct store_op *op)
{
    return op->kind == STORE_FILE_INSERT ? insert_new(world, KIND_FILE, op->file)
                                         : file_delete(world, op->file);
}

static enum status
apply_progress(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_CURSOR_PUT)
        return put_row(world, KIND_CURSOR, op->cursor);
    return op->kind == STORE_TIMER_INSERT ? timer_insert(world, op->timer)
                                          : remove_row(world, KIND_TIMER, op->timer);
}

static enum status
apply_to_index(struct world *world, const struct store_op *op)
{
    return op->kind == STORE_INDEX_PUT ? put_row(world, KIND_INDEX, op->index)
                                       : remove_row(world, KIND_INDEX, op->index);
}

static enum status
apply_results(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_EFFECT_INSERT)
        return effect_insert(world, op->effect);
    return op->kind == STORE_RECORD_INSERT ? insert_if_absent(world, KIND_RECORD, op->record)
                                           : events_insert(world, op->events);
}

typedef enum status apply_fn(struct world *world, const struct store_op *op);

static apply_fn *const appliers[STORE_OP_KIND_COUNT] = {
    [STORE_WORKFLOW_INSERT] = apply_to_workflows,
    [STORE_WORKFLOW_UPDATE] = apply_to_workflows,
    [STORE_WORKFLOW_DELETE] = apply_to_workflows,
    [STORE_VERSION_INSERT] = apply_to_workflows,
    [STORE_VERSION_TRIM] = apply_to_workflows,
    [STORE_WORKSPACE_INSERT] = apply_tenancy,
    [STORE_WORKSPACE_UPDATE] = apply_tenancy,
    [STORE_GRANT_INSERT] = apply_tenancy,
    [STORE_AUDIT_INSERT] = apply_tenancy,
    [STORE_AUDIT_ANSWER] = apply_tenancy,
    [STORE_AUDIT_TRIM] = apply_tenancy,
    [STORE_SPENDING_ADD] = apply_tenancy,
    [STORE_SPENDING_TRIM] = apply_tenancy,
    [STORE_KEY_INSERT] = apply_tenancy,
    [STORE_KEY_UPDATE] = apply_tenancy,
    [STORE_KEY_USED] = apply_tenancy,
    [STORE_RUN_INSERT] = apply_to_runs,
    [STORE_RUN_MOVE] = apply_to_runs,
    [STORE_RUN_DELETE] = apply_to_runs,
    [STORE_RUN_CLEAR] = apply_to_runs,
    [STORE_BLOB_PUT] = apply_to_runs,
    [STORE_LABELS_INSERT] = apply_standing,
    [STORE_LINE_JOIN] = apply_standing,
    [STORE_LINE_LEAVE] = apply_standing,
    [STORE_EFFECT_INSERT] = apply_results,
    [STORE_RECORD_INSERT] = apply_results,
    [STORE_EVENTS_INSERT] = apply_results,
    [STORE_CURSOR_PUT] = apply_progress,
    [STORE_TIMER_INSERT] = apply_progress,
    [STORE_TIMER_DELETE] = apply_progress,
    [STORE_FILE_INSERT] = apply_to_files,
    [STORE_FILE_DELETE] = apply_to_files,
    [STORE_IDEMPOTENCY_INSERT] = apply_to_idempotency,
    [STORE_IDEMPOTENCY_TRIM] = apply_to_idempotency,
    [STORE_OBJECT_INSERT] = apply_to_objects,
    [STORE_OBJECT_ADD] = apply_to_objects,
    [STORE_OBJECT_ADD_CAUGHT] = apply_to_objects,
    [STORE_OBJECT_UPDATE] = apply_to_objects,
    [STORE_OBJECT_DELETE] = apply_to_objects,
    [STORE_OBJECT_REQUIRE] = apply_to_objects,
    [STORE_OBJECTS_ADD] = apply_to_objects,
    [STORE_OBJECTS_REMOVE] = apply_to_objects,
    [STORE_HOOK_TRIM] = apply_to_objects,
    [STORE_INDEX_PUT] = apply_to_index,
    [STORE_INDEX_DELETE] = apply_to_index,
    [STORE_SETTING_PUT] = apply_to_kept,
    [STORE_TEXT_PUT] = apply_to_kept,
    [STORE_CACHE_PUT] = apply_to_kept,
    [STORE_CACHE_TRIM] = apply_to_kept,
    [STORE_DELIVERY_INSERT] = apply_to_deliveries,
    [STORE_DELIVERY_UPDATE] = apply_to_deliveries,
    [STORE_DELIVERY_TRIM] = apply_to_deliveries,
};

static enum status
apply_op(struct world *world, const struct store_op *op)
{
    assert(op->kind < STORE_OP_KIND_COUNT && appliers[op->kind] != NULL);
    return appliers[op->kind](world, op);
}

static enum status
check_guard(struct world *world, const struct store_guard *guard)
{
    struct run_head run, parent;
    if (!world_run_head(world, &guard->run, &run) || !store_guard_holds(guard, &run))
        return STATUS_CONFLICT;
    while (!guard->is_alone && !guard->is_any && store_run_has_parent(&run)) {
        if (!world_run_head(world, &run.parent, &parent) || !store_parent_holds(&run, &parent))
            return STATUS_CONFLICT;
        run = parent;
    }
    return STATUS_OK;
}

static void
apply_intent(struct world *world, struct intent *intent)
{
    size_t mark = world->journal.count;
    intent->status = intent->guard.is_on ? check_guard(world, &intent->guard) : STATUS_OK;
    for (size_t i = 0; i < intent->op_count && intent->status == STATUS_OK; i++)
        intent->status = apply_op(world, &intent->ops[i]);
    intent->changed = (uint32_t)(world->journal.count - mark);
    if (intent->status == STATUS_OK)
        return;
    intent->changed = 0;
    journal_undo(&world->journal, mark);
    world->counts.refusals++;
}

/* OK: go on and commit. */
static enum status
draw_fault(struct world *world, struct error *error)
{
    if (world->is_dead)
        return error_set(error, STATUS_UNAVAILABLE, "the simulated process is dead");
    if (world_draws(world, world->faults.commit_io))
        return error_set(error, STATUS_IO, "a simulated failure of the disk");
    if (world_draws(world, world->faults.commit_full))
        return error_set(error, STATUS_FULL, "a simulated full disk");
    return STATUS_OK;
}

static enum status
commit_all(struct world *world, struct intent *const *intents, size_t count, struct error *error)
{
    enum status status = draw_fault(world, error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        apply_intent(world, intents[i]);
    if (!world_draws(world, world->faults.commit_death)) {
        journal_keep(&world->journal);
        world->counts.commits++;
        return STATUS_OK;
    }
    world->is_dead = true;
    world->counts.deaths++;
    if (rng_below(&world->rng, 2) == 0)
        journal_undo(&world->journal, 0);
    else
        journal_keep(&world->journal);
    return error_set(error, STATUS_IO, "the simulated process died in a commit");
}

enum status
simulated_commit(struct store *store, struct intent *const *intents, size_t count,
                 struct error *error)
{
    struct world *world = world_of(store);
    world_lock(world);
    enum status status = commit_all(world, intents, count, error);
    world_unlock(world);
    return status;
}
