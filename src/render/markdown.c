#include "render/markdown.h"

#include "base/limits.h"
#include "base/yaml.h"
#include "render/address.h"
#include "render/chart.h"
#include "render/entity.h"
#include "render/outline.h"
#include "render/source.h"
#include "render/spans.h"
#include "render/text.h"

#include <ctype.h>
#include <md4c.h>

/* Spans open at once, those included that the model leaves out. */
#define OPEN_SPANS_MAX 1000
/* Numbers in one mark: [@1, @2...]. */
#define MARK_NUMBERS_MAX 20

static const char alone_words[] = "a chart stands in a paragraph of its own";

struct frame {
    struct block *block;     /* NULL: the top */
    struct block **next;     /* where the next block inside goes */
    struct block **last;     /* where the last one stands */
    struct block *paragraph; /* that text without one of its own went to; else NULL */
    uint32_t count;          /* blocks inside */
};

/* A note that marks may name; one that some do has a number. */
struct noted {
    struct note note;
    struct slice text;
    struct noted *next; /* by number */
};

struct opened {
    MD_SPANTYPE type;
    int kind; /* in the model; -1: it is not there */
};

struct reader {
    struct document *document;
    struct arena *arena;
    struct supplies *supplies;
    struct value labels; /* of notes: their places in all_notes */
    struct noted *all_notes;
    struct noted *notes; /* that marks lead to */
    struct noted **notes_end;
    uint32_t note_count; /* of these */
    const struct citation **cited_end;
    uint32_t cited_count;

    struct frame frames[MODEL_DEPTH_MAX + 1];
    size_t depth;
    struct span **spans[MODEL_SPANS_DEEP_MAX + 1]; /* where the next span goes, by depth */
    size_t span_depth;
    bool is_open[SPAN_CITATION + 1];      /* spans that others are inside of, by kind */
    struct opened opened[OPEN_SPANS_MAX]; /* spans, the innermost last */
    size_t open_count;
    size_t picture_count;
    struct span *late; /* marks met in a link, which they follow */
    struct span **late_end;
    struct buffer text;        /* of the span under way */
    bool is_break;             /* the text came as a line "\pagebreak" */
    const struct chart *chart; /* that the paragraph under way asks for */

    enum status status; /* md4c goes on for a while after a failure: nothing is done then */
    struct error *error;
};

static int
fail(struct reader *reader, enum status status, const char *words)
{
    reader->status = error_set(reader->error, status, "%s", words);
    return 1;
}

static void
warn(struct reader *reader, const char *before, struct slice what, const char *after)
{
    supplies_warn(reader->supplies, reader->arena, before, what, after);
}

/* --- Spans ----------------------------------------------------------------------------------- */

static struct span *
append_span(struct reader *reader, enum span_kind kind)
{
    struct span *span = arena_alloc(reader->arena, sizeof(*span));
    span->kind = kind;
    *reader->spans[reader->span_depth] = span;
    reader->spans[reader->span_depth] = &span->next;
    return span;
}

/* The text so far, which ends here. */
static struct slice
take_text(struct reader *reader)
{
    struct slice text = arena_copy(reader->arena, buffer_slice(&reader->text));
    buffer_clear(&reader->text);
    if (text.ptr == NULL)
        fail(reader, STATUS_LIMIT, "the document needs too much memory");
    return text;
}

static void
flush_text(struct reader *reader)
{
    if (reader->text.size > 0)
        append_span(reader, SPAN_TEXT)->text = take_text(reader);
}

static void
begin_spans(struct reader *reader, struct span **first)
{
    reader->span_depth = 0;
    reader->spans[0] = first;
    reader->is_break = false;
    reader->chart = NULL;
}

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
    begin_spans(reader, &block->spans);
    return block;
}

static void close_span(struct reader *reader, const void *detail);

/* All that are still open, and the text behind them. */
static int
end_spans(struct reader *reader, struct block *block)
{
    while (reader->open_count > 0)
        close_span(reader, NULL);
    flush_text(reader);
    if (reader->status == STATUS_OK && !spans_tidy(reader->arena, &block->spans))
        fail(reader, STATUS_LIMIT, "the document needs too much memory");
    return reader->status != STATUS_OK;
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
        return fail(reader, STATUS_INVALID, alone_words);
    if (reader->chart != NULL) {
        *block = (struct block){.kind = BLOCK_CHART, .chart = reader->chart};
        reader->chart = NULL;
    } else if (is_alone && reader->is_break) {
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
    if (end_spans(reader, paragraph) != 0)
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

/* An attribute's text with its entities read. */
static struct slice
attribute_text(struct reader *reader, const MD_ATTRIBUTE *attribute)
{
    struct buffer text;
    buffer_init(&text, LIMIT_RENDER_MARKDOWN_BYTES);
    for (size_t i = 0; attribute->size > 0 && attribute->substr_offsets[i] < attribute->size; i++) {
        MD_OFFSET at = attribute->substr_offsets[i];
        struct slice piece = slice_of(attribute->text + at, attribute->substr_offsets[i + 1] - at);
        if (attribute->substr_types[i] == MD_TEXT_ENTITY)
            entity_append(&text, piece);
        else
            buffer_append_slice(&text, piece);
    }
    struct slice line = text_line(reader->arena, buffer_slice(&text));
    buffer_done(&text);
    return line;
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
        return fail(reader, STATUS_LIMIT, "a table has more than 200 columns");
    struct column *columns = arena_try_alloc(reader->arena, detail->col_count * sizeof(*columns));
    if (columns == NULL)
        return fail(reader, STATUS_LIMIT, "the document needs too much memory");
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
            language_of(attribute_text(reader, &((MD_BLOCK_CODE_DETAIL *)detail)->lang));
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
        return fail(reader, STATUS_LIMIT, "lists and quotes are nested too deep");
    if (arena_is_over(reader->arena))
        return fail(reader, STATUS_LIMIT, "the document needs too much memory");
    struct block *block = append_block(reader, (enum block_kind)kind);
    reader->depth++;
    reader->frames[reader->depth] = (struct frame){.block = block, .next = &block->first};
    return describe_block(reader, block, type, detail);
}

static int
end_code(struct reader *reader, struct block *block)
{
    block->code.text = take_text(reader);
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
    if (block->kind != BLOCK_CODE && end_spans(reader, block) != 0)
        return 1;
    reader->depth--;
    if (block->kind == BLOCK_CODE)
        return end_code(reader, block);
    if (block->kind == BLOCK_PARAGRAPH)
        return end_paragraph(reader, block);
    if (reader->chart != NULL)
        return fail(reader, STATUS_INVALID, alone_words);
    if (is_hollow(block))
        drop_block(reader);
    if (block->kind == BLOCK_LIST)
        settle_room(block);
    if (block->kind == BLOCK_TABLE)
        find_numbers(reader, block);
    return reader->status != STATUS_OK;
}

/* --- What is in the line --------------------------------------------------------------------- */

/* Whether the model has a link: one to a place that is safe, and not inside another. */
static bool
keeps_link(struct reader *reader, struct slice address)
{
    if (!address_is_safe(address))
        warn(reader, "the link to \"", address,
             "\" is left out: only http, https, mailto and places in the document may be linked");
    return address_is_safe(address);
}

static void
go_inside(struct reader *reader, struct span *span)
{
    reader->is_open[span->kind] = true;
    reader->span_depth++;
    reader->spans[reader->span_depth] = &span->first;
}

static void
open_link(struct reader *reader, const MD_SPAN_A_DETAIL *detail, struct slice address)
{
    struct span *span = append_span(reader, SPAN_LINK);
    span->address = address;
    span->title = attribute_text(reader, &detail->title);
    go_inside(reader, span);
    reader->late = NULL;
    reader->late_end = &reader->late;
}

/* -1: the model has no such span around others. */
static int
span_kind_of(MD_SPANTYPE type)
{
    switch (type) {
    case MD_SPAN_EM:
        return SPAN_EMPHASIS;
    case MD_SPAN_STRONG:
        return SPAN_STRONG;
    case MD_SPAN_DEL:
        return SPAN_STRIKE;
    case MD_SPAN_A:
        return SPAN_LINK;
    case MD_SPAN_IMG:
    case MD_SPAN_CODE:
    case MD_SPAN_LATEXMATH:
    case MD_SPAN_LATEXMATH_DISPLAY:
    case MD_SPAN_WIKILINK:
    case MD_SPAN_U:
        break;
    }
    return -1;
}

/* Opens the span and gives its kind; -1: the model does not have it, or already has one around. */
static int
open_span(struct reader *reader, MD_SPANTYPE type, void *detail)
{
    int kind = span_kind_of(type);
    if (kind < 0 || reader->is_open[kind])
        return -1;
    if (kind == SPAN_LINK) {
        struct slice address = attribute_text(reader, &((MD_SPAN_A_DETAIL *)detail)->href);
        if (!keeps_link(reader, address))
            return -1;
        open_link(reader, detail, address);
    } else {
        go_inside(reader, append_span(reader, (enum span_kind)kind));
    }
    return kind;
}

static int
enter_span(MD_SPANTYPE type, void *detail, void *context)
{
    struct reader *reader = context;
    if (reader->status != STATUS_OK)
        return 1;
    want_paragraph(reader);
    if (reader->open_count == OPEN_SPANS_MAX)
        return fail(reader, STATUS_LIMIT, "emphasis is nested too deep");
    int kind = -1;
    if (reader->picture_count == 0) {
        flush_text(reader);
        kind = open_span(reader, type, detail);
    }
    reader->picture_count += type == MD_SPAN_IMG;
    reader->opened[reader->open_count++] = (struct opened){type, kind};
    return reader->status != STATUS_OK;
}

/* A picture that is not there leaves its words, and its address if one may go there. */
static void
replace_picture(struct reader *reader, struct slice address, struct slice alt)
{
    warn(reader, "the picture \"", address, "\" is not among the images given");
    if (alt.size == 0)
        alt = address;
    if (!reader->is_open[SPAN_LINK] && address_is_web(address)) {
        struct span *text = arena_alloc(reader->arena, sizeof(*text));
        text->text = alt;
        struct span *link = append_span(reader, SPAN_LINK);
        link->address = address;
        link->first = text;
    } else {
        buffer_append_slice(&reader->text, alt);
    }
}

static void
close_picture(struct reader *reader, const MD_SPAN_IMG_DETAIL *detail)
{
    struct slice address = attribute_text(reader, &detail->src);
    struct slice alt = text_line(reader->arena, take_text(reader));
    const struct picture *picture = supplies_find_picture(reader->supplies, address);
    const struct chart *chart = supplies_find_chart(reader->supplies, address);
    if (picture == NULL && chart == NULL) {
        replace_picture(reader, address, alt);
        return;
    }
    /* A chart is no picture in a line: its paragraph becomes the chart. */
    if (chart != NULL)
        reader->chart = chart;
    struct span *span = append_span(reader, SPAN_PICTURE);
    span->picture = picture;
    span->text = alt;
    span->title = attribute_text(reader, &detail->title);
}

static void
close_link(struct reader *reader)
{
    if (reader->late == NULL)
        return;
    *reader->spans[reader->span_depth] = reader->late;
    reader->spans[reader->span_depth] = reader->late_end;
}

/* In the code of a table's cell "\|" is "|"; md4c leaves it as it is. */
static void
unescape_pipes(struct buffer *text)
{
    size_t kept = 0;
    for (size_t at = 0; at < text->size; at++) {
        bool is_escape = text->ptr[at] == '\\' && at + 1 < text->size && text->ptr[at + 1] == '|';
        if (!is_escape)
            text->ptr[kept++] = text->ptr[at];
    }
    text->size = kept;
}

/* Closes the innermost span. Without what md4c tells of it, a picture is its words. */
static void
close_span(struct reader *reader, const void *detail)
{
    struct opened opened = reader->opened[--reader->open_count];
    reader->picture_count -= opened.type == MD_SPAN_IMG;
    if (reader->picture_count > 0)
        return;
    if (opened.type == MD_SPAN_IMG && detail != NULL) {
        close_picture(reader, detail);
    } else if (opened.type == MD_SPAN_CODE) {
        if (reader->frames[reader->depth].block->kind == BLOCK_CELL)
            unescape_pipes(&reader->text);
        struct slice text = take_text(reader);
        append_span(reader, SPAN_CODE)->text = text;
    } else if (opened.kind >= 0) {
        flush_text(reader);
        reader->span_depth--;
        reader->is_open[opened.kind] = false;
        if (opened.type == MD_SPAN_A)
            close_link(reader);
    }
}

/* md4c 0.4.8 may leave a span that it did not enter, and the other way round: where the signs of
 * emphasis stand in the address of a link without words. */
static int
leave_span(MD_SPANTYPE type, void *detail, void *context)
{
    struct reader *reader = context;
    size_t at = reader->open_count;
    if (reader->status != STATUS_OK)
        return 1;
    while (at > 0 && reader->opened[at - 1].type != type)
        at--;
    if (at == 0)
        return 0;
    while (reader->open_count > at)
        close_span(reader, NULL);
    close_span(reader, detail);
    return reader->status != STATUS_OK;
}

/* --- Marks of notes and citations ------------------------------------------------------------ */

/* A mark stands behind the text before it; one in a link behind the link. */
static struct span *
append_mark(struct reader *reader, enum span_kind kind)
{
    flush_text(reader);
    if (!reader->is_open[SPAN_LINK])
        return append_span(reader, kind);
    struct span *span = arena_alloc(reader->arena, sizeof(*span));
    span->kind = kind;
    *reader->late_end = span;
    reader->late_end = &span->next;
    return span;
}

/* Bytes of the mark of a note; 0: it is none. */
static size_t
take_note_mark(struct reader *reader, struct slice rest)
{
    struct slice label = source_label(rest);
    struct value place = value_find(reader->labels, label);
    if (label.size == 0 || place.kind == VALUE_NONE)
        return 0;
    struct noted *noted = &reader->all_notes[place.integer];
    if (noted->note.number == 0) {
        noted->note.number = ++reader->note_count;
        *reader->notes_end = noted;
        reader->notes_end = &noted->next;
    }
    struct span *span = append_mark(reader, SPAN_NOTE);
    span->note = &noted->note;
    span->use = ++noted->note.use_count;
    return label.size + 3;
}

/* The numbers of a mark such as [@1] or [@1, @3]; gives its bytes, 0 if it is none. */
static size_t
scan_numbers(struct slice rest, int64_t *numbers, size_t *count)
{
    size_t at = 1;
    *count = 0;
    while (at < rest.size && *count < MARK_NUMBERS_MAX) {
        while (at < rest.size && rest.ptr[at] == ' ')
            at++;
        if (at < rest.size && rest.ptr[at] == '@')
            at++;
        else if (*count == 0)
            return 0;
        size_t digits = at;
        while (at < rest.size && isdigit((unsigned char)rest.ptr[at]))
            at++;
        if (!slice_parse_int64(slice_of(rest.ptr + digits, at - digits), &numbers[(*count)++]) ||
            at >= rest.size)
            return 0;
        if (rest.ptr[at] == ']')
            return at + 1;
        if (rest.ptr[at++] != ',')
            return 0;
    }
    return 0;
}

static void
cite(struct reader *reader, struct citation *citation)
{
    if (citation->use_count == 0) {
        citation->number = ++reader->cited_count;
        *reader->cited_end = citation;
        reader->cited_end = &citation->next;
    }
    struct span *span = append_mark(reader, SPAN_CITATION);
    span->citation = citation;
    span->use = ++citation->use_count;
}

/* Likewise of citations; one that is not there makes all of it text. */
static size_t
take_citation_mark(struct reader *reader, struct slice rest)
{
    int64_t numbers[MARK_NUMBERS_MAX];
    size_t count = 0;
    size_t size = scan_numbers(rest, numbers, &count);
    for (size_t i = 0; i < count && size > 0; i++) {
        if (supplies_find_citation(reader->supplies, numbers[i]) == NULL) {
            warn(reader, "the mark ", slice_of(rest.ptr, size), " leads to no citation");
            return 0;
        }
    }
    for (size_t i = 0; i < count && size > 0; i++)
        cite(reader, supplies_find_citation(reader->supplies, numbers[i]));
    return size;
}

static void
take_marked_text(struct reader *reader, struct slice text)
{
    size_t kept = 0;
    for (size_t at = 0; at < text.size;) {
        size_t size = 0;
        if (text.ptr[at] == '[' && at + 3 < text.size && strchr("^@", text.ptr[at + 1]) != NULL) {
            buffer_append(&reader->text, text.ptr + kept, at - kept);
            kept = at;
            struct slice rest = slice_of(text.ptr + at, text.size - at);
            size = rest.ptr[1] == '^' ? take_note_mark(reader, rest)
                                      : take_citation_mark(reader, rest);
            kept += size;
        }
        at += size > 0 ? size : 1;
    }
    if (kept < text.size)
        buffer_append(&reader->text, text.ptr + kept, text.size - kept);
}

/* --- Text ------------------------------------------------------------------------------------ */

static void
take_normal_text(struct reader *reader, struct slice text)
{
    const struct span **spans = (const struct span **)reader->spans[0];
    bool is_first = reader->span_depth == 0 && *spans == NULL && reader->text.size == 0;
    reader->is_break = is_first && reader->open_count == 0 && slice_is(text, "\\pagebreak");
    if (reader->picture_count > 0)
        buffer_append_slice(&reader->text, text);
    else
        take_marked_text(reader, text);
}

static void
end_line(struct reader *reader)
{
    enum block_kind kind = reader->frames[reader->depth].block->kind;
    if (reader->picture_count > 0 || kind == BLOCK_HEADING || kind == BLOCK_CELL) {
        buffer_append_byte(&reader->text, ' ');
        return;
    }
    flush_text(reader);
    append_span(reader, SPAN_BREAK);
}

static int
take_piece(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context)
{
    struct reader *reader = context;
    struct slice piece = slice_of(text, size);
    if (reader->status != STATUS_OK)
        return 1;
    want_paragraph(reader);
    switch (type) {
    case MD_TEXT_NORMAL:
        take_normal_text(reader, piece);
        break;
    case MD_TEXT_BR:
        end_line(reader);
        break;
    case MD_TEXT_SOFTBR:
        buffer_append_byte(&reader->text, ' ');
        break;
    case MD_TEXT_ENTITY:
        entity_append(&reader->text, piece);
        break;
    case MD_TEXT_NULLCHAR:
    case MD_TEXT_CODE:
    case MD_TEXT_HTML:
    case MD_TEXT_LATEXMATH:
        buffer_append_slice(&reader->text, piece);
        break;
    }
    return reader->status != STATUS_OK;
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
        .leave_span = leave_span,
        .text = take_piece,
    };
    reader->depth = 0;
    reader->frames[0] = (struct frame){.next = first};
    if (md_parse(markdown.ptr, (MD_SIZE)markdown.size, &parser, reader) != 0 &&
        reader->status == STATUS_OK)
        fail(reader, STATUS_LIMIT, "the document needs too much memory");
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
        fail(reader, STATUS_LIMIT, "the document needs too much memory");
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
