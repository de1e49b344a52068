/* The http_request step: which exchange a config makes, and what an answer means. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "steps/types.h"

#include <stdio.h>

static struct value
json_value(struct arena *arena, const char *text)
{
    struct value value;
    struct error error;
    if (json_parse(&value, arena, slice_text(text), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

/* The request as text: "METHOD url", a line a header, and the body behind a blank line. */
static void
show_request(const struct exchange *exchange, struct buffer *out)
{
    buffer_append_slice(out, exchange->method);
    buffer_append_byte(out, ' ');
    buffer_append_slice(out, exchange->url);
    for (size_t i = 0; i < exchange->header_count; i++) {
        buffer_append_byte(out, '\n');
        buffer_append_slice(out, exchange->headers[i].name);
        buffer_append_text(out, ": ");
        buffer_append_slice(out, exchange->headers[i].value);
    }
    if (exchange->body.ptr == NULL)
        return;
    buffer_append_text(out, "\n\n");
    buffer_append_slice(out, exchange->body);
}

#define OURS "\nIdempotency-Key: k1\nUser-Agent: windrow/" WINDROW_VERSION
#define ACCEPT "\nAccept: application/json"

static void
test_a_config_makes_an_exchange(void **state)
{
    static const struct {
        const char *config;
        const char *request;
    } table[] = {
        {"{\"url\":\"https://a.example/x\"}", "GET https://a.example/x" OURS ACCEPT},
        {"{\"url\":\" http://a.example/#part \"}", "GET http://a.example/" OURS ACCEPT},
        {"{\"url\":\"HTTPS://a.example\",\"method\":\"DELETE\"}",
         "DELETE HTTPS://a.example" OURS ACCEPT},
        {"{\"url\":\"http://a.example\",\"query\":{\"q\":\"a b&c=d/\\u00e9+\",\"n\":1.10,"
         "\"b\":true,\"no\":null,\"l\":[\"x\",null,2],\"e\":\"\"}}",
         "GET http://a.example?q=a%20b%26c%3Dd%2F%C3%A9%2B&n=1.10&b=true&l=x&l=2&e=" OURS ACCEPT},
        {"{\"url\":\"http://a.example/?x=1#y\",\"query\":{\"q\":1}}",
         "GET http://a.example/?x=1&q=1" OURS ACCEPT},
        {"{\"url\":\"http://a.example/?\",\"query\":{\"q\":1}}",
         "GET http://a.example/?q=1" OURS ACCEPT},
        {"{\"url\":\"http://a.example/?x=1\",\"query\":{\"q\":null}}",
         "GET http://a.example/?x=1" OURS ACCEPT},
        {"{\"url\":\"http://a.example\",\"json\":{\"a\":[1.10,null]}}",
         "POST http://a.example" OURS ACCEPT "\nContent-Type: application/json\n\n"
         "{\"a\":[1.10,null]}"},
        {"{\"url\":\"http://a.example\",\"json\":null,\"method\":\"PUT\"}",
         "PUT http://a.example" OURS ACCEPT "\nContent-Type: application/json\n\nnull"},
        {"{\"url\":\"http://a.example\",\"form\":{\"a b\":\"c d~*\",\"l\":[1,2]}}",
         "POST http://a.example" OURS ACCEPT
         "\nContent-Type: application/x-www-form-urlencoded\n\na+b=c+d~%2A&l=1&l=2"},
        {"{\"url\":\"http://a.example\",\"form\":{}}",
         "POST http://a.example" OURS ACCEPT
         "\nContent-Type: application/x-www-form-urlencoded\n\n"},
        {"{\"url\":\"http://a.example\",\"body\":\"<x/>\",\"headers\":{\"content-type\":"
         "\"text/xml\",\"ACCEPT\":\"*/*\",\"X-N\":5,\"X-No\":null,\"user-agent\":\"me\"}}",
         "POST http://a.example\ncontent-type: text/xml\nACCEPT: */*\nX-N: 5\nuser-agent: me"
         "\nIdempotency-Key: k1\n\n<x/>"},
        {"{\"url\":\"http://a.example\",\"body\":\"\"}",
         "POST http://a.example" OURS ACCEPT "\nContent-Type: text/plain; charset=utf-8\n\n"},
        {"{\"url\":\"http://a.example\",\"headers\":{\"idempotency-KEY\":\"mine\"}}",
         "GET http://a.example\nidempotency-KEY: mine\nUser-Agent: windrow/" WINDROW_VERSION
             ACCEPT},
        {"{\"url\":\"http://a.example\",\"expect\":[200,\"404\",\"3XX\"]}",
         "GET http://a.example" OURS ACCEPT},
        {"{\"url\":\"http://a.example\",\"expect\":null,\"method\":\"HEAD\"}",
         "HEAD http://a.example" OURS ACCEPT},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct buffer out;
        arena_init(&arena, MIB(1));
        buffer_init(&out, MIB(1));
        struct exchange *exchange = exchange_new(MIB(1));
        struct step_failure failure = {0};
        if (!step_http_request.prepare(json_value(&arena, table[i].config), SLICE("k1"), exchange,
                                       &failure))
            fail_msg("%s: %s", table[i].config, failure.words);
        show_request(exchange, &out);
        if (!slice_is(buffer_slice(&out), table[i].request))
            fail_msg("%s: %.*s", table[i].config, SLICE_FORMAT(buffer_slice(&out)));
        assert_int_equal(exchange->redirects_max, LIMIT_REDIRECTS);
        exchange_free(&exchange);
        buffer_done(&out);
        arena_done(&arena);
    }
}

static void
test_bad_configs_fail_for_good(void **state)
{
#define URL "{\"url\":\"http://a.example\","
    static const struct {
        const char *config;
        const char *words;
    } table[] = {
        {"{\"url\":\"\"}", "url: expected an absolute http or https URL"},
        {"{\"url\":\"a.example/x\"}", "url: expected an absolute http or https URL"},
        {"{\"url\":\"ftp://a.example\"}", "url: expected an absolute http or https URL"},
        {"{\"url\":\"file:///etc/passwd\"}", "url: expected an absolute http or https URL"},
        {"{\"url\":\"http://a.example/a b\"}", "url: holds a space or a control character"},
        {"{\"url\":\"http://a.example/\\r\\nX: y\"}", "url: holds a space or a control character"},
        {"{\"url\":\"http://a.example/\\u0000\"}", "url: holds a space or a control character"},
        {URL "\"json\":1,\"body\":\"x\"}", "at most one of json, form and body may be given"},
        {URL "\"method\":\"HEAD\",\"json\":1}", "a HEAD request cannot carry a body"},
        {URL "\"query\":{\"a\":{\"b\":1}}}", "query: a: expected text, found object"},
        {URL "\"query\":{\"a\":[[1]]}}", "query: a: expected text, found array"},
        {URL "\"form\":{\"a\":{}}}", "form: a: expected text, found object"},
        {URL "\"headers\":{\"X\":[\"a\"]}}", "headers: X: expected text, found array"},
        {URL "\"headers\":{\"\":\"a\"}}", "headers: \"\" cannot be the name of a header"},
        {URL "\"headers\":{\"A B\":\"a\"}}", "headers: \"A B\" cannot be the name of a header"},
        {URL "\"headers\":{\"A:\":\"a\"}}", "headers: \"A:\" cannot be the name of a header"},
        {URL "\"headers\":{\"A\\r\\nB\":\"a\"}}", "headers: \"A\r\nB\" cannot be the name"},
        {URL "\"headers\":{\"\\u00e9\":\"a\"}}", "headers: \"\xC3\xA9\" cannot be the name"},
        {URL "\"headers\":{\"X\":\"a\\r\\nB: c\"}}",
         "headers: the value of X holds a control character"},
        {URL "\"headers\":{\"X\":\"a\\u0000\"}}",
         "headers: the value of X holds a control character"},
        {URL "\"headers\":{\"host\":\"a\"}}", "headers: host cannot be set"},
        {URL "\"headers\":{\"Content-Length\":\"1\"}}", "headers: Content-Length cannot be set"},
        {URL "\"headers\":{\"TRANSFER-ENCODING\":\"chunked\"}}",
         "headers: TRANSFER-ENCODING cannot be set"},
        {URL "\"headers\":{\"Connection\":\"close\"}}", "headers: Connection cannot be set"},
        {URL "\"expect\":[]}", "expect: expected HTTP statuses or classes"},
        {URL "\"expect\":[\"2x\"]}", "expect: expected HTTP statuses or classes"},
        {URL "\"expect\":[\"6xx\"]}", "expect: expected HTTP statuses or classes"},
        {URL "\"expect\":[\"/xx\"]}", "expect: expected HTTP statuses or classes"},
        {URL "\"expect\":[200,99]}", "expect: expected HTTP statuses or classes"},
        {URL "\"expect\":[200.5]}", "expect: expected HTTP statuses or classes"},
        {URL "\"expect\":{}}", "expect: expected HTTP statuses or classes"},
        {URL "\"expect\":true}", "expect: expected HTTP statuses or classes"},
    };
#undef URL
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, MIB(1));
        struct exchange *exchange = exchange_new(MIB(1));
        struct step_failure failure = {0};
        if (step_http_request.prepare(json_value(&arena, table[i].config), SLICE("k1"), exchange,
                                      &failure))
            fail_msg("%s: taken", table[i].config);
        assert_string_equal(failure.code, "bad_config");
        assert_false(failure.may_retry);
        if (strncmp(failure.words, table[i].words, strlen(table[i].words)) != 0)
            fail_msg("%s: %s", table[i].config, failure.words);
        exchange_free(&exchange);
        arena_done(&arena);
    }
}

static void
test_what_is_too_large_fails(void **state)
{
    struct arena arena;
    struct step_failure failure = {0};
    arena_init(&arena, MIB(64));
    struct buffer text;
    buffer_init(&text, MIB(32));
    buffer_append_text(&text, "http://a.example/");
    while (text.size < 20000)
        buffer_append_text(&text, "xxxxxxxxxxxxxxxx");
    struct value url = value_string(buffer_slice(&text));
    struct value config = value_object_set(&arena, value_empty_object(), value_text("url"), url);
    struct exchange *exchange = exchange_new(MIB(1));
    assert_false(step_http_request.prepare(config, SLICE("k"), exchange, &failure));
    assert_string_equal(failure.code, "bad_config");
    assert_string_equal(failure.words, "url: longer than 16384 bytes");

    config = value_object_set(&arena, config, value_text("url"), value_text("http://a.example"));
    struct value query = value_object_set(&arena, value_empty_object(), value_text("q"), url);
    assert_false(
        step_http_request.prepare(value_object_set(&arena, config, value_text("query"), query),
                                  SLICE("k"), exchange, &failure));
    assert_string_equal(failure.words, "url: longer than 16384 bytes");

    struct buffer large;
    buffer_init(&large, MIB(32));
    char *room = buffer_reserve(&large, LIMIT_VALUE_BYTES + 1);
    assert_non_null(room);
    memset(room, 'x', LIMIT_VALUE_BYTES + 1);
    buffer_commit(&large, LIMIT_VALUE_BYTES + 1);
    struct value body = value_string(buffer_slice(&large));
    config = value_object_set(&arena, config, value_text("body"), body);
    assert_false(step_http_request.prepare(config, SLICE("k"), exchange, &failure));
    assert_string_equal(failure.code, "limit_exceeded");
    exchange_free(&exchange);
    buffer_done(&large);
    buffer_done(&text);
    arena_done(&arena);
}

static void
test_too_many_headers_fail(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct value headers = value_empty_object();
    for (int i = 0; i < EXCHANGE_HEADERS_MAX; i++)
        headers = value_object_set(&arena, headers, value_text(arena_format(&arena, "X-%d", i)),
                                   value_text("y"));
    struct value config = json_value(&arena, "{\"url\":\"http://a.example\"}");
    config = value_object_set(&arena, config, value_text("headers"), headers);
    struct exchange *exchange = exchange_new(MIB(1));
    struct step_failure failure = {0};
    assert_false(step_http_request.prepare(config, SLICE("k"), exchange, &failure));
    assert_string_equal(failure.code, "bad_config");
    exchange_free(&exchange);
    arena_done(&arena);
}

/* --- answers --- */

#define JSON_TYPE "content-type: application/json"

struct answer {
    const char *config; /* beside the url; NULL: {} */
    int status;
    const char *headers; /* a line each */
    const char *body;
};

static void
add_answer_header(struct exchange *exchange, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    assert_non_null(colon);
    size_t name_size = (size_t)(colon - line);
    exchange->answer_headers[exchange->answer_header_count++] = (struct exchange_header){
        slice_of(line, name_size), slice_of(colon + 2, size - name_size - 2)};
}

static struct exchange *
answered(const struct answer *answer)
{
    struct exchange *exchange = exchange_new(MIB(32));
    exchange->end = EXCHANGE_ANSWERED;
    exchange->http_status = answer->status;
    const char *line = answer->headers == NULL ? "" : answer->headers;
    while (*line != '\0') {
        const char *end = strchr(line, '\n');
        size_t size = end == NULL ? strlen(line) : (size_t)(end - line);
        add_answer_header(exchange, line, size);
        line += size + (end != NULL);
    }
    exchange->answer_body = slice_text(answer->body == NULL ? "" : answer->body);
    return exchange;
}

static bool
conclude_exchange(struct exchange *exchange, struct value config, struct arena *arena,
                  struct value *out, struct step_failure *failure)
{
    struct step_conclusion conclusion = {.config = config, .exchange = exchange, .arena = arena};
    bool is_ok = step_http_request.conclude(&conclusion);
    *out = conclusion.value;
    *failure = conclusion.failure;
    return is_ok;
}

static bool
conclude(const struct answer *answer, struct arena *arena, struct value *out,
         struct step_failure *failure)
{
    struct exchange *exchange = answered(answer);
    struct value config = json_value(arena, answer->config == NULL ? "{}" : answer->config);
    bool is_ok = conclude_exchange(exchange, config, arena, out, failure);
    exchange_free(&exchange);
    return is_ok;
}

static void
test_answers_that_are_well(void **state)
{
    static const struct {
        struct answer answer;
        const char *value;
    } table[] = {
        {{NULL, 200, JSON_TYPE, "{\"a\":[9007199254740993,1.10]}"},
         "{\"status\":200,\"headers\":{\"content-type\":\"application/json\"},"
         "\"body\":{\"a\":[9007199254740993,1.10]}}"},
        {{NULL, 201, "content-type: Application/Problem+JSON; charset=utf-8", " [1] "},
         "{\"status\":201,\"headers\":{\"content-type\":"
         "\"Application/Problem+JSON; charset=utf-8\"},\"body\":[1]}"},
        {{NULL, 204, NULL, NULL}, "{\"status\":204,\"headers\":{},\"body\":null}"},
        {{NULL, 200, JSON_TYPE, ""},
         "{\"status\":200,\"headers\":{\"content-type\":\"application/json\"},\"body\":null}"},
        {{NULL, 200, "content-type: text/plain", "h\xC3\xA9"},
         "{\"status\":200,\"headers\":{\"content-type\":\"text/plain\"},\"body\":\"h\xC3\xA9\"}"},
        {{NULL, 200, NULL, "{\"a\":1}"},
         "{\"status\":200,\"headers\":{},\"body\":\"{\\\"a\\\":1}\"}"},
        {{NULL, 200, "content-type: text/notjson", "{"},
         "{\"status\":200,\"headers\":{\"content-type\":\"text/notjson\"},\"body\":\"{\"}"},
        {{NULL, 200,
          "date: Sun, 06 Nov 1994 08:49:37 GMT\nage: 5\nconnection: close\nkeep-alive: x\n"
          "transfer-encoding: chunked\nx-a: 1\nset-cookie: a\nset-cookie: b\nx-bad: \xFF",
          NULL},
         "{\"status\":200,\"headers\":{\"x-a\":\"1\",\"set-cookie\":\"a, b\"},\"body\":null}"},
        {{"{\"expect\":[200,404]}", 404, NULL, "gone"},
         "{\"status\":404,\"headers\":{},\"body\":\"gone\"}"},
        {{"{\"expect\":\"4xx\"}", 499, NULL, NULL},
         "{\"status\":499,\"headers\":{},\"body\":null}"},
        {{"{\"expect\":[\"503\"]}", 503, NULL, NULL},
         "{\"status\":503,\"headers\":{},\"body\":null}"},
        {{"{\"expect\":302}", 302, NULL, NULL}, "{\"status\":302,\"headers\":{},\"body\":null}"},
        {{"{\"expect\":null}", 299, NULL, NULL}, "{\"status\":299,\"headers\":{},\"body\":null}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct value value;
        struct step_failure failure = {0};
        arena_init(&arena, MIB(1));
        if (!conclude(&table[i].answer, &arena, &value, &failure))
            fail_msg("%zu: %s", i, failure.words);
        struct slice text = json_text(&arena, value);
        if (!slice_is(text, table[i].value))
            fail_msg("%zu: %.*s", i, SLICE_FORMAT(text));
        arena_done(&arena);
    }
}

static const struct {
    struct answer answer;
    const char *code;
    const char *words; /* how they begin */
    bool may_retry, is_free;
    int64_t retry_after_ms;
} failures[] = {
    {{NULL, 404, NULL, "no\nsuch\tthing "},
     "http_status",
     "the server answered 404: no such thing",
     false,
     false,
     0},
    {{NULL, 400, NULL, NULL}, "http_status", "the server answered 400", false, false, 0},
    {{NULL, 304, NULL, NULL}, "http_status", "the server answered 304", false, false, 0},
    {{NULL, 501, NULL, NULL}, "http_status", "the server answered 501", false, false, 0},
    {{NULL, 404, NULL, "\xFF\xFE"}, "http_status", "the server answered 404", false, false, 0},
    {{NULL, 404, "retry-after: 3", NULL},
     "http_status",
     "the server answered 404",
     false,
     false,
     0},
    {{"{\"expect\":[201]}", 200, NULL, NULL},
     "http_status",
     "the server answered 200",
     false,
     false,
     0},
    {{NULL, 408, NULL, NULL}, "http_status", "the server answered 408", true, false, 0},
    {{NULL, 425, NULL, NULL}, "http_status", "the server answered 425", true, false, 0},
    {{NULL, 500, NULL, NULL}, "http_status", "the server answered 500", true, false, 0},
    {{NULL, 502, "retry-after: 2", NULL},
     "http_status",
     "the server answered 502",
     true,
     false,
     2000},
    {{NULL, 504, NULL, NULL}, "http_status", "the server answered 504", true, false, 0},
    {{NULL, 503, NULL, NULL}, "http_status", "the server answered 503", true, false, 0},
    {{NULL, 503, "retry-after: 7", NULL},
     "http_status",
     "the server answered 503",
     true,
     true,
     7000},
    {{NULL, 429, NULL, NULL}, "http_status", "the server answered 429", true, true, 0},
    {{NULL, 429, "retry-after: 0", NULL}, "http_status", "the server answered 429", true, true, 0},
    {{NULL, 429, "retry-after: -5", NULL}, "http_status", "the server answered 429", true, true, 0},
    {{NULL, 429, "retry-after: soon", NULL},
     "http_status",
     "the server answered 429",
     true,
     true,
     0},
    {{NULL, 429, "retry-after: 9223372036854775807", NULL},
     "http_status",
     "the server answered 429",
     true,
     true,
     3600000},
    {{NULL, 429, "date: Sun, 06 Nov 1994 08:49:37 GMT\nretry-after: Sun, 06 Nov 1994 08:50:00 GMT",
      NULL},
     "http_status",
     "the server answered 429",
     true,
     true,
     23000},
    {{NULL, 429, "date: Sun, 06 Nov 1994 08:49:37 GMT\nretry-after: Mon, 07 Nov 1994 08:50:00 GMT",
      NULL},
     "http_status",
     "the server answered 429",
     true,
     true,
     3600000},
    {{NULL, 429, "date: Sun, 06 Nov 1994 08:49:37 GMT\nretry-after: Sun, 06 Nov 1994 08:00:00 GMT",
      NULL},
     "http_status",
     "the server answered 429",
     true,
     true,
     0},
    {{NULL, 429, "retry-after: Sun, 06 Nov 1994 08:50:00 GMT", NULL},
     "http_status",
     "the server answered 429",
     true,
     true,
     0},
    {{NULL, 200, JSON_TYPE, "{\"a\":"},
     "bad_answer",
     "the answer is not the JSON that its content-type says: line 1, column 6",
     true,
     false,
     0},
    {{NULL, 200, "content-type: image/png", "\x89PNG\xFF"},
     "bad_answer",
     "the answer is neither JSON nor UTF-8 text",
     true,
     false,
     0},
};

static void
test_answers_that_are_failures(void **state)
{
    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        struct arena arena;
        struct value value;
        struct step_failure failure = {0};
        arena_init(&arena, MIB(1));
        assert_false(conclude(&failures[i].answer, &arena, &value, &failure));
        if (strcmp(failure.code, failures[i].code) != 0 ||
            strncmp(failure.words, failures[i].words, strlen(failures[i].words)) != 0 ||
            failure.may_retry != failures[i].may_retry || failure.is_free != failures[i].is_free ||
            failure.retry_after_ms != failures[i].retry_after_ms)
            fail_msg("%zu: %s, %s, retry %d free %d after %d", i, failure.code, failure.words,
                     failure.may_retry, failure.is_free, (int)failure.retry_after_ms);
        assert_true(slice_is_utf8(slice_text(failure.words)));
        arena_done(&arena);
    }
}

static void
test_a_failure_quotes_200_bytes_and_no_half_character(void **state)
{
    char body[400];
    for (size_t i = 0; i + 1 < sizeof(body); i += 2)
        memcpy(body + i, "\xC3\xA9", 2);
    memcpy(body, "xxx", 3);
    body[3] = 'y';
    body[sizeof(body) - 1] = '\0';
    struct answer answer = {NULL, 404, NULL, body + 3};
    struct arena arena;
    struct value value;
    struct step_failure failure = {0};
    arena_init(&arena, MIB(1));
    assert_false(conclude(&answer, &arena, &value, &failure));
    assert_int_equal(strlen(failure.words), strlen("the server answered 404: ") + 199);
    assert_true(slice_is_utf8(slice_text(failure.words)));
    arena_done(&arena);
}

static void
test_ends_without_an_answer(void **state)
{
    static const struct {
        enum exchange_end end;
        const char *code;
        bool may_retry;
    } table[] = {
        {EXCHANGE_REFUSED, "address_refused", false},
        {EXCHANGE_UNREACHABLE, "unreachable", true},
        {EXCHANGE_BROKEN, "connection_broken", true},
        {EXCHANGE_TIMED_OUT, "timed_out", true},
        {EXCHANGE_TOO_LARGE, "answer_too_large", false},
        {EXCHANGE_CANCELLED, "cancelled", false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct value value;
        struct step_failure failure = {0};
        arena_init(&arena, MIB(1));
        struct exchange *exchange = exchange_new(MIB(1));
        exchange->end = table[i].end;
        snprintf(exchange->words, sizeof(exchange->words), "what the transport says");
        assert_false(conclude_exchange(exchange, value_empty_object(), &arena, &value, &failure));
        assert_string_equal(failure.code, table[i].code);
        assert_string_equal(failure.words, "what the transport says");
        assert_int_equal(failure.may_retry, table[i].may_retry);
        assert_false(failure.is_free);
        exchange_free(&exchange);
        arena_done(&arena);
    }
}

static void
test_an_answer_larger_than_a_value_may_be_fails(void **state)
{
    static const char *const types[] = {JSON_TYPE, "content-type: text/plain"};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct buffer text;
        buffer_init(&text, MIB(1));
        buffer_append_byte(&text, '[');
        while (text.size < 100000)
            buffer_append_text(&text, "[],");
        buffer_append_text(&text, "1]");
        struct arena arena;
        arena_init(&arena, KIB(64));
        struct exchange *exchange = answered(&(struct answer){.status = 200, .headers = types[i]});
        exchange->answer_body = buffer_slice(&text);
        struct value value;
        struct step_failure failure = {0};
        assert_false(conclude_exchange(exchange, value_empty_object(), &arena, &value, &failure));
        assert_string_equal(failure.code, "answer_too_large");
        assert_false(failure.may_retry);
        exchange_free(&exchange);
        arena_done(&arena);
        buffer_done(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_config_makes_an_exchange),
        cmocka_unit_test(test_bad_configs_fail_for_good),
        cmocka_unit_test(test_what_is_too_large_fails),
        cmocka_unit_test(test_too_many_headers_fail),
        cmocka_unit_test(test_answers_that_are_well),
        cmocka_unit_test(test_answers_that_are_failures),
        cmocka_unit_test(test_a_failure_quotes_200_bytes_and_no_half_character),
        cmocka_unit_test(test_ends_without_an_answer),
        cmocka_unit_test(test_an_answer_larger_than_a_value_may_be_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
