#include "ai/provider.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define TOKEN_BYTES 4
#define ANSWER_TOKENS 300
#define TOKENS_PRICED 1000000

bool
ai_fail(struct ai_failure *failure, int http_status, const char *code, const char *format, ...)
{
    failure->http_status = http_status;
    snprintf(failure->code, sizeof(failure->code), "%s", code);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->words, sizeof(failure->words), format, arguments);
    va_end(arguments);
    return false;
}

const struct ai_model *
ai_setup_model(const struct ai_setup *setup, struct slice name)
{
    assert(setup->model_count > 0);
    size_t at = 0;
    while (at + 1 < setup->model_count && !slice_equal(setup->models[at].name, name))
        at++;
    return &setup->models[at];
}

int64_t
ai_guess_tokens(size_t bytes)
{
    return (int64_t)(bytes / TOKEN_BYTES);
}

int64_t
ai_guess_answer_tokens(int64_t most)
{
    return most > 0 ? most : ANSWER_TOKENS;
}

int64_t
ai_model_cost(const struct ai_model *model, int64_t input_tokens, int64_t output_tokens)
{
    __int128 cost =
        (__int128)input_tokens * model->input_price + (__int128)output_tokens * model->output_price;
    cost = (cost + TOKENS_PRICED - 1) / TOKENS_PRICED;
    return cost > INT64_MAX ? INT64_MAX : (int64_t)cost;
}
