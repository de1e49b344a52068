/* Texts that are found by their words. */
#include "fixture.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

static struct index_row
text_of(uint32_t number, const char *title, const char *body, const char *tags)
{
    return (struct index_row){
        .workspace = id_of(1),
        .id = id_of(number),
        .tags = slice_text(tags),
        .title = slice_text(title),
        .body = slice_text(body),
    };
}

static void
put(struct fixture *f, struct index_row row)
{
    COMMIT_OK(f->store, {STORE_INDEX_PUT, .index = &row});
}

static void
put_some(struct fixture *f)
{
    put(f, text_of(1, "Pumps", "Acme makes pumps and valves in Berlin", "red c1"));
    put(f, text_of(2, "Valves", "A maker of valves, without pumps of its own, and pumps", "red"));
    put(f, text_of(3, "Other", "Nothing of interest: Größe und Maß", "blue"));
    struct index_row foreign = text_of(4, "Pumps", "pumps", "red");
    foreign.workspace = id_of(2);
    put(f, foreign);
}

struct hits {
    struct seen seen;
    char snippet[400]; /* of the first */
    double last;
};

static bool
see(const struct search_hit *hit, void *context)
{
    struct hits *hits = context;
    if (hits->seen.count == 0)
        snprintf(hits->snippet, sizeof(hits->snippet), "%.*s", SLICE_FORMAT(hit->snippet));
    assert_true(hits->seen.count == 0 || hit->score <= hits->last);
    hits->last = hit->score;
    return seen_add(&hits->seen, number_of(&hit->id));
}

static void
search(struct fixture *f, struct store_search search, struct hits *out)
{
    uint32_t count;
    search.workspace = id_is_zero(&search.workspace) ? id_of(1) : search.workspace;
    search.limit = search.limit == 0 ? 10 : search.limit;
    *out = (struct hits){.last = 0};
    assert_int_equal(store_search(f->store, &search, see, out), STATUS_OK);
    assert_int_equal(store_search_count(f->store, &search, 100, &count), STATUS_OK);
    assert_true(count >= out->seen.count);
}

#define TERMS(...)                                                                                 \
    .terms = (const struct search_term[]){__VA_ARGS__},                                            \
    .term_count = COUNT_OF(((const struct search_term[]){__VA_ARGS__}))

static void
assert_found(struct fixture *f, struct store_search wanted, const char *numbers)
{
    struct hits hits;
    search(f, wanted, &hits);
    assert_seen(&hits.seen, numbers);
}

static void
test_the_newest_of_very_many_are_ranked(void **state)
{
    struct fixture *f = *state;
    put(f, text_of(1, "Nuts", "nuts nuts nuts", ""));
    for (uint32_t i = 2; i <= LIMIT_SEARCH_RANKED; i++)
        put(f, text_of(i, "A", "nuts", ""));
    struct store_search nuts = {TERMS({.words = SLICE("nuts")}), .limit = 1};
    assert_found(f, nuts, "1");
    put(f, text_of(LIMIT_SEARCH_RANKED + 1, "A", "some more nuts nuts nuts", ""));
    assert_found(f, nuts, "4001");
}

static void
test_words_find_texts_of_the_workspace_best_first(void **state)
{
    struct fixture *f = fixture_of(state);
    assert_found(f, (struct store_search){TERMS({.words = SLICE("pumps")})}, "");
    put_some(f);
    fixture_reopen(f);
    assert_found(f, (struct store_search){TERMS({.words = SLICE("PUMPS")})}, "1 2");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("pumps")}), .limit = 1}, "1");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("pumps")}), .skip = 1}, "2");
    assert_found(
        f, (struct store_search){TERMS({.words = SLICE("pumps")}, {.words = SLICE("acme")})}, "1");
    assert_found(f,
                 (struct store_search){TERMS({.words = SLICE("acme")}, {.words = SLICE("pumps")}),
                                       .any = true, .limit = 5},
                 "1 2");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("maß")})}, "3");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("pumps")}), .workspace = id_of(2)},
                 "4");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("pumps")}), .workspace = id_of(3)},
                 "");
}

static void
test_phrases_beginnings_and_what_must_not_be_there(void **state)
{
    struct fixture *f = fixture_of(state);
    put_some(f);
    assert_found(f, (struct store_search){TERMS({.words = SLICE("pumps and valves")})}, "1");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("valves and pumps")})}, "");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("intere"), .is_prefix = true})},
                 "3");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("intere")})}, "");
    assert_found(f,
                 (struct store_search){TERMS({.words = SLICE("valves")},
                                             {.words = SLICE("berlin"), .is_excluded = true})},
                 "2");
}

static void
test_what_looks_like_syntax_is_words(void **state)
{
    static const char *const table[] = {
        "\"",  "\"\"",     "a\"b OR pumps", "pumps*",   "title:x", "NEAR(a b)", "-",    "(((",
        "AND", "' OR 1=1", "{tags}:red",    "tags:red", "^pumps",  "\\",        "%s%n", "a\nb"};
    struct fixture *f = fixture_of(state);
    put_some(f);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct hits hits;
        search(f, (struct store_search){TERMS({.words = slice_text(table[i])})}, &hits);
        if (hits.seen.count > 2)
            fail_msg("%s found %zu", table[i], hits.seen.count);
    }
    assert_found(f, (struct store_search){TERMS({.words = SLICE("red")})}, "");
}

static void
test_tags_are_needed_and_are_no_words(void **state)
{
    struct fixture *f = fixture_of(state);
    const struct slice red = SLICE("red"), both[] = {SLICE("red"), SLICE("c1")};
    put_some(f);
    assert_found(
        f, (struct store_search){TERMS({.words = SLICE("valves")}), .tags = &red, .tag_count = 1},
        "2 1");
    assert_found(
        f, (struct store_search){TERMS({.words = SLICE("valves")}), .tags = both, .tag_count = 2},
        "1");
    assert_found(
        f, (struct store_search){TERMS({.words = SLICE("interest")}), .tags = &red, .tag_count = 1},
        "");
}

static void
test_snippets_mark_the_words(void **state)
{
    struct fixture *f = fixture_of(state);
    struct hits hits;
    put_some(f);
    search(f, (struct store_search){TERMS({.words = SLICE("acme")})}, &hits);
    assert_non_null(strstr(hits.snippet, "\x02"
                                         "Acme"
                                         "\x03 makes"));
}

static void
test_a_text_is_replaced_removed_and_given_back(void **state)
{
    struct fixture *f = fixture_of(state);
    struct index_row row = text_of(1, "New", "entirely different", "green"), got;
    put_some(f);
    put(f, row);
    assert_int_equal(store_index_get(f->store, &f->arena, &row, &got), STATUS_OK);
    assert_slice(got.title, row.title);
    assert_slice(got.body, row.body);
    assert_slice(got.tags, row.tags);
    assert_found(f, (struct store_search){TERMS({.words = SLICE("acme")})}, "");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("entirely")})}, "1");
    COMMIT_OK(f->store, {STORE_INDEX_DELETE, .index = &row});
    COMMIT_OK(f->store, {STORE_INDEX_DELETE, .index = &row});
    assert_found(f, (struct store_search){TERMS({.words = SLICE("entirely")})}, "");
    assert_int_equal(store_index_get(f->store, &f->arena, &row, &got), STATUS_NOT_FOUND);
    row.workspace = id_of(9);
    COMMIT_OK(f->store, {STORE_INDEX_DELETE, .index = &row});
}

static void
test_a_text_of_a_refused_intent_is_not_found(void **state)
{
    struct fixture *f = fixture_of(state);
    struct index_row row = text_of(1, "Lost", "lost words", "");
    struct object_row missing = {.workspace = id_of(1), .id = id_of(7)};
    assert_int_equal(COMMIT(f->store, {STORE_INDEX_PUT, .index = &row},
                            {STORE_OBJECT_REQUIRE, .object = &missing}),
                     STATUS_NOT_FOUND);
    assert_found(f, (struct store_search){TERMS({.words = SLICE("lost")})}, "");
    put_some(f);
    row = text_of(1, "Lost", "lost words", "");
    assert_int_equal(COMMIT(f->store, {STORE_INDEX_PUT, .index = &row},
                            {STORE_OBJECT_REQUIRE, .object = &missing}),
                     STATUS_NOT_FOUND);
    assert_found(f, (struct store_search){TERMS({.words = SLICE("lost")})}, "");
    assert_found(f, (struct store_search){TERMS({.words = SLICE("pumps")})}, "1 2");
}

const struct CMUnitTest search_tests[] = {
    cmocka_unit_test(test_words_find_texts_of_the_workspace_best_first),
    cmocka_unit_test(test_the_newest_of_very_many_are_ranked),
    cmocka_unit_test(test_phrases_beginnings_and_what_must_not_be_there),
    cmocka_unit_test(test_what_looks_like_syntax_is_words),
    cmocka_unit_test(test_tags_are_needed_and_are_no_words),
    cmocka_unit_test(test_snippets_mark_the_words),
    cmocka_unit_test(test_a_text_is_replaced_removed_and_given_back),
    cmocka_unit_test(test_a_text_of_a_refused_intent_is_not_found),
};
const size_t search_test_count = COUNT_OF(search_tests);
