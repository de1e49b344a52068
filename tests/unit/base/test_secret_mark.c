#include "base/secret_mark.h"
#include "test.h"

#include <string.h>

static void
test_names(void **state)
{
    static const struct {
        const char *path;
        const char *name; /* NULL: it is no path of a secret */
    } rows[] = {
        {"secrets.A", "A"},
        {" secrets.API_KEY-2 ", "API_KEY-2"},
        {"secrets._x", "_x"},
        {"secrets.", NULL},
        {"secrets.2A", NULL},
        {"secrets.a.b", NULL},
        {"secrets.a b", NULL},
        {"secrets", NULL},
        {"item.secrets.a", NULL},
        {"secrets.\xC3\xBC", NULL},
        {"secrets.aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct slice name;
        bool is_path = secret_name_of_path(slice_text(rows[i].path), &name);
        if (is_path != (rows[i].name != NULL) || (is_path && !slice_is(name, rows[i].name)))
            fail_msg("\"%s\"", rows[i].path);
    }
}

static bool
find(struct slice name, struct slice *plain, void *context)
{
    *plain = SLICE("p:w");
    return slice_is(name, "A");
}

/* "Basic me:" and a mark, as http_request makes it. */
static void
append_basic(struct buffer *out, struct slice name)
{
    struct buffer pair;
    buffer_init(&pair, 256);
    buffer_append_text(&pair, "me:");
    secret_mark_append(&pair, name);
    buffer_append_text(out, "Basic ");
    secret_mark_append_base64(out, buffer_slice(&pair));
    buffer_done(&pair);
}

static void
test_marks_are_filled_and_shown(void **state)
{
    struct buffer text, out;
    buffer_init(&text, 256);
    buffer_init(&out, 256);
    secret_mark_append(&text, SLICE("A"));
    buffer_append_text(&text, " and ");
    append_basic(&text, SLICE("A"));
    buffer_append_byte(&text, '.');
    assert_true(secret_mark_is_in(buffer_slice(&text)));
    assert_false(slice_is_utf8(buffer_slice(&text)));
    assert_true(secret_mark_fill(&out, buffer_slice(&text), find, NULL));
    assert_true(slice_is(buffer_slice(&out), "p:w and Basic bWU6cDp3."));
    buffer_clear(&out);
    secret_mark_show(&out, buffer_slice(&text));
    assert_true(slice_is(buffer_slice(&out), "{{secrets.A}} and Basic base64(me:{{secrets.A}})."));
    buffer_done(&out);
    buffer_done(&text);
}

static void
test_what_is_missing_or_cut_is_not_filled(void **state)
{
    static const struct slice texts[] = {
        {"\xFF"
         "B\xFE",
         3},
        {"\xFF"
         "A",
         2},
        {"\xFD"
         "me",
         3},
        {"\xFD\xFF"
         "A\xFC",
         4},
        {"\xFD\xFF"
         "B\xFE\xFC",
         5},
        {"x\xFF", 2},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct buffer out;
        buffer_init(&out, 256);
        if (secret_mark_fill(&out, texts[i], find, NULL))
            fail_msg("row %zu", i);
        buffer_done(&out);
    }
}

static void
test_texts_without_marks_stay(void **state)
{
    struct buffer out;
    buffer_init(&out, 256);
    assert_false(secret_mark_is_in(SLICE("")));
    assert_false(secret_mark_is_in(SLICE("{{secrets.A}} \xC3\xBF")));
    assert_true(secret_mark_fill(&out, SLICE("{{secrets.A}} \xC3\xBF"), find, NULL));
    secret_mark_append_base64(&out, SLICE("a:b"));
    assert_true(slice_is(buffer_slice(&out), "{{secrets.A}} \xC3\xBFYTpi"));
    buffer_done(&out);
}

static void
test_what_is_too_long_is_told(void **state)
{
    struct buffer text, out;
    buffer_init(&text, 256);
    append_basic(&text, SLICE("A"));
    for (size_t most = 1; most < 12; most++) {
        buffer_init(&out, most);
        secret_mark_fill(&out, buffer_slice(&text), find, NULL);
        assert_true(buffer_is_over(&out));
        buffer_done(&out);
    }
    buffer_done(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_marks_are_filled_and_shown),
        cmocka_unit_test(test_what_is_missing_or_cut_is_not_filled),
        cmocka_unit_test(test_texts_without_marks_stay),
        cmocka_unit_test(test_what_is_too_long_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
