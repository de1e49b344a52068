/* service/cleaner.h - what is removed in the background, a few rows at a time.
 *
 * The duties stand in one table in cleaner.c: what hangs on deleted runs, runs whose retention is
 * over, expired rows, and bytes that no commit counts. A turn does one piece of each duty that is
 * due: a piece is bounded, and after one that took a while as much time is left to others. Nothing
 * of where a duty is has to last: after a crash it begins from the start.
 *
 * Threads: one at a time; cleaning.h runs it on a thread of its own.
 */
#ifndef SERVICE_CLEANER_H
#define SERVICE_CLEANER_H

#include "base/clock.h"
#include "store/blobs.h"
#include "store/store.h"

struct cleaner;

struct cleaner_options {
    struct store *store; /* borrowed, for reads */
    struct blobs *blobs; /* borrowed */
    struct clock *clock;
    int64_t keep_ms;  /* how long ended runs are kept whose workflow says nothing; 0: for ever */
    int64_t grace_ms; /* how long what a deleted run leaves stays, for who is just reading it */
    int64_t every_ms; /* how often each duty looks for work */
    /* How long the published version keeps ended runs; 0: it says nothing. */
    int64_t (*retention_ms)(void *world, const struct workflow_row *workflow);
    /* Commits them and waits. OK: they are the caller's again, each with its status. Anything else:
     * they are not, and the cleaner does not go on. */
    enum status (*commit)(void *world, struct intent **intents, size_t count);
    void *world;
};

struct cleaner *cleaner_new(const struct cleaner_options *options);
/* Does nothing for NULL. */
void cleaner_free(struct cleaner **cleaner);

/* Gives the monotonic time in us at which it wants the next turn. */
int64_t cleaner_turn(struct cleaner *cleaner);

#endif
