/* cli/stored.h - runs as they are stored, to be looked at beside a server that may be running.
 *
 * Threads: the main thread.
 */
#ifndef CLI_STORED_H
#define CLI_STORED_H

#include "cli/cli.h"

/* A data folder that is open for looking, and what is read of it. */
struct stored {
    struct cli *cli;
    const char *data;
    struct service *service;
    struct arena arena;
};

/* stored_close() is to be called whatever comes back. */
MUST_USE enum status stored_open(struct stored *stored, struct cli *cli, const char *data,
                                 struct error *error);
void stored_close(struct stored *stored);

/* The run with that id; lives in the arena. */
MUST_USE enum status stored_find(struct stored *stored, const char *id, struct run_row *out,
                                 struct error *error);

/* Goes where the run was begun, so that the files of its sources are found. With the folder gone, a
 * path that was relative to it is not found later on. */
void stored_enter(struct stored *stored, const struct run_row *run);

#endif
