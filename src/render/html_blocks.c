#include "render/chart.h"
#include "render/drawing.h"
#include "render/escape.h"
#include "render/html.h"
#include "render/svg.h"

/* CSS pixels. */
#define CHART_WIDTH 720
#define CHART_TEXT_SIZE 13
/* Wider tables may have to be moved to be read on a small screen. */
#define COLUMNS_THAT_FIT 5

/* --- Spans ----------------------------------------------------------------------------------- */

static void
write_element(struct html *html, const char *name, const struct span *inside)
{
    buffer_append_format(html->out, "<%s>", name);
    html_spans(html, inside);
    buffer_append_format(html->out, "</%s>", name);
}

static void
write_link(struct html *html, const struct span *span)
{
    buffer_append_text(html->out, "<a");
    escape_attribute(html->out, "href", span->address);
    if (span->title.size > 0)
        escape_attribute(html->out, "title", span->title);
    buffer_append_byte(html->out, '>');
    html_spans(html, span->first);
    buffer_append_text(html->out, "</a>");
}

static void
write_picture(struct html *html, const struct picture *picture, struct slice alt,
              struct slice title)
{
    struct buffer *out = html->out;
    buffer_append_text(out, picture->type == PICTURE_PNG ? "<img src=\"data:image/png;base64,"
                                                         : "<img src=\"data:image/jpeg;base64,");
    buffer_append_slice(out, picture->base64);
    buffer_append_format(out, "\" width=\"%u\" height=\"%u\"", picture->width, picture->height);
    escape_attribute(out, "alt", alt);
    if (title.size > 0)
        escape_attribute(out, "title", title);
    buffer_append_byte(out, '>');
}

static void
write_note_mark(struct html *html, const struct span *span)
{
    uint32_t number = span->note->number;
    buffer_append_format(html->out,
                         "<sup><a href=\"#_note-%u\" id=\"_note-%u-%u\" role=\"doc-noteref\">"
                         "%u</a></sup>",
                         number, number, span->use, number);
}

static void
write_citation_mark(struct html *html, const struct span *span)
{
    uint32_t number = span->citation->number;
    buffer_append_format(html->out,
                         "<sup class=\"cite\"><a href=\"#_source-%u\" id=\"_source-%u-%u\"", number,
                         number, span->use);
    if (span->citation->quote.size > 0)
        escape_attribute(html->out, "title", slice_cut(span->citation->quote, 300));
    buffer_append_format(html->out, ">[%u]</a></sup>", number);
}

static void
write_span(struct html *html, const struct span *span)
{
    switch (span->kind) {
    case SPAN_TEXT:
        escape_text(html->out, span->text);
        break;
    case SPAN_CODE:
        buffer_append_text(html->out, "<code>");
        escape_text(html->out, span->text);
        buffer_append_text(html->out, "</code>");
        break;
    case SPAN_EMPHASIS:
        write_element(html, "em", span->first);
        break;
    case SPAN_STRONG:
        write_element(html, "strong", span->first);
        break;
    case SPAN_STRIKE:
        write_element(html, "del", span->first);
        break;
    case SPAN_LINK:
        write_link(html, span);
        break;
    case SPAN_PICTURE:
        write_picture(html, span->picture, span->text, span->title);
        break;
    case SPAN_BREAK:
        buffer_append_text(html->out, "<br>\n");
        break;
    case SPAN_NOTE:
        write_note_mark(html, span);
        break;
    case SPAN_CITATION:
        write_citation_mark(html, span);
        break;
    }
}

void
html_spans(struct html *html, const struct span *spans)
{
    for (const struct span *span = spans; span != NULL; span = span->next)
        write_span(html, span);
}

/* --- Blocks ---------------------------------------------------------------------------------- */

/* The title is the only heading of level 1. */
static void
write_heading(struct html *html, const struct block *block)
{
    uint32_t level = block->heading.rank + 1 < 6 ? block->heading.rank + 1 : 6;
    if (block->heading.rank == 0)
        buffer_append_text(html->out, "<p class=\"inner-heading\"");
    else
        buffer_append_format(html->out, "<h%u", level);
    escape_attribute(html->out, "id", block->heading.anchor);
    buffer_append_byte(html->out, '>');
    html_spans(html, block->spans);
    if (block->heading.rank == 0)
        buffer_append_text(html->out, "</p>\n");
    else
        buffer_append_format(html->out, "</h%u>\n", level);
}

static void
write_item_inside(struct html *html, const struct block *item, bool is_tight)
{
    for (const struct block *block = item->first; block != NULL; block = block->next) {
        if (is_tight && block->kind == BLOCK_PARAGRAPH) {
            html_spans(html, block->spans);
            buffer_append_text(html->out, block->next != NULL ? "\n" : "");
        } else {
            struct block alone = *block;
            alone.next = NULL;
            html_blocks(html, &alone);
        }
    }
}

static void
write_item(struct html *html, const struct block *item, bool is_tight)
{
    if (item->task == TASK_NONE) {
        buffer_append_text(html->out, "<li>");
    } else {
        bool is_done = item->task == TASK_DONE;
        buffer_append_text(html->out, "<li class=\"task\"><span class=\"box\" role=\"img\"");
        escape_attribute(html->out, "aria-label",
                         slice_text(is_done ? html->words->done : html->words->open));
        buffer_append_text(html->out, is_done ? ">\u2611</span>" : ">\u2610</span>");
    }
    write_item_inside(html, item, is_tight);
    buffer_append_text(html->out, "</li>\n");
}

static void
write_list(struct html *html, const struct block *list)
{
    const char *name = list->list.is_ordered ? "ol" : "ul";
    buffer_append_format(html->out, "<%s", name);
    if (list->list.is_ordered && list->list.start != 1)
        buffer_append_format(html->out, " start=\"%u\"", list->list.start);
    buffer_append_text(html->out, ">\n");
    for (const struct block *item = list->first; item != NULL; item = item->next)
        write_item(html, item, list->list.is_tight);
    buffer_append_format(html->out, "</%s>\n", name);
}

static void
write_code(struct html *html, const struct block *block)
{
    buffer_append_text(html->out, "<pre><code>");
    escape_text(html->out, block->code.text);
    buffer_append_text(html->out, "</code></pre>\n");
}

/* --- Tables ---------------------------------------------------------------------------------- */

static const char *
class_of(const struct column *column)
{
    static const char *const names[] = {
        [ALIGN_NONE] = NULL,
        [ALIGN_LEFT] = "left",
        [ALIGN_CENTER] = "center",
        [ALIGN_RIGHT] = "right",
    };
    bool is_number =
        column->is_number && (column->align == ALIGN_NONE || column->align == ALIGN_RIGHT);
    return is_number ? "number" : names[column->align];
}

static void
write_row(struct html *html, const struct block *table, const struct block *row)
{
    const struct column *column = table->table.columns;
    bool is_head = row == table->first;
    buffer_append_text(html->out, "<tr>");
    for (const struct block *cell = row->first; cell != NULL; cell = cell->next, column++) {
        bool names_column = is_head && cell->spans != NULL;
        buffer_append_text(html->out, names_column ? "<th scope=\"col\"" : "<td");
        if (class_of(column) != NULL)
            escape_attribute(html->out, "class", slice_text(class_of(column)));
        buffer_append_byte(html->out, '>');
        html_spans(html, cell->spans);
        buffer_append_text(html->out, names_column ? "</th>" : "</td>");
    }
    buffer_append_text(html->out, "</tr>\n");
}

static void
write_table(struct html *html, const struct block *table)
{
    struct buffer *out = html->out;
    html->table_count++;
    bool is_wide = table->table.column_count > COLUMNS_THAT_FIT;
    buffer_append_text(out, is_wide ? "<section class=\"table\" tabindex=\"0\""
                                    : "<div class=\"table\"");
    if (is_wide)
        buffer_append_format(out, " aria-label=\"%s %u\"", html->words->table, html->table_count);
    buffer_append_text(out, ">\n<table>\n<thead>\n");
    write_row(html, table, table->first);
    buffer_append_text(out, "</thead>\n");
    if (table->first->next != NULL)
        buffer_append_text(out, "<tbody>\n");
    for (const struct block *row = table->first->next; row != NULL; row = row->next) {
        write_row(html, table, row);
        html->rendering->flush(html->rendering->context);
    }
    if (table->first->next != NULL)
        buffer_append_text(out, "</tbody>\n");
    buffer_append_text(out, is_wide ? "</table>\n</section>\n" : "</table>\n</div>\n");
}

/* --- Figures --------------------------------------------------------------------------------- */

static void
write_figure(struct html *html, const struct block *block)
{
    buffer_append_text(html->out, "<figure>\n");
    write_picture(html, block->picture.file, block->picture.alt, SLICE(""));
    if (block->picture.caption.size > 0) {
        buffer_append_text(html->out, "\n<figcaption>");
        escape_text(html->out, block->picture.caption);
        buffer_append_text(html->out, "</figcaption>");
    }
    buffer_append_text(html->out, "\n</figure>\n");
}

static void
write_chart(struct html *html, const struct chart *chart)
{
    struct drawing drawing;
    struct drawing_request request = {
        .chart = chart,
        .width = CHART_WIDTH,
        .text_size = CHART_TEXT_SIZE,
        .measure = drawing_measure_common,
    };
    if (html->status != STATUS_OK)
        return;
    html->status = drawing_make(&drawing, html->rendering->arena, &request, html->error);
    if (html->status != STATUS_OK)
        return;
    buffer_append_text(html->out, "<figure class=\"chart\">\n");
    if (chart->title.size > 0) {
        buffer_append_text(html->out, "<figcaption>");
        escape_text(html->out, chart->title);
        buffer_append_text(html->out, "</figcaption>\n");
    }
    svg_write(html->out, &drawing);
    buffer_append_text(html->out, "</figure>\n");
}

static void
write_block(struct html *html, const struct block *block)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        write_heading(html, block);
        break;
    case BLOCK_PARAGRAPH:
        write_element(html, "p", block->spans);
        buffer_append_byte(html->out, '\n');
        break;
    case BLOCK_LIST:
        write_list(html, block);
        break;
    case BLOCK_QUOTE:
        buffer_append_text(html->out, "<blockquote>\n");
        html_blocks(html, block->first);
        buffer_append_text(html->out, "</blockquote>\n");
        break;
    case BLOCK_CODE:
        write_code(html, block);
        break;
    case BLOCK_TABLE:
        write_table(html, block);
        break;
    case BLOCK_PICTURE:
        write_figure(html, block);
        break;
    case BLOCK_CHART:
        write_chart(html, block->chart);
        break;
    case BLOCK_PAGE_BREAK:
        buffer_append_text(html->out, "<div class=\"page-break\"></div>\n");
        break;
    case BLOCK_RULE:
        buffer_append_text(html->out, "<hr>\n");
        break;
    case BLOCK_ITEM:
    case BLOCK_ROW:
    case BLOCK_CELL:
        break;
    }
}

void
html_blocks(struct html *html, const struct block *first)
{
    for (const struct block *block = first; block != NULL; block = block->next) {
        write_block(html, block);
        html->rendering->flush(html->rendering->context);
    }
}
