/* Goal: a run reads the rows of a list as they were when it began. Method: snapshots over the
 * simulated store and a folder of blobs. */
#include "base/limits.h"
#include "engine/engine.h"
#include "engine/snapshot.h"
#include "store/simulated/simulated.h"
#include "test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[] = "/tmp/windrow-test-snapshot-XXXXXX";
static struct engine_options options;
static const struct id home = {{1}}, elsewhere = {{2}}, list_id = {{3}};

static void
write_op(struct store_op op)
{
    struct intent *intent = intent_new(KIB(64));
    *intent_add(intent, op.kind, 64) = op;
    assert_int_equal(store_commit(options.store, &intent, 1, NULL), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
}

static void
put_row(uint16_t number, const char *body)
{
    struct object_row row = {.workspace = home,
                             .id = {{9, (uint8_t)(number >> 8), (uint8_t)number}},
                             .kind = OBJECT_LIST_ROW,
                             .parent = list_id,
                             .body = slice_text(body),
                             .revision = 1};
    write_op((struct store_op){STORE_OBJECT_INSERT, .object = &row});
}

static void
open_world(void)
{
    struct error error = {0};
    struct object_row list = {.workspace = home,
                              .id = list_id,
                              .kind = OBJECT_LIST,
                              .name = SLICE("Targets"),
                              .body = SLICE("{}"),
                              .revision = 1};
    options.store = simulated_store_new(1);
    assert_int_equal(blobs_open(&options.blobs, folder, NULL, &error), STATUS_OK);
    write_op((struct store_op){STORE_OBJECT_INSERT, .object = &list});
}

static void
close_world(void)
{
    blobs_close(&options.blobs);
    store_close(&options.store);
}

/* What the run reads; or the words of the refusal. */
static void
read_all(struct buffer *out, struct snapshot_wanted wanted)
{
    struct step_file *file;
    struct error error = {0};
    char identity[FILE_IDENTITY_BYTES];
    size_t got = 0;
    wanted.options = &options;
    wanted.step = SLICE("rows");
    buffer_clear(out);
    if (snapshot_open(&file, &wanted, identity, &error) != STATUS_OK) {
        buffer_append_text(out, error.text);
        return;
    }
    static char bytes[KIB(64)];
    assert_true(file->size_bytes < sizeof(bytes));
    assert_int_equal(file->read(file, 0, bytes, sizeof(bytes), &got, &error), STATUS_OK);
    buffer_append(out, bytes, got);
    file_close(&file);
}

static void
assert_reads(struct snapshot_wanted wanted, const char *want)
{
    struct buffer found;
    buffer_init(&found, KIB(128));
    read_all(&found, wanted);
    if (!slice_starts_with(buffer_slice(&found), slice_text(want)) ||
        (want[0] == '{' && found.size != strlen(want)))
        fail_msg("%.*s", SLICE_FORMAT(buffer_slice(&found)));
    buffer_done(&found);
}

static void
test_rows_are_those_of_the_beginning(void **state)
{
    struct snapshot_wanted first = {
        .workspace = home, .run = {{7}}, .list = value_text("Targets"), .may_make = true};
    struct snapshot_wanted second = first;
    second.run = (struct id){{8}};
    open_world();
    put_row(1, "{\"a\":1}");
    put_row(2, "{\"a\":2}");
    assert_reads(first, "{\"a\":1}\n{\"a\":2}\n");
    struct blob_row blob = {.run = first.run, .blob = snapshot_id(&first.run, SLICE("rows"))};
    write_op((struct store_op){STORE_BLOB_PUT, .blob = &blob});
    put_row(3, "{\"a\":3}");
    assert_reads(first, "{\"a\":1}\n{\"a\":2}\n");
    first.may_make = false;
    assert_reads(first, "{\"a\":1}\n{\"a\":2}\n");
    assert_reads(second, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    close_world();
}

/* Nothing has been done with what no commit counts. */
static void
test_rows_that_were_not_counted_are_read_again(void **state)
{
    struct snapshot_wanted wanted = {
        .workspace = home, .run = {{7}}, .list = value_text("Targets"), .may_make = true};
    open_world();
    put_row(1, "{\"a\":1}");
    put_row(2, "{\"a\":2}");
    assert_reads(wanted, "{\"a\":1}\n{\"a\":2}\n");
    struct object_row gone = {.workspace = home, .id = {{9, 0, 2}}};
    write_op((struct store_op){STORE_OBJECT_DELETE, .object = &gone});
    assert_reads(wanted, "{\"a\":1}\n");
    wanted.may_make = false;
    assert_reads(wanted, "list: the rows of this run");
    close_world();
}

static void
test_long_lists_are_whole(void **state)
{
    struct snapshot_wanted wanted = {
        .workspace = home, .run = {{7}}, .list = value_text("Targets"), .may_make = true};
    struct buffer found;
    open_world();
    for (uint16_t i = 0; i < 1000; i++)
        put_row(i, "{\"some\":\"row\"}");
    buffer_init(&found, KIB(128));
    read_all(&found, wanted);
    assert_int_equal(found.size, 1000 * strlen("{\"some\":\"row\"}\n"));
    buffer_done(&found);
    close_world();
}

static void
test_what_is_no_list_is_refused(void **state)
{
    struct snapshot_wanted wanted = {.workspace = home, .run = {{7}}, .may_make = true};
    open_world();
    wanted.list = value_text("targets");
    assert_reads(wanted, "list: there is no list \"targets\"");
    wanted.list = value_int(7);
    assert_reads(wanted, "list: expected a text, found number");
    wanted.list = value_text("");
    assert_reads(wanted, "list: there is no list \"\"");
    wanted.list = value_text("Targets");
    wanted.workspace = elsewhere;
    assert_reads(wanted, "list: there is no list \"Targets\"");
    wanted.list = value_text("030000000000000000000000");
    assert_reads(wanted, "list: there is no list");
    wanted.workspace = home;
    assert_reads(wanted, "");
    close_world();
}

static int
make_folder(void **state)
{
    return mkdtemp(folder) == NULL;
}

static int
remove_one(const char *path, const struct stat *unused, int type, struct FTW *place)
{
    return remove(path);
}

static int
remove_folder(void **state)
{
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_those_of_the_beginning),
        cmocka_unit_test(test_rows_that_were_not_counted_are_read_again),
        cmocka_unit_test(test_long_lists_are_whole),
        cmocka_unit_test(test_what_is_no_list_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
