/* engine/feed.h - the rows of one table on their way to a tap or into a reshape; private to
 * engine/.
 *
 * A feed follows one node of a table through the chunks that are recorded, in the order of the
 * table. What the node gave is a piece of bytes for each chunk. Pieces are made on an eval thread
 * when a chunk is packed; a few are held in memory, the others are made again from the records.
 *
 * Threads: the engine's; the functions on a batch run on the work thread that has it.
 */
#ifndef ENGINE_FEED_H
#define ENGINE_FEED_H

#include "base/buffer.h"
#include "base/status.h"
#include "base/value.h"
#include "engine/step.h"

#include <stdbool.h>
#include <stdint.h>

struct chunk;
struct chunk_job;
struct run;
struct store;
struct table_run;

/* Chunks that one job takes at most: bounds its memory and its time. */
#define FEED_CHUNKS 16

/* What one node gave for the rows of one chunk. */
struct piece {
    uint16_t node;
    uint32_t chunk;
    uint64_t rows;
    struct buffer text; /* a tap: text of the file; a reshape: packed rows (engine/rows.h) */
};

struct feed {
    struct table_run *reads;
    const struct plan_node *node;
    const struct step_type *type;
    bool has_pieces;     /* they are made before the table is complete */
    uint32_t next_chunk; /* all before are taken */
    struct piece *held;  /* of recorded chunks, any order */
    uint32_t held_count;
};

/* Chunks that one job takes. */
struct feed_batch {
    const struct feed *feed;
    uint32_t begin, end;
    bool is_last; /* nothing follows */
    struct piece pieces[FEED_CHUNKS];
    bool is_at_hand[FEED_CHUNKS];
    struct chunk_job *model; /* what the rows see of other tables */
    struct expr_machine *machine;
    struct store *store;
};

/* Whether pieces of that node are made as its rows are recorded; otherwise only when the table is
 * complete. */
bool feed_wants_pieces(const struct plan_node *node, const struct step_type *type);

void feed_init(struct feed *feed, struct table_run *reads, const struct plan_node *node,
               const struct step_type *type);
void feed_done(struct feed *feed);

/* Takes over the text of a piece that it will want. */
void feed_offer(struct feed *feed, struct piece *piece);

/* All chunks of its table are recorded where the node stands. */
bool feed_is_whole(const struct feed *feed);

/* Up to where the next batch may go; false: there is nothing to do yet. */
bool feed_is_ready(const struct feed *feed, uint32_t *end, bool *is_last);

/* Moves what is held of these chunks into the batch. */
void feed_take(struct feed *feed, struct feed_batch *batch, uint32_t end, bool is_last);
void feed_batch_done(struct feed_batch *batch);

/* The bytes that a node gave for a chunk. columns: of a tap that had to know them first. */
void piece_make(struct piece *piece, struct chunk *chunk, const struct plan_node *node,
                const struct step_type *type, struct value columns);

/* The piece of that chunk, made from the record if it is not at hand. */
MUST_USE enum status feed_piece(struct feed_batch *batch, uint32_t chunk, struct piece **out,
                                struct error *error);

/* Reads a recorded chunk back with the node's column. */
typedef void feed_visit_fn(struct chunk *chunk, void *context);
MUST_USE enum status feed_visit(struct feed_batch *batch, uint32_t chunk, feed_visit_fn *visit,
                                void *context, struct error *error);

#endif
