#include "steps/paging.h"

#include "base/limits.h"
#include "base/secret_mark.h"
#include "net/credential.h"
#include "net/url.h"
#include "steps/links.h"

const struct field_decl paging_parts[PAGING_PART_COUNT] = {
    {.name = "next",
     .kind = FIELD_EXPRESSION,
     .help = "The URL of the next page, such as .links.next or .body.next; null at the end."},
    {.name = "query",
     .kind = FIELD_EXPRESSION_MAP,
     .help = "Query parameters that ask for the next page; one that is null is the end."},
    {.name = "headers", .kind = FIELD_EXPRESSION_MAP, .help = "The same as headers."},
    {.name = "form", .kind = FIELD_EXPRESSION_MAP, .help = "The same as fields of the form."},
    {.name = "json",
     .kind = FIELD_EXPRESSION_MAP,
     .help = "The same as members of the JSON body, merged into it."},
    {.name = "items",
     .kind = FIELD_EXPRESSION,
     .help = "The list in the answer of which the step's value is made; whole pages if not given."},
    {.name = "until", .kind = FIELD_EXPRESSION, .help = "True on the last page."},
    {.name = "max_pages",
     .kind = FIELD_INT,
     .min = 1,
     .max = LIMIT_STEP_CALLS,
     .help = "Stop after so many pages; 100 if not given, and more are a failure then."},
    {.name = "max_items",
     .kind = FIELD_INT,
     .min = 1,
     .max = INT32_MAX,
     .help = "Stop when there are so many items."},
};

const char *const paging_one_of[] = {"next", "query", "headers", "form", "json", NULL};
const char *const paging_roots[] = {"status", "headers", "body", "links", "page", "count", NULL};

/* Looking at one page. */
struct paging {
    struct step_scope scope; /* its root knows the answer */
    struct step_progress *progress;
    struct step_failure *failure;
    uint32_t page;       /* its number, from 1 */
    struct value kept;   /* array: all items or pages so far */
    struct value asked;  /* array: what asked for each page behind the first */
    bool is_at_end;      /* there is no further one */
    struct value wanted; /* what asks for the next */
};

static bool
fail_memory(struct step_failure *failure)
{
    return step_fail(failure, "limit_exceeded", "the pages come to too many bytes");
}

/* --- what is seen of an answer --- */

/* Expressions see it beside what all steps see. */
static bool
see_answer(struct paging *paging)
{
    struct arena *arena = paging->scope.arena;
    struct value answer = paging->progress->answer;
    struct value headers = value_find_or_null(answer, SLICE("headers"));
    struct value link = value_get(headers, "link");
    struct slice link_text = value_slice_or(link, SLICE(""));
    struct member members[] = {
        {value_text("status"), value_find_or_null(answer, SLICE("status"))},
        {value_text("headers"), headers},
        {value_text("body"), value_find_or_null(answer, SLICE("body"))},
        {value_text("links"), links_parse(arena, link_text)},
        {value_text("page"), value_int(paging->page)},
    };
    struct value root = paging->scope.root;
    for (size_t i = 0; i < COUNT_OF(members); i++)
        root = value_object_set(arena, root, members[i].key, members[i].value);
    paging->scope.root = root;
    return root.kind != VALUE_NONE || fail_memory(paging->failure);
}

/* Once its items are among the others. */
static bool
see_count(struct paging *paging)
{
    struct value *root = &paging->scope.root;
    *root = value_object_set(paging->scope.arena, *root, value_text("count"),
                             value_int(paging->kept.count));
    return root->kind != VALUE_NONE || fail_memory(paging->failure);
}

static bool
render(struct paging *paging, const char *part, struct value *out)
{
    return step_render_part(&paging->scope, "paging", part, out, paging->failure);
}

static const struct config_field *
part_of(const struct paging *paging, const char *part)
{
    return config_field_part(plan_node_field(paging->scope.node, "paging"), part);
}

/* --- what is kept of it --- */

static void
note_answer(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    static const char *const parts[] = {"status", "headers", "body", "links"};
    bool *reads = context;
    *reads |= count == 0;
    for (size_t i = 0; i < COUNT_OF(parts) && count > 0; i++)
        *reads |= slice_is(names[0], parts[i]);
}

/* Page numbers and offsets say nothing about the end, so an empty page does; a link or a cursor,
 * which comes from the answer, ends by itself. */
static bool
ends_when_empty(const struct paging *paging)
{
    bool reads = part_of(paging, "next")->is_given;
    for (size_t m = 1; paging_one_of[m] != NULL; m++) {
        const struct config_field *map = part_of(paging, paging_one_of[m]);
        for (uint32_t i = 0; i < map->entry_count; i++)
            template_each_root_path(map->entry_templates[i], note_answer, &reads);
    }
    return !reads && !part_of(paging, "until")->is_given;
}

static bool
keep_items(struct paging *paging)
{
    struct value items;
    if (!render(paging, "items", &items))
        return false;
    if (items.kind != VALUE_ARRAY)
        return step_fail(paging->failure, "paging_failed",
                         "paging.items: expected a list, page %u gives %s", paging->page,
                         value_kind_name(items));
    paging->is_at_end = items.count == 0 && ends_when_empty(paging);
    for (uint32_t i = 0; i < items.count; i++)
        paging->kept = value_array_append(paging->scope.arena, paging->kept, value_items(items)[i]);
    return true;
}

static bool
is_empty(struct value body)
{
    bool has_size = body.kind >= VALUE_STRING;
    return body.kind <= VALUE_NULL || (has_size && body.count == 0);
}

static void
keep_page(struct paging *paging)
{
    struct value answer = paging->progress->answer;
    paging->is_at_end = is_empty(value_get(answer, "body")) && ends_when_empty(paging);
    if (!paging->is_at_end)
        paging->kept = value_array_append(paging->scope.arena, paging->kept, answer);
}

static bool
keep(struct paging *paging)
{
    if (!part_of(paging, "items")->is_given)
        keep_page(paging);
    else if (!keep_items(paging))
        return false;
    return paging->kept.kind != VALUE_NONE || fail_memory(paging->failure);
}

/* --- whether it is the last --- */

static bool
is_enough(const struct paging *paging)
{
    struct value pages = part_of(paging, "max_pages")->literal;
    struct value items = part_of(paging, "max_items")->literal;
    return (pages.kind == VALUE_INT && paging->page >= pages.integer) ||
           (items.kind == VALUE_INT && paging->kept.count >= items.integer);
}

static bool
look_for_end(struct paging *paging)
{
    struct value until;
    if (!render(paging, "until", &until))
        return false;
    paging->is_at_end |= is_enough(paging) || value_is_true(until);
    return true;
}

/* --- what asks for the next --- */

static bool
is_nothing(struct value value)
{
    return value.kind <= VALUE_FALSE || (value.kind == VALUE_STRING && value.count == 0);
}

static bool
find_wanted(struct paging *paging)
{
    for (size_t i = 0; paging_one_of[i] != NULL; i++) {
        struct value wanted;
        if (!part_of(paging, paging_one_of[i])->is_given)
            continue;
        if (!render(paging, paging_one_of[i], &wanted))
            return false;
        paging->wanted = wanted;
        paging->is_at_end = is_nothing(wanted);
        for (uint32_t m = 0; wanted.kind == VALUE_OBJECT && m < wanted.count; m++)
            paging->is_at_end |= is_nothing(value_members(wanted)[m].value);
    }
    return true;
}

/* A server that gives the same link or cursor again would be asked for ever. */
static bool
check_wanted(struct paging *paging)
{
    for (uint32_t i = 0; i < paging->asked.count; i++) {
        if (value_equal(value_items(paging->asked)[i], paging->wanted))
            return step_fail(paging->failure, "paging_failed",
                             "page %u asks for the same next page as page %u", paging->page, i + 1);
    }
    if (paging->page >= PAGING_PAGES_DEFAULT && !part_of(paging, "max_pages")->is_given)
        return step_fail(paging->failure, "paging_failed",
                         "there are more than %d pages: say how many in paging.max_pages",
                         PAGING_PAGES_DEFAULT);
    paging->asked = value_array_append(paging->scope.arena, paging->asked, paging->wanted);
    return paging->asked.kind != VALUE_NONE || fail_memory(paging->failure);
}

/* --- the next request --- */

/* Objects in objects are merged, everything else is replaced, as jq's `*` does. */
static struct value
merge(struct arena *arena, struct value into, struct value more)
{
    if (into.kind != VALUE_OBJECT || more.kind != VALUE_OBJECT)
        return more;
    for (uint32_t i = 0; i < more.count; i++) {
        struct value key = value_members(more)[i].key;
        struct value before = value_find(into, value_slice(key));
        into =
            value_object_set(arena, into, key, merge(arena, before, value_members(more)[i].value));
    }
    return into;
}

static bool
ask_with_values(struct paging *paging, const char *field, struct value *out)
{
    struct value config = paging->progress->config;
    struct value before = value_get(config, field);
    bool is_body = strcmp(field, "json") == 0 || strcmp(field, "form") == 0;
    if (is_body && before.kind != VALUE_OBJECT)
        return step_fail(paging->failure, "paging_failed",
                         "paging.%s: the request has no %s object to put it into", field, field);
    if (before.kind != VALUE_OBJECT)
        before = value_empty_object();
    struct arena *arena = paging->scope.arena;
    *out = value_object_set(arena, config, value_text(field), merge(arena, before, paging->wanted));
    return true;
}

static struct value
without_credentials(struct arena *arena, struct value headers)
{
    struct value out = value_empty_object();
    for (uint32_t i = 0; headers.kind == VALUE_OBJECT && i < headers.count; i++) {
        const struct member *header = &value_members(headers)[i];
        bool has_secret =
            header->value.kind == VALUE_STRING && secret_mark_is_in(value_slice(header->value));
        if (!has_secret && !credential_is_header(value_slice(header->key)))
            out = value_object_set(arena, out, header->key, header->value);
    }
    return out;
}

static bool
fail_link(struct paging *paging, const char *words)
{
    return step_fail(paging->failure, "paging_failed", "paging.next: %s", words);
}

/* A link is taken as it is, without `query`. One that leads to another server takes nothing along
 * that is meant for the first. */
static bool
ask_by_link(struct paging *paging, struct value *out)
{
    struct arena *arena = paging->scope.arena;
    struct value config = paging->progress->config;
    struct slice first_text = slice_trim(value_slice(value_get(config, "url")));
    struct slice from_text = slice_trim(value_slice(value_get(paging->progress->asked, "url")));
    struct url first, from, next;
    struct error error = {0};
    if (paging->wanted.kind != VALUE_STRING)
        return fail_link(paging, "expected the URL of the next page as text, or null");
    if (url_parse(&first, arena, first_text, &error) != STATUS_OK ||
        url_parse(&from, arena, from_text, &error) != STATUS_OK ||
        url_follow(&next, arena, &from, value_slice(paging->wanted), &error) != STATUS_OK)
        return fail_link(paging, error.text);
    *out = value_object_remove(arena, config, SLICE("query"));
    *out = value_object_set(arena, *out, value_text("url"), value_text(next.text));
    if (url_same_origin(&first, &next))
        return true;
    struct value headers = value_get(config, "headers");
    *out = value_object_remove(arena, *out, SLICE("auth"));
    if (headers.kind == VALUE_OBJECT)
        *out = value_object_set(arena, *out, value_text("headers"),
                                without_credentials(arena, headers));
    return true;
}

static bool
ask(struct paging *paging, struct value *out)
{
    bool is_ok = true;
    for (size_t i = 1; paging_one_of[i] != NULL; i++) {
        if (part_of(paging, paging_one_of[i])->is_given)
            is_ok = ask_with_values(paging, paging_one_of[i], out);
    }
    if (part_of(paging, "next")->is_given)
        is_ok = ask_by_link(paging, out);
    if (is_ok && out->kind == VALUE_NONE)
        return fail_memory(paging->failure);
    return is_ok;
}

/* --- one page --- */

static enum step_follow
end(struct paging *paging)
{
    struct value most = part_of(paging, "max_items")->literal;
    uint32_t count = paging->kept.count;
    if (most.kind == VALUE_INT && count > most.integer)
        count = (uint32_t)most.integer;
    paging->progress->value =
        value_array_new(paging->scope.arena, value_items(paging->kept), count);
    if (paging->progress->value.kind != VALUE_NONE)
        return STEP_FOLLOW_VALUE;
    fail_memory(paging->failure);
    return STEP_FOLLOW_FAIL;
}

static bool
look(struct paging *paging)
{
    if (!see_answer(paging) || !keep(paging) || !see_count(paging) || !look_for_end(paging))
        return false;
    return paging->is_at_end || find_wanted(paging);
}

static enum step_follow
go_on(struct paging *paging)
{
    struct step_progress *progress = paging->progress;
    struct value state[] = {paging->kept, {0}};
    if (!check_wanted(paging) || !ask(paging, &progress->next))
        return STEP_FOLLOW_FAIL;
    state[1] = paging->asked;
    progress->state = value_array_new(paging->scope.arena, state, COUNT_OF(state));
    return STEP_FOLLOW_CALL;
}

enum step_follow
paging_follow(struct step_scope *scope, struct step_progress *progress,
              struct step_failure *failure)
{
    struct value state = progress->state;
    struct paging paging = {
        .scope = *scope,
        .progress = progress,
        .failure = failure,
        .page = progress->call + 1,
        .kept = state.kind == VALUE_NONE ? value_empty_array() : value_items(state)[0],
        .asked = state.kind == VALUE_NONE ? value_empty_array() : value_items(state)[1],
    };
    if (!look(&paging))
        return STEP_FOLLOW_FAIL;
    return paging.is_at_end ? end(&paging) : go_on(&paging);
}
