/* What the output of a run is in the AI Tutor API. */
#include "api/tutor/tutor.h"
#include "base/json.h"
#include "test.h"

#include <string.h>

static void
test_outputs_as_results(void **state)
{
    static const struct {
        const char *output;
        const char *text;
        const char *citations; /* NULL: none */
    } table[] = {
        {"\"hello\"", "hello", NULL},
        {"\"\"", "", NULL},
        {"null", "", NULL},
        {"7", "7", NULL},
        {"12345678901234567890.5", "12345678901234567890.5", NULL},
        {"true", "true", NULL},
        {"[1,\"a\"]", "[1,\"a\"]", NULL},
        {"{}", "{}", NULL},
        {"{\"result\":\"r\",\"other\":1}", "r", NULL},
        {"{\"result\":7,\"other\":1}", "{\"result\":7,\"other\":1}", NULL},
        {"{\"result\":\"\"}", "", NULL},
        {"{\"text\":\"t\"}", "t", NULL},
        {"{\"text\":\"t\",\"more\":1}", "{\"text\":\"t\",\"more\":1}", NULL},
        {"{\"result\":\"r\",\"text\":\"t\"}", "r", NULL},
        {"{\"text\":\"t\",\"citations\":[]}", "t", NULL},
        {"{\"text\":\"t\",\"citations\":[{\"url\":\"https://a\",\"quote\":\"q\"}]}", "t",
         "[\"https://a\"]"},
        {"{\"text\":\"t\",\"citations\":[{\"url\":\"https://b\"},\"https://a\",{\"url\":"
         "\"https://b\"},{\"source\":\"input\"},{\"url\":null},7]}",
         "t", "[\"https://b\",\"https://a\"]"},
        {"{\"a\":1,\"citations\":[\"https://a\"]}", "{\"a\":1}", "[\"https://a\"]"},
        {"{\"a\":1,\"citations\":\"mine\"}", "{\"a\":1}", NULL},
        {"{\"citations\":[{\"source\":\"input\"}]}", "{}", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct tutor_result result;
        arena_init(&arena, KIB(64));
        if (!tutor_result_read(&result, slice_text(table[i].output), &arena))
            fail_msg("%s: it cannot be read", table[i].output);
        struct slice cited = result.citations.kind == VALUE_NONE
                                 ? slice_of(NULL, 0)
                                 : json_text(&arena, result.citations);
        bool has_none = table[i].citations == NULL;
        if (!slice_is(result.text, table[i].text))
            fail_msg("%s: \"%.*s\"", table[i].output, SLICE_FORMAT(result.text));
        if (has_none ? cited.ptr != NULL : !slice_is(cited, table[i].citations))
            fail_msg("%s: cites %.*s", table[i].output, SLICE_FORMAT(cited));
        arena_done(&arena);
    }
}

static void
test_what_is_no_output_is_no_result(void **state)
{
    static const char *const table[] = {"", "{", "hello", "{\"a\":}"};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct tutor_result result;
        arena_init(&arena, KIB(64));
        assert_false(tutor_result_read(&result, slice_text(table[i]), &arena));
        arena_done(&arena);
    }
}

/* An answer that would need more memory than a request may have. */
static void
test_a_result_without_room_is_none(void **state)
{
    static char output[KIB(16)];
    struct arena arena;
    struct tutor_result result;
    size_t size = sizeof(output) - 3;
    memset(output, '1', sizeof(output));
    output[0] = '[';
    output[size] = ']';
    output[size + 1] = '\0';
    arena_init(&arena, KIB(4));
    assert_false(tutor_result_read(&result, slice_text(output), &arena));
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs_as_results),
        cmocka_unit_test(test_what_is_no_output_is_no_result),
        cmocka_unit_test(test_a_result_without_room_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
