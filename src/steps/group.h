/* steps/group.h - the parts of a FIELD_GROUP, rendered.
 *
 * Threads: any.
 */
#ifndef STEPS_GROUP_H
#define STEPS_GROUP_H

#include "engine/step.h"

/* Adds the parts that are given to the object *out, in declared order. */
bool group_render(struct step_scope *scope, const struct field_decl *group, struct value *out,
                  struct step_failure *failure);

#endif
