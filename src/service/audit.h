/* service/audit.h - who did what: an entry for each request with a key that asked for a change.
 *
 * The entry of a change is committed before the change, since acknowledgements are committed in the
 * order in which they are pushed, and how it was answered is put in soon after the answer. So no
 * change is without an entry; one whose process was killed on the way has no status. What was
 * refused beforehand changes nothing: its entry is stored soon after the answer. Entries are kept
 * for service_options.audit_ms.
 *
 * Of what waits to be stored there are LIMIT_AUDIT_WAITING at most; beyond that, and with a disk in
 * trouble, changes are refused, and entries of what was refused left out, which the log says.
 *
 * Threads: any.
 */
#ifndef SERVICE_AUDIT_H
#define SERVICE_AUDIT_H

#include "service/service.h"

/* Stores a copy of the row of what was refused; its id and time are made here. */
void service_audit_note(struct service *service, const struct audit_row *row);

/* The same for what is to be done now: its commit goes before those of all that is pushed later.
 * *id: of the entry. UNAVAILABLE: it cannot be stored, and nothing may be done. */
MUST_USE enum status service_audit_begin(struct service *service, const struct audit_row *row,
                                         struct id *id);
/* How it was answered: workspace, id, object and status of the row. */
void service_audit_end(struct service *service, const struct audit_row *row);

/* See store_audit_list(). */
MUST_USE enum status service_audit_list(struct service *service, const struct store_page *page,
                                        store_audit_fn *visit, void *context);

#endif
