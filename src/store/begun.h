/* store/begun.h - which blobs this process has begun, for who removes what earlier ones have left.
 *
 * Threads: any; a lock is inside.
 */
#ifndef STORE_BEGUN_H
#define STORE_BEGUN_H

#include "base/id.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Ids that are noted at most; with one more nothing is known any longer. */
#define BEGUN_MAX 65536

struct begun {
    pthread_mutex_t lock;
    struct id *slots; /* open addressing; zero: free */
    uint32_t slot_count, count;
    bool is_ended; /* nothing is noted, and what was is forgotten */
};

void begun_init(struct begun *begun);
void begun_done(struct begun *begun);

/* Before the blob is made. */
void begun_note(struct begun *begun, const struct id *id);
void begun_end(struct begun *begun);

/* Calls `act` unless the id was noted, and lets none be noted meanwhile. False: it is not known
 * whether it was. */
bool begun_unless(struct begun *begun, const struct id *id, void (*act)(void *context),
                  void *context);

#endif
