/* engine/wishes.h - what the start of a run asks for beside its input, kept with the run as JSON.
 *
 * Threads: plain values.
 */
#ifndef ENGINE_WISHES_H
#define ENGINE_WISHES_H

#include "base/value.h"

#include <stdint.h>

/* How often a run has its turn among others that want the same; all names in priority_names. */
enum run_priority { RUN_PRIORITY_NORMAL, RUN_PRIORITY_LOW, RUN_PRIORITY_HIGH };

struct run_wishes {
    struct value labels; /* an object of strings; VALUE_NONE: none */
    enum run_priority priority;
    int64_t deadline_ms;          /* for each generation, from its beginning; 0: none */
    int64_t deadline_unix_ms;     /* for the first generation, not kept in the text; 0: none */
    struct slice callback_url;    /* told when the run has ended; empty: nobody is */
    struct slice callback_task;   /* of a callback in Sixtyfour's form: the type of the job */
    struct slice concurrency_key; /* one at a time of those with the same; empty: any number */
};

/* "low", "normal", "high". */
const char *priority_name(enum run_priority priority);
/* False: no such name. */
bool priority_parse(enum run_priority *out, struct slice name);

/* Turns in a round of those that wait: from 1. */
uint32_t priority_weight(enum run_priority priority);

/* For struct run_row; empty if nothing is wished. */
struct slice wishes_print(const struct run_wishes *wishes, struct arena *arena);
/* What wishes_print() made, in the arena. What cannot be read is not wished. */
void wishes_read(struct run_wishes *out, struct slice text, struct arena *arena);

#endif
