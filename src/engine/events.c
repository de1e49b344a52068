#include "engine/events.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/run.h"

#include <assert.h>
#include <string.h>

/* How long what a run has done may wait to be told, so that a short run writes one row. */
#define TELL_MS 50
/* Bytes of a failure's words that an event repeats. */
#define WORDS_BYTES_MAX 1024

/* What was told of a node or a table. */
enum told { TOLD_CALLED = 1, TOLD_BEGUN = 2, TOLD_ENDED = 4 };

struct run_events {
    struct buffer lines; /* not told yet */
    uint32_t count;
    bool is_begun;   /* run.started is told */
    uint8_t *nodes;  /* enum told */
    uint8_t *tables; /* enum told */
    struct timer timer;
};

/* --- lines --- */

static void
put_time(struct buffer *out, const char *name, int64_t unix_ms)
{
    char text[CLOCK_ISO_BYTES];
    clock_iso(unix_ms, text);
    buffer_append_format(out, ",\"%s\":\"%s\"", name, text);
}

static void
begin_line(struct buffer *out, const char *type, int64_t unix_ms, uint32_t generation)
{
    buffer_append_format(out, "{\"type\":\"%s\"", type);
    put_time(out, "at", unix_ms);
    buffer_append_format(out, ",\"generation\":%u", generation);
}

static void
put_text(struct buffer *out, const char *name, struct slice text)
{
    buffer_append_format(out, ",\"%s\":", name);
    json_print_string(out, text);
}

static void
end_line(struct buffer *out)
{
    buffer_append_slice(out, SLICE("}\n"));
}

static const char *
move_type(enum run_event event)
{
    switch (event) {
    case RUN_EVENT_BEGIN:
        return "run.resumed";
    case RUN_EVENT_PARK:
        return "run.waiting";
    case RUN_EVENT_PAUSE:
        return "run.paused";
    case RUN_EVENT_COMPLETE:
        return "run.completed";
    case RUN_EVENT_FAIL:
        return "run.failed";
    case RUN_EVENT_CANCEL:
        return "run.cancelled";
    case RUN_EVENT_RETRY:
        return "run.retried";
    }
    return "run.moved";
}

/* The failure without what may be large: the run has it whole. */
static void
put_failure(struct buffer *out, struct value failure)
{
    static const char *const names[] = {"code", "message", "step"};
    if (failure.kind != VALUE_OBJECT)
        return;
    buffer_append_slice(out, SLICE(",\"error\":{"));
    bool is_first = true;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value value = value_get(failure, names[i]);
        if (value.kind != VALUE_STRING)
            continue;
        buffer_append_format(out, "%s\"%s\":", is_first ? "" : ",", names[i]);
        json_print_string(out, slice_cut(value_slice(value), WORDS_BYTES_MAX));
        is_first = false;
    }
    buffer_append_byte(out, '}');
}

static void
put_item_counts(struct buffer *out, const struct item_counts *counts)
{
    buffer_append_format(out,
                         ",\"counts\":{\"items\":%llu,\"completed\":%llu,\"failed\":%llu,"
                         "\"dropped\":%llu,\"cancelled\":%llu}",
                         (unsigned long long)counts->items, (unsigned long long)counts->completed,
                         (unsigned long long)counts->failed, (unsigned long long)counts->dropped,
                         (unsigned long long)counts->cancelled);
}

/* --- lines of a run in memory --- */

static int64_t
now_unix_ms(const struct run *run)
{
    return clock_unix_ms(run->engine->options.clock);
}

static struct buffer *
begin_of_run(struct run *run, const char *type)
{
    struct run_events *events = run->events;
    begin_line(&events->lines, type, now_unix_ms(run), run->generation);
    events->count++;
    return &events->lines;
}

static const char *
table_end_type(const struct table_run *table)
{
    if (table->state == TABLE_DONE)
        return "table.completed";
    return table->state == TABLE_SKIPPED ? "table.skipped" : "table.failed";
}

static void
tell_table(struct run *run, const struct table_run *table, const char *type, bool is_end)
{
    struct buffer *out = begin_of_run(run, type);
    put_text(out, "table", value_slice(table->plan->name));
    if (is_end)
        put_item_counts(out, &table->counts);
    if (is_end && table->state == TABLE_FAILED)
        put_failure(out, table->failure);
    end_line(out);
}

static struct buffer *
begin_of_step(struct run *run, const struct plan_node *node, const char *type)
{
    struct buffer *out = begin_of_run(run, type);
    put_text(out, "step", value_slice(node->id));
    put_text(out, "table", value_slice(run->program->plan->tables[node->table].name));
    return out;
}

/* --- what a step has come to --- */

/* Where the counts of a step stand. */
struct standing {
    const char *end; /* the type of its end; NULL: it goes on */
    bool is_begun;
    const uint64_t *counts; /* by node state; NULL: `rows` */
    uint64_t rows;
    uint64_t of_one[NODE_STATE_COUNT]; /* in tables of one item */
};

static uint64_t
rows_made(const struct run *run, const struct table_run *made)
{
    for (uint32_t t = 0; t < run->tap_count; t++) {
        if (run->taps[t].makes == made)
            return run->taps[t].rows;
    }
    return made->next_place.ordinal;
}

static bool
is_made(const struct table_run *made)
{
    if (made->plan->kind == PLAN_TABLE_TAP)
        return made->row.kind != VALUE_NONE;
    return made->is_source_end;
}

/* A step that makes a table has ended when the table has all its rows. */
static void
look_at_maker(const struct run *run, const struct plan_node *node, struct standing *out)
{
    const struct table_run *made = &run->tables[node->makes_table];
    out->is_begun = made->state != TABLE_WAITING && made->state != TABLE_SKIPPED;
    out->rows = rows_made(run, made);
    if (made->state == TABLE_SKIPPED)
        out->end = "step.skipped";
    else if (made->state == TABLE_FAILED)
        out->end = "step.failed";
    else if (is_made(made))
        out->end = "step.completed";
    out->is_begun |= out->rows > 0 || (out->end != NULL && made->state != TABLE_SKIPPED);
}

/* The only item is decided as soon as its calls are recorded; many items when their chunks are. */
static bool
row_step_is_over(const struct table_run *table, const struct plan_node *node, struct standing *out)
{
    const struct stretch_run *stretch = &table->stretches[node->stretch];
    const struct outside *one = &table->run->outside[node->index];
    if (table->plan->is_many) {
        out->counts = table->summary.nodes[node->column];
        return table->is_source_end && stretch->recorded_count >= table->chunk_count;
    }
    out->counts = out->of_one;
    out->of_one[one->state] = 1;
    return one->state != NODE_STATE_PENDING;
}

static void
look_at_row_step(const struct table_run *table, const struct plan_node *node, struct standing *out)
{
    if (node->column >= table->summary.node_count)
        return;
    bool is_over = row_step_is_over(table, node, out);
    const uint64_t *counts = out->counts;
    uint64_t well = counts[NODE_STATE_DONE] + counts[NODE_STATE_REFUSED] +
                    counts[NODE_STATE_PASSED] + counts[NODE_STATE_CONTINUED];
    uint64_t failed = counts[NODE_STATE_FAILED];
    out->is_begun = well + failed > 0;
    if (is_over)
        out->end = well > 0 ? "step.completed" : failed > 0 ? "step.failed" : "step.skipped";
}

static void
put_standing(struct buffer *out, const struct standing *standing)
{
    bool is_first = true;
    if (standing->counts == NULL) {
        buffer_append_format(out, ",\"rows\":%llu", (unsigned long long)standing->rows);
        return;
    }
    buffer_append_slice(out, SLICE(",\"counts\":{"));
    for (int s = 1; s < NODE_STATE_COUNT; s++) {
        if (standing->counts[s] == 0)
            continue;
        buffer_append_format(out, "%s\"%s\":%llu", is_first ? "" : ",",
                             node_state_name((enum node_state)s),
                             (unsigned long long)standing->counts[s]);
        is_first = false;
    }
    buffer_append_byte(out, '}');
}

static void
look_at_step(struct run *run, const struct table_run *table, const struct plan_node *node)
{
    uint8_t *told = &run->events->nodes[node->index];
    struct standing standing = {0};
    if ((*told & TOLD_ENDED) != 0 || node->is_side)
        return;
    if (node->makes_table >= 0)
        look_at_maker(run, node, &standing);
    else
        look_at_row_step(table, node, &standing);
    bool is_begun = standing.is_begun || (*told & TOLD_CALLED) != 0;
    if (is_begun && (*told & TOLD_BEGUN) == 0) {
        *told |= TOLD_BEGUN;
        end_line(begin_of_step(run, node, "step.started"));
    }
    if (standing.end != NULL) {
        *told |= TOLD_ENDED;
        struct buffer *out = begin_of_step(run, node, standing.end);
        put_standing(out, &standing);
        end_line(out);
    }
}

static void
look_at_table(struct run *run, const struct table_run *table)
{
    uint8_t *told = &run->events->tables[table->plan->index];
    bool is_open = table->state == TABLE_OPEN || table->state == TABLE_DONE;
    if (is_open && (*told & TOLD_BEGUN) == 0) {
        *told |= TOLD_BEGUN;
        tell_table(run, table, "table.opened", false);
    }
    for (uint16_t c = 0; c < table->plan->node_count; c++)
        look_at_step(run, table, &run->program->plan->nodes[table->plan->nodes[c]]);
    if (table_is_ended(table) && (*told & TOLD_ENDED) == 0) {
        *told |= TOLD_ENDED;
        tell_table(run, table, table_end_type(table), true);
    }
}

/* --- telling --- */

struct tell_commit {
    struct message message;
    struct run *run;
    enum status status;
};

static void
tell_home(struct engine *engine, struct message *message)
{
    struct tell_commit *commit = (struct tell_commit *)message;
    struct run *run = commit->run;
    enum status status = commit->status;
    mem_free(commit);
    run->away--;
    if (status != STATUS_OK)
        run_refused(run, status);
    run_mark(run);
}

static void
tell_done(struct intent *intent)
{
    struct tell_commit *commit = intent->owner;
    commit->status = intent->status;
    commit->message.handle = tell_home;
    intent_free(&intent);
    queue_push_soon(commit->run->engine->mailbox, &commit->message.node);
}

static void
tell_fire(struct timer *timer)
{
    struct run *run = timer->owner;
    if (run->is_leaving || run->is_finishing || run->events->count == 0)
        return;
    struct intent *intent = run_intent(run, KIB(8));
    struct tell_commit *commit = mem_alloc(sizeof(*commit));
    commit->run = run;
    run_events_add(run, intent);
    run_commit(run, intent, tell_done, commit);
}

void
run_events_look(struct run *run)
{
    struct run_events *events = run->events;
    for (uint16_t t = 0; t < run->program->plan->table_count; t++)
        look_at_table(run, &run->tables[t]);
    if (events->count == 0 || events->timer.place != 0)
        return;
    events->timer.fire = tell_fire;
    events->timer.owner = run;
    timers_set(&run->engine->timers, &events->timer,
               clock_mono_us(run->engine->options.clock) + TELL_MS * 1000);
}

/* With it began what it stands behind, which of many items is known later: steps are told in their
 * order, as far as there is but one way to it. */
void
run_events_note_call(struct run *run, uint16_t node)
{
    const struct plan *plan = run->program->plan;
    const struct plan_node *at = &plan->nodes[node];
    while ((run->events->nodes[at->index] & TOLD_CALLED) == 0) {
        run->events->nodes[at->index] |= TOLD_CALLED;
        if (at->edge_count != 1 || at->edges[0].is_external || at->edges[0].only_orders)
            return;
        at = &plan->nodes[at->edges[0].node];
    }
}

void
run_events_begin(struct run *run, enum run_state before)
{
    if (run->events->is_begun && before != RUN_STATE_WAITING)
        return;
    struct buffer *out = begin_of_run(run, run->events->is_begun ? "run.resumed" : "run.started");
    if (!run->events->is_begun)
        buffer_append_format(out, ",\"version\":%u", run->version);
    run->events->is_begun = true;
    end_line(out);
}

static int64_t
soonest_gate(const struct run *run)
{
    int64_t soonest = 0;
    for (uint32_t i = 0; i < run->gate_count; i++) {
        if (soonest == 0 || run->gates[i].due_unix_ms < soonest)
            soonest = run->gates[i].due_unix_ms;
    }
    return soonest;
}

static void
put_tables(struct buffer *out, const struct run *run)
{
    buffer_append_slice(out, SLICE(",\"tables\":["));
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        const struct table_run *table = &run->tables[t];
        buffer_append_text(out, t == 0 ? "{\"table\":" : ",{\"table\":");
        json_print_string(out, value_slice(table->plan->name));
        put_item_counts(out, &table->counts);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
}

void
run_events_end(struct run *run, enum run_event event, struct value failure)
{
    run_events_look(run);
    struct buffer *out = begin_of_run(run, move_type(event));
    if (event == RUN_EVENT_PARK && run->gate_count > 0)
        put_time(out, "until", soonest_gate(run));
    put_failure(out, failure);
    if (run_state_is_ended(run->state))
        put_tables(out, run);
    end_line(out);
}

/* The text moves into the intent. */
static void
add_row(struct intent *intent, const struct id *run, uint32_t generation, struct buffer *lines)
{
    struct events_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct events_row){.run = *run, .generation = generation};
    arena_make_room(&intent->arena, lines->size + 64);
    row->body = arena_copy(&intent->arena, buffer_slice(lines));
    for (size_t i = 0; i < lines->size; i++)
        row->count += lines->ptr[i] == '\n';
    intent_add(intent, STORE_EVENTS_INSERT, lines->size + 64)->events = row;
}

void
run_events_add(struct run *run, struct intent *intent)
{
    struct run_events *events = run->events;
    assert(intent->guard.is_on);
    if (events->count == 0)
        return;
    add_row(intent, &run->id, run->generation, &events->lines);
    buffer_clear(&events->lines);
    events->count = 0;
    timers_cancel(&run->engine->timers, &events->timer);
}

void
run_events_leave(struct run *run)
{
    timers_cancel(&run->engine->timers, &run->events->timer);
}

struct run_events *
run_events_new(const struct run *run)
{
    const struct plan *plan = run->program->plan;
    struct run_events *events = mem_alloc(sizeof(*events) + plan->node_count + plan->table_count);
    events->nodes = (uint8_t *)(events + 1);
    events->tables = events->nodes + plan->node_count;
    buffer_init(&events->lines, LIMIT_EVENTS_BYTES);
    return events;
}

void
run_events_free(struct run_events **events)
{
    if (*events == NULL)
        return;
    buffer_done(&(*events)->lines);
    mem_free(*events);
    *events = NULL;
}

/* --- reading back --- */

static void
mark_node(struct run *run, struct value step, uint8_t told)
{
    const struct plan_node *node =
        step.kind == VALUE_STRING ? plan_node_find(run->program->plan, value_slice(step)) : NULL;
    if (node != NULL)
        run->events->nodes[node->index] |= told;
}

static void
mark_table(struct run *run, struct value name, uint8_t told)
{
    const struct plan *plan = run->program->plan;
    for (uint16_t t = 0; name.kind == VALUE_STRING && t < plan->table_count; t++) {
        if (slice_equal(value_slice(plan->tables[t].name), value_slice(name)))
            run->events->tables[t] |= told;
    }
}

static void
load_line(struct slice line, void *context)
{
    struct run *run = context;
    struct slice type = event_type(line);
    struct arena arena;
    struct value event;
    run->events->is_begun |= slice_is(type, "run.started");
    if (slice_starts_with(type, SLICE("run.")))
        return;
    arena_init(&arena, MIB(1));
    if (json_parse(&event, &arena, line, 0, NULL, NULL) == STATUS_OK) {
        bool is_begin = slice_is(type, "step.started") || slice_is(type, "table.opened");
        uint8_t told = is_begin ? TOLD_BEGUN : TOLD_BEGUN | TOLD_ENDED;
        if (slice_starts_with(type, SLICE("step.")))
            mark_node(run, value_get(event, "step"), told);
        else
            mark_table(run, value_get(event, "table"), told);
    }
    arena_done(&arena);
}

static bool
load_row(const struct events_row *row, void *context)
{
    struct run *run = context;
    if (row->generation == run->generation)
        events_each(row->body, load_line, run);
    return true;
}

enum status
run_events_load(struct run *run, struct store *store)
{
    return store_events_list(store, &run->id, 0, load_row, run);
}

/* --- of others --- */

void
events_add_move(struct intent *intent, const struct run_row *row, enum run_event event, int64_t now)
{
    struct buffer lines;
    buffer_init(&lines, KIB(4));
    begin_line(&lines, move_type(event), now, row->generation);
    if (event == RUN_EVENT_RETRY)
        buffer_append_format(&lines, ",\"version\":%u", row->version);
    end_line(&lines);
    add_row(intent, &row->id, row->generation, &lines);
    buffer_done(&lines);
}

void
events_add_said(struct intent *intent, const struct run_row *row, const char *type,
                struct value said, int64_t now)
{
    struct buffer lines;
    buffer_init(&lines, KIB(64));
    begin_line(&lines, type, now, row->generation);
    for (uint32_t i = 0; i < said.count; i++) {
        const struct member *member = &value_members(said)[i];
        put_text(&lines, member->key.text, value_slice(member->value));
    }
    end_line(&lines);
    add_row(intent, &row->id, row->generation, &lines);
    buffer_done(&lines);
}

void
events_put_stored(struct buffer *out, const struct run_row *row)
{
    begin_line(out, "run.queued", row->created_unix_ms, 1);
    put_text(out, "trigger", row->trigger);
    end_line(out);
}

static void
put_stored_table(struct buffer *out, struct value table)
{
    struct item_counts counts = {0};
    uint64_t *const into[] = {&counts.items, &counts.completed, &counts.failed, &counts.dropped,
                              &counts.cancelled};
    static const char *const names[] = {"items", "completed", "failed", "dropped", "cancelled"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        int64_t number = 0;
        if (value_integer(value_get(table, names[i]), &number) && number > 0)
            *into[i] = (uint64_t)number;
    }
    buffer_append_slice(out, SLICE("{\"table\":"));
    json_print_string(out, value_get_text(table, "table"));
    put_item_counts(out, &counts);
    buffer_append_byte(out, '}');
}

static void
put_stored_end(struct buffer *out, const struct run_row *row, struct arena *arena)
{
    struct value error = {0};
    struct value counts = {0};
    if (row->error.size > 0 && json_parse(&error, arena, row->error, 0, NULL, NULL) == STATUS_OK)
        put_failure(out, error);
    if (row->counts.size > 0)
        status_ignore(json_parse(&counts, arena, row->counts, 0, NULL, NULL));
    struct value tables = value_get(counts, "tables");
    buffer_append_slice(out, SLICE(",\"tables\":["));
    for (uint32_t t = 0; tables.kind == VALUE_ARRAY && t < tables.count; t++) {
        if (t > 0)
            buffer_append_byte(out, ',');
        put_stored_table(out, value_items(tables)[t]);
    }
    buffer_append_byte(out, ']');
}

void
events_put_whole(struct buffer *out, const struct run_row *row)
{
    struct arena arena;
    int64_t begun = row->started_unix_ms > 0 ? row->started_unix_ms : row->created_unix_ms;
    char type[32] = "run.";
    size_t size = strlen(type);
    memcpy(type + size, run_state_name(row->state), strlen(run_state_name(row->state)) + 1);
    arena_init(&arena, LIMIT_VALUE_BYTES);
    begin_line(out, "run.started", begun, row->generation);
    buffer_append_format(out, ",\"version\":%u", row->version);
    end_line(out);
    begin_line(out, type, row->ended_unix_ms, row->generation);
    put_stored_end(out, row, &arena);
    end_line(out);
    arena_done(&arena);
}

static bool
see_any(const struct events_row *row, void *context)
{
    *(bool *)context = true;
    return false;
}

enum status
events_keep_whole(struct intent *intent, struct store *store, const struct run_row *row)
{
    bool is_any = false;
    enum status status = store_events_list(store, &row->id, 0, see_any, &is_any);
    if (status != STATUS_OK || is_any)
        return status;
    struct buffer lines;
    buffer_init(&lines, LIMIT_EVENTS_BYTES);
    events_put_whole(&lines, row);
    add_row(intent, &row->id, row->generation, &lines);
    intent->ops[intent->op_count - 1].events->fixed = EVENT_FIRST_STORED - 1;
    buffer_done(&lines);
    return STATUS_OK;
}

void
events_each(struct slice body, event_line_fn *visit, void *context)
{
    while (body.size > 0) {
        const char *end = memchr(body.ptr, '\n', body.size);
        size_t size = end == NULL ? body.size : (size_t)(end - body.ptr);
        visit(slice_of(body.ptr, size), context);
        size += end != NULL;
        body = slice_of(body.ptr + size, body.size - size);
    }
}

struct slice
event_type(struct slice line)
{
    struct slice lead = SLICE("{\"type\":\"");
    if (!slice_starts_with(line, lead))
        return slice_of("", 0);
    const char *from = line.ptr + lead.size;
    const char *end = memchr(from, '"', line.size - lead.size);
    return end == NULL ? slice_of("", 0) : slice_of(from, (size_t)(end - from));
}

bool
event_is_end(struct slice type)
{
    return slice_is(type, "run.completed") || slice_is(type, "run.failed") ||
           slice_is(type, "run.cancelled");
}
