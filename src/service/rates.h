/* service/rates.h - how often keys and workspaces ask, held against their limits.
 *
 * Each has a bucket of `burst` requests that refills evenly, at `count` in `per_ms`. What counts is
 * one number, the time at which the bucket will be full again. Buckets of those that ask least are
 * forgotten when there are too many.
 *
 * Source: ITU-T I.371, the generic cell rate algorithm.
 * Threads: any; one short lock inside.
 */
#ifndef SERVICE_RATES_H
#define SERVICE_RATES_H

#include "base/id.h"
#include "base/rate.h"

#include <stdbool.h>
#include <stdint.h>

struct rates;

struct rates *rates_new(void);
void rates_free(struct rates **rates);

/* Whose bucket, and how large it is; count 0: no limit. */
struct rate_limit {
    struct id whose;
    struct rate rate;
    uint32_t burst;
};

struct rate_answer {
    bool is_limited; /* one of them has a limit; else the rest is 0 */
    bool is_refused;
    uint32_t limit;         /* the burst of the one that is nearest to its end, or refused */
    uint32_t remaining;     /* requests that may come at once */
    int64_t reset_ms;       /* until all of them may again */
    int64_t retry_after_ms; /* until one may; 0 unless refused */
    uint32_t which;         /* the index of that one */
};

/* Takes one request out of every bucket, or out of none if one is empty. is_peek: takes none, and
 * only looks. now_us: monotonic. */
void rates_take(struct rates *rates, const struct rate_limit *limits, uint32_t count,
                int64_t now_us, bool is_peek, struct rate_answer *out);

#endif
