/* A form shown byte by byte is read as one that came at once, whatever its bytes are, and what is
 * printed of a file's name is read back. The input's first line is the Content-Type. */
#include "fuzz.h"

#include "base/slice.h"
#include "net/http_parameters.h"
#include "net/multipart.h"

struct outcome {
    enum multipart_step step;
    size_t parts, good_parts, data_bytes;
    uint64_t sum;
    bool is_whole;
};

static void
check_part(struct outcome *outcome, const struct multipart *parser)
{
    struct arena arena;
    struct multipart_part part;
    struct error error = {0};
    arena_init(&arena, 65536);
    outcome->parts++;
    if (multipart_part(&part, parser, &arena, &error) == STATUS_OK) {
        outcome->good_parts++;
        assert(part.name.ptr != NULL);
        for (size_t i = 0; i < part.file_name.size; i++)
            outcome->sum = outcome->sum * 31 + (uint8_t)part.file_name.ptr[i];
    } else {
        assert(error.text[0] != '\0');
    }
    arena_done(&arena);
}

static struct outcome
run(struct slice type, struct slice body, size_t piece_size)
{
    struct outcome outcome = {0};
    struct multipart parser;
    struct arena arena;
    struct error error = {0};
    arena_init(&arena, 65536);
    enum status status = multipart_init(&parser, type, &arena, &error);
    arena_done(&arena);
    outcome.step = status == STATUS_OK ? MULTIPART_MORE : MULTIPART_BAD;
    size_t used = 0, shown = 0;
    while (outcome.step != MULTIPART_BAD) {
        size_t now = 0;
        struct slice piece;
        outcome.step =
            multipart_parse(&parser, slice_of(body.ptr + used, shown - used), &now, &piece);
        used += now;
        assert(used <= shown);
        if (outcome.step == MULTIPART_HEAD)
            check_part(&outcome, &parser);
        if (outcome.step == MULTIPART_DATA) {
            assert(piece.size > 0);
            outcome.data_bytes += piece.size;
            for (size_t i = 0; i < piece.size; i++)
                outcome.sum = outcome.sum * 31 + (uint8_t)piece.ptr[i];
        }
        if (outcome.step != MULTIPART_MORE)
            continue;
        assert(used == shown);
        if (shown == body.size)
            break;
        shown = body.size - shown < piece_size ? body.size : shown + piece_size;
    }
    outcome.is_whole = status == STATUS_OK && multipart_is_whole(&parser);
    return outcome;
}

static void
check_name(struct slice name)
{
    struct buffer text;
    struct arena arena;
    struct error error = {0};
    struct http_parameters parameters;
    struct slice back;
    buffer_init(&text, 16384);
    arena_init(&arena, 65536);
    http_disposition_print(&text, false, name);
    assert(http_parameters_read(&parameters, &arena, buffer_slice(&text), &error) == STATUS_OK);
    assert(http_file_name(&back, &parameters, &arena, &error) == STATUS_OK);
    assert(slice_equal(back, name));
    arena_done(&arena);
    buffer_done(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_of((const char *)data, size);
    const char *end = size == 0 ? NULL : memchr(input.ptr, '\n', size);
    size_t line = end == NULL ? size : (size_t)(end - input.ptr);
    struct slice type = slice_of(input.ptr, line);
    size_t skipped = end == NULL ? line : line + 1;
    struct slice body = slice_of(input.ptr + skipped, size - skipped);
    struct outcome whole = run(type, body, body.size + 1);
    struct outcome bytes = run(type, body, 1);
    assert(whole.step == bytes.step && whole.is_whole == bytes.is_whole);
    assert(whole.parts == bytes.parts && whole.good_parts == bytes.good_parts);
    if (whole.step != MULTIPART_BAD)
        assert(whole.data_bytes == bytes.data_bytes && whole.sum == bytes.sum);
    if (type.size <= 200 && slice_is_utf8(type))
        check_name(type);
    return 0;
}
