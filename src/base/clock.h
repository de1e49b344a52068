/* base/clock.h - time, handed down from main so that tests and the simulation can move it.
 *
 * Wall time says when something happened; monotonic time measures how long. Deadlines that survive
 * a restart are wall times.
 *
 * Threads: clock_unix_ms() and clock_mono_us() from any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock;
typedef int64_t clock_unix_ms_fn(struct clock *clock);
typedef int64_t clock_mono_us_fn(struct clock *clock);

struct clock {
    clock_unix_ms_fn *unix_ms;
    clock_mono_us_fn *mono_us;
};

/* The machine's clock. Static storage. */
struct clock *clock_system(void);

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_unix_ms(struct clock *clock);

/* Microseconds since some fixed moment; never goes back. */
int64_t clock_mono_us(struct clock *clock);

#define CLOCK_ISO_BYTES 32

/* "2026-11-21T07:00:00.000Z" and a NUL (RFC 3339, UTC, milliseconds). */
void clock_iso(int64_t unix_ms, char out[CLOCK_ISO_BYTES]);

#endif
