#include "render/spans.h"

static bool
is_emphasis(const struct span *span)
{
    return span->kind == SPAN_EMPHASIS || span->kind == SPAN_STRONG || span->kind == SPAN_STRIKE;
}

static bool
is_empty(const struct span *span)
{
    if (span->kind == SPAN_TEXT || span->kind == SPAN_CODE)
        return span->text.size == 0;
    if (!is_emphasis(span))
        return false;
    const struct span *inside = span->first;
    while (inside != NULL && is_empty(inside))
        inside = inside->next;
    return inside == NULL;
}

/* Drops empty spans and joins emphasis side by side. */
static void
join_emphasis(struct span **at)
{
    struct span *last = NULL;
    struct span **inside_end = NULL; /* of the last */
    while (*at != NULL) {
        struct span *span = *at;
        bool is_joined = last != NULL && is_emphasis(span) && span->kind == last->kind;
        if (is_empty(span) || is_joined) {
            *at = span->next;
            if (!is_empty(span))
                *inside_end = span->first;
        } else {
            last = span;
            inside_end = &span->first;
            at = &span->next;
        }
        while (inside_end != NULL && *inside_end != NULL)
            inside_end = &(*inside_end)->next;
    }
}

/* Makes white space one space, in place. md4c may leave line ends in a text. */
static size_t
squeeze(char *text, size_t size)
{
    size_t kept = 0;
    for (size_t at = 0; at < size; at++) {
        char byte = memchr("\t\r\n", text[at], 3) != NULL ? ' ' : text[at];
        if (byte != ' ' || kept == 0 || text[kept - 1] != ' ')
            text[kept++] = byte;
    }
    return kept;
}

/* All texts, or all code, from this one on, up to something else. */
static bool
join_texts(struct arena *arena, struct span *first)
{
    size_t size = 0;
    struct span *end = first;
    for (; end != NULL && end->kind == first->kind; end = end->next)
        size += end->text.size;
    char *text = arena_try_alloc(arena, size + 1);
    if (text == NULL)
        return false;
    size = 0;
    for (const struct span *span = first; span != end; span = span->next) {
        memcpy(text + size, span->text.ptr, span->text.size);
        size += span->text.size;
    }
    first->text = slice_of(text, first->kind == SPAN_TEXT ? squeeze(text, size) : size);
    first->next = end;
    return true;
}

static bool
tidy(struct arena *arena, struct span **spans)
{
    bool has_room = true;
    join_emphasis(spans);
    for (struct span *span = *spans; span != NULL && has_room; span = span->next) {
        if (span->kind == SPAN_TEXT || span->kind == SPAN_CODE)
            has_room = join_texts(arena, span);
        else
            has_room = tidy(arena, &span->first);
        if (span->kind == SPAN_LINK && span->first == NULL) {
            span->first = arena_alloc(arena, sizeof(*span->first));
            span->first->text = span->address;
        }
    }
    return has_room;
}

static bool
is_room(const struct span *span)
{
    return span->kind == SPAN_BREAK || (span->kind == SPAN_TEXT && slice_is(span->text, " "));
}

/* Spaces and breaks at the ends. */
static void
trim(struct span **spans)
{
    while (*spans != NULL && is_room(*spans))
        *spans = (*spans)->next;
    struct span *first = *spans;
    struct span *last = NULL;
    for (struct span *span = first; span != NULL; span = span->next) {
        if (!is_room(span))
            last = span;
    }
    if (last == NULL)
        return;
    last->next = NULL;
    if (last->kind == SPAN_TEXT)
        last->text.size -= last->text.ptr[last->text.size - 1] == ' ';
    if (first->kind == SPAN_TEXT && first->text.ptr[0] == ' ')
        first->text = slice_of(first->text.ptr + 1, first->text.size - 1);
}

bool
spans_tidy(struct arena *arena, struct span **spans)
{
    bool has_room = tidy(arena, spans);
    trim(spans);
    return has_room;
}

void
spans_append_text(struct buffer *out, const struct span *spans)
{
    for (const struct span *span = spans; span != NULL; span = span->next) {
        buffer_append_slice(out, span->text);
        if (span->kind == SPAN_BREAK)
            buffer_append_byte(out, ' ');
        spans_append_text(out, span->first);
    }
}
