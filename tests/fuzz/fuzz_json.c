/* What the parser takes, the printer gives back: printing and parsing again changes neither the
 * value nor its bytes. And the stream finds in an array what the parser finds. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/value.h"

typedef void print_fn(struct buffer *out, struct value value);

static void
check_round_trip(struct arena *arena, struct value value, print_fn *print)
{
    struct buffer text;
    struct buffer text_again;
    buffer_init(&text, MIB(64));
    buffer_init(&text_again, MIB(64));
    print(&text, value);
    assert(!buffer_is_over(&text));

    struct value again = {0};
    struct error error = {0};
    enum status status = json_parse(&again, arena, buffer_slice(&text), 0, NULL, &error);
    assert(status == STATUS_OK || status == STATUS_LIMIT);
    if (status == STATUS_OK) {
        assert(value_equal(value, again));
        assert(value_compare(value, again) == 0);
        assert(value_hash(value, 1) == value_hash(again, 1));
        print(&text_again, again);
        assert(slice_equal(buffer_slice(&text), buffer_slice(&text_again)));
    }
    buffer_done(&text);
    buffer_done(&text_again);
}

/* Elements of the array in the text, taken in small pieces, are those of `whole` (nothing if the
 * parser refused the text). Gives the stream's last status. */
static enum status
compare_stream(struct json_stream *stream, struct slice text, struct value whole,
               struct json_place *place)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    enum status status = STATUS_OK;
    uint32_t count = 0;
    for (size_t at = 0, size = 0; status == STATUS_OK && !json_stream_is_done(stream); at += size) {
        size = text.size - at < 7 ? text.size - at : 7;
        bool last = at + size == text.size;
        status = json_stream_feed(stream, slice_of(text.ptr + at, size), last, NULL);
        struct value item = {.kind = VALUE_NULL};
        while (status == STATUS_OK && item.kind != VALUE_NONE) {
            status = json_stream_next(stream, &item, &arena, place, NULL);
            if (item.kind == VALUE_NONE || whole.kind == VALUE_NONE)
                continue;
            assert(count < whole.count);
            assert(value_equal(item, value_items(whole)[count++]));
        }
    }
    assert(status != STATUS_OK || count == whole.count);
    arena_done(&arena);
    return status;
}

static void
check_stream(struct slice text, enum status status, struct value whole, struct json_place place)
{
    if (status == STATUS_LIMIT || (status == STATUS_OK && whole.kind != VALUE_ARRAY))
        return;
    struct json_stream *stream = json_stream_new(JSON_STREAM_ARRAY, text.size + 1);
    struct json_place found = {0};
    struct slice trimmed = slice_trim(text);
    enum status streamed = compare_stream(stream, text, whole, &found);
    assert(streamed == status);
    assert(json_stream_is_done(stream) == (status == STATUS_OK));
    bool is_array = trimmed.size > 0 && trimmed.ptr[0] == '[';
    if (status != STATUS_OK && is_array)
        assert(found.offset == place.offset && found.line == place.line &&
               found.column == place.column);
    json_stream_free(&stream);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct slice text = slice_of((const char *)data, size);
    struct value value = {0};
    struct value borrowing = {0};
    struct json_place place = {0};
    struct error error = {0};
    enum status status = json_parse(&value, &arena, text, 0, &place, &error);
    if (status == STATUS_OK) {
        assert(slice_is_utf8(text));
        assert(json_parse(&borrowing, &arena, text, JSON_BORROW, NULL, NULL) == STATUS_OK);
        assert(value_equal(value, borrowing));
        assert(value_equal(value, value_copy(&arena, value)));
        check_round_trip(&arena, value, json_print);
        check_round_trip(&arena, value, json_print_pretty);
        check_round_trip(&arena, value, json_print_canonical);
    } else {
        assert(error.text[0] != '\0');
        assert(place.offset <= size);
    }
    check_stream(text, status, value, place);
    arena_done(&arena);
    return 0;
}
