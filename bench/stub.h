/* bench/stub.h - an HTTP server that answers every request with the same JSON, after a delay.
 *
 * Faster than what it measures: one loop, no parsing beyond the end of the head and the length of
 * the body. All answers have the same delay, so they leave in the order in which requests came.
 *
 * Threads: none; stub_serve() never returns.
 */
#ifndef BENCH_STUB_H
#define BENCH_STUB_H

#include <stdint.h>

/* A socket that listens on a free port of 127.0.0.1. */
int stub_listen(uint16_t *port);

_Noreturn void stub_serve(int listener, int64_t delay_ms);

#endif
