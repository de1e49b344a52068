/* Which records a search finds, and in which order. */
#include "base/json.h"
#include "service/search_fit.h"
#include "test.h"

static uint32_t
score(const char *query, const char *name, const char *rest)
{
    static struct search_words words;
    struct search_fit fit;
    struct error error = {0};
    struct arena arena;
    struct value value;
    assert_int_equal(search_words_read(&words, slice_text(query), &error), STATUS_OK);
    arena_init(&arena, KIB(64));
    assert_int_equal(json_parse(&value, &arena, slice_text(rest), 0, NULL, NULL), STATUS_OK);
    search_fit_begin(&fit, &words);
    search_fit_add(&fit, value_text(name), true);
    search_fit_add(&fit, value, false);
    struct value both[] = {value_text(name), value};
    struct slice json = json_text(&arena, value_array_new(&arena, both, COUNT_OF(both)));
    if (search_fit_score(&fit) > 0 && !search_fit_may(&words, json))
        fail_msg("%s in %s %s fits, but may not", query, name, rest);
    arena_done(&arena);
    return search_fit_score(&fit);
}

static void
test_what_fits(void **state)
{
    static const struct {
        const char *query, *name, *rest;
        bool fits;
    } table[] = {
        {"acme", "Acme Corp", "null", true},
        {"ACM", "Acme Corp", "null", true},
        {"corp acme", "Acme Corp", "null", true},
        {"cme", "Acme Corp", "null", false},
        {"acme berlin", "Acme Corp", "{\"location\":{\"city\":\"Berlin\"}}", true},
        {"acme berlin", "Acme Corp", "[\"Bern\"]", false},
        {"acme -berlin", "Acme Corp", "[\"Berlin\"]", false},
        {"acme -berlin", "Acme Corp", "[\"Bern\"]", true},
        {"\"acme corp\"", "The Acme  (Corp)", "null", true},
        {"\"corp acme\"", "Acme Corp", "null", false},
        {"acme-corp", "Acme Corp", "null", true},
        {"acm*", "Acme", "null", true},
        {"zurich", "Zürich", "null", true},
        {"ZÜRICH", "zurich", "null", true},
        {"ελλαδα", "ΕΛΛΑΔΑ", "null", true},
        {"яндекс", "ЯНДЕКС", "null", true},
        {"ёлка", "ЁЛКА", "null", true},
        {"東京", "東京都", "null", true},
        {"a", "", "12", false},
        {"acme", "×Acme", "null", true},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        bool fits = score(table[i].query, table[i].name, table[i].rest) > 0;
        if (fits != table[i].fits)
            fail_msg("%s in %s %s: %d", table[i].query, table[i].name, table[i].rest, fits);
    }
}

static void
test_what_cannot_fit_is_told_by_the_json(void **state)
{
    static const struct {
        const char *query, *json;
        bool may;
    } table[] = {
        {"acme", "{\"name\":\"ACME Corp\"}", true},
        {"acme", "{\"name\":\"Other\"}", false},
        {"acme corp", "{\"name\":\"Acme\"}", false},
        {"\"acme corp\"", "{\"name\":\"acme, corp\"}", true},
        {"acme -corp", "{\"name\":\"Acme\"}", true},
        {"acme", "{\"name\":\"\\u0061cme\"}", true},
        {"acme", "{\"name\":\"Äcme\"}", true},
        {"zürich", "{\"name\":\"Zurich\"}", true},
        {"zürich", "{\"name\":\"Bern\"}", false},
        {"яндекс", "{\"name\":\"Yandex\"}", false},
        {"abcdefghijklmnopqrstuvwxyz0123456789", "\"abcdefghijklmnopqrstuvwxyz012345\"", true},
        {"acme", "\"acm", false},
        {"acme", "", false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct search_words words;
        struct error error = {0};
        assert_int_equal(search_words_read(&words, slice_text(table[i].query), &error), STATUS_OK);
        if (search_fit_may(&words, slice_text(table[i].json)) != table[i].may)
            fail_msg("%s in %s", table[i].query, table[i].json);
    }
}

/* Each is better than the next. */
static void
test_what_is_better(void **state)
{
    static const struct {
        const char *name, *rest;
    } table[] = {
        {"Acme", "null"},        {"Acme Corp", "null"},          {"The Acme", "null"},
        {"Other", "[\"Acme\"]"}, {"Other", "[\"acme of old\"]"}, {"Other", "[\"The acme\"]"},
    };
    for (size_t i = 1; i < COUNT_OF(table); i++) {
        uint32_t before = score("acme", table[i - 1].name, table[i - 1].rest);
        uint32_t here = score("acme", table[i].name, table[i].rest);
        if (before <= here || here == 0)
            fail_msg("%s %s: %u behind %u", table[i].name, table[i].rest, here, before);
    }
}

static void
test_of_a_long_text_the_beginning_counts(void **state)
{
    static char text[SEARCH_FIT_BYTES + 16];
    for (size_t i = 0; i + 6 < sizeof(text); i++)
        text[i] = i % 2 == 0 ? 'x' : ' ';
    text[sizeof(text) - 6] = 'z';
    assert_true(score("x", text, "null") > 0);
    assert_int_equal(score("z", text, "null"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_fits),
        cmocka_unit_test(test_what_cannot_fit_is_told_by_the_json),
        cmocka_unit_test(test_what_is_better),
        cmocka_unit_test(test_of_a_long_text_the_beginning_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
