/* store/rows.h - what the store keeps: one struct for each kind of row.
 *
 * Slices are borrowed. Whoever hands a row out says how long they live. Text is UTF-8; keys, hashes
 * and bodies are bytes.
 *
 * Threads: plain values.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/slice.h"
#include "base/value.h"
#include "flow/state.h"

#include <stdbool.h>
#include <stdint.h>

/* An item's key: order-preserving bytes (engine/key.h); "" in one-item tables. */
#define STORE_KEY_BYTES_MAX 255
/* First half of the SHA-256 over an effect's type and rendered config. */
#define STORE_HASH_BYTES 16
enum workflow_status { WORKFLOW_DRAFT = 0, WORKFLOW_ACTIVE = 1, WORKFLOW_ARCHIVED = 2 };

struct workflow_row {
    struct id workspace, id;
    struct slice slug; /* unique on the server */
    struct slice name;
    enum workflow_status status;
    uint32_t latest_version;
    uint32_t published_version; /* 0: none */
    uint32_t revision;          /* from 1, raised by one with each change */
    int64_t created_unix_ms, updated_unix_ms;
};

struct version_row {
    struct id workflow;
    uint32_t version;  /* from 1 */
    struct slice text; /* as it was sent: YAML or JSON */
    int64_t created_unix_ms;
};

/* A tenant. */
struct workspace_row {
    struct id id;
    struct slice name;
    struct slice limits; /* JSON (service/limits.h); empty: none of its own */
    bool is_closed;      /* its keys open nothing */
    int64_t created_unix_ms;
    /* Its credits: read with it, changed by grants alone. */
    bool is_metered; /* it has no more than was granted */
    int64_t granted_microcredits;
    uint32_t credit_revision; /* raised by each grant */
};

enum grant_kind {
    GRANT_ADD = 0,       /* so much more than before; CONFLICT: it is unlimited */
    GRANT_SET = 1,       /* so much is left now */
    GRANT_UNLIMITED = 2, /* no limit from now on */
};

/* One change of what a workspace may use. */
struct grant_row {
    struct id workspace, id;
    struct id key; /* who granted it; zero: the command line */
    enum grant_kind kind;
    int64_t microcredits; /* 0 or more */
    struct slice note;
    int64_t created_unix_ms;
};

struct key_row {
    struct id workspace, id; /* id: the public client id */
    struct digest secret;    /* SHA-256 of the key */
    struct slice name;
    struct slice limits; /* JSON (service/limits.h); empty: none of its own */
    uint32_t scopes;     /* bits, service/service.h */
    int64_t created_unix_ms;
    int64_t expires_unix_ms; /* 0: never */
    int64_t revoked_unix_ms; /* 0: not */
    int64_t used_unix_ms;    /* about when it was used last; 0: never */
};

/* What calls have used, of any kind that costs; none negative. Cost is in millionths of a credit.
 */
struct usage {
    int64_t calls; /* that used anything */
    int64_t tokens_in, tokens_out, cost_microcredits;
};

/* The trigger of runs that a step of another run has called, and of no others. */
#define RUN_TRIGGER_CHILD "workflow"
/* Of runs that were started because another one failed; their own failure starts none. */
#define RUN_TRIGGER_FAILURE "failure"

struct run_row {
    struct id workspace, id;
    struct id workflow;
    struct id parent;           /* the run whose step asked for this one; zero: none */
    struct id root;             /* the one above all; zero: this one */
    uint32_t parent_generation; /* in which it was asked for; 0: it goes on its own account */
    uint32_t version;
    uint32_t generation; /* from 1 */
    enum run_state state;
    struct slice trigger; /* "api", "cli", "webhook", "workflow" … */
    int64_t created_unix_ms;
    int64_t started_unix_ms;  /* of this generation; 0: not yet */
    int64_t ended_unix_ms;    /* 0: not yet */
    int64_t deadline_unix_ms; /* 0: none; paused: what is left, in ms and negative */
    struct slice input;       /* JSON */
    struct slice output;      /* JSON; empty until it ended well */
    struct slice error;       /* JSON {code, message, step, …}; empty if none */
    struct slice counts;      /* JSON; per-table counts, empty until it ended */
    struct slice resolved;    /* JSON: what configuration resolved at its start */
    struct slice wishes;      /* JSON: what its start asked for beside the input; empty: nothing */
    struct slice
        inline_record;  /* packed record of table 0 of a run computed in place; may be empty */
    struct usage usage; /* of its effects so far: read with it, never written with it */
};

/* A run that was deleted and of which something is left to be removed. */
struct run_gone_row {
    struct id run;
    int64_t gone_unix_ms;
};

/* What hangs on a deleted run and goes in one step. */
struct run_clear {
    struct id run;
    uint32_t limit; /* rows; from 1 */
};

/* Bytes of a run that are counted by a commit and are no file: what a tap has written so far, and
 * the rows that a reshape has made. */
struct blob_row {
    struct id run, blob;
};

/* The labels of a run, by which runs are found. They stand in its wishes too. */
#define STORE_LABELS_MAX 16
struct run_label {
    struct slice name, value;
};
struct label_rows {
    struct id workspace, run;
    size_t count; /* from 1 */
    struct run_label labels[STORE_LABELS_MAX];
};

/* A run that stands in a line: of those of one workspace and name only the first may go on. */
struct line_row {
    struct id workspace;
    struct slice name;
    struct id run;
};

/* The little of a run that says whether it may go on. */
struct run_head {
    enum run_state state;
    uint32_t generation;
    struct id parent;
    uint32_t parent_generation;
};

/* A run goes on below a parent in one of these. */
#define STORE_LIVE_STATES                                                                          \
    (1u << RUN_STATE_QUEUED | 1u << RUN_STATE_RUNNING | 1u << RUN_STATE_WAITING)

enum effect_state { EFFECT_OK = 1, EFFECT_FAILED = 2 };

/* Where what an effect used is added up, beside its step and its run. */
struct payer {
    struct id workspace; /* zero: nowhere */
    struct id key;       /* zero: the run was started without one */
    struct id workflow;  /* of the run above all */
    struct id budget;    /* the run above all, if it has a budget; else zero */
    int64_t day;         /* since 1970, UTC */
};

/* What was used for no run: by a step that was tried. */
struct spent_row {
    struct payer payer;
    struct usage used;
};

struct effect_row {
    struct id run;
    struct payer payer; /* written with it, never read */
    struct slice step;
    struct slice key;
    uint32_t call; /* from 0 */
    uint8_t hash[STORE_HASH_BYTES];
    uint32_t generation;
    enum effect_state state;
    uint32_t attempts;
    int64_t started_unix_ms, ended_unix_ms;
    /* What it used, none negative; all 0 of a call that costs nothing, or that another has paid. */
    int64_t tokens_in, tokens_out, cost_microcredits;
    struct slice value; /* JSON: the value, or the failure {code, message, …} */
};

static inline struct usage
effect_usage(const struct effect_row *row)
{
    bool is_used = row->tokens_in > 0 || row->tokens_out > 0 || row->cost_microcredits > 0;
    return (struct usage){is_used, row->tokens_in, row->tokens_out, row->cost_microcredits};
}

/* Sums stop at INT64_MAX. */
void usage_add(struct usage *sum, const struct usage *more);

/* Ids of events from here on are given out by the store; those before tell what every run has done
 * and stand in no row: the first is its being stored, the next two are the begin and the end of one
 * that was computed in place. */
#define EVENT_FIRST_STORED 4

/* What happened to a run, told in the commit that made it happen: some events one after the other,
 * so that a commit writes one row. */
struct events_row {
    struct id run;
    uint64_t last;  /* the id of the last of them; set by store_commit(), rising by commit */
    uint64_t fixed; /* the id that the last of them is to have; 0: the next ones of the run */
    uint32_t count; /* from 1 */
    uint32_t generation;
    struct slice body; /* JSON objects, each with a newline behind it (engine/events.h) */
};

/* What the effects of one step of one run have used, of all generations. */
struct usage_row {
    struct id run;
    struct slice step;
    struct usage used;
};

/* What somebody asked for that changes something, and how it was answered. */
struct audit_row {
    struct id workspace, id; /* ids rise with the time */
    struct id key;           /* who */
    int64_t created_unix_ms;
    struct slice method;
    struct slice route;  /* its pattern, "/v1/keys/{key}" */
    struct slice object; /* what the path names, or what was made; may be empty */
    uint32_t status;     /* of the answer; 0: not known, or not yet */
};

/* What sums of use are kept by, within a workspace. */
enum spending_kind {
    SPENDING_WORKSPACE = 0, /* all of a day */
    SPENDING_KEY = 1,       /* of one key on one day */
    SPENDING_WORKFLOW = 2,  /* of one workflow on one day */
    SPENDING_RUN = 3,       /* of one tree of runs that has a budget; day 0 */
    SPENDING_EVER = 4,      /* all; day 0 */
};

struct spending_row {
    struct id workspace;
    enum spending_kind kind;
    int64_t day;  /* since 1970, UTC */
    struct id id; /* of the key, workflow or run; else zero */
    struct usage used;
};

/* Counts by item state, of one chunk or one table. */
struct item_counts {
    uint64_t items, completed, failed, dropped, cancelled;
};

/* The packed record of one chunk of one stretch. */
struct record_row {
    struct id run;
    struct slice table; /* plan_table.name */
    uint32_t stretch;
    uint32_t chunk;
    uint32_t generation;
    struct item_counts counts; /* states after this stretch; open items are in none but items */
    uint64_t source_begin, source_end; /* bytes of the source that the chunk covers */
    uint64_t first_ordinal;
    uint64_t source_line; /* of the first row, 1-based */
    struct slice summary; /* JSON, small: counts by step, the first failure; read with the head */
    struct slice body;    /* engine/record.h */
};

/* How far a source, a tap or a table has come: small JSON or binary, replaced whole. */
struct cursor_row {
    struct id run;
    struct slice name; /* "tap:<step>", "source:<step>", … */
    uint32_t generation;
    struct slice body;
};

struct timer_row {
    int64_t due_unix_ms;
    struct id run;
    struct slice table;
    uint32_t stretch;
    uint32_t chunk;
    uint32_t generation;
};

struct file_row {
    struct id workspace, id;
    struct id run; /* zero: an upload */
    struct slice step;
    bool is_of_item;  /* made by a call for one item; else a tap's, or an upload */
    struct slice key; /* of that item */
    struct slice name;
    struct slice content_type;
    uint64_t size_bytes;
    uint32_t revision;
    bool is_partial;
    bool has_digest;      /* what is sent to us has one */
    struct digest digest; /* SHA-256 of the bytes */
    int64_t created_unix_ms;
};

/* What a request has made or moved, so that one that comes again does not do it again. */
enum idempotency_kind {
    IDEMPOTENCY_RUN = 1,
    IDEMPOTENCY_WORKFLOW = 2,
    IDEMPOTENCY_FILE = 3,
    IDEMPOTENCY_KEY = 4,
    IDEMPOTENCY_WORKSPACE = 5,
    IDEMPOTENCY_GRANT = 6, /* the workspace */
    IDEMPOTENCY_OPERATION = 7,
    IDEMPOTENCY_DELIVERY = 8,
    IDEMPOTENCY_SECRET = 9, /* id: the workspace or the workflow */
    IDEMPOTENCY_OBJECT = 10,
    IDEMPOTENCY_APPROVAL = 11,
};

struct idempotency_row {
    struct id workspace;
    struct slice scope; /* method and path */
    struct slice key;
    struct digest body; /* of all that the request asked for */
    enum idempotency_kind kind;
    struct id id;    /* of what the request made or moved */
    uint32_t answer; /* the HTTP status that it was answered with */
    int64_t created_unix_ms;
    int64_t expires_unix_ms; /* from then on the key is free again */
};

/* With what it points to. */
struct idempotency_row *idempotency_copy(struct arena *arena, const struct idempotency_row *row);

/* A text that something quotes: what a document or a page held when it was read. */
struct text_row {
    struct id workspace;
    struct digest digest; /* SHA-256 of the body */
    struct slice body;    /* at most LIMIT_SOURCE_TEXT_BYTES */
};

/* An answer that later calls of the same hash may take, whatever run they are of. */
struct cache_row {
    struct id workspace;
    uint8_t hash[STORE_HASH_BYTES];
    struct slice value; /* JSON */
    int64_t created_unix_ms;
    int64_t expires_unix_ms; /* from then on nobody gets it */
};

/* Which rows of a kind may go: those that expired longest ago. */
struct store_trim {
    int64_t now_unix_ms;
    uint32_t limit; /* from 1 */
};

/* The longest name of an object. */
#define STORE_NAME_BYTES_MAX 512

/* What an object is; numbers are stored and never change their meaning. */
enum object_kind {
    OBJECT_LIST = 1,
    OBJECT_LIST_ROW = 2, /* parent: its list */
    OBJECT_ENTITY_TYPE = 3,
    OBJECT_ENTITY = 4, /* parent: its type */
    OBJECT_DOCUMENT = 5,
    OBJECT_SECRET = 6,
    OBJECT_VARIABLE = 7,
    OBJECT_SCHEDULE = 8, /* parent: its workflow */
    OBJECT_HOOK = 9,     /* a request that came to a webhook; parent: the workflow */
    OBJECT_WAIT = 10,    /* an event that a step waits for (engine/ask.h) */
    OBJECT_OPERATION = 11,
    OBJECT_APPROVAL = 12, /* what a step asks a person (engine/ask.h) */
    OBJECT_FAILURE = 13,  /* a failure that a workflow is to be run for (engine/notice.h) */
    OBJECT_ALIAS = 14,    /* what a client calls a workflow, whose id it has: "sixtyfour:my-flow" */
    OBJECT_SIGNING = 15,  /* what deliveries are signed with (service/signing.h) */
    OBJECT_CATCHER = 16,  /* which workflow is run for failures of others (service/failures.h) */
};
#define OBJECT_KIND_LAST OBJECT_CATCHER
/* The name of the one catcher that a workspace may have. */
#define OBJECT_CATCHER_NAME "failure"

/* One thing that a workspace keeps, small and of any shape: see enum object_kind. */
struct object_row {
    struct id workspace, id;
    enum object_kind kind;
    struct id parent;  /* zero: none */
    struct slice name; /* unique among those of its workspace, kind and parent; empty: none */
    struct slice body; /* JSON, as whoever keeps it likes */
    int64_t revision;  /* from 1, one more with each update */
    int64_t created_unix_ms, updated_unix_ms;
    int64_t archived_unix_ms; /* 0: live */
    int64_t due_unix_ms;      /* when something has to be done about it; 0: never */
};

/* A text that is found by its words, such as that of a document, which has its id. */
struct index_row {
    struct id workspace, id;
    struct slice tags; /* what filters ask for: words of ASCII letters and digits */
    struct slice title;
    struct slice body;
};

/* Many of them in one operation. */
/* Its body; {} if it cannot be read. */
struct value object_body(const struct object_row *row, struct arena *arena);

struct object_rows {
    const struct object_row *rows;
    size_t count; /* 1 to STORE_OBJECTS_MAX */
};
#define STORE_OBJECTS_MAX 1000

enum delivery_state { DELIVERY_PENDING = 0, DELIVERY_DELIVERED = 1, DELIVERY_DEAD = 2 };

/* What an event looks like, and how it is signed. */
enum delivery_form {
    DELIVERY_STANDARD = 0,  /* Standard Webhooks */
    DELIVERY_SIXTYFOUR = 1, /* that of the Sixtyfour API */
};

/* An event that is told to an address outside, until somebody there has taken it. */
struct delivery_row {
    struct id workspace, id;
    struct id run;
    enum delivery_form form;
    struct slice type; /* "run.completed" */
    struct slice url;
    struct slice host; /* of the URL, with the port if it names one */
    enum delivery_state state;
    uint32_t attempts;
    int64_t created_unix_ms;
    int64_t due_unix_ms;     /* of the next attempt; 0: there will be none */
    int64_t give_up_unix_ms; /* no attempt after this one */
    int64_t ended_unix_ms;   /* 0: pending */
    int64_t expires_unix_ms; /* from then on it may go; 0: pending */
    int32_t http_status;     /* of the last attempt; 0: there was no answer, or no attempt */
    struct slice error;      /* of the last attempt, in words; empty: none */
    struct slice tries;      /* JSON array of the newest attempts; empty in lists */
    struct slice body; /* what is sent; empty in lists, and where the run as it is then is told.
                          It does not change */
};

/* The state that an update expects, beside the row. */
struct delivery_update {
    enum delivery_state was;
    struct delivery_row row;
};

/* Which sums of use may go. */
struct spending_trim {
    int64_t day;    /* from 1 */
    uint32_t limit; /* from 1 */
};

struct setting_row {
    struct slice name;
    struct slice value;
};

#endif
