#include "store/simulated/table.h"

#include "base/mem.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

typedef int compare_fn(const void *a, const void *b);

static int
compare_ids(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, ID_BYTES);
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* Each gives the first difference of a key's parts. */
#define DIFFER(expression)                                                                         \
    do {                                                                                           \
        int difference = (expression);                                                             \
        if (difference != 0)                                                                       \
            return difference;                                                                     \
    } while (0)

static int
compare_workflows(const void *a, const void *b)
{
    const struct workflow_row *x = a, *y = b;
    return compare_ids(&x->id, &y->id);
}

static int
compare_versions(const void *a, const void *b)
{
    const struct version_row *x = a, *y = b;
    DIFFER(compare_ids(&x->workflow, &y->workflow));
    return compare_numbers(x->version, y->version);
}

static int
compare_workspaces(const void *a, const void *b)
{
    const struct workspace_row *x = a, *y = b;
    return compare_ids(&x->id, &y->id);
}

static int
compare_grants(const void *a, const void *b)
{
    const struct grant_row *x = a, *y = b;
    DIFFER(compare_ids(&x->workspace, &y->workspace));
    return compare_ids(&x->id, &y->id);
}

static int
compare_spending(const void *a, const void *b)
{
    const struct spending_row *x = a, *y = b;
    DIFFER(compare_ids(&x->workspace, &y->workspace));
    DIFFER(compare_numbers(x->kind, y->kind));
    DIFFER(compare_numbers((uint64_t)x->day, (uint64_t)y->day));
    return compare_ids(&x->id, &y->id);
}

static int
compare_audit(const void *a, const void *b)
{
    const struct audit_row *x = a, *y = b;
    DIFFER(compare_ids(&x->workspace, &y->workspace));
    return compare_ids(&x->id, &y->id);
}

static int
compare_keys(const void *a, const void *b)
{
    const struct key_row *x = a, *y = b;
    return compare_ids(&x->id, &y->id);
}

static int
compare_objects(const void *a, const void *b)
{
    const struct object_row *x = a, *y = b;
    return compare_ids(&x->id, &y->id);
}

static int
compare_indexed(const void *a, const void *b)
{
    const struct index_row *x = a, *y = b;
    return compare_ids(&x->id, &y->id);
}

static int
compare_runs(const void *a, const void *b)
{
    const struct run_row *x = a, *y = b;
    return compare_ids(&x->id, &y->id);
}

static int
compare_effects(const void *a, const void *b)
{
    const struct effect_row *x = a, *y = b;
    DIFFER(compare_ids(&x->run, &y->run));
    DIFFER(slice_compare(x->step, y->step));
    DIFFER(slice_compare(x->key, y->key));
    DIFFER(compare_numbers(x->call, y->call));
    DIFFER(memcmp(x->hash, y->hash, STORE_HASH_BYTES));
    return compare_numbers(x->generation, y->generation);
}

/* The newest generation of a chunk comes first. */
static int
compare_records(const void *a, const void *b)
{
    const struct record_row *x = a, *y = b;
    DIFFER(compare_ids(&x->run, &y->run));
    DIFFER(slice_compare(x->table, y->table));
    DIFFER(compare_numbers(x->stretch, y->stretch));
    DIFFER(compare_numbers(x->chunk, y->chunk));
    return compare_numbers(y->generation, x->generation);
}

static int
compare_cursors(const void *a, const void *b)
{
    const struct cursor_row *x = a, *y = b;
    DIFFER(compare_ids(&x->run, &y->run));
    DIFFER(slice_compare(x->name, y->name));
    return compare_numbers(x->generation, y->generation);
}

static int
compare_timers(const void *a, const void *b)
{
    const struct timer_row *x = a, *y = b;
    DIFFER(compare_ids(&x->run, &y->run));
    DIFFER(slice_compare(x->table, y->table));
    DIFFER(compare_numbers(x->stretch, y->stretch));
    return compare_numbers(x->chunk, y->chunk);
}

static int
compare_files(const void *a, const void *b)
{
    const struct file_row *x = a, *y = b;
    return compare_ids(&x->id, &y->id);
}

static int
compare_idempotency(const void *a, const void *b)
{
    const struct idempotency_row *x = a, *y = b;
    DIFFER(compare_ids(&x->workspace, &y->workspace));
    DIFFER(slice_compare(x->scope, y->scope));
    return slice_compare(x->key, y->key);
}

static int
compare_settings(const void *a, const void *b)
{
    const struct setting_row *x = a, *y = b;
    return slice_compare(x->name, y->name);
}

static int
compare_usage(const void *a, const void *b)
{
    const struct usage_row *x = a, *y = b;
    DIFFER(compare_ids(&x->run, &y->run));
    return slice_compare(x->step, y->step);
}

static int
compare_events(const void *a, const void *b)
{
    const struct events_row *x = a, *y = b;
    DIFFER(compare_ids(&x->run, &y->run));
    return x->last < y->last ? -1 : x->last > y->last;
}

static int
compare_texts(const void *a, const void *b)
{
    const struct text_row *x = a, *y = b;
    DIFFER(compare_ids(&x->workspace, &y->workspace));
    return memcmp(x->digest.bytes, y->digest.bytes, DIGEST_BYTES);
}

static int
compare_cache(const void *a, const void *b)
{
    const struct cache_row *x = a, *y = b;
    DIFFER(compare_ids(&x->workspace, &y->workspace));
    return memcmp(x->hash, y->hash, STORE_HASH_BYTES);
}

static int
compare_runs_gone(const void *a, const void *b)
{
    const struct run_gone_row *x = a, *y = b;
    return compare_ids(&x->run, &y->run);
}

static int
compare_blobs(const void *a, const void *b)
{
    const struct blob_row *x = a, *y = b;
    DIFFER(compare_ids(&x->run, &y->run));
    return compare_ids(&x->blob, &y->blob);
}

static int
compare_deliveries(const void *a, const void *b)
{
    const struct delivery_row *x = a, *y = b;
    return compare_ids(&x->id, &y->id);
}

static int
compare_labels(const void *a, const void *b)
{
    const struct label_row *x = a, *y = b;
    DIFFER(compare_ids(&x->workspace, &y->workspace));
    DIFFER(slice_compare(x->name, y->name));
    DIFFER(slice_compare(x->value, y->value));
    return compare_ids(&x->run, &y->run);
}

static int
compare_lines(const void *a, const void *b)
{
    const struct placed_line *x = a, *y = b;
    return compare_ids(&x->line.run, &y->line.run);
}

#define SLICES_MAX 8

/* How rows of a kind are ordered and copied. */
static const struct {
    compare_fn *compare;
    size_t size;
    size_t slice_count;
    size_t slices[SLICES_MAX]; /* offsets */
} kinds[KIND_COUNT] = {
    [KIND_WORKFLOW] = {compare_workflows,
                       sizeof(struct workflow_row),
                       2,
                       {offsetof(struct workflow_row, slug), offsetof(struct workflow_row, name)}},
    [KIND_GONE] = {compare_workflows,
                   sizeof(struct workflow_row),
                   2,
                   {offsetof(struct workflow_row, slug), offsetof(struct workflow_row, name)}},
    [KIND_VERSION] = {compare_versions,
                      sizeof(struct version_row),
                      1,
                      {offsetof(struct version_row, text)}},
    [KIND_WORKSPACE] = {compare_workspaces,
                        sizeof(struct workspace_row),
                        2,
                        {offsetof(struct workspace_row, name),
                         offsetof(struct workspace_row, limits)}},
    [KIND_GRANT] = {compare_grants,
                    sizeof(struct grant_row),
                    1,
                    {offsetof(struct grant_row, note)}},
    [KIND_SPENDING] = {compare_spending, sizeof(struct spending_row), 0, {0}},
    [KIND_AUDIT] = {compare_audit,
                    sizeof(struct audit_row),
                    3,
                    {offsetof(struct audit_row, method), offsetof(struct audit_row, route),
                     offsetof(struct audit_row, object)}},
    [KIND_KEY] = {compare_keys,
                  sizeof(struct key_row),
                  2,
                  {offsetof(struct key_row, name), offsetof(struct key_row, limits)}},
    [KIND_RUN] = {compare_runs,
                  sizeof(struct run_row),
                  8,
                  {offsetof(struct run_row, trigger), offsetof(struct run_row, input),
                   offsetof(struct run_row, output), offsetof(struct run_row, error),
                   offsetof(struct run_row, counts), offsetof(struct run_row, resolved),
                   offsetof(struct run_row, wishes), offsetof(struct run_row, inline_record)}},
    [KIND_EFFECT] = {compare_effects,
                     sizeof(struct effect_row),
                     3,
                     {offsetof(struct effect_row, step), offsetof(struct effect_row, key),
                      offsetof(struct effect_row, value)}},
    [KIND_RECORD] = {compare_records,
                     sizeof(struct record_row),
                     3,
                     {offsetof(struct record_row, table), offsetof(struct record_row, summary),
                      offsetof(struct record_row, body)}},
    [KIND_CURSOR] = {compare_cursors,
                     sizeof(struct cursor_row),
                     2,
                     {offsetof(struct cursor_row, name), offsetof(struct cursor_row, body)}},
    [KIND_TIMER] = {compare_timers,
                    sizeof(struct timer_row),
                    1,
                    {offsetof(struct timer_row, table)}},
    [KIND_FILE] = {compare_files,
                   sizeof(struct file_row),
                   4,
                   {offsetof(struct file_row, step), offsetof(struct file_row, key),
                    offsetof(struct file_row, name), offsetof(struct file_row, content_type)}},
    [KIND_IDEMPOTENCY] = {compare_idempotency,
                          sizeof(struct idempotency_row),
                          2,
                          {offsetof(struct idempotency_row, scope),
                           offsetof(struct idempotency_row, key)}},
    [KIND_SETTING] = {compare_settings,
                      sizeof(struct setting_row),
                      2,
                      {offsetof(struct setting_row, name), offsetof(struct setting_row, value)}},
    [KIND_USAGE] = {compare_usage, sizeof(struct usage_row), 1, {offsetof(struct usage_row, step)}},
    [KIND_TEXT] = {compare_texts, sizeof(struct text_row), 1, {offsetof(struct text_row, body)}},
    [KIND_RUN_GONE] = {compare_runs_gone, sizeof(struct run_gone_row), 0, {0}},
    [KIND_BLOB] = {compare_blobs, sizeof(struct blob_row), 0, {0}},
    [KIND_CACHE] = {compare_cache,
                    sizeof(struct cache_row),
                    1,
                    {offsetof(struct cache_row, value)}},
    [KIND_OBJECT] = {compare_objects,
                     sizeof(struct object_row),
                     2,
                     {offsetof(struct object_row, name), offsetof(struct object_row, body)}},
    [KIND_INDEX] = {compare_indexed,
                    sizeof(struct index_row),
                    3,
                    {offsetof(struct index_row, tags), offsetof(struct index_row, title),
                     offsetof(struct index_row, body)}},
    [KIND_DELIVERY] = {compare_deliveries,
                       sizeof(struct delivery_row),
                       5,
                       {offsetof(struct delivery_row, type), offsetof(struct delivery_row, url),
                        offsetof(struct delivery_row, host), offsetof(struct delivery_row, error),
                        offsetof(struct delivery_row, tries), offsetof(struct delivery_row, body)}},
    [KIND_EVENTS] = {compare_events,
                     sizeof(struct events_row),
                     1,
                     {offsetof(struct events_row, body)}},
    [KIND_LABEL] = {compare_labels,
                    sizeof(struct label_row),
                    2,
                    {offsetof(struct label_row, name), offsetof(struct label_row, value)}},
    [KIND_LINE] = {compare_lines,
                   sizeof(struct placed_line),
                   1,
                   {offsetof(struct placed_line, line.name)}},
};

int
row_compare(enum kind kind, const void *a, const void *b)
{
    return kinds[kind].compare(a, b);
}

static struct slice *
row_slice(enum kind kind, void *row, size_t index)
{
    return (struct slice *)((char *)row + kinds[kind].slices[index]);
}

/* One block: the row, and its bytes behind it. */
static void *
row_new(enum kind kind, const void *row)
{
    size_t size = kinds[kind].size;
    struct slice *slice;
    char copy[512];
    assert(size <= sizeof(copy));
    memcpy(copy, row, size);
    size_t total = size;
    for (size_t i = 0; i < kinds[kind].slice_count; i++)
        total += row_slice(kind, copy, i)->size;

    char *fresh = mem_alloc_raw(total);
    char *bytes = fresh + size;
    memcpy(fresh, row, size);
    for (size_t i = 0; i < kinds[kind].slice_count; i++) {
        slice = row_slice(kind, fresh, i);
        if (slice->size > 0)
            memcpy(bytes, slice->ptr, slice->size);
        slice->ptr = bytes;
        bytes += slice->size;
    }
    return fresh;
}

bool
row_copy(enum kind kind, void *out, const void *row, struct arena *arena)
{
    memcpy(out, row, kinds[kind].size);
    for (size_t i = 0; i < kinds[kind].slice_count; i++) {
        struct slice *slice = row_slice(kind, out, i);
        if (slice->size == 0)
            continue;
        *slice = arena_copy(arena, *slice);
        if (slice->ptr == NULL)
            return false;
    }
    return true;
}

void
table_done(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        mem_free(table->rows[i]);
    mem_free(table->rows);
    *table = (struct table){.kind = table->kind};
}

size_t
table_seek(const struct table *table, const void *row)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (kinds[table->kind].compare(table->rows[middle], row) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether the row at that place has the key. */
static bool
table_has(const struct table *table, size_t place, const void *row)
{
    return place < table->count && kinds[table->kind].compare(table->rows[place], row) == 0;
}

void *
table_find(const struct table *table, const void *row)
{
    size_t place = table_seek(table, row);
    return table_has(table, place, row) ? table->rows[place] : NULL;
}

/* Makes `fresh` stand where `old` stood (either may be NULL); frees neither. */
static void
table_swap(struct table *table, void *old, void *fresh)
{
    size_t place = table_seek(table, old == NULL ? fresh : old);
    if (old != NULL && fresh != NULL) {
        table->rows[place] = fresh;
        return;
    }
    if (fresh == NULL) {
        table->count--;
        memmove(table->rows + place, table->rows + place + 1,
                (table->count - place) * sizeof(*table->rows));
        return;
    }
    if (table->count == table->capacity) {
        table->capacity = table->capacity == 0 ? 64 : table->capacity * 2;
        table->rows = mem_resize(table->rows, table->capacity * sizeof(*table->rows));
    }
    memmove(table->rows + place + 1, table->rows + place,
            (table->count - place) * sizeof(*table->rows));
    table->rows[place] = fresh;
    table->count++;
}

static void
journal_add(struct journal *journal, struct table *table, void *old, void *fresh)
{
    if (journal->count == journal->capacity) {
        journal->capacity = journal->capacity == 0 ? 64 : journal->capacity * 2;
        journal->changes =
            mem_resize(journal->changes, journal->capacity * sizeof(*journal->changes));
    }
    journal->changes[journal->count++] = (struct change){.table = table, .old = old, .new = fresh};
}

void
table_put(struct table *table, const void *row, struct journal *journal)
{
    void *old = table_find(table, row);
    void *fresh = row_new(table->kind, row);
    table_swap(table, old, fresh);
    journal_add(journal, table, old, fresh);
}

void
table_remove(struct table *table, const void *row, struct journal *journal)
{
    void *old = table_find(table, row);
    if (old == NULL)
        return;
    table_swap(table, old, NULL);
    journal_add(journal, table, old, NULL);
}

void
journal_undo(struct journal *journal, size_t count)
{
    while (journal->count > count) {
        struct change *change = &journal->changes[--journal->count];
        table_swap(change->table, change->new, change->old);
        mem_free(change->new);
    }
}

void
journal_keep(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        mem_free(journal->changes[i].old);
    journal->count = 0;
}

void
journal_done(struct journal *journal)
{
    assert(journal->count == 0);
    mem_free(journal->changes);
    *journal = (struct journal){0};
}
