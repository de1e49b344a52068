/* URLs: what is read from them, and that a remembered beginning changes nothing. */
#include "test.h"

#include "base/limits.h"
#include "base/rng.h"
#include "net/url.h"

#include <stdio.h>

static const char *const beginnings[] = {
    "http://a.example",       "HTTPS://A.Example.",
    "http://a.example:8080",  "https://a.example:443",
    "http://127.0.0.1:1",     "http://[::1]:8080",
    "http://[FE80::1]",       "http://u:p@a.example",
    "ftp://a.example",        "http://",
    "http:/a.example",        "http://a_b.example:80",
    "http://a.example:99999", "http://x\xc3\xa4.example",
    "http://a b.example",
};

static bool
same(const struct url *a, const struct url *b)
{
    return strcmp(a->text, b->text) == 0 && slice_equal(a->host, b->host) && a->port == b->port &&
           a->tls == b->tls && a->literal == b->literal;
}

static void
check(struct url_memo *memo, struct slice text)
{
    struct arena arena;
    struct url plain, again;
    struct error error = {0};
    arena_init(&arena, MIB(1));
    enum status plain_status = url_parse(&plain, &arena, text, &error);
    struct error again_error = {0};
    enum status again_status = url_parse_again(&again, memo, &arena, text, &again_error);
    if (plain_status != again_status || strcmp(error.text, again_error.text) != 0 ||
        (plain_status == STATUS_OK && !same(&plain, &again)))
        fail_msg("%.*s: %s, again %s", SLICE_FORMAT(text), status_name(plain_status),
                 status_name(again_status));
    arena_done(&arena);
}

/* Goal: with a memory it is as without. Method: random ends behind all beginnings, two of which
 * take turns. */
static void
test_a_remembered_beginning_changes_nothing(void **state)
{
    static const char letters[] = "aZ09-._~!$&'()*+,;=:@//??%%#[]{}<>\"\\^`| \t\x7f\xc3\xa4";
    struct url_memo memo = {0};
    struct rng rng;
    rng_seed(&rng, 5);
    for (size_t i = 0; i < 40000; i++) {
        char text[128];
        size_t which = rng_below(&rng, COUNT_OF(beginnings));
        size_t size = (size_t)snprintf(text, sizeof(text), "%s", beginnings[which]);
        size_t more = rng_below(&rng, 12);
        /* Mostly a path. */
        if (more > 0 && rng_below(&rng, 8) > 0)
            text[size++] = '/';
        size_t reach = rng_below(&rng, 2) == 0 ? 22 : sizeof(letters) - 1;
        for (size_t m = 0; m < more; m++)
            text[size++] = letters[rng_below(&rng, reach)];
        check(&memo, slice_of(text, size));
        check(&memo, slice_of(text, size));
    }
}

static void
test_what_is_read(void **state)
{
    static const struct {
        const char *text;
        enum status status;
        const char *sent, *host;
        uint16_t port;
    } table[] = {
        {"http://a.example", STATUS_OK, "http://a.example/", "a.example", 80},
        {"HTTPS://A.Example.:8443/x?y=1#z", STATUS_OK, "https://A.Example.:8443/x?y=1", "a.example",
         8443},
        {"http://[::1]/a b", STATUS_OK, "http://[::1]/a%20b", "::1", 80},
        {"http://a.example/\n", STATUS_INVALID, NULL, NULL, 0},
        {"file:///etc/passwd", STATUS_INVALID, NULL, NULL, 0},
        {"http://u@a.example/", STATUS_INVALID, NULL, NULL, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct url url;
        struct error error = {0};
        arena_init(&arena, MIB(1));
        enum status status = url_parse(&url, &arena, slice_text(table[i].text), &error);
        if (status != table[i].status ||
            (status == STATUS_OK &&
             (strcmp(url.text, table[i].sent) != 0 || !slice_is(url.host, table[i].host) ||
              url.port != table[i].port)))
            fail_msg("%s: %s %s %s", table[i].text, status_name(status), url.text, error.text);
        arena_done(&arena);
    }
}

static void
test_urls_too_long_are_refused_by_both(void **state)
{
    static char text[2 * URL_BYTES_MAX];
    struct url_memo memo = {0};
    memset(text, 'a', sizeof(text));
    memcpy(text, "http://a.example/", 17);
    check(&memo, slice_of(text, 100));
    check(&memo, slice_of(text, URL_BYTES_MAX));
    check(&memo, slice_of(text, URL_BYTES_MAX + 1));
    memcpy(text, "http://", 7);
    memset(text + 7, 'a', 400);
    text[407] = '/';
    check(&memo, slice_of(text, 500));
    check(&memo, slice_of(text, 500));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_a_remembered_beginning_changes_nothing),
        cmocka_unit_test(test_urls_too_long_are_refused_by_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
