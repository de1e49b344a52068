#include "base/duration.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* How much of a wrong text the words repeat. */
#define QUOTED_BYTES_MAX 40

static const struct {
    const char *name;
    int64_t ms;
} units[] = {
    {"d", 24 * 3600 * 1000}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1},
};

/* 0 if there is none of that name. */
static int64_t
unit_ms(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (slice_is(name, units[i].name))
            return units[i].ms;
    return 0;
}

static enum status
duration_fail(struct error *error, enum status status, const char *problem, struct slice text)
{
    struct slice quoted = slice_cut(text, QUOTED_BYTES_MAX);
    return error_set(error, status, "%s: \"%.*s\"", problem, SLICE_FORMAT(quoted));
}

enum status
duration_parse(int64_t *out_ms, struct slice text, struct error *error)
{
    *out_ms = 0;
    size_t digits = 0;
    while (digits < text.size && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    int64_t unit = unit_ms(slice_of(text.ptr + digits, text.size - digits));
    if (digits == 0 || unit == 0)
        return duration_fail(error, STATUS_INVALID,
                             "not a duration (an integer and ms, s, m, h or d, such as 30s)", text);

    int64_t ms = 0;
    bool fits = slice_parse_int64(slice_of(text.ptr, digits), &ms) &&
                !__builtin_mul_overflow(ms, unit, &ms) && ms <= DURATION_MS_MAX;
    if (!fits)
        return duration_fail(error, STATUS_LIMIT, "a duration longer than 3650d", text);
    *out_ms = ms;
    return STATUS_OK;
}

enum status
duration_parse_range(struct duration_range *out, struct slice text, struct error *error)
{
    *out = (struct duration_range){0};
    const char *middle = text.size == 0 ? NULL : memmem(text.ptr, text.size, "..", 2);
    if (middle == NULL)
        return duration_fail(error, STATUS_INVALID,
                             "not a range of durations (low..high, such as 1s..60s)", text);

    struct slice low = slice_of(text.ptr, (size_t)(middle - text.ptr));
    struct slice high = slice_of(middle + 2, text.size - low.size - 2);
    struct duration_range range;
    enum status status = duration_parse(&range.low_ms, low, error);
    if (status == STATUS_OK)
        status = duration_parse(&range.high_ms, high, error);
    if (status != STATUS_OK)
        return status;
    if (range.high_ms < range.low_ms)
        return duration_fail(error, STATUS_INVALID, "a range that ends before it begins", text);
    *out = range;
    return STATUS_OK;
}

void
duration_print(int64_t ms, char out[DURATION_TEXT_BYTES])
{
    assert(ms >= 0);
    assert(ms <= DURATION_MS_MAX);
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    if (ms == 0)
        snprintf(out, DURATION_TEXT_BYTES, "0s");
    else
        snprintf(out, DURATION_TEXT_BYTES, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
}
