#include "render/pdf_text.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <stdio.h>

/* Text whose layouts are kept: some hundred pages, at about 100 bytes of layout a byte. */
#define HELD_BYTES_MAX KIB(768)
/* What a layout costs beyond its text, as bytes of text. */
#define LAYOUT_BYTES 32
#define PICTURE_CHARACTER "\xEF\xBF\xBC"
#define LINE_SEPARATOR "\xE2\x80\xA8"
#define ZERO_WIDTH_SPACE "\xE2\x80\x8B"
/* Words of more letters may be cut after each few. */
#define WORD_LETTERS_MAX 120
#define WORD_PIECE 6
/* Points a pixel: pictures are made for 96 pixels an inch. */
#define PIXEL 0.75

static const char text_family[] = "Carlito, DejaVu Sans";
static const char code_family[] = "DejaVu Sans Mono, Liberation Mono, monospace";

static const struct {
    double size, leading;
    unsigned color;
    bool is_bold, is_italic, is_code;
} styles[STYLE_COUNT] = {
    [STYLE_BODY] = {10.5, 15.5, COLOR_INK, false, false, false},
    [STYLE_TITLE] = {27, 32, COLOR_ACCENT, true, false, false},
    [STYLE_SUBTITLE] = {14, 19, COLOR_FAINT, false, false, false},
    [STYLE_BYLINE] = {10, 15, COLOR_FAINT, false, false, false},
    [STYLE_HEADING_1] = {19, 24, COLOR_ACCENT, true, false, false},
    [STYLE_HEADING_2] = {14.5, 19, COLOR_ACCENT, true, false, false},
    [STYLE_HEADING_3] = {12, 16, COLOR_INK, true, false, false},
    [STYLE_HEADING_4] = {10.5, 15.5, COLOR_FAINT, true, false, false},
    [STYLE_QUOTE] = {10.5, 15.5, COLOR_FAINT, false, true, false},
    [STYLE_CODE] = {8.5, 12.5, COLOR_INK, false, false, true},
    [STYLE_HEAD_CELL] = {9.5, 12.5, COLOR_ACCENT, true, false, false},
    [STYLE_CELL] = {9.5, 12.5, COLOR_INK, false, false, false},
    [STYLE_SMALL_HEAD_CELL] = {7.5, 9.75, COLOR_ACCENT, true, false, false},
    [STYLE_SMALL_CELL] = {7.5, 9.75, COLOR_INK, false, false, false},
    [STYLE_NOTE] = {8.5, 11.5, COLOR_INK, false, false, false},
    [STYLE_CAPTION] = {9, 12, COLOR_FAINT, false, true, false},
    [STYLE_CONTENTS_1] = {10.5, 17, COLOR_INK, true, false, false},
    [STYLE_CONTENTS_2] = {10.5, 16, COLOR_INK, false, false, false},
    [STYLE_SOURCE] = {9.5, 13.5, COLOR_INK, false, false, false},
    [STYLE_SOURCE_QUOTE] = {9.5, 13.5, COLOR_FAINT, false, true, false},
    [STYLE_PAGE] = {8.5, 11, COLOR_FAINT, false, false, false},
};

/* --- styles --- */

static double
points(int units)
{
    return units / (double)PANGO_SCALE;
}

static void
metrics_init(struct pdf_metrics *metrics, PangoContext *context, enum pdf_style style)
{
    PangoFontDescription *font =
        pango_font_description_from_string(styles[style].is_code ? code_family : text_family);
    pango_font_description_set_absolute_size(font, styles[style].size * PANGO_SCALE);
    if (styles[style].is_bold)
        pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
    if (styles[style].is_italic)
        pango_font_description_set_style(font, PANGO_STYLE_ITALIC);
    PangoFontMetrics *of_font = pango_context_get_metrics(context, font, NULL);
    double ascent = points(pango_font_metrics_get_ascent(of_font));
    double descent = points(pango_font_metrics_get_descent(of_font));
    pango_font_metrics_unref(of_font);
    *metrics = (struct pdf_metrics){
        .font = font,
        .leading = styles[style].leading,
        .baseline = (styles[style].leading - ascent - descent) / 2 + ascent,
    };
}

void
pdf_texts_init(struct pdf_texts *texts, PangoContext *context, struct arena *arena)
{
    *texts = (struct pdf_texts){.context = context, .arena = arena, .picture_height_max = 300};
}

void
pdf_texts_done(struct pdf_texts *texts)
{
    while (texts->held != NULL)
        pdf_text_drop(texts, texts->held);
    for (int style = 0; style < STYLE_COUNT; style++)
        if (texts->metrics[style].font != NULL)
            pango_font_description_free(texts->metrics[style].font);
}

const struct pdf_metrics *
pdf_style_metrics(struct pdf_texts *texts, enum pdf_style style)
{
    if (texts->metrics[style].font == NULL)
        metrics_init(&texts->metrics[style], texts->context, style);
    return &texts->metrics[style];
}

double
pdf_style_size(enum pdf_style style)
{
    return styles[style].size;
}

unsigned
pdf_style_color(enum pdf_style style)
{
    return styles[style].color;
}

/* --- spans to a layout --- */

struct builder {
    struct pdf_texts *texts;
    struct pdf_text *text;
    struct buffer string;
    PangoAttrList *attributes;
    unsigned unbroken;       /* letters since the last place where a line surely may end */
    struct pdf_mark **marks; /* where the next one goes; NULL: they are known */
};

/* Pango looks at all of a word again for each line that it fills: places to end the line keep that
 * short. */
static void
add_text(struct builder *builder, struct slice text)
{
    const char *end = text.ptr + text.size;
    for (const char *at = text.ptr; at < end;) {
        size_t size = utf8_size(*at);
        gunichar letter = utf8_point(at);
        builder->unbroken = letter <= ' ' || letter >= 0x2E80 ? 0 : builder->unbroken + 1;
        if (builder->unbroken > WORD_LETTERS_MAX && !g_unichar_ismark(letter)) {
            buffer_append_text(&builder->string, ZERO_WIDTH_SPACE);
            builder->unbroken = WORD_LETTERS_MAX - WORD_PIECE;
        }
        buffer_append(&builder->string, at, size);
        at += size;
    }
}

static void
add_attribute(struct builder *builder, PangoAttribute *attribute, size_t start)
{
    attribute->start_index = (guint)start;
    attribute->end_index = (guint)builder->string.size;
    pango_attr_list_insert(builder->attributes, attribute);
}

static void
add_mark(struct builder *builder, const struct span *span, size_t start)
{
    if (builder->marks == NULL)
        return;
    struct pdf_mark *mark = arena_alloc(builder->texts->arena, sizeof(*mark));
    *mark = (struct pdf_mark){
        .span = span, .start = (uint32_t)start, .end = (uint32_t)builder->string.size};
    *builder->marks = mark;
    builder->marks = &mark->next;
}

static PangoAttribute *
color_attribute(unsigned color)
{
    return pango_attr_foreground_new((guint16)((color >> 16 & 0xFF) * 257),
                                     (guint16)((color >> 8 & 0xFF) * 257),
                                     (guint16)((color & 0xFF) * 257));
}

static void
add_code(struct builder *builder, struct slice text)
{
    size_t start = builder->string.size;
    double size = styles[builder->text->style].size * 0.86;
    add_text(builder, text);
    add_attribute(builder, pango_attr_family_new(code_family), start);
    add_attribute(builder, pango_attr_size_new_absolute((int)(size * PANGO_SCALE)), start);
    add_attribute(builder, pango_attr_background_new(0xEEEE, 0xF1F1, 0xF5F5), start);
}

void
pdf_picture_size(const struct picture *picture, double width_max, double height_max, double *width,
                 double *height)
{
    double scale = PIXEL;
    if (picture->width * scale > width_max)
        scale = width_max / picture->width;
    if (picture->height * scale > height_max)
        scale = height_max / picture->height;
    *width = picture->width * scale;
    *height = picture->height * scale;
}

/* A place is left open in the line; whoever draws puts the picture there. */
static void
add_picture(struct builder *builder, const struct span *span)
{
    double width = 0;
    double height = 0;
    double width_max = builder->text->width > 0 ? builder->text->width : 200;
    pdf_picture_size(span->picture, width_max, builder->texts->picture_height_max, &width, &height);
    PangoRectangle room = {0, (int)(-height * PANGO_SCALE), (int)(width * PANGO_SCALE),
                           (int)(height * PANGO_SCALE)};
    size_t start = builder->string.size;
    buffer_append_text(&builder->string, PICTURE_CHARACTER);
    add_attribute(builder, pango_attr_shape_new(&room, &room), start);
    add_mark(builder, span, start);
}

static void
add_note(struct builder *builder, const struct span *span)
{
    size_t start = builder->string.size;
    double size = styles[builder->text->style].size;
    buffer_append_format(&builder->string, "%u", span->note->number);
    add_attribute(builder, pango_attr_size_new_absolute((int)(size * 0.68 * PANGO_SCALE)), start);
    add_attribute(builder, pango_attr_rise_new((int)(size * 0.34 * PANGO_SCALE)), start);
    add_attribute(builder, color_attribute(COLOR_LINK), start);
    add_mark(builder, span, start);
}

static void
add_citation(struct builder *builder, const struct span *span)
{
    size_t start = builder->string.size;
    double size = styles[builder->text->style].size;
    buffer_append_format(&builder->string, "[%u]", span->citation->number);
    add_attribute(builder, pango_attr_size_new_absolute((int)(size * 0.86 * PANGO_SCALE)), start);
    add_attribute(builder, color_attribute(COLOR_LINK), start);
    add_mark(builder, span, start);
}

static void add_spans(struct builder *builder, const struct span *first);

static void
add_inside(struct builder *builder, const struct span *span, PangoAttribute *attribute)
{
    size_t start = builder->string.size;
    add_spans(builder, span->first);
    add_attribute(builder, attribute, start);
    if (span->kind == SPAN_LINK)
        add_mark(builder, span, start);
}

static void
add_span(struct builder *builder, const struct span *span)
{
    switch (span->kind) {
    case SPAN_TEXT:
        add_text(builder, span->text);
        return;
    case SPAN_CODE:
        add_code(builder, span->text);
        return;
    case SPAN_EMPHASIS:
        add_inside(builder, span, pango_attr_style_new(PANGO_STYLE_ITALIC));
        return;
    case SPAN_STRONG:
        add_inside(builder, span, pango_attr_weight_new(PANGO_WEIGHT_BOLD));
        return;
    case SPAN_STRIKE:
        add_inside(builder, span, pango_attr_strikethrough_new(TRUE));
        return;
    case SPAN_LINK:
        add_inside(builder, span, color_attribute(COLOR_LINK));
        return;
    case SPAN_PICTURE:
        add_picture(builder, span);
        return;
    case SPAN_BREAK:
        buffer_append_text(&builder->string, LINE_SEPARATOR);
        return;
    case SPAN_NOTE:
        add_note(builder, span);
        return;
    case SPAN_CITATION:
        add_citation(builder, span);
        return;
    }
}

static void
add_spans(struct builder *builder, const struct span *first)
{
    for (const struct span *span = first; span != NULL; span = span->next)
        add_span(builder, span);
}

static void
set_layout(struct builder *builder, PangoLayout *layout)
{
    const struct pdf_text *text = builder->text;
    PangoAttribute *color = color_attribute(styles[text->style].color);
    color->end_index = G_MAXUINT;
    pango_attr_list_insert(builder->attributes, color);
    if (text->spans != NULL)
        add_spans(builder, text->spans);
    else
        add_text(builder, text->plain);
    pango_layout_set_font_description(layout, pdf_style_metrics(builder->texts, text->style)->font);
    pango_layout_set_text(layout, builder->string.ptr == NULL ? "" : builder->string.ptr,
                          (int)builder->string.size);
    pango_layout_set_attributes(layout, builder->attributes);
}

/* Whether text runs from right to left: as its first letter does, or else as the document. */
static bool
is_from_right(const char *text, bool otherwise)
{
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        gunichar letter = g_utf8_get_char(text);
        if (g_unichar_isalpha(letter))
            return (letter >= 0x590 && letter < 0x900) || (letter >= 0xFB1D && letter < 0xFF00) ||
                   (letter >= 0x10800 && letter < 0x11000) ||
                   (letter >= 0x1E800 && letter < 0x1F000);
    }
    return otherwise;
}

/* Pango takes left and right as they are, but turns them in a paragraph that runs against the
 * context's direction. */
static PangoAlignment
alignment(const struct pdf_texts *texts, enum pdf_align align, PangoLayout *layout)
{
    bool document = pango_context_get_base_dir(texts->context) == PANGO_DIRECTION_RTL;
    bool text = is_from_right(pango_layout_get_text(layout), document);
    bool is_right = false;
    switch (align) {
    case PDF_ALIGN_START:
        is_right = document;
        break;
    case PDF_ALIGN_END:
        is_right = !document;
        break;
    case PDF_ALIGN_TEXT:
        is_right = text;
        break;
    case PDF_ALIGN_LEFT:
        break;
    case PDF_ALIGN_RIGHT:
        is_right = true;
        break;
    case PDF_ALIGN_CENTER:
        return PANGO_ALIGN_CENTER;
    }
    return is_right != (document != text) ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT;
}

static void
hold(struct pdf_texts *texts, struct pdf_text *text, PangoLayout *layout)
{
    text->layout = layout;
    text->previous = NULL;
    text->next = texts->held;
    if (texts->held != NULL)
        texts->held->previous = text;
    texts->held = text;
    texts->held_bytes += strlen(pango_layout_get_text(layout)) + LAYOUT_BYTES;
}

PangoLayout *
pdf_text_layout(struct pdf_texts *texts, struct pdf_text *text)
{
    if (text->layout != NULL)
        return text->layout;
    PangoLayout *layout = pango_layout_new(texts->context);
    struct builder builder = {
        .texts = texts,
        .text = text,
        .attributes = pango_attr_list_new(),
        .marks = text->lines == NULL ? &text->marks : NULL,
    };
    buffer_init(&builder.string, texts->arena->limit_bytes);
    set_layout(&builder, layout);
    buffer_done(&builder.string);
    pango_attr_list_unref(builder.attributes);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, alignment(texts, text->align, layout));
    if (text->width > 0)
        pango_layout_set_width(layout, (int)(text->width * PANGO_SCALE));
    hold(texts, text, layout);
    return layout;
}

void
pdf_text_drop(struct pdf_texts *texts, struct pdf_text *text)
{
    if (text->layout == NULL)
        return;
    texts->held_bytes -= strlen(pango_layout_get_text(text->layout)) + LAYOUT_BYTES;
    g_object_unref(text->layout);
    text->layout = NULL;
    if (text->next != NULL)
        text->next->previous = text->previous;
    if (text->previous != NULL)
        text->previous->next = text->next;
    else
        texts->held = text->next;
}

void
pdf_text_rest(struct pdf_texts *texts, struct pdf_text *text)
{
    if (texts->held_bytes > HELD_BYTES_MAX)
        pdf_text_drop(texts, text);
}

/* --- measuring --- */

/* Lines are as high as the style says, so that they stand evenly; those that do not fit, with a
 * picture or letters of another script, get what they need. */
static struct pdf_line
measure_line(const struct pdf_metrics *metrics, PangoLayoutIter *iter)
{
    PangoRectangle logical;
    pango_layout_iter_get_line_extents(iter, NULL, &logical);
    double ascent = points(pango_layout_iter_get_baseline(iter) - logical.y);
    double descent = points(logical.height) - ascent;
    double slack = metrics->leading * 0.12;
    double baseline = ascent - slack > metrics->baseline ? ascent - slack : metrics->baseline;
    double height = baseline + descent - slack;
    return (struct pdf_line){
        .height = (float)(height > metrics->leading ? height : metrics->leading),
        .baseline = (float)baseline,
        .x = (float)points(logical.x),
        .width = (float)points(logical.width),
        .start = (uint32_t)pango_layout_iter_get_line_readonly(iter)->start_index,
    };
}

void
pdf_text_measure(struct pdf_texts *texts, struct pdf_text *text)
{
    PangoLayout *layout = pdf_text_layout(texts, text);
    pango_layout_set_width(layout, text->width > 0 ? (int)(text->width * PANGO_SCALE) : -1);
    uint32_t count = (uint32_t)pango_layout_get_line_count(layout);
    if (count > text->line_count || text->lines == NULL)
        text->lines = arena_try_alloc(texts->arena, count * sizeof(*text->lines));
    text->line_count = text->lines == NULL ? 0 : count;
    text->natural_width = 0;
    PangoLayoutIter *iter = pango_layout_get_iter(layout);
    for (uint32_t i = 0; i < text->line_count; i++) {
        struct pdf_line *line = &text->lines[i];
        *line = measure_line(pdf_style_metrics(texts, text->style), iter);
        if (line->width > text->natural_width)
            text->natural_width = line->width;
        pango_layout_iter_next_line(iter);
    }
    pango_layout_iter_free(iter);
}

double
pdf_text_longest_word(struct pdf_texts *texts, struct pdf_text *text)
{
    PangoLayout *layout = pdf_text_layout(texts, text);
    const char *string = pango_layout_get_text(layout);
    int count = 0;
    const PangoLogAttr *attributes = pango_layout_get_log_attrs_readonly(layout, &count);
    PangoLayoutIter *iter = pango_layout_get_iter(layout);
    double longest = 0;
    double word = 0;
    const char *last = string;
    long at = 0; /* characters before `last` */
    do {
        PangoRectangle cluster;
        pango_layout_iter_get_cluster_extents(iter, NULL, &cluster);
        const char *here = string + pango_layout_iter_get_index(iter);
        at += g_utf8_pointer_to_offset(last, here);
        last = here;
        if (at < count && (attributes[at].is_line_break || attributes[at].is_white))
            word = 0;
        if (at < count && !attributes[at].is_white)
            word += points(cluster.width);
        if (word > longest)
            longest = word;
    } while (pango_layout_iter_next_cluster(iter));
    pango_layout_iter_free(iter);
    return longest;
}

uint32_t
pdf_text_line_of(const struct pdf_text *text, uint32_t at)
{
    uint32_t low = 0;
    uint32_t high = text->line_count;
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (text->lines[middle].start <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}
