#include "ai/desk_call.h"

#include "base/json.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdio.h>

/* Bytes of text that make a token, roughly, and tokens of an answer that nobody bounds. */

/* The code of all that passes by itself, whatever status the provider gave it. */
#define OVERLOADED "overloaded"

static struct desk_call *
call_of(struct task *task)
{
    return (struct desk_call *)((char *)task - offsetof(struct desk_call, task));
}

/* --- ends --- */

static void
end(struct desk_call *call, int http_status, struct value body)
{
    struct exchange *exchange = call->exchange;
    struct slice text = slice_of(NULL, 0);
    if (body.kind != VALUE_NONE)
        text = json_text(&exchange->arena, body);
    exchange->end = text.ptr == NULL ? EXCHANGE_TOO_LARGE : EXCHANGE_ANSWERED;
    exchange->http_status = http_status;
    exchange->answer_body = text;
    exchange->answer_header_count = 0;
    if (text.ptr == NULL)
        snprintf(exchange->words, sizeof(exchange->words), "the answer has no room in memory");
    call->is_answered = true;
}

static void
add_retry_after(struct exchange *exchange, int64_t retry_after_ms)
{
    if (retry_after_ms <= 0)
        return;
    const char *text = arena_format(&exchange->arena, "%lld", (long long)retry_after_ms);
    exchange->answer_headers[exchange->answer_header_count++] =
        (struct exchange_header){SLICE("retry-after-ms"), slice_text(text)};
}

static void
break_off(struct desk_call *call, enum exchange_end how, const char *words)
{
    call->exchange->end = how;
    call->is_answered = true;
    snprintf(call->exchange->words, sizeof(call->exchange->words), "%.255s", words);
}

void
desk_call_fail(struct desk_call *call, const struct ai_failure *failure)
{
    if (failure->http_status == 0) {
        break_off(call, EXCHANGE_BROKEN, failure->words);
        return;
    }
    struct arena *arena = &call->exchange->arena;
    struct member members[] = {
        {value_text("code"), value_string_copy(arena, slice_text(failure->code))},
        {value_text("message"), value_string_copy(arena, slice_text(failure->words))},
    };
    struct value error = value_object_new(arena, members, COUNT_OF(members));
    struct value body = value_object_set(arena, value_empty_object(), value_text("error"), error);
    bool is_overloaded = strcmp(failure->code, OVERLOADED) == 0;
    end(call, is_overloaded ? 429 : failure->http_status, body);
    add_retry_after(call->exchange, failure->retry_after_ms);
}

static void
succeed(struct desk_call *call, struct ai_answer *answer)
{
    answer->cost_microcredits =
        ai_model_cost(call->model, answer->input_tokens, answer->output_tokens);
    call->answer = (struct ai_answer){.input_tokens = answer->input_tokens,
                                      .output_tokens = answer->output_tokens};
    end(call, 200, ai_answer_value(answer, &call->exchange->arena));
}

/* Either the answer or the failure; overload is left to the desk. */
static void
conclude(struct desk_call *call, bool is_ok, struct ai_answer *answer)
{
    if (is_ok)
        succeed(call, answer);
    else
        desk_call_fail(call, &call->failure);
}

/* --- building --- */

static bool
load_texts(struct desk_call *call, struct ai_request *request, struct arena *arena)
{
    const struct ai_desk_options *options = desk_options(call->desk);
    for (size_t i = 0; i < request->source_count; i++) {
        struct ai_source *source = &request->sources[i];
        if (source->digest.size == 0)
            continue;
        enum status status = STATUS_NOT_FOUND;
        if (options->text != NULL)
            status = options->text(options->texts, &call->exchange->workspace, source->digest,
                                   arena, &source->text);
        if (status == STATUS_LIMIT)
            return ai_fail(&call->failure, 413, "limit_exceeded",
                           "the sources are too large to be read for one request");
        if (status != STATUS_OK)
            return ai_fail(&call->failure, status == STATUS_NOT_FOUND ? 400 : 503, "no_text",
                           "the text of source %lld cannot be loaded: %s",
                           (long long)source->number, status_name(status));
    }
    return true;
}

static bool
parse(struct desk_call *call, struct ai_request *request, struct arena *arena)
{
    struct error error = {0};
    if (ai_request_parse(request, arena, call->exchange->body, &error) != STATUS_OK)
        return ai_fail(&call->failure, 400, "bad_config", "%.400s", error.text);
    call->model = ai_setup_model(call->setup, request->model);
    return load_texts(call, request, arena);
}

static void
copy_idempotency_key(const struct exchange *from, struct exchange *to)
{
    for (size_t i = 0; i < from->header_count; i++)
        if (slice_is(from->headers[i].name, "Idempotency-Key"))
            exchange_add_header(to, from->headers[i].name, from->headers[i].value);
}

/* As providers guess it: what is sent, and the longest answer that was asked for. */
static double
guess_tokens(const struct exchange *exchange, const struct ai_request *request)
{
    return (double)ai_guess_tokens(exchange->body.size) +
           (double)ai_guess_answer_tokens(request->max_tokens);
}

/* What is told while it comes says whose it is. */
static void
let_listen(struct desk_call *call, struct exchange *exchange)
{
    const struct ai_setup *setup = call->setup;
    if (desk_options(call->desk)->listener == NULL || !setup->streams ||
        setup->provider->live == NULL)
        return;
    exchange->run = call->exchange->run;
    exchange->step = arena_copy(&exchange->arena, call->exchange->step);
    exchange->item = arena_copy(&exchange->arena, call->exchange->item);
    exchange->look = ai_live_look;
}

static bool
build(struct desk_call *call, const struct ai_request *request)
{
    struct exchange *exchange = exchange_new(LIMIT_EXCHANGE_BYTES);
    if (!call->setup->provider->build(call->setup, request, exchange, &call->failure)) {
        exchange_free(&exchange);
        return false;
    }
    copy_idempotency_key(call->exchange, exchange);
    if (call->exchange->timeout_ms > 0 && call->exchange->timeout_ms < exchange->timeout_ms)
        exchange->timeout_ms = call->exchange->timeout_ms;
    call->tokens = guess_tokens(exchange, request);
    let_listen(call, exchange);
    call->sent = exchange;
    return true;
}

void
desk_call_build(struct task *task, void *thread_context)
{
    struct desk_call *call = call_of(task);
    const struct ai_provider *provider = call->setup->provider;
    struct arena arena;
    arena_init(&arena, LIMIT_OUTCOME_BYTES);
    struct ai_request request;
    struct ai_answer answer = {0};
    call->failure = (struct ai_failure){0};
    if (!parse(call, &request, &arena))
        desk_call_fail(call, &call->failure);
    else if (provider->answer != NULL)
        conclude(call, provider->answer(&request, &arena, &answer, &call->failure), &answer);
    else if (!build(call, &request))
        desk_call_fail(call, &call->failure);
    arena_done(&arena);
    desk_post(call->desk, &call->message, DESK_BUILT);
}

/* --- reading --- */

static void
read_answer(struct desk_call *call)
{
    struct arena arena;
    arena_init(&arena, LIMIT_OUTCOME_BYTES);
    struct ai_answer answer;
    bool is_ok =
        call->setup->provider->read(call->setup, call->sent, &arena, &answer, &call->failure);
    conclude(call, is_ok, &answer);
    arena_done(&arena);
}

void
desk_call_read(struct task *task, void *thread_context)
{
    struct desk_call *call = call_of(task);
    const struct exchange *sent = call->sent;
    call->failure = (struct ai_failure){0};
    if (sent->end == EXCHANGE_ANSWERED) {
        read_answer(call);
    } else {
        char words[256];
        snprintf(words, sizeof(words), "the provider %.60s: %.180s", call->setup->name.ptr,
                 sent->words);
        break_off(call, sent->end, words);
    }
    desk_post(call->desk, &call->message, DESK_READ);
}

static enum throttle_end
answered_end(const struct desk_call *call)
{
    int status = call->failure.http_status;
    if (call->failure.code[0] == '\0')
        return THROTTLE_OK;
    if (strcmp(call->failure.code, OVERLOADED) == 0)
        return status == 429 ? THROTTLE_OVERLOADED : THROTTLE_CROWDED;
    return status == 0 || status >= 500 ? THROTTLE_FAILED : THROTTLE_OK;
}

static enum throttle_end
throttle_end_of(const struct desk_call *call)
{
    switch (call->sent->end) {
    case EXCHANGE_ANSWERED:
        return answered_end(call);
    case EXCHANGE_UNREACHABLE:
    case EXCHANGE_BROKEN:
    case EXCHANGE_TIMED_OUT:
        return THROTTLE_FAILED;
    case EXCHANGE_TOO_LARGE:
        return THROTTLE_OK;
    case EXCHANGE_PENDING:
    case EXCHANGE_REFUSED:
    case EXCHANGE_NO_SECRET:
    case EXCHANGE_CANCELLED:
        break;
    }
    return THROTTLE_UNKNOWN;
}

struct throttle_news
desk_call_news(const struct desk_call *call)
{
    return (struct throttle_news){
        .end = throttle_end_of(call),
        .sent_us = call->sent_us,
        .retry_after_ms = call->failure.retry_after_ms,
        .tokens_guessed = call->tokens,
        .tokens_used = (double)(call->answer.input_tokens + call->answer.output_tokens),
        .exchange = call->sent,
    };
}

struct slice
desk_call_provider(struct slice body, struct arena *arena)
{
    struct ai_request request;
    static const struct slice begin = {"{\"model\":\"", 10};
    /* What ai_request_value() prints begins like that; the rest of it is long. */
    if (slice_starts_with(body, begin)) {
        size_t size = begin.size;
        while (size < body.size && strchr("/\"\\", body.ptr[size]) == NULL)
            size++;
        if (size < body.size && body.ptr[size] == '/')
            return slice_of(body.ptr + begin.size, size - begin.size);
    }
    if (ai_request_parse(&request, arena, body, NULL) != STATUS_OK)
        return slice_of("", 0);
    return request.provider;
}
