/* api/sixtyfour/blocks.h - the blocks of a run's workflow, with how far each is.
 *
 * Those of a graph (foreign/sixtyfour.h) work on the rows of the block before and give the rows of
 * a table. Of any other workflow the steps are the blocks: rows go through all those of a table one
 * by one, so that these are as far as each other.
 *
 * Threads: a list belongs to one call.
 */
#ifndef API_SIXTYFOUR_BLOCKS_H
#define API_SIXTYFOUR_BLOCKS_H

#include "api/call.h"
#include "foreign/sixtyfour.h"
#include "service/results.h"

enum block_state { BLOCK_PENDING, BLOCK_RUNNING, BLOCK_COMPLETED, BLOCK_FAILED };

struct block {
    struct slice id;   /* of the step */
    struct slice name; /* its type, as this API calls it */
    const char *row_type;
    uint32_t number; /* in order, from 1 */
    uint32_t previous_count;
    struct slice *previous;      /* ids */
    struct slice rows;           /* the table whose rows are counted; "" for the run's input */
    struct slice end;            /* the table with whose end it is done */
    struct slice file;           /* the table that is its result, and of that: */
    bool is_of_items;            /* the rows as they came into it, not what became of them */
    bool makes_file, makes_rows; /* a table of its own, also one that is a file */

    enum block_state state;
    uint64_t file_rows; /* of `file` */
    uint64_t row_count; /* rows that came through */
    uint64_t processed;
    bool has_total, is_estimate, is_done;
    uint64_t total;
    int64_t started_unix_ms, ended_unix_ms; /* 0: nothing tells */
};

struct block_list {
    struct block *blocks; /* in the call's arena */
    uint32_t count;
    uint32_t failed; /* number of the one that a failed run names; 0: none */
    struct slice error_words;
    struct sixtyfour_blocks graph; /* none if the workflow was not made of one */
};

/* Of the version that the run is on; all pending. False: the call was answered. */
bool blocks_read(struct call *call, const struct run_row *run, struct block_list *out);

/* Where they are. progress: of a run that goes on, NULL if nothing is known. On a work thread. */
MUST_USE enum status blocks_look(struct call *call, const struct run_row *run,
                                 const struct run_progress *progress, struct block_list *list,
                                 struct error *error);

/* When each began and ended: its first row, or call, and its last, over all generations. Runs that
 * were computed in place tell nothing. On a work thread. */
MUST_USE enum status blocks_read_times(struct call *call, const struct run_row *run,
                                       struct block_list *list);

/* The number of the block that a step is of; 0: of none. */
uint32_t blocks_number_of_step(const struct block_list *list, struct slice step);

/* How much of it is done, 0 to 100. */
double block_percentage(const struct block *block);

#endif
