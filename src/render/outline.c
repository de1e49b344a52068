#include "render/outline.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "base/value.h"
#include "render/spans.h"
#include "render/text.h"

#include <ctype.h>

struct outline {
    struct document *document;
    struct arena *arena;
    struct supplies *supplies;
    struct value anchors; /* how often each was asked for */
    struct buffer text;
    const struct block **end; /* of the list of headings */
    uint32_t levels[6];       /* of the heading under way and those above it */
    uint32_t rank;
    bool is_over;
};

static struct slice
keep_text(struct outline *outline)
{
    struct slice text = arena_copy(outline->arena, buffer_slice(&outline->text));
    outline->is_over |= text.ptr == NULL;
    return text;
}

static struct slice
plain_text(struct outline *outline, const struct span *spans)
{
    buffer_clear(&outline->text);
    spans_append_text(&outline->text, spans);
    struct slice line = text_line(outline->arena, buffer_slice(&outline->text));
    outline->is_over |= line.ptr == NULL;
    return line;
}

/* General punctuation, and the signs of CJK texts: no part of an anchor. */
static bool
is_punctuation(uint32_t point)
{
    return (point >= 0x80 && point < 0xC0 && point != 0xAA && point != 0xB5 && point != 0xBA) ||
           (point >= 0x2000 && point < 0x2070) || (point >= 0x3000 && point < 0x3004) ||
           (point >= 0x3008 && point < 0x3021) || (point >= 0xFF00 && point < 0xFF10);
}

/* At most 200 bytes, never empty, beginning with a letter or a digit. */
static void
make_anchor(struct buffer *out, struct slice text)
{
    buffer_clear(out);
    for (size_t at = 0; at < text.size && out->size < 200;) {
        size_t size = utf8_size(text.ptr[at]);
        char byte = text.ptr[at];
        if (size > 1 && !is_punctuation(utf8_point(text.ptr + at)))
            buffer_append(out, text.ptr + at, size);
        else if (size == 1 && isalnum((unsigned char)byte))
            buffer_append_byte(out, (char)tolower((unsigned char)byte));
        else if ((byte == ' ' || byte == '-' || byte == '_') && out->size > 0)
            buffer_append_byte(out, byte == ' ' ? '-' : byte);
        at += size;
    }
    if (out->size == 0)
        buffer_append_text(out, "section");
}

static void
count_anchor(struct outline *outline, struct slice anchor, int64_t count)
{
    outline->anchors = value_object_put(outline->arena, 1, outline->anchors, value_string(anchor),
                                        value_int(count));
    outline->is_over |= outline->anchors.kind == VALUE_NONE;
}

static struct slice
name_heading(struct outline *outline, struct slice text)
{
    make_anchor(&outline->text, text);
    struct slice base = keep_text(outline);
    struct slice anchor = base;
    struct value seen = value_find(outline->anchors, base);
    int64_t count = seen.kind == VALUE_NONE ? 0 : seen.integer;
    while (count > 0 && !outline->is_over &&
           value_find(outline->anchors, anchor).kind != VALUE_NONE) {
        buffer_clear(&outline->text);
        buffer_append_format(&outline->text, "%.*s-%d", SLICE_FORMAT(base), (int)count++);
        anchor = keep_text(outline);
    }
    if (outline->is_over)
        return anchor;
    count_anchor(outline, base, count > 0 ? count : 1);
    if (anchor.ptr != base.ptr)
        count_anchor(outline, anchor, 1);
    return anchor;
}

static void
describe_heading(struct outline *outline, struct block *heading)
{
    heading->heading.text = plain_text(outline, heading->spans);
    heading->heading.anchor = name_heading(outline, heading->heading.text);
}

/* Headings inside quotes and lists have anchors only. */
static void
describe_inner(struct outline *outline, struct block *blocks)
{
    for (struct block *block = blocks; block != NULL && !outline->is_over; block = block->next) {
        if (block->kind == BLOCK_HEADING)
            describe_heading(outline, block);
        describe_inner(outline, block->first);
    }
}

static void
rank_heading(struct outline *outline, struct block *heading)
{
    while (outline->rank > 0 && outline->levels[outline->rank - 1] >= heading->heading.level)
        outline->rank--;
    outline->levels[outline->rank++] = heading->heading.level;
    heading->heading.rank = outline->rank;
    *outline->end = heading;
    outline->end = (const struct block **)&heading->heading.next;
}

static void
find_title(struct outline *outline)
{
    struct document *document = outline->document;
    struct block *first = document->first;
    if (first == NULL || first->kind != BLOCK_HEADING || first->heading.level != 1)
        return;
    struct slice text = plain_text(outline, first->spans);
    if (document->title != NULL && !slice_equal(text, document->title_text))
        return;
    document->title = first->spans;
    document->title_text = text;
    document->first = first->next;
}

static void
list_headings(struct outline *outline)
{
    struct document *document = outline->document;
    for (struct block *block = document->first; block != NULL && !outline->is_over;
         block = block->next) {
        if (block->kind != BLOCK_HEADING) {
            describe_inner(outline, block->first);
            continue;
        }
        describe_heading(outline, block);
        rank_heading(outline, block);
        if (document->title_text.size == 0)
            document->title_text = block->heading.text;
    }
}

/* --- Links ----------------------------------------------------------------------------------- */

static bool
leads_nowhere(const struct outline *outline, const struct span *span)
{
    if (span->kind != SPAN_LINK || span->address.ptr[0] != '#')
        return false;
    struct slice anchor = slice_of(span->address.ptr + 1, span->address.size - 1);
    return value_find(outline->anchors, anchor).kind == VALUE_NONE;
}

/* Whether a link was left out. */
static bool
check_spans(struct outline *outline, struct span **at)
{
    bool is_changed = false;
    while (*at != NULL) {
        struct span *span = *at;
        if (!leads_nowhere(outline, span)) {
            is_changed |= check_spans(outline, &span->first);
            at = &span->next;
            continue;
        }
        supplies_warn(outline->supplies, outline->arena, "the link to \"", span->address,
                      "\" is left out: no heading has that anchor");
        /* What is inside takes its place. */
        struct span **end = &span->first;
        while (*end != NULL)
            end = &(*end)->next;
        *end = span->next;
        *at = span->first;
        is_changed = true;
    }
    return is_changed;
}

static void
check_blocks(struct outline *outline, struct block *blocks)
{
    for (struct block *block = blocks; block != NULL; block = block->next) {
        if (check_spans(outline, &block->spans))
            outline->is_over |= !spans_tidy(outline->arena, &block->spans);
        check_blocks(outline, block->first);
    }
}

enum status
outline_make(struct document *document, struct arena *arena, struct supplies *supplies,
             struct error *error)
{
    struct outline outline = {
        .document = document,
        .arena = arena,
        .supplies = supplies,
        .anchors = value_empty_object(),
        .end = &document->headings,
    };
    buffer_init(&outline.text, LIMIT_RENDER_MARKDOWN_BYTES);
    find_title(&outline);
    list_headings(&outline);
    for (const struct note *note = document->notes; note != NULL; note = note->next)
        describe_inner(&outline, note->first);
    if (check_spans(&outline, &document->title))
        outline.is_over |= !spans_tidy(arena, &document->title);
    check_blocks(&outline, document->first);
    for (const struct note *note = document->notes; note != NULL; note = note->next)
        check_blocks(&outline, note->first);
    buffer_done(&outline.text);
    return outline.is_over ? error_set(error, STATUS_LIMIT, "the headings need too much memory")
                           : STATUS_OK;
}
