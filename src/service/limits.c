#include "service/limits.h"

#include "base/credits.h"
#include "base/json.h"
#include "base/limits.h"

static enum status
read_rate(struct access_limits *out, struct value value, struct error *error)
{
    if (value.kind == VALUE_NONE || value.kind == VALUE_NULL)
        return STATUS_OK;
    if (value.kind != VALUE_STRING)
        return error_set(error, STATUS_INVALID, "limits.rate: expected a text such as \"600/m\"");
    enum status status = rate_parse(&out->rate, value_slice(value), error);
    if (status != STATUS_OK)
        error_prepend(error, "limits.rate");
    out->burst = out->rate.count;
    return status;
}

static enum status
read_burst(struct access_limits *out, struct value value, struct error *error)
{
    int64_t burst = 0;
    if (value.kind == VALUE_NONE || value.kind == VALUE_NULL)
        return STATUS_OK;
    if (out->rate.count == 0)
        return error_set(error, STATUS_INVALID, "limits.burst: there is no limits.rate beside it");
    if (!value_is_number(value) || !value_integer(value, &burst) || burst < 1 ||
        burst > LIMITS_BURST_MAX)
        return error_set(error, STATUS_INVALID,
                         "limits.burst: expected a whole number from 1 to %d", LIMITS_BURST_MAX);
    out->burst = (uint32_t)burst;
    return STATUS_OK;
}

static enum status
read_budget(struct access_limits *out, struct value value, struct error *error)
{
    if (value.kind == VALUE_NONE || value.kind == VALUE_NULL)
        return STATUS_OK;
    out->has_budget = credits_read(value, &out->budget_microcredits);
    if (out->has_budget)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "limits.budgetPerDay: expected credits: a number from 0 to %d", CREDITS_MAX);
}

static enum status
check_names(struct value value, struct error *error)
{
    const struct member *members = value_members(value);
    for (uint32_t i = 0; i < value.count; i++) {
        struct slice name = value_slice(members[i].key);
        if (!slice_is(name, "rate") && !slice_is(name, "burst") && !slice_is(name, "budgetPerDay"))
            return error_set(error, STATUS_INVALID,
                             "limits: expected rate, burst or budgetPerDay, found \"%.*s\"",
                             SLICE_FORMAT(slice_cut(name, 40)));
    }
    return STATUS_OK;
}

enum status
access_limits_read(struct access_limits *out, struct value value, struct error *error)
{
    *out = (struct access_limits){.has_budget = false};
    if (value.kind == VALUE_NONE || value.kind == VALUE_NULL)
        return STATUS_OK;
    if (value.kind != VALUE_OBJECT)
        return error_set(error, STATUS_INVALID, "limits: expected an object");
    enum status status = check_names(value, error);
    if (status == STATUS_OK)
        status = read_rate(out, value_get(value, "rate"), error);
    if (status == STATUS_OK)
        status = read_burst(out, value_get(value, "burst"), error);
    if (status == STATUS_OK)
        status = read_budget(out, value_get(value, "budgetPerDay"), error);
    return status;
}

void
access_limits_parse(struct access_limits *out, struct slice json)
{
    struct arena arena;
    struct value value;
    *out = (struct access_limits){.has_budget = false};
    if (json.size == 0)
        return;
    arena_init(&arena, KIB(64));
    if (json_parse(&value, &arena, json, 0, NULL, NULL) != STATUS_OK ||
        access_limits_read(out, value, NULL) != STATUS_OK)
        *out = (struct access_limits){.has_budget = false};
    arena_done(&arena);
}

void
access_limits_print(struct buffer *out, const struct access_limits *limits)
{
    char budget[CREDITS_TEXT_BYTES] = "null";
    if (limits->rate.count == 0 && !limits->has_budget)
        return;
    buffer_append_text(out, "{\"rate\":");
    if (limits->rate.count == 0) {
        buffer_append_text(out, "null,\"burst\":null");
    } else {
        char text[RATE_TEXT_BYTES];
        rate_print(&limits->rate, text);
        buffer_append_format(out, "\"%s\",\"burst\":%u", text, limits->burst);
    }
    if (limits->has_budget)
        credits_print(limits->budget_microcredits, budget);
    buffer_append_format(out, ",\"budgetPerDay\":%s}", budget);
}
