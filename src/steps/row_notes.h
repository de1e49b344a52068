/* steps/row_notes.h - the citations behind the cells of a row, as notes on them.
 *
 * A cell that shows one field of a step that asks a model has the quotes of that field.
 *
 * Threads: any.
 */
#ifndef STEPS_ROW_NOTES_H
#define STEPS_ROW_NOTES_H

#include "engine/step.h"

/* The notes on the cells of a row that row_of_item() gave: an object, column name to text, empty if
 * there are none. Of a row without declared columns it takes away the columns `<step>.citations`,
 * which say the same. VALUE_NONE: the arena is full. */
struct value row_notes(struct step_scope *scope, struct value *row);

#endif
