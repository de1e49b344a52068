/* service/audit.h - who did what: an entry for each request with a key that asked for a change.
 *
 * Entries are stored soon after the answer, by themselves: nobody waits for one. They are kept for
 * service_options.audit_ms. With a disk in trouble, when nothing else can be changed either, and
 * beyond LIMIT_AUDIT_WAITING, they are left out, which the log says.
 *
 * Threads: any.
 */
#ifndef SERVICE_AUDIT_H
#define SERVICE_AUDIT_H

#include "service/service.h"

/* Stores a copy of the row; its id and time are made here. */
void service_audit_note(struct service *service, const struct audit_row *row);

/* See store_audit_list(). */
MUST_USE enum status service_audit_list(struct service *service, const struct store_page *page,
                                        store_audit_fn *visit, void *context);

#endif
