/* render/drawing.h - a chart as lines, shapes and texts at places, so that every format draws the
 * same thing.
 *
 * Units are those of the width asked for (CSS pixels, points); y grows downwards. Whoever draws
 * goes through the shapes in order. Texts are one line each and fit where they stand, by the width
 * that the caller's measure says.
 *
 * Sources: Heckbert, "Nice numbers for graph labels", Graphics Gems, 1990; the colours of Okabe and
 *          Ito, "Color universal design", 2008, darkened until each has a contrast of 3 to white.
 * Threads: plain data.
 */
#ifndef RENDER_DRAWING_H
#define RENDER_DRAWING_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct chart;

/* What a shape stands for, from which its colour follows. */
enum ink {
    INK_TEXT,  /* words */
    INK_FAINT, /* words of less weight: numbers of the axis */
    INK_AXIS,  /* the line at zero */
    INK_GRID,
    INK_SERIES, /* the first series; the next has INK_SERIES + 1 */
};

enum shape_kind {
    SHAPE_LINE, /* from x, y to x + width, y + height */
    SHAPE_RECT, /* x, y is the upper left corner */
    SHAPE_PATH, /* a line through `points`, in one stroke */
    SHAPE_DOT,  /* a filled circle around x, y with the diameter `width` */
    SHAPE_TEXT, /* x, y is where its base line begins, has its middle, or ends */
};

enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

struct point {
    double x, y;
};

struct shape {
    enum shape_kind kind;
    enum ink ink;
    const struct shape *next;
    double x, y, width, height;
    double stroke; /* width of lines */
    const struct point *points;
    uint32_t point_count;
    struct slice text;
    double text_size;
    enum anchor anchor;
    bool is_bold;
};

struct drawing {
    double width, height;
    const struct shape *first;
    /* What it shows, in words, for those who do not see it. */
    struct slice description;
};

/* The colour of series as 0xRRGGBB, on white; series beyond the last colour begin anew. */
uint32_t drawing_series_color(uint32_t series);

/* How wide a text of that size is. */
typedef double drawing_measure_fn(struct slice text, double text_size, bool is_bold, void *context);

/* Text widths of a common sans serif face, for formats that know no fonts. */
drawing_measure_fn drawing_measure_common;

struct drawing_request {
    const struct chart *chart;
    double width;     /* at least 200 */
    double text_size; /* of labels */
    bool has_title;   /* draws the chart's title; else the caller shows it */
    drawing_measure_fn *measure;
    void *context;
};

/* Lays the chart out. LIMIT: the arena is full. */
MUST_USE enum status drawing_make(struct drawing *out, struct arena *arena,
                                  const struct drawing_request *request, struct error *error);

#endif
