/* Workflows with reshapes and with steps that act on whole tables, as the loader takes them with
 * the real catalog: what is refused, with which words, and what can be seen behind each. */
#include "test.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "steps/table.h"

#include <string.h>

#define HEAD                                                                                       \
    "name: t\nsteps:\n"                                                                            \
    "- {id: a, type: read_jsonl, config: {file: f}}\n"                                             \
    "- {id: b, type: read_jsonl, needs: [], config: {file: f}}\n"
#define XA "- {id: x, type: set, needs: a, config: {fields: {n: 1}}}\n"
#define XB "- {id: x, type: set, needs: b, config: {fields: {n: 1}}}\n"
#define SEES(text) "- {id: d, type: set, config: {fields: {n: '" text "'}}}\n"

/* words: of the first problem; "": the workflow is good. */
struct plan_case {
    const char *steps, *words;
};

static void
check(const struct plan_case *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena arena;
        struct problems problems;
        struct plan *plan;
        arena_init(&arena, MIB(1));
        problems_init(&problems, &arena);
        struct plan_options options = {.catalog = &step_catalog};
        const char *text = arena_format(&arena, "%s%s", HEAD, table[i].steps);
        enum status status = plan_load(&plan, slice_text(text), &options, &problems);
        const char *words = status == STATUS_OK ? "" : problems.list[0].words;
        if (strcmp(words, table[i].words) != 0)
            fail_msg("%s: \"%s\", wanted \"%s\"", table[i].steps, words, table[i].words);
        plan_drop(&plan);
        arena_done(&arena);
    }
}

static void
test_refused(void **state)
{
#define JOIN(config) "- {id: c, type: join, needs: a, config: {" config "}}\n"
    static const struct plan_case table[] = {
        {JOIN("with: nobody, on: item.k"), "there is no step \"nobody\""},
        {JOIN("with: b, on: {left: [item.k, item.l], right: item.k}"),
         "expected as many paths as on the left"},
        {JOIN("with: b, on: item.k, kind: full"), "expected inner, left or anti, found \"full\""},
        {"- {id: c, type: union, needs: [a]}",
         "\"union\" needs two steps or more: needs: [first, second]"},
        {"- {id: c, type: union, needs: []}",
         "\"union\" needs two steps or more: needs: [first, second]"},
        {"- {id: c, type: sort, needs: a, when: .item.k, config: {by: item.k}}",
         "\"when\" cannot stand at \"sort\": put a filter step before it"},
        {"- {id: c, type: sort, needs: [a, b], config: {by: item.k}}",
         "edges from two tables of rows, \"a\" and \"b\", cannot meet in one step: put a join or a "
         "union step between"},
        {"- {id: c, type: sort, needs: a, config: {by: {path: item.k, order: up}}}",
         "expected asc or desc, found \"up\""},
        {"- {id: c, type: limit, needs: a, config: {count: -1}}",
         "expected a whole number from 0 to 9223372036854775807"},
        {"- {id: c, type: group_by, needs: a, config: {by: [item.k, item.l.k]}}",
         "the rows of \"group_by\" would have two properties \"k\""},
        {"- {id: c, type: group_by, needs: a, config: {by: item.k, aggregates: {k: length}}}",
         "the rows of \"group_by\" would have two properties \"k\""},
        {"- {id: c, type: group_by, needs: a, config: {by: item.k, aggregates: {count: length}}}",
         "the rows of \"group_by\" would have two properties \"count\""},
    };
    check(table, COUNT_OF(table));
}

static void
test_what_is_seen_behind(void **state)
{
#define HIDDEN(table)                                                                              \
    "the step \"x\" works on the rows of \"" table "\" and is not known outside them"
    static const struct plan_case table[] = {
        {XA "- {id: c, type: sort, config: {by: item.k}}\n" SEES("{{steps.x.n}}"), ""},
        {XA "- {id: c, type: limit, config: {count: 1}}\n" SEES("{{steps.x.n}}"), ""},
        {XA "- {id: c, type: deduplicate}\n" SEES("{{steps.x.n}}"), ""},
        {XA "- {id: c, type: union, needs: [x, b]}\n" SEES("{{steps.x.n}}"), ""},
        {XA "- {id: c, type: group_by, config: {by: item.k}}\n" SEES("{{steps.x.n}}"), HIDDEN("a")},
        {XA "- {id: c, type: expand, config: {list: .item.l}}\n" SEES("{{steps.x.n}}"),
         HIDDEN("a")},
        {XA "- {id: c, type: expand, config: {list: .item.l}}\n" SEES(
             "{{parent.steps.x.n}} {{parent.item.l}}"),
         ""},
        {"- {id: x, type: set, needs: a, config: {fields: {n: '{{parent.item.k}}'}}}",
         "only rows that an expand step made have a \"parent\""},
        {XB
         "- {id: c, type: join, needs: a, config: {with: x, on: item.k}}\n" SEES("{{steps.x.n}}"),
         HIDDEN("b")},
        {XB "- {id: c, type: join, needs: a, config: {with: x, on: item.k}}\n" SEES(
             "{{steps.c.steps.x.n}}"),
         ""},
    };
    check(table, COUNT_OF(table));
}

/* Behind one that decides for the rows stand the rows, behind one that tells of them too, unless it
 * is named. */
static void
test_one_for_the_table(void **state)
{
#define ASK "- {id: c, type: approval, config: {title: t, for: 1h, on_timeout: fail}}\n"
#define TELL(per) "- {id: c, type: outgoing_webhook, config: {url: u, per: " per "}}\n"
#define NAMED(text) "- {id: d, type: set, needs: c, config: {fields: {n: '" text "'}}}\n"
    static const struct plan_case table[] = {
        {XA ASK SEES("{{steps.x.n}} {{steps.c.by}}"), ""},
        {XA ASK NAMED("{{steps.x.n}} {{steps.c.by}}"), ""},
        {XA TELL("item") NAMED("{{steps.x.n}} {{steps.c.delivery}}"), ""},
        {XA TELL("table") SEES("{{steps.x.n}}"), ""},
        {XA TELL("table") NAMED("{{item.rows}} {{steps.c.delivery}}"), ""},
        {XA TELL("table") NAMED("{{steps.x.n}}"), HIDDEN("a")},
        {XA TELL("table") "- {id: y, type: outgoing_webhook, config: {url: '{{item.k}}'}}\n" NAMED(
             "{{item.rows}}"),
         ""},
        {XA TELL("row"), "expected item or table, found \"row\""},
        {XA "- {id: c, type: outgoing_webhook, config: {url: '{{steps.x.n}}', per: table}}\n",
         HIDDEN("a")},
    };
    check(table, COUNT_OF(table));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_for_the_table),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_what_is_seen_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
