#include "ai/openai_answer.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/retry_after.h"
#include "net/event_stream.h"

/* Bytes of the server's own words that a failure quotes. */
#define QUOTED_BYTES ((size_t)300)

/* --- what is read, from one object or piece by piece --- */

struct gathering {
    const struct ai_setup *setup;
    const struct exchange *exchange;
    struct arena *arena;
    struct ai_answer *out;
    struct ai_failure *failure;
    struct buffer text;
    struct buffer refusal; /* what the model says instead of an answer */
    bool has_choice;
    bool is_ended; /* it came to its end, and was not cut */
    bool is_failed;
};

static int64_t
count_of(struct value object, const char *name)
{
    struct value value = value_get(object, name);
    int64_t count = 0;
    if (!value_is_number(value) || !value_integer(value, &count) || count < 0)
        return 0;
    return count;
}

/* A copy, unless one was kept before. */
static void
keep(struct gathering *gathering, struct slice *kept, struct value value)
{
    if (kept->size == 0 && value.kind == VALUE_STRING)
        *kept = arena_copy(gathering->arena, slice_cut(value_slice(value), LIMIT_AI_MODEL_BYTES));
}

/* A string, or a list of parts of which those with a text count. */
static void
gather_content(struct buffer *out, struct value content)
{
    if (content.kind == VALUE_STRING)
        buffer_append_slice(out, value_slice(content));
    if (content.kind != VALUE_ARRAY)
        return;
    for (uint32_t i = 0; i < content.count; i++) {
        struct value part = value_items(content)[i];
        buffer_append_slice(out, value_slice_or(part, value_get_text(part, "text")));
    }
}

static void
gather_finish(struct gathering *gathering, struct value reason)
{
    if (reason.kind != VALUE_STRING)
        return;
    gathering->is_ended = true;
    struct slice name = value_slice(reason);
    if (slice_is(name, "length") || slice_is(name, "max_tokens"))
        gathering->out->finish = AI_FINISH_LENGTH;
    if (slice_is(name, "content_filter") || slice_is(name, "refusal"))
        gathering->out->finish = AI_FINISH_FILTER;
}

static void
gather_usage(struct gathering *gathering, struct value usage)
{
    if (usage.kind != VALUE_OBJECT)
        return;
    gathering->out->input_tokens = count_of(usage, "prompt_tokens");
    gathering->out->output_tokens = count_of(usage, "completion_tokens");
}

/* The whole answer, or a piece of a stream: they differ in one name. */
static void
gather(struct gathering *gathering, struct value object, const char *part)
{
    struct value choices = value_get(object, "choices");
    keep(gathering, &gathering->out->id, value_get(object, "id"));
    keep(gathering, &gathering->out->model, value_get(object, "model"));
    gather_usage(gathering, value_get(object, "usage"));
    if (choices.kind != VALUE_ARRAY || choices.count == 0)
        return;
    struct value choice = value_items(choices)[0];
    struct value said = value_get(choice, part);
    gathering->has_choice = true;
    gather_content(&gathering->text, value_get(said, "content"));
    gather_content(&gathering->refusal, value_get(said, "refusal"));
    gather_finish(gathering, value_get(choice, "finish_reason"));
}

/* --- failures --- */

/* The words of an error, wherever that server puts them. */
static struct value
find_words(struct value object)
{
    static const char *const names[] = {"message", "error", "detail", "msg", "title"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value value = value_get(object, names[i]);
        if (value.kind == VALUE_ARRAY && value.count > 0)
            value = value_items(value)[0];
        if (value.kind == VALUE_OBJECT)
            value = find_words(value);
        if (value.kind == VALUE_STRING && value.count > 0)
            return value;
    }
    return (struct value){0};
}

/* The error's object; some servers put it into a list, and some leave out the wrapping. */
static struct value
find_error(struct value answer)
{
    if (answer.kind == VALUE_ARRAY && answer.count > 0)
        answer = value_items(answer)[0];
    struct value error = value_get(answer, "error");
    return error.kind == VALUE_OBJECT ? error : answer;
}

/* On one line. .size 0: it is no text. */
static struct slice
one_line(struct arena *arena, struct slice text)
{
    text = slice_cut(slice_trim(text), QUOTED_BYTES);
    if (text.size == 0 || !slice_is_utf8(text))
        return slice_of("", 0);
    char *line = arena_alloc(arena, QUOTED_BYTES);
    for (size_t i = 0; i < text.size; i++)
        line[i] = (unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f ? ' ' : text.ptr[i];
    return slice_of(line, text.size);
}

/* Servers quote wrong keys, in part or whole. */
static struct slice
without_key(const struct ai_setup *setup, struct slice words)
{
    struct slice key = setup->key;
    if (key.size > 0 && words.size >= key.size &&
        memmem(words.ptr, words.size, key.ptr, key.size) != NULL)
        return SLICE("(its words hold the key and are left out)");
    return words;
}

static bool
code_is(struct value error, const char *name)
{
    return slice_is(value_get_text(error, "code"), name) ||
           slice_is(value_get_text(error, "type"), name);
}

/* Overload passes by itself; what the account has used up does not. */
static bool
is_overload(const struct gathering *gathering, int http_status, struct value error)
{
    if (code_is(error, "insufficient_quota") || code_is(error, "billing_hard_limit_reached"))
        return false;
    return http_status == 429 || http_status == 529 ||
           (http_status == 503 && retry_after_is_given(gathering->exchange));
}

static const char *
mend_for(const struct ai_setup *setup, int http_status, struct value error)
{
    if ((http_status == 401 || http_status == 403) && setup->key.size == 0)
        return "; it was asked without a key: set its key_env or key_file";
    if (http_status == 401 || http_status == 403)
        return "; check its key";
    if (http_status == 404 || (http_status >= 300 && http_status <= 399))
        return "; check its base_url and the model's name";
    if (http_status == 402 || http_status == 429)
        return "; its account has no credit left";
    if (code_is(error, "context_length_exceeded"))
        return "; lower the model's context_bytes";
    return "";
}

static bool
fail_by_status(struct gathering *gathering, int http_status, struct value error, struct slice words)
{
    const struct ai_setup *setup = gathering->setup;
    struct ai_failure *failure = gathering->failure;
    gathering->is_failed = true;
    words = without_key(setup, words);
    bool is_overloaded = is_overload(gathering, http_status, error);
    bool may_pass = http_status >= 500 || http_status == 408 || http_status == 409;
    const char *code = may_pass ? "provider_failed" : "provider_refused";
    int status = http_status;
    if (is_overloaded)
        code = "overloaded";
    else if (http_status == 429)
        status = 402;
    else if (may_pass && status != 500 && status != 503 && status != 504)
        status = 502; /* which steps know as worth another try */
    failure->retry_after_ms = retry_after_ms(gathering->exchange);
    return ai_fail(failure, status, code, "the provider %.*s answered %d%s%.*s%s",
                   SLICE_FORMAT(setup->name), http_status, words.size > 0 ? ": " : "",
                   SLICE_FORMAT(words), is_overloaded ? "" : mend_for(setup, http_status, error));
}

/* The status that an error inside an answer of 200 stands for. */
static int
inner_status(struct value error)
{
    int64_t code = count_of(error, "code");
    if (code == 0)
        code = count_of(error, "status");
    if (code >= 400 && code <= 599)
        return (int)code;
    if (code_is(error, "rate_limit_exceeded") || code_is(error, "rate_limit_error"))
        return 429;
    if (code_is(error, "overloaded_error"))
        return 529;
    return code_is(error, "invalid_request_error") ? 400 : 502;
}

static bool
fail_by_error(struct gathering *gathering, struct value object)
{
    struct value given = value_get(object, "error");
    if (given.kind == VALUE_NONE || given.kind == VALUE_NULL)
        return true;
    struct value error = find_error(object);
    struct slice words = one_line(gathering->arena, value_slice_or(find_words(object), SLICE("")));
    return fail_by_status(gathering, inner_status(error), error, words);
}

static bool
fail_unread(struct gathering *gathering, const char *why)
{
    gathering->is_failed = true;
    return ai_fail(gathering->failure, 502, "provider_failed", "the provider %.*s %s",
                   SLICE_FORMAT(gathering->setup->name), why);
}

/* --- reading --- */

static bool
read_whole(struct gathering *gathering)
{
    struct value object;
    struct slice body = slice_trim(gathering->exchange->answer_body);
    if (json_parse(&object, gathering->arena, body, JSON_BORROW, NULL, NULL) != STATUS_OK)
        return fail_unread(gathering, body.size > 0 && body.ptr[0] == '<'
                                          ? "answered with a web page; check its base_url"
                                          : "answered with a text that is no JSON");
    if (!fail_by_error(gathering, object))
        return false;
    gather(gathering, object, "message");
    gathering->is_ended = true;
    return true;
}

/* Reads one piece in memory that is dropped after it: a long answer has thousands. */
static bool
read_piece(struct gathering *gathering, struct slice piece, struct arena *scratch)
{
    struct value object;
    arena_reset(scratch);
    if (json_parse(&object, scratch, piece, JSON_BORROW, NULL, NULL) != STATUS_OK)
        return fail_unread(gathering, "streamed a piece that is no JSON");
    if (!fail_by_error(gathering, object))
        return false;
    gather(gathering, object, "delta");
    return true;
}

static bool
read_stream(struct gathering *gathering)
{
    struct event_stream stream = {.rest = gathering->exchange->answer_body};
    struct buffer data;
    buffer_init(&data, LIMIT_AI_ANSWER_BYTES);
    struct arena scratch;
    arena_init(&scratch, 4 * LIMIT_AI_ANSWER_BYTES);
    bool is_done = false;
    while (!gathering->is_failed && !is_done && event_stream_next(&stream, &data)) {
        struct slice piece = slice_trim(buffer_slice(&data));
        is_done = slice_is(piece, "[DONE]");
        if (!is_done && piece.size > 0)
            read_piece(gathering, piece, &scratch);
    }
    buffer_done(&data);
    arena_done(&scratch);
    gathering->is_ended |= is_done;
    return !gathering->is_failed;
}

static bool
read_refused(struct gathering *gathering)
{
    struct slice body = gathering->exchange->answer_body;
    struct value object = {0};
    struct slice words = body;
    if (json_parse(&object, gathering->arena, body, JSON_BORROW, NULL, NULL) == STATUS_OK)
        words = value_slice_or(find_words(find_error(object)), SLICE(""));
    else if (body.size > 0 && body.ptr[0] == '<')
        words = slice_of("", 0); /* a page of some proxy */
    return fail_by_status(gathering, gathering->exchange->http_status, find_error(object),
                          one_line(gathering->arena, words));
}

static bool
conclude(struct gathering *gathering)
{
    struct ai_answer *out = gathering->out;
    if (!gathering->has_choice && gathering->is_ended)
        return fail_unread(gathering, "answered without a choice");
    if (!gathering->is_ended)
        return ai_fail(gathering->failure, 0, "connection_broken",
                       "the stream of the provider %.*s broke off",
                       SLICE_FORMAT(gathering->setup->name));
    if (gathering->text.size == 0 && gathering->refusal.size > 0) {
        out->finish = AI_FINISH_FILTER;
        buffer_append_slice(&gathering->text, buffer_slice(&gathering->refusal));
    }
    out->text = slice_of("", 0);
    if (gathering->text.size > 0)
        out->text = arena_copy(gathering->arena, buffer_slice(&gathering->text));
    if (out->text.ptr == NULL || buffer_is_over(&gathering->text))
        return fail_unread(gathering, "answered with a text that is too long");
    return true;
}

bool
openai_read(const struct ai_setup *setup, const struct exchange *exchange, struct arena *arena,
            struct ai_answer *out, struct ai_failure *failure)
{
    *out = (struct ai_answer){0};
    *failure = (struct ai_failure){0};
    struct gathering gathering = {
        .setup = setup, .exchange = exchange, .arena = arena, .out = out, .failure = failure};
    buffer_init(&gathering.text, LIMIT_AI_ANSWER_BYTES);
    buffer_init(&gathering.refusal, LIMIT_AI_ANSWER_BYTES);
    struct slice body = slice_trim(exchange->answer_body);
    bool is_ok;
    if (exchange->http_status < 200 || exchange->http_status > 299)
        is_ok = read_refused(&gathering);
    else if (body.size > 0 && (body.ptr[0] == '{' || body.ptr[0] == '<' || !setup->streams))
        is_ok = read_whole(&gathering);
    else
        is_ok = read_stream(&gathering);
    is_ok = is_ok && conclude(&gathering);
    buffer_done(&gathering.text);
    buffer_done(&gathering.refusal);
    return is_ok;
}

/* --- while it comes --- */

/* Bytes up to the last empty line, behind which an event is not whole. */
static size_t
whole_events(struct slice body)
{
    size_t size = body.size;
    for (; size >= 2; size--) {
        char before = body.ptr[size - 2];
        bool is_empty = before == '\n' || before == '\r';
        if (body.ptr[size - 1] == '\n' && is_empty &&
            (before == '\n' || (size >= 3 && body.ptr[size - 3] == '\n')))
            return size;
    }
    return 0;
}

static void
put_delta(struct buffer *out, struct slice piece, struct arena *scratch)
{
    struct value object;
    arena_reset(scratch);
    if (json_parse(&object, scratch, piece, JSON_BORROW, NULL, NULL) != STATUS_OK)
        return;
    struct value choices = value_get(object, "choices");
    if (choices.kind == VALUE_ARRAY && choices.count > 0)
        gather_content(out, value_get(value_get(value_items(choices)[0], "delta"), "content"));
}

size_t
openai_live(struct slice body, struct buffer *out)
{
    size_t size = whole_events(body);
    struct event_stream stream = {.rest = slice_of(body.ptr, size)};
    struct buffer data;
    struct arena scratch;
    buffer_init(&data, LIMIT_AI_ANSWER_BYTES);
    arena_init(&scratch, 4 * LIMIT_AI_ANSWER_BYTES);
    while (event_stream_next(&stream, &data))
        put_delta(out, slice_trim(buffer_slice(&data)), &scratch);
    buffer_done(&data);
    arena_done(&scratch);
    return size;
}
