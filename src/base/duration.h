/* base/duration.h - lengths of time as people write them: 500ms, 30s, 5m, 2h, 7d.
 *
 * An integer and one unit, nothing else: no fractions, no signs, no spaces, no "1h30m".
 *
 * Threads: any.
 */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

/* The longest: 3,650 days. */
#define DURATION_MS_MAX (INT64_C(3650) * 24 * 3600 * 1000)

/* Room for every printed duration and its NUL. */
#define DURATION_TEXT_BYTES 24

struct duration_range {
    int64_t low_ms;
    int64_t high_ms; /* >= low_ms */
};

/* 0 to DURATION_MS_MAX. INVALID: not of this form; LIMIT: longer than the maximum. The words quote
 * the text. */
MUST_USE enum status duration_parse(int64_t *out_ms, struct slice text, struct error *error);

/* "1s..60s", low..high. INVALID also if high is below low. */
MUST_USE enum status duration_parse_range(struct duration_range *out, struct slice text,
                                          struct error *error);

/* In the largest unit that says it exactly ("90s", "2h", "0s"), and a NUL; duration_parse() reads
 * it back. ms: 0 to DURATION_MS_MAX. */
void duration_print(int64_t ms, char out[DURATION_TEXT_BYTES]);

#endif
