#include "engine/chunk.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/limits.h"
#include "engine/child.h"
#include "engine/evaluate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Evaluation of one node on one item: everything that the shapes need. */
struct turn {
    struct chunk *chunk;
    struct expr_machine *machine;
    struct item *item;
    uint32_t item_index;
    const struct plan_node *node;
    struct column *column;
};

bool
chunk_make_items(struct chunk *chunk, uint32_t item_count)
{
    size_t columns = (size_t)item_count * chunk->table->node_count;
    struct item *items = arena_try_alloc(&chunk->arena, item_count * sizeof(*items) + 1);
    struct column *all = arena_try_alloc(&chunk->arena, columns * sizeof(*all) + 1);
    if (items == NULL || all == NULL)
        return false;

    memset(items, 0, item_count * sizeof(*items));
    memset(all, 0, columns * sizeof(*all));
    for (uint32_t i = 0; i < item_count; i++) {
        items[i].columns = all + (size_t)i * chunk->table->node_count;
        items[i].steps = value_empty_object();
        items[i].is_ready = true;
    }
    chunk->items = items;
    chunk->item_count = item_count;
    return true;
}

bool
chunk_take_rows(struct chunk *chunk, const struct source_batch *batch)
{
    if (!chunk_make_items(chunk, (uint32_t)batch->count))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        struct item *item = &chunk->items[i];
        item->row = batch->rows[i].value;
        item->problem = batch->rows[i].problem;
        item->key = batch->rows[i].key;
        item->inherited = batch->rows[i].steps;
        item->parent = batch->rows[i].parent;
    }
    return true;
}

struct key
chunk_item_key(const struct chunk *chunk, uint32_t item)
{
    if (!chunk->table->is_many)
        return key_empty();
    if (chunk->items != NULL && chunk->items[item].key.size > 0)
        return key_of_bytes(chunk->items[item].key);
    return key_of_ordinal(chunk->begin.ordinal + item);
}

struct value
chunk_failure_value(struct arena *arena, const char *code, const char *words)
{
    size_t limit = arena_make_room(arena, CHUNK_FAILURE_BYTES + strlen(words));
    struct slice copy = arena_copy(arena, slice_text(words));
    struct slice code_copy = arena_copy(arena, slice_text(code));
    struct value failure = value_empty_object();
    failure = value_object_set(arena, failure, value_text("code"), value_string(code_copy));
    failure = value_object_set(arena, failure, value_text("message"), value_string(copy));
    arena_end_room(arena, limit);
    return failure;
}

struct value
chunk_output_failure(struct arena *arena, const struct expr_failure *bad)
{
    char words[sizeof(bad->words) + sizeof("output: ")];
    snprintf(words, sizeof(words), "output: %s", bad->words);
    return chunk_failure_value(arena, "output_failed", words);
}

/* What a step sees of another column: its output, or of a failure that did not stop the item
 * {"error": failure}. VALUE_NONE: nothing to see. */
static struct value
column_seen(struct chunk *chunk, const struct column *column)
{
    switch ((enum node_state)column->state) {
    case NODE_STATE_DONE:
        return column->value;
    case NODE_STATE_CONTINUED:
        return value_object_set(&chunk->arena, value_empty_object(), value_text("error"),
                                column->value);
    case NODE_STATE_PENDING:
    case NODE_STATE_REFUSED:
    case NODE_STATE_SKIPPED:
    case NODE_STATE_PASSED:
    case NODE_STATE_FAILED:
    case NODE_STATE_BLOCKED:
    case NODE_STATE_CANCELLED:
        break;
    }
    return (struct value){0};
}

static struct value
steps_add(struct chunk *chunk, struct item *item, uint16_t column, struct value steps)
{
    struct value seen = column_seen(chunk, &item->columns[column]);
    if (seen.kind == VALUE_NONE)
        return steps;
    const struct plan *plan = chunk->program->plan;
    struct value id = plan->nodes[chunk->table->nodes[column]].id;
    return value_object_set(&chunk->arena, steps, id, seen);
}

static struct value
steps_upstream(struct chunk *chunk, struct item *item, const struct plan_node *node,
               struct value steps)
{
    const struct program *program = chunk->program;
    for (uint16_t i = 0; i < program->upstream_counts[node->index]; i++)
        steps = steps_add(chunk, item, program->upstream[node->index][i], steps);
    return steps;
}

/* What an item sees before its own columns. */
static struct value
steps_base(struct chunk *chunk, struct item *item)
{
    if (item->inherited.kind != VALUE_OBJECT)
        return chunk->outer_steps;
    if (item->base.kind == VALUE_NONE) {
        item->base = chunk->outer_steps;
        const struct member *members = value_members(item->inherited);
        for (uint32_t i = 0; i < item->inherited.count; i++)
            item->base =
                value_object_set(&chunk->arena, item->base, members[i].key, members[i].value);
    }
    return item->base;
}

/* The columns upstream of a node, in plan order, so that what a step sees does not depend on
 * timing. Nodes of a plain chain share one object that only grows. */
static struct value
steps_before(struct chunk *chunk, struct item *item, const struct plan_node *node)
{
    const struct program *program = chunk->program;
    if (program->is_chain[node->index]) {
        if (item->steps_through == 0)
            item->steps = steps_base(chunk, item);
        for (; item->steps_through < node->column; item->steps_through++)
            item->steps = steps_add(chunk, item, item->steps_through, item->steps);
        return item->steps;
    }
    return steps_upstream(chunk, item, node, steps_base(chunk, item));
}

struct value
chunk_kept_steps(struct chunk *chunk, uint32_t item_index, const struct plan_node *node)
{
    struct item *item = &chunk->items[item_index];
    struct value kept =
        item->inherited.kind == VALUE_OBJECT ? item->inherited : value_empty_object();
    return chunk->table->is_many ? steps_upstream(chunk, item, node, kept) : kept;
}

static struct value
make_root(struct chunk *chunk, const struct item *item, struct value steps)
{
    struct member members[] = {
        {value_text("input"), chunk->input},
        {value_text("item"), item == NULL ? value_null() : item->row},
        {value_text("steps"), steps},
        {value_text("run"), chunk->run_value},
        {value_text("vars"), chunk->vars},
        {value_text("parent"), item == NULL ? value_null() : item->parent},
    };
    bool has_parent = item != NULL && item->parent.kind != VALUE_NONE;
    return value_object_new(&chunk->arena, members, COUNT_OF(members) - !has_parent);
}

struct value
chunk_root(struct chunk *chunk, uint32_t item_index, const struct plan_node *node)
{
    struct item *item = &chunk->items[item_index];
    return make_root(chunk, item, steps_before(chunk, item, node));
}

struct value
chunk_root_behind(struct chunk *chunk, uint32_t item_index)
{
    struct item *item = &chunk->items[item_index];
    struct value steps = steps_base(chunk, item);
    for (uint16_t c = 0; c < chunk->table->node_count; c++)
        steps = steps_add(chunk, item, c, steps);
    return make_root(chunk, item, steps);
}

struct value
chunk_outer_root(struct chunk *chunk)
{
    return make_root(chunk, NULL, chunk->outer_steps);
}

static void
column_decide(struct turn *turn, enum node_state state, struct value value)
{
    turn->column->state = (uint8_t)state;
    turn->column->value = value;
    turn->column->is_asked = false;
    assert(turn->item->open_count > 0);
    turn->item->open_count--;
}

static void
column_fail(struct turn *turn, struct value failure)
{
    column_decide(turn, turn->node->on_error_continue ? NODE_STATE_CONTINUED : NODE_STATE_FAILED,
                  failure);
}

static void
column_fail_step(struct turn *turn, const struct step_failure *failure)
{
    turn->chunk->is_over_budget |= strcmp(failure->code, "limit_exceeded") == 0;
    column_fail(turn, chunk_failure_value(&turn->chunk->arena, failure->code, failure->words));
}

void
effect_hash(const struct plan_node *node, struct value config, uint8_t out[STORE_HASH_BYTES])
{
    struct buffer text;
    buffer_init(&text, 2 * LIMIT_VALUE_BYTES);
    buffer_append_text(&text, node->decl->name);
    buffer_append_byte(&text, '\n');
    json_print_canonical(&text, config);
    struct digest digest = digest_of(buffer_slice(&text));
    memcpy(out, digest.bytes, STORE_HASH_BYTES);
    buffer_done(&text);
}

void
effect_idempotency_key(const struct effect_name *name, uint32_t failed_generation,
                       char out[2 * DIGEST_BYTES + 1])
{
    struct buffer text;
    buffer_init(&text, KIB(4));
    buffer_append(&text, name->run->bytes, ID_BYTES);
    buffer_append_byte(&text, (char)name->step.size);
    buffer_append_slice(&text, name->step);
    buffer_append_byte(&text, (char)name->key.size);
    buffer_append_slice(&text, name->key);
    buffer_append_int64(&text, name->call);
    buffer_append_byte(&text, '\n');
    buffer_append(&text, name->hash, STORE_HASH_BYTES);
    buffer_append_int64(&text, failed_generation);
    struct digest digest = digest_of(buffer_slice(&text));
    digest_hex(&digest, out);
    buffer_done(&text);
}

int
found_effect_compare(const struct found_effect *a, const struct found_effect *b)
{
    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    int order = slice_compare(a->key, b->key);
    if (order != 0)
        return order;
    if (a->call != b->call)
        return a->call < b->call ? -1 : 1;
    return memcmp(a->hash, b->hash, STORE_HASH_BYTES);
}

/* The place of the first one that is not before `wanted`. */
static uint32_t
found_effect_seek(const struct chunk *chunk, const struct found_effect *wanted)
{
    uint32_t low = 0;
    uint32_t high = chunk->found_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (found_effect_compare(&chunk->found[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct found_effect *
found_effect_find(const struct chunk *chunk, const struct found_effect *wanted)
{
    uint32_t place = found_effect_seek(chunk, wanted);
    if (place == chunk->found_count || found_effect_compare(&chunk->found[place], wanted) != 0)
        return NULL;
    return &chunk->found[place];
}

struct effort
chunk_item_effort(const struct chunk *chunk, uint32_t item, uint16_t node)
{
    struct key key = chunk_item_key(chunk, item);
    struct found_effect first = {.node = node, .key = key_slice(&key)};
    struct effort sum = {0};
    for (uint32_t i = found_effect_seek(chunk, &first); i < chunk->found_count; i++) {
        const struct found_effect *found = &chunk->found[i];
        if (found->node != node || !slice_equal(found->key, first.key))
            break;
        sum.effects++;
        sum.attempts += found->attempts;
        usage_add(&sum.used, &found->used);
    }
    return sum;
}

static void
column_fail_room(struct turn *turn)
{
    turn->chunk->is_over_budget = true;
    column_fail(turn, chunk_failure_value(&turn->chunk->arena, "limit_exceeded",
                                          "the rows of this chunk hold too many bytes"));
}

/* Makes room for one more in a list of the arena; NULL when the arena is full. */
static void *
list_add(struct arena *arena, void **list, uint32_t *count, uint32_t *capacity, size_t size)
{
    if (*count == *capacity) {
        uint32_t grown = *capacity == 0 ? 16 : 2 * *capacity;
        void *larger = arena_try_alloc(arena, grown * size);
        if (larger == NULL)
            return NULL;
        if (*count > 0)
            memcpy(larger, *list, *count * size);
        *list = larger;
        *capacity = grown;
    }
    return (char *)*list + (*count)++ * size;
}

static void
want_call(struct turn *turn, const struct step_progress *progress, const struct child_wish *child,
          const struct found_effect *found)
{
    struct chunk *chunk = turn->chunk;
    struct chunk_call *call = list_add(&chunk->arena, (void **)&chunk->calls, &chunk->call_count,
                                       &chunk->call_capacity, sizeof(*call));
    if (call == NULL) {
        turn->column->is_effect = false; /* there is no row to find it by */
        column_fail_room(turn);
        return;
    }
    *call = (struct chunk_call){
        .item = turn->item_index,
        .node = turn->node->index,
        .number = progress->call,
        .failed_generation = found == NULL ? 0 : found->failed_generation,
        .config = progress->asked,
    };
    const struct step_type *type = chunk->program->types[turn->node->index];
    if (type->host != NULL)
        call->host = type->host(progress->asked);
    if (child != NULL) {
        call->callee = child->callee;
        call->child = child->run;
    }
    memcpy(call->hash, turn->column->hash, STORE_HASH_BYTES);
    turn->column->is_asked = true;
}

/* Takes the answer that is recorded for the next call, or for the run of another workflow. False:
 * it is wanted, or has failed. */
static bool
take_answer(struct turn *turn, struct step_progress *progress, const struct child_wish *child)
{
    struct chunk *chunk = turn->chunk;
    if (child != NULL)
        memcpy(turn->column->hash, child->hash, STORE_HASH_BYTES);
    else
        effect_hash(turn->node, progress->asked, turn->column->hash);
    struct key key = chunk_item_key(chunk, turn->item_index);
    struct found_effect wanted = {
        .key = key_slice(&key), .node = turn->node->index, .call = progress->call};
    memcpy(wanted.hash, turn->column->hash, STORE_HASH_BYTES);
    const struct found_effect *found = found_effect_find(chunk, &wanted);
    turn->column->is_effect = true;
    if (found != NULL && found->is_ok) {
        progress->answer = found->value;
        return true;
    }
    if (found != NULL && found->failure.kind != VALUE_NONE)
        column_fail(turn, found->failure);
    else
        want_call(turn, progress, child, found);
    return false;
}

/* Whether there is another call after an answer; otherwise the column is decided. The value that a
 * step makes of its answers is in no effect row, and so goes into the record. */
static bool
follow_answer(struct turn *turn, struct step_scope *scope, struct step_progress *progress)
{
    const struct step_type *type = turn->chunk->program->types[turn->node->index];
    struct step_failure failure;
    switch (type->follow(scope, progress, &failure)) {
    case STEP_FOLLOW_ANSWER:
        column_decide(turn, NODE_STATE_DONE, progress->answer);
        return false;
    case STEP_FOLLOW_VALUE:
        turn->column->is_effect = false;
        column_decide(turn, NODE_STATE_DONE, progress->value);
        return false;
    case STEP_FOLLOW_CALL:
        assert(progress->call < LIMIT_STEP_CALLS);
        progress->call++;
        progress->asked = progress->next;
        progress->answer = (struct value){0};
        return true;
    case STEP_FOLLOW_FAIL:
        turn->column->is_effect = false;
        column_fail_step(turn, &failure);
        return false;
    }
    return false;
}

static void
run_calls(struct turn *turn, struct step_scope *scope, const struct step_progress *begin)
{
    struct step_progress *progress = turn->column->progress;
    if (progress == NULL) {
        progress = arena_alloc(&turn->chunk->arena, sizeof(*progress));
        *progress = *begin;
        turn->column->progress = progress;
    }
    while (progress->answer.kind != VALUE_NONE || take_answer(turn, progress, NULL)) {
        if (!follow_answer(turn, scope, progress))
            return;
    }
}

static void
run_effect(struct turn *turn, struct step_scope *scope)
{
    struct step_progress begin;
    if (turn->column->progress != NULL) {
        run_calls(turn, scope, NULL);
        return;
    }
    struct step_failure failure;
    if (!evaluate_effect(scope, turn->chunk->program->types[turn->node->index], &begin, &failure)) {
        column_fail_step(turn, &failure);
        return;
    }
    if (turn->chunk->program->has_follow[turn->node->index])
        run_calls(turn, scope, &begin);
    else if (take_answer(turn, &begin, NULL))
        column_decide(turn, NODE_STATE_DONE, begin.answer);
}

static void
run_child(struct turn *turn, struct step_scope *scope)
{
    struct chunk *chunk = turn->chunk;
    struct step_failure failure;
    struct child_wish wish;
    if (!child_wish_make(&wish, chunk, chunk_item_key(chunk, turn->item_index), scope, &failure)) {
        column_fail_step(turn, &failure);
        return;
    }
    if (!wish.callee->is_pure) {
        struct step_progress asked = {.asked = wish.input};
        if (take_answer(turn, &asked, &wish))
            column_decide(turn, NODE_STATE_DONE, asked.answer);
        return;
    }
    struct value value;
    bool is_ok = child_compute(&value, chunk, &wish, turn->machine);
    if (value.kind == VALUE_NONE)
        column_fail_room(turn);
    else if (is_ok)
        column_decide(turn, NODE_STATE_DONE, value);
    else
        column_fail(turn, value);
}

static void
run_wait(struct turn *turn, struct step_scope *scope)
{
    struct chunk *chunk = turn->chunk;
    struct step_failure failure;
    struct step_wait wait;
    if (!chunk->program->types[turn->node->index]->wait(scope, &wait, &failure)) {
        column_fail_step(turn, &failure);
        return;
    }
    if (!turn->node->is_gate) {
        struct chunk_nap *nap = list_add(&chunk->arena, (void **)&chunk->naps, &chunk->nap_count,
                                         &chunk->nap_capacity, sizeof(*nap));
        if (nap == NULL) {
            column_decide(turn, NODE_STATE_DONE, value_null());
            return;
        }
        *nap = (struct chunk_nap){turn->item_index, turn->node->index, wait.duration_ms};
        turn->column->is_asked = true;
        return;
    }
    int64_t due =
        wait.duration_ms >= 0 ? chunk->now_unix_ms + wait.duration_ms : wait.until_unix_ms;
    if (due > chunk->due_unix_ms)
        chunk->due_unix_ms = due;
    column_decide(turn, NODE_STATE_DONE, value_null());
}

static void
run_value(struct turn *turn, struct step_scope *scope)
{
    const struct step_type *type = turn->chunk->program->types[turn->node->index];
    struct step_failure failure;
    struct evaluated evaluated;
    if (!evaluate_value(scope, type, &evaluated, &failure)) {
        column_fail_step(turn, &failure);
        return;
    }
    turn->column->chosen = evaluated.label;
    column_decide(turn, evaluated.passes ? NODE_STATE_DONE : NODE_STATE_REFUSED, evaluated.value);
}

/* False: its `when` was not true, or failed; the column is decided. */
static bool
when_holds(struct turn *turn, struct step_scope *scope)
{
    bool holds = false;
    struct step_failure failure;
    if (!evaluate_when(scope, &holds, &failure)) {
        column_fail_step(turn, &failure);
        return false;
    }
    if (!holds)
        column_decide(turn, NODE_STATE_PASSED, value_null());
    return holds;
}

static void
run_node(struct turn *turn)
{
    struct value root = chunk_root(turn->chunk, turn->item_index, turn->node);
    if (root.kind == VALUE_NONE || arena_is_over(&turn->chunk->arena)) {
        column_fail_room(turn);
        return;
    }
    struct step_scope scope = {
        .machine = turn->machine,
        .plan = turn->chunk->program->plan,
        .node = turn->node,
        .root = root,
        .default_model = turn->chunk->default_model,
        .arena = &turn->chunk->arena,
    };
    bool is_under_way = turn->column->progress != NULL;
    if (!is_under_way && !when_holds(turn, &scope))
        return;
    if (turn->node->decl->shape == STEP_SHAPE_EFFECT)
        run_effect(turn, &scope);
    else if (turn->node->decl->shape == STEP_SHAPE_CHILD)
        run_child(turn, &scope);
    else if (turn->node->decl->shape == STEP_SHAPE_WAIT)
        run_wait(turn, &scope);
    else
        run_value(turn, &scope);
}

static enum node_state
look_state(uint16_t node, uint8_t *chosen, void *context)
{
    const struct turn *turn = context;
    const struct plan_node *other = &turn->chunk->program->plan->nodes[node];
    if (other->table != turn->chunk->table->index) {
        *chosen = turn->chunk->outside[node].chosen;
        return (enum node_state)turn->chunk->outside[node].state;
    }
    const struct column *column = &turn->item->columns[other->column];
    *chosen = column->chosen;
    return (enum node_state)column->state;
}

static void
advance_node(struct turn *turn)
{
    switch (node_verdict_of(turn->node, look_state, turn)) {
    case NODE_VERDICT_WAIT:
        return;
    case NODE_VERDICT_RUN:
        run_node(turn);
        return;
    case NODE_VERDICT_SKIP:
        column_decide(turn, NODE_STATE_SKIPPED, value_null());
        return;
    case NODE_VERDICT_BLOCK:
        column_decide(turn, NODE_STATE_BLOCKED, value_null());
        return;
    }
}

/* A row that its source could not read fails without any step. */
static void
fail_unread_item(struct chunk *chunk, struct item *item)
{
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        if (item->columns[c].state == NODE_STATE_PENDING)
            item->columns[c].state = NODE_STATE_BLOCKED;
    }
    item->open_count = 0;
}

static void
item_advance(struct chunk *chunk, struct expr_machine *machine, uint32_t index)
{
    struct item *item = &chunk->items[index];
    item->is_ready = false;
    if (!chunk->is_in_place)
        chunk->calls_left = LIMIT_ITEM_CALLS;
    if (item->problem != NULL) {
        fail_unread_item(chunk, item);
        return;
    }
    struct turn turn = {chunk, machine, item, index, NULL, NULL};
    for (uint16_t c = 0; c < chunk->table->node_count && item->open_count > 0; c++) {
        const struct plan_node *node = &chunk->program->plan->nodes[chunk->table->nodes[c]];
        turn.node = node;
        turn.column = &item->columns[c];
        if (node->stretch == chunk->stretch && turn.column->state == NODE_STATE_PENDING &&
            !turn.column->is_asked)
            advance_node(&turn);
    }
}

static void
count_open_nodes(struct chunk *chunk)
{
    chunk->is_begun = true;
    uint16_t per_item = 0;
    for (uint16_t c = 0; c < chunk->table->node_count; c++)
        if (chunk->program->plan->nodes[chunk->table->nodes[c]].stretch == chunk->stretch)
            per_item++;
    for (uint32_t i = 0; i < chunk->item_count; i++)
        chunk->items[i].open_count = per_item;
    chunk->unsettled_count = chunk->item_count;
}

static void
item_close(struct chunk *chunk, struct item *item, uint8_t *states)
{
    for (uint16_t c = 0; c < chunk->table->node_count; c++)
        states[c] = item->columns[c].state;
    item->state = item->problem != NULL
                      ? ITEM_STATE_FAILED
                      : (uint8_t)item_state_of(chunk->program->plan, chunk->table, states);
}

/* In the last stretch an item has its end as soon as it is settled; each is counted once. */
static void
chunk_count(struct chunk *chunk)
{
    chunk->counts.items = chunk->item_count;
    if (chunk->stretch + 1u < chunk->table->stretch_count)
        return;
    uint8_t states[PLAN_NODES_MAX];
    for (uint32_t i = 0; i < chunk->item_count; i++) {
        struct item *item = &chunk->items[i];
        if (item->open_count > 0 || item->is_counted)
            continue;
        item->is_counted = true;
        item_close(chunk, item, states);
        chunk->counts.completed += item->state == ITEM_STATE_COMPLETED;
        chunk->counts.failed += item->state == ITEM_STATE_FAILED;
        chunk->counts.dropped += item->state == ITEM_STATE_DROPPED;
        chunk->counts.cancelled += item->state == ITEM_STATE_CANCELLED;
    }
}

void
chunk_advance(struct chunk *chunk, struct expr_machine *machine)
{
    if (!chunk->is_begun)
        count_open_nodes(chunk);

    uint32_t unsettled = 0;
    for (uint32_t i = 0; i < chunk->item_count; i++) {
        if (chunk->items[i].is_ready)
            item_advance(chunk, machine, i);
        unsettled += chunk->items[i].open_count > 0;
    }
    chunk->unsettled_count = unsettled;
    chunk_count(chunk);
}

void
chunk_settle(struct chunk *chunk, uint32_t item_index, uint16_t node_index, bool is_ok,
             struct value outcome)
{
    const struct plan_node *node = &chunk->program->plan->nodes[node_index];
    struct item *item = &chunk->items[item_index];
    struct turn turn = {chunk, NULL, item, item_index, node, &item->columns[node->column]};
    assert(turn.column->is_asked);

    struct value copy = value_copy(&chunk->arena, outcome);
    if (copy.kind == VALUE_NONE) {
        is_ok = false;
        turn.column->is_effect = false; /* its row says something else */
        copy = chunk_failure_value(&chunk->arena, "limit_exceeded",
                                   "the rows of this chunk hold too many bytes");
    }
    if (is_ok && turn.column->progress != NULL) {
        turn.column->progress->answer = copy;
        turn.column->is_asked = false;
    } else if (is_ok) {
        column_decide(&turn, NODE_STATE_DONE, copy);
    } else {
        column_fail(&turn, copy);
    }
    item->is_ready = true;
}
