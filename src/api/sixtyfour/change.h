/* api/sixtyfour/change.h - a graph on its way to be stored as a workflow.
 *
 * Threads: one at a time, as the call that it belongs to.
 */
#ifndef API_SIXTYFOUR_CHANGE_H
#define API_SIXTYFOUR_CHANGE_H

#include "api/sixtyfour/sixtyfour.h"
#include "foreign/sixtyfour.h"
#include "service/workflows.h"

/* What call->own points to, perhaps as the first member of something larger. */
struct changing {
    struct slice id;                            /* as the client calls it; empty: it does not */
    struct value name, description, definition; /* VALUE_NONE: not sent */
    struct plan *old;                           /* of an update; NULL: there is none */
    struct value flow;                          /* as it will be stored */
    struct value lists;                         /* names of those that have to be there */
    uint32_t lists_made;
    struct workflow_change change;
    struct workflow_row row; /* as it was stored */
    struct problems problems;
    struct error error;
    struct slice notes; /* what of the graph has no effect */
    /* What the call goes on with then, on a work thread; by default it is answered the record. */
    route_handler_fn *changed;
    /* Answers that the graph, or the change, is not accepted; NULL: with a fault. On any thread. */
    void (*refuse)(struct call *call, const struct sixtyfour_problem *problem);
};

/* A change that makes a new workflow, with the request's Idempotency-Key: the call's own, at the
 * begin of so many bytes, the rest of which are zero. NULL: the call was answered. */
void *sixtyfour_change_begin(struct call *call, size_t size);

/* Stores it. Nothing of the definition is borrowed when it returns. On a work thread. */
route_handler_fn sixtyfour_change_make;

#endif
