#include "render/docx.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* How far lists and quotes are set in, in twips. */
#define LIST_INDENT 425
#define QUOTE_INDENT 425

/* --- paragraphs --- */

static const char *
align_name(enum align align)
{
    switch (align) {
    case ALIGN_CENTER:
        return "center";
    case ALIGN_RIGHT:
        return "right";
    case ALIGN_LEFT:
    case ALIGN_NONE:
        break;
    }
    return NULL;
}

/* The order of the elements is that of the schema. */
static void
append_properties(struct docx *docx, const struct docx_place *place)
{
    const char *align = align_name(place->align);
    docx_text(docx, "<w:pPr>");
    if (place->style != NULL)
        docx_format(docx, "<w:pStyle w:val=\"%s\"/>", place->style);
    if (place->list > 0)
        docx_format(docx,
                    "<w:numPr><w:ilvl w:val=\"%" PRIu32 "\"/><w:numId w:val=\"%" PRIu32
                    "\"/></w:numPr>",
                    place->level, place->list);
    if (docx->document->direction == DIRECTION_RIGHT_TO_LEFT)
        docx_text(docx, "<w:bidi/>");
    if (place->is_tight)
        docx_text(docx, "<w:spacing w:after=\"40\"/>");
    if (place->indent > 0 && place->list == 0)
        docx_format(docx, "<w:ind w:left=\"%" PRIu32 "\"/>", place->indent);
    if (place->list > 0)
        docx_format(docx, "<w:ind w:left=\"%" PRIu32 "\" w:hanging=\"%d\"/>", place->indent,
                    LIST_INDENT);
    if (align != NULL)
        docx_format(docx, "<w:jc w:val=\"%s\"/>", align);
    docx_text(docx, "</w:pPr>");
}

void
docx_begin_paragraph(struct docx *docx, const struct docx_place *place)
{
    docx_text(docx, "<w:p>");
    append_properties(docx, place);
    if (place->note != NULL)
        docx_text(docx, "<w:r><w:rPr><w:rStyle w:val=\"FootnoteReference\"/></w:rPr>"
                        "<w:footnoteRef/></w:r><w:r><w:t xml:space=\"preserve\"> </w:t></w:r>");
    if (place->mark != NULL)
        docx_run(docx, slice_text(place->mark), "");
}

void
docx_bookmark(struct docx *docx, const char *format, ...)
{
    char name[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    uint32_t id = ++docx->bookmark_count;
    docx_format(docx, "<w:bookmarkStart w:id=\"%" PRIu32 "\" w:name=\"", id);
    docx_append(docx, slice_text(name));
    docx_format(docx, "\"/><w:bookmarkEnd w:id=\"%" PRIu32 "\"/>", id);
}

static void
append_paragraph(struct docx *docx, const struct span *spans, const struct docx_place *place)
{
    docx_begin_paragraph(docx, place);
    docx_spans(docx, spans, place->is_bold);
    docx_text(docx, "</w:p>");
}

static void
append_heading(struct docx *docx, const struct block *block, const struct docx_place *place)
{
    static const char *const styles[] = {"Heading1", "Heading2", "Heading3",
                                         "Heading4", "Heading5", "Heading6"};
    struct docx_place heading = *place;
    heading.style = styles[block->heading.level - 1];
    docx_begin_paragraph(docx, &heading);
    docx_bookmark(docx, "%.*s", SLICE_FORMAT(block->heading.anchor));
    docx_spans(docx, block->spans, false);
    docx_text(docx, "</w:p>");
}

static void
append_code(struct docx *docx, const struct block *block, const struct docx_place *place)
{
    struct docx_place code = *place;
    struct slice text = block->code.text;
    if (text.size > 0 && text.ptr[text.size - 1] == '\n')
        text.size--;
    code.style = "Code";
    code.is_tight = false;
    docx_begin_paragraph(docx, &code);
    docx_run(docx, text, "");
    docx_text(docx, "</w:p>");
}

/* --- lists --- */

static uint32_t
add_list(struct docx *docx, const struct block *block, uint32_t level)
{
    struct docx_list *list = arena_alloc(docx->arena, sizeof(*list));
    *list = (struct docx_list){.number = ++docx->list_count,
                               .level = level,
                               .start = block->list.start,
                               .is_ordered = block->list.is_ordered};
    *docx->last_list = list;
    docx->last_list = &list->next;
    return list->number;
}

/* The number or bullet stands at the item's first paragraph; an item that begins otherwise gets an
 * empty one. */
static void
append_item(struct docx *docx, const struct block *item, const struct docx_place *list)
{
    struct docx_place first = *list;
    struct docx_place rest = *list;
    rest.list = 0;
    rest.level = list->level + 1;
    if (item->task != TASK_NONE) /* the box stands in the place of the bullet */
        first.list = 0;
    if (item->task != TASK_NONE)
        first.mark = item->task == TASK_DONE ? "\u2612 " : "\u2610 ";
    const struct block *block = item->first;
    if (block != NULL && block->kind == BLOCK_PARAGRAPH) {
        append_paragraph(docx, block->spans, &first);
        block = block->next;
    } else {
        append_paragraph(docx, NULL, &first);
    }
    docx_blocks(docx, block, &rest);
}

static void
append_list(struct docx *docx, const struct block *block, const struct docx_place *place)
{
    struct docx_place list = *place;
    list.level = place->level < 8 ? place->level : 8;
    list.list = add_list(docx, block, list.level);
    list.indent += LIST_INDENT;
    list.is_tight = block->list.is_tight;
    list.note = NULL;
    for (const struct block *item = block->first; item != NULL; item = item->next)
        append_item(docx, item, &list);
}

/* --- tables --- */

static void
append_cell(struct docx *docx, const struct block *cell, const struct column *column, bool is_head)
{
    struct docx_place place = {.style = "TableText", .align = column->align, .is_bold = is_head};
    if (column->align == ALIGN_NONE && column->is_number)
        place.align = ALIGN_RIGHT;
    docx_text(docx, "<w:tc><w:tcPr><w:tcW w:w=\"0\" w:type=\"auto\"/></w:tcPr>");
    append_paragraph(docx, cell->spans, &place);
    docx_text(docx, "</w:tc>");
}

static void
append_row(struct docx *docx, const struct block *table, const struct block *row)
{
    bool is_head = row == table->first;
    uint32_t index = 0;
    docx_text(docx, "<w:tr><w:trPr><w:cantSplit/>");
    docx_text(docx, is_head ? "<w:tblHeader/></w:trPr>" : "</w:trPr>");
    for (const struct block *cell = row->first; cell != NULL; cell = cell->next)
        append_cell(docx, cell, &table->table.columns[index++], is_head);
    docx_text(docx, "</w:tr>");
}

static void
append_table(struct docx *docx, const struct block *table, const struct docx_place *place)
{
    uint32_t count = table->table.column_count;
    uint32_t width = docx->width > place->indent ? docx->width - place->indent : docx->width;
    docx_format(docx,
                "<w:tbl><w:tblPr><w:tblStyle w:val=\"ReportTable\"/>%s<w:tblW w:w=\"%" PRIu32
                "\" w:type=\"dxa\"/><w:tblInd w:w=\"%" PRIu32
                "\" w:type=\"dxa\"/><w:tblLayout w:type=\"autofit\"/>"
                "<w:tblLook w:val=\"0420\" w:firstRow=\"1\" w:lastRow=\"0\" w:firstColumn=\"0\" "
                "w:lastColumn=\"0\" w:noHBand=\"0\" w:noVBand=\"1\"/></w:tblPr><w:tblGrid>",
                docx->document->direction == DIRECTION_RIGHT_TO_LEFT ? "<w:bidiVisual/>" : "",
                width, place->indent);
    for (uint32_t i = 0; i < count; i++)
        docx_format(docx, "<w:gridCol w:w=\"%" PRIu32 "\"/>", width / count);
    docx_text(docx, "</w:tblGrid>");
    for (const struct block *row = table->first; row != NULL; row = row->next)
        append_row(docx, table, row);
    /* Two tables without a paragraph between them would be one. */
    docx_text(docx, "</w:tbl><w:p><w:pPr><w:pStyle w:val=\"AfterTable\"/></w:pPr></w:p>");
}

/* --- the rest --- */

static void
append_figure(struct docx *docx, const struct block *block, const struct docx_place *place)
{
    struct docx_place figure = *place;
    figure.style = "Figure";
    docx_begin_paragraph(docx, &figure);
    if (block->kind == BLOCK_CHART)
        docx_chart_frame(docx, block->chart);
    else
        docx_picture(docx, block->picture.file, block->picture.alt);
    docx_text(docx, "</w:p>");
    if (block->kind != BLOCK_PICTURE || block->picture.caption.size == 0)
        return;
    figure.style = "Caption";
    docx_begin_paragraph(docx, &figure);
    docx_run(docx, block->picture.caption, "");
    docx_text(docx, "</w:p>");
}

static void
append_block(struct docx *docx, const struct block *block, const struct docx_place *place)
{
    struct docx_place inner = *place;
    switch (block->kind) {
    case BLOCK_HEADING:
        append_heading(docx, block, place);
        break;
    case BLOCK_PARAGRAPH:
        append_paragraph(docx, block->spans, place);
        break;
    case BLOCK_LIST:
        append_list(docx, block, place);
        break;
    case BLOCK_QUOTE:
        inner.style = "Quote";
        inner.indent += QUOTE_INDENT;
        docx_blocks(docx, block->first, &inner);
        break;
    case BLOCK_CODE:
        append_code(docx, block, place);
        break;
    case BLOCK_TABLE:
        append_table(docx, block, place);
        break;
    case BLOCK_PICTURE:
    case BLOCK_CHART:
        append_figure(docx, block, place);
        break;
    case BLOCK_PAGE_BREAK:
        docx_text(docx, "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>");
        break;
    case BLOCK_RULE:
        docx_text(docx, "<w:p><w:pPr><w:pStyle w:val=\"Rule\"/></w:pPr></w:p>");
        break;
    case BLOCK_ITEM:
    case BLOCK_ROW:
    case BLOCK_CELL:
        break; /* written by what holds them */
    }
}

void
docx_blocks(struct docx *docx, const struct block *first, const struct docx_place *place)
{
    struct docx_place here = *place;
    for (const struct block *block = first; block != NULL; block = block->next) {
        append_block(docx, block, &here);
        here.note = NULL;
    }
}
