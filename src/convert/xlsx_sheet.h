/* convert/xlsx_sheet.h - the rows of a sheet as lines of JSON.
 *
 * The first line holds the names of the columns (null for one without), unless the sheet has no
 * header; each further line is a row: a list of its cells, the last that is not null being its
 * last. A row that cannot be read is a line with a string, which says why. Rows without any value
 * are passed over.
 *
 * A number is written as in the file, a date or time as ISO 8601, text as text, a boolean as such;
 * an error, an empty cell and an empty text are null. Of a formula its last result counts.
 *
 * Sources: ECMA-376-1 (5th edition), 18.3.1.4 (c), 18.3.1.73 (row), 18.18.11 (kinds of cells).
 * Threads: one.
 */
#ifndef CONVERT_XLSX_SHEET_H
#define CONVERT_XLSX_SHEET_H

#include "convert/xlsx_book.h"
#include "convert/xlsx_strings.h"

struct xlsx_rows {
    const struct xlsx_book *book;
    const struct xlsx_strings *strings;
    bool has_header;
    struct buffer *out;
    void (*flush)(void *context); /* called after each row: may empty `out` */
    void *context;
    /* Filled here. */
    uint64_t row_count;    /* without the header */
    uint32_t column_count; /* of the header, or of the widest row */
};

/* INVALID, LIMIT: the sheet cannot be read any further. */
MUST_USE enum status xlsx_sheet_read(struct xlsx_rows *rows, struct error *error);

#endif
