#include "engine/rows.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/varint.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

/* Rows are gathered up to this before they are written. */
#define FLUSH_BYTES KIB(256)
/* One row with all its parts. */
#define ROW_BYTES_MAX (4 * LIMIT_ROW_BYTES)

enum parent_form { PARENT_NONE, PARENT_HERE, PARENT_BEFORE };

/* --- rows on their way in --- */

void
reshape_row_pack(struct buffer *out, const struct reshape_row *row)
{
    varint_append_bytes(out, row->key);
    varint_append_bytes(out, row->taken);
    varint_append_bytes(out, row->item);
    varint_append_bytes(out, row->steps);
    varint_append_bytes(out, row->parent);
    varint_append_bytes(out, row->problem);
}

struct slice
reshape_row_unpack(struct slice packed, struct reshape_row *row)
{
    if (varint_take_bytes(&packed, &row->key) && varint_take_bytes(&packed, &row->taken) &&
        varint_take_bytes(&packed, &row->item) && varint_take_bytes(&packed, &row->steps) &&
        varint_take_bytes(&packed, &row->parent) && varint_take_bytes(&packed, &row->problem))
        return packed;
    return (struct slice){.ptr = NULL};
}

/* --- writing --- */

struct rows_writer {
    struct reshape_out out;
    struct blob *blob;
    struct buffer text;   /* rows that are not in the blob yet */
    uint64_t offset;      /* of the row that is put next */
    struct buffer parent; /* of the newest row that holds one */
    uint64_t parent_offset;
};

static void
put_parent(struct rows_writer *writer, struct slice parent, struct buffer *row)
{
    if (parent.size == 0) {
        varint_append(row, PARENT_NONE);
    } else if (slice_equal(parent, buffer_slice(&writer->parent))) {
        varint_append(row, PARENT_BEFORE);
        varint_append(row, writer->offset - writer->parent_offset);
    } else {
        varint_append(row, PARENT_HERE);
        varint_append_bytes(row, parent);
        buffer_clear(&writer->parent);
        buffer_append_slice(&writer->parent, parent);
        writer->parent_offset = writer->offset;
    }
}

static enum status
writer_put(struct reshape_out *out, const struct reshape_row *row, struct error *error)
{
    struct rows_writer *writer = (struct rows_writer *)out;
    struct buffer body;
    buffer_init(&body, ROW_BYTES_MAX);
    varint_append_bytes(&body, row->key);
    varint_append_bytes(&body, row->item);
    varint_append_bytes(&body, row->steps);
    varint_append_bytes(&body, row->problem);
    put_parent(writer, row->parent, &body);
    size_t before = writer->text.size;
    varint_append_bytes(&writer->text, buffer_slice(&body));
    writer->offset += writer->text.size - before;
    /* What a try before this one has written is there already. */
    if (writer->offset <= blob_size(writer->blob))
        writer->text.size = before;
    bool is_over = buffer_is_over(&body) || buffer_is_over(&writer->text);
    buffer_done(&body);
    if (is_over)
        return error_set(error, STATUS_LIMIT, "a row is too large");
    return writer->text.size < FLUSH_BYTES ? STATUS_OK : rows_writer_flush(writer, error);
}

enum status
rows_writer_open(struct rows_writer **out, struct blobs *blobs, const struct id *blob,
                 struct error *error)
{
    struct rows_writer *writer = mem_alloc(sizeof(*writer));
    *writer = (struct rows_writer){.out = {.put = writer_put}};
    buffer_init(&writer->text, FLUSH_BYTES + ROW_BYTES_MAX);
    buffer_init(&writer->parent, ROW_BYTES_MAX);
    enum status status = blob_append_open(&writer->blob, blobs, blob, 0, error);
    if (status != STATUS_OK)
        rows_writer_close(&writer);
    *out = writer;
    return status;
}

struct reshape_out *
rows_writer_out(struct rows_writer *writer)
{
    return &writer->out;
}

enum status
rows_writer_flush(struct rows_writer *writer, struct error *error)
{
    enum status status = blob_append(writer->blob, buffer_slice(&writer->text), error);
    if (status == STATUS_OK)
        buffer_clear(&writer->text);
    return status;
}

enum status
rows_writer_sync(struct rows_writer *writer, struct error *error)
{
    return blob_sync(writer->blob, error);
}

void
rows_writer_restart(struct rows_writer *writer)
{
    buffer_clear(&writer->text);
    buffer_clear(&writer->parent);
    writer->out.is_full = false;
    writer->offset = 0;
    writer->parent_offset = 0;
}

uint64_t
rows_writer_size(const struct rows_writer *writer)
{
    return blob_size(writer->blob);
}

void
rows_writer_close(struct rows_writer **writer)
{
    struct rows_writer *gone = *writer;
    *writer = NULL;
    if (gone == NULL)
        return;
    blob_close(&gone->blob);
    buffer_done(&gone->text);
    buffer_done(&gone->parent);
    mem_free(gone);
}

/* --- reading --- */

struct source {
    struct blob *blob;
    _Atomic uint64_t size_bytes;
    _Atomic bool is_all;
};

enum status
rows_source_open(struct source **out, struct blobs *blobs, const struct id *blob,
                 struct error *error)
{
    struct source *source = mem_alloc(sizeof(*source));
    enum status status = blob_read_open(&source->blob, blobs, blob, error);
    if (status != STATUS_OK) {
        mem_free(source);
        source = NULL;
    }
    *out = source;
    return status;
}

void
rows_allow(struct source *source, uint64_t size_bytes, bool is_all)
{
    source->size_bytes = size_bytes;
    if (is_all)
        source->is_all = true;
}

uint64_t
rows_size(const struct source *source)
{
    return blob_size(source->blob);
}

static void
rows_close(struct source **source)
{
    struct source *gone = *source;
    *source = NULL;
    if (gone == NULL)
        return;
    blob_close(&gone->blob);
    mem_free(gone);
}

/* Rows of one call: a block of the file, and what the newest parent was. */
struct reading {
    struct source *source;
    struct arena *arena;
    struct buffer block;
    uint64_t block_offset;
    uint64_t end; /* of what may be read */
    uint64_t parent_offset;
    struct value parent;
    struct error *error;
};

#define BLOCK_BYTES KIB(80)

static enum status
damaged(struct reading *reading)
{
    return error_set(reading->error, STATUS_INVALID, "the file of rows is damaged");
}

/* The bytes of one row at offset, read if they are not in the block. */
static enum status
find_row(struct reading *reading, uint64_t offset, struct slice *body, uint64_t *next)
{
    size_t wanted = BLOCK_BYTES;
    for (;;) {
        uint64_t at = offset - reading->block_offset;
        if (offset >= reading->block_offset && at < reading->block.size) {
            struct slice rest = slice_of(reading->block.ptr + at, reading->block.size - (size_t)at);
            struct slice from = rest;
            if (varint_take_bytes(&rest, body)) {
                *next = offset + (from.size - rest.size);
                return STATUS_OK;
            }
        }
        if (wanted > 2 * ROW_BYTES_MAX || offset >= reading->end)
            return damaged(reading);
        uint64_t left = reading->end - offset;
        buffer_clear(&reading->block);
        reading->block_offset = offset;
        enum status status = blob_read(&reading->block, reading->source->blob, offset,
                                       left < wanted ? (size_t)left : wanted, reading->error);
        if (status != STATUS_OK)
            return status;
        wanted = left <= wanted ? SIZE_MAX : 4 * wanted;
    }
}

static bool
parse_text(struct reading *reading, struct slice text, struct value *out)
{
    if (text.size == 0)
        return true;
    struct slice copy = arena_copy(reading->arena, text);
    return json_parse(out, reading->arena, copy, JSON_BORROW, NULL, NULL) == STATUS_OK;
}

static bool
take_parts(struct slice body, struct reshape_row *row, uint64_t *form, struct slice *rest)
{
    bool is_good = varint_take_bytes(&body, &row->key) && varint_take_bytes(&body, &row->item) &&
                   varint_take_bytes(&body, &row->steps) &&
                   varint_take_bytes(&body, &row->problem) && varint_take(&body, form);
    *rest = body;
    return is_good;
}

/* The text of a parent stands in an earlier row, outside of the block as a rule. */
static enum status
read_parent_before(struct reading *reading, uint64_t offset)
{
    struct reading other = *reading;
    buffer_init(&other.block, 3 * ROW_BYTES_MAX);
    other.block_offset = 0;
    struct slice body, rest, text;
    struct reshape_row row;
    uint64_t form = 0;
    uint64_t next = 0;
    enum status status = find_row(&other, offset, &body, &next);
    if (status == STATUS_OK &&
        (!take_parts(body, &row, &form, &rest) || form != PARENT_HERE ||
         !varint_take_bytes(&rest, &text) || !parse_text(reading, text, &reading->parent)))
        status = damaged(reading);
    buffer_done(&other.block);
    reading->parent_offset = offset;
    return status;
}

static enum status
read_parent(struct reading *reading, uint64_t offset, uint64_t form, struct slice rest)
{
    struct slice text;
    uint64_t distance = 0;
    if (form == PARENT_NONE) {
        reading->parent = (struct value){0};
        return STATUS_OK;
    }
    if (form == PARENT_HERE) {
        reading->parent_offset = offset;
        return varint_take_bytes(&rest, &text) && parse_text(reading, text, &reading->parent)
                   ? STATUS_OK
                   : damaged(reading);
    }
    if (form != PARENT_BEFORE || !varint_take(&rest, &distance) || distance > offset)
        return damaged(reading);
    if (reading->parent.kind != VALUE_NONE && reading->parent_offset == offset - distance)
        return STATUS_OK;
    return read_parent_before(reading, offset - distance);
}

static enum status
read_row(struct reading *reading, uint64_t *offset, struct source_row *out)
{
    struct slice body, rest;
    struct reshape_row row;
    uint64_t form = 0;
    uint64_t next = 0;
    enum status status = find_row(reading, *offset, &body, &next);
    if (status != STATUS_OK)
        return status;
    *out = (struct source_row){.value = value_null()};
    if (!take_parts(body, &row, &form, &rest) || !parse_text(reading, row.item, &out->value) ||
        !parse_text(reading, row.steps, &out->steps))
        return arena_is_over(reading->arena) ? STATUS_LIMIT : damaged(reading);
    out->key = arena_copy(reading->arena, row.key);
    if (row.problem.size > 0)
        out->problem = arena_format(reading->arena, "%.*s", SLICE_FORMAT(row.problem));
    status = read_parent(reading, *offset, form, rest);
    out->parent = reading->parent;
    *offset = next;
    return status;
}

static enum status
read_rows(struct reading *reading, const struct source_page *page, struct source_place *place,
          struct source_batch *out)
{
    uint64_t begin = place->offset;
    while (out->count < page->rows_max && place->offset < reading->end &&
           (out->count == 0 || place->offset - begin < page->bytes_max)) {
        enum status status = read_row(reading, &place->offset, &out->rows[out->count]);
        if (status != STATUS_OK)
            return status;
        out->count++;
        place->ordinal++;
    }
    return STATUS_OK;
}

static enum status
rows_next(struct source *source, const struct source_page *page, struct source_batch *out,
          struct error *error)
{
    bool is_all = source->is_all; /* before the size, which is whole then */
    struct reading reading = {
        .source = source, .arena = page->arena, .end = source->size_bytes, .error = error};
    struct source_place at = *page->place;
    buffer_init(&reading.block, 3 * ROW_BYTES_MAX);
    *out = (struct source_batch){
        .rows = arena_try_alloc(page->arena, page->rows_max * sizeof(*out->rows) + 1)};
    enum status status = out->rows == NULL ? STATUS_LIMIT : STATUS_OK;
    if (status == STATUS_OK)
        status = read_rows(&reading, page, &at, out);
    if (status == STATUS_LIMIT)
        error_set(error, STATUS_LIMIT, "the rows of one chunk hold too many bytes");
    buffer_done(&reading.block);
    if (status != STATUS_OK)
        return status;
    bool is_full =
        out->count == page->rows_max || at.offset - page->place->offset >= page->bytes_max;
    out->is_end = is_all && at.offset == reading.end;
    if (is_full || out->is_end)
        *page->place = at;
    else
        out->count = 0;
    return STATUS_OK;
}

const struct step_type rows_source_type = {.source_next = rows_next, .source_close = rows_close};
