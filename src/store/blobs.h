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
    int (*ftruncate)(int fd, off_t size);
    int (*fdatasync)(int fd);
    int (*sync_folder)(const char *path);
    int (*unlink)(const char *path);
    int (*close)(int fd);
};
const struct blob_calls *blobs_system(void);

/* folder is made if missing. calls: borrowed, NULL for the system's. */
MUST_USE enum status blobs_open(struct blobs **out, const char *folder,
                                const struct blob_calls *calls, struct error *error);
void blobs_close(struct blobs **blobs);

/* Opens for appending, made if missing (and the folder synced), cut to size_bytes; CONFLICT if it
 * is shorter than that. */
MUST_USE enum status blob_append_open(struct blob **out, struct blobs *blobs, const struct id *id,
                                      uint64_t size_bytes, struct error *error);
MUST_USE enum status blob_append(struct blob *blob, struct slice bytes, struct error *error);
/* What was appended is on disk when it returns OK. */
MUST_USE enum status blob_sync(struct blob *blob, struct error *error);
uint64_t blob_size(const struct blob *blob);

MUST_USE enum status blob_read_open(struct blob **out, struct blobs *blobs, const struct id *id,
                                    struct error *error);
/* Reads up to size bytes at offset; *got 0 at the end. */
MUST_USE enum status blob_read(struct blob *blob, uint64_t offset, void *out, size_t size,
                               size_t *got, struct error *error);
void blob_close(struct blob **blob);

MUST_USE enum status blob_remove(struct blobs *blobs, const struct id *id, struct error *error);

/* The path of a blob, for copying a result out. At most 4,095 bytes. */
void blob_path(const struct blobs *blobs, const struct id *id, char out[4096]);

#endif
