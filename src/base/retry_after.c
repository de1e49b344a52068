#include "base/retry_after.h"

#include "base/moment.h"

static const char in_ms[] = "retry-after-ms";
static const char in_seconds[] = "retry-after";

bool
retry_after_is_given(const struct exchange *exchange)
{
    return exchange_answer_header(exchange, in_seconds).ptr != NULL ||
           exchange_answer_header(exchange, in_ms).ptr != NULL;
}

static int64_t
clamped(int64_t number, int64_t most)
{
    if (number > most)
        return most;
    return number > 0 ? number : 0;
}

int64_t
retry_after_ms(const struct exchange *exchange)
{
    struct slice text = slice_trim(exchange_answer_header(exchange, in_ms));
    int64_t number = 0;
    if (slice_parse_int64(text, &number))
        return clamped(number, RETRY_AFTER_MS_MAX);
    text = slice_trim(exchange_answer_header(exchange, in_seconds));
    if (slice_parse_int64(text, &number))
        return clamped(number, RETRY_AFTER_MS_MAX / 1000) * 1000;
    int64_t until_ms = 0;
    int64_t answered_ms = 0;
    if (!moment_parse_http(text, &until_ms) ||
        !moment_parse_http(exchange_answer_header(exchange, "date"), &answered_ms))
        return 0;
    return clamped(until_ms - answered_ms, RETRY_AFTER_MS_MAX);
}
