#include "api/native/searches.h"
#include "base/json.h"
#include "base/limits.h"
#include "service/key_words.h"

/* --- who may --- */

/* Workspaces are made and changed by the operator; whoever else asks sees their own alone. */
static bool
is_operator(struct call *call)
{
    if (call->caller.is_operator)
        return true;
    call_fail(call, 403, "this needs a key of the operator's workspace");
    return false;
}

/* 404 for those of others, as if they were not there. */
static bool
find_workspace(struct call *call, struct workspace_row *out)
{
    struct id id;
    bool is_seen = id_parse(&id, call->names[0]) &&
                   (call->caller.is_operator || id_equal(&id, &call->caller.workspace));
    enum status status =
        is_seen ? service_workspace_get(call->service, &id, call->arena, out) : STATUS_NOT_FOUND;
    return call_found(call, status);
}

/* --- read --- */

static void
answer_workspace(struct call *call, int http_status, const struct workspace_row *row,
                 struct value key)
{
    struct value answer = workspace_value(row, call->arena);
    struct buffer body;
    if (http_status == 201)
        answer = value_object_set(call->arena, answer, value_text("key"), key);
    native_begin_one(&body);
    json_print(&body, answer);
    native_end_one(call, http_status, &body, "/v1/workspaces/", &row->id);
}

void
native_workspace_get(struct call *call)
{
    struct workspace_row row;
    if (find_workspace(call, &row))
        answer_workspace(call, 200, &row, (struct value){0});
}

static bool
put_workspace(const struct workspace_row *row, void *context)
{
    struct native_list *list = context;
    return native_put_listed(list, &row->id, workspace_value(row, list->call->arena));
}

/* Who is not the operator sees his own. */
static enum status
read_workspaces(struct native_list *list)
{
    struct call *call = list->call;
    struct workspace_row row;
    if (call->caller.is_operator)
        return service_workspace_list(call->service, &list->query.page, put_workspace, list);
    enum status status =
        service_workspace_get(call->service, &call->caller.workspace, call->arena, &row);
    if (status == STATUS_OK)
        put_workspace(&row, list);
    return status;
}

void
native_workspace_list(struct call *call)
{
    native_read_list(native_open_list(call), read_workspaces);
}

/* --- search --- */

/* Workspaces that are read at once, and that are answered at most. */
#define PART_COUNT 1000

struct workspace_search {
    struct native_finding *finding;
    struct store_page page;
    uint32_t part_seen;
    uint32_t seen;
};

static void
add_if_fits(struct native_finding *finding, const struct workspace_row *row)
{
    struct search_fit fit;
    search_fit_begin(&fit, &finding->words);
    search_fit_add(&fit, value_string(row->name), true);
    native_add_find(finding, &row->id, search_fit_score(&fit));
}

static bool
compare(const struct workspace_row *row, void *context)
{
    struct workspace_search *search = context;
    add_if_fits(search->finding, row);
    search->page.before = row->id;
    search->part_seen++;
    return true;
}

static enum status
put_find(struct call *call, const struct id *id, struct buffer *out)
{
    struct workspace_row row;
    enum status status = service_workspace_get(call->service, id, call->arena, &row);
    if (status != STATUS_OK)
        return status;
    native_next_item(out);
    json_print(out, workspace_value(&row, call->arena));
    return STATUS_OK;
}

static void
search_part(struct call *call)
{
    struct workspace_search *search = call->own;
    search->part_seen = 0;
    enum status status = service_workspace_list(call->service, &search->page, compare, search);
    search->seen += search->part_seen;
    if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    else if (search->part_seen == PART_COUNT && search->seen < LIMIT_RECORDS_SEARCHED)
        call_go_on_slowly(call, search_part);
    else
        native_answer_finding(call, search->finding, put_find);
}

/* Who is not the operator searches his own. */
static void
search_own(struct call *call)
{
    struct workspace_search *search = call->own;
    struct workspace_row row;
    enum status status =
        service_workspace_get(call->service, &call->caller.workspace, call->arena, &row);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    add_if_fits(search->finding, &row);
    native_answer_finding(call, search->finding, put_find);
}

void
native_workspace_search(struct call *call)
{
    struct workspace_search *search = arena_alloc(call->arena, sizeof(*search));
    *search = (struct workspace_search){.page.limit = PART_COUNT};
    search->finding = native_open_finding(call, PART_COUNT);
    call->own = search;
    if (search->finding != NULL)
        call_go_on_slowly(call, call->caller.is_operator ? search_part : search_own);
}

/* --- create --- */

void
native_answer_workspace_again(struct call *call, const struct workspace_row *row)
{
    answer_workspace(call, 201, row, value_null());
}

static void
workspace_created(enum status status, const struct new_key *key, void *context)
{
    struct call *call = context;
    const struct workspace_wanted *wanted = call->own;
    if (status == STATUS_CONFLICT) {
        call_go_on(call, call_answer_conflict);
        return;
    }
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    const struct workspace_row row = {
        .id = key->workspace,
        .name = wanted->name,
        .limits = wanted->limits,
        .created_unix_ms = key->created_unix_ms,
    };
    answer_workspace(call, 201, &row, native_new_key_value(call, key, &wanted->first));
}

void
native_workspace_create(struct call *call)
{
    struct workspace_wanted *wanted = arena_alloc(call->arena, sizeof(*wanted));
    struct error error = {0};
    if (!is_operator(call))
        return;
    enum status status = tenant_name_read(&wanted->name, call->body, false, &error);
    if (status == STATUS_OK)
        status = tenant_limits_read(&wanted->limits, call->body, call->arena, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return;
    }
    wanted->first = (struct key_wanted){.name = SLICE("first"), .scopes = KEY_SCOPES_ALL};
    wanted->idempotency = call->idempotency;
    call->own = wanted;
    service_workspace_create(call->service, wanted, workspace_created, call);
}

void
native_workspace_key_create(struct call *call)
{
    struct workspace_row row;
    if (is_operator(call) && find_workspace(call, &row))
        native_create_key_in(call, &row.id, KEY_SCOPES_ALL);
}

/* --- change --- */

static void
answer_changed(struct call *call)
{
    native_workspace_get(call);
}

static void
workspace_changed(enum status status, void *context)
{
    if (status == STATUS_OK)
        call_go_on(context, answer_changed);
    else
        call_fail_status(context, status, NULL);
}

/* Members that are not there stay as they are. */
static enum status
read_change(struct call *call, struct workspace_row *row, struct error *error)
{
    struct value word = value_get(call->body, "status");
    enum status status = STATUS_OK;
    if (value_get(call->body, "name").kind != VALUE_NONE)
        status = tenant_name_read(&row->name, call->body, false, error);
    if (status == STATUS_OK && value_get(call->body, "limits").kind != VALUE_NONE)
        status = tenant_limits_read(&row->limits, call->body, call->arena, error);
    if (word.kind == VALUE_STRING)
        row->is_closed = slice_is(value_slice(word), "closed");
    return status;
}

void
native_workspace_change(struct call *call)
{
    struct workspace_row row;
    struct error error = {0};
    if (!is_operator(call) || !find_workspace(call, &row))
        return;
    enum status status = read_change(call, &row, &error);
    if (status == STATUS_OK && row.is_closed && id_equal(&row.id, &call->caller.workspace))
        status = error_set(&error, STATUS_CONFLICT, "the operator's workspace cannot be closed");
    if (status == STATUS_OK)
        service_workspace_change(call->service, &row, workspace_changed, call);
    else
        call_fail_status(call, status, &error);
}
