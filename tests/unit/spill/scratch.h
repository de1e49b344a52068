/* tests/unit/spill/scratch.h - a folder for temporary files, and a disk that is full on order.
 *
 * Threads: one.
 */
#ifndef TESTS_UNIT_SPILL_SCRATCH_H
#define TESTS_UNIT_SPILL_SCRATCH_H

#include "base/slice.h"
#include "spill/spill.h"

#include <stddef.h>
#include <stdint.h>

/* cmocka's group set-up and tear-down; the latter fails if a file was left behind. */
int scratch_begin(void **state);
int scratch_end(void **state);

/* In the folder, with the least memory for sorting. */
struct spill_place scratch_place(void);

/* No file of this process may grow beyond that size, until scratch_no_limit(). */
void scratch_limit(uint64_t file_bytes);
void scratch_no_limit(void);

/* Files with a name in the folder. */
size_t scratch_entries(void);

/* Bytes of heap in use; 0 where the allocator does not tell. */
size_t scratch_heap(void);

#endif
