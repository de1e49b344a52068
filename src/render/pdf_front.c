#include "render/pdf_front.h"

#include "base/limits.h"
#include "render/pdf_pages.h"
#include "render/words.h"

#include <stdio.h>

/* Headings of the outline that the contents show: down to this rank. */
#define CONTENTS_RANK_MAX 3
#define CONTENTS_INDENT 16
#define CONTENTS_NUMBER 40
#define NOTE_INDENT 16
#define SOURCE_INDENT 30
/* Ways back from one source or note. */
#define WAYS_BACK_MAX 10

struct pdf_flow
pdf_flow_begin(struct pdf *pdf, struct pdf_strips *strips)
{
    return (struct pdf_flow){
        .pdf = pdf, .strips = strips, .width = pdf->width, .style = STYLE_BODY, .gap = 8};
}

/* --- spans of our own --- */

struct line {
    struct pdf *pdf;
    struct span *first;
    struct span **end;
};

static struct line
line_begin(struct pdf *pdf)
{
    return (struct line){.pdf = pdf};
}

static struct span *
line_add(struct line *line, enum span_kind kind, struct slice text)
{
    struct span *span = arena_alloc(line->pdf->arena, sizeof(*span));
    *span = (struct span){.kind = kind, .text = text};
    if (line->first == NULL)
        line->first = span;
    else
        *line->end = span;
    line->end = &span->next;
    return span;
}

static void
line_add_inside(struct line *line, enum span_kind kind, struct slice text, struct slice address)
{
    struct line inside = line_begin(line->pdf);
    line_add(&inside, SPAN_TEXT, text);
    struct span *span = line_add(line, kind, SLICE(""));
    span->first = inside.first;
    if (kind == SPAN_LINK)
        span->address = address;
}

/* A link to the mark itself. */
static void
line_add_way_back(struct line *line, struct slice text, const char *kind, uint32_t number,
                  uint32_t use)
{
    const char *to =
        arena_format(line->pdf->arena, ":%s", pdf_mark_destination(line->pdf, kind, number, use));
    line_add_inside(line, SPAN_LINK, text, slice_text(to));
}

static struct pdf_text *
own_text(struct pdf_flow *flow, const struct line *line, enum pdf_style style)
{
    struct pdf_text *text = pdf_flow_text_new(flow, line->first, style);
    text->is_own = true;
    return text;
}

/* Due beside the next strip: the number, which leads back to the first mark. */
static void
set_number(struct pdf_flow *flow, const char *kind, uint32_t number, bool has_mark, double room)
{
    bool is_note = flow->style == STYLE_NOTE;
    struct line line = line_begin(flow->pdf);
    struct slice shown =
        slice_text(arena_format(flow->pdf->arena, is_note ? "%u" : "[%u]", (unsigned)number));
    if (has_mark)
        line_add_way_back(&line, shown, kind, number, 1);
    else
        line_add(&line, SPAN_TEXT, shown);
    struct pdf_text *label = own_text(flow, &line, flow->style);
    label->width = room - 5;
    pdf_text_measure(&flow->pdf->texts, label);
    flow->label = label;
    flow->label_width = room;
}

/* --- title --- */

static void
add_plain(struct pdf_flow *flow, struct slice plain, enum pdf_style style, double space)
{
    if (plain.size == 0)
        return;
    struct pdf_text *text = pdf_flow_text_new(flow, NULL, style);
    text->plain = plain;
    flow->space = space;
    pdf_flow_keep(pdf_flow_text(flow, text));
}

static struct slice
byline(const struct pdf *pdf)
{
    struct slice author = pdf->document->author;
    struct slice date = pdf->document->date;
    if (author.size == 0 || date.size == 0)
        return author.size == 0 ? date : author;
    const char *both =
        arena_format(pdf->arena, "%.*s  ·  %.*s", SLICE_FORMAT(author), SLICE_FORMAT(date));
    return slice_text(both);
}

void
pdf_front_title(struct pdf_flow *flow)
{
    const struct document *document = flow->pdf->document;
    if (document->title == NULL)
        return;
    pdf_flow_keep(pdf_flow_text(flow, pdf_flow_text_new(flow, document->title, STYLE_TITLE)));
    add_plain(flow, document->subtitle, STYLE_SUBTITLE, 4);
    add_plain(flow, byline(flow->pdf), STYLE_BYLINE, 8);
    flow->space = 12;
    struct pdf_strip *mark = pdf_flow_strip(flow, STRIP_MARK);
    mark->width = 56;
    mark->height = 2.5;
    mark->is_kept = true;
    flow->space = 24;
}

/* --- contents --- */

static void
add_entry(struct pdf_flow *flow, struct pdf_heading *heading)
{
    double indent = (heading->rank - 1) * (double)CONTENTS_INDENT;
    struct pdf_text *text =
        pdf_flow_text_new(flow, NULL, heading->rank == 1 ? STYLE_CONTENTS_1 : STYLE_CONTENTS_2);
    text->plain = heading->text;
    text->width = flow->width - indent - CONTENTS_NUMBER;
    flow->space = heading->rank == 1 ? 5 : 0;
    struct pdf_strip *strip = pdf_flow_text(flow, text);
    for (; strip != NULL; strip = strip->next) {
        strip->kind = STRIP_CONTENTS;
        strip->heading = heading;
        strip->x += indent;
        strip->width -= indent;
    }
}

void
pdf_front_contents(struct pdf_flow *flow)
{
    const struct words *words = words_of(flow->pdf->document->language);
    struct pdf_text *title = pdf_flow_text_new(flow, NULL, STYLE_BODY);
    title->plain = slice_text(words->contents);
    pdf_flow_heading(flow, title, 2, NULL);
    for (struct pdf_heading *heading = flow->pdf->headings; heading != NULL;
         heading = heading->next) {
        if (pdf_is_stopped(flow->pdf))
            return;
        if (heading->rank <= CONTENTS_RANK_MAX)
            add_entry(flow, heading);
    }
}

/* --- notes --- */

static void
add_note(struct pdf *pdf, const struct note *note)
{
    struct pdf_note *made = &pdf->notes[note->number];
    struct pdf_flow flow = pdf_flow_begin(pdf, &made->strips);
    flow.style = STYLE_NOTE;
    flow.gap = 3;
    flow.x = NOTE_INDENT;
    flow.width -= NOTE_INDENT;
    flow.space = PDF_NOTE_SPACE;
    set_number(&flow, "note", note->number, true, NOTE_INDENT);
    pdf_flow_blocks(&flow, note->first);
    if (flow.label != NULL)
        pdf_flow_text(&flow, pdf_flow_text_new(&flow, NULL, STYLE_NOTE));
    made->strips.first->destination = pdf_mark_destination(pdf, "note", note->number, 0);
    for (const struct pdf_strip *strip = made->strips.first; strip != NULL; strip = strip->next)
        made->height += strip->space + pdf_strip_height(strip);
}

void
pdf_front_notes(struct pdf *pdf)
{
    uint32_t count = 0;
    for (const struct note *note = pdf->document->notes; note != NULL; note = note->next)
        count = note->number > count ? note->number : count;
    size_t size = (count + 1) * sizeof(struct pdf_note);
    pdf->notes = arena_try_alloc(pdf->arena, size);
    if (pdf->notes == NULL) {
        error_set(pdf->error, STATUS_LIMIT, "the document has too many notes for a PDF");
        return;
    }
    memset(pdf->notes, 0, size);
    for (const struct note *note = pdf->document->notes; note != NULL; note = note->next) {
        if (pdf_is_stopped(pdf))
            return;
        add_note(pdf, note);
    }
}

/* --- sources --- */

static void
add_name(struct pdf_flow *flow, const struct citation *citation)
{
    struct line line = line_begin(flow->pdf);
    struct slice name = citation->title.size > 0      ? citation->title
                        : citation->document.size > 0 ? citation->document
                                                      : citation->address;
    line_add_inside(&line, SPAN_STRONG, name, SLICE(""));
    if (citation->document.size > 0 && !slice_equal(name, citation->document)) {
        line_add(&line, SPAN_TEXT, SLICE("  ·  "));
        line_add(&line, SPAN_TEXT, citation->document);
    }
    uint32_t ways = citation->use_count < WAYS_BACK_MAX ? citation->use_count : WAYS_BACK_MAX;
    for (uint32_t use = 1; use <= ways; use++) {
        line_add(&line, SPAN_TEXT, SLICE("\xC2\xA0"));
        line_add_way_back(&line, SLICE("↩"), "cite", citation->number, use);
    }
    struct pdf_strip *first = pdf_flow_text(flow, own_text(flow, &line, STYLE_SOURCE));
    if (first != NULL)
        first->destination = pdf_mark_destination(flow->pdf, "cite", citation->number, 0);
    pdf_flow_keep(citation->quote.size + citation->address.size > 0 ? first : NULL);
}

static void
add_address(struct pdf_flow *flow, struct slice address)
{
    struct line line = line_begin(flow->pdf);
    line_add_inside(&line, SPAN_LINK, address, address);
    pdf_flow_text(flow, own_text(flow, &line, STYLE_NOTE));
}

static void
add_quote(struct pdf_flow *flow, const struct citation *citation)
{
    const struct words *words = words_of(flow->pdf->document->language);
    struct line line = line_begin(flow->pdf);
    line_add(&line, SPAN_TEXT, SLICE("“"));
    line_add(&line, SPAN_TEXT, citation->quote);
    line_add(&line, SPAN_TEXT, SLICE("”"));
    flow->space = 2;
    pdf_flow_text(flow, own_text(flow, &line, STYLE_SOURCE_QUOTE));
    if (!citation->is_unverified)
        return;
    flow->strips->last->is_kept = true;
    add_plain(flow, slice_text(words->unverified), STYLE_CAPTION, 1);
    flow->strips->last->is_kept = false;
}

void
pdf_front_sources(struct pdf_flow *flow)
{
    struct pdf *pdf = flow->pdf;
    if (pdf->document->citations == NULL)
        return;
    struct slice title = slice_text(words_of(pdf->document->language)->sources);
    struct pdf_text *text = pdf_flow_text_new(flow, NULL, STYLE_BODY);
    text->plain = title;
    pdf_flow_heading(flow, text, 1, pdf_heading_add(pdf, title, 1, "sources"));
    flow->x += SOURCE_INDENT;
    flow->width -= SOURCE_INDENT;
    flow->style = STYLE_SOURCE;
    for (const struct citation *citation = pdf->document->citations; citation != NULL;
         citation = citation->next) {
        if (pdf_is_stopped(pdf))
            break;
        set_number(flow, "cite", citation->number, citation->use_count > 0, SOURCE_INDENT);
        add_name(flow, citation);
        if (citation->address.size > 0)
            add_address(flow, citation->address);
        if (citation->quote.size > 0)
            add_quote(flow, citation);
        flow->space = 9;
    }
    flow->x -= SOURCE_INDENT;
    flow->width += SOURCE_INDENT;
    flow->style = STYLE_BODY;
}
