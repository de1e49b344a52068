/* flow/plan_summary.h - a plan in short, as JSON, for people who want to see what a workflow does
 * before it runs.
 *
 * Threads: pure.
 */
#ifndef FLOW_PLAN_SUMMARY_H
#define FLOW_PLAN_SUMMARY_H

#include "flow/plan.h"

/* {name, slug, description, tables: [{name, kind, many, from, steps}…], steps: [{id, type, kind,
 * table, makes, calls}…]}, both in the order in which they are worked on. from: the tables that it
 * is made from; makes: the table that the step makes, null if it makes none; calls: the workflow
 * that it calls, null. It borrows from the plan; VALUE_NONE over the arena's limit. */
struct value plan_summary(struct arena *arena, const struct plan *plan);

/* What people call the table: "input" for the run's input, else the step that makes it. */
struct value plan_table_title(const struct plan_table *table);

#endif
