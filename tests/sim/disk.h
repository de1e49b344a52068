/* The disk under the blobs: files in memory that know what was synced.
 *
 * When the process dies, its files stay as they were written; when the power goes too, what was not
 * synced is kept, lost or torn in pieces of a sector, and a file whose folder was not synced may
 * vanish. Beside that, writing finds the disk full now and then.
 *
 * Threads: one. There is one disk in the program.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

struct blob_calls;

/* The disk as blobs reach it. */
const struct blob_calls *disk_calls(void);

/* Empties the disk. rng: borrowed. */
void disk_begin(struct rng *rng);
void disk_end(void);

/* So many of a thousand writes find no room. */
void disk_set_full(uint32_t of_thousand);

/* The process is gone: every call fails until disk_restart(). */
void disk_kill(void);
/* It dies in the middle of its work: behind that many further calls that change something. */
void disk_arm(uint32_t calls);
bool disk_is_dead(void);
void disk_restart(bool is_power_lost);

/* What happened since disk_begin(). */
struct disk_counts {
    uint64_t full, torn, vanished;
};
struct disk_counts disk_counts(void);

#endif
