#include "service/scheduler.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/queue.h"
#include "service/failures.h"
#include "service/host.h"
#include "service/schedules.h"

#include <pthread.h>

/* Objects of one kind that are looked at in one turn, and of which a commit is on its way. */
#define TURN_MAX 64
/* The clock on the wall may be set: it is looked at so often. */
#define LOOK_MS 10000
/* What could not be stored is tried again after that. */
#define AGAIN_MS 1000
/* Bodies of the objects of a turn. */
#define TURN_BYTES_MAX (TURN_MAX * KIB(64) + LIMIT_DEFINITION_BYTES)

static const struct duty {
    enum object_kind kind;
    void (*fire)(struct service *service, const struct object_row *row);
} duties[] = {
    {OBJECT_SCHEDULE, schedules_fire},
    {OBJECT_FAILURE, failures_fire},
};

struct scheduler {
    struct service *service;
    struct thread *thread; /* NULL: somebody else takes the turns */
    struct queue *changes; /* a node for each change; closed: the thread ends */
    pthread_mutex_t mutex; /* guards the two below */
    struct flight {
        enum object_kind kind;
        struct id object;
    } flying[COUNT_OF(duties) * TURN_MAX]; /* objects of which a commit is on its way */
    size_t flying_count;
};

/* Notes that a commit begins; false: one is on its way, or too many of its kind are. */
static bool
take_off(struct scheduler *scheduler, const struct object_row *row)
{
    size_t of_kind = 0;
    pthread_mutex_lock(&scheduler->mutex);
    bool is_free = true;
    for (size_t i = 0; i < scheduler->flying_count; i++) {
        const struct flight *flight = &scheduler->flying[i];
        of_kind += flight->kind == row->kind;
        is_free = is_free && !id_equal(&flight->object, &row->id);
    }
    is_free = is_free && of_kind < TURN_MAX;
    if (is_free)
        scheduler->flying[scheduler->flying_count++] = (struct flight){row->kind, row->id};
    pthread_mutex_unlock(&scheduler->mutex);
    return is_free;
}

void
scheduler_land(struct service *service, const struct id *object, bool is_done)
{
    struct scheduler *scheduler = service->scheduler;
    pthread_mutex_lock(&scheduler->mutex);
    for (size_t i = 0; i < scheduler->flying_count; i++) {
        if (!id_equal(&scheduler->flying[i].object, object))
            continue;
        scheduler->flying[i] = scheduler->flying[--scheduler->flying_count];
        break;
    }
    pthread_mutex_unlock(&scheduler->mutex);
    if (is_done)
        scheduler_wake(service);
}

bool
scheduler_is_flying(struct service *service)
{
    struct scheduler *scheduler = service->scheduler;
    pthread_mutex_lock(&scheduler->mutex);
    bool is = scheduler->flying_count > 0;
    pthread_mutex_unlock(&scheduler->mutex);
    return is;
}

/* --- a turn --- */

struct due_list {
    struct arena arena;
    struct object_row rows[TURN_MAX];
    size_t count;
};

static bool
add_due(const struct object_row *row, void *context)
{
    struct due_list *list = context;
    struct object_row *copy = &list->rows[list->count];
    *copy = *row;
    copy->name = arena_copy(&list->arena, row->name);
    copy->body = arena_copy(&list->arena, row->body);
    list->count += copy->body.ptr != NULL && copy->name.ptr != NULL;
    return list->count < TURN_MAX && copy->body.ptr != NULL;
}

/* The instant of the next one of that kind. */
static int64_t
take_turn(struct service *service, const struct duty *duty)
{
    struct due_list *list = mem_alloc(sizeof(*list));
    int64_t now = clock_unix_ms(service->options.clock);
    int64_t next = INT64_MAX;
    arena_init(&list->arena, TURN_BYTES_MAX);
    status_ignore(store_object_due(service->store, duty->kind, now, TURN_MAX, add_due, list));
    for (size_t i = 0; i < list->count && !service->is_stopping; i++)
        if (take_off(service->scheduler, &list->rows[i]))
            duty->fire(service, &list->rows[i]);
    arena_done(&list->arena);
    mem_free(list);
    if (store_object_next(service->store, duty->kind, &next) != STATUS_OK)
        next = INT64_MAX;
    return next;
}

int64_t
scheduler_turn(struct service *service)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < COUNT_OF(duties); i++) {
        int64_t of_kind = take_turn(service, &duties[i]);
        next = of_kind < next ? of_kind : next;
    }
    return next;
}

/* --- the thread --- */

static void
drop_changes(struct queue *changes)
{
    struct queue_node *node = queue_drain(changes);
    while (node != NULL) {
        struct queue_node *gone = node;
        node = node->next;
        mem_free(gone);
    }
}

static void
wait_until(struct scheduler *scheduler, int64_t next_unix_ms)
{
    int64_t now = clock_unix_ms(scheduler->service->options.clock);
    int64_t wait_ms = next_unix_ms == INT64_MAX ? LOOK_MS : next_unix_ms - now;
    wait_ms = wait_ms < 1 ? 1 : wait_ms > LOOK_MS ? LOOK_MS : wait_ms;
    mem_free(queue_wait(scheduler->changes, (int)wait_ms));
    drop_changes(scheduler->changes);
}

static void
scheduler_thread(void *context)
{
    struct scheduler *scheduler = context;
    while (!queue_is_closed(scheduler->changes)) {
        int64_t begun = clock_unix_ms(scheduler->service->options.clock);
        int64_t next = scheduler_turn(scheduler->service);
        wait_until(scheduler, next <= begun ? begun + AGAIN_MS : next);
    }
}

struct scheduler *
scheduler_new(struct service *service)
{
    struct scheduler *scheduler = mem_alloc(sizeof(*scheduler));
    scheduler->service = service;
    scheduler->changes = queue_new(false);
    pthread_mutex_init(&scheduler->mutex, NULL);
    return scheduler;
}

enum status
scheduler_start(struct scheduler *scheduler)
{
    return thread_start(&scheduler->thread, "scheduler", 0, scheduler_thread, scheduler);
}

void
scheduler_wake(struct service *service)
{
    if (service->scheduler != NULL)
        queue_push(service->scheduler->changes, mem_alloc(sizeof(struct queue_node)));
}

/* Whether one is there: of what may be caught nobody knows. */
static bool
adds_failure(const struct store_op *op)
{
    return op->kind == STORE_OBJECT_ADD_CAUGHT ||
           (op->kind == STORE_OBJECT_ADD && op->object->kind == OBJECT_FAILURE);
}

void
scheduler_note_commit(struct service *service, const struct intent *intent)
{
    bool is_failure = false;
    for (size_t i = 0; i < intent->op_count; i++)
        is_failure = is_failure || adds_failure(&intent->ops[i]);
    if (is_failure && intent->status == STATUS_OK)
        scheduler_wake(service);
}

void
scheduler_stop(struct scheduler *scheduler)
{
    if (scheduler == NULL)
        return;
    queue_close(scheduler->changes);
    thread_join(&scheduler->thread);
}

void
scheduler_free(struct scheduler **scheduler)
{
    struct scheduler *gone = *scheduler;
    *scheduler = NULL;
    if (gone == NULL)
        return;
    drop_changes(gone->changes);
    queue_free(&gone->changes);
    pthread_mutex_destroy(&gone->mutex);
    mem_free(gone);
}
