/* render/markdown.h - Markdown to the model.
 *
 * GitHub's dialect with footnotes, marks of citations ([@1], [@1, @3]), page breaks and charts; see
 * docs/documents-out.md. Raw HTML is text. What the text asks for and is not there (a citation, a
 * picture, an anchor) leaves its words, and a warning.
 *
 * Sources: CommonMark 0.30 and GitHub's extensions, as md4c reads them.
 * Threads: one at a time.
 */
#ifndef RENDER_MARKDOWN_H
#define RENDER_MARKDOWN_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "render/model.h"
#include "render/supplies.h"

#define MARKDOWN_COLUMNS_MAX 200

/* Fills what of the document comes from the text: blocks, notes, citations, headings. The facts
 * (title, language...) are there before; a first heading of level 1 is taken as the title if there
 * is none, or if it says the same. INVALID, LIMIT with words. */
MUST_USE enum status markdown_read(struct document *document, struct arena *arena,
                                   struct slice markdown, struct supplies *supplies,
                                   struct error *error);

#endif
