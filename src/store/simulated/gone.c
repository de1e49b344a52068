/* Runs that are deleted, and what hangs on them. */
#include "store/simulated/world.h"

#include <stddef.h>
#include <string.h>

/* Where rows that hang on a run name it. */
static const struct {
    enum kind kind;
    size_t run;
} hanging[] = {
    {KIND_EFFECT, offsetof(struct effect_row, run)},
    {KIND_RECORD, offsetof(struct record_row, run)},
    {KIND_CURSOR, offsetof(struct cursor_row, run)},
    {KIND_TIMER, offsetof(struct timer_row, run)},
    {KIND_USAGE, offsetof(struct usage_row, run)},
    {KIND_FILE, offsetof(struct file_row, run)},
    {KIND_BLOB, offsetof(struct blob_row, run)},
    {KIND_EVENTS, offsetof(struct events_row, run)},
    {KIND_LABEL, offsetof(struct label_row, run)},
    {KIND_DELIVERY, offsetof(struct delivery_row, run)},
};

/* The first row of a kind, from *place on, that hangs on the run. */
static void *
next_hanging(const struct world *world, size_t which, const struct id *run, size_t *place)
{
    const struct table *table = &world->tables[hanging[which].kind];
    for (; *place < table->count; ++*place) {
        const char *row = table->rows[*place];
        if (id_equal((const struct id *)(row + hanging[which].run), run))
            return table->rows[*place];
    }
    return NULL;
}

/* Children that are in one of these states (bits); the first from *place on. */
static struct run_row *
next_child(const struct world *world, const struct id *parent, uint32_t states, size_t *place)
{
    const struct table *table = &world->tables[KIND_RUN];
    for (; *place < table->count; ++*place) {
        struct run_row *row = table->rows[*place];
        if (id_equal(&row->parent, parent) && (states & (UINT32_C(1) << row->state)) != 0)
            return row;
    }
    return NULL;
}

static bool
is_live_below(const struct world *world, const struct id *root)
{
    const struct table *table = &world->tables[KIND_RUN];
    for (size_t i = 0; i < table->count; i++) {
        const struct run_row *row = table->rows[i];
        if (id_equal(&row->root, root) && !run_state_is_ended(row->state))
            return true;
    }
    return false;
}

static bool
has_hanging(const struct world *world, const struct id *run)
{
    size_t place = 0;
    if (next_child(world, run, UINT32_MAX, &place) != NULL)
        return true;
    for (size_t i = 0; i < COUNT_OF(hanging); i++) {
        place = 0;
        if (next_hanging(world, i, run, &place) != NULL)
            return true;
    }
    return false;
}

enum status
world_run_delete(struct world *world, const struct run_gone_row *gone)
{
    struct run_row key = {.id = gone->run};
    const struct run_row *row = table_find(&world->tables[KIND_RUN], &key);
    if (row == NULL || !run_state_is_ended(row->state) || !id_is_zero(&row->parent) ||
        is_live_below(world, &gone->run))
        return STATUS_CONFLICT;
    struct spending_row budget = {
        .workspace = row->workspace, .kind = SPENDING_RUN, .id = gone->run};
    table_remove(&world->tables[KIND_SPENDING], &budget, &world->journal);
    table_remove(&world->tables[KIND_RUN], &key, &world->journal);
    if (has_hanging(world, &gone->run))
        table_put(&world->tables[KIND_RUN_GONE], gone, &world->journal);
    return STATUS_OK;
}

static void
clear_children(struct world *world, const struct run_gone_row *gone, uint32_t *left)
{
    uint32_t ended = 1u << RUN_STATE_COMPLETED | 1u << RUN_STATE_FAILED | 1u << RUN_STATE_CANCELLED;
    size_t place = 0;
    const struct run_row *child;
    while (*left > 0 && (child = next_child(world, &gone->run, ended, &place)) != NULL) {
        struct run_gone_row own = {.run = child->id, .gone_unix_ms = gone->gone_unix_ms};
        struct run_row key = {.id = child->id};
        table_remove(&world->tables[KIND_RUN], &key, &world->journal);
        table_put(&world->tables[KIND_RUN_GONE], &own, &world->journal);
        --*left;
    }
}

static void
clear_rows(struct world *world, size_t which, const struct id *run, uint32_t *left)
{
    size_t place = 0;
    const void *row;
    while (*left > 0 && (row = next_hanging(world, which, run, &place)) != NULL) {
        table_remove(&world->tables[hanging[which].kind], row, &world->journal);
        --*left;
    }
}

enum status
world_run_clear(struct world *world, const struct run_clear *clear)
{
    struct run_gone_row key = {.run = clear->run};
    const struct run_gone_row *gone = table_find(&world->tables[KIND_RUN_GONE], &key);
    uint32_t left = clear->limit;
    if (gone == NULL)
        return STATUS_OK;
    clear_children(world, gone, &left);
    for (size_t i = 0; i < COUNT_OF(hanging); i++)
        clear_rows(world, i, &clear->run, &left);
    if (left > 0 && !has_hanging(world, &clear->run))
        table_remove(&world->tables[KIND_RUN_GONE], &key, &world->journal);
    return STATUS_OK;
}

enum status
simulated_run_gone_list(struct store *store, const struct run_gone_row *range, uint32_t limit,
                        store_run_gone_fn *visit, void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_RUN_GONE];
    enum status status = read_begin(world);
    uint32_t shown = 0;
    for (size_t i = table_seek(table, range);
         status == STATUS_OK && i < table->count && shown < limit; i++) {
        const struct run_gone_row *row = table->rows[i];
        if (id_equal(&row->run, &range->run) || row->gone_unix_ms > range->gone_unix_ms)
            continue;
        shown++;
        if (!visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_blob_list(struct store *store, const struct id *run, uint32_t limit, store_blob_fn *visit,
                    void *context)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_BLOB];
    enum status status = read_begin(world);
    struct blob_row key = {.run = *run};
    size_t first = table_seek(table, &key);
    for (size_t i = first; status == STATUS_OK && i < table->count && i - first < limit; i++) {
        const struct blob_row *row = table->rows[i];
        if (!id_equal(&row->run, run) || !visit(row, context))
            break;
    }
    return read_end(world, status);
}

enum status
simulated_blob_has(struct store *store, const struct id *blob)
{
    struct world *world = world_of(store);
    struct file_row file = {.id = *blob};
    const struct table *blobs = &world->tables[KIND_BLOB];
    enum status status = read_begin(world);
    bool is_there = table_find(&world->tables[KIND_FILE], &file) != NULL;
    for (size_t i = 0; i < blobs->count && !is_there; i++)
        is_there = id_equal(&((const struct blob_row *)blobs->rows[i])->blob, blob);
    status = read_end(world, status);
    return status == STATUS_OK && !is_there ? STATUS_NOT_FOUND : status;
}

enum status
simulated_workflow_gone_next(struct store *store, const struct id *after, struct id *out)
{
    struct world *world = world_of(store);
    const struct table *table = &world->tables[KIND_GONE];
    enum status status = read_begin(world);
    bool is_there = false;
    for (size_t i = 0; status == STATUS_OK && i < table->count && !is_there; i++) {
        const struct workflow_row *row = table->rows[i];
        is_there = memcmp(row->id.bytes, after->bytes, ID_BYTES) > 0;
        if (is_there)
            *out = row->id;
    }
    status = read_end(world, status);
    return status == STATUS_OK && !is_there ? STATUS_NOT_FOUND : status;
}
