#include "test.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "unit/flow/small_catalog.h"

#include <stdio.h>

/* Workflows are written here as lines "id type < need need" and plans are drawn as text, so that a
 * whole graph is one row of a table:
 *
 *     line of a node:  id table.stretch < edges     (edges: from.label, ^from another table,
 *                                                     (from) only orders)
 *     line of a table: =name parent; gates of each stretch; visible steps
 */

static const struct {
    const char *word;
    const char *type;
    const char *config;
} kinds[] = {
    {"csv", "read_csv", "{file: x.csv}"},
    {"set", "set", "{fields: {a: 1}}"},
    {"filter", "filter", "{where: 'true'}"},
    {"if", "condition", "{if: 'true'}"},
    {"cases", "condition", "{cases: {hot: 'true', warm: 'false'}, else: cold}"},
    {"http", "http_request", "{url: 'http://x'}"},
    {"nap", "wait", "{for: 999ms}"},
    {"wait", "wait", "{for: 1s}"},
    {"until", "wait", "{until: '{{input.x}}'}"},
    {"tap", "write_csv", "{}"},
};

static void
write_step(struct buffer *out, const char *line)
{
    char id[32], word[32], needs[128] = "";
    int parts = sscanf(line, "%31s %31s < %127[^\n]", id, word, needs);
    assert_true(parts >= 2);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (strcmp(word, kinds[i].word) == 0)
            buffer_append_format(out, "- {id: %s, type: %s, config: %s", id, kinds[i].type,
                                 kinds[i].config);
    }
    if (parts == 3) {
        buffer_append_text(out, ", needs: [");
        for (const char *at = needs; *at != '\0'; at++)
            buffer_append_byte(out, *at == ' ' ? ',' : *at);
        buffer_append_text(out, "]");
    } else if (strchr(line, '<') != NULL) {
        buffer_append_text(out, ", needs: []");
    }
    buffer_append_text(out, "}\n");
}

static struct plan *
load_lines(const char *lines, struct buffer *words)
{
    struct buffer text;
    buffer_init(&text, (size_t)1024 * 1024);
    buffer_append_text(&text, "name: t\nsteps:\n");
    char line[256];
    for (const char *at = lines; *at != '\0';) {
        size_t size = strcspn(at, "\n");
        assert_true(size < sizeof(line));
        snprintf(line, sizeof(line), "%.*s", (int)size, at);
        write_step(&text, line);
        at += at[size] == '\n' ? size + 1 : size;
    }
    struct arena arena;
    arena_init(&arena, (size_t)1024 * 1024);
    struct problems problems;
    problems_init(&problems, &arena);
    struct plan_options options = {.catalog = &small_catalog};
    struct plan *plan;
    if (plan_load(&plan, buffer_slice(&text), &options, &problems) != STATUS_OK)
        problems_print(&problems, "t", words);
    buffer_done(&text);
    arena_done(&arena);
    return plan;
}

static void
draw_edge(struct buffer *out, const struct plan *plan, const struct plan_edge *edge)
{
    const struct plan_node *from = &plan->nodes[edge->node];
    buffer_append_text(out, edge->only_orders ? " (" : " ");
    buffer_append_text(out, edge->is_external ? "^" : "");
    buffer_append_slice(out, value_slice(from->id));
    if (edge->label != PLAN_LABEL_ANY) {
        buffer_append_byte(out, '.');
        buffer_append_slice(out, value_slice(from->labels[edge->label]));
    }
    buffer_append_text(out, edge->only_orders ? ")" : "");
}

static void
draw_list(struct buffer *out, const struct plan *plan, const uint16_t *nodes, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        buffer_append_byte(out, ' ');
        buffer_append_slice(out, value_slice(plan->nodes[nodes[i]].id));
    }
}

static void
draw_plan(struct buffer *out, const struct plan *plan)
{
    for (uint16_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        assert_int_equal(node->index, i);
        assert_int_equal(plan->tables[node->table].nodes[node->column], i);
        buffer_append_slice(out, value_slice(node->id));
        buffer_append_format(out, " %.*s.%d",
                             SLICE_FORMAT(value_slice(plan->tables[node->table].name)),
                             node->stretch);
        buffer_append_text(out, node->edge_count > 0 ? " <" : "");
        for (uint16_t j = 0; j < node->edge_count; j++)
            draw_edge(out, plan, &node->edges[j]);
        if (node->behind_count > 0) {
            buffer_append_text(out, " :");
            draw_list(out, plan, node->behind, node->behind_count);
        }
        buffer_append_byte(out, '\n');
    }
    for (uint16_t i = 1; i < plan->table_count; i++) {
        const struct plan_table *table = &plan->tables[i];
        buffer_append_format(out, "=%.*s", SLICE_FORMAT(value_slice(table->name)));
        for (uint16_t j = 0; j < table->stretch_count; j++) {
            buffer_append_text(out, ";");
            draw_list(out, plan, table->gates[j], table->gate_counts[j]);
        }
        buffer_append_text(out, ";");
        draw_list(out, plan, table->visible, table->visible_count);
        buffer_append_byte(out, '\n');
    }
}

static const struct {
    const char *label;
    const char *lines;
    const char *want;
} graphs[] = {
    {"a chain of one-item steps", "a set\nb set\nc set", "a .0\nb .0 < a\nc .0 < b\n"},
    {"rows, and a tap at their end", "rows csv\na set\nt tap",
     "rows .0\na rows.0\nt rows.0 < a\n=rows;;\n=t;;\n"},
    {"behind a tap a step stands where the tap stands", "rows csv\na set\nt tap\nb set\nu tap",
     "rows .0\na rows.0\nt rows.0 < a\nb rows.0 < a\nu rows.0 < b\n=rows;;\n=t;;\n=u;;\n"},
    {"a tap right behind the source, then a step", "rows csv\nt tap\nb set",
     "rows .0\nt rows.0\nb rows.0\n=rows;;\n=t;;\n"},
    {"a tap of the input", "t tap\na set", "t .0\na .0\n=t;;\n"},
    {"a step that needs the tap lives beside its file", "rows csv\nt tap\nb set < t\nc set",
     "rows .0\nt rows.0\nb t.0\nc t.0 < b\n=rows;;\n=t;; t\n"},
    {"needs: [] starts from the input", "rows csv\na set <\nb set",
     "rows .0\na .0\nb .0 < a\n=rows;;\n"},
    {"steps before the source are seen behind it", "a set\nrows csv\nb set",
     "a .0\nrows .0 < a\nb rows.0\n=rows;; a\n"},
    {"an edge from one item only orders", "a set\nrows csv <\nb set < rows a",
     "a .0\nrows .0\nb rows.0 < (^a)\n=rows; a; a\n"},
    {"beside an edge of the same rows it only orders too", "h http\nrows csv <\nb set\nc set < b h",
     "h .0\nrows .0\nb rows.0\nc rows.0 < b (^h)\n=rows; h; h\n"},
    {"rows that need their own tap's file begin a stretch", "rows csv\na set\nt tap\nb set < a t",
     "rows .0\na rows.0\nt rows.0 < a\nb rows.1 < a (^t)\n=rows;; t; t\n=t;;\n"},
    {"what follows stays in the later stretch",
     "rows csv\na set\nt tap\nb set < a t\nc set\nd set < a",
     "rows .0\na rows.0\nt rows.0 < a\nb rows.1 < a (^t)\nc rows.1 < b\nd rows.0 < a\n"
     "=rows;; t; t\n=t;;\n"},
    {"a step beside a file that another table needs", "rows csv\nt tap\nb set < t\nc set < rows b",
     "rows .0\nt rows.0\nb t.0\nc rows.1 < (^b)\n=rows;; b; t b\n=t;; t\n"},
    {"a wait of a second begins a stretch", "rows csv\na set\nw wait\nb set\nc set < a",
     "rows .0\na rows.0\nw rows.0 < a\nb rows.1 < w\nc rows.0 < a\n=rows;;;\n"},
    {"a shorter wait does not", "rows csv\nw nap\nb set",
     "rows .0\nw rows.0\nb rows.0 < w\n=rows;;\n"},
    {"a wait for a time that is not known does", "w until\nb set", "w .0\nb .1 < w\n"},
    {"the source behind a wait", "w wait\nrows csv\na set",
     "w .0\nrows .1 < w\na rows.0\n=rows;; w\n"},
    {"the input waits for a file of its own rows", "a set\nrows csv\nt tap\nz set < a t",
     "a .0\nrows .0 < a\nt rows.0\nz .1 < a ^t\n=rows;; a\n=t;;\n"},
    {"a file first: the step lives beside the file", "a set\nrows csv\nt tap\nz set < t a",
     "a .0\nrows .0 < a\nt rows.0\nz t.0 < (^a)\n=rows;; a\n=t; a; a t\n"},
    {"two tables whose files need each other's rows take turns",
     "p csv\nq csv <\np1 tap < p\nq1 set < q p1\nq2 tap < q1\np2 set < p q2",
     "p .0\nq .0\np1 p.0\nq1 q.0 < (^p1)\nq2 q.0 < q1\np2 p.1 < (^q2)\n"
     "=p;; q2; p1 q2\n=q; p1; p1\n=p1;;\n=q2;;\n"},
    {"the implied edge behind a condition is its first label", "c if\na set\nb set < c.no",
     "c .0\na .0 < c.yes\nb .0 < c.no\n"},
    {"cases have their labels and that of else", "c cases\na set\nb set < c.cold\nd set < c.warm c",
     "c .0\na .0 < c.hot\nb .0 < c.cold\nd .0 < c.warm c\n"},
    {"what stands behind a filter",
     "rows csv\na set\nf filter\nb set\nt tap\ng filter < b\nd set\nj set < d a",
     "rows .0\na rows.0\nf rows.0 < a : b t g d j\nb rows.0 < f\nt rows.0 < b\ng rows.0 < b : d j\n"
     "d rows.0 < g\nj rows.0 < d a\n=rows;;\n=t;;\n"},
    {"a file does not carry a filter's refusal", "rows csv\nf filter\nt tap\nb set < rows t",
     "rows .0\nf rows.0 : t\nt rows.0 < f\nb rows.1 < (^t)\n=rows;; t; t\n=t;;\n"},
    {"needs may name later steps", "a set < c\nb set < a\nc set <", "c .0\na .0 < c\nb .0 < a\n"},
    {"written order otherwise", "a set < d\nb set <\nc set <\nd set < b",
     "b .0\nc .0\nd .0 < b\na .0 < d\n"},
};

static void
test_graphs(void **state)
{
    for (size_t i = 0; i < COUNT_OF(graphs); i++) {
        struct buffer drawing;
        buffer_init(&drawing, (size_t)1024 * 1024);
        struct plan *plan = load_lines(graphs[i].lines, &drawing);
        if (plan != NULL)
            draw_plan(&drawing, plan);
        if (!slice_is(buffer_slice(&drawing), graphs[i].want))
            fail_msg("%s:\n%.*swanted:\n%s", graphs[i].label, SLICE_FORMAT(buffer_slice(&drawing)),
                     graphs[i].want);
        plan_drop(&plan);
        buffer_done(&drawing);
    }
}

static void
test_which_plans_are_computed_at_once(void **state)
{
    static const struct {
        const char *lines;
        bool want;
    } table[] = {
        {"a set\nc if\nf filter\nb set", true},
        {"a set\nh http", false},
        {"w nap", false},
        {"rows csv", false},
        {"a set\nt tap", false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer words;
        buffer_init(&words, (size_t)1024 * 1024);
        struct plan *plan = load_lines(table[i].lines, &words);
        assert_non_null(plan);
        if (plan->is_inline != table[i].want)
            fail_msg("%s", table[i].lines);
        plan_drop(&plan);
        buffer_done(&words);
    }
}

static void
test_tables_know_their_makers(void **state)
{
    struct buffer words;
    buffer_init(&words, (size_t)1024 * 1024);
    struct plan *plan = load_lines("a set\nrows csv\nt tap", &words);
    assert_non_null(plan);
    assert_int_equal(plan->table_count, 3);
    assert_int_equal(plan->tables[0].kind, PLAN_TABLE_INPUT);
    assert_int_equal(plan->tables[0].maker, -1);
    assert_int_equal(plan->tables[0].input_count, 0);
    assert_false(plan->tables[0].is_many);
    assert_int_equal(plan->tables[1].kind, PLAN_TABLE_SOURCE);
    assert_int_equal(plan->tables[1].maker, 1);
    assert_int_equal(plan->tables[1].input_count, 1);
    assert_int_equal(plan->nodes[plan->tables[1].inputs[0]].table, 0);
    assert_true(plan->tables[1].is_many);
    assert_int_equal(plan->tables[2].kind, PLAN_TABLE_TAP);
    assert_int_equal(plan->tables[2].maker, 2);
    assert_int_equal(plan->tables[2].input_count, 1);
    assert_int_equal(plan->nodes[plan->tables[2].inputs[0]].table, 1);
    assert_false(plan->tables[2].is_many);
    assert_int_equal(plan->nodes[0].makes_table, -1);
    assert_int_equal(plan->nodes[1].makes_table, 1);
    assert_int_equal(plan->nodes[2].makes_table, 2);
    assert_int_equal(plan->tables[2].stretch_count, 1);
    plan_drop(&plan);
    buffer_done(&words);
}

static void
test_the_largest_graph_loads(void **state)
{
    struct buffer text, words;
    buffer_init(&text, (size_t)4 * 1024 * 1024);
    buffer_init(&words, (size_t)1024 * 1024);
    buffer_append_text(&text, "s0 set\ns1 set");
    for (int i = 2; i < LIMIT_STEPS; i++)
        buffer_append_format(&text, "\ns%d %s < s%d s0", i, i % 7 == 0 ? "wait" : "set", i - 1);
    buffer_append_byte(&text, '\0');
    struct plan *plan = load_lines(text.ptr, &words);
    if (plan == NULL)
        fail_msg("%.*s", SLICE_FORMAT(buffer_slice(&words)));
    assert_int_equal(plan->node_count, LIMIT_STEPS);
    assert_int_equal(plan->tables[0].stretch_count, (LIMIT_STEPS - 2) / 7 + 1);
    plan_drop(&plan);
    buffer_done(&words);
    buffer_done(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphs),
        cmocka_unit_test(test_which_plans_are_computed_at_once),
        cmocka_unit_test(test_tables_know_their_makers),
        cmocka_unit_test(test_the_largest_graph_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
