#include "test.h"

#include "flow/problem.h"

#include <string.h>

struct fixture {
    struct arena arena;
    struct problems problems;
    struct buffer text;
};

static void
begin(struct fixture *f)
{
    arena_init(&f->arena, (size_t)1024 * 1024);
    problems_init(&f->problems, &f->arena);
    buffer_init(&f->text, (size_t)1024 * 1024);
}

static void
end(struct fixture *f)
{
    buffer_done(&f->text);
    arena_done(&f->arena);
}

static void
expect_print(struct fixture *f, const char *want)
{
    buffer_clear(&f->text);
    problems_print(&f->problems, "a.yaml", &f->text);
    buffer_append_byte(&f->text, '\0');
    assert_string_equal(f->text.ptr, want);
}

static void
test_problems_are_printed_one_a_line(void **state)
{
    struct fixture f;
    begin(&f);
    problems_add(&f.problems, 3, 5, "steps[0].type", "filter", "unknown type \"%s\"", "filtre");
    problems_add(&f.problems, 1, 1, "", NULL, "the file is empty");
    expect_print(&f, "a.yaml:3:5: steps[0].type: unknown type \"filtre\" (did you mean filter?)\n"
                     "a.yaml:1:1: the file is empty\n");
    end(&f);
}

static void
test_sort_is_by_place_and_keeps_the_order_within_one(void **state)
{
    struct fixture f;
    begin(&f);
    problems_add(&f.problems, 2, 9, "c", NULL, "x");
    problems_add(&f.problems, 2, 1, "b", NULL, "x");
    problems_add(&f.problems, 2, 9, "d", NULL, "x");
    problems_add(&f.problems, 1, 50, "a", NULL, "x");
    problems_sort(&f.problems);
    expect_print(&f, "a.yaml:1:50: a: x\na.yaml:2:1: b: x\na.yaml:2:9: c: x\na.yaml:2:9: d: x\n");
    end(&f);
}

static void
test_text_from_the_file_cannot_forge_lines(void **state)
{
    struct fixture f;
    begin(&f);
    problems_add(&f.problems, 1, 2, "a\nb", "\x1b[31m", "tab\there");
    expect_print(&f, "a.yaml:1:2: a\\x0ab: tab\\x09here (did you mean \\x1b[31m?)\n");
    end(&f);
}

static void
test_texts_are_always_utf8(void **state)
{
    struct fixture f;
    begin(&f);
    problems_add(&f.problems, 1, 2, "a\xff", "\xc3", "caf\xc3\xa9 \xe2\x82 x");
    expect_print(&f, "a.yaml:1:2: a?: caf\xc3\xa9 ?? x (did you mean ?"
                     "?)\n");
    end(&f);
}

static void
test_the_caller_may_change_the_texts_after(void **state)
{
    struct fixture f;
    begin(&f);
    char path[] = "path";
    problems_add(&f.problems, 1, 1, path, path, "%s", path);
    memset(path, 'x', 4);
    expect_print(&f, "a.yaml:1:1: path: path (did you mean path?)\n");
    end(&f);
}

static void
test_beyond_the_maximum_problems_are_counted(void **state)
{
    struct fixture f;
    begin(&f);
    for (uint32_t i = 0; i < PROBLEMS_MAX + 7; i++)
        problems_add(&f.problems, i + 1, 1, "p", NULL, "x");
    assert_int_equal(f.problems.count, PROBLEMS_MAX);
    assert_int_equal(f.problems.more, 7);
    problems_print(&f.problems, "f", &f.text);
    static const char last[] = "f: 7 further problems are not shown\n";
    assert_true(f.text.size > sizeof(last));
    assert_memory_equal(f.text.ptr + f.text.size - (sizeof(last) - 1), last, sizeof(last) - 1);
    end(&f);
}

static void
test_long_texts_are_cut_at_a_character(void **state)
{
    struct fixture f;
    begin(&f);
    char long_text[4001];
    for (size_t i = 0; i < 4000; i += 2)
        memcpy(long_text + i, "\xc3\xa9", 2);
    long_text[4000] = '\0';
    problems_add(&f.problems, 1, 1, long_text, NULL, "x%s", long_text);
    assert_true(slice_is_utf8(slice_text(f.problems.list[0].words)));
    assert_int_equal(strlen(f.problems.list[0].words), 1023);
    assert_int_equal(strlen(f.problems.list[0].path), 1024);
    end(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problems_are_printed_one_a_line),
        cmocka_unit_test(test_sort_is_by_place_and_keeps_the_order_within_one),
        cmocka_unit_test(test_text_from_the_file_cannot_forge_lines),
        cmocka_unit_test(test_texts_are_always_utf8),
        cmocka_unit_test(test_the_caller_may_change_the_texts_after),
        cmocka_unit_test(test_beyond_the_maximum_problems_are_counted),
        cmocka_unit_test(test_long_texts_are_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
