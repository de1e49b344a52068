/* The input is a byte that chooses the HTTP status, then what a Chat Completions server answered:
 * JSON or a stream. Either there is an answer of well-formed text, or a failure with its code. */
#include "fuzz.h"

#include "ai/provider.h"
#include "base/limits.h"

#include <string.h>

static const int statuses[] = {200, 400, 401, 429, 500, 503, 301};

static void
check(const struct ai_setup *setup, const struct exchange *exchange)
{
    struct arena arena;
    struct ai_answer answer;
    struct ai_failure failure;
    arena_init(&arena, LIMIT_OUTCOME_BYTES);
    if (ai_openai.read(setup, exchange, &arena, &answer, &failure)) {
        assert(exchange->http_status == 200);
        assert(slice_is_utf8(answer.text));
        assert(answer.input_tokens >= 0 && answer.output_tokens >= 0);
    } else {
        assert(failure.code[0] != '\0' && failure.words[0] != '\0');
        assert(failure.http_status == 0 || failure.http_status >= 300);
    }
    arena_done(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ai_model model = {.context_bytes = 1000};
    struct ai_setup setup = {.name = SLICE("x"),
                             .provider = &ai_openai,
                             .key = SLICE("k-1"),
                             .models = &model,
                             .model_count = 1};
    if (size == 0)
        return 0;
    struct exchange *exchange = exchange_new(MIB(1));
    exchange->http_status = statuses[data[0] % COUNT_OF(statuses)];
    exchange->answer_body = slice_of((const char *)data + 1, size - 1);
    for (int i = 0; i < 2; i++) {
        setup.streams = i == 1;
        check(&setup, exchange);
    }
    exchange_free(&exchange);
    return 0;
}
