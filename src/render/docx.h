/* render/docx.h - the parts of the DOCX renderer, and what they share.
 *
 * A DOCX file is a ZIP file of XML parts (Office Open XML). The body and the footnotes are written
 * first, into memory; what they ask for on the way (links, pictures, charts, numberings of lists)
 * is gathered and becomes parts of its own.
 *
 * Sources: ECMA-376, 5th edition, part 1 (WordprocessingML 17, DrawingML 20 and 21).
 * Threads: the only one of its process.
 */
#ifndef RENDER_DOCX_H
#define RENDER_DOCX_H

#include "base/arena.h"
#include "base/buffer.h"
#include "render/chart.h"
#include "render/escape.h"
#include "render/model.h"
#include "render/render.h"

#define DOCX_XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define DOCX_PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define DOCX_OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define DOCX_WORD "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define DOCX_DRAWING "http://schemas.openxmlformats.org/drawingml/2006/"

/* English metric units: 914,400 an inch. */
#define DOCX_EMU_PER_PIXEL 9525
#define DOCX_EMU_PER_TWIP 635

/* A part with text, and the addresses that its links lead to. */
struct docx_part {
    struct buffer body;
    struct buffer links;
    uint32_t link_count;
};

/* Pictures and charts, in the order in which the body shows them; the n-th is rId(n) of its part.
 */
struct docx_thing {
    struct docx_thing *next;
    uint32_t link;
    const struct picture *picture; /* one of the two */
    const struct chart *chart;
    uint32_t number; /* of its file, from 1 for each kind */
};

/* A list: its numbering. */
struct docx_list {
    struct docx_list *next;
    uint32_t number; /* from 1 */
    uint32_t level;  /* from 0 */
    uint32_t start;
    bool is_ordered;
};

struct docx {
    const struct rendering *rendering;
    const struct document *document;
    struct arena *arena;
    struct docx_part main, notes;
    struct docx_part *part; /* the one that is written now */
    struct docx_thing *things, **last_thing;
    uint32_t picture_count, chart_count;
    struct docx_list *lists, **last_list;
    uint32_t list_count;
    uint32_t bookmark_count, drawing_count;
    uint32_t width; /* of the text, in twips (1/1440 inch) */
};

/* What stands around a block. */
struct docx_place {
    const char *style; /* of paragraphs; NULL: the default one */
    uint32_t indent;   /* twips */
    uint32_t list;     /* number of the list whose item begins here; 0: none */
    uint32_t level;    /* of that list, or of lists in here */
    const char *mark;  /* before the first text: the box of a task; NULL: none */
    enum align align;
    bool is_bold;
    bool is_tight;
    const struct note *note; /* whose paragraph begins here */
};

/* Appends text to the part that is written, escaped. */
void docx_append(struct docx *docx, struct slice text);
/* Appends with printf(). */
#define docx_format(docx, ...) buffer_append_format(&(docx)->part->body, __VA_ARGS__)
#define docx_text(docx, text) buffer_append_text(&(docx)->part->body, text)

/* A relationship of the part to something outside or inside of the package; its number. */
uint32_t docx_link(struct docx *docx, const char *kind, struct slice target, bool is_outside);
struct docx_thing *docx_add_thing(struct docx *docx, const struct picture *picture,
                                  const struct chart *chart);

/* docx_spans.c */
void docx_spans(struct docx *docx, const struct span *spans, bool is_bold);
/* One run of plain text with those run properties ("" for none). */
void docx_run(struct docx *docx, struct slice text, const char *properties);
/* A picture in the line, at most as wide as the text. */
void docx_picture(struct docx *docx, const struct picture *picture, struct slice alt);

/* docx_blocks.c */
void docx_begin_paragraph(struct docx *docx, const struct docx_place *place);
void docx_blocks(struct docx *docx, const struct block *first, const struct docx_place *place);
void docx_bookmark(struct docx *docx, const char *format, ...) PRINTF_LIKE(2, 3);

/* docx_chart.c */
void docx_chart_frame(struct docx *docx, const struct chart *chart);
void docx_append_chart(struct buffer *out, const struct chart *chart);

/* docx_parts.c */
void docx_append_styles(struct buffer *out, const struct docx *docx);
void docx_append_numbering(struct buffer *out, const struct docx *docx);
void docx_append_types(struct buffer *out, const struct docx *docx);
void docx_append_links(struct buffer *out, const struct docx_part *part);
void docx_append_settings(struct buffer *out, const struct docx *docx);
void docx_append_header(struct buffer *out, const struct docx *docx);
void docx_append_footer(struct buffer *out, const struct docx *docx);
void docx_append_properties(struct buffer *out, const struct docx *docx);

#endif
