/* tests/unit/steps/scene.h - one step of a workflow, on one item.
 *
 * Threads: one.
 */
#ifndef TESTS_STEPS_SCENE_H
#define TESTS_STEPS_SCENE_H

#include "engine/step.h"

struct scene {
    struct plan *plan;
    const struct step_type *type;
    struct step_scope scope;
    struct step_failure failure;
    struct arena arena;
};

/* Loads the workflow (YAML or JSON) with the real catalog and stands at the step of that id, which
 * sees `root` (JSON) as its root value. */
void scene_open(struct scene *scene, const char *workflow, const char *step, const char *root);
void scene_close(struct scene *scene);

/* A value as JSON text, in the scene's arena. */
const char *scene_text(struct scene *scene, struct value value);

#endif
