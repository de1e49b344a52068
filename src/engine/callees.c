#include "engine/callees.h"

#include "base/digest.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/programs.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

/* Names, ids and workflow values of LIMIT_CALLEES workflows. */
#define CALLEES_BYTES MIB(1)

struct finding {
    const struct callees_options *options;
    struct callees *callees;
    struct error *error;
};

static struct callee *
find_name(struct callees *callees, struct value name)
{
    for (uint32_t i = 0; i < callees->count; i++) {
        if (value_equal(callees->list[i].name, name))
            return &callees->list[i];
    }
    return NULL;
}

const struct callee *
callee_of(const struct callees *callees, const struct plan_node *node)
{
    struct value name = plan_node_callee(node);
    for (uint32_t i = 0; i < callees->count; i++) {
        if (slice_equal(value_slice(callees->list[i].name), value_slice(name)))
            return &callees->list[i];
    }
    assert(!"every workflow that a step calls was found when the run was started");
    return NULL;
}

/* --- one workflow --- */

/* One that was deleted goes on in the runs that have pinned it. */
static enum status
read_pinned(const struct finding *finding, const struct id *id, struct value name,
            struct workflow_row *row)
{
    enum status status =
        store_workflow_get(finding->options->store, &finding->callees->arena, id, row);
    if (status != STATUS_NOT_FOUND)
        return status;
    *row = (struct workflow_row){
        .workspace = finding->options->workspace,
        .id = *id,
        .slug = value_slice(name),
        .name = value_slice(name),
    };
    return STATUS_OK;
}

/* By the id that is pinned, else by the id or the slug that the step names. */
static enum status
read_workflow(const struct finding *finding, struct value name, struct value pin,
              struct workflow_row *row)
{
    struct store *store = finding->options->store;
    struct arena *arena = &finding->callees->arena;
    struct value pinned = value_get(pin, "id");
    struct id id;
    enum status status = STATUS_NOT_FOUND;
    if (pinned.kind == VALUE_STRING && id_parse(&id, value_slice(pinned)))
        return read_pinned(finding, &id, name, row);
    if (id_parse(&id, value_slice(name)))
        status = store_workflow_get(store, arena, &id, row);
    if (status == STATUS_NOT_FOUND)
        status = store_workflow_by_slug(store, arena, value_slice(name), row);
    if (status == STATUS_OK && !id_equal(&row->workspace, &finding->options->workspace))
        return STATUS_NOT_FOUND;
    return status;
}

static uint32_t
version_of(const struct workflow_row *row, struct value pin)
{
    int64_t pinned = 0;
    if (value_integer(value_get(pin, "version"), &pinned) && pinned > 0)
        return (uint32_t)pinned;
    return row->status == WORKFLOW_ARCHIVED ? 0 : row->published_version;
}

static enum status
fill_callee(const struct finding *finding, struct callee *callee)
{
    struct workflow_row row;
    struct value pin = value_find(finding->options->pins, value_slice(callee->name));
    enum status status = read_workflow(finding, callee->name, pin, &row);
    if (status == STATUS_NOT_FOUND)
        return error_set(finding->error, STATUS_INVALID,
                         "there is no workflow \"%.*s\" in this workspace: publish it first",
                         SLICE_FORMAT(value_slice(callee->name)));
    if (status != STATUS_OK)
        return error_set(finding->error, status, "the workflow \"%.*s\" could not be read",
                         SLICE_FORMAT(value_slice(callee->name)));
    callee->workflow = row.id;
    callee->version = version_of(&row, pin);
    if (callee->version == 0)
        return error_set(finding->error, STATUS_INVALID,
                         "the workflow \"%.*s\" has no published version",
                         SLICE_FORMAT(value_slice(callee->name)));
    callee->workflow_value = workflow_value_make(&finding->callees->arena, &row, callee->version);
    return programs_get(finding->options->programs, &callee->workflow, callee->version,
                        &callee->program, finding->error);
}

/* --- all of them --- */

static enum status
add_callees_of(const struct finding *finding, const struct program *program)
{
    struct callees *callees = finding->callees;
    for (uint16_t i = 0; i < program->plan->node_count; i++) {
        const struct plan_node *node = &program->plan->nodes[i];
        struct value name = plan_node_callee(node);
        if (name.kind == VALUE_NONE || find_name(callees, name) != NULL)
            continue;
        if (callees->count == LIMIT_CALLEES)
            return error_set(finding->error, STATUS_INVALID,
                             "more than %d workflows are called, with those that they call",
                             LIMIT_CALLEES);
        struct callee *callee = &callees->list[callees->count++];
        callee->name = value_string_copy(&callees->arena, value_slice(name));
        enum status status = fill_callee(finding, callee);
        if (status != STATUS_OK) {
            error_prepend(finding->error, "step \"%.*s\" of \"%.*s\"",
                          SLICE_FORMAT(value_slice(node->id)),
                          SLICE_FORMAT(value_slice(program->plan->slug)));
            return status;
        }
    }
    return STATUS_OK;
}

/* --- their order --- */

static void
add_pins(struct buffer *text, const struct callee *callee)
{
    buffer_append(text, callee->workflow.bytes, ID_BYTES);
    buffer_append_int64(text, callee->version);
    buffer_append_byte(text, '\n');
}

static void
set_pins(struct callee *callee, struct buffer *below)
{
    add_pins(below, callee);
    struct digest digest = digest_of(buffer_slice(below));
    memcpy(callee->pins, digest.bytes, sizeof(callee->pins));
}

static enum status
complain_of_circle(const struct finding *finding, const struct callee *callee)
{
    return error_set(finding->error, STATUS_INVALID,
                     "workflows call each other in a circle, \"%.*s\" among them: such calls would "
                     "not end",
                     SLICE_FORMAT(value_slice(callee->name)));
}

/* `above`: how many stand above it, the run's own workflow included. */
static enum status
order_callee(const struct finding *finding, struct callee *callee, unsigned above)
{
    if (callee->is_on_path)
        return complain_of_circle(finding, callee);
    if (above > LIMIT_TREE_DEPTH)
        return error_set(finding->error, STATUS_INVALID,
                         "workflows call each other more than %d deep, \"%.*s\" at the end",
                         LIMIT_TREE_DEPTH, SLICE_FORMAT(value_slice(callee->name)));
    if (callee->depth > 0 && above + callee->depth - 1 <= LIMIT_TREE_DEPTH)
        return STATUS_OK;
    const struct plan *plan = callee->program->plan;
    struct buffer pins;
    buffer_init(&pins, KIB(64));
    callee->is_on_path = true;
    callee->is_pure = plan->is_inline;
    callee->depth = 1;
    enum status status = STATUS_OK;
    for (uint16_t i = 0; i < plan->node_count && status == STATUS_OK; i++) {
        if (plan_node_callee(&plan->nodes[i]).kind == VALUE_NONE)
            continue;
        struct callee *below = find_name(finding->callees, plan_node_callee(&plan->nodes[i]));
        status = order_callee(finding, below, above + 1);
        callee->is_pure &= below->is_pure;
        callee->depth = below->depth >= callee->depth ? (uint8_t)(below->depth + 1) : callee->depth;
        buffer_append(&pins, below->pins, sizeof(below->pins));
    }
    callee->is_on_path = false;
    set_pins(callee, &pins);
    buffer_done(&pins);
    return status;
}

enum status
callees_find(struct callees **out, const struct callees_options *options,
             const struct program *program, struct error *error)
{
    *out = NULL;
    if (!program->plan->calls_workflows)
        return STATUS_OK;
    struct callees *callees = mem_alloc(sizeof(*callees));
    arena_init(&callees->arena, CALLEES_BYTES);
    atomic_init(&callees->references, 1);
    struct finding finding = {options, callees, error};
    enum status status = add_callees_of(&finding, program);
    for (uint32_t i = 0; i < callees->count && status == STATUS_OK; i++)
        status = add_callees_of(&finding, callees->list[i].program);
    for (uint32_t i = 0; i < callees->count && status == STATUS_OK; i++)
        status = order_callee(&finding, &callees->list[i], 1);
    if (status == STATUS_OK)
        *out = callees;
    else
        callees_drop(&callees);
    return status;
}

bool
callees_are_pure(const struct callees *callees)
{
    for (uint32_t i = 0; callees != NULL && i < callees->count; i++) {
        if (!callees->list[i].is_pure)
            return false;
    }
    return true;
}

struct value
callees_pin(const struct callees *callees, struct value resolved, struct arena *arena)
{
    if (callees == NULL)
        return resolved;
    struct value pins = value_empty_object();
    for (uint32_t i = 0; i < callees->count; i++) {
        const struct callee *callee = &callees->list[i];
        char id[ID_HEX_BYTES];
        id_hex(&callee->workflow, id);
        struct member members[] = {
            {value_text("id"), value_string_copy(arena, slice_text(id))},
            {value_text("version"), value_int(callee->version)},
        };
        struct value name = value_string_copy(arena, value_slice(callee->name));
        pins = value_object_set(arena, pins, name,
                                value_object_new(arena, members, COUNT_OF(members)));
    }
    if (resolved.kind != VALUE_OBJECT)
        resolved = value_empty_object();
    return value_object_set(arena, resolved, value_text("workflows"), pins);
}

void
callees_hold(struct callees *callees)
{
    if (callees != NULL)
        atomic_fetch_add_explicit(&callees->references, 1, memory_order_relaxed);
}

void
callees_drop(struct callees **callees)
{
    struct callees *gone = *callees;
    *callees = NULL;
    if (gone == NULL || atomic_fetch_sub_explicit(&gone->references, 1, memory_order_acq_rel) > 1)
        return;
    for (uint32_t i = 0; i < gone->count; i++)
        program_drop(&gone->list[i].program);
    arena_done(&gone->arena);
    mem_free(gone);
}
