#include "engine/tree.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/callees.h"
#include "engine/events.h"

#include <string.h>

/* --- how many --- */

void
tree_join(struct run *run)
{
    struct engine *engine = run->engine;
    run->has_children = !callees_are_pure(run->callees);
    if (run->depth == 0 && !run->has_children)
        return;
    struct id root = id_is_zero(&run->root) ? run->id : run->root;
    struct tree *tree = engine->trees;
    while (tree != NULL && !id_equal(&tree->root, &root))
        tree = tree->next;
    if (tree == NULL) {
        tree = mem_alloc(sizeof(*tree));
        tree->root = root;
        tree->next = engine->trees;
        engine->trees = tree;
    }
    if (run->has_children && !tree->is_counted) {
        tree->count = run->below_count;
        tree->limit = id_is_zero(&run->root) ? run->program->plan->limits.runs : run->below_limit;
        tree->is_counted = true;
    }
    tree->users++;
    run->tree = tree;
}

void
tree_leave(struct run *run)
{
    struct tree *tree = run->tree;
    run->tree = NULL;
    if (tree == NULL || --tree->users > 0)
        return;
    struct tree **place = &run->engine->trees;
    while (*place != tree)
        place = &(*place)->next;
    *place = tree->next;
    mem_free(tree);
}

/* --- above --- */

static bool
is_live(const struct run_head *head)
{
    return (STORE_LIVE_STATES & (1u << (unsigned)head->state)) != 0;
}

/* What a parent says to the run that it asked for in that generation. */
static enum tree_above
say(const struct run_head *parent, uint32_t generation)
{
    if (parent->generation != generation)
        return TREE_DEAD;
    if (is_live(parent))
        return TREE_LIVE;
    return parent->state == RUN_STATE_PAUSED ? TREE_PAUSED : TREE_DEAD;
}

bool
tree_has_live_parent(struct store *store, const struct run_row *row)
{
    struct run_head parent;
    return row->parent_generation > 0 &&
           store_run_head(store, &row->parent, &parent) == STATUS_OK &&
           say(&parent, row->parent_generation) == TREE_LIVE;
}

enum status
tree_look_above(struct store *store, const struct run_row *row, struct id above[LIMIT_TREE_DEPTH],
                uint8_t *depth, enum tree_above *out)
{
    struct run_head run = {.parent = row->parent, .parent_generation = row->parent_generation};
    *depth = 0;
    *out = TREE_LIVE;
    while (run.parent_generation > 0) {
        struct run_head parent;
        enum status status = store_run_head(store, &run.parent, &parent);
        if (status == STATUS_NOT_FOUND || *depth == LIMIT_TREE_DEPTH) {
            *out = TREE_DEAD;
            return STATUS_OK;
        }
        if (status != STATUS_OK)
            return status;
        above[(*depth)++] = run.parent;
        enum tree_above said = say(&parent, run.parent_generation);
        *out = said > *out ? said : *out;
        run = parent;
    }
    return STATUS_OK;
}

bool
tree_is_moving(const struct engine *engine, const struct id *above, uint8_t depth)
{
    for (uint8_t i = 0; i < depth; i++) {
        const struct run *run = engine_find((struct engine *)engine, &above[i]);
        if (run != NULL && (run->is_leaving || run->is_finishing || run->is_held))
            return true;
        if (move_is_under_way(engine, &above[i]))
            return true;
    }
    return false;
}

/* --- below, in memory --- */

static bool
is_below(const struct run *run, const struct id *above)
{
    for (uint8_t i = 0; i < run->depth; i++) {
        if (id_equal(&run->above[i], above))
            return true;
    }
    return false;
}

typedef void below_fn(struct run *run);

static void
each_below(struct engine *engine, const struct id *above, below_fn *visit)
{
    for (struct run *run = engine->runs; run != NULL; run = run->next) {
        if (is_below(run, above))
            visit(run);
    }
}

static void
hold(struct run *run)
{
    run->is_held = true;
}

static void
release(struct run *run)
{
    run->is_held = false;
    run_mark(run);
}

/* One whose own end is on its way to the store is refused there. */
static void
end(struct run *run)
{
    if (!run->is_finishing && !run->is_leaving)
        run_end_early(run, RUN_EVENT_CANCEL, (struct value){0}, NULL);
}

void
tree_hold_below(struct engine *engine, const struct id *run)
{
    each_below(engine, run, hold);
}

void
tree_release_below(struct engine *engine, const struct id *run)
{
    each_below(engine, run, release);
}

void
tree_leave_below(struct engine *engine, const struct id *run)
{
    each_below(engine, run, run_leave);
}

void
tree_end_below(struct engine *engine, const struct id *run)
{
    each_below(engine, run, end);
}

/* --- below, in the store --- */

/* Children looked at in one go. */
#define SETTLE_RUNS 64

/* A walk over what an ended run has left behind: the run itself, then the children of each run that
 * was cancelled. */
struct settling {
    struct message message;
    struct task task;
    struct engine *engine;
    struct id first;
    bool is_begun;
    struct id *parents; /* whose children are listed, one after the other */
    uint32_t at, count, capacity;
    struct id after; /* children of parents[at] up to this one were looked at */
    struct run_head parent;
    struct run_row found[SETTLE_RUNS]; /* left behind; without texts */
    uint32_t found_count;
    bool has_more; /* children behind `after` */
    enum status status;
    _Atomic uint32_t pending; /* commits that have not come back */
};

static void
keep(struct settling *settling, const struct run_row *row)
{
    struct run_row *kept = &settling->found[settling->found_count++];
    *kept = *row;
    kept->trigger = kept->input = kept->output = kept->error = slice_of("", 0);
    kept->counts = kept->resolved = kept->inline_record = slice_of("", 0);
}

static enum status
look_at_first(struct settling *settling)
{
    struct store *store = settling->engine->options.store;
    struct arena arena;
    struct run_row row;
    struct id above[LIMIT_TREE_DEPTH];
    uint8_t depth = 0;
    enum tree_above said = TREE_LIVE;
    arena_init(&arena, 8 * LIMIT_VALUE_BYTES);
    enum status status = store_run_get(store, &arena, &settling->first, &row);
    if (status == STATUS_OK)
        status = tree_look_above(store, &row, above, &depth, &said);
    if (status == STATUS_OK && said == TREE_DEAD && !run_state_is_ended(row.state))
        keep(settling, &row);
    arena_done(&arena);
    return status;
}

static bool
see_child(const struct run_row *row, void *context)
{
    struct settling *settling = context;
    settling->after = row->id;
    settling->has_more = true;
    if (row->parent_generation > 0 && say(&settling->parent, row->parent_generation) == TREE_DEAD)
        keep(settling, row);
    return settling->found_count < SETTLE_RUNS;
}

static enum status
list_children(struct settling *settling)
{
    struct store *store = settling->engine->options.store;
    struct store_page page = {
        .parent = settling->parents[settling->at],
        .before = settling->after,
        .is_ascending = true,
        .states = STORE_LIVE_STATES | 1u << RUN_STATE_PAUSED,
        .limit = SETTLE_RUNS,
    };
    settling->has_more = false;
    enum status status = store_run_head(store, &page.parent, &settling->parent);
    if (status == STATUS_OK)
        status = store_run_list(store, &page, see_child, settling);
    return status;
}

static void
settle_work(struct task *task, void *thread_context)
{
    struct settling *settling = (struct settling *)((char *)task - offsetof(struct settling, task));
    settling->found_count = 0;
    settling->status = settling->is_begun ? list_children(settling) : look_at_first(settling);
    queue_push(settling->engine->mailbox, &settling->message.node);
}

static void
settle_end(struct settling *settling)
{
    settling->engine->away--;
    mem_free(settling->parents);
    mem_free(settling);
}

static void
push_parent(struct settling *settling, const struct id *id)
{
    if (settling->count == settling->capacity) {
        settling->capacity = settling->capacity == 0 ? 16 : 2 * settling->capacity;
        settling->parents =
            mem_resize(settling->parents, settling->capacity * sizeof(*settling->parents));
    }
    settling->parents[settling->count++] = *id;
}

static void settled_home(struct engine *engine, struct message *message);

static void
settle_next(struct settling *settling)
{
    const struct engine_ports *ports = settling->engine->options.ports;
    if (settling->engine->is_parking || (settling->is_begun && settling->at == settling->count)) {
        settle_end(settling);
        return;
    }
    settling->message.handle = settled_home;
    ports->post(ports->world, ENGINE_POOL_WORK, &settling->task, false);
}

/* The last one of a batch, on the engine's thread. */
static void
cancelled_home(struct engine *engine, struct message *message)
{
    settle_next((struct settling *)message);
}

/* On the writer's thread. One that was refused has been moved by somebody else. */
static void
cancelled(struct intent *intent)
{
    struct settling *settling = intent->owner;
    intent_free(&intent);
    if (--settling->pending == 0)
        queue_push(settling->engine->mailbox, &settling->message.node);
}

static void
cancel_one(struct settling *settling, const struct run_row *found)
{
    struct engine *engine = settling->engine;
    struct intent *intent = intent_new(KIB(8));
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = *found;
    row->state = RUN_STATE_CANCELLED;
    row->ended_unix_ms = clock_unix_ms(engine->options.clock);
    intent->flow = &engine->own_flow;
    intent->guard = (struct store_guard){
        .is_on = true,
        .run = found->id,
        .generation = found->generation,
        .states = 1u << (unsigned)found->state,
        .is_alone = true,
    };
    intent_add(intent, STORE_RUN_MOVE, 256)->run = row;
    events_add_move(intent, row, RUN_EVENT_CANCEL, row->ended_unix_ms);
    intent->done = cancelled;
    intent->owner = settling;
    engine->options.ports->commit(engine->options.ports->world, intent);
}

/* Runs in memory end by themselves, and settle what is below them when they have left. */
static void
drop_those_here(struct settling *settling)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < settling->found_count; i++) {
        if (engine_find(settling->engine, &settling->found[i].id) == NULL)
            settling->found[kept++] = settling->found[i];
    }
    settling->found_count = kept;
}

static void
go_on_walking(struct settling *settling)
{
    if (!settling->is_begun) {
        push_parent(settling, &settling->first);
    } else if (!settling->has_more) {
        settling->at++;
        settling->after = (struct id){0};
    }
    for (uint32_t i = 0; settling->is_begun && i < settling->found_count; i++)
        push_parent(settling, &settling->found[i].id);
    settling->is_begun = true;
}

static void
settled_home(struct engine *engine, struct message *message)
{
    struct settling *settling = (struct settling *)message;
    if (settling->status != STATUS_OK) {
        /* A start finds what is left. */
        if (settling->status != STATUS_NOT_FOUND)
            log_event(LOG_ERROR, "runs below an ended one could not be read", "status=%s",
                      status_name(settling->status));
        settle_end(settling);
        return;
    }
    drop_those_here(settling);
    go_on_walking(settling);
    if (settling->found_count == 0) {
        settle_next(settling);
        return;
    }
    settling->message.handle = cancelled_home;
    settling->pending = settling->found_count;
    for (uint32_t i = 0; i < settling->found_count; i++)
        cancel_one(settling, &settling->found[i]);
}

void
tree_settle(struct engine *engine, const struct id *run)
{
    if (engine->is_parking)
        return;
    struct settling *settling = mem_alloc(sizeof(*settling));
    settling->engine = engine;
    settling->first = *run;
    settling->task.run = settle_work;
    engine->away++;
    settle_next(settling);
}
