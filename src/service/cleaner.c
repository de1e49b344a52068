#include "service/cleaner.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

#include <string.h>

/* Of one piece: rows that a statement removes, and runs. */
#define PIECE_ROWS 64
#define PIECE_RUNS 32
#define TRIM_ROWS 256

#define ENDED_STATES                                                                               \
    (1u << RUN_STATE_COMPLETED | 1u << RUN_STATE_FAILED | 1u << RUN_STATE_CANCELLED)

enum progress {
    PROGRESS_MORE, /* there may be more to do at once */
    PROGRESS_NONE, /* nothing is left for now */
    PROGRESS_OVER, /* nor will there be any while this process lives */
};
typedef enum progress duty_fn(struct cleaner *cleaner);

static duty_fn clear_gone_runs, end_retention, trim_idempotency, trim_cache, trim_deliveries,
    trim_hooks, trim_versions, clear_gone_objects, sweep_blobs;

static duty_fn *const duties[] = {
    clear_gone_runs, end_retention, trim_idempotency,   trim_cache,  trim_deliveries,
    trim_hooks,      trim_versions, clear_gone_objects, sweep_blobs,
};
#define DUTY_COUNT COUNT_OF(duties)

/* What a version says does not change. */
struct known_retention {
    struct id workflow;
    uint32_t version;
    int64_t keep_ms;
};

struct cleaner {
    struct cleaner_options options;
    int64_t due_us[DUTY_COUNT]; /* monotonic */
    bool is_stopped;            /* commits are not taken any more */

    /* Deleted runs: the one looked at last, and whether this round removed anything. */
    struct id gone_after;
    bool has_cleared;

    /* Retention: the workflow that is looked at, if any, and the run looked at last. */
    struct id workflow_after;
    bool is_in_workflow, is_among_gone;
    int64_t keep_ms;
    struct id run_after;
    struct known_retention *known; /* by workflow */
    size_t known_count, known_capacity;

    unsigned part; /* of the blobs that is swept next */
};

struct cleaner *
cleaner_new(const struct cleaner_options *options)
{
    struct cleaner *cleaner = mem_alloc(sizeof(*cleaner));
    cleaner->options = *options;
    return cleaner;
}

void
cleaner_free(struct cleaner **cleaner)
{
    if (*cleaner == NULL)
        return;
    mem_free((*cleaner)->known);
    mem_free(*cleaner);
    *cleaner = NULL;
}

static int64_t
now_unix_ms(const struct cleaner *cleaner)
{
    return clock_unix_ms(cleaner->options.clock);
}

/* --- commits --- */

static struct intent *
new_intent(size_t row_size, void **row)
{
    struct intent *intent = intent_new(KIB(4));
    *row = arena_alloc(&intent->arena, row_size);
    return intent;
}

/* How many rows went; 0 too when it could not be committed. */
static uint32_t
commit_one(struct cleaner *cleaner, struct intent *intent)
{
    if (cleaner->options.commit(cleaner->options.world, &intent, 1) != STATUS_OK) {
        cleaner->is_stopped = true;
        return 0;
    }
    uint32_t changed = intent->changed;
    metric_add(METRIC_CLEANED_ROWS, changed);
    intent_free(&intent);
    return changed;
}

static enum progress
trim(struct cleaner *cleaner, enum store_op_kind kind)
{
    void *memory;
    struct intent *intent = new_intent(sizeof(struct store_trim), &memory);
    struct store_trim *row = memory;
    *row = (struct store_trim){.now_unix_ms = now_unix_ms(cleaner), .limit = TRIM_ROWS};
    intent_add(intent, kind, KIB(16))->trim = row;
    return commit_one(cleaner, intent) >= TRIM_ROWS ? PROGRESS_MORE : PROGRESS_NONE;
}

static enum progress
trim_idempotency(struct cleaner *cleaner)
{
    return trim(cleaner, STORE_IDEMPOTENCY_TRIM);
}

static enum progress
trim_cache(struct cleaner *cleaner)
{
    return trim(cleaner, STORE_CACHE_TRIM);
}

static enum progress
trim_deliveries(struct cleaner *cleaner)
{
    return trim(cleaner, STORE_DELIVERY_TRIM);
}

static enum progress
trim_hooks(struct cleaner *cleaner)
{
    return trim(cleaner, STORE_HOOK_TRIM);
}

static bool
note_beginning(const struct run_row *row, void *context)
{
    int64_t *before_unix_ms = context;
    if (row->created_unix_ms < *before_unix_ms)
        *before_unix_ms = row->created_unix_ms;
    return false;
}

/* One deleted workflow at a time. A run that began before it was deleted may call it yet, so that
 * the oldest one under way says which may go. */
static enum progress
trim_versions(struct cleaner *cleaner)
{
    void *memory;
    const struct id none = {{0}};
    int64_t before_unix_ms = now_unix_ms(cleaner) - cleaner->options.grace_ms;
    if (store_run_unfinished(cleaner->options.store, &none, 1, note_beginning, &before_unix_ms) !=
        STATUS_OK)
        return PROGRESS_NONE;
    struct intent *intent = new_intent(sizeof(struct store_trim), &memory);
    struct store_trim *row = memory;
    *row = (struct store_trim){.now_unix_ms = before_unix_ms, .limit = TRIM_ROWS};
    intent_add(intent, STORE_VERSION_TRIM, KIB(16))->trim = row;
    return commit_one(cleaner, intent) > 0 ? PROGRESS_MORE : PROGRESS_NONE;
}

/* --- what hangs on deleted runs --- */

static bool
take_gone(const struct run_gone_row *row, void *context)
{
    *(struct id *)context = row->run;
    return false;
}

/* False: no such run is left behind the last one, or it could not be read. */
static bool
next_gone(struct cleaner *cleaner, struct id *run)
{
    struct run_gone_row range = {
        .run = cleaner->gone_after,
        .gone_unix_ms = now_unix_ms(cleaner) - cleaner->options.grace_ms,
    };
    *run = (struct id){0};
    enum status status = store_run_gone_list(cleaner->options.store, &range, 1, take_gone, run);
    return status == STATUS_OK && !id_is_zero(run);
}

struct id_list {
    struct id ids[PIECE_ROWS];
    uint32_t count;
};

static bool
add_id(struct id_list *list, const struct id *id)
{
    list->ids[list->count++] = *id;
    return list->count < PIECE_ROWS;
}

static bool
take_file(const struct file_row *row, void *context)
{
    return add_id(context, &row->id);
}

static bool
take_blob(const struct blob_row *row, void *context)
{
    return add_id(context, &row->blob);
}

static enum status
remove_bytes(struct cleaner *cleaner, const struct id_list *list)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < list->count && status == STATUS_OK; i++)
        status = blob_remove(cleaner->options.blobs, &list->ids[i], NULL);
    return status;
}

/* The bytes of what STORE_RUN_CLEAR removes next. */
static enum status
remove_next_bytes(struct cleaner *cleaner, const struct id *run)
{
    struct store *store = cleaner->options.store;
    struct id_list files = {.count = 0}, blobs = {.count = 0};
    enum status status = store_file_list(store, run, take_file, &files);
    if (status == STATUS_OK)
        status = store_blob_list(store, run, PIECE_ROWS, take_blob, &blobs);
    if (status == STATUS_OK)
        status = remove_bytes(cleaner, &files);
    return status == STATUS_OK ? remove_bytes(cleaner, &blobs) : status;
}

static enum progress
clear_gone_runs(struct cleaner *cleaner)
{
    struct id run;
    if (!next_gone(cleaner, &run)) {
        /* Runs that it had called may have been added before where the round was. */
        bool is_again = cleaner->has_cleared;
        cleaner->has_cleared = false;
        cleaner->gone_after = (struct id){0};
        return is_again ? PROGRESS_MORE : PROGRESS_NONE;
    }
    uint32_t changed = 0;
    if (remove_next_bytes(cleaner, &run) == STATUS_OK) {
        void *memory;
        struct intent *intent = new_intent(sizeof(struct run_clear), &memory);
        struct run_clear *row = memory;
        *row = (struct run_clear){.run = run, .limit = PIECE_ROWS};
        intent_add(intent, STORE_RUN_CLEAR, KIB(64))->clear = row;
        changed = commit_one(cleaner, intent);
    }
    cleaner->has_cleared |= changed > 0;
    if (changed < PIECE_ROWS)
        cleaner->gone_after = run;
    return PROGRESS_MORE;
}

/* --- runs whose retention is over --- */

static size_t
place_of(const struct cleaner *cleaner, const struct id *workflow)
{
    size_t low = 0, high = cleaner->known_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(cleaner->known[middle].workflow.bytes, workflow->bytes, ID_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct known_retention *
insert_known(struct cleaner *cleaner, size_t place)
{
    if (cleaner->known_count == cleaner->known_capacity) {
        cleaner->known_capacity = cleaner->known_capacity == 0 ? 64 : 2 * cleaner->known_capacity;
        cleaner->known =
            mem_resize(cleaner->known, cleaner->known_capacity * sizeof(*cleaner->known));
    }
    struct known_retention *known = &cleaner->known[place];
    memmove(known + 1, known, (cleaner->known_count++ - place) * sizeof(*known));
    return known;
}

static int64_t
retention_of(struct cleaner *cleaner, const struct workflow_row *workflow)
{
    size_t place = place_of(cleaner, &workflow->id);
    struct known_retention *known = &cleaner->known[place];
    bool is_there = place < cleaner->known_count && id_equal(&known->workflow, &workflow->id);
    if (is_there && known->version == workflow->published_version)
        return known->keep_ms;
    if (!is_there)
        known = insert_known(cleaner, place);
    *known =
        (struct known_retention){.workflow = workflow->id, .version = workflow->published_version};
    if (workflow->published_version > 0)
        known->keep_ms = cleaner->options.retention_ms(cleaner->options.world, workflow);
    return known->keep_ms;
}

static bool
take_workflow(const struct workflow_row *row, void *context)
{
    *(struct workflow_row *)context = *row;
    return false;
}

static bool
take_version(const struct run_row *row, void *context)
{
    *(uint32_t *)context = row->version;
    return false;
}

/* Which version was published last is not known any more: the one of the newest run stands for it.
 */
static int64_t
retention_of_gone(struct cleaner *cleaner, struct workflow_row *workflow)
{
    struct store_page page = {.workflow = workflow->id, .limit = 1};
    if (store_run_list(cleaner->options.store, &page, take_version, &workflow->published_version) !=
        STATUS_OK)
        return 0;
    return retention_of(cleaner, workflow);
}

/* The next workflow, and behind them all those that were deleted and have left runs. */
static bool
next_workflow(struct cleaner *cleaner)
{
    struct store *store = cleaner->options.store;
    struct store_page page = {.limit = 1, .is_ascending = true, .before = cleaner->workflow_after};
    struct workflow_row workflow = {.id = {{0}}};
    enum status status = STATUS_OK;
    cleaner->keep_ms = 0;
    if (!cleaner->is_among_gone)
        status = store_workflow_list(store, &page, take_workflow, &workflow);
    if (status == STATUS_OK && !id_is_zero(&workflow.id)) {
        cleaner->keep_ms = retention_of(cleaner, &workflow);
    } else if (status == STATUS_OK) {
        cleaner->workflow_after = cleaner->is_among_gone ? cleaner->workflow_after : (struct id){0};
        cleaner->is_among_gone = true;
        status = store_workflow_gone_next(store, &cleaner->workflow_after, &workflow.id);
        cleaner->keep_ms = status == STATUS_OK ? retention_of_gone(cleaner, &workflow) : 0;
    }
    cleaner->keep_ms = cleaner->keep_ms == 0 ? cleaner->options.keep_ms : cleaner->keep_ms;
    cleaner->workflow_after = workflow.id;
    cleaner->run_after = (struct id){0};
    return status == STATUS_OK;
}

struct overdue {
    int64_t before_unix_ms;
    struct id last; /* that was looked at */
    struct id_list runs;
    uint32_t seen;
};

static bool
take_overdue(const struct run_row *row, void *context)
{
    struct overdue *overdue = context;
    overdue->last = row->id;
    overdue->seen++;
    if (row->ended_unix_ms <= overdue->before_unix_ms)
        add_id(&overdue->runs, &row->id);
    return true;
}

/* A run that may not be deleted, since one below it goes on, is left for later. */
static void
delete_runs(struct cleaner *cleaner, const struct id_list *runs)
{
    struct intent *intents[PIECE_RUNS];
    for (uint32_t i = 0; i < runs->count; i++) {
        void *memory;
        intents[i] = new_intent(sizeof(struct run_gone_row), &memory);
        struct run_gone_row *row = memory;
        *row = (struct run_gone_row){.run = runs->ids[i], .gone_unix_ms = now_unix_ms(cleaner)};
        intent_add(intents[i], STORE_RUN_DELETE, KIB(4))->gone = row;
    }
    if (cleaner->options.commit(cleaner->options.world, intents, runs->count) != STATUS_OK) {
        cleaner->is_stopped = true;
        return;
    }
    for (uint32_t i = 0; i < runs->count; i++)
        intent_free(&intents[i]);
}

/* Runs of the workflow that is looked at, oldest first. */
static enum status
look_for_overdue(struct cleaner *cleaner, struct overdue *overdue)
{
    overdue->before_unix_ms = now_unix_ms(cleaner) - cleaner->keep_ms;
    struct store_page page = {
        .workflow = cleaner->workflow_after,
        .before = cleaner->run_after,
        .is_ascending = true,
        .states = ENDED_STATES,
        .not_trigger = SLICE(RUN_TRIGGER_CHILD),
        .limit = PIECE_RUNS,
    };
    id_first_of(&page.until, overdue->before_unix_ms);
    return store_run_list(cleaner->options.store, &page, take_overdue, overdue);
}

static enum progress
end_retention(struct cleaner *cleaner)
{
    struct overdue overdue = {.seen = 0};
    if (!cleaner->is_in_workflow && !next_workflow(cleaner)) {
        cleaner->is_among_gone = false;
        cleaner->workflow_after = (struct id){0};
        return PROGRESS_NONE;
    }
    cleaner->is_in_workflow = false;
    if (cleaner->keep_ms == 0)
        return PROGRESS_MORE;
    if (look_for_overdue(cleaner, &overdue) != STATUS_OK)
        return PROGRESS_NONE;
    cleaner->is_in_workflow = overdue.seen == PIECE_RUNS;
    cleaner->run_after = overdue.last;
    if (overdue.runs.count > 0)
        delete_runs(cleaner, &overdue.runs);
    return PROGRESS_MORE;
}

/* --- what was deleted of what stays --- */

/* Kinds that are due when they may go, and what goes before them; 0: nothing. */
static const struct {
    enum object_kind kind, below;
} gone_kinds[] = {
    {OBJECT_LIST, OBJECT_LIST_ROW},
    {OBJECT_ENTITY_TYPE, OBJECT_ENTITY},
    {OBJECT_ENTITY, 0},
    {OBJECT_WAIT, 0},
    {OBJECT_APPROVAL, 0},
};

static bool
take_object(const struct object_row *row, void *context)
{
    struct object_row *out = context;
    *out = *row;
    out->name = out->body = SLICE("");
    return false;
}

static bool
take_below(const struct object_row *row, void *context)
{
    return add_id(context, &row->id);
}

static enum status
list_below(struct cleaner *cleaner, const struct object_row *gone, enum object_kind below,
           struct id_list *out)
{
    struct object_page page = {
        .workspace = gone->workspace, .kind = below, .parent = gone->id, .limit = PIECE_ROWS};
    enum status status = store_object_list(cleaner->options.store, &page, take_below, out);
    page.is_archived = true;
    if (status == STATUS_OK && out->count == 0)
        status = store_object_list(cleaner->options.store, &page, take_below, out);
    return status;
}

/* A piece of what is below it; the object itself, when nothing is. */
static uint32_t
remove_objects(struct cleaner *cleaner, const struct object_row *gone, enum object_kind below,
               const struct id_list *list)
{
    struct intent *intent = intent_new(KIB(64));
    struct object_rows *rows = arena_alloc(&intent->arena, sizeof(*rows));
    struct object_row *all = arena_try_alloc(&intent->arena, PIECE_ROWS * sizeof(*all));
    all[0] = *gone;
    for (uint32_t i = 0; i < list->count; i++)
        all[i] = (struct object_row){
            .workspace = gone->workspace, .id = list->ids[i], .kind = below, .parent = gone->id};
    *rows = (struct object_rows){all, list->count == 0 ? 1 : list->count};
    intent_add(intent, STORE_OBJECTS_REMOVE, KIB(16))->objects = rows;
    return commit_one(cleaner, intent);
}

static enum progress
clear_gone_objects(struct cleaner *cleaner)
{
    struct store *store = cleaner->options.store;
    for (size_t i = 0; i < COUNT_OF(gone_kinds); i++) {
        struct object_row gone = {.kind = gone_kinds[i].kind};
        struct id_list list = {.count = 0};
        enum status status = store_object_due(store, gone_kinds[i].kind, now_unix_ms(cleaner), 1,
                                              take_object, &gone);
        if (status != STATUS_OK || id_is_zero(&gone.id))
            continue;
        status = list_below(cleaner, &gone, gone_kinds[i].below, &list);
        if (status == STATUS_OK && remove_objects(cleaner, &gone, gone_kinds[i].below, &list) > 0)
            return PROGRESS_MORE;
    }
    return PROGRESS_NONE;
}

/* --- bytes that no commit counts --- */

static enum status
is_counted(const struct id *id, void *context)
{
    struct cleaner *cleaner = context;
    return store_blob_has(cleaner->options.store, id);
}

/* The mark of a store that held runs before blobs were counted. */
static bool
has_uncounted_blobs(struct cleaner *cleaner)
{
    struct arena arena;
    struct slice value;
    arena_init(&arena, KIB(4));
    enum status status =
        store_setting_get(cleaner->options.store, &arena, SLICE("blobs_uncounted"), &value);
    arena_done(&arena);
    return status != STATUS_NOT_FOUND;
}

static enum progress
sweep_blobs(struct cleaner *cleaner)
{
    uint32_t removed = 0;
    bool is_over = cleaner->part == 0 && has_uncounted_blobs(cleaner);
    if (!is_over)
        is_over = blobs_sweep(cleaner->options.blobs, cleaner->part++, is_counted, cleaner,
                              &removed) != STATUS_OK;
    metric_add(METRIC_SWEPT_BLOBS, removed);
    if (removed > 0)
        log_event(LOG_INFO, "bytes that an earlier process left were removed", "blobs=%u", removed);
    if (!is_over && cleaner->part < BLOB_FOLDERS)
        return PROGRESS_MORE;
    blobs_sweep_end(cleaner->options.blobs);
    return PROGRESS_OVER;
}

/* --- whose turn it is --- */

static int64_t
mono_us(const struct cleaner *cleaner)
{
    return clock_mono_us(cleaner->options.clock);
}

/* After a piece others have as much time as it took. */
static int64_t
due_after(struct cleaner *cleaner, enum progress progress, int64_t begun_us)
{
    int64_t now_us = mono_us(cleaner);
    switch (progress) {
    case PROGRESS_MORE:
        return now_us + (now_us - begun_us);
    case PROGRESS_NONE:
        return now_us + cleaner->options.every_ms * 1000;
    case PROGRESS_OVER:
        break;
    }
    return INT64_MAX;
}

int64_t
cleaner_turn(struct cleaner *cleaner)
{
    int64_t next_us = INT64_MAX;
    for (size_t i = 0; i < DUTY_COUNT && !cleaner->is_stopped; i++) {
        int64_t begun_us = mono_us(cleaner);
        if (cleaner->due_us[i] <= begun_us)
            cleaner->due_us[i] = due_after(cleaner, duties[i](cleaner), begun_us);
        next_us = cleaner->due_us[i] < next_us ? cleaner->due_us[i] : next_us;
    }
    return next_us;
}
