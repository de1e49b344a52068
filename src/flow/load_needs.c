#include "flow/load.h"

#include "base/buffer.h"
#include "base/mem.h"

#include <assert.h>
#include <inttypes.h>

#define NAME_BYTES 64

static int
find_draft(const struct loader *loader, struct slice id)
{
    for (uint16_t i = 0; i < loader->draft_count; i++) {
        if (slice_equal(value_slice(loader->drafts[i].node.id), id))
            return i;
    }
    return -1;
}

static const char *
nearest_step(struct loader *loader, struct slice wrong)
{
    const char *names[LOAD_STEPS_MAX];
    for (uint16_t i = 0; i < loader->draft_count; i++) {
        struct slice id = slice_cut(value_slice(loader->drafts[i].node.id), NAME_BYTES);
        names[i] = arena_format(loader->scratch, "%.*s", SLICE_FORMAT(id));
    }
    return slice_nearest(wrong, names, loader->draft_count);
}

static const char *
nearest_label(struct loader *loader, const struct plan_node *branch, struct slice wrong)
{
    const char *names[PLAN_LABEL_ANY];
    for (uint8_t i = 0; i < branch->label_count; i++) {
        struct slice label = slice_cut(value_slice(branch->labels[i]), NAME_BYTES);
        names[i] = arena_format(loader->scratch, "%.*s", SLICE_FORMAT(label));
    }
    return slice_nearest(wrong, names, branch->label_count);
}

/* The label's index; PLAN_LABEL_ANY after a complaint. */
static uint8_t
find_label(struct loader *loader, struct spot spot, const struct plan_node *from,
           struct slice label)
{
    for (uint8_t i = 0; i < from->label_count; i++) {
        if (slice_equal(value_slice(from->labels[i]), label))
            return i;
    }
    loader->graph_is_broken = true;
    if (load_only_counts(loader))
        return PLAN_LABEL_ANY;
    int size = (int)slice_cut(label, NAME_BYTES).size;
    int id_size = (int)from->id.count;
    /* A branch whose labels could not be read has been complained of already. */
    if (from->decl != NULL && from->decl->shape != STEP_SHAPE_BRANCH)
        load_problem(loader, spot, NULL, "\"%.*s\" is not a condition and has no label \"%.*s\"",
                     id_size, from->id.text, size, label.ptr);
    else if (from->label_count > 0)
        load_problem(loader, spot, nearest_label(loader, from, label),
                     "the condition \"%.*s\" has no label \"%.*s\"", id_size, from->id.text, size,
                     label.ptr);
    return PLAN_LABEL_ANY;
}

static bool
need_is_known(const struct draft *draft, struct need need)
{
    for (uint16_t i = 0; i < draft->need_count; i++) {
        if (draft->list[i].draft == need.draft && draft->list[i].label == need.label)
            return true;
    }
    return false;
}

static void
add_need(struct draft *draft, struct need need)
{
    draft->list[draft->need_count++] = need;
}

bool
load_need(struct loader *loader, struct spot spot, struct need *need)
{
    if (!load_is_kind(loader, spot, VALUE_STRING, "a step id")) {
        loader->graph_is_broken = true;
        return false;
    }
    struct slice text = value_slice(spot.at->value);
    const char *dot = text.size == 0 ? NULL : memchr(text.ptr, '.', text.size);
    struct slice id = dot == NULL ? text : slice_of(text.ptr, (size_t)(dot - text.ptr));
    int from = find_draft(loader, id);
    if (from < 0) {
        loader->graph_is_broken = true;
        if (!load_only_counts(loader))
            load_problem(loader, spot, nearest_step(loader, id), "there is no step \"%.*s\"",
                         SLICE_FORMAT(slice_cut(id, NAME_BYTES)));
        return false;
    }
    *need = (struct need){.draft = (uint16_t)from, .label = PLAN_LABEL_ANY};
    if (dot != NULL)
        need->label = find_label(loader, spot, &loader->drafts[from].node,
                                 slice_of(dot + 1, text.size - id.size - 1));
    return true;
}

/* One of `needs`: "id" or "id.label". */
static void
read_need(struct loader *loader, struct draft *draft, struct spot spot)
{
    struct need need;
    if (!load_need(loader, spot, &need))
        return;
    if (!need_is_known(draft, need))
        add_need(draft, need);
    else if (!loader->graph_is_broken)
        load_problem(loader, spot, NULL, "\"%.*s\" is named twice",
                     SLICE_FORMAT(slice_cut(value_slice(spot.at->value), NAME_BYTES)));
}

static void
read_needs(struct loader *loader, struct draft *draft)
{
    struct spot needs = draft->needs;
    bool is_list = needs.at->value.kind == VALUE_ARRAY;
    uint32_t count = is_list ? needs.at->count : 1;
    if (count > LOAD_STEPS_MAX) {
        load_problem(loader, needs, NULL, "at most %d needs, found %" PRIu32, LOAD_STEPS_MAX,
                     count);
        loader->graph_is_broken = true;
        return;
    }
    draft->list = mem_alloc_array(count, sizeof(*draft->list));
    if (!is_list) {
        read_need(loader, draft, needs);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        read_need(loader, draft, spot_item(loader->scratch, needs, i));
}

/* Without `needs` a step follows the one before it: a condition by its first label, a tap by
 * standing where the tap stands. */
static void
imply_needs(struct loader *loader, struct draft *draft, uint16_t before_index)
{
    const struct draft *before = &loader->drafts[before_index];
    if (load_acts_as_tap(loader, before)) {
        draft->follows_tap = true;
        draft->list = mem_alloc_array(before->need_count, sizeof(*draft->list));
        for (uint16_t i = 0; i < before->need_count; i++)
            add_need(draft, before->list[i]);
        return;
    }
    bool is_branch = before->node.label_count > 0;
    draft->list = mem_alloc_array(1, sizeof(*draft->list));
    add_need(draft, (struct need){.draft = before_index, .label = is_branch ? 0 : PLAN_LABEL_ANY});
}

static void
resolve_needs(struct loader *loader)
{
    for (uint16_t i = 0; i < loader->draft_count; i++) {
        struct draft *draft = &loader->drafts[i];
        if (draft->needs.at != NULL)
            read_needs(loader, draft);
        else if (i > 0)
            imply_needs(loader, draft, (uint16_t)(i - 1));
    }
}

static bool
is_ready(const struct draft *draft, const struct step_set *placed)
{
    for (uint16_t i = 0; i < draft->need_count; i++) {
        if (!step_set_has(placed, draft->list[i].draft))
            return false;
    }
    return true;
}

/* A need that is not placed, which each draft of a cycle has. */
static uint16_t
unplaced_need(const struct draft *draft, const struct step_set *placed)
{
    for (uint16_t i = 0; i < draft->need_count; i++) {
        if (!step_set_has(placed, draft->list[i].draft))
            return draft->list[i].draft;
    }
    assert(!"a draft of a cycle has an unplaced need");
    return 0;
}

/* Goes back along unplaced needs until a step comes again, then round once more for the words. */
static void
complain_of_cycle(struct loader *loader, const struct step_set *placed, uint16_t start)
{
    struct step_set seen = {{0}};
    uint16_t at = start;
    while (!step_set_has(&seen, at)) {
        step_set_add(&seen, at);
        at = unplaced_need(&loader->drafts[at], placed);
    }
    uint16_t first = at;
    struct buffer words;
    buffer_init(&words, KIB(64));
    do {
        buffer_append_slice(&words, slice_cut(value_slice(loader->drafts[at].node.id), NAME_BYTES));
        buffer_append_text(&words, " needs ");
        at = unplaced_need(&loader->drafts[at], placed);
    } while (at != first);
    buffer_append_slice(&words, slice_cut(value_slice(loader->drafts[at].node.id), NAME_BYTES));
    const struct draft *draft = &loader->drafts[first];
    load_problem(loader, draft->needs.at != NULL ? draft->needs : draft->spot, NULL,
                 "steps need each other in a circle: %.*s", SLICE_FORMAT(buffer_slice(&words)));
    buffer_done(&words);
}

/* The order of the plan: each step behind its needs, otherwise as written. */
static void
sort_drafts(struct loader *loader)
{
    struct step_set placed = {{0}};
    for (uint16_t position = 0; position < loader->draft_count; position++) {
        uint16_t next = loader->draft_count;
        uint16_t first_left = loader->draft_count;
        for (uint16_t i = 0; i < loader->draft_count && next == loader->draft_count; i++) {
            if (step_set_has(&placed, i))
                continue;
            if (first_left == loader->draft_count)
                first_left = i;
            if (is_ready(&loader->drafts[i], &placed))
                next = i;
        }
        if (next == loader->draft_count) {
            complain_of_cycle(loader, &placed, first_left);
            loader->graph_is_broken = true;
            return;
        }
        step_set_add(&placed, next);
        loader->drafts[next].position = position;
        loader->order[position] = next;
    }
}

/* Everything that a step stands behind. */
static void
gather_upstream(struct loader *loader)
{
    for (uint16_t position = 0; position < loader->draft_count; position++) {
        struct draft *draft = &loader->drafts[loader->order[position]];
        for (uint16_t i = 0; i < draft->need_count; i++) {
            step_set_add(&draft->upstream, draft->list[i].draft);
            step_set_unite(&draft->upstream, &loader->drafts[draft->list[i].draft].upstream);
        }
    }
}

void
load_needs(struct loader *loader)
{
    resolve_needs(loader);
    load_gates(loader);
    load_sides(loader);
    sort_drafts(loader);
    if (!loader->graph_is_broken)
        gather_upstream(loader);
}
