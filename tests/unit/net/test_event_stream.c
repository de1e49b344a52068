/* Server-sent events: which data a text holds, and how long a server wants to be left alone. */
#include "test.h"

#include "base/limits.h"
#include "base/retry_after.h"
#include "net/event_stream.h"

static void
test_events_are_read(void **state)
{
    static const struct {
        const char *text, *want; /* data, each in brackets */
    } table[] = {
        {"", ""},
        {"data: one\n\ndata: two\n\n", "[one][two]"},
        {"data: one\r\n\r\ndata:two\r\rdata:  three\n\n", "[one][two][ three]"},
        {"data: a\ndata: b\n\n", "[a\nb]"},
        {": comment\nevent: x\nid: 3\nretry: 5\n\ndata: y\n\n", "[y]"},
        {"\n\n\ndata: y\n\n\n\n", "[y]"},
        {"data\n\n", "[]"},
        {"data:\n\n", "[]"},
        {"database: no\nmetadata: no\n\n", ""},
        {"data: cut", "[cut]"},
        {"data: cut\r", "[cut]"},
        {"data: cut\r\n", "[cut]"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct event_stream stream = {.rest = slice_text(table[i].text)};
        struct buffer data, got;
        buffer_init(&data, 1000);
        buffer_init(&got, 1000);
        while (event_stream_next(&stream, &data)) {
            buffer_append_byte(&got, '[');
            buffer_append_slice(&got, buffer_slice(&data));
            buffer_append_byte(&got, ']');
        }
        if (!slice_is(buffer_slice(&got), table[i].want))
            fail_msg("%zu: %.*s", i, SLICE_FORMAT(buffer_slice(&got)));
        buffer_done(&got);
        buffer_done(&data);
    }
}

static void
test_data_over_the_maximum_is_marked(void **state)
{
    struct event_stream stream = {.rest = SLICE("data: 0123456789\n\ndata: x\n\n")};
    struct buffer data;
    buffer_init(&data, 4);
    assert_true(event_stream_next(&stream, &data));
    assert_true(buffer_is_over(&data));
    assert_true(event_stream_next(&stream, &data));
    assert_false(buffer_is_over(&data));
    buffer_done(&data);
}

static void
test_waits_that_servers_ask_for(void **state)
{
    static const struct {
        const char *name, *value;
        bool is_given;
        int64_t ms;
    } table[] = {
        {"retry-after", "7", true, 7000},
        {"retry-after", " 7 ", true, 7000},
        {"retry-after", "-7", true, 0},
        {"retry-after", "99999999999999", true, RETRY_AFTER_MS_MAX},
        {"retry-after", "99999999999999999999999999", true, 0},
        {"retry-after", "soon", true, 0},
        {"retry-after", "Sat, 21 Nov 2026 07:00:09 GMT", true, 9000},
        {"retry-after", "Sat, 21 Nov 2026 06:00:00 GMT", true, 0},
        {"retry-after", "Sun, 22 Nov 2026 07:00:00 GMT", true, RETRY_AFTER_MS_MAX},
        {"retry-after-ms", "250", true, 250},
        {"x-other", "250", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct exchange *exchange = exchange_new(KIB(64));
        exchange->answer_headers[0] =
            (struct exchange_header){SLICE("date"), SLICE("Sat, 21 Nov 2026 07:00:00 GMT")};
        exchange->answer_headers[1] =
            (struct exchange_header){slice_text(table[i].name), slice_text(table[i].value)};
        exchange->answer_header_count = 2;
        if (retry_after_is_given(exchange) != table[i].is_given ||
            retry_after_ms(exchange) != table[i].ms)
            fail_msg("%s: %s: %lld", table[i].name, table[i].value,
                     (long long)retry_after_ms(exchange));
        exchange_free(&exchange);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_are_read),
        cmocka_unit_test(test_data_over_the_maximum_is_marked),
        cmocka_unit_test(test_waits_that_servers_ask_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
