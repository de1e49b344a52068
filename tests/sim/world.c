#include "world.h"

#include "answers.h"
#include "asking.h"
#include "commits.h"
#include "disk.h"
#include "kin.h"
#include "look.h"
#include "paying.h"
#include "stuck.h"
#include "telling.h"

#include "base/limits.h"
#include "base/mem.h"
#include "steps/table.h"
#include "store/simulated/simulated.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A life that has not ended after so many events is stuck. */
#define EVENTS_MAX 400000
#define DRAIN_ROUNDS_MAX 10000
#define BEGIN_UNIX_US INT64_C(1790000000000000)

/* --- what is said of it --- */

void
world_fail(struct world *world, const char *format, ...)
{
    if (world->is_failed)
        return;
    world->is_failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->failure, sizeof(world->failure), format, arguments);
    va_end(arguments);
}

void
world_trace(struct world *world, const char *format, ...)
{
    if (!world->is_verbose)
        return;
    printf("%8llu %12.6f ", (unsigned long long)world->events, (double)world->clock.mono_us / 1e6);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* --- the clock --- */

static int64_t
sim_unix_ms(struct clock *clock)
{
    return ((struct sim_clock *)clock)->unix_us / 1000;
}

static int64_t
sim_mono_us(struct clock *clock)
{
    return ((struct sim_clock *)clock)->mono_us;
}

static void
pass_time(struct world *world, int64_t us)
{
    world->clock.mono_us += us;
    world->clock.unix_us += us;
}

static void
set_wall_clock(struct world *world)
{
    static const int64_t reach_us[] = {INT64_C(5000000), INT64_C(300000000), INT64_C(7200000000)};
    int64_t reach = reach_us[world_below(world, COUNT_OF(reach_us))];
    int64_t by_us = (int64_t)world_below(world, (uint64_t)(2 * reach)) - reach;
    world->clock.unix_us += by_us;
    world_trace(world, "the wall clock is set by %.3f s", (double)by_us / 1e6);
}

/* --- the ports --- */

static void
port_post(void *context, enum engine_pool pool, struct task *task, struct fair_flow *flow)
{
    struct world *world = context;
    bag_add(&world->tasks, task);
}

static void
port_commit(void *context, struct intent *intent)
{
    commits_push(context, intent);
}

static uint64_t
port_call(void *context, struct exchange *exchange)
{
    return net_call(context, exchange);
}

static void
port_call_cancel(void *context, uint64_t ticket)
{
    net_cancel(context, ticket);
}

/* --- the process --- */

static const struct digest link_secret = {{7}};

static void
begin_process(struct world *world)
{
    world->process++;
    world->is_dead = false;
    struct programs_options programs = {world->store, paying_catalog(), paying_steps(), NULL};
    world->programs = programs_new(&programs);
    char folder[256];
    snprintf(folder, sizeof(folder), "%s/blobs", scenes_folder());
    struct error error = {0};
    if (blobs_open(&world->blobs, folder, disk_calls(), &error) != STATUS_OK)
        world_fail(world, "%s", error.text);
    snprintf(folder, sizeof(folder), "%s/converted", scenes_folder());
    world->converted = converted_new(folder);
    struct engine_options options = {
        .store = world->store,
        .blobs = world->blobs,
        .converted = world->converted,
        .programs = world->programs,
        .ports = &world->ports,
        .clock = &world->clock.clock,
        .link_secret = &link_secret,
        .default_model = "sim/model",
        .calls_max = world->habits.calls_max,
        .allow_paths = true,
        .take_up_runs = world->takes_up_runs,
    };
    rng_seed(&options.rng, rng_next(&world->rng));
    if (engine_new(&world->engine, &options, &error) != STATUS_OK)
        world_fail(world, "%s", error.text);
    world->engine_due_us = world->clock.mono_us;
}

static void
end_process(struct world *world)
{
    engine_free(&world->engine);
    programs_free(&world->programs);
    blobs_close(&world->blobs);
    converted_free(&world->converted);
}

static void
run_task(struct world *world, size_t index)
{
    struct task *task = bag_take(&world->tasks, index);
    task->run(task, world->machine);
}

static bool
is_empty(const struct world *world)
{
    return world->tasks.count == 0 && commits_next_us(world) == INT64_MAX &&
           !commits_has_report(world) && world->net.flights.count == 0 &&
           queue_count(engine_mailbox(world->engine)) == 0;
}

/* What a process had in memory when it was killed goes home unheard, so that it is freed. */
static void
drain_dead(struct world *world)
{
    engine_park(world->engine);
    for (int round = 0; round < DRAIN_ROUNDS_MAX; round++) {
        while (world->tasks.count > 0)
            run_task(world, 0);
        commits_give_up(world);
        net_kill(world);
        int64_t due_us = engine_turn(world->engine);
        if (!is_empty(world))
            continue;
        if (engine_is_quiet(world->engine))
            return;
        if (due_us == INT64_MAX)
            break;
        if (due_us > world->clock.mono_us)
            pass_time(world, due_us - world->clock.mono_us);
    }
    world_fail(world, "a stopping engine does not come to rest");
}

static void
kill_store(struct world *world)
{
    struct simulated_faults faults = {.commit_death = 1000};
    simulated_set_faults(world->store, &faults);
    struct intent *none[1] = {NULL};
    status_ignore(store_commit(world->store, none, 0, NULL));
    assert(simulated_is_dead(world->store));
}

static void
set_faults(struct world *world)
{
    struct simulated_faults faults = {
        .commit_io = world->habits.commit_io,
        .commit_full = world->habits.commit_full,
    };
    simulated_set_faults(world->store, &faults);
    disk_set_full(world->habits.disk_full);
}

static void
begin_next_process(struct world *world)
{
    if (world_below(world, 4) == 0)
        pass_time(world, (int64_t)world_below(world, UINT64_C(600000000)));
    begin_process(world);
    kin_forget_asking(world);
    answers_forget(world);
    for (size_t i = 0; i < world->story_count; i++)
        story_look(&world->stories[i]);
}

static void
die(struct world *world)
{
    world->habits.deaths_left--;
    world->deaths++;
    commits_kill(world);
    kill_store(world);
    disk_kill();
    world->is_dead = true;
    drain_dead(world);
    if (world->is_failed)
        return;
    end_process(world);
    simulated_restart(world->store);
    set_faults(world);
    disk_restart(world->habits.loses_power);
    world_trace(world, "the process died; here is the next");
    begin_next_process(world);
}

/* --- the order of events --- */

enum event {
    EVENT_REPORT,
    EVENT_TASK,
    EVENT_COMMIT,
    EVENT_NET,
    EVENT_TURN,
    EVENT_STORY,
    EVENT_NONE,
};

static struct story *
due_story(struct world *world)
{
    size_t begin = world->is_calm ? 0 : world_below(world, world->story_count);
    for (size_t i = 0; i < world->story_count; i++) {
        struct story *story = &world->stories[(begin + i) % world->story_count];
        if (story_is_due(story))
            return story;
    }
    return NULL;
}

static bool
event_is_possible(struct world *world, enum event event)
{
    int64_t now_us = world->clock.mono_us;
    switch (event) {
    case EVENT_REPORT:
        return commits_has_report(world);
    case EVENT_TASK:
        return world->tasks.count > 0;
    case EVENT_COMMIT:
        return commits_next_us(world) <= now_us;
    case EVENT_NET:
        return net_next_us(&world->net) <= now_us;
    case EVENT_TURN:
        return queue_count(engine_mailbox(world->engine)) > 0 || world->engine_due_us <= now_us;
    case EVENT_STORY:
        return due_story(world) != NULL;
    case EVENT_NONE:
        break;
    }
    return false;
}

/* One of those before `end` that are possible. */
static enum event
draw_event(struct world *world, enum event end)
{
    enum event possible[EVENT_NONE];
    size_t count = 0;
    for (enum event event = 0; event < end; event++) {
        if (event_is_possible(world, event))
            possible[count++] = event;
    }
    if (count == 0)
        return EVENT_NONE;
    return possible[world->habits.is_shuffled ? world_below(world, count) : 0];
}

static void
do_event(struct world *world, enum event event)
{
    switch (event) {
    case EVENT_REPORT:
        commits_report(world);
        return;
    case EVENT_TASK:
        run_task(world, world->habits.is_shuffled ? world_below(world, world->tasks.count) : 0);
        return;
    case EVENT_COMMIT:
        commits_step(world);
        return;
    case EVENT_NET:
        net_step(world);
        return;
    case EVENT_TURN:
        world->engine_due_us = engine_turn(world->engine);
        return;
    case EVENT_STORY:
        story_act(due_story(world));
        return;
    case EVENT_NONE:
        return;
    }
}

static bool
all_are_told(const struct world *world)
{
    for (size_t i = 0; i < world->story_count; i++) {
        if (!story_is_told(&world->stories[i]))
            return false;
    }
    return true;
}

/* Time passes until something is due. */
static void
pass_to_next(struct world *world)
{
    int64_t next_us = world->engine_due_us;
    int64_t net_us = net_next_us(&world->net);
    int64_t commit_us = commits_next_us(world);
    next_us = net_us < next_us ? net_us : next_us;
    next_us = commit_us < next_us ? commit_us : next_us;
    if (next_us == INT64_MAX)
        world_fail(world, "nothing is due, and yet it is not over");
    else if (next_us > world->clock.mono_us)
        pass_time(world, next_us - world->clock.mono_us);
}

/* Nothing can happen now: a client gets impatient, or time passes. */
static void
wait_for_something(struct world *world)
{
    bool is_early = false;
    for (size_t i = 0; i < world->story_count; i++) {
        struct story *story = &world->stories[i];
        if (!story_is_early(story))
            continue;
        is_early = true;
        story_hurry(story);
    }
    if (!is_early && !kin_resume(world) && !answers_give(world, true))
        pass_to_next(world);
}

/* The program is asked to stop: all that is on its way comes home and counts, then it begins anew.
 */
static void
stop_politely(struct world *world)
{
    world->stops++;
    world_trace(world, "the process is asked to stop");
    engine_park(world->engine);
    for (int round = 0; !engine_is_quiet(world->engine) || !is_empty(world); round++) {
        if (round > DRAIN_ROUNDS_MAX) {
            world_fail(world, "asked to stop, it does not come to rest");
            return;
        }
        world->events++;
        pass_time(world, (int64_t)world_below(world, 200));
        enum event event = draw_event(world, EVENT_STORY);
        if (event != EVENT_NONE)
            do_event(world, event);
        else
            pass_to_next(world);
        if (disk_is_dead()) {
            die(world);
            return;
        }
    }
    for (size_t i = 0; i < world->story_count; i++) {
        if (world->stories[i].is_asking)
            world_fail(world, "%s: was not answered before the stop", world->stories[i].name);
    }
    end_process(world);
    begin_next_process(world);
}

static bool
draws_of_many(struct world *world, uint32_t of_hundred_thousand)
{
    return of_hundred_thousand > 0 && world_below(world, 100000) < of_hundred_thousand;
}

/* Between two events, or in the middle of one that writes. */
static void
draw_death(struct world *world)
{
    if (world_below(world, 2) == 0)
        die(world);
    else
        disk_arm(1 + (uint32_t)world_below(world, 8));
}

static void
next_event(struct world *world)
{
    world->events++;
    if (!world->is_calm) {
        pass_time(world, (int64_t)world_below(world, 200));
        if (draws_of_many(world, world->habits.clock_jump))
            set_wall_clock(world);
        if (world->habits.deaths_left > 0 && draws_of_many(world, world->habits.death)) {
            draw_death(world);
            return;
        }
        if (world_draws(world, world->habits.looks))
            look_at(&world->stories[world_below(world, world->story_count)]);
        if (draws_of_many(world, 10 * world->habits.meddles))
            kin_meddle(world);
        if (draws_of_many(world, world->habits.answers))
            answers_give(world, false);
        if (draws_of_many(world, world->habits.stop)) {
            stop_politely(world);
            return;
        }
    }
    ledger_turn(world);
    enum event event = draw_event(world, EVENT_NONE);
    if (event == EVENT_NONE)
        wait_for_something(world);
    else
        do_event(world, event);
    if (disk_is_dead() && !world->is_failed)
        die(world);
}

/* Timers of runs that ended early are forgotten when they are due. */
static bool
has_timers(const struct world *world)
{
    int64_t due_unix_ms = 0;
    return world->takes_up_runs && store_timer_next(world->store, &due_unix_ms) == STATUS_OK;
}

void
world_run(struct world *world)
{
    if (!world->is_calm)
        set_faults(world);
    while (!world->is_failed && !(all_are_told(world) && is_empty(world) && !has_timers(world) &&
                                  kin_have_ended(world))) {
        next_event(world);
        if (world->events > EVENTS_MAX)
            world_fail(world, "stuck after %d events", EVENTS_MAX);
    }
    if (world->is_failed)
        stuck_describe(world);
}

/* --- begin and end --- */

struct story *
world_story(struct world *world, const struct id *run)
{
    for (size_t i = 0; i < world->story_count; i++) {
        if (id_equal(&world->stories[i].run, run))
            return &world->stories[i];
    }
    return NULL;
}

/* longer: its second version, or NULL. */
static void
store_workflow(struct world *world, const struct id *id, const char *slug, const char *text,
               const char *longer)
{
    struct workflow_row workflow = {
        .workspace = world->workspace,
        .id = *id,
        .slug = slice_text(slug),
        .name = slice_text(slug),
        .status = WORKFLOW_ACTIVE,
        .latest_version = 1,
        .published_version = 1,
    };
    struct version_row version = {.workflow = *id, .version = 1, .text = slice_text(text)};
    struct intent *intent = intent_new(KIB(16));
    intent_add(intent, STORE_WORKFLOW_INSERT, 0)->workflow = &workflow;
    intent_add(intent, STORE_VERSION_INSERT, 0)->version = &version;
    struct version_row second = {.workflow = *id, .version = 2};
    if (longer != NULL) {
        second.text = slice_text(longer);
        intent_add(intent, STORE_VERSION_INSERT, 0)->version = &second;
        workflow.latest_version = workflow.published_version = 2;
    }
    enum status status = store_commit(world->store, &intent, 1, NULL);
    if (status != STATUS_OK || intent->status != STATUS_OK)
        world_fail(world, "the workflow could not be stored");
    intent_free(&intent);
}

/* Those that scenes call, under ids that have nothing to do with the seed. */
static void
store_called(struct world *world)
{
    for (size_t i = 0; i < called_count; i++) {
        struct id id = {.bytes = {[0] = 9, [ID_BYTES - 1] = (uint8_t)(i + 1)}};
        store_workflow(world, &id, called[i].slug, called[i].workflow, NULL);
    }
}

/* In every third life, whatever else the seed brings. */
static void
store_catcher(struct world *world)
{
    struct object_row catcher = {
        .workspace = world->workspace,
        .id = {.bytes = {[0] = 8}},
        .kind = OBJECT_CATCHER,
        .name = SLICE(OBJECT_CATCHER_NAME),
        .body = SLICE("{}"),
        .revision = 1,
    };
    world->catches_failures = world->seed % 3 == 0;
    if (!world->catches_failures)
        return;
    struct intent *intent = intent_new(KIB(16));
    intent_add_object(intent, STORE_OBJECT_INSERT, &catcher);
    enum status status = store_commit(world->store, &intent, 1, NULL);
    if (status != STATUS_OK || intent->status != STATUS_OK)
        world_fail(world, "what catches failures could not be stored");
    intent_free(&intent);
}

struct story *
world_add_story(struct world *world, const struct scene *scene)
{
    assert(world->story_count < STORIES_MAX);
    struct story *story = &world->stories[world->story_count];
    *story = (struct story){.world = world, .scene = scene, .wanted = 1};
    snprintf(story->name, sizeof(story->name), "%s-%zu", scene->name, world->story_count);
    rng_bytes(&world->rng, story->run.bytes, ID_BYTES);
    rng_bytes(&world->rng, story->workflow.bytes, ID_BYTES);
    store_workflow(world, &story->workflow, story->name, scene->workflow, scene->longer);
    world->story_count++;
    return story;
}

/* Half of the lives are rough in one way or another. */
static void
draw_habits(struct world *world)
{
    static const int64_t answer_us[] = {0, 20000, 2000000, 30000000};
    static const int64_t commit_us[] = {0, 5000, 200000, 5000000};
    static const uint32_t deaths[] = {0, 30, 300, 2000};
    struct habits *habits = &world->habits;
    *habits = (struct habits){
        .is_shuffled = world_below(world, 8) > 0,
        .commit_us_max = commit_us[world_below(world, COUNT_OF(commit_us))],
        .answer_us_max = answer_us[world_below(world, COUNT_OF(answer_us))],
        .death = deaths[world_below(world, COUNT_OF(deaths))],
        .deaths_left = (uint32_t)world_below(world, 12),
        .loses_power = world_below(world, 2) == 0,
    };
    if (world_below(world, 3) == 0)
        habits->commit_io = habits->commit_full = 1 + (uint32_t)world_below(world, 100);
    if (world_below(world, 3) == 0)
        habits->disk_full = 1 + (uint32_t)world_below(world, 200);
    if (world_below(world, 3) > 0)
        habits->trouble = 1 + (uint32_t)world_below(world, 400);
    if (world_below(world, 4) == 0)
        habits->looks = 1 + (uint32_t)world_below(world, 30);
    if (world_below(world, 4) == 0)
        habits->meddles = 1 + (uint32_t)world_below(world, 100);
    habits->meddles_left = 40;
    habits->answers = 1 + (uint32_t)world_below(world, 3000);
    if (world_below(world, 4) == 0)
        habits->calls_max = 1 + (uint32_t)world_below(world, 6);
    if (world_below(world, 4) == 0)
        habits->stop = 1 + (uint32_t)world_below(world, 400);
    if (world_below(world, 3) == 0)
        habits->clock_jump = 1 + (uint32_t)world_below(world, 500);
}

void
world_begin(struct world *world, uint64_t seed, bool is_verbose)
{
    *world = (struct world){.seed = seed, .is_calm = seed == 0, .is_verbose = is_verbose};
    rng_seed(&world->rng, seed);
    world->clock = (struct sim_clock){{sim_unix_ms, sim_mono_us}, 1000000, BEGIN_UNIX_US};
    world->ports = (struct engine_ports){.post = port_post,
                                         .commit = port_commit,
                                         .call = port_call,
                                         .call_cancel = port_call_cancel,
                                         .price = ledger_price,
                                         .limits = ledger_limits,
                                         .convert = asking_convert,
                                         .world = world};
    world->machine = expr_machine_new(expr_budget_default());
    world->inline_machine = expr_machine_new(engine_inline_budget());
    world->store = simulated_store_new(rng_next(&world->rng));
    world->workspace.bytes[0] = 1;
    store_called(world);
    store_catcher(world);
    world->takes_up_runs = true;
    disk_begin(&world->rng);
    if (!world->is_calm) {
        draw_habits(world);
        world->takes_up_runs = world_below(world, 5) > 0;
    }
    begin_process(world);
}

void
world_end(struct world *world)
{
    if (!world->is_failed) {
        kill_store(world);
        disk_kill();
        world->is_dead = true;
        drain_dead(world);
    }
    if (!world->is_failed)
        end_process(world);
    store_close(&world->store);
    disk_end();
    expr_machine_free(&world->machine);
    expr_machine_free(&world->inline_machine);
    commits_done(world);
    bag_done(&world->tasks);
    net_done(&world->net);
    server_done(&world->server);
    kin_done(world);
    answers_done(world);
    telling_done(world);
}
