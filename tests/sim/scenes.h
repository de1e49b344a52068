/* What is run: workflows over a few generated files, each a scene with its name.
 *
 * Requests go to http://sim.test/RUN/ATTEMPTS/…; the `mode` in their body says how the server takes
 * them (server.h). What comes out of a scene depends on nothing but the scene and the number of
 * generations.
 *
 * Threads: one; constant after scenes_prepare().
 */
#ifndef SIM_SCENES_H
#define SIM_SCENES_H

#include "base/arena.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A workflow that scenes call. */
struct called {
    const char *slug;
    const char *workflow;
};

extern const struct called called[];
extern const size_t called_count;

struct scene {
    const char *name;
    const char *workflow; /* YAML */
    const char *longer;   /* its second version, with which retries go on; NULL: there is none */
    const char *file;     /* of the generated ones, the input's `file`; NULL: none */
    const char *mode;     /* the input's `mode` */
    uint32_t concurrency; /* calls at once; 0: as many as by default */
    uint32_t rate;        /* calls in any second; 0: any */
    bool is_late;         /* its deadline passes, always */
    bool is_pure;         /* may be computed in place */
};

extern const struct scene scenes[];
extern const size_t scene_count;

/* NULL if there is none. */
const struct scene *scene_find(const char *name);

/* Makes the files in a new folder under /tmp, which scenes_remove() removes. */
void scenes_prepare(void);
void scenes_remove(void);
const char *scenes_folder(void);

struct value scene_input(const struct scene *scene, struct arena *arena);

#endif
