/* ai/provider.h - what an AI service has to implement: one file, and one line in registry.c.
 *
 * A provider over HTTP makes an exchange of a request and an answer of what came back; the desk
 * sends, paces and repeats. A provider that computes here answers at once. All of it is pure: the
 * texts of the sources are loaded, nothing is read, sent or remembered.
 *
 * Threads: threads of the desk's pool, many at once; setups never change once made.
 */
#ifndef AI_PROVIDER_H
#define AI_PROVIDER_H

#include "ai/request.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/exchange.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the provider is asked for JSON, as far as its server knows the way. */
enum ai_structured {
    AI_STRUCTURED_SCHEMA, /* response_format json_schema, strict */
    AI_STRUCTURED_OBJECT, /* response_format json_object, the schema stands in the prompt */
    AI_STRUCTURED_NONE,   /* the schema stands in the prompt */
};

struct ai_model {
    struct slice name; /* as in "provider/name"; empty: stands for any other model */
    bool has_price;
    int64_t input_price;  /* microcredits for a million tokens */
    int64_t output_price; /* likewise */
    size_t context_bytes; /* of source text that is sent with one request */
};

/* One configured provider. Slices are NUL-terminated. */
struct ai_setup {
    struct slice name; /* the first part of a model's name */
    const struct ai_provider *provider;
    struct slice base_url;   /* without a slash at the end; empty for one that computes here */
    struct slice key;        /* a secret: never in words, logs or hashes; empty: none */
    struct slice key_name;   /* where the key is from, for words: "OPENAI_API_KEY" */
    struct slice key_header; /* that carries it; empty: Authorization: Bearer */
    const struct exchange_header *headers;
    size_t header_count;
    const struct ai_model *models; /* the last one stands for any other */
    size_t model_count;            /* 1 or more */
    enum ai_structured structured;
    bool streams;
    const char *max_tokens_name; /* "max_tokens" or "max_completion_tokens" */
    int64_t timeout_ms;          /* of a whole answer */
    int64_t idle_timeout_ms;     /* between two pieces of one */
    uint32_t concurrency;        /* calls on their way at once, at most */
    double requests_per_ms;      /* 0: any */
    double tokens_per_ms;        /* 0: any */
};

/* Why there is no answer. */
struct ai_failure {
    int http_status;        /* that the ai: exchange ends with; 0: the answer broke off */
    char code[40];          /* has a page in docs/errors */
    char words[512];        /* for a human */
    int64_t retry_after_ms; /* asked for by the other side; 0: not */
};

/* Fills it and returns false, for `return ai_fail(...)`. */
bool ai_fail(struct ai_failure *failure, int http_status, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Sets method, URL, headers, body, max_answer_bytes and times of an empty exchange. */
typedef bool ai_build_fn(const struct ai_setup *setup, const struct ai_request *request,
                         struct exchange *exchange, struct ai_failure *failure);

/* Reads what an exchange that was ANSWERED holds; the answer lives in the arena. Its cost is left
 * to the desk. */
typedef bool ai_read_fn(const struct ai_setup *setup, const struct exchange *exchange,
                        struct arena *arena, struct ai_answer *out, struct ai_failure *failure);

/* Answers here; *out lives in the arena, which holds the request too. */
typedef bool ai_answer_fn(const struct ai_request *request, struct arena *arena,
                          struct ai_answer *out, struct ai_failure *failure);

/* Appends the text that whole pieces of a streamed answer bring, and gives the bytes of those
 * pieces; what is behind them comes again, with more. What is wrong is passed over. */
typedef size_t ai_live_fn(struct slice body, struct buffer *out);

struct ai_provider {
    const char *kind; /* as in the configuration */
    ai_build_fn *build;
    ai_read_fn *read;
    ai_live_fn *live;     /* NULL: it does not stream */
    ai_answer_fn *answer; /* NULL for a provider over HTTP, which has the other two */
};

/* The providers of this build. */
extern const struct ai_provider ai_local;
extern const struct ai_provider ai_openai;

/* What is known of that model, or of any. */
const struct ai_model *ai_setup_model(const struct ai_setup *setup, struct slice name);

/* Tokens of so many bytes and of the longest answer that is asked for (0: as the provider has it),
 * as providers guess them. */
int64_t ai_guess_tokens(size_t bytes);
int64_t ai_guess_answer_tokens(int64_t most);

/* By the model's price, rounded up; 0 without one. */
int64_t ai_model_cost(const struct ai_model *model, int64_t input_tokens, int64_t output_tokens);

#endif
