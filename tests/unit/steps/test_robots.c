#include "base/status.h"
#include "steps/robots.h"
#include "test.h"

#include <string.h>

/* The table of RFC 9309 section 2.2.3 and 5, and what files of the wild look like. */
static void
test_rules(void **state)
{
    static const struct {
        const char *text, *path;
        bool is_allowed;
    } rows[] = {
        {"", "/", true},
        {"User-agent: *\nDisallow:\n", "/a", true},
        {"User-agent: *\nDisallow: /\n", "/a", false},
        {"user-AGENT :  * \r\nDISALLOW : /a # b\r\n", "/a/b", false},
        {"user-AGENT :  * \r\nDISALLOW : /a # b\r\n", "/b", true},
        {"User-agent: *\rDisallow: /a", "/ab", false},
        {"\xEF\xBB\xBFUser-agent: *\nDisallow: /a", "/a", false},
        {"Disallow: /\nUser-agent: other\nDisallow: /\n", "/a", true},
        {"User-agent: windrow\nDisallow: /a\nUser-agent: *\nDisallow: /b", "/b", true},
        {"User-agent: *\nDisallow: /b\nUser-agent: Windrow\nDisallow: /a", "/a", false},
        {"User-agent: other\nUser-agent: windrow\nDisallow: /a", "/a", false},
        {"User-agent: windrow\n\n# words\nUser-agent: other\nDisallow: /a", "/a", false},
        {"User-agent: windrow\nDisallow: /a\n\nUser-agent: other\nDisallow: /b", "/b", true},
        {"User-agent: windrow\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: "
         "windrow\nDisallow: /c",
         "/c", false},
        {"User-agent: windrows\nDisallow: /", "/a", true},
        {"User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", true},
        {"User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/c", false},
        {"User-agent: *\nAllow: /a\nDisallow: /a", "/a", true},
        {"User-agent: *\nDisallow: /a\nAllow: /a", "/a", true},
        {"User-agent: *\nDisallow: *.pdf$", "/x/y.pdf", false},
        {"User-agent: *\nDisallow: *.pdf$", "/x/y.pdf?a=1", true},
        {"User-agent: *\nDisallow: /*/private", "/u/1/private/x", false},
        {"User-agent: *\nDisallow: /a*b*c", "/axxbxxd", true},
        {"User-agent: *\nDisallow: /?q=", "/?q=1", false},
        {"User-agent: *\nDisallow: /a$", "/ab", true},
        {"User-agent: *\nDisallow: $", "/", true},
        {"User-agent: *\nno colon\nCrawl-delay: 5\nDisallow: /a", "/a", false},
        {"<html>User-agent: *</html>", "/", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_allowed =
            robots_allow(slice_text(rows[i].text), SLICE("windrow"), slice_text(rows[i].path));
        if (is_allowed != rows[i].is_allowed)
            fail_msg("row %zu: %s for %s", i, rows[i].text, rows[i].path);
    }
}

/* A comparison that starts over at each star ends all the same, and the last byte is not missed. */
static void
test_stars_end(void **state)
{
    char text[300] = "User-agent: *\nDisallow: /";
    char path[5000];
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    size_t size = strlen(text);
    for (size_t i = 0; i < 100; i++) {
        text[size++] = '*';
        text[size++] = 'a';
    }
    text[size] = 'b';
    assert_true(robots_allow(slice_text(text), SLICE("x"), slice_of(path, sizeof(path))));
    text[size] = 'a';
    assert_false(robots_allow(slice_text(text), SLICE("x"), slice_of(path, sizeof(path))));
}

static void
test_only_the_beginning_of_a_long_file_counts(void **state)
{
    size_t size = 2 * ROBOTS_BYTES_MAX;
    char *text = test_malloc(size);
    memset(text, '#', size);
    memcpy(text, "User-agent: *\n", 14);
    memcpy(text + size - 14, "\nDisallow: /\n\n", 14);
    assert_true(robots_allow(slice_of(text, size), SLICE("x"), SLICE("/")));
    memcpy(text + ROBOTS_BYTES_MAX - 14, "\nDisallow: /\n\n", 14);
    assert_false(robots_allow(slice_of(text, size), SLICE("x"), SLICE("/")));
    test_free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_stars_end),
        cmocka_unit_test(test_only_the_beginning_of_a_long_file_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
