/* The neutral request and answer: what is read, what is refused, and that printing loses nothing.
 */
#include "test.h"

#include "ai/request.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FULL                                                                                       \
    "{\"model\":\"open/vendor/large\",\"task\":\"extract\",\"system\":\"s\",\"prompt\":\"p\","     \
    "\"turns\":[{\"role\":\"assistant\",\"text\":\"bad\"},{\"role\":\"user\",\"text\":\"why\"}],"  \
    "\"fields\":{\"capital\":{\"type\":\"string\",\"description\":\"seat\"},"                      \
    "\"area\":{\"type\":\"number\",\"unit\":\"sq km\"},"                                           \
    "\"size\":{\"type\":\"string\",\"enum\":[\"big\",\"small\"]}},"                                \
    "\"sources\":[{\"number\":1,\"title\":\"t\",\"document\":\"a.md\",\"digest\":\"" DIGEST "\"}," \
    "{\"number\":2,\"url\":\"https://x.example/\",\"text\":\"inline\"}],"                          \
    "\"temperature\":0.50,\"max_tokens\":800,\"seed\":7}"

static void
test_what_is_read_is_printed_again(void **state)
{
    static const char *const table[] = {
        FULL,
        "{\"model\":\"local/extractive-1\",\"task\":\"generate\",\"prompt\":\"hi\"}",
        ("{\"model\":\"a/b\",\"task\":\"classify\",\"labels\":{\"hot\":\"wants it\",\"cold\":\"\"},"
         "\"sources\":[{\"number\":1,\"text\":\"\"}]}"),
        "{\"model\":\"a/b\",\"task\":\"generate\",\"schema\":{\"type\":\"object\"}}",
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, MIB(1));
        struct ai_request request;
        struct error error = {0};
        if (ai_request_parse(&request, &arena, slice_text(table[i]), &error) != STATUS_OK)
            fail_msg("%zu: %s", i, error.text);
        assert_string_equal(json_text(&arena, ai_request_value(&request, &arena)).ptr, table[i]);
        arena_done(&arena);
    }
}

static void
test_parts_are_found(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct ai_request request;
    assert_int_equal(ai_request_parse(&request, &arena, slice_text(FULL), NULL), STATUS_OK);
    assert_true(slice_is(request.provider, "open") && slice_is(request.model, "vendor/large"));
    assert_int_equal(request.task, AI_TASK_EXTRACT);
    assert_int_equal(request.field_count, 3);
    assert_int_equal(request.fields[1].type, AI_FIELD_NUMBER);
    assert_int_equal(request.fields[2].choices.count, 2);
    assert_int_equal(request.source_count, 2);
    assert_int_equal(request.sources[1].number, 2);
    assert_true(request.turns[0].is_model && !request.turns[1].is_model);
    assert_int_equal(request.max_tokens, 800);
    assert_true(ai_request_wants_envelope(&request));
    arena_done(&arena);
}

static void
test_bad_requests_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *text;
        enum status status;
        const char *words;
    } table[] = {
        {"", STATUS_INVALID, "line 1"},
        {"[]", STATUS_INVALID, "object"},
        {"{}", STATUS_INVALID, "model"},
        {"{\"model\":\"gpt\"}", STATUS_INVALID, "provider/model"},
        {"{\"model\":\"/gpt\"}", STATUS_INVALID, "provider/model"},
        {"{\"model\":\"a/\"}", STATUS_INVALID, "provider/model"},
        {"{\"model\":3}", STATUS_INVALID, "model"},
        {"{\"model\":\"a/b\",\"task\":\"dance\"}", STATUS_INVALID, "task"},
        {"{\"model\":\"a/b\",\"prompt\":[]}", STATUS_INVALID, "prompt"},
        {"{\"model\":\"a/b\",\"schema\":true}", STATUS_INVALID, "schema"},
        {"{\"model\":\"a/b\",\"turns\":[{\"role\":\"system\"}]}", STATUS_INVALID, "turns"},
        {"{\"model\":\"a/b\",\"turns\":[0,0,0,0,0,0,0,0,0]}", STATUS_LIMIT, "turns"},
        {"{\"model\":\"a/b\",\"fields\":{\"x\":3}}", STATUS_INVALID, "fields"},
        {"{\"model\":\"a/b\",\"fields\":{\"x\":{\"type\":\"blob\"}}}", STATUS_INVALID, "type"},
        {"{\"model\":\"a/b\",\"fields\":{\"x\":{\"enum\":[1]}}}", STATUS_INVALID, "fields"},
        {"{\"model\":\"a/b\",\"labels\":{\"x\":1}}", STATUS_INVALID, "labels"},
        {"{\"model\":\"a/b\",\"sources\":[{\"text\":\"x\"}]}", STATUS_INVALID, "number"},
        {"{\"model\":\"a/b\",\"sources\":[{\"number\":1}]}", STATUS_INVALID, "sources"},
        {"{\"model\":\"a/b\",\"sources\":[{\"number\":1,\"digest\":\"ff\"}]}", STATUS_INVALID,
         "digest"},
        {"{\"model\":\"a/b\",\"sources\":[{\"number\":1,\"text\":\"\",\"digest\":\"" DIGEST "\"}]}",
         STATUS_INVALID, "either"},
        {"{\"model\":\"a/b\",\"max_tokens\":-1}", STATUS_INVALID, "max_tokens"},
        {"{\"model\":\"a/b\",\"temperature\":\"hot\"}", STATUS_INVALID, "temperature"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, MIB(1));
        struct ai_request request;
        struct error error = {0};
        enum status status = ai_request_parse(&request, &arena, slice_text(table[i].text), &error);
        if (status != table[i].status || strstr(error.text, table[i].words) == NULL)
            fail_msg("%s: %s: %s", table[i].text, status_name(status), error.text);
        arena_done(&arena);
    }
}

static void
test_too_many_sources_are_refused(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(8));
    struct buffer text;
    buffer_init(&text, MIB(1));
    buffer_append_text(&text, "{\"model\":\"a/b\",\"sources\":[");
    for (int i = 0; i <= LIMIT_AI_SOURCES; i++)
        buffer_append_format(&text, "%s{\"number\":%d,\"text\":\"\"}", i > 0 ? "," : "", i + 1);
    buffer_append_text(&text, "]}");
    struct ai_request request;
    struct error error = {0};
    assert_int_equal(ai_request_parse(&request, &arena, buffer_slice(&text), &error), STATUS_LIMIT);
    buffer_done(&text);
    arena_done(&arena);
}

static void
test_answers_are_printed_and_read(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    const struct ai_answer answer = {
        .text = SLICE("{\"output\":1}"),
        .model = SLICE("gpt"),
        .id = SLICE("c-1"),
        .finish = AI_FINISH_LENGTH,
        .input_tokens = 12,
        .output_tokens = 3,
        .cost_microcredits = 77,
    };
    struct slice text = json_text(&arena, ai_answer_value(&answer, &arena));
    assert_string_equal(text.ptr,
                        "{\"text\":\"{\\\"output\\\":1}\",\"model\":\"gpt\",\"id\":\"c-1\","
                        "\"finish\":\"length\",\"usage\":{\"input\":12,\"output\":3},"
                        "\"cost_microcredits\":77}");
    struct ai_answer back;
    assert_int_equal(ai_answer_parse(&back, &arena, text, NULL), STATUS_OK);
    assert_true(slice_equal(back.text, answer.text) && slice_equal(back.model, answer.model));
    assert_int_equal(back.finish, AI_FINISH_LENGTH);
    assert_int_equal(back.input_tokens, 12);
    assert_int_equal(back.output_tokens, 3);
    assert_int_equal(back.cost_microcredits, 77);
    struct error error = {0};
    assert_int_equal(ai_answer_parse(&back, &arena, SLICE("{\"text\":1}"), &error), STATUS_INVALID);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read_is_printed_again),
        cmocka_unit_test(test_parts_are_found),
        cmocka_unit_test(test_bad_requests_are_refused_with_their_place),
        cmocka_unit_test(test_too_many_sources_are_refused),
        cmocka_unit_test(test_answers_are_printed_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
