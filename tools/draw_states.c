/* tools/draw_states.c - draws docs/states.md from the tables in flow/state.c.
 *
 * Without arguments it prints the page; with a file it exits 1 if that file is not the page, which
 * is how the tests notice that the page is out of date.
 */
#include "base/buffer.h"
#include "flow/plan.h"
#include "flow/state.h"

#include <stdio.h>
#include <string.h>

#define PAGE_BYTES ((size_t)64 * 1024)

static const char *const event_reasons[RUN_EVENT_COUNT] = {
    [RUN_EVENT_BEGIN] = "the engine takes it up, also again after a crash",
    [RUN_EVENT_PARK] = "there is nothing to do before a timer is due or a person answers",
    [RUN_EVENT_PAUSE] = "asked by a person, or the program stops",
    [RUN_EVENT_COMPLETE] = "ended well",
    [RUN_EVENT_FAIL] = "ended with more failures than allowed, or past its deadline",
    [RUN_EVENT_CANCEL] = "asked by a person",
    [RUN_EVENT_RETRY] = "opens the next generation of an ended run",
};

static const char *const node_reasons[NODE_STATE_COUNT] = {
    [NODE_STATE_PENDING] = "not decided yet",
    [NODE_STATE_DONE] = "ran and gave a value",
    [NODE_STATE_REFUSED] = "a filter said no",
    [NODE_STATE_SKIPPED] = "no edge to it lives; its value is null",
    [NODE_STATE_PASSED] = "its `when` was not true; its value is null",
    [NODE_STATE_FAILED] = "its last attempt failed",
    [NODE_STATE_CONTINUED] = "failed under `on_error: continue`",
    [NODE_STATE_BLOCKED] = "stands behind a failure",
    [NODE_STATE_CANCELLED] = "the run was cancelled before it ended",
};

static const char *
edge_word(enum edge_state state)
{
    switch (state) {
    case EDGE_PENDING:
        return "undecided";
    case EDGE_LIVE:
        return "live";
    case EDGE_DEAD:
        return "dead";
    case EDGE_FAILED:
        return "failed";
    }
    return "";
}

static void
draw_run_diagram(struct buffer *out)
{
    buffer_append_text(out, "```mermaid\nstateDiagram-v2\n    [*] --> queued\n");
    for (unsigned state = 0; state < RUN_STATE_COUNT; state++) {
        for (unsigned event = 0; event < RUN_EVENT_COUNT; event++) {
            enum run_state next;
            if (!run_state_next((enum run_state)state, (enum run_event)event, &next))
                continue;
            buffer_append_format(out, "    %s --> %s: %s\n", run_state_name((enum run_state)state),
                                 run_state_name(next), run_event_name((enum run_event)event));
        }
    }
    buffer_append_text(out, "```\n");
}

static void
draw_run_table(struct buffer *out)
{
    buffer_append_text(out, "\n| event | when |");
    for (unsigned state = 0; state < RUN_STATE_COUNT; state++)
        buffer_append_format(out, " in %s |", run_state_name((enum run_state)state));
    buffer_append_text(out, "\n| --- | --- |");
    for (unsigned state = 0; state < RUN_STATE_COUNT; state++)
        buffer_append_text(out, " --- |");
    buffer_append_byte(out, '\n');
    for (unsigned event = 0; event < RUN_EVENT_COUNT; event++) {
        buffer_append_format(out, "| %s | %s |", run_event_name((enum run_event)event),
                             event_reasons[event]);
        for (unsigned state = 0; state < RUN_STATE_COUNT; state++) {
            enum run_state next;
            bool is_legal = run_state_next((enum run_state)state, (enum run_event)event, &next);
            buffer_append_format(out, " %s |", is_legal ? run_state_name(next) : "-");
        }
        buffer_append_byte(out, '\n');
    }
}

static void
draw_node_table(struct buffer *out)
{
    buffer_append_text(out,
                       "| state | meaning | a bare edge from it | an edge that names a label |\n"
                       "| --- | --- | --- | --- |\n");
    for (unsigned i = 0; i < NODE_STATE_COUNT; i++) {
        enum node_state state = (enum node_state)i;
        enum edge_state bare = edge_state_of(state, 0, PLAN_LABEL_ANY);
        enum edge_state taken = edge_state_of(state, 0, 0);
        enum edge_state other = edge_state_of(state, 0, 1);
        buffer_append_format(out, "| %s | %s | %s | ", node_state_name(state), node_reasons[i],
                             edge_word(bare));
        if (taken == other)
            buffer_append_format(out, "%s |\n", edge_word(taken));
        else
            buffer_append_format(out, "%s if it is the label taken, else %s |\n", edge_word(taken),
                                 edge_word(other));
    }
}

static void
draw_page(struct buffer *out)
{
    buffer_append_text(out, "# States\n\n"
                            "Drawn by `tools/draw_states.c` from the tables in "
                            "`src/flow/state.c`; a test compares.\n\n"
                            "## A run\n\n");
    draw_run_diagram(out);
    draw_run_table(out);
    buffer_append_text(out,
                       "\nEvery move that is not in the table is refused. `completed`, "
                       "`failed` and `cancelled` are ends: an\nended generation never changes, "
                       "`retry` opens the next one.\n\n"
                       "## A step on one item\n\n");
    draw_node_table(out);
    buffer_append_text(out,
                       "\nA step waits until every edge to it is decided. One failed edge "
                       "blocks it; otherwise it runs if an\nedge lives, and is skipped if none "
                       "does. A step without edges runs.\n");
}

/* Whether the file holds exactly the page. */
static bool
file_is_page(const char *path, struct slice page)
{
    char found[PAGE_BYTES];
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return false;
    size_t size = fread(found, 1, sizeof(found), file);
    fclose(file);
    return slice_equal(slice_of(found, size), page);
}

int
main(int argc, char **argv)
{
    struct buffer page;
    buffer_init(&page, PAGE_BYTES);
    draw_page(&page);
    int result = 0;
    if (argc < 2) {
        fwrite(page.ptr, 1, page.size, stdout);
    } else if (!file_is_page(argv[1], buffer_slice(&page))) {
        fprintf(stderr, "%s is out of date: write it again with draw_states > %s\n", argv[1],
                argv[1]);
        result = 1;
    }
    buffer_done(&page);
    return result;
}
