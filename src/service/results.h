/* service/results.h - a table of a run as a file, made when it is asked for.
 *
 * Whoever asks (HTTP, the command line) hands in words as they were written; engine/render.h does
 * the work, chunk by chunk.
 *
 * Threads: any, one at a time for one file. It reads the store and the source's file: not on the
 * http threads.
 */
#ifndef SERVICE_RESULTS_H
#define SERVICE_RESULTS_H

#include "engine/diff.h"
#include "engine/render.h"
#include "engine/tables.h"
#include "service/service.h"

struct results;

/* A number that was not given. */
#define RESULTS_NO_NUMBER INT64_MIN

/* Texts with .ptr NULL were not given. */
struct results_query {
    struct slice table;   /* a step's id; by default the last table of many items, else the input */
    struct slice format;  /* "csv" (by default), "xlsx", "ndjson", "jsonl", "json" */
    struct slice state;   /* only items in this state */
    struct slice columns; /* names between commas, or a JSON array of names */
    int64_t from, to;     /* places in the table, from 0, both included */
    int64_t limit;        /* rows at most */
    bool is_plain;        /* just the rows that came through, without columns of ours */
    bool is_of_items;     /* all rows as they came into the table, whatever became of them */
};

/* *out borrows from the query and the arena. INVALID: words that begin with the name of the part
 * that is wrong. */
MUST_USE enum status results_read(struct render_options *out, struct service *service,
                                  const struct results_query *query, struct arena *arena,
                                  struct error *error);

/* As render_open(); UNAVAILABLE: LIMIT_RENDERINGS are open already. */
MUST_USE enum status results_open(struct results **out, struct service *service,
                                  const struct run_row *run, const struct render_options *options,
                                  struct error *error);

/* As render_next(). */
MUST_USE enum status results_next(struct results *results, struct buffer *out, bool *is_end,
                                  struct error *error);

/* "text/csv; charset=utf-8" and so on. */
const char *results_content_type(const struct results *results);

/* The name of the file: the table's and the ending of its format. In the arena. */
const char *results_file_name(const struct results *results, struct arena *arena);

/* Whether a table can be had in that form ("csv", …). */
bool results_has_format(struct slice format);
/* Of such a form, as results_content_type(). */
const char *results_type_of(struct service *service, struct slice format);

/* As engine_run_tables(); progress: NULL if there is none. */
MUST_USE enum status results_tables(struct service *service, const struct run_row *run,
                                    const struct run_progress *progress, table_visit_fn *visit,
                                    void *context, struct error *error);

/* Keeps in the arena what a visitor of service_run_progress() is shown. False: nothing is known. */
bool results_keep_progress(struct run_progress *out, const struct run_progress *progress,
                           struct arena *arena);

/* The plain rows of a table, or those of its items (struct results_query), as one JSON array.
 * LIMIT: they are more than the buffer takes. */
struct results_part {
    struct slice table; /* as in struct results_query */
    bool is_of_items;
    uint64_t limit; /* no further row is looked for; 0: all are */
};
MUST_USE enum status results_inline(struct buffer *out, struct service *service,
                                    const struct run_row *run, const struct results_part *part,
                                    struct error *error);

/* As diff_side_open(), with the rows that results have. */
MUST_USE enum status results_diff_open(struct diff_side **out, struct service *service,
                                       const struct run_row *run, struct slice table,
                                       struct error *error);

/* Leaves NULL; does nothing for it. */
void results_close(struct results **results);

#endif
