/* render/pdf_flow.h - blocks of the document as strips, one below the other.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_PDF_FLOW_H
#define RENDER_PDF_FLOW_H

#include "render/pdf.h"

/* Where strips go and between which edges. */
struct pdf_flow {
    struct pdf *pdf;
    struct pdf_strips *strips;
    double x, width;
    const struct pdf_frame *frame;
    enum pdf_style style; /* of paragraphs */
    double gap;           /* below paragraphs */
    double space;         /* due above the next strip */
    uint32_t list_depth;
    bool is_new_page;       /* the next strip begins a page */
    struct pdf_text *label; /* due beside the next strip */
    double label_width;
    enum task_state task;
};

void pdf_flow_blocks(struct pdf_flow *flow, const struct block *first);

/* A strip at the flow's place, with what is due. */
struct pdf_strip *pdf_flow_strip(struct pdf_flow *flow, enum pdf_strip_kind kind);

/* A new text in the flow's width; not measured yet. */
struct pdf_text *pdf_flow_text_new(struct pdf_flow *flow, const struct span *spans,
                                   enum pdf_style style);

/* Its lines as strips; no page break leaves one line of it alone. Gives the first. */
struct pdf_strip *pdf_flow_text(struct pdf_flow *flow, struct pdf_text *text);

/* No page ends between this strip and what follows the last one. */
void pdf_flow_keep(struct pdf_strip *from);

/* Notes that are first called in this line of the text stand on the page of the strip. */
void pdf_flow_calls(struct pdf *pdf, struct pdf_strip *strip, struct pdf_text *text, uint32_t line);

/* A heading of level rank 1 to 4; joins the outline if it has a destination. */
void pdf_flow_heading(struct pdf_flow *flow, struct pdf_text *text, uint32_t rank,
                      struct pdf_heading *heading);

/* A heading for the outline; its text is borrowed. */
struct pdf_heading *pdf_heading_add(struct pdf *pdf, struct slice text, uint32_t rank,
                                    const char *destination);

#endif
