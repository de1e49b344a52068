/* cli/place.h - where a run was begun: relative paths of its workflow go on meaning the same.
 *
 * Threads: the main thread, before the run begins.
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "cli/cli.h"

/* Makes that folder the current one. *out: an --out that was asked for, as seen from here, or NULL
 * for the run's own; becomes absolute. NOT_FOUND: the folder is gone. */
MUST_USE enum status place_enter(const struct run_row *run, struct arena *arena, const char **out,
                                 struct error *error);

/* The same for a run that has ended, of which nothing is read there. */
void place_find_out(const struct run_row *run, struct arena *arena, const char **out);

#endif
