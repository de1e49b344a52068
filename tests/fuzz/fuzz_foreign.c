/* The first byte says whose workflow the rest is: 's' Sixtyfour, 'w' Wiserows, 'n' n8n, 't' the AI
 * Tutor API. Whatever it is, it becomes a workflow of ours, or is refused with words. What it
 * becomes loads, or what is wrong with it can be told in words of the definition. */
#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "foreign/n8n.h"
#include "foreign/sixtyfour.h"
#include "foreign/tutor_file.h"
#include "foreign/wiserows.h"
#include "steps/table.h"

#include <string.h>

#define ENTITY_FIELDS                                                                              \
    "[{\"slug\":\"title\",\"type\":\"text\"},{\"slug\":\"stage\",\"type\":\"select\"},"            \
    "{\"slug\":\"note\",\"type\":\"aiGenerated\"},{\"slug\":\"size\",\"type\":\"formula\"}]"
#define ENTITY_SCHEMA                                                                              \
    "{\"type\":\"object\",\"required\":[\"title\"],\"properties\":{\"title\":{\"type\":"           \
    "\"string\"},"                                                                                 \
    "\"stage\":{\"enum\":[\"a\",\"b\"]},\"note\":{}}}"

struct translated {
    struct arena arena;
    struct value from;
    struct value flow;
    struct problems problems;
};

static void
hear(const char *words, void *context)
{
    assert(words != NULL && words[0] != '\0');
    (void)context;
}

/* The plan, or NULL with problems. */
static struct plan *
load(struct translated *t)
{
    struct plan *plan = NULL;
    struct plan_options options = {.catalog = &step_catalog};
    struct slice text = json_text(&t->arena, t->flow);
    problems_init(&t->problems, &t->arena);
    if (text.ptr == NULL || text.size > LIMIT_DEFINITION_BYTES)
        return NULL;
    enum status status = plan_load(&plan, text, &options, &t->problems);
    assert((status == STATUS_OK) == (plan != NULL));
    assert(plan != NULL || t->problems.count > 0);
    return plan;
}

static void
look_at_graph(struct translated *t, const struct plan *plan)
{
    struct sixtyfour_blocks blocks;
    enum status status = sixtyfour_blocks_of(&blocks, plan, &t->arena);
    assert(status == STATUS_OK && blocks.count > 0);
    assert(blocks.blocks[0].previous_count == 0);
    for (uint16_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        assert(node->is_side || sixtyfour_block_of_step(&blocks, value_slice(node->id)) != NULL);
    }
    assert(sixtyfour_show(&t->arena, plan).kind == VALUE_OBJECT);
    (void)sixtyfour_new_lists(plan->canonical, &t->arena);
}

static void
read_sixtyfour(struct translated *t, bool keeps_on)
{
    struct sixtyfour_problem problem;
    struct sixtyfour_wanted wanted = {.catalog = &step_catalog, .keeps_on = keeps_on, .note = hear};
    if (!sixtyfour_is_graph(t->from))
        return;
    sixtyfour_take_file(&wanted, t->from);
    enum status status = sixtyfour_read(&t->flow, &wanted, &t->arena, &problem);
    assert((status == STATUS_OK) == (t->flow.kind == VALUE_OBJECT));
    assert(status == STATUS_OK || problem.words[0] != '\0');
    if (status != STATUS_OK)
        return;
    struct plan *plan = load(t);
    if (plan != NULL) {
        look_at_graph(t, plan);
    } else if (t->problems.count > 0) {
        sixtyfour_blame(&problem, t->flow, &t->problems.list[0]);
        assert(problem.words[0] != '\0');
    }
    plan_drop(&plan);
}

static struct value
json_of(struct arena *arena, const char *text)
{
    struct value value;
    enum status status = json_parse(&value, arena, slice_text(text), 0, NULL, NULL);
    assert(status == STATUS_OK);
    return value;
}

static void
read_wiserows(struct translated *t)
{
    struct error error = {0};
    struct foreign_wiserows wanted = {
        .definition = t->from,
        .type = SLICE("0123456789abcdef01234567"),
        .fields = json_of(&t->arena, ENTITY_FIELDS),
        .schema = json_of(&t->arena, ENTITY_SCHEMA),
    };
    if (t->from.kind != VALUE_OBJECT)
        return;
    enum status status = foreign_wiserows_read(&t->flow, &wanted, &t->arena, &error);
    assert(status == STATUS_OK || error.text[0] != '\0');
    if (status != STATUS_OK)
        return;
    struct plan *plan = load(t);
    for (size_t i = 0; plan == NULL && i < t->problems.count; i++)
        assert(foreign_wiserows_place(t->problems.list[i].path, &t->arena) != NULL);
    plan_drop(&plan);
}

static void
read_n8n(struct translated *t)
{
    struct error error = {0};
    if (!n8n_is(t->from))
        return;
    struct n8n_wanted wanted = {.file = t->from, .note = hear};
    struct n8n_made made;
    enum status status = n8n_read(&made, &wanted, &t->arena, &error);
    t->flow = made.flow;
    assert(status == STATUS_OK || error.text[0] != '\0');
    if (status != STATUS_OK)
        return;
    struct plan *plan = load(t);
    plan_drop(&plan);
}

/* And back. */
static void
read_tutor(struct translated *t)
{
    struct error error = {0};
    struct value back;
    if (!tutor_file_is(t->from))
        return;
    enum status status = tutor_file_read(&t->flow, t->from, &t->arena, hear, NULL, &error);
    assert(status == STATUS_OK || error.text[0] != '\0');
    if (status != STATUS_OK)
        return;
    struct plan *plan = load(t);
    if (plan != NULL) {
        status = tutor_file_write(&back, plan->canonical, &t->arena, hear, NULL, &error);
        assert(status != STATUS_OK || tutor_file_is(back));
    }
    plan_drop(&plan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct translated t = {.flow = {0}};
    if (size == 0)
        return 0;
    arena_init(&t.arena, MIB(64));
    struct slice text = slice_of((const char *)data + 1, size - 1);
    bool is_json = json_parse(&t.from, &t.arena, text, 0, NULL, NULL) == STATUS_OK;
    if (is_json && data[0] == 's') {
        read_sixtyfour(&t, false);
        read_sixtyfour(&t, true);
    } else if (is_json && data[0] == 'w') {
        read_wiserows(&t);
    } else if (is_json && data[0] == 'n') {
        read_n8n(&t);
    } else if (is_json && data[0] == 't') {
        read_tutor(&t);
    }
    arena_done(&t.arena);
    return 0;
}
