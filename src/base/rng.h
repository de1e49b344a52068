/* base/rng.h - randomness, handed down from main; seeded in tests.
 *
 * Sources: Blackman and Vigna, xoshiro256** (2018); getrandom(2) for secrets and system seeds.
 * Threads: one thread a generator.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* The same seed gives the same sequence. */
void rng_seed(struct rng *rng, uint64_t seed);
void rng_seed_system(struct rng *rng);

uint64_t rng_next(struct rng *rng);

/* Uniform in [0, bound), bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

void rng_bytes(struct rng *rng, void *out, size_t size);

/* Bytes fit for keys, from the kernel. Any thread. */
void rng_secret(void *out, size_t size);

#endif
