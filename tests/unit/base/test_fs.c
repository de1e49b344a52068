/* Files, their names, and exchanges. */
#include "base/exchange.h"
#include "base/fs.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/windrow-test-fs-XXXXXX";

static int
make_folder(void **state)
{
    return mkdtemp(folder) == NULL;
}

static int
drop_folder(void **state)
{
    static const char *const names[] = {"a/b/c", "a/b", "a", "file", ""};
    int failed = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        failed |= remove(path) != 0 && errno != ENOENT;
    }
    return failed;
}

static const char *
path_to(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static size_t
count_entries(void)
{
    size_t count = 0;
    DIR *handle = opendir(folder);
    for (struct dirent *entry = readdir(handle); entry != NULL; entry = readdir(handle))
        count += entry->d_name[0] != '.';
    closedir(handle);
    return count;
}

static void
test_write_replaces_whole_and_read_gives_it_back(void **state)
{
    struct error error = {0};
    assert_int_equal(fs_write_file(path_to("file"), SLICE("first"), &error), STATUS_OK);
    assert_int_equal(fs_write_file(path_to("file"), SLICE("next"), &error), STATUS_OK);
    assert_int_equal(count_entries(), 1);
    struct buffer read;
    assert_int_equal(fs_read_file(&read, path_to("file"), 100, &error), STATUS_OK);
    assert_true(slice_is(buffer_slice(&read), "next"));
    buffer_done(&read);

    struct stat found;
    assert_int_equal(stat(path_to("file"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
}

static void
test_read_keeps_its_maximum(void **state)
{
    static const struct {
        const char *label;
        size_t max_bytes;
        enum status status;
    } table[] = {
        {"exact", 70000, STATUS_OK},
        {"one less", 69999, STATUS_LIMIT},
        {"none", 0, STATUS_LIMIT},
        {"ample", 1 << 20, STATUS_OK},
    };
    char *bytes = calloc(1, 70000);
    struct error error = {0};
    assert_int_equal(fs_write_file(path_to("file"), slice_of(bytes, 70000), &error), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer read;
        enum status got = fs_read_file(&read, path_to("file"), table[i].max_bytes, &error);
        if (got != table[i].status || (got == STATUS_OK && read.size != 70000))
            fail_msg("%s: %s, %zu bytes", table[i].label, status_name(got), read.size);
        buffer_done(&read);
    }
    free(bytes);
}

static void
test_failures_name_the_path(void **state)
{
    struct error error = {0};
    struct buffer read;
    assert_int_equal(fs_read_file(&read, path_to("missing"), 10, &error), STATUS_NOT_FOUND);
    buffer_done(&read);
    assert_non_null(strstr(error.text, "missing: No such file"));
    assert_int_equal(fs_read_file(&read, folder, 10, &error), STATUS_IO);
    buffer_done(&read);
    assert_int_equal(fs_write_file(path_to("no/file"), SLICE("x"), &error), STATUS_NOT_FOUND);
    assert_int_equal(fs_sync_folder(path_to("missing"), &error), STATUS_NOT_FOUND);
    /* A folder stands where the file should go: the new file must not stay behind. */
    assert_int_equal(fs_make_folder(path_to("a"), &error), STATUS_OK);
    size_t before = count_entries();
    assert_int_equal(fs_write_file(path_to("a"), SLICE("x"), &error), STATUS_IO);
    assert_int_equal(count_entries(), before);
}

static void
test_make_folder_makes_parents(void **state)
{
    struct error error = {0};
    assert_int_equal(fs_make_folder(path_to("a/b//c/"), &error), STATUS_OK);
    assert_int_equal(fs_make_folder(path_to("a/b/c"), &error), STATUS_OK);
    struct stat found;
    assert_int_equal(stat(path_to("a/b/c"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    assert_int_equal(fs_write_file(path_to("file"), SLICE("x"), &error), STATUS_OK);
    assert_int_equal(fs_make_folder(path_to("file"), &error), STATUS_IO);
    assert_int_equal(fs_make_folder(path_to("file/x"), &error), STATUS_IO);
    assert_int_equal(fs_make_folder("/", &error), STATUS_OK);
    assert_int_equal(fs_make_folder(".", &error), STATUS_OK);
}

static void
test_errno_becomes_a_status(void **state)
{
    static const struct {
        int number;
        enum status status;
    } table[] = {
        {ENOSPC, STATUS_FULL},       {EDQUOT, STATUS_FULL},      {ENOENT, STATUS_NOT_FOUND},
        {ENOTDIR, STATUS_NOT_FOUND}, {EACCES, STATUS_FORBIDDEN}, {EPERM, STATUS_FORBIDDEN},
        {EROFS, STATUS_FORBIDDEN},   {EIO, STATUS_IO},           {EMFILE, STATUS_IO},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        assert_int_equal(fs_errno_status(table[i].number, "do", "x", NULL), table[i].status);
    struct error error = {0};
    status_ignore(fs_errno_status(EIO, "cannot read", "/x", &error));
    assert_string_equal(error.text, "cannot read /x: Input/output error");
}

static void
test_safe_names(void **state)
{
    static const struct {
        const char *text;
        const char *name;
    } table[] = {
        {"report.pdf", "report.pdf"},
        {"Z\xC3\xBCrich & S\xC3\xB6hne.csv", "Z\xC3\xBCrich & S\xC3\xB6hne.csv"},
        {"../../etc/passwd", "_.._etc_passwd"},
        {"..", "unnamed"},
        {"", "unnamed"},
        {" . . ", "unnamed"},
        {".hidden", "hidden"},
        {"trailing. . ", "trailing"},
        {"a/b\\c:d", "a_b_c_d"},
        {"tab\there\x7F", "tab_here_"},
        {"bad\xFFutf", "bad_utf"},
        {"c1\xC2\x85x\xC2\xA0y", "c1_x\xC2\xA0y"},
        {"fdp\xE2\x80\xAEgnp.exe", "fdp_gnp.exe"},
        {"a\xE2\x81\xA6"
         "b\xEF\xBB\xBF"
         "c\xE2\x82\xAC",
         "a_b_c\xE2\x82\xAC"},
        {"/", "_"},
    };
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct slice name = fs_safe_name(&arena, slice_text(table[i].text));
        assert_string_equal(name.ptr, table[i].name);
        assert_int_equal(name.size, strlen(table[i].name));
    }
    arena_done(&arena);
}

static void
test_long_names_keep_their_suffix(void **state)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    char text[1000];
    memset(text, 'x', sizeof(text));
    memcpy(text + 995, ".xlsx", 5);
    struct slice name = fs_safe_name(&arena, slice_of(text, sizeof(text)));
    assert_int_equal(name.size, 200);
    assert_memory_equal(name.ptr + 194, "x.xlsx", 6);

    for (size_t i = 0; i < 333; i++)
        memcpy(text + 3 * i, "\xE2\x82\xAC", 3);
    name = fs_safe_name(&arena, slice_of(text, 999));
    assert_int_equal(name.size, 198);
    assert_true(slice_is_utf8(name));

    memset(text, 0x80, sizeof(text));
    name = fs_safe_name(&arena, slice_of(text, sizeof(text)));
    assert_true(slice_is_utf8(name) && name.size > 0 && name.size <= 200);
    arena_done(&arena);
}

static void
test_exchange_headers(void **state)
{
    struct exchange *exchange = exchange_new(100000);
    char name[] = "x-name";
    for (size_t i = 0; i < EXCHANGE_HEADERS_MAX; i++)
        assert_true(exchange_add_header(exchange, slice_text(name), SLICE("v")));
    assert_false(exchange_add_header(exchange, SLICE("one"), SLICE("more")));
    name[0] = '?';
    assert_true(slice_is(exchange->headers[0].name, "x-name"));

    exchange->answer_headers[0] = (struct exchange_header){SLICE("etag"), SLICE("1")};
    exchange->answer_headers[1] = (struct exchange_header){SLICE("etag"), SLICE("2")};
    exchange->answer_header_count = 2;
    assert_true(slice_is(exchange_answer_header(exchange, "etag"), "1"));
    assert_null(exchange_answer_header(exchange, "age").ptr);
    exchange_free(&exchange);
    assert_null(exchange);
    exchange_free(&exchange);

    exchange = exchange_new(100);
    char large[200] = {0};
    assert_false(exchange_add_header(exchange, SLICE("x"), slice_of(large, sizeof(large))));
    assert_int_equal(exchange->header_count, 0);
    exchange_free(&exchange);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_replaces_whole_and_read_gives_it_back),
        cmocka_unit_test(test_read_keeps_its_maximum),
        cmocka_unit_test(test_failures_name_the_path),
        cmocka_unit_test(test_make_folder_makes_parents),
        cmocka_unit_test(test_errno_becomes_a_status),
        cmocka_unit_test(test_safe_names),
        cmocka_unit_test(test_long_names_keep_their_suffix),
        cmocka_unit_test(test_exchange_headers),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
