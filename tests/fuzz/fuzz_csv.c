/* What the reader gives, the writer writes so that it reads back as the same rows; rows do not
 * depend on how the text is cut into blocks; and a block that is full is always passed. The first
 * byte chooses the delimiter, the quote and the usual number of fields. */
#include "fuzz.h"

#include "base/limits.h"
#include "document/csv.h"
#include "document/csv_dialect.h"

#include <string.h>

#define FIELDS_MAX 64

static const char delimiters[] = {',', ';', '\t', '|'};
static const int quotes[] = {'"', '\'', CSV_NO_QUOTE, '"'};

static struct csv_reader
reader_of(struct slice text, struct arena *arena, struct value *fields)
{
    return (struct csv_reader){
        .at = text.ptr,
        .end = text.ptr + text.size,
        .dialect = {',', '"'},
        .is_last = true,
        .arena = arena,
        .fields = fields,
        .fields_max = FIELDS_MAX,
    };
}

static void
write_row(struct buffer *out, const struct csv_row *row, const struct csv_format *format)
{
    size_t begin = out->size;
    csv_write_cells(out, row->fields, row->count, format);
    csv_end_row(out, begin, row->count);
}

/* The same row from a block that ends behind it, or anywhere before. */
static void
check_blocks(struct csv_reader reader, enum csv_end end, const struct csv_row *row,
             const char *behind)
{
    const char *whole = reader.end;
    struct value fields[FIELDS_MAX];
    size_t size = (size_t)(behind - reader.at);
    reader.fields = fields;
    for (size_t cut = 0; cut < size; cut += 1 + size / 8) {
        struct csv_row other;
        struct csv_reader part = reader;
        part.end = part.at + cut;
        part.is_last = false;
        assert(csv_read_row(&part, &other) == CSV_MORE);
        assert(part.at == reader.at);
    }
    if (size >= 3) {
        struct csv_row other;
        struct csv_reader part = reader;
        part.end = behind - 1;
        part.is_last = false;
        part.is_full = true;
        assert(csv_read_row(&part, &other) == CSV_BAD);
        assert(part.at > reader.at && part.at <= part.end);
    }
    struct csv_row other;
    reader.end = behind;
    reader.is_last = behind == whole;
    enum csv_end other_end = csv_read_row(&reader, &other);
    if (other_end == CSV_MORE)
        return; /* its last byte could be the first of two */
    assert(other_end == end && other.count == row->count && other.lines == row->lines);
    for (uint32_t i = 0; i < row->count && i < FIELDS_MAX; i++)
        assert(value_equal(other.fields[i], row->fields[i]));
}

static void
check_written(const struct buffer *text, const struct csv_row *row, char delimiter)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct value fields[FIELDS_MAX];
    struct csv_reader reader = reader_of(buffer_slice(text), &arena, fields);
    reader.dialect.delimiter = delimiter;
    struct csv_row again;
    assert(csv_read_row(&reader, &again) == CSV_ROW);
    assert(reader.at == reader.end);
    assert(again.count == row->count);
    for (uint32_t i = 0; i < row->count; i++)
        assert(slice_equal(value_slice(again.fields[i]), value_slice(row->fields[i])));
    arena_done(&arena);
}

static void
check_escaped(const struct buffer *text, const struct csv_row *row, char delimiter)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct value fields[FIELDS_MAX];
    struct csv_reader reader = reader_of(buffer_slice(text), &arena, fields);
    reader.dialect.delimiter = delimiter;
    struct csv_row again;
    assert(csv_read_row(&reader, &again) == CSV_ROW);
    assert(reader.at == reader.end && again.count == row->count);
    for (uint32_t i = 0; i < row->count; i++) {
        struct slice cell = value_slice(again.fields[i]);
        struct slice before = value_slice(row->fields[i]);
        size_t mark = csv_is_formula(before);
        assert(!csv_is_formula(cell) && cell.size == before.size + mark);
        assert(slice_equal(slice_of(cell.ptr + mark, before.size), before));
    }
    arena_done(&arena);
}

/* Also as a header, whose delimiter is then guessed; and no cell is a formula when all are escaped.
 */
static void
check_row(const struct csv_row *row, char delimiter)
{
    struct csv_format format = {.delimiter = delimiter};
    struct buffer text;
    buffer_init(&text, MIB(64));
    write_row(&text, row, &format);
    assert(!buffer_is_over(&text));
    check_written(&text, row, delimiter);
    buffer_clear(&text);
    format.is_telling = true;
    write_row(&text, row, &format);
    char unused;
    assert(csv_sep_line(buffer_slice(&text), &unused) == 0);
    check_written(&text, row, csv_guess_delimiter(buffer_slice(&text), true, '"'));
    buffer_clear(&text);
    format.escapes_formulas = true;
    write_row(&text, row, &format);
    check_escaped(&text, row, delimiter);
    buffer_done(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct value fields[FIELDS_MAX];
    struct csv_reader reader =
        reader_of(slice_of((const char *)data + 1, size - 1), &arena, fields);
    char delimiter = delimiters[data[0] % 4];
    reader.dialect = (struct csv_dialect){delimiter, quotes[data[0] / 64]};
    reader.row_fields = data[0] / 4 % 16;
    uint64_t rows = 0;
    for (;;) {
        struct csv_reader before = reader;
        struct csv_row row;
        enum csv_end end = csv_read_row(&reader, &row);
        if (end == CSV_DONE || end == CSV_FULL)
            break;
        assert(end != CSV_MORE && reader.at > before.at);
        assert((end == CSV_BAD) == (row.problem != NULL));
        assert(row.lines > 0);
        if (rows++ < 64)
            check_blocks(before, end, &row, reader.at);
        if (end == CSV_ROW && row.count <= FIELDS_MAX)
            check_row(&row, delimiter);
    }
    arena_done(&arena);
    return 0;
}
