#include "base/moment.h"
#include "steps/types.h"

static const struct field_decl wait_fields[] = {
    {.name = "for", .kind = FIELD_DURATION, .help = "How long, such as 30s or 2d."},
    {.name = "until",
     .kind = FIELD_TEXT,
     .help = "A moment: ISO 8601 with a zone, or milliseconds since 1970. One that is past does "
             "not wait."},
};

static const char *const wait_one_of[] = {"for", "until", NULL};

const struct step_decl wait_decl = {
    .name = "wait",
    .group = STEP_GROUP_FLOW,
    .shape = STEP_SHAPE_WAIT,
    .summary = "Goes on after a time.",
    .fields = wait_fields,
    .field_count = COUNT_OF(wait_fields),
    .one_of = wait_one_of,
};

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

static bool
wait_time(struct step_scope *scope, struct step_wait *out, struct step_failure *failure)
{
    struct value length;
    struct value until;
    *out = (struct step_wait){.duration_ms = -1};
    if (!step_render(scope, "for", &length, failure) ||
        !step_render(scope, "until", &until, failure))
        return false;
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

const struct step_type step_wait = {.decl = &wait_decl, .wait = wait_time};
