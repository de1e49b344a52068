/* Secrets, which go in and are not seen again, and variables. */
#include "api/native/native.h"

#include "base/json.h"
#include "service/secrets.h"
#include "service/vars.h"

struct kind {
    named_find_fn *find;
    named_list_fn *list;
    named_remove_fn *remove;
    named_present_fn *present;
};

static const struct kind secrets = {service_secret_find, service_secret_list, service_secret_delete,
                                    secret_present};
static const struct kind vars = {service_var_find, service_var_list, service_var_delete,
                                 var_present};

/* --- one --- */

static void
answer_row(struct call *call, const struct kind *kind, const struct object_row *row)
{
    native_answer_value(call, 200, kind->present(call->service, row, call->arena));
}

static bool
find_row(struct call *call, const struct kind *kind, struct object_row *row)
{
    enum status status =
        kind->find(call->service, &call->caller.workspace, call->names[0], call->arena, row);
    return call_found(call, status);
}

static void
get_one(struct call *call, const struct kind *kind)
{
    struct object_row row;
    if (find_row(call, kind, &row))
        answer_row(call, kind, &row);
}

/* What a change needs until it is stored. */
struct changing {
    const struct kind *kind;
    struct object_row row; /* of one that goes */
};

static void
answer_stored(struct call *call)
{
    const struct changing *changing = call->own;
    get_one(call, changing->kind);
}

static void
stored(enum status status, bool is_new, void *context)
{
    if (status == STATUS_OK)
        call_go_on(context, answer_stored);
    else
        call_fail_status(context, status, NULL);
}

static void
removed(enum status status, bool is_new, void *context)
{
    struct call *call = context;
    const struct changing *changing = call->own;
    if (status == STATUS_OK)
        answer_row(call, changing->kind, &changing->row);
    else
        call_fail_status(call, status, NULL);
}

static struct changing *
begin_change(struct call *call, const struct kind *kind)
{
    struct changing *changing = arena_alloc(call->arena, sizeof(*changing));
    changing->kind = kind;
    call->own = changing;
    return changing;
}

static void
remove_one(struct call *call, const struct kind *kind)
{
    struct changing *changing = begin_change(call, kind);
    if (find_row(call, kind, &changing->row))
        kind->remove(call->service, &changing->row, removed, call);
}

/* --- many --- */

struct named_listing {
    struct call *call;
    const struct kind *kind;
    struct list_query query;
    struct buffer body;
};

static bool
put_listed(const struct object_row *row, void *context)
{
    struct named_listing *listing = context;
    struct call *call = listing->call;
    if (call_list_is_over(&listing->query, &row->id))
        return false;
    native_next_item(&listing->body);
    json_print(&listing->body, listing->kind->present(call->service, row, call->arena));
    return !buffer_is_over(&listing->body);
}

static void
read_list(struct call *call)
{
    struct named_listing *listing = call->own;
    native_begin_list(&listing->body);
    enum status status =
        listing->kind->list(call->service, &listing->query.page, put_listed, listing);
    native_end_list(call, &listing->body, status);
}

static void
list_all(struct call *call, const struct kind *kind)
{
    struct named_listing *listing = arena_alloc(call->arena, sizeof(*listing));
    if (!call_read_list(call, &listing->query))
        return;
    listing->query.page.workspace = call->caller.workspace;
    listing->call = call;
    listing->kind = kind;
    call->own = listing;
    call_go_on(call, read_list);
}

/* --- the endpoints --- */

void
native_secret_list(struct call *call)
{
    list_all(call, &secrets);
}

void
native_secret_get(struct call *call)
{
    get_one(call, &secrets);
}

void
native_secret_delete(struct call *call)
{
    remove_one(call, &secrets);
}

void
native_secret_put(struct call *call)
{
    struct error error = {0};
    struct secret_wanted wanted = {
        .workspace = call->caller.workspace,
        .name = call->names[0],
        .value = value_slice(value_get(call->body, "value")),
        .hosts = value_get(call->body, "hosts"),
    };
    begin_change(call, &secrets);
    enum status status = service_secret_put(call->service, &wanted, stored, call, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
native_var_list(struct call *call)
{
    list_all(call, &vars);
}

void
native_var_get(struct call *call)
{
    get_one(call, &vars);
}

void
native_var_delete(struct call *call)
{
    remove_one(call, &vars);
}

void
native_var_put(struct call *call)
{
    struct error error = {0};
    struct object_row which = {.workspace = call->caller.workspace, .name = call->names[0]};
    begin_change(call, &vars);
    enum status status = service_var_put(call->service, &which, value_get(call->body, "value"),
                                         stored, call, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}
