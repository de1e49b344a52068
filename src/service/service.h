/* service/service.h - what the program can do, whoever asks: HTTP, the command line, the socket.
 *
 * A service joins store, writer, blobs, pools and engine over one data folder. Reads are point or
 * bounded range reads and answer at once; whatever must be acknowledged answers by a callback after
 * the commit, on the writer's or the engine's thread.
 *
 * Threads: any, unless said otherwise. Callbacks must be quick and must not block.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/conversion.h"
#include "base/exchange.h"
#include "base/id.h"
#include "base/rate.h"
#include "base/status.h"
#include "engine/engine.h"
#include "engine/program.h"
#include "flow/catalog.h"
#include "flow/problem.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct service;

/* The outgoing transport, made by main (net/ is not seen from here). */
struct service_transport {
    uint64_t (*call)(void *context, struct exchange *exchange); /* gives a ticket */
    void (*cancel)(void *context, uint64_t ticket);
    /* As that of struct engine_ports; its context is not this one, and not used. NULL: nothing that
     * is sent costs anything. */
    int64_t (*price)(void *unused, struct slice model, size_t bytes, int64_t answer_tokens);
    /* What so many tokens of "provider/model" cost now, in millionths of a credit. False: no
     * provider of that name is configured. May be NULL where `price` is. */
    bool (*cost)(void *unused, struct slice model, const struct usage *tokens, int64_t *cost);
    void (*close)(void *context); /* waits until its threads have ended */
    void *context;
};

/* What parses foreign documents, made by main (sandbox/ is not seen from here). */
struct service_converter {
    converter_fn *convert;
    void (*stop)(void *converter); /* what is under way ends soon, as cancelled */
    void *converter;
};

/* What sends mails, made by main; .send NULL: nothing does. */
struct service_mailer {
    mailer_fn *send;
    void *mailer;
};

/* How the ends of runs are told to addresses outside (service/deliveries.h). */
struct deliveries_options {
    int64_t retry_ms;   /* before the second attempt; then about twice as long each time */
    int64_t give_up_ms; /* no attempt later than that; 0: nobody is told */
    int64_t timeout_ms; /* of one attempt */
};

struct service_options {
    const char *data_folder; /* made if missing; locked while the service is open */
    int64_t lock_wait_ms;    /* how long to wait for a process that is just leaving */
    /* Opens the store in that folder; main names the back end. */
    enum status (*open_store)(struct store **out, const char *folder, struct error *error);
    const struct step_table *steps;
    const struct catalog *catalog;
    struct service_transport transport;
    struct service_converter converter;
    struct service_mailer mailer;
    struct clock *clock;
    int64_t audit_ms;          /* entries of the audit log are kept so long; 0: for ever */
    struct rate key_rate;      /* of keys without a limit of their own; count 0: none */
    const char *secret_keys;   /* as service/secret_ring.h has them; NULL: those of the folder. Read
                                * while the service is opened */
    const char *default_model; /* "provider/model" that steps mean by `default`; outlives it */
    unsigned eval_threads;     /* 0: one a core */
    bool allow_paths;          /* a `file` is a path: windrow run; otherwise a stored file's id */
    /* What is removed in the background, where runs are taken up; in ms. */
    int64_t retention_ms;   /* of runs whose workflow says nothing; 0: for ever */
    int64_t clean_after_ms; /* how long what deleted runs leave is still kept */
    int64_t clean_every_ms; /* how often it is looked for */
    bool take_up_runs;      /* go on with unfinished runs: windrow serve */
    bool is_reader;         /* looks only: takes no lock, writes nothing, runs nothing */
    struct deliveries_options deliveries;
    const char *public_url; /* at which clients reach us; NULL: not known. Outlives it */
};

MUST_USE enum status service_open(struct service **out, const struct service_options *options,
                                  struct error *error);

/* Parks runs where they are, commits what is on its way, ends all threads. */
void service_close(struct service **service);

struct clock *service_clock(struct service *service);
/* A new id, of whatever the caller makes. Any thread. */
struct id service_new_id(struct service *service);
const struct catalog *service_catalog(struct service *service);

/* OK, or why commits are held up now (a full disk). For /readyz. */
enum status service_trouble(struct service *service, struct error *error);

/* What store, writer, engine and pools count, for Prometheus; no ids and no names of users. */
void service_print_metrics(struct service *service, struct buffer *out);

/* The workspace that exists from the first start: the operator's (service/keys.h). */
struct id service_default_workspace(struct service *service);

/* What a request with the workspace, scope and key of `which` has made; NOT_FOUND also when that
 * was too long ago. */
MUST_USE enum status service_idempotency_find(struct service *service,
                                              const struct idempotency_row *which,
                                              struct arena *arena, struct idempotency_row *out);

/* Stores the row of a request that found all as it asks for, so that it does not act when it comes
 * again: `kept` is called with OK, or CONFLICT (it was stored meanwhile). */
void service_idempotency_keep(struct service *service, const struct idempotency_row *row,
                              run_moved_fn *kept, void *context);

/* --- workflows (changing them: service/workflows.h) --- */

/* Loads the published version, so that the first run does not have to. */
void service_workflow_load(struct service *service, const struct workflow_row *workflow);

/* By any form of its id, or by its slug, in that workspace. */
MUST_USE enum status service_workflow_find(struct service *service, const struct id *workspace,
                                           struct slice id_or_slug, struct arena *arena,
                                           struct workflow_row *out);

/* What a client of the workspace calls so, "DIALECT:ID" (struct workflow_change). */
MUST_USE enum status service_workflow_find_alias(struct service *service,
                                                 const struct id *workspace, struct slice alias,
                                                 struct arena *arena, struct workflow_row *out);
/* What its client calls it; NOT_FOUND for most workflows. */
MUST_USE enum status service_workflow_alias(struct service *service, const struct id *workflow,
                                            struct arena *arena, struct slice *out);

/* Of any workspace. */
MUST_USE enum status service_workflow_get(struct service *service, const struct id *id,
                                          struct arena *arena, struct workflow_row *out);

/* --- runs --- */

struct run_new_options {
    /* service_run_rerun(): the run whose workspace, workflow, input and the like are taken. */
    const struct run_row *rerun_of;
    struct id workspace;
    struct id run; /* its id; zero: a new one */
    const struct workflow_row *workflow;
    uint32_t version;   /* 0: the published one */
    struct value input; /* VALUE_NONE: {} */
    bool any_input;     /* without a schema it may be any JSON, not only an object */
    const char *trigger;
    struct id key;           /* of the API, with which it is asked for; zero: none */
    struct refusal *refusal; /* filled when a limit of credits is used up; may be NULL */
    struct value resolved; /* kept with the run: what the caller has to know to go on; VALUE_NONE */
    const struct run_wishes *wishes;           /* NULL: none; of a rerun: those of that run */
    const struct idempotency_row *idempotency; /* of the request; may be NULL */
    struct expr_machine *machine; /* the caller's own, of engine_inline_budget(); may be NULL */
    struct store_op also;         /* as in struct run_start */
};
/* INVALID with words that name the place: the input does not fit the schema, or names a file that
 * the workspace does not have (*error filled, nothing will be called); CONFLICT: no published
 * version; FORBIDDEN: it is started without a key, and the workspace is closed. OK: `started` will
 * be called (CONFLICT: the same request was stored meanwhile). */
MUST_USE enum status service_run_start(struct service *service,
                                       const struct run_new_options *wanted,
                                       run_started_fn *started, void *context, struct error *error);

/* The same input as that of wanted->rerun_of on the newest published version: a new run. */
MUST_USE enum status service_run_rerun(struct service *service,
                                       const struct run_new_options *wanted,
                                       run_started_fn *started, void *context, struct error *error);

/* NOT_FOUND also for a run of another workspace. */
MUST_USE enum status service_run_find(struct service *service, const struct id *workspace,
                                      struct slice id, struct arena *arena, struct run_row *out);

/* Of any workspace: for the command line. */
MUST_USE enum status service_run_get(struct service *service, const struct id *id,
                                     struct arena *arena, struct run_row *out);

/* Of the page's workspace; see store_run_list(). */
MUST_USE enum status service_run_list(struct service *service, const struct store_page *page,
                                      store_run_fn *visit, void *context);
MUST_USE enum status service_workflow_list(struct service *service, const struct store_page *page,
                                           store_workflow_fn *visit, void *context);

/* The files of a run as its generation has them: those of taps, then those of items by step and
 * key, newest for each. Their names are safe for a folder and different from each other: of several
 * with one name the first keeps it, and the others are called name-KEY.ending. LIMIT: the run has
 * too many to be listed. */
MUST_USE enum status service_run_files(struct service *service, const struct run_row *run,
                                       store_file_fn *visit, void *context, struct error *error);
/* Where one lies. */
void service_file_path(struct service *service, const struct id *file, char out[4096]);

void service_run_cancel(struct service *service, const struct id *run,
                        const struct run_asker *asker);
/* Whether the run may go on with the newest published version: CONFLICT with words, when a step
 * there has another type than the step of that id had; else as programs_get(). */
MUST_USE enum status service_run_fits_newest(struct service *service, const struct run_row *run,
                                             struct error *error);
/* A completed run goes on when an item of it failed, or with a version that it was not on: what is
 * done is not done again. Else CONFLICT, also when the run has gone on since it was read. */
void service_run_retry(struct service *service, const struct run_row *run, bool on_newest,
                       const struct run_asker *asker);
void service_run_pause(struct service *service, const struct id *run,
                       const struct run_asker *asker);
void service_run_resume(struct service *service, const struct id *run,
                        const struct run_asker *asker);
/* Removes an ended run, for good and for all who look when it answers OK; what it has made, and the
 * runs that it has called, follow in the background. CONFLICT: it has not ended, another run has
 * called it, or a run below it has not ended. On the writer's thread. */
void service_run_delete(struct service *service, const struct id *run, run_moved_fn *deleted,
                        void *context);
void service_run_progress(struct service *service, const struct id *run, run_progress_fn *visit,
                          void *context);

/* What has happened to a run so far, oldest first: each event as a JSON object, as a watcher is
 * sent it (service/event_page.h). Borrowed for the call; false stops. */
typedef bool run_event_fn(struct slice event, void *context);
/* Reads the store: not on the http threads. */
MUST_USE enum status service_run_events(struct service *service, const struct id *run,
                                        run_event_fn *visit, void *context);

/* What the steps of a run have used, by name. */
MUST_USE enum status service_run_usage(struct service *service, const struct id *run,
                                       store_usage_fn *visit, void *context);

/* See engine_run_at(). */
MUST_USE enum status service_run_at(struct service *service, const struct run_row *run,
                                    uint32_t generation, struct run_row *out, struct error *error);

/* See engine_run_items(). */
/* Reads the store and the source file: not on the http threads. */
MUST_USE enum status service_run_items(struct service *service, const struct run_row *run,
                                       const struct item_query *query, item_visit_fn *visit,
                                       void *context, struct error *error);

/* A task on a work thread of the service, for reads that take long; at once on the caller's thread
 * while the service closes. is_interactive: somebody waits for just this. */
void service_post(struct service *service, struct task *task, bool is_interactive);

#endif
