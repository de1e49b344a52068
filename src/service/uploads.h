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

struct file_new {
    struct id workspace;
    struct slice name;         /* any text; it is made safe */
    struct slice content_type; /* as the client says; empty: application/octet-stream */
    struct slice bytes;
};
/* On the writer's thread or, when nothing could be written, at once. */
typedef void file_saved_fn(enum status status, const struct file_row *row, void *context);
/* Writes the bytes, and stores the file once they are on the disk: on a work thread. */
void service_file_create(struct service *service, const struct file_new *wanted,
                         file_saved_fn *saved, void *context);

/* By any form of its id; NOT_FOUND also for a file of another workspace. */
MUST_USE enum status service_file_find(struct service *service, const struct id *workspace,
                                       struct slice id, struct arena *arena, struct file_row *out);

/* The bytes of a file, piece by piece: on a work thread. */
struct file_reading;
MUST_USE enum status file_reading_open(struct file_reading **out, struct service *service,
                                       const struct file_row *row, struct error *error);
/* Appends the next piece. IO if the file ends before the size that was stored. */
MUST_USE enum status file_reading_next(struct file_reading *reading, struct buffer *out,
                                       bool *is_end, struct error *error);
/* Does nothing for NULL. */
void file_reading_close(struct file_reading **reading);

#endif
