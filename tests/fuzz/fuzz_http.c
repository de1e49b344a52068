/* A request shown byte by byte is read as one that came at once, and no head is longer than its
 * bytes or points outside them. Its path splits into harmless segments or not at all, and its query
 * has an end. */
#include "fuzz.h"

#include "base/slice.h"
#include "net/http_parse.h"
#include "net/http_target.h"

#define BODY_BYTES_MAX 65536

struct body_outcome {
    enum http_step step;
    int status;
    size_t used;
    uint64_t data_bytes;
    uint64_t sum; /* of the data's bytes by place */
};

static void
check_span(struct http_span span, const struct http_head *head)
{
    assert((size_t)span.at + span.size <= head->size);
}

static void
check_head(const struct http_head *head, size_t size)
{
    assert(head->size <= size);
    check_span(head->method_name, head);
    check_span(head->path, head);
    check_span(head->query, head);
    check_span(head->host, head);
    for (size_t i = 0; i < head->field_count; i++) {
        check_span(head->fields[i].name, head);
        check_span(head->fields[i].value, head);
        assert(head->fields[i].name.size > 0);
    }
}

static void
check_same_head(const struct http_head *a, const struct http_head *b)
{
    assert(a->method == b->method);
    assert(a->framing == b->framing);
    assert(a->content_length == b->content_length);
    assert(a->size == b->size);
    assert(a->field_count == b->field_count);
    assert(a->keep_alive == b->keep_alive);
    assert(a->path.at == b->path.at && a->path.size == b->path.size);
}

static struct body_outcome
run_body(const struct http_head *head, struct slice input, size_t piece_size)
{
    struct body_outcome outcome = {0};
    struct http_body body;
    http_body_init(&body, head, BODY_BYTES_MAX);
    size_t shown = 0; /* bytes that have come */
    for (;;) {
        size_t used = 0;
        struct slice piece = {0};
        struct slice rest = slice_of(input.ptr + outcome.used, shown - outcome.used);
        outcome.step = http_body_parse(&body, rest, &used, &piece);
        assert(used <= rest.size);
        assert(piece.size <= used);
        outcome.used += used;
        for (size_t i = 0; i < piece.size; i++)
            outcome.sum = outcome.sum * 31 + (uint8_t)piece.ptr[i];
        outcome.data_bytes += piece.size;
        assert(outcome.data_bytes <= BODY_BYTES_MAX);
        if (outcome.step != HTTP_STEP_MORE)
            break;
        if (outcome.used < shown && used > 0)
            continue;
        if (shown == input.size)
            break;
        shown = input.size - shown < piece_size ? input.size : shown + piece_size;
    }
    outcome.status = outcome.step == HTTP_STEP_BAD ? body.status : 0;
    return outcome;
}

static void
check_body(const struct http_head *head, struct slice input)
{
    struct body_outcome whole = run_body(head, input, input.size + 1);
    struct body_outcome bytes = run_body(head, input, 1);
    assert(whole.step == bytes.step);
    assert(whole.status == bytes.status);
    if (whole.step == HTTP_STEP_BAD)
        return;
    assert(whole.used == bytes.used);
    assert(whole.data_bytes == bytes.data_bytes);
    assert(whole.sum == bytes.sum);
}

static void
check_path(struct slice raw, struct arena *arena)
{
    struct http_path path;
    struct error error;
    if (http_path_split(&path, arena, raw, &error) != STATUS_OK)
        return;
    for (size_t i = 0; i < path.count; i++) {
        struct slice segment = path.segments[i];
        assert(segment.size > 0 || i + 1 == path.count);
        assert(!slice_is(segment, ".") && !slice_is(segment, ".."));
        assert(slice_is_utf8(segment));
        for (size_t at = 0; at < segment.size; at++)
            assert((unsigned char)segment.ptr[at] >= 0x20 && segment.ptr[at] != 0x7f);
    }
}

static void
check_target(const struct http_head *head, const char *bytes)
{
    struct arena arena;
    arena_init(&arena, 65536);
    check_path(http_span_slice(head->path, bytes), &arena);
    struct slice rest = http_span_slice(head->query, bytes);
    struct slice name;
    struct slice value;
    size_t left = rest.size;
    while (http_query_next(&rest, &arena, &name, &value)) {
        assert(rest.size < left);
        assert(name.size + value.size <= left);
        left = rest.size;
    }
    arena_done(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct http_head whole;
    struct http_head slow;
    http_head_init(&whole);
    http_head_init(&slow);

    enum http_step step = http_head_parse(&whole, bytes, size);
    enum http_step slow_step = HTTP_STEP_MORE;
    for (size_t shown = 0; shown <= size && slow_step == HTTP_STEP_MORE; shown++)
        slow_step = http_head_parse(&slow, bytes, shown);
    assert(step == slow_step);
    if (step == HTTP_STEP_BAD) {
        assert(whole.status == slow.status);
        assert(whole.status >= 400 && whole.status <= 505);
        assert(whole.words != NULL);
    }
    if (step == HTTP_STEP_DONE) {
        check_head(&whole, size);
        check_same_head(&whole, &slow);
        check_target(&whole, bytes);
        check_body(&whole, slice_of(bytes + whole.size, size - whole.size));
    }
    return 0;
}
