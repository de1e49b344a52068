/* What the parser takes, the printer gives back: printing and parsing again changes nothing, and
 * equal values have equal canonical texts. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/value.h"

typedef void print_fn(struct buffer *out, struct value value);

static void
check_same_canonical_text(struct value a, struct value b)
{
    struct buffer text_a;
    struct buffer text_b;
    buffer_init(&text_a, MIB(64));
    buffer_init(&text_b, MIB(64));
    json_print_canonical(&text_a, a);
    json_print_canonical(&text_b, b);
    assert(slice_equal(buffer_slice(&text_a), buffer_slice(&text_b)));
    buffer_done(&text_a);
    buffer_done(&text_b);
}

static void
check_round_trip(struct arena *arena, struct value value, print_fn *print)
{
    struct buffer text;
    buffer_init(&text, MIB(64));
    print(&text, value);
    assert(!buffer_is_over(&text));

    struct value again = {0};
    struct error error = {0};
    enum status status = json_parse(&again, arena, buffer_slice(&text), 0, NULL, &error);
    assert(status == STATUS_OK || status == STATUS_LIMIT);
    if (status == STATUS_OK) {
        assert(value_equal(value, again));
        check_same_canonical_text(value, again);
    }
    buffer_done(&text);
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
        assert(value_hash(value, 1) == value_hash(borrowing, 1));
        check_round_trip(&arena, value, json_print);
        check_round_trip(&arena, value, json_print_pretty);
    } else {
        assert(error.text[0] != '\0');
        assert(place.offset <= size);
    }
    arena_done(&arena);
    return 0;
}
