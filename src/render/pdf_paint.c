#include "render/pdf_paint.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "render/pdf_chart.h"
#include "render/pdf_line.h"
#include "render/pdf_pages.h"
#include "render/pdf_table.h"

#include <cairo-pdf.h>
#include <stdio.h>

#define ADDRESS_BYTES_MAX KIB(8)
#define HEADER_Y 40.0
#define FOOTER_GAP 36.0
#define BAR_WIDTH 2.5

/* --- small things --- */

void
pdf_set_color(struct pdf *pdf, unsigned color)
{
    cairo_set_source_rgb(pdf->cairo, (color >> 16 & 0xFF) / 255.0, (color >> 8 & 0xFF) / 255.0,
                         (color & 0xFF) / 255.0);
}

double
pdf_left(const struct pdf *pdf, double x, double width)
{
    return pdf->margin_side + (pdf->is_from_right ? pdf->width - x - width : x);
}

static void
fill(struct pdf *pdf, struct pdf_box box, unsigned color)
{
    pdf_set_color(pdf, color);
    cairo_rectangle(pdf->cairo, box.x, box.y, box.width, box.height);
    cairo_fill(pdf->cairo);
}

/* --- links --- */

static void
link_to(struct pdf *pdf, struct pdf_box box, const char *target)
{
    char rect[160];
    snprintf(rect, sizeof(rect), "rect=[%.2f %.2f %.2f %.2f] ", box.x, box.y, box.width,
             box.height);
    struct buffer text;
    buffer_init(&text, 2 * ADDRESS_BYTES_MAX);
    buffer_append_text(&text, rect);
    buffer_append_text(&text, target);
    buffer_append_byte(&text, '\0');
    cairo_tag_begin(pdf->cairo, CAIRO_TAG_LINK, text.ptr);
    cairo_tag_end(pdf->cairo, CAIRO_TAG_LINK);
    buffer_done(&text);
}

void
pdf_link_inside(struct pdf *pdf, struct pdf_box box, const char *destination)
{
    struct buffer target;
    buffer_init(&target, ADDRESS_BYTES_MAX);
    buffer_append_format(&target, "dest='%s'", destination);
    buffer_append_byte(&target, '\0');
    link_to(pdf, box, target.ptr);
    buffer_done(&target);
}

/* Cairo writes addresses down as they are: whatever could end the text there is encoded. */
void
pdf_link_outside(struct pdf *pdf, struct pdf_box box, struct slice address)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-._~:/?#@!$&*+,;=%";
    struct buffer target;
    buffer_init(&target, ADDRESS_BYTES_MAX);
    buffer_append_text(&target, "uri='");
    for (size_t i = 0; i < address.size; i++) {
        char byte = address.ptr[i];
        if (byte != '\0' && strchr(plain, byte) != NULL)
            buffer_append_byte(&target, byte);
        else
            buffer_append_format(&target, "%%%02X", (unsigned)(unsigned char)byte);
    }
    buffer_append_text(&target, "'");
    buffer_append_byte(&target, '\0');
    if (!buffer_is_over(&target))
        link_to(pdf, box, target.ptr);
    buffer_done(&target);
}

void
pdf_place(struct pdf *pdf, const char *destination, double y)
{
    if (pdf->is_repeating)
        return;
    char where[64];
    snprintf(where, sizeof(where), "x=%.2f y=%.2f", pdf->margin_side, y > 12 ? y - 12 : 0);
    struct buffer text;
    buffer_init(&text, ADDRESS_BYTES_MAX);
    buffer_append_format(&text, "name='%s' %s", destination, where);
    buffer_append_byte(&text, '\0');
    cairo_tag_begin(pdf->cairo, CAIRO_TAG_DEST, text.ptr);
    cairo_tag_end(pdf->cairo, CAIRO_TAG_DEST);
    buffer_done(&text);
}

/* --- strips --- */

static void
draw_plain(struct pdf *pdf, struct slice plain, enum pdf_style style, enum pdf_align align,
           struct pdf_box box)
{
    struct pdf_text text = {.plain = plain, .style = style, .align = align, .width = box.width};
    PangoLayout *layout = pdf_text_layout(&pdf->texts, &text);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pdf_text_measure(&pdf->texts, &text);
    if (text.line_count > 0)
        pdf_line_draw(pdf, &text, 0, box.x, box.y);
    pdf_text_drop(&pdf->texts, &text);
}

/* Dots from the end of the text to the number of the page, which a click on any of it leads to. */
static void
draw_contents(struct pdf *pdf, const struct pdf_strip *strip, struct pdf_box box)
{
    struct pdf_text *text = strip->text;
    bool is_last = strip->line + 1 == text->line_count;
    double text_left = pdf_left(pdf, strip->x, text->width);
    const struct pdf_line line = text->lines[strip->line];
    double baseline = box.y + (double)line.baseline;
    pdf_line_draw(pdf, text, strip->line, text_left, box.y);
    pdf_link_inside(pdf, box, strip->heading->destination);
    if (!is_last)
        return;
    char number[16];
    snprintf(number, sizeof(number), "%u", strip->heading->page);
    draw_plain(pdf, slice_text(number), text->style, PDF_ALIGN_END, box);
    double from = text_left + (double)line.x + (double)line.width + 6;
    double to = box.x + box.width - 24;
    if (pdf->is_from_right) {
        from = box.x + 24;
        to = text_left + (double)line.x - 6;
    }
    if (to - from < 8)
        return;
    const double dots[] = {0, 4};
    cairo_save(pdf->cairo);
    pdf_set_color(pdf, COLOR_RULE);
    cairo_set_line_width(pdf->cairo, 0.9);
    cairo_set_line_cap(pdf->cairo, CAIRO_LINE_CAP_ROUND);
    cairo_set_dash(pdf->cairo, dots, 2, 0);
    /* Dots of all lines stand below each other. */
    cairo_move_to(pdf->cairo, to, baseline - 0.5);
    cairo_line_to(pdf->cairo, from, baseline - 0.5);
    cairo_stroke(pdf->cairo);
    cairo_restore(pdf->cairo);
}

static void
draw_row(struct pdf *pdf, const struct pdf_strip *strip, struct pdf_box box)
{
    const struct pdf_row *row = strip->row;
    bool is_last = strip->line + 1 == row->line_count;
    double bottom = box.y + box.height;
    if (row->is_head)
        fill(pdf, box, COLOR_FILL);
    if (is_last) {
        double thick = row->is_head ? 1 : 0.5;
        struct pdf_box rule = {box.x, bottom - thick, box.width, thick};
        fill(pdf, rule, row->is_head ? COLOR_ACCENT : COLOR_RULE);
    }
    for (uint32_t c = 0; c < row->table->column_count; c++) {
        const struct pdf_column *column = &row->table->columns[c];
        if (strip->line < row->cells[c].line_count)
            pdf_line_draw(pdf, &row->cells[c], strip->line,
                          pdf_left(pdf, strip->x + column->x, column->width),
                          box.y + strip->pad_top);
    }
}

/* A box, with a tick when the task is done. */
static void
draw_task(struct pdf *pdf, const struct pdf_strip *strip, double top)
{
    cairo_t *cairo = pdf->cairo;
    double side = 8.5;
    double left = pdf_left(pdf, strip->x - side - 6, side);
    double y = top + (strip->kind == STRIP_TEXT ? strip->height - side : 0) / 2 + 0.4;
    cairo_set_line_width(cairo, 0.9);
    pdf_set_color(pdf, strip->task == TASK_DONE ? COLOR_ACCENT : COLOR_FAINT);
    cairo_rectangle(cairo, left, y, side, side);
    cairo_stroke(cairo);
    if (strip->task != TASK_DONE)
        return;
    cairo_set_line_width(cairo, 1.4);
    cairo_move_to(cairo, left + 1.8, y + 4.4);
    cairo_line_to(cairo, left + 3.6, y + 6.3);
    cairo_line_to(cairo, left + 6.8, y + 2.2);
    cairo_stroke(cairo);
}

static void
draw_label(struct pdf *pdf, const struct pdf_strip *strip, double top)
{
    if (strip->label != NULL)
        pdf_line_draw(pdf, strip->label, 0,
                      pdf_left(pdf, strip->x - strip->label_width, strip->label->width), top);
    if (strip->task != TASK_NONE)
        draw_task(pdf, strip, top);
}

static void
draw_strip(struct pdf *pdf, const struct pdf_strip *strip, double y)
{
    struct pdf_box box = {pdf_left(pdf, strip->x, strip->width), y, strip->width,
                          pdf_strip_height(strip)};
    double top = y + strip->pad_top;
    if (strip->destination != NULL)
        pdf_place(pdf, strip->destination, y);
    draw_label(pdf, strip, top);
    switch (strip->kind) {
    case STRIP_TEXT:
        pdf_line_draw(pdf, strip->text, strip->line, box.x, top);
        return;
    case STRIP_CONTENTS:
        draw_contents(pdf, strip, box);
        return;
    case STRIP_ROW:
        draw_row(pdf, strip, box);
        return;
    case STRIP_PICTURE:
        pdf_picture_draw(pdf, strip->picture, box.x, top, strip->width, strip->height);
        return;
    case STRIP_CHART:
        pdf_chart_draw(pdf, strip->drawing, box.x, top);
        return;
    case STRIP_RULE:
        fill(pdf, box, COLOR_RULE);
        return;
    case STRIP_MARK:
        fill(pdf, box, COLOR_ACCENT);
        return;
    }
}

/* --- frames --- */

static bool
is_in_frame(const struct pdf_strip *strip, const struct pdf_frame *frame)
{
    for (const struct pdf_frame *at = strip->frame; at != NULL; at = at->outer)
        if (at == frame)
            return true;
    return false;
}

static double
space_above(const struct pdf_page *page, const struct pdf_strip *strip)
{
    return strip == page->first ? 0 : strip->space;
}

/* Draws a frame from the strip at y, the first of the page that is in it, to the last. */
static void
draw_frame(struct pdf *pdf, const struct pdf_page *page, const struct pdf_strip *strip, double y,
           const struct pdf_frame *frame)
{
    double bottom = y;
    for (; strip != page->end && is_in_frame(strip, frame); strip = strip->next) {
        if (bottom > y)
            bottom += space_above(page, strip);
        bottom += pdf_strip_height(strip);
    }
    struct pdf_box box = {pdf_left(pdf, frame->x, frame->width), y, frame->width, bottom - y};
    if (frame->kind == FRAME_CODE) {
        fill(pdf, box, COLOR_FILL);
        return;
    }
    box.x = pdf_left(pdf, frame->x, BAR_WIDTH);
    box.width = BAR_WIDTH;
    fill(pdf, box, COLOR_RULE);
}

/* Outer frames first, so that inner ones lie on them. */
static void
open_frames(struct pdf *pdf, const struct pdf_page *page, const struct pdf_strip *strip,
            const struct pdf_strip *before, double y)
{
    const struct pdf_frame *chain[2 * MODEL_DEPTH_MAX];
    size_t count = 0;
    for (const struct pdf_frame *at = strip->frame; at != NULL && count < COUNT_OF(chain);
         at = at->outer)
        if (before == NULL || !is_in_frame(before, at))
            chain[count++] = at;
    while (count > 0)
        draw_frame(pdf, page, strip, y, chain[--count]);
}

/* --- pages --- */

static double
draw_head(struct pdf *pdf, const struct pdf_strip *head, double y)
{
    if (head == NULL)
        return y;
    pdf->is_repeating = true;
    for (const struct pdf_strip *strip = head; strip->row == head->row; strip = strip->next) {
        draw_strip(pdf, strip, y);
        y += pdf_strip_height(strip);
    }
    pdf->is_repeating = false;
    return y;
}

static void
draw_strips(struct pdf *pdf, const struct pdf_page *page)
{
    double y = draw_head(pdf, page->head, pdf->margin_top);
    const struct pdf_strip *before = NULL;
    for (const struct pdf_strip *strip = page->first; strip != page->end; strip = strip->next) {
        y += space_above(page, strip);
        open_frames(pdf, page, strip, before, y);
        draw_strip(pdf, strip, y);
        y += pdf_strip_height(strip);
        before = strip;
    }
}

static double
notes_height(const struct pdf_page *page)
{
    double height = 0;
    for (const struct pdf_run *run = page->notes; run != NULL; run = run->next)
        for (const struct pdf_strip *strip = run->first; strip != run->end; strip = strip->next)
            height += strip->space + pdf_strip_height(strip);
    return height;
}

static void
draw_notes(struct pdf *pdf, const struct pdf_page *page)
{
    if (page->notes == NULL)
        return;
    double y = pdf->page_height - pdf->margin_bottom - notes_height(page);
    struct pdf_box line = {pdf_left(pdf, 0, 120), y - 6, 120, 0.5};
    fill(pdf, line, COLOR_FAINT);
    for (const struct pdf_run *run = page->notes; run != NULL; run = run->next)
        for (const struct pdf_strip *strip = run->first; strip != run->end; strip = strip->next) {
            y += strip->space;
            draw_strip(pdf, strip, y);
            y += pdf_strip_height(strip);
        }
}

static void
draw_edges(struct pdf *pdf)
{
    char number[48];
    /* A mark for left to right: else the numbers change places in other documents. */
    snprintf(number, sizeof(number), "\xE2\x80\x8E%u / %u", pdf->page, pdf->page_count);
    struct pdf_box footer = {pdf->margin_side, pdf->page_height - FOOTER_GAP, pdf->width, 11};
    draw_plain(pdf, slice_text(number), STYLE_PAGE, PDF_ALIGN_END, footer);
    if (pdf->page == 1 || pdf->document->title_text.size == 0)
        return;
    struct pdf_box header = {pdf->margin_side, HEADER_Y, pdf->width, 11};
    draw_plain(pdf, pdf->document->title_text, STYLE_PAGE, PDF_ALIGN_START, header);
    struct pdf_box rule = {pdf->margin_side, HEADER_Y + 15, pdf->width, 0.5};
    fill(pdf, rule, COLOR_HAIR);
}

void
pdf_paint_pages(struct pdf *pdf)
{
    pdf->page = 0;
    for (const struct pdf_page *page = pdf->pages; page != NULL; page = page->next) {
        if (pdf_is_stopped(pdf))
            return;
        pdf->page++;
        draw_edges(pdf);
        draw_strips(pdf, page);
        draw_notes(pdf, page);
        cairo_show_page(pdf->cairo);
    }
}
