/* store/lock.h - the right to use a data folder, held by one process at a time.
 *
 * An open file description lock on a file in the folder: it ends with the process, however that
 * ends. The file holds the process id of its owner, for the words of whoever finds it locked.
 *
 * Sources: fcntl(2), F_OFD_SETLK.
 * Threads: one takes and drops it.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "base/status.h"

#include <stdint.h>

struct store_lock;

/* Makes the folder if it is missing and locks it; waits up to wait_ms for another process to end.
 * UNAVAILABLE: another process has it, with words that name it; FORBIDDEN, FULL, IO. */
MUST_USE enum status store_lock_take(struct store_lock **out, const char *folder, int64_t wait_ms,
                                     struct error *error);
/* Does nothing for NULL. */
void store_lock_drop(struct store_lock **lock);

#endif
