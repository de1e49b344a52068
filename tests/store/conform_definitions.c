/* Workflows, versions, files, idempotency keys and settings. */
#include "fixture.h"

#include <string.h>

static void
assert_workflow(const struct workflow_row *got, const struct workflow_row *want)
{
    assert_id(&got->id, &want->id);
    assert_id(&got->workspace, &want->workspace);
    assert_slice(got->slug, want->slug);
    assert_slice(got->name, want->name);
    assert_int_equal(got->status, want->status);
    assert_int_equal(got->latest_version, want->latest_version);
    assert_int_equal(got->published_version, want->published_version);
    assert_int_equal(got->revision, want->revision);
    assert_int_equal(got->created_unix_ms, want->created_unix_ms);
    assert_int_equal(got->updated_unix_ms, want->updated_unix_ms);
}

static void
test_workflow_is_found_by_id_and_slug(void **state)
{
    struct fixture *f = fixture_of(state);
    struct workflow_row row = workflow_of(5), got;
    COMMIT_OK(f->store, {STORE_WORKFLOW_INSERT, .workflow = &row});
    fixture_reopen(f);
    assert_int_equal(store_workflow_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_workflow(&got, &row);
    assert_int_equal(store_workflow_by_slug(f->store, &f->arena, row.slug, &got), STATUS_OK);
    assert_workflow(&got, &row);
}

static void
test_workflow_that_is_not_there(void **state)
{
    struct fixture *f = fixture_of(state);
    struct id id = id_of(9);
    struct workflow_row got, row = workflow_of(9);
    assert_int_equal(store_workflow_get(f->store, &f->arena, &id, &got), STATUS_NOT_FOUND);
    assert_int_equal(store_workflow_by_slug(f->store, &f->arena, SLICE("flow-9"), &got),
                     STATUS_NOT_FOUND);
    assert_int_equal(COMMIT(f->store, {STORE_WORKFLOW_UPDATE, .workflow = &row}), STATUS_NOT_FOUND);
}

static void
test_second_workflow_of_an_id_or_slug_is_conflict(void **state)
{
    struct fixture *f = fixture_of(state);
    struct workflow_row first = workflow_of(1), same_id = workflow_of(2),
                        same_slug = workflow_of(3);
    same_id.id = first.id;
    same_slug.slug = first.slug;
    COMMIT_OK(f->store, {STORE_WORKFLOW_INSERT, .workflow = &first});
    assert_int_equal(COMMIT(f->store, {STORE_WORKFLOW_INSERT, .workflow = &same_id}),
                     STATUS_CONFLICT);
    assert_int_equal(COMMIT(f->store, {STORE_WORKFLOW_INSERT, .workflow = &same_slug}),
                     STATUS_CONFLICT);
    struct workflow_row got;
    assert_int_equal(store_workflow_get(f->store, &f->arena, &first.id, &got), STATUS_OK);
    assert_workflow(&got, &first);
}

static void
test_workflow_update_keeps_workspace_and_creation(void **state)
{
    struct fixture *f = fixture_of(state);
    struct workflow_row row = workflow_of(1), got;
    COMMIT_OK(f->store, {STORE_WORKFLOW_INSERT, .workflow = &row});
    struct workflow_row changed = {
        .workspace = id_of(2),
        .id = row.id,
        .slug = SLICE("other"),
        .name = SLICE("Other"),
        .status = WORKFLOW_ARCHIVED,
        .latest_version = 9,
        .published_version = 8,
        .revision = 2,
        .updated_unix_ms = 77,
    };
    COMMIT_OK(f->store, {STORE_WORKFLOW_UPDATE, .workflow = &changed});
    changed.workspace = row.workspace;
    changed.created_unix_ms = row.created_unix_ms;
    assert_int_equal(store_workflow_by_slug(f->store, &f->arena, SLICE("other"), &got), STATUS_OK);
    assert_workflow(&got, &changed);
    assert_int_equal(store_workflow_by_slug(f->store, &f->arena, row.slug, &got), STATUS_NOT_FOUND);
}

static void
test_workflow_update_to_a_taken_slug_is_conflict(void **state)
{
    struct fixture *f = fixture_of(state);
    struct workflow_row one = workflow_of(1), two = workflow_of(2), got;
    COMMIT_OK(f->store, {STORE_WORKFLOW_INSERT, .workflow = &one},
              {STORE_WORKFLOW_INSERT, .workflow = &two});
    struct workflow_row greedy = two;
    greedy.slug = one.slug;
    greedy.revision = 2;
    assert_int_equal(COMMIT(f->store, {STORE_WORKFLOW_UPDATE, .workflow = &greedy}),
                     STATUS_CONFLICT);
    two.revision = 2;
    two.name = SLICE("Renamed under its own slug");
    COMMIT_OK(f->store, {STORE_WORKFLOW_UPDATE, .workflow = &two});
    assert_int_equal(store_workflow_get(f->store, &f->arena, &two.id, &got), STATUS_OK);
    assert_workflow(&got, &two);
}

static bool
see_workflow(const struct workflow_row *row, void *context)
{
    return seen_add(context, number_of(&row->id));
}

static const struct {
    const char *label;
    uint32_t workspace, before, limit, skip;
    bool is_ascending;
    const char *want;
} workflow_pages[] = {
    {"newest first", 1, 0, 10, 0, false, "6 5 3 2 1"},
    {"oldest first", 1, 0, 10, 0, true, "1 2 3 5 6"},
    {"a limit", 1, 0, 2, 0, false, "6 5"},
    {"behind an id", 1, 5, 10, 0, false, "3 2 1"},
    {"behind an id, upwards", 1, 3, 10, 0, true, "5 6"},
    {"by number of the page", 1, 0, 2, 2, false, "3 2"},
    {"skipped to the end", 1, 0, 2, 9, false, ""},
    {"another workspace", 2, 0, 10, 0, false, "4"},
    {"an empty workspace", 3, 0, 10, 0, false, ""},
    {"all workspaces", 0, 0, 10, 0, false, "6 5 4 3 2 1"},
    {"all workspaces, upwards", 0, 4, 10, 0, true, "5 6"},
};

static void
test_workflow_lists(void **state)
{
    struct fixture *f = fixture_of(state);
    static const uint32_t order[] = {3, 1, 6, 4, 2, 5};
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        struct workflow_row row = workflow_of(order[i]);
        row.workspace = id_of(order[i] == 4 ? 2 : 1);
        COMMIT_OK(f->store, {STORE_WORKFLOW_INSERT, .workflow = &row});
    }
    for (size_t i = 0; i < COUNT_OF(workflow_pages); i++) {
        struct store_page page = {.limit = workflow_pages[i].limit,
                                  .skip = workflow_pages[i].skip,
                                  .is_ascending = workflow_pages[i].is_ascending};
        if (workflow_pages[i].workspace != 0)
            page.workspace = id_of(workflow_pages[i].workspace);
        if (workflow_pages[i].before != 0)
            page.before = id_of(workflow_pages[i].before);
        struct seen seen = {0};
        print_message("%s\n", workflow_pages[i].label);
        assert_int_equal(store_workflow_list(f->store, &page, see_workflow, &seen), STATUS_OK);
        assert_seen(&seen, workflow_pages[i].want);
    }
}

static bool
see_version(const struct version_row *row, void *context)
{
    return seen_add(context, row->version);
}

static void
test_versions(void **state)
{
    struct fixture *f = fixture_of(state);
    struct id workflow = id_of(5);
    for (uint32_t version = 3; version >= 1; version--) {
        struct version_row row = {.workflow = workflow,
                                  .version = version,
                                  .text = SLICE("name: x\n"),
                                  .created_unix_ms = 40 + version};
        COMMIT_OK(f->store, {STORE_VERSION_INSERT, .version = &row});
        row.text = SLICE("other");
        assert_int_equal(COMMIT(f->store, {STORE_VERSION_INSERT, .version = &row}),
                         STATUS_CONFLICT);
    }
    struct version_row got;
    assert_int_equal(store_version_get(f->store, &f->arena, &workflow, 2, &got), STATUS_OK);
    assert_id(&got.workflow, &workflow);
    assert_int_equal(got.version, 2);
    assert_slice(got.text, SLICE("name: x\n"));
    assert_int_equal(got.created_unix_ms, 42);
    assert_int_equal(store_version_get(f->store, &f->arena, &workflow, 4, &got), STATUS_NOT_FOUND);
}

static const struct {
    const char *label;
    struct version_page page;
    uint32_t stop_after;
    const char *want;
} version_pages[] = {
    {"newest first", {.limit = 10}, 0, "4 3 2 1"},
    {"oldest first", {.limit = 10, .is_ascending = true}, 0, "1 2 3 4"},
    {"a limit", {.limit = 2}, 0, "4 3"},
    {"a limit, upwards", {.limit = 3, .is_ascending = true}, 0, "1 2 3"},
    {"behind a version", {.before = 3, .limit = 10}, 0, "2 1"},
    {"behind a version, upwards", {.before = 3, .limit = 10, .is_ascending = true}, 0, "4"},
    {"behind the first", {.before = 1, .limit = 10}, 0, ""},
    {"behind the last", {.before = 4, .limit = 10, .is_ascending = true}, 0, ""},
    {"stopped", {.limit = 10}, 1, "4"},
};

static void
test_version_lists(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t i = 0; i < 12; i++) {
        struct version_row row = {.workflow = id_of(4 + i % 3),
                                  .version = 1 + i / 3,
                                  .text = SLICE("name: x\n"),
                                  .created_unix_ms = i};
        COMMIT_OK(f->store, {STORE_VERSION_INSERT, .version = &row});
    }
    for (size_t i = 0; i < COUNT_OF(version_pages); i++) {
        struct version_page page = version_pages[i].page;
        for (uint32_t workflow = 4; workflow <= 6; workflow++) {
            struct seen seen = {.stop_after = version_pages[i].stop_after};
            page.workflow = id_of(workflow);
            print_message("%s of %u\n", version_pages[i].label, workflow);
            assert_int_equal(store_version_list(f->store, &page, see_version, &seen), STATUS_OK);
            assert_seen(&seen, version_pages[i].want);
        }
        struct seen none = {0};
        page.workflow = id_of(7);
        assert_int_equal(store_version_list(f->store, &page, see_version, &none), STATUS_OK);
        assert_seen(&none, "");
    }
}

/* Two that have read the same row: only one of them changes it. */
static void
test_workflow_update_of_another_revision_is_conflict(void **state)
{
    struct fixture *f = fixture_of(state);
    struct workflow_row row = workflow_of(1), got;
    COMMIT_OK(f->store, {STORE_WORKFLOW_INSERT, .workflow = &row});
    row.revision = 2;
    struct workflow_row late = row;
    late.name = SLICE("late");
    COMMIT_OK(f->store, {STORE_WORKFLOW_UPDATE, .workflow = &row});
    assert_int_equal(COMMIT(f->store, {STORE_WORKFLOW_UPDATE, .workflow = &late}), STATUS_CONFLICT);
    late.revision = 4;
    assert_int_equal(COMMIT(f->store, {STORE_WORKFLOW_UPDATE, .workflow = &late}), STATUS_CONFLICT);
    fixture_reopen(f);
    assert_int_equal(store_workflow_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_workflow(&got, &row);
}

static void
test_workflow_delete_waits_for_its_runs_and_frees_the_slug(void **state)
{
    struct fixture *f = fixture_of(state);
    struct workflow_row row = workflow_of(7), other = workflow_of(8), got;
    struct run_row run = run_of(20, RUN_STATE_WAITING), ended = run_of(21, RUN_STATE_COMPLETED);
    struct version_row version = {.workflow = row.id, .version = 1, .text = SLICE("x")};
    assert_int_equal(COMMIT(f->store, {STORE_WORKFLOW_DELETE, .workflow = &row}), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_WORKFLOW_INSERT, .workflow = &row},
              {STORE_WORKFLOW_INSERT, .workflow = &other},
              {STORE_VERSION_INSERT, .version = &version}, {STORE_RUN_INSERT, .run = &run},
              {STORE_RUN_INSERT, .run = &ended});
    assert_int_equal(COMMIT(f->store, {STORE_WORKFLOW_DELETE, .workflow = &row}), STATUS_CONFLICT);
    COMMIT_OK(f->store, {STORE_WORKFLOW_DELETE, .workflow = &other});
    run.state = RUN_STATE_CANCELLED;
    COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &run});
    struct workflow_row stale = row;
    stale.revision = 9;
    assert_int_equal(COMMIT(f->store, {STORE_WORKFLOW_DELETE, .workflow = &stale}),
                     STATUS_CONFLICT);
    COMMIT_OK(f->store, {STORE_WORKFLOW_DELETE, .workflow = &row});
    fixture_reopen(f);
    assert_int_equal(store_workflow_get(f->store, &f->arena, &row.id, &got), STATUS_NOT_FOUND);
    assert_int_equal(store_workflow_by_slug(f->store, &f->arena, row.slug, &got), STATUS_NOT_FOUND);
    struct version_row text;
    assert_int_equal(store_version_get(f->store, &f->arena, &row.id, 1, &text), STATUS_OK);
    struct workflow_row heir = workflow_of(9);
    heir.slug = row.slug;
    COMMIT_OK(f->store, {STORE_WORKFLOW_INSERT, .workflow = &heir});
}

static size_t
count_versions(struct fixture *f, uint32_t workflow)
{
    struct seen seen = {0};
    struct version_page page = {.workflow = id_of(workflow), .limit = 10};
    assert_int_equal(store_version_list(f->store, &page, see_version, &seen), STATUS_OK);
    return seen.count;
}

/* Workflows 5 and 6 are deleted, 5 has a run, 7 is there. */
static void
test_version_trim_takes_what_no_run_needs(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(20, RUN_STATE_COMPLETED);
    run.workflow = id_of(5);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
    for (uint32_t workflow = 5; workflow <= 7; workflow++) {
        struct workflow_row row = workflow_of(workflow);
        COMMIT_OK(f->store, {STORE_WORKFLOW_INSERT, .workflow = &row});
        for (uint32_t version = 1; version <= 3; version++) {
            struct version_row text = {.workflow = row.id, .version = version, .text = SLICE("x")};
            COMMIT_OK(f->store, {STORE_VERSION_INSERT, .version = &text});
        }
        row.updated_unix_ms = 100;
        if (workflow < 7)
            COMMIT_OK(f->store, {STORE_WORKFLOW_DELETE, .workflow = &row});
    }
    struct store_trim trim = {.now_unix_ms = 99, .limit = 2};
    COMMIT_OK(f->store, {STORE_VERSION_TRIM, .trim = &trim});
    assert_int_equal(count_versions(f, 6), 3);
    trim.now_unix_ms = 100;
    COMMIT_OK(f->store, {STORE_VERSION_TRIM, .trim = &trim});
    assert_int_equal(count_versions(f, 6), 1);
    for (int i = 0; i < 3; i++)
        COMMIT_OK(f->store, {STORE_VERSION_TRIM, .trim = &trim});
    assert_int_equal(count_versions(f, 5), 3);
    assert_int_equal(count_versions(f, 6), 0);
    assert_int_equal(count_versions(f, 7), 3);
}

static bool
see_file(const struct file_row *row, void *context)
{
    return seen_add(context, number_of(&row->id));
}

static void
test_files(void **state)
{
    struct fixture *f = fixture_of(state);
    struct file_row got, row = {.workspace = id_of(1),
                                .run = id_of(20),
                                .step = SLICE("table"),
                                .name = SLICE("out.csv"),
                                .content_type = SLICE("text/csv"),
                                .size_bytes = UINT64_C(6000000000),
                                .revision = 2,
                                .is_partial = true,
                                .created_unix_ms = 55};
    static const uint32_t order[] = {3, 1, 2};
    struct run_row run = run_of(20, RUN_STATE_COMPLETED), other = run_of(21, RUN_STATE_COMPLETED);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run}, {STORE_RUN_INSERT, .run = &other});
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        row.id = id_of(order[i]);
        COMMIT_OK(f->store, {STORE_FILE_INSERT, .file = &row});
    }
    assert_int_equal(COMMIT(f->store, {STORE_FILE_INSERT, .file = &row}), STATUS_CONFLICT);
    struct file_row upload = {.workspace = id_of(1),
                              .id = id_of(4),
                              .name = SLICE("in.csv"),
                              .has_digest = true,
                              .digest = digest_of(SLICE("in"))};
    COMMIT_OK(f->store, {STORE_FILE_INSERT, .file = &upload});
    fixture_reopen(f);

    assert_int_equal(store_file_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_id(&got.id, &row.id);
    assert_id(&got.workspace, &row.workspace);
    assert_id(&got.run, &row.run);
    assert_slice(got.step, row.step);
    assert_slice(got.name, row.name);
    assert_slice(got.content_type, row.content_type);
    assert_int_equal(got.size_bytes, row.size_bytes);
    assert_int_equal(got.revision, 2);
    assert_true(got.is_partial);
    assert_int_equal(got.created_unix_ms, 55);
    assert_false(got.has_digest);
    assert_int_equal(store_file_get(f->store, &f->arena, &upload.id, &got), STATUS_OK);
    assert_true(id_is_zero(&got.run));
    assert_false(got.is_partial);
    assert_slice(got.step, SLICE(""));
    assert_false(got.is_of_item);
    assert_true(got.has_digest);
    assert_memory_equal(&got.digest, &upload.digest, sizeof(got.digest));

    /* Of items, with a key of some bytes and with that of a one-item table. */
    static const struct slice keys[] = {{"\x01\0\x05", 3}, {"", 0}};
    for (uint32_t i = 0; i < COUNT_OF(keys); i++) {
        struct file_row made = {.workspace = id_of(1),
                                .id = id_of(5 + i),
                                .run = id_of(21),
                                .is_of_item = true,
                                .key = keys[i]};
        COMMIT_OK(f->store, {STORE_FILE_INSERT, .file = &made});
        assert_int_equal(store_file_get(f->store, &f->arena, &made.id, &got), STATUS_OK);
        assert_true(got.is_of_item);
        assert_slice(got.key, keys[i]);
    }

    struct id none = id_of(99);
    assert_int_equal(store_file_get(f->store, &f->arena, &none, &got), STATUS_NOT_FOUND);
    struct seen seen = {0};
    assert_int_equal(store_file_list(f->store, &row.run, see_file, &seen), STATUS_OK);
    assert_seen(&seen, "1 2 3");
    seen = (struct seen){.stop_after = 2};
    assert_int_equal(store_file_list(f->store, &row.run, see_file, &seen), STATUS_OK);
    assert_seen(&seen, "1 2");
}

static void
test_files_are_scanned_by_id(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t i = 5; i >= 1; i--) {
        struct file_row row = {.workspace = id_of(1 + i % 2), .id = id_of(i)};
        COMMIT_OK(f->store, {STORE_FILE_INSERT, .file = &row});
    }
    struct seen seen = {0};
    struct id after = id_of(2);
    assert_int_equal(store_file_scan(f->store, &after, 2, see_file, &seen), STATUS_OK);
    assert_seen(&seen, "3 4");
    seen = (struct seen){0};
    after = (struct id){0};
    assert_int_equal(store_file_scan(f->store, &after, 9, see_file, &seen), STATUS_OK);
    assert_seen(&seen, "1 2 3 4 5");
}

/* Those of names "a" and "b", of two workspaces, of a run. */
static void
put_sent_files(struct fixture *f)
{
    struct run_row run = run_of(20, RUN_STATE_COMPLETED);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
    for (uint32_t i = 1; i <= 9; i++) {
        struct file_row row = {
            .workspace = id_of(i == 4 ? 2 : 1),
            .id = id_of(i),
            .run = i == 7 ? id_of(20) : (struct id){0},
            .name = i % 2 == 0 ? SLICE("a") : SLICE("b"),
        };
        COMMIT_OK(f->store, {STORE_FILE_INSERT, .file = &row});
    }
}

static void
test_what_was_sent_is_listed(void **state)
{
    static const struct {
        const char *want;
        const char *name;
        bool is_ascending;
        uint32_t before, from, until, limit, skip;
    } table[] = {
        {"9 8 6 5 3 2 1", "", false, 0, 0, 0, 100, 0},
        {"1 2 3 5 6 8 9", "", true, 0, 0, 0, 100, 0},
        {"8 6 2", "a", false, 0, 0, 0, 100, 0},
        {"1 3 5 9", "b", true, 0, 0, 0, 100, 0},
        {"", "c", false, 0, 0, 0, 100, 0},
        {"5 3", "", false, 6, 0, 0, 2, 0},
        {"8 9", "", true, 6, 0, 0, 2, 0},
        {"8 6", "", false, 0, 0, 0, 2, 1},
        {"8 6 5", "", false, 0, 5, 9, 100, 0},
        {"6 5", "", false, 8, 5, 9, 100, 0},
        {"5 6 8", "", true, 2, 5, 9, 100, 0},
        {"6", "a", true, 0, 3, 8, 100, 0},
    };
    struct fixture *f = fixture_of(state);
    put_sent_files(f);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct store_page page = {.workspace = id_of(1),
                                  .name = slice_text(table[i].name),
                                  .is_ascending = table[i].is_ascending,
                                  .limit = table[i].limit,
                                  .skip = table[i].skip};
        page.before = table[i].before == 0 ? (struct id){0} : id_of(table[i].before);
        page.from = table[i].from == 0 ? (struct id){0} : id_of(table[i].from);
        page.until = table[i].until == 0 ? (struct id){0} : id_of(table[i].until);
        struct seen seen = {0};
        assert_int_equal(store_file_sent(f->store, &page, see_file, &seen), STATUS_OK);
        assert_seen(&seen, table[i].want);
    }
}

static void
test_only_what_was_sent_is_deleted(void **state)
{
    struct fixture *f = fixture_of(state);
    struct file_row got, sent = {.workspace = id_of(1), .id = id_of(2)},
                         made = {.workspace = id_of(1), .id = id_of(7)},
                         foreign = {.workspace = id_of(1), .id = id_of(4)};
    put_sent_files(f);
    assert_int_equal(COMMIT(f->store, {STORE_FILE_DELETE, .file = &made}), STATUS_NOT_FOUND);
    assert_int_equal(COMMIT(f->store, {STORE_FILE_DELETE, .file = &foreign}), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_FILE_DELETE, .file = &sent});
    assert_int_equal(COMMIT(f->store, {STORE_FILE_DELETE, .file = &sent}), STATUS_NOT_FOUND);
    fixture_reopen(f);
    assert_int_equal(store_file_get(f->store, &f->arena, &sent.id, &got), STATUS_NOT_FOUND);
    assert_int_equal(store_file_get(f->store, &f->arena, &made.id, &got), STATUS_OK);
    struct store_page page = {.workspace = id_of(1), .limit = 9};
    struct seen seen = {0};
    assert_int_equal(store_file_sent(f->store, &page, see_file, &seen), STATUS_OK);
    assert_seen(&seen, "9 8 6 5 3 1");
}

static struct idempotency_row
once_of(const char *key, uint32_t made, int64_t created_unix_ms)
{
    return (struct idempotency_row){
        .workspace = id_of(1),
        .scope = SLICE("POST /v1/runs"),
        .key = slice_text(key),
        .body = {.bytes = {4, 5}},
        .kind = IDEMPOTENCY_FILE,
        .id = id_of(made),
        .answer = 201,
        .created_unix_ms = created_unix_ms,
        .expires_unix_ms = created_unix_ms + 100,
    };
}

/* What the key of `which` stands for at that time; 0: nothing. */
static uint32_t
made_by(struct fixture *f, struct idempotency_row which, int64_t now_unix_ms)
{
    struct idempotency_row got;
    enum status status = store_idempotency_get(f->store, &f->arena, &which, now_unix_ms, &got);
    if (status == STATUS_OK)
        return number_of(&got.id);
    assert_int_equal(status, STATUS_NOT_FOUND);
    return 0;
}

static void
test_idempotency_key_is_taken_once_in_its_scope(void **state)
{
    struct fixture *f = fixture_of(state);
    struct idempotency_row got, row = once_of("abc", 70, 8);
    assert_int_equal(made_by(f, row, 8), 0);
    COMMIT_OK(f->store, {STORE_IDEMPOTENCY_INSERT, .idempotency = &row});
    fixture_reopen(f);
    assert_int_equal(store_idempotency_get(f->store, &f->arena, &row, 107, &got), STATUS_OK);
    assert_id(&got.workspace, &row.workspace);
    assert_slice(got.scope, row.scope);
    assert_slice(got.key, row.key);
    assert_memory_equal(got.body.bytes, row.body.bytes, DIGEST_BYTES);
    assert_int_equal(got.kind, IDEMPOTENCY_FILE);
    assert_id(&got.id, &row.id);
    assert_int_equal(got.answer, 201);
    assert_int_equal(got.created_unix_ms, 8);
    assert_int_equal(got.expires_unix_ms, 108);

    struct idempotency_row again = once_of("abc", 71, 9);
    assert_int_equal(COMMIT(f->store, {STORE_IDEMPOTENCY_INSERT, .idempotency = &again}),
                     STATUS_CONFLICT);
    again.scope = SLICE("POST /v1/other");
    COMMIT_OK(f->store, {STORE_IDEMPOTENCY_INSERT, .idempotency = &again});
    again = once_of("abc", 72, 9);
    again.workspace = id_of(2);
    COMMIT_OK(f->store, {STORE_IDEMPOTENCY_INSERT, .idempotency = &again});
    again = once_of("abcd", 73, 9);
    COMMIT_OK(f->store, {STORE_IDEMPOTENCY_INSERT, .idempotency = &again});
    assert_int_equal(made_by(f, row, 107), 70);
}

static void
test_expired_idempotency_key_is_free_again(void **state)
{
    struct fixture *f = fixture_of(state);
    struct idempotency_row row = once_of("abc", 70, 1000), later = once_of("abc", 71, 1099);
    COMMIT_OK(f->store, {STORE_IDEMPOTENCY_INSERT, .idempotency = &row});
    assert_int_equal(made_by(f, row, 1100), 0);
    assert_int_equal(COMMIT(f->store, {STORE_IDEMPOTENCY_INSERT, .idempotency = &later}),
                     STATUS_CONFLICT);
    later = once_of("abc", 71, 1100);
    COMMIT_OK(f->store, {STORE_IDEMPOTENCY_INSERT, .idempotency = &later});
    assert_int_equal(made_by(f, row, 1100), 71);
}

static void
test_trim_takes_the_keys_that_expired_longest_ago(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const keys[] = {"a", "b", "c", "d"};
    static const int64_t created[] = {300, 100, 200, 400};
    for (uint32_t i = 0; i < COUNT_OF(keys); i++) {
        struct idempotency_row row = once_of(keys[i], i + 1, created[i]);
        COMMIT_OK(f->store, {STORE_IDEMPOTENCY_INSERT, .idempotency = &row});
    }
    static const struct {
        struct store_trim trim;
        const char *want;
    } trims[] = {{{199, 10}, "1 2 3 4"}, {{400, 1}, "1 3 4"}, {{300, 10}, "1 4"}, {{400, 10}, "4"}};
    for (size_t t = 0; t < COUNT_OF(trims); t++) {
        COMMIT_OK(f->store, {STORE_IDEMPOTENCY_TRIM, .trim = &trims[t].trim});
        struct seen seen = {0};
        for (uint32_t i = 0; i < COUNT_OF(keys); i++) {
            if (made_by(f, once_of(keys[i], 0, 0), 0) != 0)
                seen_add(&seen, i + 1);
        }
        assert_seen(&seen, trims[t].want);
    }
}

static void
test_setting_is_put_and_replaced(void **state)
{
    struct fixture *f = fixture_of(state);
    struct slice got;
    assert_int_equal(store_setting_get(f->store, &f->arena, SLICE("node"), &got), STATUS_NOT_FOUND);
    struct setting_row row = {.name = SLICE("node"), .value = SLICE("\0\xff bytes")};
    COMMIT_OK(f->store, {STORE_SETTING_PUT, .setting = &row});
    assert_int_equal(store_setting_get(f->store, &f->arena, SLICE("node"), &got), STATUS_OK);
    assert_slice(got, row.value);
    row.value = SLICE("");
    COMMIT_OK(f->store, {STORE_SETTING_PUT, .setting = &row});
    fixture_reopen(f);
    assert_int_equal(store_setting_get(f->store, &f->arena, SLICE("node"), &got), STATUS_OK);
    assert_slice(got, SLICE(""));
}

static void
test_what_is_stored_is_sound(void **state)
{
    struct fixture *f = fixture_of(state);
    struct error error = {0};
    assert_int_equal(store_check(f->store, true, &error), STATUS_OK);
    assert_int_equal(store_check(f->store, false, &error), STATUS_OK);
}

const struct CMUnitTest definition_tests[] = {
    cmocka_unit_test(test_workflow_is_found_by_id_and_slug),
    cmocka_unit_test(test_workflow_that_is_not_there),
    cmocka_unit_test(test_second_workflow_of_an_id_or_slug_is_conflict),
    cmocka_unit_test(test_workflow_update_keeps_workspace_and_creation),
    cmocka_unit_test(test_workflow_update_to_a_taken_slug_is_conflict),
    cmocka_unit_test(test_workflow_lists),
    cmocka_unit_test(test_versions),
    cmocka_unit_test(test_version_lists),
    cmocka_unit_test(test_workflow_update_of_another_revision_is_conflict),
    cmocka_unit_test(test_workflow_delete_waits_for_its_runs_and_frees_the_slug),
    cmocka_unit_test(test_version_trim_takes_what_no_run_needs),
    cmocka_unit_test(test_files),
    cmocka_unit_test(test_files_are_scanned_by_id),
    cmocka_unit_test(test_what_was_sent_is_listed),
    cmocka_unit_test(test_only_what_was_sent_is_deleted),
    cmocka_unit_test(test_idempotency_key_is_taken_once_in_its_scope),
    cmocka_unit_test(test_expired_idempotency_key_is_free_again),
    cmocka_unit_test(test_trim_takes_the_keys_that_expired_longest_ago),
    cmocka_unit_test(test_setting_is_put_and_replaced),
    cmocka_unit_test(test_what_is_stored_is_sound),
};
const size_t definition_test_count = COUNT_OF(definition_tests);
