#include "service/cleaning.h"

#include "base/mem.h"
#include "base/queue.h"
#include "service/cleaner.h"
#include "service/host.h"

struct cleaning {
    struct service *service;
    struct cleaner *cleaner;
    struct queue *home; /* intents that come back */
    struct thread *thread;
    struct fair_owner owner; /* its place among who writes */
    struct fair_flow flow;
};

static int64_t
retention_ms(void *world, const struct workflow_row *workflow)
{
    struct cleaning *cleaning = world;
    struct program *program = NULL;
    int64_t keep_ms = 0;
    if (programs_get(cleaning->service->programs, &workflow->id, workflow->published_version,
                     &program, NULL) == STATUS_OK)
        keep_ms = program->plan->retention_ms;
    program_drop(&program);
    return keep_ms;
}

/* On the writer's thread. */
static void
come_home(struct intent *intent)
{
    struct cleaning *cleaning = intent->owner;
    queue_push(cleaning->home, &intent->node);
}

static void
free_all(struct queue_node *node)
{
    while (node != NULL) {
        struct intent *intent = (struct intent *)node;
        node = node->next;
        intent_free(&intent);
    }
}

/* The queue is closed when the service ends: what has not come home until then is freed later. */
static enum status
commit(void *world, struct intent **intents, size_t count)
{
    struct cleaning *cleaning = world;
    for (size_t i = 0; i < count; i++) {
        intents[i]->flow = &cleaning->flow;
        intents[i]->done = come_home;
        intents[i]->owner = cleaning;
        writer_push(cleaning->service->writer, intents[i]);
    }
    struct queue_node *first = NULL;
    for (size_t i = 0; i < count; i++) {
        struct queue_node *node = queue_wait(cleaning->home, -1);
        if (node == NULL) {
            free_all(first);
            return STATUS_UNAVAILABLE;
        }
        node->next = first;
        first = node;
    }
    return STATUS_OK;
}

static int
wait_ms(const struct cleaning *cleaning, int64_t due_us)
{
    int64_t wait_us = due_us - clock_mono_us(cleaning->service->options.clock);
    if (wait_us <= 0)
        return 0;
    return wait_us > 60000000 ? 60000 : (int)((wait_us + 999) / 1000);
}

static void
cleaning_thread(void *context)
{
    struct cleaning *cleaning = context;
    while (!queue_is_closed(cleaning->home)) {
        int64_t due_us = cleaner_turn(cleaning->cleaner);
        /* Nothing comes home now: it sleeps, or is woken by the end. */
        queue_wait(cleaning->home, wait_ms(cleaning, due_us));
    }
}

enum status
cleaning_start(struct cleaning **out, struct service *service)
{
    struct cleaning *cleaning = mem_alloc(sizeof(*cleaning));
    struct cleaner_options options = {
        .store = service->store,
        .blobs = service->blobs,
        .clock = service->options.clock,
        .keep_ms = service->options.retention_ms,
        .grace_ms = service->options.clean_after_ms,
        .every_ms = service->options.clean_every_ms,
        .retention_ms = retention_ms,
        .commit = commit,
        .world = cleaning,
    };
    cleaning->service = service;
    cleaning->cleaner = cleaner_new(&options);
    cleaning->home = queue_new(false);
    cleaning->flow.owner = &cleaning->owner;
    *out = cleaning;
    return thread_start(&cleaning->thread, "cleaner", 0, cleaning_thread, cleaning);
}

void
cleaning_stop(struct cleaning *cleaning)
{
    if (cleaning == NULL)
        return;
    queue_close(cleaning->home);
    thread_join(&cleaning->thread);
}

void
cleaning_free(struct cleaning **cleaning)
{
    struct cleaning *gone = *cleaning;
    *cleaning = NULL;
    if (gone == NULL)
        return;
    free_all(queue_drain(gone->home));
    queue_free(&gone->home);
    cleaner_free(&gone->cleaner);
    mem_free(gone);
}
