#include "service/wait.h"

#include "base/limits.h"
#include "base/mem.h"
#include "service/workflows.h"

#include <pthread.h>

/* One answer that another thread gives. */
struct waiting {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool is_done;
    enum status status;
    struct arena *arena;
    struct workflow_row *workflow;
    struct error *error;
    struct id *run;
    struct new_key *key;
    struct progress progress;
};

static void
waiting_init(struct waiting *waiting)
{
    *waiting = (struct waiting){.is_done = false};
    pthread_mutex_init(&waiting->mutex, NULL);
    pthread_cond_init(&waiting->wake, NULL);
}

static void
waiting_finish(struct waiting *waiting, enum status status)
{
    pthread_mutex_lock(&waiting->mutex);
    waiting->status = status;
    waiting->is_done = true;
    pthread_cond_signal(&waiting->wake);
    pthread_mutex_unlock(&waiting->mutex);
}

static enum status
waiting_end(struct waiting *waiting)
{
    pthread_mutex_lock(&waiting->mutex);
    while (!waiting->is_done)
        pthread_cond_wait(&waiting->wake, &waiting->mutex);
    pthread_mutex_unlock(&waiting->mutex);
    pthread_cond_destroy(&waiting->wake);
    pthread_mutex_destroy(&waiting->mutex);
    return waiting->status;
}

static void
workflow_changed(const struct workflow_changed *changed, void *context)
{
    struct waiting *waiting = context;
    *waiting->error = changed->error;
    if (changed->status == STATUS_OK) {
        *waiting->workflow = *changed->row;
        waiting->workflow->slug = arena_copy(waiting->arena, changed->row->slug);
        waiting->workflow->name = arena_copy(waiting->arena, changed->row->name);
    }
    waiting_finish(waiting, changed->status);
}

enum status
wait_for_change(struct service *service, const struct workflow_change *change, struct arena *arena,
                struct workflow_row *out, struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    waiting.arena = arena;
    waiting.workflow = out;
    waiting.error = error;
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, arena);
    enum status status =
        service_workflow_change(service, change, problems, workflow_changed, &waiting);
    if (status == STATUS_OK) {
        status = waiting_end(&waiting);
        if (status != STATUS_OK)
            error_prepend(error, "the workflow could not be stored");
    } else {
        error_set(error, status, "%s",
                  problems->count > 0 ? problems->list[0].words : "the workflow does not load");
    }
    mem_free(problems);
    return status;
}

enum status
wait_for_workflow(struct service *service, struct slice text, struct arena *arena,
                  struct workflow_row *out, struct error *error)
{
    struct workflow_change change = {
        .kind = WORKFLOW_PUT,
        .workspace = service_default_workspace(service),
        .text = text,
        .publish = true,
    };
    return wait_for_change(service, &change, arena, out, error);
}

static void
run_started(enum status status, const struct run_row *row, void *context)
{
    struct waiting *waiting = context;
    if (status == STATUS_OK)
        *waiting->run = row->id;
    waiting_finish(waiting, status);
}

enum status
wait_for_start(struct service *service, const struct run_new_options *wanted, struct id *run,
               struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    waiting.run = run;
    enum status status = service_run_start(service, wanted, run_started, &waiting, error);
    if (status != STATUS_OK)
        return status;
    status = waiting_end(&waiting);
    return status == STATUS_OK ? status : error_set(error, status, "the run could not be stored");
}

enum status
wait_for_rerun(struct service *service, const struct run_row *run, struct id *out,
               struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    waiting.run = out;
    struct run_new_options wanted = {.rerun_of = run};
    enum status status = service_run_rerun(service, &wanted, run_started, &waiting, error);
    if (status != STATUS_OK)
        return status;
    status = waiting_end(&waiting);
    return status == STATUS_OK ? status : error_set(error, status, "the run could not be stored");
}

static void
run_moved(enum status status, void *context)
{
    waiting_finish(context, status);
}

static enum status
moved_words(enum status status, struct service *service, const struct id *run, struct error *error)
{
    if (status == STATUS_OK)
        return status;
    if (status != STATUS_CONFLICT)
        return error_set(error, status, "the run could not be moved");
    struct arena arena;
    struct run_row row;
    arena_init(&arena, 8 * LIMIT_VALUE_BYTES);
    bool is_there = service_run_get(service, run, &arena, &row) == STATUS_OK;
    error_set(error, status, "the run is %s, which does not allow it",
              is_there ? run_state_name(row.state) : "in a state");
    arena_done(&arena);
    return status;
}

enum status
wait_for_move(struct service *service, move_fn *move, const struct id *run, struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    move(service, run, &(struct run_asker){run_moved, &waiting, NULL});
    return moved_words(waiting_end(&waiting), service, run, error);
}

enum status
wait_for_retry(struct service *service, const struct run_row *run, bool on_newest,
               struct error *error)
{
    enum status status = on_newest ? service_run_fits_newest(service, run, error) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    struct waiting waiting;
    waiting_init(&waiting);
    struct run_asker asker = {run_moved, &waiting, NULL};
    service_run_retry(service, run, on_newest, &asker);
    return moved_words(waiting_end(&waiting), service, &run->id, error);
}

static void
key_created(enum status status, const struct new_key *key, void *context)
{
    struct waiting *waiting = context;
    if (status == STATUS_OK)
        *waiting->key = *key;
    waiting_finish(waiting, status);
}

enum status
wait_for_key(struct service *service, const struct key_wanted *wanted, struct new_key *out,
             struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    waiting.key = out;
    service_key_create(service, wanted, key_created, &waiting);
    enum status status = waiting_end(&waiting);
    return status == STATUS_OK ? status : error_set(error, status, "the key could not be stored");
}

enum status
wait_for_workspace(struct service *service, const struct workspace_wanted *wanted,
                   struct new_key *out, struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    waiting.key = out;
    service_workspace_create(service, wanted, key_created, &waiting);
    enum status status = waiting_end(&waiting);
    return status == STATUS_OK ? status
                               : error_set(error, status, "the workspace could not be stored");
}

enum status
wait_for_revoke(struct service *service, const struct key_row *key, struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    service_key_revoke(service, key, run_moved, &waiting);
    enum status status = waiting_end(&waiting);
    return status == STATUS_OK ? status : error_set(error, status, "the key could not be revoked");
}

static void
named_stored(enum status status, bool is_new, void *context)
{
    waiting_finish(context, status);
}

enum status
wait_for_secret(struct service *service, const struct secret_wanted *wanted, struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    enum status status = service_secret_put(service, wanted, named_stored, &waiting, error);
    if (status != STATUS_OK) {
        waiting_finish(&waiting, status);
        return waiting_end(&waiting);
    }
    status = waiting_end(&waiting);
    return status == STATUS_OK ? status
                               : error_set(error, status, "the secret could not be stored");
}

enum status
wait_for_var(struct service *service, const struct object_row *which, struct value value,
             struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    enum status status = service_var_put(service, which, value, named_stored, &waiting, error);
    if (status != STATUS_OK) {
        waiting_finish(&waiting, status);
        return waiting_end(&waiting);
    }
    status = waiting_end(&waiting);
    return status == STATUS_OK ? status
                               : error_set(error, status, "the variable could not be stored");
}

enum status
wait_for_removal(struct service *service, named_remove_fn *remove, const struct object_row *row,
                 struct error *error)
{
    struct waiting waiting;
    waiting_init(&waiting);
    remove(service, row, named_stored, &waiting);
    enum status status = waiting_end(&waiting);
    return status == STATUS_OK ? status : error_set(error, status, "it could not be removed");
}

static void
keep_progress(const struct run_progress *from, void *context)
{
    struct waiting *waiting = context;
    struct progress *to = &waiting->progress;
    to->is_in_memory = from != NULL;
    bool has_many = false;
    for (uint32_t t = 0; from != NULL && t < from->table_count; t++)
        has_many = has_many || from->tables[t].is_many;
    for (uint32_t t = 0; from != NULL && t < from->table_count; t++) {
        const struct table_progress *table = &from->tables[t];
        if (table->is_many != has_many)
            continue;
        to->total += table->total;
        to->completed += table->counts.completed;
        to->failed += table->counts.failed;
        to->dropped += table->counts.dropped;
    }
    if (from != NULL) {
        to->calls_in_flight = from->calls_in_flight;
        to->calls_waiting = from->calls_waiting;
    }
    waiting_finish(waiting, STATUS_OK);
}

struct progress
wait_for_progress(struct service *service, const struct id *run)
{
    struct waiting waiting;
    waiting_init(&waiting);
    service_run_progress(service, run, keep_progress, &waiting);
    status_ignore(waiting_end(&waiting));
    return waiting.progress;
}
