#include "render/pdf_flow.h"

#include "base/limits.h"
#include "render/drawing.h"
#include "render/pdf_chart.h"
#include "render/pdf_table.h"

#include <stdio.h>

#define CODE_PAD 8
#define QUOTE_INDENT 16
#define LABEL_GAP 7
#define WIDTH_MIN 120

/* By rank: space above and below. */
static const struct {
    double above, below;
    enum pdf_style style;
} headings[] = {
    {28, 9, STYLE_HEADING_1},
    {21, 6, STYLE_HEADING_2},
    {15, 4, STYLE_HEADING_3},
    {12, 3, STYLE_HEADING_4},
};

/* --- strips of a text --- */

struct pdf_strip *
pdf_flow_strip(struct pdf_flow *flow, enum pdf_strip_kind kind)
{
    struct pdf_strip *strip = pdf_strip_add(flow->pdf, flow->strips, kind);
    strip->x = flow->x;
    strip->width = flow->width;
    strip->frame = flow->frame;
    strip->space = flow->space;
    strip->is_first = flow->is_new_page;
    strip->label = flow->label;
    strip->label_width = flow->label_width;
    strip->task = flow->task;
    flow->space = 0;
    flow->is_new_page = false;
    flow->label = NULL;
    flow->task = TASK_NONE;
    return strip;
}

struct pdf_text *
pdf_flow_text_new(struct pdf_flow *flow, const struct span *spans, enum pdf_style style)
{
    struct pdf_text *text = arena_alloc(flow->pdf->arena, sizeof(*text));
    text->spans = spans;
    text->style = style;
    text->width = flow->width;
    return text;
}

void
pdf_flow_keep(struct pdf_strip *from)
{
    for (struct pdf_strip *strip = from; strip != NULL; strip = strip->next)
        strip->is_kept = true;
}

void
pdf_flow_calls(struct pdf *pdf, struct pdf_strip *strip, struct pdf_text *text, uint32_t line)
{
    for (const struct pdf_mark *mark = text->marks; mark != NULL; mark = mark->next) {
        if (mark->span->kind != SPAN_NOTE || mark->span->use != 1 ||
            pdf_text_line_of(text, mark->start) != line)
            continue;
        struct pdf_note_call *call = arena_alloc(pdf->arena, sizeof(*call));
        call->number = mark->span->note->number;
        const struct pdf_note_call **end = &strip->calls;
        while (*end != NULL)
            end = (const struct pdf_note_call **)&(*end)->next;
        *end = call;
    }
}

struct pdf_strip *
pdf_flow_text(struct pdf_flow *flow, struct pdf_text *text)
{
    pdf_text_measure(&flow->pdf->texts, text);
    struct pdf_strip *first = NULL;
    for (uint32_t i = 0; i < text->line_count; i++) {
        struct pdf_strip *strip = pdf_flow_strip(flow, STRIP_TEXT);
        strip->text = text;
        strip->line = i;
        strip->height = text->lines[i].height;
        /* Neither the first nor the last line stands alone. */
        strip->is_kept = text->line_count > 1 && (i == 0 || i + 2 == text->line_count);
        pdf_flow_calls(flow->pdf, strip, text, i);
        first = first == NULL ? strip : first;
    }
    pdf_text_rest(&flow->pdf->texts, text);
    return first;
}

static void
make_due(struct pdf_flow *flow, double space)
{
    if (space > flow->space)
        flow->space = space;
}

/* --- headings --- */

struct pdf_heading *
pdf_heading_add(struct pdf *pdf, struct slice text, uint32_t rank, const char *destination)
{
    struct pdf_heading *heading = arena_alloc(pdf->arena, sizeof(*heading));
    *heading =
        (struct pdf_heading){.text = text, .rank = rank, .destination = destination, .page = 1};
    if (pdf->last_heading == NULL)
        pdf->headings = heading;
    else
        pdf->last_heading->next = heading;
    pdf->last_heading = heading;
    return heading;
}

void
pdf_flow_heading(struct pdf_flow *flow, struct pdf_text *text, uint32_t rank,
                 struct pdf_heading *heading)
{
    size_t at = rank == 0 ? 0 : rank - 1;
    at = at < COUNT_OF(headings) ? at : COUNT_OF(headings) - 1;
    text->style = headings[at].style;
    make_due(flow, headings[at].above);
    struct pdf_strip *first = pdf_flow_text(flow, text);
    pdf_flow_keep(first);
    flow->space = headings[at].below;
    if (first == NULL || heading == NULL)
        return;
    first->destination = heading->destination;
    first->heading = heading;
}

static void
add_heading(struct pdf_flow *flow, const struct block *block)
{
    uint32_t rank = block->heading.rank;
    const char *destination = pdf_destination(flow->pdf, block->heading.anchor);
    bool is_listed = rank > 0 && block->heading.text.size > 0;
    struct pdf_heading *heading =
        is_listed ? pdf_heading_add(flow->pdf, block->heading.text, rank, destination) : NULL;
    struct pdf_text *text = pdf_flow_text_new(flow, block->spans, STYLE_BODY);
    struct pdf_strip *before = flow->strips->last;
    pdf_flow_heading(flow, text, rank > 0 ? rank : block->heading.level, heading);
    struct pdf_strip *first = before == NULL ? flow->strips->first : before->next;
    if (first != NULL)
        first->destination = destination;
}

/* How far to indent: not at all where little room is left. */
static double
indent_of(const struct pdf_flow *flow, double wanted)
{
    return flow->width - wanted >= WIDTH_MIN ? wanted : 0;
}

/* --- lists --- */

static void
set_label(struct pdf_flow *flow, struct slice plain, double width)
{
    struct pdf_text *label = pdf_flow_text_new(flow, NULL, flow->style);
    label->plain = plain;
    label->width = width - LABEL_GAP;
    label->align = PDF_ALIGN_END;
    pdf_text_measure(&flow->pdf->texts, label);
    flow->label = label;
    flow->label_width = width;
}

static struct slice
item_label(const struct pdf_flow *flow, const struct block *list, uint32_t index)
{
    static const char *const bullets[] = {"•", "–", "·"};
    if (!list->list.is_ordered)
        return slice_text(bullets[flow->list_depth % COUNT_OF(bullets)]);
    const char *number =
        arena_format(flow->pdf->arena, "%llu.", (unsigned long long)list->list.start + index);
    return slice_text(number);
}

static double
label_width(struct pdf_flow *flow, const struct block *list)
{
    uint32_t count = 0;
    for (const struct block *item = list->first; item != NULL; item = item->next)
        count++;
    double size = pdf_style_size(flow->style);
    double digits = 1;
    for (uint64_t last = (uint64_t)list->list.start + count; last >= 10; last /= 10)
        digits++;
    double room = list->list.is_ordered ? (digits * 0.56 + 0.3) * size + LABEL_GAP : 18;
    return room < 18 ? 18 : room;
}

/* An item without anything still shows its label. */
static void
flush_label(struct pdf_flow *flow)
{
    if (flow->label != NULL || flow->task != TASK_NONE)
        pdf_flow_text(flow, pdf_flow_text_new(flow, NULL, flow->style));
}

static void
add_item(struct pdf_flow *flow, const struct block *list, const struct block *item, uint32_t index)
{
    double width = label_width(flow, list);
    if (item->task == TASK_NONE)
        set_label(flow, item_label(flow, list, index), width);
    flow->task = item->task;
    flow->label_width = width;
    double indent = indent_of(flow, width);
    flow->x += indent;
    flow->width -= indent;
    flow->list_depth++;
    pdf_flow_blocks(flow, item->first);
    flush_label(flow);
    flow->list_depth--;
    flow->x -= indent;
    flow->width += indent;
}

static void
add_list(struct pdf_flow *flow, const struct block *list)
{
    double gap = flow->gap;
    double between = list->list.is_tight ? gap * 0.35 : gap * 0.8;
    bool is_inner = flow->list_depth > 0;
    flow->gap = between;
    if (is_inner && flow->space > between)
        flow->space = between;
    uint32_t index = 0;
    for (const struct block *item = list->first; item != NULL; item = item->next) {
        add_item(flow, list, item, index++);
        flow->space = between;
        if (pdf_is_stopped(flow->pdf))
            break;
    }
    flow->gap = gap;
    flow->space = is_inner ? between : gap;
}

/* --- the other blocks --- */

static void
open_frame(struct pdf_flow *flow, enum pdf_frame_kind kind)
{
    struct pdf_frame *frame = arena_alloc(flow->pdf->arena, sizeof(*frame));
    *frame =
        (struct pdf_frame){.outer = flow->frame, .kind = kind, .x = flow->x, .width = flow->width};
    flow->frame = frame;
}

static void
add_quote(struct pdf_flow *flow, const struct block *quote)
{
    struct pdf_flow outer = *flow;
    open_frame(flow, FRAME_QUOTE);
    double indent = indent_of(flow, QUOTE_INDENT);
    flow->x += indent;
    flow->width -= indent;
    if (flow->style == STYLE_BODY)
        flow->style = STYLE_QUOTE;
    make_due(flow, flow->gap + 2);
    pdf_flow_blocks(flow, quote->first);
    flow->frame = outer.frame;
    flow->x = outer.x;
    flow->width = outer.width;
    flow->style = outer.style;
    make_due(flow, flow->gap + 4);
}

static struct slice
take_line(struct slice *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->ptr);
    struct slice line = slice_of(rest->ptr, size);
    size_t taken = end == NULL ? size : size + 1;
    *rest = slice_of(rest->ptr + taken, rest->size - taken);
    return line;
}

static void
add_code_lines(struct pdf_flow *flow, struct slice code)
{
    struct pdf_strip *last = flow->strips->last;
    while (code.size > 0 && !pdf_is_stopped(flow->pdf)) {
        struct pdf_text *text = pdf_flow_text_new(flow, NULL, STYLE_CODE);
        text->plain = take_line(&code);
        text->align = PDF_ALIGN_LEFT;
        pdf_flow_text(flow, text);
    }
    struct pdf_strip *first = last == NULL ? flow->strips->first : last->next;
    if (first == NULL)
        return;
    first->pad_top = CODE_PAD;
    flow->strips->last->pad_bottom = CODE_PAD;
    first->is_kept = first != flow->strips->last;
    for (struct pdf_strip *strip = first; strip->next != NULL; strip = strip->next)
        if (strip->next->next == NULL)
            strip->is_kept = true;
}

static void
add_code(struct pdf_flow *flow, const struct block *block)
{
    const struct pdf_frame *outer = flow->frame;
    struct slice code = block->code.text;
    open_frame(flow, FRAME_CODE);
    flow->x += CODE_PAD + 2;
    flow->width -= 2 * (CODE_PAD + 2);
    make_due(flow, flow->gap);
    add_code_lines(flow, code.size > 0 ? code : SLICE("\n"));
    flow->x -= CODE_PAD + 2;
    flow->width += 2 * (CODE_PAD + 2);
    flow->frame = outer;
    make_due(flow, flow->gap + 3);
}

static void
add_picture(struct pdf_flow *flow, const struct block *block)
{
    double width = 0;
    double height = 0;
    make_due(flow, flow->gap + 2);
    pdf_picture_size(block->picture.file, flow->width, flow->pdf->height * 0.75, &width, &height);
    struct pdf_strip *strip = pdf_flow_strip(flow, STRIP_PICTURE);
    strip->picture = block->picture.file;
    strip->width = width;
    strip->height = height;
    flow->space = flow->gap + 3;
    if (block->picture.caption.size == 0)
        return;
    strip->is_kept = true;
    flow->space = 5;
    struct pdf_text *caption = pdf_flow_text_new(flow, NULL, STYLE_CAPTION);
    caption->plain = block->picture.caption;
    pdf_flow_text(flow, caption);
    flow->space = flow->gap + 3;
}

static void
add_chart(struct pdf_flow *flow, const struct block *block)
{
    const struct drawing *drawing = pdf_chart_lay_out(flow->pdf, block->chart, flow->width);
    if (drawing == NULL)
        return;
    make_due(flow, flow->gap + 4);
    struct pdf_strip *strip = pdf_flow_strip(flow, STRIP_CHART);
    strip->drawing = drawing;
    strip->height = drawing->height;
    flow->space = flow->gap + 6;
}

static void
add_rule(struct pdf_flow *flow)
{
    make_due(flow, flow->gap + 4);
    struct pdf_strip *strip = pdf_flow_strip(flow, STRIP_RULE);
    strip->height = 1;
    flow->space = flow->gap + 6;
}

/* A paragraph in another direction than the document's stands on its own side, unless a label is
 * beside it. */
static void
add_paragraph(struct pdf_flow *flow, const struct block *block)
{
    struct pdf_text *text = pdf_flow_text_new(flow, block->spans, flow->style);
    text->align = flow->list_depth == 0 ? PDF_ALIGN_TEXT : PDF_ALIGN_START;
    pdf_flow_text(flow, text);
    flow->space = flow->gap;
}

static void
add_block(struct pdf_flow *flow, const struct block *block)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        add_heading(flow, block);
        return;
    case BLOCK_PARAGRAPH:
        add_paragraph(flow, block);
        return;
    case BLOCK_LIST:
        add_list(flow, block);
        return;
    case BLOCK_QUOTE:
        add_quote(flow, block);
        return;
    case BLOCK_CODE:
        add_code(flow, block);
        return;
    case BLOCK_TABLE:
        make_due(flow, flow->gap + 2);
        pdf_table_flow(flow, block);
        flow->space = flow->gap + 6;
        return;
    case BLOCK_PICTURE:
        add_picture(flow, block);
        return;
    case BLOCK_CHART:
        add_chart(flow, block);
        return;
    case BLOCK_PAGE_BREAK:
        flow->is_new_page = true;
        return;
    case BLOCK_RULE:
        add_rule(flow);
        return;
    case BLOCK_ITEM:
    case BLOCK_ROW:
    case BLOCK_CELL:
        return; /* inside their own only */
    }
}

void
pdf_flow_blocks(struct pdf_flow *flow, const struct block *first)
{
    for (const struct block *block = first; block != NULL; block = block->next) {
        if (pdf_is_stopped(flow->pdf))
            return;
        add_block(flow, block);
    }
}
