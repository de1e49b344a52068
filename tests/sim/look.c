#include "look.h"

#include "world.h"

#include "base/limits.h"
#include "engine/tables.h"
#include "steps/types.h"

#include <string.h>

struct looking {
    struct story *story;
    struct item_query query;
    uint64_t least_key;
    bool is_ordered; /* the next item's is not below */
    uint32_t count;
    struct arena *arena;
    struct slice last_key, last_state; /* in the arena */
};

/* An item that has ended has no step that is undecided. */
static bool
is_whole(struct value item)
{
    struct value steps = value_get(item, "steps");
    const struct member *members = value_members(steps);
    for (uint32_t i = 0; i < steps.count; i++) {
        if (slice_is(value_slice(value_get(members[i].value, "state")), "pending"))
            return false;
    }
    return true;
}

static bool
look_at_item(struct value item, void *context)
{
    struct looking *looking = context;
    const struct story *story = looking->story;
    struct slice key = value_slice(value_get(item, "key"));
    struct slice state = value_slice(value_get(item, "state"));
    int64_t number = 0;
    if (looking->is_ordered && key.size > 0 &&
        (!slice_parse_int64(key, &number) || (uint64_t)number < looking->least_key))
        world_fail(story->world, "%s: item %.*s comes out of order", story->name,
                   SLICE_FORMAT(key));
    looking->least_key = (uint64_t)number + 1;
    if (!slice_is(state, "open") && !is_whole(item))
        world_fail(story->world, "%s: item %.*s is %.*s with a step undecided", story->name,
                   SLICE_FORMAT(key), SLICE_FORMAT(state));
    if (looking->query.has_state && !slice_is(state, item_state_name(looking->query.state)))
        world_fail(story->world, "%s: item %.*s is not in the state asked for", story->name,
                   SLICE_FORMAT(key));
    looking->last_key = arena_copy(looking->arena, key);
    looking->last_state = arena_copy(looking->arena, state);
    looking->count++;
    return true;
}

/* --- one item --- */

struct seeking {
    struct looking *looking;
    bool is_found;
};

/* What a step has tried is what its recorded calls have. */
static void
check_calls(const struct story *story, struct value step)
{
    int64_t attempts, sum = 0, one;
    struct value calls = value_get(step, "calls");
    if (!value_integer(value_get(step, "attempts"), &attempts))
        return;
    for (uint32_t i = 0; i < calls.count; i++)
        sum += value_integer(value_get(value_items(calls)[i], "attempts"), &one) ? one : 0;
    if (calls.kind != VALUE_ARRAY || calls.count == 0 || sum != attempts)
        world_fail(story->world, "%s: the attempts of an item's calls do not add up", story->name);
}

static bool
look_at_found(struct value item, void *context)
{
    struct seeking *seeking = context;
    const struct looking *looking = seeking->looking;
    struct value steps = value_get(item, "steps");
    for (uint32_t i = 0; i < steps.count; i++)
        check_calls(looking->story, value_members(steps)[i].value);
    seeking->is_found = slice_equal(value_slice(value_get(item, "key")), looking->last_key) &&
                        slice_equal(value_slice(value_get(item, "state")), looking->last_state);
    return true;
}

/* The item that was seen last is found by its key, as it was seen. */
static void
look_for_item(struct looking *looking, const struct run_row *row)
{
    const struct story *story = looking->story;
    struct seeking seeking = {looking, false};
    struct item_query query = {.key = looking->last_key};
    struct error error = {0};
    if (query.key.size == 0)
        query.key = SLICE("0");
    enum status status =
        engine_run_items(story->world->engine, row, &query, look_at_found, &seeking, &error);
    if (status != STATUS_OK || !seeking.is_found)
        world_fail(story->world, "%s: item %.*s is not found by its key: %s %s", story->name,
                   SLICE_FORMAT(query.key), status_name(status), error.text);
}

/* --- items --- */

static void
look_at_items(struct story *story)
{
    struct world *world = story->world;
    struct looking looking = {.story = story};
    /* The rows of a reshape may come in any order of their keys. */
    looking.is_ordered = strstr(story->scene->workflow, "id: r_") == NULL;
    looking.query.limit = (uint32_t)world_below(world, 30);
    looking.query.from_ordinal = looking.least_key = world_below(world, 2) * world_below(world, 50);
    looking.query.has_state = world_below(world, 2) == 0;
    looking.query.state = (enum item_state)world_below(world, ITEM_STATE_COUNT);
    struct arena arena;
    arena_init(&arena, MIB(4));
    looking.arena = &arena;
    struct run_row row;
    struct error error = {0};
    enum status status = store_run_get(world->store, &arena, &story->run, &row);
    if (status == STATUS_OK)
        status =
            engine_run_items(world->engine, &row, &looking.query, look_at_item, &looking, &error);
    if (status == STATUS_OK && looking.count > 0)
        look_for_item(&looking, &row);
    arena_done(&arena);
    if (status != STATUS_OK)
        world_fail(world, "%s: its items cannot be looked at: %s %s", story->name,
                   status_name(status), error.text);
    if (looking.query.limit > 0 && looking.count > looking.query.limit)
        world_fail(world, "%s: more items than were asked for", story->name);
}

/* --- tables --- */

static bool
look_at_shape(const struct table_shape *shape, void *context)
{
    const struct story *story = context;
    const struct item_counts *counts = &shape->counts;
    uint64_t ended = counts->completed + counts->failed + counts->dropped + counts->cancelled;
    if (ended > counts->items || shape->columns.count < 3)
        world_fail(story->world, "%s: table \"%.*s\" does not add up", story->name,
                   SLICE_FORMAT(shape->name));
    return true;
}

static void
look_at_tables(struct story *story)
{
    struct world *world = story->world;
    struct tables_options options = {.format = &step_write_csv};
    struct arena arena;
    struct run_row row;
    struct error error = {0};
    arena_init(&arena, MIB(4));
    enum status status = store_run_get(world->store, &arena, &story->run, &row);
    if (status == STATUS_OK)
        status = engine_run_tables(world->engine, &row, &options, look_at_shape, story, &error);
    if (status != STATUS_OK)
        world_fail(world, "%s: its tables cannot be looked at: %s %s", story->name,
                   status_name(status), error.text);
    arena_done(&arena);
}

/* --- progress --- */

static void
check_table(const struct story *story, const struct table_progress *table)
{
    const struct item_counts *counts = &table->counts;
    uint64_t ended = counts->completed + counts->failed + counts->dropped + counts->cancelled;
    if (ended != counts->items)
        world_fail(story->world, "%s: progress of table \"%.*s\" does not add up", story->name,
                   SLICE_FORMAT(table->name));
}

static void
look_at_progress(const struct run_progress *progress, void *context)
{
    const struct story *story = context;
    if (progress == NULL || story->world->is_dead)
        return;
    for (uint32_t t = 0; t < progress->table_count; t++)
        check_table(story, &progress->tables[t]);
}

void
look_at(struct story *story)
{
    engine_run_progress(story->world->engine, &story->run, look_at_progress, story);
    if (!story->is_stored)
        return;
    look_at_items(story);
    look_at_tables(story);
}
