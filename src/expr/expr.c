#include "expr/expr.h"

#include "base/limits.h"
#include "base/mem.h"
#include "expr/eval.h"
#include "expr/parser.h"
#include "expr/regex.h"
#include "expr/run.h"
#include "expr/stack.h"

#include <assert.h>
#include <stdio.h>

/* Frames of calls, untouched until needed. */
#define FRAME_BYTES MIB(4)
/* Values under construction; more is given back after an evaluation. */
#define VALUES_FIRST ((size_t)64)
#define VALUES_KEPT ((size_t)65536)

static enum status
copy_source(struct slice *copy, struct arena *arena, struct slice source,
            struct expr_problem *problem)
{
    if (source.size > LIMIT_EXPR_SOURCE_BYTES) {
        snprintf(problem->words, sizeof(problem->words), "the expression is longer than %zu bytes",
                 LIMIT_EXPR_SOURCE_BYTES);
        return STATUS_LIMIT;
    }
    if (!slice_is_utf8(source)) {
        snprintf(problem->words, sizeof(problem->words), "the expression is not UTF-8 text");
        return STATUS_INVALID;
    }
    *copy = arena_copy(arena, source);
    if (copy->ptr != NULL)
        return STATUS_OK;
    snprintf(problem->words, sizeof(problem->words), "the expression needs too much memory");
    return STATUS_LIMIT;
}

enum status
expr_compile(struct expr **out, struct arena *arena, struct slice source,
             struct expr_problem *problem)
{
    struct slice copy;
    *out = NULL;
    *problem = (struct expr_problem){0};
    enum status status = copy_source(&copy, arena, source, problem);
    if (status != STATUS_OK)
        return status;

    struct compilation compilation = {.arena = arena, .problem = problem};
    struct function program = {0};
    struct parser parser = {.compilation = &compilation, .function = &program};
    parser_start(&parser, copy);
    const struct node *body = parse_pipe(&parser);
    if (parser.token.kind != TOKEN_END)
        parser_unexpected(&parser, "an operator or the end");
    if (compilation.status != STATUS_OK)
        return compilation.status;

    analysis_run(body, compilation.defs);
    struct expr *expr = arena_alloc(arena, sizeof(*expr));
    *expr = (struct expr){.arena = arena,
                          .source = copy,
                          .body = body,
                          .slot_count = program.slot_count,
                          .defs = compilation.defs};
    *out = expr;
    return STATUS_OK;
}

struct slice
expr_source(const struct expr *expr)
{
    return expr->source;
}

struct expr_budget
expr_budget_default(void)
{
    return (struct expr_budget){
        .steps = LIMIT_EXPR_STEPS, .bytes = LIMIT_EXPR_BYTES, .depth = LIMIT_EXPR_DEPTH};
}

struct expr_machine *
expr_machine_new(struct expr_budget budget)
{
    assert(budget.steps > 0);
    assert(budget.bytes > 0);
    struct expr_machine *machine = mem_alloc(sizeof(*machine));
    machine->budget = budget;
    arena_init(&machine->scratch, budget.bytes);
    machine->frames = mem_alloc_raw(FRAME_BYTES);
    machine->frame_end = machine->frames + FRAME_BYTES;
    machine->value_capacity = VALUES_FIRST;
    machine->values = mem_alloc_array(VALUES_FIRST, sizeof(struct value));
    machine->regexes = regex_cache_new();
    return machine;
}

void
expr_machine_free(struct expr_machine **machine)
{
    struct expr_machine *gone = *machine;
    if (gone == NULL)
        return;
    regex_cache_free(&gone->regexes);
    arena_done(&gone->scratch);
    mem_free(gone->values);
    mem_free(gone->frames);
    mem_free(gone);
    *machine = NULL;
}

static void
machine_find_stack(struct expr_machine *machine)
{
    const char *floor = stack_floor();
    const char *lowest =
        (const char *)__builtin_frame_address(0) - (EXPR_STACK_BYTES - EXPR_STACK_RESERVE_BYTES);
    machine->stack_floor = floor > lowest ? floor : lowest;
}

static void
shrink_values(struct expr_machine *machine)
{
    machine->values = mem_resize(machine->values, VALUES_KEPT * sizeof(struct value));
    machine->value_capacity = VALUES_KEPT;
}

struct env *
run_resume(struct expr_machine *machine, uint32_t slot_count)
{
    machine_find_stack(machine);
    machine->steps_left = machine->budget.steps;
    machine->depth_left = machine->budget.depth;
    machine->frame_top = machine->frames;
    machine->value_count = 0;
    if (machine->value_capacity > VALUES_KEPT)
        shrink_values(machine);
    machine->owner = 0;
    machine->raised = (struct value){0};
    machine->limit_words = NULL;
    return frame_push(machine, NULL, slot_count);
}

void
run_forget(struct expr_machine *machine)
{
    arena_reset(&machine->scratch);
    machine->text_end = NULL;
    machine->text_limit = NULL;
    machine->last_owner = 0;
}

/* A machine as new, and the frame of the program. */
static struct env *
machine_start(struct expr_machine *machine, const struct expr *expr)
{
    run_forget(machine);
    return run_resume(machine, expr->slot_count);
}

enum status
run_fail(struct expr_machine *machine, struct expr_failure *failure, enum outcome outcome)
{
    failure->status = STATUS_LIMIT;
    if (outcome == OUTCOME_RAISED) {
        failure->status = STATUS_INVALID;
        failure->raised = machine->raised;
        bool is_text = machine->raised.kind == VALUE_STRING;
        struct slice text = slice_cut(value_slice(machine->raised), sizeof(failure->words) - 1);
        if (is_text)
            snprintf(failure->words, sizeof(failure->words), "%.*s", SLICE_FORMAT(text));
        else
            snprintf(failure->words, sizeof(failure->words), "(not a string) %s",
                     machine_describe(machine, machine->raised, 200));
    } else if (outcome == OUTCOME_STOP) {
        failure->status = machine->stop_status;
        failure->words[0] = '\0';
    } else {
        snprintf(failure->words, sizeof(failure->words), "%s",
                 machine->limit_words == NULL ? "the expression takes too many steps"
                                              : machine->limit_words);
    }
    return failure->status;
}

static void
clear(struct expr_failure *failure)
{
    failure->status = STATUS_OK;
    failure->raised = (struct value){0};
    failure->words[0] = '\0';
}

/* What was made here may share parts so often that going through it would never end: it is gone
 * through once, within the budget, before anybody else has to. */
static bool
charge_made(struct expr_machine *machine, struct value value)
{
    bool is_array = value.kind == VALUE_ARRAY && value.count > 0;
    bool is_object = value.kind == VALUE_OBJECT && value.count > 0;
    if (!is_array && !is_object)
        return true;
    const struct arena *owner = is_array ? value.array->arena : value.object->arena;
    if (!machine_charge(machine, value.count))
        return false;
    if (owner != &machine->scratch)
        return true;
    for (uint32_t i = 0; i < value.count; i++) {
        struct value part = is_array ? value.array->items[i] : value.object->members[i].value;
        if (part.kind > VALUE_STRING && !charge_made(machine, part))
            return false;
    }
    return true;
}

struct visit_sink {
    struct sink sink;
    struct expr_machine *machine;
    expr_output_fn *visit;
    void *context;
};

static enum outcome
visit_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct visit_sink *to = (struct visit_sink *)sink;
    /* What comes from a built-in that ran out of steps is no result. */
    if (to->machine->steps_left == 0)
        return value_outcome(machine_no_steps(to->machine));
    if (!charge_made(to->machine, value))
        return value_outcome(machine_spend(to->machine, "a result is too large"));
    enum status status = to->visit(value, to->context);
    if (status == STATUS_OK)
        return OUTCOME_OK;
    to->machine->stop_status = status;
    return OUTCOME_STOP;
}

enum status
expr_each(struct expr_machine *machine, const struct expr *expr, struct value input,
          expr_output_fn *visit, void *context, struct expr_failure *failure)
{
    clear(failure);
    struct env *env = machine_start(machine, expr);
    struct visit_sink to = {
        .sink = {visit_emit}, .machine = machine, .visit = visit, .context = context};
    enum outcome outcome = OUTCOME_LIMIT;
    if (env != NULL)
        outcome = eval_each(expr->body, env, input, NULL, &to.sink);
    return outcome == OUTCOME_OK ? STATUS_OK : run_fail(machine, failure, outcome);
}

struct single_sink {
    struct sink sink;
    struct value value;
    bool has_second;
};

static enum outcome
single_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct single_sink *single = (struct single_sink *)sink;
    single->has_second = single->value.kind != VALUE_NONE;
    if (single->has_second)
        return OUTCOME_STOP;
    single->value = value;
    return OUTCOME_OK;
}

static enum status
fail_count(struct expr_failure *failure, const char *words)
{
    failure->status = STATUS_INVALID;
    failure->raised = value_text(words);
    snprintf(failure->words, sizeof(failure->words), "%s", words);
    return failure->status;
}

enum status
run_single(struct expr_machine *machine, const struct expr *expr, struct value input,
           struct value *out, struct expr_failure *failure)
{
    clear(failure);
    *out = (struct value){0};
    struct env *env = machine_start(machine, expr);
    if (env == NULL)
        return run_fail(machine, failure, OUTCOME_LIMIT);
    return run_single_in(env, expr->body, input, out, failure);
}

enum status
run_single_in(struct env *env, const struct node *body, struct value input, struct value *out,
              struct expr_failure *failure)
{
    struct expr_machine *machine = env->machine;
    struct single_sink single = {.sink = {single_emit}};
    enum outcome outcome = OUTCOME_OK;
    clear(failure);
    *out = (struct value){0};
    if (!body->many) {
        single.value = eval_one(body, env, input);
        outcome = single.value.kind == VALUE_NONE ? value_outcome(single.value) : OUTCOME_OK;
    } else {
        outcome = eval_each(body, env, input, NULL, &single.sink);
    }
    if (single.has_second)
        return fail_count(failure, "the expression gives more than one value");
    if (outcome == OUTCOME_OK && machine->steps_left == 0)
        outcome = value_outcome(machine_no_steps(machine));
    if (outcome != OUTCOME_OK)
        return run_fail(machine, failure, outcome);
    if (single.value.kind == VALUE_NONE)
        return fail_count(failure, "the expression gives no value");
    *out = single.value;
    return STATUS_OK;
}

enum status
expr_one(struct expr_machine *machine, const struct expr *expr, struct value input,
         struct arena *arena, struct value *out, struct expr_failure *failure)
{
    enum status status = run_single(machine, expr, input, out, failure);
    if (status != STATUS_OK)
        return status;
    *out = machine_keep(machine, expr, arena, *out);
    return out->kind != VALUE_NONE ? STATUS_OK : run_fail(machine, failure, OUTCOME_LIMIT);
}

enum status
expr_truth(struct expr_machine *machine, const struct expr *expr, struct value input, bool *out,
           struct expr_failure *failure)
{
    struct value value;
    *out = false;
    enum status status = run_single(machine, expr, input, &value, failure);
    if (status == STATUS_OK)
        *out = value_is_true(value);
    return status;
}
