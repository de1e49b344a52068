/* base/thread.h - named threads with a chosen stack, ended by their own function's return.
 *
 * Threads: start and join from the owner.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include "base/status.h"

#include <stddef.h>

struct thread;
typedef void thread_fn(void *context);

/* All signals are blocked in it. name: at most 15 bytes. stack_bytes 0: the default (2 MiB). */
MUST_USE enum status thread_start(struct thread **out, const char *name, size_t stack_bytes,
                                  thread_fn *run, void *context);

/* Waits for its end and frees it. Does nothing for NULL. */
void thread_join(struct thread **thread);

#endif
