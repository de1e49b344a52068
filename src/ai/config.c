#include "ai/config.h"

#include "base/duration.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/rate.h"
#include "base/yaml.h"
#include "net/url.h"

#include <math.h>
#include <stdio.h>

#define CREDIT 1000000.0
/* A longer key is a mistake, such as another file. */
#define KEY_BYTES_MAX KIB(16)
#define TIMEOUT_MS INT64_C(300000)
#define IDLE_TIMEOUT_MS INT64_C(120000)
/* A server of one's own does a few at once; one of a service learns what it may. */
#define CONCURRENCY 256
#define CONCURRENCY_HERE 4

static const struct ai_provider *const providers[] = {&ai_local, &ai_openai};

/* Known names, so that a workstation needs no file. */
static const struct {
    const char *name, *base_url;
    uint32_t concurrency;
} known[] = {
    {"openai", "https://api.openai.com/v1", CONCURRENCY},
    {"openrouter", "https://openrouter.ai/api/v1", CONCURRENCY},
    {"ollama", "http://localhost:11434/v1", CONCURRENCY_HERE},
};

static const struct ai_model any_model[] = {{.context_bytes = KIB(48)}};

struct reading {
    struct ai_config *config;
    struct error *error;
    enum status status;
    char path[200]; /* of what is read, for words */
};

const struct ai_provider *
ai_config_kind(struct slice kind)
{
    for (size_t i = 0; i < COUNT_OF(providers); i++)
        if (slice_is(kind, providers[i]->kind))
            return providers[i];
    return NULL;
}

struct ai_setup
ai_config_defaults(struct slice name, const struct ai_provider *provider)
{
    struct ai_setup setup = {
        .name = name,
        .provider = provider,
        .base_url = SLICE(""),
        .models = any_model,
        .model_count = 1,
        .streams = true,
        .max_tokens_name = "max_tokens",
        .timeout_ms = TIMEOUT_MS,
        .idle_timeout_ms = IDLE_TIMEOUT_MS,
        .concurrency = provider->answer == NULL ? CONCURRENCY : CONCURRENCY_HERE,
    };
    for (size_t i = 0; provider->answer == NULL && i < COUNT_OF(known); i++)
        if (slice_is(name, known[i].name)) {
            setup.base_url = slice_text(known[i].base_url);
            setup.concurrency = known[i].concurrency;
        }
    return setup;
}

/* --- what is wrong --- */

static void
refuse(struct reading *reading, const struct located *at, enum status status, const char *words)
{
    if (reading->status != STATUS_OK)
        return;
    reading->status = error_set(reading->error, status, "line %u, column %u: %s: %s", at->line,
                                at->column, reading->path, words);
}

static void
refuse_name(struct reading *reading, const struct located *at, const char *const *names,
            size_t count)
{
    char words[200];
    struct slice name = value_slice(at->value);
    const char *nearest = slice_nearest(name, names, count);
    size_t used = (size_t)snprintf(words, sizeof(words), "expected one of");
    for (size_t i = 0; i < count && used < sizeof(words); i++)
        used += (size_t)snprintf(words + used, sizeof(words) - used, "%s %s", i > 0 ? "," : "",
                                 names[i]);
    if (nearest != NULL)
        snprintf(words, sizeof(words), "did you mean %s?", nearest);
    refuse(reading, at, STATUS_INVALID, words);
}

/* --- values --- */

static struct slice
read_text(struct reading *reading, const struct located *at)
{
    if (at->value.kind != VALUE_STRING || at->value.count == 0) {
        refuse(reading, at, STATUS_INVALID, "expected a text");
        return SLICE("");
    }
    return arena_copy(reading->config->arena, value_slice(at->value));
}

static int64_t
read_whole(struct reading *reading, const struct located *at, int64_t most)
{
    int64_t number = 0;
    if (!value_is_number(at->value) || !value_integer(at->value, &number) || number < 1 ||
        number > most) {
        char words[80];
        snprintf(words, sizeof(words), "expected a whole number from 1 to %lld", (long long)most);
        refuse(reading, at, STATUS_INVALID, words);
        return 1;
    }
    return number;
}

static int64_t
read_duration(struct reading *reading, const struct located *at)
{
    int64_t ms = 0;
    struct error error = {0};
    if (at->value.kind != VALUE_STRING ||
        duration_parse(&ms, value_slice(at->value), &error) != STATUS_OK || ms == 0)
        refuse(reading, at, STATUS_INVALID, "expected a length of time, such as 60s or 5m");
    return ms;
}

/* "600/m" as so many a millisecond; the count may be larger than base/rate.h has it. */
static double
read_rate(struct reading *reading, const struct located *at)
{
    struct slice text = value_slice_or(at->value, SLICE(""));
    const char *slash = text.size == 0 ? NULL : memchr(text.ptr, '/', text.size);
    int64_t count = 0;
    struct rate rate;
    char one[64];
    if (slash != NULL) {
        size_t size = (size_t)(slash - text.ptr);
        snprintf(one, sizeof(one), "1%.*s", (int)(text.size - size), slash);
        if (slice_parse_int64(slice_of(text.ptr, size), &count) && count > 0 &&
            rate_parse(&rate, slice_text(one), NULL) == STATUS_OK)
            return (double)count / (double)rate.per_ms;
    }
    refuse(reading, at, STATUS_INVALID, "expected a rate, such as 600/m");
    return 0;
}

/* --- settings of a provider --- */

typedef void setting_fn(struct reading *reading, const struct located *at, struct ai_setup *setup);

static void
read_base_url(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    struct url url;
    struct error error = {0};
    setup->base_url = read_text(reading, at);
    if (reading->status == STATUS_OK &&
        url_parse(&url, reading->config->arena, setup->base_url, &error) != STATUS_OK)
        refuse(reading, at, STATUS_INVALID, error.text);
}

static void
read_key_env(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    setup->key_name = read_text(reading, at);
    if (reading->status != STATUS_OK)
        return;
    const char *key = reading->config->environment(setup->key_name.ptr);
    if (key == NULL || key[0] == '\0')
        refuse(reading, at, STATUS_NOT_FOUND, "this variable is not set in the environment");
    else
        setup->key = arena_copy(reading->config->arena, slice_trim(slice_text(key)));
}

static void
read_key_file(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    struct error error = {0};
    struct buffer bytes;
    setup->key_name = read_text(reading, at);
    if (reading->status != STATUS_OK)
        return;
    enum status status = fs_read_file(&bytes, setup->key_name.ptr, KEY_BYTES_MAX, &error);
    struct slice key = slice_trim(buffer_slice(&bytes));
    if (status != STATUS_OK)
        refuse(reading, at, status, error.text);
    else if (key.size == 0)
        refuse(reading, at, STATUS_INVALID, "the file is empty");
    else
        setup->key = arena_copy(reading->config->arena, key);
    buffer_done(&bytes);
}

static void
read_key_header(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    setup->key_header = read_text(reading, at);
}

static void
read_headers(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    if (at->value.kind != VALUE_OBJECT || at->count > LIMIT_AI_HEADERS) {
        refuse(reading, at, STATUS_INVALID, "expected names and values of a few headers");
        return;
    }
    struct exchange_header *headers =
        arena_alloc(reading->config->arena, LIMIT_AI_HEADERS * sizeof(*headers));
    for (uint32_t i = 0; i < at->count; i++)
        headers[i] = (struct exchange_header){
            .name =
                arena_copy(reading->config->arena, value_slice(value_members(at->value)[i].key)),
            .value = read_text(reading, &at->children[i]),
        };
    setup->headers = headers;
    setup->header_count = at->count;
}

static void
read_structured(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    static const char *const names[] = {"json_schema", "json_object", "none"};
    struct slice text = read_text(reading, at);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_is(text, names[i])) {
            setup->structured = (enum ai_structured)i;
            return;
        }
    refuse_name(reading, at, names, COUNT_OF(names));
}

static void
read_max_tokens_name(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    static const char *const names[] = {"max_tokens", "max_completion_tokens"};
    struct slice text = read_text(reading, at);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_is(text, names[i])) {
            setup->max_tokens_name = names[i];
            return;
        }
    refuse_name(reading, at, names, COUNT_OF(names));
}

static int64_t
read_price(struct reading *reading, const struct located *at)
{
    double price = value_is_number(at->value) ? value_real(at->value) : -1;
    if (price >= 0 && price <= 1e6)
        return llround(price * CREDIT);
    refuse(reading, at, STATUS_INVALID, "expected credits for a million tokens");
    return 0;
}

static void
read_model(struct reading *reading, const struct located *at, struct ai_model *model)
{
    static const char *const names[] = {"input", "output", "context_bytes"};
    const struct located *input = located_find(at, names[0]);
    const struct located *output = located_find(at, names[1]);
    const struct located *context = located_find(at, names[2]);
    uint32_t found = (input != NULL) + (output != NULL) + (context != NULL);
    if (at->value.kind != VALUE_OBJECT || found != at->count) {
        refuse(reading, at, STATUS_INVALID, "expected input, output and context_bytes");
        return;
    }
    model->has_price = input != NULL || output != NULL;
    if (input != NULL)
        model->input_price = read_price(reading, input);
    if (output != NULL)
        model->output_price = read_price(reading, output);
    if (context != NULL)
        model->context_bytes = (size_t)read_whole(reading, context, LIMIT_AI_PROMPT_BYTES / 2);
}

static void
read_models(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    if (at->value.kind != VALUE_OBJECT || at->count > LIMIT_AI_MODELS) {
        refuse(reading, at, STATUS_INVALID, "expected names of models with their prices");
        return;
    }
    struct ai_model *models =
        arena_try_alloc(reading->config->arena, (at->count + 1) * sizeof(*models));
    if (models == NULL) {
        refuse(reading, at, STATUS_LIMIT, "too many models");
        return;
    }
    for (uint32_t i = 0; i < at->count; i++) {
        models[i] = any_model[0];
        models[i].name =
            arena_copy(reading->config->arena, value_slice(value_members(at->value)[i].key));
        read_model(reading, &at->children[i], &models[i]);
    }
    models[at->count] = any_model[0];
    setup->models = models;
    setup->model_count = at->count + 1;
}

static void
read_concurrency(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    setup->concurrency = (uint32_t)read_whole(reading, at, 2000);
}

static void
read_requests(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    setup->requests_per_ms = read_rate(reading, at);
}

static void
read_tokens(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    setup->tokens_per_ms = read_rate(reading, at);
}

static void
read_stream(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    if (at->value.kind != VALUE_TRUE && at->value.kind != VALUE_FALSE)
        refuse(reading, at, STATUS_INVALID, "expected true or false");
    setup->streams = at->value.kind == VALUE_TRUE;
}

static void
read_timeout(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    setup->timeout_ms = read_duration(reading, at);
}

static void
read_idle_timeout(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    setup->idle_timeout_ms = read_duration(reading, at);
}

static void
read_kind(struct reading *reading, const struct located *at, struct ai_setup *setup)
{
    /* Read before the others, which add to what the kind brings. */
}

static const struct {
    const char *name;
    setting_fn *read;
} settings[] = {
    {"kind", read_kind},
    {"base_url", read_base_url},
    {"key_env", read_key_env},
    {"key_file", read_key_file},
    {"key_header", read_key_header},
    {"headers", read_headers},
    {"structured", read_structured},
    {"max_tokens_name", read_max_tokens_name},
    {"models", read_models},
    {"concurrency", read_concurrency},
    {"requests", read_requests},
    {"tokens", read_tokens},
    {"stream", read_stream},
    {"timeout", read_timeout},
    {"idle_timeout", read_idle_timeout},
};

static void
unknown_setting(struct reading *reading, const struct located *at, const char *const *names,
                size_t count)
{
    struct slice name = slice_text(
        strrchr(reading->path, '.') == NULL ? reading->path : strrchr(reading->path, '.') + 1);
    const char *nearest = slice_nearest(name, names, count);
    char words[100];
    if (slice_is(name, "key") || slice_is(name, "api_key")) {
        refuse(reading, at, STATUS_INVALID,
               "keys do not stand in this file: name a variable as key_env, or a file as key_file");
        return;
    }
    snprintf(words, sizeof(words), "there is no such setting%s%s%s",
             nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
             nearest == NULL ? "" : "?");
    refuse(reading, at, STATUS_INVALID, words);
}

static void
read_setting(struct reading *reading, const struct located *at, struct slice name,
             struct ai_setup *setup)
{
    const char *names[COUNT_OF(settings)];
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        names[i] = settings[i].name;
        if (slice_is(name, names[i])) {
            settings[i].read(reading, at, setup);
            return;
        }
    }
    unknown_setting(reading, at, names, COUNT_OF(settings));
}

static const struct ai_provider *
find_kind(struct reading *reading, const struct located *at, struct slice name)
{
    const struct located *kind = located_find(at, "kind");
    struct slice text = ai_config_kind(name) != NULL ? name : SLICE("openai");
    if (kind != NULL)
        text = read_text(reading, kind);
    const struct ai_provider *provider = ai_config_kind(text);
    if (provider == NULL)
        refuse(reading, kind == NULL ? at : kind, STATUS_UNSUPPORTED,
               "this kind of provider is not in this build; openai and local are");
    return provider;
}

static void
read_provider(struct reading *reading, const struct located *at, struct slice name)
{
    struct ai_config *config = reading->config;
    snprintf(reading->path, sizeof(reading->path), "providers.%.*s",
             SLICE_FORMAT(slice_cut(name, 60)));
    size_t path_size = strlen(reading->path);
    if (at->value.kind != VALUE_OBJECT || name.size == 0 || memchr(name.ptr, '/', name.size)) {
        refuse(reading, at, STATUS_INVALID, "expected a name without a slash, and its settings");
        return;
    }
    const struct ai_provider *provider = find_kind(reading, at, name);
    if (provider == NULL)
        return;
    struct ai_setup *setup = &config->setups[config->setup_count++];
    *setup = ai_config_defaults(arena_copy(config->arena, name), provider);
    for (uint32_t i = 0; i < at->count; i++) {
        struct slice setting = value_slice(value_members(at->value)[i].key);
        snprintf(reading->path + path_size, sizeof(reading->path) - path_size, ".%.*s",
                 SLICE_FORMAT(slice_cut(setting, 60)));
        read_setting(reading, &at->children[i], setting, setup);
    }
    reading->path[path_size] = '\0';
    if (provider->answer == NULL && setup->base_url.size == 0)
        refuse(reading, at, STATUS_INVALID, "base_url is missing");
}

static void
read_providers(struct reading *reading, const struct located *at)
{
    snprintf(reading->path, sizeof(reading->path), "providers");
    /* Room for those that need no configuration. */
    if (at->value.kind != VALUE_OBJECT || at->count > LIMIT_AI_PROVIDERS - COUNT_OF(known) - 1) {
        refuse(reading, at, STATUS_INVALID, "expected names of providers with their settings");
        return;
    }
    for (uint32_t i = 0; i < at->count; i++)
        read_provider(reading, &at->children[i], value_slice(value_members(at->value)[i].key));
}

static void
read_top(struct reading *reading, const struct located *at)
{
    for (uint32_t i = 0; i < at->count; i++) {
        struct slice name = value_slice(value_members(at->value)[i].key);
        snprintf(reading->path, sizeof(reading->path), "%.*s", SLICE_FORMAT(slice_cut(name, 60)));
        if (slice_is(name, "default_model"))
            reading->config->default_model = read_text(reading, &at->children[i]);
        else if (slice_is(name, "providers"))
            read_providers(reading, &at->children[i]);
    }
}

enum status
ai_config_read(struct ai_config *config, struct slice text, struct error *error)
{
    struct located *top = NULL;
    enum status status = yaml_load(&top, config->arena, text, NULL, error);
    if (status != STATUS_OK)
        return status;
    struct reading reading = {.config = config, .error = error, .path = "configuration"};
    if (top->value.kind == VALUE_OBJECT)
        read_top(&reading, top);
    else if (top->value.kind != VALUE_NULL)
        refuse(&reading, top, STATUS_INVALID, "expected default_model and providers");
    return reading.status;
}
