/* convert/xlsx_strings.h - the texts that the cells of a workbook share.
 *
 * Sources: ECMA-376-1 (5th edition), 18.4.
 * Threads: one.
 */
#ifndef CONVERT_XLSX_STRINGS_H
#define CONVERT_XLSX_STRINGS_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "convert/package.h"

#include <stdbool.h>
#include <stdint.h>

struct xlsx_strings {
    struct buffer texts; /* JSON strings, one after the other */
    struct buffer ends;  /* uint32_t: where each ends in texts */
};

/* part may be NULL. Ends with xlsx_strings_done(), whatever comes back. */
MUST_USE enum status xlsx_strings_read(struct xlsx_strings *out, struct package *package,
                                       const char *part, struct error *error);
void xlsx_strings_done(struct xlsx_strings *strings);

/* The text as a JSON string; false if there is none of that number. */
bool xlsx_strings_get(const struct xlsx_strings *strings, uint64_t index, struct slice *out);

#endif
