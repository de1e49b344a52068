/* render/pdf_table.h - tables: widths of columns by what is in them, rows as strips.
 *
 * A row is cut into strips line by line, all cells at once, so that it may break across pages like
 * a paragraph. A table that is too wide even in small letters is shown in several parts, each with
 * the first column.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_PDF_TABLE_H
#define RENDER_PDF_TABLE_H

#include "render/pdf_flow.h"

struct pdf_column {
    double x, width; /* x from the table's beginning, both without the space between columns */
    double natural;  /* wide enough that nothing wraps */
    double smallest; /* wide enough that no word is cut */
};

/* Some of a table's columns. */
struct pdf_table {
    struct pdf_column *columns;
    uint32_t column_count;
};

struct pdf_row {
    const struct pdf_table *table;
    struct pdf_text *cells; /* one a column */
    uint32_t line_count;    /* of its highest cell, at least 1 */
    bool is_head;
};

#define PDF_CELL_PAD_SIDE 5
#define PDF_CELL_PAD 4

void pdf_table_flow(struct pdf_flow *flow, const struct block *table);

#endif
