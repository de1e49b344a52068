/* base/rate.h - how often something may happen, as people write it: 10/s, 600/m, 5/h, 100/15m.
 *
 * Threads: any.
 */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

#define RATE_COUNT_MAX 100000
#define RATE_PER_MS_MAX (INT64_C(24) * 3600 * 1000)

/* At most `count` times in any `per_ms`. */
struct rate {
    uint32_t count; /* 1 to RATE_COUNT_MAX */
    int64_t per_ms; /* 1 to RATE_PER_MS_MAX */
};

/* A whole number, a slash, and a unit (s, m, h, d) or a duration. INVALID: not of this form; LIMIT:
 * more often or rarer than the maxima. The words quote the text. */
MUST_USE enum status rate_parse(struct rate *out, struct slice text, struct error *error);

/* Room for every printed rate and its NUL. */
#define RATE_TEXT_BYTES 40

/* "600/m", "100/15m": rate_parse() reads it back. */
void rate_print(const struct rate *rate, char out[RATE_TEXT_BYTES]);

#endif
