/* convert/docx.h - a Word document as plain text.
 *
 * Paragraphs are set off by empty lines, items of lists begin with their marker or number, rows of
 * tables are lines. Footnotes and endnotes stand in brackets where they are referred to, text boxes
 * behind the paragraph that holds them. What was deleted or moved away under tracked changes, what
 * is hidden, comments, headers and footers are left out.
 *
 * Sources: ECMA-376-1 (5th edition), 17; mammoth and pandoc for what others make of it.
 * Threads: one.
 */
#ifndef CONVERT_DOCX_H
#define CONVERT_DOCX_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "convert/plain.h"

/* *title: in the arena; .ptr NULL: there is none. INVALID: it is no Word document, with words that
 * say what it is, or it is damaged. */
MUST_USE enum status docx_read(struct plain *plain, int fd, struct arena *arena,
                               struct slice *title, struct error *error);

#endif
