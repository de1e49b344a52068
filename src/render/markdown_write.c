/* The model as Markdown again, in one way of writing it: what it gives reads as the same model, but
 * for citations, which become footnotes. */
#include "render/render.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "render/chart.h"
#include "render/markdown_text.h"
#include "render/words.h"

#include <stdio.h>

/* Further items have the same: CommonMark reads nine digits. */
#define LIST_NUMBER_MAX 999999999

struct writer {
    struct buffer *out;
    struct buffer prefix; /* of each line: the signs of quotes, the room of lists */
    bool begins_second;   /* a list that begins the blocks gets the second sign */
    const struct rendering *rendering;
};

static void write_blocks(struct writer *writer, const struct block *first, bool is_tight);

static void
begin_line(struct writer *writer)
{
    buffer_append_slice(writer->out, buffer_slice(&writer->prefix));
}

static void
end_line(struct writer *writer)
{
    buffer_append_byte(writer->out, '\n');
}

/* Between two blocks. */
static void
blank_line(struct writer *writer)
{
    struct slice prefix = buffer_slice(&writer->prefix);
    while (prefix.size > 0 && prefix.ptr[prefix.size - 1] == ' ')
        prefix.size--;
    buffer_append_slice(writer->out, prefix);
    end_line(writer);
}

static void
write_line(struct writer *writer, const struct span *spans, enum markdown_place place)
{
    struct markdown_line line = {
        .out = writer->out, .prefix = buffer_slice(&writer->prefix), .place = place};
    markdown_write_spans(&line, spans);
    end_line(writer);
}

static void
write_heading(struct writer *writer, const struct block *block)
{
    for (uint32_t i = 0; i < block->heading.level; i++)
        buffer_append_byte(writer->out, '#');
    buffer_append_byte(writer->out, ' ');
    write_line(writer, block->spans, MARKDOWN_HEADING);
}

/* A fence that is longer than any run of backticks in the text. */
static void
write_fence(struct writer *writer, struct slice text)
{
    size_t longest = 2;
    size_t run = 0;
    for (size_t i = 0; i < text.size; i++) {
        run = text.ptr[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    for (size_t i = 0; i <= longest; i++)
        buffer_append_byte(writer->out, '`');
}

static void
write_code_lines(struct writer *writer, struct slice text)
{
    for (size_t at = 0; at < text.size;) {
        const char *end = memchr(text.ptr + at, '\n', text.size - at);
        size_t size = end == NULL ? text.size - at : (size_t)(end - (text.ptr + at));
        if (size == 0) {
            blank_line(writer);
        } else {
            begin_line(writer);
            buffer_append(writer->out, text.ptr + at, size);
            end_line(writer);
        }
        at += size + 1;
    }
}

static void
write_fenced(struct writer *writer, struct slice language, struct slice text)
{
    write_fence(writer, text);
    buffer_append_slice(writer->out, language);
    end_line(writer);
    write_code_lines(writer, text);
    begin_line(writer);
    write_fence(writer, text);
    end_line(writer);
}

static void
write_chart_lines(struct buffer *out, const struct chart *chart)
{
    buffer_append_text(out, chart->type == CHART_BAR ? "type: bar\n" : "type: line\n");
    if (chart->title.size > 0) {
        buffer_append_text(out, "title: ");
        json_print_string(out, chart->title);
        buffer_append_byte(out, '\n');
    }
    if (chart->unit.size > 0) {
        buffer_append_text(out, "unit: ");
        json_print_string(out, chart->unit);
        buffer_append_byte(out, '\n');
    }
    buffer_append_text(out, "labels: [");
    for (uint32_t i = 0; i < chart->label_count; i++) {
        buffer_append_text(out, i > 0 ? ", " : "");
        json_print_string(out, chart->labels[i]);
    }
    buffer_append_text(out, "]\nseries:\n");
}

static void
write_series(struct buffer *out, const struct chart_series *series, uint32_t count)
{
    buffer_append_text(out, "  - name: ");
    json_print_string(out, series->name);
    buffer_append_text(out, "\n    values: [");
    for (uint32_t i = 0; i < count; i++) {
        char number[JSON_DOUBLE_BYTES];
        buffer_append_text(out, i > 0 ? ", " : "");
        buffer_append(out, number, json_print_double(number, series->values[i]));
    }
    buffer_append_text(out, "]\n");
}

static void
write_chart(struct writer *writer, const struct chart *chart)
{
    struct buffer text;
    buffer_init(&text, LIMIT_RENDER_MARKDOWN_BYTES);
    write_chart_lines(&text, chart);
    for (uint32_t i = 0; i < chart->series_count; i++)
        write_series(&text, &chart->series[i], chart->label_count);
    writer->out->over |= buffer_is_over(&text);
    write_fenced(writer, SLICE("chart"), buffer_slice(&text));
    buffer_done(&text);
}

/* --- Tables ---------------------------------------------------------------------------------- */

static void
write_row(struct writer *writer, const struct block *row)
{
    buffer_append_byte(writer->out, '|');
    for (const struct block *cell = row->first; cell != NULL; cell = cell->next) {
        struct markdown_line line = {.out = writer->out, .place = MARKDOWN_CELL};
        buffer_append_byte(writer->out, ' ');
        markdown_write_spans(&line, cell->spans);
        buffer_append_text(writer->out, " |");
    }
    end_line(writer);
}

static void
write_table(struct writer *writer, const struct block *table)
{
    static const char *const aligns[] = {
        [ALIGN_NONE] = " --- |",
        [ALIGN_LEFT] = " :--- |",
        [ALIGN_CENTER] = " :---: |",
        [ALIGN_RIGHT] = " ---: |",
    };
    write_row(writer, table->first);
    begin_line(writer);
    buffer_append_byte(writer->out, '|');
    for (uint32_t i = 0; i < table->table.column_count; i++)
        buffer_append_text(writer->out, aligns[table->table.columns[i].align]);
    end_line(writer);
    for (const struct block *row = table->first->next; row != NULL; row = row->next) {
        begin_line(writer);
        write_row(writer, row);
    }
}

/* --- Lists and quotes ------------------------------------------------------------------------ */

/* The blocks with more before each line; the first line has its own sign already. */
static void
write_inside(struct writer *writer, struct slice prefix, const struct block *first, bool is_tight)
{
    size_t size = writer->prefix.size;
    buffer_append_slice(&writer->prefix, prefix);
    if (first == NULL)
        end_line(writer); /* a note without a text */
    write_blocks(writer, first, is_tight);
    writer->prefix.size = size;
}

struct item_sign {
    uint32_t number;
    char byte;
    bool is_tight;
};

/* Two lists in a row have different signs, else they would be one. */
static void
write_item(struct writer *writer, const struct block *item, struct item_sign sign)
{
    char room[16];
    size_t size = sign.byte == '-' || sign.byte == '*'
                      ? (size_t)snprintf(room, sizeof(room), "%c ", sign.byte)
                      : (size_t)snprintf(room, sizeof(room), "%u%c ", sign.number, sign.byte);
    buffer_append(writer->out, room, size);
    if (item->task != TASK_NONE)
        buffer_append_text(writer->out, item->task == TASK_DONE ? "[x] " : "[ ] ");
    memset(room, ' ', size);
    /* A box stands before words, or alone. */
    if (item->task != TASK_NONE && item->first->kind != BLOCK_PARAGRAPH) {
        end_line(writer);
        begin_line(writer);
        buffer_append(writer->out, room, size);
    }
    write_inside(writer, slice_of(room, size), item->first, sign.is_tight);
}

static void
write_list(struct writer *writer, const struct block *list, bool is_second)
{
    char byte = list->list.is_ordered ? (is_second ? ')' : '.') : (is_second ? '*' : '-');
    struct item_sign sign = {list->list.start, byte, list->list.is_tight};
    for (const struct block *item = list->first; item != NULL; item = item->next) {
        if (item != list->first && !list->list.is_tight)
            blank_line(writer);
        if (item != list->first)
            begin_line(writer);
        /* "- - -" would be a rule. */
        writer->begins_second = !is_second;
        write_item(writer, item, sign);
        sign.number += sign.number < LIST_NUMBER_MAX;
    }
}

static void
write_picture(struct writer *writer, const struct block *block)
{
    struct span span = {
        .kind = SPAN_PICTURE,
        .picture = block->picture.file,
        .text = block->picture.alt,
        .title = block->picture.caption,
    };
    write_line(writer, &span, MARKDOWN_PARAGRAPH);
}

static void
write_block(struct writer *writer, const struct block *block, bool is_second)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        write_heading(writer, block);
        break;
    case BLOCK_PARAGRAPH:
        write_line(writer, block->spans, MARKDOWN_PARAGRAPH);
        break;
    case BLOCK_LIST:
        write_list(writer, block, is_second);
        break;
    case BLOCK_QUOTE:
        buffer_append_text(writer->out, "> ");
        write_inside(writer, SLICE("> "), block->first, false);
        break;
    case BLOCK_CODE:
        write_fenced(writer, block->code.language, block->code.text);
        break;
    case BLOCK_TABLE:
        write_table(writer, block);
        break;
    case BLOCK_PICTURE:
        write_picture(writer, block);
        break;
    case BLOCK_CHART:
        write_chart(writer, block->chart);
        break;
    case BLOCK_PAGE_BREAK:
        buffer_append_text(writer->out, "\\pagebreak\n");
        break;
    case BLOCK_RULE:
        buffer_append_text(writer->out, "___\n"); /* in a list "- -" would be a rule too */
        break;
    case BLOCK_ITEM:
    case BLOCK_ROW:
    case BLOCK_CELL:
        break;
    }
}

/* Lists that would be one if they had the same sign. */
static bool
are_alike(const struct block *before, const struct block *block)
{
    return before != NULL && before->kind == BLOCK_LIST && block->kind == BLOCK_LIST &&
           before->list.is_ordered == block->list.is_ordered;
}

/* The first line was begun by the caller. */
static void
write_blocks(struct writer *writer, const struct block *first, bool is_tight)
{
    const struct block *before = NULL;
    bool is_second = writer->begins_second;
    writer->begins_second = false;
    for (const struct block *block = first; block != NULL; block = block->next) {
        if (block != first) {
            if (!is_tight)
                blank_line(writer);
            begin_line(writer);
        }
        if (block != first)
            is_second = are_alike(before, block) && !is_second;
        write_block(writer, block, is_second);
        before = block;
        if (writer->prefix.size == 0)
            writer->rendering->flush(writer->rendering->context);
    }
}

/* --- What stands around the text ------------------------------------------------------------- */

static void
write_text_line(struct writer *writer, struct slice text)
{
    struct span span = {.kind = SPAN_TEXT, .text = text};
    write_line(writer, &span, MARKDOWN_PARAGRAPH);
}

static void
write_head(struct writer *writer)
{
    const struct document *document = writer->rendering->document;
    struct span author = {.kind = SPAN_TEXT, .text = document->author};
    struct span middle = {.kind = SPAN_TEXT, .text = SLICE(" \xC2\xB7 ")};
    struct span date = {.kind = SPAN_TEXT, .text = document->date};
    if (document->title != NULL) {
        buffer_append_text(writer->out, "# ");
        write_line(writer, document->title, MARKDOWN_HEADING);
    }
    if (document->subtitle.size > 0) {
        struct span subtitle = {.kind = SPAN_TEXT, .text = document->subtitle};
        struct span strong = {.kind = SPAN_STRONG, .first = &subtitle};
        blank_line(writer);
        write_line(writer, &strong, MARKDOWN_PARAGRAPH);
    }
    if (document->author.size == 0 && document->date.size == 0)
        return;
    author.next = document->date.size == 0 ? NULL : document->author.size == 0 ? &date : &middle;
    middle.next = &date;
    blank_line(writer);
    write_line(writer, &author, MARKDOWN_PARAGRAPH);
}

static void
write_notes(struct writer *writer)
{
    for (const struct note *note = writer->rendering->document->notes; note != NULL;
         note = note->next) {
        blank_line(writer);
        buffer_append_format(writer->out, "[^%u]: ", note->number);
        write_inside(writer, SLICE("    "), note->first, false);
    }
}

static void
write_citation(struct writer *writer, const struct citation *citation)
{
    const struct words *words = words_of(writer->rendering->document->language);
    struct markdown_line line = {
        .out = writer->out, .prefix = SLICE(""), .place = MARKDOWN_PARAGRAPH};
    markdown_write_citation(&line, citation, words->unverified);
    end_line(writer);
}

/* Sources that no mark leads to are a list, the others are notes. */
static void
write_citations(struct writer *writer)
{
    const struct citation *citation = writer->rendering->document->citations;
    bool is_list = citation != NULL && citation->use_count == 0;
    if (is_list) {
        blank_line(writer);
        buffer_append_text(writer->out, "## ");
        write_text_line(writer,
                        slice_text(words_of(writer->rendering->document->language)->sources));
    }
    for (; citation != NULL; citation = citation->next) {
        blank_line(writer);
        buffer_append_format(writer->out, is_list ? "%u. " : "[^s%u]: ", citation->number);
        write_citation(writer, citation);
    }
}

enum status
render_markdown(struct rendering *rendering, struct error *error)
{
    struct writer writer = {.out = rendering->out, .rendering = rendering};
    buffer_init(&writer.prefix, ARENA_SMALL_BYTES);
    write_head(&writer);
    if (rendering->document->first != NULL) {
        blank_line(&writer);
        write_blocks(&writer, rendering->document->first, false);
    }
    write_notes(&writer);
    write_citations(&writer);
    buffer_done(&writer.prefix);
    return buffer_is_over(rendering->out)
               ? error_set(error, STATUS_LIMIT, "the document becomes too large")
               : STATUS_OK;
}
