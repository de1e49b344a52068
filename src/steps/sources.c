#include "steps/sources.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/step_env.h"
#include "net/url.h"
#include "steps/host.h"
#include "steps/http_answer.h"

#include <assert.h>

static const char *const places[] = {"file", "page", "documents"};

static bool
fail_memory(struct step_failure *failure)
{
    return step_fail(failure, "limit_exceeded", "sources: they come to too many bytes");
}

/* --- what is wanted --- */

/* Reading the field of one item. */
struct wish {
    struct arena *arena;
    struct value list;
    struct step_failure *failure;
};

static bool
add(struct wish *wish, struct value source)
{
    wish->list = value_array_append(wish->arena, wish->list, source);
    return wish->list.kind != VALUE_NONE || fail_memory(wish->failure);
}

/* Numbers, objects and the like are told as JSON. */
static bool
add_text(struct wish *wish, struct value text, struct value title)
{
    if (text.kind == VALUE_NULL || text.kind == VALUE_NONE)
        return true;
    if (text.kind != VALUE_STRING) {
        struct slice json = json_text(wish->arena, text);
        if (json.ptr == NULL)
            return fail_memory(wish->failure);
        text = value_string(json);
    }
    if (slice_trim(value_slice(text)).size == 0)
        return true;
    struct value source = value_set(wish->arena, value_empty_object(), "text", text);
    if (title.kind == VALUE_STRING && title.count > 0)
        source = value_set(wish->arena, source, "title", title);
    return add(wish, source);
}

static bool
add_bare(struct wish *wish, struct value rendered)
{
    if (rendered.kind != VALUE_ARRAY)
        return add_text(wish, rendered, (struct value){0});
    bool is_ok = true;
    for (uint32_t i = 0; i < rendered.count && is_ok; i++)
        is_ok = add_text(wish, value_items(rendered)[i], (struct value){0});
    return is_ok;
}

static const char *
place_of(struct value source)
{
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        if (value_get(source, places[i]).kind != VALUE_NONE)
            return places[i];
    }
    return NULL;
}

/* {file}, {page} and {documents} with what belongs to them. */
static bool
add_place(struct wish *wish, struct value source)
{
    const char *name = place_of(source);
    struct value place = value_get(source, name);
    if (place.kind == VALUE_NULL)
        return true;
    if (place.kind != VALUE_STRING)
        return step_fail(wish->failure, "bad_config",
                         "sources: %s: expected text, the template gave %s", name,
                         value_kind_name(place));
    struct slice text = slice_trim(value_slice(place));
    if (text.size == 0)
        return true;
    struct value kept = value_set(wish->arena, value_empty_object(), name, value_string(text));
    static const char *const beside[] = {"title", "match"};
    for (size_t i = 0; i < COUNT_OF(beside); i++) {
        struct value more = value_get(source, beside[i]);
        if (more.kind == VALUE_STRING && more.count > 0)
            kept = value_set(wish->arena, kept, beside[i], more);
    }
    return add(wish, kept);
}

/* Only what is written as an object is a place, not what a template makes. */
static bool
add_source(struct wish *wish, struct value written, struct value rendered)
{
    if (written.kind != VALUE_OBJECT)
        return add_bare(wish, rendered);
    if (value_get(written, "text").kind != VALUE_NONE)
        return add_text(wish, value_get(rendered, "text"), value_get(rendered, "title"));
    return add_place(wish, rendered);
}

bool
sources_wanted(struct step_scope *scope, struct value rendered, struct value *out,
               struct step_failure *failure)
{
    struct wish wish = {scope->arena, value_empty_array(), failure};
    struct value written = plan_node_field(scope->node, "sources")->literal;
    bool is_ok = true;
    if (written.kind != VALUE_ARRAY)
        is_ok = written.kind == VALUE_NONE || add_source(&wish, written, rendered);
    for (uint32_t i = 0; written.kind == VALUE_ARRAY && i < written.count && is_ok; i++)
        is_ok = add_source(&wish, value_items(written)[i], value_items(rendered)[i]);
    *out = wish.list;
    return is_ok;
}

/* --- from place to place --- */

/* `source` has text or digest; the number and what was wanted come with it. */
static bool
make_ready(struct sources *sources, struct arena *arena, struct value source,
           struct step_failure *failure)
{
    struct member number = {value_text("number"), value_int(sources->ready.count + 1)};
    struct value numbered = value_object_new(arena, &number, 1);
    for (uint32_t i = 0; i < source.count; i++)
        numbered = value_object_set(arena, numbered, value_members(source)[i].key,
                                    value_members(source)[i].value);
    if (sources->ready.count == LIMIT_AI_SOURCES)
        return step_fail(failure, "limit_exceeded", "sources: more than %d", LIMIT_AI_SOURCES);
    sources->ready = value_array_append(arena, sources->ready, numbered);
    return sources->ready.kind != VALUE_NONE || fail_memory(failure);
}

bool
sources_next(struct sources *sources, struct arena *arena, struct value *asked,
             struct step_failure *failure)
{
    failure->code[0] = '\0';
    for (; sources->at < sources->wanted.count; sources->at++) {
        struct value wanted = value_items(sources->wanted)[sources->at];
        const char *place = place_of(wanted);
        if (place == NULL) {
            if (!make_ready(sources, arena, wanted, failure))
                return false;
            continue;
        }
        struct value source =
            value_set(arena, value_empty_object(), place, value_get(wanted, place));
        struct value match = value_get(wanted, "match");
        if (match.kind != VALUE_NONE)
            source = value_set(arena, source, "match", match);
        *asked = value_set(arena, value_empty_object(), "source", source);
        return true;
    }
    return false;
}

/* In place of the folder stand its documents. */
static bool
take_documents(struct sources *sources, struct arena *arena, struct value documents,
               struct step_failure *failure)
{
    struct value rest = value_empty_array();
    for (uint32_t i = 0; i < documents.count; i++) {
        struct value file = value_get(value_items(documents)[i], "file");
        rest =
            value_array_append(arena, rest, value_set(arena, value_empty_object(), "file", file));
    }
    for (uint32_t i = sources->at + 1; i < sources->wanted.count; i++)
        rest = value_array_append(arena, rest, value_items(sources->wanted)[i]);
    sources->wanted = rest;
    sources->at = 0;
    return rest.kind != VALUE_NONE || fail_memory(failure);
}

static bool
take_text(struct sources *sources, struct arena *arena, struct value answer,
          struct step_failure *failure)
{
    struct value wanted = value_items(sources->wanted)[sources->at++];
    struct value page = value_get(wanted, "page");
    struct value title = value_get(wanted, "title");
    struct value bytes = value_get(answer, "bytes");
    if (value_is_number(bytes) && value_equal(bytes, value_int(0)))
        return true;
    if (title.kind == VALUE_NONE)
        title = value_get(answer, "title");
    struct value source = value_empty_object();
    if (title.kind == VALUE_STRING)
        source = value_set(arena, source, "title", title);
    if (page.kind != VALUE_NONE)
        source = value_set(arena, source, "url", page);
    else
        source = value_set(arena, source, "document", value_get(answer, "name"));
    source = value_set(arena, source, "digest", value_get(answer, "digest"));
    return make_ready(sources, arena, source, failure);
}

bool
sources_take(struct sources *sources, struct arena *arena, struct value answer,
             struct step_failure *failure)
{
    assert(sources->at < sources->wanted.count);
    struct value documents = value_get(answer, "documents");
    return documents.kind == VALUE_ARRAY ? take_documents(sources, arena, documents, failure)
                                         : take_text(sources, arena, answer, failure);
}

/* --- one call --- */

bool
sources_is_call(struct value asked)
{
    return value_get(asked, "source").kind == VALUE_OBJECT;
}

struct slice
sources_host(struct value asked)
{
    struct value page = value_get(value_get(asked, "source"), "page");
    return page.kind == VALUE_STRING ? host_of_url(value_slice(page)) : slice_of("", 0);
}

static bool
add_page_headers(struct exchange *exchange)
{
    return exchange_add_header(exchange, SLICE("User-Agent"), SLICE("windrow/" WINDROW_VERSION)) &&
           exchange_add_header(exchange, SLICE("Accept"),
                               SLICE("text/html, application/pdf, text/*;q=0.9, */*;q=0.5"));
}

bool
sources_prepare(struct value asked, struct slice idempotency_key, struct exchange *exchange,
                struct step_failure *failure)
{
    struct value page = value_get(value_get(asked, "source"), "page");
    struct url url;
    struct error error = {0};
    exchange->needs_work = true;
    if (page.kind == VALUE_NONE)
        return true;
    if (url_parse(&url, &exchange->arena, value_slice(page), &error) != STATUS_OK)
        return step_fail(failure, "bad_config", "sources: page: %s", error.text);
    exchange->url = slice_text(url.text);
    exchange->method = SLICE("GET");
    exchange->redirects_max = LIMIT_REDIRECTS;
    return add_page_headers(exchange) || fail_memory(failure);
}

static bool
conclude_text(struct step_conclusion *conclusion, const struct step_document *document)
{
    struct step_text text;
    if (!step_env_read(conclusion->env, document, &text, &conclusion->failure))
        return false;
    conclusion->value = step_text_value(conclusion->arena, &text);
    return conclusion->value.kind != VALUE_NONE || fail_memory(&conclusion->failure);
}

static bool
conclude_page(struct step_conclusion *conclusion, struct value page)
{
    const struct exchange *exchange = conclusion->exchange;
    struct slice url = value_slice(page);
    struct slice shown = slice_cut(url, 100);
    struct step_document document = {
        .bytes = exchange->answer_body,
        .name = url,
        .content_type = exchange_answer_header(exchange, "content-type"),
    };
    if (http_answer_is_well(conclusion->config, exchange, &conclusion->failure) &&
        conclude_text(conclusion, &document))
        return true;
    struct step_failure inner = conclusion->failure;
    struct slice words = slice_text(inner.words);
    bool is_named = slice_starts_with(words, shown); /* what was wrong with the text in it */
    step_fail(&conclusion->failure, inner.code, "the page %.*s%s%.*s",
              SLICE_FORMAT(is_named ? SLICE("") : shown), is_named ? "" : ": ",
              SLICE_FORMAT(words));
    conclusion->failure.may_retry = inner.may_retry;
    conclusion->failure.is_free = inner.is_free;
    conclusion->failure.retry_after_ms = inner.retry_after_ms;
    return false;
}

static bool
conclude_folder(struct step_conclusion *conclusion, struct value folder, struct value match)
{
    struct value documents;
    struct slice pattern = value_slice_or(match, SLICE(""));
    if (!step_env_list(conclusion->env, value_slice(folder), pattern, &documents,
                       &conclusion->failure))
        return false;
    conclusion->value = value_set(conclusion->arena, value_empty_object(), "documents", documents);
    return conclusion->value.kind != VALUE_NONE || fail_memory(&conclusion->failure);
}

bool
sources_conclude(struct step_conclusion *conclusion)
{
    struct value source = value_get(conclusion->config, "source");
    struct value page = value_get(source, "page");
    struct value folder = value_get(source, "documents");
    if (page.kind != VALUE_NONE)
        return conclude_page(conclusion, page);
    if (folder.kind != VALUE_NONE)
        return conclude_folder(conclusion, folder, value_get(source, "match"));
    struct step_document document = {.file = value_slice(value_get(source, "file"))};
    return conclude_text(conclusion, &document);
}
