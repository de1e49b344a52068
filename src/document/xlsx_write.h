/* document/xlsx_write.h - an Excel workbook with one table, written as its rows come.
 *
 * The header stands in bold on frozen first line with a filter; the columns are as wide as their
 * first rows need. A value becomes what Excel can hold without changing it: numbers of up to 15
 * digits are numbers, longer ones (identifiers) are text, as are lists and objects, as JSON; text
 * is text whatever it begins with, never a formula; null is an empty cell. The same rows give the
 * same bytes. Memory does not grow with the rows.
 *
 * Sources: ECMA-376-1 (5th edition), 18.2 and 18.3; the limits that Excel's documentation states.
 * Threads: one at a time.
 */
#ifndef DOCUMENT_XLSX_WRITE_H
#define DOCUMENT_XLSX_WRITE_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

/* Of one sheet, the header's among them. */
#define XLSX_ROWS_MAX 1048576
#define XLSX_COLUMNS_MAX 16384
/* Characters of one cell, counted as UTF-16. */
#define XLSX_TEXT_MAX 32767

struct xlsx_options {
    struct slice sheet;      /* its name, made fit for Excel; empty: Sheet1 */
    struct value columns;    /* array of names; lives as long as the writer */
    int64_t created_unix_ms; /* the date inside */
    uint32_t rows_max;       /* rows of one sheet below the header, at most XLSX_ROWS_MAX - 1 */
    bool may_split;          /* further rows go to further sheets; else they are refused */
    bool has_dates;          /* ISO 8601 text becomes dates */
};

struct xlsx_writer;

struct xlsx_writer *xlsx_writer_new(const struct xlsx_options *options);
/* Does nothing for NULL. */
void xlsx_writer_free(struct xlsx_writer **writer);

/* One row: an object, whose members go to the columns of their names. Bytes of the file are
 * appended to *out, which the caller takes away as he likes. LIMIT, with words that name the place:
 * more rows, more columns or a longer text than a sheet can hold; the file is then lost. */
MUST_USE enum status xlsx_writer_add(struct xlsx_writer *writer, struct value row,
                                     struct buffer *out, struct error *error);

/* A comment on a cell of the row that was added last; nothing happens if there is no such column.
 * Bounded, see document/xlsx_comments.h. */
void xlsx_writer_comment(struct xlsx_writer *writer, struct slice column, struct slice text);

/* The rest of the file. LIMIT as above, or it is larger than 4 GiB. */
MUST_USE enum status xlsx_writer_end(struct xlsx_writer *writer, struct buffer *out,
                                     struct error *error);

/* Whether a cell can hold the value: text, or JSON of a list, of at most XLSX_TEXT_MAX. */
bool xlsx_can_hold(struct value value);

#endif
