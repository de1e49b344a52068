/* ai/live.h - what a model says while it says it, for somebody who watches.
 *
 * Nothing of it counts: the answer is read when it is whole. While nobody watches a run, a piece
 * that comes costs one question; else its words are told at once, to somebody who
 * gathers them. Whoever begins to watch is told all that was said so far, out of what the network
 * keeps of the answer anyway, also while the model is silent: the network shows it again then.
 *
 * Threads: the client's that brings the pieces; what a listener does there must be quick.
 */
#ifndef AI_LIVE_H
#define AI_LIVE_H

#include "ai/provider.h"

#include <stdint.h>

struct desk_call;

/* Text that one call has brought. */
struct ai_said {
    struct id run;
    uint64_t call;     /* which call: no two of a process are the same, nor two tries of one */
    struct slice step; /* whose call it is */
    struct slice item; /* on which item, for people; may be empty */
    uint64_t from;     /* bytes of the text that were told before */
    struct slice text; /* what follows them */
    bool is_end;       /* the call is over: no text */
};

struct ai_listener {
    /* Who watches the run: 0 nobody; another number than before when somebody came who has heard
     * nothing yet. */
    uint32_t (*wish)(void *context, const struct id *run);
    void (*tell)(void *context, const struct ai_said *said);
    void *context;
};

/* How far one call was told. */
struct ai_live {
    uint32_t wish;       /* for whom; 0: nobody */
    size_t read_bytes;   /* of the answer's body */
    uint64_t told_bytes; /* of the text */
};

/* Of an exchange whose owner is a call of the desk. */
exchange_look_fn ai_live_look;

/* The call is over, well or not. */
void ai_live_end(struct desk_call *call);

#endif
