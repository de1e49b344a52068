/* engine/files.h - the bytes that a source, or a step that looks at a document, reads.
 *
 * In a server a `file` is the id of a stored file, an upload or what a run has made, of the
 * workspace that the run belongs to. On the command line it is a path; if there is nothing, it may
 * be such an id, since runs of a server are looked at there too.
 *
 * Threads: opened and closed on a work thread; reading from any, many at once.
 */
#ifndef ENGINE_FILES_H
#define ENGINE_FILES_H

#include "base/id.h"
#include "engine/step.h"

struct engine_options;

#define FILE_IDENTITY_BYTES 96

/* Which file, and who asks. */
struct file_wanted {
    const struct engine_options *options;
    struct id workspace;
    struct slice file; /* as the step's `file` says */
};

/* A path or a stored file, as the options have it. identity: as below; of a stored file, which
 * never changes, its id. INVALID, NOT_FOUND (also a file of another workspace), FORBIDDEN, IO. */
MUST_USE enum status file_open(struct step_file **out, const struct file_wanted *wanted,
                               char identity[FILE_IDENTITY_BYTES], struct error *error);

/* A file by path. identity: text that changes when the file does (size and time of change), for
 * noticing that a run would go on with other rows; at least 64 bytes. */
MUST_USE enum status file_open_path(struct step_file **out, struct slice path, char *identity,
                                    size_t identity_size, struct error *error);

/* What was said about a stored file's type when it came; else empty. Borrowed. */
struct slice file_content_type(const struct step_file *file);

/* The descriptor of a file that was opened here; borrowed. */
int file_fd(const struct step_file *file);

/* The bytes of another file in the place of *file's, under its name. Takes over the descriptor. */
MUST_USE enum status file_replace(struct step_file **file, int fd, struct error *error);

void file_close(struct step_file **file);

#endif
