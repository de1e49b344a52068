#include "render/docx.h"

#include <inttypes.h>
#include <stdio.h>

/* Properties of a run, as the spans around it ask for them. */
struct look {
    bool is_bold, is_italic, is_struck, is_code, is_link;
};

static void
append_look(struct docx *docx, struct look look)
{
    bool is_right_to_left = docx->document->direction == DIRECTION_RIGHT_TO_LEFT;
    docx_text(docx, "<w:rPr>");
    if (look.is_code)
        docx_text(docx, "<w:rStyle w:val=\"CodeText\"/>");
    else if (look.is_link)
        docx_text(docx, "<w:rStyle w:val=\"Hyperlink\"/>");
    if (look.is_bold)
        docx_text(docx, "<w:b/><w:bCs/>");
    if (look.is_italic)
        docx_text(docx, "<w:i/><w:iCs/>");
    if (look.is_struck)
        docx_text(docx, "<w:strike/>");
    if (is_right_to_left)
        docx_text(docx, "<w:rtl/>");
    docx_text(docx, "</w:rPr>");
}

/* Text with tabs and line ends, as the elements that stand for them. */
static void
append_words(struct docx *docx, struct slice text)
{
    while (text.size > 0) {
        size_t size = 0;
        while (size < text.size && text.ptr[size] != '\t' && text.ptr[size] != '\n')
            size++;
        if (size > 0) {
            docx_text(docx, "<w:t xml:space=\"preserve\">");
            docx_append(docx, slice_of(text.ptr, size));
            docx_text(docx, "</w:t>");
        }
        if (size < text.size)
            docx_text(docx, text.ptr[size] == '\t' ? "<w:tab/>" : "<w:br/>");
        size += size < text.size;
        text = slice_of(text.ptr + size, text.size - size);
    }
}

void
docx_run(struct docx *docx, struct slice text, const char *properties)
{
    docx_format(docx, "<w:r><w:rPr>%s</w:rPr>", properties);
    append_words(docx, text);
    docx_text(docx, "</w:r>");
}

static void
append_run(struct docx *docx, struct slice text, struct look look)
{
    docx_text(docx, "<w:r>");
    append_look(docx, look);
    append_words(docx, text);
    docx_text(docx, "</w:r>");
}

/* --- pictures --- */

void
docx_picture(struct docx *docx, const struct picture *picture, struct slice alt)
{
    const struct docx_thing *thing = docx_add_thing(docx, picture, NULL);
    uint64_t width = (uint64_t)picture->width * DOCX_EMU_PER_PIXEL;
    uint64_t height = (uint64_t)picture->height * DOCX_EMU_PER_PIXEL;
    uint64_t most = (uint64_t)docx->width * DOCX_EMU_PER_TWIP;
    uint32_t id = ++docx->drawing_count;
    if (width > most) {
        height = height * most / width;
        width = most;
    }
    docx_format(docx,
                "<w:r><w:drawing><wp:inline distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\">"
                "<wp:extent cx=\"%" PRIu64 "\" cy=\"%" PRIu64 "\"/><wp:docPr id=\"%" PRIu32
                "\" name=\"Picture %" PRIu32 "\" descr=\"",
                width, height, id, id);
    docx_append(docx, alt);
    docx_format(docx,
                "\"/><a:graphic><a:graphicData uri=\"" DOCX_DRAWING "picture\"><pic:pic>"
                "<pic:nvPicPr><pic:cNvPr id=\"%" PRIu32 "\" name=\"Picture %" PRIu32
                "\"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed=\"rId%" PRIu32
                "\"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>"
                "<a:off x=\"0\" y=\"0\"/><a:ext cx=\"%" PRIu64 "\" cy=\"%" PRIu64
                "\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></pic:spPr>"
                "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>",
                id, id, thing->link, width, height);
}

/* --- marks --- */

/* A note has one mark of its own; further ones repeat its number. */
static void
append_note_mark(struct docx *docx, const struct span *span)
{
    const struct note *note = span->note;
    char number[16];
    snprintf(number, sizeof(number), "%" PRIu32, note->number);
    if (span->use == 1 && docx->part == &docx->main)
        docx_format(docx,
                    "<w:r><w:rPr><w:rStyle w:val=\"FootnoteReference\"/></w:rPr>"
                    "<w:footnoteReference w:id=\"%" PRIu32 "\"/></w:r>",
                    note->number);
    else
        docx_run(docx, slice_text(number), "<w:rStyle w:val=\"FootnoteReference\"/>");
}

static void
append_citation_mark(struct docx *docx, const struct span *span)
{
    const struct citation *citation = span->citation;
    char mark[24];
    snprintf(mark, sizeof(mark), "[%" PRIu32 "]", citation->number);
    if (span->use == 1)
        docx_bookmark(docx, "cite-%" PRIu32, citation->number);
    docx_format(docx, "<w:hyperlink w:anchor=\"source-%" PRIu32 "\" w:history=\"1\">",
                citation->number);
    docx_run(docx, slice_text(mark), "<w:rStyle w:val=\"CitationMark\"/>");
    docx_text(docx, "</w:hyperlink>");
}

/* --- spans --- */

static void append_spans(struct docx *docx, const struct span *spans, struct look look);

static void
append_link(struct docx *docx, const struct span *span, struct look look)
{
    struct slice address = span->address;
    look.is_link = true;
    if (address.size > 1 && address.ptr[0] == '#') {
        docx_text(docx, "<w:hyperlink w:anchor=\"");
        docx_append(docx, slice_of(address.ptr + 1, address.size - 1));
        docx_text(docx, "\" w:history=\"1\"");
    } else {
        docx_format(docx, "<w:hyperlink r:id=\"rId%" PRIu32 "\" w:history=\"1\"",
                    docx_link(docx, "hyperlink", address, true));
    }
    if (span->title.size > 0) {
        docx_text(docx, " w:tooltip=\"");
        docx_append(docx, span->title);
        docx_text(docx, "\"");
    }
    docx_text(docx, ">");
    append_spans(docx, span->first, look);
    docx_text(docx, "</w:hyperlink>");
}

static void
append_span(struct docx *docx, const struct span *span, struct look look)
{
    switch (span->kind) {
    case SPAN_TEXT:
        append_run(docx, span->text, look);
        return;
    case SPAN_CODE:
        look.is_code = true;
        append_run(docx, span->text, look);
        return;
    case SPAN_EMPHASIS:
        look.is_italic = true;
        break;
    case SPAN_STRONG:
        look.is_bold = true;
        break;
    case SPAN_STRIKE:
        look.is_struck = true;
        break;
    case SPAN_LINK:
        append_link(docx, span, look);
        return;
    case SPAN_PICTURE:
        docx_picture(docx, span->picture, span->text);
        return;
    case SPAN_BREAK:
        docx_text(docx, "<w:r><w:br/></w:r>");
        return;
    case SPAN_NOTE:
        append_note_mark(docx, span);
        return;
    case SPAN_CITATION:
        append_citation_mark(docx, span);
        return;
    }
    append_spans(docx, span->first, look);
}

static void
append_spans(struct docx *docx, const struct span *spans, struct look look)
{
    for (const struct span *span = spans; span != NULL; span = span->next)
        append_span(docx, span, look);
}

void
docx_spans(struct docx *docx, const struct span *spans, bool is_bold)
{
    append_spans(docx, spans, (struct look){.is_bold = is_bold});
}
