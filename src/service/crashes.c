#include "service/crashes.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/host.h"

#include <stdio.h>

/* A run on which the server crashed so often is given up. */
#define CRASHES_MAX 3

static void
say(enum log_level level, const char *words, const struct crash_note *note)
{
    char id[ID_HEX_BYTES];
    id_hex(&note->id, id);
    log_event(level, words, "run=%s crashes=%u", id, note->count);
}

static void
given_up(enum status status, void *context)
{
    if (status != STATUS_OK)
        log_event(LOG_ERROR, "a run could not be given up", "status=%s", status_name(status));
}

/* Runs that have ended are of no interest any more, nor are those that end here. */
static bool
look_at(struct service *service, const struct crash_note *note)
{
    struct run_head head;
    enum status status = store_run_head(service->store, &note->id, &head);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && run_state_is_ended(head.state)))
        return false;
    if (note->count < CRASHES_MAX) {
        say(LOG_WARN, "the server crashed while it worked on a run", note);
        return true;
    }
    say(LOG_ERROR, "a run is given up, since the server crashes on it", note);
    engine_run_give_up(service->engine, &note->id, &(struct run_asker){.moved = given_up});
    return false;
}

enum status
crashes_open(struct service *service, struct error *error)
{
    char path[4096];
    struct crash_notes *notes = mem_alloc(sizeof(*notes));
    if (snprintf(path, sizeof(path), "%s/crashes", service->folder) >= (int)sizeof(path)) {
        mem_free(notes);
        return error_set(error, STATUS_INVALID, "the path of the data folder is too long");
    }
    enum status status = crash_read(notes, path, error);
    size_t kept = 0;
    for (size_t i = 0; i < notes->count && status == STATUS_OK; i++)
        if (look_at(service, &notes->notes[i]))
            notes->notes[kept++] = notes->notes[i];
    if (status == STATUS_OK && notes->count > 0) {
        notes->count = kept;
        status = crash_write(notes, path, error);
    }
    mem_free(notes);
    return status == STATUS_OK ? crash_watch(path, error) : status;
}
