/* foreign/sixtyfour_ask.h - what blocks and direct endpoints share when they ask a model about a
 * row: the page that the row names, the sources, and criteria by which it is judged.
 *
 * A row is named by jq: ".item", ".input.data". All that is given is the arena's; when that is full
 * texts are empty, which whoever makes the workflow looks at once, at the end.
 *
 * Threads: pure.
 */
#ifndef FOREIGN_SIXTYFOUR_ASK_H
#define FOREIGN_SIXTYFOUR_ASK_H

#include "base/arena.h"
#include "base/value.h"

#define SIXTYFOUR_CRITERIA_MAX 50

/* What a model is told that judges by criteria. */
#define SIXTYFOUR_JUDGE                                                                            \
    "Judge what the sources are about by each of these criteria. What cannot be told from them "   \
    "is null."

/* The step of that id that reads the page whose address the row has in the first of these columns
 * that is a text; without columns those in which addresses usually are. It is passed over without
 * an address, and the rest goes on when the page cannot be read. */
struct value sixtyfour_page_step(struct arena *arena, struct slice id, const char *row,
                                 struct value columns);
/* The same of an address: jq that gives a text or null. */
struct value sixtyfour_page_step_at(struct arena *arena, struct slice id, const char *address);

/* Sources of `extract` and `ai_generate`: what the row says, a column a line, and the page that
 * such a step has read. */
struct value sixtyfour_row_source(struct arena *arena, const char *row, const char *title);
struct value sixtyfour_page_source(struct arena *arena, struct slice step, const char *title);

/* Fields as sixtyfour_fields_read() takes them: a number for each criterion {criteria_name,
 * description}, behind what else is looked for, which may be none. */
struct value sixtyfour_judged_fields(struct arena *arena, struct value given,
                                     struct value criteria);

/* jq over an object of such fields that gives {qualification_score, qualified}: the mean of the
 * scores that there are by their `weight` (1), null without any; and whether there are all, none
 * below its `threshold`. */
const char *sixtyfour_verdict(struct arena *arena, struct value criteria);

#endif
