/* One life from its seed: which runs, what their clients want, and what must hold at the end.
 *
 * Threads: one.
 */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H

#include <stdbool.h>
#include <stdint.h>

struct scene;

/* How much happened, over all lives. */
struct life_totals {
    uint64_t events, deaths, stops;
    uint64_t calls, repeats; /* repeats: of which the answer was lost in a crash */
    uint64_t commit_faults, refusals;
    uint64_t disk_full, torn, vanished;
    uint64_t retries, cancels, pauses;
};

struct life_options {
    uint64_t seed;
    const struct scene *only; /* NULL: scenes as the seed has them */
    bool is_verbose;
    struct life_totals *totals; /* added to */
};

/* True if all held; else words on standard error. */
bool life_run(const struct life_options *options);

#endif
