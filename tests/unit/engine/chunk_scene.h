/* tests/unit/engine/chunk_scene.h - one chunk of a small workflow, advanced by hand.
 *
 * Threads: one.
 */
#ifndef TESTS_ENGINE_CHUNK_SCENE_H
#define TESTS_ENGINE_CHUNK_SCENE_H

#include "engine/record.h"

struct chunk_scene {
    struct program *program;
    struct expr_machine *machine;
    struct chunk chunk;
};

/* Loads the workflow with the real steps. The chunk is that of its last table of many items, else
 * of the input, with the rows (JSON texts, NULL-terminated). */
void chunk_scene_open(struct chunk_scene *scene, const char *workflow, const char *const *rows);
/* The same chunk again, nothing decided. */
void chunk_scene_again(struct chunk_scene *scene, const struct chunk_scene *like,
                       const char *const *rows);
void chunk_scene_close(struct chunk_scene *scene);

void chunk_scene_advance(struct chunk_scene *scene);

/* Answers the call or nap that the chunk wants for that item and step. */
void chunk_scene_settle(struct chunk_scene *scene, uint32_t item, const char *step, bool is_ok,
                        const char *json);

const struct column *chunk_scene_column(struct chunk_scene *scene, uint32_t item, const char *step);

/* "step:state step:state …" of an item, in plan order; in the chunk's arena. */
const char *chunk_scene_states(struct chunk_scene *scene, uint32_t item);
/* The value of a column as JSON; "nothing". */
const char *chunk_scene_text(struct chunk_scene *scene, struct value value);

#endif
