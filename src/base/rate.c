#include "base/rate.h"

#include "base/duration.h"

#include <stdio.h>

#define QUOTED_BYTES_MAX 40

static enum status
rate_fail(struct error *error, enum status status, const char *problem, struct slice text)
{
    return error_set(error, status, "%s: \"%.*s\"", problem,
                     SLICE_FORMAT(slice_cut(text, QUOTED_BYTES_MAX)));
}

/* A unit by itself is one of it. */
static bool
parse_span(int64_t *out_ms, struct slice text)
{
    char one[32];
    bool has_number = text.size > 0 && text.ptr[0] >= '0' && text.ptr[0] <= '9';
    if (text.size + 2 > sizeof(one))
        return false;
    snprintf(one, sizeof(one), "%s%.*s", has_number ? "" : "1", SLICE_FORMAT(text));
    return duration_parse(out_ms, slice_text(one), NULL) == STATUS_OK;
}

enum status
rate_parse(struct rate *out, struct slice text, struct error *error)
{
    *out = (struct rate){0};
    const char *slash = text.size == 0 ? NULL : memchr(text.ptr, '/', text.size);
    size_t digits = slash == NULL ? 0 : (size_t)(slash - text.ptr);
    int64_t count = 0;
    int64_t per_ms = 0;
    bool is_rate = digits > 0 && slice_parse_int64(slice_of(text.ptr, digits), &count) &&
                   parse_span(&per_ms, slice_of(slash + 1, text.size - digits - 1));
    if (!is_rate || count < 1 || per_ms < 1)
        return rate_fail(error, STATUS_INVALID,
                         "not a rate (how many in which time, such as 10/s, 600/m or 100/15m)",
                         text);
    if (count > RATE_COUNT_MAX || per_ms > RATE_PER_MS_MAX)
        return rate_fail(error, STATUS_LIMIT, "a rate of more than 100000, or over more than a day",
                         text);
    *out = (struct rate){(uint32_t)count, per_ms};
    return STATUS_OK;
}

void
rate_print(const struct rate *rate, char out[RATE_TEXT_BYTES])
{
    char span[DURATION_TEXT_BYTES];
    duration_print(rate->per_ms, span);
    bool is_one = span[0] == '1' && (span[1] < '0' || span[1] > '9');
    snprintf(out, RATE_TEXT_BYTES, "%u/%s", rate->count, is_one ? span + 1 : span);
}
