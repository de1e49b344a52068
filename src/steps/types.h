/* steps/types.h - the types that table.c lists, each from its own file.
 *
 * Threads: constant data.
 */
#ifndef STEPS_TYPES_H
#define STEPS_TYPES_H

#include "engine/step.h"

extern const struct step_type step_read_csv;
extern const struct step_type step_read_jsonl;
extern const struct step_type step_transform;
extern const struct step_type step_set;
extern const struct step_type step_remove_columns;
extern const struct step_type step_filter;
extern const struct step_type step_condition;
extern const struct step_type step_wait;
extern const struct step_type step_http_request;
extern const struct step_type step_write_csv;
extern const struct step_type step_write_jsonl;

#endif
