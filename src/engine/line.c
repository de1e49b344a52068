#include "engine/line.h"

#include "base/mem.h"
#include "engine/children.h"

#include <string.h>

/* What wakes a run is one row, whatever it waits for; its begin deletes it. */
static void
add_wake(struct intent *intent, const struct run_row *row)
{
    struct timer_row *timer = arena_alloc(&intent->arena, sizeof(*timer));
    *timer = (struct timer_row){
        .due_unix_ms = row->deadline_unix_ms,
        .run = row->id,
        .table = SLICE(CHILD_WAKE_TABLE),
        .generation = row->generation,
    };
    intent_add(intent, STORE_TIMER_INSERT, 64)->timer = timer;
}

void
line_add_join(struct intent *intent, const struct run_row *row, const struct run_wishes *wishes)
{
    if (wishes->concurrency_key.size == 0)
        return;
    struct line_row *line = arena_alloc(&intent->arena, sizeof(*line));
    *line = (struct line_row){
        .workspace = row->workspace,
        .name = arena_copy(&intent->arena, wishes->concurrency_key),
        .run = row->id,
    };
    intent_add(intent, STORE_LINE_JOIN, line->name.size + 64)->line = line;
    if (row->deadline_unix_ms > 0)
        add_wake(intent, row);
}

void
line_add_leave(struct intent *intent, const struct id *run, const struct run_wishes *wishes)
{
    if (wishes->concurrency_key.size == 0)
        return;
    struct line_row *line = arena_alloc(&intent->arena, sizeof(*line));
    *line = (struct line_row){.run = *run};
    intent_add(intent, STORE_LINE_LEAVE, 64)->line = line;
}

enum status
line_look(struct engine *engine, const struct run_row *row, struct arena *arena)
{
    struct run_wishes wishes;
    struct id first;
    wishes_read(&wishes, row->wishes, arena);
    if (wishes.concurrency_key.size == 0)
        return STATUS_OK;
    int64_t now = clock_unix_ms(engine->options.clock);
    if (row->deadline_unix_ms > 0 && row->deadline_unix_ms <= now)
        return STATUS_OK;
    enum status status =
        store_line_first(engine->options.store, &row->workspace, wishes.concurrency_key, &first);
    if (status == STATUS_OK && !id_equal(&first, &row->id))
        return STATUS_CONFLICT;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct line_job {
    struct message message;
    struct task task;
    struct engine *engine;
    struct id workspace;
    struct slice name; /* behind the job */
    struct id first;
    enum status status;
};

static void
look_home(struct engine *engine, struct message *message)
{
    struct line_job *job = (struct line_job *)message;
    engine->away--;
    if (job->status == STATUS_OK && engine_find(engine, &job->first) == NULL) {
        /* One that is just looked at may have been found behind the run that has left. */
        take_up_spoil(engine, &job->first);
        run_take_up(engine, &job->first);
    } else if (job->status != STATUS_OK && job->status != STATUS_NOT_FOUND) {
        engine->must_look_again = true;
    }
    mem_free(job);
}

static void
look_work(struct task *task, void *thread_context)
{
    struct line_job *job = (struct line_job *)((char *)task - offsetof(struct line_job, task));
    struct store *store = job->engine->options.store;
    job->status = store_line_first(store, &job->workspace, job->name, &job->first);
    queue_push(job->engine->mailbox, &job->message.node);
}

void
line_go_on(struct engine *engine, const struct id *workspace, struct slice name)
{
    const struct engine_ports *ports = engine->options.ports;
    if (!engine->options.take_up_runs || engine->is_parking)
        return;
    struct line_job *job = mem_alloc(sizeof(*job) + name.size);
    char *bytes = (char *)(job + 1);
    memcpy(bytes, name.ptr, name.size);
    *job = (struct line_job){
        .message = {.handle = look_home},
        .task = {.run = look_work},
        .engine = engine,
        .workspace = *workspace,
        .name = slice_of(bytes, name.size),
    };
    engine->away++;
    ports->post(ports->world, ENGINE_POOL_WORK, &job->task, NULL);
}
