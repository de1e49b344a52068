/* One suite for every back end. Each test gets a fresh store; the same tests run against SQLite in
 * a file, SQLite in memory and the simulated store, so that whoever writes against store/store.h
 * may trust what it says. */
#include "fixture.h"

#include "store/simulated/simulated.h"
#include "store/sqlite/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/windrow-test-store-XXXXXX";
static char file[64];

typedef enum status open_fn(struct store **out, struct error *error);

static enum status
open_file(struct store **out, struct error *error)
{
    return sqlite_store_open(out, file, NULL, error);
}

static enum status
open_memory(struct store **out, struct error *error)
{
    return sqlite_store_open(out, NULL, NULL, error);
}

static enum status
open_simulated(struct store **out, struct error *error)
{
    *out = simulated_store_new(1);
    return STATUS_OK;
}

static const struct backend {
    const char *name;
    open_fn *open;
    bool persists;
} backends[] = {
    {"sqlite file", open_file, true},
    {"sqlite memory", open_memory, false},
    {"simulated", open_simulated, false},
};
static const struct backend *backend;

static void
remove_file(void)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        char path[80];
        snprintf(path, sizeof(path), "%s%s", file, endings[i]);
        unlink(path);
    }
}

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    *state = fixture;
    if (fixture == NULL)
        return 1;
    arena_init(&fixture->arena, (size_t)64 << 20);
    struct error error = {0};
    if (backend->open(&fixture->store, &error) == STATUS_OK)
        return 0;
    print_error("%s: %s\n", backend->name, error.text);
    return 1;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    store_close(&fixture->store);
    arena_done(&fixture->arena);
    free(fixture);
    remove_file();
    return 0;
}

struct fixture *
fixture_of(void **state)
{
    return *state;
}

void
fixture_reopen(struct fixture *fixture)
{
    if (!backend->persists)
        return;
    store_close(&fixture->store);
    struct error error = {0};
    if (backend->open(&fixture->store, &error) != STATUS_OK)
        fail_msg("reopen: %s", error.text);
}

/* The tests of one file, with set-up and tear-down added. */
static int
run_group(const char *name, const struct CMUnitTest *tests, size_t count)
{
    char title[96];
    snprintf(title, sizeof(title), "%s: %s", backend->name, name);
    struct CMUnitTest group[64];
    assert_true(count <= COUNT_OF(group));
    for (size_t i = 0; i < count; i++) {
        group[i] = tests[i];
        group[i].setup_func = set_up;
        group[i].teardown_func = tear_down;
    }
    return _cmocka_run_group_tests(title, group, count, NULL, NULL);
}

int
main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(file, sizeof(file), "%s/store.db", folder);
    int failed = 0;
    for (size_t i = 0; i < COUNT_OF(backends); i++) {
        backend = &backends[i];
        failed += run_group("definitions", definition_tests, definition_test_count);
        failed += run_group("runs", run_tests, run_test_count);
        failed += run_group("trees", tree_tests, tree_test_count);
        failed += run_group("standing", standing_tests, standing_test_count);
        failed += run_group("items", item_tests, item_test_count);
        failed += run_group("gone", gone_tests, gone_test_count);
        failed += run_group("kept", kept_tests, kept_test_count);
        failed += run_group("objects", object_tests, object_test_count);
        failed += run_group("search", search_tests, search_test_count);
        failed += run_group("usage", usage_tests, usage_test_count);
        failed += run_group("tenants", tenant_tests, tenant_test_count);
        failed += run_group("deliveries", delivery_tests, delivery_test_count);
        failed += run_group("events", events_tests, events_test_count);
        failed += run_group("intents", intent_tests, intent_test_count);
    }
    rmdir(folder);
    return failed;
}
