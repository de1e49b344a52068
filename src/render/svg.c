#include "render/svg.h"

#include "render/escape.h"

/* A length with at most one decimal. */
static void
write_number(struct buffer *out, double number)
{
    int64_t tenths = (int64_t)(number * 10 + (number < 0 ? -0.5 : 0.5));
    if (tenths < 0) {
        buffer_append_byte(out, '-');
        tenths = -tenths;
    }
    buffer_append_int64(out, tenths / 10);
    if (tenths % 10 != 0) {
        buffer_append_byte(out, '.');
        buffer_append_int64(out, tenths % 10);
    }
}

static void
write_length(struct buffer *out, const char *name, double number)
{
    buffer_append_format(out, " %s=\"", name);
    write_number(out, number);
    buffer_append_byte(out, '"');
}

static void
write_class(struct buffer *out, enum ink ink)
{
    static const char *const names[] = {
        [INK_TEXT] = "ink-text",
        [INK_FAINT] = "ink-faint",
        [INK_AXIS] = "ink-axis",
        [INK_GRID] = "ink-grid",
    };
    if (ink < INK_SERIES)
        buffer_append_format(out, " class=\"%s", names[ink]);
    else
        buffer_append_format(out, " class=\"series-%d", (int)(ink - INK_SERIES));
}

static void
write_text(struct buffer *out, const struct shape *shape)
{
    static const char *const anchors[] = {
        [ANCHOR_START] = "start", [ANCHOR_MIDDLE] = "middle", [ANCHOR_END] = "end"};
    buffer_append_text(out, "<text");
    write_class(out, shape->ink);
    buffer_append_text(out, shape->is_bold ? " bold\"" : "\"");
    write_length(out, "x", shape->x);
    write_length(out, "y", shape->y);
    write_length(out, "font-size", shape->text_size);
    if (shape->anchor != ANCHOR_START)
        escape_attribute(out, "text-anchor", slice_text(anchors[shape->anchor]));
    buffer_append_byte(out, '>');
    escape_text(out, shape->text);
    buffer_append_text(out, "</text>");
}

static void
write_path(struct buffer *out, const struct shape *shape)
{
    buffer_append_text(out, "<polyline");
    write_class(out, shape->ink);
    buffer_append_text(out, "\" fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\"");
    write_length(out, "stroke-width", shape->stroke);
    buffer_append_text(out, " points=\"");
    for (uint32_t i = 0; i < shape->point_count; i++) {
        buffer_append_text(out, i > 0 ? " " : "");
        write_number(out, shape->points[i].x);
        buffer_append_byte(out, ',');
        write_number(out, shape->points[i].y);
    }
    buffer_append_text(out, "\"/>");
}

static void
write_line(struct buffer *out, const struct shape *shape)
{
    buffer_append_text(out, "<line");
    write_class(out, shape->ink);
    buffer_append_byte(out, '"');
    write_length(out, "x1", shape->x);
    write_length(out, "y1", shape->y);
    write_length(out, "x2", shape->x + shape->width);
    write_length(out, "y2", shape->y + shape->height);
    write_length(out, "stroke-width", shape->stroke);
    buffer_append_text(out, "/>");
}

static void
write_rect(struct buffer *out, const struct shape *shape)
{
    buffer_append_text(out, "<rect");
    write_class(out, shape->ink);
    buffer_append_byte(out, '"');
    write_length(out, "x", shape->x);
    write_length(out, "y", shape->y);
    write_length(out, "width", shape->width);
    write_length(out, "height", shape->height);
    buffer_append_text(out, "/>");
}

static void
write_dot(struct buffer *out, const struct shape *shape)
{
    buffer_append_text(out, "<circle");
    write_class(out, shape->ink);
    buffer_append_byte(out, '"');
    write_length(out, "cx", shape->x);
    write_length(out, "cy", shape->y);
    write_length(out, "r", shape->width / 2);
    buffer_append_text(out, "/>");
}

void
svg_write(struct buffer *out, const struct drawing *drawing)
{
    static void (*const writers[])(struct buffer *, const struct shape *) = {
        [SHAPE_LINE] = write_line, [SHAPE_RECT] = write_rect, [SHAPE_PATH] = write_path,
        [SHAPE_DOT] = write_dot,   [SHAPE_TEXT] = write_text,
    };
    buffer_append_text(out, "<svg role=\"img\"");
    escape_attribute(out, "aria-label", drawing->description);
    buffer_append_text(out, " viewBox=\"0 0 ");
    write_number(out, drawing->width);
    buffer_append_byte(out, ' ');
    write_number(out, drawing->height);
    buffer_append_byte(out, '"');
    write_length(out, "width", drawing->width);
    write_length(out, "height", drawing->height);
    buffer_append_byte(out, '>');
    for (const struct shape *shape = drawing->first; shape != NULL; shape = shape->next)
        writers[shape->kind](out, shape);
    buffer_append_text(out, "</svg>\n");
}
