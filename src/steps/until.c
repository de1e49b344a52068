#include "steps/until.h"

#include "base/moment.h"

/* The end of the year 9999. */
#define UNTIL_MS_MAX INT64_C(253402300799999)

static bool
parse_until(struct value until, int64_t *unix_ms)
{
    struct slice text = slice_trim(value_slice(until));
    if (moment_parse_iso(text, unix_ms))
        return true;
    return slice_parse_int64(text, unix_ms) && *unix_ms >= 0 && *unix_ms <= UNTIL_MS_MAX;
}

bool
until_read(struct step_wait *out, struct value length, struct value until,
           struct step_failure *failure)
{
    *out = (struct step_wait){.duration_ms = -1};
    if (length.kind == VALUE_INT) {
        out->duration_ms = length.integer;
        return true;
    }
    if (parse_until(until, &out->until_unix_ms))
        return true;
    struct slice shown = slice_cut(value_slice(until), 64);
    return step_fail(failure, "bad_config",
                     "until: expected a time such as 2026-11-21T07:00:00Z or milliseconds since "
                     "1970, found \"%.*s\"",
                     SLICE_FORMAT(shown));
}
