#include "render/markdown_reader.h"

#include "base/limits.h"
#include "render/address.h"
#include "render/entity.h"
#include "render/source.h"
#include "render/spans.h"
#include "render/text.h"

#include <ctype.h>

/* Numbers in one mark: [@1, @2...]. */
#define MARK_NUMBERS_MAX 20

int
reader_fail(struct reader *reader, enum status status, const char *words)
{
    reader->status = error_set(reader->error, status, "%s", words);
    return 1;
}

static void
warn(struct reader *reader, const char *before, struct slice what, const char *after)
{
    supplies_warn(reader->supplies, reader->arena, before, what, after);
}

static struct span *
append_span(struct reader *reader, enum span_kind kind)
{
    struct span *span = arena_alloc(reader->arena, sizeof(*span));
    span->kind = kind;
    *reader->spans[reader->span_depth] = span;
    reader->spans[reader->span_depth] = &span->next;
    return span;
}

struct slice
reader_take_text(struct reader *reader)
{
    struct slice text = arena_copy(reader->arena, buffer_slice(&reader->text));
    buffer_clear(&reader->text);
    if (text.ptr == NULL)
        reader_fail(reader, STATUS_LIMIT, "the document needs too much memory");
    return text;
}

static void
flush_text(struct reader *reader)
{
    if (reader->text.size > 0)
        append_span(reader, SPAN_TEXT)->text = reader_take_text(reader);
}

void
reader_begin_spans(struct reader *reader, struct span **first)
{
    reader->span_depth = 0;
    reader->spans[0] = first;
    reader->is_break = false;
    reader->chart = NULL;
}

struct slice
reader_attribute(struct reader *reader, const MD_ATTRIBUTE *attribute)
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

/* --- What is in the line --------------------------------------------------------------------- */

/* Whether the model has a link: only one to a place that is safe. */
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
    span->title = reader_attribute(reader, &detail->title);
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
        struct slice address = reader_attribute(reader, &((MD_SPAN_A_DETAIL *)detail)->href);
        if (!keeps_link(reader, address))
            return -1;
        open_link(reader, detail, address);
    } else {
        go_inside(reader, append_span(reader, (enum span_kind)kind));
    }
    return kind;
}

int
reader_enter_span(MD_SPANTYPE type, void *detail, void *context)
{
    struct reader *reader = context;
    if (reader->status != STATUS_OK)
        return 1;
    if (reader->open_count == OPEN_SPANS_MAX)
        return reader_fail(reader, STATUS_LIMIT, "emphasis is nested too deep");
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
    struct slice address = reader_attribute(reader, &detail->src);
    struct slice alt = text_line(reader->arena, reader_take_text(reader));
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
    span->title = reader_attribute(reader, &detail->title);
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
        struct slice text = reader_take_text(reader);
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
int
reader_leave_span(MD_SPANTYPE type, void *detail, void *context)
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

int
reader_take_piece(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context)
{
    struct reader *reader = context;
    struct slice piece = slice_of(text, size);
    if (reader->status != STATUS_OK)
        return 1;
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

int
reader_end_spans(struct reader *reader, struct block *block)
{
    while (reader->open_count > 0)
        close_span(reader, NULL);
    flush_text(reader);
    if (reader->status == STATUS_OK && !spans_tidy(reader->arena, &block->spans))
        reader_fail(reader, STATUS_LIMIT, "the document needs too much memory");
    return reader->status != STATUS_OK;
}
