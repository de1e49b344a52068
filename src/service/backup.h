/* service/backup.h - a copy of the store beside all other work, for `windrow backup`.
 *
 * Who makes a backup asks for a copy of the database, which the writer makes between its
 * transactions, looks from time to time how far it is, copies the blobs, and says that it is over.
 * Meanwhile no blob is removed. A copy at which nobody looks for BACKUP_COPY_PATIENCE_MS is given
 * up; blobs may be removed again BACKUP_PATIENCE_MS after the last look.
 *
 * Threads: any that may block.
 */
#ifndef SERVICE_BACKUP_H
#define SERVICE_BACKUP_H

#include "service/service.h"

#define BACKUP_COPY_PATIENCE_MS INT64_C(5000)
#define BACKUP_PATIENCE_MS INT64_C(60000)

enum backup_state { BACKUP_NONE, BACKUP_COPYING, BACKUP_COPIED, BACKUP_FAILED };

struct backup_progress {
    enum backup_state state;
    uint64_t pages_left, pages_total; /* of the database */
    struct error error;               /* FAILED */
};

/* Begins a copy of the database as the new file of that absolute path. CONFLICT: one is being made.
 */
MUST_USE enum status service_backup_begin(struct service *service, struct slice path,
                                          struct error *error);

/* How far it is; whoever made it is still there. */
void service_backup_look(struct service *service, struct backup_progress *out);

/* Nobody needs the blobs any more, unless another copy is being made. */
void service_backup_end(struct service *service);

/* "none", "copying", "copied", "failed". */
const char *backup_state_name(enum backup_state state);

#endif
