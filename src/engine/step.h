/* engine/step.h - what the code of a step type implements.
 *
 * A type binds a declaration (flow/catalog.h) to the functions of its shape. All of them are pure:
 * they see rendered configs and rows, and give values; reading files and talking to the network is
 * done around them, so that one seed replays everything. main joins the types into one table.
 *
 * A step sees one root value: {input, item, steps, run, vars}.
 *
 * Threads: eval and work threads, many at once; types keep no state.
 */
#ifndef ENGINE_STEP_H
#define ENGINE_STEP_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/exchange.h"
#include "base/status.h"
#include "base/value.h"
#include "engine/key.h"
#include "expr/expr.h"
#include "flow/plan.h"

#include <stdbool.h>
#include <stdint.h>

/* A step's own failure: data, not an error of ours. Codes are lower_snake_case and have a page
 * under docs/errors/. */
struct step_failure {
    char code[40];
    char words[512];
    bool may_retry;         /* the same attempt may go well later */
    bool is_free;           /* overload (429, 503 with Retry-After): does not use up an attempt */
    int64_t retry_after_ms; /* asked for by the other side; 0: not */
};

/* Fills it and returns false, for `return step_fail(...)`. */
bool step_fail(struct step_failure *failure, const char *code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* What a step has at hand on one item. Results go into `arena`. */
struct step_scope {
    struct expr_machine *machine;
    const struct plan *plan;
    const struct plan_node *node;
    struct value root;
    struct value default_model; /* that a FIELD_MODEL means by `default`, and when it is not given;
                                   VALUE_NONE where no models are asked */
    struct arena *arena;
};

/* Renders one field of the node's config: TEXT gives a string, ANY any value, EXPRESSION exactly
 * one value, maps an object in written order, literals themselves; VALUE_NONE if not given, but for
 * MODEL, which always has a value.
 * DURATION gives milliseconds. False: the failure is filled (code "expression_failed",
 * "limit_exceeded" or "bad_config", words that name field and place). */
bool step_render(struct step_scope *scope, const char *field, struct value *out,
                 struct step_failure *failure);

/* One entry of a map field, by its index; for lazy evaluation. */
bool step_render_entry(struct step_scope *scope, const char *field, uint32_t entry,
                       struct value *out, struct step_failure *failure);

/* One part of a FIELD_GROUP over the scope's root, to which the caller has added the names that the
 * group declares. */
bool step_render_part(struct step_scope *scope, const char *group, const char *part,
                      struct value *out, struct step_failure *failure);

/* All given fields as one object {field: value}, in declared order, without those that are kept
 * apart. */
bool step_render_config(struct step_scope *scope, struct value *out, struct step_failure *failure);

/* Names of its members if the value of that step is an object with just these whenever it has one,
 * else VALUE_NONE: columns of files that are known before any row. */
typedef struct value step_members_fn(const struct plan_node *node, struct arena *arena);

/* --- row steps, pure --- */
typedef bool step_value_fn(struct step_scope *scope, struct value *out,
                           struct step_failure *failure);
typedef bool step_filter_fn(struct step_scope *scope, bool *passes, struct step_failure *failure);
/* *label: index into scope->node->labels. */
typedef bool step_branch_fn(struct step_scope *scope, uint8_t *label, struct step_failure *failure);
/* One of both: duration_ms from now, or until_unix_ms (duration_ms is then -1). */
struct step_wait {
    int64_t duration_ms;
    int64_t until_unix_ms;
};
typedef bool step_wait_fn(struct step_scope *scope, struct step_wait *out,
                          struct step_failure *failure);

/* --- effects --- */
/* Fields of an effect's config that the engine reads, kept apart: how often its calls may begin
 * (FIELD_RATE), and how many may be on their way (FIELD_INT), counted for each host. */
#define STEP_FIELD_RATE "rate"
#define STEP_FIELD_PER_HOST "per_host"

/* The host and port that a call asked with that config goes to, within the config's text, for those
 * limits; empty if it cannot be told. */
typedef struct slice step_host_fn(struct value config);
/* Makes the exchange of one attempt from what the call is asked with (step_render_config's object,
 * or what `begin` or `follow` gave as `next`). The idempotency key is text of the field
 * "Idempotency-Key". Without a url nothing is sent: conclude does it all, and needs_work. */
typedef bool step_prepare_fn(struct value config, struct slice idempotency_key,
                             struct exchange *exchange, struct step_failure *failure);

/* What a call took, over all its attempts. Tokens as the provider counts them; cost in millionths
 * of a credit. */
struct step_usage {
    int64_t tokens_in, tokens_out, cost_microcredits;
};

/* What one attempt of a call came to. Everything is borrowed but what goes into `arena`. */
struct step_env;
struct step_conclusion {
    const struct plan_node *node;
    struct value config;       /* what the call was asked with */
    struct exchange *exchange; /* ended; PENDING if it has no url: nothing was sent */
    struct step_env *env;      /* of an exchange that says needs_work; else NULL */
    struct arena *arena;       /* of the outcome */
    struct value value;        /* set on success */
    struct step_usage usage;   /* set either way; zeroed before */
    struct value details;      /* on failure: an object whose members join {code, message}, such as
                                  the raw text of an answer; VALUE_NONE: nothing */
    struct step_failure failure; /* set on failure */
};
/* Turns the answer into the call's value, or into a failure (false). Called for every end. Pure,
 * but for what `env` can do (engine/step_env.h). */
typedef bool step_conclude_fn(struct step_conclusion *conclusion);

/* An effect may take several calls, numbered from 0: the next page of a list, a second question
 * after a bad answer. Each is an effect of its own: prepared from the config that it is asked with,
 * which its hash covers, retried, recorded, and never made again, whatever follows it. */
struct step_progress {
    struct value config; /* as rendered: what call 0 is asked with, unless the step has `begin` */
    uint32_t call;       /* the one that was answered last */
    struct value asked;  /* what it was asked with */
    struct value answer; /* what conclude made of it */
    struct value state;  /* the step's own, handed on from call to call; VALUE_NONE at first */
    struct value next;   /* set by begin and for STEP_FOLLOW_CALL: what the call is asked with */
    struct value value;  /* set for STEP_FOLLOW_VALUE */
};

enum step_follow {
    STEP_FOLLOW_ANSWER, /* the answer is the step's value */
    STEP_FOLLOW_VALUE,  /* `value` is */
    STEP_FOLLOW_CALL,   /* another call */
    STEP_FOLLOW_FAIL,
};

/* What call 0 is asked with: sets progress->next, and progress->state if it likes; progress->config
 * is the rendered config. Pure, as `follow` is. */
typedef bool step_begin_fn(struct step_scope *scope, struct step_progress *progress,
                           struct step_failure *failure);

/* How long the answer to a call that was asked with that is kept at least, for calls that ask for
 * the same within a workspace. */
typedef int64_t step_keep_fn(struct value asked);

/* What follows an answered call. Pure, on an eval thread: after a crash, and in a later generation,
 * it is asked again with the recorded answers. Every chain of calls has to end by itself, at
 * LIMIT_STEP_CALLS at the latest. */
typedef enum step_follow step_follow_fn(struct step_scope *scope, struct step_progress *progress,
                                        struct step_failure *failure);

/* --- effects that somebody outside answers --- */
/* What such a step (step_decl.asks) asks. */
struct step_ask {
    struct step_wait until; /* when the time for an answer is over */
    struct value shown;     /* for who answers; VALUE_NULL at first */
    bool is_ok_late;        /* what holds then: the value `late`, else that failure, as data */
    struct value late;
};
/* Makes the question from what the call is asked with; all in the arena. Pure. What it gives when
 * it is answered, the answer says. */
typedef bool step_ask_fn(struct value config, struct arena *arena, struct step_ask *out,
                         struct step_failure *failure);
/* A failure as data: {"code", "message"}. */
struct value step_failure_value(struct arena *arena, const struct step_failure *failure);

/* --- sources --- */
/* What the engine opens for a source. */
enum step_reads {
    STEP_READS_FILE,      /* its field `file` */
    STEP_READS_LIST,      /* lines (engine/kept_rows.h) of the list that its field `list` names, */
    STEP_READS_ENTITIES,  /* of those that `type`, `filter`, `ids` and `externalIds` name, */
    STEP_READS_DOCUMENTS, /* of those that `query` finds, or of the one that `id` names */
};

/* Bytes that a source reads; opened by the engine from the rendered `file`. */
struct step_file;
typedef enum status step_file_read_fn(struct step_file *file, uint64_t offset, void *out,
                                      size_t size, size_t *got, struct error *error);
struct step_file {
    step_file_read_fn *read;
    uint64_t size_bytes;
    const char *name; /* for messages */
};

/* A place between two rows; zeroed: the beginning (the source skips its own header). */
struct source_place {
    uint64_t offset;
    uint64_t line;    /* 1-based line of the next row; 0 at the beginning */
    uint64_t ordinal; /* of the next row, from 0 */
};

struct source_row {
    struct value value;
    const char *problem; /* not NULL: the row cannot be read: a failed item with these words */
    /* Rows that a reshape made; empty and VALUE_NONE otherwise. */
    struct slice key;
    struct value steps, parent;
};

/* Which rows are wanted, and where they go. */
struct source_page {
    struct source_place *place; /* of the first one; is moved behind the last */
    size_t rows_max;            /* at least 1 */
    size_t bytes_max;           /* of source text, at least 1; the first row may be longer */
    struct arena *arena;
};

struct source_batch {
    struct source_row *rows; /* in the arena */
    size_t count;
    bool is_end; /* nothing follows */
};

struct source;
/* Reads what it needs to begin (a header). The file outlives the source. */
typedef enum status source_open_fn(struct source **out, struct value config, struct step_file *file,
                                   struct error *error);
/* The rows of the page. The same place gives the same rows. */
typedef enum status source_next_fn(struct source *source, const struct source_page *page,
                                   struct source_batch *out, struct error *error);
/* Names of the columns if every row has just these (a header), else VALUE_NONE. Borrowed. */
typedef struct value source_columns_fn(const struct source *source);
/* What was taken for granted about the file and could be wrong, in words for the log; NULL: nothing
 * that is worth a word. Borrowed. */
typedef const char *source_remark_fn(const struct source *source);
typedef void source_close_fn(struct source **source);

/* What a sandbox child makes of the source's file before the source is opened, which then reads
 * that: a converted file, as base/conversion.h has it. */
struct step_conversion {
    const char *kind;     /* as in base/conversion.h */
    uint32_t version;     /* counts up when the same file comes out otherwise than before */
    struct value options; /* an object, in the arena */
};
/* INVALID, with words: the config does not fit. */
typedef enum status source_convert_fn(struct value config, struct arena *arena,
                                      struct step_conversion *out, struct error *error);

/* --- sinks --- */
/* Whether the columns are known before the first row (declared, or the format has none). */
typedef bool sink_is_declared_fn(const struct plan_node *node);
/* The row of one item: an object in column order. */
typedef bool sink_row_fn(struct step_scope *scope, struct value *out, struct step_failure *failure);
/* Text before the first row; columns: array of names (VALUE_NONE if the format has none). */
typedef void sink_header_fn(const struct plan_node *node, struct value columns, struct buffer *out);
/* Text of one row; what is missing is empty. */
typedef void sink_encode_fn(const struct plan_node *node, struct value columns, struct value row,
                            struct buffer *out);

/* --- sinks whose file is made as a whole, when its table is complete --- */
/* A file in the making; these stand in for sink_header and sink_encode. */
struct sink_book;
struct sink_start {
    const struct plan_node *node;
    struct value columns;    /* array of names; VALUE_NONE: those that the node declares. Borrowed
                                until the book is closed */
    int64_t created_unix_ms; /* of the run: the only date inside, the same after a retry */
    /* Sees what the table's steps see beside the rows; outlives the book. NULL when a table is
     * rendered on demand. */
    struct step_scope *scope;
    /* What a sink with sink_convert may read files by, as long as the book; else NULL. */
    struct step_env *env;
};
typedef struct sink_book *sink_open_fn(const struct sink_start *start);
/* These append bytes of the file. LIMIT, with words: the format cannot hold it. */
typedef enum status sink_add_fn(struct sink_book *book, struct value row, struct buffer *out,
                                struct error *error);
typedef enum status sink_end_fn(struct sink_book *book, struct buffer *out, struct error *error);
typedef void sink_close_fn(struct sink_book **book);
/* What a sandbox child makes of those bytes: the file is what it gives. */
typedef enum status sink_convert_fn(const struct plan_node *node, struct arena *arena,
                                    struct step_conversion *out, struct error *error);

/* What kind of file a sink writes. */
struct file_form {
    const char *ending;       /* of the default name, "csv" */
    const char *content_type; /* "text/csv; charset=utf-8" */
};
typedef struct file_form sink_form_fn(const struct plan_node *node);

/* --- reshapes --- */

/* A row on its way through a reshape, as JSON text, borrowed for the call. Of rows that go in,
 * `taken` is what reshape_encode() made of the column; of rows that come out it is ignored. */
struct reshape_row {
    struct slice key;   /* engine/key.h */
    struct slice taken; /* bytes of the type's own: keys to sort by, elements, nothing */
    struct slice item;
    struct slice steps;   /* of the steps before, {id: value}; empty: none */
    struct slice parent;  /* {item, steps, parent} that it was expanded from; empty: none */
    struct slice problem; /* words; not empty: the row is a failed item */
};

/* The rows of a reshape_row one behind the other, and back; the second returns what follows, .ptr
 * NULL when the bytes are no row. */
void reshape_row_pack(struct buffer *out, const struct reshape_row *row);
struct slice reshape_row_unpack(struct slice packed, struct reshape_row *row);

/* Where the rows of the new table go, in its order. */
struct reshape_out {
    enum status (*put)(struct reshape_out *out, const struct reshape_row *row, struct error *error);
    bool is_full; /* set by the reshape: it needs no further rows */
};

/* What a reshape has at hand when it begins; all outlives it. */
struct reshape_place {
    const struct plan_node *node;
    const char *folder;     /* for temporary files */
    struct step_file *kept; /* as reshape_kept asks; else NULL */
};

struct reshape;
/* Appends what the reshape takes of a row whose column has that value; on an eval thread. */
typedef void reshape_encode_fn(const struct plan_node *node, struct value value,
                               struct buffer *out);
/* Whether it compares with a list that stays: then the config of a source of its rows, whose lines
 * are at hand as place.kept, the same ones in every generation of the run. */
typedef bool reshape_kept_fn(const struct plan_node *node, struct arena *arena,
                             struct value *config);
typedef enum status reshape_open_fn(struct reshape **out, const struct reshape_place *place,
                                    struct error *error);
/* A row of the input with that number (the maker is 0, its sides follow), in the order of its
 * table. A row that cannot be worked on is put out with a problem; an error is one of the machine
 * (IO, FULL), after which the reshape is closed and perhaps begun anew. */
typedef enum status reshape_put_fn(struct reshape *reshape, uint16_t input,
                                   const struct reshape_row *row, struct reshape_out *out,
                                   struct error *error);
/* No more rows come from that input. Called again until *is_done, a bounded part each time. */
typedef enum status reshape_end_fn(struct reshape *reshape, uint16_t input, bool *is_done,
                                   struct error *error);
/* After the end of all inputs: puts out what is left, a bounded part in each call. */
typedef enum status reshape_drain_fn(struct reshape *reshape, struct expr_machine *machine,
                                     struct reshape_out *out, bool *is_done, struct error *error);
typedef void reshape_close_fn(struct reshape **reshape);

struct step_type {
    const struct step_decl *decl;
    step_members_fn *members; /* NULL: not known */
    step_value_fn *value;
    step_filter_fn *filter;
    step_branch_fn *branch;
    step_wait_fn *wait;
    step_host_fn *host;   /* NULL: its calls go to one place */
    step_begin_fn *begin; /* NULL: call 0 is asked with the rendered config */
    step_prepare_fn *prepare;
    step_conclude_fn *conclude;
    step_ask_fn *ask; /* of a decl that asks, in place of prepare and conclude; else NULL */
    bool joins_alike; /* calls that ask for the same, within a workspace, are made once while the
                         first is on its way. What conclude makes of an answer must then depend on
                         what was asked alone, as for every step that may be given `cache` */
    step_keep_fn *keep_ms;    /* NULL: answers are kept as the step's `cache` says */
    step_follow_fn *follow;   /* NULL: one call is all */
    const char *follow_field; /* follow is asked only where this field is given; NULL: always */
    enum step_reads reads;
    source_convert_fn *source_convert; /* NULL: the file is read as it is */
    source_open_fn *source_open;
    source_next_fn *source_next;
    source_columns_fn *source_columns;
    source_remark_fn *source_remark; /* NULL: none ever */
    source_close_fn *source_close;
    sink_is_declared_fn *sink_is_declared;
    sink_row_fn *sink_row;
    sink_header_fn *sink_header;
    sink_encode_fn *sink_encode;
    sink_open_fn *sink_open;
    sink_add_fn *sink_add;
    sink_end_fn *sink_end;
    sink_close_fn *sink_close;
    sink_convert_fn *sink_convert;     /* NULL: the bytes are the file */
    reshape_kept_fn *reshape_kept;     /* NULL: it compares with none */
    reshape_encode_fn *reshape_encode; /* with `value` for the column; NULL: nothing is taken */
    reshape_open_fn *reshape_open;     /* NULL: it keeps nothing between two rows */
    reshape_put_fn *reshape_put;
    reshape_end_fn *reshape_end;     /* may be NULL */
    reshape_drain_fn *reshape_drain; /* may be NULL: all is put out as it comes */
    reshape_close_fn *reshape_close;
    struct file_form form;   /* sinks */
    sink_form_fn *sink_form; /* NULL: always `form` */
};

/* All step types of this build, in the order of the catalog. */
struct step_table {
    const struct step_type *const *types;
    size_t count;
};

/* The type bound to that declaration; asserts that it is in the table. */
const struct step_type *step_type_of(const struct step_type *const *types, size_t count,
                                     const struct step_decl *decl);

#endif
