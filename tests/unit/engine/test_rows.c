/* The file of a reshape's rows: what is put in is read back, while it grows, after a restart, and
 * not at all when the file is damaged. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/rows.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/windrow-test-rows-XXXXXX";

struct fixture {
    struct blobs *blobs;
    struct rows_writer *writer;
    struct source *source;
    struct arena arena;
    struct error error;
};

static const struct id blob = {.bytes = {1, 2, 3}};

static int
remove_entry(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    return remove(path);
}

static int
set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.blobs = NULL};
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    *state = &fixture;
    arena_init(&fixture.arena, MIB(64));
    return mkdtemp(folder) == NULL ||
           blobs_open(&fixture.blobs, folder, NULL, &fixture.error) != STATUS_OK ||
           rows_writer_open(&fixture.writer, fixture.blobs, &blob, &fixture.error) != STATUS_OK ||
           rows_source_open(&fixture.source, fixture.blobs, &blob, &fixture.error) != STATUS_OK;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    rows_writer_close(&f->writer);
    rows_source_type.source_close(&f->source);
    blobs_close(&f->blobs);
    arena_done(&f->arena);
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Row `number`; three rows share a parent, every fourth has none. */
static void
put(struct fixture *f, unsigned number, size_t padding)
{
    char key = (char)number;
    const char *item =
        arena_format(&f->arena, "{\"n\":%u,\"pad\":\"%*s\"}", number, (int)padding, "");
    const char *parent = arena_format(&f->arena, "{\"item\":%u}", number / 4);
    struct reshape_row row = {
        .key = slice_of(&key, 1),
        .item = slice_text(item),
        .steps = slice_text(number % 2 == 0 ? "{\"a\":1}" : ""),
        .parent = slice_text(number % 4 == 3 ? "" : parent),
        .problem = slice_text(number % 5 == 4 ? "bad" : ""),
    };
    struct reshape_out *out = rows_writer_out(f->writer);
    assert_int_equal(out->put(out, &row, &f->error), STATUS_OK);
}

static void
put_many(struct fixture *f, unsigned count, size_t padding)
{
    for (unsigned i = 0; i < count; i++)
        put(f, i, padding);
    assert_int_equal(rows_writer_flush(f->writer, &f->error), STATUS_OK);
}

static enum status
read_batch(struct fixture *f, struct source_place *place, size_t rows_max,
           struct source_batch *batch)
{
    return rows_source_type.source_next(
        f->source, &(struct source_page){place, rows_max, MIB(16), &f->arena}, batch, &f->error);
}

static void
check_row(const struct source_row *row, unsigned number)
{
    int64_t n = -1;
    assert_true(value_integer(value_get(row->value, "n"), &n));
    assert_int_equal(n, number);
    assert_int_equal(row->key.size, 1);
    assert_int_equal((unsigned char)row->key.ptr[0], number & 0xff);
    assert_int_equal(row->steps.kind == VALUE_OBJECT, number % 2 == 0);
    assert_int_equal(row->parent.kind == VALUE_NONE, number % 4 == 3);
    if (row->parent.kind != VALUE_NONE) {
        assert_true(value_integer(value_get(row->parent, "item"), &n));
        assert_int_equal(n, number / 4);
    }
    assert_int_equal(row->problem != NULL, number % 5 == 4);
}

static void
check_all(struct fixture *f, unsigned count, size_t rows_max)
{
    struct source_place place = {0};
    unsigned seen = 0;
    for (bool is_end = false; !is_end;) {
        struct source_batch batch;
        assert_int_equal(read_batch(f, &place, rows_max, &batch), STATUS_OK);
        for (size_t i = 0; i < batch.count; i++)
            check_row(&batch.rows[i], seen++);
        is_end = batch.is_end;
        assert_true(is_end || batch.count > 0);
    }
    assert_int_equal(seen, count);
    assert_int_equal(place.ordinal, count);
}

static void
test_rows_come_back(void **state)
{
    struct fixture *f = *state;
    put_many(f, 100, 7);
    rows_allow(f->source, rows_writer_size(f->writer), true);
    /* Batches that begin behind the row with their parent's text. */
    check_all(f, 100, 1);
    check_all(f, 100, 3);
    check_all(f, 100, 256);
}

static void
test_no_rows(void **state)
{
    struct fixture *f = *state;
    rows_allow(f->source, 0, true);
    check_all(f, 0, 10);
}

static void
test_rows_larger_than_a_block(void **state)
{
    struct fixture *f = *state;
    char *large = test_calloc(KIB(400), 1);
    large[0] = large[KIB(400) - 2] = '"';
    memset(large + 1, 'x', KIB(400) - 3);
    struct reshape_row row = {.key = SLICE("k"), .item = slice_text(large)};
    struct reshape_out *out = rows_writer_out(f->writer);
    for (int i = 0; i < 3; i++)
        assert_int_equal(out->put(out, &row, &f->error), STATUS_OK);
    assert_int_equal(rows_writer_flush(f->writer, &f->error), STATUS_OK);
    rows_allow(f->source, rows_writer_size(f->writer), true);
    struct source_place place = {0};
    struct source_batch batch;
    assert_int_equal(read_batch(f, &place, 10, &batch), STATUS_OK);
    assert_int_equal(batch.count, 3);
    assert_true(batch.is_end);
    assert_int_equal(value_slice(batch.rows[2].value).size, KIB(400) - 3);
    test_free(large);
}

static void
test_a_chunk_that_may_grow_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct source_place place = {0};
    struct source_batch batch;
    put_many(f, 5, 1);
    rows_allow(f->source, rows_writer_size(f->writer), false);
    assert_int_equal(read_batch(f, &place, 10, &batch), STATUS_OK);
    assert_int_equal(batch.count, 0);
    assert_false(batch.is_end);
    assert_int_equal(place.offset, 0);
    assert_int_equal(read_batch(f, &place, 3, &batch), STATUS_OK);
    assert_int_equal(batch.count, 3);
    rows_allow(f->source, rows_writer_size(f->writer), true);
    assert_int_equal(read_batch(f, &place, 10, &batch), STATUS_OK);
    assert_int_equal(batch.count, 2);
    assert_true(batch.is_end);
    check_row(&batch.rows[1], 4);
}

static void
test_after_a_restart_the_same_rows_are_passed_over(void **state)
{
    struct fixture *f = *state;
    put_many(f, 40, 3);
    uint64_t size = rows_writer_size(f->writer);
    rows_writer_restart(f->writer);
    put_many(f, 30, 3);
    assert_int_equal(rows_writer_size(f->writer), size);
    rows_writer_restart(f->writer);
    put_many(f, 60, 3);
    assert_true(rows_writer_size(f->writer) > size);
    rows_allow(f->source, rows_writer_size(f->writer), true);
    check_all(f, 60, 7);
}

/* Each byte of a small file changed in turn: other rows or an error, nothing else. */
static void
test_damage(void **state)
{
    struct fixture *f = *state;
    char path[BLOB_PATH_BYTES];
    put_many(f, 8, 2);
    uint64_t size = rows_writer_size(f->writer);
    rows_allow(f->source, size, true);
    blob_path(f->blobs, &blob, path);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    unsigned refused = 0;
    for (off_t at = 0; at < (off_t)size; at++) {
        char byte = 0;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        char other = (char)(byte ^ 0xff);
        assert_int_equal(pwrite(fd, &other, 1, at), 1);
        struct source_place place = {0};
        struct source_batch batch;
        enum status status = read_batch(f, &place, 100, &batch);
        assert_true(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_LIMIT);
        refused += status != STATUS_OK;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    assert_true(refused > 0);
    check_all(f, 8, 100);
    assert_int_equal(ftruncate(fd, (off_t)size - 3), 0);
    struct source_place place = {0};
    struct source_batch batch;
    assert_int_equal(read_batch(f, &place, 100, &batch), STATUS_INVALID);
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_larger_than_a_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_chunk_that_may_grow_is_waited_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_after_a_restart_the_same_rows_are_passed_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
