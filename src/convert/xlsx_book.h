/* convert/xlsx_book.h - what has to be known of a workbook before one of its sheets is read.
 *
 * Sources: ECMA-376-1 (5th edition), 12.3 (parts), 18.2 (workbook), 18.8 (styles).
 * Threads: one.
 */
#ifndef CONVERT_XLSX_BOOK_H
#define CONVERT_XLSX_BOOK_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"
#include "convert/package.h"

#include <stdbool.h>
#include <stdint.h>

struct xlsx_book {
    struct package *package; /* borrowed */
    bool is_1904;
    const char *book_part, *sheet_part, *sheet_name;
    const char *strings_part, *styles_part; /* NULL: there is none */
    uint8_t *formats;                       /* enum xlsx_format, by the style of a cell */
    uint32_t format_count;
};

/* Finds the sheet: by its name, by its number (from 1), or the first that is not hidden
 * (VALUE_NONE); and reads the formats of its cells. All in the arena. INVALID: it is no workbook,
 * or there is no such sheet, with the names that there are. */
MUST_USE enum status xlsx_book_read(struct xlsx_book *out, struct package *package,
                                    struct value sheet, struct arena *arena, struct error *error);

#endif
