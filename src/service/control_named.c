#include "service/control_named.h"

#include "service/control.h"
#include "service/control_keys.h"
#include "service/wait.h"

/* What secrets and variables have alike. */
struct kind {
    const char *one, *many;
    named_find_fn *find;
    named_list_fn *list;
    named_remove_fn *remove;
    named_present_fn *present;
};

static const struct kind secrets = {
    "secret",      "secrets", service_secret_find, service_secret_list, service_secret_delete,
    secret_present};
static const struct kind vars = {
    "var", "vars", service_var_find, service_var_list, service_var_delete, var_present};

struct asked {
    struct service *service;
    const struct kind *kind;
    struct value request;
    struct arena *arena;
    struct id workspace;
};

static struct value
answer_with(const struct asked *asked, enum status status, const struct object_row *row,
            const struct error *error)
{
    if (status != STATUS_OK)
        return control_failed(status, error->text, asked->arena);
    struct value shown = asked->kind->present(asked->service, row, asked->arena);
    return control_done(asked->kind->one, shown, asked->arena);
}

static enum status
find(const struct asked *asked, struct object_row *out, struct error *error)
{
    enum status status =
        asked->kind->find(asked->service, &asked->workspace, value_get_text(asked->request, "name"),
                          asked->arena, out);
    return status == STATUS_OK
               ? status
               : error_set(error, status, "there is no %s of that name", asked->kind->one);
}

static struct value
do_put(const struct asked *asked)
{
    struct object_row row;
    struct error error = {0};
    enum status status;
    if (asked->kind == &secrets) {
        struct secret_wanted wanted = {
            .workspace = asked->workspace,
            .name = value_get_text(asked->request, "name"),
            .value = value_get_text(asked->request, "value"),
            .hosts = value_get(asked->request, "hosts"),
        };
        status = wait_for_secret(asked->service, &wanted, &error);
    } else {
        struct object_row which = {.workspace = asked->workspace,
                                   .name = value_get_text(asked->request, "name")};
        status = wait_for_var(asked->service, &which, value_get(asked->request, "value"), &error);
    }
    if (status == STATUS_OK)
        status = find(asked, &row, &error);
    return answer_with(asked, status, &row, &error);
}

static struct value
do_delete(const struct asked *asked)
{
    struct object_row row;
    struct error error = {0};
    enum status status = find(asked, &row, &error);
    if (status == STATUS_OK)
        status = wait_for_removal(asked->service, asked->kind->remove, &row, &error);
    return answer_with(asked, status, &row, &error);
}

struct named_page {
    const struct asked *asked;
    struct value items;
};

static bool
add_listed(const struct object_row *row, void *context)
{
    struct named_page *page = context;
    const struct asked *asked = page->asked;
    page->items = value_array_append(asked->arena, page->items,
                                     asked->kind->present(asked->service, row, asked->arena));
    return true;
}

static struct value
do_list(const struct asked *asked)
{
    struct named_page found = {asked, value_empty_array()};
    struct store_page page = {.workspace = asked->workspace, .limit = CONTROL_NAMED_PAGE};
    struct error error = {0};
    enum status status = control_read_before(asked->request, &page.before, &error);
    if (status != STATUS_OK)
        return control_failed(status, error.text, asked->arena);
    status = asked->kind->list(asked->service, &page, add_listed, &found);
    return status == STATUS_OK
               ? control_done(asked->kind->many, found.items, asked->arena)
               : control_failed(status, "the store could not be read", asked->arena);
}

static struct value
do_one(struct asked *asked, struct slice verb)
{
    struct error error = {0};
    enum status status = control_read_workspace(asked->service, asked->request, asked->arena,
                                                &asked->workspace, &error);
    if (status != STATUS_OK)
        return control_failed(status, error.text, asked->arena);
    if (slice_is(verb, "put"))
        return do_put(asked);
    return slice_is(verb, "delete") ? do_delete(asked) : do_list(asked);
}

bool
control_named_do(struct service *service, struct slice name, struct value request,
                 struct arena *arena, struct value *answer)
{
    static const struct kind *const kinds[] = {&secrets, &vars};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct slice prefix = slice_text(kinds[i]->one);
        if (!slice_starts_with(name, prefix) || name.size <= prefix.size ||
            name.ptr[prefix.size] != '_')
            continue;
        struct slice verb = slice_of(name.ptr + prefix.size + 1, name.size - prefix.size - 1);
        if (!slice_is(verb, "put") && !slice_is(verb, "list") && !slice_is(verb, "delete"))
            return false;
        struct asked asked = {service, kinds[i], request, arena, {{0}}};
        *answer = do_one(&asked, verb);
        return true;
    }
    return false;
}
