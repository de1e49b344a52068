#include "engine/trial.h"

#include "base/credits.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/secret_mark.h"
#include "engine/env.h"
#include "engine/evaluate.h"
#include "engine/models.h"
#include "engine/peek.h"
#include "engine/run.h"

/* Rows of a source that are shown. */
#define ROWS_SHOWN 10
/* Bytes of a request's body that are shown. */
#define BODY_SHOWN_BYTES KIB(64)

struct trial_job {
    struct task task;
    struct engine *engine;
    struct program *program; /* one reference */
    const struct step_type *type;
    struct id workspace;
    bool makes_calls;
    struct expr_machine *machine;
    struct arena arena; /* of all that is told */
    struct step_scope scope;
    struct step_progress progress;
    uint32_t call_count;
    struct exchange *exchange;
    struct arena outcome; /* of the call in hand */
    struct step_env env;
    struct effect_name name;
    struct id run; /* of no run: to tell the calls apart */
    uint8_t hash[STORE_HASH_BYTES];
    char idempotency_key[2 * DIGEST_BYTES + 1];
    struct peek *peek; /* of a source; its rows may point into it */
    struct value config, requests;
    struct usage usage;
    struct payer payer; /* but for the day */
    struct purse purse;
    int64_t reserved;
    bool is_ok; /* of the call in hand, until it is paid: */
    struct value answer, details;
    struct step_failure failure;
    trial_done_fn *done;
    void *context;
};

/* --- how it ends --- */

static void
job_free(struct trial_job *job)
{
    peek_close(&job->peek);
    purse_close(job->engine->accounts, &job->purse);
    expr_machine_free(&job->machine);
    program_drop(&job->program);
    arena_done(&job->arena);
    job->engine->trials--;
    job->engine->away--;
    mem_free(job);
}

static struct value
or_null(struct value value)
{
    return value.kind == VALUE_NONE ? value_null() : value;
}

static struct value
usage_value(struct trial_job *job)
{
    struct member members[] = {
        {value_text("tokensIn"), value_int(job->usage.tokens_in)},
        {value_text("tokensOut"), value_int(job->usage.tokens_out)},
        {value_text("cost"), credits_value(job->usage.cost_microcredits, &job->arena)},
    };
    return value_object_new(&job->arena, members, COUNT_OF(members));
}

/* What became of it. */
struct verdict {
    const char *state;
    struct value value, label, error;
};

static void
job_end(struct trial_job *job, const struct verdict *verdict)
{
    struct member members[] = {
        {value_text("state"), value_text(verdict->state)},
        {value_text("value"), or_null(verdict->value)},
        {value_text("label"), or_null(verdict->label)},
        {value_text("config"), or_null(job->config)},
        {value_text("requests"), job->requests},
        {value_text("error"), or_null(verdict->error)},
        {value_text("usage"), usage_value(job)},
    };
    job->done(value_object_new(&job->arena, members, COUNT_OF(members)), job->context);
    job_free(job);
}

static void
job_fail(struct trial_job *job, const struct step_failure *failure, struct value details)
{
    struct value error = chunk_failure_value(&job->arena, failure->code, failure->words);
    for (uint32_t i = 0; details.kind == VALUE_OBJECT && i < details.count; i++) {
        const struct member *member = &value_members(details)[i];
        if (value_find(error, value_slice(member->key)).kind == VALUE_NONE)
            error = value_object_set(&job->arena, error, value_copy(&job->arena, member->key),
                                     value_copy(&job->arena, member->value));
    }
    job_end(job, &(struct verdict){.state = "failed", .error = error});
}

static void
job_fail_with(struct trial_job *job, const char *code, const char *words)
{
    struct step_failure failure;
    step_fail(&failure, code, "%s", words);
    job_fail(job, &failure, (struct value){0});
}

/* --- calls --- */

/* Secrets as they were written: they are put in later, and elsewhere. */
static struct value
shown_text(struct trial_job *job, struct slice text)
{
    if (!secret_mark_is_in(text))
        return value_string_copy(&job->arena, text);
    struct buffer shown;
    buffer_init(&shown, LIMIT_VALUE_BYTES);
    secret_mark_show(&shown, text);
    struct value value = value_string_copy(&job->arena, buffer_slice(&shown));
    buffer_done(&shown);
    return value;
}

/* Marks stand in the entries of a config's maps. */
static struct value
shown_entries(struct trial_job *job, struct value map)
{
    if (map.kind != VALUE_OBJECT)
        return map;
    struct value out = map;
    for (uint32_t i = 0; i < map.count; i++) {
        const struct member *member = &value_members(map)[i];
        if (member->value.kind == VALUE_STRING && secret_mark_is_in(value_slice(member->value)))
            out = value_object_set(&job->arena, out, member->key,
                                   shown_text(job, value_slice(member->value)));
    }
    return out;
}

static struct value
shown_config(struct trial_job *job, struct value config)
{
    struct value out = config;
    for (uint32_t i = 0; config.kind == VALUE_OBJECT && i < config.count; i++) {
        const struct member *member = &value_members(config)[i];
        out = value_object_set(&job->arena, out, member->key, shown_entries(job, member->value));
    }
    return out;
}

static struct value
headers_value(struct trial_job *job)
{
    struct value out = value_empty_array();
    for (size_t i = 0; i < job->exchange->header_count; i++) {
        const struct exchange_header *header = &job->exchange->headers[i];
        struct member members[] = {
            {value_text("name"), value_string_copy(&job->arena, header->name)},
            {value_text("value"), shown_text(job, header->value)},
        };
        struct value one = value_object_new(&job->arena, members, COUNT_OF(members));
        out = value_array_append(&job->arena, out, one);
    }
    return out;
}

static struct value
body_value(struct trial_job *job)
{
    struct slice body = job->exchange->body;
    if (body.size == 0 || !slice_is_utf8(body))
        return value_null();
    return value_string_copy(&job->arena, slice_cut(body, BODY_SHOWN_BYTES));
}

/* One whose exchange has no url is made here, of files and texts: there is nothing to show. */
static void
note_request(struct trial_job *job)
{
    if (job->exchange->url.size == 0)
        return;
    struct member members[] = {
        {value_text("method"), value_string_copy(&job->arena, job->exchange->method)},
        {value_text("url"), value_string_copy(&job->arena, job->exchange->url)},
        {value_text("headers"), headers_value(job)},
        {value_text("body"), body_value(job)},
        {value_text("sent"), value_bool(job->makes_calls)},
    };
    struct value request = value_object_new(&job->arena, members, COUNT_OF(members));
    job->requests = value_array_append(&job->arena, job->requests, request);
}

static void ask(struct trial_job *job);

/* Of a step that may take several calls. */
static void
follow(struct trial_job *job)
{
    struct step_failure failure;
    switch (job->type->follow(&job->scope, &job->progress, &failure)) {
    case STEP_FOLLOW_ANSWER:
        job_end(job, &(struct verdict){.state = "completed", .value = job->progress.answer});
        return;
    case STEP_FOLLOW_VALUE:
        job_end(job, &(struct verdict){.state = "completed", .value = job->progress.value});
        return;
    case STEP_FOLLOW_CALL:
        job->progress.call++;
        job->progress.asked = job->progress.next;
        job->progress.answer = (struct value){0};
        ask(job);
        return;
    case STEP_FOLLOW_FAIL:
        job_fail(job, &failure, (struct value){0});
        return;
    }
}

static void
go_on(struct trial_job *job, struct value answer)
{
    job->progress.answer = answer;
    if (answer.kind == VALUE_NONE)
        job_fail_with(job, "limit_exceeded", "the answer is too large");
    else if (job->program->has_follow[job->scope.node->index])
        follow(job);
    else
        job_end(job, &(struct verdict){.state = "completed", .value = answer});
}

/* --- what it costs --- */

/* False: the trial has ended with that. Nobody waits for what others may leave. */
static bool
reserve(struct trial_job *job)
{
    struct step_failure failure;
    struct refusal refusal;
    struct value details = {0};
    int64_t amount =
        pay_guess(job->engine, job->scope.node, job->progress.asked, job->exchange->body.size);
    enum reserve answer = purse_reserve(job->engine->accounts, &job->purse, amount, &refusal);
    if (answer == RESERVE_OK) {
        job->reserved = amount;
        return true;
    }
    if (answer == RESERVE_NEVER)
        details = pay_refusal(&refusal, &failure, &job->arena);
    else
        step_fail(&failure, "credits_exhausted",
                  "calls on their way have reserved what is left; try again when they are done");
    arena_done(&job->outcome);
    exchange_free(&job->exchange);
    job_fail(job, &failure, details);
    return false;
}

static void
settle(struct trial_job *job, int64_t spent)
{
    purse_settle(job->engine->accounts, &job->purse, job->reserved, spent);
    job->reserved = 0;
}

static void
go_on_paid(struct task *task, void *thread_context)
{
    struct trial_job *job = (struct trial_job *)task;
    if (job->is_ok)
        go_on(job, job->answer);
    else
        job_fail(job, &job->failure, job->details);
}

/* On the writer's thread. */
static void
paid(struct intent *intent)
{
    struct trial_job *job = intent->owner;
    const struct engine_ports *ports = job->engine->options.ports;
    settle(job, intent->ops[0].spent->used.cost_microcredits);
    intent_free(&intent);
    job->task.run = go_on_paid;
    ports->post(ports->world, ENGINE_POOL_WORK, &job->task, NULL);
}

/* What was used is stored before anything is told. */
static void
pay(struct trial_job *job, const struct step_usage *used)
{
    const struct engine_ports *ports = job->engine->options.ports;
    struct intent *intent = intent_new(KIB(8));
    struct spent_row *row = arena_alloc(&intent->arena, sizeof(*row));
    row->payer = job->payer;
    row->payer.day = pay_day(clock_unix_ms(job->engine->options.clock));
    row->used = (struct usage){1, used->tokens_in, used->tokens_out, used->cost_microcredits};
    usage_add(&job->usage, &row->used);
    intent_add(intent, STORE_SPENDING_ADD, 256)->spent = row;
    intent->done = paid;
    intent->owner = job;
    ports->commit(ports->world, intent);
}

static void
conclude(struct task *task, void *thread_context)
{
    struct trial_job *job = (struct trial_job *)task;
    struct step_conclusion conclusion = {
        .node = job->scope.node,
        .config = job->progress.asked,
        .exchange = job->exchange,
        .env = job->exchange->needs_work ? &job->env : NULL,
        .arena = &job->outcome,
    };
    bool is_ok = job->type->conclude(&conclusion);
    env_forget(&job->env);
    const struct step_usage used = conclusion.usage;
    job->is_ok = is_ok;
    job->failure = conclusion.failure;
    job->answer = is_ok ? value_copy(&job->arena, conclusion.value) : value_null();
    job->details = is_ok ? value_null() : value_copy(&job->arena, or_null(conclusion.details));
    arena_done(&job->outcome);
    exchange_free(&job->exchange);
    if (used.tokens_in > 0 || used.tokens_out > 0 || used.cost_microcredits > 0) {
        pay(job, &used);
        return;
    }
    settle(job, 0);
    go_on_paid(&job->task, thread_context);
}

/* What is made of it may wait for children and files. */
static void
post_conclude(struct trial_job *job)
{
    const struct engine_ports *ports = job->engine->options.ports;
    job->task.run = conclude;
    ports->post(ports->world, ENGINE_POOL_SANDBOX, &job->task, NULL);
}

static void
answered(struct exchange *exchange)
{
    post_conclude(exchange->owner);
}

static void
name_call(struct trial_job *job)
{
    effect_hash(job->scope.node, job->progress.asked, job->hash);
    job->name = (struct effect_name){
        &job->run, value_slice(job->scope.node->id), {"", 0}, job->progress.call, job->hash};
    effect_idempotency_key(&job->name, 0, job->idempotency_key);
    arena_init(&job->outcome, LIMIT_OUTCOME_BYTES);
    job->env = (struct step_env){
        .options = &job->engine->options,
        .workspace = job->workspace,
        .call = &job->name,
        .generation = 1,
        .arena = &job->outcome,
        .is_cancelled = &job->engine->trials_end,
        .time_ms_max = job->exchange->timeout_ms,
    };
}

static bool
prepare(struct trial_job *job, struct step_failure *failure)
{
    const struct plan_node *node = job->scope.node;
    struct exchange *exchange = exchange_new(LIMIT_EXCHANGE_BYTES);
    exchange->workspace = job->workspace;
    exchange->run = job->run;
    exchange->timeout_ms =
        node->timeout_ms < LIMIT_TRIAL_CALL_MS ? node->timeout_ms : LIMIT_TRIAL_CALL_MS;
    exchange->max_answer_bytes = LIMIT_ANSWER_BYTES;
    exchange->done = answered;
    exchange->owner = job;
    job->exchange = exchange;
    name_call(job);
    if (job->type->prepare(job->progress.asked, slice_text(job->idempotency_key), exchange,
                           failure))
        return true;
    arena_done(&job->outcome);
    exchange_free(&job->exchange);
    return false;
}

/* The next call, which `progress` says what to ask. */
static void
ask(struct trial_job *job)
{
    const struct engine_ports *ports = job->engine->options.ports;
    struct step_failure failure;
    if (job->engine->trials_end) {
        job_fail_with(job, "cancelled", "the server is stopping");
        return;
    }
    if (job->call_count++ == LIMIT_TRIAL_CALLS) {
        job_fail_with(job, "limit_exceeded", "a trial makes no more calls than these");
        return;
    }
    if (job->type->ask != NULL) {
        job_end(job, &(struct verdict){.state = "not_sent"});
        return;
    }
    if (!prepare(job, &failure)) {
        job_fail(job, &failure, (struct value){0});
        return;
    }
    note_request(job);
    if (!job->makes_calls) {
        arena_done(&job->outcome);
        exchange_free(&job->exchange);
        job_end(job, &(struct verdict){.state = "not_sent"});
    } else if (!reserve(job)) {
        return;
    } else if (job->exchange->url.size > 0) {
        ports->call(ports->world, job->exchange);
    } else {
        post_conclude(job);
    }
}

/* --- by shape --- */

static void
try_effect(struct trial_job *job)
{
    struct step_failure failure;
    if (!evaluate_effect(&job->scope, job->type, &job->progress, &failure)) {
        job_fail(job, &failure, (struct value){0});
        return;
    }
    job->config = shown_config(job, job->progress.config);
    ask(job);
}

static void
try_source(struct trial_job *job)
{
    struct evaluated evaluated;
    struct step_failure failure;
    struct error error = {0};
    struct value rows = {0};
    const char *code = "bad_file";
    if (!evaluate_value(&job->scope, job->type, &evaluated, &failure)) {
        job_fail(job, &failure, (struct value){0});
        return;
    }
    job->config = evaluated.value;
    struct peek_wanted wanted = {job->workspace, job->type, job->config, job->makes_calls};
    enum status status = peek_open(&job->peek, job->engine, &wanted, &code, &error);
    bool needs_process = status == STATUS_UNSUPPORTED && !job->makes_calls;
    if (status == STATUS_OK)
        status = peek_rows(job->peek, ROWS_SHOWN, &job->arena, &rows, &error);
    if (needs_process)
        job_end(job, &(struct verdict){.state = "not_sent"});
    else if (status != STATUS_OK)
        job_fail_with(job, code, error.text);
    else
        job_end(job, &(struct verdict){.state = "completed", .value = rows});
}

static void
try_wait(struct trial_job *job)
{
    struct step_failure failure;
    struct step_wait wait;
    if (!step_render_config(&job->scope, &job->config, &failure) ||
        !job->type->wait(&job->scope, &wait, &failure))
        job_fail(job, &failure, (struct value){0});
    else
        job_end(job, &(struct verdict){.state = "completed"});
}

static void
try_child(struct trial_job *job)
{
    struct step_failure failure;
    if (!step_render_config(&job->scope, &job->config, &failure))
        job_fail(job, &failure, (struct value){0});
    else
        job_end(job, &(struct verdict){.state = "not_sent"});
}

static void
try_value(struct trial_job *job)
{
    struct evaluated evaluated;
    struct step_failure failure;
    if (!evaluate_value(&job->scope, job->type, &evaluated, &failure)) {
        job_fail(job, &failure, (struct value){0});
        return;
    }
    bool is_branch = job->scope.node->decl->shape == STEP_SHAPE_BRANCH;
    struct verdict verdict = {.state = evaluated.passes ? "completed" : "dropped",
                              .value = evaluated.value,
                              .label = is_branch ? evaluated.value : (struct value){0}};
    job_end(job, &verdict);
}

static void
try_shape(struct trial_job *job)
{
    switch (job->scope.node->decl->shape) {
    case STEP_SHAPE_EFFECT:
        try_effect(job);
        return;
    case STEP_SHAPE_SOURCE:
        try_source(job);
        return;
    case STEP_SHAPE_WAIT:
        try_wait(job);
        return;
    case STEP_SHAPE_CHILD:
        try_child(job);
        return;
    case STEP_SHAPE_VALUE:
    case STEP_SHAPE_FILTER:
    case STEP_SHAPE_BRANCH:
    case STEP_SHAPE_SINK:
    case STEP_SHAPE_RESHAPE:
        try_value(job);
        return;
    }
}

static struct trial_job *
job_new(struct engine *engine, const struct trial *trial)
{
    struct trial_job *job = mem_alloc(sizeof(*job));
    const char *model = engine->options.default_model;
    job->engine = engine;
    job->program = trial->program;
    program_hold(job->program);
    job->type = job->program->types[trial->node->index];
    job->workspace = trial->workspace;
    job->makes_calls = trial->makes_calls;
    job->payer = (struct payer){
        .workspace = trial->workspace, .key = trial->key, .workflow = trial->workflow};
    job->machine = expr_machine_new(expr_budget_default());
    arena_init(&job->arena, LIMIT_CHUNK_BYTES);
    rng_secret(&job->run, sizeof(job->run));
    job->requests = value_empty_array();
    job->scope = (struct step_scope){
        .machine = job->machine,
        .plan = job->program->plan,
        .node = trial->node,
        .root = value_copy(&job->arena, trial->root),
        .default_model = model == NULL ? (struct value){0} : value_text(model),
        .arena = &job->arena,
    };
    return job;
}

/* As a run that is not there: only the budget of runs does not hold. */
static enum status
open_purse(struct trial_job *job)
{
    bool is_stored = !id_is_zero(&job->payer.workflow);
    struct run_payer payer = {
        .key = job->payer.key,
        .workflow = job->payer.workflow,
        .run_budget = ACCOUNT_UNLIMITED,
        .day_budget =
            is_stored ? job->program->plan->limits.day_budget_microcredits : ACCOUNT_UNLIMITED,
    };
    return job->makes_calls && calls_may_cost(job->program, NULL)
               ? purse_open(job->engine, &job->workspace, &payer, &job->purse)
               : STATUS_OK;
}

enum status
engine_try(struct engine *engine, const struct trial *trial, trial_done_fn *done, void *context)
{
    if (engine->trials++ >= LIMIT_TRIALS) {
        engine->trials--;
        return STATUS_UNAVAILABLE;
    }
    engine->away++;
    struct trial_job *job = job_new(engine, trial);
    struct step_failure failure;
    bool holds = false;
    enum status status = open_purse(job);
    if (status != STATUS_OK) {
        job_free(job);
        return status;
    }
    job->done = done;
    job->context = context;
    if (!evaluate_when(&job->scope, &holds, &failure))
        job_fail(job, &failure, (struct value){0});
    else if (!holds)
        job_end(job, &(struct verdict){.state = "skipped"});
    else
        try_shape(job);
    return STATUS_OK;
}

struct value
trial_run_value(struct arena *arena, struct value workflow, int64_t now_unix_ms)
{
    struct run_row row = {
        .generation = 1,
        .trigger = SLICE("trial"),
        .created_unix_ms = now_unix_ms,
        .started_unix_ms = now_unix_ms,
    };
    return run_value_make(arena, &row, workflow);
}
