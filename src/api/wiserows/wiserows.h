/* api/wiserows/wiserows.h - the endpoints of the Wiserows API: entities, and workflows over them.
 *
 * {"data": …} around what is asked for, with "meta": {"total"} behind lists that are counted;
 * {"data": null, "error": {"code", "message"}} for faults. Times are milliseconds since 1970. A
 * project is a workspace, and the id of a job is that of its run.
 *
 * Every path is there twice, as the two generations of the vendor's pages have it: /api/v1/… and
 * /api/….
 *
 * Sources: wiserows.com/docs (API overview, Authentication, Workflows, Jobs, Entities).
 * Threads: handlers run on the HTTP threads, see api/call.h.
 */
#ifndef API_WISEROWS_WISEROWS_H
#define API_WISEROWS_WISEROWS_H

#include "api/call.h"
#include "service/entities.h"

extern const struct dialect wiserows_dialect;

route_handler_fn wiserows_type_list;
route_handler_fn wiserows_type_create;
route_handler_fn wiserows_type_get;
route_handler_fn wiserows_type_change;

route_handler_fn wiserows_entity_list;
route_handler_fn wiserows_entity_create;
route_handler_fn wiserows_entity_get;
route_handler_fn wiserows_entity_change;
route_handler_fn wiserows_entity_delete;

route_handler_fn wiserows_job_list;
route_handler_fn wiserows_job_get;
route_handler_fn wiserows_job_cancel;

route_handler_fn wiserows_workflow_list;
route_handler_fn wiserows_workflow_create;
route_handler_fn wiserows_workflow_get;
route_handler_fn wiserows_workflow_run;
route_handler_fn wiserows_run_get;

/* --- what was sent --- */

/* The body, an object, into call->body, whatever its content type. False: the call was answered
 * with 400. */
bool wiserows_parse_body(struct call *call);
/* The same, with no other members than these one or two; the list ends with NULL. For what is asked
 * often. */
bool wiserows_read_members(struct call *call, const char *const *names);
/* The same, checked against a JSON Schema. */
bool wiserows_read_body(struct call *call, const char *schema);

/* limit and offset of a list. The limit is brought into 1 to `most`. */
struct plan;
struct wiserows_window {
    uint32_t limit;
    int64_t offset;
};
bool wiserows_read_window(struct call *call, uint32_t usual, uint32_t most,
                          struct wiserows_window *out);

/* The entity type of that id or slug; NULL: the call was answered with 404. `name` is what the
 * parameter or member is called that names it; NULL: the path does. */
struct object_row *wiserows_find_type(struct call *call, const char *name, struct slice id);

/* The plan of what runs of it start on, or of the newest version if that is nothing yet. To be
 * dropped; NULL: it cannot be read. */
struct plan *wiserows_plan_of(struct call *call, const struct workflow_row *row);
/* What was sent here, borrowed from the plan; null: it was made elsewhere. */
struct value wiserows_definition_of(const struct plan *plan);

/* {"data": {"jobId"}} */
void wiserows_answer_started(struct call *call, const struct id *run);
/* Starts a run on call->body and answers. machine: as in struct run_new_options. */
void wiserows_start(struct call *call, const struct workflow_row *workflow,
                    struct expr_machine *machine);
/* Makes the workflow again if its entity type has changed since, then starts the run. False: it is
 * as it should be, and nothing was done. */
bool wiserows_renew(struct call *call, const struct workflow_row *workflow);

/* --- answers --- */

/* `{"data":`, and `}` behind it. */
void wiserows_begin(struct buffer *out);
void wiserows_end(struct call *call, int http_status, struct buffer *out);

/* `,"name":` and a number, a time, a text; a time of 0 is null. The name needs no escapes. */
void wiserows_put_number(struct buffer *out, const char *name, int64_t number);
void wiserows_put_time(struct buffer *out, const char *name, int64_t unix_ms);
void wiserows_put_text(struct buffer *out, const char *name, struct slice text);

/* Appends an object. definitions: the fields of its type, if it is an entity. */
typedef void wiserows_put_fn(struct buffer *out, const struct object_row *row,
                             struct value definitions, struct arena *arena);

/* {"data": {id, name, description, status, stepsCount, lastRunAt, steps}}. On a work thread. */
void wiserows_answer_workflow(struct call *call, int http_status, const struct workflow_row *row);

/* {"data": {id, name, slug, description, fields, createdAt, updatedAt}} */
void wiserows_answer_type(struct call *call, int http_status, const struct object_row *row);
/* {"data": {id, entityTypeId, fields, createdAt, updatedAt, archivedAt}} */
void wiserows_answer_entity(struct call *call, int http_status, const struct object_row *row,
                            const struct object_row *type);

/* A request with an Idempotency-Key that was answered before. */
struct idempotency_row;
void wiserows_answer_again(struct call *call, const struct idempotency_row *made);

/* A page of objects, oldest first, with how many there are in all. On a work thread. */
struct wiserows_listing {
    struct object_page page; /* its limit and skip are set there */
    struct wiserows_window window;
    wiserows_put_fn *put;
    struct value definitions;
};
void wiserows_answer_listing(struct call *call, struct wiserows_listing *listing);

/* --- runs --- */

struct wiserows_progress {
    uint64_t total, completed, failed;
};

/* A run as this dialect tells of it. */
struct wiserows_job {
    struct wiserows_job *next;
    struct id id, workflow;
    enum run_state state;
    int64_t created_unix_ms, started_unix_ms, ended_unix_ms;
    struct wiserows_progress progress;
    const struct run_row *run; /* of a job that is shown alone */
};

/* Jobs on their way to an answer, in the call's arena. */
struct wiserows_jobs {
    struct call *call;
    struct wiserows_job *first, *last;
    struct wiserows_job *asked; /* how far it is */
    route_handler_fn *answer;
};

/* None yet; they become call->own. */
struct wiserows_jobs *wiserows_jobs_new(struct call *call, route_handler_fn *answer);
void wiserows_jobs_add(struct wiserows_jobs *jobs, const struct run_row *row);
/* Asks those that go on how far they are, then has the call answered, on a work thread. */
void wiserows_jobs_finish(struct wiserows_jobs *jobs);

/* `,"logs":[{timestamp, level, message}…]`: what has happened, and why entities failed. On a work
 * thread. */
MUST_USE enum status wiserows_put_logs(struct buffer *out, struct call *call,
                                       const struct wiserows_job *job);

/* Our states in the words of this dialect. */
const char *wiserows_status(enum run_state state);
/* `"progress":{…}` with a comma before it. */
void wiserows_put_progress(struct buffer *out, const struct wiserows_progress *progress);

#endif
