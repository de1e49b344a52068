#include "render/drawing_parts.h"

#include "base/buffer.h"
#include "base/utf8.h"

#include <math.h>

#define DESCRIPTION_BYTES_MAX 3000

static const uint32_t colors[CHART_SERIES_MAX] = {0x1F5A96, 0xC2541B, 0x1B7F6B, 0x8E5AA8,
                                                  0xA67C00, 0x4A90C4, 0xA8325E, 0x5C6670};

uint32_t
drawing_series_color(uint32_t series)
{
    return colors[series % CHART_SERIES_MAX];
}

/* Widths in thousandths of the size of ASCII from space on, as common sans serif faces have them.
 */
static const uint16_t widths[95] = {
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};

static double
point_width(uint32_t point)
{
    if (point >= ' ' && point < 0x7F)
        return widths[point - ' '];
    if (point == 0x202F || point == 0x2009)
        return 200;
    if (point >= 0x300 && point < 0x370)
        return 0;
    return point >= 0x1100 ? (point >= 0x2000 && point < 0x2E80 ? 600 : 1000) : 590;
}

double
drawing_measure_common(struct slice text, double text_size, bool is_bold, void *context)
{
    double width = 0;
    for (size_t at = 0; at < text.size; at += utf8_size(text.ptr[at]))
        width += point_width(utf8_point(text.ptr + at));
    /* Faces differ; better too much room than too little. */
    return width / 1000 * text_size * (is_bold ? 1.12 : 1.06);
}

/* --- Shapes ---------------------------------------------------------------------------------- */

struct shape *
sketch_add(struct sketch *sketch, enum shape_kind kind, enum ink ink)
{
    struct shape *shape = arena_alloc(sketch->arena, sizeof(*shape));
    shape->kind = kind;
    shape->ink = ink;
    *sketch->end = shape;
    sketch->end = &shape->next;
    return shape;
}

void
sketch_line(struct sketch *sketch, enum ink ink, struct point from, struct point end)
{
    struct shape *line = sketch_add(sketch, SHAPE_LINE, ink);
    line->x = from.x;
    line->y = from.y;
    line->width = end.x - from.x;
    line->height = end.y - from.y;
    line->stroke = sketch->size / 14;
}

struct shape *
sketch_text(struct sketch *sketch, struct slice text, struct point at, enum anchor anchor)
{
    struct shape *shape = sketch_add(sketch, SHAPE_TEXT, INK_TEXT);
    shape->x = at.x;
    shape->y = at.y;
    shape->text = text;
    shape->text_size = sketch->size;
    shape->anchor = anchor;
    return shape;
}

double
sketch_width(const struct sketch *sketch, struct slice text, double size)
{
    return sketch->request->measure(text, size, false, sketch->request->context);
}

struct slice
sketch_fit(struct sketch *sketch, struct slice text, double size, double width)
{
    if (sketch_width(sketch, text, size) <= width)
        return text;
    double ellipsis = sketch_width(sketch, SLICE("\u2026"), size);
    size_t low = 0;
    size_t high = text.size;
    while (low < high) {
        size_t middle = (low + high + 1) / 2;
        struct slice cut = slice_cut(text, middle);
        if (sketch_width(sketch, cut, size) + ellipsis <= width)
            low = middle;
        else
            high = middle - 1;
    }
    struct slice cut = slice_trim(slice_cut(text, low));
    return slice_text(arena_format(sketch->arena, "%.*s\u2026", SLICE_FORMAT(cut)));
}

double
sketch_widest_label(const struct sketch *sketch)
{
    double widest = 0;
    for (uint32_t i = 0; i < sketch->chart->label_count; i++)
        widest = fmax(widest, sketch_width(sketch, sketch->chart->labels[i], sketch->size));
    return widest;
}

/* --- Values ---------------------------------------------------------------------------------- */

void
sketch_range(const struct chart *chart, double *min, double *max)
{
    *min = INFINITY;
    *max = -INFINITY;
    for (uint32_t i = 0; i < chart->series_count; i++) {
        for (uint32_t j = 0; j < chart->label_count; j++) {
            /* fmin() and fmax() leave gaps out. */
            *min = fmin(*min, chart->series[i].values[j]);
            *max = fmax(*max, chart->series[i].values[j]);
        }
    }
    if (*min > *max)
        *min = *max = 0;
}

struct slice
sketch_value_text(struct sketch *sketch, double value)
{
    if (isnan(value))
        return SLICE("");
    return scale_number(sketch->arena, value, scale_decimals(value));
}

double
sketch_widest_value(struct sketch *sketch)
{
    double widest = 0;
    for (uint32_t i = 0; i < sketch->chart->series_count; i++) {
        for (uint32_t j = 0; j < sketch->chart->label_count; j++) {
            struct slice text = sketch_value_text(sketch, sketch->chart->series[i].values[j]);
            widest = fmax(widest, sketch_width(sketch, text, sketch->size));
        }
    }
    return widest;
}

double
sketch_height_of(const struct sketch *sketch, double value)
{
    double share = (value - sketch->scale.min) / (sketch->scale.max - sketch->scale.min);
    return sketch->bottom - share * (sketch->bottom - sketch->top);
}

/* --- The plot of an axis that goes up -------------------------------------------------------- */

static void
draw_ticks(struct sketch *sketch)
{
    const struct scale *scale = &sketch->scale;
    for (uint32_t i = 0; i < scale->tick_count; i++) {
        double tick = scale_tick(scale, i);
        double y = sketch_height_of(sketch, tick);
        bool is_axis = tick == 0 || (i == 0 && scale->min > 0);
        sketch_line(sketch, is_axis ? INK_AXIS : INK_GRID, (struct point){sketch->left, y},
                    (struct point){sketch->right, y});
        struct slice text = scale_number(sketch->arena, tick, scale->decimals);
        sketch_text(sketch, text,
                    (struct point){sketch->left - sketch->size * 0.6, y + sketch->size * 0.35},
                    ANCHOR_END)
            ->ink = INK_FAINT;
    }
}

void
sketch_upright_plot(struct sketch *sketch, double room_above, double room_below)
{
    double widest = 0;
    for (uint32_t i = 0; i < sketch->scale.tick_count; i++) {
        struct slice text =
            scale_number(sketch->arena, scale_tick(&sketch->scale, i), sketch->scale.decimals);
        widest = fmax(widest, sketch_width(sketch, text, sketch->size));
    }
    double height = fmin(fmax(sketch->request->width * 0.42, sketch->size * 12), sketch->size * 24);
    sketch->left = widest + sketch->size * 0.6;
    sketch->right = sketch->request->width;
    sketch->top = sketch->y + sketch->size * 0.5 + room_above;
    sketch->bottom = sketch->top + height;
    draw_ticks(sketch);
    sketch->y = sketch->bottom + room_below;
}

void
sketch_upright_labels(struct sketch *sketch)
{
    double slot = (sketch->right - sketch->left) / sketch->chart->label_count;
    double gap = sketch->size * 0.8;
    double room = (sketch->right - sketch->left) * 0.3;
    double widest = fmin(sketch_widest_label(sketch), room);
    /* Labels that would touch each other are left out, every second or more. */
    uint32_t every = (uint32_t)ceil((widest + gap) / slot);
    every = every == 0 ? 1 : every;
    double end = -gap; /* of the label before */
    sketch->y += sketch->size * 1.5;
    for (uint32_t i = 0; i < sketch->chart->label_count; i += every) {
        struct slice text = sketch_fit(sketch, sketch->chart->labels[i], sketch->size,
                                       fmax(every * slot - gap, sketch->size * 2));
        double half = sketch_width(sketch, text, sketch->size) / 2;
        double x = sketch->left + (i + 0.5) * slot;
        x = fmax(half, fmin(sketch->request->width - half, x));
        if (x - half < end + gap / 2)
            continue; /* it was moved in from the side */
        sketch_text(sketch, text, (struct point){x, sketch->y}, ANCHOR_MIDDLE);
        end = x + half;
    }
    sketch->y += sketch->size * 0.6;
}

/* --- Around the plot ------------------------------------------------------------------------- */

static void
draw_title(struct sketch *sketch)
{
    if (!sketch->request->has_title || sketch->chart->title.size == 0)
        return;
    double size = sketch->size * 1.15;
    struct slice text =
        sketch_fit(sketch, sketch->chart->title, size * 1.1, sketch->request->width);
    struct shape *shape =
        sketch_text(sketch, text, (struct point){0, sketch->y + size}, ANCHOR_START);
    shape->text_size = size;
    shape->is_bold = true;
    sketch->y += size * 1.8;
}

static void
draw_legend(struct sketch *sketch)
{
    double x = 0;
    double size = sketch->size;
    double width = sketch->request->width;
    if (sketch->chart->series_count < 2)
        return;
    for (uint32_t i = 0; i < sketch->chart->series_count; i++) {
        struct slice name =
            sketch_fit(sketch, sketch->chart->series[i].name, size, width - 2 * size);
        double wanted = sketch_width(sketch, name, size) + size * 1.4;
        if (x > 0 && x + wanted > width) {
            x = 0;
            sketch->y += size * 1.6;
        }
        struct shape *sample = sketch_add(sketch, SHAPE_RECT, (enum ink)(INK_SERIES + i));
        sample->x = x;
        sample->y = sketch->y + size * 0.2;
        sample->width = sample->height = size * 0.85;
        sketch_text(sketch, name, (struct point){x + size * 1.3, sketch->y + size}, ANCHOR_START);
        x += wanted + size * 1.3;
    }
    sketch->y += size * 2;
}

static void
draw_unit(struct sketch *sketch)
{
    if (sketch->chart->unit.size == 0)
        return;
    struct slice text =
        sketch_fit(sketch, sketch->chart->unit, sketch->size, sketch->request->width);
    sketch_text(sketch, text, (struct point){0, sketch->y + sketch->size}, ANCHOR_START)->ink =
        INK_FAINT;
    sketch->y += sketch->size * 1.7;
}

/* "Title (unit). Series: label value, label value." */
static void
describe(struct sketch *sketch)
{
    const struct chart *chart = sketch->chart;
    struct buffer text;
    buffer_init(&text, DESCRIPTION_BYTES_MAX);
    buffer_append_slice(&text, chart->title);
    if (chart->unit.size > 0)
        buffer_append_format(&text, " (%.*s)", SLICE_FORMAT(chart->unit));
    for (uint32_t i = 0; i < chart->series_count; i++) {
        const struct chart_series *series = &chart->series[i];
        buffer_append_text(&text, text.size > 0 ? ". " : "");
        buffer_append_slice(&text, series->name);
        buffer_append_text(&text, series->name.size > 0 ? ": " : "");
        for (uint32_t j = 0; j < chart->label_count; j++) {
            struct slice value = sketch_value_text(sketch, series->values[j]);
            buffer_append_format(&text, "%s%.*s %.*s", j > 0 ? ", " : "",
                                 SLICE_FORMAT(chart->labels[j]), SLICE_FORMAT(value));
        }
    }
    sketch->out->description = arena_copy(sketch->arena, buffer_slice(&text));
    buffer_done(&text);
}

enum status
drawing_make(struct drawing *out, struct arena *arena, const struct drawing_request *request,
             struct error *error)
{
    *out = (struct drawing){.width = request->width};
    struct sketch sketch = {
        .request = request,
        .chart = request->chart,
        .arena = arena,
        .out = out,
        .end = &out->first,
        .size = request->text_size,
    };
    describe(&sketch);
    draw_title(&sketch);
    draw_legend(&sketch);
    draw_unit(&sketch);
    if (request->chart->type == CHART_BAR)
        drawing_bars(&sketch);
    else
        drawing_lines(&sketch);
    out->height = sketch.y;
    if (sketch.is_over || out->description.ptr == NULL || arena_is_over(arena))
        return error_set(error, STATUS_LIMIT, "the charts need too much memory");
    return STATUS_OK;
}
