/* document/xlsx_comments.h - comments on cells of a sheet; a part of xlsx_write.
 *
 * They stand in parts behind the sheet, so that they are kept until its rows are written: up to
 * XLSX_COMMENT_BYTES, further ones are left out and the sheet's first cell says so. Excel asks for
 * two parts, the texts and the boxes in which they are shown, and takes neither without the other.
 *
 * Sources: ECMA-376-1 18.7 (comments), ECMA-376-4 19.1 to 19.4 (VML), as Excel 2016 writes them.
 * Threads: one at a time.
 */
#ifndef DOCUMENT_XLSX_COMMENTS_H
#define DOCUMENT_XLSX_COMMENTS_H

#include "base/buffer.h"
#include "base/limits.h"
#include "base/slice.h"
#include "document/zip_write.h"

#include <stdbool.h>
#include <stdint.h>

/* Of one sheet: the texts of some 20,000 comments. */
#define XLSX_COMMENT_BYTES MIB(8)
/* Of one comment; longer ones are cut. */
#define XLSX_COMMENT_TEXT_MAX ((size_t)8000)

struct xlsx_comments {
    struct buffer packed; /* of this sheet, in the order in which they came */
    uint32_t count;
    uint32_t next_block; /* of 1,024 numbers for boxes, over all sheets */
};

void xlsx_comments_init(struct xlsx_comments *comments);
void xlsx_comments_done(struct xlsx_comments *comments);

/* row and column from 0. */
void xlsx_comments_add(struct xlsx_comments *comments, uint32_t row, uint32_t column,
                       struct slice text);

/* Whether the sheet has any. */
static inline bool
xlsx_comments_any(const struct xlsx_comments *comments)
{
    return comments->count > 0;
}

/* Writes their parts for sheet `sheet` (from 1), whose entry is ended, and begins anew for the next
 * one. The sheet names the boxes by XLSX_COMMENTS_ELEMENT. */
void xlsx_comments_write(struct xlsx_comments *comments, uint32_t sheet, struct zip_writer *zip,
                         struct buffer *out);

#define XLSX_COMMENTS_ELEMENT "<legacyDrawing r:id=\"rId1\"/>"

#endif
