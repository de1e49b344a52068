/* Runs as jobs: how many of their entities are done. */
#include "api/wiserows/wiserows.h"
#include "base/json.h"
#include "base/limits.h"

#include <inttypes.h>

/* The table of the entities, in workflows of this dialect. */
#define ENTITIES_TABLE "entities"
/* Memory that the counts or the input of a run may take as values. */
#define SCRATCH_BYTES (16 * LIMIT_INPUT_BYTES)

const char *
wiserows_status(enum run_state state)
{
    return state == RUN_STATE_QUEUED ? "pending" : run_state_status(state);
}

/* --- counts --- */

/* Which table of a run is told about: that of its entities, in other workflows the largest. */
struct choice {
    uint64_t named; /* by the input */
    uint64_t items;
    bool is_sure;
};

static bool
is_chosen(struct choice *choice, struct slice table, uint64_t items)
{
    bool is_sure = slice_is(table, ENTITIES_TABLE);
    if (choice->is_sure || (!is_sure && items < choice->items))
        return false;
    *choice = (struct choice){choice->named, items, is_sure};
    return true;
}

static uint64_t
number(struct value object, const char *name)
{
    int64_t count = 0;
    return value_integer(value_get(object, name), &count) && count > 0 ? (uint64_t)count : 0;
}

/* True: the counts have the table of the entities. */
static bool
take_ended(struct wiserows_progress *progress, struct value tables)
{
    struct choice choice = {.named = progress->total};
    for (uint32_t i = 0; i < tables.count; i++) {
        struct value table = value_items(tables)[i];
        uint64_t items = number(table, "items");
        if (!is_chosen(&choice, value_slice(value_get(table, "table")), items))
            continue;
        progress->total = items > choice.named ? items : choice.named;
        progress->completed = number(table, "completed") + number(table, "dropped");
        progress->failed = number(table, "failed");
    }
    return choice.is_sure;
}

static void
take_now(struct wiserows_progress *progress, const struct run_progress *now)
{
    struct choice choice = {.named = progress->total};
    for (uint32_t i = 0; i < now->table_count; i++) {
        const struct table_progress *table = &now->tables[i];
        uint64_t items = table->total > table->counts.items ? table->total : table->counts.items;
        if (!is_chosen(&choice, table->name, items))
            continue;
        progress->total = items > choice.named ? items : choice.named;
        progress->completed = table->counts.completed + table->counts.dropped;
        progress->failed = table->counts.failed;
    }
}

static struct value
parsed(struct slice text, struct arena *arena)
{
    struct value out = value_null();
    if (text.size > 0)
        status_ignore(json_parse(&out, arena, text, JSON_BORROW, NULL, NULL));
    return out;
}

/* What the row says: the entities that its input names, and the counts of one that has ended. One
 * that has completed has counted all that it names, and the input may be large. */
static void
take_row(struct wiserows_progress *progress, const struct run_row *row)
{
    struct arena arena;
    struct value tables = value_null();
    arena_init(&arena, SCRATCH_BYTES);
    if (run_state_is_ended(row->state))
        tables = value_get(parsed(row->counts, &arena), "tables");
    bool is_known = take_ended(progress, tables) && row->state == RUN_STATE_COMPLETED;
    if (!is_known) {
        struct value ids = value_get(parsed(row->input, &arena), "entityIds");
        *progress = (struct wiserows_progress){.total = ids.kind == VALUE_ARRAY ? ids.count : 0};
        take_ended(progress, tables);
    }
    arena_done(&arena);
}

void
wiserows_put_progress(struct buffer *out, const struct wiserows_progress *progress)
{
    buffer_append_format(out,
                         ",\"progress\":{\"total\":%" PRIu64 ",\"completed\":%" PRIu64
                         ",\"failed\":%" PRIu64 "}",
                         progress->total, progress->completed, progress->failed);
}

/* --- jobs on their way --- */

struct wiserows_jobs *
wiserows_jobs_new(struct call *call, route_handler_fn *answer)
{
    struct wiserows_jobs *jobs = arena_alloc(call->arena, sizeof(*jobs));
    *jobs = (struct wiserows_jobs){.call = call, .answer = answer};
    call->own = jobs;
    return jobs;
}

void
wiserows_jobs_add(struct wiserows_jobs *jobs, const struct run_row *row)
{
    struct arena *arena = jobs->call->arena;
    struct wiserows_job *job = arena_alloc(arena, sizeof(*job));
    *job = (struct wiserows_job){
        .id = row->id,
        .workflow = row->workflow,
        .state = row->state,
        .created_unix_ms = row->created_unix_ms,
        .started_unix_ms = row->started_unix_ms,
        .ended_unix_ms = row->ended_unix_ms,
    };
    take_row(&job->progress, row);
    if (jobs->last == NULL)
        jobs->first = job;
    else
        jobs->last->next = job;
    jobs->last = job;
}

static void ask_next(struct wiserows_jobs *jobs);

/* On the engine's thread. */
static void
take_progress(const struct run_progress *progress, void *context)
{
    struct wiserows_jobs *jobs = context;
    if (progress != NULL)
        take_now(&jobs->asked->progress, progress);
    jobs->asked = jobs->asked->next;
    ask_next(jobs);
}

static void
ask_next(struct wiserows_jobs *jobs)
{
    while (jobs->asked != NULL && run_state_is_ended(jobs->asked->state))
        jobs->asked = jobs->asked->next;
    if (jobs->asked == NULL)
        call_go_on(jobs->call, jobs->answer);
    else
        service_run_progress(jobs->call->service, &jobs->asked->id, take_progress, jobs);
}

void
wiserows_jobs_finish(struct wiserows_jobs *jobs)
{
    jobs->asked = jobs->first;
    ask_next(jobs);
}
