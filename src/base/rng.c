#include "base/rng.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* SplitMix64, which the authors of xoshiro advise for filling its state from one number. */
static uint64_t
seed_next(uint64_t *seed)
{
    *seed += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

void
rng_seed(struct rng *rng, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++)
        rng->state[i] = seed_next(&seed);
}

void
rng_seed_system(struct rng *rng)
{
    uint64_t seed = 0;
    rng_secret(&seed, sizeof(seed));
    rng_seed(rng, seed);
}

static uint64_t
rotate_left(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}

uint64_t
rng_next(struct rng *rng)
{
    uint64_t *state = rng->state;
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

uint64_t
rng_below(struct rng *rng, uint64_t bound)
{
    assert(bound > 0);
    /* The lowest 2^64 mod bound outcomes are drawn again, so that each remainder is as likely. */
    uint64_t unfair = -bound % bound;
    uint64_t drawn = rng_next(rng);
    while (drawn < unfair)
        drawn = rng_next(rng);
    return drawn % bound;
}

void
rng_bytes(struct rng *rng, void *out, size_t size)
{
    char *next = out;
    while (size > 0) {
        uint64_t word = rng_next(rng);
        size_t step = size < sizeof(word) ? size : sizeof(word);
        memcpy(next, &word, step);
        next += step;
        size -= step;
    }
}

void
rng_secret(void *out, size_t size)
{
    char *next = out;
    while (size > 0) {
        ssize_t got = getrandom(next, size, 0);
        /* The call cannot fail on a kernel that has it; going on without randomness must not be. */
        if (got < 0 && errno != EINTR)
            abort();
        if (got <= 0)
            continue;
        next += got;
        size -= (size_t)got;
    }
}
