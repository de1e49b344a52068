/* Servers that speak OpenAI's Chat Completions: OpenAI, Azure, OpenRouter, Ollama, llama.cpp, vLLM
 * and many more. They differ most in how they say that something went wrong.
 *
 * Sources: OpenAI's API reference, "Create chat completion" and "Streaming"; Azure OpenAI (base
 * addresses with a query); OpenRouter, "Errors" (200 with an error inside). */
#include "ai/openai_answer.h"
#include "ai/prompt.h"
#include "ai/provider.h"
#include "ai/shape.h"
#include "base/json.h"
#include "base/limits.h"

#define PATH "/chat/completions"

static struct value
set(struct arena *arena, struct value object, const char *name, struct value value)
{
    return value_object_set(arena, object, value_text(name), value);
}

static struct value
message(struct arena *arena, const char *role, struct slice text)
{
    struct value one = set(arena, value_empty_object(), "role", value_text(role));
    return set(arena, one, "content", value_string(text));
}

static struct value
messages(const struct ai_request *request, const struct prompt *prompt, struct arena *arena)
{
    struct value list = value_empty_array();
    if (prompt->system.size > 0)
        list = value_array_append(arena, list, message(arena, "system", prompt->system));
    list = value_array_append(arena, list, message(arena, "user", prompt->user));
    for (size_t i = 0; i < request->turn_count; i++) {
        const struct ai_turn *turn = &request->turns[i];
        const char *role = turn->is_model ? "assistant" : "user";
        list = value_array_append(arena, list, message(arena, role, turn->text));
    }
    return list;
}

/* {"type": "json_schema", "json_schema": {...}}. */
static struct value
schema_format(struct value strict, struct arena *arena)
{
    struct value schema = set(arena, value_empty_object(), "name", value_text("answer"));
    schema = set(arena, schema, "strict", value_bool(true));
    schema = set(arena, schema, "schema", strict);
    struct value format = set(arena, value_empty_object(), "type", value_text("json_schema"));
    return set(arena, format, "json_schema", schema);
}

/* VALUE_NONE: the server is told nothing; *tells_schema: the words have to. */
static struct value
answer_format(const struct ai_setup *setup, const struct ai_request *request, struct arena *arena,
              bool *tells_schema)
{
    *tells_schema = false;
    if (!ai_request_wants_envelope(request))
        return (struct value){0};
    struct value strict = {0};
    if (setup->structured == AI_STRUCTURED_SCHEMA &&
        ai_shape_strict(&strict, ai_shape_envelope(request, arena), arena))
        return schema_format(strict, arena);
    *tells_schema = true;
    if (setup->structured == AI_STRUCTURED_NONE)
        return (struct value){0};
    return set(arena, value_empty_object(), "type", value_text("json_object"));
}

static struct value
set_if(struct arena *arena, struct value object, const char *name, struct value value)
{
    return value.kind == VALUE_NONE ? object : set(arena, object, name, value);
}

static struct value
body(const struct ai_setup *setup, const struct ai_request *request, struct arena *arena)
{
    bool tells_schema;
    struct value format = answer_format(setup, request, arena, &tells_schema);
    struct prompt_options options = {
        .context_bytes = ai_setup_model(setup, request->model)->context_bytes,
        .tells_schema = tells_schema,
    };
    struct prompt prompt;
    if (!prompt_make(&prompt, request, &options, arena))
        return (struct value){0};
    struct value out = set(arena, value_empty_object(), "model", value_string(request->model));
    out = set(arena, out, "messages", messages(request, &prompt, arena));
    out = set_if(arena, out, "response_format", format);
    out = set_if(arena, out, "temperature", request->temperature);
    if (request->max_tokens > 0)
        out = set(arena, out, setup->max_tokens_name, value_int(request->max_tokens));
    out = set_if(arena, out, "seed", request->seed);
    if (!setup->streams)
        return out;
    struct value usage = set(arena, value_empty_object(), "include_usage", value_bool(true));
    return set(arena, set(arena, out, "stream", value_bool(true)), "stream_options", usage);
}

/* The path stands before the base's query: Azure wants its api-version. */
static struct slice
url(const struct ai_setup *setup, struct arena *arena)
{
    struct slice base = setup->base_url;
    const char *mark = memchr(base.ptr, '?', base.size);
    struct slice before = slice_of(base.ptr, mark == NULL ? base.size : (size_t)(mark - base.ptr));
    struct slice query = slice_of(base.ptr + before.size, base.size - before.size);
    while (before.size > 0 && before.ptr[before.size - 1] == '/')
        before.size--;
    return slice_text(
        arena_format(arena, "%.*s" PATH "%.*s", SLICE_FORMAT(before), SLICE_FORMAT(query)));
}

static bool
add_key(const struct ai_setup *setup, struct exchange *exchange)
{
    if (setup->key.size == 0)
        return true;
    if (setup->key_header.size > 0)
        return exchange_add_header(exchange, setup->key_header, setup->key);
    const char *bearer = arena_format(&exchange->arena, "Bearer %.*s", SLICE_FORMAT(setup->key));
    return exchange_add_header(exchange, SLICE("Authorization"), slice_text(bearer));
}

static bool
add_headers(const struct ai_setup *setup, struct exchange *exchange)
{
    bool is_ok = exchange_add_header(exchange, SLICE("Content-Type"), SLICE("application/json"));
    is_ok = is_ok && add_key(setup, exchange);
    for (size_t i = 0; is_ok && i < setup->header_count; i++)
        is_ok = exchange_add_header(exchange, setup->headers[i].name, setup->headers[i].value);
    return is_ok;
}

static bool
openai_build(const struct ai_setup *setup, const struct ai_request *request,
             struct exchange *exchange, struct ai_failure *failure)
{
    struct arena *arena = &exchange->arena;
    exchange->method = SLICE("POST");
    exchange->url = url(setup, arena);
    struct value text = body(setup, request, arena);
    if (text.kind != VALUE_NONE)
        exchange->body = json_text(arena, text);
    if (exchange->body.ptr == NULL || !add_headers(setup, exchange))
        return ai_fail(failure, 413, "limit_exceeded", "the request is too large to be sent");
    exchange->timeout_ms = setup->timeout_ms;
    exchange->idle_timeout_ms = setup->idle_timeout_ms;
    exchange->max_answer_bytes = LIMIT_AI_ANSWER_BYTES;
    return true;
}

const struct ai_provider ai_openai = {
    .kind = "openai",
    .build = openai_build,
    .read = openai_read,
    .live = openai_live,
};
