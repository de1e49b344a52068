/* steps/table.h - every step type of this build: one line each in table.c.
 *
 * Threads: constant data.
 */
#ifndef STEPS_TABLE_H
#define STEPS_TABLE_H

#include "engine/step.h"
#include "flow/catalog.h"

extern const struct step_table step_table;
extern const struct catalog step_catalog;

#endif
