/* Lists of the runs that have a label.
 *
 * Labels have no index by state and trigger: what else is asked of the runs is looked at one by
 * one, over a bounded number of them.
 */
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

/* Ids that are read at a time. */
#define BLOCK 64

struct scan {
    const struct store_page *page;
    struct connection *reader;
    struct id low, high;
    struct id ids[BLOCK];
    uint32_t count;  /* of `ids` */
    uint32_t looked; /* at, in all */
    uint32_t shown;
    bool goes_on;
};

static enum status
read_block(struct scan *scan)
{
    static const struct sql sql = {
        SLOT_RUN_LABELLED,
        "SELECT run FROM run_labels WHERE workspace = ?1 AND name = ?2 AND value = ?3"
        " AND run > ?4 AND run < ?5 ORDER BY run DESC LIMIT ?6",
    };
    struct query query;
    query_begin_on(&query, scan->reader, &sql);
    query_bind_id(&query, &scan->page->workspace);
    query_bind_text(&query, scan->page->label.name);
    query_bind_text(&query, scan->page->label.value);
    query_bind_id(&query, &scan->low);
    query_bind_id(&query, &scan->high);
    query_bind_int(&query, BLOCK);
    for (scan->count = 0; query_next(&query); scan->count++)
        scan->ids[scan->count] = query_id(&query);
    return query_end(&query);
}

/* The place of the run, if it is what the page asks for; else 0. */
static enum status
find_wanted(struct scan *scan, const struct id *id, int64_t *rowid)
{
    static const struct sql sql = {
        SLOT_RUN_LABELLED_ONE,
        "SELECT rowid, workflow, state, trigger FROM runs WHERE id = ?1",
    };
    struct query query;
    query_begin_on(&query, scan->reader, &sql);
    query_bind_id(&query, id);
    *rowid = 0;
    if (query_next(&query)) {
        int64_t found = query_int(&query);
        struct id workflow = query_id(&query);
        enum run_state state = (enum run_state)query_int(&query);
        struct slice trigger = query_slice(&query);
        if (store_page_wants(scan->page, &workflow, state, trigger))
            *rowid = found;
    }
    return query_end(&query);
}

static enum status
look_at(struct scan *scan, const struct id *id, store_run_fn *visit, void *context)
{
    int64_t rowid = 0;
    enum status status = find_wanted(scan, id, &rowid);
    scan->looked++;
    scan->high = *id;
    if (status != STATUS_OK || rowid == 0)
        return status;
    scan->shown++;
    return sqlite_run_show(scan->reader, rowid, visit, context, &scan->goes_on);
}

static bool
is_full(const struct scan *scan)
{
    return !scan->goes_on || scan->shown == scan->page->limit || scan->looked == STORE_SCAN_MAX;
}

static enum status
scan_all(struct scan *scan, store_run_fn *visit, void *context)
{
    enum status status = STATUS_OK;
    do {
        status = read_block(scan);
        for (uint32_t i = 0; i < scan->count && status == STATUS_OK && !is_full(scan); i++)
            status = look_at(scan, &scan->ids[i], visit, context);
    } while (status == STATUS_OK && scan->count == BLOCK && !is_full(scan));
    if (status == STATUS_OK && is_full(scan))
        *scan->page->resume = scan->high;
    return status;
}

enum status
sqlite_run_list_labelled(struct store *store, const struct store_page *page, store_run_fn *visit,
                         void *context)
{
    static const struct sql begin_sql = {SLOT_BEGIN_READ, "BEGIN"};
    static const struct sql commit_sql = {SLOT_COMMIT, "COMMIT"};
    struct scan scan = {.page = page, .goes_on = true};
    page_span(page, &scan.low, &scan.high);
    enum status status = reader_take(&scan.reader, database_of(store));
    if (status != STATUS_OK)
        return status;
    status = query_run(scan.reader, &begin_sql);
    if (status == STATUS_OK)
        status = scan_all(&scan, visit, context);
    if (sqlite3_get_autocommit(scan.reader->db) == 0)
        status_ignore(query_run(scan.reader, &commit_sql));
    reader_drop(database_of(store), &scan.reader);
    return status;
}
