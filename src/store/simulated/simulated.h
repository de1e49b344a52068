/* store/simulated/simulated.h - a store in memory that fails on order, for the simulation and
 * tests.
 *
 * It keeps every promise of store/store.h towards a process that dies: what a commit reported OK is
 * there after simulated_restart(). One seed gives one sequence of faults, whatever the machine.
 * Delays are the caller's business: it decides when to call.
 *
 * Threads: as in store/store.h; one mutex inside. Faults are set while no call is under way.
 */
#ifndef STORE_SIMULATED_SIMULATED_H
#define STORE_SIMULATED_SIMULATED_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* How many of a thousand calls go wrong, each kind drawn by itself. */
struct simulated_faults {
    uint32_t commit_io;   /* IO; nothing was stored */
    uint32_t commit_full; /* FULL; nothing was stored */
    /* The process dies within the commit: it reports IO, all of it was stored or nothing, as the
     * seed will have it, and every call answers UNAVAILABLE until simulated_restart(). */
    uint32_t commit_death;
    uint32_t read_io; /* IO from a read, before the first row */
};

/* What happened since the store was made. */
struct simulated_counts {
    uint64_t commits;  /* that reported OK */
    uint64_t refusals; /* intents with CONFLICT or NOT_FOUND in them */
    uint64_t faults;   /* of every kind */
    uint64_t deaths;
    uint64_t restarts;
    uint64_t rows; /* stored now */
};

/* Without faults. Ends with store_close(). */
struct store *simulated_store_new(uint64_t seed);

void simulated_set_faults(struct store *store, const struct simulated_faults *faults);

/* Whether the process died in a commit: whoever drives the simulation drops all that it had in
 * memory and calls simulated_restart(). */
bool simulated_is_dead(const struct store *store);

/* The process is gone and comes up again; also to be called when it died elsewhere. */
void simulated_restart(struct store *store);

struct simulated_counts simulated_counts(struct store *store);

#endif
