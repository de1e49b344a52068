/* The files of a run as they are shown: which of them, in which order, under which names. */
#include "test.h"

#include "base/limits.h"
#include "engine/key.h"
#include "service/service.h"
#include "steps/table.h"
#include "store/simulated/simulated.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[] = "/tmp/windrow-test-files-XXXXXX";
static struct store *store;
static struct service *service;
static uint8_t last_id;

static const struct id run_id = {{9}};

static enum status
open_store(struct store **out, const char *unused, struct error *error)
{
    struct setting_row setting = {SLICE("default_workspace"), SLICE("000000000000000000000001")};
    struct intent *intent = intent_new(KIB(4));
    store = simulated_store_new(1);
    intent_add(intent, STORE_SETTING_PUT, 64)->setting = &setting;
    assert_int_equal(store_commit(store, &intent, 1, error), STATUS_OK);
    intent_free(&intent);
    *out = store;
    return STATUS_OK;
}

static int
open_service(void **state)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    if (mkdtemp(folder) == NULL)
        return 1;
    struct service_options options = {
        .data_folder = folder,
        .open_store = open_store,
        .steps = &step_table,
        .catalog = &step_catalog,
        .clock = clock_system(),
        .is_reader = true,
    };
    struct error error = {0};
    last_id = 0;
    return service_open(&service, &options, &error) != STATUS_OK;
}

static int
remove_one(const char *path, const struct stat *unused, int type, struct FTW *place)
{
    return remove(path);
}

static int
close_service(void **state)
{
    service_close(&service);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
put(struct file_row row)
{
    struct intent *intent = intent_new(KIB(4));
    struct error error = {0};
    row.run = run_id;
    row.id.bytes[0] = (uint8_t)(200 - ++last_id); /* the order of ids means nothing */
    row.size_bytes = last_id;
    intent_add(intent, STORE_FILE_INSERT, 64)->file = &row;
    assert_int_equal(store_commit(store, &intent, 1, &error), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
}

static void
put_item(const char *step, uint64_t ordinal, const char *name, uint32_t revision)
{
    struct key key = key_of_ordinal(ordinal);
    put((struct file_row){.step = slice_text(step),
                          .is_of_item = true,
                          .key = key_slice(&key),
                          .name = slice_text(name),
                          .revision = revision});
}

static void
put_single(const char *step, const char *name)
{
    put((struct file_row){
        .step = slice_text(step), .is_of_item = true, .name = slice_text(name), .revision = 1});
}

static void
put_tap(const char *step, const char *name, uint32_t revision)
{
    put((struct file_row){
        .step = slice_text(step), .name = slice_text(name), .revision = revision});
}

static bool
see(const struct file_row *row, void *context)
{
    char *seen = context;
    size_t used = strlen(seen);
    snprintf(seen + used, 4096 - used, "%.*s=%u ", SLICE_FORMAT(row->name),
             (unsigned)row->size_bytes);
    return true;
}

static void
assert_files(uint32_t generation, const char *wanted)
{
    char seen[4096] = "";
    struct error error = {0};
    struct run_row run = {.id = run_id, .generation = generation};
    assert_int_equal(service_run_files(service, &run, see, seen, &error), STATUS_OK);
    assert_string_equal(seen, wanted);
}

static void
test_names_that_meet_get_the_key(void **state)
{
    assert_files(1, "");
    put_item("memo", 12, "memo.pdf", 1);
    put_item("memo", 3, "memo.pdf", 1);
    put_item("memo", 7, "other.pdf", 1);
    put_item("memo", 400, "memo.pdf", 1);
    put_item("memo", 1, "../memo.pdf", 1);
    assert_files(1, "_memo.pdf=5 memo.pdf=2 other.pdf=3 memo-12.pdf=1 memo-400.pdf=4 ");
    /* One that is called so already. */
    put_item("memo", 2, "memo-12.pdf", 1);
    assert_files(1, "_memo.pdf=5 memo-12.pdf=6 memo.pdf=2 other.pdf=3 memo-12-2.pdf=1 "
                    "memo-400.pdf=4 ");
}

static void
test_taps_keep_their_names(void **state)
{
    put_single("report", "all.csv");
    put_single("second", "all.csv");
    put_single("third", "README");
    put_single("fourth", "README");
    put_tap("z", "all.csv", 1);
    assert_files(1, "all.csv=5 README=4 all-report.csv=1 all-second.csv=2 README-third=3 ");
}

static void
test_a_generation_has_its_own_taps_and_the_newest_of_items(void **state)
{
    put_tap("table", "old.csv", 1);
    put_tap("table", "new.csv", 2);
    put_item("memo", 0, "a.pdf", 1);
    put_item("memo", 1, "b.pdf", 1);
    put_item("memo", 1, "c.pdf", 2);
    put_item("memo", 2, "d.pdf", 3);
    assert_files(1, "old.csv=1 a.pdf=3 b.pdf=4 ");
    assert_files(2, "new.csv=2 a.pdf=3 c.pdf=5 ");
    assert_files(3, "a.pdf=3 c.pdf=5 d.pdf=6 ");
}

static void
test_long_names_stay_short_enough_for_a_folder(void **state)
{
    char name[240];
    char seen[4096] = "";
    struct error error = {0};
    memset(name, 'n', sizeof(name));
    memcpy(name + sizeof(name) - 5, ".pdf", 5);
    for (uint64_t i = 0; i < 3; i++)
        put_item("memo", UINT64_C(1) << (20 * i), name, 1);
    struct run_row run = {.id = run_id, .generation = 1};
    assert_int_equal(service_run_files(service, &run, see, seen, &error), STATUS_OK);
    for (const char *word = seen; *word != '\0'; word += strcspn(word, " ") + 1)
        assert_true(strcspn(word, " ") < 240);
    if (strstr(seen, "n-1048576.pdf") == NULL)
        fail_msg("%s", seen);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names_that_meet_get_the_key, open_service,
                                        close_service),
        cmocka_unit_test_setup_teardown(test_taps_keep_their_names, open_service, close_service),
        cmocka_unit_test_setup_teardown(test_a_generation_has_its_own_taps_and_the_newest_of_items,
                                        open_service, close_service),
        cmocka_unit_test_setup_teardown(test_long_names_stay_short_enough_for_a_folder,
                                        open_service, close_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
