/* convert/xlsx.h - a sheet of an Excel workbook as lines of JSON: the kind "xlsx".
 *
 * Options: {sheet: name or number from 1 (not given: the first that is not hidden), header: whether
 * the first row holds the names of the columns}. What comes out is told in convert/xlsx_sheet.h;
 * the result is {sheet, rows, columns}.
 *
 * Threads: the only one of its process.
 */
#ifndef CONVERT_XLSX_H
#define CONVERT_XLSX_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/value.h"

struct xlsx_job {
    int fd;
    struct value options;
    struct arena *arena;
    struct buffer *out;
    void (*flush)(void *context); /* called after each row: may empty `out` */
    void *context;
    struct value result;
};

MUST_USE enum status xlsx_convert(struct xlsx_job *job, struct error *error);

#endif
