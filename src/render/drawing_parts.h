/* render/drawing_parts.h - what the parts of the layout of charts share; for drawing*.c only.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_DRAWING_PARTS_H
#define RENDER_DRAWING_PARTS_H

#include "render/chart.h"
#include "render/drawing.h"
#include "render/scale.h"

struct sketch {
    const struct drawing_request *request;
    const struct chart *chart;
    struct arena *arena;
    struct drawing *out;
    const struct shape **end;
    double size;                     /* of common text */
    double y;                        /* where the next part begins; at the end, the height */
    double left, top, right, bottom; /* of the plot: where the values are */
    struct scale scale;
    bool is_over; /* the arena is full */
};

struct shape *sketch_add(struct sketch *sketch, enum shape_kind kind, enum ink ink);
void sketch_line(struct sketch *sketch, enum ink ink, struct point from, struct point end);
/* The shape, for what is not common to be changed. */
struct shape *sketch_text(struct sketch *sketch, struct slice text, struct point at,
                          enum anchor anchor);

double sketch_width(const struct sketch *sketch, struct slice text, double size);
/* The text, or its beginning with an ellipsis, in at most that width. */
struct slice sketch_fit(struct sketch *sketch, struct slice text, double size, double width);
double sketch_widest_label(const struct sketch *sketch);

/* The lowest and highest of all values that are there, 0 and 0 if none is. */
void sketch_range(const struct chart *chart, double *min, double *max);
struct slice sketch_value_text(struct sketch *sketch, double value);
/* Width of the widest value. */
double sketch_widest_value(struct sketch *sketch);

/* Place of a value along the axis that goes up. */
double sketch_height_of(const struct sketch *sketch, double value);

/* The plot with an axis of numbers that goes up, from sketch->y on; labels come below by
 * sketch_labels(). */
void sketch_upright_plot(struct sketch *sketch, double room_above, double room_below);
void sketch_upright_labels(struct sketch *sketch);

/* The bodies. */
void drawing_bars(struct sketch *sketch);
void drawing_lines(struct sketch *sketch);

#endif
