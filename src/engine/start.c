#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/callees.h"
#include "engine/in_place.h"
#include "engine/line.h"
#include "engine/models.h"
#include "engine/notice.h"
#include "engine/run.h"
#include "engine/vars.h"

#include <assert.h>
#include <string.h>

/* A run on its way in: stored first, begun when the commit is back. */
struct start_request {
    struct message message;
    struct engine *engine;
    struct run *run; /* NULL: computed in place, or in a line */
    struct id id;
    bool is_in_line, has_deadline;
    struct run_row *row;
    run_started_fn *started;
    void *context;
    enum status status;
};

/* --- runs computed in place --- */

/* Steps of evaluation after which a run is stored first and then begun: about 2 ms. */
#define INLINE_STEPS 50000
#define INLINE_BYTES MIB(4)
#define INLINE_CALLS 50

struct expr_budget
engine_inline_budget(void)
{
    struct expr_budget budget = expr_budget_default();
    budget.steps = INLINE_STEPS;
    budget.bytes = INLINE_BYTES;
    return budget;
}

static void
fill_inline_record(struct chunk *chunk, struct run_row *row, struct arena *arena)
{
    struct buffer record;
    buffer_init(&record, LIMIT_RECORD_BYTES);
    record_pack(chunk, &record);
    row->inline_record = arena_copy(arena, buffer_slice(&record));
    buffer_done(&record);
}

static struct value
inline_counts(struct chunk *chunk)
{
    struct run run = {.program = (struct program *)chunk->program};
    struct table_run table = {
        .run = &run, .plan = chunk->table, .state = TABLE_DONE, .counts = chunk->counts};
    summary_init(&table.summary, chunk->table, &chunk->arena);
    summary_add_chunk(&table.summary, chunk);
    run.tables = &table;
    return run_counts(&run, &chunk->arena);
}

static enum run_state
inline_end(struct chunk *chunk, const struct run_start *start, struct run_row *row,
           struct arena *arena)
{
    struct value output = {0};
    bool is_ok = in_place_output(chunk, start->machine, &output);
    row->counts = json_text(arena, inline_counts(chunk));
    if (is_ok)
        row->output = json_text(arena, output);
    else
        row->error = json_text(arena, output);
    return is_ok ? RUN_STATE_COMPLETED : RUN_STATE_FAILED;
}

static struct value
vars_of_start(const struct run_start *start)
{
    return start->vars.kind == VALUE_OBJECT ? start->vars : value_empty_object();
}

/* False: it takes longer than a run in place may. What went over the small budget may do well with
 * the full one. */
static bool
compute_in_place(const struct run_start *start, struct run_row *row, struct arena *arena)
{
    int64_t now_unix_ms = row->created_unix_ms;
    struct in_place what = {
        .program = start->program,
        .callees = start->callees,
        .run = start->run,
        .input = start->input,
        .run_value = run_value_make(arena, row, start->workflow_value),
        .vars = vars_of_start(start),
        .now_unix_ms = now_unix_ms,
        .calls_left = INLINE_CALLS,
    };
    struct chunk chunk;
    bool is_done = in_place_compute(&chunk, &what, start->machine) && !chunk.is_over_budget;
    if (is_done) {
        enum run_state state = inline_end(&chunk, start, row, arena);
        is_done = !chunk.is_over_budget;
        row->state = is_done ? state : row->state;
    }
    if (is_done) {
        row->ended_unix_ms = now_unix_ms;
        fill_inline_record(&chunk, row, arena);
    } else {
        row->output = row->error = row->counts = slice_of("", 0);
    }
    arena_done(&chunk.arena);
    return is_done;
}

/* --- storing --- */

/* Too many in memory: it stays in the store until there is room. */
static bool
must_wait(struct engine *engine)
{
    if (!engine->options.take_up_runs || engine->run_count < LIMIT_ACTIVE_RUNS)
        return false;
    engine->must_look_again = true;
    return true;
}

static void
start_handle(struct engine *engine, struct message *message)
{
    struct start_request *request = (struct start_request *)message;
    struct run *run = request->run;
    bool is_stored = request->status == STATUS_OK;
    mem_free(request);
    engine->away--;
    /* The store's list of unfinished runs may have been quicker than this message. */
    bool is_here = engine_find(engine, &run->id) != NULL;
    bool begins = is_stored && !is_here && !engine->is_parking && !must_wait(engine);
    if (!begins) {
        run_free(run);
        return;
    }
    engine_adopt(engine, run);
    run_begin(run);
}

/* Whether it is the first in its line, the store knows. */
static void
line_handle(struct engine *engine, struct message *message)
{
    struct start_request *request = (struct start_request *)message;
    bool begins = request->status == STATUS_OK && !engine->is_parking && !must_wait(engine);
    engine->away--;
    if (begins && engine_find(engine, &request->id) == NULL)
        run_take_up(engine, &request->id);
    if (request->has_deadline)
        engine_watch_durable(engine);
    mem_free(request);
}

static void
start_committed(struct intent *intent)
{
    struct start_request *request = intent->owner;
    struct start_request asked = *request;
    /* First in the mailbox, then acknowledged: so that a cancel finds the run in memory. */
    request->status = intent->status;
    request->message.handle = request->is_in_line ? line_handle : start_handle;
    if (request->run == NULL && !request->is_in_line)
        mem_free(request);
    else
        queue_push(asked.engine->mailbox, &request->message.node);
    asked.started(intent->status, intent->status == STATUS_OK ? asked.row : NULL, asked.context);
    intent_free(&intent);
}

static struct run_payer
payer_of_start(const struct run_start *start)
{
    const struct run_row row = {.id = start->run, .workflow = start->workflow};
    struct run_payer payer = payer_of(&row, start->program->plan);
    payer.key = start->key;
    return payer;
}

enum status
engine_purse_open(struct engine *engine, const struct run_start *start, struct purse *out,
                  struct refusal *refusal)
{
    const struct engine_ports *ports = engine->options.ports;
    struct run_payer payer = payer_of_start(start);
    *out = (struct purse){.count = 0};
    if (!calls_may_cost(start->program, start->callees))
        return STATUS_OK;
    enum status status = purse_open(engine, &start->workspace, &payer, out);
    /* Without prices nothing is ever used up by going on. */
    bool has_prices = calls_have_prices(start->program, start->callees) ||
                      (ports->price != NULL && ports->price(ports->world, SLICE(""), 1, 0) > 0);
    if (status != STATUS_OK || !has_prices || !purse_is_empty(engine->accounts, out, refusal))
        return status;
    purse_close(engine->accounts, out);
    return STATUS_LIMIT;
}

static struct run *
make_run(struct engine *engine, const struct run_start *start, const struct run_row *row)
{
    program_hold(start->program);
    struct run *run = run_new(engine, start->program, row);
    callees_hold(start->callees);
    run->callees = start->callees;
    run->is_born = true;
    run->input = value_copy(&run->arena, start->input);
    run->run_value = run_value_make(&run->arena, row, start->workflow_value);
    run->vars = value_copy(&run->arena, vars_of_start(start));
    run_add_tokens(run);
    run->payer = payer_of_start(start);
    run->purse = start->purse;
    if (models_are_used(start->program, start->callees))
        run->default_model = value_text(engine->options.default_model);
    return run;
}

/* The sooner of several deadlines holds; 0: none. */
static void
allow_until(struct run_row *row, int64_t unix_ms)
{
    if (unix_ms > 0 && (row->deadline_unix_ms == 0 || unix_ms < row->deadline_unix_ms))
        row->deadline_unix_ms = unix_ms;
}

static void
fill_row(const struct engine *engine, const struct run_start *start, struct run_row *row,
         struct arena *arena)
{
    int64_t now = clock_unix_ms(engine->options.clock);
    *row = (struct run_row){
        .workspace = start->workspace,
        .id = start->run,
        .workflow = start->workflow,
        .version = start->version,
        .generation = 1,
        .state = RUN_STATE_QUEUED,
        .trigger = arena_copy(arena, slice_text(start->trigger)),
        .created_unix_ms = now,
        .started_unix_ms = start->wishes.concurrency_key.size == 0 ? now : 0,
        .input = json_text(arena, start->input),
    };
    struct value resolved = callees_pin(start->callees, start->resolved, arena);
    if (models_are_used(start->program, start->callees))
        resolved = models_pin(value_text(engine->options.default_model), resolved, arena);
    if (calls_may_cost(start->program, start->callees)) {
        struct run_payer payer = payer_of_start(start);
        resolved = payer_pin(&payer, resolved, arena);
    }
    resolved = vars_pin(start->vars, resolved, arena);
    if (resolved.kind != VALUE_NONE)
        row->resolved = json_text(arena, resolved);
    row->wishes = wishes_print(&start->wishes, arena);
    allow_until(row, start->wishes.deadline_unix_ms);
    if (start->wishes.deadline_ms > 0)
        allow_until(row, now + start->wishes.deadline_ms);
    if (start->program->plan->limits.deadline_ms > 0)
        allow_until(row, now + start->program->plan->limits.deadline_ms);
}

static void
add_labels(struct intent *intent, const struct run_row *row, struct value labels)
{
    if (labels.kind != VALUE_OBJECT || labels.count == 0)
        return;
    struct label_rows *rows = arena_alloc(&intent->arena, sizeof(*rows));
    *rows = (struct label_rows){.workspace = row->workspace, .run = row->id};
    const struct member *members = value_members(labels);
    for (; rows->count < labels.count && rows->count < STORE_LABELS_MAX; rows->count++) {
        const struct member *member = &members[rows->count];
        rows->labels[rows->count] = (struct run_label){
            arena_copy(&intent->arena, value_slice(member->key)),
            arena_copy(&intent->arena, value_slice(member->value)),
        };
    }
    intent_add(intent, STORE_LABELS_INSERT, rows->count * 256)->labels = rows;
}

void
engine_run_start(struct engine *engine, const struct run_start *start, run_started_fn *started,
                 void *context)
{
    const struct engine_ports *ports = engine->options.ports;
    struct intent *intent = intent_new(4 * LIMIT_INPUT_BYTES + 4 * LIMIT_VALUE_BYTES);
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    fill_row(engine, start, row, &intent->arena);

    struct start_request *request = mem_alloc(sizeof(*request));
    request->is_in_line = start->wishes.concurrency_key.size > 0;
    request->has_deadline = row->deadline_unix_ms > 0;
    request->id = row->id;
    bool is_inline = !request->is_in_line && start->program->plan->is_inline &&
                     callees_are_pure(start->callees) && start->machine != NULL &&
                     compute_in_place(start, row, &intent->arena);
    if (!is_inline && !request->is_in_line)
        request->run = make_run(engine, start, row);
    engine->away += !is_inline;
    request->engine = engine;
    request->row = row;
    request->started = started;
    request->context = context;
    intent_add(intent, STORE_RUN_INSERT,
               row->input.size + row->output.size + row->inline_record.size + 256)
        ->run = row;
    add_labels(intent, row, start->wishes.labels);
    line_add_join(intent, row, &start->wishes);
    const struct notice_to to = {start->program->plan, start->wishes.callback_url,
                                 start->wishes.callback_task};
    notice_add_end(intent, &engine->options, row, &to);
    intent_add_idempotency(intent, start->idempotency, IDEMPOTENCY_RUN, &row->id);
    if (start->also.object != NULL)
        intent_add_object(intent, start->also.kind, start->also.object);
    intent->done = start_committed;
    intent->owner = request;
    ports->commit(ports->world, intent);
}
