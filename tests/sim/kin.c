#include "kin.h"

#include "world.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

struct kin *
kin_find(const struct world *world, const struct id *run)
{
    for (size_t i = 0; i < world->kin.count; i++) {
        struct kin *kin = world->kin.items[i];
        if (id_equal(&kin->run, run))
            return kin;
    }
    return NULL;
}

struct story *
kin_story(struct world *world, const struct id *run)
{
    struct kin *kin = kin_find(world, run);
    return kin != NULL ? kin->story : world_story(world, run);
}

bool
kin_look(struct world *world, const struct id *run, enum run_state *state, uint32_t *generation)
{
    const struct kin *kin = kin_find(world, run);
    const struct story *story = world_story(world, run);
    if (kin != NULL) {
        *state = kin->state;
        *generation = kin->generation;
        return true;
    }
    if (story == NULL || !story->is_stored)
        return false;
    *state = story->state;
    *generation = story->generation;
    return true;
}

bool
kin_is_detached(const struct world *world, const struct kin *kin)
{
    for (; kin != NULL; kin = kin_find(world, &kin->parent)) {
        if (kin->parent_generation == 0)
            return true;
    }
    return false;
}

static bool
is_live(enum run_state state)
{
    return state == RUN_STATE_QUEUED || state == RUN_STATE_RUNNING || state == RUN_STATE_WAITING;
}

/* It begins, or begins anew: for the generation that its parent is in. */
static void
check_begin(struct world *world, const struct kin *kin, const struct run_row *row)
{
    enum run_state above = RUN_STATE_QUEUED;
    uint32_t generation = 0;
    if (!kin_look(world, &kin->parent, &above, &generation))
        world_fail(world, "%s: a run below one that is not stored", kin->story->name);
    if (row->parent_generation > generation)
        world_fail(world, "%s: a run below generation %u of one that is in %u", kin->story->name,
                   row->parent_generation, generation);
    /* A retry that was on its way when the cancel came is ended with the others. */
    if (row->generation > 1 || row->parent_generation < generation)
        return;
    if (!is_live(above))
        world_fail(world, "%s: a run is stored below one that is %s", kin->story->name,
                   run_state_name(above));
}

static void
check_move(struct world *world, const struct kin *kin, const struct run_row *row)
{
    bool was_over = run_state_is_ended(kin->state);
    if (was_over && (row->generation != kin->generation + 1 || row->state != RUN_STATE_QUEUED))
        world_fail(world, "%s: generation %u below it had ended %s and is now %s", kin->story->name,
                   kin->generation, run_state_name(kin->state), run_state_name(row->state));
    bool is_own = row->parent_generation == 0; /* retried by itself */
    if (was_over && !is_own && row->parent_generation <= kin->parent_generation)
        world_fail(world, "%s: a run below it is begun twice for generation %u", kin->story->name,
                   row->parent_generation);
    if (!was_over && row->generation != kin->generation)
        world_fail(world, "%s: generation %u below it begins before %u has ended", kin->story->name,
                   row->generation, kin->generation);
}

/* Only what its parent asks for comes to an end of its own. */
static void
check_end(struct world *world, const struct kin *kin, const struct run_row *row)
{
    enum run_state above = RUN_STATE_QUEUED;
    uint32_t generation = 0;
    bool is_there = kin_look(world, &kin->parent, &above, &generation);
    if (row->state != RUN_STATE_COMPLETED && row->state != RUN_STATE_FAILED)
        return;
    if (row->parent_generation == 0)
        return;
    if (!is_there || !is_live(above) || generation != row->parent_generation)
        world_fail(world,
                   "%s: a run below it is %s while its parent is %s in generation %u, not %u",
                   kin->story->name, run_state_name(row->state), run_state_name(above), generation,
                   row->parent_generation);
}

static struct kin *
kin_add(struct world *world, const struct run_row *row)
{
    struct kin *kin = mem_alloc(sizeof(*kin));
    kin->run = row->id;
    kin->parent = row->parent;
    kin->story = kin_story(world, &row->parent);
    if (kin->story == NULL || !id_equal(&kin->story->run, &row->root)) {
        world_fail(world, "a run was stored below one that nobody asked for");
        mem_free(kin);
        return NULL;
    }
    bag_add(&world->kin, kin);
    return kin;
}

void
kin_note(struct world *world, const struct run_row *row)
{
    struct kin *kin = kin_find(world, &row->id);
    bool is_new = kin == NULL;
    if (is_new)
        kin = kin_add(world, row);
    if (kin == NULL)
        return;
    if (!is_new)
        check_move(world, kin, row);
    if (is_new || row->generation > kin->generation)
        check_begin(world, kin, row);
    check_end(world, kin, row);
    kin->state = row->state;
    kin->generation = row->generation;
    kin->parent_generation = row->parent_generation;
    char id[ID_HEX_BYTES];
    id_hex(&kin->run, id);
    world_trace(world, "%s: below it %s generation %u (for %u) is %s", kin->story->name, id,
                row->generation, row->parent_generation, run_state_name(row->state));
}

bool
kin_have_ended(const struct world *world)
{
    for (size_t i = 0; i < world->kin.count; i++) {
        const struct kin *kin = world->kin.items[i];
        if (!run_state_is_ended(kin->state))
            return false;
    }
    return true;
}

/* --- somebody meddles --- */

struct meddling {
    struct world *world;
    struct id run;
};

static void
on_moved(enum status status, void *context)
{
    struct meddling *meddling = context;
    struct kin *kin = kin_find(meddling->world, &meddling->run);
    if (kin != NULL && !meddling->world->is_dead)
        kin->is_asking = false;
    if (!meddling->world->is_dead && status != STATUS_OK && status != STATUS_CONFLICT)
        world_fail(meddling->world, "a move of a run below %s was answered %s", kin->story->name,
                   status_name(status));
    mem_free(meddling);
}

typedef void move_fn(struct engine *engine, const struct id *run, const struct run_asker *asker);

static void
retry_pinned(struct engine *engine, const struct id *run, const struct run_asker *asker)
{
    engine_run_retry(engine, run, 0, 0, asker);
}

static void
ask(struct kin *kin, const char *what, move_fn *move)
{
    struct world *world = kin->story->world;
    struct meddling *meddling = mem_alloc(sizeof(*meddling));
    *meddling = (struct meddling){world, kin->run};
    kin->is_asking = true;
    world_trace(world, "%s: below it somebody asks for %s", kin->story->name, what);
    move(world->engine, &kin->run, &(struct run_asker){on_moved, meddling, NULL});
}

void
kin_meddle(struct world *world)
{
    if (world->kin.count == 0)
        return;
    struct kin *kin = world->kin.items[world_below(world, world->kin.count)];
    bool is_ended = run_state_is_ended(kin->state);
    if (kin->is_asking || kin->state == RUN_STATE_PAUSED || world->habits.meddles_left == 0)
        return;
    world->habits.meddles_left--;
    if (world_below(world, 4) > 0) {
        if (!is_ended)
            ask(kin, "pause", engine_run_pause);
        return;
    }
    kin->story->is_meddled = true;
    if (!is_ended)
        ask(kin, "cancel", engine_run_cancel);
    else if (world->takes_up_runs)
        ask(kin, "retry", retry_pinned);
}

bool
kin_resume(struct world *world)
{
    bool is_any = false;
    for (size_t i = 0; i < world->kin.count; i++) {
        struct kin *kin = world->kin.items[i];
        if (kin->state != RUN_STATE_PAUSED || kin->is_asking)
            continue;
        is_any = true;
        ask(kin, "resume", engine_run_resume);
    }
    return is_any;
}

void
kin_forget_asking(struct world *world)
{
    for (size_t i = 0; i < world->kin.count; i++)
        ((struct kin *)world->kin.items[i])->is_asking = false;
}

/* --- as text --- */

static char *
line_of(const struct kin *kin, struct store *store)
{
    struct arena arena;
    struct run_row row;
    struct buffer text;
    arena_init(&arena, MIB(4));
    buffer_init(&text, MIB(1));
    if (store_run_get(store, &arena, &kin->run, &row) == STATUS_OK)
        buffer_append_format(&text, "below %.*s %s %.*s %.*s", SLICE_FORMAT(row.input),
                             run_state_name(row.state), SLICE_FORMAT(row.output),
                             SLICE_FORMAT(row.error));
    char *line = mem_copy_text(text.ptr, text.size);
    buffer_done(&text);
    arena_done(&arena);
    return line;
}

static int
line_order(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

void
kin_print(struct buffer *out, const struct story *story)
{
    const struct world *world = story->world;
    char **lines = mem_alloc_array(world->kin.count + 1, sizeof(*lines));
    size_t count = 0;
    for (size_t i = 0; i < world->kin.count; i++) {
        const struct kin *kin = world->kin.items[i];
        if (kin->story == story)
            lines[count++] = line_of(kin, world->store);
    }
    qsort(lines, count, sizeof(*lines), line_order);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(out, lines[i]);
        buffer_append_byte(out, '\n');
        mem_free(lines[i]);
    }
    mem_free(lines);
}

void
kin_done(struct world *world)
{
    for (size_t i = 0; i < world->kin.count; i++)
        mem_free(world->kin.items[i]);
    bag_done(&world->kin);
}
