/* steps/lines.h - sources over files of one JSON object a line.
 *
 * Threads: as the functions of sources (engine/step.h).
 */
#ifndef STEPS_LINES_H
#define STEPS_LINES_H

#include "engine/step.h"

source_open_fn lines_open;
/* Over what the engine has made: a line that is a text is no row, and the text says why. */
source_open_fn lines_open_kept;
source_next_fn lines_next;
source_columns_fn lines_columns;
source_close_fn lines_close;

#endif
