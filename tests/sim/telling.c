#include "telling.h"

#include "kin.h"
#include "world.h"

#include "base/json.h"
#include "base/mem.h"
#include "engine/events.h"

#include <stdio.h>
#include <string.h>

/* Names of events in one generation: each at most once. */
#define NAMES_MAX 512
/* Generations of a run. */
#define ENDS_MAX 64

struct seen {
    struct id run;
    uint64_t last;
    struct digest body;
};

void
telling_note(struct world *world, const struct events_row *row)
{
    struct seen *seen = mem_alloc(sizeof(*seen));
    *seen = (struct seen){row->run, row->last, digest_of(row->body)};
    bag_add(&world->seen, seen);
}

void
telling_done(struct world *world)
{
    for (size_t i = 0; i < world->seen.count; i++)
        mem_free(world->seen.items[i]);
    bag_done(&world->seen);
}

struct checking {
    struct world *world;
    const char *name; /* of the story */
    struct id run;
    bool is_own;      /* no run has called it; one that was may be retried by itself, and then is */
    bool has_handler; /* a failure of it is to be kept for a workflow */
    uint64_t last;
    uint32_t generation;
    bool is_over;              /* the generation told its end */
    bool has_failed[ENDS_MAX]; /* by generation */
    char end[32];              /* how the last one ended */
    uint32_t count;
    char names[NAMES_MAX][96];
    uint32_t name_count;
    uint64_t seen_count;
};

/* What must not be told twice in a generation: who, and the beginning or the end of it. */
static bool
name_of(char out[96], struct slice type, struct value event)
{
    struct value who = value_get(event, "step");
    if (slice_starts_with(type, SLICE("table.")))
        who = value_get(event, "table");
    bool is_move = slice_is(type, "run.waiting") || slice_is(type, "run.paused") ||
                   slice_is(type, "run.resumed") || slice_starts_with(type, SLICE("approval."));
    bool is_begin = slice_is(type, "step.started") || slice_is(type, "table.opened") ||
                    slice_is(type, "run.started");
    const char *kind = slice_starts_with(type, SLICE("step."))    ? "step"
                       : slice_starts_with(type, SLICE("table.")) ? "table"
                                                                  : "run";
    if (slice_is(type, "run.retried"))
        kind = "retry";
    struct slice text = who.kind == VALUE_STRING ? value_slice(who) : SLICE("");
    snprintf(out, 96, "%s %s %.*s", is_begin ? "begin" : "end", kind, SLICE_FORMAT(text));
    return !is_move;
}

static bool
is_told(const struct checking *checking, const char *name)
{
    for (uint32_t i = 0; i < checking->name_count; i++) {
        if (strcmp(checking->names[i], name) == 0)
            return true;
    }
    return false;
}

static void
check_name(struct checking *checking, struct slice type, struct slice line)
{
    struct arena arena;
    struct value event;
    char name[96];
    arena_init(&arena, MIB(1));
    if (json_parse(&event, &arena, line, 0, NULL, NULL) != STATUS_OK)
        world_fail(checking->world, "%s: an event is not JSON: %.*s", checking->name,
                   SLICE_FORMAT(line));
    else if (name_of(name, type, event)) {
        if (is_told(checking, name))
            world_fail(checking->world, "%s: told twice in generation %u: %.*s", checking->name,
                       checking->generation, SLICE_FORMAT(line));
        if (checking->name_count < NAMES_MAX)
            memcpy(checking->names[checking->name_count++], name, sizeof(name));
    }
    arena_done(&arena);
}

/* Each generation that failed is kept once for the workflow that is to be run, and no other. */
static void
check_failure(struct checking *checking, uint32_t generation)
{
    struct arena arena;
    struct object_row row;
    char hex[ID_HEX_BYTES];
    id_hex(&checking->run, hex);
    arena_init(&arena, MIB(1));
    struct object_row which = {
        .workspace = checking->world->workspace,
        .kind = OBJECT_FAILURE,
        .name = slice_text(arena_format(&arena, "%s %u", hex, generation)),
    };
    enum status status = store_object_find(checking->world->store, &arena, &which, &row);
    bool has_failed = checking->has_failed[generation];
    bool is_wanted = checking->has_handler && has_failed;
    bool is_certain = checking->is_own || !has_failed;
    if (is_certain && status != (is_wanted ? STATUS_OK : STATUS_NOT_FOUND))
        world_fail(checking->world, "%s: the end of generation %u is %s for a workflow",
                   checking->name, generation, is_wanted ? "not kept" : "kept");
    arena_done(&arena);
}

static void
check_line(struct slice line, void *context)
{
    struct checking *checking = context;
    struct slice type = event_type(line);
    checking->count++;
    if (checking->is_over)
        world_fail(checking->world, "%s: told behind the end of generation %u: %.*s",
                   checking->name, checking->generation, SLICE_FORMAT(line));
    check_name(checking, type, line);
    checking->is_over = event_is_end(type);
    if (!checking->is_over)
        return;
    snprintf(checking->end, sizeof(checking->end), "%.*s", SLICE_FORMAT(type));
    if (checking->generation < ENDS_MAX)
        checking->has_failed[checking->generation] = slice_is(type, "run.failed");
}

static void
next_generation(struct checking *checking, const struct events_row *row)
{
    if (row->generation == checking->generation)
        return;
    if (row->generation < checking->generation || !checking->is_over)
        world_fail(checking->world, "%s: generation %u is told behind %u, which %s", checking->name,
                   row->generation, checking->generation, checking->is_over ? "ended" : "goes on");
    checking->generation = row->generation;
    checking->is_over = false;
    checking->name_count = 0;
}

static void
count_seen(struct checking *checking, const struct events_row *row)
{
    struct digest digest = digest_of(row->body);
    const struct bag *bag = &checking->world->seen;
    for (size_t i = 0; i < bag->count; i++) {
        const struct seen *seen = bag->items[i];
        if (!id_equal(&seen->run, &row->run) || seen->last != row->last)
            continue;
        checking->seen_count++;
        if (memcmp(&seen->body, &digest, sizeof(digest)) != 0)
            world_fail(checking->world, "%s: event %llu is another one now", checking->name,
                       (unsigned long long)row->last);
    }
}

static bool
check_row(const struct events_row *row, void *context)
{
    struct checking *checking = context;
    uint64_t before = checking->last == 0 && row->last >= EVENT_FIRST_STORED
                          ? EVENT_FIRST_STORED - 1
                          : checking->last;
    if (checking->last == 0 && row->last < EVENT_FIRST_STORED)
        before = 1;
    if (row->last != before + row->count)
        world_fail(checking->world, "%s: event %llu follows %llu", checking->name,
                   (unsigned long long)row->last, (unsigned long long)before);
    next_generation(checking, row);
    checking->count = 0;
    events_each(row->body, check_line, checking);
    if (checking->count != row->count)
        world_fail(checking->world, "%s: %u events are counted as %u", checking->name,
                   checking->count, row->count);
    checking->last = row->last;
    count_seen(checking, row);
    return !checking->world->is_failed;
}

static uint64_t
seen_of(const struct world *world, const struct id *run)
{
    uint64_t count = 0;
    for (size_t i = 0; i < world->seen.count; i++)
        count += id_equal(&((const struct seen *)world->seen.items[i])->run, run);
    return count;
}

/* A run without events was computed in place. */
static void
check_end(struct checking *checking)
{
    struct run_head head;
    if (checking->world->is_failed || checking->last == 0 ||
        store_run_head(checking->world->store, &checking->run, &head) != STATUS_OK)
        return;
    if (checking->seen_count != seen_of(checking->world, &checking->run))
        world_fail(checking->world, "%s: events that were seen are gone", checking->name);
    if (head.generation != checking->generation)
        world_fail(checking->world, "%s: generation %u is not told of", checking->name,
                   head.generation);
    if (!run_state_is_ended(head.state))
        return;
    if (!checking->is_over || strcmp(checking->end + 4, run_state_name(head.state)) != 0)
        world_fail(checking->world, "%s: it is %s, and told is %s", checking->name,
                   run_state_name(head.state), checking->is_over ? checking->end : "no end");
}

static void
check_run(struct world *world, const char *name, const struct id *run, const char *workflow)
{
    struct checking *checking = mem_alloc(sizeof(*checking));
    checking->world = world;
    checking->name = name;
    checking->run = *run;
    checking->is_own = workflow != NULL;
    checking->has_handler = world->takes_up_runs && workflow != NULL &&
                            (world->catches_failures || strstr(workflow, "on_failure:") != NULL);
    checking->generation = 1;
    if (store_events_list(world->store, run, 0, check_row, checking) != STATUS_OK)
        world_fail(world, "%s: its events cannot be read", name);
    for (uint32_t g = 1; g < ENDS_MAX && checking->last > 0; g++)
        check_failure(checking, g);
    check_end(checking);
    mem_free(checking);
}

void
telling_check(struct world *world)
{
    for (size_t i = 0; i < world->story_count && !world->is_failed; i++) {
        if (!world->stories[i].is_refused)
            check_run(world, world->stories[i].name, &world->stories[i].run,
                      world->stories[i].scene->workflow);
    }
    for (size_t i = 0; i < world->kin.count && !world->is_failed; i++)
        check_run(world, "one below", &((const struct kin *)world->kin.items[i])->run, NULL);
}
