/* base/copy.h - copies of files, with their size and SHA-256.
 *
 * Threads: any.
 */
#ifndef BASE_COPY_H
#define BASE_COPY_H

#include "base/digest.h"
#include "base/status.h"

#include <stdint.h>

struct copied {
    uint64_t size_bytes;
    struct digest digest;
};

/* Reads the file. NOT_FOUND, FORBIDDEN, IO. */
MUST_USE enum status copy_measure(struct copied *out, const char *path, struct error *error);

/* Makes a new file with the same bytes, synced; its folder is the caller's to sync. CONFLICT: it is
 * there already; FULL, NOT_FOUND, FORBIDDEN, IO: nothing is left of it. */
MUST_USE enum status copy_file(struct copied *out, const char *from, const char *to,
                               struct error *error);

/* The same by another name for the file itself where the file system allows that: for files that
 * never change again. */
MUST_USE enum status copy_link(struct copied *out, const char *from, const char *to,
                               struct error *error);

#endif
