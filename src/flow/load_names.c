#include "flow/load.h"

#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define NAME_BYTES 64

/* The leaf whose names are checked. */
struct scope {
    struct loader *loader;
    const struct leaf *leaf;
};

static const char *const root_names[] = {"input", "item", "steps", "run", "vars", "parent"};
static const char *const parent_names[] = {"item", "steps", "parent"};
static const char *const run_names[] = {"id",       "createdAt", "startedAt", "generation",
                                        "workflow", "trigger",   "labels",    "tokens"};
static const char *const workflow_names[] = {"id", "slug", "name", "version"};

static void complain(const struct scope *scope, size_t offset, const char *nearest,
                     const char *format, ...) PRINTF_LIKE(4, 5);

static void
complain(const struct scope *scope, size_t offset, const char *nearest, const char *format, ...)
{
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    offset = offset > scope->leaf->skip ? offset - scope->leaf->skip : 0;
    load_problem_in_leaf(scope->loader, scope->leaf, offset, nearest, words);
}

static bool
is_one_of(struct slice name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, names[i]))
            return true;
    }
    return false;
}

static void
check_run(const struct scope *scope, const struct slice *names, size_t count, size_t offset)
{
    const char *const *known = run_names;
    size_t known_count = COUNT_OF(run_names);
    const char *of = "run";
    if (count > 1 && slice_is(names[0], "workflow")) {
        known = workflow_names;
        known_count = COUNT_OF(workflow_names);
        of = "run.workflow";
        names++;
    } else if (count == 0) {
        return;
    }
    if (!is_one_of(names[0], known, known_count))
        complain(scope, offset, slice_nearest(names[0], known, known_count),
                 "\"%s\" has no \"%.*s\", expected %s", of,
                 SLICE_FORMAT(slice_cut(names[0], NAME_BYTES)),
                 load_join(scope->loader->scratch, known, known_count));
}

static const char *
nearest_property(struct loader *loader, const struct schema *schema, struct slice wrong)
{
    size_t count = schema_property_count(schema);
    const char **names = mem_alloc_array(count, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        struct slice name = slice_cut(value_slice(schema_property_name(schema, i)), NAME_BYTES);
        names[i] = arena_format(loader->scratch, "%.*s", SLICE_FORMAT(name));
    }
    const char *nearest = slice_nearest(wrong, names, count);
    mem_free(names);
    return nearest;
}

/* Goes down the schema as long as it is closed and knows the name. */
static void
check_input(const struct scope *scope, const struct slice *names, size_t count, size_t offset)
{
    const struct schema *schema = scope->loader->plan->input_schema;
    for (size_t i = 0; i < count && schema != NULL; i++) {
        const struct schema *property = schema_property(schema, names[i]);
        if (property == NULL && schema_is_closed(schema)) {
            complain(scope, offset, nearest_property(scope->loader, schema, names[i]),
                     "the input has no \"%.*s\" (its schema allows no further properties)",
                     SLICE_FORMAT(slice_cut(names[i], NAME_BYTES)));
            return;
        }
        schema = property;
    }
}

static int
find_draft(const struct loader *loader, struct slice id)
{
    for (uint16_t i = 0; i < loader->draft_count; i++) {
        if (slice_equal(value_slice(loader->drafts[i].node.id), id))
            return i;
    }
    return -1;
}

/* The user's own node; NULL in `output:` and when the tables are not known. */
static const struct plan_node *
own_node(const struct scope *scope)
{
    struct loader *loader = scope->loader;
    if (loader->graph_is_broken || scope->leaf->draft == LEAF_OF_OUTPUT)
        return NULL;
    return &loader->plan->nodes[loader->drafts[scope->leaf->draft].position];
}

static bool
is_inherited(const struct plan_table *table, const struct plan_node *node)
{
    for (uint16_t i = 0; i < table->inherited_count; i++) {
        if (table->inherited[i] == node->index)
            return true;
    }
    return false;
}

/* Only steps that the reader could name without an error are offered. */
static bool
may_be_seen(const struct scope *scope, uint16_t index)
{
    const struct loader *loader = scope->loader;
    const struct plan *plan = loader->plan;
    if (loader->graph_is_broken)
        return true;
    const struct plan_node *node = &plan->nodes[loader->drafts[index].position];
    if (scope->leaf->draft == LEAF_OF_OUTPUT)
        return load_is_one_item(plan, node);
    if (!step_set_has(&loader->drafts[scope->leaf->draft].upstream, index))
        return false;
    const struct plan_table *own = &plan->tables[own_node(scope)->table];
    bool is_own = node->makes_table < 0 && !node->is_side && node->table == own->index;
    return is_own || is_inherited(own, node) || load_is_one_item(plan, node);
}

static const char *
nearest_step(const struct scope *scope, struct slice wrong)
{
    const char *names[LOAD_STEPS_MAX];
    size_t count = 0;
    for (uint16_t i = 0; i < scope->loader->draft_count; i++) {
        struct slice id = slice_cut(value_slice(scope->loader->drafts[i].node.id), NAME_BYTES);
        if (may_be_seen(scope, i))
            names[count++] = arena_format(scope->loader->scratch, "%.*s", SLICE_FORMAT(id));
    }
    return slice_nearest(wrong, names, count);
}

static void
explain_hidden(const struct scope *scope, uint16_t index, size_t offset)
{
    struct loader *loader = scope->loader;
    const struct plan *plan = loader->plan;
    const struct plan_node *node = &plan->nodes[loader->drafts[index].position];
    const struct plan_node *own = own_node(scope);
    struct slice id = slice_cut(value_slice(node->id), NAME_BYTES);
    struct slice table = slice_cut(value_slice(plan->tables[node->table].name), NAME_BYTES);
    if (own != NULL && own->index == node->index)
        complain(scope, offset, NULL, "the step \"%.*s\" cannot use its own value",
                 SLICE_FORMAT(id));
    else if (node->makes_table >= 0 && node->decl->shape != STEP_SHAPE_SINK)
        complain(scope, offset, "item", "the %s \"%.*s\" has no value: its rows are seen as item",
                 node->decl->shape == STEP_SHAPE_SOURCE ? "source" : "step", SLICE_FORMAT(id));
    else if (!load_is_one_item(plan, node) && (own == NULL || own->table != node->table))
        complain(scope, offset, NULL,
                 "the step \"%.*s\" works on the rows of \"%.*s\" and is not known outside them",
                 SLICE_FORMAT(id), SLICE_FORMAT(table));
    else
        complain(scope, offset, NULL,
                 "the step \"%.*s\" does not come before \"%.*s\": add it to its needs",
                 SLICE_FORMAT(id), SLICE_FORMAT(slice_cut(value_slice(own->id), NAME_BYTES)));
}

static void
check_steps(const struct scope *scope, const struct slice *names, size_t count, size_t offset)
{
    if (count == 0)
        return;
    int index = find_draft(scope->loader, names[0]);
    if (index < 0)
        complain(scope, offset, nearest_step(scope, names[0]), "there is no step \"%.*s\"",
                 SLICE_FORMAT(slice_cut(names[0], NAME_BYTES)));
    else if (!may_be_seen(scope, (uint16_t)index))
        explain_hidden(scope, (uint16_t)index, offset);
}

/* In the table of the run's input, and in `output:`, the item is the input. */
static bool
item_is_input(const struct scope *scope)
{
    if (scope->loader->graph_is_broken)
        return false;
    const struct plan_node *own = own_node(scope);
    return own == NULL || own->table == 0;
}

static bool
sees_parent(const struct scope *scope)
{
    const struct plan_node *own = own_node(scope);
    return own != NULL && scope->loader->plan->tables[own->table].has_parent;
}

/* `parent` is what an expanded row came from. */
static void
check_parent(const struct scope *scope, const struct slice *names, size_t count, size_t offset)
{
    if (scope->loader->graph_is_broken)
        return;
    if (!sees_parent(scope))
        complain(scope, offset, NULL, "only rows that an expand step made have a \"parent\"");
    else if (count > 0 && !is_one_of(names[0], parent_names, COUNT_OF(parent_names)))
        complain(scope, offset, slice_nearest(names[0], parent_names, COUNT_OF(parent_names)),
                 "\"parent\" has no \"%.*s\", expected item, steps or parent",
                 SLICE_FORMAT(slice_cut(names[0], NAME_BYTES)));
}

static void
check_root(const struct scope *scope, struct slice name, size_t offset)
{
    const char *known[COUNT_OF(root_names) + FIELD_ROOTS_MAX];
    size_t count = COUNT_OF(root_names) - !sees_parent(scope);
    memcpy(known, root_names, sizeof(root_names));
    for (const char *const *more = scope->leaf->roots; more != NULL && *more != NULL; more++) {
        assert(count < COUNT_OF(known));
        known[count++] = *more;
    }
    if (!is_one_of(name, known, count))
        complain(scope, offset, slice_nearest(name, known, count),
                 "unknown name \"%.*s\", expected %s", SLICE_FORMAT(slice_cut(name, NAME_BYTES)),
                 load_join(scope->loader->scratch, known, count));
}

/* Whether they are there is known when a run starts. */
static void
note_var(const struct scope *scope, struct slice name)
{
    struct plan *plan = scope->loader->plan;
    for (uint32_t i = 0; i < plan->var_count; i++) {
        if (slice_equal(plan->var_names[i], name))
            return;
    }
    if (plan->var_count == LIMIT_VARS)
        return;
    if (plan->var_names == NULL)
        plan->var_names = load_take(scope->loader, LIMIT_VARS, sizeof(*plan->var_names));
    plan->var_names[plan->var_count++] = arena_copy(scope->loader->arena, name);
}

static void
check_path(const struct slice *names, size_t count, size_t offset, void *context)
{
    const struct scope *scope = context;
    scope->loader->plan->reads_vars |= count == 0 || slice_is(names[0], "vars");
    if (count == 0 || scope->loader->problems->count == PROBLEMS_MAX)
        return;
    const struct slice *rest = names + 1;
    if (slice_is(names[0], "vars") && count > 1)
        note_var(scope, names[1]);
    if (slice_is(names[0], "steps"))
        check_steps(scope, rest, count - 1, offset);
    else if (slice_is(names[0], "run"))
        check_run(scope, rest, count - 1, offset);
    else if (slice_is(names[0], "parent"))
        check_parent(scope, rest, count - 1, offset);
    else if (slice_is(names[0], "input") || (slice_is(names[0], "item") && item_is_input(scope)))
        check_input(scope, rest, count - 1, offset);
    else if (slice_is(names[0], "secrets"))
        complain(scope, offset, NULL,
                 "secrets are no values: write {{secrets.NAME}} by itself, in headers or auth of "
                 "outgoing calls");
    else
        check_root(scope, names[0], offset);
}

static void
check_secret(struct slice name, size_t offset, void *context)
{
    const struct scope *scope = context;
    if (!scope->leaf->takes_secrets && scope->loader->problems->count < PROBLEMS_MAX)
        complain(scope, offset, NULL,
                 "the secret \"%.*s\" may not be used here: secrets stand in headers and auth of "
                 "outgoing calls alone",
                 SLICE_FORMAT(name));
}

void
load_names(struct loader *loader)
{
    for (const struct leaf *leaf = loader->leaves; leaf != NULL; leaf = leaf->next) {
        struct scope scope = {.loader = loader, .leaf = leaf};
        if (leaf->expr != NULL)
            expr_each_root_path(leaf->expr, check_path, &scope);
        else if (leaf->markup != NULL)
            markup_each_root_path(leaf->markup, check_path, &scope);
        else
            template_each_root_path(leaf->template, check_path, &scope);
        if (leaf->template != NULL)
            template_each_secret(leaf->template, check_secret, &scope);
    }
}
