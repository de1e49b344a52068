/* Log lines, read back from a file that stands in for standard error. */
#include "base/buffer.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/windrow-test-log-XXXXXX";
static int log_fd = -1;
static int stderr_fd = -1;

static int
make_file(void **state)
{
    log_fd = mkostemp(path, O_CLOEXEC | O_APPEND);
    stderr_fd = dup(STDERR_FILENO);
    return log_fd < 0 || stderr_fd < 0;
}

static int
drop_file(void **state)
{
    close(log_fd);
    close(stderr_fd);
    return unlink(path);
}

static void
capture_begin(void)
{
    assert_int_equal(ftruncate(log_fd, 0), 0);
    assert_int_equal(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
}

/* What was logged; ends with buffer_done(). */
static struct buffer
capture_end(void)
{
    assert_int_equal(dup2(stderr_fd, STDERR_FILENO), STDERR_FILENO);
    struct buffer out;
    struct error error = {0};
    assert_int_equal(fs_read_file(&out, path, 1 << 20, &error), STATUS_OK);
    return out;
}

static void
test_text_lines(void **state)
{
    static const struct {
        const char *words, *fields, *end;
    } table[] = {
        {"run started", "run=7", "level=info msg=\"run started\" run=7\n"},
        {"alone", "", "level=info msg=\"alone\"\n"},
        {"two\nlines", "a=1\nb=2", "level=info msg=\"two lines\" a=1 b=2\n"},
        {"odd \"\x1b\xff", "k=\x01", "level=info msg=\"odd \\\" ?\" k=\n"},
    };
    log_configure(LOG_INFO, false);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        capture_begin();
        log_event(LOG_INFO, table[i].words, "%s", table[i].fields);
        struct buffer out = capture_end();
        assert_memory_equal(out.ptr, "time=2", 6);
        size_t size = strlen(table[i].end);
        if (out.size < size || memcmp(out.ptr + out.size - size, table[i].end, size) != 0)
            fail_msg("%s: %.*s", table[i].words, (int)out.size, out.ptr);
        buffer_done(&out);
    }
}

static void
test_json_lines_are_json(void **state)
{
    static const struct {
        const char *words, *fields, *json;
    } table[] = {
        {"run started", "run=7 step=a", "\"msg\":\"run started\",\"run\":\"7\",\"step\":\"a\"}"},
        {"alone", NULL, "\"msg\":\"alone\"}"},
        {"odd \"\n\xff", "  a==1  b ", "\"msg\":\"odd \\\" ?\",\"a\":\"=1\",\"detail\":\"b\"}"},
    };
    log_configure(LOG_INFO, true);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        capture_begin();
        if (table[i].fields == NULL)
            log_event(LOG_ERROR, table[i].words, NULL);
        else
            log_event(LOG_ERROR, table[i].words, "%s", table[i].fields);
        struct buffer out = capture_end();
        struct arena arena;
        arena_init(&arena, 1 << 20);
        struct value value;
        struct error error = {0};
        if (json_parse(&value, &arena, buffer_slice(&out), 0, NULL, &error) != STATUS_OK)
            fail_msg("%.*s: %s", (int)out.size, out.ptr, error.text);
        assert_true(slice_is(value_slice(value_get(value, "level")), "error"));
        struct slice line = json_text(&arena, value);
        assert_non_null(strstr(line.ptr, table[i].json));
        arena_done(&arena);
        buffer_done(&out);
    }
}

static void
test_lower_levels_are_silent(void **state)
{
    log_configure(LOG_WARN, false);
    assert_false(log_is_on(LOG_INFO));
    assert_true(log_is_on(LOG_WARN));
    capture_begin();
    log_event(LOG_DEBUG, "no", NULL);
    log_event(LOG_INFO, "no", NULL);
    log_event(LOG_WARN, "yes", NULL);
    struct buffer out = capture_end();
    assert_null(memmem(out.ptr, out.size, "no", 2));
    assert_non_null(memmem(out.ptr, out.size, "level=warn msg=\"yes\"\n", 21));
    buffer_done(&out);
}

static void
test_long_fields_are_cut_to_one_line(void **state)
{
    char *fields = calloc(1, 100001);
    for (size_t i = 0; i < 50000; i++)
        memcpy(fields + 2 * i, "\xC3\xA9", 2);
    static const bool shapes[] = {false, true};
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        log_configure(LOG_INFO, shapes[i]);
        capture_begin();
        log_event(LOG_INFO, fields, "x=%s", fields);
        struct buffer out = capture_end();
        assert_in_range(out.size, 4000, 16384);
        assert_ptr_equal(memchr(out.ptr, '\n', out.size), out.ptr + out.size - 1);
        assert_true(slice_is_utf8(buffer_slice(&out)));
        buffer_done(&out);
    }
    free(fields);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_lines),
        cmocka_unit_test(test_json_lines_are_json),
        cmocka_unit_test(test_lower_levels_are_silent),
        cmocka_unit_test(test_long_fields_are_cut_to_one_line),
    };
    return cmocka_run_group_tests(tests, make_file, drop_file);
}
