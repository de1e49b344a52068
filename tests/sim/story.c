#include "story.h"

#include "asking.h"
#include "kin.h"
#include "telling.h"
#include "world.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/callees.h"
#include "engine/children.h"

#include <stdio.h>

enum asking { ASK_START, ASK_CANCEL, ASK_PAUSE, ASK_RESUME, ASK_RETRY, ASK_NOTHING };

static const char *const asking_names[] = {"start",  "cancel", "pause",
                                           "resume", "retry",  "nothing"};

/* Something asked for, until it is answered. */
struct request {
    struct story *story;
    enum asking what;
};

/* What the client does next, whatever the moment; *at: not before this event. */
static enum asking
next_wish(const struct story *story, uint64_t *at)
{
    *at = 0;
    if (story->is_asking || story->is_refused)
        return ASK_NOTHING;
    if (!story->is_stored) {
        *at = story->start_at;
        return ASK_START;
    }
    if (run_state_is_ended(story->state)) {
        bool stays = story->state == RUN_STATE_CANCELLED && story->stays_cancelled;
        return story->ended < story->wanted && !stays ? ASK_RETRY : ASK_NOTHING;
    }
    if (story->state == RUN_STATE_PAUSED) {
        *at = story->act_at + story->resume_after;
        return ASK_RESUME;
    }
    if (story->needs_resume)
        return ASK_RESUME;
    if (story->wish == WISH_NONE || story->has_acted)
        return ASK_NOTHING;
    *at = story->act_at;
    return story->wish == WISH_CANCEL ? ASK_CANCEL : ASK_PAUSE;
}

bool
story_is_due(const struct story *story)
{
    uint64_t at = 0;
    return next_wish(story, &at) != ASK_NOTHING && story->world->events >= at;
}

bool
story_is_early(const struct story *story)
{
    uint64_t at = 0;
    return next_wish(story, &at) != ASK_NOTHING && story->world->events < at;
}

void
story_hurry(struct story *story)
{
    uint64_t now = story->world->events;
    story->start_at = story->start_at < now ? story->start_at : now;
    story->act_at = story->act_at < now ? story->act_at : now;
    story->resume_after = 0;
}

bool
story_is_told(const struct story *story)
{
    uint64_t at = 0;
    if (story->is_asking)
        return false;
    bool is_over = story->is_refused || (story->is_stored && run_state_is_ended(story->state));
    return is_over && next_wish(story, &at) == ASK_NOTHING;
}

bool
story_may_call(const struct story *story)
{
    return !story->is_stopped && story->state != RUN_STATE_COMPLETED &&
           story->state != RUN_STATE_FAILED;
}

/* --- answers --- */

static void
note_started(struct story *story, enum status status, const struct run_row *row)
{
    if (status == STATUS_OK && (!id_equal(&row->id, &story->run) || !story->is_stored))
        world_fail(story->world, "%s: acknowledged, but not stored", story->name);
    if (status == STATUS_OK)
        story->was_told = true;
    else if (status == STATUS_CONFLICT && story->twin != NULL && story->twin->is_stored)
        story->is_refused = true;
    else
        world_fail(story->world, "%s: its start was answered %s", story->name, status_name(status));
}

static void
on_started(enum status status, const struct run_row *row, void *context)
{
    struct request *request = context;
    struct story *story = request->story;
    if (!story->world->is_dead) {
        world_trace(story->world, "%s: start answered %s", story->name, status_name(status));
        story->is_asking = false;
        note_started(story, status, row);
    }
    mem_free(request);
}

/* A wish is refused only when the run is where the wish cannot be fulfilled. */
static void
note_refused(struct story *story, enum asking what, enum status status)
{
    bool is_over = run_state_is_ended(story->state);
    bool may_refuse =
        what == ASK_RESUME ? story->state != RUN_STATE_PAUSED : is_over && what != ASK_RETRY;
    if (status != STATUS_CONFLICT || !may_refuse)
        world_fail(story->world, "%s: %s was answered %s in state %s", story->name,
                   asking_names[what], status_name(status), run_state_name(story->state));
}

static void
note_moved(struct story *story, enum asking what)
{
    if (what == ASK_CANCEL && story->state != RUN_STATE_CANCELLED)
        world_fail(story->world, "%s: cancel acknowledged in state %s", story->name,
                   run_state_name(story->state));
    if (what == ASK_PAUSE && story->state != RUN_STATE_PAUSED)
        world_fail(story->world, "%s: pause acknowledged in state %s", story->name,
                   run_state_name(story->state));
    story->is_stopped = what == ASK_CANCEL || what == ASK_PAUSE;
    if (story->is_stopped)
        story->has_acted = true;
    if (what == ASK_CANCEL && !story->stays_cancelled)
        story->wanted = STORY_SETTLED;
}

static void
on_moved(enum status status, void *context)
{
    struct request *request = context;
    struct story *story = request->story;
    if (!story->world->is_dead) {
        world_trace(story->world, "%s: %s answered %s", story->name, asking_names[request->what],
                    status_name(status));
        story->is_asking = false;
        if (status == STATUS_OK)
            note_moved(story, request->what);
        else
            note_refused(story, request->what, status);
    }
    mem_free(request);
}

/* --- asking --- */

static struct value
workflow_value_of(const struct story *story, struct arena *arena)
{
    struct workflow_row row;
    enum status status = store_workflow_get(story->world->store, arena, &story->workflow, &row);
    if (status != STATUS_OK)
        world_fail(story->world, "%s: its workflow cannot be read", story->name);
    return workflow_value_make(arena, &row, 1);
}

static void
fill_idempotency(const struct story *story, struct idempotency_row *row)
{
    *row = (struct idempotency_row){
        .workspace = story->world->workspace,
        .scope = SLICE("sim"),
        .key = SLICE("twins"),
        .created_unix_ms = clock_unix_ms(&story->world->clock.clock),
        .expires_unix_ms = INT64_MAX,
    };
}

static void
ask_start(struct story *story, struct request *request)
{
    struct world *world = story->world;
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct program *program = NULL;
    struct error error = {0};
    if (programs_get(world->programs, &story->workflow, 1, &program, &error) != STATUS_OK) {
        world_fail(world, "%s: %s", story->name, error.text);
        mem_free(request);
        arena_done(&arena);
        return;
    }
    struct callees_options options = {
        .programs = world->programs, .store = world->store, .workspace = world->workspace};
    struct callees *callees = NULL;
    if (callees_find(&callees, &options, program, &error) != STATUS_OK)
        world_fail(world, "%s: %s", story->name, error.text);
    struct idempotency_row idempotency;
    fill_idempotency(story, &idempotency);
    struct run_start start = {
        .program = program,
        .callees = callees,
        .workspace = world->workspace,
        .workflow = story->workflow,
        .run = story->run,
        .version = 1,
        .workflow_value = workflow_value_of(story, &arena),
        .input = scene_input(story->scene, &arena),
        .trigger = "sim",
        .wishes = {.deadline_ms = story->deadline_ms,
                   .concurrency_key = story->is_in_line ? SLICE("line") : slice_of("", 0)},
        .idempotency = story->twin != NULL ? &idempotency : NULL,
        .machine = story->is_in_place ? world->inline_machine : NULL,
    };
    if (ledger_open(world, &start)) {
        engine_run_start(world->engine, &start, on_started, request);
    } else {
        story->is_asking = false;
        story->is_refused = true;
        mem_free(request);
    }
    callees_drop(&callees);
    program_drop(&program);
    arena_done(&arena);
}

void
story_act(struct story *story)
{
    struct engine *engine = story->world->engine;
    uint64_t at = 0;
    struct request *request = mem_alloc(sizeof(*request));
    *request = (struct request){story, next_wish(story, &at)};
    world_trace(story->world, "%s: asks for %s", story->name, asking_names[request->what]);
    story->is_asking = true;
    story->needs_resume = false;
    struct run_asker asker = {on_moved, request, NULL};
    switch (request->what) {
    case ASK_START:
        ask_start(story, request);
        return;
    case ASK_CANCEL:
        engine_run_cancel(engine, &story->run, &asker);
        return;
    case ASK_PAUSE:
        engine_run_pause(engine, &story->run, &asker);
        return;
    case ASK_RESUME:
        engine_run_resume(engine, &story->run, &asker);
        return;
    case ASK_RETRY:
        engine_run_retry(engine, &story->run, 0, story->scene->longer == NULL ? 0 : 2, &asker);
        return;
    case ASK_NOTHING:
        story->is_asking = false;
        mem_free(request);
        return;
    }
}

/* --- what was committed --- */

static bool
is_late(const struct run_row *row)
{
    return row->error.size > 0 &&
           memmem(row->error.ptr, row->error.size, "deadline_passed", 15) != NULL;
}

static void
note_run(struct world *world, const struct run_row *row)
{
    struct story *story = world_story(world, &row->id);
    if (!id_is_zero(&row->parent)) {
        kin_note(world, row);
        return;
    }
    if (story == NULL) {
        world_fail(world, "a run was stored that nobody asked for");
        return;
    }
    bool was_over = story->is_stored && run_state_is_ended(story->state);
    if (was_over && (row->generation != story->generation + 1 || row->state != RUN_STATE_QUEUED))
        world_fail(world, "%s: generation %u had ended %s and is now %s", story->name,
                   story->generation, run_state_name(story->state), run_state_name(row->state));
    if (!was_over && story->is_stored && row->generation != story->generation)
        world_fail(world, "%s: generation %u begins before %u has ended", story->name,
                   row->generation, story->generation);
    world_trace(world, "%s: generation %u is %s", story->name, row->generation,
                run_state_name(row->state));
    story->is_stored = true;
    story->state = row->state;
    story->generation = row->generation;
    story->ended += row->state == RUN_STATE_COMPLETED || row->state == RUN_STATE_FAILED;
    story->was_late |= is_late(row);
}

static void
note_write(struct world *world, const struct id *run, uint32_t generation, const char *what)
{
    const struct story *story = kin_story(world, run);
    enum run_state state = RUN_STATE_QUEUED;
    uint32_t now = 0;
    bool is_there = kin_look(world, run, &state, &now);
    if (!is_there || generation != now || run_state_is_ended(state))
        world_fail(world, "%s: a %s of generation %u was written after its end",
                   story == NULL ? "?" : story->name, what, generation);
}

static size_t
place_in_line(const struct world *world, const struct id *run)
{
    size_t place = 0;
    while (place < world->line_count && !id_equal(&world->line[place], run))
        place++;
    return place;
}

static void
note_join(struct world *world, const struct id *run)
{
    if (place_in_line(world, run) == world->line_count)
        world->line[world->line_count++] = *run;
}

static void
note_leave(struct world *world, const struct id *run)
{
    size_t place = place_in_line(world, run);
    if (place == world->line_count)
        return;
    world->line_count--;
    memmove(world->line + place, world->line + place + 1,
            (world->line_count - place) * sizeof(world->line[0]));
}

/* What a run does for its steps, it does at the front of its line; what a call has brought that was
 * on its way when the run ended may be recorded later. */
static void
note_turn(struct world *world, const struct id *run, uint32_t generation)
{
    const struct story *story = world_story(world, run);
    size_t place = place_in_line(world, run);
    bool is_now = story != NULL && generation == story->generation;
    if (is_now && place > 0 && place < world->line_count)
        world_fail(world, "%s: went on while others stood before it in the line", story->name);
}

static void
note_line(struct world *world, const struct store_op *op)
{
    if (op->kind == STORE_LINE_JOIN)
        note_join(world, &op->line->run);
    else
        note_leave(world, &op->line->run);
}

static void
note_record(struct world *world, const struct record_row *record)
{
    note_turn(world, &record->run, record->generation);
    note_write(world, &record->run, record->generation, "record");
}

/* On which version an ended generation ran is kept by the move that opens the next one. */
static void
note_cursor(struct world *world, const struct cursor_row *cursor)
{
    const struct story *story = world_story(world, &cursor->run);
    if (!slice_is(cursor->name, "version"))
        note_write(world, &cursor->run, cursor->generation, "cursor");
    else if (story == NULL || story->scene->longer == NULL || !run_state_is_ended(story->state) ||
             cursor->generation != story->generation || !slice_is(cursor->body, "1"))
        world_fail(world, "%s: a version was kept of generation %u",
                   story == NULL ? "?" : story->name, cursor->generation);
}

/* What wakes a parent may come too late: it is forgotten. */
static void
note_timer(struct world *world, const struct timer_row *timer)
{
    if (!slice_is(timer->table, CHILD_WAKE_TABLE))
        note_write(world, &timer->run, timer->generation, "timer");
}

void
story_committed(struct world *world, const struct store_op *op)
{
    enum store_op_kind kind = op->kind;
    if (kind == STORE_RUN_INSERT || kind == STORE_RUN_MOVE) {
        note_run(world, op->run);
    } else if (kind == STORE_EFFECT_INSERT) {
        note_turn(world, &op->effect->run, op->effect->generation);
        server_note_recorded(world, op->effect);
        asking_note_recorded(world, op->effect);
    } else if (kind == STORE_LINE_JOIN || kind == STORE_LINE_LEAVE) {
        note_line(world, op);
    } else if (kind == STORE_RECORD_INSERT) {
        note_record(world, op->record);
    } else if (kind == STORE_CURSOR_PUT) {
        note_cursor(world, op->cursor);
    } else if (kind == STORE_TIMER_INSERT) {
        note_timer(world, op->timer);
    } else if (kind == STORE_EVENTS_INSERT) {
        telling_note(world, op->events);
    }
}

/* --- after a crash --- */

void
story_look(struct story *story)
{
    struct world *world = story->world;
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct run_row row;
    enum status status = store_run_get(world->store, &arena, &story->run, &row);
    bool is_there = status == STATUS_OK;
    if (!is_there && story->was_told)
        world_fail(world, "%s: acknowledged, and now lost", story->name);
    if (is_there != story->is_stored ||
        (is_there && (row.state != story->state || row.generation != story->generation)))
        world_fail(world, "%s: the store does not hold what was committed", story->name);
    arena_done(&arena);
    story->is_asking = false;
    story->is_stopped = story->state == RUN_STATE_CANCELLED || story->state == RUN_STATE_PAUSED;
    story->has_acted |= is_there && story->is_stopped;
    if (story->state == RUN_STATE_CANCELLED && !story->stays_cancelled)
        story->wanted = STORY_SETTLED;
    story->needs_resume = is_there && !world->takes_up_runs && !run_state_is_ended(story->state) &&
                          story->state != RUN_STATE_PAUSED;
}
