#include "render/pdf_chart.h"

#include "render/pdf_paint.h"

#include <math.h>

#define TEXT_SIZE 8.5

/* --- texts --- */

static PangoLayout *
text_layout(struct pdf *pdf, struct slice text, double size, bool is_bold)
{
    PangoLayout *layout = pango_layout_new(pdf->texts.context);
    PangoFontDescription *font =
        pango_font_description_copy_static(pdf_style_metrics(&pdf->texts, STYLE_PAGE)->font);
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_font_description_set_weight(font, is_bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_text(layout, text.ptr == NULL ? "" : text.ptr, (int)text.size);
    return layout;
}

static double
layout_width(PangoLayout *layout)
{
    int width = 0;
    pango_layout_get_size(layout, &width, NULL);
    return width / (double)PANGO_SCALE;
}

static double
measure(struct slice text, double text_size, bool is_bold, void *context)
{
    PangoLayout *layout = text_layout(context, text, text_size, is_bold);
    double width = layout_width(layout);
    g_object_unref(layout);
    return width;
}

const struct drawing *
pdf_chart_lay_out(struct pdf *pdf, const struct chart *chart, double width)
{
    struct drawing *drawing = arena_alloc(pdf->arena, sizeof(*drawing));
    struct drawing_request request = {
        .chart = chart,
        .width = fmax(width, 200),
        .text_size = TEXT_SIZE,
        .has_title = true,
        .measure = measure,
        .context = pdf,
    };
    enum status status = drawing_make(drawing, pdf->arena, &request, pdf->error);
    return status == STATUS_OK ? drawing : NULL;
}

/* --- drawing --- */

static unsigned
ink_color(enum ink ink)
{
    switch (ink) {
    case INK_TEXT:
        return COLOR_INK;
    case INK_FAINT:
        return COLOR_FAINT;
    case INK_AXIS:
        return COLOR_FAINT;
    case INK_GRID:
        return COLOR_HAIR;
    case INK_SERIES:
        break;
    }
    return drawing_series_color((uint32_t)ink - INK_SERIES);
}

static void
draw_text(struct pdf *pdf, const struct shape *shape)
{
    PangoLayout *layout = text_layout(pdf, shape->text, shape->text_size, shape->is_bold);
    double width = layout_width(layout);
    double x = shape->x;
    if (shape->anchor == ANCHOR_MIDDLE)
        x -= width / 2;
    else if (shape->anchor == ANCHOR_END)
        x -= width;
    cairo_move_to(pdf->cairo, x, shape->y);
    pango_cairo_show_layout_line(pdf->cairo, pango_layout_get_line_readonly(layout, 0));
    g_object_unref(layout);
}

static void
draw_path(struct pdf *pdf, const struct shape *shape)
{
    for (uint32_t i = 0; i < shape->point_count; i++)
        cairo_line_to(pdf->cairo, shape->points[i].x, shape->points[i].y);
    cairo_stroke(pdf->cairo);
}

static void
draw_shape(struct pdf *pdf, const struct shape *shape)
{
    cairo_t *cairo = pdf->cairo;
    pdf_set_color(pdf, ink_color(shape->ink));
    cairo_set_line_width(cairo, shape->stroke);
    switch (shape->kind) {
    case SHAPE_LINE:
        cairo_move_to(cairo, shape->x, shape->y);
        cairo_line_to(cairo, shape->x + shape->width, shape->y + shape->height);
        cairo_stroke(cairo);
        return;
    case SHAPE_RECT:
        cairo_rectangle(cairo, shape->x, shape->y, shape->width, shape->height);
        cairo_fill(cairo);
        return;
    case SHAPE_PATH:
        draw_path(pdf, shape);
        return;
    case SHAPE_DOT:
        cairo_arc(cairo, shape->x, shape->y, shape->width / 2, 0, 2 * M_PI);
        cairo_fill(cairo);
        return;
    case SHAPE_TEXT:
        draw_text(pdf, shape);
        return;
    }
}

void
pdf_chart_draw(struct pdf *pdf, const struct drawing *drawing, double x, double y)
{
    cairo_save(pdf->cairo);
    cairo_translate(pdf->cairo, x, y);
    cairo_set_line_join(pdf->cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(pdf->cairo, CAIRO_LINE_CAP_BUTT);
    for (const struct shape *shape = drawing->first; shape != NULL; shape = shape->next)
        draw_shape(pdf, shape);
    cairo_restore(pdf->cairo);
}
