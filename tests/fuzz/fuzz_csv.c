/* A text read in two blocks gives the rows that it gives as one, and rows that are written are read
 * back. The first byte says where to cut. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/value.h"
#include "document/csv.h"

#define FIELDS_MAX 256

struct outcome {
    size_t rows, blanks, bad;
    uint64_t lines;
    uint64_t hash;
};

static void
check_written(const struct csv_row *row, struct arena *arena)
{
    struct buffer text;
    buffer_init(&text, MIB(64));
    for (uint32_t i = 0; i < row->count; i++) {
        if (i > 0)
            buffer_append_byte(&text, ',');
        csv_write_cell(&text, row->fields[i], ',');
    }
    buffer_append_byte(&text, '\n');

    struct value fields[FIELDS_MAX];
    struct csv_reader reader = {.at = text.ptr,
                                .end = text.ptr + text.size,
                                .delimiter = ',',
                                .is_last = true,
                                .arena = arena,
                                .fields = fields,
                                .fields_max = FIELDS_MAX};
    struct csv_row again = {0};
    enum csv_end end = csv_read_row(&reader, &again);
    bool is_blank = row->count == 1 && row->fields[0].count == 0;
    assert(end == CSV_ROW || (end == CSV_BLANK && is_blank));
    if (end == CSV_ROW) {
        assert(again.count == row->count);
        for (uint32_t i = 0; i < row->count; i++)
            assert(value_equal(row->fields[i], again.fields[i]));
        assert(reader.at == reader.end);
    }
    buffer_done(&text);
}

/* Reads to the end of the block; what is left begins at reader->at. */
static void
read_block(struct csv_reader *reader, struct outcome *outcome)
{
    for (;;) {
        struct csv_row row = {0};
        const char *before = reader->at;
        enum csv_end end = csv_read_row(reader, &row);
        assert(reader->at <= reader->end);
        if (end == CSV_DONE || end == CSV_MORE) {
            assert(end == CSV_DONE || (reader->at == before && !reader->is_last));
            return;
        }
        assert(end != CSV_FULL);
        assert(reader->at > before);
        outcome->lines += row.lines;
        outcome->blanks += end == CSV_BLANK;
        outcome->bad += end == CSV_BAD;
        outcome->rows += end == CSV_ROW;
        if (end == CSV_BAD)
            assert(row.problem != NULL);
        if (end != CSV_ROW || row.count > FIELDS_MAX)
            continue;
        for (uint32_t i = 0; i < row.count; i++)
            outcome->hash = value_hash(row.fields[i], outcome->hash);
        check_written(&row, reader->arena);
    }
}

static struct outcome
read_text(struct slice text, size_t cut)
{
    struct outcome outcome = {0};
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct value fields[FIELDS_MAX];
    struct csv_reader reader = {.at = text.ptr,
                                .end = text.ptr + cut,
                                .delimiter = ',',
                                .is_last = false,
                                .arena = &arena,
                                .fields = fields,
                                .fields_max = FIELDS_MAX};
    read_block(&reader, &outcome);
    reader.end = text.ptr + text.size;
    reader.is_last = true;
    read_block(&reader, &outcome);
    assert(reader.at == reader.end);
    arena_done(&arena);
    return outcome;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct slice text = slice_of((const char *)data + 1, size - 1);
    struct outcome whole = read_text(text, 0);
    struct outcome cut = read_text(text, text.size * data[0] / UINT8_MAX);
    assert(whole.rows == cut.rows && whole.blanks == cut.blanks && whole.bad == cut.bad);
    assert(whole.lines == cut.lines);
    assert(whole.hash == cut.hash);
    return 0;
}
