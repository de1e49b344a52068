/* api/tutor/tutor.h - the endpoints of the AI Tutor API: a workflow is run and its text answered.
 *
 * {"success": true, …} around results, {"error": words, "success": false, "code"?} for faults. The
 * body of a run is a flat object, one key for each variable.
 *
 * Sources: support.myapps.ai (Run Workflow API, Stream Token API, Stream Workflow API).
 * Threads: handlers run on the HTTP threads, see api/call.h.
 */
#ifndef API_TUTOR_TUTOR_H
#define API_TUTOR_TUTOR_H

#include "api/call.h"

extern const struct dialect tutor_dialect;

/* The longest that a run may take, and how much later it is no longer waited for. */
#define TUTOR_RUN_MS INT64_C(300000)
#define TUTOR_LATE_MS INT64_C(5000)

route_handler_fn tutor_run;
route_handler_fn tutor_token;
route_handler_fn tutor_stream;
route_handler_fn tutor_preflight;
route_handler_fn tutor_no_chat;

/* {"error": words, "success": false, "code": code}; code may be NULL. */
void tutor_fail(struct call *call, int http_status, const char *words, const char *code);
void tutor_put_fault(struct call *call, struct fault *fault, struct buffer *out);
/* A run that did not come to a result, whatever the reason. */
void tutor_fail_run(struct call *call);

/* What a run of this dialect keeps with its call. */
struct streaming;
struct tutor_own {
    struct slice speaker; /* the step whose text is the result as it is; empty: none */
    struct id run;        /* that is answered when it has ended */
    struct streaming *streaming;
};

static inline struct tutor_own *
tutor_own(const struct call *call)
{
    return call->own;
}

/* False: the call was answered with 402. */
bool tutor_has_credits(struct call *call);

/* Who streams: by the token in the query, which is used up, else by a key. */
enum status tutor_check_token(struct call *call, bool is_peek);

/* Whatever is answered may be read by pages of any origin: a stream shows no cookie. */
void tutor_allow_browsers(struct call *call);

/* Starts a run of the workflow that the path names, with the body as its input. `started` is called
 * with the call, which has a struct tutor_own by then, unless the call was answered with what keeps
 * the run from starting. */
void tutor_start(struct call *call, run_started_fn *started);

/* Nobody waits for the run any more: it is cancelled, if it has not ended. */
void tutor_give_up(struct call *call, const struct id *run);

/* x-ratelimit-limit and -remaining, which any answer of a run has. */
void tutor_put_rate(struct call *call);

/* What a run has come to, in the words of this dialect. */
struct tutor_result {
    struct slice text;
    struct value citations; /* an array of addresses; VALUE_NONE: nothing of the web was used */
};

/* Of a run's output, as JSON. The result borrows from output and arena. False: it cannot be read.
 */
bool tutor_result_read(struct tutor_result *out, struct slice output, struct arena *arena);

#endif
