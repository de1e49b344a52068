/* convert/xlsx_text.h - text of a workbook.
 *
 * Sources: ECMA-376-1 (5th edition), 22.9.2.19 (ST_Xstring).
 * Threads: any; the function is pure.
 */
#ifndef CONVERT_XLSX_TEXT_H
#define CONVERT_XLSX_TEXT_H

#include "base/buffer.h"
#include "base/slice.h"

/* Appends the text as a JSON string, with its escapes (_x000D_) as the characters that they mean. A
 * half character becomes U+FFFD. */
void xlsx_append_text(struct buffer *out, struct slice text);

#endif
