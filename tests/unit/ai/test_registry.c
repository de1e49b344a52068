/* Providers by file and environment: what is understood, and what is refused with its place. */
#include "test.h"

#include "ai/registry.h"
#include "base/limits.h"

#include <stdio.h>

#define KEY "sk-very-secret"

/* Name and value in turn. */
static const char *const *variables;

static const char *
environment(const char *name)
{
    for (size_t i = 0; variables[i] != NULL; i += 2)
        if (strcmp(variables[i], name) == 0)
            return variables[i + 1];
    return NULL;
}

static const char *const nothing[] = {NULL};

static const struct ai_setup *
find(const struct ai_registry *registry, const char *name)
{
    size_t count;
    const struct ai_setup *setups = ai_registry_setups(registry, &count);
    for (size_t i = 0; i < count; i++)
        if (slice_is(setups[i].name, name))
            return &setups[i];
    return NULL;
}

static void
test_the_environment_is_enough(void **state)
{
    static const struct {
        const char *variables[7];
        const char *want_default, *provider, *base_url, *key;
    } table[] = {
        {{NULL}, "local/extractive-1", NULL, NULL, NULL},
        {{"WINDROW_MODEL", "openai/gpt", "OPENAI_API_KEY", KEY, NULL},
         "openai/gpt",
         "openai",
         "https://api.openai.com/v1",
         KEY},
        {{"OPENAI_API_KEY", " " KEY "\n", "OPENAI_BASE_URL", "http://127.0.0.1:9/v1", NULL},
         "local/extractive-1",
         "openai",
         "http://127.0.0.1:9/v1",
         KEY},
        {{"WINDROW_MODEL", "openai/m", "OPENAI_BASE_URL", "http://127.0.0.1:9/v1", NULL},
         "openai/m",
         "openai",
         "http://127.0.0.1:9/v1",
         ""},
        {{"WINDROW_MODEL", "ollama/llama3.2:1b", NULL},
         "ollama/llama3.2:1b",
         "ollama",
         "http://localhost:11434/v1",
         ""},
        {{"OLLAMA_HOST", "0.0.0.0", NULL},
         "local/extractive-1",
         "ollama",
         "http://localhost:11434/v1",
         ""},
        {{"OLLAMA_HOST", "0.0.0.0:99", NULL},
         "local/extractive-1",
         "ollama",
         "http://localhost:99/v1",
         ""},
        {{"OLLAMA_HOST", "box", NULL}, "local/extractive-1", "ollama", "http://box:11434/v1", ""},
        {{"OLLAMA_HOST", "box:99", NULL}, "local/extractive-1", "ollama", "http://box:99/v1", ""},
        {{"OLLAMA_HOST", "[::1]", NULL},
         "local/extractive-1",
         "ollama",
         "http://[::1]:11434/v1",
         ""},
        {{"OLLAMA_HOST", "https://box/", NULL},
         "local/extractive-1",
         "ollama",
         "https://box/v1",
         ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct ai_registry *registry;
        struct error error = {0};
        variables = table[i].variables;
        if (ai_registry_new(&registry, slice_of(NULL, 0), environment, &error) != STATUS_OK)
            fail_msg("%zu: %s", i, error.text);
        assert_string_equal(ai_registry_default(registry), table[i].want_default);
        if (table[i].provider != NULL) {
            const struct ai_setup *setup = find(registry, table[i].provider);
            assert_non_null(setup);
            assert_string_equal(setup->base_url.ptr, table[i].base_url);
            assert_true(slice_is(setup->key, table[i].key));
        }
        ai_registry_free(&registry);
    }
}

static void
test_a_bad_environment_is_refused(void **state)
{
    static const struct {
        const char *variables[5];
        const char *words;
    } table[] = {
        {{"WINDROW_MODEL", "openai/gpt", NULL}, "OPENAI_API_KEY: "},
        {{"WINDROW_MODEL", "gpt", NULL}, "WINDROW_MODEL: expected provider/model"},
        {{"WINDROW_MODEL", "other/m", NULL}, "WINDROW_MODEL: no provider \"other\""},
        {{"OPENAI_API_KEY", KEY, "OPENAI_BASE_URL", "nonsense", NULL}, "OPENAI_BASE_URL: "},
        {{"OLLAMA_HOST", "a b", NULL}, "OLLAMA_HOST: "},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct ai_registry *registry;
        struct error error = {0};
        variables = table[i].variables;
        if (ai_registry_new(&registry, slice_of(NULL, 0), environment, &error) == STATUS_OK ||
            strstr(error.text, table[i].words) != error.text)
            fail_msg("%s: %s", table[i].words, error.text);
        assert_null(registry);
        assert_null(strstr(error.text, KEY));
    }
}

static void
test_a_file_says_all(void **state)
{
    static const char *const with[] = {"MY_KEY", KEY, NULL};
    variables = with;
    struct ai_registry *registry;
    struct error error = {0};
    struct slice text = SLICE("default_model: big/one\n"
                              "providers:\n"
                              "  big:\n"
                              "    base_url: https://big.example/v1\n"
                              "    key_env: MY_KEY\n"
                              "    key_header: api-key\n"
                              "    headers: {X-Title: rows}\n"
                              "    structured: none\n"
                              "    max_tokens_name: max_completion_tokens\n"
                              "    models:\n"
                              "      one: {input: 0.15, output: 0.6, context_bytes: 1000}\n"
                              "      two: {}\n"
                              "    concurrency: 7\n"
                              "    requests: 600/m\n"
                              "    tokens: 2000000/m\n"
                              "    stream: false\n"
                              "    timeout: 90s\n"
                              "    idle_timeout: 5s\n"
                              "  ollama: {}\n");
    if (ai_registry_new(&registry, text, environment, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    const struct ai_setup *setup = find(registry, "big");
    assert_string_equal(ai_registry_default(registry), "big/one");
    assert_true(slice_is(setup->key, KEY));
    assert_true(slice_is(setup->key_header, "api-key"));
    assert_int_equal(setup->header_count, 1);
    assert_int_equal(setup->structured, AI_STRUCTURED_NONE);
    assert_string_equal(setup->max_tokens_name, "max_completion_tokens");
    assert_int_equal(ai_setup_model(setup, SLICE("one"))->input_price, 150000);
    assert_int_equal(ai_setup_model(setup, SLICE("one"))->context_bytes, 1000);
    assert_false(ai_setup_model(setup, SLICE("two"))->has_price);
    assert_int_equal(ai_setup_model(setup, SLICE("three"))->context_bytes, KIB(48));
    assert_int_equal(setup->concurrency, 7);
    assert_true(setup->requests_per_ms > 0.0099 && setup->requests_per_ms < 0.0101);
    assert_true(setup->tokens_per_ms > 33.3 && setup->tokens_per_ms < 33.4);
    assert_false(setup->streams);
    assert_int_equal(setup->timeout_ms, 90000);
    assert_int_equal(setup->idle_timeout_ms, 5000);
    assert_string_equal(find(registry, "ollama")->base_url.ptr, "http://localhost:11434/v1");
    struct buffer allow;
    buffer_init(&allow, 1000);
    ai_registry_allow(registry, &allow);
    assert_true(slice_is(buffer_slice(&allow), "big.example:443, localhost:11434"));
    buffer_done(&allow);
    ai_registry_free(&registry);
}

static void
test_bad_files_are_refused_with_their_place(void **state)
{
#define BIG "providers:\n  big:\n    base_url: https://big.example/v1\n    "
    static const struct {
        const char *text, *words;
    } table[] = {
        {"[", "line "},
        {"- a\n", "line 1, column 1: configuration: expected default_model"},
        {"default_model: none/m\n", "default_model: no provider \"none\""},
        {"default_model: 3\n", "default_model: expected a text"},
        {"providers: []\n", "providers: expected names"},
        {"providers: {big: 3}\n", "providers.big: expected"},
        {"providers: {a/b: {}}\n", "providers.a/b: expected a name without a slash"},
        {"providers: {big: {}}\n", "providers.big: base_url is missing"},
        {"providers: {big: {kind: anthropic}}\n", "not in this build"},
        {BIG "base_urll: x\n", "line 4, column 16: providers.big.base_urll: there is no such "
                               "setting; did you mean base_url?"},
        {"providers: {big: {base_url: 'ftp://x'}}\n", "providers.big.base_url: "},
        {BIG "api_key: x\n", "providers.big.api_key: keys do not stand in this file"},
        {BIG "key_env: NO_SUCH\n", "providers.big.key_env: this variable is not set"},
        {BIG "key_file: /nonexistent/key\n", "providers.big.key_file: "},
        {BIG "structured: yaml\n", "expected one of json_schema, json_object, none"},
        {BIG "structured: json_shema\n", "did you mean json_schema?"},
        {BIG "max_tokens_name: x\n", "max_completion_tokens"},
        {BIG "headers: 3\n", "providers.big.headers: expected"},
        {BIG "headers: {X: 3}\n", "providers.big.headers: expected a text"},
        {BIG "models: [m]\n", "providers.big.models: expected names"},
        {BIG "models: {m: {in: 1}}\n", "expected input, output and context_bytes"},
        {BIG "models: {m: {input: -1}}\n", "expected credits for a million tokens"},
        {BIG "models: {m: {context_bytes: 0}}\n", "expected a whole number"},
        {BIG "concurrency: 0\n", "expected a whole number from 1 to 2000"},
        {BIG "requests: 600\n", "expected a rate"},
        {BIG "tokens: x/m\n", "expected a rate"},
        {BIG "stream: maybe\n", "expected true or false"},
        {BIG "timeout: 5\n", "expected a length of time"},
    };
    variables = nothing;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct ai_registry *registry;
        struct error error = {0};
        enum status status =
            ai_registry_new(&registry, slice_text(table[i].text), environment, &error);
        if (status == STATUS_OK || strstr(error.text, table[i].words) == NULL)
            fail_msg("%s: %s", table[i].text, error.text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_environment_is_enough),
        cmocka_unit_test(test_a_bad_environment_is_refused),
        cmocka_unit_test(test_a_file_says_all),
        cmocka_unit_test(test_bad_files_are_refused_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
