/* engine/files.h - the bytes that a source reads.
 *
 * Threads: opened and closed on a work thread; reading from any, many at once.
 */
#ifndef ENGINE_FILES_H
#define ENGINE_FILES_H

#include "engine/step.h"

/* A file by path. identity: text that changes when the file does (size and time of change), for
 * noticing that a run would go on with other rows; at least 64 bytes. */
MUST_USE enum status file_open_path(struct step_file **out, struct slice path, char *identity,
                                    size_t identity_size, struct error *error);

/* The descriptor of a file that was opened here; borrowed. */
int file_fd(const struct step_file *file);

/* The bytes of another file in the place of *file's, under its name. Takes over the descriptor. */
MUST_USE enum status file_replace(struct step_file **file, int fd, struct error *error);

void file_close(struct step_file **file);

#endif
