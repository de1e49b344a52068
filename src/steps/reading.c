#include "steps/reading.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define PIECE_BYTES_MIN KIB(4)
#define PIECE_BYTES_FIRST KIB(16)
#define PIECE_BYTES_MAX KIB(64)
#define PIECE_BYTES_SKIPPED MIB(1)
/* Rows after which their mean size says something. */
#define ROWS_KNOWN 16

/* Where a batch stands. */
struct progress {
    struct reading *reading;
    size_t passed_bytes;
    size_t grown_bytes; /* size of the next piece when the last one held no whole row; else 0 */
    bool is_done;
};

static size_t
smaller(size_t a, uint64_t b)
{
    return a < b ? a : (size_t)b;
}

static uint64_t
bytes_to_end(const struct reading *reading)
{
    return reading->text->file->size_bytes - reading->page.place->offset;
}

/* Bytes of the file that make the text of the longest row. */
static size_t
row_bytes_max(const struct reading *reading)
{
    return LIMIT_ROW_BYTES * reading->text->charset->shrinks;
}

/* What the rows that are still wanted will take, by the mean of those before them. */
static size_t
expected_bytes(const struct reading *reading)
{
    const struct source_place *place = reading->page.place;
    if (place->ordinal < ROWS_KNOWN)
        return PIECE_BYTES_FIRST;
    uint64_t mean = place->offset / place->ordinal + 1;
    uint64_t rows = reading->page.rows_max - reading->out->count;
    if (mean >= PIECE_BYTES_MAX || rows >= PIECE_BYTES_MAX)
        return PIECE_BYTES_MAX;
    uint64_t bytes = mean * rows + mean * rows / 8;
    if (bytes < PIECE_BYTES_MIN)
        return PIECE_BYTES_MIN;
    return smaller(PIECE_BYTES_MAX, bytes);
}

static size_t
bytes_left(const struct progress *progress)
{
    size_t bytes_max = progress->reading->page.bytes_max;
    return progress->passed_bytes < bytes_max ? bytes_max - progress->passed_bytes : 0;
}

/* Beyond bytes_max the piece is for the first row alone. */
static size_t
plan_piece(const struct progress *progress)
{
    struct reading *reading = progress->reading;
    size_t left = bytes_left(progress);
    size_t size = progress->grown_bytes;
    if (size == 0)
        size = expected_bytes(reading);
    if (reading->is_skipping)
        size = PIECE_BYTES_SKIPPED;
    else if (reading->out->count > 0 || (progress->grown_bytes == 0 && left > 0))
        size = smaller(size, left);
    reading->rows_stop = size > left ? 1 : reading->page.rows_max;
    return smaller(size, bytes_to_end(reading));
}

static enum status
read_bytes(struct step_file *file, uint64_t offset, char *out, size_t size, struct error *error)
{
    size_t used = 0;
    while (used < size) {
        size_t got = 0;
        enum status status = file->read(file, offset + used, out + used, size - used, &got, error);
        if (status != STATUS_OK)
            return status;
        if (got == 0)
            return error_set(error, STATUS_IO, "%s became shorter while it was read", file->name);
        used += got;
    }
    return STATUS_OK;
}

static enum status
no_room(struct progress *progress, const char *words)
{
    const struct reading *reading = progress->reading;
    progress->is_done = true;
    if (reading->out->count > 0)
        return STATUS_OK;
    return error_set(reading->error, STATUS_LIMIT, "%s: line %" PRIu64 ": %s",
                     reading->text->file->name, reading->page.place->line, words);
}

/* The piece held no whole row. */
static enum status
grow_piece(struct progress *progress, size_t size)
{
    const struct reading *reading = progress->reading;
    if (reading->out->count > 0 && size >= bytes_left(progress)) {
        progress->is_done = true;
        return STATUS_OK;
    }
    assert(size < row_bytes_max(reading));
    progress->grown_bytes = smaller(row_bytes_max(reading), (uint64_t)size * 2);
    return STATUS_OK;
}

/* LIMIT: the arena has no room for it. */
static enum status
load_utf8(struct reading *reading, size_t size, struct piece *piece)
{
    char *bytes = arena_try_alloc(reading->page.arena, size);
    if (bytes == NULL)
        return STATUS_LIMIT;
    piece->at = bytes;
    piece->end = bytes + size;
    piece->is_last = size == bytes_to_end(reading);
    return read_bytes(reading->text->file, reading->page.place->offset, bytes, size,
                      reading->error);
}

/* The text is made outside the arena, since its size shows only then. */
static enum status
load_decoded(struct reading *reading, size_t size, struct piece *piece)
{
    struct buffer *source = &reading->source;
    buffer_clear(source);
    char *bytes = buffer_reserve(source, size);
    assert(bytes != NULL);
    enum status status =
        read_bytes(reading->text->file, reading->page.place->offset, bytes, size, reading->error);
    if (status != STATUS_OK)
        return status;
    buffer_commit(source, size);
    piece->source = buffer_slice(source);
    size_t room = smaller(LIMIT_ROW_BYTES, (uint64_t)size * CHARSET_GROWS);
    char *text = mem_alloc_raw(room);
    bool is_end = size == bytes_to_end(reading);
    struct decoded done = decoder_run(reading->decoder, piece->source, is_end, text, room);
    struct slice copy = arena_copy(reading->page.arena, slice_of(text, done.text_bytes));
    mem_free(text);
    piece->at = copy.ptr;
    piece->end = copy.ptr + copy.size;
    piece->is_last = is_end && done.source_bytes == size;
    return copy.ptr == NULL ? STATUS_LIMIT : STATUS_OK;
}

static enum status
load_piece(struct reading *reading, size_t size, struct piece *piece)
{
    *piece = (struct piece){.is_full = size == row_bytes_max(reading)};
    if (reading->decoder == NULL)
        return load_utf8(reading, size, piece);
    return load_decoded(reading, size, piece);
}

/* Passes a line, or what the piece has of it; a CR at its end waits for its LF. */
static void
skip_line(struct reading *reading, struct piece *piece)
{
    struct slice line;
    const char *behind = piece->end - (piece->at < piece->end && piece->end[-1] == '\r');
    reading->is_in_line = !reading_line(piece, &line, &behind);
    reading_pass(reading, piece, behind, !reading->is_in_line);
    reading->behind = *reading->page.place;
}

/* A line that the piece cuts is looked at again in the next one, which begins with it. */
static void
skip_lines(struct reading *reading, struct piece *piece)
{
    const char *begin = piece->at;
    while (reading->is_skipping && piece->at < piece->end) {
        struct slice line;
        const char *behind;
        bool is_whole = reading_line(piece, &line, &behind);
        if (!reading->is_in_line && !is_whole && piece->at > begin)
            return;
        bool is_row =
            reading->is_row == NULL || (is_whole && reading->is_row(line, reading->row_context));
        if (!reading->is_in_line && is_row)
            reading->is_skipping = false;
        else
            skip_line(reading, piece);
        if (!is_whole)
            return;
    }
}

static enum status
read_piece(struct progress *progress, reading_piece_fn *read_rows, void *context)
{
    struct reading *reading = progress->reading;
    size_t size = plan_piece(progress);
    struct arena_mark mark = arena_mark(reading->page.arena);
    size_t count = reading->out->count;
    uint64_t offset = reading->page.place->offset;
    bool was_skipping = reading->is_skipping;
    struct piece piece;
    enum status status = load_piece(reading, size, &piece);
    if (status == STATUS_OK && was_skipping)
        skip_lines(reading, &piece);
    else if (status == STATUS_OK)
        status = read_rows(reading, &piece, context);
    size_t moved = (size_t)(reading->page.place->offset - offset);
    progress->passed_bytes += moved;
    progress->grown_bytes = 0;
    if (reading->out->count == count)
        arena_rewind(reading->page.arena, mark);
    if (status == STATUS_LIMIT)
        return no_room(progress, "the row does not fit in the memory of its chunk");
    if (status != STATUS_OK || moved > 0 || was_skipping)
        return status;
    assert(!piece.is_last);
    return grow_piece(progress, size);
}

static bool
is_over(const struct progress *progress)
{
    const struct reading *reading = progress->reading;
    if (bytes_to_end(reading) == 0)
        return true;
    bool has_enough = reading->out->count > 0 && progress->passed_bytes >= reading->page.bytes_max;
    bool is_enough = has_enough || reading->out->count == reading->page.rows_max;
    return progress->is_done || (is_enough && !reading->is_skipping);
}

static enum status
open_decoder(struct reading *reading)
{
    const struct charset *charset = reading->text->charset;
    if (charset_is_utf8(charset))
        return STATUS_OK;
    buffer_init(&reading->source, row_bytes_max(reading));
    reading->decoder = decoder_new(charset);
    if (reading->decoder == NULL)
        return error_set(reading->error, STATUS_UNSUPPORTED,
                         "encoding: this machine cannot read %s; write the file anew as UTF-8",
                         charset->name);
    return STATUS_OK;
}

enum status
reading_fill(struct reading *reading, reading_piece_fn *read_rows, void *context)
{
    assert(reading->page.rows_max > 0);
    assert(reading->page.bytes_max > 0);
    struct progress progress = {.reading = reading};
    if (reading->page.place->line == 0)
        *reading->page.place = reading->text->first;
    reading->behind = *reading->page.place;
    struct source_batch *out = reading->out;
    *out = (struct source_batch){0};
    out->rows = arena_try_alloc(reading->page.arena, reading->page.rows_max * sizeof(*out->rows));
    if (out->rows == NULL)
        return error_set(reading->error, STATUS_LIMIT, "no memory is left for %zu rows",
                         reading->page.rows_max);
    enum status status = open_decoder(reading);
    while (status == STATUS_OK && !is_over(&progress))
        status = read_piece(&progress, read_rows, context);
    decoder_free(&reading->decoder);
    buffer_done(&reading->source);
    out->is_end = bytes_to_end(reading) == 0;
    /* Blank lines belong to the next batch, wherever this one was to end. */
    if (out->count > 0)
        *reading->page.place = reading->behind;
    return status;
}

void
reading_add(struct reading *reading, struct value value, const char *problem)
{
    assert(reading->out->count < reading->page.rows_max);
    reading->out->rows[reading->out->count++] =
        (struct source_row){.value = value, .problem = problem};
    reading->page.place->ordinal++;
}

/* Bytes of the file between the place and `at`. */
static size_t
source_size(const struct reading *reading, const struct piece *piece, const char *at)
{
    size_t size = (size_t)(at - piece->at);
    if (reading->decoder == NULL)
        return size;
    bool is_end = piece->source.size == bytes_to_end(reading);
    return decoder_span(reading->decoder, piece->source, is_end, size);
}

void
reading_pass(struct reading *reading, struct piece *piece, const char *behind, uint64_t lines)
{
    struct source_place *place = reading->page.place;
    size_t size = source_size(reading, piece, behind);
    place->offset += size;
    place->line += lines;
    piece->at = behind;
    if (reading->decoder != NULL)
        piece->source = slice_of(piece->source.ptr + size, piece->source.size - size);
    piece->is_full = false;
    if (place->ordinal != reading->behind.ordinal)
        reading->behind = *place;
}

static const char *
find_line_end(const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));
    const char *cr = memchr(at, '\r', (size_t)((lf == NULL ? end : lf) - at));
    if (cr != NULL)
        return cr;
    return lf == NULL ? end : lf;
}

bool
reading_line(const struct piece *piece, struct slice *line, const char **behind)
{
    const char *end = find_line_end(piece->at, piece->end);
    bool may_go_on = end == piece->end || (*end == '\r' && end + 1 == piece->end);
    if (may_go_on && !piece->is_last)
        return false;
    *line = slice_of(piece->at, (size_t)(end - piece->at));
    bool is_pair = piece->end - end >= 2 && end[0] == '\r' && end[1] == '\n';
    *behind = end == piece->end ? end : end + 1 + is_pair;
    return true;
}

void
reading_skip(struct reading *reading, struct piece *piece, reading_row_fn *is_row,
             const void *context)
{
    reading->is_skipping = true;
    reading->is_in_line = true;
    reading->is_row = is_row;
    reading->row_context = context;
    skip_lines(reading, piece);
}

const char *
reading_bad_bytes(struct reading *reading, const struct piece *piece, const char *at)
{
    const struct charset *charset = reading->text->charset;
    size_t size = source_size(reading, piece, at);
    uint64_t offset = reading->page.place->offset + size;
    if (reading->decoder == NULL)
        return arena_format(reading->page.arena,
                            "the byte 0x%02X (at %" PRIu64 " in the file) is not UTF-8; another "
                            "encoding can be given as `encoding`",
                            (unsigned)(unsigned char)*at, offset);
    char digits[3 * CHARSET_CHARACTER_BYTES + 1] = "";
    for (size_t i = 0; i < charset->unit_bytes && size + i < piece->source.size; i++)
        snprintf(digits + 3 * i, 4, " %02X", (unsigned)(unsigned char)piece->source.ptr[size + i]);
    return arena_format(reading->page.arena,
                        "%s (hexadecimal, at %" PRIu64 " in the file) is no character of %s",
                        digits + 1, offset, charset->name);
}

/* --- beginning --- */

/* What is often given in a text's place. */
static enum status
refuse_other_formats(struct slice prefix, const char *name, struct error *error)
{
    static const struct {
        struct slice magic;
        const char *words;
    } table[] = {
        {{"PK\3\4", 4},
         "an Excel workbook or another ZIP archive, not text; read_xlsx reads workbooks"},
        {{"\xD0\xCF\x11\xE0", 4}, "a workbook of an old Excel, not text; save it as CSV or xlsx"},
        {{"\x1F\x8B", 2}, "compressed by gzip; unpack it first"},
        {{"%PDF-", 5}, "a PDF, not a table"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_starts_with(prefix, table[i].magic))
            return error_set(error, STATUS_INVALID, "%s is %s", name, table[i].words);
    }
    return STATUS_OK;
}

static void
decode_beginning(const struct source_text *text, struct slice prefix, struct buffer *out)
{
    bool is_whole = prefix.size == text->file->size_bytes;
    size_t mark_bytes = (size_t)text->first.offset;
    prefix = slice_of(prefix.ptr + mark_bytes, prefix.size - mark_bytes);
    if (charset_is_utf8(text->charset)) {
        buffer_append(out, prefix.ptr, smaller(out->max_bytes, prefix.size));
        return;
    }
    size_t room = smaller(out->max_bytes, (uint64_t)prefix.size * CHARSET_GROWS);
    struct decoder *decoder = decoder_new(text->charset);
    char *to = buffer_reserve(out, room);
    if (decoder != NULL && to != NULL)
        buffer_commit(out, decoder_run(decoder, prefix, is_whole, to, room).text_bytes);
    decoder_free(&decoder);
}

enum status
source_text_begin(struct source_text *out, struct step_file *file, const struct charset_hint *hint,
                  struct buffer *beginning, struct error *error)
{
    *out = (struct source_text){.file = file, .first = {.line = 1}};
    size_t size = smaller(LIMIT_ENCODING_LOOK_BYTES, file->size_bytes);
    char *bytes = mem_alloc_raw(size);
    enum status status = read_bytes(file, 0, bytes, size, error);
    struct slice prefix = slice_of(bytes, size);
    if (status == STATUS_OK)
        status = refuse_other_formats(prefix, file->name, error);
    if (status == STATUS_OK) {
        bool is_whole = size == file->size_bytes;
        struct charset_guess guess = hint->is_unicode ? charset_guess_unicode(prefix)
                                                      : charset_guess(prefix, is_whole, hint->said);
        out->charset = guess.charset;
        out->first.offset = guess.mark_bytes;
        if (beginning != NULL)
            decode_beginning(out, prefix, beginning);
    }
    mem_free(bytes);
    return status;
}

struct member *
reading_members(const struct source_page *page, struct value columns)
{
    struct member *members = arena_try_alloc(page->arena, (columns.count + 1) * sizeof(*members));
    for (uint32_t i = 0; members != NULL && i < columns.count; i++)
        members[i].key = value_items(columns)[i];
    return members;
}
