/* service/deliver_sixtyfour.h - deliveries as the Sixtyfour API has them, signed with the secret of
 * service/signing.h: the rows of a run's last table, or, with another type than
 * NOTICE_SIXTYFOUR_RUN, what a job has come to.
 *
 * Sources: docs.sixtyfour.ai (Outgoing webhooks, Signing secrets).
 * Threads: any.
 */
#ifndef SERVICE_DELIVER_SIXTYFOUR_H
#define SERVICE_DELIVER_SIXTYFOUR_H

#include "base/buffer.h"
#include "base/exchange.h"
#include "store/rows.h"

struct service;

/* Of a run: {event_id, event_type, run_id, workflow_id, status, row_count, results,
 * results_download_url, completed_at}: results is null where they are too many to be told inline,
 * and the address where none is configured (`public_url`). Of a job: {task_id, status, task_type,
 * result or error}. NOT_FOUND: the run has been deleted. */
MUST_USE enum status sixtyfour_tell(struct buffer *out, struct service *service,
                                    const struct delivery_row *row);

/* Headers of an exchange whose body is there. As signing_sign(). */
MUST_USE enum status sixtyfour_add_headers(struct service *service, struct exchange *exchange,
                                           const struct delivery_row *row, int64_t now_unix_ms);

#endif
