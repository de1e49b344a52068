/* store/sqlite/sqlite.h - the store in one SQLite file (the default), or in memory.
 *
 * Write-ahead log, synchronous=FULL. One connection in the world writes and checkpoints, because
 * versions up to 3.51.2 can corrupt a file that two connections checkpoint at the same moment:
 * whoever opens a file holds the lock of its data folder (store/lock.h). Readers are read-only
 * connections from a small pool, opened when first needed.
 *
 * Sources: sqlite.org/wal.html; the WAL-reset bug fixed in 3.51.3; docs/adr/0004-store.md.
 * Threads: as in store/store.h. In memory one connection serves all under a mutex.
 */
#ifndef STORE_SQLITE_SQLITE_H
#define STORE_SQLITE_SQLITE_H

#include "base/status.h"

struct store;

/* Opens, or makes, the database at path (NULL: in memory) over the named VFS (NULL: the system's)
 * and brings its schema up to date. UNSUPPORTED: the file is of a newer program; INVALID: it is not
 * a database of ours; UNAVAILABLE: another program holds it; IO, FULL. */
MUST_USE enum status sqlite_store_open(struct store **out, const char *path, const char *vfs,
                                       struct error *error);

/* For looking only, beside the process that holds the folder: nothing may be committed. NOT_FOUND:
 * no such file; CONFLICT: its schema is older than this program's; otherwise as above. */
MUST_USE enum status sqlite_store_open_reader(struct store **out, const char *path,
                                              struct error *error);

#endif
