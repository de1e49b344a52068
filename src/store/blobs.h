/* store/blobs.h - large bytes beside the store: uploads, files that taps write, large values.
 *
 * A blob is a file of generated name under one folder; no client's text is ever part of a path. A
 * tap appends and syncs before the transaction that counts its bytes, and after a crash the blob is
 * cut to the counted size: so bytes that no commit counted vanish.
 *
 * The folder is reached through a small table of functions, so that tests can drop, tear or reorder
 * what was not synced.
 *
 * Threads: any; one blob is written by one thread at a time.
 */
#ifndef STORE_BLOBS_H
#define STORE_BLOBS_H

#include "base/buffer.h"
#include "base/id.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>
#include <sys/types.h>

struct blobs;
struct blob;

/* The system calls that a blob needs; blobs_system() gives the real ones. */
struct blob_calls {
    int (*open)(const char *path, int flags, mode_t mode);
    ssize_t (*pwrite)(int fd, const void *bytes, size_t size, off_t offset);
    ssize_t (*pread)(int fd, void *bytes, size_t size, off_t offset);
    off_t (*size)(int fd); /* -1 and errno */
    int (*ftruncate)(int fd, off_t size);
    int (*fdatasync)(int fd);
    int (*write_out)(int fd, off_t offset, off_t size, bool waits);
    int (*sync_folder)(const char *path);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
    int (*close)(int fd);
};
const struct blob_calls *blobs_system(void);

/* folder is made if missing. calls: borrowed, NULL for the system's. */
MUST_USE enum status blobs_open(struct blobs **out, const char *folder,
                                const struct blob_calls *calls, struct error *error);
/* All blobs are closed. Does nothing for NULL. */
void blobs_close(struct blobs **blobs);

/* Opens for appending, made if missing (and the folder synced), cut to size_bytes; CONFLICT if it
 * is shorter than that. */
MUST_USE enum status blob_append_open(struct blob **out, struct blobs *blobs, const struct id *id,
                                      uint64_t size_bytes, struct error *error);
/* A new blob that comes from outside and may break off: it lies under `incoming` in the folder,
 * where no reader looks, until blob_keep(). Closed before that it is removed. */
MUST_USE enum status blob_incoming_open(struct blob **out, struct blobs *blobs, const struct id *id,
                                        struct error *error);
/* Syncs it and moves it to its place, for good when this returns OK. What the process leaves there
 * by a crash before some row names it is of nobody. */
MUST_USE enum status blob_keep(struct blob *blob, struct error *error);
/* Removes what was coming when the last process ended: while no blob is open. */
MUST_USE enum status blobs_clean_incoming(struct blobs *blobs, struct error *error);

/* All or none counts: after FULL or IO the same bytes may be appended again. */
MUST_USE enum status blob_append(struct blob *blob, struct slice bytes, struct error *error);
/* What was appended is on disk when it returns OK. Once it failed the blob refuses further work
 * (what the kernel still holds is unknown): close it and append again from the size that a commit
 * counted. */
MUST_USE enum status blob_sync(struct blob *blob, struct error *error);
/* What was appended is on its way to the disk when it returns OK, and what was at the call before
 * has got there: so that the next blob_sync(), which is still needed, finds little to do. Once it
 * failed the blob refuses further work. */
MUST_USE enum status blob_write_out(struct blob *blob, struct error *error);
/* Bytes appended so far, synced or not; for reading, the size when it was opened. */
uint64_t blob_size(const struct blob *blob);

/* NOT_FOUND. */
MUST_USE enum status blob_read_open(struct blob **out, struct blobs *blobs, const struct id *id,
                                    struct error *error);
/* Appends up to size bytes that stand at offset to *out; fewer only at the end, where it appends
 * none. LIMIT: the buffer may not hold them. */
MUST_USE enum status blob_read(struct buffer *out, struct blob *blob, uint64_t offset, size_t size,
                               struct error *error);
/* Does nothing for NULL. */
void blob_close(struct blob **blob);

/* Until that monotonic time (0: no longer) blob_remove() leaves the files where they are, for
 * somebody who copies them. */
void blobs_hold(struct blobs *blobs, int64_t until_mono_us);

/* OK also if it was not there, or is held: then it stays behind as one that nothing counts. */
MUST_USE enum status blob_remove(struct blobs *blobs, const struct id *id, struct error *error);

/* Whether a commit counts the bytes of that blob: OK, NOT_FOUND; anything else leaves them. */
typedef enum status blob_counted_fn(const struct id *id, void *context);
/* Removes what an earlier process left and no commit counts, in one of BLOB_FOLDERS parts; *removed
 * is how many. Of that process nobody is left who could still count them, and who makes a blob of
 * the same id again begins it anew; blobs that were begun since blobs_open() are left alone. LIMIT:
 * too many were begun, so that these are not known any more. */
#define BLOB_FOLDERS 256
MUST_USE enum status blobs_sweep(struct blobs *blobs, unsigned part, blob_counted_fn *counted,
                                 void *context, uint32_t *removed);
/* After the last part, or when none will be swept: what was begun is no longer noted. */
void blobs_sweep_end(struct blobs *blobs);

/* The folder, for temporary files beside the blobs. */
const char *blobs_folder(const struct blobs *blobs);

#define BLOB_PATH_BYTES 4096
/* The path of a blob, for copying a result out. */
void blob_path(const struct blobs *blobs, const struct id *id, char out[BLOB_PATH_BYTES]);

#endif
