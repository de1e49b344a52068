/* Things of a workspace that are kept as JSON. */
#include "base/mem.h"
#include "store/simulated/world.h"

#include <stdlib.h>

/* Whether another one of the same workspace, kind and parent has the name. */
static const struct object_row *
find_name(const struct table *table, const struct object_row *which)
{
    for (size_t i = 0; i < table->count && which->name.size > 0; i++) {
        const struct object_row *row = table->rows[i];
        if (row->kind == which->kind && id_equal(&row->workspace, &which->workspace) &&
            id_equal(&row->parent, &which->parent) && slice_equal(row->name, which->name))
            return row;
    }
    return NULL;
}

enum status
simulated_object_insert(struct world *world, const struct object_row *row)
{
    struct table *table = &world->tables[KIND_OBJECT];
    if (table_find(table, row) != NULL || find_name(table, row) != NULL)
        return STATUS_CONFLICT;
    table_put(table, row, &world->journal);
    return STATUS_OK;
}

void
simulated_object_add_caught(struct world *world, const struct object_row *row)
{
    const struct object_row catcher = {
        .workspace = row->workspace, .kind = OBJECT_CATCHER, .name = SLICE(OBJECT_CATCHER_NAME)};
    if (find_name(&world->tables[KIND_OBJECT], &catcher) != NULL)
        status_ignore(simulated_object_insert(world, row));
}

enum status
simulated_object_update(struct world *world, const struct object_row *row)
{
    struct table *table = &world->tables[KIND_OBJECT];
    const struct object_row *old = table_find(table, row);
    if (old == NULL)
        return STATUS_NOT_FOUND;
    struct object_row fresh = *old;
    fresh.name = row->name;
    const struct object_row *named = find_name(table, &fresh);
    if (old->revision + 1 != row->revision || (named != NULL && named != old))
        return STATUS_CONFLICT;
    fresh.body = row->body;
    fresh.revision = row->revision;
    fresh.updated_unix_ms = row->updated_unix_ms;
    fresh.archived_unix_ms = row->archived_unix_ms;
    fresh.due_unix_ms = row->due_unix_ms;
    table_put(table, &fresh, &world->journal);
    return STATUS_OK;
}

enum status
simulated_object_require(struct world *world, const struct object_row *row)
{
    const struct object_row *found = table_find(&world->tables[KIND_OBJECT], row);
    return found == NULL || found->archived_unix_ms > 0 ? STATUS_NOT_FOUND : STATUS_OK;
}

enum status
simulated_objects_add(struct world *world, const struct object_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        status_ignore(simulated_object_insert(world, &rows->rows[i]));
    return STATUS_OK;
}

enum status
simulated_objects_remove(struct world *world, const struct object_rows *rows)
{
    struct table *table = &world->tables[KIND_OBJECT];
    for (size_t i = 0; i < rows->count; i++) {
        const struct object_row *row = &rows->rows[i], *found = table_find(table, row);
        if (found != NULL && found->kind == row->kind &&
            id_equal(&found->workspace, &row->workspace) && id_equal(&found->parent, &row->parent))
            table_remove(table, row, &world->journal);
    }
    return STATUS_OK;
}

enum status
simulated_hook_trim(struct world *world, const struct store_trim *trim)
{
    struct table *table = &world->tables[KIND_OBJECT];
    for (uint32_t i = 0; i < trim->limit; i++) {
        const struct object_row *first = NULL;
        for (size_t k = 0; k < table->count; k++) {
            const struct object_row *row = table->rows[k];
            bool is_due = row->kind == OBJECT_HOOK && row->due_unix_ms > 0 &&
                          row->due_unix_ms <= trim->now_unix_ms;
            if (is_due && (first == NULL || row->due_unix_ms < first->due_unix_ms))
                first = row;
        }
        if (first == NULL)
            break;
        table_remove(table, first, &world->journal);
    }
    return STATUS_OK;
}

enum status
simulated_object_get(struct store *store, struct arena *arena, const struct id *id,
                     struct object_row *out)
{
    struct object_row which = {.id = *id, .kind = OBJECT_LIST};
    return get_by_key(store, KIND_OBJECT, &which, out, arena);
}

enum status
simulated_object_find(struct store *store, struct arena *arena, const struct object_row *which,
                      struct object_row *out)
{
    struct world *world = world_of(store);
    struct table *table = &world->tables[KIND_OBJECT];
    enum status status = read_begin(world);
    if (status != STATUS_OK)
        return read_end(world, status);
    return read_end_one(world, table, find_name(table, which), out, arena);
}

static bool
is_of_page(const struct object_row *row, const struct object_page *page)
{
    return row->kind == page->kind && id_equal(&row->workspace, &page->workspace) &&
           id_equal(&row->parent, &page->parent) &&
           (row->archived_unix_ms > 0) == page->is_archived;
}

/* Whether the row lies behind where the page begins. */
static bool
is_behind(const struct object_row *row, const struct object_page *page)
{
    int order = memcmp(row->id.bytes, page->before.bytes, ID_BYTES);
    return id_is_zero(&page->before) || (page->is_ascending ? order > 0 : order < 0);
}

enum status
simulated_object_list(struct store *store, const struct object_page *page, store_object_fn *visit,
                      void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_OBJECT];
    enum status status = read_begin(world);
    uint32_t skipped = 0, seen = 0;
    for (size_t i = 0; status == STATUS_OK && i < table->count && seen < page->limit; i++) {
        const struct object_row *row = table->rows[page->is_ascending ? i : table->count - 1 - i];
        if (!is_of_page(row, page) || !is_behind(row, page) || skipped++ < page->skip)
            continue;
        seen++;
        if (!visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_object_count(struct store *store, const struct object_page *page, uint32_t most,
                       uint32_t *out)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_OBJECT];
    enum status status = read_begin(world);
    for (size_t i = 0; status == STATUS_OK && i < table->count && *out < most; i++)
        *out += is_of_page(table->rows[i], page);
    return read_end(world, status);
}

static int
compare_due(const void *a, const void *b)
{
    const struct object_row *const *x = a, *const *y = b;
    int64_t left = (*x)->due_unix_ms, right = (*y)->due_unix_ms;
    return left < right ? -1 : left > right;
}

enum status
simulated_object_due(struct store *store, enum object_kind kind, int64_t now_unix_ms,
                     uint32_t limit, store_object_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_OBJECT];
    enum status status = read_begin(world);
    const struct object_row **due = mem_alloc_array(table->count + 1, sizeof(*due));
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct object_row *row = table->rows[i];
        if (row->kind == kind && row->due_unix_ms > 0 && row->due_unix_ms <= now_unix_ms)
            due[count++] = row;
    }
    qsort(due, count, sizeof(*due), compare_due);
    for (size_t i = 0; status == STATUS_OK && i < count && i < limit; i++) {
        if (!visit(due[i], context))
            break;
    }
    mem_free(due);
    return read_end(world, status);
}

enum status
simulated_object_next(struct store *store, enum object_kind kind, int64_t *due_unix_ms)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_OBJECT];
    enum status status = read_begin(world);
    int64_t soonest = INT64_MAX;
    for (size_t i = 0; i < table->count; i++) {
        const struct object_row *row = table->rows[i];
        if (row->kind == kind && row->due_unix_ms > 0 && row->due_unix_ms < soonest)
            soonest = row->due_unix_ms;
    }
    if (status == STATUS_OK && soonest == INT64_MAX)
        status = STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        *due_unix_ms = soonest;
    return read_end(world, status);
}
