/* Who is told of a run's end, and what stands in the rows for it. */
#include "engine/engine.h"
#include "engine/notice.h"
#include "test.h"

#include "base/limits.h"
#include "flow/plan.h"

static const struct engine_options options = {.notice_ms = 1000};

static struct run_row
ended_run(enum run_state state)
{
    return (struct run_row){
        .workspace = {{1}},
        .id = {{2}},
        .generation = 1,
        .state = state,
        .ended_unix_ms = INT64_C(1795345208123),
    };
}

/* The rows that are added, at most two; gives how many. */
static size_t
add(struct intent *intent, const struct run_row *row, const char *on_end, const char *callback)
{
    struct plan plan = {0};
    if (on_end != NULL)
        plan.on_end = value_text(on_end);
    const struct notice_to to = {.plan = &plan, .callback = slice_text(callback)};
    notice_add_end(intent, &options, row, &to);
    return intent->op_count;
}

static void
test_those_are_told_who_asked(void **state)
{
    static const struct {
        enum run_state state;
        uint32_t parent_generation;
        const char *on_end, *callback;
        size_t count;
        const char *type;
    } table[] = {
        {RUN_STATE_COMPLETED, 0, NULL, "", 0, NULL},
        {RUN_STATE_COMPLETED, 0, "https://a/b", "", 1, "run.completed"},
        {RUN_STATE_FAILED, 0, NULL, "https://a/b", 1, "run.failed"},
        {RUN_STATE_CANCELLED, 0, "https://a/b", "https://c", 2, "run.cancelled"},
        {RUN_STATE_RUNNING, 0, "https://a/b", "https://c", 0, NULL},
        {RUN_STATE_PAUSED, 0, "https://a/b", "https://c", 0, NULL},
        {RUN_STATE_COMPLETED, 1, "https://a/b", "https://c", 0, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct intent *intent = intent_new(KIB(64));
        struct run_row row = ended_run(table[i].state);
        row.parent_generation = table[i].parent_generation;
        assert_int_equal(add(intent, &row, table[i].on_end, table[i].callback), table[i].count);
        for (size_t k = 0; k < intent->op_count; k++) {
            const struct delivery_row *made = intent->ops[k].delivery;
            assert_int_equal(intent->ops[k].kind, STORE_DELIVERY_INSERT);
            assert_true(slice_is(made->type, table[i].type));
            assert_int_equal(made->due_unix_ms, row.ended_unix_ms);
            assert_int_equal(made->give_up_unix_ms, row.ended_unix_ms + 1000);
            assert_true(id_equal(&made->run, &row.id));
        }
        intent_free(&intent);
    }
}

static void
test_a_job_is_told_by_its_type(void **state)
{
    const struct plan plan = {0};
    struct intent *intent = intent_new(KIB(64));
    struct run_row row = ended_run(RUN_STATE_FAILED);
    const struct notice_to to = {
        .plan = &plan, .callback = SLICE("https://a/b"), .task = SLICE("find_email")};
    (void)state;
    notice_add_end(intent, &options, &row, &to);
    assert_int_equal(intent->op_count, 1);
    assert_int_equal(intent->ops[0].delivery->form, DELIVERY_SIXTYFOUR);
    assert_true(slice_is(intent->ops[0].delivery->type, "find_email"));
    intent_free(&intent);
}

/* One event of a good end, and none of others. */
static void
test_sixtyfour_is_told_of_what_completed(void **state)
{
    static const struct {
        enum run_state state;
        size_t count;
    } table[] = {
        {RUN_STATE_COMPLETED, 1},
        {RUN_STATE_FAILED, 0},
        {RUN_STATE_CANCELLED, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct intent *intent = intent_new(KIB(64));
        struct run_row row = ended_run(table[i].state);
        struct plan plan = {.on_end = value_text("https://a/b"), .is_sixtyfour_notice = true};
        const struct notice_to to = {.plan = &plan};
        notice_add_end(intent, &options, &row, &to);
        assert_int_equal(intent->op_count, table[i].count);
        if (table[i].count > 0) {
            const struct delivery_row *made = intent->ops[0].delivery;
            assert_int_equal(made->form, DELIVERY_SIXTYFOUR);
            assert_true(slice_is(made->type, "outgoing_webhook.completed"));
        }
        intent_free(&intent);
    }
}

static void
test_ids_are_those_of_the_end(void **state)
{
    struct run_row row = ended_run(RUN_STATE_COMPLETED);
    struct id ids[4];
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct intent *intent = intent_new(KIB(64));
        row.generation = i == 2 ? 2 : 1;
        row.ended_unix_ms += i == 3 ? 1000 : 0;
        add(intent, &row, "https://a/b", "https://c");
        ids[i] = intent->ops[0].delivery->id;
        assert_false(id_equal(&ids[i], &intent->ops[1].delivery->id));
        intent_free(&intent);
    }
    assert_true(id_equal(&ids[0], &ids[1]));
    assert_false(id_equal(&ids[0], &ids[2]));
    assert_true(memcmp(ids[0].bytes, ids[3].bytes, ID_BYTES) < 0);
}

static void
test_failures_are_kept_for_their_workflow(void **state)
{
    static const struct {
        enum run_state state;
        uint32_t parent_generation;
        const char *trigger, *handler;
        bool catches, takes_up, is_kept;
    } table[] = {
        {RUN_STATE_FAILED, 0, "api", "other", false, true, true},
        {RUN_STATE_FAILED, 0, "workflow", "other", false, true, true},
        {RUN_STATE_FAILED, 0, "api", NULL, false, true, true},
        {RUN_STATE_FAILED, 0, "api", NULL, true, true, false},
        {RUN_STATE_FAILED, 0, "api", "other", true, true, true},
        {RUN_STATE_FAILED, 1, "workflow", "other", false, true, false},
        {RUN_STATE_FAILED, 0, "failure", "other", false, true, false},
        {RUN_STATE_FAILED, 0, "failure", NULL, false, true, false},
        {RUN_STATE_FAILED, 0, "api", "other", false, false, false},
        {RUN_STATE_COMPLETED, 0, "api", "other", false, true, false},
        {RUN_STATE_CANCELLED, 0, "api", NULL, false, true, false},
        {RUN_STATE_PAUSED, 0, "api", "other", false, true, false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct intent *intent = intent_new(KIB(64));
        struct run_row row = ended_run(table[i].state);
        struct plan plan = {0};
        const struct engine_options server = {.take_up_runs = table[i].takes_up};
        const struct notice_to to = {.plan = &plan, .callback = SLICE("https://a/b")};
        row.parent_generation = table[i].parent_generation;
        row.trigger = slice_text(table[i].trigger);
        row.error = SLICE("{\"code\":\"no_answer\"}");
        if (table[i].handler != NULL)
            plan.on_failure = value_text(table[i].handler);
        plan.catches_failures = table[i].catches;
        notice_add_end(intent, &server, &row, &to);
        assert_int_equal(intent->op_count, table[i].is_kept);
        if (table[i].is_kept) {
            const struct object_row *kept = intent->ops[0].object;
            assert_int_equal(intent->ops[0].kind,
                             table[i].handler != NULL ? STORE_OBJECT_ADD : STORE_OBJECT_ADD_CAUGHT);
            assert_int_equal(kept->kind, OBJECT_FAILURE);
            assert_true(slice_is(kept->name, "020000000000000000000000 1"));
            assert_non_null(strstr(kept->body.ptr, "\"error\":{\"code\":\"no_answer\"}}"));
            assert_int_equal(kept->due_unix_ms, row.ended_unix_ms);
        }
        intent_free(&intent);
    }
}

static void
test_hosts_of_addresses(void **state)
{
    static const char *const table[][2] = {
        {"https://Example.com/a", "example.com"},
        {"http://example.com:8080", "example.com:8080"},
        {"https://example.com?a=/b", "example.com"},
        {"https://example.com#a", "example.com"},
        {"https://[::1]:80/x", "[::1]:80"},
        {"nothing", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char room[64];
        assert_true(slice_is(notice_host(slice_text(table[i][0]), room), table[i][1]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_those_are_told_who_asked),
        cmocka_unit_test(test_a_job_is_told_by_its_type),
        cmocka_unit_test(test_sixtyfour_is_told_of_what_completed),
        cmocka_unit_test(test_ids_are_those_of_the_end),
        cmocka_unit_test(test_failures_are_kept_for_their_workflow),
        cmocka_unit_test(test_hosts_of_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
