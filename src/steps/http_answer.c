#include "steps/http_answer.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/retry_after.h"

#include <assert.h>
#include <strings.h>

/* Bytes of the answer's body that a failure quotes. */
#define QUOTED_BYTES ((size_t)200)

/* --- which statuses are well --- */

/* A status, or the lowest one of a class such as "2xx"; -1 if it is neither. */
static int64_t
expected_status(struct value item, bool *is_class)
{
    int64_t status = -1;
    *is_class = false;
    if (item.kind == VALUE_STRING) {
        struct slice text = value_slice(item);
        *is_class = text.size == 3 && strncasecmp(text.ptr + 1, "xx", 2) == 0;
        if (*is_class)
            status = (text.ptr[0] - '0') * 100;
        else if (!slice_parse_int64(text, &status))
            return -1;
    } else if (!value_is_number(item) || !value_integer(item, &status)) {
        return -1;
    }
    return status >= 100 && status <= 599 ? status : -1;
}

static bool
is_expected_by(struct value item, int http_status)
{
    bool is_class = false;
    int64_t status = expected_status(item, &is_class);
    return is_class ? http_status / 100 == status / 100 : http_status == status;
}

static bool
is_expected(struct value config, int http_status)
{
    struct value expect = value_get(config, "expect");
    if (expect.kind == VALUE_NONE || expect.kind == VALUE_NULL)
        return http_status / 100 == 2;
    if (expect.kind != VALUE_ARRAY)
        return is_expected_by(expect, http_status);
    for (uint32_t i = 0; i < expect.count; i++) {
        if (is_expected_by(value_items(expect)[i], http_status))
            return true;
    }
    return false;
}

bool
http_answer_check_expect(struct value config, struct step_failure *failure)
{
    struct value expect = value_get(config, "expect");
    bool is_class = false;
    bool is_ok = expect.kind == VALUE_NONE || expect.kind == VALUE_NULL;
    if (expect.kind == VALUE_ARRAY) {
        is_ok = expect.count > 0;
        for (uint32_t i = 0; i < expect.count && is_ok; i++)
            is_ok = expected_status(value_items(expect)[i], &is_class) >= 0;
    } else if (!is_ok) {
        is_ok = expected_status(expect, &is_class) >= 0;
    }
    if (is_ok)
        return true;
    return step_fail(failure, "bad_config",
                     "expect: expected HTTP statuses or classes, such as [200, 404] or \"2xx\"");
}

/* --- failures --- */

bool
http_answer_may_retry(int http_status)
{
    static const int statuses[] = {408, 425, 429, 500, 502, 503, 504};
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        if (statuses[i] == http_status)
            return true;
    }
    return false;
}

/* The beginning of the body on one line; empty if it is no text. */
static void
quote_body(const struct exchange *exchange, char out[QUOTED_BYTES + 1])
{
    struct slice text = slice_trim(exchange->answer_body);
    text = slice_cut(text, QUOTED_BYTES);
    if (!slice_is_utf8(text))
        text.size = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        out[i] = byte < 0x20 || byte == 0x7f ? ' ' : text.ptr[i];
    }
    out[text.size] = '\0';
}

static bool
fail_by_status(const struct exchange *exchange, struct step_failure *failure)
{
    char quoted[QUOTED_BYTES + 1];
    quote_body(exchange, quoted);
    int status = exchange->http_status;
    step_fail(failure, "http_status", "the server answered %d%s%s", status,
              quoted[0] == '\0' ? "" : ": ", quoted);
    bool has_time = retry_after_is_given(exchange);
    failure->may_retry = http_answer_may_retry(status);
    failure->is_free = status == 429 || (status == 503 && has_time);
    failure->retry_after_ms = failure->may_retry ? retry_after_ms(exchange) : 0;
    return false;
}

static bool
fail_by_transport(const struct exchange *exchange, const char *code, bool may_retry,
                  struct step_failure *failure)
{
    step_fail(failure, code, "%s", exchange->words[0] == '\0' ? code : exchange->words);
    failure->may_retry = may_retry;
    return false;
}

bool
http_answer_came(const struct exchange *exchange, struct step_failure *failure)
{
    switch (exchange->end) {
    case EXCHANGE_ANSWERED:
        return true;
    case EXCHANGE_REFUSED:
        return fail_by_transport(exchange, "address_refused", false, failure);
    case EXCHANGE_NO_SECRET:
        return fail_by_transport(exchange, "secret_refused", false, failure);
    case EXCHANGE_UNREACHABLE:
        return fail_by_transport(exchange, "unreachable", true, failure);
    case EXCHANGE_BROKEN:
        return fail_by_transport(exchange, "connection_broken", true, failure);
    case EXCHANGE_TIMED_OUT:
        return fail_by_transport(exchange, "timed_out", true, failure);
    case EXCHANGE_TOO_LARGE:
        return fail_by_transport(exchange, "answer_too_large", false, failure);
    case EXCHANGE_CANCELLED:
        return fail_by_transport(exchange, "cancelled", false, failure);
    case EXCHANGE_PENDING:
        break;
    }
    assert(!"the transport has ended the exchange");
    return false;
}

bool
http_answer_is_well(struct value config, const struct exchange *exchange,
                    struct step_failure *failure)
{
    return http_answer_came(exchange, failure) &&
           (is_expected(config, exchange->http_status) || fail_by_status(exchange, failure));
}

/* --- the value --- */

/* Headers of the connection or the moment say nothing of the answer. */
static bool
is_kept_header(const struct exchange_header *header)
{
    static const char *const left_out[] = {
        "age", "alt-svc", "connection", "date", "keep-alive", "trailer", "transfer-encoding",
    };
    for (size_t i = 0; i < COUNT_OF(left_out); i++) {
        if (slice_is(header->name, left_out[i]))
            return false;
    }
    return slice_is_utf8(header->name) && slice_is_utf8(header->value);
}

/* Headers that come twice are joined, as RFC 9110 5.3 has it. */
static struct value
headers_value(const struct exchange *exchange, struct arena *arena)
{
    struct value headers = value_empty_object();
    for (size_t i = 0; i < exchange->answer_header_count; i++) {
        const struct exchange_header *header = &exchange->answer_headers[i];
        if (!is_kept_header(header))
            continue;
        struct value before = value_find(headers, header->name);
        struct buffer text;
        buffer_init(&text, 2 * LIMIT_HTTP_HEADER_BYTES);
        if (before.kind == VALUE_STRING) {
            buffer_append_slice(&text, value_slice(before));
            buffer_append_text(&text, ", ");
        }
        buffer_append_slice(&text, header->value);
        headers = value_object_set(arena, headers, value_string_copy(arena, header->name),
                                   value_string_copy(arena, buffer_slice(&text)));
        buffer_done(&text);
    }
    return headers;
}

static bool
ends_with(struct slice text, const char *ending)
{
    size_t size = strlen(ending);
    return text.size >= size && strncasecmp(text.ptr + text.size - size, ending, size) == 0;
}

static bool
is_json_type(struct slice content_type)
{
    const char *semicolon =
        content_type.size == 0 ? NULL : memchr(content_type.ptr, ';', content_type.size);
    if (semicolon != NULL)
        content_type.size = (size_t)(semicolon - content_type.ptr);
    content_type = slice_trim(content_type);
    return ends_with(content_type, "/json") || ends_with(content_type, "+json");
}

static bool
fail_answer(struct step_failure *failure, const char *words)
{
    step_fail(failure, "bad_answer", "%s", words);
    failure->may_retry = true;
    return false;
}

static bool
json_body(const struct exchange *exchange, struct arena *arena, struct value *out,
          struct step_failure *failure)
{
    struct error error = {0};
    enum status status = json_parse(out, arena, exchange->answer_body, 0, NULL, &error);
    if (status == STATUS_LIMIT)
        return step_fail(failure, "answer_too_large", "the answer is too large as a value");
    if (status == STATUS_OK)
        return true;
    error_prepend(&error, "the answer is not the JSON that its content-type says");
    return fail_answer(failure, error.text);
}

static bool
body_value(const struct exchange *exchange, struct arena *arena, struct value *out,
           struct step_failure *failure)
{
    struct slice body = exchange->answer_body;
    if (body.size == 0) {
        *out = value_null();
        return true;
    }
    if (is_json_type(exchange_answer_header(exchange, "content-type")))
        return json_body(exchange, arena, out, failure);
    if (!slice_is_utf8(body))
        return fail_answer(failure, "the answer is neither JSON nor UTF-8 text");
    *out = value_string_copy(arena, body);
    if (out->kind == VALUE_NONE)
        return step_fail(failure, "answer_too_large", "the answer is too large as a value");
    return true;
}

static bool
answer_value(const struct exchange *exchange, struct arena *arena, struct value *out,
             struct step_failure *failure)
{
    struct value body;
    if (!body_value(exchange, arena, &body, failure))
        return false;
    struct member members[] = {
        {value_text("status"), value_int(exchange->http_status)},
        {value_text("headers"), headers_value(exchange, arena)},
        {value_text("body"), body},
    };
    *out = value_object_new(arena, members, COUNT_OF(members));
    if (out->kind == VALUE_NONE)
        return step_fail(failure, "answer_too_large", "the answer is too large as a value");
    return true;
}

bool
http_answer_conclude(struct step_conclusion *conclusion)
{
    return http_answer_is_well(conclusion->config, conclusion->exchange, &conclusion->failure) &&
           answer_value(conclusion->exchange, conclusion->arena, &conclusion->value,
                        &conclusion->failure);
}
