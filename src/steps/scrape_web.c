#include "base/limits.h"
#include "engine/step_env.h"
#include "net/url.h"
#include "steps/host.h"
#include "steps/http_answer.h"
#include "steps/robots.h"
#include "steps/types.h"

#include <string.h>

/* Members of what its two calls are asked with. */
#define ROBOTS "robots"
#define PAGE "page"
/* Of the answer: where the page has gone. */
#define MOVED "moved"
/* Of what is handed on: the rules of a site, the address that they were asked for, and how often
 * the page has moved. */
#define RULES "rules"
#define SITE "site"
#define MOVES "moves"
/* The name by which a robots.txt means us. */
#define AGENT "windrow"
/* RFC 9309 allows a day. */
#define RULES_KEPT_MS INT64_C(3600000)

static const struct field_decl scrape_web_fields[] = {
    {.name = "url", .kind = FIELD_TEXT, .required = true, .help = "Absolute, http or https."},
    {.name = STEP_FIELD_RATE,
     .kind = FIELD_RATE,
     .is_apart = true,
     .help = "How often a site is called, such as 1/s or 20/m."},
    {.name = STEP_FIELD_PER_HOST,
     .kind = FIELD_INT,
     .min = 1,
     .max = 1000,
     .is_apart = true,
     .help = "How many calls to a site are under way at once."},
};

const struct step_decl scrape_web_decl = {
    .name = "scrape_web",
    .group = STEP_GROUP_LOOKUPS,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Reads a page of the web as text, if the site's robots.txt lets it; its value is "
               "{url, title, text, kind, pages}.",
    .fields = scrape_web_fields,
    .field_count = COUNT_OF(scrape_web_fields),
};

static bool
read_url(struct value config, struct arena *arena, struct url *out, struct step_failure *failure)
{
    struct error error = {0};
    struct slice text = slice_trim(value_slice(value_get(config, "url")));
    if (url_parse(out, arena, text, &error) == STATUS_OK)
        return true;
    return step_fail(failure, "bad_config", "url: %s", error.text);
}

static struct value
asked_with(struct arena *arena, const char *what, const struct url *url)
{
    struct member member = {value_text(what), value_string_copy(arena, slice_text(url->text))};
    return value_object_new(arena, &member, 1);
}

/* What the site says to robots. Runs whose answers are not kept for others ask for themselves. */
static struct value
asked_rules(struct step_scope *scope, const struct url *page)
{
    struct url robots;
    if (url_follow(&robots, scope->arena, page, SLICE("/robots.txt"), NULL) != STATUS_OK)
        return (struct value){0};
    struct value asked = asked_with(scope->arena, ROBOTS, &robots);
    if (scope->node->cache_ms > 0 || asked.kind == VALUE_NONE)
        return asked;
    struct value run = value_find_or_null(value_get(scope->root, "run"), SLICE("id"));
    return value_object_set(scope->arena, asked, value_text("run"), run);
}

static bool
scrape_web_begin(struct step_scope *scope, struct step_progress *progress,
                 struct step_failure *failure)
{
    struct url page;
    if (!read_url(progress->config, scope->arena, &page, failure))
        return false;
    progress->next = asked_rules(scope, &page);
    return progress->next.kind != VALUE_NONE ||
           step_fail(failure, "limit_exceeded", "url: it is too long");
}

static struct slice
url_asked(struct value config)
{
    struct value robots = value_get(config, ROBOTS);
    return value_slice(robots.kind == VALUE_STRING ? robots : value_get(config, PAGE));
}

static struct slice
scrape_web_host(struct value config)
{
    return host_of_url(url_asked(config));
}

static bool
scrape_web_prepare(struct value config, struct slice idempotency_key, struct exchange *exchange,
                   struct step_failure *failure)
{
    bool is_page = value_get(config, PAGE).kind == VALUE_STRING;
    struct slice accept = is_page ? SLICE("text/html, application/pdf, text/*;q=0.9, */*;q=0.5")
                                  : SLICE("text/plain");
    exchange->url = arena_copy(&exchange->arena, url_asked(config));
    exchange->method = SLICE("GET");
    exchange->redirects_max = is_page ? 0 : LIMIT_REDIRECTS;
    exchange->needs_work = is_page;
    if (exchange->url.ptr != NULL &&
        exchange_add_header(exchange, SLICE("User-Agent"), SLICE(AGENT "/" WINDROW_VERSION)) &&
        exchange_add_header(exchange, SLICE("Accept"), accept))
        return true;
    return step_fail(failure, "limit_exceeded", "url: it is too long");
}

/* --- robots.txt --- */

/* Rules are ASCII; other bytes stand in comments, or in rules that no address of ours fits. */
static struct value
ascii_text(struct arena *arena, struct slice body)
{
    size_t size = body.size < ROBOTS_BYTES_MAX ? body.size : ROBOTS_BYTES_MAX;
    char *text = arena_try_alloc(arena, size + 1);
    if (text == NULL)
        return (struct value){0};
    for (size_t i = 0; i < size; i++) {
        bool is_ascii = body.ptr[i] != '\0' && ((unsigned char)body.ptr[i] & 0x80) == 0;
        text[i] = is_ascii ? body.ptr[i] : '?';
    }
    return value_string(slice_of(text, size));
}

/* A site that has none allows all; one that is in trouble is asked again later. */
static bool
conclude_robots(struct step_conclusion *conclusion)
{
    const struct exchange *exchange = conclusion->exchange;
    if (!http_answer_came(exchange, &conclusion->failure))
        return false;
    int status = exchange->http_status;
    bool is_missing = status >= 300 && status < 500 && status != 429;
    if (!is_missing && !http_answer_is_well(conclusion->config, exchange, &conclusion->failure))
        return false;
    struct member member = {value_text(ROBOTS), value_text("")};
    if (!is_missing)
        member.value = ascii_text(conclusion->arena, exchange->answer_body);
    conclusion->value = value_object_new(conclusion->arena, &member, 1);
    return conclusion->value.kind != VALUE_NONE ||
           step_fail(&conclusion->failure, "answer_too_large", "robots.txt is too large");
}

/* --- the page --- */

static struct value
text_or_null(struct slice text)
{
    return text.size == 0 ? value_null() : value_string(text);
}

/* Where it has gone is looked at before anybody goes there. */
static bool
conclude_moved(struct step_conclusion *conclusion, struct slice location)
{
    struct value to = value_string_copy(conclusion->arena, location);
    struct member member = {value_text(MOVED), to};
    conclusion->value = value_object_new(conclusion->arena, &member, 1);
    return to.kind == VALUE_STRING ||
           step_fail(&conclusion->failure, "limit_exceeded", "the page has moved too far");
}

static bool
has_moved(const struct exchange *exchange)
{
    int status = exchange->http_status;
    return exchange->end == EXCHANGE_ANSWERED &&
           (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

static bool
conclude_page(struct step_conclusion *conclusion)
{
    const struct exchange *exchange = conclusion->exchange;
    struct slice location = exchange_answer_header(exchange, "location");
    if (has_moved(exchange) && location.size > 0)
        return conclude_moved(conclusion, location);
    struct step_document document = {
        .bytes = exchange->answer_body,
        .name = url_asked(conclusion->config),
        .content_type = exchange_answer_header(exchange, "content-type"),
    };
    struct step_text text;
    if (!http_answer_is_well(conclusion->config, exchange, &conclusion->failure) ||
        !step_env_read(conclusion->env, &document, &text, &conclusion->failure))
        return false;
    struct member members[] = {
        {value_text("url"), value_get(conclusion->config, PAGE)},
        {value_text("title"), text_or_null(text.title)},
        {value_text("text"), value_string(text.text)},
        {value_text("kind"), value_string(text.kind)},
        {value_text("pages"), text.pages == 0 ? value_null() : value_int(text.pages)},
    };
    conclusion->value = value_object_new(conclusion->arena, members, COUNT_OF(members));
    return conclusion->value.kind != VALUE_NONE ||
           step_fail(&conclusion->failure, "answer_too_large", "the page is too large as a value");
}

static bool
scrape_web_conclude(struct step_conclusion *conclusion)
{
    return value_get(conclusion->config, PAGE).kind == VALUE_STRING ? conclude_page(conclusion)
                                                                    : conclude_robots(conclusion);
}

/* --- from one to the other --- */

/* Behind the host: path and query. */
static struct slice
path_of(const struct url *url)
{
    const char *host = strstr(url->text, "://");
    const char *path = host == NULL ? NULL : strpbrk(host + 3, "/?");
    return path == NULL ? SLICE("/") : slice_text(path);
}

static enum step_follow
go_on(struct step_progress *progress, struct value next, struct step_failure *failure)
{
    progress->next = next;
    if (next.kind != VALUE_NONE && progress->state.kind != VALUE_NONE)
        return STEP_FOLLOW_CALL;
    step_fail(failure, "limit_exceeded", "url: it is too long");
    return STEP_FOLLOW_FAIL;
}

/* The page, if the rules of its site let us. */
static enum step_follow
ask_page(struct step_scope *scope, struct step_progress *progress, const struct url *page,
         struct step_failure *failure)
{
    struct slice rules = value_slice(value_get(progress->state, RULES));
    if (robots_allow(rules, SLICE(AGENT), path_of(page)))
        return go_on(progress, asked_with(scope->arena, PAGE, page), failure);
    step_fail(failure, "robots_refused", "the robots.txt of %.*s does not allow this page",
              SLICE_FORMAT(slice_cut(page->host, 200)));
    return STEP_FOLLOW_FAIL;
}

static bool
read_kept_url(struct url *out, struct value object, const char *name, struct arena *arena)
{
    struct value text = value_get(object, name);
    return text.kind == VALUE_STRING && url_parse(out, arena, value_slice(text), NULL) == STATUS_OK;
}

static struct value
with(struct step_scope *scope, struct value object, const char *name, struct value value)
{
    return value_object_set(scope->arena, object, value_text(name), value);
}

/* Its rules have come: the page that they were asked for is next. */
static enum step_follow
take_rules(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    struct value state =
        progress->state.kind == VALUE_OBJECT ? progress->state : value_empty_object();
    struct url page;
    if (!read_kept_url(&page, state, SITE, scope->arena) &&
        !read_url(progress->config, scope->arena, &page, failure))
        return STEP_FOLLOW_FAIL;
    state = with(scope, state, RULES, value_get(progress->answer, ROBOTS));
    progress->state =
        with(scope, state, SITE, value_string_copy(scope->arena, slice_text(page.text)));
    return ask_page(scope, progress, &page, failure);
}

/* Another site has rules of its own. */
static enum step_follow
take_move(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    struct url from, to, site;
    struct error error = {0};
    int64_t moves = 0;
    struct slice location = value_slice(value_get(progress->answer, MOVED));
    value_integer(value_find_or_null(progress->state, SLICE(MOVES)), &moves);
    enum status status = STATUS_OK;
    if (moves >= LIMIT_REDIRECTS)
        status = error_set(&error, STATUS_INVALID, "more than %d times", LIMIT_REDIRECTS);
    if (status == STATUS_OK && !read_kept_url(&from, progress->asked, PAGE, scope->arena))
        status = error_set(&error, STATUS_INVALID, "from nowhere");
    if (status == STATUS_OK)
        status = url_follow(&to, scope->arena, &from, location, &error);
    if (status != STATUS_OK) {
        step_fail(failure, "address_refused", "redirected: %s", error.text);
        return STEP_FOLLOW_FAIL;
    }
    progress->state = with(scope, progress->state, MOVES, value_int(moves + 1));
    if (read_kept_url(&site, progress->state, SITE, scope->arena) && url_same_origin(&site, &to))
        return ask_page(scope, progress, &to, failure);
    progress->state =
        with(scope, progress->state, SITE, value_string_copy(scope->arena, slice_text(to.text)));
    struct value rules = asked_rules(scope, &to);
    return go_on(progress, rules, failure);
}

static enum step_follow
scrape_web_follow(struct step_scope *scope, struct step_progress *progress,
                  struct step_failure *failure)
{
    if (value_get(progress->answer, ROBOTS).kind == VALUE_STRING)
        return take_rules(scope, progress, failure);
    if (value_get(progress->answer, MOVED).kind == VALUE_STRING)
        return take_move(scope, progress, failure);
    return STEP_FOLLOW_ANSWER;
}

/* A site is asked for its rules once in a run, however many of its pages are read. */
static int64_t
scrape_web_keep_ms(struct value asked)
{
    return value_get(asked, ROBOTS).kind == VALUE_STRING ? RULES_KEPT_MS : 0;
}

const struct step_type step_scrape_web = {
    .decl = &scrape_web_decl,
    .host = scrape_web_host,
    .begin = scrape_web_begin,
    .prepare = scrape_web_prepare,
    .conclude = scrape_web_conclude,
    .follow = scrape_web_follow,
    .joins_alike = true,
    .keep_ms = scrape_web_keep_ms,
};
