/* render/pdf_pages.h - strips are dealt to pages.
 *
 * A page takes strips as long as they fit together with the notes that they call, and ends at the
 * last place where it may. A note stands on the page of its call; what of a long one does not fit
 * is carried over to the next page.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_PDF_PAGES_H
#define RENDER_PDF_PAGES_H

#include "render/pdf.h"

/* Between the text and the notes, the line included. */
#define PDF_NOTES_GAP 22
/* Of notes on a page that goes on from the page before, or between two notes. */
#define PDF_NOTE_SPACE 2.5

/* Appends pages to pdf->pages and tells headings theirs. LIMIT: too many. */
void pdf_pages_deal(struct pdf *pdf, const struct pdf_strips *strips);

#endif
