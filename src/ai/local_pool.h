/* ai/local_pool.h - the best values that were found for each field so far.
 *
 * Threads: one at a time.
 */
#ifndef AI_LOCAL_POOL_H
#define AI_LOCAL_POOL_H

#include "ai/local_value.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values of one field that are kept. */
#define LOCAL_POOL_KEEP 6

struct local_candidate {
    double score;       /* 0 to 1 */
    uint64_t key;       /* equal values have equal keys */
    size_t source;      /* index in the request's sources */
    struct slice text;  /* that the value is made of; in the source */
    struct slice quote; /* in the source */
    uint32_t serial;    /* of the label above an item, 0: it is none */
    bool truth;         /* of a boolean */
    bool is_prose;      /* text is a whole sentence */
    uint32_t choice;    /* of a field with choices */
    struct local_found found;
};

struct local_pool {
    struct local_candidate best[LOCAL_POOL_KEEP]; /* the best first */
    size_t count;
};

/* Keeps the candidate if it is among the best; one that says the same as another supports it. */
void local_pool_add(struct local_pool *pool, const struct local_candidate *candidate);

/* The score below which a candidate would not be kept. */
double local_pool_least(const struct local_pool *pool);

/* How sure the candidate at index is, seen those that say something else. */
double local_pool_confidence(const struct local_pool *pool, size_t index);

#endif
