/* The secret that outgoing webhooks are signed with: shown once, when it is made. */
#include "service/signing.h"

#include "api/sixtyfour/sixtyfour.h"
#include "base/json.h"

#include <assert.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define OVERLAP_HOURS 24

/* A secret on its way to the store. */
struct making {
    char secret[SIGNING_SECRET_BYTES];
    struct signing_meta meta;
    int http_status;
};

static void
put_meta(struct buffer *out, const struct call *call, const struct signing_meta *meta)
{
    char id[ID_UUID_BYTES];
    id_uuid(&meta->id, id);
    buffer_append_format(out, "{\"id\":\"%s\"", id);
    sixtyfour_put_id(out, "org_id", &call->caller.workspace);
    buffer_append_format(out, ",\"preview\":\"" SIGNING_PREFIX "\u2022\u2022\u2022\u2022%s\"",
                         meta->ending);
    buffer_append_text(out, ",\"status\":\"active\"");
    sixtyfour_put_time(out, "created_at", meta->created_unix_ms);
    buffer_append_text(out, ",\"revoked_at\":null}");
}

void
sixtyfour_signing_get(struct call *call)
{
    struct buffer body;
    struct signing_meta meta;
    enum status status = service_signing_find(call->service, &call->caller.workspace, &meta);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        call_fail_status(call, status, NULL);
        return;
    }
    call_begin_body(&body);
    if (status == STATUS_OK)
        put_meta(&body, call, &meta);
    else
        buffer_append_text(&body, "null");
    call_answer(call, 200, &body);
}

/* --- one is made --- */

static void
fail_stored(struct call *call, enum status status)
{
    if (status == STATUS_CONFLICT)
        call_fail(call, 409, "The signing secret was changed by another request: try again");
    else
        call_fail_status(call, status, NULL);
}

/* On the writer's thread. */
static void
was_made(enum status status, bool is_new, void *context)
{
    struct call *call = context;
    struct making *making = call->own;
    struct buffer body;
    (void)is_new;
    if (status == STATUS_OK) {
        call_begin_body(&body);
        buffer_append_format(&body, "{\"plaintext\":\"%s\",\"meta\":", making->secret);
        put_meta(&body, call, &making->meta);
        buffer_append_byte(&body, '}');
    }
    assert(making != NULL);
    explicit_bzero(making->secret, sizeof(making->secret));
    if (status == STATUS_OK)
        call_answer(call, making->http_status, &body);
    else
        fail_stored(call, status);
}

static void
make(struct call *call, bool is_roll, int64_t overlap_ms)
{
    struct making *making = arena_alloc(call->arena, sizeof(*making));
    struct signing_wanted wanted = {
        .workspace = call->caller.workspace,
        .is_roll = is_roll,
        .overlap_ms = overlap_ms,
        .stored = was_made,
        .context = call,
    };
    making->http_status = is_roll ? 200 : 201;
    call->own = making;
    enum status status =
        service_signing_make(call->service, &wanted, making->secret, &making->meta);
    if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "There is no signing secret to roll: make one first");
    else if (status != STATUS_OK)
        fail_stored(call, status);
}

void
sixtyfour_signing_make(struct call *call)
{
    make(call, false, 0);
}

/* --- it is rolled --- */

static bool
fail_hours(struct call *call, const char *type, const char *words)
{
    struct sixtyfour_place place = {"body", SLICE("expire_overlap_hours")};
    sixtyfour_fail_field(call, &place, type, words);
    return false;
}

static bool
read_hours(struct call *call, int64_t *out)
{
    struct value hours = value_get(call->body, "expire_overlap_hours");
    *out = OVERLAP_HOURS;
    if (hours.kind == VALUE_NONE)
        return true;
    if (!value_integer(hours, out))
        return fail_hours(call, "int_type", "Input should be a valid integer");
    if (*out < 0)
        return fail_hours(call, "greater_than_equal", "Input should be greater than or equal to 0");
    if (*out > SIGNING_OVERLAP_HOURS_MAX)
        return fail_hours(call, "less_than_equal", "Input should be less than or equal to 72");
    return true;
}

void
sixtyfour_signing_roll(struct call *call)
{
    static const char *const fields[] = {"expire_overlap_hours", NULL};
    int64_t hours = 0;
    if (sixtyfour_read_body(call, fields) && read_hours(call, &hours))
        make(call, true, hours * HOUR_MS);
}

/* --- it is revoked --- */

static void
answer_nothing(struct call *call)
{
    const struct http_answer answer = {.status = 204, .body_kind = HTTP_BODY_STATIC};
    http_answer(call->request, &answer);
}

static void
was_removed(enum status status, bool is_new, void *context)
{
    (void)is_new;
    if (status == STATUS_OK)
        answer_nothing(context);
    else
        fail_stored(context, status);
}

/* Also when there is none: what was asked for holds. */
void
sixtyfour_signing_remove(struct call *call)
{
    enum status status =
        service_signing_remove(call->service, &call->caller.workspace, was_removed, call);
    if (status == STATUS_NOT_FOUND)
        answer_nothing(call);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
}
