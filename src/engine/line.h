/* engine/line.h - runs that go on one after the other: those of one workspace with the same
 * concurrency key stand in a line, which the store keeps, in the order in which they were stored.
 *
 * A run stands in its line from its start to its end, paused or not, and stands behind the others
 * when it is retried. Only the first may be in memory, so whoever takes up a run asks here; a run
 * whose deadline passes while it stands is taken up too, to end.
 *
 * Threads: as each function says.
 */
#ifndef ENGINE_LINE_H
#define ENGINE_LINE_H

#include "engine/run.h"

/* Adds what puts the run into its line, if it wishes one; and with a deadline, what wakes it then.
 */
void line_add_join(struct intent *intent, const struct run_row *row,
                   const struct run_wishes *wishes);
/* Adds what takes a run that ends out of its line, if it stands in one. */
void line_add_leave(struct intent *intent, const struct id *run, const struct run_wishes *wishes);

/* On a work thread: OK: the run may go on; CONFLICT: others are before it. */
MUST_USE enum status line_look(struct engine *engine, const struct run_row *row,
                               struct arena *arena);

/* One has left: the first is taken up, if it may go on. The engine's thread. */
void line_go_on(struct engine *engine, const struct id *workspace, struct slice name);

#endif
