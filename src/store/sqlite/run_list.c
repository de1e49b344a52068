/* Lists of the runs of a workspace or a workflow.
 *
 * Both have an index by state, trigger and id, so that the runs of one state and one trigger are a
 * range in the order of their ids. A list is the merge of the ranges that it wants: it reads what
 * it shows and a few rows of each range, however the runs are spread over states and triggers.
 */
#include "base/limits.h"
#include "base/mem.h"
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#include <stdio.h>
#include <string.h>

/* Rows of one range that are read at a time. */
#define AHEAD 64

struct entry {
    struct id id;
    int64_t rowid;
};

struct range {
    enum run_state state;
    struct slice trigger; /* in the arena */
    struct entry ahead[AHEAD];
    uint32_t count, next; /* of `ahead` */
    struct id border;     /* the last that was read */
    bool is_at_end;
};

struct merge {
    const struct store_page *page;
    struct connection *reader;
    struct id low, high; /* ids of the list lie between them */
    struct arena arena;
    struct range **ranges;
    size_t range_count, range_capacity;
    int64_t *rowids; /* of the page */
    uint32_t rowid_count;
    enum status status;
};

static bool
is_of_workflow(const struct merge *merge)
{
    return !id_is_zero(&merge->page->workflow);
}

static const struct id *
owner_of(const struct merge *merge)
{
    return is_of_workflow(merge) ? &merge->page->workflow : &merge->page->workspace;
}

/* The column that names the owner; its index is called after it. */
static const char *
owner_column(const struct merge *merge)
{
    return is_of_workflow(merge) ? "workflow" : "workspace";
}

/* --- which ranges there are --- */

static void
add_range(struct merge *merge, enum run_state state, struct slice trigger)
{
    if (merge->range_count == merge->range_capacity) {
        merge->range_capacity += 16;
        merge->ranges = mem_resize(merge->ranges, merge->range_capacity * sizeof(struct range *));
    }
    struct range *range = arena_alloc(&merge->arena, sizeof(*range));
    *range = (struct range){.state = state, .trigger = trigger};
    range->border = merge->page->is_ascending ? merge->low : merge->high;
    merge->ranges[merge->range_count++] = range;
}

/* The first trigger not before `from` that runs of that state have; .ptr NULL: none. */
static struct slice
next_trigger(struct merge *merge, enum run_state state, struct slice from)
{
    char text[160];
    struct slice found = {0};
    const char *column = owner_column(merge);
    snprintf(text, sizeof(text),
             "SELECT trigger FROM runs INDEXED BY runs_%s WHERE %s = ?1 AND state = ?2"
             " AND trigger >= ?3 ORDER BY trigger LIMIT 1",
             column, column);
    struct sql sql = {(enum sqlite_slot)(SLOT_RUN_TRIGGER + is_of_workflow(merge)), text};
    struct query query;
    query_begin_on(&query, merge->reader, &sql);
    query_bind_id(&query, owner_of(merge));
    query_bind_int(&query, state);
    query_bind_text(&query, from);
    if (query_next(&query))
        found = arena_copy(&merge->arena, query_slice(&query));
    merge->status = query_end(&query);
    return found;
}

static void
add_all_triggers(struct merge *merge, enum run_state state)
{
    struct slice unwanted = merge->page->not_trigger;
    struct slice trigger = next_trigger(merge, state, SLICE(""));
    while (trigger.ptr != NULL) {
        if (unwanted.size == 0 || !slice_equal(trigger, unwanted))
            add_range(merge, state, trigger);
        /* What comes next at the earliest: the same with a NUL behind it, which the copy has. */
        trigger = next_trigger(merge, state, slice_of(trigger.ptr, trigger.size + 1));
    }
}

static void
add_ranges(struct merge *merge)
{
    const struct store_page *page = merge->page;
    for (unsigned state = 0; state < RUN_STATE_COUNT && merge->status == STATUS_OK; state++) {
        if (page->states != 0 && (page->states & (UINT32_C(1) << state)) == 0)
            continue;
        for (uint32_t i = 0; i < page->trigger_count; i++)
            add_range(merge, (enum run_state)state, page->triggers[i]);
        if (page->trigger_count == 0)
            add_all_triggers(merge, (enum run_state)state);
    }
}

/* --- reading and merging them --- */

static void
read_ahead(struct merge *merge, struct range *range)
{
    char text[256];
    bool is_ascending = merge->page->is_ascending;
    unsigned variant = 2u * is_of_workflow(merge) + is_ascending;
    const char *column = owner_column(merge);
    snprintf(text, sizeof(text),
             "SELECT id, rowid FROM runs INDEXED BY runs_%s WHERE %s = ?1 AND state = ?2"
             " AND trigger = ?3 AND id > ?4 AND id < ?5 ORDER BY id %s LIMIT ?6",
             column, column, is_ascending ? "ASC" : "DESC");
    struct sql sql = {(enum sqlite_slot)(SLOT_RUN_OWNED + variant), text};
    struct query query;
    query_begin_on(&query, merge->reader, &sql);
    query_bind_id(&query, owner_of(merge));
    query_bind_int(&query, range->state);
    query_bind_text(&query, range->trigger);
    query_bind_id(&query, is_ascending ? &range->border : &merge->low);
    query_bind_id(&query, is_ascending ? &merge->high : &range->border);
    query_bind_int(&query, AHEAD);
    for (range->count = range->next = 0; query_next(&query); range->count++) {
        range->ahead[range->count].id = query_id(&query);
        range->ahead[range->count].rowid = query_int(&query);
    }
    range->is_at_end = range->count < AHEAD;
    if (range->count > 0)
        range->border = range->ahead[range->count - 1].id;
    merge->status = query_end(&query);
}

static bool
comes_first(const struct merge *merge, const struct range *a, const struct range *b)
{
    int order = memcmp(&a->ahead[a->next].id, &b->ahead[b->next].id, sizeof(struct id));
    return merge->page->is_ascending ? order < 0 : order > 0;
}

/* The range whose next run is the next of the list; NULL: the list is at its end. */
static struct range *
next_range(struct merge *merge)
{
    struct range *first = NULL;
    for (size_t i = 0; i < merge->range_count; i++) {
        struct range *range = merge->ranges[i];
        if (range->next == range->count && !range->is_at_end)
            read_ahead(merge, range);
        if (merge->status != STATUS_OK)
            return NULL;
        if (range->next < range->count && (first == NULL || comes_first(merge, range, first)))
            first = range;
    }
    return first;
}

static void
collect(struct merge *merge)
{
    const struct store_page *page = merge->page;
    uint32_t wanted = page->skip + page->limit;
    merge->rowids = mem_alloc_raw(page->limit * sizeof(*merge->rowids));
    for (uint32_t seen = 0; seen < wanted; seen++) {
        struct range *range = next_range(merge);
        if (range == NULL)
            return;
        int64_t rowid = range->ahead[range->next++].rowid;
        if (seen >= page->skip)
            merge->rowids[merge->rowid_count++] = rowid;
    }
}

/* A workflow is of one workspace; who names another one sees nothing. */
struct shown {
    const struct id *workspace;
    store_run_fn *visit;
    void *context;
};

static bool
show_own(const struct run_row *row, void *context)
{
    const struct shown *shown = context;
    if (!id_is_zero(shown->workspace) && !id_equal(shown->workspace, &row->workspace))
        return false;
    return shown->visit(row, shown->context);
}

static void
show_all(struct merge *merge, store_run_fn *visit, void *context)
{
    struct shown shown = {&merge->page->workspace, visit, context};
    bool goes_on = true;
    for (uint32_t i = 0; i < merge->rowid_count && goes_on && merge->status == STATUS_OK; i++)
        merge->status =
            sqlite_run_show(merge->reader, merge->rowids[i], show_own, &shown, &goes_on);
}

/* One snapshot, so that a run that moves is seen once. */
static void
merge_run(struct merge *merge, store_run_fn *visit, void *context)
{
    static const struct sql begin_sql = {SLOT_BEGIN_READ, "BEGIN"};
    static const struct sql commit_sql = {SLOT_COMMIT, "COMMIT"};
    merge->status = query_run(merge->reader, &begin_sql);
    if (merge->status == STATUS_OK)
        add_ranges(merge);
    if (merge->status == STATUS_OK)
        collect(merge);
    if (merge->status == STATUS_OK)
        show_all(merge, visit, context);
    if (sqlite3_get_autocommit(merge->reader->db) == 0)
        status_ignore(query_run(merge->reader, &commit_sql));
}

enum status
sqlite_run_list_owned(struct store *store, const struct store_page *page, store_run_fn *visit,
                      void *context)
{
    struct merge merge = {.page = page};
    page_span(page, &merge.low, &merge.high);
    enum status status = reader_take(&merge.reader, database_of(store));
    if (status != STATUS_OK)
        return status;
    arena_init(&merge.arena, MIB(4));
    merge_run(&merge, visit, context);
    arena_done(&merge.arena);
    mem_free(merge.rowids);
    mem_free(merge.ranges);
    reader_drop(database_of(store), &merge.reader);
    return merge.status;
}
