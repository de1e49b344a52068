/* Settings: who wins, what is understood, what is refused with its place. */
#include "test.h"

#include "base/duration.h"
#include "base/limits.h"
#include "base/rate.h"
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct wanted {
    const char *config, *listen, *url, *token;
    int level;
    bool requests;
    int64_t threads, bytes, keep_ms;
    struct rate rate;
};

static enum status
check_url(const char *text, struct error *error)
{
    return strncmp(text, "http", 4) == 0 ? STATUS_OK
                                         : error_set(error, STATUS_INVALID, "expected an address");
}

#define AT(field) offsetof(struct wanted, field)

static const struct setting lines[] = {
    {"General", "config", SETTING_TEXT, AT(config), .help = "the file"},
    {"General", "listen", SETTING_TEXT, AT(listen), ":80", .help = "where"},
    {"General", "public_url", SETTING_TEXT, AT(url), .check = check_url, .help = "who"},
    {"General", "http_threads", SETTING_INT, AT(threads), .otherwise = "some", .min = 1, .max = 64,
     .help = "how many"},
    {"Limits", "max_upload", SETTING_SIZE, AT(bytes), "8MiB", .max = INT64_C(1) << 40,
     .help = "how much"},
    {"Limits", "keep", SETTING_DURATION, AT(keep_ms), "7d", .min = 1000, .max = DURATION_MS_MAX,
     .help = "how long"},
    {"Limits", "pace", SETTING_RATE, AT(rate), .help = "how often"},
    {"Logs", "log_level", SETTING_CHOICE, AT(level), "info", .choices = {"debug", "info", "warn"},
     .help = "the least"},
    {"Logs", "log_requests", SETTING_SWITCH, AT(requests), "false", .help = "each"},
    {"Logs", "token_file", SETTING_SECRET, AT(token), .help = "the secret"},
};
static const char *const foreign[] = {"providers", NULL};
static const struct setting_table table = {lines, COUNT_OF(lines), foreign};

/* A file with that text; its name lives until the next call. */
static const char *
file_of(const char *text)
{
    static char path[] = "/tmp/windrow-settings-XXXXXX";
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static enum options_end
read_all(struct wanted *out, struct arena *arena, const char *a, const char *b)
{
    char *argv[] = {(char *)a, (char *)b};
    struct settings_call call = {.table = &table, .usage = "test", .summary = "Tests."};
    *out = (struct wanted){0};
    return settings_read(&call, a == NULL ? 0 : b == NULL ? 1 : 2, argv, out, arena);
}

static void
test_a_flag_wins_over_the_environment_that_over_the_file_that_over_the_default(void **state)
{
    struct arena arena;
    struct wanted got;
    arena_init(&arena, MIB(8));
    assert_int_equal(read_all(&got, &arena, NULL, NULL), OPTIONS_OK);
    assert_string_equal(got.listen, ":80");
    assert_null(got.url);
    assert_int_equal(got.threads, 0);
    assert_int_equal(got.bytes, 8 << 20);
    assert_int_equal(got.level, 1);

    const char *path = file_of("listen: ':1'\nmax_upload: 5\nproviders: {x: 1}\n");
    setenv("WINDROW_CONFIG", path, 1);
    assert_int_equal(read_all(&got, &arena, NULL, NULL), OPTIONS_OK);
    assert_string_equal(got.listen, ":1");
    assert_int_equal(got.bytes, 5);
    setenv("WINDROW_LISTEN", ":2", 1);
    assert_int_equal(read_all(&got, &arena, NULL, NULL), OPTIONS_OK);
    assert_string_equal(got.listen, ":2");
    assert_int_equal(read_all(&got, &arena, "--listen", ":3"), OPTIONS_OK);
    assert_string_equal(got.listen, ":3");
    assert_int_equal(got.bytes, 5);
    unsetenv("WINDROW_LISTEN");
    unsetenv("WINDROW_CONFIG");
    unlink(path);
    arena_done(&arena);
}

static void
test_every_kind_is_read(void **state)
{
    struct arena arena;
    struct wanted got = {0};
    struct error error = {0};
    arena_init(&arena, MIB(8));
    struct slice text = SLICE("public_url: https://x\nhttp_threads: 3\nmax_upload: 2GB\nkeep: 90s\n"
                              "pace: 600/m\nlog_level: warn\nlog_requests: true\nlisten:\n");
    if (settings_read_text(&table, text, &got, &arena, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    assert_string_equal(got.url, "https://x");
    assert_int_equal(got.threads, 3);
    assert_int_equal(got.bytes, 2000000000);
    assert_int_equal(got.keep_ms, 90000);
    assert_int_equal(got.rate.count, 600);
    assert_int_equal(got.level, 2);
    assert_true(got.requests);
    assert_string_equal(got.listen, ":80");
    assert_int_equal(read_all(&got, &arena, "--log-requests", NULL), OPTIONS_OK);
    assert_true(got.requests);
    assert_int_equal(read_all(&got, &arena, "--log-requests=false", NULL), OPTIONS_OK);
    assert_false(got.requests);
    arena_done(&arena);
}

static void
test_bad_files_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"[", "line "},
        {"- a\n", "line 1, column 1: expected names of settings"},
        {"\nlissten: x\n",
         "line 2, column 1: there is no setting \"lissten\"; did you mean listen?"},
        {"provider: {}\n", "did you mean providers?"},
        {"zzzzzz: 1\n", "there is no setting \"zzzzzz\""},
        {"token: abc\n", "secrets do not stand in this file; name one that holds it: \"token\" as "
                         "token_file"},
        {"token_file: /nonexistent\n", "line 1, column 13: token_file: "},
        {"token_file: /dev/null\n", "token_file: /dev/null is empty"},
        {"config: x\n", "config: a file cannot name the file"},
        {"listen: [1]\n", "listen: expected one value, found array"},
        {"listen: \"a\\nb\"\n", "listen: expected a text on one line"},
        {"public_url: x\n", "public_url: expected an address"},
        {"http_threads: 0\n", "http_threads: expected a whole number from 1 to 64, found \"0\""},
        {"http_threads: 1.5\n", "found \"1.5\""},
        {"http_threads: 65\n", "http_threads: expected"},
        {"max_upload: much\n", "max_upload: expected a size"},
        {"keep: 1ms\n", "keep: expected a length of time from 1s to 3650d, found \"1ms\""},
        {"pace: 3\n", "pace: not a rate"},
        {"log_level: loud\n", "line 1, column 12: log_level: expected debug, info or warn"},
        {"log_requests: yes\n", "log_requests: expected true or false, found \"yes\""},
        {"listen: a\nlisten: b\n", "line 2"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct wanted got = {0};
        struct error error = {0};
        arena_init(&arena, MIB(8));
        enum status status =
            settings_read_text(&table, slice_text(rows[i].text), &got, &arena, &error);
        if (status == STATUS_OK || strstr(error.text, rows[i].words) == NULL)
            fail_msg("%s: %s", rows[i].text, error.text);
        arena_done(&arena);
    }
}

static void
test_a_value_of_the_file_is_checked_though_a_flag_wins(void **state)
{
    struct arena arena;
    struct wanted got;
    arena_init(&arena, MIB(8));
    const char *path = file_of("http_threads: many\n");
    setenv("WINDROW_CONFIG", path, 1);
    assert_int_equal(read_all(&got, &arena, "--http-threads", "2"), OPTIONS_WRONG);
    unsetenv("WINDROW_CONFIG");
    unlink(path);
    setenv("WINDROW_HTTP_THREADS", "many", 1);
    assert_int_equal(read_all(&got, &arena, NULL, NULL), OPTIONS_WRONG);
    unsetenv("WINDROW_HTTP_THREADS");
    assert_int_equal(read_all(&got, &arena, "--config", "/nonexistent"), OPTIONS_WRONG);
    arena_done(&arena);
}

static void
test_a_secret_comes_of_a_file_or_a_variable(void **state)
{
    struct arena arena;
    struct wanted got;
    arena_init(&arena, MIB(8));
    setenv("WINDROW_TOKEN", "from-variable", 1);
    assert_int_equal(read_all(&got, &arena, NULL, NULL), OPTIONS_OK);
    assert_string_equal(got.token, "from-variable");
    const char *path = file_of("  from-file\n");
    assert_int_equal(read_all(&got, &arena, "--token-file", path), OPTIONS_OK);
    assert_string_equal(got.token, "from-file");
    unsetenv("WINDROW_TOKEN");
    unlink(path);
    arena_done(&arena);
}

static void
test_the_documentation_has_every_line(void **state)
{
    struct arena arena;
    struct buffer text;
    arena_init(&arena, MIB(8));
    buffer_init(&text, MIB(1));
    settings_print(&table, &text);
    buffer_append_byte(&text, '\0');
    assert_int_equal(settings_value(&table, &arena).count, COUNT_OF(lines));
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_non_null(strstr(text.ptr, setting_flag(&lines[i], &arena)));
        assert_non_null(strstr(text.ptr, setting_variable(&lines[i], &arena)));
    }
    assert_non_null(strstr(text.ptr, "the least: debug, info, warn"));
    buffer_done(&text);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_flag_wins_over_the_environment_that_over_the_file_that_over_the_default),
        cmocka_unit_test(test_every_kind_is_read),
        cmocka_unit_test(test_bad_files_are_refused_with_their_place),
        cmocka_unit_test(test_a_value_of_the_file_is_checked_though_a_flag_wins),
        cmocka_unit_test(test_a_secret_comes_of_a_file_or_a_variable),
        cmocka_unit_test(test_the_documentation_has_every_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
