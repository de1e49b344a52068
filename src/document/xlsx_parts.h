/* document/xlsx_parts.h - the parts of a workbook beside its sheets; a part of xlsx_write.
 *
 * Threads: any.
 */
#ifndef DOCUMENT_XLSX_PARTS_H
#define DOCUMENT_XLSX_PARTS_H

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Characters of a sheet's name that Excel takes. */
#define XLSX_SHEET_NAME_MAX 31
#define XLSX_SHEET_NAME_BYTES (4 * XLSX_SHEET_NAME_MAX + 1)

/* A name that Excel takes, from any text: without []:*?/\ and control characters, not empty, not
 * too long. For the sheets behind the first, with " (2)" and so on. */
void xlsx_sheet_name(char out[XLSX_SHEET_NAME_BYTES], struct slice wanted, uint32_t number);

struct xlsx_book {
    struct slice sheet; /* wanted name of the first */
    uint32_t sheet_count;
    const uint32_t *last_rows; /* of each sheet's table; 0: it is empty */
    const bool *has_comments;  /* of each sheet: it has the parts of xlsx_comments */
    const char *last_column;   /* letters */
    int64_t created_unix_ms;
};

struct xlsx_part {
    const char *name;
    void (*append)(struct buffer *out, const struct xlsx_book *book);
};

/* Those that stand before the sheets (xl/worksheets/sheet1.xml and so on) and need no more of the
 * book than its date, and those behind them. Both end with a NULL name. */
extern const struct xlsx_part xlsx_parts_before[], xlsx_parts_behind[];

#endif
