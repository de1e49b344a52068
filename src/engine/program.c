#include "engine/program.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

const struct step_type *
step_type_of(const struct step_type *const *types, size_t count, const struct step_decl *decl)
{
    for (size_t i = 0; i < count; i++) {
        if (types[i]->decl == decl)
            return types[i];
    }
    assert(!"every declaration of the catalog has a type");
    return NULL;
}

/* Columns behind one node's edges; those of earlier nodes are known already, because nodes are in
 * topological order. */
static void
mark_upstream(const struct program *program, const struct plan_node *node, bool *seen)
{
    for (uint16_t e = 0; e < node->edge_count; e++) {
        if (node->edges[e].is_external)
            continue;
        const struct plan_node *from = &program->plan->nodes[node->edges[e].node];
        seen[from->column] = true;
        for (uint16_t i = 0; i < program->upstream_counts[from->index]; i++)
            seen[program->upstream[from->index][i]] = true;
    }
}

static void
program_find_upstream(struct program *program, const struct plan_node *node)
{
    bool seen[PLAN_NODES_MAX] = {false};
    mark_upstream(program, node, seen);

    uint16_t *columns = mem_alloc_array(node->column + 1u, sizeof(*columns));
    uint16_t count = 0;
    for (uint16_t column = 0; column < node->column; column++) {
        if (seen[column])
            columns[count++] = column;
    }
    program->upstream[node->index] = columns;
    program->upstream_counts[node->index] = count;
    program->is_chain[node->index] = count == node->column;
}

static bool
has_follow(const struct step_type *type, const struct plan_node *node)
{
    if (type->follow == NULL)
        return false;
    return type->follow_field == NULL || plan_node_field(node, type->follow_field)->is_given;
}

static struct pace_limit
limit_of(const struct plan_node *node)
{
    struct pace_limit limit = {0};
    for (size_t i = 0; i < node->decl->field_count; i++) {
        const struct config_field *field = &node->fields[i];
        if (!field->is_given && field->decl->usual != NULL)
            field = field->decl->usual;
        if (!field->decl->is_apart || !field->is_given)
            continue;
        if (strcmp(field->decl->name, STEP_FIELD_RATE) == 0 &&
            rate_parse(&limit.rate, value_slice(field->literal), NULL) != STATUS_OK)
            assert(!"it was checked when it was loaded");
        if (strcmp(field->decl->name, STEP_FIELD_PER_HOST) == 0)
            limit.at_once = (uint32_t)field->literal.integer;
    }
    return limit;
}

static bool
asks_models(const struct step_decl *decl)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (decl->fields[i].kind == FIELD_MODEL)
            return true;
    }
    return false;
}

struct program *
program_new(struct plan *plan, const struct step_table *types)
{
    struct program *program = mem_alloc(sizeof(*program));
    program->plan = plan;
    program->references = 1;
    program->types = mem_alloc_array(plan->node_count, sizeof(*program->types));
    program->upstream_counts = mem_alloc_array(plan->node_count, sizeof(uint16_t));
    program->upstream = mem_alloc_array(plan->node_count, sizeof(uint16_t *));
    program->is_chain = mem_alloc_array(plan->node_count, sizeof(bool));
    program->has_follow = mem_alloc_array(plan->node_count, sizeof(bool));
    program->limits = mem_alloc_array(plan->node_count, sizeof(*program->limits));
    for (uint16_t i = 0; i < plan->node_count; i++) {
        program->types[i] = step_type_of(types->types, types->count, plan->nodes[i].decl);
        program->limits[i] = limit_of(&plan->nodes[i]);
        program->has_follow[i] = has_follow(program->types[i], &plan->nodes[i]);
        program_find_upstream(program, &plan->nodes[i]);
        program->uses_models |= asks_models(plan->nodes[i].decl);
        program->has_prices |= plan->nodes[i].decl->price_microcredits > 0;
    }
    return program;
}

/* The first finding of the schema, as words for a person. */
static void
keep_first(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    struct error *error = context;
    if (error->status == STATUS_OK)
        error_set(error, STATUS_INVALID, "input%s: %s", instance_path, words);
}

enum status
program_check_input(const struct program *program, struct value input, bool any,
                    struct error *error)
{
    const struct schema *schema = program->plan->input_schema;
    if (input.kind != VALUE_OBJECT && !any)
        return error_set(error, STATUS_INVALID, "input: expected an object, found %s",
                         value_kind_name(input));
    *error = (struct error){0};
    if (schema == NULL || schema_check(schema, input, keep_first, error) == STATUS_OK)
        return STATUS_OK;
    return STATUS_INVALID;
}

void
program_hold(struct program *program)
{
    program->references++;
}

void
program_drop(struct program **program)
{
    struct program *gone = *program;
    *program = NULL;
    if (gone == NULL || --gone->references > 0)
        return;

    for (uint16_t i = 0; i < gone->plan->node_count; i++)
        mem_free(gone->upstream[i]);
    mem_free(gone->upstream);
    mem_free(gone->upstream_counts);
    mem_free(gone->is_chain);
    mem_free(gone->has_follow);
    mem_free(gone->limits);
    mem_free(gone->types);
    plan_drop(&gone->plan);
    mem_free(gone);
}
