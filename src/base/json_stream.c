#include "base/json.h"

#include "base/json_scan.h"
#include "base/mem.h"

#include <assert.h>

enum stream_state {
    STREAM_BEFORE, /* of an array: its '[' is to come */
    STREAM_FIRST,  /* an element, or the end */
    STREAM_ELEMENT,
    STREAM_COMMA, /* ',' or ']' */
    STREAM_AFTER, /* the array has ended */
};

struct json_stream {
    enum json_stream_shape shape;
    enum stream_state state;
    size_t element_bytes_max;
    bool last;
    struct error error;      /* stays once set, */
    struct json_place fault; /* and so does its place */

    struct buffer input;
    size_t head;    /* where the next token or element begins */
    size_t scanned; /* how far the search for the element's end went */
    size_t nesting; /* of brackets, and whether inside a string, at `scanned` */
    bool in_string;

    size_t placed; /* the byte of the input that `place` is about, at most head */
    struct json_place place;
};

struct json_stream *
json_stream_new(enum json_stream_shape shape, size_t element_bytes_max)
{
    struct json_stream *stream = mem_alloc(sizeof(*stream));
    stream->shape = shape;
    stream->state = shape == JSON_STREAM_ARRAY ? STREAM_BEFORE : STREAM_FIRST;
    stream->element_bytes_max = element_bytes_max;
    stream->place = JSON_PLACE_FIRST;
    buffer_init(&stream->input, PTRDIFF_MAX);
    return stream;
}

void
json_stream_free(struct json_stream **stream)
{
    struct json_stream *gone = *stream;
    if (gone == NULL)
        return;
    buffer_done(&gone->input);
    mem_free(gone);
    *stream = NULL;
}

/* Moves the place up to head, so that each byte is looked at once for it. */
static void
place_head(struct json_stream *stream)
{
    if (stream->placed == stream->head)
        return;
    struct slice passed =
        slice_of(stream->input.ptr + stream->placed, stream->head - stream->placed);
    stream->place = json_place_after(stream->place, passed);
    stream->placed = stream->head;
}

static void
drop_passed(struct json_stream *stream)
{
    place_head(stream);
    buffer_consume(&stream->input, stream->head);
    stream->scanned -= stream->head;
    stream->head = 0;
    stream->placed = 0;
}

static enum status
stay(struct json_stream *stream, struct error *error)
{
    if (error != NULL)
        *error = stream->error;
    return stream->error.status;
}

static enum status
fail_here(struct json_stream *stream, enum status status, const char *words)
{
    place_head(stream);
    stream->fault = stream->place;
    return error_set(&stream->error, status, "line %u, column %u: %s", stream->place.line,
                     stream->place.column, words);
}

enum status
json_stream_feed(struct json_stream *stream, struct slice piece, bool last, struct error *error)
{
    assert(!stream->last);
    if (stream->error.status != STATUS_OK)
        return stay(stream, error);
    drop_passed(stream);
    if (stream->input.size > stream->element_bytes_max) {
        fail_here(stream, STATUS_LIMIT, "this element is larger than allowed");
        return stay(stream, error);
    }
    buffer_append_slice(&stream->input, piece);
    stream->last = last;
    return STATUS_OK;
}

/* The next byte that is not white space, passing over those; 0 at the end of what was fed. */
static char
peek(struct json_stream *stream)
{
    while (stream->head < stream->input.size && json_is_space(stream->input.ptr[stream->head]))
        stream->head++;
    if (stream->scanned < stream->head)
        stream->scanned = stream->head;
    return stream->head < stream->input.size ? stream->input.ptr[stream->head] : '\0';
}

static bool
at_end(const struct json_stream *stream)
{
    return stream->head == stream->input.size;
}

/* Goes on inside a string; true when it has ended. A backslash waits for the byte behind it. */
static bool
scan_string(struct json_stream *stream)
{
    const char *at = stream->input.ptr + stream->scanned;
    const char *end = stream->input.ptr + stream->input.size;
    for (;;) {
        at = json_skip_plain(at, end);
        int step = at < end && *at == '\\' ? 2 : 1;
        if (end - at < step || *at == '"')
            break;
        at += step;
    }
    stream->in_string = at == end || *at != '"';
    stream->scanned = (size_t)(at - stream->input.ptr) + !stream->in_string;
    return !stream->in_string;
}

/* Goes on between strings, up to the next one, the last closing bracket or the end of the input.
 * '[' and '{' differ in one bit, and so do ']' and '}'. */
static void
scan_brackets(struct json_stream *stream)
{
    const char *input = stream->input.ptr;
    size_t size = stream->input.size;
    size_t at = stream->scanned;
    size_t nesting = stream->nesting;
    while (at < size && !stream->in_string) {
        char byte = input[at++];
        if (byte == '"')
            stream->in_string = true;
        else if ((byte | 0x20) == '{')
            nesting++;
        else if ((byte | 0x20) == '}' && --nesting == 0)
            break;
    }
    stream->scanned = at;
    stream->nesting = nesting;
}

static bool
scan_nested(struct json_stream *stream)
{
    for (;;) {
        if (stream->in_string && !scan_string(stream))
            return false;
        if (stream->scanned > stream->head && stream->nesting == 0)
            return true;
        if (stream->scanned == stream->input.size)
            return false;
        scan_brackets(stream);
    }
}

static bool
scan_scalar(struct json_stream *stream)
{
    const char *input = stream->input.ptr;
    size_t size = stream->input.size;
    if (stream->scanned == stream->head)
        stream->scanned++;
    while (stream->scanned < size && !json_ends_scalar(input[stream->scanned]))
        stream->scanned++;
    return stream->scanned < size || stream->last;
}

/* Whether the element at head is whole, then input[head, scanned). Brackets are only counted: what
 * is wrong inside, the parser finds. */
static bool
element_is_whole(struct json_stream *stream)
{
    char first = stream->input.ptr[stream->head];
    bool whole =
        first == '{' || first == '[' || first == '"' ? scan_nested(stream) : scan_scalar(stream);
    if (!whole && stream->last)
        stream->scanned = stream->input.size;
    return whole || stream->last;
}

static enum status
give_element(struct json_stream *stream, struct value *out, struct arena *arena,
             struct json_place *place)
{
    size_t size = stream->scanned - stream->head;
    if (size > stream->element_bytes_max)
        return fail_here(stream, STATUS_LIMIT, "this element is larger than allowed");
    place_head(stream);
    if (place != NULL)
        *place = stream->place;
    struct json_span span = {
        .text = slice_of(stream->input.ptr + stream->head, size),
        .start = stream->place,
        .nesting = stream->shape == JSON_STREAM_ARRAY ? 1 : 0,
    };
    enum status status = json_parse_span(out, arena, &span, &stream->error);
    if (status != STATUS_OK)
        stream->fault = span.start;
    stream->head = stream->scanned;
    stream->nesting = 0;
    stream->in_string = false;
    stream->state = stream->shape == JSON_STREAM_ARRAY ? STREAM_COMMA : STREAM_FIRST;
    return status;
}

/* One punctuation mark of the array; false when there is nothing left for this call to do. */
static bool
pass_mark(struct json_stream *stream, char byte)
{
    if (stream->state == STREAM_BEFORE && byte == '[')
        stream->state = STREAM_FIRST;
    else if (stream->state == STREAM_COMMA && byte == ',')
        stream->state = STREAM_ELEMENT;
    else if ((stream->state == STREAM_COMMA || stream->state == STREAM_FIRST) && byte == ']')
        stream->state = STREAM_AFTER;
    else
        return false;
    stream->head++;
    return true;
}

static const char *
wanted_words(enum stream_state state)
{
    switch (state) {
    case STREAM_BEFORE:
        return "expected '[', the beginning of an array";
    case STREAM_FIRST:
        return "expected an element or ']', found the end of the text";
    case STREAM_ELEMENT:
        return "expected an element, found the end of the text";
    case STREAM_COMMA:
        return "expected ',' or ']' after an element of the array";
    case STREAM_AFTER:
        return "expected the end of the text after the array";
    }
    assert(false);
    return "";
}

static enum status
stream_next(struct json_stream *stream, struct value *out, struct arena *arena,
            struct json_place *place)
{
    bool array = stream->shape == JSON_STREAM_ARRAY;
    char byte = peek(stream);
    while (array && !at_end(stream) && pass_mark(stream, byte))
        byte = peek(stream);
    if (at_end(stream)) {
        bool complete = !array || stream->state == STREAM_AFTER || !stream->last;
        return complete ? STATUS_OK
                        : fail_here(stream, STATUS_INVALID, wanted_words(stream->state));
    }
    if (stream->state != STREAM_FIRST && stream->state != STREAM_ELEMENT)
        return fail_here(stream, STATUS_INVALID, wanted_words(stream->state));
    return element_is_whole(stream) ? give_element(stream, out, arena, place) : STATUS_OK;
}

enum status
json_stream_next(struct json_stream *stream, struct value *out, struct arena *arena,
                 struct json_place *place, struct error *error)
{
    *out = (struct value){.kind = VALUE_NONE};
    enum status status = stream->error.status;
    if (status == STATUS_OK)
        status = stream_next(stream, out, arena, place);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (place != NULL)
        *place = stream->fault;
    return stay(stream, error);
}

bool
json_stream_is_done(const struct json_stream *stream)
{
    bool ended = stream->shape == JSON_STREAM_TEXTS || stream->state == STREAM_AFTER;
    return stream->last && ended && at_end(stream) && stream->error.status == STATUS_OK;
}
