/* Fed in pieces of any size, the stream gives the same elements and the same end as fed at once.
 * The first byte chooses the shape and the size of the pieces. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/value.h"

struct outcome {
    enum status status;
    bool is_done;
    size_t count;
    uint64_t hash;
};

static enum status
take_elements(struct json_stream *stream, struct arena *arena, struct outcome *outcome)
{
    for (;;) {
        struct value value = {0};
        struct error error = {0};
        arena_reset(arena);
        enum status status = json_stream_next(stream, &value, arena, NULL, &error);
        if (status != STATUS_OK || value.kind == VALUE_NONE)
            return status;
        outcome->count++;
        outcome->hash = value_hash(value, outcome->hash);
    }
}

static struct outcome
run_stream(enum json_stream_shape shape, struct slice text, size_t piece_size)
{
    struct outcome outcome = {.status = STATUS_OK};
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct json_stream *stream = json_stream_new(shape, text.size + 64);
    struct error error = {0};
    size_t at = 0;
    do {
        size_t left = text.size - at;
        size_t size = left < piece_size ? left : piece_size;
        struct slice piece = slice_of(text.ptr + at, size);
        at += size;
        outcome.status = json_stream_feed(stream, piece, at == text.size, &error);
        if (outcome.status == STATUS_OK)
            outcome.status = take_elements(stream, &arena, &outcome);
    } while (outcome.status == STATUS_OK && at < text.size);
    outcome.is_done = outcome.status == STATUS_OK && json_stream_is_done(stream);
    json_stream_free(&stream);
    arena_done(&arena);
    return outcome;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    enum json_stream_shape shape = (data[0] & 1) != 0 ? JSON_STREAM_ARRAY : JSON_STREAM_TEXTS;
    struct slice text = slice_of((const char *)data + 1, size - 1);
    struct outcome whole = run_stream(shape, text, text.size + 1);
    struct outcome pieces = run_stream(shape, text, (size_t)(data[0] >> 1) + 1);
    assert(whole.status == pieces.status);
    assert(whole.is_done == pieces.is_done);
    assert(whole.count == pieces.count);
    assert(whole.hash == pieces.hash);
    return 0;
}
