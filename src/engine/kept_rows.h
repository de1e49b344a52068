/* engine/kept_rows.h - the rows of what a workspace keeps, as a source reads them: a line of JSON
 * each.
 *
 * The row of a list is what was added to it. That of an entity is its fields by their slugs, and
 * `_id`. That of a document is what is known about it, with its text if it is asked for by its id,
 * and else with score and snippet. In the place of a row that there is not, as for an id that
 * nobody knows, stands a text that says why.
 *
 * Threads: any that may wait for the store.
 */
#ifndef ENGINE_KEPT_ROWS_H
#define ENGINE_KEPT_ROWS_H

#include "base/limits.h"
#include "engine/step.h"
#include "store/store.h"

/* Hits of one search. */
#define KEPT_HITS_MAX 1000

/* The longest line: a document whose every byte is escaped. */
#define KEPT_LINE_BYTES_MAX (6 * LIMIT_DOCUMENT_TEXT_BYTES + 2 * LIMIT_ENTITY_BYTES)

struct kept_wanted {
    struct store *store;
    struct id workspace;
    enum step_reads reads; /* not STEP_READS_FILE */
    struct value config;   /* as rendered */
};

/* A line with its newline, borrowed for the call; false: enough. */
typedef bool kept_line_fn(struct slice line, void *context);

/* Reads page by page, in a memory that does not grow with the rows. Of a failure, with words, *code
 * is that of docs/errors: INVALID the config does not fit; NOT_FOUND there is no such list or type
 * in the workspace; IO, LIMIT. */
MUST_USE enum status kept_rows_read(const struct kept_wanted *wanted, kept_line_fn *put,
                                    void *context, const char **code, struct error *error);

#endif
