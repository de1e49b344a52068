/* api/sixtyfour/sixtyfour.h - the endpoints of the Sixtyfour API: graphs of blocks over tables.
 *
 * Answers have no envelope: bare objects, bare arrays. Faults have three forms, as the vendor's do:
 * {"error": type, "message": words} in general, {"detail": words} at paths and methods that there
 * are not, {"detail": [{"loc", "msg", "type"}]} where a field of a request is wrong (422). Runs are
 * called jobs, and their ids are UUIDs (id_uuid()).
 *
 * Sources: docs.sixtyfour.ai (Workflow execution, Incoming webhooks, Signing secrets, Errors).
 * Threads: handlers run on the HTTP threads, see api/call.h.
 */
#ifndef API_SIXTYFOUR_SIXTYFOUR_H
#define API_SIXTYFOUR_SIXTYFOUR_H

#include "api/call.h"

extern const struct dialect sixtyfour_dialect;

route_handler_fn sixtyfour_run_start;
route_handler_fn sixtyfour_run_list;
route_handler_fn sixtyfour_run_cancel;
route_handler_fn sixtyfour_run_live;
route_handler_fn sixtyfour_run_links;
route_handler_fn sixtyfour_csv_upload;
route_handler_fn sixtyfour_direct;
route_handler_fn sixtyfour_job_status;
route_handler_fn sixtyfour_interactive_start;
route_handler_fn sixtyfour_interactive_add;
route_handler_fn sixtyfour_interactive_finish;
route_handler_fn sixtyfour_interactive_state;
route_handler_fn sixtyfour_interactive_output;
route_handler_fn sixtyfour_interactive_save;
route_handler_fn sixtyfour_absent;
route_handler_fn sixtyfour_signing_get;
route_handler_fn sixtyfour_signing_make;
route_handler_fn sixtyfour_signing_roll;
route_handler_fn sixtyfour_signing_remove;

route_handler_fn sixtyfour_workflow_list;
route_handler_fn sixtyfour_workflow_get;
route_handler_fn sixtyfour_workflow_create;
route_handler_fn sixtyfour_workflow_update;
route_handler_fn sixtyfour_workflow_delete;
route_handler_fn sixtyfour_block_list;

/* --- faults --- */

/* Where a field of a request stands that is wrong. */
struct sixtyfour_place {
    const char *part;   /* "query", "body", "path" */
    struct slice field; /* dots between the parts of a path; empty: all of it */
};

/* 422, as the vendor's framework says it; type: "missing", "value_error" and so on. */
void sixtyfour_fail_field(struct call *call, const struct sixtyfour_place *place, const char *type,
                          const char *words);

/* {"detail": words}, as some endpoints say it. */
void sixtyfour_fail_detail(struct call *call, int http_status, const char *words);

/* What keeps a run from starting. */
struct refusal;
void sixtyfour_fail_start(struct call *call, enum status status, const struct refusal *refusal,
                          const struct error *error);

void sixtyfour_put_fault(struct call *call, struct fault *fault, struct buffer *out);

/* --- what was sent --- */

/* False: the call was answered with 402. */
bool sixtyfour_has_credits(struct call *call);

/* A query parameter that there has to be. False: the call was answered with 422. */
bool sixtyfour_read_query(struct call *call, const char *name, struct slice *out);

/* The JSON body, {} if there is none, into call->body; it may have these fields, ended by NULL, and
 * no others; NULL: any. False: the call was answered with 400 or 422. */
bool sixtyfour_read_body(struct call *call, const char *const *fields);

/* The name of the alias of a workflow that the client calls so. */
struct slice sixtyfour_alias(struct call *call, struct slice id);

/* A workflow by any form of its id, or by what the client calls it. */
MUST_USE enum status sixtyfour_look_for(struct call *call, struct slice text,
                                        struct workflow_row *out);

/* The workflow or run that a text names; the texts are any form of its id. False: the call was
 * answered, 404 when the workspace has none. */
bool sixtyfour_find_workflow(struct call *call, struct slice text, struct workflow_row *out);
bool sixtyfour_find_run(struct call *call, struct slice text, struct run_row *out);
/* A run that went on when it was looked for, as it is now. False: the call was answered. */
bool sixtyfour_read_again(struct call *call, struct run_row *run);

/* Whether it is one of the words, which are ended by NULL. */
bool sixtyfour_is_one_of(struct slice text, const char *const *words);

/* --- what is answered --- */

/* When its work began; 0 while it is queued, though it may have a time by then. */
int64_t sixtyfour_started(const struct run_row *run);

/* ,"name": and a UUID or an ISO time (null for 0). */
void sixtyfour_put_id(struct buffer *out, const char *name, const struct id *id);
void sixtyfour_put_time(struct buffer *out, const char *name, int64_t unix_ms);

/* The workflow's id as a text: what its client calls it, else a UUID. */
void sixtyfour_put_workflow_id(struct call *call, struct buffer *out, const struct id *id);

/* A whole record, and an answer of one: on a work thread. */
void sixtyfour_put_workflow(struct call *call, struct buffer *out, const struct workflow_row *row);
void sixtyfour_answer_workflow(struct call *call, const struct workflow_row *row);
void sixtyfour_answer_workflow_again(struct call *call, const struct id *workflow);

/* In which forms a run gives its results: kept with it (run_row.resolved, under "results"). */
struct run_formats {
    bool has_csv, has_ndjson, has_json;
};

/* Runs that were started elsewhere give all. */
void sixtyfour_formats_of(struct run_formats *out, const struct run_row *run, struct arena *arena);

/* A request with an Idempotency-Key that was answered before. */
void sixtyfour_answer_file_again(struct call *call, const struct id *file);
void sixtyfour_answer_again(struct call *call, const struct idempotency_row *made);

#endif
