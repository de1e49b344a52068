#include "render/markdown_reader.h"

#include "base/limits.h"
#include "base/yaml.h"
#include "render/chart.h"
#include "render/outline.h"
#include "render/source.h"
#include "render/spans.h"
#include "render/text.h"

#include <ctype.h>

static const char alone_words[] = "a chart stands in a paragraph of its own";

/* --- Blocks ---------------------------------------------------------------------------------- */

static struct block *
append_block(struct reader *reader, enum block_kind kind)
{
    struct block *block = arena_alloc(reader->arena, sizeof(*block));
    block->kind = kind;
    struct frame *frame = &reader->frames[reader->depth];
    *frame->next = block;
    frame->last = frame->next;
    frame->next = &block->next;
    frame->count++;
    reader_begin_spans(reader, &block->spans);
    return block;
}

/* Nothing is left of it. */
static void
drop_block(struct reader *reader)
{
    struct frame *frame = &reader->frames[reader->depth];
    *frame->last = NULL;
    frame->next = frame->last;
}

/* What a paragraph turns out to be when it is whole. */
static int
end_paragraph(struct reader *reader, struct block *block)
{
    struct span *span = block->spans;
    bool is_alone = span != NULL && span->next == NULL;
    if (span == NULL)
        drop_block(reader);
    if (reader->chart != NULL && !is_alone)
        return reader_fail(reader, STATUS_INVALID, alone_words);
    if (reader->chart != NULL) {
        *block = (struct block){.kind = BLOCK_CHART, .chart = reader->chart};
        reader->chart = NULL;
    } else if (is_alone && reader->is_break && slice_is(span->text, "\\pagebreak")) {
        *block = (struct block){.kind = BLOCK_PAGE_BREAK};
    } else if (is_alone && span->kind == SPAN_PICTURE) {
        *block = (struct block){.kind = BLOCK_PICTURE,
                                .picture = {span->picture, span->text, span->title}};
    }
    return 0;
}

/* Text that stands in an item of a tight list gets a paragraph. */
static void
want_paragraph(struct reader *reader)
{
    struct frame *frame = &reader->frames[reader->depth];
    if (reader->status != STATUS_OK)
        return;
    if (frame->block != NULL && frame->block->kind == BLOCK_ITEM && frame->paragraph == NULL)
        frame->paragraph = append_block(reader, BLOCK_PARAGRAPH);
}

static int
end_wanted_paragraph(struct reader *reader)
{
    struct frame *frame = &reader->frames[reader->depth];
    struct block *paragraph = frame->paragraph;
    frame->paragraph = NULL;
    if (paragraph == NULL)
        return 0;
    if (reader_end_spans(reader, paragraph) != 0)
        return 1;
    return end_paragraph(reader, paragraph);
}

static enum align
align_of(MD_ALIGN align)
{
    switch (align) {
    case MD_ALIGN_LEFT:
        return ALIGN_LEFT;
    case MD_ALIGN_CENTER:
        return ALIGN_CENTER;
    case MD_ALIGN_RIGHT:
        return ALIGN_RIGHT;
    case MD_ALIGN_DEFAULT:
        break;
    }
    return ALIGN_NONE;
}

static struct column *
columns_of(const struct block *table)
{
    return (struct column *)table->table.columns;
}

static int
begin_table(struct reader *reader, struct block *table, const MD_BLOCK_TABLE_DETAIL *detail)
{
    if (detail->col_count > MARKDOWN_COLUMNS_MAX)
        return reader_fail(reader, STATUS_LIMIT, "a table has more than 200 columns");
    struct column *columns = arena_try_alloc(reader->arena, detail->col_count * sizeof(*columns));
    if (columns == NULL)
        return reader_fail(reader, STATUS_LIMIT, "the document needs too much memory");
    memset(columns, 0, detail->col_count * sizeof(*columns));
    table->table.columns = columns;
    table->table.column_count = detail->col_count;
    table->table.row_count = detail->head_row_count + detail->body_row_count;
    return 0;
}

/* What cannot be the name of a language is none. */
static struct slice
language_of(struct slice word)
{
    for (size_t i = 0; i < word.size; i++) {
        if (!isalnum((unsigned char)word.ptr[i]) && strchr("+-#._", word.ptr[i]) == NULL)
            return SLICE("");
    }
    return slice_cut(word, 40);
}

/* Fills what md4c tells of the block. */
static int
describe_block(struct reader *reader, struct block *block, MD_BLOCKTYPE type, void *detail)
{
    if (type == MD_BLOCK_H) {
        block->heading.level = ((MD_BLOCK_H_DETAIL *)detail)->level;
    } else if (type == MD_BLOCK_UL) {
        block->list.is_tight = ((MD_BLOCK_UL_DETAIL *)detail)->is_tight != 0;
    } else if (type == MD_BLOCK_OL) {
        const MD_BLOCK_OL_DETAIL *list = detail;
        block->list.is_ordered = true;
        block->list.start = list->start;
        block->list.is_tight = list->is_tight != 0;
    } else if (type == MD_BLOCK_LI) {
        const MD_BLOCK_LI_DETAIL *item = detail;
        if (item->is_task)
            block->task = item->task_mark == ' ' ? TASK_OPEN : TASK_DONE;
    } else if (type == MD_BLOCK_CODE) {
        block->code.language =
            language_of(reader_attribute(reader, &((MD_BLOCK_CODE_DETAIL *)detail)->lang));
    } else if (type == MD_BLOCK_TABLE) {
        return begin_table(reader, block, detail);
    } else if (type == MD_BLOCK_TH) {
        const struct frame *row = &reader->frames[reader->depth - 1];
        struct column *columns = columns_of(row[-1].block);
        columns[row->count - 1].align = align_of(((MD_BLOCK_TD_DETAIL *)detail)->align);
    }
    return 0;
}

/* -1: md4c's block is none of the model's. */
static int
kind_of(MD_BLOCKTYPE type)
{
    switch (type) {
    case MD_BLOCK_QUOTE:
        return BLOCK_QUOTE;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
        return BLOCK_LIST;
    case MD_BLOCK_LI:
        return BLOCK_ITEM;
    case MD_BLOCK_HR:
        return BLOCK_RULE;
    case MD_BLOCK_H:
        return BLOCK_HEADING;
    case MD_BLOCK_CODE:
        return BLOCK_CODE;
    case MD_BLOCK_P:
        return BLOCK_PARAGRAPH;
    case MD_BLOCK_TABLE:
        return BLOCK_TABLE;
    case MD_BLOCK_TR:
        return BLOCK_ROW;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
        return BLOCK_CELL;
    case MD_BLOCK_DOC:
    case MD_BLOCK_HTML:
    case MD_BLOCK_THEAD:
    case MD_BLOCK_TBODY:
        break;
    }
    return -1;
}

static int
enter_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    struct reader *reader = context;
    int kind = kind_of(type);
    if (kind < 0 || reader->status != STATUS_OK)
        return reader->status != STATUS_OK;
    if (end_wanted_paragraph(reader) != 0)
        return 1;
    if (reader->depth == MODEL_DEPTH_MAX)
        return reader_fail(reader, STATUS_LIMIT, "lists and quotes are nested too deep");
    if (arena_is_over(reader->arena))
        return reader_fail(reader, STATUS_LIMIT, "the document needs too much memory");
    struct block *block = append_block(reader, (enum block_kind)kind);
    reader->depth++;
    reader->frames[reader->depth] = (struct frame){.block = block, .next = &block->first};
    return describe_block(reader, block, type, detail);
}

static int
end_code(struct reader *reader, struct block *block)
{
    block->code.text = reader_take_text(reader);
    if (reader->status != STATUS_OK || !slice_is(block->code.language, "chart"))
        return reader->status != STATUS_OK;
    struct located *spec = NULL;
    const struct chart *chart = NULL;
    reader->status = yaml_load(&spec, reader->arena, block->code.text, NULL, reader->error);
    if (reader->status == STATUS_OK)
        reader->status = chart_read(&chart, reader->arena, spec->value, reader->error);
    if (reader->status != STATUS_OK) {
        struct slice text = slice_trim(block->code.text);
        const char *end = text.size == 0 ? NULL : memchr(text.ptr, '\n', text.size);
        struct slice cut =
            slice_cut(text, end != NULL && end - text.ptr < 40 ? (size_t)(end - text.ptr) : 40);
        error_prepend(reader->error, "the chart that begins \"%.*s\"", SLICE_FORMAT(cut));
        return 1;
    }
    *block = (struct block){.kind = BLOCK_CHART, .chart = chart};
    return 0;
}

/* A column of numbers has nothing else in it. */
static void
find_numbers(struct reader *reader, struct block *table)
{
    bool is_other[MARKDOWN_COLUMNS_MAX] = {false};
    struct column *columns = columns_of(table);
    for (const struct block *row = table->first->next; row != NULL; row = row->next) {
        uint32_t at = 0;
        for (const struct block *cell = row->first; cell != NULL; cell = cell->next, at++) {
            buffer_clear(&reader->text);
            spans_append_text(&reader->text, cell->spans);
            if (reader->text.size == 0)
                continue;
            columns[at].is_number = text_is_number(buffer_slice(&reader->text));
            is_other[at] |= !columns[at].is_number;
        }
    }
    for (uint32_t at = 0; at < table->table.column_count; at++)
        columns[at].is_number = columns[at].is_number && !is_other[at];
    buffer_clear(&reader->text);
}

/* Whether two paragraphs of the item touch: what stood between was left out. */
static bool
has_neighbours(const struct block *item)
{
    for (const struct block *block = item->first; block != NULL; block = block->next) {
        if (block->kind == BLOCK_PARAGRAPH && block->next != NULL &&
            (block->next->kind == BLOCK_PARAGRAPH || block->next->kind == BLOCK_TABLE))
            return true;
    }
    return false;
}

/* Room between the items of a list can only be where there are several blocks. */
static void
settle_room(struct block *list)
{
    const struct block *item = list->first;
    if (item != NULL && item->next == NULL && item->first->next == NULL)
        list->list.is_tight = true;
    for (; item != NULL; item = item->next) {
        if (has_neighbours(item))
            list->list.is_tight = false;
    }
}

/* What has nothing inside leaves nothing on a page; tables and rules are something. */
static bool
is_hollow(const struct block *block)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        return block->spans == NULL;
    case BLOCK_LIST:
    case BLOCK_ITEM:
    case BLOCK_QUOTE:
        return block->first == NULL;
    case BLOCK_PARAGRAPH:
    case BLOCK_CODE:
    case BLOCK_TABLE:
    case BLOCK_ROW:
    case BLOCK_CELL:
    case BLOCK_PICTURE:
    case BLOCK_CHART:
    case BLOCK_PAGE_BREAK:
    case BLOCK_RULE:
        break;
    }
    return false;
}

static int
leave_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    struct reader *reader = context;
    if (kind_of(type) < 0 || reader->status != STATUS_OK)
        return reader->status != STATUS_OK;
    if (end_wanted_paragraph(reader) != 0)
        return 1;
    struct block *block = reader->frames[reader->depth].block;
    if (block->kind != BLOCK_CODE && reader_end_spans(reader, block) != 0)
        return 1;
    reader->depth--;
    if (block->kind == BLOCK_CODE)
        return end_code(reader, block);
    if (block->kind == BLOCK_PARAGRAPH)
        return end_paragraph(reader, block);
    if (reader->chart != NULL)
        return reader_fail(reader, STATUS_INVALID, alone_words);
    if (is_hollow(block))
        drop_block(reader);
    if (block->kind == BLOCK_LIST)
        settle_room(block);
    if (block->kind == BLOCK_TABLE)
        find_numbers(reader, block);
    return reader->status != STATUS_OK;
}

static int
enter_span(MD_SPANTYPE type, void *detail, void *context)
{
    want_paragraph(context);
    return reader_enter_span(type, detail, context);
}

static int
take_piece(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context)
{
    want_paragraph(context);
    return reader_take_piece(type, text, size, context);
}

/* --- The whole ------------------------------------------------------------------------------- */

static enum status
read_blocks(struct reader *reader, struct slice markdown, struct block **first)
{
    static const MD_PARSER parser = {
        .flags = MD_DIALECT_GITHUB | MD_FLAG_NOHTML,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = reader_leave_span,
        .text = take_piece,
    };
    reader->depth = 0;
    reader->frames[0] = (struct frame){.next = first};
    if (md_parse(markdown.ptr, (MD_SIZE)markdown.size, &parser, reader) != 0 &&
        reader->status == STATUS_OK)
        reader_fail(reader, STATUS_LIMIT, "the document needs too much memory");
    return reader->status;
}

static enum status
index_notes(struct reader *reader, const struct source *source)
{
    reader->labels = value_empty_object();
    size_t count = 0;
    for (const struct source_note *note = source->notes; note != NULL; note = note->next)
        count++;
    reader->all_notes = arena_try_alloc(reader->arena, (count + 1) * sizeof(*reader->all_notes));
    if (reader->all_notes == NULL) {
        reader_fail(reader, STATUS_LIMIT, "the document needs too much memory");
        return reader->status;
    }
    count = 0;
    for (const struct source_note *note = source->notes; note != NULL; note = note->next) {
        if (value_find(reader->labels, note->label).kind != VALUE_NONE)
            continue;
        reader->all_notes[count] =
            (struct noted){.note = {.label = note->label}, .text = note->text};
        reader->labels = value_object_set(reader->arena, reader->labels, value_string(note->label),
                                          value_int((int64_t)count));
        count++;
    }
    return STATUS_OK;
}

/* A note may have the first mark of another. */
static enum status
read_notes(struct reader *reader)
{
    enum status status = STATUS_OK;
    const struct note **end = &reader->document->notes;
    for (struct noted *noted = reader->notes; noted != NULL && status == STATUS_OK;
         noted = noted->next) {
        status = read_blocks(reader, noted->text, &noted->note.first);
        *end = &noted->note;
        end = &noted->note.next;
    }
    return status;
}

/* Without any mark, all citations are sources of the whole. */
static void
list_citations(struct reader *reader)
{
    for (size_t i = 0; i < reader->supplies->citation_count; i++) {
        struct citation *citation = &reader->supplies->citations[i];
        citation->number = ++reader->cited_count;
        *reader->cited_end = citation;
        reader->cited_end = &citation->next;
    }
}

enum status
markdown_read(struct document *document, struct arena *arena, struct slice markdown,
              struct supplies *supplies, struct error *error)
{
    struct source source;
    struct reader reader = {
        .document = document, .arena = arena, .supplies = supplies, .error = error};
    reader.notes_end = &reader.notes;
    reader.cited_end = &document->citations;
    buffer_init(&reader.text, LIMIT_RENDER_MARKDOWN_BYTES);
    enum status status = source_split(&source, arena, markdown, error);
    if (status == STATUS_OK)
        status = index_notes(&reader, &source);
    if (status == STATUS_OK)
        status = read_blocks(&reader, source.text, &document->first);
    if (status == STATUS_OK)
        status = read_notes(&reader);
    if (status == STATUS_OK && buffer_is_over(&reader.text))
        status = error_set(error, STATUS_LIMIT, "the document needs too much memory");
    if (status == STATUS_OK) {
        if (reader.cited_count == 0)
            list_citations(&reader);
        status = outline_make(document, arena, supplies, error);
    }
    buffer_done(&reader.text);
    return status;
}
