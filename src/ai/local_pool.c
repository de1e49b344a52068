#include "ai/local_pool.h"

/* What a further statement of the same value adds, as a part of what is missing to certainty. */
#define SUPPORT 0.15
/* A lead over the next value that leaves no doubt, as a part of the score. */
#define CLEAR_LEAD 0.3
/* What is left of the confidence when two values are equally good. */
#define TIED 0.7

double
local_pool_least(const struct local_pool *pool)
{
    return pool->count < LOCAL_POOL_KEEP ? 0 : pool->best[LOCAL_POOL_KEEP - 1].score;
}

/* Moves the candidate at index up to its place. */
static void
rise(struct local_pool *pool, size_t index)
{
    struct local_candidate moved = pool->best[index];
    while (index > 0 && pool->best[index - 1].score < moved.score) {
        pool->best[index] = pool->best[index - 1];
        index--;
    }
    pool->best[index] = moved;
}

static void
support(struct local_pool *pool, size_t index, const struct local_candidate *candidate)
{
    struct local_candidate *kept = &pool->best[index];
    bool is_elsewhere =
        candidate->quote.ptr != kept->quote.ptr || candidate->source != kept->source;
    double less = candidate->score < kept->score ? candidate->score : kept->score;
    double most = candidate->score < kept->score ? kept->score : candidate->score;
    if (candidate->score > kept->score)
        *kept = *candidate;
    kept->score = is_elsewhere ? most + SUPPORT * (1 - most) * less : most;
    rise(pool, index);
}

void
local_pool_add(struct local_pool *pool, const struct local_candidate *candidate)
{
    for (size_t i = 0; i < pool->count; i++)
        if (pool->best[i].key == candidate->key) {
            support(pool, i, candidate);
            return;
        }
    if (pool->count == LOCAL_POOL_KEEP) {
        if (candidate->score <= local_pool_least(pool))
            return;
        pool->count--;
    }
    pool->best[pool->count++] = *candidate;
    rise(pool, pool->count - 1);
}

double
local_pool_confidence(const struct local_pool *pool, size_t index)
{
    double score = pool->best[index].score;
    size_t next = index + 1;
    double other = next < pool->count ? pool->best[next].score : 0;
    double lead = score > 0 ? (score - other) / (score * CLEAR_LEAD) : 0;
    double confidence = score * (TIED + (1 - TIED) * (lead > 1 ? 1 : lead));
    return confidence > 0.99 ? 0.99 : confidence;
}
