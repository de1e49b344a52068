/* Keys and workspaces of a server: the requests of the control socket as those of the HTTP API. */
#include "cli/remote.h"

#include "base/json.h"

#include <string.h>

/* Keys on one page. */
#define PAGE "100"

static const char *
text_of(struct remote *remote, struct value object, const char *name)
{
    struct value text = value_get(object, name);
    return text.kind == VALUE_STRING ? arena_copy(&remote->arena, value_slice(text)).ptr : NULL;
}

static struct value
all_scopes(struct remote *remote)
{
    struct value scopes[] = {value_text("read"), value_text("run"), value_text("write"),
                             value_text("admin")};
    return value_array_new(&remote->arena, scopes, COUNT_OF(scopes));
}

static enum status
post(struct remote *remote, const char *path, struct value body, struct value *data,
     struct error *error)
{
    struct remote_answer answer;
    struct arena *arena = &remote->arena;
    body = value_object_remove(arena, body, SLICE("do"));
    body = value_object_remove(arena, body, SLICE("workspace"));
    struct remote_ask ask = {.method = "POST", .path = path, .body = json_text(arena, body)};
    enum status status = remote_do(remote, &ask, &answer, error);
    *data = value_get(answer.json, "data");
    return status;
}

static enum status
create_key(struct remote *remote, struct value request, struct value *answer, struct error *error)
{
    const char *workspace = text_of(remote, request, "workspace");
    const char *path =
        workspace == NULL ? "/v1/keys" : remote_path(remote, "/v1/workspaces/%s/keys", workspace);
    if (value_get(request, "scopes").kind == VALUE_NONE)
        request =
            value_object_set(&remote->arena, request, value_text("scopes"), all_scopes(remote));
    return post(remote, path, request, answer, error);
}

static enum status
create_workspace(struct remote *remote, struct value request, struct value *answer,
                 struct error *error)
{
    struct value made;
    enum status status = post(remote, "/v1/workspaces", request, &made, error);
    struct value key = value_get(made, "key");
    if (status == STATUS_OK && key.kind == VALUE_OBJECT)
        *answer =
            value_object_set(&remote->arena, key, value_text("workspaceId"), value_get(made, "id"));
    return status;
}

static enum status
list(struct remote *remote, struct value request, const char *what, struct value *answer,
     struct error *error)
{
    struct value data;
    const char *workspace = text_of(remote, request, "workspace");
    const char *before = text_of(remote, request, "before");
    if (workspace != NULL)
        return error_set(error, STATUS_INVALID,
                         "--workspace: a server lists the keys of the key's own workspace");
    const char *path = remote_path(remote, "/v1/%s?limit=" PAGE, what);
    if (before != NULL)
        path = remote_path(remote, "/v1/%s?limit=" PAGE "&lt=%s", what, before);
    enum status status = remote_get(remote, path, &data, error);
    struct member member = {value_text(what), data};
    if (status == STATUS_OK)
        *answer = value_object_new(&remote->arena, &member, 1);
    return status;
}

static enum status
revoke(struct remote *remote, struct value request, struct value *answer, struct error *error)
{
    struct remote_answer gone;
    struct remote_ask ask = {
        .method = "DELETE",
        .path = remote_path(remote, "/v1/keys/%s", text_of(remote, request, "id")),
    };
    enum status status = remote_do(remote, &ask, &gone, error);
    struct member member = {value_text("key"), value_get(gone.json, "data")};
    if (status == STATUS_OK)
        *answer = value_object_new(&remote->arena, &member, 1);
    return status;
}

enum status
remote_keys_ask(struct remote *remote, struct value request, struct value *answer,
                struct error *error)
{
    struct slice what = value_slice(value_get(request, "do"));
    *answer = value_null();
    if (slice_is(what, "key_create"))
        return create_key(remote, request, answer, error);
    if (slice_is(what, "workspace_create"))
        return create_workspace(remote, request, answer, error);
    if (slice_is(what, "key_revoke"))
        return revoke(remote, request, answer, error);
    return list(remote, request, slice_is(what, "key_list") ? "keys" : "workspaces", answer, error);
}
