/* render/pdf.h - how a document becomes pages of a PDF file.
 *
 * The document is first laid out as strips: what no page break may cut, such as one line of text or
 * one line of all cells of a table's row (pdf_flow.h, pdf_table.h). Then strips are dealt to pages
 * (pdf_pages.h), after which it is known on which page each heading stands and how many pages there
 * are. Only then are pages drawn, one after the other (pdf_paint.h).
 *
 * Lengths are points; x counts from where lines begin, which is the right edge of the text in
 * documents that are written from right to left, and is turned when it is drawn.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_PDF_H
#define RENDER_PDF_H

#include "base/arena.h"
#include "render/model.h"
#include "render/pdf_text.h"
#include "render/render.h"

#include <cairo.h>

struct drawing;
struct pdf_row;

/* What stands behind or beside a run of strips. */
enum pdf_frame_kind {
    FRAME_QUOTE, /* a bar where its lines begin */
    FRAME_CODE,  /* a filled box */
};

struct pdf_frame {
    const struct pdf_frame *outer;
    enum pdf_frame_kind kind;
    double x, width;
};

enum pdf_strip_kind {
    STRIP_TEXT,     /* line `line` of text */
    STRIP_CONTENTS, /* the same, with the page of heading at the end if it is the last line */
    STRIP_ROW,      /* line `line` of a row of table */
    STRIP_PICTURE,
    STRIP_CHART,
    STRIP_RULE, /* a line across */
    STRIP_MARK, /* the short thick line below a title */
};

/* A mark leads to it. */
struct pdf_note_call {
    struct pdf_note_call *next;
    uint32_t number; /* of the note */
};

struct pdf_strip {
    struct pdf_strip *next;
    enum pdf_strip_kind kind;
    bool is_kept;  /* no page ends after it */
    bool is_first; /* a page begins with it */
    double space;  /* above it, but not at the top of a page */
    double pad_top, height, pad_bottom;
    double x, width;
    const struct pdf_frame *frame;
    const struct pdf_strip *head; /* a kept run that stands again at the top of the next page */
    const struct pdf_note_call *calls;
    struct pdf_text *label; /* beside its beginning, in the label_width before x */
    double label_width;
    enum task_state task;
    const char *destination; /* that links lead to; may be NULL */
    struct pdf_heading *heading;
    uint32_t line;
    union {
        struct pdf_text *text;
        const struct pdf_row *row;
        const struct picture *picture;
        const struct drawing *drawing;
    };
};

struct pdf_strips {
    struct pdf_strip *first, *last;
};

/* A heading of the outline. */
struct pdf_heading {
    struct pdf_heading *next;
    struct slice text;
    uint32_t rank;
    const char *destination;
    uint32_t page; /* from 1; known once pages are made */
};

struct pdf_note {
    struct pdf_strips strips;
    double height; /* of all its strips and the space between them */
    bool is_placed;
};

/* What stands below a page's text, as runs of strips of notes: from the one to before the other. */
struct pdf_run {
    struct pdf_run *next;
    const struct pdf_strip *first, *end;
};

struct pdf_page {
    struct pdf_page *next;
    const struct pdf_strip *first, *end; /* the strips from the one to before the other */
    const struct pdf_strip *head;        /* that stand again before them; may be NULL */
    const struct pdf_run *notes;
};

struct pdf {
    struct rendering *rendering;
    const struct document *document;
    struct arena *arena;
    PangoContext *context;
    struct pdf_texts texts;
    struct error *error; /* its status is what stopped us, or OK */
    bool is_from_right;
    double page_width, page_height; /* paper */
    double margin_side, margin_top, margin_bottom;
    double width, height; /* of the text */
    struct pdf_strips front, body;
    struct pdf_heading *headings, *last_heading;
    struct pdf_note *notes; /* by number, from 1 */
    uint32_t cell_count;
    struct pdf_page *pages;
    uint32_t page_count;
    cairo_surface_t *surface;
    cairo_t *cairo;
    uint32_t page;     /* that is drawn, from 1 */
    bool is_repeating; /* what is drawn stood on an earlier page already */
};

/* The steps of pdf_render(): afterwards nothing is laid out yet; UNAVAILABLE: there are no fonts.
 */
MUST_USE enum status pdf_open(struct pdf *pdf, struct rendering *rendering, struct error *error);
/* Makes pdf->pages. LIMIT with words. */
MUST_USE enum status pdf_lay_out(struct pdf *pdf);
void pdf_close(struct pdf *pdf);

/* Whether to stop: something failed, or the arena is full, which is noted then. */
bool pdf_is_stopped(struct pdf *pdf);

/* Appends a strip with everything zero but kind. */
struct pdf_strip *pdf_strip_add(struct pdf *pdf, struct pdf_strips *strips,
                                enum pdf_strip_kind kind);

static inline double
pdf_strip_height(const struct pdf_strip *strip)
{
    return strip->pad_top + strip->height + strip->pad_bottom;
}

/* Names of places in the document, in letters that PDF, cairo and we agree on. */
const char *pdf_destination(struct pdf *pdf, struct slice anchor); /* of a heading */

/* The place of a mark or of what it leads to: "note" or "cite", a number, which of the marks (0:
 * what they lead to). */
const char *pdf_mark_destination(struct pdf *pdf, const char *kind, uint32_t number, uint32_t use);

#endif
