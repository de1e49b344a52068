#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/children.h"
#include "engine/events.h"
#include "engine/line.h"
#include "engine/notice.h"
#include "engine/pauses.h"
#include "engine/run.h"
#include "engine/tree.h"

#include <inttypes.h>
#include <string.h>

/* The end of a run: its output is rendered on an eval thread, then one commit moves it. */
struct finish_job {
    struct job job;
    struct arena arena;
    struct value steps; /* of one-item tables */
    struct value files; /* {tap: name} */
    bool is_failed;
    struct value output, error;
    enum run_event event;
};

struct finish_commit {
    struct message message;
    struct run *run;
    enum status status;
    struct run_asker asker; /* .moved NULL: nobody asked for it */
};

static void
finish_home(struct engine *engine, struct message *message)
{
    struct finish_commit *commit = (struct finish_commit *)message;
    struct run *run = commit->run;
    enum status status = commit->status;
    bool is_again = status == STATUS_CONFLICT && commit->asker.idempotency != NULL;
    mem_free(commit);
    run->away--;
    if (run_state_is_ended(run->state))
        child_end_committed(run, status);
    if (status == STATUS_OK && run->leaves_some)
        tree_end_below(engine, &run->id);
    run_leave(run);
    if (status == STATUS_OK && run_state_is_ended(run->state) &&
        run->wishes.concurrency_key.size > 0)
        line_go_on(engine, &run->workspace, run->wishes.concurrency_key);
    if (run->state == RUN_STATE_WAITING)
        engine_watch_durable(engine);
    /* The key was taken, which says nothing of the run: it goes on from what is stored. */
    if (is_again)
        run_take_up(engine, &run->id);
}

static void
finish_done(struct intent *intent)
{
    struct finish_commit *commit = intent->owner;
    struct queue *mailbox = commit->run->engine->mailbox;
    commit->status = intent->status;
    fault_point(FAULT_run_after_end);
    if (commit->asker.moved != NULL)
        commit->asker.moved(intent->status, commit->asker.context);
    commit->message.handle = finish_home;
    intent_free(&intent);
    queue_push(mailbox, &commit->message.node);
}

/* --- counts --- */

static struct value
node_counts(const struct table_run *table, uint16_t column, struct arena *arena)
{
    const struct plan_node *node = &table->run->program->plan->nodes[table->plan->nodes[column]];
    struct value counts = value_empty_object();
    counts = value_object_set(arena, counts, value_text("id"), node->id);
    counts = value_object_set(arena, counts, value_text("type"), value_text(node->decl->name));
    for (int s = 1; s < NODE_STATE_COUNT; s++) {
        uint64_t count = table->summary.nodes[column][s];
        if (count > 0)
            counts = value_object_set(arena, counts, value_text(node_state_name(s)),
                                      value_int((int64_t)count));
    }
    return counts;
}

const char *
table_state_word(const struct table_run *table)
{
    switch (table->state) {
    case TABLE_DONE:
        return "completed";
    case TABLE_SKIPPED:
        return "skipped";
    case TABLE_FAILED:
        return "failed";
    case TABLE_WAITING:
    case TABLE_OPENING:
    case TABLE_OPEN:
        break;
    }
    return "open";
}

static struct value
table_counts(const struct table_run *table, struct arena *arena)
{
    const struct item_counts *counts = &table->counts;
    struct value steps = value_empty_array();
    for (uint16_t c = 0; c < table->summary.node_count; c++) {
        if (!table->run->program->plan->nodes[table->plan->nodes[c]].is_side)
            steps = value_array_append(arena, steps, node_counts(table, c, arena));
    }
    struct member members[] = {
        {value_text("table"), table->plan->name},
        {value_text("state"), value_text(table_state_word(table))},
        {value_text("items"), value_int((int64_t)counts->items)},
        {value_text("completed"), value_int((int64_t)counts->completed)},
        {value_text("failed"), value_int((int64_t)counts->failed)},
        {value_text("dropped"), value_int((int64_t)counts->dropped)},
        {value_text("cancelled"), value_int((int64_t)counts->cancelled)},
        {value_text("steps"), steps},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

struct value
run_counts(const struct run *run, struct arena *arena)
{
    struct value tables = value_empty_array();
    for (uint16_t t = 0; t < run->program->plan->table_count; t++)
        tables = value_array_append(arena, tables, table_counts(&run->tables[t], arena));
    struct member member = {value_text("tables"), tables};
    return value_object_new(arena, &member, 1);
}

/* --- how it ended --- */

static bool
too_many_failed(const struct plan_limits *limits, const struct item_counts *counts)
{
    if (counts->failed == 0)
        return false;
    if (limits->max_failed_share >= 0)
        return (double)counts->failed > limits->max_failed_share * (double)counts->items;
    if (limits->max_failed >= 0)
        return counts->failed > (uint64_t)limits->max_failed;
    return counts->failed >= counts->items;
}

static bool
maker_continues(const struct table_run *table)
{
    const struct plan *plan = table->run->program->plan;
    return table->plan->maker >= 0 && plan->nodes[table->plan->maker].on_error_continue;
}

static struct value
first_failure(const struct table_run *table, struct arena *arena)
{
    if (table->summary.failure.kind == VALUE_NONE)
        return chunk_failure_value(arena, "items_failed", "more items failed than allowed");
    return value_copy(arena, table->summary.failure);
}

/* What makes the run fail because of that table; VALUE_NONE: nothing. */
static struct value
table_failure(const struct table_run *table, struct arena *arena)
{
    bool is_failed = table->state == TABLE_FAILED && !maker_continues(table);
    if (is_failed && table->failure.kind != VALUE_NONE)
        return value_copy(arena, table->failure);
    if (table->state == TABLE_DONE &&
        too_many_failed(&table->run->program->plan->limits, &table->counts))
        return first_failure(table, arena);
    if (is_failed)
        return chunk_failure_value(arena, "upstream_failed", "a table could not be built");
    return (struct value){0};
}

static bool
is_of_another(struct value failure)
{
    struct value code = value_get(failure, "code");
    return code.kind == VALUE_STRING && slice_is(value_slice(code), "upstream_failed");
}

/* The first failure in plan order that makes the run fail, and of these the first that is not the
 * consequence of another one; VALUE_NONE: it completed. */
static struct value
run_failure(const struct run *run, struct arena *arena)
{
    struct value first = {0};
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        struct value failure = table_failure(&run->tables[t], arena);
        if (failure.kind != VALUE_NONE && !is_of_another(failure))
            return failure;
        if (first.kind == VALUE_NONE)
            first = failure;
    }
    return first;
}

/* --- the output --- */

const struct plan_node *
plan_last_node(const struct plan *plan)
{
    const struct plan_node *last = &plan->nodes[0];
    for (uint16_t n = 1; n < plan->node_count; n++) {
        const struct plan_node *node = &plan->nodes[n];
        if (node->line > last->line ||
            (node->line == last->line && node->column_at > last->column_at) || last->is_side)
            last = node;
    }
    return last;
}

static struct value
default_output(const struct run *run, const struct finish_job *job, struct arena *arena)
{
    const struct plan *plan = run->program->plan;
    const struct plan_node *last = plan_last_node(plan);
    uint16_t home = last->makes_table >= 0 ? (uint16_t)last->makes_table : last->table;
    if (!plan->tables[home].is_many)
        return value_find_or_null(job->steps, value_slice(last->id));
    const struct item_counts *counts = &run->tables[home].counts;
    struct member members[] = {
        {value_text("rows"), value_int((int64_t)counts->completed)},
        {value_text("failed"), value_int((int64_t)counts->failed)},
        {value_text("dropped"), value_int((int64_t)counts->dropped)},
        {value_text("files"), job->files},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct value
output_root(const struct run *run, const struct finish_job *job, struct arena *arena)
{
    struct member members[] = {
        {value_text("input"), run->input}, {value_text("item"), run->input},
        {value_text("steps"), job->steps}, {value_text("run"), run->run_value},
        {value_text("vars"), run->vars},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static void
finish_work(struct task *task, void *thread_context)
{
    struct finish_job *job = (struct finish_job *)task;
    const struct run *run = job->job.run;
    const struct plan *plan = run->program->plan;
    job->event = RUN_EVENT_COMPLETE;
    if (job->is_failed) {
        job->event = RUN_EVENT_FAIL;
    } else if (plan->output == NULL) {
        job->output = default_output(run, job, &job->arena);
    } else {
        struct expr_failure failure;
        enum status status =
            template_render(thread_context, plan->output, output_root(run, job, &job->arena),
                            &job->arena, &job->output, &failure);
        if (status != STATUS_OK) {
            job->event = RUN_EVENT_FAIL;
            job->error = chunk_output_failure(&job->arena, &failure);
        }
    }
    job_home(&job->job);
}

static struct finish_commit *
finish_commit_new(struct run *run)
{
    struct finish_commit *commit = mem_alloc(sizeof(*commit));
    commit->run = run;
    return commit;
}

/* How long it waits for its children and for people is known afterwards: its deadline moves then.
 */
static void
add_held(const struct run *run, struct intent *intent)
{
    if (!(run->has_children || run->program->plan->has_asks) || run->deadline_unix_ms == 0)
        return;
    int64_t now = clock_unix_ms(run->engine->options.clock);
    bool is_held = run->children_dormant + run->asks_open > 0;
    struct cursor_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct cursor_row){
        .run = run->id,
        .name = SLICE(RUN_HELD_CURSOR),
        .generation = run->generation,
        .body = slice_text(arena_format(&intent->arena, "%" PRId64, is_held ? now : INT64_C(0))),
    };
    intent_add(intent, STORE_CURSOR_PUT, 64)->cursor = row;
}

/* Those below it are paused too. */
static void
add_pause(const struct run *run, struct intent *intent)
{
    int64_t now = clock_unix_ms(run->engine->options.clock);
    struct cursor_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct cursor_row){
        .run = run->id,
        .name = SLICE(PAUSES_CURSOR),
        .generation = run->generation,
        .body = pauses_begin(run->pauses, now, &intent->arena),
    };
    intent_add(intent, STORE_CURSOR_PUT, 64)->cursor = row;
}

static void
commit_end(struct finish_commit *commit, enum run_event event, struct value output,
           struct value error)
{
    struct run *run = commit->run;
    struct intent *intent = run_intent(run, 4 * LIMIT_VALUE_BYTES);
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    enum run_state next;
    if (!run_state_next(run->state, event, &next))
        next = RUN_STATE_FAILED;
    run_change(run, next);
    run_fill_row(run, row);
    int64_t now = clock_unix_ms(run->engine->options.clock);
    if (run_state_is_ended(run->state))
        row->ended_unix_ms = now;
    if (event == RUN_EVENT_PAUSE)
        row->deadline_unix_ms = deadline_pause(row->deadline_unix_ms, now);
    if (output.kind != VALUE_NONE)
        row->output = json_text(&intent->arena, output);
    if (error.kind != VALUE_NONE)
        row->error = json_text(&intent->arena, error);
    row->counts = json_text(&intent->arena, run_counts(run, &intent->arena));
    intent_add(intent, STORE_RUN_MOVE, row->output.size + 1024)->run = row;
    intent_add_idempotency(intent, commit->asker.idempotency, IDEMPOTENCY_RUN, &run->id);
    run_events_end(run, event, error);
    run_events_add(run, intent);
    if (event == RUN_EVENT_PARK)
        add_held(run, intent);
    if (event == RUN_EVENT_PAUSE && run->has_children)
        add_pause(run, intent);
    if (run_state_is_ended(run->state)) {
        line_add_leave(intent, &run->id, &run->wishes);
        const struct notice_to to = {run->program->plan, run->wishes.callback_url,
                                     run->wishes.callback_task};
        notice_add_end(intent, &run->engine->options, row, &to);
        child_add_end(run, intent, output, error);
        taps_add_partial(run, intent); /* as many as there is room for */
    }
    /* Whatever is above it: a run may always be cancelled. */
    intent->guard.is_alone = event == RUN_EVENT_CANCEL;
    fault_point(FAULT_run_before_end);
    run_commit(run, intent, finish_done, commit);
}

static void
finish_rendered(struct engine *engine, struct message *message)
{
    struct finish_job *job = (struct finish_job *)((char *)message - offsetof(struct job, message));
    struct run *run = job->job.run;
    run->away--;
    if (!run->is_leaving)
        commit_end(finish_commit_new(run), job->event, job->output, job->error);
    arena_done(&job->arena);
    mem_free(job);
    run_mark(run);
}

static struct value
files_value(const struct run *run, struct arena *arena)
{
    struct value files = value_empty_object();
    for (uint32_t t = 0; t < run->tap_count; t++) {
        const struct tap_run *tap = &run->taps[t];
        if (tap->makes->row.kind == VALUE_OBJECT)
            files =
                value_object_set(arena, files, tap->node->id, value_get(tap->makes->row, "file"));
    }
    return files;
}

void
run_finish(struct run *run)
{
    struct finish_job *job = mem_alloc(sizeof(*job));
    const struct plan *plan = run->program->plan;
    job->job.engine = run->engine;
    job->job.run = run;
    arena_init(&job->arena, LIMIT_RUN_BYTES);
    job->steps = value_empty_object();
    for (uint16_t n = 0; n < plan->node_count; n++) {
        if (run->values[n].kind != VALUE_NONE)
            job->steps =
                value_object_set(&job->arena, job->steps, plan->nodes[n].id, run->values[n]);
    }
    job->files = files_value(run, &job->arena);
    job->error = run_failure(run, &job->arena);
    job->is_failed = job->error.kind != VALUE_NONE;
    job_post(run, &job->job, ENGINE_POOL_EVAL, finish_work, finish_rendered);
}

void
run_end_early(struct run *run, enum run_event event, struct value error,
              const struct run_asker *asker)
{
    struct finish_commit *commit = finish_commit_new(run);
    if (asker != NULL)
        commit->asker = *asker;
    run_release_deadline(run);
    run->is_finishing = true;
    run->leaves_some = run->has_children && event != RUN_EVENT_PARK && event != RUN_EVENT_PAUSE;
    if (event != RUN_EVENT_PARK)
        tree_hold_below(run->engine, &run->id);
    commit_end(commit, event, (struct value){0}, error);
}
