/* convert/xlsx_format.h - numbers of a workbook that stand for dates and times, and their texts.
 *
 * Sources: ECMA-376-1 (5th edition), 18.8.30 (numFmt), 18.8.31 (numFmts), 18.17.4 (dates and
 * times). Threads: any; the functions are pure.
 */
#ifndef CONVERT_XLSX_FORMAT_H
#define CONVERT_XLSX_FORMAT_H

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* What a number with some format is. */
enum xlsx_format {
    XLSX_FORMAT_NUMBER,
    XLSX_FORMAT_DATE,
    XLSX_FORMAT_TIME,
    XLSX_FORMAT_DATE_TIME,
    XLSX_FORMAT_ELAPSED, /* hours that do not end at 24 */
};

/* By the format's code, "yyyy-mm-dd"; the first section counts. */
enum xlsx_format xlsx_format_of_code(struct slice code);
/* By its number, for those that every workbook has without declaring them. */
enum xlsx_format xlsx_format_of_id(uint32_t id);

/* The serial number as text without quotes: 2024-02-29, 2024-02-29T10:30:00, 10:30:00 (with
 * .milliseconds if there are any), or 30:15:00 for elapsed time. False, and nothing is appended: it
 * is no date that Excel knows. */
bool xlsx_append_moment(struct buffer *out, double serial, enum xlsx_format format, bool is_1904);

/* Appends the number as JSON: as it is written, but for fractions of more than 15 digits, as Excel
 * writes them, which become the shortest decimal of the same double. False: it is no number. */
bool xlsx_append_number(struct buffer *out, struct slice text);

#endif
