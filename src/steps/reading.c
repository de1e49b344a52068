#include "steps/reading.h"

#include "base/limits.h"

#include <assert.h>
#include <inttypes.h>

#define PIECE_BYTES_MIN KIB(4)
#define PIECE_BYTES_FIRST KIB(16)
#define PIECE_BYTES_MAX KIB(64)
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

/* What the rows that are still wanted will take, by the mean of those before them. */
static size_t
expected_bytes(const struct reading *reading)
{
    const struct source_place *place = reading->place;
    if (place->ordinal < ROWS_KNOWN)
        return PIECE_BYTES_FIRST;
    uint64_t mean = place->offset / place->ordinal + 1;
    uint64_t rows = reading->rows_max - reading->out->count;
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
    size_t bytes_max = progress->reading->bytes_max;
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
        size = PIECE_BYTES_MAX;
    else if (reading->out->count > 0 || (progress->grown_bytes == 0 && left > 0))
        size = smaller(size, left);
    reading->rows_stop = size > left ? 1 : reading->rows_max;
    return smaller(size, reading->file->size_bytes - reading->place->offset);
}

static enum status
read_bytes(struct reading *reading, char *out, size_t size)
{
    struct step_file *file = reading->file;
    size_t used = 0;
    while (used < size) {
        size_t got = 0;
        enum status status = file->read(file, reading->place->offset + used, out + used,
                                        size - used, &got, reading->error);
        if (status != STATUS_OK)
            return status;
        if (got == 0)
            return error_set(reading->error, STATUS_IO, "%s became shorter while it was read",
                             file->name);
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
    return error_set(reading->error, STATUS_LIMIT, "%s: line %" PRIu64 ": %s", reading->file->name,
                     reading->place->line, words);
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
    assert(size < LIMIT_ROW_BYTES);
    progress->grown_bytes = smaller(LIMIT_ROW_BYTES, (uint64_t)size * 2);
    return STATUS_OK;
}

static enum status
read_piece(struct progress *progress, reading_piece_fn *read_rows, void *context)
{
    struct reading *reading = progress->reading;
    struct source_place *place = reading->place;
    size_t size = plan_piece(progress);
    struct arena_mark mark = arena_mark(reading->arena);
    size_t count = reading->out->count;
    char *bytes = arena_try_alloc(reading->arena, size);
    if (bytes == NULL)
        return no_room(progress, "the row does not fit in the memory of its chunk");
    enum status status = read_bytes(reading, bytes, size);
    if (status != STATUS_OK)
        return status;
    bool is_last = size == reading->file->size_bytes - place->offset;
    struct piece piece = {bytes, bytes + size, is_last, size == LIMIT_ROW_BYTES};
    if (reading->is_skipping)
        reading_skip_line(reading, &piece);
    else
        status = read_rows(reading, &piece, context);
    size_t moved = (size_t)(piece.at - bytes);
    progress->passed_bytes += moved;
    progress->grown_bytes = 0;
    if (reading->out->count == count)
        arena_rewind(reading->arena, mark);
    if (status == STATUS_LIMIT)
        return no_room(progress, "the row does not fit in the memory of its chunk");
    if (status != STATUS_OK || moved > 0)
        return status;
    assert(!is_last);
    return grow_piece(progress, size);
}

static bool
is_over(const struct progress *progress)
{
    const struct reading *reading = progress->reading;
    if (reading->place->offset >= reading->file->size_bytes)
        return true;
    bool has_enough = reading->out->count > 0 && progress->passed_bytes >= reading->bytes_max;
    bool is_enough = has_enough || reading->out->count == reading->rows_max;
    return progress->is_done || (is_enough && !reading->is_skipping);
}

enum status
reading_fill(struct reading *reading, reading_piece_fn *read_rows, void *context)
{
    assert(reading->rows_max > 0);
    assert(reading->bytes_max > 0);
    struct progress progress = {.reading = reading};
    reading->behind = *reading->place;
    struct source_batch *out = reading->out;
    *out = (struct source_batch){0};
    out->rows = arena_try_alloc(reading->arena, reading->rows_max * sizeof(*out->rows));
    if (out->rows == NULL)
        return error_set(reading->error, STATUS_LIMIT, "no memory is left for %zu rows",
                         reading->rows_max);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !is_over(&progress))
        status = read_piece(&progress, read_rows, context);
    out->is_end = reading->place->offset >= reading->file->size_bytes;
    /* Blank lines belong to the next batch, wherever this one was to end. */
    if (out->count > 0)
        *reading->place = reading->behind;
    return status;
}

void
reading_add(struct reading *reading, struct value value, const char *problem)
{
    assert(reading->out->count < reading->rows_max);
    reading->out->rows[reading->out->count++] =
        (struct source_row){.value = value, .problem = problem};
    reading->place->ordinal++;
}

void
reading_pass(struct reading *reading, struct piece *piece, const char *behind, uint64_t lines)
{
    struct source_place *place = reading->place;
    place->offset += (uint64_t)(behind - piece->at);
    place->line += lines;
    piece->at = behind;
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
reading_skip_line(struct reading *reading, struct piece *piece)
{
    struct slice line;
    const char *behind;
    reading->is_skipping = !reading_line(piece, &line, &behind);
    if (reading->is_skipping)
        behind = piece->end - (piece->at < piece->end && piece->end[-1] == '\r');
    reading_pass(reading, piece, behind, !reading->is_skipping);
    reading->behind = *reading->place;
}

enum status
reading_begin(struct step_file *file, struct source_place *out, struct error *error)
{
    static const char mark[] = {'\xEF', '\xBB', '\xBF'};
    char bytes[sizeof(mark)] = {0};
    *out = (struct source_place){.line = 1};
    if (file->size_bytes < sizeof(mark))
        return STATUS_OK;
    struct reading reading = {.file = file, .place = out, .error = error};
    enum status status = read_bytes(&reading, bytes, sizeof(bytes));
    if (status == STATUS_OK && memcmp(bytes, mark, sizeof(mark)) == 0)
        out->offset = sizeof(mark);
    return status;
}
