#include "service/control_keys.h"

#include "service/control.h"
#include "service/key_words.h"
#include "service/present.h"
#include "service/wait.h"

enum status
control_read_workspace(struct service *service, struct value request, struct arena *arena,
                       struct id *out, struct error *error)
{
    struct workspace_row row;
    struct value id = value_get(request, "workspace");
    *out = service_default_workspace(service);
    if (id.kind == VALUE_NONE || id.kind == VALUE_NULL)
        return STATUS_OK;
    if (id.kind != VALUE_STRING || !id_parse(out, value_slice(id)) ||
        service_workspace_get(service, out, arena, &row) != STATUS_OK)
        return error_set(error, STATUS_NOT_FOUND,
                         "there is no such workspace; windrow workspaces list shows them");
    return STATUS_OK;
}

enum status
control_read_before(struct value request, struct id *out, struct error *error)
{
    struct value before = value_get(request, "before");
    if (before.kind == VALUE_NONE || before.kind == VALUE_NULL)
        return STATUS_OK;
    if (before.kind == VALUE_STRING && id_parse(out, value_slice(before)))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "before: expected an id");
}

static struct value
new_key_answer(const struct new_key *key, struct arena *arena)
{
    struct value answer = control_done("clientId", present_id(&key->id, arena), arena);
    answer = value_object_set(arena, answer, value_text("apiKey"),
                              value_string_copy(arena, slice_text(key->secret)));
    return value_object_set(arena, answer, value_text("workspaceId"),
                            present_id(&key->workspace, arena));
}

static struct value
do_key_create(struct service *service, struct value request, struct arena *arena)
{
    struct key_wanted wanted = {.scopes = KEY_SCOPES_ALL};
    struct new_key key;
    struct error error = {0};
    enum status status =
        key_wanted_read(&wanted, request, clock_unix_ms(service_clock(service)), arena, &error);
    if (status == STATUS_OK)
        status = control_read_workspace(service, request, arena, &wanted.workspace, &error);
    if (status == STATUS_OK)
        status = wait_for_key(service, &wanted, &key, &error);
    return status == STATUS_OK ? new_key_answer(&key, arena)
                               : control_failed(status, error.text, arena);
}

static struct value
do_workspace_create(struct service *service, struct value request, struct arena *arena)
{
    struct workspace_wanted wanted = {
        .first = {.name = SLICE("first"), .scopes = KEY_SCOPES_ALL},
    };
    struct new_key key;
    struct error error = {0};
    enum status status = tenant_name_read(&wanted.name, request, false, &error);
    if (status == STATUS_OK)
        status = tenant_limits_read(&wanted.limits, request, arena, &error);
    if (status == STATUS_OK)
        status = wait_for_workspace(service, &wanted, &key, &error);
    return status == STATUS_OK ? new_key_answer(&key, arena)
                               : control_failed(status, error.text, arena);
}

/* --- lists --- */

struct listing {
    struct arena *arena;
    struct value items;
};

static bool
list_key(const struct key_row *row, void *context)
{
    struct listing *listing = context;
    listing->items =
        value_array_append(listing->arena, listing->items, key_value(row, listing->arena));
    return true;
}

static bool
list_workspace(const struct workspace_row *row, void *context)
{
    struct listing *listing = context;
    listing->items =
        value_array_append(listing->arena, listing->items, workspace_value(row, listing->arena));
    return true;
}

static struct value
do_list(struct service *service, struct value request, bool of_keys, struct arena *arena)
{
    struct listing listing = {arena, value_empty_array()};
    struct store_page page = {.limit = CONTROL_KEYS_PAGE};
    struct error error = {0};
    enum status status = control_read_before(request, &page.before, &error);
    if (status == STATUS_OK && of_keys)
        status = control_read_workspace(service, request, arena, &page.workspace, &error);
    if (status != STATUS_OK)
        return control_failed(status, error.text, arena);
    status = of_keys ? service_key_list(service, &page, list_key, &listing)
                     : service_workspace_list(service, &page, list_workspace, &listing);
    return status == STATUS_OK ? control_done(of_keys ? "keys" : "workspaces", listing.items, arena)
                               : control_failed(status, "the store could not be read", arena);
}

/* --- revoke --- */

/* The operator may revoke any key. */
static enum status
find_key(struct service *service, struct value request, struct arena *arena, struct key_row *out,
         struct error *error)
{
    struct id id;
    struct value text = value_get(request, "id");
    bool is_id = text.kind == VALUE_STRING && id_parse(&id, value_slice(text));
    enum status status = is_id ? service_key_get(service, &id, arena, out) : STATUS_NOT_FOUND;
    return status == STATUS_OK ? status
                               : error_set(error, status, "there is no key of that client id");
}

static struct value
do_key_revoke(struct service *service, struct value request, struct arena *arena)
{
    struct key_row row;
    struct error error = {0};
    enum status status = find_key(service, request, arena, &row, &error);
    if (status == STATUS_OK)
        status = wait_for_revoke(service, &row, &error);
    if (status == STATUS_OK)
        status = find_key(service, request, arena, &row, &error);
    return status == STATUS_OK ? control_done("key", key_value(&row, arena), arena)
                               : control_failed(status, error.text, arena);
}

bool
control_keys_do(struct service *service, struct slice name, struct value request,
                struct arena *arena, struct value *answer)
{
    if (slice_is(name, "key_create"))
        *answer = do_key_create(service, request, arena);
    else if (slice_is(name, "key_list"))
        *answer = do_list(service, request, true, arena);
    else if (slice_is(name, "key_revoke"))
        *answer = do_key_revoke(service, request, arena);
    else if (slice_is(name, "workspace_create"))
        *answer = do_workspace_create(service, request, arena);
    else if (slice_is(name, "workspace_list"))
        *answer = do_list(service, request, false, arena);
    else
        return false;
    return true;
}
