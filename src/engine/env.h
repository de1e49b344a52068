/* engine/env.h - the inside of engine/step_env.h: what one call keeps until it is recorded.
 *
 * Threads: made on the engine's, used by the thread that concludes the call, then the engine's
 * again; the arena is the outcome's.
 */
#ifndef ENGINE_ENV_H
#define ENGINE_ENV_H

#include "engine/chunk.h"
#include "engine/engine.h"
#include "engine/step_env.h"
#include "store/intent.h"

#include <stdatomic.h>

struct step_env {
    const struct engine_options *options;
    struct id workspace;
    const struct effect_name *call; /* whose conclusion it is */
    uint32_t generation;
    struct arena *arena;             /* of the outcome; this struct lies in it too */
    const atomic_bool *is_cancelled; /* the run goes nowhere any more */
    int64_t time_ms_max;             /* for each thing that is waited for */
    struct text_row texts[LIMIT_CALL_TEXTS];
    uint32_t text_count;
    struct file_row file; /* that was made: on the disk, and of no run before it is recorded */
    bool has_file;
    struct object_row row; /* of a list, or an entity */
    enum store_op_kind row_op;
    bool has_row;
    struct object_row required; /* what has to be there for it: an id */
    bool has_required;
    bool delivers; /* somebody sends, and what is told is meant */
    struct delivery_row delivery;
    bool has_delivery;
};

/* Adds what was kept and made to the intent that records the call. It borrows from the outcome. */
void env_record(struct step_env *env, struct intent *intent);

/* Whether anything of it belongs to this call alone, so that no other may take its value. */
bool env_has_made(const struct step_env *env);

/* Whether the store may refuse the intent, since somebody else was first. */
bool env_may_be_refused(const struct step_env *env);

/* The call has failed: nothing is left of what was made. On the thread that concluded it. */
void env_forget(struct step_env *env);

/* A failure by how the conversion of a document ended. */
bool env_fail_conversion(enum status status, const struct error *error,
                         struct step_failure *failure);

/* Bytes as a file that a sandbox child can read; -1 and the failure filled. */
int env_bytes_fd(struct slice bytes, struct step_failure *failure);

#endif
