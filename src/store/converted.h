/* store/converted.h - what was made of foreign files, kept so that it is made once.
 *
 * A cache of files under one folder, each named by a digest of all that it was made from. It holds
 * nothing of its own: whatever is missing is made again with the same bytes, so that files may be
 * removed at any time, also while they are read. A file appears whole, by rename, or not at all.
 *
 * It begins with a head of CONVERSION_HEAD_BYTES (base/conversion.h).
 *
 * Threads: any; a draft belongs to one.
 */
#ifndef STORE_CONVERTED_H
#define STORE_CONVERTED_H

#include "base/conversion.h"
#include "base/digest.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

struct converted;
struct converted_draft;

/* folder: made when something is written. Nothing is touched yet. */
struct converted *converted_new(const char *folder);
/* Does nothing for NULL. */
void converted_free(struct converted **converted);

/* Removes what a process that ended too early left half made; for whoever alone writes here. */
void converted_clean(struct converted *converted);

/* Opens the file for reading; NOT_FOUND. The descriptor is the caller's. */
MUST_USE enum status converted_find(struct converted *converted, const struct digest *name,
                                    int *fd);

MUST_USE enum status converted_begin(struct converted_draft **out, struct converted *converted,
                                     const struct digest *name, struct error *error);
MUST_USE enum status converted_write(struct converted_draft *draft, struct slice bytes,
                                     struct error *error);
/* Writes the head, syncs and names the file, and removes the files that were not used for longest
 * while there are more than LIMIT_CONVERTED_KEPT_BYTES. *fd: the whole file, open for reading; the
 * caller's. The draft is to be dropped all the same. */
MUST_USE enum status converted_keep(struct converted_draft *draft, struct slice head, int *fd,
                                    struct error *error);
/* Does nothing for NULL. */
void converted_drop(struct converted_draft **draft);

#endif
