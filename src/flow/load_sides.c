#include "flow/load.h"

#include "base/mem.h"

#include <inttypes.h>

/* A reshape that reads several tables has a node in each of them. The first is its own; the loader
 * adds a side for every further one. A side stands where the table's rows are taken and has an id
 * that nobody can write. */

struct spot
load_field_spot(struct loader *loader, const struct draft *draft, const char *name)
{
    struct spot none = {.at = NULL};
    if (draft->config.at == NULL || draft->config.at->value.kind != VALUE_OBJECT)
        return none;
    const char *pointer = arena_format(loader->scratch, "/%s", name);
    struct spot spot = spot_at_pointer(loader->scratch, draft->config, pointer);
    return spot.at == draft->config.at ? none : spot;
}

/* Keys are compiled again, for the rows of the other table. */
static void
compile_keys(struct loader *loader, uint16_t index)
{
    struct draft *side = &loader->drafts[index];
    const struct step_decl *decl = side->node.decl;
    size_t bytes = decl->field_count * sizeof(struct config_field);
    struct config_field *fields = arena_alloc(loader->arena, bytes);
    memcpy(fields, side->node.fields, bytes);
    side->node.fields = fields;
    for (size_t i = 0; i < decl->field_count; i++) {
        struct spot spot = load_field_spot(loader, side, decl->fields[i].name);
        if (decl->fields[i].kind == FIELD_KEYS && spot.at != NULL)
            load_keys(loader, spot, index, &fields[i]);
    }
}

/* Its draft; -1 after a complaint. */
static int
add_side(struct loader *loader, uint16_t reader, struct need need, uint32_t place)
{
    struct draft *from = &loader->drafts[reader];
    if (loader->draft_count >= LOAD_STEPS_MAX) {
        load_problem(loader, from->spot, NULL, "the joins and unions read more than %d tables",
                     LIMIT_SIDES);
        loader->graph_is_broken = true;
        return -1;
    }
    uint16_t index = loader->draft_count++;
    struct draft *side = &loader->drafts[index];
    *side = *from;
    side->reader = reader;
    side->node.is_side = true;
    side->node.id = value_text(arena_format(loader->arena, "%.*s/%" PRIu32,
                                            SLICE_FORMAT(value_slice(from->node.id)), place));
    side->list = mem_alloc_array(1, sizeof(*side->list));
    side->list[0] = need;
    side->need_count = 1;
    compile_keys(loader, index);
    return index;
}

/* The first need stays, each further one becomes the need of a side. */
static void
split_needs(struct loader *loader, uint16_t index)
{
    struct draft *draft = &loader->drafts[index];
    if (draft->need_count < 2)
        load_problem(loader, draft->needs.at != NULL ? draft->needs : draft->spot, NULL,
                     "\"%s\" needs two steps or more: needs: [first, second]",
                     draft->node.decl->name);
    for (uint16_t i = 1; i < draft->need_count; i++) {
        int side = add_side(loader, index, draft->list[i], i);
        if (side < 0)
            return;
        draft->list[i] = (struct need){.draft = (uint16_t)side, .label = PLAN_LABEL_ANY};
    }
}

static void
add_other(struct loader *loader, uint16_t index)
{
    struct draft *draft = &loader->drafts[index];
    struct spot spot = load_field_spot(loader, draft, draft->node.decl->reshape.other_field);
    struct need need;
    if (spot.at == NULL || spot.at->value.kind != VALUE_STRING || !load_need(loader, spot, &need))
        return;
    int side = add_side(loader, index, need, 1);
    if (side < 0)
        return;
    draft->list = mem_resize(draft->list, (draft->need_count + 1u) * sizeof(*draft->list));
    draft->list[draft->need_count++] =
        (struct need){.draft = (uint16_t)side, .label = PLAN_LABEL_ANY};
}

void
load_sides(struct loader *loader)
{
    uint16_t count = loader->draft_count;
    for (uint16_t i = 0; i < count; i++) {
        const struct step_decl *decl = loader->drafts[i].node.decl;
        if (decl == NULL || decl->shape != STEP_SHAPE_RESHAPE)
            continue;
        if (decl->reshape.reads_each_need)
            split_needs(loader, i);
        else if (decl->reshape.other_field != NULL)
            add_other(loader, i);
    }
}
