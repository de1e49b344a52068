#include "render/pdf_line.h"

#include "base/limits.h"
#include "render/pdf_paint.h"

#include <cairo-pdf.h>

/* --- pictures --- */

struct reader {
    struct slice rest;
};

static cairo_status_t
read_png(void *context, unsigned char *data, unsigned size)
{
    struct reader *reader = context;
    if (size > reader->rest.size)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(data, reader->rest.ptr, size);
    reader->rest = slice_of(reader->rest.ptr + size, reader->rest.size - size);
    return CAIRO_STATUS_SUCCESS;
}

static void
set_mime(cairo_surface_t *surface, const char *type, struct slice bytes)
{
    cairo_surface_set_mime_data(surface, type, (const unsigned char *)bytes.ptr, bytes.size, NULL,
                                NULL);
}

/* A JPEG goes into the file as it is; its pixels are never looked at. */
static cairo_surface_t *
open_picture(const struct picture *picture)
{
    cairo_surface_t *surface = NULL;
    if (picture->type == PICTURE_JPEG) {
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)picture->width,
                                             (int)picture->height);
        set_mime(surface, CAIRO_MIME_TYPE_JPEG, picture->bytes);
    } else {
        struct reader reader = {picture->bytes};
        surface = cairo_image_surface_create_from_png_stream(read_png, &reader);
    }
    /* One that stands in several places is in the file once. */
    set_mime(surface, CAIRO_MIME_TYPE_UNIQUE_ID, picture->name);
    return surface;
}

static bool
check_picture(struct pdf *pdf, const struct picture *picture)
{
    if ((uint64_t)picture->width * picture->height <= LIMIT_PDF_PICTURE_PIXELS)
        return true;
    error_set(pdf->error, STATUS_LIMIT,
              "picture %.*s has more than %d million pixels, which is the most for a PDF",
              SLICE_FORMAT(slice_cut(picture->name, 100)), LIMIT_PDF_PICTURE_PIXELS / 1000000);
    return false;
}

void
pdf_picture_draw(struct pdf *pdf, const struct picture *picture, double left, double top,
                 double width, double height)
{
    if (!check_picture(pdf, picture))
        return;
    cairo_surface_t *surface = open_picture(picture);
    int columns = cairo_image_surface_get_width(surface);
    int rows = cairo_image_surface_get_height(surface);
    cairo_status_t status = cairo_surface_status(surface);
    if (status != CAIRO_STATUS_SUCCESS || columns <= 0 || rows <= 0) {
        error_set(pdf->error, STATUS_INVALID, "picture %.*s cannot be read: %s",
                  SLICE_FORMAT(slice_cut(picture->name, 100)), cairo_status_to_string(status));
    } else {
        cairo_save(pdf->cairo);
        cairo_translate(pdf->cairo, left, top);
        cairo_scale(pdf->cairo, width / columns, height / rows);
        cairo_set_source_surface(pdf->cairo, surface, 0, 0);
        cairo_rectangle(pdf->cairo, 0, 0, columns, rows);
        cairo_fill(pdf->cairo);
        cairo_restore(pdf->cairo);
    }
    cairo_surface_destroy(surface);
}

/* --- marks --- */

struct place {
    struct pdf *pdf;
    struct pdf_text *text;
    PangoLayoutLine *line;
    double left, top, height, baseline;
};

static struct pdf_box
box_of(const struct place *place, int from, int to)
{
    return (struct pdf_box){
        .x = place->left + from / (double)PANGO_SCALE,
        .y = place->top,
        .width = (to - from) / (double)PANGO_SCALE,
        .height = place->height,
    };
}

static bool
is_address(struct slice address)
{
    return slice_starts_with(address, SLICE("http://")) ||
           slice_starts_with(address, SLICE("https://")) ||
           slice_starts_with(address, SLICE("mailto:"));
}

static void
lead_on(struct pdf *pdf, const struct pdf_text *text, const struct span *span, struct pdf_box box)
{
    struct slice to = span->kind == SPAN_LINK ? span->address : SLICE("");
    if (span->kind == SPAN_NOTE)
        pdf_link_inside(pdf, box, pdf_mark_destination(pdf, "note", span->note->number, 0));
    else if (span->kind == SPAN_CITATION)
        pdf_link_inside(pdf, box, pdf_mark_destination(pdf, "cite", span->citation->number, 0));
    else if (to.size > 1 && to.ptr[0] == '#')
        pdf_link_inside(pdf, box, pdf_destination(pdf, slice_of(to.ptr + 1, to.size - 1)));
    else if (to.size > 1 && to.ptr[0] == ':' && text->is_own)
        pdf_link_inside(pdf, box, to.ptr + 1);
    else if (is_address(to))
        pdf_link_outside(pdf, box, to);
}

static void
place_mark(const struct place *place, const struct span *span)
{
    if (place->text->is_again)
        return;
    if (span->kind == SPAN_NOTE)
        pdf_place(place->pdf,
                  pdf_mark_destination(place->pdf, "note", span->note->number, span->use),
                  place->top);
    else if (span->kind == SPAN_CITATION)
        pdf_place(place->pdf,
                  pdf_mark_destination(place->pdf, "cite", span->citation->number, span->use),
                  place->top);
}

static void
draw_inline_picture(const struct place *place, const struct pdf_mark *mark)
{
    PangoRectangle room;
    pango_layout_index_to_pos(place->text->layout, (int)mark->start, &room);
    double width = abs(room.width) / (double)PANGO_SCALE;
    double height = room.height / (double)PANGO_SCALE;
    int from = room.width < 0 ? room.x + room.width : room.x;
    double width_max = place->text->width > 0 ? place->text->width : 200;
    pdf_picture_size(mark->span->picture, width_max, place->pdf->texts.picture_height_max, &width,
                     &height);
    pdf_picture_draw(place->pdf, mark->span->picture, place->left + from / (double)PANGO_SCALE,
                     place->baseline - height, width, height);
}

static void
draw_mark(const struct place *place, const struct pdf_mark *mark)
{
    int start = place->line->start_index;
    int end = start + place->line->length;
    int from = (int)mark->start > start ? (int)mark->start : start;
    int to = (int)mark->end < end ? (int)mark->end : end;
    if (from >= to)
        return;
    if ((int)mark->start >= start)
        place_mark(place, mark->span);
    if (mark->span->kind == SPAN_PICTURE) {
        draw_inline_picture(place, mark);
        return;
    }
    int *ranges = NULL;
    int count = 0;
    pango_layout_line_get_x_ranges(place->line, from, to, &ranges, &count);
    for (int i = 0; i < count; i++)
        if (ranges[2 * i + 1] > ranges[2 * i])
            lead_on(place->pdf, place->text, mark->span,
                    box_of(place, ranges[2 * i], ranges[2 * i + 1]));
    g_free(ranges);
}

void
pdf_line_draw(struct pdf *pdf, struct pdf_text *text, uint32_t line, double left, double top)
{
    const struct pdf_line *about = &text->lines[line];
    PangoLayout *layout = pdf_text_layout(&pdf->texts, text);
    struct place place = {
        .pdf = pdf,
        .text = text,
        .line = pango_layout_get_line_readonly(layout, (int)line),
        .left = left,
        .top = top,
        .height = (double)about->height,
        .baseline = top + (double)about->baseline,
    };
    if (place.line == NULL)
        return;
    pdf_set_color(pdf, pdf_style_color(text->style));
    cairo_move_to(pdf->cairo, left + (double)about->x, place.baseline);
    pango_cairo_show_layout_line(pdf->cairo, place.line);
    for (const struct pdf_mark *mark = text->marks; mark != NULL; mark = mark->next)
        draw_mark(&place, mark);
    if (line + 1 == text->line_count)
        pdf_text_drop(&pdf->texts, text);
}
