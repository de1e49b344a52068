/* What only the SQLite back end has: files that it refuses, its settings, plans of its statements,
 * a full disk, other programs on its file, readers beside the writer. */
#include "store/sqlite/database.h"
#include "store/sqlite/sqlite.h"

#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/windrow-test-sqlite-XXXXXX";
static char file[64];

static int
remove_files(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        char path[80];
        snprintf(path, sizeof(path), "%s%s", file, endings[i]);
        unlink(path);
    }
    return 0;
}

static struct store *
open_store(const char *path)
{
    struct store *store = NULL;
    struct error error = {0};
    if (sqlite_store_open(&store, path, NULL, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return store;
}

/* Runs SQL on the file as another program would. */
static void
run_outside(const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void
assert_refused(enum status want, const char *words)
{
    struct store *store = NULL;
    struct error error = {0};
    assert_int_equal(sqlite_store_open(&store, file, NULL, &error), want);
    assert_null(store);
    assert_int_equal(error.status, want);
    if (strstr(error.text, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, error.text);
}

static void
test_newer_schema_is_refused(void **state)
{
    struct store *store = open_store(file);
    store_close(&store);
    run_outside("PRAGMA user_version = 99");
    assert_refused(STATUS_UNSUPPORTED, "schema 99");
}

static void
test_database_of_another_program_is_refused_and_left_alone(void **state)
{
    run_outside("CREATE TABLE notes (text)");
    assert_refused(STATUS_INVALID, "another program");
    run_outside("INSERT INTO notes VALUES (1); PRAGMA application_id = 5; DROP TABLE notes");
    assert_refused(STATUS_INVALID, "another program");
}

static void
test_file_that_is_no_database_is_refused(void **state)
{
    FILE *out = fopen(file, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is not a database\n", out);
    fclose(out);
    assert_refused(STATUS_INVALID, "not a database");
}

static void
test_file_in_a_folder_that_is_not_there(void **state)
{
    struct store *store = NULL;
    struct error error = {0};
    assert_int_equal(sqlite_store_open(&store, "/nowhere/store.db", NULL, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "/nowhere/store.db"));
}

static int64_t
number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void
test_settings_are_in_force(void **state)
{
    struct store *store = open_store(file);
    sqlite3 *writer = database_of(store)->writer.db;
    assert_int_equal(number(writer, "PRAGMA page_size"), 4096);
    assert_int_equal(number(writer, "PRAGMA synchronous"), 2);
    assert_int_equal(number(writer, "PRAGMA wal_autocheckpoint"), 1000);
    assert_int_equal(number(writer, "PRAGMA trusted_schema"), 0);
    assert_int_equal(number(writer, "PRAGMA mmap_size"), 0);
    assert_int_equal(number(writer, "SELECT count(*) FROM pragma_journal_mode"
                                    " WHERE journal_mode = 'wal'"),
                     1);
    /* A name in double quotes that is no column is an error, not a text. */
    assert_int_not_equal(sqlite3_exec(writer, "SELECT \"nothing\"", NULL, NULL, NULL), SQLITE_OK);

    struct connection *reader = NULL;
    assert_int_equal(reader_take(&reader, database_of(store)), STATUS_OK);
    assert_int_equal(sqlite3_db_readonly(reader->db, "main"), 1);
    reader_drop(database_of(store), &reader);
    store_close(&store);
    char log[80];
    snprintf(log, sizeof(log), "%s-wal", file);
    assert_int_not_equal(access(log, F_OK), 0);
}

static struct id
id_of(uint32_t number)
{
    struct id id = {.bytes = {1}};
    for (size_t i = 0; i < 4; i++)
        id.bytes[ID_BYTES - 1 - i] = (uint8_t)(number >> (8 * i));
    return id;
}

static bool
see_run(const struct run_row *row, void *context)
{
    ++*(int *)context;
    return true;
}

/* Every list, so that all their texts are prepared. */
static void
list_runs_every_way(struct store *store)
{
    int count = 0;
    for (uint32_t i = 0; i < 8; i++) {
        struct store_page page = {.limit = 10, .is_ascending = i % 2 == 1};
        if (i / 2 == 1)
            page.workspace = id_of(1);
        if (i / 2 == 2)
            page.workflow = id_of(1);
        if (i / 2 == 3)
            page.parent = id_of(1);
        assert_int_equal(store_run_list(store, &page, see_run, &count), STATUS_OK);
    }
    struct id resume;
    struct store_page labelled = {
        .workspace = id_of(1), .label = {SLICE("x"), SLICE("y")}, .resume = &resume, .limit = 10};
    assert_int_equal(store_run_list(store, &labelled, see_run, &count), STATUS_OK);
}

static bool
stop_workflow(const struct workflow_row *row, void *context)
{
    return false;
}

static bool
stop_version(const struct version_row *row, void *context)
{
    return false;
}

static bool
stop_workspace(const struct workspace_row *row, void *context)
{
    return false;
}

static bool
stop_entry(const struct audit_row *row, void *context)
{
    return false;
}

static bool
stop_grant(const struct grant_row *row, void *context)
{
    return false;
}

static bool
stop_sum(const struct spending_row *row, void *context)
{
    return false;
}

static bool
stop_key(const struct key_row *row, void *context)
{
    return false;
}

static bool
stop_events(const struct events_row *row, void *context)
{
    return false;
}

static bool
stop_effect(const struct effect_row *row, void *context)
{
    return false;
}

static bool
stop_record(const struct record_row *row, void *context)
{
    return false;
}

static bool
stop_timer(const struct timer_row *row, void *context)
{
    return false;
}

static bool
stop_file(const struct file_row *row, void *context)
{
    return false;
}

static bool
stop_delivery(const struct delivery_row *row, void *context)
{
    return false;
}

static bool
stop_due(const struct delivery_due *due, void *context)
{
    return false;
}

static void
read_deliveries_every_way(struct store *store, struct arena *arena, const struct id *id)
{
    int64_t due;
    for (int i = 0; i < 6; i++) {
        struct delivery_page page = {
            .workspace = *id, .limit = 1, .is_ascending = i % 2 == 1, .has_state = i / 2 == 1};
        if (i / 2 == 0)
            page.run = *id;
        status_ignore(store_delivery_list(store, &page, stop_delivery, NULL));
    }
    status_ignore(store_delivery_get(store, arena, id, &(struct delivery_row){0}));
    status_ignore(store_delivery_next(store, 1, &due));
    status_ignore(
        store_delivery_due(store, 1, &(struct delivery_due){.host = SLICE("")}, 1, stop_due, NULL));
}

static bool
stop_usage(const struct usage_row *row, void *context)
{
    return false;
}

static bool
stop_object(const struct object_row *row, void *context)
{
    return false;
}

static bool
stop_gone(const struct run_gone_row *row, void *context)
{
    return false;
}

static bool
stop_blob(const struct blob_row *row, void *context)
{
    return false;
}

static void
read_sent_files(struct store *store, const struct id *workspace)
{
    for (int way = 0; way < 4; way++) {
        struct store_page page = {.workspace = *workspace,
                                  .limit = 1,
                                  .is_ascending = way % 2 == 1,
                                  .name = way / 2 == 1 ? SLICE("x") : SLICE("")};
        status_ignore(store_file_sent(store, &page, stop_file, NULL));
    }
}

static void
read_objects(struct store *store, struct arena *arena)
{
    struct object_row which = {.kind = OBJECT_LIST, .name = SLICE("x")};
    struct id id = id_of(1);
    int64_t due = 0;
    status_ignore(store_object_get(store, arena, &id, &(struct object_row){.kind = OBJECT_LIST}));
    status_ignore(
        store_object_find(store, arena, &which, &(struct object_row){.kind = OBJECT_LIST}));
    for (int way = 0; way < 4; way++) {
        struct object_page page = {.kind = OBJECT_LIST,
                                   .limit = 1,
                                   .is_archived = way % 2 == 1,
                                   .is_ascending = way / 2 == 1};
        status_ignore(store_object_list(store, &page, stop_object, NULL));
        status_ignore(store_object_count(store, &page, 1, &(uint32_t){0}));
    }
    status_ignore(store_object_due(store, OBJECT_LIST, 1, 1, stop_object, NULL));
    status_ignore(store_object_next(store, OBJECT_LIST, &due));
}

static void
read_every_way(struct store *store, struct arena *arena)
{
    struct id id = id_of(5);
    struct digest secret = {.bytes = {1}};
    struct slice setting;
    int64_t due;
    int count = 0;
    struct store_page pages[] = {{.limit = 1},
                                 {.limit = 1, .is_ascending = true},
                                 {.limit = 1, .workspace = id},
                                 {.limit = 1, .workspace = id, .is_ascending = true}};
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        status_ignore(store_workflow_list(store, &pages[i], stop_workflow, NULL));
    list_runs_every_way(store);
    status_ignore(store_workflow_get(store, arena, &id, &(struct workflow_row){0}));
    status_ignore(store_workflow_by_slug(store, arena, SLICE("x"), &(struct workflow_row){0}));
    status_ignore(store_version_get(store, arena, &id, 1, &(struct version_row){0}));
    for (int up = 0; up < 2; up++)
        status_ignore(store_version_list(
            store, &(struct version_page){.workflow = id, .limit = 1, .is_ascending = up == 1},
            stop_version, NULL));
    status_ignore(store_key_get(store, arena, &id, &(struct key_row){0}));
    status_ignore(store_key_by_secret(store, arena, &secret, &(struct key_row){0}));
    struct spending_row sum = {.workspace = id, .kind = SPENDING_EVER};
    struct spending_range sums = {.workspace = id, .last_day = 9};
    status_ignore(store_spending_get(store, &sum));
    status_ignore(store_spending_list(store, &sums, stop_sum, NULL));
    status_ignore(store_workspace_get(store, arena, &id, &(struct workspace_row){0}));
    for (size_t i = 0; i < 2; i++) {
        status_ignore(store_key_list(store, &pages[i], stop_key, NULL));
        status_ignore(store_workspace_list(store, &pages[i], stop_workspace, NULL));
        status_ignore(store_grant_list(store, &pages[i], stop_grant, NULL));
        status_ignore(store_audit_list(store, &pages[i], stop_entry, NULL));
    }
    status_ignore(store_run_get(store, arena, &id, &(struct run_row){0}));
    status_ignore(store_run_head(store, &id, &(struct run_head){0}));
    status_ignore(store_run_count(store, &id, 1, &(uint32_t){0}));
    status_ignore(store_run_unfinished(store, &id, 1, see_run, &count));
    status_ignore(store_effect_range(store, &(struct effect_range){.run = id, .step = SLICE("x")},
                                     stop_effect, NULL));
    status_ignore(store_record_get(store, arena, &(struct record_row){.run = id}, 1,
                                   &(struct record_row){0}));
    for (int body = 0; body < 2; body++)
        status_ignore(store_record_range(
            store, &(struct record_range){.run = id, .with_body = body == 1}, stop_record, NULL));
    status_ignore(
        store_cursor_get(store, arena, &(struct cursor_row){.run = id}, &(struct cursor_row){0}));
    status_ignore(store_timer_due(store, 1, 1, stop_timer, NULL));
    status_ignore(store_timer_next(store, &due));
    status_ignore(store_timer_list(store, &id, stop_timer, NULL));
    status_ignore(store_line_first(store, &id, SLICE("x"), &(struct id){0}));
    status_ignore(store_file_get(store, arena, &id, &(struct file_row){0}));
    status_ignore(store_file_list(store, &id, stop_file, NULL));
    status_ignore(store_idempotency_get(store, arena, &(struct idempotency_row){.key = SLICE("x")},
                                        1, &(struct idempotency_row){0}));
    status_ignore(store_setting_get(store, arena, SLICE("x"), &setting));
    status_ignore(store_text_get(store, arena, &id, &secret, &setting));
    status_ignore(store_text_has(store, &id, &secret));
    status_ignore(store_cache_get(store, arena, &(struct cache_row){.workspace = id}, 1,
                                  &(struct cache_row){0}));
    status_ignore(store_usage_list(store, &id, stop_usage, NULL));
    read_objects(store, arena);
    read_deliveries_every_way(store, arena, &id);
    read_sent_files(store, &id);
    status_ignore(store_file_scan(store, &id, 1, stop_file, NULL));
    status_ignore(store_events_list(store, &id, 0, stop_events, NULL));
    status_ignore(
        store_run_gone_list(store, &(struct run_gone_row){.run = id}, 1, stop_gone, NULL));
    status_ignore(store_blob_list(store, &id, 1, stop_blob, NULL));
    status_ignore(store_blob_has(store, &id));
    status_ignore(store_workflow_gone_next(store, &id, &(struct id){0}));
}

static void
commit_all(struct store *store, const struct store_op *ops, size_t count)
{
    struct intent *intent = intent_new(65536);
    for (size_t i = 0; i < count; i++)
        *intent_add(intent, ops[i].kind, 10) = ops[i];
    struct error error = {0};
    assert_int_equal(store_commit(store, &intent, 1, &error), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
}

/* A run with a child, and what hangs on both. */
static void
delete_every_way(struct store *store)
{
    struct run_row run = {
        .workspace = id_of(1), .id = id_of(31), .generation = 1, .state = RUN_STATE_FAILED};
    struct run_row child = run;
    struct blob_row blob = {.run = run.id, .blob = id_of(1)};
    struct run_gone_row gone = {.run = run.id};
    struct run_clear clear = {.run = run.id, .limit = 100};
    child.id = id_of(32);
    child.parent = child.root = run.id;
    const struct store_op ops[] = {{STORE_RUN_INSERT, .run = &run},
                                   {STORE_RUN_INSERT, .run = &child},
                                   {STORE_BLOB_PUT, .blob = &blob},
                                   {STORE_RUN_DELETE, .gone = &gone},
                                   {STORE_RUN_CLEAR, .clear = &clear}};
    commit_all(store, ops, COUNT_OF(ops));
}

static void
write_tenants(struct store *store, const struct key_row *key)
{
    struct workspace_row workspace = {.id = id_of(1)};
    struct audit_row entry = {.workspace = id_of(1), .id = id_of(1)};
    struct store_trim trim = {1, 1};
    struct grant_row grant = {.workspace = id_of(1), .id = id_of(1), .kind = GRANT_SET};
    struct spending_trim days = {.day = 1, .limit = 1};
    struct spent_row spent = {.payer = {.workspace = id_of(1), .day = 1}, .used = {1, 1, 1, 1}};
    const struct store_op tenants[] = {
        {STORE_KEY_USED, .key = key},
        {STORE_WORKSPACE_INSERT, .workspace = &workspace},
        {STORE_WORKSPACE_UPDATE, .workspace = &workspace},
        {STORE_GRANT_INSERT, .grant = &grant},
        {STORE_AUDIT_INSERT, .audit = &entry},
        {STORE_AUDIT_ANSWER, .audit = &entry},
        {STORE_AUDIT_TRIM, .trim = &trim},
        {STORE_SPENDING_ADD, .spent = &spent},
        {STORE_SPENDING_TRIM, .spending_trim = &days},
    };
    commit_all(store, tenants, COUNT_OF(tenants));
}

static void
write_standing(struct store *store)
{
    struct label_rows labels = {
        .workspace = id_of(1), .run = id_of(1), .count = 1, .labels = {{SLICE("x"), SLICE("y")}}};
    struct line_row line = {.workspace = id_of(1), .name = SLICE("x"), .run = id_of(1)};
    const struct store_op ops[] = {
        {STORE_LABELS_INSERT, .labels = &labels},
        {STORE_LINE_JOIN, .line = &line},
        {STORE_LINE_LEAVE, .line = &line},
    };
    commit_all(store, ops, COUNT_OF(ops));
}

static void
write_objects(struct store *store)
{
    struct object_row object = {
        .workspace = id_of(1), .id = id_of(1), .kind = OBJECT_LIST, .revision = 1};
    struct object_row newer = {
        .workspace = id_of(1), .id = id_of(1), .kind = OBJECT_LIST, .revision = 2};
    const struct object_rows rows = {&newer, 1};
    const struct index_row text = {.workspace = id_of(1), .id = id_of(1)};
    struct store_trim trim = {1, 1};
    const struct store_op ops[] = {
        {STORE_OBJECT_INSERT, .object = &object}, {STORE_OBJECT_ADD, .object = &object},
        {STORE_OBJECT_UPDATE, .object = &newer},  {STORE_OBJECT_REQUIRE, .object = &object},
        {STORE_OBJECT_DELETE, .object = &object}, {STORE_OBJECTS_ADD, .objects = &rows},
        {STORE_OBJECTS_REMOVE, .objects = &rows}, {STORE_OBJECT_ADD_CAUGHT, .object = &object},
        {STORE_HOOK_TRIM, .trim = &trim},         {STORE_INDEX_PUT, .index = &text},
        {STORE_INDEX_DELETE, .index = &text},
    };
    commit_all(store, ops, COUNT_OF(ops));
}

static void
write_every_way(struct store *store)
{
    struct workflow_row workflow = {.workspace = id_of(1), .id = id_of(1)};
    struct workflow_row changed = {.workspace = id_of(1), .id = id_of(1), .revision = 1};
    struct version_row version = {.workflow = id_of(1), .version = 1};
    struct key_row key = {.workspace = id_of(1), .id = id_of(1)};
    struct run_row run = {
        .workspace = id_of(1), .id = id_of(1), .workflow = id_of(1), .generation = 1};
    struct effect_row effect = {.run = id_of(1),
                                .step = SLICE("x"),
                                .generation = 1,
                                .state = EFFECT_OK,
                                .tokens_in = 1,
                                .payer = {.workspace = id_of(1), .day = 1}};
    struct record_row record = {.run = id_of(1), .generation = 1};
    struct cursor_row cursor = {.run = id_of(1), .generation = 1};
    struct timer_row timer = {.run = id_of(1), .generation = 1};
    struct file_row file_row = {.workspace = id_of(1), .id = id_of(1)};
    struct idempotency_row once = {.workspace = id_of(1), .key = SLICE("x"), .id = id_of(1)};
    struct setting_row setting = {.name = SLICE("x")};
    struct text_row text = {.workspace = id_of(1)};
    struct cache_row cache = {.workspace = id_of(1)};
    struct store_trim trim = {1, 1};
    struct delivery_update update = {DELIVERY_PENDING,
                                     {.workspace = id_of(1), .id = id_of(1), .due_unix_ms = 1}};
    struct events_row events = {.run = id_of(1), .count = 1, .generation = 1};
    static char input[4000];
    memset(input, 'x', sizeof(input));
    run.input = slice_of(input, sizeof(input));
    const struct store_op ops[] = {
        {STORE_WORKFLOW_INSERT, .workflow = &workflow},
        {STORE_WORKFLOW_UPDATE, .workflow = &changed},
        {STORE_WORKFLOW_DELETE, .workflow = &changed},
        {STORE_VERSION_INSERT, .version = &version},
        {STORE_KEY_INSERT, .key = &key},
        {STORE_KEY_UPDATE, .key = &key},
        {STORE_RUN_INSERT, .run = &run},
        {STORE_RUN_MOVE, .run = &run},
        {STORE_EFFECT_INSERT, .effect = &effect},
        {STORE_RECORD_INSERT, .record = &record},
        {STORE_CURSOR_PUT, .cursor = &cursor},
        {STORE_TIMER_INSERT, .timer = &timer},
        {STORE_TIMER_DELETE, .timer = &timer},
        {STORE_SETTING_PUT, .setting = &setting},
        {STORE_IDEMPOTENCY_INSERT, .idempotency = &once},
    };
    const struct store_op kept[] = {
        {STORE_TEXT_PUT, .text = &text},
        {STORE_CACHE_PUT, .cache = &cache},
        {STORE_CACHE_TRIM, .trim = &trim},
        {STORE_IDEMPOTENCY_TRIM, .trim = &trim},
        {STORE_VERSION_TRIM, .trim = &trim},
        {STORE_EVENTS_INSERT, .events = &events},
        {STORE_DELIVERY_INSERT, .delivery = &update.row},
        {STORE_DELIVERY_UPDATE, .delivery_update = &update},
        {STORE_DELIVERY_TRIM, .trim = &trim},
    };
    const struct store_op files[] = {{STORE_FILE_INSERT, .file = &file_row},
                                     {STORE_FILE_DELETE, .file = &file_row}};
    commit_all(store, ops, COUNT_OF(ops));
    commit_all(store, files, COUNT_OF(files));
    commit_all(store, kept, COUNT_OF(kept));
    write_objects(store);
    write_tenants(store, &key);
    delete_every_way(store);
}

static void
check_plan(sqlite3 *db, const char *sql)
{
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(statement, 3);
        bool is_scan = strncmp(detail, "SCAN", 4) == 0 && strstr(detail, "INDEX") == NULL &&
                       strcmp(detail, "SCAN CONSTANT ROW") != 0;
        if (is_scan || strstr(detail, "TEMP B-TREE") != NULL)
            fail_msg("%s: %s", sql, detail);
    }
    sqlite3_finalize(statement);
    sqlite3_free(explain);
}

/* In memory one connection prepares everything, so all texts can be looked at there. */
static void
test_no_statement_scans_or_sorts(void **state)
{
    struct store *store = open_store(NULL);
    struct arena arena;
    arena_init(&arena, 65536);
    write_every_way(store);
    write_standing(store);
    read_every_way(store, &arena);
    struct connection *writer = &database_of(store)->writer;
    size_t checked = 0;
    for (size_t slot = SLOT_WORKFLOW_INSERT; slot < SQLITE_SLOT_COUNT; slot++) {
        bool is_rare = slot == SLOT_WORKFLOW_EXISTS || slot == SLOT_DELIVERY_EXISTS ||
                       slot == SLOT_OBJECT_EXISTS;
        if (writer->statements[slot] == NULL && !is_rare)
            fail_msg("slot %zu was not used", slot);
        if (writer->statements[slot] == NULL)
            continue;
        check_plan(writer->db, sqlite3_sql(writer->statements[slot]));
        checked++;
    }
    assert_true(checked > 60);
    arena_done(&arena);
    store_close(&store);
}

static bool
see_free_effect(const struct effect_row *row, void *context)
{
    assert_int_equal(row->tokens_in, 0);
    assert_int_equal(row->tokens_out, 0);
    ++*(int *)context;
    return true;
}

/* A file of the first schema, made by taking back what the later ones added. */
static void
test_older_schema_is_upgraded(void **state)
{
    struct store *store = open_store(file);
    struct run_row run = {.workspace = id_of(1), .id = id_of(2), .generation = 1};
    struct effect_row effect = {
        .run = run.id, .step = SLICE("x"), .generation = 1, .state = EFFECT_OK};
    const struct store_op ops[] = {{STORE_RUN_INSERT, .run = &run},
                                   {STORE_EFFECT_INSERT, .effect = &effect}};
    commit_all(store, ops, COUNT_OF(ops));
    store_close(&store);
    run_outside("DROP INDEX runs_workspace; DROP INDEX runs_workflow; DROP INDEX runs_unfinished;"
                "CREATE INDEX runs_workspace ON runs (workspace, id);"
                "CREATE INDEX runs_workflow ON runs (workflow, id);"
                "CREATE INDEX runs_unfinished ON runs (id, state, workspace, workflow)"
                " WHERE state < 4;"
                "CREATE INDEX runs_unhappy ON runs (id, state, workspace, workflow)"
                " WHERE state > 4;"
                "DROP INDEX runs_live_below; DROP TABLE runs_gone; DROP TABLE run_blobs;"
                "DROP INDEX runs_parent; DROP INDEX runs_root;"
                "ALTER TABLE runs DROP COLUMN parent; ALTER TABLE runs DROP COLUMN root;"
                "ALTER TABLE runs DROP COLUMN parent_generation;"
                "ALTER TABLE effects DROP COLUMN tokens_in;"
                "ALTER TABLE effects DROP COLUMN tokens_out;"
                "DROP INDEX files_sent; DROP INDEX files_sent_name;"
                "ALTER TABLE files DROP COLUMN item; ALTER TABLE files DROP COLUMN digest;"
                "ALTER TABLE workflows DROP COLUMN revision; DROP TABLE workflows_gone;"
                "ALTER TABLE keys DROP COLUMN limits; ALTER TABLE keys DROP COLUMN used_unix_ms;"
                "DROP TABLE objects; DROP TABLE indexed; DROP TABLE workspaces; DROP TABLE grants;"
                "DROP TABLE spending; DROP TABLE audit;"
                "DROP TABLE deliveries; DROP TABLE events;"
                "ALTER TABLE runs DROP COLUMN wishes;"
                "DROP TABLE run_labels; DROP TABLE run_lines;"
                "DROP TABLE usage; DROP TABLE texts; DROP TABLE cache; PRAGMA user_version = 1");
    store = open_store(file);
    struct arena arena;
    struct run_row got;
    arena_init(&arena, 65536);
    assert_int_equal(store_run_get(store, &arena, &run.id, &got), STATUS_OK);
    assert_true(id_is_zero(&got.parent) && id_is_zero(&got.root));
    assert_int_equal(got.parent_generation, 0);
    struct effect_range range = {.run = run.id, .step = SLICE("x")};
    int count = 0;
    assert_int_equal(store_effect_range(store, &range, see_free_effect, &count), STATUS_OK);
    assert_int_equal(count, 1);
    write_every_way(store);
    arena_done(&arena);
    store_close(&store);
}

static struct intent *
run_intent(uint32_t number, size_t input_size)
{
    struct intent *intent = intent_new((size_t)1 << 24);
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    char *input = arena_try_alloc(&intent->arena, input_size + 1);
    memset(input, 'x', input_size);
    *row = (struct run_row){.workspace = id_of(1),
                            .id = id_of(number),
                            .generation = 1,
                            .state = RUN_STATE_QUEUED,
                            .input = slice_of(input, input_size)};
    intent_add(intent, STORE_RUN_INSERT, 100)->run = row;
    return intent;
}

static bool
run_is_there(struct store *store, uint32_t number)
{
    struct arena arena;
    struct run_row row;
    struct id id = id_of(number);
    arena_init(&arena, (size_t)1 << 24);
    enum status status = store_run_get(store, &arena, &id, &row);
    arena_done(&arena);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    return status == STATUS_OK;
}

static void
test_reader_beside_the_writer(void **state)
{
    struct store *reader = NULL;
    struct error error = {0};
    assert_int_equal(sqlite_store_open_reader(&reader, file, &error), STATUS_NOT_FOUND);
    struct store *store = open_store(file);
    assert_int_equal(sqlite_store_open_reader(&reader, file, &error), STATUS_OK);
    for (uint32_t i = 1; i <= 3; i++) {
        struct intent *intent = run_intent(i, 10);
        assert_int_equal(store_commit(store, &intent, 1, &error), STATUS_OK);
        intent_free(&intent);
        assert_true(run_is_there(reader, i));
    }
    store_close(&store);
    assert_true(run_is_there(reader, 3));
    store_close(&reader);
    run_outside("PRAGMA user_version = 99");
    assert_int_equal(sqlite_store_open_reader(&reader, file, &error), STATUS_UNSUPPORTED);
    run_outside("PRAGMA user_version = 0");
    assert_int_equal(sqlite_store_open_reader(&reader, file, &error), STATUS_CONFLICT);
    assert_non_null(strstr(error.text, "older"));
    assert_null(reader);
}

static void
test_full_disk_stores_nothing_and_goes_on_when_there_is_room(void **state)
{
    struct store *store = open_store(file);
    sqlite3 *writer = database_of(store)->writer.db;
    struct intent *intents[] = {run_intent(1, 10), run_intent(2, 1000000), run_intent(3, 10)};
    char limit[64];
    snprintf(limit, sizeof(limit), "PRAGMA max_page_count = %lld",
             (long long)number(writer, "PRAGMA page_count") + 10);
    assert_int_equal(sqlite3_exec(writer, limit, NULL, NULL, NULL), SQLITE_OK);
    struct error error = {0};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_commit(store, intents, 3, &error), STATUS_FULL);
        assert_non_null(strstr(error.text, "free some space"));
        assert_false(run_is_there(store, 1));
    }
    assert_int_equal(store_counts(store, STORE_CALL_COMMIT).failures, 2);
    sqlite3_exec(writer, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
    assert_int_equal(store_commit(store, intents, 3, &error), STATUS_OK);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(intents[i]->status, STATUS_OK);
        assert_true(run_is_there(store, i + 1));
        intent_free(&intents[i]);
    }
    store_close(&store);
}

static void
test_other_program_that_writes_is_unavailable(void **state)
{
    struct store *store = open_store(file);
    sqlite3_busy_timeout(database_of(store)->writer.db, 10);
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(file, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct intent *intent = run_intent(1, 10);
    struct error error = {0};
    assert_int_equal(store_commit(store, &intent, 1, &error), STATUS_UNAVAILABLE);
    assert_non_null(strstr(error.text, "other program"));
    sqlite3_close(other);
    assert_int_equal(store_commit(store, &intent, 1, &error), STATUS_OK);
    assert_true(run_is_there(store, 1));
    intent_free(&intent);
    store_close(&store);
}

/* More readers than connections, while the writer commits: each sees a run that was committed
 * before it began to look. */
struct reading {
    struct store *store;
    _Atomic uint32_t committed;
    _Atomic uint32_t missed;
    _Atomic bool is_over;
};

static void *
read_on(void *context)
{
    struct reading *reading = context;
    struct arena arena;
    arena_init(&arena, 65536);
    while (!reading->is_over) {
        uint32_t last = reading->committed;
        struct id id = id_of(last), none = {0};
        struct run_row row;
        int count = 0;
        if (store_run_get(reading->store, &arena, &id, &row) != STATUS_OK)
            reading->missed++;
        if (store_run_unfinished(reading->store, &none, 1000, see_run, &count) != STATUS_OK ||
            (uint32_t)count < last)
            reading->missed++;
        arena_reset(&arena);
    }
    arena_done(&arena);
    return NULL;
}

static void
test_readers_see_what_was_committed_before(void **state)
{
    struct reading reading = {.store = open_store(file)};
    pthread_t threads[SQLITE_READERS_MAX + 4];
    for (uint32_t i = 1; i <= 300; i++) {
        struct intent *intent = run_intent(i, 100);
        struct error error = {0};
        assert_int_equal(store_commit(reading.store, &intent, 1, &error), STATUS_OK);
        intent_free(&intent);
        reading.committed = i;
        for (size_t t = 0; i == 1 && t < COUNT_OF(threads); t++)
            assert_int_equal(pthread_create(&threads[t], NULL, read_on, &reading), 0);
    }
    reading.is_over = true;
    for (size_t t = 0; t < COUNT_OF(threads); t++)
        pthread_join(threads[t], NULL);
    assert_int_equal(reading.missed, 0);
    store_close(&reading.store);
}

static void
commit_run(struct store *store, uint32_t number)
{
    struct intent *intent = run_intent(number, 65536);
    struct error error = {0};
    assert_int_equal(store_commit(store, &intent, 1, &error), STATUS_OK);
    intent_free(&intent);
}

static void
test_copy_has_all_that_was_committed_until_its_end(void **state)
{
    char path[80];
    struct store *store = open_store(file);
    struct store_copy copy = {.path = path};
    struct error error = {0};
    uint32_t steps = 0;
    uint32_t number = 1;
    snprintf(path, sizeof(path), "%s.copy", file);
    for (; number <= 64; number++)
        commit_run(store, number);
    while (!copy.is_done) {
        if (store_copy_step(store, &copy, &error) != STATUS_OK)
            fail_msg("%s", error.text);
        steps++;
        if (!copy.is_done)
            commit_run(store, number++);
    }
    store_copy_end(store, &copy);
    assert_true(steps > 5);
    assert_int_equal(copy.pages_left, 0);
    commit_run(store, number);
    store_close(&store);

    assert_int_equal(sqlite_store_open_reader(&store, path, &error), STATUS_OK);
    assert_int_equal(store_check(store, false, &error), STATUS_OK);
    for (uint32_t i = 1; i < number; i++)
        assert_true(run_is_there(store, i));
    assert_false(run_is_there(store, number));
    store_close(&store);
    unlink(path);
}

static void
test_copy_that_is_given_up_or_cannot_be_written(void **state)
{
    char path[80];
    struct store *store = open_store(file);
    struct store_copy copy = {.path = path};
    struct error error = {0};
    snprintf(path, sizeof(path), "%s.copy", file);
    for (uint32_t number = 1; number <= 64; number++)
        commit_run(store, number);
    assert_int_equal(store_copy_step(store, &copy, &error), STATUS_OK);
    assert_false(copy.is_done);
    store_copy_end(store, &copy);
    unlink(path);
    copy = (struct store_copy){.path = "/nonexistent/folder/copy"};
    assert_int_not_equal(store_copy_step(store, &copy, &error), STATUS_OK);
    assert_non_null(strstr(error.text, "/nonexistent/folder/copy"));
    store_copy_end(store, &copy);
    commit_run(store, 2000);
    store_close(&store);
}

static void
test_damage_is_found(void **state)
{
    struct store *store = open_store(file);
    for (uint32_t number = 1; number <= 64; number++)
        commit_run(store, number);
    store_close(&store);
    FILE *bytes = fopen(file, "r+");
    assert_non_null(bytes);
    /* The schema stands at the beginning. */
    fseek(bytes, -4096 * 16, SEEK_END);
    for (int i = 0; i < 4096 * 16; i++)
        fputc(0xA5, bytes);
    fclose(bytes);
    struct error error = {0};
    store = open_store(file);
    assert_int_equal(store_check(store, true, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "damaged"));
    store_close(&store);
}

#define TEST(function) cmocka_unit_test_teardown(function, remove_files)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_newer_schema_is_refused),
        TEST(test_older_schema_is_upgraded),
        TEST(test_database_of_another_program_is_refused_and_left_alone),
        TEST(test_file_that_is_no_database_is_refused),
        TEST(test_file_in_a_folder_that_is_not_there),
        TEST(test_settings_are_in_force),
        TEST(test_no_statement_scans_or_sorts),
        TEST(test_reader_beside_the_writer),
        TEST(test_full_disk_stores_nothing_and_goes_on_when_there_is_room),
        TEST(test_other_program_that_writes_is_unavailable),
        TEST(test_readers_see_what_was_committed_before),
        TEST(test_copy_has_all_that_was_committed_until_its_end),
        TEST(test_copy_that_is_given_up_or_cannot_be_written),
        TEST(test_damage_is_found),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(file, sizeof(file), "%s/store.db", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
