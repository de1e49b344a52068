/* The runs below those of the stories: what was committed of them, and what may not be.
 *
 * A run is stored once, begins each further generation for a further one of its parent, and begins
 * nothing under a client that was told of a cancel or a pause.
 *
 * Threads: one.
 */
#ifndef SIM_KIN_H
#define SIM_KIN_H

#include "base/buffer.h"
#include "base/id.h"
#include "flow/state.h"

#include <stdbool.h>
#include <stdint.h>

struct run_row;
struct story;
struct world;

struct kin {
    struct id run, parent;
    struct story *story; /* of the run above all */
    enum run_state state;
    uint32_t generation, parent_generation;
    bool is_asking; /* somebody asked for a move of this run, and is not answered */
};

/* NULL if that run is not below another. */
struct kin *kin_find(const struct world *world, const struct id *run);

/* It was inserted or moved. */
void kin_note(struct world *world, const struct run_row *row);

/* The story that the run, or the one above all of it, belongs to; NULL. */
struct story *kin_story(struct world *world, const struct id *run);

/* Somebody who looks after one of these runs asks for a move of it: cancels or retries one, so that
 * its story comes out in another way, or pauses one. */
void kin_meddle(struct world *world);
/* Those that are paused by it go on. False: none is. */
bool kin_resume(struct world *world);
/* The process is gone, and with it what was asked for. */
void kin_forget_asking(struct world *world);

/* Whether it, or one above it, was retried by itself, so that its story's end is not its own. */
bool kin_is_detached(const struct world *world, const struct kin *kin);

/* As committed: of a story's run or of one below. False: it is not stored. */
bool kin_look(struct world *world, const struct id *run, enum run_state *state,
              uint32_t *generation);

/* Whether all have. What is below an ended run is ended soon, in the next process at the latest. */
bool kin_have_ended(const struct world *world);

/* How each run below the story's ended, in an order that does not depend on time. */
void kin_print(struct buffer *out, const struct story *story);

void kin_done(struct world *world);

#endif
