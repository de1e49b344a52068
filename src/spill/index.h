/* spill/index.h - finds records by a 16-byte hash, however many there are.
 *
 * Records are added, sorted by their hash (spill/sorter.h), and then found: all payloads of a hash
 * in the order in which they were added. Where all fit in the sorter's memory they stay there; else
 * they stand in a file, and memory holds the hash and the place of every 2 KiB of it, or of every
 * 4, 8, ... KiB, so that there are never more than LIMIT_INDEX_MARKS of them.
 *
 * Memory: LIMIT_SORT_BYTES until it is finished, and after that if nothing was written to a file;
 * else 16 bytes for each mark, some KiB, and a payload that is larger than those.
 *
 * Threads: one at a time; may be handed to another.
 */
#ifndef SPILL_INDEX_H
#define SPILL_INDEX_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define INDEX_HASH_BYTES 16

struct index;
struct spill_place;

/* Borrows the place. Ends with index_free(), at any time; after another status than OK and LIMIT
 * nothing else may be done with it. */
struct index *index_new(const struct spill_place *place);
void index_free(struct index **index);

/* Copies the payload. LIMIT: it is larger than a record may be, and was left out; FULL, IO,
 * NOT_FOUND and FORBIDDEN (the folder). */
MUST_USE enum status index_add(struct index *index, const uint8_t hash[INDEX_HASH_BYTES],
                               struct slice payload, struct error *error);

/* Call again until *is_done; each call handles about LIMIT_SORT_STEP_BYTES. Nothing may be added
 * from the first call on. */
MUST_USE enum status index_finish(struct index *index, bool *is_done, struct error *error);

/* Goes before the first record with that hash, if there is one. Again and again, in any order. */
MUST_USE enum status index_find(struct index *index, const uint8_t hash[INDEX_HASH_BYTES],
                                struct error *error);

/* The next payload of the hash that was looked for, valid until the next call; *is_end when there
 * is none. */
MUST_USE enum status index_next(struct index *index, struct slice *payload, bool *is_end,
                                struct error *error);

/* Records added. */
uint64_t index_count(const struct index *index);

#endif
