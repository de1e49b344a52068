#include "test.h"

#include "base/status.h"
#include "flow/plan.h"
#include "flow/state.h"

/* Each state with each event: the letter of the next state, '-' for a refused move. Columns are the
 * events begin, park, pause, complete, fail, cancel, retry. */
static const char state_letters[] = "qrwpcfx";
static const char *const moves[RUN_STATE_COUNT] = {
    [RUN_STATE_QUEUED] = "r-p-fx-",    [RUN_STATE_RUNNING] = "rwpcfx-",
    [RUN_STATE_WAITING] = "r-p-fx-",   [RUN_STATE_PAUSED] = "r----x-",
    [RUN_STATE_COMPLETED] = "------q", [RUN_STATE_FAILED] = "------q",
    [RUN_STATE_CANCELLED] = "------q",
};

static void
test_every_run_state_with_every_event(void **state)
{
    for (unsigned from = 0; from < RUN_STATE_COUNT; from++) {
        for (unsigned event = 0; event < RUN_EVENT_COUNT; event++) {
            enum run_state next = RUN_STATE_COUNT;
            bool is_legal = run_state_next((enum run_state)from, (enum run_event)event, &next);
            char got = is_legal ? state_letters[next] : '-';
            if (got != moves[from][event])
                fail_msg("%s on %s: %c", run_state_name((enum run_state)from),
                         run_event_name((enum run_event)event), got);
        }
    }
}

static void
test_only_retry_leaves_an_end(void **state)
{
    for (unsigned from = 0; from < RUN_STATE_COUNT; from++) {
        enum run_state next;
        bool may_retry = run_state_next((enum run_state)from, RUN_EVENT_RETRY, &next);
        assert_int_equal(may_retry, run_state_is_ended((enum run_state)from));
    }
}

static void
test_what_waits_has_the_status_running(void **state)
{
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        bool waits = i == RUN_STATE_WAITING || i == RUN_STATE_PAUSED;
        assert_string_equal(run_state_status((enum run_state)i),
                            waits ? "running" : run_state_name((enum run_state)i));
    }
}

static void
test_run_state_names_are_read_back(void **state)
{
    for (unsigned i = 0; i < RUN_STATE_COUNT; i++) {
        enum run_state back = RUN_STATE_COUNT;
        assert_true(run_state_parse(run_state_name((enum run_state)i), &back));
        assert_int_equal(back, i);
    }
    enum run_state kept = RUN_STATE_FAILED;
    assert_false(run_state_parse("Queued", &kept));
    assert_false(run_state_parse("", &kept));
    assert_int_equal(kept, RUN_STATE_FAILED);
    assert_string_equal(item_state_name(ITEM_STATE_DROPPED), "dropped");
    assert_string_equal(node_state_name(NODE_STATE_PASSED), "passed");
}

static void
test_each_node_state_decides_its_edges(void **state)
{
    static const struct {
        enum node_state from;
        enum edge_state bare, taken, other; /* label 1 was chosen */
    } table[] = {
        {NODE_STATE_PENDING, EDGE_PENDING, EDGE_PENDING, EDGE_PENDING},
        {NODE_STATE_DONE, EDGE_LIVE, EDGE_LIVE, EDGE_DEAD},
        {NODE_STATE_REFUSED, EDGE_DEAD, EDGE_DEAD, EDGE_DEAD},
        {NODE_STATE_SKIPPED, EDGE_DEAD, EDGE_DEAD, EDGE_DEAD},
        {NODE_STATE_PASSED, EDGE_LIVE, EDGE_DEAD, EDGE_DEAD},
        {NODE_STATE_FAILED, EDGE_FAILED, EDGE_FAILED, EDGE_FAILED},
        {NODE_STATE_CONTINUED, EDGE_LIVE, EDGE_DEAD, EDGE_DEAD},
        {NODE_STATE_BLOCKED, EDGE_FAILED, EDGE_FAILED, EDGE_FAILED},
        {NODE_STATE_CANCELLED, EDGE_FAILED, EDGE_FAILED, EDGE_FAILED},
    };
    assert_int_equal(COUNT_OF(table), NODE_STATE_COUNT);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        enum edge_state bare = edge_state_of(table[i].from, 1, PLAN_LABEL_ANY);
        enum edge_state taken = edge_state_of(table[i].from, 1, 1);
        enum edge_state other = edge_state_of(table[i].from, 1, 0);
        if (bare != table[i].bare || taken != table[i].taken || other != table[i].other)
            fail_msg("%s: bare %d, taken %d, other %d", node_state_name(table[i].from), bare, taken,
                     other);
    }
}

/* Node i is in states[i]; a branch has chosen label 0. */
static enum node_state
look_up(uint16_t node, uint8_t *chosen, void *context)
{
    const enum node_state *states = context;
    *chosen = 0;
    return states[node];
}

static void
test_a_node_waits_runs_is_skipped_or_blocked(void **state)
{
    static const struct {
        const char *label;
        enum node_state first, second;
        uint8_t second_label;
        enum node_verdict want;
    } table[] = {
        {"both done", NODE_STATE_DONE, NODE_STATE_DONE, PLAN_LABEL_ANY, NODE_VERDICT_RUN},
        {"one undecided", NODE_STATE_DONE, NODE_STATE_PENDING, PLAN_LABEL_ANY, NODE_VERDICT_WAIT},
        {"failed, other undecided", NODE_STATE_FAILED, NODE_STATE_PENDING, PLAN_LABEL_ANY,
         NODE_VERDICT_WAIT},
        {"one lives", NODE_STATE_REFUSED, NODE_STATE_DONE, PLAN_LABEL_ANY, NODE_VERDICT_RUN},
        {"label taken", NODE_STATE_REFUSED, NODE_STATE_DONE, 0, NODE_VERDICT_RUN},
        {"label not taken", NODE_STATE_REFUSED, NODE_STATE_DONE, 1, NODE_VERDICT_SKIP},
        {"none lives", NODE_STATE_SKIPPED, NODE_STATE_REFUSED, PLAN_LABEL_ANY, NODE_VERDICT_SKIP},
        {"one failed, one lives", NODE_STATE_DONE, NODE_STATE_FAILED, PLAN_LABEL_ANY,
         NODE_VERDICT_BLOCK},
        {"one failed, one dead", NODE_STATE_REFUSED, NODE_STATE_BLOCKED, PLAN_LABEL_ANY,
         NODE_VERDICT_BLOCK},
        {"continued", NODE_STATE_SKIPPED, NODE_STATE_CONTINUED, PLAN_LABEL_ANY, NODE_VERDICT_RUN},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        enum node_state states[] = {table[i].first, table[i].second};
        struct plan_edge edges[] = {{.node = 0, .label = PLAN_LABEL_ANY},
                                    {.node = 1, .label = table[i].second_label}};
        struct plan_node node = {.edge_count = 2, .edges = edges};
        enum node_verdict got = node_verdict_of(&node, look_up, states);
        if (got != table[i].want)
            fail_msg("%s: verdict %d", table[i].label, got);
    }
    struct plan_node alone = {.edge_count = 0};
    assert_int_equal(node_verdict_of(&alone, look_up, NULL), NODE_VERDICT_RUN);
}

static void
test_edges_that_only_order_neither_kill_nor_revive(void **state)
{
    static const struct {
        const char *label;
        enum node_state counts, orders;
        enum node_verdict want;
    } table[] = {
        {"dead one does not kill", NODE_STATE_DONE, NODE_STATE_SKIPPED, NODE_VERDICT_RUN},
        {"live one does not revive", NODE_STATE_REFUSED, NODE_STATE_DONE, NODE_VERDICT_SKIP},
        {"failed one blocks", NODE_STATE_DONE, NODE_STATE_FAILED, NODE_VERDICT_BLOCK},
        {"undecided one is waited for", NODE_STATE_DONE, NODE_STATE_PENDING, NODE_VERDICT_WAIT},
    };
    struct plan_edge edges[] = {
        {.node = 0, .label = PLAN_LABEL_ANY},
        {.node = 1, .label = PLAN_LABEL_ANY, .is_external = true, .only_orders = true}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        enum node_state states[] = {table[i].counts, table[i].orders};
        struct plan_node node = {.edge_count = 2, .edges = edges};
        enum node_verdict got = node_verdict_of(&node, look_up, states);
        if (got != table[i].want)
            fail_msg("%s: verdict %d", table[i].label, got);
    }
    enum node_state states[] = {NODE_STATE_PENDING, NODE_STATE_SKIPPED};
    struct plan_node only_ordered = {.edge_count = 1, .edges = &edges[1]};
    assert_int_equal(node_verdict_of(&only_ordered, look_up, states), NODE_VERDICT_RUN);
}

/* Nodes 0 to 3; node 0 is a filter with 1 and 2 behind it, node 1 one with 2 behind it. */
static void
test_how_an_item_ends(void **state)
{
    enum { P = NODE_STATE_PENDING, D = NODE_STATE_DONE, R = NODE_STATE_REFUSED };
    enum { S = NODE_STATE_SKIPPED, W = NODE_STATE_PASSED, F = NODE_STATE_FAILED };
    enum { C = NODE_STATE_CONTINUED, B = NODE_STATE_BLOCKED, X = NODE_STATE_CANCELLED };
    static const struct {
        const char *label;
        uint8_t states[4];
        enum item_state want;
    } table[] = {
        {"all done", {D, D, D, D}, ITEM_STATE_COMPLETED},
        {"one undecided", {D, D, P, F}, ITEM_STATE_OPEN},
        {"one failed", {D, D, F, D}, ITEM_STATE_FAILED},
        {"blocked by another table", {D, D, B, D}, ITEM_STATE_FAILED},
        {"failure was let go", {D, D, C, D}, ITEM_STATE_COMPLETED},
        {"refused, nothing ran behind", {R, S, S, D}, ITEM_STATE_DROPPED},
        {"second filter refused", {D, R, S, D}, ITEM_STATE_DROPPED},
        {"refused, but a join ran behind", {R, S, D, D}, ITEM_STATE_COMPLETED},
        {"refused, a join was continued", {R, S, C, D}, ITEM_STATE_COMPLETED},
        {"refused, a join only passed", {R, S, W, D}, ITEM_STATE_DROPPED},
        {"refused, and a failure elsewhere", {R, S, S, F}, ITEM_STATE_FAILED},
        {"cancelled", {D, X, X, D}, ITEM_STATE_CANCELLED},
        {"cancelled after a refusal", {R, S, S, X}, ITEM_STATE_CANCELLED},
        {"cancelled after a failure", {D, X, F, D}, ITEM_STATE_FAILED},
        {"a skipped branch", {D, D, S, D}, ITEM_STATE_COMPLETED},
    };
    uint16_t behind_first[] = {1, 2};
    uint16_t behind_second[] = {2};
    struct plan_node nodes[] = {
        {.index = 0, .column = 0, .behind_count = 2, .behind = behind_first},
        {.index = 1, .column = 1, .behind_count = 1, .behind = behind_second},
        {.index = 2, .column = 2},
        {.index = 3, .column = 3},
    };
    uint16_t columns[] = {0, 1, 2, 3};
    struct plan plan = {.node_count = 4, .nodes = nodes};
    struct plan_table item_table = {.node_count = 4, .nodes = columns};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        enum item_state got = item_state_of(&plan, &item_table, table[i].states);
        if (got != table[i].want)
            fail_msg("%s: %s", table[i].label, item_state_name(got));
    }
    struct plan_table empty = {.node_count = 0};
    assert_int_equal(item_state_of(&plan, &empty, NULL), ITEM_STATE_COMPLETED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_run_state_with_every_event),
        cmocka_unit_test(test_only_retry_leaves_an_end),
        cmocka_unit_test(test_run_state_names_are_read_back),
        cmocka_unit_test(test_what_waits_has_the_status_running),
        cmocka_unit_test(test_each_node_state_decides_its_edges),
        cmocka_unit_test(test_a_node_waits_runs_is_skipped_or_blocked),
        cmocka_unit_test(test_edges_that_only_order_neither_kill_nor_revive),
        cmocka_unit_test(test_how_an_item_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
