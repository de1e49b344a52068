/* service/event_page.h - what happened to a run as server-sent events, read from the store.
 *
 * An event is "id: 7", "event: step.completed" and "data: {"id": 7, "run": …, "type": …, …}" with
 * an empty line behind (HTML, 9.2). Ids are those of store/rows.h: the first belongs to the run's
 * being stored, the next two to begin and end of a run that was computed in place; these are made
 * of the run's row where no rows of events say otherwise.
 *
 * Sources: WHATWG HTML, 9.2 "Server-sent events".
 * Threads: any.
 */
#ifndef SERVICE_EVENT_PAGE_H
#define SERVICE_EVENT_PAGE_H

#include "base/buffer.h"
#include "base/id.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

struct event_page {
    uint64_t last; /* all events up to this id are in the text, or before it */
    bool is_more;  /* others are stored behind it */
    bool is_over;  /* the run has ended, or is gone, and nothing is behind it */
};

/* Appends the events behind `after` to *out until that holds `bytes` or more. */
MUST_USE enum status event_page_read(struct event_page *page, struct buffer *out,
                                     struct store *store, const struct id *run, uint64_t after,
                                     size_t bytes);

/* Appends one event. */
void event_put(struct buffer *out, const struct id *run, uint64_t id, struct slice line);

#endif
