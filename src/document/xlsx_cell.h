/* document/xlsx_cell.h - one cell of a sheet as XML; a part of xlsx_write.
 *
 * Threads: any.
 */
#ifndef DOCUMENT_XLSX_CELL_H
#define DOCUMENT_XLSX_CELL_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

/* Indexes into the cell formats of the part xl/styles.xml. */
enum xlsx_style {
    XLSX_STYLE_PLAIN,
    XLSX_STYLE_HEADER,
    XLSX_STYLE_DATE,
    XLSX_STYLE_TIME, /* date and time */
};

enum { XLSX_LETTERS_BYTES = 4 };

/* "A" for 0, "XFD" for 16383. */
void xlsx_letters(uint32_t column, char out[XLSX_LETTERS_BYTES]);

/* Text inside an element: markup escaped, and what XML cannot hold as _xHHHH_. */
void xlsx_append_escaped(struct buffer *out, struct slice text);

/* Characters, counted as UTF-16. */
size_t xlsx_text_length(struct slice text);

struct xlsx_cell {
    const char *letters;
    uint32_t row; /* from 1 */
    bool is_header;
    bool has_dates;
};

/* The whole element <c>, nothing for null and empty text. Gives the characters that it shows, for
 * the width of its column; SIZE_MAX if the text is longer than a cell holds (then nothing counts).
 */
size_t xlsx_append_cell(struct buffer *out, const struct xlsx_cell *cell, struct value value);

#endif
