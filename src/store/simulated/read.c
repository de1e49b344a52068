#include "store/simulated/world.h"

#include "base/mem.h"

#include <stdlib.h>

enum status
read_begin(struct world *world)
{
    world_lock(world);
    if (world->is_dead)
        return STATUS_UNAVAILABLE;
    return world_draws(world, world->faults.read_io) ? STATUS_IO : STATUS_OK;
}

enum status
read_end_one(struct world *world, struct table *table, const void *row, void *out,
             struct arena *arena)
{
    enum status status = STATUS_NOT_FOUND;
    if (row != NULL)
        status = row_copy(table->kind, out, row, arena) ? STATUS_OK : STATUS_LIMIT;
    world_unlock(world);
    return status;
}

enum status
read_end(struct world *world, enum status status)
{
    world_unlock(world);
    return status;
}

enum status
get_by_key(struct store *store, enum kind kind, const void *which, void *out, struct arena *arena)
{
    struct world *world = world_of(store);
    struct table *table = &world->tables[kind];
    enum status status = read_begin(world);
    if (status != STATUS_OK)
        return read_end(world, status);
    return read_end_one(world, table, table_find(table, which), out, arena);
}

enum status
simulated_workflow_get(struct store *store, struct arena *arena, const struct id *id,
                       struct workflow_row *out)
{
    struct workflow_row which = {.id = *id};
    return get_by_key(store, KIND_WORKFLOW, &which, out, arena);
}

enum status
simulated_workflow_by_slug(struct store *store, struct arena *arena, struct slice slug,
                           struct workflow_row *out)
{
    struct world *world = world_of(store);
    struct table *table = &world->tables[KIND_WORKFLOW];
    enum status status = read_begin(world);
    if (status != STATUS_OK)
        return read_end(world, status);
    const struct workflow_row *found = NULL;
    for (size_t i = 0; i < table->count && found == NULL; i++) {
        const struct workflow_row *row = table->rows[i];
        if (slice_equal(row->slug, slug))
            found = row;
    }
    return read_end_one(world, table, found, out, arena);
}

enum status
simulated_version_get(struct store *store, struct arena *arena, const struct id *workflow,
                      uint32_t version, struct version_row *out)
{
    struct version_row which = {.workflow = *workflow, .version = version};
    return get_by_key(store, KIND_VERSION, &which, out, arena);
}

enum status
simulated_workspace_get(struct store *store, struct arena *arena, const struct id *id,
                        struct workspace_row *out)
{
    struct workspace_row which = {.id = *id};
    return get_by_key(store, KIND_WORKSPACE, &which, out, arena);
}

enum status
simulated_spending_get(struct store *store, struct spending_row *row)
{
    struct arena none = {0};
    struct spending_row which = *row;
    return get_by_key(store, KIND_SPENDING, &which, row, &none);
}

enum status
simulated_key_get(struct store *store, struct arena *arena, const struct id *id,
                  struct key_row *out)
{
    struct key_row which = {.id = *id};
    return get_by_key(store, KIND_KEY, &which, out, arena);
}

enum status
simulated_key_by_secret(struct store *store, struct arena *arena, const struct digest *secret,
                        struct key_row *out)
{
    struct world *world = world_of(store);
    struct table *table = &world->tables[KIND_KEY];
    enum status status = read_begin(world);
    if (status != STATUS_OK)
        return read_end(world, status);
    const struct key_row *found = NULL;
    for (size_t i = 0; i < table->count && found == NULL; i++) {
        const struct key_row *row = table->rows[i];
        if (memcmp(row->secret.bytes, secret->bytes, DIGEST_BYTES) == 0)
            found = row;
    }
    return read_end_one(world, table, found, out, arena);
}

/* What its effects have used so far. */
static struct usage
run_usage(const struct world *world, const struct id *run)
{
    struct usage_row key = {.run = *run, .step = RUN_TOTAL_STEP};
    const struct usage_row *row = table_find(&world->tables[KIND_USAGE], &key);
    return row == NULL ? (struct usage){0} : row->used;
}

enum status
simulated_run_get(struct store *store, struct arena *arena, const struct id *id,
                  struct run_row *out)
{
    struct world *world = world_of(store);
    struct table *table = &world->tables[KIND_RUN];
    enum status status = read_begin(world);
    if (status != STATUS_OK)
        return read_end(world, status);
    struct run_row key = {.id = *id};
    const struct run_row *found = table_find(table, &key);
    struct run_row row = found == NULL ? key : *found;
    row.usage = run_usage(world, id);
    return read_end_one(world, table, found == NULL ? NULL : &row, out, arena);
}

bool
world_run_head(const struct world *world, const struct id *id, struct run_head *out)
{
    struct run_row key = {.id = *id};
    const struct run_row *run = table_find(&world->tables[KIND_RUN], &key);
    if (run == NULL)
        return false;
    *out = (struct run_head){run->state, run->generation, run->parent, run->parent_generation};
    return true;
}

enum status
simulated_run_head(struct store *store, const struct id *id, struct run_head *out)
{
    struct world *world = world_of(store);
    enum status status = read_begin(world);
    if (status == STATUS_OK && !world_run_head(world, id, out))
        status = STATUS_NOT_FOUND;
    return read_end(world, status);
}

enum status
simulated_run_count(struct store *store, const struct id *root, uint32_t limit, uint32_t *out)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_RUN];
    enum status status = read_begin(world);
    for (size_t i = 0; status == STATUS_OK && i < table->count && *out < limit; i++) {
        const struct run_row *row = table->rows[i];
        *out += id_equal(&row->root, root);
    }
    return read_end(world, status);
}

enum status
simulated_line_first(struct store *store, const struct id *workspace, struct slice name,
                     struct id *out)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_LINE];
    enum status status = read_begin(world);
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; status == STATUS_OK && i < table->count; i++) {
        const struct placed_line *row = table->rows[i];
        bool is_there =
            id_equal(&row->line.workspace, workspace) && slice_equal(row->line.name, name);
        if (is_there && row->place < first) {
            first = row->place;
            *out = row->line.run;
        }
    }
    if (status == STATUS_OK && first == UINT64_MAX)
        status = STATUS_NOT_FOUND;
    return read_end(world, status);
}

enum status
simulated_file_get(struct store *store, struct arena *arena, const struct id *id,
                   struct file_row *out)
{
    struct file_row which = {.id = *id};
    enum status status = get_by_key(store, KIND_FILE, &which, out, arena);
    if (status != STATUS_OK || id_is_zero(&out->run))
        return status;
    struct run_head head;
    return simulated_run_head(store, &out->run, &head);
}

enum status
simulated_cursor_get(struct store *store, struct arena *arena, const struct cursor_row *which,
                     struct cursor_row *out)
{
    return get_by_key(store, KIND_CURSOR, which, out, arena);
}

enum status
simulated_idempotency_get(struct store *store, struct arena *arena,
                          const struct idempotency_row *which, int64_t now_unix_ms,
                          struct idempotency_row *out)
{
    enum status status = get_by_key(store, KIND_IDEMPOTENCY, which, out, arena);
    return status == STATUS_OK && out->expires_unix_ms <= now_unix_ms ? STATUS_NOT_FOUND : status;
}

enum status
simulated_setting_get(struct store *store, struct arena *arena, struct slice name,
                      struct slice *out)
{
    struct setting_row which = {.name = name}, row = {.name = name};
    enum status status = get_by_key(store, KIND_SETTING, &which, &row, arena);
    if (status == STATUS_OK)
        *out = row.value;
    return status;
}

enum status
simulated_text_get(struct store *store, struct arena *arena, const struct id *workspace,
                   const struct digest *digest, struct slice *out)
{
    struct text_row which = {.workspace = *workspace, .digest = *digest}, row = which;
    enum status status = get_by_key(store, KIND_TEXT, &which, &row, arena);
    if (status == STATUS_OK)
        *out = row.body;
    return status;
}

enum status
simulated_text_has(struct store *store, const struct id *workspace, const struct digest *digest)
{
    struct world *world = world_of(store);
    struct text_row which = {.workspace = *workspace, .digest = *digest};
    enum status status = read_begin(world);
    if (status == STATUS_OK && table_find(&world->tables[KIND_TEXT], &which) == NULL)
        status = STATUS_NOT_FOUND;
    return read_end(world, status);
}

enum status
simulated_cache_get(struct store *store, struct arena *arena, const struct cache_row *which,
                    int64_t now_unix_ms, struct cache_row *out)
{
    struct world *world = world_of(store);
    struct table *table = &world->tables[KIND_CACHE];
    enum status status = read_begin(world);
    if (status != STATUS_OK)
        return read_end(world, status);
    const struct cache_row *found = table_find(table, which);
    if (found != NULL && found->expires_unix_ms <= now_unix_ms)
        found = NULL;
    return read_end_one(world, table, found, out, arena);
}

static bool
records_are_of_one_chunk(const struct record_row *a, const struct record_row *b)
{
    return id_equal(&a->run, &b->run) && slice_equal(a->table, b->table) &&
           a->stretch == b->stretch && a->chunk == b->chunk;
}

enum status
simulated_record_get(struct store *store, struct arena *arena, const struct record_row *which,
                     uint32_t generation, struct record_row *out)
{
    struct world *world = world_of(store);
    struct table *table = &world->tables[KIND_RECORD];
    enum status status = read_begin(world);
    if (status != STATUS_OK)
        return read_end(world, status);
    /* Newer generations stand before older ones. */
    struct record_row key = *which;
    key.generation = generation;
    size_t place = table_seek(table, &key);
    const struct record_row *found = NULL;
    if (place < table->count && records_are_of_one_chunk(table->rows[place], &key))
        found = table->rows[place];
    return read_end_one(world, table, found, out, arena);
}

/* Whether an id lies where the page wants it. */
static bool
page_wants(const struct store_page *page, const struct id *workspace, const struct id *id)
{
    if (!id_is_zero(&page->workspace) && !id_equal(&page->workspace, workspace))
        return false;
    if (id_is_zero(&page->before))
        return true;
    int order = memcmp(id->bytes, page->before.bytes, ID_BYTES);
    return page->is_ascending ? order > 0 : order < 0;
}

/* The place of the index-th row in the order of the page. */
static size_t
page_place(const struct store_page *page, const struct table *table, size_t index)
{
    return page->is_ascending ? index : table->count - 1 - index;
}

/* Counts rows that match; true for those behind the skipped ones. */
static bool
page_shows(const struct store_page *page, uint32_t *matched)
{
    return ++*matched > page->skip;
}

static bool
page_is_full(const struct store_page *page, uint32_t matched)
{
    return matched >= page->skip + page->limit;
}

enum status
simulated_workflow_list(struct store *store, const struct store_page *page,
                        store_workflow_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_WORKFLOW];
    enum status status = read_begin(world);
    uint32_t matched = 0;
    for (size_t i = 0; status == STATUS_OK && i < table->count && !page_is_full(page, matched);
         i++) {
        const struct workflow_row *row = table->rows[page_place(page, table, i)];
        if (page_wants(page, &row->workspace, &row->id) && page_shows(page, &matched) &&
            !visit(row, context))
            break;
    }
    return read_end(world, status);
}

static bool
page_wants_moment(const struct store_page *page, const struct id *id)
{
    if (!id_is_zero(&page->from) && memcmp(id->bytes, page->from.bytes, ID_BYTES) < 0)
        return false;
    return id_is_zero(&page->until) || memcmp(id->bytes, page->until.bytes, ID_BYTES) < 0;
}

enum status
simulated_audit_list(struct store *store, const struct store_page *page, store_audit_fn *visit,
                     void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_AUDIT];
    enum status status = read_begin(world);
    uint32_t matched = 0;
    for (size_t i = 0; status == STATUS_OK && i < table->count && !page_is_full(page, matched);
         i++) {
        const struct audit_row *row = table->rows[page_place(page, table, i)];
        bool is_late =
            !id_is_zero(&page->until) && memcmp(row->id.bytes, page->until.bytes, ID_BYTES) >= 0;
        if (memcmp(row->id.bytes, page->from.bytes, ID_BYTES) >= 0 && !is_late &&
            page_wants(page, &row->workspace, &row->id) && page_shows(page, &matched) &&
            !visit(row, context))
            break;
    }
    return read_end(world, status);
}

static bool
has_label(const struct world *world, const struct store_page *page, const struct id *run)
{
    struct label_row key = {.workspace = page->workspace,
                            .name = page->label.name,
                            .value = page->label.value,
                            .run = *run};
    return table_find(&world->tables[KIND_LABEL], &key) != NULL;
}

static bool
page_wants_run(const struct world *world, const struct store_page *page, const struct run_row *row)
{
    if (!store_page_wants(page, &row->workflow, row->state, row->trigger) ||
        !page_wants_moment(page, &row->id))
        return false;
    if (!id_is_zero(&page->parent) && !id_equal(&page->parent, &row->parent))
        return false;
    if (page->label.name.size > 0 && !has_label(world, page, &row->id))
        return false;
    return page_wants(page, &row->workspace, &row->id);
}

/* Lists show runs without their inline record. */
static bool
visit_run(const struct world *world, const struct run_row *row, store_run_fn *visit, void *context)
{
    struct run_row shown = *row;
    shown.usage = run_usage(world, &row->id);
    shown.inline_record = slice_of(NULL, 0);
    return visit(&shown, context);
}

enum status
simulated_run_list(struct store *store, const struct store_page *page, store_run_fn *visit,
                   void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_RUN];
    enum status status = read_begin(world);
    uint32_t matched = 0;
    for (size_t i = 0; status == STATUS_OK && i < table->count && !page_is_full(page, matched);
         i++) {
        const struct run_row *row = table->rows[page_place(page, table, i)];
        if (!page_wants_run(world, page, row) || !page_shows(page, &matched))
            continue;
        if (page->label.name.size > 0 && page_is_full(page, matched))
            *page->resume = row->id;
        if (!visit_run(world, row, visit, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_run_unfinished(struct store *store, const struct id *after, uint32_t limit,
                         store_run_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_RUN];
    enum status status = read_begin(world);
    uint32_t shown = 0;
    struct run_row key = {.id = *after};
    for (size_t i = table_seek(table, &key);
         status == STATUS_OK && i < table->count && shown < limit; i++) {
        const struct run_row *row = table->rows[i];
        if (id_equal(&row->id, after) || run_state_is_ended(row->state))
            continue;
        shown++;
        if (!visit_run(world, row, visit, context))
            break;
    }
    return read_end(world, status);
}

/* The place of the next version that the page may show; up or down from there. */
static size_t
version_place(const struct table *table, const struct version_page *page)
{
    struct version_row key = {.workflow = page->workflow, .version = page->before};
    if (page->is_ascending)
        key.version++;
    else if (page->before == 0)
        key.version = UINT32_MAX;
    size_t place = table_seek(table, &key);
    return page->is_ascending ? place : place - 1;
}

enum status
simulated_version_list(struct store *store, const struct version_page *page,
                       store_version_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_VERSION];
    enum status status = read_begin(world);
    size_t place = version_place(table, page);
    for (uint32_t i = 0; status == STATUS_OK && i < page->limit && place < table->count; i++) {
        struct version_row row = *(const struct version_row *)table->rows[place];
        row.text = (struct slice){0};
        if (!id_equal(&row.workflow, &page->workflow) || !visit(&row, context))
            break;
        place += page->is_ascending ? 1 : (size_t)-1;
    }
    return read_end(world, status);
}

enum status
simulated_key_list(struct store *store, const struct store_page *page, store_key_fn *visit,
                   void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_KEY];
    enum status status = read_begin(world);
    uint32_t matched = 0;
    for (size_t i = 0; status == STATUS_OK && i < table->count && !page_is_full(page, matched);
         i++) {
        const struct key_row *row = table->rows[page_place(page, table, i)];
        if (page_wants(page, &row->workspace, &row->id) && page_shows(page, &matched) &&
            !visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_grant_list(struct store *store, const struct store_page *page, store_grant_fn *visit,
                     void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_GRANT];
    enum status status = read_begin(world);
    uint32_t matched = 0;
    for (size_t i = 0; status == STATUS_OK && i < table->count && !page_is_full(page, matched);
         i++) {
        const struct grant_row *row = table->rows[page_place(page, table, i)];
        if (page_wants(page, &row->workspace, &row->id) && page_shows(page, &matched) &&
            !visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_spending_list(struct store *store, const struct spending_range *range,
                        store_spending_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_SPENDING];
    enum status status = read_begin(world);
    struct spending_row key = {
        .workspace = range->workspace, .kind = range->kind, .day = range->first_day};
    for (size_t i = table_seek(table, &key); status == STATUS_OK && i < table->count; i++) {
        const struct spending_row *row = table->rows[i];
        if (!id_equal(&row->workspace, &range->workspace) || row->kind != range->kind ||
            row->day > range->last_day || !visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_workspace_list(struct store *store, const struct store_page *page,
                         store_workspace_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_WORKSPACE];
    enum status status = read_begin(world);
    uint32_t matched = 0;
    for (size_t i = 0; status == STATUS_OK && i < table->count && !page_is_full(page, matched);
         i++) {
        const struct workspace_row *row = table->rows[page_place(page, table, i)];
        if (page_wants(page, &page->workspace, &row->id) && page_shows(page, &matched) &&
            !visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_effect_range(struct store *store, const struct effect_range *range,
                       store_effect_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_EFFECT];
    enum status status = read_begin(world);
    struct effect_row key = {.run = range->run, .step = range->step, .key = range->low};
    for (size_t i = table_seek(table, &key); status == STATUS_OK && i < table->count; i++) {
        const struct effect_row *row = table->rows[i];
        if (!id_equal(&row->run, &range->run) || !slice_equal(row->step, range->step) ||
            slice_compare(row->key, range->high) > 0 || !visit(row, context))
            break;
    }
    return read_end(world, status);
}

static bool
range_covers(const struct record_range *range, const struct record_row *row)
{
    return id_equal(&row->run, &range->run) && slice_equal(row->table, range->table) &&
           row->stretch == range->stretch;
}

/* Visits the record if it is the newest wanted one of its chunk; false: stop. */
static bool
visit_record(const struct record_range *range, const struct record_row *row, int64_t *last_chunk,
             store_record_fn *visit, void *context)
{
    if (row->generation > range->generation || row->chunk == *last_chunk)
        return true;
    *last_chunk = row->chunk;
    struct record_row shown = *row;
    if (!range->with_body)
        shown.body = slice_of(NULL, 0);
    return visit(&shown, context);
}

enum status
simulated_record_range(struct store *store, const struct record_range *range,
                       store_record_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_RECORD];
    enum status status = read_begin(world);
    struct record_row key = {.run = range->run,
                             .table = range->table,
                             .stretch = range->stretch,
                             .chunk = range->from_chunk,
                             .generation = UINT32_MAX};
    int64_t last_chunk = -1;
    for (size_t i = table_seek(table, &key); status == STATUS_OK && i < table->count; i++) {
        const struct record_row *row = table->rows[i];
        if (!range_covers(range, row) || !visit_record(range, row, &last_chunk, visit, context))
            break;
    }
    return read_end(world, status);
}

/* By due time, then in the order of the table. */
static int
compare_due(const void *a, const void *b)
{
    const struct timer_row *x = *(const struct timer_row *const *)a;
    const struct timer_row *y = *(const struct timer_row *const *)b;
    if (x->due_unix_ms != y->due_unix_ms)
        return x->due_unix_ms < y->due_unix_ms ? -1 : 1;
    return row_compare(KIND_TIMER, x, y);
}

enum status
simulated_timer_due(struct store *store, int64_t now_unix_ms, uint32_t limit, store_timer_fn *visit,
                    void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_TIMER];
    enum status status = read_begin(world);
    const struct timer_row **due = mem_alloc_array(table->count + 1, sizeof(*due));
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct timer_row *row = table->rows[i];
        if (row->due_unix_ms <= now_unix_ms)
            due[count++] = row;
    }
    qsort(due, count, sizeof(*due), compare_due);
    for (size_t i = 0; status == STATUS_OK && i < count && i < limit; i++)
        if (!visit(due[i], context))
            break;
    mem_free(due);
    return read_end(world, status);
}

enum status
simulated_timer_next(struct store *store, int64_t *due_unix_ms)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_TIMER];
    enum status status = read_begin(world);
    int64_t soonest = INT64_MAX;
    for (size_t i = 0; i < table->count; i++) {
        const struct timer_row *row = table->rows[i];
        if (row->due_unix_ms < soonest)
            soonest = row->due_unix_ms;
    }
    if (status == STATUS_OK && table->count == 0)
        status = STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        *due_unix_ms = soonest;
    return read_end(world, status);
}

enum status
simulated_timer_list(struct store *store, const struct id *run, store_timer_fn *visit,
                     void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_TIMER];
    enum status status = read_begin(world);
    struct timer_row key = {.run = *run};
    for (size_t i = table_seek(table, &key); status == STATUS_OK && i < table->count; i++) {
        const struct timer_row *row = table->rows[i];
        if (!id_equal(&row->run, run) || !visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_events_list(struct store *store, const struct id *run, uint64_t after,
                      store_events_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_EVENTS];
    enum status status = read_begin(world);
    struct events_row key = {.run = *run, .last = after};
    for (size_t i = table_seek(table, &key); status == STATUS_OK && i < table->count; i++) {
        const struct events_row *row = table->rows[i];
        if (!id_equal(&row->run, run) || (row->last > after && !visit(row, context)))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_file_list(struct store *store, const struct id *run, store_file_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_FILE];
    enum status status = read_begin(world);
    for (size_t i = 0; status == STATUS_OK && i < table->count; i++) {
        const struct file_row *row = table->rows[i];
        if (id_equal(&row->run, run) && !visit(row, context))
            break;
    }
    return read_end(world, status);
}

static bool
page_wants_file(const struct store_page *page, const struct file_row *row)
{
    return id_is_zero(&row->run) && page_wants(page, &row->workspace, &row->id) &&
           page_wants_moment(page, &row->id) &&
           (page->name.size == 0 || slice_equal(page->name, row->name));
}

enum status
simulated_file_sent(struct store *store, const struct store_page *page, store_file_fn *visit,
                    void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_FILE];
    enum status status = read_begin(world);
    uint32_t matched = 0;
    for (size_t i = 0; status == STATUS_OK && i < table->count && !page_is_full(page, matched);
         i++) {
        const struct file_row *row = table->rows[page_place(page, table, i)];
        if (page_wants_file(page, row) && page_shows(page, &matched) && !visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_file_scan(struct store *store, const struct id *after, uint32_t limit,
                    store_file_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_FILE];
    enum status status = read_begin(world);
    for (size_t i = 0; status == STATUS_OK && i < table->count && limit > 0; i++) {
        const struct file_row *row = table->rows[i];
        if (memcmp(row->id.bytes, after->bytes, ID_BYTES) <= 0)
            continue;
        limit--;
        if (!visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_copy_step(struct store *store, struct store_copy *copy, struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED, "a store in memory cannot be copied");
}

void
simulated_copy_end(struct store *store, struct store_copy *copy)
{
    /* Nothing was begun. */
}

enum status
simulated_check(struct store *store, bool is_quick, struct error *error)
{
    return STATUS_OK;
}

enum status
simulated_usage_list(struct store *store, const struct id *run, store_usage_fn *visit,
                     void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_USAGE];
    enum status status = read_begin(world);
    struct usage_row key = {.run = *run, .step = RUN_TOTAL_STEP};
    for (size_t i = table_seek(table, &key); status == STATUS_OK && i < table->count; i++) {
        const struct usage_row *row = table->rows[i];
        if (!id_equal(&row->run, run))
            break;
        if (!slice_equal(row->step, RUN_TOTAL_STEP) && !visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_delivery_get(struct store *store, struct arena *arena, const struct id *id,
                       struct delivery_row *out)
{
    struct delivery_row which = {.id = *id};
    return get_by_key(store, KIND_DELIVERY, &which, out, arena);
}

enum status
simulated_delivery_next(struct store *store, int64_t now_unix_ms, int64_t *due_unix_ms)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_DELIVERY];
    enum status status = read_begin(world);
    for (size_t i = 0; status == STATUS_OK && i < table->count; i++) {
        const struct delivery_row *row = table->rows[i];
        bool is_later = row->state == DELIVERY_PENDING && row->due_unix_ms > now_unix_ms;
        if (is_later && (*due_unix_ms == 0 || row->due_unix_ms < *due_unix_ms))
            *due_unix_ms = row->due_unix_ms;
    }
    if (status == STATUS_OK && *due_unix_ms == 0)
        status = STATUS_NOT_FOUND;
    return read_end(world, status);
}

static bool
page_wants_delivery(const struct delivery_page *page, const struct delivery_row *row)
{
    int order = memcmp(row->id.bytes, page->before.bytes, ID_BYTES);
    bool is_behind = page->is_ascending ? order > 0 : order < 0 || id_is_zero(&page->before);
    return is_behind && id_equal(&row->workspace, &page->workspace) &&
           (id_is_zero(&page->run) || id_equal(&row->run, &page->run)) &&
           (!page->has_state || row->state == page->state);
}

enum status
simulated_delivery_list(struct store *store, const struct delivery_page *page,
                        store_delivery_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_DELIVERY];
    enum status status = read_begin(world);
    uint32_t matched = 0;
    for (size_t i = 0; status == STATUS_OK && i < table->count; i++) {
        struct delivery_row row = *(const struct delivery_row *)
                                       table->rows[page->is_ascending ? i : table->count - 1 - i];
        row.tries = row.body = slice_of(NULL, 0);
        if (!page_wants_delivery(page, &row) || matched++ < page->skip)
            continue;
        if (!visit(&row, context) || matched - page->skip == page->limit)
            break;
    }
    return read_end(world, status);
}

static int
delivery_order(const struct delivery_due *a, const struct delivery_due *b)
{
    if (a->due_unix_ms != b->due_unix_ms)
        return a->due_unix_ms < b->due_unix_ms ? -1 : 1;
    return memcmp(a->id.bytes, b->id.bytes, ID_BYTES);
}

/* The first one behind `after`; false: there is none. */
static bool
find_delivery_due(const struct table *table, int64_t now_unix_ms, const struct delivery_due *after,
                  struct delivery_due *out)
{
    bool is_found = false;
    for (size_t i = 0; i < table->count; i++) {
        const struct delivery_row *row = table->rows[i];
        struct delivery_due due = {row->due_unix_ms, row->id, row->host, row->give_up_unix_ms};
        if (row->state != DELIVERY_PENDING || row->due_unix_ms > now_unix_ms ||
            delivery_order(&due, after) <= 0 || (is_found && delivery_order(&due, out) > 0))
            continue;
        *out = due;
        is_found = true;
    }
    return is_found;
}

enum status
simulated_delivery_due(struct store *store, int64_t now_unix_ms, const struct delivery_due *after,
                       uint32_t limit, store_delivery_due_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_DELIVERY];
    enum status status = read_begin(world);
    struct delivery_due at = *after, next;
    for (uint32_t i = 0; status == STATUS_OK && i < limit; i++) {
        if (!find_delivery_due(table, now_unix_ms, &at, &next) || !visit(&next, context))
            break;
        at = next;
    }
    return read_end(world, status);
}
