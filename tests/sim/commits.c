#include "commits.h"

#include "world.h"

#include "store/simulated/simulated.h"

#define BACKOFF_US_MIN 20000
#define BACKOFF_US_MAX 2000000

void
commits_push(struct world *world, struct intent *intent)
{
    if (commits_next_us(world) == INT64_MAX) {
        int64_t wait_us = 0;
        if (!world->is_calm && world->habits.commit_us_max > 0)
            wait_us = (int64_t)world_below(world, (uint64_t)world->habits.commit_us_max);
        world->commit_due_us = world->clock.mono_us + wait_us;
    }
    bag_add(intent->flow != NULL ? &world->bulk : &world->urgent, intent);
}

int64_t
commits_next_us(const struct world *world)
{
    bool is_any = world->urgent.count + world->bulk.count + world->batch.count > 0;
    return is_any ? world->commit_due_us : INT64_MAX;
}

/* A beginning of the lane. */
static void
take_some(struct world *world, struct bag *lane)
{
    size_t count = lane->count;
    if (!world->is_calm && count > 0 && world_below(world, 2) == 0)
        count = world_below(world, count + 1);
    for (size_t i = 0; i < count; i++)
        bag_add(&world->batch, bag_take(lane, 0));
}

static void
fill_batch(struct world *world)
{
    take_some(world, &world->urgent);
    take_some(world, &world->bulk);
    if (world->batch.count > 0)
        return;
    struct bag *lane = world->urgent.count > 0 ? &world->urgent : &world->bulk;
    if (lane->count > 0)
        bag_add(&world->batch, bag_take(lane, 0));
}

static void
note_committed(struct world *world, const struct intent *intent)
{
    if (intent->status != STATUS_OK)
        return;
    for (size_t i = 0; i < intent->op_count; i++)
        story_committed(world, &intent->ops[i]);
}

static enum status
commit_batch(struct world *world)
{
    struct bag *batch = &world->batch;
    struct error error = {0};
    enum status status =
        store_commit(world->store, (struct intent *const *)batch->items, batch->count, &error);
    world_trace(world, "commit of %zu: %s", batch->count, status_name(status));
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < batch->count; i++) {
        note_committed(world, batch->items[i]);
        bag_add(&world->reports, batch->items[i]);
    }
    batch->count = 0;
    return STATUS_OK;
}

void
commits_step(struct world *world)
{
    if (world->batch.count == 0)
        fill_batch(world);
    int64_t wait_us = 0;
    if (commit_batch(world) != STATUS_OK)
        wait_us = BACKOFF_US_MIN + (int64_t)world_below(world, BACKOFF_US_MAX - BACKOFF_US_MIN);
    else if (!world->is_calm && world->habits.commit_us_max > 0)
        wait_us = (int64_t)world_below(world, (uint64_t)world->habits.commit_us_max);
    world->commit_due_us = world->clock.mono_us + wait_us;
}

bool
commits_has_report(const struct world *world)
{
    return world->reports.count > 0;
}

void
commits_report(struct world *world)
{
    struct intent *intent = bag_take(&world->reports, 0);
    intent->done(intent);
}

void
commits_kill(struct world *world)
{
    struct simulated_faults none = {0};
    simulated_set_faults(world->store, &none);
    if (world->batch.count == 0)
        fill_batch(world);
    if (world->batch.count > 0 && world_below(world, 2) == 0)
        status_ignore(commit_batch(world));
}

static void
give_up_all(struct bag *bag)
{
    while (bag->count > 0) {
        struct intent *intent = bag_take(bag, 0);
        intent->status = STATUS_UNAVAILABLE;
        intent->done(intent);
    }
}

void
commits_give_up(struct world *world)
{
    while (commits_has_report(world))
        commits_report(world);
    give_up_all(&world->batch);
    give_up_all(&world->urgent);
    give_up_all(&world->bulk);
}

void
commits_done(struct world *world)
{
    bag_done(&world->reports);
    bag_done(&world->batch);
    bag_done(&world->urgent);
    bag_done(&world->bulk);
}
