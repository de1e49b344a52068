/* service/limits.h - what a key or a workspace may use: requests in a time, credits in a day.
 *
 * As JSON: {"rate": "600/m", "burst": 50, "budgetPerDay": 20}; each part may be missing or null.
 *
 * Threads: pure.
 */
#ifndef SERVICE_LIMITS_H
#define SERVICE_LIMITS_H

#include "base/buffer.h"
#include "base/rate.h"
#include "base/value.h"

/* Requests that may come at once. */
#define LIMITS_BURST_MAX RATE_COUNT_MAX

struct access_limits {
    struct rate rate; /* count 0: none */
    uint32_t burst;   /* 1 or more with a rate: by default its count */
    bool has_budget;
    int64_t budget_microcredits; /* a day (UTC) */
};

/* Null and the empty object are no limits. INVALID or LIMIT, with words that name the place. */
MUST_USE enum status access_limits_read(struct access_limits *out, struct value value,
                                        struct error *error);

/* Of the store's text: what is not understood counts as none. */
void access_limits_parse(struct access_limits *out, struct slice json);

/* The same as JSON, with every part; nothing for no limits at all. */
void access_limits_print(struct buffer *out, const struct access_limits *limits);

#endif
