/* Lists in pages: which calls follow which answers, what is made of them, and the Link header. */
#include "scene.h"
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "steps/links.h"
#include "steps/table.h"

#include <stdio.h>

#define URL "https://a.example/list"
#define PAGE(body) "{\"status\":200,\"headers\":{},\"body\":" body "}"
#define LINKED(link, body) "{\"status\":200,\"headers\":{\"link\":\"" link "\"},\"body\":" body "}"

/* Goal: what is asked for after each answer. Method: the answers are given one after the other;
 * `want` has a line for each further request ("url query headers json", what is there) and one for
 * the end: "= value" or "! code: words". */
static const struct {
    const char *label;
    const char *config; /* beside the url */
    const char *paging;
    const char *answers[6];
    const char *want;
} table[] = {
    {"links of the header until there is none",
     "",
     "next: .links.next",
     {LINKED("<https://a.example/list?p=2>; rel=\\\"next\\\"", "[1]"),
      LINKED("</list?p=3>; rel=next, </list>; rel=first", "[2]"), PAGE("[3]")},
     URL "?p=2\n" URL
         "?p=3\n= [" LINKED("<https://a.example/list?p=2>; rel=\\\"next\\\"", "[1]") "," LINKED(
             "</list?p=3>; rel=next, </list>; rel=first", "[2]") "," PAGE("[3]") "]"},
    {"links of the body, items",
     ", query: {limit: 2}",
     "next: .body.next, items: .body.data",
     {PAGE("{\"data\":[1,2],\"next\":\"?after=2\"}"), PAGE("{\"data\":[],\"next\":\"?after=3\"}"),
      PAGE("{\"data\":[3],\"next\":null}")},
     URL "?after=2\n" URL "?after=3\n= [1,2,3]"},
    {"another server gets no credentials, the first gets them again",
     ", headers: {Authorization: s, X-Api-Key: s, X-Client: c}",
     "next: .body.next, items: .body.data",
     {PAGE("{\"data\":[1],\"next\":\"http://b.example/x\"}"),
      PAGE("{\"data\":[2],\"next\":\"https://a.example/y\"}"), PAGE("{\"data\":[3]}")},
     "http://b.example/x headers={\"X-Client\":\"c\"}\n"
     "https://a.example/y headers={\"Authorization\":\"s\",\"X-Api-Key\":\"s\",\"X-Client\":\"c\"}"
     "\n= [1,2,3]"},
    {"a cursor in the query",
     ", query: {limit: 2}",
     "query: {cursor: .body.cursor}, items: .body.data",
     {PAGE("{\"data\":[1],\"cursor\":\"c1\"}"), PAGE("{\"data\":[],\"cursor\":\"c2\"}"),
      PAGE("{\"data\":[2],\"cursor\":\"\"}")},
     URL " query={\"limit\":2,\"cursor\":\"c1\"}\n" URL
         " query={\"limit\":2,\"cursor\":\"c2\"}\n= [1,2]"},
    {"a cursor deep in the body",
     ", json: {query: q, variables: {first: 2, after: null}}",
     "json: {variables: '{after: .body.end}'}, until: '.body.more | not', items: .body.data",
     {PAGE("{\"data\":[1],\"end\":\"e1\",\"more\":true}"),
      PAGE("{\"data\":[2],\"end\":\"e2\",\"more\":false}")},
     URL " json={\"query\":\"q\",\"variables\":{\"first\":2,\"after\":\"e1\"}}\n= [1,2]"},
    {"a form",
     ", form: {a: 1}",
     "form: {t: .body.t}, items: .body.d",
     {PAGE("{\"d\":[1],\"t\":5}"), PAGE("{\"d\":[2]}")},
     URL " form={\"a\":1,\"t\":5}\n= [1,2]"},
    {"a header",
     "",
     "headers: {X-Next: .headers.next}, items: .body",
     {"{\"status\":200,\"headers\":{\"next\":\"n1\"},\"body\":[1]}", PAGE("[2]")},
     URL " headers={\"X-Next\":\"n1\"}\n= [1,2]"},
    {"page numbers until a page is empty",
     ", query: {page: 1}",
     "query: {page: .page + 1}, items: .body",
     {PAGE("[1,2]"), PAGE("[3]"), PAGE("[]")},
     URL " query={\"page\":2}\n" URL " query={\"page\":3}\n= [1,2,3]"},
    {"page numbers without items",
     "",
     "query: {page: .page + 1}",
     {PAGE("[1]"), PAGE("[]")},
     URL " query={\"page\":2}\n= [" PAGE("[1]") "]"},
    {"offsets",
     "",
     "query: {offset: .count}, items: .body.rows",
     {PAGE("{\"rows\":[1,2]}"), PAGE("{\"rows\":[3,4,5]}"), PAGE("{\"rows\":[]}")},
     URL " query={\"offset\":2}\n" URL " query={\"offset\":5}\n= [1,2,3,4,5]"},
    {"until says it all",
     "",
     "query: {page: .page + 1}, items: .body, until: .page == 3",
     {PAGE("[]"), PAGE("[]"), PAGE("[1]")},
     URL " query={\"page\":2}\n" URL " query={\"page\":3}\n= [1]"},
    {"the item is seen",
     "",
     "query: {of: .item.name}, items: .body, max_pages: 2",
     {PAGE("[1]"), PAGE("[2]")},
     URL " query={\"of\":\"Ada\"}\n= [1,2]"},
    {"pages enough",
     "",
     "query: {page: .page + 1}, items: .body, max_pages: 1",
     {PAGE("[1,2]")},
     "= [1,2]"},
    {"items enough",
     "",
     "query: {page: .page + 1}, items: .body, max_items: 3",
     {PAGE("[1,2]"), PAGE("[3,4]")},
     URL " query={\"page\":2}\n= [1,2,3]"},
    {"one page only", "", "next: .links.next, items: .body", {PAGE("[]")}, "= []"},
    {"the same link again",
     "",
     "next: .body.next",
     {PAGE("{\"next\":\"/x\"}"), PAGE("{\"next\":\"/y\"}"), PAGE("{\"next\":\"/x\"}")},
     "https://a.example/x\nhttps://a.example/y\n"
     "! paging_failed: page 3 asks for the same next page as page 1"},
    {"the same cursor again",
     "",
     "query: {c: .body.c}",
     {PAGE("{\"c\":7}"), PAGE("{\"c\":7.0}")},
     URL " query={\"c\":7}\n"
         "! paging_failed: page 2 asks for the same next page as page 1"},
    {"items that are no list",
     "",
     "next: .links.next, items: .body.data",
     {PAGE("{\"x\":1}")},
     "! paging_failed: paging.items: expected a list, page 1 gives null"},
    {"a link that is no text",
     "",
     "next: .body.next",
     {PAGE("{\"next\":5}")},
     "! paging_failed: paging.next: expected the URL of the next page as text, or null"},
    {"a link to another scheme",
     "",
     "next: .body.next",
     {PAGE("{\"next\":\"file:///etc/x\"}")},
     "! paging_failed: paging.next: the URL must begin with http:// or https://"},
    {"a link with a password",
     "",
     "next: .body.next",
     {PAGE("{\"next\":\"http://u:p@b/\"}")},
     "! paging_failed: paging.next: the URL holds a user name or password; send an Authorization "
     "header"},
    {"no body to put it into",
     "",
     "json: {after: .body.a}",
     {PAGE("{\"a\":5}")},
     "! paging_failed: paging.json: the request has no json object to put it into"},
    {"an expression that fails",
     "",
     "next: .body.next.x",
     {PAGE("{\"next\":\"/x\"}")},
     "! expression_failed: paging.next: "},
};

static void
show(struct scene *scene, struct value asked, struct buffer *out)
{
    static const char *const fields[] = {"query", "headers", "json", "form"};
    buffer_append_slice(out, value_slice(value_get(asked, "url")));
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct value field = value_get(asked, fields[i]);
        if (field.kind != VALUE_NONE)
            buffer_append_format(out, " %s=%s", fields[i], scene_text(scene, field));
    }
    buffer_append_byte(out, '\n');
}

static struct value
parse(struct scene *scene, const char *text)
{
    struct value value;
    struct error error = {0};
    if (json_parse(&value, &scene->arena, slice_text(text), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

static void
follow_all(struct scene *scene, const char *const *answers, struct buffer *out)
{
    struct step_progress progress = {0};
    assert_true(step_render_config(&scene->scope, &progress.config, &scene->failure));
    assert_int_equal(value_get(progress.config, "paging").kind, VALUE_NONE);
    progress.asked = progress.config;
    for (;; progress.call++) {
        if (answers[progress.call] == NULL) {
            buffer_append_text(out, "another");
            return;
        }
        progress.answer = parse(scene, answers[progress.call]);
        enum step_follow next = scene->type->follow(&scene->scope, &progress, &scene->failure);
        if (next == STEP_FOLLOW_FAIL)
            buffer_append_format(out, "! %s: %s", scene->failure.code, scene->failure.words);
        if (next == STEP_FOLLOW_VALUE)
            buffer_append_format(out, "= %s", scene_text(scene, progress.value));
        if (next != STEP_FOLLOW_CALL)
            return;
        progress.asked = progress.next;
        show(scene, progress.asked, out);
    }
}

static void
open_paged(struct scene *scene, const char *config, const char *paging)
{
    char workflow[1024];
    snprintf(workflow, sizeof(workflow),
             "{name: t, steps: [{id: c, type: http_request, config: {url: '" URL
             "'%s, paging: {%s}}}]}",
             config, paging);
    scene_open(scene, workflow, "c",
               "{\"input\":{},\"item\":{\"name\":\"Ada\"},\"steps\":{},\"run\":{},\"vars\":{}}");
}

static void
test_what_follows_an_answer(void **state)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        struct buffer got;
        buffer_init(&got, KIB(64));
        open_paged(&scene, table[i].config, table[i].paging);
        follow_all(&scene, table[i].answers, &got);
        if (!slice_starts_with(buffer_slice(&got), slice_text(table[i].want)))
            fail_msg("%s: %.*s", table[i].label, SLICE_FORMAT(buffer_slice(&got)));
        buffer_done(&got);
        scene_close(&scene);
    }
}

/* A list without an end fails when nobody said how much of it is wanted. */
static void
test_pages_without_end(void **state)
{
    static const struct {
        const char *paging;
        uint32_t pages;
        enum step_follow end;
    } cases[] = {
        {"query: {page: .page + 1}, items: .body", 100, STEP_FOLLOW_FAIL},
        {"query: {page: .page + 1}, items: .body, max_pages: 5000", 5000, STEP_FOLLOW_VALUE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene scene;
        open_paged(&scene, "", cases[i].paging);
        struct step_progress progress = {0};
        assert_true(step_render_config(&scene.scope, &progress.config, &scene.failure));
        progress.asked = progress.config;
        progress.answer = parse(&scene, PAGE("[1,2,3]"));
        enum step_follow next = STEP_FOLLOW_CALL;
        uint32_t pages = 0;
        for (; next == STEP_FOLLOW_CALL; pages++, progress.call++)
            next = scene.type->follow(&scene.scope, &progress, &scene.failure);
        assert_int_equal(pages, cases[i].pages);
        assert_int_equal(next, cases[i].end);
        if (next == STEP_FOLLOW_VALUE)
            assert_int_equal(progress.value.count, 3 * pages);
        else
            assert_string_equal(scene.failure.code, "paging_failed");
        scene_close(&scene);
    }
}

static void
test_configs_that_are_refused(void **state)
{
    static const struct {
        const char *paging;
        const char *words;
    } cases[] = {
        {"{}", "exactly one of next, query, headers, form or json is needed, found none"},
        {"{next: .body.n, query: {a: .body.b}}",
         "exactly one of next, query, headers, form or json is needed, found more"},
        {"{next: .bdy.n}", "unknown name \"bdy\", expected input, item, steps, run, vars, status, "
                           "headers, body, links, page or count"},
        {"{next: .body.n, max_pages: 0}", "expected a whole number from 1 to 10000"},
        {"{next: .body.n, pages: 3}", "unknown key \"pages\", \"paging\" has next"},
        {"{query: {}}", "expected at least one entry"},
        {"5", "expected an object"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct problems problems;
        struct plan *plan = NULL;
        char workflow[512];
        snprintf(workflow, sizeof(workflow),
                 "{name: t, steps: [{id: c, type: http_request, config: {url: 'http://a/', "
                 "paging: %s}}]}",
                 cases[i].paging);
        arena_init(&arena, MIB(1));
        problems_init(&problems, &arena);
        struct plan_options options = {.catalog = &step_catalog};
        assert_int_equal(plan_load(&plan, slice_text(workflow), &options, &problems),
                         STATUS_INVALID);
        if (strstr(problems.list[0].words, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].paging, problems.list[0].words);
        arena_done(&arena);
    }
}

static void
test_links_of_a_header(void **state)
{
    static const struct {
        const char *header;
        const char *want;
    } cases[] = {
        {"", "{}"},
        {"<a>; rel=next", "{\"next\":\"a\"}"},
        {" <a?x=1,2;3> ; title=\"x, \\\" <b>; rel=no\" ; REL=\"Next last\" , <c>;rel=prev",
         "{\"next\":\"a?x=1,2;3\",\"last\":\"a?x=1,2;3\",\"prev\":\"c\"}"},
        {"<a>; rel=next, <b>; rel=next", "{\"next\":\"a\"}"},
        {"<a>; rel=next; rel=last", "{\"next\":\"a\"}"},
        {"<a>; rel, <b>; rel=next", "{\"next\":\"b\"}"},
        {"<a>, <b>;;rel=next", "{\"next\":\"b\"}"},
        {"<a; rel=next", "{}"},
        {"a; rel=next", "{}"},
        {"<a>; rel=\"next", "{\"next\":\"a\"}"},
        {"<>; rel=next", "{\"next\":\"\"}"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        arena_init(&arena, MIB(1));
        struct slice text = json_text(&arena, links_parse(&arena, slice_text(cases[i].header)));
        if (!slice_is(text, cases[i].want))
            fail_msg("%s: %.*s", cases[i].header, SLICE_FORMAT(text));
        arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_follows_an_answer),
        cmocka_unit_test(test_pages_without_end),
        cmocka_unit_test(test_configs_that_are_refused),
        cmocka_unit_test(test_links_of_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
