/* ai/local_line.h - what one line of a text is made of.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_LOCAL_LINE_H
#define AI_LOCAL_LINE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define LOCAL_CELLS_MAX 16

struct local_line {
    struct slice text; /* without indentation, bullet and marks of headings and quotations */
    size_t indent;     /* columns; a tab counts four */
    unsigned heading;  /* 1 to 6: of Markdown; else 0 */
    bool has_bullet;
};

/* The line without its end. */
struct local_line local_line_of(struct slice line);

/* Whether it is a rule or the underline of a heading: "---", "===", "|---|". */
bool local_line_is_rule(struct slice text);

/* Whether it can be a heading or an item: short, and not the end of a sentence. */
bool local_line_is_short(struct slice text);

/* Cells of a table's row, trimmed; 0 if the line is none. */
size_t local_line_cells(struct slice text, struct slice cells[LOCAL_CELLS_MAX]);

/* Splits "label: value"; the value may be empty. False if the line begins with no label. */
bool local_line_label(struct slice text, struct slice *label, struct slice *value);

/* Without white space, quotation marks, emphasis and brackets of JSON around it. */
struct slice local_line_bare(struct slice text);

#endif
