/* engine/pauses.h - when a run was paused: the deadlines of those below it do not count that time.
 *
 * A run that calls others keeps its pauses in a cursor, as text: "FROM-TO FROM-TO FROM-", in
 * milliseconds since 1970, the last one open while it is paused. What is stored of the deadline of
 * a run below is without them; they are added when it is taken up.
 *
 * Threads: pure.
 */
#ifndef ENGINE_PAUSES_H
#define ENGINE_PAUSES_H

#include "base/arena.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/* One for each generation, to which those below belong. */
#define PAUSES_CURSOR "pauses"
/* With more the two oldest count as one. */
#define PAUSES_MAX 32
/* Of the longest text. */
#define PAUSES_BYTES ((size_t)(PAUSES_MAX * 48))

/* The text when a pause begins or ends, in the arena; as it was if that is known already. */
struct slice pauses_begin(struct slice text, int64_t now_unix_ms, struct arena *arena);
struct slice pauses_end(struct slice text, int64_t now_unix_ms, struct arena *arena);

/* How long one of several runs was paused, of the pauses that began then or later. */
int64_t pauses_since(const struct slice *texts, size_t count, int64_t since_unix_ms,
                     int64_t now_unix_ms);

#endif
