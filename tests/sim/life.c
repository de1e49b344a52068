#include "life.h"

#include "answers.h"
#include "disk.h"
#include "outcome.h"
#include "telling.h"
#include "world.h"

#include "base/mem.h"
#include "store/simulated/simulated.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* --- what happens --- */

static void
draw_wish(struct world *world, struct story *story)
{
    static const enum story_wish wishes[] = {WISH_NONE, WISH_NONE, WISH_CANCEL, WISH_PAUSE};
    story->wish = wishes[world_below(world, COUNT_OF(wishes))];
    story->stays_cancelled = world_below(world, 2) == 0;
    story->is_in_place = world_below(world, 2) == 0;
    story->wanted = 1 + (uint32_t)world_below(world, STORY_SETTLED);
    story->start_at = world_below(world, 4) == 0 ? world_below(world, 300) : 0;
    story->act_at = story->start_at + world_below(world, world_below(world, 2) == 0 ? 60 : 1500);
    story->resume_after = world_below(world, 200);
}

/* With dice of its own: lives of before are as they were. */
static void
draw_line(struct world *world)
{
    struct rng rng;
    rng_seed(&rng, world->seed ^ UINT64_C(0x6c696e65));
    bool has_line = world->takes_up_runs && rng_below(&rng, 4) == 0;
    for (size_t i = 0; i < world->story_count && has_line; i++) {
        struct story *story = &world->stories[i];
        story->is_in_line = rng_below(&rng, 4) > 0;
        story->deadline_ms = rng_below(&rng, 8) == 0 ? 1000 + (int64_t)rng_below(&rng, 60000) : 0;
    }
}

static void
draw_stories(struct world *world, const struct scene *only)
{
    size_t count = 1 + world_below(world, world_below(world, 3) == 0 ? STORIES_MAX - 1 : 2);
    for (size_t i = 0; i < count; i++) {
        const struct scene *scene = only != NULL ? only : &scenes[world_below(world, scene_count)];
        if (world->ledger.is_scarce)
            scene = scene_find(world_below(world, 3) == 0 ? "asking_many" : "asking");
        draw_wish(world, world_add_story(world, scene));
    }
    if (world_below(world, 8) > 0 || world->ledger.is_scarce)
        return;
    /* One more client has the same idempotency key as the first. */
    struct story *first = &world->stories[0];
    struct story *twin = world_add_story(world, first->scene);
    draw_wish(world, twin);
    twin->start_at = first->start_at + world_below(world, 20);
    twin->twin = first;
    first->twin = twin;
}

/* --- what must hold --- */

static void
check_story(struct story *story)
{
    struct world *world = story->world;
    if (story->is_refused && story->is_stored)
        world_fail(world, "%s: refused and stored", story->name);
    if (story->is_refused)
        return;
    if (story->scene->is_late && story->ended > 0 && !story->was_late &&
        world->habits.clock_jump == 0 && world->habits.meddles == 0)
        world_fail(world, "%s: its deadline did not pass", story->name);
}

/* The first line in which the two differ. */
static void
print_difference(const struct story *story, struct slice got, struct slice want)
{
    size_t at = 0;
    size_t line = 0;
    for (; at < got.size && at < want.size && got.ptr[at] == want.ptr[at]; at++)
        line = got.ptr[at] == '\n' ? at + 1 : line;
    size_t from = at - line > 300 ? at - 300 : line;
    int got_size = (int)(got.size - from > 600 ? 600 : got.size - from);
    int want_size = (int)(want.size - from > 600 ? 600 : want.size - from);
    fprintf(stderr, "%s: came out as\n  %.*s\nand not as in an undisturbed life\n  %.*s\n",
            story->name, got_size, got.ptr + from, want_size, want.ptr + from);
}

static bool
compare_whole(const struct story *story, const struct outcome *got)
{
    const struct outcome *want = outcome_undisturbed(story->scene, story->ended);
    if (slice_equal(buffer_slice(&got->text), buffer_slice(&want->text)))
        return true;
    print_difference(story, buffer_slice(&got->text), buffer_slice(&want->text));
    return false;
}

/* Partial files are the beginning of what they would have become, whole ones all of it. */
static bool
compare_file(const struct story *story, const struct outcome_file *got,
             const struct outcome_file *want)
{
    struct slice whole = buffer_slice(&want->content);
    struct slice begin =
        slice_of(whole.ptr, got->is_partial && got->content.size < whole.size ? got->content.size
                                                                              : whole.size);
    if (slice_equal(buffer_slice(&got->content), begin))
        return true;
    print_difference(story, buffer_slice(&got->content), begin);
    return false;
}

static bool
compare_cancelled(const struct story *story, const struct outcome *got)
{
    const struct outcome *want = outcome_undisturbed(story->scene, story->ended + 1);
    for (size_t g = 0; g < got->file_count; g++) {
        for (size_t w = 0; w < want->file_count; w++) {
            if (strcmp(got->files[g].step, want->files[w].step) == 0 &&
                strcmp(got->files[g].item, want->files[w].item) == 0 &&
                !compare_file(story, &got->files[g], &want->files[w]))
                return false;
        }
    }
    return true;
}

static bool
compare(const struct story *story, const struct outcome *got)
{
    /* With few credits it is chance which calls are paid. */
    if (story->world->ledger.is_scarce)
        return true;
    /* A wall clock that is set back may let a late one pass. */
    if (story->is_refused || story->was_late || story->scene->is_late || story->is_meddled)
        return true;
    if (story->state == RUN_STATE_CANCELLED)
        return compare_cancelled(story, got);
    return compare_whole(story, got);
}

static void
print_failure(const struct world *world)
{
    fprintf(stderr, "seed %llu: %s\n", (unsigned long long)world->seed, world->failure);
}

/* The world is gone when outcomes are compared, since an undisturbed one needs its disk. */
static bool
compare_all(const struct world *world, const struct outcome *outcomes)
{
    bool is_ok = true;
    for (size_t i = 0; i < world->story_count; i++)
        is_ok &= compare(&world->stories[i], &outcomes[i]);
    if (!is_ok)
        fprintf(stderr, "seed %llu: not as in an undisturbed life\n",
                (unsigned long long)world->seed);
    return is_ok;
}

static void
check_end(struct world *world, struct outcome *outcomes)
{
    if (!world->is_failed)
        server_check_end(world);
    for (size_t i = 0; i < world->story_count && !world->is_failed; i++) {
        struct story *story = &world->stories[i];
        check_story(story);
        if (!story->is_refused)
            outcome_read(&outcomes[i], story);
    }
    if (!world->is_failed)
        telling_check(world);
    if (!world->is_failed)
        answers_check(world);
    if (!world->is_failed)
        ledger_check(world);
}

/* --- the life --- */

static void
add_totals(struct life_totals *totals, const struct world *world)
{
    struct simulated_counts store = simulated_counts(world->store);
    struct disk_counts disk = disk_counts();
    totals->events += world->events;
    totals->deaths += world->deaths;
    totals->stops += world->stops;
    totals->repeats += world->server.repeats;
    totals->commit_faults += store.faults - store.deaths;
    totals->refusals += store.refusals;
    totals->disk_full += disk.full;
    totals->torn += disk.torn;
    totals->vanished += disk.vanished;
    for (size_t i = 0; i < world->server.served.count; i++)
        totals->calls += ((const struct served *)world->server.served.items[i])->sent;
    for (size_t i = 0; i < world->story_count; i++) {
        const struct story *story = &world->stories[i];
        totals->retries += story->generation > 1 ? story->generation - 1 : 0;
        totals->cancels += story->has_acted && story->wish == WISH_CANCEL;
        totals->pauses += story->has_acted && story->wish == WISH_PAUSE;
    }
}

bool
life_run(const struct life_options *options)
{
    assert(options->seed != 0);
    struct world *world = mem_alloc(sizeof(*world));
    struct outcome outcomes[STORIES_MAX] = {{.file_count = 0}};
    world_begin(world, options->seed, options->is_verbose);
    ledger_draw(world);
    draw_stories(world, options->only);
    draw_line(world);
    world_run(world);
    check_end(world, outcomes);
    add_totals(options->totals, world);
    world_end(world);
    bool is_ok = !world->is_failed;
    if (is_ok)
        is_ok = compare_all(world, outcomes);
    else
        print_failure(world);
    for (size_t i = 0; i < world->story_count; i++)
        outcome_done(&outcomes[i]);
    mem_free(world);
    return is_ok;
}
