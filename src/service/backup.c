#include "service/backup.h"

#include "base/limits.h"
#include "base/mem.h"
#include "service/host.h"

#include <pthread.h>
#include <stdio.h>

/* One at a time: the service has it from the beginning. */
struct backup {
    struct writer_job job;
    struct service *service;
    pthread_mutex_t lock;
    struct backup_progress progress;
    int64_t looked_us; /* monotonic: when somebody did so last */
    bool is_working;   /* the writer has the copy */
    char path[4096];
    struct store_copy copy; /* the writer's thread's */
};

struct backup *
backup_new(struct service *service)
{
    struct backup *backup = mem_alloc(sizeof(*backup));
    backup->service = service;
    pthread_mutex_init(&backup->lock, NULL);
    return backup;
}

void
backup_free(struct backup **backup)
{
    if (*backup == NULL)
        return;
    pthread_mutex_destroy(&(*backup)->lock);
    mem_free(*backup);
    *backup = NULL;
}

const char *
backup_state_name(enum backup_state state)
{
    static const char *const names[] = {"none", "copying", "copied", "failed"};
    return names[state];
}

static int64_t
now_us(const struct backup *backup)
{
    return clock_mono_us(backup->service->options.clock);
}

/* Somebody is there: neither the copy is given up nor a blob removed for a while. */
static void
renew(struct backup *backup)
{
    backup->looked_us = now_us(backup);
    blobs_hold(backup->service->blobs, backup->looked_us + BACKUP_PATIENCE_MS * 1000);
}

/* --- the writer's thread --- */

static void
note_step(struct backup *backup, bool is_over, enum status status, const struct error *error)
{
    backup->is_working = !is_over;
    backup->progress.pages_left = backup->copy.pages_left;
    backup->progress.pages_total = backup->copy.pages_total;
    if (status != STATUS_OK) {
        backup->progress.state = BACKUP_FAILED;
        backup->progress.error = *error;
    } else if (backup->copy.is_done) {
        backup->progress.state = BACKUP_COPIED;
    }
}

static bool
step(struct writer_job *job, bool is_stopping)
{
    struct backup *backup = (struct backup *)job;
    struct store *store = backup->service->store;
    struct error error = {0};
    pthread_mutex_lock(&backup->lock);
    bool is_wanted =
        !is_stopping && now_us(backup) < backup->looked_us + BACKUP_COPY_PATIENCE_MS * 1000;
    pthread_mutex_unlock(&backup->lock);
    enum status status = is_wanted
                             ? store_copy_step(store, &backup->copy, &error)
                             : error_set(&error, STATUS_CANCELLED, "the backup was given up: %s",
                                         is_stopping ? "the server stops" : "nobody waits for it");
    bool is_over = status != STATUS_OK || backup->copy.is_done;
    if (is_over)
        store_copy_end(store, &backup->copy);
    pthread_mutex_lock(&backup->lock);
    note_step(backup, is_over, status, &error);
    pthread_mutex_unlock(&backup->lock);
    return !is_over;
}

/* --- who makes the backup --- */

static enum status
begin(struct backup *backup, struct slice path, struct error *error)
{
    if (path.size == 0 || path.ptr[0] != '/' || path.size >= sizeof(backup->path))
        return error_set(error, STATUS_INVALID, "expected the absolute path of a new file");
    if (backup->is_working)
        return error_set(error, STATUS_CONFLICT, "another backup is being made");
    snprintf(backup->path, sizeof(backup->path), "%.*s", SLICE_FORMAT(path));
    backup->copy = (struct store_copy){.path = backup->path};
    backup->progress = (struct backup_progress){.state = BACKUP_COPYING};
    backup->job.step = step;
    renew(backup);
    enum status status = writer_begin_job(backup->service->writer, &backup->job);
    backup->is_working = status == STATUS_OK;
    if (status != STATUS_OK)
        backup->progress.state = BACKUP_NONE;
    return status == STATUS_OK ? status : error_set(error, status, "the writer is busy; try again");
}

enum status
service_backup_begin(struct service *service, struct slice path, struct error *error)
{
    struct backup *backup = service->backup;
    pthread_mutex_lock(&backup->lock);
    enum status status = begin(backup, path, error);
    pthread_mutex_unlock(&backup->lock);
    return status;
}

void
service_backup_look(struct service *service, struct backup_progress *out)
{
    struct backup *backup = service->backup;
    pthread_mutex_lock(&backup->lock);
    if (backup->progress.state != BACKUP_NONE)
        renew(backup);
    *out = backup->progress;
    pthread_mutex_unlock(&backup->lock);
}

void
service_backup_end(struct service *service)
{
    struct backup *backup = service->backup;
    pthread_mutex_lock(&backup->lock);
    if (!backup->is_working)
        blobs_hold(service->blobs, 0);
    pthread_mutex_unlock(&backup->lock);
}
