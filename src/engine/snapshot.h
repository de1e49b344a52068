/* engine/snapshot.h - the rows of a kept list, as they are when a run begins to read them.
 *
 * A source whose config names a `list` reads a file of lines that is made of the list's rows once
 * for the run and its step: it is there again after a crash and for later generations, whatever
 * becomes of the list. The commit that notes what the source reads counts the file as a blob of the
 * run.
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
    struct value list; /* as the config has it: an id, or a name */
    bool may_make;     /* else only one that was made and counted is opened */
};

/* Whether the source reads a list. */
bool snapshot_is_wanted(struct value config);

/* The blob of that run and step. */
struct id snapshot_id(const struct id *run, struct slice step);

/* identity: tells one snapshot from another. INVALID: `list` is no text; NOT_FOUND: there is no
 * such list in the workspace; FULL, IO, with words. */
MUST_USE enum status snapshot_open(struct step_file **out, const struct snapshot_wanted *wanted,
                                   char identity[FILE_IDENTITY_BYTES], struct error *error);

#endif
