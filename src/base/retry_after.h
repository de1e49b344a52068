/* base/retry_after.h - how long a server wants to be left alone.
 *
 * Sources: RFC 9110 10.2.3 (Retry-After: seconds or a date); Azure and OpenAI for retry-after-ms.
 * Threads: pure, any thread.
 */
#ifndef BASE_RETRY_AFTER_H
#define BASE_RETRY_AFTER_H

#include "base/exchange.h"

#include <stdbool.h>
#include <stdint.h>

/* Longer waits count as this one: an hour. */
#define RETRY_AFTER_MS_MAX INT64_C(3600000)

/* Whether the answer has such a header, be it readable or not. */
bool retry_after_is_given(const struct exchange *exchange);

/* 0 to RETRY_AFTER_MS_MAX; 0 too if it is absent or cannot be read. A date counts from the answer's
 * own: both are by the server's clock. */
int64_t retry_after_ms(const struct exchange *exchange);

#endif
