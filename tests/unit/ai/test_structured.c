/* What models really answer when they are asked for JSON, and what is made of it. */
#include "ai/structured.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "test.h"

struct text_case {
    const char *label;
    const char *text;
    const char *json;  /* the object, or NULL: refused */
    const char *words; /* part of the words when refused */
};

static void
check(const struct text_case *cases, size_t count)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    for (size_t i = 0; i < count; i++) {
        struct value out;
        struct error error = {0};
        struct slice text = slice_text(cases[i].text);
        enum status status = structured_find(&out, &arena, text, "output", &error);
        if ((status == STATUS_OK) != (cases[i].json != NULL))
            fail_msg("%s: status %s: %s", cases[i].label, status_name(status), error.text);
        if (status != STATUS_OK && strstr(error.text, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].label, error.text);
        if (status != STATUS_OK)
            continue;
        struct slice json = json_text(&arena, out);
        if (!slice_is(json, cases[i].json))
            fail_msg("%s: %.*s", cases[i].label, SLICE_FORMAT(json));
    }
    arena_done(&arena);
}

static void
test_object_is_found_among_prose(void **state)
{
    static const struct text_case cases[] = {
        {"plain", "{\"output\":1}", "{\"output\":1}", NULL},
        {"white space around", " \r\n {\"output\" : 1 } \n", "{\"output\":1}", NULL},
        {"fenced", "```json\n{\"output\":1}\n```", "{\"output\":1}", NULL},
        {"prose and fence", "Sure, here it is:\n```\n{\"output\":1}\n```\nAnything else?",
         "{\"output\":1}", NULL},
        {"prose with braces before", "In {braces, like these} or {}: {\"output\":1}",
         "{\"output\":1}", NULL},
        {"prose with braces behind", "{\"output\":1} where {x: is not what you asked for",
         "{\"output\":1}", NULL},
        {"an example, then the answer", "Like {\"a\":2}. Mine: {\"output\":1}", "{\"output\":1}",
         NULL},
        {"a draft, then the answer", "{\"output\":1} or rather {\"output\":2}", "{\"output\":2}",
         NULL},
        {"without the envelope the first counts", "{\"a\":1} {\"b\":2}", "{\"a\":1}", NULL},
        {"thoughts", "<think>maybe {\"output\":3}</think>{\"output\":1}", "{\"output\":1}", NULL},
        {"byte order mark", "\xEF\xBB\xBF{\"output\":1}", "{\"output\":1}", NULL},
        {"braces in strings", "{\"output\":\"}{\"}", "{\"output\":\"}{\"}", NULL},
    };
    check(cases, COUNT_OF(cases));
}

static void
test_usual_slips_are_read(void **state)
{
    static const struct text_case cases[] = {
        {"trailing commas", "{\"output\":[1,2,],}", "{\"output\":[1,2]}", NULL},
        {"single quotes", "{'output':'it\"s \\'fine\\''}", "{\"output\":\"it\\\"s 'fine'\"}", NULL},
        {"bare names", "{output:{a_1:1,$b:2}}", "{\"output\":{\"a_1\":1,\"$b\":2}}", NULL},
        {"comments", "{/* x } */\"output\":1 // y\n}", "{\"output\":1}", NULL},
        {"python words", "{\"output\":[True,False,None]}", "{\"output\":[true,false,null]}", NULL},
        {"no numbers", "{\"output\":[NaN,Infinity,-Infinity,undefined]}",
         "{\"output\":[null,null,null,null]}", NULL},
        {"numbers of other languages", "{\"output\":[+5,.5,5.,-.5,1.e3]}",
         "{\"output\":[5,0.5,5,-0.5,1e3]}", NULL},
        {"numbers keep their text", "{\"output\":[1.10,-0,12345678901234567890]}",
         "{\"output\":[1.10,-0,12345678901234567890]}", NULL},
        {"raw line ends and tabs", "{\"output\":\"a\n\tb\"}", "{\"output\":\"a\\n\\tb\"}", NULL},
        {"escapes that are none", "{\"output\":\"\\d\\_\\u00e9\"}",
         "{\"output\":\"\\\\d\\\\_\xC3\xA9\"}", NULL},
        {"escaped line end", "{\"output\":\"a\\\nb\"}", "{\"output\":\"a b\"}", NULL},
        {"empty", "{\"output\":{},\"citations\":[]}", "{\"output\":{},\"citations\":[]}", NULL},
    };
    check(cases, COUNT_OF(cases));
}

static void
test_broken_answers_are_refused_whole(void **state)
{
    static const struct text_case cases[] = {
        {"empty", "", NULL, "empty"},
        {"prose", "I cannot help with that.", NULL, "no JSON object"},
        {"a list", "[1,2]", NULL, "no JSON object"},
        {"cut in the value", "{\"output\":{\"a\":1}", NULL, "cut off"},
        {"cut in a string", "{\"output\":\"abc", NULL, "cut off"},
        {"cut behind a backslash", "{\"output\":\"abc\\", NULL, "cut off"},
        {"cut behind a comma", "{\"output\":{\"a\":1},", NULL, "cut off"},
        {"an inner part is not the answer", "{\"output\":{\"a\":1},\"citations\":[", NULL,
         "cut off"},
        {"quotes within quotes", "{\"output\":\"a \"b\" c\"}", NULL, "expected a comma or }"},
        {"missing comma", "{\"output\":[1 2]}", NULL, "expected a comma or ]"},
        {"missing value", "{\"output\":}", NULL, "expected a value"},
        {"bare word", "{\"output\":yes}", NULL, "expected a value"},
        {"two commas", "{\"output\":[1,,2]}", NULL, "expected a value"},
        {"two signs", "{\"output\":--1}", NULL, "expected a value"},
        {"leading zero", "{\"output\":007}", NULL, "malformed"},
        {"name twice", "{\"output\":1,\"output\":2}", NULL, "malformed"},
        {"half a surrogate", "{\"output\":\"\\ud83d\"}", NULL, "malformed"},
        {"no UTF-8", "{\"output\":\"\xFF\"}", NULL, "malformed"},
        {"thought but not answered", "<think>{\"output\":1}</think>", NULL, "no JSON object"},
        {"comment without an end", "{\"output\":1 /* ", NULL, "cut off"},
    };
    check(cases, COUNT_OF(cases));
}

/* A text that repeats `unit`; the caller frees it. */
static char *
repeat(const char *unit, size_t count, size_t *size)
{
    size_t step = strlen(unit);
    char *text = mem_alloc(step * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * step, unit, step);
    *size = step * count;
    return text;
}

/* Texts that invite to begin again at every byte, or to nest without end. */
static void
test_hostile_texts_take_bounded_time(void **state)
{
    static const char *const units[] = {
        "{",  "{\"", "{'",   "{a",    "{\"a\":", "{/*",      "{\"a\" ",
        "{}", "{//", "{'\"", "{\"\\", "{a:[",    "</think>", "{\"output\":0}"};
    struct arena arena;
    arena_init(&arena, MIB(256));
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        size_t size = 0;
        struct value out;
        struct error error = {0};
        char *text = repeat(units[i], 200000, &size);
        enum status status = structured_find(&out, &arena, slice_of(text, size), "output", &error);
        if (status != STATUS_OK && error.text[0] == '\0')
            fail_msg("%s: no words", units[i]);
        mem_free(text);
    }
    arena_done(&arena);
}

static void
test_nesting_is_bounded(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    size_t size = 0;
    struct value out;
    struct error error = {0};
    char *text = repeat("{\"a\":", 300, &size);
    assert_int_equal(structured_find(&out, &arena, slice_of(text, size), "output", &error),
                     STATUS_INVALID);
    assert_non_null(strstr(error.text, "nested"));
    mem_free(text);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object_is_found_among_prose),
        cmocka_unit_test(test_usual_slips_are_read),
        cmocka_unit_test(test_broken_answers_are_refused_whole),
        cmocka_unit_test(test_hostile_texts_take_bounded_time),
        cmocka_unit_test(test_nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
