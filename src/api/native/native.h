/* api/native/native.h - the endpoints of the native dialect, which has Metal's shapes.
 *
 * {"data": …} around results, {"error": words} for faults, camelCase, ISO times, ids of 24 hex
 * digits.
 *
 * Sources: docs.metal.ai (API reference, Pagination, Errors, Webhooks guide).
 * Threads: handlers run on the HTTP threads, see api/call.h.
 */
#ifndef API_NATIVE_NATIVE_H
#define API_NATIVE_NATIVE_H

#include "api/call.h"
#include "service/links.h"

struct ask_found;

extern const struct route_table native_routes;
extern const struct dialect native_dialect;

/* {"error": words}; 429 says more. */
void native_put_fault(struct call *call, struct fault *fault, struct buffer *out);

/* The text of api.yaml, to which the table's names refer. */
struct slice native_api_text(void);

route_handler_fn native_openapi;
route_handler_fn native_docs;
route_handler_fn native_docs_style;

route_handler_fn native_health;
route_handler_fn native_ready;
route_handler_fn native_metrics;
/* The same, wherever the server listens. */
route_handler_fn native_print_metrics;
route_handler_fn native_no_editor;

route_handler_fn native_workflow_list;
route_handler_fn native_workflow_create;
route_handler_fn native_workflow_get;
route_handler_fn native_workflow_put;
route_handler_fn native_workflow_delete;
route_handler_fn native_workflow_publish;
route_handler_fn native_workflow_archive;
route_handler_fn native_workflow_unarchive;
route_handler_fn native_workflow_validate;
route_handler_fn native_workflow_estimate;
route_handler_fn native_step_try;
route_handler_fn native_text_try;
route_handler_fn native_version_list;
route_handler_fn native_version_get;
route_handler_fn native_version_diff;
route_handler_fn native_version_restore;
route_handler_fn native_workflow_schema;

route_handler_fn native_run_start;
route_handler_fn native_run_list;
route_handler_fn native_run_list_all;
route_handler_fn native_run_children;
route_handler_fn native_run_get;
route_handler_fn native_run_retry;
route_handler_fn native_run_rerun;
route_handler_fn native_run_cancel;
route_handler_fn native_run_pause;
route_handler_fn native_run_resume;
route_handler_fn native_run_delete;
route_handler_fn native_runs_retry;
route_handler_fn native_runs_cancel;
route_handler_fn native_runs_delete;
route_handler_fn native_operation_get;
route_handler_fn native_operation_list;
route_handler_fn native_run_items;
route_handler_fn native_run_item;
route_handler_fn native_run_results;
route_handler_fn native_run_table;
route_handler_fn native_run_tables;

route_handler_fn native_run_files;
route_handler_fn native_run_events;

route_handler_fn native_file_create;
route_handler_fn native_file_list;
route_handler_fn native_file_delete;
route_handler_fn native_file_get;
route_handler_fn native_file_content;
route_handler_fn native_file_link;
route_handler_fn native_link_content;

route_handler_fn native_key_list;
route_handler_fn native_key_create;
route_handler_fn native_key_revoke;

route_handler_fn native_credits_get;
route_handler_fn native_credits_grant;
route_handler_fn native_grant_list;
route_handler_fn native_usage;
route_handler_fn native_audit_list;

route_handler_fn native_workspace_list;
route_handler_fn native_workspace_create;
route_handler_fn native_workspace_get;
route_handler_fn native_workspace_change;
route_handler_fn native_workspace_key_create;
route_handler_fn native_workspace_search;

route_handler_fn native_delivery_list;
route_handler_fn native_delivery_get;
route_handler_fn native_delivery_replay;
route_handler_fn native_webhook_secret;
route_handler_fn native_webhook_secret_rotate;

route_handler_fn native_webhook;
route_handler_fn native_webhook_challenge;
route_handler_fn native_hook_list;
route_handler_fn native_hook_get;
route_handler_fn native_hook_replay;
route_handler_fn native_hook_secret_get;
route_handler_fn native_hook_secret_rotate;
route_handler_fn native_event_take;
route_handler_fn native_wait_list;
route_handler_fn native_approval_list;
route_handler_fn native_approval_get;
route_handler_fn native_approval_decide;
route_handler_fn native_approval_page;
route_handler_fn native_approval_sent;

route_handler_fn native_schedule_get;
route_handler_fn native_schedule_list;
route_handler_fn native_secret_list;
route_handler_fn native_secret_get;
route_handler_fn native_secret_put;
route_handler_fn native_secret_delete;
route_handler_fn native_var_list;
route_handler_fn native_var_get;
route_handler_fn native_var_put;
route_handler_fn native_var_delete;

route_handler_fn native_entity_type_list;
route_handler_fn native_entity_type_create;
route_handler_fn native_entity_type_get;
route_handler_fn native_entity_type_change;
route_handler_fn native_entity_type_delete;
route_handler_fn native_entity_list;
route_handler_fn native_entity_create;
route_handler_fn native_entity_get;
route_handler_fn native_entity_change;
route_handler_fn native_entity_delete;
route_handler_fn native_entity_restore;

/* Companies, deals and people. */
route_handler_fn native_record_list;
route_handler_fn native_record_create;
route_handler_fn native_record_get;
route_handler_fn native_record_change;
route_handler_fn native_record_delete;
route_handler_fn native_record_search;

route_handler_fn native_document_list;
route_handler_fn native_document_create;
route_handler_fn native_document_get;
route_handler_fn native_document_change;
route_handler_fn native_document_delete;
route_handler_fn native_document_search;

route_handler_fn native_list_list;
route_handler_fn native_list_create;
route_handler_fn native_list_get;
route_handler_fn native_list_delete;
route_handler_fn native_list_rows;
route_handler_fn native_list_add;
route_handler_fn native_list_run;
route_handler_fn native_list_remove;

/* --- what the endpoints share --- */

/* {"data": run}: 201 for a new one. */
void native_answer_run(struct call *call, int http_status, const struct run_row *row);

/* Reads `?wait=`, the seconds for which the answer may wait for the run's end, into call->wait_ms.
 * 400 for anything but 1 to LIMIT_WAIT_SECONDS. */
bool native_read_wait(struct call *call);

/* As native_answer_run(), but when call->wait_ms says so only once the run has ended or the time is
 * over. Any thread. */
void native_answer_end(struct call *call, int http_status, const struct run_row *row);

/* The same for an answer of another shape. */
typedef void native_run_answer_fn(struct call *call, int http_status, const struct run_row *row);
void native_answer_end_as(struct call *call, int http_status, const struct run_row *row,
                          native_run_answer_fn *answer);

/* {"data": file}: 201 for a new one. */
void native_answer_file(struct call *call, int http_status, const struct file_row *row);

/* Bytes that are wanted of a file. */
struct content {
    struct file_row row;
    struct slice name; /* that it is sent with */
    bool is_inline;    /* to be shown by a browser, if its type is one that may */
    bool is_part;      /* set when a range was asked for */
};
/* Sends all of it, or the range that the request asks for, or says that the client has it already;
 * the content lives as long as the call. */
void native_send_content(struct call *call, struct content *content);

/* Appends the run as it stands in answers; service: NULL within a list (service/present.h). */
void native_put_run(struct buffer *out, const struct run_row *row, struct service *service);

/* Puts what the body says beside the input over what is wished, and null takes a wish back. */
bool native_read_wishes(struct call *call, struct run_wishes *wishes);
/* The version that the body names; 0: none. */
uint32_t native_read_version(struct call *call);

/* Answers 201 when the run is stored; the call is the context. */
run_started_fn native_run_started;

/* Answers a request that was answered before with what it made, as that is now. */
void native_answer_again(struct call *call, const struct idempotency_row *made);
/* {"data": workflow} with its ETag: 201 for a new one. In two parts, for more members between. */
void native_answer_workflow(struct call *call, int http_status, const struct workflow_row *row);
void native_begin_workflow(struct call *call, struct buffer *out, const struct workflow_row *row);
void native_end_workflow(struct call *call, int http_status, struct buffer *out,
                         const struct workflow_row *row);

/* Why a run could not be started. refusal: as service_run_start() left it, begun as
 * NATIVE_NO_REFUSAL. */
#define NATIVE_NO_REFUSAL                                                                          \
    {                                                                                              \
        .limit = ACCOUNT_UNLIMITED                                                                 \
    }
void native_fail_start(struct call *call, enum status status, const struct refusal *refusal,
                       const struct error *error);

/* Sends the table of a run that a link names. */
void native_send_table(struct call *call, const struct link *link);

/* The credits as they are now. */
void native_answer_object_again(struct call *call, const struct idempotency_row *made);
void native_answer_operation_again(struct call *call, const struct id *id);
void native_answer_grant_again(struct call *call, const struct id *workspace);

/* 201, without the secret. */
void native_answer_key_again(struct call *call, const struct key_row *row);
void native_answer_workspace_again(struct call *call, const struct workspace_row *row);

/* A new key with its secret. */
struct value native_new_key_value(struct call *call, const struct new_key *key,
                                  const struct key_wanted *wanted);
/* Makes the key that the body asks for, of these scopes at most, and answers with it. */
void native_create_key_in(struct call *call, const struct id *workspace, uint32_t most);

/* The number in the body's member "version", which was checked; 0: there is none. */
uint32_t native_version_named(struct value body);
/* The text of a workflow in the body, which is not empty; answers otherwise. */
bool native_read_definition(struct call *call, struct slice *out);
/* A body that says it is JSON is held to that: false with a problem added. */
bool native_check_definition(struct call *call, struct slice text, struct problems *problems);
/* Problems in answers: one, as an item of a list; all, as the 400 that they are. */
void native_put_problem(struct buffer *out, const struct problem *problem);
void native_fail_problems(struct call *call, const struct problems *problems);

/* The approval that the same request has decided before. */
void native_answer_approval_again(struct call *call, const struct idempotency_row *made);
/* The delivery that the same request has asked for before. */
void native_answer_delivery_again(struct call *call, const struct idempotency_row *made);

/* The webhook secret of a workspace or of a workflow; another one. */
void native_answer_secret(struct call *call, const struct id *owner);
void native_rotate_secret(struct call *call, const struct id *owner);

/* What is shown of an approval, with links for who may decide. */
struct value native_approval_value(struct call *call, const struct ask_found *found);

/* Starts a run of the workflow with that input, by what the body says beside; the call is answered
 * in any case. */
void native_start_run(struct call *call, const struct workflow_row *workflow, struct value input);

/* {"data": …}: begins it; ends and answers it, a 201 with the address of what was made: the path
 * (NULL: without) and the id. */
void native_begin_one(struct buffer *out);
void native_end_one(struct call *call, int http_status, struct buffer *out, const char *path,
                    const struct id *id);
/* The same around a value; 422 for VALUE_NONE, which is too large. */
void native_answer_value(struct call *call, int http_status, struct value value);

/* A page of a list that is read on a work thread. */
struct native_list {
    struct call *call;
    struct list_query query; /* of the caller's workspace */
    struct buffer body;
    struct arena_mark mark; /* of the call's arena: what is shown of a row is behind it */
    enum status (*read)(struct native_list *list); /* gives each row to native_put_listed() */
};
/* Reads what is asked for, into the call's arena; NULL: that was wrong, and was answered. */
struct native_list *native_open_list(struct call *call);
/* Goes on with `read` and answers what it has put. The list may be NULL: nothing is done. */
void native_read_list(struct native_list *list, enum status (*read)(struct native_list *list));
/* For a visitor, which returns it: puts what is shown of the row of that id, and frees all that was
 * taken from the call's arena since `read` began. False: that is all. */
bool native_put_listed(struct native_list *list, const struct id *id, struct value shown);

/* {"data": […]}: begins it, puts the comma before an item, ends and answers it. */
void native_begin_list(struct buffer *out);
void native_next_item(struct buffer *out);
void native_end_list(struct call *call, struct buffer *out, enum status status);

#endif
