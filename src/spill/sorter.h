/* spill/sorter.h - sorts any number of records in a fixed amount of memory.
 *
 * A record is a key, compared by memcmp() with the shorter first where one is the other's beginning
 * (base/sort_key.h makes such keys), and a payload, which goes with it. Records with equal keys
 * keep the order in which they were added.
 *
 * Records are gathered in LIMIT_SORT_BYTES of memory (or what the place says). What fits there is
 * sorted there, and no file is made. When it is full it is sorted and written as a run, and at the
 * end the runs are merged, LIMIT_SORT_FAN_IN at a time, in the same memory. On the disk stand the
 * records and the few bytes of their heads, and while runs are merged once more those of one merge.
 *
 * Memory: LIMIT_SORT_BYTES, touched as it is used, and half of that while a run is sorted; 16 bytes
 * a run; a record that is larger than its part of the room, one at a time, at most
 * LIMIT_SORT_RECORD_BYTES.
 *
 * Sources: Knuth, "The Art of Computer Programming", volume 3, 5.4 (external sorting).
 * Threads: one at a time; may be handed to another.
 */
#ifndef SPILL_SORTER_H
#define SPILL_SORTER_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct sorter;
struct spill_place;

/* Borrows the place. Ends with sorter_free(), at any time. After another status than OK and
 * LIMIT nothing else may be done with it. */
struct sorter *sorter_new(const struct spill_place *place);
void sorter_free(struct sorter **sorter);

/* Copies the record. LIMIT: it has more than LIMIT_SORT_RECORD_BYTES and was left out; FULL, also
 * with more than LIMIT_SORT_RUNS runs; IO, NOT_FOUND and FORBIDDEN (the folder). */
MUST_USE enum status sorter_add(struct sorter *sorter, struct slice key, struct slice payload,
                                struct error *error);

/* Call again until *is_done; each call handles about LIMIT_SORT_STEP_BYTES. Nothing may be added
 * from the first call on. As sorter_add(). */
MUST_USE enum status sorter_finish(struct sorter *sorter, bool *is_done, struct error *error);

/* The next record, in rising order; its bytes are valid until the next call. *is_end when there is
 * none. IO. */
MUST_USE enum status sorter_next(struct sorter *sorter, struct slice *key, struct slice *payload,
                                 bool *is_end, struct error *error);

/* Records added. */
uint64_t sorter_count(const struct sorter *sorter);

/* Bytes written to the temporary file so far; 0: all is in memory. */
uint64_t sorter_file_bytes(const struct sorter *sorter);

/* Record `index` in rising order, of a finished sorter that has all in memory. Valid until
 * sorter_free(). */
void sorter_get(const struct sorter *sorter, uint64_t index, struct slice *key,
                struct slice *payload);

#endif
