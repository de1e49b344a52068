#include "expr/aggregate_parts.h"
#include "expr/arithmetic.h"
#include "expr/order.h"
#include "expr/run.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>

/* The scratch is tidied up when it holds so many times what is kept, and this much more: a text or
 * array that grows is copied once with room for as much again, and goes on growing in that. */
#define COMPACT_FACTOR 4
#define COMPACT_BYTES_MIN KIB(64)

enum progress {
    PROGRESS_OPEN,
    PROGRESS_ENDED,
    PROGRESS_RAISED,
};

struct stream_state {
    uint8_t progress; /* enum progress */
    struct value raised;
};

struct leaf_state {
    uint8_t progress; /* enum progress */
    bool is_begun;    /* a reduce has its start */
    uint32_t owner;   /* of a reduce: see fold_round() */
    uint64_t count;   /* values taken */
    struct value value;
    struct value key; /* of min_by and max_by */
    struct value raised;
};

/* All values lie in the machine's scratch, which is not emptied between rows. What comes with a row
 * is copied before it is kept. */
struct aggregate_state {
    const struct aggregate *aggregate;
    struct expr_machine *machine;
    struct stream_state *streams;
    struct leaf_state *leaves;
    size_t compact_at; /* bytes used */
    struct arena spare;

    uint32_t max_rows;
    struct arena row_arena; /* rows that are kept */
    struct value rows;

    bool is_failed; /* for good, as in failure */
    struct expr_failure failure;
};

struct aggregate_state *
aggregate_state_new(const struct aggregate *aggregate, struct expr_budget budget, uint32_t max_rows)
{
    struct aggregate_state *state = mem_alloc(sizeof(*state));
    state->aggregate = aggregate;
    state->machine = expr_machine_new(budget);
    state->streams = mem_alloc_array(aggregate->stream_count, sizeof(*state->streams));
    state->leaves = mem_alloc_array(aggregate->leaf_count, sizeof(*state->leaves));
    state->max_rows = max_rows;
    arena_init(&state->spare, budget.bytes);
    arena_init(&state->row_arena, budget.bytes);
    aggregate_state_reset(state);
    return state;
}

void
aggregate_state_free(struct aggregate_state **state)
{
    struct aggregate_state *gone = *state;
    if (gone == NULL)
        return;
    expr_machine_free(&gone->machine);
    arena_done(&gone->spare);
    arena_done(&gone->row_arena);
    mem_free(gone->streams);
    mem_free(gone->leaves);
    mem_free(gone);
    *state = NULL;
}

void
aggregate_state_reset(struct aggregate_state *state)
{
    const struct aggregate *aggregate = state->aggregate;
    run_forget(state->machine);
    arena_reset(&state->row_arena);
    memset(state->streams, 0, aggregate->stream_count * sizeof(*state->streams));
    memset(state->leaves, 0, aggregate->leaf_count * sizeof(*state->leaves));
    for (uint32_t i = 0; i < aggregate->leaf_count; i++)
        state->leaves[i].value = value_null();
    state->rows = value_empty_array();
    state->compact_at = COMPACT_BYTES_MIN;
    state->is_failed = false;
    state->failure.status = STATUS_OK;
}

/* --- memory --- */

/* The value with nothing left in the row; VALUE_NONE over the budget. */
static struct value
own(struct expr_machine *machine, struct value value)
{
    if (value.kind < VALUE_DECIMAL)
        return value;
    if (!machine_charge_tree(machine, value))
        return machine_no_steps(machine);
    return machine_check(machine, value_copy(&machine->scratch, value));
}

static bool
copy_into(struct arena *arena, struct value *value)
{
    if (value->kind < VALUE_DECIMAL)
        return true;
    *value = value_copy(arena, *value);
    return value->kind != VALUE_NONE;
}

/* Copies what is kept to an empty scratch; the copies are nobody's own yet. */
static bool
compact(struct aggregate_state *state)
{
    struct expr_machine *machine = state->machine;
    struct arena old = machine->scratch;
    machine->scratch = state->spare;
    bool fits = true;
    for (uint32_t i = 0; i < state->aggregate->leaf_count && fits; i++) {
        struct leaf_state *leaf = &state->leaves[i];
        leaf->owner = 0;
        fits = copy_into(&machine->scratch, &leaf->value) &&
               copy_into(&machine->scratch, &leaf->key) &&
               copy_into(&machine->scratch, &leaf->raised);
    }
    for (uint32_t i = 0; i < state->aggregate->stream_count && fits; i++)
        fits = copy_into(&machine->scratch, &state->streams[i].raised);
    arena_reset(&old);
    state->spare = old;
    machine->text_end = NULL;
    machine->text_limit = NULL;
    machine->last_owner = 0;
    return fits;
}

/* False: what is kept is too much. */
static bool
tidy_up(struct aggregate_state *state)
{
    const struct arena *scratch = &state->machine->scratch;
    if (scratch->used_bytes < state->compact_at)
        return true;
    bool fits = compact(state);
    size_t most = scratch->limit_bytes / COMPACT_FACTOR * (COMPACT_FACTOR - 1);
    state->compact_at = COMPACT_FACTOR * scratch->used_bytes + COMPACT_BYTES_MIN;
    if (state->compact_at > most)
        state->compact_at = most;
    return fits && scratch->used_bytes <= scratch->limit_bytes / COMPACT_FACTOR;
}

/* --- failing --- */

static enum status
fail(struct aggregate_state *state, const char *words, struct expr_failure *failure)
{
    state->is_failed = true;
    state->failure.status = STATUS_LIMIT;
    state->failure.raised = (struct value){0};
    snprintf(state->failure.words, sizeof(state->failure.words), "%s", words);
    *failure = state->failure;
    return STATUS_LIMIT;
}

static enum status
fail_budget(struct aggregate_state *state, struct expr_failure *failure)
{
    machine_no_steps(state->machine);
    return fail(state, state->machine->limit_words, failure);
}

/* --- leaves --- */

static enum outcome
keep(struct expr_machine *machine, struct leaf_state *leaf, struct value value)
{
    leaf->value = own(machine, value);
    return leaf->value.kind == VALUE_NONE ? OUTCOME_LIMIT : OUTCOME_OK;
}

static enum outcome
take_sum(struct expr_machine *machine, struct leaf_state *leaf, struct value value)
{
    value = own(machine, value);
    if (value.kind == VALUE_NONE)
        return OUTCOME_LIMIT;
    value = arithmetic_add(machine, leaf->value, value);
    if (value.kind == VALUE_NONE)
        return value_outcome(value);
    leaf->value = value;
    return OUTCOME_OK;
}

/* The first of the smallest, or the last of the greatest, as in jq. */
static enum outcome
take_extreme(const struct aggregate_leaf *part, struct env *env, struct leaf_state *leaf,
             struct value value)
{
    struct expr_machine *machine = env->machine;
    struct value key = value;
    if (part->node != NULL)
        key = eval_one(part->node, env, value);
    if (key.kind == VALUE_NONE)
        return value_outcome(key);
    if (leaf->count > 0) {
        int order = order_compare(machine, key, leaf->key);
        if (part->kind == LEAF_MIN ? order >= 0 : order < 0)
            return OUTCOME_OK;
    }
    leaf->key = own(machine, key);
    if (leaf->key.kind == VALUE_NONE)
        return OUTCOME_LIMIT;
    if (part->node != NULL)
        return keep(machine, leaf, value);
    leaf->value = leaf->key;
    return OUTCOME_OK;
}

static enum outcome
begin_reduce(const struct aggregate_leaf *part, struct env *env, struct leaf_state *leaf)
{
    if (leaf->is_begun)
        return OUTCOME_OK;
    leaf->is_begun = true;
    struct value start = eval_one(part->node->fold.start, env, value_null());
    if (start.kind == VALUE_NONE) {
        leaf->value = start;
        leaf->progress = PROGRESS_ENDED;
        return value_outcome(start);
    }
    return keep(env->machine, leaf, start);
}

static enum outcome
take_round(const struct aggregate_leaf *part, struct env *env, struct leaf_state *leaf,
           struct value value)
{
    enum outcome outcome = begin_reduce(part, env, leaf);
    if (outcome != OUTCOME_OK || leaf->progress == PROGRESS_ENDED)
        return outcome;
    value = own(env->machine, value);
    if (value.kind == VALUE_NONE)
        return OUTCOME_LIMIT;
    return fold_round(part->node, env, value, &leaf->value, &leaf->owner);
}

static enum outcome
take(const struct aggregate_leaf *part, struct env *env, struct leaf_state *leaf,
     struct value value)
{
    switch ((enum leaf_kind)part->kind) {
    case LEAF_LENGTH:
        leaf->value = value_int((int64_t)leaf->count + 1);
        return OUTCOME_OK;
    case LEAF_ADD:
        return take_sum(env->machine, leaf, value);
    case LEAF_MIN:
    case LEAF_MAX:
        return take_extreme(part, env, leaf, value);
    case LEAF_NTH:
        return leaf->count == part->index ? keep(env->machine, leaf, value) : OUTCOME_OK;
    case LEAF_FIRST_OUTPUT:
        leaf->progress = PROGRESS_ENDED;
        return keep(env->machine, leaf, value);
    case LEAF_LAST:
        return keep(env->machine, leaf, value);
    case LEAF_REDUCE:
        return take_round(part, env, leaf, value);
    }
    assert(false);
    return OUTCOME_OK;
}

/* A value of its stream. What it raises is kept. */
static enum outcome
leaf_take(const struct aggregate_leaf *part, struct env *env, struct leaf_state *leaf,
          struct value value)
{
    struct expr_machine *machine = env->machine;
    if (leaf->progress != PROGRESS_OPEN)
        return OUTCOME_OK;
    enum outcome outcome = take(part, env, leaf, value);
    leaf->count++;
    if (outcome != OUTCOME_RAISED)
        return outcome;
    leaf->progress = PROGRESS_RAISED;
    leaf->value = value_null();
    leaf->raised = own(machine, machine->raised);
    return leaf->raised.kind == VALUE_NONE ? OUTCOME_LIMIT : OUTCOME_OK;
}

/* --- streams --- */

struct stream_sink {
    struct sink sink;
    struct aggregate_state *state;
    struct env *env;
    uint32_t stream;
};

static enum outcome feed(struct aggregate_state *state, struct env *env, uint32_t stream,
                         struct value value);

static enum outcome
stream_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct stream_sink *from = (struct stream_sink *)sink;
    enum outcome outcome = feed(from->state, from->env, from->stream, value);
    if (outcome == OUTCOME_OK && from->env->machine->steps_left == 0)
        return OUTCOME_LIMIT;
    bool is_open = from->state->streams[from->stream].progress == PROGRESS_OPEN;
    return outcome == OUTCOME_OK && !is_open ? OUTCOME_STOP : outcome;
}

/* What the stream's generator makes of one more value of its parent. An error ends it. */
static enum outcome
stream_take(struct aggregate_state *state, struct env *env, uint32_t stream, struct value value)
{
    struct expr_machine *machine = state->machine;
    struct stream_state *own_state = &state->streams[stream];
    if (own_state->progress != PROGRESS_OPEN)
        return OUTCOME_OK;
    struct value array = value_array_new(&machine->scratch, &value, 1);
    if (array.kind == VALUE_NONE)
        return value_outcome(machine_out_of_memory(machine));

    struct stream_sink sink = {.sink = {stream_emit}, .state = state, .env = env, .stream = stream};
    size_t value_count = machine->value_count;
    const struct node *generator = state->aggregate->streams[stream].generator;
    enum outcome outcome = eval_each(generator, env, array, NULL, &sink.sink);
    machine->value_count = value_count;
    if (outcome == OUTCOME_STOP)
        return OUTCOME_OK;
    if (outcome != OUTCOME_RAISED)
        return outcome;
    own_state->progress = PROGRESS_RAISED;
    own_state->raised = own(machine, machine->raised);
    return own_state->raised.kind == VALUE_NONE ? OUTCOME_LIMIT : OUTCOME_OK;
}

/* Hands a value of a stream to its leaves and to the streams that are made of it. */
static enum outcome
feed(struct aggregate_state *state, struct env *env, uint32_t stream, struct value value)
{
    const struct aggregate *aggregate = state->aggregate;
    enum outcome outcome = OUTCOME_OK;
    for (uint32_t i = 0; i < aggregate->leaf_count && outcome == OUTCOME_OK; i++) {
        if (aggregate->leaves[i].stream != stream)
            continue;
        outcome = leaf_take(&aggregate->leaves[i], env, &state->leaves[i], value);
        if (aggregate->streams[stream].is_lazy && state->leaves[i].progress != PROGRESS_OPEN)
            state->streams[stream].progress = PROGRESS_ENDED;
    }
    for (uint32_t i = stream + 1; i < aggregate->stream_count && outcome == OUTCOME_OK; i++)
        if (aggregate->streams[i].parent == stream)
            outcome = stream_take(state, env, i, value);
    return outcome;
}

/* --- rows --- */

static enum status
keep_row(struct aggregate_state *state, struct value row, struct expr_failure *failure)
{
    if (state->rows.count == state->max_rows) {
        char words[256];
        snprintf(words, sizeof(words),
                 "more than %u rows: this expression needs all of them at once; write it so that "
                 "it takes one row after another, as `map(...) | add` does, or raise max_rows",
                 state->max_rows);
        return fail(state, words, failure);
    }
    row = value_copy(&state->row_arena, row);
    state->rows = value_array_append(&state->row_arena, state->rows, row);
    if (state->rows.kind == VALUE_NONE)
        return fail(state, "the rows take too much memory", failure);
    return STATUS_OK;
}

enum status
aggregate_state_add(struct aggregate_state *state, struct value row, struct expr_failure *failure)
{
    failure->status = STATUS_OK;
    failure->words[0] = '\0';
    if (state->is_failed) {
        *failure = state->failure;
        return failure->status;
    }
    if (state->aggregate->rest == NULL)
        return keep_row(state, row, failure);
    struct env *env = run_resume(state->machine, state->aggregate->slot_count);
    if (env == NULL || feed(state, env, AGGREGATE_ROWS, row) != OUTCOME_OK ||
        state->machine->steps_left == 0)
        return fail_budget(state, failure);
    return tidy_up(state) ? STATUS_OK
                          : fail(state, "what is kept of the rows takes too much memory", failure);
}

/* --- the end --- */

/* What the leaf's slots say at the end; an array that could not be made raises its error first. */
static void
settle_leaf(const struct aggregate_state *state, uint32_t index, union slot slots[2])
{
    const struct aggregate *aggregate = state->aggregate;
    const struct aggregate_leaf *part = &aggregate->leaves[index];
    const struct leaf_state *leaf = &state->leaves[index];
    bool is_raised = leaf->progress == PROGRESS_RAISED;
    struct value value = is_raised ? leaf->raised : leaf->value;
    for (uint32_t i = part->stream; i != AGGREGATE_ROWS; i = aggregate->streams[i].parent) {
        if (state->streams[i].progress == PROGRESS_RAISED) {
            is_raised = true;
            value = state->streams[i].raised;
        }
    }
    /* first(f) and last(f) of nothing; all other leaves have a value then. */
    bool is_of_outputs = aggregate->streams[part->stream].is_lazy && part->kind != LEAF_REDUCE;
    bool is_absent = value.kind == VALUE_NONE || (is_of_outputs && leaf->count == 0);
    slots[0].value = is_absent && !is_raised ? value_null() : value;
    slots[1].value = is_raised ? value_bool(false) : is_absent ? value_null() : value_bool(true);
}

/* A leaf that has seen no value. */
static enum outcome
settle_empty(const struct aggregate_leaf *part, struct env *env, struct leaf_state *leaf)
{
    if (part->kind == LEAF_LENGTH && leaf->count == 0)
        leaf->value = value_int(0);
    if (part->kind != LEAF_REDUCE)
        return OUTCOME_OK;
    enum outcome outcome = begin_reduce(part, env, leaf);
    if (outcome != OUTCOME_RAISED)
        return outcome;
    leaf->progress = PROGRESS_RAISED;
    leaf->raised = env->machine->raised;
    return OUTCOME_OK;
}

static enum status
evaluate_rest(struct aggregate_state *state, struct value *out, struct expr_failure *failure)
{
    const struct aggregate *aggregate = state->aggregate;
    struct env *env = run_resume(state->machine, aggregate->slot_count);
    if (env == NULL)
        return run_fail(state->machine, failure, OUTCOME_LIMIT);
    for (uint32_t i = 0; i < aggregate->leaf_count; i++) {
        if (settle_empty(&aggregate->leaves[i], env, &state->leaves[i]) != OUTCOME_OK)
            return run_fail(state->machine, failure, OUTCOME_LIMIT);
        settle_leaf(state, i, env->slots + aggregate->first_slot + 2 * (size_t)i);
    }
    return run_single_in(env, aggregate->rest, value_null(), out, failure);
}

enum status
aggregate_state_finish(struct aggregate_state *state, struct arena *arena, struct value *out,
                       struct expr_failure *failure)
{
    struct expr_machine *machine = state->machine;
    *out = (struct value){0};
    if (state->is_failed) {
        *failure = state->failure;
        return failure->status;
    }
    enum status status;
    if (state->aggregate->rest == NULL)
        status = run_single(machine, state->aggregate->expr, state->rows, out, failure);
    else
        status = evaluate_rest(state, out, failure);
    if (status != STATUS_OK)
        return status;
    /* What shares its parts often may be too much to be copied. */
    bool is_charged = machine_charge_tree(machine, *out);
    *out = is_charged ? value_copy(arena, *out) : (struct value){0};
    if (out->kind != VALUE_NONE)
        return STATUS_OK;
    machine_spend(machine, "the result is too large");
    return run_fail(machine, failure, OUTCOME_LIMIT);
}
