/* spill/merge.h - several sorted runs of records read as one.
 *
 * Of records with equal keys that of the earlier run comes first. Memory is what the caller gives,
 * whatever the size of a record: a key that does not fit in its run's part of the room is compared
 * in pieces from the file, and a record is copied in pieces.
 *
 * Sources: Knuth, "The Art of Computer Programming", volume 3, 5.4.1 (multiway merging).
 * Threads: one at a time.
 */
#ifndef SPILL_MERGE_H
#define SPILL_MERGE_H

#include "base/buffer.h"
#include "base/limits.h"
#include "spill/record.h"
#include "spill/spill.h"

struct merge_run {
    uint64_t offset;
    uint64_t size;
};

struct merge_source {
    struct spill_reader reader;
    struct record_head head; /* of the record that the reader stands before */
};

struct merge {
    char *room; /* set by the owner before merge_open(); shared out among the sources */
    size_t room_bytes;
    struct merge_source sources[LIMIT_SORT_FAN_IN];
    uint32_t heap[LIMIT_SORT_FAN_IN]; /* sources; the one with the least record first */
    uint32_t count;                   /* sources in the heap: those not at their end */
    bool is_begun;                    /* the first source's record was given */
    bool is_copied;                   /* and its reader stands behind it */
    enum status failed;               /* of a comparison that had to read */
};

/* count runs (1 to LIMIT_SORT_FAN_IN) of the file, none of them empty, in the order of adding. */
MUST_USE enum status merge_open(struct merge *merge, const struct spill_file *file,
                                const struct merge_run *runs, uint32_t count, struct error *error);

/* Goes to the next record; *head is NULL at the end. */
MUST_USE enum status merge_next(struct merge *merge, const struct record_head **head,
                                struct error *error);

/* The current record, until the next call: in the room, or in `large` if it does not fit. */
MUST_USE enum status merge_load(struct merge *merge, struct buffer *large, struct slice *key,
                                struct slice *payload, struct error *error);

/* Writes the current record as it stands; in place of merge_load(). */
MUST_USE enum status merge_copy(struct merge *merge, struct spill_writer *writer,
                                struct error *error);

#endif
