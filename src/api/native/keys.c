#include "api/native/native.h"

#include "base/json.h"
#include "service/key_words.h"

/* --- list --- */

static bool
put_key(const struct key_row *row, void *context)
{
    struct native_list *list = context;
    return native_put_listed(list, &row->id, key_value(row, list->call->arena));
}

static enum status
read_keys(struct native_list *list)
{
    return service_key_list(list->call->service, &list->query.page, put_key, list);
}

void
native_key_list(struct call *call)
{
    native_read_list(native_open_list(call), read_keys);
}

/* --- create --- */

struct key_creation {
    struct key_wanted wanted;
    struct new_key key;
};

static void
answer_key(struct call *call, int http_status, const struct id *id, struct value key)
{
    struct buffer body;
    native_begin_one(&body);
    json_print(&body, key);
    native_end_one(call, http_status, &body, "/v1/keys/", id);
}

/* Nobody knows the secret any more. */
void
native_answer_key_again(struct call *call, const struct key_row *row)
{
    struct value key = key_value(row, call->arena);
    answer_key(call, 201, &row->id,
               value_object_set(call->arena, key, value_text("apiKey"), value_null()));
}

struct value
native_new_key_value(struct call *call, const struct new_key *key, const struct key_wanted *wanted)
{
    struct key_row row = {
        .id = key->id,
        .name = wanted->name,
        .limits = wanted->limits,
        .scopes = wanted->scopes,
        .created_unix_ms = key->created_unix_ms,
        .expires_unix_ms = wanted->expires_unix_ms,
    };
    return value_object_set(call->arena, key_value(&row, call->arena), value_text("apiKey"),
                            value_string_copy(call->arena, slice_text(key->secret)));
}

static void
key_created(enum status status, const struct new_key *key, void *context)
{
    struct call *call = context;
    if (status == STATUS_CONFLICT)
        call_go_on(call, call_answer_conflict);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    else
        answer_key(call, 201, &key->id, native_new_key_value(call, key, call->own));
}

/* A key gives no more than it has. */
static bool
may_give(struct call *call, uint32_t scopes, uint32_t most)
{
    uint32_t more = scopes & ~most;
    if (more == 0)
        return true;
    call_fail(call, 403, "scopes: this key lacks \"%s\", so it cannot give it",
              key_scope_name((enum key_scope)(more & ~(more - 1))));
    return false;
}

void
native_create_key_in(struct call *call, const struct id *workspace, uint32_t most)
{
    struct key_wanted *wanted = arena_alloc(call->arena, sizeof(*wanted));
    struct error error = {0};
    enum status status = key_wanted_read(
        wanted, call->body, clock_unix_ms(service_clock(call->service)), call->arena, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return;
    }
    if (!may_give(call, wanted->scopes, most))
        return;
    wanted->workspace = *workspace;
    wanted->idempotency = call->idempotency;
    call->own = wanted;
    service_key_create(call->service, wanted, key_created, call);
}

void
native_key_create(struct call *call)
{
    native_create_key_in(call, &call->caller.workspace, call->caller.scopes);
}

/* --- revoke --- */

static bool
find_key(struct call *call, struct key_row *out)
{
    return call_found(call, service_key_find(call->service, &call->caller.workspace, call->names[0],
                                             call->arena, out));
}

static void
answer_revoked(struct call *call)
{
    struct key_row row;
    if (find_key(call, &row))
        answer_key(call, 200, &row.id, key_value(&row, call->arena));
}

static void
key_revoked(enum status status, void *context)
{
    if (status == STATUS_OK)
        call_go_on(context, answer_revoked);
    else
        call_fail_status(context, status, NULL);
}

void
native_key_revoke(struct call *call)
{
    struct key_row row;
    if (find_key(call, &row))
        service_key_revoke(call->service, &row, key_revoked, call);
}
