#include "flow/calls.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 64

/* A step that calls a workflow which is at hand. */
struct call {
    const struct plan *plan;
    const struct plan_node *node;
    const struct plan *callee;
    uint32_t index; /* of the step in the file */
    struct problems *problems;
};

static const struct plan *
find_plan(const struct plan *const *plans, size_t count, struct value slug)
{
    for (size_t i = 0; i < count; i++) {
        if (slug.kind == VALUE_STRING && value_equal(plans[i]->slug, slug))
            return plans[i];
    }
    return NULL;
}

/* The step as it is written; VALUE_NONE for one that the file does not have. */
static struct value
written_step(const struct plan *plan, const struct plan_node *node, uint32_t *index)
{
    struct value steps = value_get(plan->canonical, "steps");
    for (uint32_t i = 0; steps.kind == VALUE_ARRAY && i < steps.count; i++) {
        struct value step = value_items(steps)[i];
        struct value id = value_get(step, "id");
        char by_place[24];
        snprintf(by_place, sizeof(by_place), "step_%" PRIu32, i + 1);
        struct slice name = value_slice_or(id, slice_text(by_place));
        *index = i;
        if (slice_equal(name, value_slice(node->id)))
            return step;
    }
    return (struct value){0};
}

static void
complain(const struct call *call, const char *field, const char *nearest, const char *words)
{
    char path[64];
    snprintf(path, sizeof(path), "steps[%" PRIu32 "].config.%s", call->index, field);
    problems_add(call->problems, call->node->line, call->node->column_at, path, nearest, "%s",
                 words);
}

static struct slice
short_slug(const struct plan *plan)
{
    return slice_cut(value_slice(plan->slug), NAME_BYTES);
}

/* Whether no string in it is a template. */
static bool
is_written_down(struct value value)
{
    if (value.kind == VALUE_STRING) {
        struct slice text = value_slice(value);
        return memmem(text.ptr, text.size, "{{", 2) == NULL;
    }
    for (uint32_t i = 0; value.kind == VALUE_ARRAY && i < value.count; i++) {
        if (!is_written_down(value_items(value)[i]))
            return false;
    }
    for (uint32_t i = 0; value.kind == VALUE_OBJECT && i < value.count; i++) {
        if (!is_written_down(value_members(value)[i].value))
            return false;
    }
    return true;
}

/* --- the input --- */

static void
check_required(const struct call *call, const struct schema *schema, struct value input)
{
    struct value required = schema_keyword(schema, "required");
    for (uint32_t i = 0; required.kind == VALUE_ARRAY && i < required.count; i++) {
        struct value name = value_items(required)[i];
        if (name.kind != VALUE_STRING || value_find(input, value_slice(name)).kind != VALUE_NONE)
            continue;
        char words[256];
        snprintf(words, sizeof(words), "\"%.*s\" requires \"%.*s\", which is not given",
                 SLICE_FORMAT(short_slug(call->callee)),
                 SLICE_FORMAT(slice_cut(value_slice(name), NAME_BYTES)));
        complain(call, "input", NULL, words);
    }
}

static void
complain_of_name(const struct call *call, const struct schema *schema, struct slice name)
{
    size_t count = schema_property_count(schema);
    char(*texts)[NAME_BYTES + 1] = mem_alloc_array(count + 1, sizeof(*texts));
    const char **names = mem_alloc_array(count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        struct slice known = slice_cut(value_slice(schema_property_name(schema, i)), NAME_BYTES);
        snprintf(texts[i], sizeof(texts[i]), "%.*s", SLICE_FORMAT(known));
        names[i] = texts[i];
    }
    char words[256];
    snprintf(words, sizeof(words),
             "the input of \"%.*s\" has no \"%.*s\" (its schema allows no further properties)",
             SLICE_FORMAT(short_slug(call->callee)), SLICE_FORMAT(slice_cut(name, NAME_BYTES)));
    complain(call, "input", slice_nearest(name, names, count), words);
    mem_free(names);
    mem_free(texts);
}

static void
keep_words(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    char *out = context;
    if (out[0] == '\0')
        snprintf(out, 256, "%s", words);
}

static void
check_member(const struct call *call, const struct schema *schema, const struct member *member)
{
    struct slice name = value_slice(member->key);
    const struct schema *property = schema_property(schema, name);
    if (property == NULL && schema_is_closed(schema))
        complain_of_name(call, schema, name);
    char found[256] = "";
    if (property == NULL || !is_written_down(member->value) ||
        schema_check(property, member->value, keep_words, found) == STATUS_OK)
        return;
    char words[512];
    snprintf(words, sizeof(words), "what \"%.*s\" gets as \"%.*s\": %s",
             SLICE_FORMAT(short_slug(call->callee)), SLICE_FORMAT(slice_cut(name, NAME_BYTES)),
             found);
    complain(call, "input", NULL, words);
}

static void
check_input(const struct call *call, struct value input)
{
    const struct schema *schema = call->callee->input_schema;
    if (!is_written_down(input) && input.kind == VALUE_STRING)
        return;
    if (input.kind == VALUE_NONE)
        input = value_empty_object();
    if (input.kind != VALUE_OBJECT) {
        complain(call, "input", NULL, "expected an object: a workflow is given its input by names");
        return;
    }
    if (schema == NULL)
        return;
    check_required(call, schema, input);
    for (uint32_t i = 0; i < input.count; i++)
        check_member(call, schema, &value_members(input)[i]);
}

/* --- circles --- */

struct circle {
    const struct plan *const *plans;
    size_t count;
    const struct plan *wanted;
    bool *seen;
};

/* Whether `from`, or what it calls in turn, calls the wanted one. */
static bool
leads_back(struct circle *circle, const struct plan *from)
{
    for (uint16_t i = 0; i < from->node_count; i++) {
        const struct plan *next =
            find_plan(circle->plans, circle->count, plan_node_callee(&from->nodes[i]));
        if (next == circle->wanted)
            return true;
        size_t at = 0;
        while (next != NULL && circle->plans[at] != next)
            at++;
        if (next == NULL || circle->seen[at])
            continue;
        circle->seen[at] = true;
        if (leads_back(circle, next))
            return true;
    }
    return false;
}

static void
check_circle(const struct call *call, const struct plan *const *plans, size_t count)
{
    struct circle circle = {plans, count, call->plan, mem_alloc_array(count + 1, sizeof(bool))};
    if (call->callee == call->plan || leads_back(&circle, call->callee)) {
        char words[256];
        snprintf(words, sizeof(words),
                 "\"%.*s\" calls \"%.*s\" in its turn: such calls would not end",
                 SLICE_FORMAT(short_slug(call->callee)), SLICE_FORMAT(short_slug(call->plan)));
        complain(call, "slug", NULL, words);
    }
    mem_free(circle.seen);
}

void
plan_check_calls(const struct plan *plan, const struct plan *const *others, size_t count,
                 struct problems *problems)
{
    for (uint16_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        struct call call = {plan, node, find_plan(others, count, plan_node_callee(node)), 0,
                            problems};
        if (call.callee == NULL)
            continue;
        struct value step = written_step(plan, node, &call.index);
        if (step.kind == VALUE_NONE)
            continue;
        check_input(&call, value_get(value_get(step, "config"), "input"));
        check_circle(&call, others, count);
    }
}
