/* cli/backup_folder.h - what a backup looks like on the disk.
 *
 *   windrow.db         the database, one file
 *   blobs/ab/ID        the bytes of files
 *   SHA256SUMS         a line for each of these, as sha256sum has it
 *   manifest.json      what this is, and the digest of SHA256SUMS; written last
 *
 * A folder without its manifest is none: whatever ends the making of a backup leaves none behind.
 *
 * Threads: the main thread.
 */
#ifndef CLI_BACKUP_FOLDER_H
#define CLI_BACKUP_FOLDER_H

#include "base/copy.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdio.h>

#define BACKUP_DATABASE "windrow.db"
#define BACKUP_PATH_BYTES 4096

struct backup_writer {
    const char *folder; /* borrowed */
    FILE *sums;
    uint64_t files, bytes; /* blobs */
    uint64_t database_bytes;
};

/* Makes the folder, which must not be there. To be closed whatever comes back. */
MUST_USE enum status backup_writer_open(struct backup_writer *writer, const char *folder,
                                        struct error *error);
/* A file of that name within the folder is there. */
MUST_USE enum status backup_writer_add(struct backup_writer *writer, const char *name,
                                       const struct copied *copied, struct error *error);
/* All is there: writes the manifest. */
MUST_USE enum status backup_writer_finish(struct backup_writer *writer, struct error *error);
void backup_writer_close(struct backup_writer *writer);

/* False stops, with *error filled. */
typedef bool backup_file_fn(const char *name, const struct digest *digest, void *context,
                            struct error *error);
/* Visits all that a backup holds. INVALID: it is none, not whole, or of another program. */
MUST_USE enum status backup_read(const char *folder, backup_file_fn *visit, void *context,
                                 struct error *error);

/* folder/name; INVALID: too long. */
MUST_USE enum status backup_join(char out[BACKUP_PATH_BYTES], const char *folder, const char *name,
                                 struct error *error);

/* The folder that the named file needs, and the parents. */
MUST_USE enum status backup_make_parent(const char *path, struct error *error);

/* Removes a folder that this program has made, with all that is in it. */
void backup_remove(const char *folder);

/* Renames, so that it lasts. */
MUST_USE enum status backup_rename(const char *from, const char *to, struct error *error);

#endif
