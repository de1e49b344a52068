/* The cache of converted files, on a real folder. */
#include "store/converted.h"

#include "base/limits.h"
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/windrow-test-converted-XXXXXX";
static char folder[64];

static int
remove_entry(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    return remove(path);
}

static int
set_up(void **state)
{
    snprintf(folder, sizeof(folder), "%s/converted", root);
    *state = converted_new(folder);
    return 0;
}

static int
tear_down(void **state)
{
    struct converted *converted = *state;
    converted_free(&converted);
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static struct digest
name_of(const char *text)
{
    return digest_of(slice_text(text));
}

static void
make(struct converted *converted, const char *name, const char *text)
{
    struct digest digest = name_of(name);
    struct converted_draft *draft = NULL;
    struct error error = {0};
    int fd = -1;
    assert_int_equal(converted_begin(&draft, converted, &digest, &error), STATUS_OK);
    assert_int_equal(converted_write(draft, slice_cut(slice_text(text), 3), &error), STATUS_OK);
    assert_int_equal(converted_write(draft, slice_text(text + 3), &error), STATUS_OK);
    assert_int_equal(converted_keep(draft, SLICE("{\"rows\":1}"), &fd, &error), STATUS_OK);
    converted_drop(&draft);
    assert_true(fd >= 0);
    close(fd);
}

static bool
is_there(struct converted *converted, const char *name)
{
    struct digest digest = name_of(name);
    int fd = -1;
    enum status status = converted_find(converted, &digest, &fd);
    if (status == STATUS_OK)
        close(fd);
    else
        assert_int_equal(status, STATUS_NOT_FOUND);
    return status == STATUS_OK;
}

static unsigned
file_count(void)
{
    unsigned count = 0;
    DIR *open_folder = opendir(folder);
    for (const struct dirent *entry = NULL; (entry = readdir(open_folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(open_folder);
    return count;
}

static void
test_what_was_kept_is_found_whole(void **state)
{
    struct converted *converted = *state;
    assert_false(is_there(converted, "a"));
    make(converted, "a", "lines of a\n");
    make(converted, "b", "lines of b\n");
    struct digest digest = name_of("a");
    int fd = -1;
    char bytes[CONVERSION_HEAD_BYTES + 64] = "";
    assert_int_equal(converted_find(converted, &digest, &fd), STATUS_OK);
    ssize_t size = read(fd, bytes, sizeof(bytes));
    close(fd);
    assert_int_equal(size, CONVERSION_HEAD_BYTES + 11);
    assert_memory_equal(bytes, "{\"rows\":1}  ", 12);
    assert_memory_equal(bytes + CONVERSION_HEAD_BYTES - 2, " \nlines of a\n", 13);
}

static void
test_a_dropped_draft_leaves_nothing(void **state)
{
    struct converted *converted = *state;
    struct digest digest = name_of("a");
    struct converted_draft *draft = NULL;
    struct error error = {0};
    assert_int_equal(converted_begin(&draft, converted, &digest, &error), STATUS_OK);
    assert_int_equal(converted_write(draft, SLICE("half"), &error), STATUS_OK);
    assert_int_equal(file_count(), 1);
    assert_false(is_there(converted, "a"));
    converted_drop(&draft);
    assert_null(draft);
    assert_int_equal(file_count(), 0);
}

static void
test_what_a_dead_process_left_is_cleaned(void **state)
{
    struct converted *converted = *state;
    converted_clean(converted);
    make(converted, "a", "text");
    struct digest digest = name_of("b");
    struct converted_draft *draft = NULL;
    struct error error = {0};
    int fd = -1;
    assert_int_equal(converted_begin(&draft, converted, &digest, &error), STATUS_OK);
    assert_int_equal(file_count(), 2);
    converted_clean(converted);
    assert_int_equal(file_count(), 1);
    assert_true(is_there(converted, "a"));
    /* Whoever was not dead after all still has his file. */
    assert_int_equal(converted_keep(draft, SLICE("{}"), &fd, &error), STATUS_OK);
    converted_drop(&draft);
    struct stat facts;
    assert_int_equal(fstat(fd, &facts), 0);
    assert_int_equal(facts.st_size, CONVERSION_HEAD_BYTES);
    close(fd);
}

static void
test_two_may_make_the_same(void **state)
{
    struct converted *converted = *state;
    struct digest digest = name_of("a");
    struct converted_draft *drafts[2] = {NULL, NULL};
    struct error error = {0};
    for (int i = 0; i < 2; i++)
        assert_int_equal(converted_begin(&drafts[i], converted, &digest, &error), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        int fd = -1;
        assert_int_equal(converted_write(drafts[i], SLICE("same"), &error), STATUS_OK);
        assert_int_equal(converted_keep(drafts[i], SLICE("{}"), &fd, &error), STATUS_OK);
        converted_drop(&drafts[i]);
        close(fd);
    }
    assert_int_equal(file_count(), 1);
}

/* A file of that size, used so long ago; nothing of it is on the disk. */
static void
add_large(const char *name, off_t size, time_t age_s)
{
    char path[200];
    char hex[2 * DIGEST_BYTES + 1];
    struct digest digest = name_of(name);
    digest_hex(&digest, hex);
    snprintf(path, sizeof(path), "%s/%s", folder, hex);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    struct timespec times[2] = {{.tv_sec = 1700000000 - age_s}, {.tv_sec = 1700000000 - age_s}};
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void
test_the_oldest_go_when_there_is_too_much(void **state)
{
    struct converted *converted = *state;
    off_t third = (off_t)(LIMIT_CONVERTED_KEPT_BYTES / 3);
    make(converted, "first", "text");
    add_large("old", third, 300);
    add_large("older", third, 400);
    add_large("young", third, 100);
    assert_true(is_there(converted, "older")); /* which makes it the youngest */
    make(converted, "last", "text");
    assert_true(is_there(converted, "last"));
    assert_true(is_there(converted, "older"));
    assert_true(is_there(converted, "young"));
    assert_false(is_there(converted, "old"));
}

static void
test_a_folder_that_cannot_be_written_is_told(void **state)
{
    struct digest digest = name_of("a");
    struct converted_draft *draft = NULL;
    struct error error = {0};
    int fd = open(folder, O_WRONLY | O_CREAT, 0600); /* a file stands in the way */
    close(fd);
    assert_int_not_equal(converted_begin(&draft, *state, &digest, &error), STATUS_OK);
    assert_null(draft);
    assert_non_null(strstr(error.text, folder));
    unlink(folder);
}

static void
test_a_head_that_is_too_long_is_refused(void **state)
{
    struct digest digest = name_of("a");
    struct converted_draft *draft = NULL;
    struct error error = {0};
    char head[CONVERSION_HEAD_BYTES];
    int fd = -1;
    memset(head, 'x', sizeof(head));
    assert_int_equal(converted_begin(&draft, *state, &digest, &error), STATUS_OK);
    assert_int_equal(converted_keep(draft, slice_of(head, sizeof(head)), &fd, &error),
                     STATUS_LIMIT);
    assert_int_equal(fd, -1);
    converted_drop(&draft);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_kept_is_found_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_dropped_draft_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_dead_process_left_is_cleaned, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_two_may_make_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_oldest_go_when_there_is_too_much, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_folder_that_cannot_be_written_is_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_head_that_is_too_long_is_refused, set_up, tear_down),
    };
    if (mkdtemp(root) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(root);
    return failed;
}
