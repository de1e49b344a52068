/* engine/record.h - the packed record: what a chunk leaves behind after a stretch.
 *
 * Layout (version 1): byte version, varint node count, varint item count, then per node of the
 * stretch its column number (varint), then per item: byte item state, varint length of the source's
 * problem and its text, and per node byte node state, byte chosen label, and
 *   - the hash of the effect row, for a decided effect (the value stands in that row);
 *   - JSON text and a newline, for the value of a pure value step or of a workflow that was
 *     computed in place, the config of a source and any other failure.
 * Sinks, filters, branches and waits leave only their state: what they gave is computed again.
 *
 * Threads: pure.
 */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "base/buffer.h"
#include "engine/chunk.h"

/* Counts of node states and the first failure of a chunk, and of a table when added up. */
struct summary {
    uint16_t node_count;
    uint64_t (*nodes)[NODE_STATE_COUNT]; /* by column */
    uint64_t failed_ordinal;             /* of the first failed item; UINT64_MAX: none */
    struct value failure;                /* {code, message, step, item, others?} */
    uint64_t end_line;                   /* of a chunk: the source's line behind it */
};

/* All zero, for that table; in the arena. */
void summary_init(struct summary *summary, const struct plan_table *table, struct arena *arena);

/* Adds the nodes of the chunk's stretch and, after its last stretch, its first failed item. */
void summary_add_chunk(struct summary *summary, struct chunk *chunk);

/* As small JSON, and back: adds what the text says (copied to the arena). INVALID: not ours. */
void summary_print(const struct summary *summary, struct buffer *out);
MUST_USE enum status summary_add_text(struct summary *summary, struct slice text,
                                      struct arena *arena);

/* The end_line that such a text holds; 0 if it has none. */
uint64_t summary_end_line(struct slice text);

/* The failure of an item: of its first failed node in plan order, with "step", "item" (the key) and
 * "others" (codes of further ones). VALUE_NONE if it did not fail. */
struct value item_failure(struct chunk *chunk, uint32_t item);

/* Appends the record of the chunk's stretch. */
void record_pack(struct chunk *chunk, struct buffer *out);

/* Restores the columns of one packed stretch into a chunk with as many items. Effect values are
 * taken from chunk->found; an effect that is not found stays pending. INVALID: the bytes are not a
 * record of this table, or damaged. */
MUST_USE enum status record_unpack(struct chunk *chunk, struct slice body, struct error *error);

/* How many items a record holds; INVALID as above. */
MUST_USE enum status record_item_count(struct slice body, uint32_t *out);

#endif
