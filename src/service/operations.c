#include "service/operations.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/queue.h"
#include "service/host.h"
#include "service/present.h"
#include "service/run_filter.h"

/* Runs that are moved at a time, and operations that take turns. */
#define PIECE_RUNS 32
#define TURN_OPERATIONS 16
/* How long one that has ended is shown. */
#define SHOWN_MS (INT64_C(30) * 86400000)
/* Failures that are told with their words. */
#define FAILURES_MAX 10
#define BODY_BYTES_MAX KIB(256)
/* Where nothing tells that one was added. */
#define LOOK_MS 10000

static const char *const action_names[] = {
    [OPERATION_RETRY] = "retry", [OPERATION_CANCEL] = "cancel", [OPERATION_DELETE] = "delete"};

/* --- the object --- */

static int64_t
number(struct value body, const char *name)
{
    int64_t out = 0;
    return value_integer(value_get(body, name), &out) ? out : 0;
}

static bool
id_of(struct id *out, struct value value)
{
    return value.kind == VALUE_STRING && id_parse(out, value_slice(value));
}

struct value
operation_present(const struct object_row *row, struct arena *arena)
{
    static const char *const kept[] = {"action", "filter", "version", "status",
                                       "done",   "failed", "skipped", "failures"};
    struct value body = value_null(), out = value_empty_object();
    status_ignore(json_parse(&body, arena, row->body, 0, NULL, NULL));
    out = value_set(arena, out, "id", present_id(&row->id, arena));
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        out = value_set(arena, out, kept[i], value_find_or_null(body, slice_text(kept[i])));
    int64_t ended = number(body, "endedAt");
    out = value_set(arena, out, "createdAt", present_time(row->created_unix_ms, arena));
    return value_set(arena, out, "completedAt", present_time(ended, arena));
}

/* --- asking for one --- */

/* Checks the filter, and finds the workflow that it names. */
static enum status
read_filter(struct service *service, const struct id *workspace, struct value filter,
            struct run_filter *out, struct error *error)
{
    enum status status = STATUS_OK;
    *out = (struct run_filter){.states = 0};
    for (uint32_t i = 0; i < filter.count && status == STATUS_OK; i++) {
        const struct member *member = &value_members(filter)[i];
        struct slice name = value_slice(member->key);
        if (member->value.kind != VALUE_STRING)
            return error_set(error, STATUS_INVALID, "filter.%.*s: expected text",
                             SLICE_FORMAT(slice_cut(name, 40)));
        if (slice_is(name, "workflow"))
            status = run_filter_set_workflow(out, service, workspace, value_slice(member->value));
        else
            status = run_filter_set(out, name, value_slice(member->value), error);
        if (status == STATUS_NOT_FOUND)
            return error_set(error, STATUS_INVALID, "filter.%.*s: there is none of that name",
                             SLICE_FORMAT(slice_cut(name, 40)));
    }
    return status;
}

struct saving {
    struct service *service;
    struct object_row *row;
    operation_saved_fn *saved;
    void *context;
};

static void wake(struct operations *operations);

static void
saving_done(struct intent *intent)
{
    struct saving *saving = intent->owner;
    if (intent->status == STATUS_OK)
        wake(saving->service->operations);
    saving->saved(intent->status, saving->row, saving->context);
    intent_free(&intent);
}

static struct value
first_body(const struct operation_new *wanted, struct arena *arena)
{
    bool is_retry = wanted->action == OPERATION_RETRY;
    struct member members[] = {
        {value_text("action"), value_text(action_names[wanted->action])},
        {value_text("filter"), wanted->filter},
        {value_text("version"),
         is_retry ? value_text(wanted->on_newest ? "newest" : "pinned") : value_null()},
        {value_text("status"), value_text("running")},
        {value_text("done"), value_int(0)},
        {value_text("failed"), value_int(0)},
        {value_text("skipped"), value_int(0)},
        {value_text("failures"), value_empty_array()},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

enum status
service_operation_start(struct service *service, const struct operation_new *wanted,
                        operation_saved_fn *saved, void *context, struct error *error)
{
    struct run_filter filter;
    if (wanted->filter.kind != VALUE_OBJECT || wanted->filter.count == 0)
        return error_set(error, STATUS_INVALID,
                         "filter: expected at least one of workflow, status, trigger, label, "
                         "createdAfter and createdBefore");
    enum status status = read_filter(service, &wanted->workspace, wanted->filter, &filter, error);
    if (status != STATUS_OK)
        return status;
    struct intent *intent = intent_new(BODY_BYTES_MAX);
    struct arena *arena = &intent->arena;
    struct object_row *row = arena_alloc(arena, sizeof(*row));
    struct saving *saving = arena_alloc(arena, sizeof(*saving));
    int64_t now = clock_unix_ms(service->options.clock);
    *row = (struct object_row){
        .workspace = wanted->workspace,
        .id = id_next(&service->ids),
        .kind = OBJECT_OPERATION,
        .body = json_text(arena, first_body(wanted, arena)),
        .revision = 1,
        .created_unix_ms = now,
        .updated_unix_ms = now,
        .due_unix_ms = now,
    };
    *saving = (struct saving){service, row, saved, context};
    intent_add(intent, STORE_OBJECT_INSERT, KIB(1))->object = row;
    intent_add_idempotency(intent, wanted->idempotency, IDEMPOTENCY_OPERATION, &row->id);
    intent->done = saving_done;
    intent->owner = saving;
    writer_push(service->writer, intent);
    return STATUS_OK;
}

enum status
service_operation_find(struct service *service, const struct id *workspace, struct slice text,
                       struct arena *arena, struct object_row *out)
{
    struct id id;
    if (!id_parse(&id, text))
        return STATUS_NOT_FOUND;
    enum status status = store_object_get(service->store, arena, &id, out);
    bool is_ours = status == STATUS_OK && out->kind == OBJECT_OPERATION &&
                   id_equal(&out->workspace, workspace);
    return status == STATUS_OK && !is_ours ? STATUS_NOT_FOUND : status;
}

enum status
service_operation_list(struct service *service, const struct store_page *page,
                       store_object_fn *visit, void *context)
{
    struct object_page objects = {
        .workspace = page->workspace,
        .kind = OBJECT_OPERATION,
        .before = page->before,
        .is_ascending = page->is_ascending,
        .limit = page->limit,
        .skip = page->skip,
    };
    return store_object_list(service->store, &objects, visit, context);
}

/* --- moving runs --- */

/* A move that was asked for and comes home. */
struct act {
    struct queue_node node;
    struct operations *operations;
    struct id run;
    int64_t generation; /* that it had when it was chosen */
    enum status status;
    struct error error;
};

struct operations {
    struct service *service;
    struct queue *home; /* acts and intents that come back, and nodes that only wake */
    struct thread *thread;
    struct fair_owner owner;
    struct fair_flow flow;
    struct act acts[PIECE_RUNS];
    uint32_t act_count;
    /* The one that was stored last by this process with runs that are still to be moved. */
    struct id fresh;
    int64_t fresh_revision;
};

/* One operation while a piece of it is done. */
struct piece {
    struct operations *operations;
    struct object_row row;
    struct arena arena;
    struct value body;
    enum operation_action action;
    bool is_again;    /* whether its runs were moved before the process died is not known */
    struct id last;   /* that was looked at; zero: there are no more */
    struct id resume; /* the same, of lists by label */
    bool is_at_end;
    struct value chosen;
};

static void
come_home(enum status status, void *context)
{
    struct act *act = context;
    act->status = status;
    queue_push(act->operations->home, &act->node);
}

static void
retry(struct piece *piece, struct act *act, const struct run_row *run)
{
    struct service *service = piece->operations->service;
    struct run_asker asker = {come_home, act, NULL};
    bool on_newest = value_equal(value_get(piece->body, "version"), value_text("newest"));
    enum status status = STATUS_OK;
    if (on_newest)
        status = service_run_fits_newest(service, run, &act->error);
    if (status == STATUS_OK)
        service_run_retry(service, run, on_newest, &asker);
    else
        come_home(status == STATUS_CONFLICT ? STATUS_INVALID : status, act);
}

/* Whether the run shows that this was done to it already. */
static bool
is_done(const struct piece *piece, const struct act *act, enum status found,
        const struct run_row *run)
{
    if (!piece->is_again)
        return false;
    switch (piece->action) {
    case OPERATION_RETRY:
        return found == STATUS_OK && run->generation > act->generation;
    case OPERATION_CANCEL:
        return found == STATUS_OK && run->state == RUN_STATE_CANCELLED;
    case OPERATION_DELETE:
        break;
    }
    return found == STATUS_NOT_FOUND;
}

static void
begin_act(struct piece *piece, struct act *act)
{
    struct service *service = piece->operations->service;
    struct run_asker asker = {come_home, act, NULL};
    struct arena arena;
    struct run_row run = {.generation = 0};
    arena_init(&arena, 32 * LIMIT_INPUT_BYTES);
    enum status status = store_run_get(service->store, &arena, &act->run, &run);
    if (is_done(piece, act, status, &run))
        come_home(STATUS_OK, act);
    else if (status != STATUS_OK)
        come_home(status == STATUS_NOT_FOUND ? STATUS_CONFLICT : status, act);
    else if (piece->action == OPERATION_RETRY)
        retry(piece, act, &run);
    else if (piece->action == OPERATION_CANCEL)
        service_run_cancel(service, &run.id, &asker);
    else
        service_run_delete(service, &run.id, come_home, act);
    arena_done(&arena);
}

/* False: the service ends. */
static bool
wait_for(struct operations *operations, uint32_t count)
{
    while (count > 0) {
        struct queue_node *node = queue_wait(operations->home, -1);
        if (node == NULL)
            return false;
        bool is_act = (char *)node >= (char *)operations->acts &&
                      (char *)node < (char *)(operations->acts + PIECE_RUNS);
        count -= is_act;
        if (!is_act)
            mem_free(node);
    }
    return true;
}

static void
read_chosen(struct piece *piece)
{
    struct operations *operations = piece->operations;
    struct value chosen = value_get(piece->body, "chosen");
    operations->act_count = 0;
    for (uint32_t i = 0; chosen.kind == VALUE_ARRAY && i < chosen.count && i < PIECE_RUNS; i++) {
        struct value one = value_items(chosen)[i];
        struct act *act = &operations->acts[operations->act_count];
        *act = (struct act){.operations = operations, .generation = number(one, "generation")};
        operations->act_count += id_of(&act->run, value_get(one, "id"));
    }
}

static void
count_failure(struct piece *piece, const struct act *act)
{
    struct value failures = value_get(piece->body, "failures");
    if (failures.kind != VALUE_ARRAY || failures.count >= FAILURES_MAX)
        return;
    const char *words = act->error.text[0] == '\0' ? status_name(act->status) : act->error.text;
    struct member members[] = {
        {value_text("runId"), present_id(&act->run, &piece->arena)},
        {value_text("error"), value_string_copy(&piece->arena, slice_text(words))},
    };
    struct value failure = value_object_new(&piece->arena, members, COUNT_OF(members));
    piece->body = value_set(&piece->arena, piece->body, "failures",
                            value_array_append(&piece->arena, failures, failure));
}

static void
count_acts(struct piece *piece)
{
    struct operations *operations = piece->operations;
    int64_t done = number(piece->body, "done"), failed = number(piece->body, "failed"),
            skipped = number(piece->body, "skipped");
    for (uint32_t i = 0; i < operations->act_count; i++) {
        const struct act *act = &operations->acts[i];
        done += act->status == STATUS_OK;
        skipped += act->status == STATUS_CONFLICT;
        if (act->status == STATUS_OK || act->status == STATUS_CONFLICT)
            continue;
        failed++;
        count_failure(piece, act);
    }
    piece->body = value_set(&piece->arena, piece->body, "done", value_int(done));
    piece->body = value_set(&piece->arena, piece->body, "failed", value_int(failed));
    piece->body = value_set(&piece->arena, piece->body, "skipped", value_int(skipped));
}

/* --- choosing the next runs --- */

static bool
choose(const struct run_row *row, void *context)
{
    struct piece *piece = context;
    struct member members[] = {
        {value_text("id"), present_id(&row->id, &piece->arena)},
        {value_text("generation"), value_int(row->generation)},
    };
    piece->last = row->id;
    /* An id may be a little lower than its time: the clock, or the process, was another one. */
    if (row->created_unix_ms <= piece->row.created_unix_ms)
        piece->chosen =
            value_array_append(&piece->arena, piece->chosen,
                               value_object_new(&piece->arena, members, COUNT_OF(members)));
    return true;
}

static enum status
choose_next(struct piece *piece, struct error *error)
{
    struct service *service = piece->operations->service;
    struct run_filter filter;
    struct store_page page = {.workspace = piece->row.workspace, .limit = PIECE_RUNS};
    /* Of one second, ids that different processes made stand in any order. */
    id_first_of(&page.before, piece->row.created_unix_ms + 1000);
    enum status status = read_filter(service, &piece->row.workspace,
                                     value_get(piece->body, "filter"), &filter, error);
    if (status != STATUS_OK)
        return status;
    id_of(&page.before, value_get(piece->body, "before"));
    run_filter_apply(&filter, &page, &piece->resume);
    /* Runs that others have called go with those. */
    if (page.trigger_count == 0)
        page.not_trigger = SLICE(RUN_TRIGGER_CHILD);
    piece->chosen = value_empty_array();
    piece->last = piece->resume = (struct id){0};
    status = store_run_list(service->store, &page, choose, piece);
    if (!id_is_zero(&piece->resume))
        piece->last = piece->resume;
    piece->is_at_end = id_is_zero(&piece->last);
    return status;
}

/* --- one piece --- */

static void
stored(struct intent *intent)
{
    struct operations *operations = intent->owner;
    struct act *act = &operations->acts[0];
    act->status = intent->status;
    intent_free(&intent);
    queue_push(operations->home, &act->node);
}

/* STATUS_UNAVAILABLE: the service ends. */
static enum status
store_piece(struct piece *piece)
{
    struct operations *operations = piece->operations;
    struct intent *intent = intent_new(BODY_BYTES_MAX);
    struct object_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = piece->row;
    row->body = arena_copy(&intent->arena, json_text(&piece->arena, piece->body));
    row->revision++;
    row->updated_unix_ms = clock_unix_ms(operations->service->options.clock);
    row->due_unix_ms = piece->is_at_end ? row->updated_unix_ms + SHOWN_MS : row->due_unix_ms;
    operations->fresh = row->id;
    operations->fresh_revision = row->revision;
    intent->flow = &operations->flow;
    intent->done = stored;
    intent->owner = operations;
    intent_add(intent, STORE_OBJECT_UPDATE, row->body.size)->object = row;
    writer_push(operations->service->writer, intent);
    return wait_for(operations, 1) ? operations->acts[0].status : STATUS_UNAVAILABLE;
}

static bool
open_piece(struct piece *piece)
{
    struct slice action;
    if (json_parse(&piece->body, &piece->arena, piece->row.body, 0, NULL, NULL) != STATUS_OK)
        return false;
    action = value_get_text(piece->body, "action");
    for (unsigned i = 0; i < COUNT_OF(action_names); i++) {
        piece->action = (enum operation_action)i;
        if (slice_is(action, action_names[i]))
            return true;
    }
    return false;
}

static void
end_piece(struct piece *piece, const struct error *error)
{
    struct arena *arena = &piece->arena;
    bool is_bad = error->status != STATUS_OK;
    int64_t now = clock_unix_ms(piece->operations->service->options.clock);
    piece->is_at_end = true;
    piece->body =
        value_set(arena, piece->body, "status", value_text(is_bad ? "failed" : "completed"));
    piece->body = value_set(arena, piece->body, "endedAt", value_int(now));
    if (is_bad)
        piece->body =
            value_set(arena, piece->body, "failures",
                      value_array_append(arena, value_empty_array(),
                                         value_string_copy(arena, slice_text(error->text))));
}

/* Moves the runs that were chosen, counts them, and chooses the next ones. False: the service ends,
 * or the store is in trouble. */
static bool
do_piece(struct piece *piece)
{
    struct operations *operations = piece->operations;
    struct error error = {0};
    read_chosen(piece);
    for (uint32_t i = 0; i < operations->act_count; i++)
        begin_act(piece, &operations->acts[i]);
    if (!wait_for(operations, operations->act_count))
        return false;
    count_acts(piece);
    error.status = choose_next(piece, &error);
    if (error.status != STATUS_OK && error.status != STATUS_INVALID)
        return false;
    if (error.status == STATUS_INVALID || piece->is_at_end)
        end_piece(piece, &error);
    else
        piece->body = value_set(&piece->arena, piece->body, "before",
                                present_id(&piece->last, &piece->arena));
    piece->body = value_set(&piece->arena, piece->body, "chosen", piece->chosen);
    return store_piece(piece) == STATUS_OK;
}

/* --- the thread --- */

struct due {
    struct id ids[TURN_OPERATIONS];
    uint32_t count;
};

static bool
take_due(const struct object_row *row, void *context)
{
    struct due *due = context;
    due->ids[due->count++] = row->id;
    return due->count < TURN_OPERATIONS;
}

/* One that has ended is due once more, to be forgotten. */
static bool
forget(struct operations *operations, const struct object_row *row)
{
    struct intent *intent = intent_new(KIB(4));
    struct object_row *own = arena_alloc(&intent->arena, sizeof(*own));
    *own = (struct object_row){.workspace = row->workspace, .id = row->id, .kind = row->kind};
    intent->flow = &operations->flow;
    intent->done = stored;
    intent->owner = operations;
    intent_add(intent, STORE_OBJECT_DELETE, 64)->object = own;
    writer_push(operations->service->writer, intent);
    return wait_for(operations, 1);
}

static bool
turn_one(struct operations *operations, const struct id *id)
{
    struct piece piece = {.operations = operations};
    arena_init(&piece.arena, 4 * BODY_BYTES_MAX);
    bool is_ok =
        store_object_get(operations->service->store, &piece.arena, id, &piece.row) == STATUS_OK &&
        open_piece(&piece);
    piece.is_again = !id_equal(&operations->fresh, &piece.row.id) ||
                     operations->fresh_revision != piece.row.revision;
    if (is_ok && number(piece.body, "endedAt") > 0)
        is_ok = forget(operations, &piece.row);
    else if (is_ok)
        is_ok = do_piece(&piece);
    arena_done(&piece.arena);
    return is_ok;
}

/* Whether there may be more to do at once. */
static bool
turn(struct operations *operations)
{
    struct service *service = operations->service;
    struct due due = {.count = 0};
    int64_t now = clock_unix_ms(service->options.clock);
    enum status status =
        store_object_due(service->store, OBJECT_OPERATION, now, TURN_OPERATIONS, take_due, &due);
    bool is_ok = status == STATUS_OK && due.count > 0;
    for (uint32_t i = 0; i < due.count && is_ok; i++)
        is_ok = turn_one(operations, &due.ids[i]);
    return is_ok;
}

static void
operations_thread(void *context)
{
    struct operations *operations = context;
    while (!queue_is_closed(operations->home)) {
        if (!turn(operations))
            mem_free(queue_wait(operations->home, LOOK_MS));
    }
}

static void
wake(struct operations *operations)
{
    if (operations != NULL && operations->thread != NULL)
        queue_push(operations->home, mem_alloc(sizeof(struct queue_node)));
}

enum status
operations_start(struct operations **out, struct service *service)
{
    struct operations *operations = mem_alloc(sizeof(*operations));
    operations->service = service;
    operations->home = queue_new(false);
    operations->flow.owner = &operations->owner;
    *out = operations;
    return thread_start(&operations->thread, "operations", 0, operations_thread, operations);
}

void
operations_stop(struct operations *operations)
{
    if (operations == NULL)
        return;
    queue_close(operations->home);
    thread_join(&operations->thread);
}

void
operations_free(struct operations **operations)
{
    struct operations *gone = *operations;
    *operations = NULL;
    if (gone == NULL)
        return;
    struct queue_node *node;
    while ((node = queue_pop(gone->home)) != NULL) {
        bool is_act =
            (char *)node >= (char *)gone->acts && (char *)node < (char *)(gone->acts + PIECE_RUNS);
        if (!is_act)
            mem_free(node);
    }
    queue_free(&gone->home);
    mem_free(gone);
}
