/* base/crash.h - on what a thread worked when it broke an assert or the machine's rules.
 *
 * A thread says on whose behalf it works. If it then dies of a signal of its own doing (SIGABRT of
 * an assert, SIGSEGV and the like), the id is noted in a file before the process ends, so that the
 * next one can tell what kills it again and again. kill -9, a loss of power and orderly ends note
 * nothing.
 *
 * Sources: signal-safety(7).
 * Threads: crash_watch() before threads start; crash_blame() concerns the calling thread alone.
 */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#include "base/id.h"
#include "base/status.h"

#include <stdint.h>

/* Different ids that are told apart; further ones are forgotten. */
#define CRASH_IDS_MAX 1000

struct crash_note {
    struct id id;
    uint32_t count;
};

struct crash_notes {
    struct crash_note notes[CRASH_IDS_MAX];
    size_t count;
};

/* What earlier processes have noted in that file; none if it is not there. */
MUST_USE enum status crash_read(struct crash_notes *out, const char *path, struct error *error);

/* Replaces it. */
MUST_USE enum status crash_write(const struct crash_notes *notes, const char *path,
                                 struct error *error);

/* From now on this process notes there. Signals that somebody else handles are left alone. */
MUST_USE enum status crash_watch(const char *path, struct error *error);

/* Whoever the thread works for now; NULL: nobody in particular. */
void crash_blame(const struct id *id);

#endif
