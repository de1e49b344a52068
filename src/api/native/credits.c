#include "api/native/native.h"

#include "base/credits.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/moment.h"
#include "service/credits.h"
#include "service/present.h"

#include <stdio.h>

#define DAY_MS INT64_C(86400000)
/* Days of usage that one request may ask for, and those that it gets without saying so. */
#define USAGE_DAYS_MAX 400
#define USAGE_DAYS_USUAL 30
#define USAGE_NAMES_MAX 10000
#define NOTE_BYTES_MAX 1000

static void
put_credits(struct buffer *out, const char *name, int64_t microcredits)
{
    char text[CREDITS_TEXT_BYTES];
    bool is_below = microcredits < 0;
    credits_print(is_below ? -microcredits : microcredits, text);
    buffer_append_format(out, "\"%s\":%s%s", name, is_below ? "-" : "", text);
}

/* --- what is left --- */

static void
answer_credits(struct call *call, const struct id *workspace, int http_status)
{
    struct credits credits;
    struct buffer body;
    enum status status = service_credits_get(call->service, workspace, &credits);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    call_begin_body(&body);
    buffer_append_text(&body, "{\"data\":{\"workspaceId\":");
    json_print(&body, present_id(workspace, call->arena));
    buffer_append_format(&body, ",\"unlimited\":%s,", credits.is_metered ? "false" : "true");
    if (credits.is_metered)
        put_credits(&body, "balance", credits.granted - credits.spent);
    else
        buffer_append_text(&body, "\"balance\":null");
    buffer_append_byte(&body, ',');
    put_credits(&body, "reserved", credits.reserved);
    buffer_append_byte(&body, ',');
    put_credits(&body, "spent", credits.spent);
    buffer_append_text(&body, "}}");
    call_answer(call, http_status, &body);
}

void
native_credits_get(struct call *call)
{
    answer_credits(call, &call->caller.workspace, 200);
}

void
native_answer_grant_again(struct call *call, const struct id *workspace)
{
    answer_credits(call, workspace, 200);
}

/* --- grants --- */

struct granting {
    struct grant_row row;
};

static void
answer_granted(struct call *call)
{
    const struct granting *granting = call->own;
    answer_credits(call, &granting->row.workspace, 200);
}

static void
answer_refused(struct call *call)
{
    if (!call_answer_again(call))
        call_fail(call, 409,
                  "the credits of this workspace are unlimited: give it some with \"set\" first");
}

static void
credits_granted(enum status status, void *context)
{
    if (status == STATUS_OK)
        call_go_on(context, answer_granted);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, answer_refused);
    else
        call_fail_status(context, status, NULL);
}

/* Exactly one of "add", "set" and "unlimited". */
static bool
read_grant(struct call *call, struct grant_row *out)
{
    struct value add = value_get(call->body, "add"), set = value_get(call->body, "set");
    bool is_unlimited = value_is_true(value_get(call->body, "unlimited"));
    struct value note = value_get(call->body, "note");
    unsigned ways = (add.kind != VALUE_NONE) + (set.kind != VALUE_NONE) + is_unlimited;
    out->kind = is_unlimited ? GRANT_UNLIMITED : set.kind != VALUE_NONE ? GRANT_SET : GRANT_ADD;
    out->note = value_slice_or(note, SLICE(""));
    out->key = call->caller.key;
    if (ways != 1)
        call_fail(call, 400, "expected one of \"add\", \"set\" and \"unlimited\": true");
    else if (out->note.size > NOTE_BYTES_MAX)
        call_fail(call, 400, "note: at most %d bytes", NOTE_BYTES_MAX);
    else if (!is_unlimited && !credits_read(out->kind == GRANT_SET ? set : add, &out->microcredits))
        call_fail(call, 400, "%s: expected credits: a number from 0 to %d",
                  out->kind == GRANT_SET ? "set" : "add", CREDITS_MAX);
    else
        return true;
    return false;
}

/* Of the body, or the operator's own. */
static bool
read_workspace(struct call *call, struct id *out)
{
    struct value id = value_get(call->body, "workspaceId");
    struct workspace_row row;
    *out = call->caller.workspace;
    if (!call->caller.is_operator) {
        call_fail(call, 403, "this needs a key of the operator's workspace");
        return false;
    }
    if (id.kind != VALUE_STRING)
        return true;
    if (id_parse(out, value_slice(id)) &&
        service_workspace_get(call->service, out, call->arena, &row) == STATUS_OK)
        return true;
    call_fail(call, 404, "workspaceId: there is no such workspace");
    return false;
}

void
native_credits_grant(struct call *call)
{
    struct granting *granting = arena_alloc(call->arena, sizeof(*granting));
    if (!read_workspace(call, &granting->row.workspace) || !read_grant(call, &granting->row))
        return;
    call->own = granting;
    call_keep_answer(call, 200);
    service_grant(call->service, &granting->row, call->idempotency, credits_granted, call);
}

static struct value
grant_value(const struct grant_row *row, struct arena *arena)
{
    static const char *const kinds[] = {"add", "set", "unlimited"};
    const struct member members[] = {
        {value_text("id"), present_id(&row->id, arena)},
        {value_text("kind"), value_text(kinds[row->kind])},
        {value_text("amount"), credits_value(row->microcredits, arena)},
        {value_text("note"), value_string(row->note)},
        {value_text("keyId"), id_is_zero(&row->key) ? value_null() : present_id(&row->key, arena)},
        {value_text("createdAt"), present_time(row->created_unix_ms, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static bool
put_grant(const struct grant_row *row, void *context)
{
    struct native_list *list = context;
    return native_put_listed(list, &row->id, grant_value(row, list->call->arena));
}

static enum status
read_grants(struct native_list *list)
{
    return service_grant_list(list->call->service, &list->query.page, put_grant, list);
}

void
native_grant_list(struct call *call)
{
    native_read_list(native_open_list(call), read_grants);
}

/* --- usage --- */

struct usage_list {
    struct spending_range range;
    struct spending_row *sums; /* by id, over all days; NULL: one for each day */
    size_t count;
    struct buffer body;
    struct arena *arena;
};

static void
put_sum(struct usage_list *list, const struct spending_row *row)
{
    struct buffer *out = &list->body;
    char day[CLOCK_ISO_BYTES];
    clock_iso(row->day * DAY_MS, day);
    bool is_day = list->range.kind == SPENDING_WORKSPACE;
    native_next_item(out);
    buffer_append_text(out, "{\"day\":");
    json_print(out, is_day ? value_string_copy(list->arena, slice_of(day, 10)) : value_null());
    buffer_append_text(out, ",\"keyId\":");
    json_print(out,
               list->range.kind == SPENDING_KEY ? present_id(&row->id, list->arena) : value_null());
    buffer_append_text(out, ",\"workflowId\":");
    json_print(out, list->range.kind == SPENDING_WORKFLOW ? present_id(&row->id, list->arena)
                                                          : value_null());
    buffer_append_format(out, ",\"calls\":%lld,\"tokensIn\":%lld,\"tokensOut\":%lld,",
                         (long long)row->used.calls, (long long)row->used.tokens_in,
                         (long long)row->used.tokens_out);
    put_credits(out, "cost", row->used.cost_microcredits);
    buffer_append_byte(out, '}');
}

static bool
put_day(const struct spending_row *row, void *context)
{
    struct usage_list *list = context;
    put_sum(list, row);
    return !buffer_is_over(&list->body);
}

/* Days come one after the other, each with its ids in order: few enough for a search. */
static bool
add_name(const struct spending_row *row, void *context)
{
    struct usage_list *list = context;
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(&list->sums[middle].id, &row->id, sizeof(row->id)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < list->count && id_equal(&list->sums[low].id, &row->id)) {
        usage_add(&list->sums[low].used, &row->used);
        return true;
    }
    if (list->count == USAGE_NAMES_MAX)
        return false;
    memmove(list->sums + low + 1, list->sums + low, (list->count - low) * sizeof(*list->sums));
    list->sums[low] = *row;
    list->count++;
    return true;
}

static void
read_usage(struct call *call)
{
    struct usage_list *list = call->own;
    bool by_day = list->range.kind == SPENDING_WORKSPACE;
    native_begin_list(&list->body);
    if (!by_day)
        list->sums = mem_alloc_array(USAGE_NAMES_MAX, sizeof(*list->sums));
    enum status status =
        service_spending_list(call->service, &list->range, by_day ? put_day : add_name, list);
    for (size_t i = 0; i < list->count; i++)
        put_sum(list, &list->sums[i]);
    mem_free(list->sums);
    native_end_list(call, &list->body, status);
}

static bool
read_day(struct call *call, const char *name, int64_t *day)
{
    char text[32];
    int64_t unix_ms = 0;
    struct slice found = http_request_query(call->request, name);
    if (found.ptr == NULL)
        return true;
    snprintf(text, sizeof(text), "%.*sT00:00:00Z", (int)(found.size > 10 ? 0 : found.size),
             found.ptr);
    if (found.size == 10 && moment_parse_iso(slice_text(text), &unix_ms)) {
        *day = unix_ms / DAY_MS;
        return true;
    }
    call_fail(call, 400, "%s: expected a day such as 2026-11-21", name);
    return false;
}

static bool
read_range(struct call *call, struct spending_range *range)
{
    range->last_day = clock_unix_ms(service_clock(call->service)) / DAY_MS;
    range->first_day = -1;
    if (!read_day(call, "firstDay", &range->first_day) ||
        !read_day(call, "lastDay", &range->last_day))
        return false;
    if (range->first_day < 0)
        range->first_day = range->last_day - USAGE_DAYS_USUAL + 1;
    int64_t days = range->last_day - range->first_day + 1;
    if (days >= 1 && days <= USAGE_DAYS_MAX)
        return true;
    call_fail(call, 400, "firstDay, lastDay: expected 1 to %d days", USAGE_DAYS_MAX);
    return false;
}

void
native_usage(struct call *call)
{
    struct usage_list *list = arena_alloc(call->arena, sizeof(*list));
    struct slice by = http_request_query(call->request, "groupBy");
    if (!read_range(call, &list->range))
        return;
    if (by.ptr == NULL || slice_is(by, "day")) {
        list->range.kind = SPENDING_WORKSPACE;
    } else if (slice_is(by, "key")) {
        list->range.kind = SPENDING_KEY;
    } else if (slice_is(by, "workflow")) {
        list->range.kind = SPENDING_WORKFLOW;
    } else {
        call_fail(call, 400, "groupBy: expected day, key or workflow");
        return;
    }
    list->range.workspace = call->caller.workspace;
    list->arena = call->arena;
    call->own = list;
    call_go_on(call, read_usage);
}

/* --- nothing left --- */

static void
fail_refused(struct call *call, const struct refusal *refusal, const struct error *error)
{
    struct buffer body;
    call_begin_body(&body);
    buffer_append_text(&body, "{\"error\":");
    json_print_string(&body, slice_text(error->text));
    buffer_append_format(&body, ",\"code\":\"%s\",\"of\":\"%s\",", refusal_code(refusal),
                         refusal_of(refusal));
    put_credits(&body, "limit", refusal->limit);
    buffer_append_byte(&body, ',');
    put_credits(&body, "used", refusal->used);
    buffer_append_text(&body, ",\"resetAt\":");
    json_print(&body, present_time(refusal->reset_unix_ms, call->arena));
    buffer_append_byte(&body, '}');
    call->content_type = NULL;
    call_answer(call, 422, &body);
}

void
native_fail_start(struct call *call, enum status status, const struct refusal *refusal,
                  const struct error *error)
{
    if (status != STATUS_LIMIT || refusal->limit == ACCOUNT_UNLIMITED)
        call_fail_status(call, status, error);
    else if (call->route->scope == ROUTE_PUBLIC)
        call_fail(call, 422, "there are no credits left to run this workflow");
    else
        fail_refused(call, refusal, error);
}
