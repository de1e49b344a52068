#include "base/thread.h"

#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#define THREAD_STACK_BYTES ((size_t)2 * 1024 * 1024)

struct thread {
    pthread_t handle;
    thread_fn *run;
    void *context;
    char name[16];
};

static void *
thread_main(void *argument)
{
    struct thread *thread = argument;
    /* A name is only for people who watch; failing to set it changes nothing. */
    if (pthread_setname_np(pthread_self(), thread->name) != 0)
        thread->name[0] = '\0';
    thread->run(thread->context);
    return NULL;
}

/* A thread inherits the mask of its maker: block all, create, put the mask back. What a thread does
 * to itself is its own: blocked, it would end the process unseen (base/crash.h). */
static void
block_all(sigset_t *before)
{
    static const int own[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    sigset_t all;
    sigfillset(&all);
    for (size_t i = 0; i < COUNT_OF(own); i++)
        sigdelset(&all, own[i]);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

static int
thread_create(struct thread *thread, size_t stack_bytes)
{
    pthread_attr_t attributes;
    int failed = pthread_attr_init(&attributes);
    if (failed != 0)
        return failed;

    sigset_t before;
    block_all(&before);
    failed = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (failed == 0)
        failed = pthread_create(&thread->handle, &attributes, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

enum status
thread_start(struct thread **out, const char *name, size_t stack_bytes, thread_fn *run,
             void *context)
{
    *out = NULL;
    struct thread *thread = mem_alloc(sizeof(*thread));
    thread->run = run;
    thread->context = context;
    snprintf(thread->name, sizeof(thread->name), "%s", name);
    if (thread_create(thread, stack_bytes == 0 ? THREAD_STACK_BYTES : stack_bytes) != 0) {
        mem_free(thread);
        return STATUS_UNAVAILABLE;
    }
    *out = thread;
    return STATUS_OK;
}

void
thread_join(struct thread **thread)
{
    if (*thread == NULL)
        return;
    int failed = pthread_join((*thread)->handle, NULL);
    assert(failed == 0);
    mem_free(*thread);
    *thread = NULL;
}
