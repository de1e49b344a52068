/* Tokens of links: what was signed is read back, whatever else is refused. */
#include "service/links.h"

#include "base/limits.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW INT64_C(1800000000)

static const struct digest secret = {.bytes = {1, 2, 3}};
static const struct digest other_secret = {.bytes = {1, 2, 4}};

struct fixture {
    struct buffer token;
    struct arena arena;
};

static int
set_up(void **state)
{
    static struct fixture fixture;
    buffer_init(&fixture.token, KIB(4));
    arena_init(&fixture.arena, KIB(64));
    *state = &fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    buffer_done(&f->token);
    arena_done(&f->arena);
    return 0;
}

static struct link
link_of(const char *name, int64_t expires, bool is_inline)
{
    return (struct link){.file = {{9, 8, 7, [ID_BYTES - 1] = 1}},
                         .name = slice_text(name),
                         .expires_unix_s = expires,
                         .is_inline = is_inline};
}

static struct slice
print(struct fixture *f, const struct link *link)
{
    buffer_clear(&f->token);
    link_print(&f->token, &secret, link);
    assert_true(f->token.size <= LINK_TOKEN_BYTES_MAX);
    return buffer_slice(&f->token);
}

static enum link_state
state_of(struct fixture *f, struct slice token)
{
    struct link got;
    return link_read(&got, &f->arena, &secret, token, NOW);
}

static void
test_what_is_signed_is_read_back(void **state)
{
    static const char long_name[] = "01234567890123456789012345678901234567890123456789012345678901"
                                    "23456789012345678901234567890"
                                    "12345678901234567890123456789012345678901234567890123456789012"
                                    "34567890123456789012345678901"
                                    "2345678901234567890";
    struct fixture *f = *state;
    const struct link links[] = {
        link_of("", NOW + 1, false),
        link_of("a.csv", NOW + 900, true),
        link_of("\xc3\xa4 \"1\".pdf", INT64_MAX, false),
        link_of(long_name, NOW + 1, true),
    };
    for (size_t i = 0; i < 2 * COUNT_OF(links); i++) {
        struct link got, link = links[i / 2];
        link.is_table = link.is_plain = i % 2 == 1;
        link.is_of_items = i % 4 == 1;
        struct slice token = print(f, &link);
        for (size_t at = 0; at < token.size; at++)
            assert_non_null(strchr(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", token.ptr[at]));
        assert_int_equal(link_read(&got, &f->arena, &secret, token, NOW), LINK_GOOD);
        assert_true(id_equal(&got.file, &link.file));
        assert_true(slice_equal(got.name, slice_cut(link.name, LINK_NAME_BYTES_MAX)));
        assert_int_equal(got.expires_unix_s, link.expires_unix_s);
        assert_int_equal(got.is_inline, link.is_inline);
        assert_int_equal(got.is_table, link.is_table);
        assert_int_equal(got.is_plain, link.is_plain);
        assert_int_equal(got.is_of_items, link.is_of_items);
        assert_int_equal(link_read(&got, &f->arena, &other_secret, token, NOW), LINK_FORGED);
    }
}

static void
test_links_end_to_the_second(void **state)
{
    static const struct {
        int64_t expires;
        enum link_state want;
    } table[] = {
        {NOW - 1, LINK_EXPIRED}, {NOW, LINK_EXPIRED}, {NOW + 1, LINK_GOOD},
        {0, LINK_EXPIRED},       {-1, LINK_EXPIRED},  {INT64_MIN, LINK_EXPIRED},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct link link = link_of("a", table[i].expires, false);
        assert_int_equal(state_of(*state, print(*state, &link)), table[i].want);
    }
}

/* Every bit of it, every shorter one, and one more byte: also of a link that has expired, so that
 * nobody learns from a forged one whether it would be good. */
static void
test_whatever_was_changed_is_refused(void **state)
{
    struct fixture *f = *state;
    for (int64_t expires = NOW - 5; expires <= NOW + 5; expires += 10) {
        struct link link = link_of("report.pdf", expires, false);
        struct slice token = print(f, &link);
        char copy[LINK_TOKEN_BYTES_MAX + 8];
        for (size_t at = 0; at < token.size; at++) {
            for (int byte = 0; byte < 256; byte++) {
                memcpy(copy, token.ptr, token.size);
                copy[at] = (char)byte;
                if (copy[at] != token.ptr[at] &&
                    state_of(f, slice_of(copy, token.size)) != LINK_FORGED)
                    fail_msg("byte %zu as %d", at, byte);
            }
            assert_int_equal(state_of(f, slice_of(token.ptr, at)), LINK_FORGED);
            assert_int_equal(state_of(f, slice_of(token.ptr + at + 1, token.size - at - 1)),
                             LINK_FORGED);
        }
        memcpy(copy, token.ptr, token.size);
        memcpy(copy + token.size, "AAAA", 4);
        for (size_t more = 1; more <= 4; more++)
            assert_int_equal(state_of(f, slice_of(copy, token.size + more)), LINK_FORGED);
        memset(copy + token.size, '=', 4);
        assert_int_equal(state_of(f, slice_of(copy, token.size + 2)), LINK_FORGED);
    }
    char large[LINK_TOKEN_BYTES_MAX + 1];
    memset(large, 'A', sizeof(large));
    assert_int_equal(state_of(f, slice_of(large, sizeof(large))), LINK_FORGED);
    assert_int_equal(state_of(f, slice_of(large, sizeof(large) - 1)), LINK_FORGED);
}

static void
test_the_secret_is_made_once(void **state)
{
    char folder[] = "/tmp/windrow-test-links-XXXXXX";
    char path[64];
    struct digest first, again;
    struct stat about;
    struct error error = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/link.key", folder);
    assert_int_equal(link_secret_open(&first, folder, &error), STATUS_OK);
    assert_int_equal(link_secret_open(&again, folder, &error), STATUS_OK);
    assert_memory_equal(&first, &again, sizeof(first));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(truncate(path, 31), 0);
    assert_int_equal(link_secret_open(&again, folder, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "remove it"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link_secret_open(&again, folder, &error), STATUS_OK);
    assert_memory_not_equal(&first, &again, sizeof(first));
    unlink(path);
    rmdir(folder);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_signed_is_read_back),
        TEST(test_links_end_to_the_second),
        TEST(test_whatever_was_changed_is_refused),
        TEST(test_the_secret_is_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
