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

#include "base/status.h"
#include "convert/job.h"

MUST_USE enum status xlsx_convert(struct convert_job *job, struct error *error);

#endif
