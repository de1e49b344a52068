/* Blobs and the lock of the data folder, on a real folder; failures of the disk come through the
 * table of calls. */
#include "store/begun.h"
#include "store/blobs.h"
#include "store/lock.h"

#include "base/limits.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[] = "/tmp/windrow-test-blobs-XXXXXX";
static char folder[64];

struct fixture {
    struct blobs *blobs;
    struct buffer text;
    struct error error;
};

static int
remove_entry(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    return remove(path);
}

static int
set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    *state = &fixture;
    snprintf(folder, sizeof(folder), "%s/data", root);
    buffer_init(&fixture.text, MIB(16));
    return blobs_open(&fixture.blobs, folder, NULL, &fixture.error) != STATUS_OK;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    buffer_done(&f->text);
    blobs_close(&f->blobs);
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct id
id_of(uint8_t number)
{
    return (struct id){.bytes = {0x67, [ID_BYTES - 1] = number}};
}

static void
append(struct fixture *f, struct blob *blob, struct slice bytes)
{
    if (blob_append(blob, bytes, &f->error) != STATUS_OK)
        fail_msg("%s", f->error.text);
}

/* The whole blob. */
static struct slice
content(struct fixture *f, const struct id *id)
{
    struct blob *blob = NULL;
    buffer_clear(&f->text);
    assert_int_equal(blob_read_open(&blob, f->blobs, id, &f->error), STATUS_OK);
    assert_int_equal(blob_read(&f->text, blob, 0, MIB(8), &f->error), STATUS_OK);
    assert_int_equal(blob_size(blob), f->text.size);
    blob_close(&blob);
    return buffer_slice(&f->text);
}

static void
test_what_is_appended_is_read_back(void **state)
{
    struct fixture *f = *state;
    struct id id = id_of(0xab);
    struct blob *blob = NULL;
    assert_int_equal(blob_append_open(&blob, f->blobs, &id, 0, &f->error), STATUS_OK);
    append(f, blob, SLICE("hello "));
    append(f, blob, SLICE(""));
    append(f, blob, SLICE("world"));
    assert_int_equal(blob_size(blob), 11);
    assert_int_equal(blob_sync(blob, &f->error), STATUS_OK);
    blob_close(&blob);
    assert_true(slice_is(content(f, &id), "hello world"));

    char path[BLOB_PATH_BYTES], want[128];
    blob_path(f->blobs, &id, path);
    snprintf(want, sizeof(want), "%s/ab/6700000000000000000000ab", folder);
    assert_string_equal(path, want);
    assert_int_equal(access(path, R_OK), 0);
}

static void
test_reads_in_pieces_and_to_the_end(void **state)
{
    struct fixture *f = *state;
    struct id id = id_of(1);
    struct blob *blob = NULL;
    assert_int_equal(blob_append_open(&blob, f->blobs, &id, 0, &f->error), STATUS_OK);
    append(f, blob, SLICE("0123456789"));
    blob_close(&blob);
    assert_int_equal(blob_read_open(&blob, f->blobs, &id, &f->error), STATUS_OK);
    assert_int_equal(blob_read(&f->text, blob, 3, 4, &f->error), STATUS_OK);
    assert_true(slice_is(buffer_slice(&f->text), "3456"));
    assert_int_equal(blob_read(&f->text, blob, 8, 100, &f->error), STATUS_OK);
    assert_true(slice_is(buffer_slice(&f->text), "345689"));
    assert_int_equal(blob_read(&f->text, blob, 10, 100, &f->error), STATUS_OK);
    assert_int_equal(f->text.size, 6);
    struct buffer small;
    buffer_init(&small, 4);
    assert_int_equal(blob_read(&small, blob, 0, 5, &f->error), STATUS_LIMIT);
    buffer_done(&small);
    blob_close(&blob);
}

static bool
is_file(const char *format, const struct id *id)
{
    char name[ID_HEX_BYTES], path[128];
    id_hex(id, name);
    snprintf(path, sizeof(path), "%s/%s/%s", folder, format, name);
    return access(path, F_OK) == 0;
}

static void
test_what_comes_is_a_blob_once_it_is_kept(void **state)
{
    struct fixture *f = *state;
    struct id kept = id_of(0xcd), dropped = id_of(0xce), left = id_of(0xcf);
    struct blob *blob = NULL, *other = NULL;
    assert_int_equal(blobs_clean_incoming(f->blobs, &f->error), STATUS_OK);
    assert_int_equal(blob_incoming_open(&blob, f->blobs, &kept, &f->error), STATUS_OK);
    append(f, blob, SLICE("hello"));
    assert_true(is_file("incoming", &kept));
    assert_int_equal(blob_read_open(&other, f->blobs, &kept, &f->error), STATUS_NOT_FOUND);
    assert_int_equal(blob_keep(blob, &f->error), STATUS_OK);
    blob_close(&blob);
    assert_false(is_file("incoming", &kept));
    assert_true(is_file("cd", &kept));
    assert_true(slice_is(content(f, &kept), "hello"));

    assert_int_equal(blob_incoming_open(&blob, f->blobs, &dropped, &f->error), STATUS_OK);
    assert_true(is_file("incoming", &dropped));
    blob_close(&blob);
    assert_false(is_file("incoming", &dropped));

    /* As a process that dies leaves one. */
    char path[128];
    snprintf(path, sizeof(path), "%s/incoming/6700000000000000000000cf", folder);
    fclose(fopen(path, "w"));
    assert_true(is_file("incoming", &left));
    assert_int_equal(blobs_clean_incoming(f->blobs, &f->error), STATUS_OK);
    assert_false(is_file("incoming", &left));
    assert_true(is_file("cd", &kept));
}

static const struct {
    const char *label;
    uint64_t size_bytes;
    enum status want;
    const char *content;
} reopened[] = {
    {"as it was", 6, STATUS_OK, "before+new"},
    {"cut to what was counted", 3, STATUS_OK, "bef+new"},
    {"from the start", 0, STATUS_OK, "+new"},
    {"shorter than what was counted", 7, STATUS_CONFLICT, "before"},
};

static void
test_append_goes_on_at_the_counted_size(void **state)
{
    struct fixture *f = *state;
    for (uint8_t i = 0; i < COUNT_OF(reopened); i++) {
        struct id id = id_of(i);
        struct blob *blob = NULL;
        assert_int_equal(blob_append_open(&blob, f->blobs, &id, 0, &f->error), STATUS_OK);
        append(f, blob, SLICE("before"));
        blob_close(&blob);
        print_message("%s\n", reopened[i].label);
        assert_int_equal(blob_append_open(&blob, f->blobs, &id, reopened[i].size_bytes, &f->error),
                         reopened[i].want);
        if (reopened[i].want == STATUS_OK) {
            assert_int_equal(blob_size(blob), reopened[i].size_bytes);
            append(f, blob, SLICE("+new"));
        }
        blob_close(&blob);
        assert_true(slice_is(content(f, &id), reopened[i].content));
    }
}

static void
test_blob_that_is_not_there(void **state)
{
    struct fixture *f = *state;
    struct id id = id_of(9);
    struct blob *blob = NULL;
    assert_int_equal(blob_read_open(&blob, f->blobs, &id, &f->error), STATUS_NOT_FOUND);
    assert_null(blob);
    assert_int_equal(blob_append_open(&blob, f->blobs, &id, 5, &f->error), STATUS_CONFLICT);
    assert_null(blob);
    assert_int_equal(blob_remove(f->blobs, &id, &f->error), STATUS_OK);
    assert_int_equal(blob_remove(f->blobs, &id, &f->error), STATUS_OK);
    assert_int_equal(blob_read_open(&blob, f->blobs, &id, &f->error), STATUS_NOT_FOUND);
}

/* A disk that fails on order. */
static struct {
    bool is_full; /* after the first half of a write */
    bool does_not_sync;
    size_t folders_synced;
} disk;

static ssize_t
write_half(int fd, const void *bytes, size_t size, off_t offset)
{
    if (!disk.is_full)
        return pwrite(fd, bytes, size, offset);
    if (size > 4)
        return pwrite(fd, bytes, size / 2, offset);
    errno = ENOSPC;
    return -1;
}

static int
sync_or_not(int fd)
{
    if (!disk.does_not_sync)
        return fdatasync(fd);
    errno = EIO;
    return -1;
}

static int
count_folder(const char *path)
{
    disk.folders_synced++;
    return blobs_system()->sync_folder(path);
}

static struct blobs *
open_failing(struct fixture *f)
{
    static struct blob_calls calls;
    calls = *blobs_system();
    calls.pwrite = write_half;
    calls.fdatasync = sync_or_not;
    calls.sync_folder = count_folder;
    memset(&disk, 0, sizeof(disk));
    struct blobs *blobs = NULL;
    assert_int_equal(blobs_open(&blobs, folder, &calls, &f->error), STATUS_OK);
    return blobs;
}

static void
test_full_disk_leaves_the_blob_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct blobs *blobs = open_failing(f);
    struct id id = id_of(1);
    struct blob *blob = NULL;
    assert_int_equal(blob_append_open(&blob, blobs, &id, 0, &f->error), STATUS_OK);
    append(f, blob, SLICE("kept"));
    disk.is_full = true;
    assert_int_equal(blob_append(blob, SLICE("0123456789abcdef"), &f->error), STATUS_FULL);
    assert_non_null(strstr(f->error.text, "No space left"));
    assert_int_equal(blob_size(blob), 4);
    assert_true(slice_is(content(f, &id), "kept"));
    disk.is_full = false;
    append(f, blob, SLICE(" and more"));
    blob_close(&blob);
    assert_true(slice_is(content(f, &id), "kept and more"));
    blobs_close(&blobs);
}

static void
test_blob_that_could_not_be_synced_refuses_until_opened_anew(void **state)
{
    struct fixture *f = *state;
    struct blobs *blobs = open_failing(f);
    struct id id = id_of(1);
    struct blob *blob = NULL;
    assert_int_equal(blob_append_open(&blob, blobs, &id, 0, &f->error), STATUS_OK);
    append(f, blob, SLICE("counted"));
    assert_int_equal(blob_sync(blob, &f->error), STATUS_OK);
    append(f, blob, SLICE("not"));
    disk.does_not_sync = true;
    assert_int_equal(blob_sync(blob, &f->error), STATUS_IO);
    disk.does_not_sync = false;
    assert_int_equal(blob_sync(blob, &f->error), STATUS_IO);
    assert_int_equal(blob_append(blob, SLICE("x"), &f->error), STATUS_IO);
    blob_close(&blob);
    assert_int_equal(blob_append_open(&blob, blobs, &id, 7, &f->error), STATUS_OK);
    append(f, blob, SLICE(", not"));
    assert_int_equal(blob_sync(blob, &f->error), STATUS_OK);
    blob_close(&blob);
    assert_true(slice_is(content(f, &id), "counted, not"));
    blobs_close(&blobs);
}

static void
test_what_could_not_be_synced_is_not_kept(void **state)
{
    struct fixture *f = *state;
    struct blobs *blobs = open_failing(f);
    struct id id = id_of(1);
    struct blob *blob = NULL;
    assert_int_equal(blobs_clean_incoming(blobs, &f->error), STATUS_OK);
    assert_int_equal(blob_incoming_open(&blob, blobs, &id, &f->error), STATUS_OK);
    append(f, blob, SLICE("x"));
    disk.does_not_sync = true;
    assert_int_equal(blob_keep(blob, &f->error), STATUS_IO);
    blob_close(&blob);
    assert_false(is_file("incoming", &id));
    assert_false(is_file("01", &id));
    disk.does_not_sync = false;
    assert_int_equal(blob_incoming_open(&blob, blobs, &id, &f->error), STATUS_OK);
    assert_int_equal(blob_keep(blob, &f->error), STATUS_OK);
    assert_int_equal(disk.folders_synced, 2);
    blob_close(&blob);
    blobs_close(&blobs);
}

static struct {
    off_t offset, size;
    bool waits;
} written_out[8];
static int written_out_count, written_out_failure;

static int
note_write_out(int fd, off_t offset, off_t size, bool waits)
{
    written_out[written_out_count].offset = offset;
    written_out[written_out_count].size = size;
    written_out[written_out_count++].waits = waits;
    errno = EIO;
    return written_out_count == written_out_failure ? -1 : 0;
}

static void
test_what_is_written_out_waits_for_what_was_before(void **state)
{
    struct fixture *f = *state;
    struct id id = id_of(1);
    struct blob_calls calls = *blobs_system();
    calls.write_out = note_write_out;
    struct blobs *blobs = NULL;
    assert_int_equal(blobs_open(&blobs, folder, &calls, &f->error), STATUS_OK);
    for (written_out_failure = 0; written_out_failure <= 5; written_out_failure++) {
        struct blob *blob = NULL;
        written_out_count = 0;
        assert_int_equal(blob_append_open(&blob, blobs, &id, 0, &f->error), STATUS_OK);
        enum status status = STATUS_OK;
        for (int i = 1; i <= 3 && status == STATUS_OK; i++) {
            append(f, blob, slice_of("12345678", (size_t)i));
            status = blob_write_out(blob, &f->error);
        }
        static const off_t wanted[][3] = {{0, 1, 0}, {1, 2, 0}, {0, 1, 1}, {3, 3, 0}, {1, 2, 1}};
        int count = written_out_failure == 0 ? 5 : written_out_failure;
        assert_int_equal(written_out_count, count);
        for (int i = 0; i < count; i++) {
            assert_int_equal(written_out[i].offset, wanted[i][0]);
            assert_int_equal(written_out[i].size, wanted[i][1]);
            assert_int_equal(written_out[i].waits, wanted[i][2]);
        }
        /* What the kernel has told once it does not tell again. */
        assert_int_equal(status, written_out_failure == 0 ? STATUS_OK : STATUS_IO);
        assert_int_equal(blob_sync(blob, &f->error), status);
        blob_close(&blob);
    }
    blobs_close(&blobs);
}

static void
test_new_blob_syncs_its_folders(void **state)
{
    struct fixture *f = *state;
    struct blobs *blobs = open_failing(f);
    struct id id = id_of(1);
    struct blob *blob = NULL;
    assert_int_equal(blob_append_open(&blob, blobs, &id, 0, &f->error), STATUS_OK);
    assert_int_equal(disk.folders_synced, 2);
    append(f, blob, SLICE("x"));
    blob_close(&blob);
    assert_int_equal(blob_append_open(&blob, blobs, &id, 1, &f->error), STATUS_OK);
    assert_int_equal(disk.folders_synced, 2);
    blob_close(&blob);
    blobs_close(&blobs);
}

static void
test_folder_that_cannot_be_made(void **state)
{
    struct fixture *f = *state;
    struct blobs *blobs = NULL;
    assert_int_not_equal(blobs_open(&blobs, "/proc/nothing/here", NULL, &f->error), STATUS_OK);
    assert_null(blobs);
    char path[8192];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(blobs_open(&blobs, path, NULL, &f->error), STATUS_INVALID);
}

static void
count_call(void *context)
{
    ++*(uint32_t *)context;
}

static struct id
swept_id(uint8_t number)
{
    return (struct id){{7, 7, 7, [ID_BYTES - 2] = number, [ID_BYTES - 1] = 0xab}};
}

static void
put_blob(struct blobs *blobs, uint8_t number)
{
    struct id id = swept_id(number);
    struct blob *blob = NULL;
    assert_int_equal(blob_append_open(&blob, blobs, &id, 0, NULL), STATUS_OK);
    assert_int_equal(blob_append(blob, SLICE("bytes"), NULL), STATUS_OK);
    blob_close(&blob);
}

/* Number 2 is counted, and of number 3 it is not known. */
static enum status
is_counted(const struct id *id, void *context)
{
    uint8_t number = id->bytes[ID_BYTES - 2];
    return number == 2 ? STATUS_OK : number == 3 ? STATUS_IO : STATUS_NOT_FOUND;
}

static void
test_what_an_earlier_process_left_is_swept(void **state)
{
    struct blobs *blobs = NULL;
    uint32_t removed = 9;
    assert_int_equal(blobs_open(&blobs, folder, NULL, NULL), STATUS_OK);
    for (uint8_t number = 1; number <= 5; number++)
        put_blob(blobs, number);
    assert_int_equal(blobs_sweep(blobs, 0xab, is_counted, NULL, &removed), STATUS_OK);
    assert_int_equal(removed, 0);
    blobs_close(&blobs);

    /* The next process: number 4 is begun again, 1 and 5 are left by nobody. */
    assert_int_equal(blobs_open(&blobs, folder, NULL, NULL), STATUS_OK);
    put_blob(blobs, 4);
    for (unsigned part = 0; part < BLOB_FOLDERS; part++) {
        assert_int_equal(blobs_sweep(blobs, part, is_counted, NULL, &removed), STATUS_OK);
        assert_int_equal(removed, part == 0xab ? 2 : 0);
    }
    for (uint8_t number = 1; number <= 5; number++) {
        struct id id = swept_id(number);
        struct blob *blob = NULL;
        enum status wanted = number == 1 || number == 5 ? STATUS_NOT_FOUND : STATUS_OK;
        assert_int_equal(blob_read_open(&blob, blobs, &id, NULL), wanted);
        blob_close(&blob);
    }
    blobs_sweep_end(blobs);
    assert_int_equal(blobs_sweep(blobs, 0xab, is_counted, NULL, &removed), STATUS_LIMIT);
    assert_int_equal(removed, 0);
    blobs_close(&blobs);
}

static void
test_more_blobs_than_are_noted_are_not_swept(void **state)
{
    struct begun begun;
    begun_init(&begun);
    struct id id = {{0}};
    uint32_t count = 0;
    for (uint32_t i = 1; i <= BEGUN_MAX; i++) {
        memcpy(id.bytes, &i, sizeof(i));
        begun_note(&begun, &id);
        begun_note(&begun, &id);
        assert_true(begun_unless(&begun, &id, count_call, &count));
    }
    assert_int_equal(count, 0);
    id.bytes[8] = 1;
    assert_true(begun_unless(&begun, &id, count_call, &count));
    assert_int_equal(count, 1);
    begun_note(&begun, &id);
    assert_false(begun_unless(&begun, &id, count_call, &count));
    assert_int_equal(count, 1);
    begun_done(&begun);
}

static void
test_lock_is_held_by_one(void **state)
{
    struct fixture *f = *state;
    struct store_lock *lock = NULL, *second = NULL;
    char words[64];
    assert_int_equal(store_lock_take(&lock, folder, 0, &f->error), STATUS_OK);
    assert_int_equal(store_lock_take(&second, folder, 30, &f->error), STATUS_UNAVAILABLE);
    assert_null(second);
    snprintf(words, sizeof(words), "(process %ld)", (long)getpid());
    assert_non_null(strstr(f->error.text, words));
    assert_non_null(strstr(f->error.text, "--data"));
    store_lock_drop(&lock);
    store_lock_drop(&lock);
    assert_int_equal(store_lock_take(&second, folder, 0, &f->error), STATUS_OK);
    store_lock_drop(&second);
}

/* Holds the lock until it is killed; says "x" when it has it. */
static void
hold_lock(int ready)
{
    struct store_lock *lock = NULL;
    struct error error = {0};
    if (store_lock_take(&lock, folder, 0, &error) == STATUS_OK && write(ready, "x", 1) == 1)
        pause();
    _exit(1);
}

static void
test_lock_of_a_killed_process_is_free_at_once(void **state)
{
    struct fixture *f = *state;
    int ready[2];
    char byte;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0)
        hold_lock(ready[1]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    struct store_lock *lock = NULL;
    assert_int_equal(store_lock_take(&lock, folder, 0, &f->error), STATUS_UNAVAILABLE);
    kill(child, SIGKILL);
    assert_int_equal(store_lock_take(&lock, folder, 10000, &f->error), STATUS_OK);
    assert_int_equal(waitpid(child, NULL, 0), child);
    store_lock_drop(&lock);
}

static void
test_lock_in_a_folder_that_cannot_be_made(void **state)
{
    struct fixture *f = *state;
    struct store_lock *lock = NULL;
    assert_int_not_equal(store_lock_take(&lock, "/proc/nothing/here", 0, &f->error), STATUS_OK);
    assert_null(lock);
    assert_true(strlen(f->error.text) > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_appended_is_read_back),
        TEST(test_reads_in_pieces_and_to_the_end),
        TEST(test_what_comes_is_a_blob_once_it_is_kept),
        TEST(test_what_could_not_be_synced_is_not_kept),
        TEST(test_append_goes_on_at_the_counted_size),
        TEST(test_blob_that_is_not_there),
        TEST(test_full_disk_leaves_the_blob_as_it_was),
        TEST(test_blob_that_could_not_be_synced_refuses_until_opened_anew),
        TEST(test_what_is_written_out_waits_for_what_was_before),
        TEST(test_new_blob_syncs_its_folders),
        TEST(test_folder_that_cannot_be_made),
        TEST(test_what_an_earlier_process_left_is_swept),
        TEST(test_more_blobs_than_are_noted_are_not_swept),
        TEST(test_lock_is_held_by_one),
        TEST(test_lock_of_a_killed_process_is_free_at_once),
        TEST(test_lock_in_a_folder_that_cannot_be_made),
    };
    if (mkdtemp(root) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(root);
    return failed;
}
