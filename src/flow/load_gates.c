#include "flow/load.h"

#include "base/mem.h"

/* A step that acts once on all rows of a table cannot stand among the rows. The loader puts a tap
 * before it, under an id that nobody can write: the step stands behind the tap's file, which holds
 * the rows and is complete when all of them are there. Whoever needs a step that decides for them
 * (step_decl.gate_writer), as an approval, goes on with the rows, and waits for it. One that only
 * tells of them (step_decl.tap_writer) is to the rows what a tap is: they do not wait. */

static bool
is_per(struct loader *loader, const struct draft *draft, const char *what)
{
    struct spot per = load_field_spot(loader, draft, "per");
    return per.at != NULL && per.at->value.kind == VALUE_STRING &&
           slice_is(value_slice(per.at->value), what);
}

bool
load_acts_as_tap(struct loader *loader, const struct draft *draft)
{
    const struct step_decl *decl = draft->node.decl;
    if (decl == NULL)
        return false;
    return decl->shape == STEP_SHAPE_SINK ||
           (decl->tap_writer != NULL && is_per(loader, draft, "table"));
}

static bool has_many_rows(struct loader *loader, uint16_t index, struct step_set *seen);

/* Whether what stands behind that draft works on many items. */
static bool
gives_many_rows(struct loader *loader, uint16_t index, struct step_set *seen)
{
    const struct draft *draft = &loader->drafts[index];
    const struct step_decl *decl = draft->node.decl;
    enum step_shape shape = decl == NULL ? STEP_SHAPE_VALUE : decl->shape;
    if (shape == STEP_SHAPE_SOURCE || shape == STEP_SHAPE_RESHAPE)
        return true;
    return !load_acts_as_tap(loader, draft) && has_many_rows(loader, index, seen);
}

static bool
has_many_rows(struct loader *loader, uint16_t index, struct step_set *seen)
{
    const struct draft *draft = &loader->drafts[index];
    if (step_set_has(seen, index))
        return false;
    step_set_add(seen, index);
    for (uint16_t i = 0; i < draft->need_count; i++) {
        if (gives_many_rows(loader, draft->list[i].draft, seen))
            return true;
    }
    return false;
}

/* Of the sink that gathers the rows for that draft; NULL: it stands among them. */
static const char *
writer_of(struct loader *loader, uint16_t index)
{
    const struct draft *draft = &loader->drafts[index];
    const struct step_decl *decl = draft->node.decl;
    const char *writer = NULL;
    struct step_set seen = {{0}};
    if (decl != NULL && decl->tap_writer != NULL && is_per(loader, draft, "table"))
        writer = decl->tap_writer;
    else if (decl != NULL && decl->gate_writer != NULL && !is_per(loader, draft, "item"))
        writer = decl->gate_writer;
    return writer != NULL && has_many_rows(loader, index, &seen) ? writer : NULL;
}

static void
set_fields(struct loader *loader, struct plan_node *node)
{
    const struct step_decl *decl = node->decl;
    node->fields = load_take(loader, decl->field_count, sizeof(*node->fields));
    for (size_t i = 0; i < decl->field_count; i++)
        node->fields[i].decl = &decl->fields[i];
}

static bool
needs(const struct draft *draft, uint16_t index)
{
    for (uint16_t i = 0; i < draft->need_count; i++) {
        if (draft->list[i].draft == index)
            return true;
    }
    return false;
}

static void
add_rows(struct draft *draft, const struct draft *tap)
{
    size_t room = (size_t)draft->need_count + tap->need_count;
    draft->list = mem_resize(draft->list, room * sizeof(*draft->list));
    for (uint16_t i = 0; i < tap->need_count; i++) {
        if (!needs(draft, tap->list[i].draft))
            draft->list[draft->need_count++] = tap->list[i];
    }
}

static void
let_rows_pass(struct loader *loader, uint16_t index, uint16_t tap)
{
    for (uint16_t i = 0; i < tap; i++) {
        if (i != index && needs(&loader->drafts[i], index))
            add_rows(&loader->drafts[i], &loader->drafts[tap]);
    }
}

static void
put_tap_before(struct loader *loader, uint16_t index, const char *writer)
{
    struct draft *gate = &loader->drafts[index];
    const struct step_decl *decl = catalog_find(loader->catalog, slice_text(writer));
    if (loader->draft_count >= LOAD_STEPS_MAX || decl == NULL) {
        load_problem(loader, gate->spot, NULL, "there is no room for more steps");
        loader->graph_is_broken = true;
        return;
    }
    uint16_t at = loader->draft_count++;
    struct draft *tap = &loader->drafts[at];
    *tap = (struct draft){.spot = gate->spot,
                          .node = {.makes_table = -1,
                                   .decl = decl,
                                   .attempts = 1,
                                   .line = gate->node.line,
                                   .column_at = 0},
                          .list = gate->list,
                          .need_count = gate->need_count,
                          .follows_tap = gate->follows_tap};
    tap->node.id = value_text(arena_format(loader->arena, "%.*s" PLAN_ROWS_ENDING,
                                           SLICE_FORMAT(value_slice(gate->node.id))));
    set_fields(loader, &tap->node);
    gate->list = mem_alloc_array(1, sizeof(*gate->list));
    gate->list[0] = (struct need){.draft = at, .label = PLAN_LABEL_ANY};
    gate->need_count = 1;
    gate->follows_tap = false;
    if (writer == gate->node.decl->gate_writer)
        let_rows_pass(loader, index, at);
}

void
load_gates(struct loader *loader)
{
    uint16_t count = loader->draft_count;
    for (uint16_t i = 0; i < count && !loader->graph_is_broken; i++) {
        const char *writer = writer_of(loader, i);
        if (writer != NULL)
            put_tap_before(loader, i, writer);
    }
}
