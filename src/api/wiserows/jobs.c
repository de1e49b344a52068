/* Jobs: runs of any workflow of the workspace, but for those that other runs have called. */
#include "api/wiserows/wiserows.h"
#include "base/limits.h"

#define LIMIT_USUAL 20
#define LIMIT_MAX 200
/* The furthest that a page of the store may begin from its first row. */
#define SKIP_MAX 100000
/* All of ours are of this one, and of this type. */
#define CATEGORY "ai"
#define TYPE "workflow_run"

#define BIT(state) (UINT32_C(1) << (state))

/* --- answers --- */

static struct slice
name_of(struct call *call, const struct id *workflow)
{
    struct workflow_row row;
    enum status status = service_workflow_get(call->service, workflow, call->arena, &row);
    return status == STATUS_OK ? row.name : SLICE("Deleted workflow");
}

/* {id, name, type, category, status, progress, createdAt, completedAt, but for the brace. */
static void
put_job(struct buffer *out, struct call *call, const struct wiserows_job *job)
{
    char id[ID_HEX_BYTES];
    id_hex(&job->id, id);
    buffer_append_format(out, "{\"id\":\"%s\"", id);
    wiserows_put_text(out, "name", name_of(call, &job->workflow));
    buffer_append_format(out,
                         ",\"type\":\"" TYPE "\",\"category\":\"" CATEGORY "\",\"status\":\"%s\"",
                         wiserows_status(job->state));
    wiserows_put_progress(out, &job->progress);
    wiserows_put_time(out, "createdAt", job->created_unix_ms);
    wiserows_put_time(out, "completedAt", job->ended_unix_ms);
}

/* --- lists --- */

static bool
is_word(struct slice word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(word, words[i]))
            return true;
    }
    return false;
}

static bool
read_states(struct call *call, uint32_t *states)
{
    struct slice word = http_request_query(call->request, "status");
    *states = 0;
    for (unsigned state = 0; word.ptr != NULL && state < RUN_STATE_COUNT; state++) {
        if (slice_is(word, wiserows_status((enum run_state)state)))
            *states |= BIT(state);
    }
    if (word.ptr == NULL || *states != 0)
        return true;
    call_fail(call, 400, "status: expected pending, running, completed, failed or cancelled");
    return false;
}

static bool
read_category(struct call *call, bool *is_ours)
{
    static const char *const words[] = {CATEGORY, "seo", "sync", "export"};
    struct slice word = http_request_query(call->request, "category");
    *is_ours = word.ptr == NULL || slice_is(word, CATEGORY);
    if (*is_ours || is_word(word, words, COUNT_OF(words)))
        return true;
    call_fail(call, 400, "category: expected seo, ai, sync or export");
    return false;
}

static void
answer_list(struct call *call)
{
    const struct wiserows_jobs *jobs = call->own;
    struct buffer body;
    wiserows_begin(&body);
    buffer_append_byte(&body, '[');
    for (const struct wiserows_job *job = jobs->first; job != NULL; job = job->next) {
        struct arena_mark mark = arena_mark(call->arena);
        if (job != jobs->first)
            buffer_append_byte(&body, ',');
        put_job(&body, call, job);
        buffer_append_byte(&body, '}');
        arena_rewind(call->arena, mark);
    }
    buffer_append_byte(&body, ']');
    wiserows_end(call, 200, &body);
}

static bool
add_job(const struct run_row *row, void *context)
{
    wiserows_jobs_add(context, row);
    return true;
}

static void
read_jobs(struct call *call)
{
    const struct store_page *page = call->own;
    struct wiserows_jobs *jobs = wiserows_jobs_new(call, answer_list);
    enum status status = service_run_list(call->service, page, add_job, jobs);
    if (status == STATUS_OK)
        wiserows_jobs_finish(jobs);
    else
        call_fail_status(call, status, NULL);
}

void
wiserows_job_list(struct call *call)
{
    struct wiserows_window window;
    struct store_page *page = arena_alloc(call->arena, sizeof(*page));
    bool is_ours = false;
    if (!wiserows_read_window(call, LIMIT_USUAL, LIMIT_MAX, &window) ||
        !read_states(call, &page->states) || !read_category(call, &is_ours))
        return;
    if (window.offset > SKIP_MAX) {
        call_fail(call, 400, "offset: expected at most %d", SKIP_MAX);
        return;
    }
    page->workspace = call->caller.workspace;
    page->not_trigger = SLICE(RUN_TRIGGER_CHILD);
    page->limit = window.limit;
    page->skip = (uint32_t)window.offset;
    call->own = page;
    if (is_ours) {
        call_go_on(call, read_jobs);
        return;
    }
    wiserows_jobs_new(call, answer_list);
    answer_list(call);
}

/* --- one --- */

static void
show_job(struct call *call, const struct run_row *row, route_handler_fn *answer)
{
    struct wiserows_jobs *jobs = wiserows_jobs_new(call, answer);
    wiserows_jobs_add(jobs, row);
    jobs->first->run = row;
    wiserows_jobs_finish(jobs);
}

static void
answer_with_logs(struct call *call)
{
    const struct wiserows_jobs *jobs = call->own;
    struct buffer body;
    wiserows_begin(&body);
    put_job(&body, call, jobs->first);
    enum status status = wiserows_put_logs(&body, call, jobs->first);
    if (status != STATUS_OK) {
        buffer_done(&body);
        call_fail_status(call, status, NULL);
        return;
    }
    buffer_append_byte(&body, '}');
    wiserows_end(call, 200, &body);
}

void
wiserows_job_get(struct call *call)
{
    struct run_row *row = arena_alloc(call->arena, sizeof(*row));
    if (call_find_run(call, row))
        show_job(call, row, answer_with_logs);
}

/* --- cancel --- */

static void
answer_job(struct call *call)
{
    const struct wiserows_jobs *jobs = call->own;
    struct buffer body;
    wiserows_begin(&body);
    put_job(&body, call, jobs->first);
    buffer_append_byte(&body, '}');
    wiserows_end(call, 200, &body);
}

/* Whoever cancels twice, since the first answer was lost, gets the same one. */
static void
answer_moved(struct call *call)
{
    struct run_row row;
    if (!call_find_run(call, &row))
        return;
    if (row.state == RUN_STATE_CANCELLED)
        show_job(call, &row, answer_job);
    else
        call_fail(call, 409, "the job has ended: it is %s", wiserows_status(row.state));
}

static void
job_moved(enum status status, void *context)
{
    if (status == STATUS_OK || status == STATUS_CONFLICT)
        call_go_on(context, answer_moved);
    else
        call_fail_status(context, status, NULL);
}

void
wiserows_job_cancel(struct call *call)
{
    struct run_row row;
    struct run_asker asker = {.moved = job_moved, .context = call};
    if (call_find_run(call, &row))
        service_run_cancel(call->service, &row.id, &asker);
}
