/* base/fs.h - files, whole and durable.
 *
 * Threads: any.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

/* Reads a whole file of at most max_bytes. LIMIT if larger; NOT_FOUND; IO. The buffer is
 * initialised here and the caller's to end, on every status. */
MUST_USE enum status fs_read_file(struct buffer *out, const char *path, size_t max_bytes,
                                  struct error *error);

/* The same of what is open: from where it stands to its end. `name` is what errors call it; the
 * descriptor stays open. */
MUST_USE enum status fs_read_open(struct buffer *out, int fd, const char *name, size_t max_bytes,
                                  struct error *error);

/* Writes a new file beside the target, syncs it, renames it over the target, syncs the folder. */
MUST_USE enum status fs_write_file(const char *path, struct slice bytes, struct error *error);

/* Makes the folder and its parents (mode 0700) if they are missing. */
MUST_USE enum status fs_make_folder(const char *path, struct error *error);

MUST_USE enum status fs_sync_folder(const char *path, struct error *error);

/* errno to IO, FULL, NOT_FOUND or FORBIDDEN with words "what path: reason". */
enum status fs_errno_status(int saved_errno, const char *what, const char *path,
                            struct error *error);

/* A name for a file made from foreign text: no separators, control bytes, leading dots or trailing
 * dots and spaces, at most 200 bytes, never empty. In the arena, NUL-terminated. */
struct slice fs_safe_name(struct arena *arena, struct slice text);

#endif
