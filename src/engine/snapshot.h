/* engine/snapshot.h - the rows of what a workspace keeps, as they are when a run begins to read
 * them.
 *
 * A source of a list or of entities reads a file of their rows (engine/kept_rows.h) that is made
 * once for the run and its step: it is there again after a crash and for later generations,
 * whatever becomes of them. The commit that notes what the source reads counts the file as a blob
 * of the run.
 *
 * Threads: work threads; one at a time for a run and step.
 */
#ifndef ENGINE_SNAPSHOT_H
#define ENGINE_SNAPSHOT_H

#include "engine/files.h"

struct snapshot_wanted {
    const struct engine_options *options;
    struct id workspace, run;
    struct slice step;
    enum step_reads reads;
    struct value config; /* as rendered */
    bool may_make;       /* else only one that was made and counted is opened */
};

/* The blob of that run and step. */
struct id snapshot_id(const struct id *run, struct slice step);

/* identity: tells one snapshot from another. Otherwise code and words as of kept_rows_read(); FULL,
 * IO. */
MUST_USE enum status snapshot_open(struct step_file **out, const struct snapshot_wanted *wanted,
                                   char identity[FILE_IDENTITY_BYTES], const char **code,
                                   struct error *error);

#endif
