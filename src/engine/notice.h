/* engine/notice.h - who is told that a run has ended: rows for the commit that ends it.
 *
 * The rows say what is told to which address; the service sends them, again and again until they
 * are taken. A run that a step waits for tells nobody: whoever called it does.
 *
 * A failure for which another workflow is to be run is an object (OBJECT_FAILURE), of which the
 * service starts a run in the commit that removes it: once for each generation that fails. The
 * object's id becomes that of the run. Its body is
 *   {handler, run, workflow, version, generation, trigger, startedAt, endedAt, error}
 * with ids in hex and times in ms. handler is the slug of `on_failure`; if it is empty, the object
 * was stored since the workspace has a workflow for all failures (OBJECT_CATCHER).
 *
 * Threads: any.
 */
#ifndef ENGINE_NOTICE_H
#define ENGINE_NOTICE_H

#include "base/slice.h"

#include <stdbool.h>

struct engine_options;
struct intent;
struct plan;
struct run_row;

struct notice_to {
    const struct plan *plan; /* its notify.on_end; NULL: not known, nobody of it is told */
    struct slice callback;   /* what the start asked for; empty: nobody */
    struct slice task;       /* the callback is in Sixtyfour's form, for a job of that type */
};

/* The type of what is told of a run in Sixtyfour's form. */
#define NOTICE_SIXTYFOUR_RUN "outgoing_webhook.completed"

/* Adds what is to be told of the run, as the row has it, to the intent that ends it: nothing unless
 * it has ended, no delivery where nobody sends (engine_options.notice_ms), and no failure where
 * nothing is taken up, or of a run that was started for a failure. There must be room for
 * NOTICE_OPS operations. */
#define NOTICE_OPS 3
void notice_add_end(struct intent *intent, const struct engine_options *options,
                    const struct run_row *row, const struct notice_to *to);

/* "run.completed", "run.failed" or "run.cancelled". */
const char *notice_type(const struct run_row *row);

/* Of "https://Example.com:8443/a": "example.com:8443"; empty if there is none. out: as long as the
 * URL. */
struct slice notice_host(struct slice url, char *out);

#endif
