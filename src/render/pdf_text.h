/* render/pdf_text.h - text of a PDF file, laid out in lines.
 *
 * A text is spans, or plain text, set in one style in a given width. Its lines are measured at once
 * and drawn one by one, on whatever page they come to stand. What Pango makes of a text is large,
 * so that it may be given up between the two and made again.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_PDF_TEXT_H
#define RENDER_PDF_TEXT_H

#include "base/arena.h"
#include "base/slice.h"
#include "render/model.h"

#include <pango/pangocairo.h>
#include <stdbool.h>
#include <stdint.h>

enum pdf_style {
    STYLE_BODY,
    STYLE_TITLE,
    STYLE_SUBTITLE,
    STYLE_BYLINE,
    STYLE_HEADING_1,
    STYLE_HEADING_2,
    STYLE_HEADING_3,
    STYLE_HEADING_4,
    STYLE_QUOTE,
    STYLE_CODE,
    STYLE_HEAD_CELL,
    STYLE_CELL,
    STYLE_SMALL_HEAD_CELL, /* of tables that are too wide otherwise */
    STYLE_SMALL_CELL,
    STYLE_NOTE,
    STYLE_CAPTION,
    STYLE_CONTENTS_1,
    STYLE_CONTENTS_2,
    STYLE_SOURCE,
    STYLE_SOURCE_QUOTE,
    STYLE_PAGE, /* what stands at the edges of pages */
    STYLE_COUNT
};

/* On which side lines stand. Start and end are those of the document. */
enum pdf_align {
    PDF_ALIGN_START,
    PDF_ALIGN_END,
    PDF_ALIGN_TEXT, /* where text of its direction begins */
    PDF_ALIGN_LEFT,
    PDF_ALIGN_RIGHT,
    PDF_ALIGN_CENTER,
};

enum pdf_color {
    COLOR_INK = 0x20262E,
    COLOR_FAINT = 0x66717F,
    COLOR_ACCENT = 0x17456B,
    COLOR_LINK = 0x1A5FA0,
    COLOR_RULE = 0xCDD5DE,
    COLOR_HAIR = 0xE1E6EC,
    COLOR_FILL = 0xF2F5F8,
};

struct pdf_metrics {
    PangoFontDescription *font;
    double baseline; /* of a line of the usual height, from its top */
    double leading;
};

/* What all texts of a file share. */
struct pdf_texts {
    PangoContext *context;
    struct arena *arena;
    struct pdf_metrics metrics[STYLE_COUNT]; /* made when they are first used */
    struct pdf_text *held;                   /* those that have a layout */
    size_t held_bytes;                       /* of their text */
    double picture_height_max;
};

/* A part of a text that leads somewhere, or that something leads to, or a picture in it. */
struct pdf_mark {
    struct pdf_mark *next;
    const struct span *span;
    uint32_t start, end; /* bytes of the layout's text */
};

struct pdf_line {
    float height, baseline; /* the baseline from the line's top */
    float x, width;         /* of what is in it */
    uint32_t start;         /* its first byte of the layout's text */
};

struct pdf_text {
    const struct span *spans;
    struct slice plain; /* when there are no spans */
    enum pdf_style style;
    enum pdf_align align;
    double width;                     /* 0: as wide as it is */
    bool is_again;                    /* it stands elsewhere too: nothing leads here */
    bool is_own;                      /* spans of ours, whose links may lead to ":name" */
    PangoLayout *layout;              /* NULL: to be made when it is needed */
    struct pdf_text *next, *previous; /* that have one */
    struct pdf_mark *marks;
    struct pdf_line *lines;
    uint32_t line_count;
    double natural_width; /* of its longest line */
};

/* context is borrowed. */
void pdf_texts_init(struct pdf_texts *texts, PangoContext *context, struct arena *arena);
/* Drops all layouts. */
void pdf_texts_done(struct pdf_texts *texts);

/* The font of a style and how its lines stand. */
const struct pdf_metrics *pdf_style_metrics(struct pdf_texts *texts, enum pdf_style style);

/* Size in points of a style's letters. */
double pdf_style_size(enum pdf_style style);
unsigned pdf_style_color(enum pdf_style style);

/* Lays out; afterwards lines and natural_width are known. May be called again after a change of
 * width. */
void pdf_text_measure(struct pdf_texts *texts, struct pdf_text *text);

/* The width below which words would be cut. After pdf_text_measure(). */
double pdf_text_longest_word(struct pdf_texts *texts, struct pdf_text *text);

/* What Pango made of it; made anew if it was given up. */
PangoLayout *pdf_text_layout(struct pdf_texts *texts, struct pdf_text *text);

/* The layout is not needed soon: it goes if many are held. */
void pdf_text_rest(struct pdf_texts *texts, struct pdf_text *text);
/* It is not needed any more. */
void pdf_text_drop(struct pdf_texts *texts, struct pdf_text *text);

/* The line in which byte `at` of the layout's text stands. After pdf_text_measure(). */
uint32_t pdf_text_line_of(const struct pdf_text *text, uint32_t at);

/* The size at which a picture stands in a line or a page: its own, at most those. */
void pdf_picture_size(const struct picture *picture, double width_max, double height_max,
                      double *width, double *height);

#endif
