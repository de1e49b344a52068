/* render/pdf_fonts.h - the fonts of PDF files: those of the system, without what else the system
 * says about fonts.
 *
 * The same machine gives the same pages whoever calls: neither /etc/fonts nor a home folder is
 * read. Nothing is written either; where the system keeps no cache of its fonts they are looked
 * through, which takes some milliseconds a file.
 *
 * Threads: one at a time; Pango starts short-lived ones of its own.
 */
#ifndef RENDER_PDF_FONTS_H
#define RENDER_PDF_FONTS_H

#include "base/slice.h"
#include "base/status.h"
#include "render/model.h"

#include <pango/pangocairo.h>

/* A context in which text is laid out in points, exactly and without hints. Ends with
 * g_object_unref(). UNAVAILABLE: there is no font. */
MUST_USE enum status pdf_fonts_open(PangoContext **out, const struct document *document,
                                    struct error *error);

#endif
