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
/* The name by which a robots.txt means us. */
#define AGENT "windrow"

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

/* First what the site says to robots. */
static bool
scrape_web_begin(struct step_scope *scope, struct step_progress *progress,
                 struct step_failure *failure)
{
    struct url page, robots;
    struct error error = {0};
    if (!read_url(progress->config, scope->arena, &page, failure))
        return false;
    if (url_follow(&robots, scope->arena, &page, SLICE("/robots.txt"), &error) != STATUS_OK)
        return step_fail(failure, "bad_config", "url: %s", error.text);
    progress->next = asked_with(scope->arena, ROBOTS, &robots);
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
    exchange->redirects_max = LIMIT_REDIRECTS;
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

static bool
conclude_page(struct step_conclusion *conclusion)
{
    const struct exchange *exchange = conclusion->exchange;
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
scrape_web_follow(struct step_scope *scope, struct step_progress *progress,
                  struct step_failure *failure)
{
    struct url page;
    if (progress->call > 0)
        return STEP_FOLLOW_ANSWER;
    if (!read_url(progress->config, scope->arena, &page, failure))
        return STEP_FOLLOW_FAIL;
    struct slice rules = value_slice(value_get(progress->answer, ROBOTS));
    if (!robots_allow(rules, SLICE(AGENT), path_of(&page))) {
        step_fail(failure, "robots_refused", "the robots.txt of %.*s does not allow this page",
                  SLICE_FORMAT(slice_cut(page.host, 200)));
        return STEP_FOLLOW_FAIL;
    }
    progress->next = asked_with(scope->arena, PAGE, &page);
    if (progress->next.kind != VALUE_NONE)
        return STEP_FOLLOW_CALL;
    step_fail(failure, "limit_exceeded", "url: it is too long");
    return STEP_FOLLOW_FAIL;
}

const struct step_type step_scrape_web = {
    .decl = &scrape_web_decl,
    .host = scrape_web_host,
    .begin = scrape_web_begin,
    .prepare = scrape_web_prepare,
    .conclude = scrape_web_conclude,
    .follow = scrape_web_follow,
    .joins_alike = true,
};
