/* What a run would come to: rows are counted, calls are bounded by rows, and what calls cost is
 * taken from runs that completed. What cannot be known is null, with words. */
#include "service/workflows.h"

#include "base/credits.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/evaluate.h"
#include "engine/peek.h"
#include "flow/plan_summary.h"
#include "service/host.h"
#include "service/vars.h"

#include <inttypes.h>

/* Ended runs whose costs are looked at. */
#define RUNS_LOOKED_AT 20

/* How many items a table has. */
struct bound {
    bool is_known; /* `rows` is the most there can be */
    bool is_exact; /* and the least */
    uint64_t rows;
};

struct estimate {
    struct service *service;
    const struct estimate_wanted *wanted;
    struct program *program;
    uint32_t version;
    struct arena *arena;
    struct expr_machine *machine;
    int64_t until_mono_us;
    struct bound bounds[PLAN_NODES_MAX + 1]; /* by table */
    struct usage used[PLAN_NODES_MAX];       /* by node, of the runs looked at */
    uint64_t done[PLAN_NODES_MAX];           /* items that the step has done in them */
    uint32_t run_count;
    struct value unknown; /* words */
};

static void
note_unknown(struct estimate *estimate, const struct plan_node *node, const char *words)
{
    const char *text =
        arena_format(estimate->arena, "%.*s: %s", SLICE_FORMAT(value_slice(node->id)), words);
    estimate->unknown = value_array_append(estimate->arena, estimate->unknown, value_text(text));
}

/* --- rows --- */

/* What a step sees before anything has run: no rows but the input. */
static struct step_scope
scope_of(struct estimate *estimate, const struct plan_node *node)
{
    const char *model = estimate->service->options.default_model;
    struct value input = estimate->wanted->input;
    int64_t now = clock_unix_ms(estimate->service->options.clock);
    struct value vars = value_empty_object();
    status_ignore(vars_read(estimate->service, &estimate->wanted->workflow->workspace,
                            estimate->arena, &vars));
    struct value workflow =
        workflow_value_make(estimate->arena, estimate->wanted->workflow, estimate->version);
    struct member members[] = {
        {value_text("input"), input},
        {value_text("item"), node->table == 0 ? input : value_null()},
        {value_text("steps"), value_empty_object()},
        {value_text("run"), trial_run_value(estimate->arena, workflow, now)},
        {value_text("vars"), vars},
    };
    return (struct step_scope){
        .machine = estimate->machine,
        .plan = estimate->program->plan,
        .node = node,
        .root = value_object_new(estimate->arena, members, COUNT_OF(members)),
        .default_model = model == NULL ? (struct value){0} : value_text(model),
        .arena = estimate->arena,
    };
}

static enum status
count_rows(struct estimate *estimate, const struct plan_node *node, struct value config,
           struct bound *bound, struct error *error)
{
    const char *code = "";
    struct peek *peek = NULL;
    struct peek_wanted wanted = {
        .workspace = estimate->wanted->workflow->workspace,
        .type = estimate->program->types[node->index],
        .config = config,
    };
    enum status status = peek_open(&peek, estimate->service->engine, &wanted, &code, error);
    if (status == STATUS_OK)
        status = peek_count(peek, estimate->until_mono_us, &bound->rows, &bound->is_known, error);
    peek_close(&peek);
    return status;
}

/* Without conditions before it the source is read for sure. */
static void
bound_source(struct estimate *estimate, const struct plan_node *node, struct bound *bound)
{
    struct step_failure failure;
    struct error error = {0};
    struct step_scope scope = scope_of(estimate, node);
    struct value config;
    if (!step_render_config(&scope, &config, &failure)) {
        note_unknown(estimate, node, failure.words);
        return;
    }
    enum status status = count_rows(estimate, node, config, bound, &error);
    bound->is_exact = bound->is_known && node->when == NULL && node->edge_count == 0;
    if (status != STATUS_OK)
        note_unknown(estimate, node, error.text);
    else if (!bound->is_known)
        note_unknown(estimate, node,
                     arena_format(estimate->arena,
                                  "more than %" PRIu64 " rows; counting them takes too long",
                                  bound->rows));
    bound->is_known = bound->is_known && status == STATUS_OK;
}

static uint64_t
add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* All that go in, as a bound of what comes out. */
static void
bound_reshape(struct estimate *estimate, const struct plan_node *node,
              const struct plan_table *table, struct bound *bound)
{
    const struct reshape_decl *decl = &node->decl->reshape;
    if (decl->rows == RESHAPE_EXPANDS_ROWS || decl->rows == RESHAPE_JOINS_ROWS) {
        note_unknown(estimate, node, "how many rows it makes is known when it has made them");
        return;
    }
    *bound = (struct bound){.is_known = true};
    for (uint16_t i = 0; i < table->input_count; i++) {
        uint16_t input = estimate->program->plan->nodes[table->inputs[i]].table;
        bound->is_known = bound->is_known && estimate->bounds[input].is_known;
        bound->rows = add(bound->rows, estimate->bounds[input].rows);
    }
    if (decl->count_field == NULL)
        return;
    const struct config_field *count = plan_node_field(node, decl->count_field);
    uint64_t most = (uint64_t)count->literal.integer;
    bound->rows = !bound->is_known || bound->rows > most ? most : bound->rows;
    bound->is_known = true;
}

static void
bound_tables(struct estimate *estimate)
{
    const struct plan *plan = estimate->program->plan;
    for (uint16_t t = 0; t < plan->table_count; t++) {
        if (!plan->tables[t].is_many)
            estimate->bounds[t] = (struct bound){true, true, 1};
    }
    for (uint16_t n = 0; n < plan->node_count; n++) {
        const struct plan_node *node = &plan->nodes[n];
        if (node->makes_table < 0 || node->is_side)
            continue;
        const struct plan_table *table = &plan->tables[node->makes_table];
        if (table->kind == PLAN_TABLE_SOURCE)
            bound_source(estimate, node, &estimate->bounds[node->makes_table]);
        else if (table->kind == PLAN_TABLE_RESHAPE)
            bound_reshape(estimate, node, table, &estimate->bounds[node->makes_table]);
    }
}

/* --- costs of earlier runs --- */

struct history {
    struct estimate *estimate;
    struct id runs[RUNS_LOOKED_AT];
    uint32_t count;
};

static void
note_step_done(struct estimate *estimate, struct value step)
{
    struct value id = value_get(step, "id");
    int64_t done = 0;
    const struct plan_node *node =
        id.kind == VALUE_STRING ? plan_node_find(estimate->program->plan, value_slice(id)) : NULL;
    if (node != NULL && value_integer(value_get(step, "done"), &done) && done > 0)
        estimate->done[node->index] = add(estimate->done[node->index], (uint64_t)done);
}

/* counts: as a run's row has them. */
static void
note_done(struct estimate *estimate, struct slice counts)
{
    struct arena arena;
    struct value value;
    arena_init(&arena, 16 * counts.size + KIB(64));
    if (json_parse(&value, &arena, counts, 0, NULL, NULL) != STATUS_OK)
        value = value_null();
    struct value tables = value_get(value, "tables");
    for (uint32_t t = 0; tables.kind == VALUE_ARRAY && t < tables.count; t++) {
        struct value steps = value_get(value_items(tables)[t], "steps");
        for (uint32_t i = 0; steps.kind == VALUE_ARRAY && i < steps.count; i++)
            note_step_done(estimate, value_items(steps)[i]);
    }
    arena_done(&arena);
}

static bool
note_run(const struct run_row *row, void *context)
{
    struct history *history = context;
    history->runs[history->count++] = row->id;
    if (row->counts.size > 0)
        note_done(history->estimate, row->counts);
    return history->count < RUNS_LOOKED_AT;
}

static bool
note_usage(const struct usage_row *row, void *context)
{
    struct estimate *estimate = context;
    const struct plan_node *node = plan_node_find(estimate->program->plan, row->step);
    if (node != NULL)
        usage_add(&estimate->used[node->index], &row->used);
    return true;
}

static enum status
read_history(struct estimate *estimate)
{
    struct store *store = estimate->service->store;
    struct history history = {.estimate = estimate};
    struct store_page page = {
        .workspace = estimate->wanted->workflow->workspace,
        .workflow = estimate->wanted->workflow->id,
        .states = UINT32_C(1) << RUN_STATE_COMPLETED,
        .limit = RUNS_LOOKED_AT,
    };
    enum status status = store_run_list(store, &page, note_run, &history);
    for (uint32_t i = 0; i < history.count && status == STATUS_OK; i++)
        status = store_usage_list(store, &history.runs[i], note_usage, estimate);
    estimate->run_count = history.count;
    return status;
}

/* --- what is told --- */

static struct value
number(uint64_t count, bool is_known)
{
    return is_known && count <= INT64_MAX ? value_int((int64_t)count) : value_null();
}

static struct value
table_value(struct estimate *estimate, const struct plan_table *table)
{
    const struct bound *bound = &estimate->bounds[table->index];
    struct member members[] = {
        {value_text("name"), plan_table_title(table)},
        {value_text("rows"), number(bound->rows, bound->is_exact)},
        {value_text("rowsAtMost"), number(bound->rows, bound->is_known)},
    };
    return value_object_new(estimate->arena, members, COUNT_OF(members));
}

/* What the calls of one step would use, or all of them. */
struct forecast {
    bool has_calls, has_usage, has_cost, has_price;
    uint64_t calls;
    double tokens_in, tokens_out, microcredits;
    struct value model;                /* VALUE_NONE: not known */
    int64_t input_price, output_price; /* of a million tokens */
};

/* The name of the field that names a model; NULL: it asks none. */
static const char *
model_field(const struct step_decl *decl)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (decl->fields[i].kind == FIELD_MODEL)
            return decl->fields[i].name;
    }
    return NULL;
}

/* "provider/model" that the step asks now; VALUE_NONE: none, or the row decides. */
static struct value
model_of(struct estimate *estimate, const struct plan_node *node)
{
    const char *field = model_field(node->decl);
    struct step_scope scope = scope_of(estimate, node);
    struct step_failure failure;
    struct value model = {0};
    if (field == NULL || !step_render(&scope, field, &model, &failure) ||
        model.kind != VALUE_STRING)
        return (struct value){0};
    return model;
}

/* What the tokens cost by today's prices; a model without a price costs nothing, whatever it uses.
 * Without a model that is known now it is what was paid in those runs. */
static void
price_forecast(struct estimate *estimate, struct value model, struct forecast *forecast)
{
    const struct service_transport *transport = &estimate->service->options.transport;
    static const struct usage million_in = {.tokens_in = 1000000};
    static const struct usage million_out = {.tokens_out = 1000000};
    int64_t in, out;
    forecast->has_cost = forecast->has_usage;
    if (model.kind == VALUE_NONE || transport->cost == NULL)
        return;
    if (!transport->cost(NULL, value_slice(model), &million_in, &in) ||
        !transport->cost(NULL, value_slice(model), &million_out, &out))
        return;
    forecast->has_price = true;
    forecast->input_price = in;
    forecast->output_price = out;
    forecast->microcredits =
        (forecast->tokens_in * (double)in + forecast->tokens_out * (double)out) / 1e6;
    forecast->has_cost = forecast->has_usage || (in == 0 && out == 0);
}

static struct forecast
forecast_step(struct estimate *estimate, const struct plan_node *node)
{
    const struct bound *bound = &estimate->bounds[node->table];
    const struct usage *used = &estimate->used[node->index];
    struct forecast out = {
        .has_calls = bound->is_known, .calls = bound->rows, .model = model_of(estimate, node)};
    uint64_t done = estimate->done[node->index];
    bool asks_model = model_field(node->decl) != NULL;
    out.has_usage = out.has_calls && (done > 0 || !asks_model);
    out.has_usage = out.has_usage && node->decl->shape != STEP_SHAPE_CHILD;
    if (out.has_usage && done > 0) {
        double times = (double)bound->rows / (double)done;
        out.tokens_in = times * (double)used->tokens_in;
        out.tokens_out = times * (double)used->tokens_out;
        out.microcredits = times * (double)used->cost_microcredits;
    }
    price_forecast(estimate, out.model, &out);
    return out;
}

static struct value
amount(double value, bool is_known)
{
    return is_known && value < 9e15 ? value_int((int64_t)(value + 0.5)) : value_null();
}

static struct value
cost_value(struct estimate *estimate, const struct forecast *forecast)
{
    if (!forecast->has_cost || forecast->microcredits >= 9e15)
        return value_null();
    return credits_value((int64_t)(forecast->microcredits + 0.5), estimate->arena);
}

static struct value
forecast_value(struct estimate *estimate, struct value object, const struct forecast *forecast)
{
    const struct member members[] = {
        {value_text("calls"), number(forecast->calls, forecast->has_calls)},
        {value_text("tokensIn"), amount(forecast->tokens_in, forecast->has_usage)},
        {value_text("tokensOut"), amount(forecast->tokens_out, forecast->has_usage)},
        {value_text("cost"), cost_value(estimate, forecast)},
    };
    for (size_t i = 0; i < COUNT_OF(members); i++)
        object = value_object_set(estimate->arena, object, members[i].key, members[i].value);
    return object;
}

static struct value
price_value(struct estimate *estimate, const struct forecast *forecast)
{
    if (!forecast->has_price)
        return value_null();
    struct member members[] = {
        {value_text("input"), credits_value(forecast->input_price, estimate->arena)},
        {value_text("output"), credits_value(forecast->output_price, estimate->arena)},
    };
    return value_object_new(estimate->arena, members, COUNT_OF(members));
}

static struct value
step_value(struct estimate *estimate, const struct plan_node *node, const struct forecast *forecast)
{
    uint64_t done = estimate->done[node->index];
    struct member members[] = {
        {value_text("id"), node->id},
        {value_text("type"), value_text(node->decl->name)},
        {value_text("table"), plan_table_title(&estimate->program->plan->tables[node->table])},
        {value_text("attempts"), value_int(node->attempts)},
        {value_text("mayFollow"), value_bool(estimate->program->has_follow[node->index])},
        {value_text("basedOnItems"), number(done, true)},
        {value_text("model"), forecast->model.kind == VALUE_NONE ? value_null() : forecast->model},
        {value_text("price"), price_value(estimate, forecast)},
    };
    struct value out = value_object_new(estimate->arena, members, COUNT_OF(members));
    return forecast_value(estimate, out, forecast);
}

static void
add_forecast(struct forecast *sum, const struct forecast *more)
{
    sum->has_calls = sum->has_calls && more->has_calls;
    sum->has_usage = sum->has_usage && more->has_usage;
    sum->has_cost = sum->has_cost && more->has_cost;
    sum->calls = add(sum->calls, more->calls);
    sum->tokens_in += more->tokens_in;
    sum->tokens_out += more->tokens_out;
    sum->microcredits += more->microcredits;
}

/* Adds it to the sum too. */
static struct value
steps_value(struct estimate *estimate, struct forecast *sum)
{
    const struct plan *plan = estimate->program->plan;
    struct value out = value_empty_array();
    for (uint16_t n = 0; n < plan->node_count; n++) {
        const struct plan_node *node = &plan->nodes[n];
        bool calls =
            node->decl->shape == STEP_SHAPE_EFFECT || node->decl->shape == STEP_SHAPE_CHILD;
        if (!calls)
            continue;
        struct forecast forecast = forecast_step(estimate, node);
        add_forecast(sum, &forecast);
        if (forecast.has_calls && !forecast.has_usage)
            note_unknown(estimate, node,
                         node->decl->shape == STEP_SHAPE_CHILD
                             ? "what runs of the other workflow use stands with them"
                             : "no run that completed tells what its calls use");
        out = value_array_append(estimate->arena, out, step_value(estimate, node, &forecast));
    }
    return out;
}

static struct value
estimate_value(struct estimate *estimate)
{
    const struct plan *plan = estimate->program->plan;
    struct forecast sum = {.has_calls = true, .has_usage = true, .has_cost = true};
    struct value tables = value_empty_array();
    for (uint16_t t = 0; t < plan->table_count; t++)
        tables =
            value_array_append(estimate->arena, tables, table_value(estimate, &plan->tables[t]));
    struct value steps = steps_value(estimate, &sum);
    struct value total = forecast_value(estimate, value_empty_object(), &sum);
    struct member members[] = {
        {value_text("version"), value_int(estimate->version)},
        {value_text("tables"), tables},
        {value_text("steps"), steps},
        {value_text("total"), total},
        {value_text("basedOnRuns"), value_int(estimate->run_count)},
        {value_text("unknown"), estimate->unknown},
    };
    return value_object_new(estimate->arena, members, COUNT_OF(members));
}

static enum status
estimate_program(struct estimate *estimate, struct value *out, struct error *error)
{
    const struct estimate_wanted *wanted = estimate->wanted;
    enum status status = program_check_input(estimate->program, wanted->input, false, error);
    if (status == STATUS_OK)
        status = uploads_check_input(estimate->service, &wanted->workflow->workspace,
                                     estimate->program->plan->input_schema, wanted->input, error);
    if (status == STATUS_OK)
        status = read_history(estimate);
    if (status != STATUS_OK)
        return status;
    estimate->machine = expr_machine_new(expr_budget_default());
    bound_tables(estimate);
    *out = estimate_value(estimate);
    expr_machine_free(&estimate->machine);
    return out->kind == VALUE_NONE ? STATUS_LIMIT : STATUS_OK;
}

enum status
service_workflow_estimate(struct service *service, const struct estimate_wanted *wanted,
                          struct arena *arena, struct value *out, struct error *error)
{
    const struct workflow_row *workflow = wanted->workflow;
    struct estimate *estimate = mem_alloc(sizeof(*estimate));
    estimate->service = service;
    estimate->wanted = wanted;
    estimate->arena = arena;
    estimate->unknown = value_empty_array();
    estimate->until_mono_us =
        clock_mono_us(service->options.clock) + LIMIT_ESTIMATE_MS * INT64_C(1000);
    estimate->version = wanted->version != 0               ? wanted->version
                        : workflow->published_version != 0 ? workflow->published_version
                                                           : workflow->latest_version;
    enum status status = programs_get(service->programs, &workflow->id, estimate->version,
                                      &estimate->program, error);
    if (status == STATUS_OK)
        status = estimate_program(estimate, out, error);
    program_drop(&estimate->program);
    mem_free(estimate);
    return status;
}
