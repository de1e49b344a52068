/* base/fault.h - named points at which a test makes the process die.
 *
 * Durable state is only as good as the worst instant of a crash. The points on the commit path have
 * names; WINDROW_DIE_AT=NAME or NAME:N kills the process, as SIGKILL does, when it comes there for
 * the N-th time (1 by default); with WINDROW_DIE_BY=SIGABRT as a broken assert does. Without that
 * variable a point costs one comparison.
 *
 * Threads: fault_configure() before threads start; fault_point() any.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

/* The points, in the order of a write's life: docs and tests walk over this list. */
#define FAULT_POINTS                                                                               \
    FAULT_POINT(writer_before_commit)                                                              \
    FAULT_POINT(writer_after_commit)                                                               \
    FAULT_POINT(writer_between_done)                                                               \
    FAULT_POINT(call_before_send)                                                                  \
    FAULT_POINT(call_after_answer)                                                                 \
    FAULT_POINT(call_after_file)                                                                   \
    FAULT_POINT(record_before_push)                                                                \
    FAULT_POINT(tap_after_append)                                                                  \
    FAULT_POINT(tap_after_sync)                                                                    \
    FAULT_POINT(tap_after_cursor)                                                                  \
    FAULT_POINT(rows_after_flush)                                                                  \
    FAULT_POINT(rows_after_sync)                                                                   \
    FAULT_POINT(rows_after_cursor)                                                                 \
    FAULT_POINT(child_before_insert)                                                               \
    FAULT_POINT(child_after_insert)                                                                \
    FAULT_POINT(child_after_move)                                                                  \
    FAULT_POINT(upload_after_piece)                                                                \
    FAULT_POINT(upload_after_move)                                                                 \
    FAULT_POINT(run_before_end)                                                                    \
    FAULT_POINT(run_after_end)

#define FAULT_POINT(name) FAULT_##name,
enum fault_point { FAULT_POINTS FAULT_POINT_COUNT };
#undef FAULT_POINT

/* Reads the variable; false and words on standard error if it names no point. */
bool fault_configure(void);

void fault_reached(enum fault_point point);

/* The point at which this process dies, or FAULT_POINT_COUNT. Set once. */
extern enum fault_point fault_armed;

static inline void
fault_point(enum fault_point point)
{
    if (__builtin_expect(fault_armed == point, 0))
        fault_reached(point);
}

#endif
