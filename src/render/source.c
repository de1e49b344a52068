#include "render/source.h"

#include "base/limits.h"
#include "render/text.h"

#include <ctype.h>

/* A block of code between fences. */
struct fence {
    char byte; /* '`' or '~'; 0: outside of one */
    size_t length;
    bool is_inside; /* of a list or a quote, whose end ends it too */
};

struct splitter {
    struct arena *arena;
    struct source *source;
    struct buffer text; /* what remains */
    struct buffer body; /* of the note under way */
    struct source_note *note;
    struct source_note **notes_end;
    size_t note_count;
    size_t blank_count; /* lines in the note that may be its end */
    struct fence fence;
    size_t pipe_count; /* lines in a row before this one that have a pipe */
    struct error *error;
};

static size_t
indentation(struct slice line)
{
    size_t at = 0;
    while (at < line.size && line.ptr[at] == ' ')
        at++;
    return at;
}

static struct slice
slice_from(struct slice text, size_t at)
{
    return slice_of(at == 0 ? text.ptr : text.ptr + at, text.size - at);
}

static bool
is_blank(struct slice line)
{
    return slice_trim(line).size == 0;
}

/* Bytes of the signs of lists and quotes that the line begins with. */
static size_t
markers_size(struct slice line)
{
    for (size_t at = 0;;) {
        at += indentation(slice_from(line, at));
        size_t sign = at;
        while (sign < line.size && isdigit((unsigned char)line.ptr[sign]))
            sign++;
        const char *signs = sign > at ? ".)" : ">-*+";
        if (sign >= line.size || strchr(signs, line.ptr[sign]) == NULL || line.ptr[sign] == '\0')
            return at;
        bool is_quote = line.ptr[sign] == '>';
        if (!is_quote && (sign + 1 >= line.size || line.ptr[sign + 1] != ' '))
            return at;
        at = sign + 1;
    }
}

static size_t
run_of(struct slice line, size_t at, char byte)
{
    size_t size = 0;
    while (at + size < line.size && line.ptr[at + size] == byte)
        size++;
    return size;
}

static bool
open_fence(struct fence *out, struct slice line)
{
    size_t at = markers_size(line);
    if (at >= line.size || (line.ptr[at] != '`' && line.ptr[at] != '~'))
        return false;
    size_t length = run_of(line, at, line.ptr[at]);
    struct slice info = slice_from(line, at + length);
    if (length < 3 || (line.ptr[at] == '`' && memchr(info.ptr, '`', info.size) != NULL))
        return false;
    *out = (struct fence){line.ptr[at], length, at > 0};
    return true;
}

static bool
closes_fence(const struct fence *fence, struct slice line)
{
    size_t at = fence->is_inside ? markers_size(line) : indentation(line);
    size_t length = run_of(line, at, fence->byte);
    return length >= fence->length && is_blank(slice_from(line, at + length));
}

/* Whether the line stays in the code that is open; notes the code's end. */
static bool
is_code(struct splitter *splitter, struct slice line)
{
    struct fence *fence = &splitter->fence;
    if (fence->byte == 0)
        return open_fence(fence, line);
    bool is_outside = fence->is_inside && !is_blank(line) && markers_size(line) == 0;
    if (is_outside || closes_fence(fence, line))
        fence->byte = 0;
    if (is_outside)
        return open_fence(fence, line);
    return true;
}

struct slice
source_label(struct slice text)
{
    size_t at = 2;
    if (!slice_starts_with(text, SLICE("[^")))
        return slice_of(NULL, 0);
    while (at < text.size && at - 2 < SOURCE_LABEL_BYTES_MAX &&
           (isalnum((unsigned char)text.ptr[at]) || (unsigned char)text.ptr[at] >= 0x80 ||
            strchr("-_.", text.ptr[at]) != NULL))
        at++;
    bool is_label = at > 2 && at < text.size && text.ptr[at] == ']';
    return slice_of(text.ptr + 2, is_label ? at - 2 : 0);
}

static enum status
end_note(struct splitter *splitter)
{
    if (splitter->note == NULL)
        return STATUS_OK;
    splitter->note->text = arena_copy(splitter->arena, buffer_slice(&splitter->body));
    if (splitter->note->text.ptr == NULL)
        return error_set(splitter->error, STATUS_LIMIT, "the footnotes are too long");
    splitter->note = NULL;
    buffer_clear(&splitter->body);
    return STATUS_OK;
}

static void
add_line(struct buffer *out, struct slice line)
{
    buffer_append_slice(out, line);
    buffer_append_byte(out, '\n');
}

/* What cannot go on a paragraph: it begins another block. */
static bool
begins_block(struct slice line)
{
    struct fence fence;
    size_t at = indentation(line);
    return at < line.size && (line.ptr[at] == '#' || line.ptr[at] == '|' ||
                              markers_size(line) > at || open_fence(&fence, line));
}

/* Whether the line belongs to the note under way, which then has it. */
static bool
is_note(struct splitter *splitter, struct slice line)
{
    if (splitter->note == NULL)
        return false;
    if (is_blank(line)) {
        splitter->blank_count++;
        return true;
    }
    size_t cut = indentation(line) >= 4 ? 4 : line.ptr[0] == '\t' ? 1 : 0;
    if (cut == 0 && (splitter->blank_count > 0 || begins_block(line) ||
                     slice_is(line, "\\pagebreak") || source_label(line).size > 0))
        return false;
    for (; splitter->blank_count > 0; splitter->blank_count--)
        buffer_append_byte(&splitter->body, '\n');
    add_line(&splitter->body, slice_from(line, cut));
    return true;
}

static enum status
begin_note(struct splitter *splitter, struct slice label, struct slice line)
{
    if (++splitter->note_count > SOURCE_NOTES_MAX)
        return error_set(splitter->error, STATUS_LIMIT, "there are more than %d footnotes",
                         SOURCE_NOTES_MAX);
    splitter->note = arena_alloc(splitter->arena, sizeof(*splitter->note));
    splitter->note->label = arena_copy(splitter->arena, label);
    *splitter->notes_end = splitter->note;
    splitter->notes_end = &splitter->note->next;
    splitter->blank_count = 0;
    add_line(&splitter->body, slice_trim(slice_from(line, label.size + 4)));
    /* What stands around it stays apart. */
    buffer_append_byte(&splitter->text, '\n');
    return STATUS_OK;
}

/* The row below a table's head, whose cells are of one dash or more. */
static bool
is_delimiter_row(struct slice line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (memchr("|:- \t", line.ptr[i], 5) == NULL)
            return false;
    }
    return line.size > 0 && memchr(line.ptr, '-', line.size) != NULL;
}

/* md4c wants three signs in each cell of that row. */
static void
add_delimiter_row(struct buffer *out, struct slice line)
{
    for (size_t at = 0; at < line.size;) {
        size_t dashes = run_of(line, at, '-');
        if (dashes > 0 && dashes < 3)
            buffer_append_text(out, "---");
        else
            buffer_append(out, line.ptr + at, dashes > 0 ? dashes : 1);
        at += dashes > 0 ? dashes : 1;
    }
    buffer_append_byte(out, '\n');
}

static enum status
take_line(struct splitter *splitter, struct slice line)
{
    if (splitter->fence.byte == 0) {
        if (is_note(splitter, line))
            return STATUS_OK;
        enum status status = end_note(splitter);
        struct slice label = source_label(line);
        bool is_note =
            label.size > 0 && label.size + 3 < line.size && line.ptr[label.size + 3] == ':';
        if (status != STATUS_OK || is_note)
            return status != STATUS_OK ? status : begin_note(splitter, label, line);
    }
    bool is_in_code = is_code(splitter, line);
    bool is_below_head = !is_in_code && splitter->pipe_count == 1 && is_delimiter_row(line);
    bool has_pipe = line.size > 0 && memchr(line.ptr, '|', line.size) != NULL;
    splitter->pipe_count = has_pipe && !is_in_code ? splitter->pipe_count + 1 : 0;
    bool is_break = !is_in_code && slice_is(slice_trim(line), "\\pagebreak") && line.ptr[0] == '\\';
    if (is_break)
        buffer_append_byte(&splitter->text, '\n');
    if (is_below_head)
        add_delimiter_row(&splitter->text, line);
    else
        add_line(&splitter->text, line);
    if (is_break)
        buffer_append_byte(&splitter->text, '\n');
    return STATUS_OK;
}

static enum status
take_lines(struct splitter *splitter, struct slice markdown)
{
    enum status status = STATUS_OK;
    struct buffer line;
    buffer_init(&line, LIMIT_RENDER_MARKDOWN_BYTES);
    for (size_t at = 0; at < markdown.size && status == STATUS_OK;) {
        size_t end = at;
        while (end < markdown.size && markdown.ptr[end] != '\n' && markdown.ptr[end] != '\r')
            end++;
        buffer_clear(&line);
        text_append_allowed(&line, slice_of(markdown.ptr + at, end - at));
        status = take_line(splitter, buffer_slice(&line));
        bool is_pair =
            end + 1 < markdown.size && markdown.ptr[end] == '\r' && markdown.ptr[end + 1] == '\n';
        at = end + (is_pair ? 2 : 1);
    }
    buffer_done(&line);
    return status != STATUS_OK ? status : end_note(splitter);
}

enum status
source_split(struct source *out, struct arena *arena, struct slice markdown, struct error *error)
{
    *out = (struct source){.notes = NULL};
    if (markdown.size > LIMIT_RENDER_MARKDOWN_BYTES)
        return error_set(error, STATUS_LIMIT, "the Markdown is larger than %zu bytes",
                         LIMIT_RENDER_MARKDOWN_BYTES);
    struct splitter splitter = {
        .arena = arena, .source = out, .notes_end = &out->notes, .error = error};
    /* No line becomes more than three times as long. */
    buffer_init(&splitter.text, 3 * LIMIT_RENDER_MARKDOWN_BYTES);
    buffer_init(&splitter.body, 2 * LIMIT_RENDER_MARKDOWN_BYTES);
    enum status status = take_lines(&splitter, markdown);
    if (status == STATUS_OK)
        out->text = arena_copy(arena, buffer_slice(&splitter.text));
    if (status == STATUS_OK && out->text.ptr == NULL)
        status = error_set(error, STATUS_LIMIT, "the Markdown needs too much memory");
    buffer_done(&splitter.text);
    buffer_done(&splitter.body);
    return status;
}
