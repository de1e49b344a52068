#include "render/drawing_parts.h"

#include <math.h>

/* Labels that do not fit below their bars go beside them, as long as it is not too high. */
#define LYING_BARS_MAX 40
/* More bars than that have no numbers beside them. */
#define NUMBERED_BARS_MAX 24
/* Widest bar, in text sizes. */
#define BAR_SIZE_MAX 4.5

static void
draw_bar(struct sketch *sketch, uint32_t series, struct point from, struct point end)
{
    struct shape *bar = sketch_add(sketch, SHAPE_RECT, (enum ink)(INK_SERIES + series));
    bar->x = fmin(from.x, end.x);
    bar->y = fmin(from.y, end.y);
    bar->width = fabs(end.x - from.x);
    bar->height = fabs(end.y - from.y);
}

/* --- Bars that stand ------------------------------------------------------------------------- */

static void
draw_standing_group(struct sketch *sketch, uint32_t label, double slot, bool has_values)
{
    const struct chart *chart = sketch->chart;
    double width = fmin(slot * 0.74 / chart->series_count, sketch->size * BAR_SIZE_MAX);
    double x = sketch->left + (label + 0.5) * slot - width * chart->series_count / 2;
    for (uint32_t i = 0; i < chart->series_count; i++, x += width) {
        double value = chart->series[i].values[label];
        if (isnan(value))
            continue;
        double y = sketch_height_of(sketch, value);
        double gap = chart->series_count > 1 ? width * 0.06 : 0;
        draw_bar(sketch, i, (struct point){x + gap, sketch_height_of(sketch, 0)},
                 (struct point){x + width - gap, y});
        double base = value < 0 ? y + sketch->size * 1.1 : y - sketch->size * 0.4;
        if (has_values)
            sketch_text(sketch, sketch_value_text(sketch, value),
                        (struct point){x + width / 2, base}, ANCHOR_MIDDLE);
    }
}

static void
draw_standing(struct sketch *sketch)
{
    const struct chart *chart = sketch->chart;
    double min = 0;
    double max = 0;
    sketch_range(chart, &min, &max);
    double slot = sketch->request->width * 0.9 / chart->label_count;
    bool has_values = chart->series_count == 1 && chart->label_count <= NUMBERED_BARS_MAX &&
                      sketch_widest_value(sketch) < slot;
    double room = has_values ? sketch->size * 1.3 : 0;
    sketch_upright_plot(sketch, max > 0 ? room : 0, min < 0 ? room : 0);
    slot = (sketch->right - sketch->left) / chart->label_count;
    for (uint32_t i = 0; i < chart->label_count; i++)
        draw_standing_group(sketch, i, slot, has_values);
    sketch_upright_labels(sketch);
}

/* --- Bars that lie --------------------------------------------------------------------------- */

static double
place_of(const struct sketch *sketch, double value)
{
    double share = (value - sketch->scale.min) / (sketch->scale.max - sketch->scale.min);
    return sketch->left + share * (sketch->right - sketch->left);
}

/* The label in one line, or two, beside its bars; `y` is their middle. */
static void
draw_side_label(struct sketch *sketch, struct slice label, double width, double y)
{
    double size = sketch->size;
    struct point at = {width, y + size * 0.35};
    struct slice first = label;
    while (first.size > 0 && sketch_width(sketch, first, size) > width) {
        const char *space = memrchr(first.ptr, ' ', first.size);
        first.size = space == NULL ? 0 : (size_t)(space - first.ptr);
    }
    if (first.size == 0 || first.size == label.size) {
        sketch_text(sketch, sketch_fit(sketch, label, size, width), at, ANCHOR_END);
        return;
    }
    struct slice rest = slice_trim(slice_of(label.ptr + first.size, label.size - first.size));
    at.y -= size * 0.58;
    sketch_text(sketch, first, at, ANCHOR_END);
    at.y += size * 1.16;
    sketch_text(sketch, sketch_fit(sketch, rest, size, width), at, ANCHOR_END);
}

static void
draw_lying_group(struct sketch *sketch, uint32_t label, double y, double height)
{
    const struct chart *chart = sketch->chart;
    for (uint32_t i = 0; i < chart->series_count; i++, y += height) {
        double value = chart->series[i].values[label];
        if (isnan(value))
            continue;
        double x = place_of(sketch, value);
        double gap = chart->series_count > 1 ? height * 0.06 : 0;
        draw_bar(sketch, i, (struct point){place_of(sketch, 0), y + gap},
                 (struct point){x, y + height - gap});
        double side = value < 0 ? -sketch->size * 0.4 : sketch->size * 0.4;
        sketch_text(sketch, sketch_value_text(sketch, value),
                    (struct point){x + side, y + height / 2 + sketch->size * 0.35},
                    value < 0 ? ANCHOR_END : ANCHOR_START);
    }
}

/* With the numbers beside the bars, an axis of numbers would say it twice. */
static void
draw_lying_axis(struct sketch *sketch)
{
    double x = place_of(sketch, 0);
    sketch_line(sketch, INK_AXIS, (struct point){x, sketch->top},
                (struct point){x, sketch->bottom});
}

static void
draw_lying(struct sketch *sketch)
{
    const struct chart *chart = sketch->chart;
    double size = sketch->size;
    double side = fmin(sketch_widest_label(sketch), sketch->request->width * 0.36);
    double room = sketch_widest_value(sketch) + size * 0.6;
    double height = size * (chart->series_count == 1 ? 1.5 : 1.2);
    double row = fmax(height * chart->series_count + size * 0.9, size * 2.6);
    double min = 0;
    double max = 0;
    sketch_range(chart, &min, &max);
    sketch->left = side + size * 0.7 + (min < 0 ? room : 0);
    sketch->right = sketch->request->width - (max > 0 ? room : 0);
    sketch->top = sketch->y + size * 0.3;
    sketch->bottom = sketch->top + row * chart->label_count;
    /* Nothing is left out of the width by a round number at its end. */
    sketch->scale.min = fmin(min, 0);
    sketch->scale.max = fmax(max, min < 0 ? 0 : max > 0 ? max : 1);
    for (uint32_t i = 0; i < chart->label_count; i++) {
        double middle = sketch->top + (i + 0.5) * row;
        draw_side_label(sketch, chart->labels[i], side, middle);
        draw_lying_group(sketch, i, middle - height * chart->series_count / 2, height);
    }
    draw_lying_axis(sketch);
    sketch->y = sketch->bottom + size * 0.4;
}

void
drawing_bars(struct sketch *sketch)
{
    const struct chart *chart = sketch->chart;
    double min = 0;
    double max = 0;
    sketch_range(chart, &min, &max);
    sketch->scale = scale_make(fmin(min, 0), fmax(max, 0), 5);
    double slot = sketch->request->width * 0.9 / chart->label_count;
    bool fits = sketch_widest_label(sketch) + sketch->size * 0.8 <= slot;
    if (fits || chart->label_count > LYING_BARS_MAX)
        draw_standing(sketch);
    else
        draw_lying(sketch);
}
