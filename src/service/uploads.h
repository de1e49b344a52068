/* service/uploads.h - stored files: what clients send, and the bytes of these and of what runs have
 * made.
 *
 * A file is bytes on the disk and then a row in the store, in that order; both never change. Bytes
 * whose row was not stored are of no file.
 *
 * Threads: any, unless said otherwise; a reading belongs to one thread at a time.
 */
#ifndef SERVICE_UPLOADS_H
#define SERVICE_UPLOADS_H

#include "base/buffer.h"
#include "service/service.h"

/* A file that is coming: its bytes go to the disk as they come, in memory that does not grow with
 * them. All of this on work threads but for upload_new(). */
struct upload;
/* UNAVAILABLE: LIMIT_UPLOADS are coming already. */
MUST_USE enum status upload_new(struct upload **out, struct service *service,
                                const struct id *workspace, struct error *error);
/* FULL, IO, with words for the client: drop it. */
MUST_USE enum status upload_add(struct upload *upload, struct slice bytes, struct error *error);
/* The SHA-256 of the bytes, when all are there. */
const struct digest *upload_digest(struct upload *upload);
/* Leaves nothing. Does nothing for NULL. */
void upload_drop(struct upload **upload);

struct file_new {
    struct slice name;         /* any text; it is made safe */
    struct slice content_type; /* as the client says; empty: application/octet-stream */
    const struct idempotency_row *idempotency; /* of the request; may be NULL */
};
/* On the writer's thread. */
typedef void file_saved_fn(enum status status, const struct file_row *row, void *context);
/* Puts the bytes in their place and stores the file once they are on the disk; upload_digest() was
 * called. The upload is consumed. FULL, IO: nothing is left, and `saved` will not be called. It may
 * be called with CONFLICT if there is an idempotency key. */
MUST_USE enum status upload_save(struct upload **upload, const struct file_new *wanted,
                                 file_saved_fn *saved, void *context, struct error *error);

/* Of any workspace. */
MUST_USE enum status service_file_get(struct service *service, const struct id *id,
                                      struct arena *arena, struct file_row *out);
/* By any form of its id; NOT_FOUND also for a file of another workspace. */
MUST_USE enum status service_file_find(struct service *service, const struct id *workspace,
                                       struct slice id, struct arena *arena, struct file_row *out);

/* See store_file_sent(). */
MUST_USE enum status service_file_list(struct service *service, const struct store_page *page,
                                       store_file_fn *visit, void *context);

/* Removes what was sent: the row, then the bytes. `deleted` is called once, on the writer's thread:
 * NOT_FOUND also for what a run has made. Who reads it now reads it to its end. */
typedef void file_deleted_fn(enum status status, void *context);
void service_file_delete(struct service *service, const struct file_row *row,
                         file_deleted_fn *deleted, void *context);

/* The bytes of a file, or some of them, piece by piece: on a work thread. */
struct file_reading;
struct file_part {
    uint64_t first, size_bytes; /* within the file */
};
MUST_USE enum status file_reading_open(struct file_reading **out, struct service *service,
                                       const struct file_row *row, struct file_part part,
                                       struct error *error);
/* Appends the next piece. IO if the file ends before the size that was stored. */
MUST_USE enum status file_reading_next(struct file_reading *reading, struct buffer *out,
                                       bool *is_end, struct error *error);
/* Does nothing for NULL. */
void file_reading_close(struct file_reading **reading);

#endif
