#include "render/drawing_parts.h"

#include <math.h>

/* With more points than that, dots would hide the line. */
#define DOTS_MAX 40

static struct point
point_of(const struct sketch *sketch, uint32_t label, double value)
{
    double slot = (sketch->right - sketch->left) / sketch->chart->label_count;
    return (struct point){sketch->left + (label + 0.5) * slot, sketch_height_of(sketch, value)};
}

static void
draw_dot(struct sketch *sketch, enum ink ink, struct point at)
{
    struct shape *dot = sketch_add(sketch, SHAPE_DOT, ink);
    dot->x = at.x;
    dot->y = at.y;
    dot->width = sketch->size * 0.45;
}

/* The values from `first` on up to the next gap, as one stroke. Gives the place behind. */
static uint32_t
draw_stroke(struct sketch *sketch, uint32_t series, uint32_t first)
{
    const double *values = sketch->chart->series[series].values;
    enum ink ink = (enum ink)(INK_SERIES + series);
    uint32_t end = first;
    while (end < sketch->chart->label_count && !isnan(values[end]))
        end++;
    struct point *points = arena_try_alloc(sketch->arena, (end - first) * sizeof(*points));
    if (points == NULL) {
        sketch->is_over = true;
        return end;
    }
    bool has_dots = sketch->chart->label_count <= DOTS_MAX || end - first == 1;
    for (uint32_t i = first; i < end; i++)
        points[i - first] = point_of(sketch, i, values[i]);
    struct shape *path = sketch_add(sketch, SHAPE_PATH, ink);
    path->points = points;
    path->point_count = end - first;
    path->stroke = sketch->size / 6;
    for (uint32_t i = first; i < end && has_dots; i++)
        draw_dot(sketch, ink, points[i - first]);
    return end;
}

void
drawing_lines(struct sketch *sketch)
{
    double min = 0;
    double max = 0;
    sketch_range(sketch->chart, &min, &max);
    /* Small changes of large values are to be seen; else the axis begins at zero. */
    if (min > 0 && min < 0.6 * max)
        min = 0;
    if (max < 0 && max > 0.6 * min)
        max = 0;
    sketch->scale = scale_make(min, max, 5);
    sketch_upright_plot(sketch, 0, 0);
    for (uint32_t i = 0; i < sketch->chart->series_count; i++) {
        const double *values = sketch->chart->series[i].values;
        for (uint32_t at = 0; at < sketch->chart->label_count;)
            at = isnan(values[at]) ? at + 1 : draw_stroke(sketch, i, at);
    }
    sketch_upright_labels(sketch);
}
