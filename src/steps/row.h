/* steps/row.h - the row that a sink writes for an item, and how CSV and JSONL write it.
 *
 * With `columns` the row is that map, rendered. Without, it is made of all there is: the columns of
 * the item (without those that a remove_columns step before the sink names), then the outputs of
 * the steps before it, in the order of the plan: an output {a, b} of step s as "s.a" and "s.b", any
 * other as "s".
 *
 * Threads: any.
 */
#ifndef STEPS_ROW_H
#define STEPS_ROW_H

#include "engine/step.h"

sink_row_fn row_of_item;

#endif
