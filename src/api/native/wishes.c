/* What a start asks for beside the input. The schema of the body has checked forms and sizes. */
#include "api/native/native.h"

#include "base/duration.h"
#include "base/moment.h"
#include "net/url.h"

/* False: it is not there. */
static bool
is_given(struct call *call, const char *name, struct value *out)
{
    *out = value_get(call->body, name);
    return out->kind != VALUE_NONE;
}

static bool
refuse_deadline(struct call *call, struct slice text)
{
    call_fail(call, 400,
              "deadline: expected a duration such as \"2h\", or a time to come such as "
              "\"2036-11-21T07:00:00Z\", found \"%.*s\"",
              SLICE_FORMAT(text));
    return false;
}

static bool
read_deadline(struct call *call, struct run_wishes *wishes)
{
    struct value member;
    struct error error = {0};
    if (!is_given(call, "deadline", &member))
        return true;
    struct slice text = value_slice_or(member, SLICE(""));
    wishes->deadline_ms = wishes->deadline_unix_ms = 0;
    if (member.kind == VALUE_NULL)
        return true;
    if (duration_parse(&wishes->deadline_ms, text, &error) == STATUS_OK)
        return wishes->deadline_ms > 0 || refuse_deadline(call, text);
    int64_t now = clock_unix_ms(service_clock(call->service));
    bool is_time = moment_parse_iso(text, &wishes->deadline_unix_ms);
    return (is_time && wishes->deadline_unix_ms > now) || refuse_deadline(call, text);
}

/* Which addresses may be reached is asked when it is sent. */
static bool
read_callback(struct call *call, struct run_wishes *wishes)
{
    struct value member;
    struct url url;
    struct error error = {0};
    if (!is_given(call, "callbackUrl", &member))
        return true;
    wishes->callback_url = value_slice_or(member, SLICE(""));
    if (member.kind == VALUE_NULL ||
        url_parse(&url, call->arena, wishes->callback_url, &error) == STATUS_OK)
        return true;
    call_fail(call, 400, "callbackUrl: %s", error.text);
    return false;
}

bool
native_read_wishes(struct call *call, struct run_wishes *wishes)
{
    struct value member;
    if (is_given(call, "labels", &member))
        wishes->labels = member.kind == VALUE_OBJECT ? member : (struct value){0};
    if (is_given(call, "concurrencyKey", &member))
        wishes->concurrency_key = value_slice_or(member, SLICE(""));
    if (is_given(call, "priority", &member)) {
        wishes->priority = RUN_PRIORITY_NORMAL;
        priority_parse(&wishes->priority, value_slice_or(member, SLICE("")));
    }
    return read_deadline(call, wishes) && read_callback(call, wishes);
}

uint32_t
native_read_version(struct call *call)
{
    int64_t version = 0;
    value_integer(value_get(call->body, "version"), &version);
    return (uint32_t)version;
}
