/* The rows of a file are the same in batches of every size, and when any of them is read again by
 * its place; words of a problem name a line. The first byte chooses type and config. */
#include "fuzz.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "steps/types.h"

#include <string.h>

struct bytes_file {
    struct step_file file;
    struct slice bytes;
};

static const char *const configs[] = {
    "{}",
    "{\"header\":false}",
    "{\"header\":[\"a\",\"b\"]}",
    "{\"quote\":\"\"}",
    "{\"quote\":\"'\",\"delimiter\":\";\"}",
    "{\"encoding\":\"utf-8\",\"delimiter\":\"\\t\"}",
    "{\"encoding\":\"utf-16\"}",
    "{\"encoding\":\"shift_jis\"}",
    "{\"encoding\":\"iso-8859-1\",\"header\":false}",
};

static enum status
bytes_read(struct step_file *file, uint64_t offset, void *out, size_t size, size_t *got,
           struct error *error)
{
    const struct bytes_file *bytes = (const struct bytes_file *)file;
    assert(offset + size <= bytes->bytes.size);
    memcpy(out, bytes->bytes.ptr + offset, size);
    *got = size;
    return STATUS_OK;
}

static void
show(const struct source_batch *batch, struct buffer *out)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct source_row *row = &batch->rows[i];
        if (row->problem != NULL) {
            assert(strncmp(row->problem, "line ", 5) == 0);
            assert(slice_is_utf8(slice_text(row->problem)));
            buffer_append_text(out, row->problem);
        } else {
            json_print(out, row->value);
        }
        buffer_append_byte(out, '\n');
    }
}

static void
read_all(const struct step_type *type, struct source *source, size_t rows_max, size_t bytes_max,
         struct buffer *out)
{
    struct source_place place = {0};
    struct source_batch batch = {0};
    while (!batch.is_end) {
        struct arena arena;
        arena_init(&arena, LIMIT_CHUNK_BYTES);
        struct source_place from = place;
        struct error error = {0};
        assert(type->source_next(source, &(struct source_page){&place, rows_max, bytes_max, &arena},
                                 &batch, &error) == STATUS_OK);
        assert(batch.count > 0 || batch.is_end);
        assert(batch.count == 0 || place.offset > from.offset);
        assert(place.ordinal == from.ordinal + batch.count);
        show(&batch, out);
        arena_done(&arena);
    }
}

static void
check_rows(const struct step_type *type, struct source *source)
{
    static const struct {
        size_t rows_max, bytes_max;
    } ways[] = {{256, 64 * 1024}, {1, 1}, {3, 10}, {256, SIZE_MAX}};
    struct buffer first, other;
    buffer_init(&first, MIB(64));
    buffer_init(&other, MIB(64));
    read_all(type, source, ways[0].rows_max, ways[0].bytes_max, &first);
    for (size_t w = 1; w < sizeof(ways) / sizeof(ways[0]); w++) {
        buffer_clear(&other);
        read_all(type, source, ways[w].rows_max, ways[w].bytes_max, &other);
        assert(slice_equal(buffer_slice(&first), buffer_slice(&other)));
    }
    buffer_done(&first);
    buffer_done(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool is_json = data[0] % 4 == 0;
    const struct step_type *type = is_json ? &step_read_jsonl : &step_read_csv;
    const char *text = configs[is_json ? 0 : data[0] / 4 % (sizeof(configs) / sizeof(configs[0]))];
    struct arena arena;
    struct value config;
    arena_init(&arena, MIB(1));
    assert(json_parse(&config, &arena, slice_text(text), 0, NULL, NULL) == STATUS_OK);
    struct bytes_file file = {
        .file = {bytes_read, size - 1, "rows.csv"},
        .bytes = {(const char *)data + 1, size - 1},
    };
    struct source *source;
    struct error error = {0};
    if (type->source_open(&source, config, &file.file, &error) == STATUS_OK) {
        check_rows(type, source);
        type->source_close(&source);
    } else {
        assert(source == NULL && error.text[0] != '\0');
    }
    arena_done(&arena);
    return 0;
}
