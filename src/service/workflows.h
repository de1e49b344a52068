/* service/workflows.h - changing workflows, and their versions.
 *
 * A version is the text of a workflow, kept as it was sent and never changed. A workflow has a
 * newest one and may have a published one, which runs start on. Its name and its slug are those of
 * the published version, and before there is one those of the newest: what is not published has no
 * effect outside. Each change raises the revision of the row; a change that is made of a row which
 * somebody else has changed meanwhile is made again of the new one.
 *
 * Threads: any that may wait for a point read; answers come from the writer's thread, a work thread
 * or at once.
 */
#ifndef SERVICE_WORKFLOWS_H
#define SERVICE_WORKFLOWS_H

#include "engine/trial.h"
#include "flow/plan.h"
#include "flow/problem.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct service;

enum workflow_change_kind {
    /* A new workflow of `text`. CONFLICT: the slug is taken. */
    WORKFLOW_CREATE,
    /* `text` as a new version of the target, unless its newest has the same text; the target is
     * made if it is not there and is the text's own slug. CONFLICT: the slug is taken. */
    WORKFLOW_PUT,
    /* Publishes `version`. */
    WORKFLOW_PUBLISH,
    /* Makes the text of `version` the newest version, unless it is, and publishes that. */
    WORKFLOW_RESTORE,
    /* No further runs are started, until it is taken back; those that are there go on. */
    WORKFLOW_ARCHIVE,
    WORKFLOW_UNARCHIVE,
    /* Frees the slug. CONFLICT: a run has not ended. Ended runs stay, and what they need. */
    WORKFLOW_DELETE,
};

/* What a client says that it has seen; revision 0: any of that version. */
struct workflow_tag {
    uint32_t version, revision;
};
#define WORKFLOW_TAGS_MAX 8

struct workflow_change {
    enum workflow_change_kind kind;
    struct id workspace;
    struct slice target; /* id or slug; empty: the slug of the text */
    struct slice text;   /* YAML or JSON */
    bool publish;        /* CREATE, PUT */
    uint32_t version;    /* PUBLISH, RESTORE; 0: the newest */
    /* CREATE, PUT: the slug in the text is a wish. A workflow that is there keeps its own; a new
     * one gets a random ending when another has it. The text is stored with that slug, as JSON in
     * canonical order. */
    bool any_slug;
    /* PUT: what the client calls it, "DIALECT:ID". The target is the workflow of that alias, else
     * the one with `target` as its id, else a new one, which gets the alias. */
    struct slice alias;
    /* Otherwise it is stale: */
    bool must_exist, must_not_exist;
    struct workflow_tag tags[WORKFLOW_TAGS_MAX]; /* one of these is stored, unless there are none */
    size_t tag_count;
    /* Stored with a change; what it has made is filled in. If another change has it, CONFLICT.
     * NULL: none. */
    const struct idempotency_row *idempotency;
};

/* Lives as long as the call. */
struct workflow_changed {
    enum status status;
    bool is_stale; /* of CONFLICT: not what the client has seen */
    bool is_new;   /* of OK: a workflow was made */
    /* OK: as it stands now, or of DELETE as it stood last; else NULL. */
    const struct workflow_row *row;
    struct error error; /* words, if it is not OK */
};
typedef void workflow_changed_fn(const struct workflow_changed *changed, void *context);

/* INVALID with *problems filled when the text has any: nothing will be called. Else OK, and `done`
 * is called, perhaps before it returns. The change is copied. */
MUST_USE enum status service_workflow_change(struct service *service,
                                             const struct workflow_change *change,
                                             struct problems *problems, workflow_changed_fn *done,
                                             void *context);

/* --- a text that is not stored --- */

struct workflow_check {
    struct value summary;  /* flow/plan_summary.h; borrows from the plan */
    struct value warnings; /* an array of words: what would keep a run from starting now */
    struct plan *plan;     /* one reference for the caller */
};
/* Loads the text and looks at the workflows of the workspace that it calls; nothing is stored and
 * nobody is asked. What comes out lives in the arena of the problems. INVALID with *problems
 * filled; *out is empty then. */
MUST_USE enum status service_workflow_check(struct service *service, const struct id *workspace,
                                            struct slice text, struct problems *problems,
                                            struct workflow_check *out);

/* --- one step --- */

/* A step on given data. What is VALUE_NONE is empty, the item of a step over the run's input is
 * the input. All is borrowed until service_step_try() returns. */
struct step_trial {
    struct id workspace;
    struct id key;                       /* who pays beside the workspace; zero: nobody */
    const struct workflow_row *workflow; /* of which `version` is meant; NULL: of `text` */
    uint32_t version;
    struct slice text; /* YAML or JSON */
    struct slice step; /* its id */
    struct value input, item, steps, vars, parent;
    bool makes_calls; /* see engine/trial.h */
};
/* INVALID with *problems filled, NOT_FOUND: no such step, UNAVAILABLE: too many are tried: nothing
 * will be called. On a work thread. */
MUST_USE enum status service_step_try(struct service *service, const struct step_trial *wanted,
                                      struct problems *problems, trial_done_fn *done, void *context,
                                      struct error *error);

/* --- before a run --- */

struct estimate_wanted {
    const struct workflow_row *workflow;
    uint32_t version;   /* 0: the published one, or the newest if there is none */
    struct value input; /* an object */
};
/* {version, tables: [{name, rows, rowsAtMost}…], steps: [{id, type, table, attempts, mayFollow,
 * basedOnItems, model, price, calls, tokensIn, tokensOut, cost}…], total: {calls, tokensIn,
 * tokensOut, cost}, basedOnRuns, unknown: [words…]}, into the arena. What is not known is null.
 * steps: those that make calls; calls: at most, of first attempts; what they use is what the step
 * has used for its items in runs that completed, at the prices of now. Reads files, for
 * LIMIT_ESTIMATE_MS at most: a work thread. INVALID as service_run_start() has it; LIMIT. */
MUST_USE enum status service_workflow_estimate(struct service *service,
                                               const struct estimate_wanted *wanted,
                                               struct arena *arena, struct value *out,
                                               struct error *error);

/* --- versions --- */

/* By its number, or as "newest" or "published". NOT_FOUND, with words. */
MUST_USE enum status service_version_find(struct service *service,
                                          const struct workflow_row *workflow, struct slice which,
                                          struct arena *arena, struct version_row *out,
                                          struct error *error);

/* What its text says, parsed and no more, in the arena: for lists, which show a little of many
 * versions and need no plan of any. INVALID. */
MUST_USE enum status service_version_read(struct service *service,
                                          const struct version_row *version, struct arena *arena,
                                          struct value *out);

/* Its plan, one reference for the caller. INVALID, with words: another build wrote it. */
MUST_USE enum status service_version_load(struct service *service,
                                          const struct version_row *version, struct plan **out,
                                          struct error *error);

/* See store_version_list(). */
MUST_USE enum status service_version_list(struct service *service, const struct version_page *page,
                                          store_version_fn *visit, void *context);

#endif
