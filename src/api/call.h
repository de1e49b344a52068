/* api/call.h - one request on its way through the API.
 *
 * A call lives in its request's arena. Whoever answers it, by call_answer() or one of the
 * call_fail…() functions, must not touch it afterwards. Functions that read something of the
 * request return false when it is wrong and the call was answered with that.
 *
 * Threads: one at a time.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "api/dialect.h"
#include "api/route.h"
#include "base/buffer.h"
#include "base/id.h"
#include "base/pool.h"
#include "base/value.h"
#include "net/http_server.h"
#include "service/keys.h"
#include "service/service.h"

#include <stdbool.h>

struct api;

struct call {
    struct task task; /* for call_go_on() */
    int64_t begun_us; /* monotonic */
    struct slice id;  /* of the request: for the log, and out as X-Request-Id */
    struct api *api;
    struct service *service;
    struct http_request *request;
    struct arena *arena;           /* the request's */
    const struct dialect *dialect; /* of the path; there from the beginning */
    const struct route *route;
    struct slice names[ROUTE_NAMES_MAX]; /* what stood for the {…} of the route's pattern */
    struct caller caller;                /* zero on public routes */
    struct id made;                      /* by what was answered 201; zero: nothing */
    struct id audit;                     /* the entry that stands before what is done; zero: none */
    struct rate_answer rate;             /* how much of its limits is left */
    struct value body;      /* the JSON body, as the route's schema has it; {} if none was sent */
    bool is_head;           /* of a streamed route: the body is still to come */
    route_handler_fn *then; /* what call_go_on() goes on with */
    void *own;              /* the handler's own, in the arena */
    struct idempotency_row *idempotency; /* NULL: the request has no Idempotency-Key */
    bool is_again;                       /* it was answered before, and is answered as then */
    int64_t wait_ms;                     /* for a run's end, by `?wait=`; 0: not */
    struct slice tag;                    /* the answer's ETag; empty: none */
    const char *content_type;            /* of an answer that is no fault; NULL: JSON */
    struct call_ending *ending;          /* of call_wait_end(); NULL: it has not waited */
    struct http_header *headers;         /* that any answer will have, in the arena */
    size_t header_count;
};

/* Goes on with the call on a work thread. */
void call_go_on(struct call *call, route_handler_fn *then);

/* The same behind whatever is quicker, for one part of a long work. */
void call_go_on_slowly(struct call *call, route_handler_fn *then);

/* Goes on with the call on a work thread when the run has ended or is gone, when the time is over,
 * the client has left or the server stops, and at once when too many wait already. What holds then
 * is for `then` to look up. */
void call_wait_end(struct call *call, const struct id *run, int64_t wait_ms,
                   route_handler_fn *then);

/* The machine of the HTTP thread that this is, for runs computed in place. */
struct expr_machine *call_machine(struct call *call);

/* --- answers --- */

/* Takes the bytes out of the buffer. 422 if it is over its maximum. */
void call_answer(struct call *call, int http_status, struct buffer *body);

/* 201, with `Location`: the address at which clients reach us, the path, the id. */
void call_answer_created(struct call *call, struct buffer *body, struct slice path,
                         const struct id *id);

/* With a fault in the dialect's words. */
void call_fail(struct call *call, int http_status, const char *format, ...) PRINTF_LIKE(3, 4);

/* With the HTTP status that goes with it, and the error's words or, without any, ours. */
void call_fail_status(struct call *call, enum status status, const struct error *error);

/* 416: of the file's bytes none are in the range that was asked for. */
void call_fail_range(struct call *call, uint64_t size_bytes);

/* 404: there is none in the caller's workspace; whether there is one elsewhere is not told. As
 * call_fail_status() of NOT_FOUND without words. */
void call_fail_unknown(struct call *call);

/* Whatever answer comes will have this header; at most CALL_HEADERS_MAX. */
#define CALL_HEADERS_MAX 12
void call_add_header(struct call *call, const char *name, struct slice value);

/* 429, and the headers that tell how much of a limit is left on whatever answer comes. */
/* Counts the request against the limits of its caller; is_head: only looks. False: too many came,
 * and it was answered. */
bool call_is_in_time(struct call *call, bool is_head);
void call_fail_rate(struct call *call);
void call_put_rate(struct call *call);

/* Who asks, by the key in the headers, of whatever dialect they are: call->caller is set. As
 * service_key_check(). */
MUST_USE enum status call_check_key(struct call *call);

/* 401, 405. */
void call_fail_key(struct call *call);
void call_fail_method(struct call *call, unsigned allowed);

/* Appends the address of a path, at which clients reach us: `public_url`, else the host that this
 * request names. */
void call_link(struct call *call, struct buffer *out, struct slice path);

/* Appends the address of a link that ends so many seconds from now, as JSON. */
struct link;
void call_put_link(struct buffer *out, struct call *call, struct link *link, int64_t seconds);

/* --- requests that come again --- */

/* Reads the Idempotency-Key. False: the call was answered, since the key is none, or as the first
 * request with it was. True: it goes on; whatever it makes or moves is stored in one intent with
 * call->idempotency (intent_add_idempotency()), whose `answer` is the HTTP status of the answer. Of
 * every POST with a key of the API it is called before the handler. */
bool call_begin_once(struct call *call, struct slice body);

/* Whether it could be an Idempotency-Key: 1 to LIMIT_IDEMPOTENCY_KEY_BYTES visible ASCII
 * characters. */
bool call_is_key(struct slice text);

/* For a handler whose intent was refused with CONFLICT: the same request may have been stored
 * meanwhile. True: the call was answered as that. Not on the writer's thread. */
bool call_answer_again(struct call *call);

/* The same, and 409 if it was not: for an intent that nothing but its key can have refused. */
void call_answer_conflict(struct call *call);

/* The HTTP status with which the request will be answered, where it is not 201: kept with its key.
 */
void call_keep_answer(struct call *call, int http_status);

/* For answer_again() of a dialect, by the status of a look at what was made: 404 when that is gone.
 */
void call_fail_made(struct call *call, enum status status);

/* A buffer for an answer's JSON. */
void call_begin_body(struct buffer *body);

/* --- what the path names --- */

/* By the status of a look for something. False: it was not found, and the call was answered with
 * that. */
bool call_found(struct call *call, enum status status);

/* The workflow or the run that the first name of the path is of, in the caller's workspace; a
 * workflow by its id or slug. */
bool call_find_workflow(struct call *call, struct workflow_row *out);
bool call_find_run(struct call *call, struct run_row *out);

/* --- what was sent --- */

enum media { MEDIA_NONE, MEDIA_JSON, MEDIA_YAML, MEDIA_FORM };

/* By the content type; NONE without a body. 400 for two content types; 415 for other ones, or for
 * another encoding than UTF-8. also: what is welcome beside JSON (YAML: plain text too), or NONE.
 */
bool call_read_media(struct call *call, enum media also, enum media *out);

/* The JSON body, borrowed from the request; VALUE_NONE if there is none. */
bool call_read_json(struct call *call, struct value *out);

/* limit, page, lt, sort and direction of a list, as Metal has them. */
struct list_query {
    struct store_page page; /* workspace and workflow are the caller's to fill in */
    struct id end;          /* ascending: the list ends before this id, if has_end */
    bool has_end;
};
bool call_read_list(struct call *call, struct list_query *out);

/* Whether the list has ended before the item of that id. */
bool call_list_is_over(const struct list_query *query, const struct id *id);
/* The same without lt. */
bool call_read_page(struct call *call, struct store_page *out);

/* A query parameter that is a whole number; *out keeps its value if it is not there. */
bool call_read_number(struct call *call, const char *name, int64_t *out);

/* Whether the parameter is there and "true" ("1", or nothing at all); 400 for other words. */
bool call_read_flag(struct call *call, const char *name, bool *out);

#endif
