/* Quotes as models retype them, looked up in the texts that they come from. */
#include "ai/citations.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/status.h"
#include "test.h"

#define NO_HINT SIZE_MAX

struct quote_case {
    const char *label;
    const char *text;
    const char *quote;
    size_t hint;
    const char *found; /* the bytes of the text, or NULL: it does not stand there */
    size_t start;
};

static void
check(const struct quote_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct quote_case *row = &cases[i];
        struct citation_text text;
        struct citation_place place;
        citation_text_init(&text, slice_text(row->text));
        bool is_found = citation_find(&text, slice_text(row->quote), row->hint, &place);
        if (is_found != (row->found != NULL))
            fail_msg("%s: %s", row->label, is_found ? "found" : "not found");
        struct slice bytes = slice_of(row->text + place.start, place.end - place.start);
        if (is_found && (place.start != row->start || !slice_is(bytes, row->found)))
            fail_msg("%s: %zu: \"%.*s\"", row->label, place.start, SLICE_FORMAT(bytes));
        citation_text_done(&text);
    }
}

static void
test_quotes_are_found_where_they_stand(void **state)
{
    static const struct quote_case cases[] = {
        {"exact", "Bonn. Berlin is the capital.", "Berlin is", NO_HINT, "Berlin is", 6},
        {"first place", "a Bonn, b Bonn", "Bonn", NO_HINT, "Bonn", 2},
        {"hinted place", "a Bonn, b Bonn", "Bonn", 10, "Bonn", 10},
        {"wrong hint", "a Bonn, b Bonn", "Bonn", 9, "Bonn", 2},
        {"whole text", "Bonn", "Bonn", 0, "Bonn", 0},
        {"line end as space", "the\n  capital\tcity", "the capital city", NO_HINT,
         "the\n  capital\tcity", 0},
        {"no-break space", "5\xC2\xA0km wide", "5 km", NO_HINT, "5\xC2\xA0km", 0},
        {"page break", "end of\fpage", "end of page", NO_HINT, "end of\fpage", 0},
        {"typographic marks",
         "the \xE2\x80\x9C"
         "best\xE2\x80\x9D one",
         "the \"best\" one", NO_HINT,
         "the \xE2\x80\x9C"
         "best\xE2\x80\x9D one",
         0},
        {"apostrophe", "Germany\xE2\x80\x99s capital", "Germany's capital", NO_HINT,
         "Germany\xE2\x80\x99s capital", 0},
        {"dash",
         "1990\xE2\x80\x93"
         "1994",
         "1990-1994", NO_HINT,
         "1990\xE2\x80\x93"
         "1994",
         0},
        {"soft hyphen", "capi\xC2\xADtal city", "capital city", NO_HINT, "capi\xC2\xADtal city", 0},
        {"ends are trimmed", "Berlin is it", "  Berlin ", NO_HINT, "Berlin", 0},
        {"shortened", "Berlin is it", "...Berlin is\xE2\x80\xA6", NO_HINT, "Berlin is", 0},
        {"marks around", "Berlin is it", "\"Berlin is\"", NO_HINT, "Berlin is", 0},
        {"marks around that stand there", "x \"Berlin\" y", "\"Berlin\"", NO_HINT, "\"Berlin\"", 2},
        {"at the end, behind white space", "x\n\n y  z", "y z", NO_HINT, "y  z", 4},
        {"other scripts", "\xE6\x9D\xB1\xE4\xBA\xAC\xE9\x83\xBD", "\xE4\xBA\xAC", NO_HINT,
         "\xE4\xBA\xAC", 3},
    };
    check(cases, COUNT_OF(cases));
}

static void
test_invented_quotes_are_not_found(void **state)
{
    static const struct quote_case cases[] = {
        {"other words", "Berlin is the capital.", "Bonn is the capital.", NO_HINT, NULL, 0},
        {"other letters", "Berlin is", "berlin is", NO_HINT, NULL, 0},
        {"words left out", "Berlin is now the capital", "Berlin is the capital", NO_HINT, NULL, 0},
        {"shortened in the middle", "Berlin is the capital", "Berlin ... capital", NO_HINT, NULL,
         0},
        {"spaces left out", "1 000", "1000", NO_HINT, NULL, 0},
        {"part of a number", "11,000 people", "1,000 people", NO_HINT, NULL, 0},
        {"part of a word", "Berliner", "Berlin", NO_HINT, NULL, 0},
        {"longer than the text", "Bonn", "Bonn is", 0, NULL, 0},
        {"empty", "Bonn", "", 0, NULL, 0},
        {"no words", "a - b \"c\"", "- \"", NO_HINT, NULL, 0},
        {"marks only",
         "a \xE2\x80\x9C"
         "b\xE2\x80\x9D",
         "\xE2\x80\x9C", NO_HINT, NULL, 0},
        {"empty text", "", "Bonn", 0, NULL, 0},
    };
    check(cases, COUNT_OF(cases));
}

static void
test_word_that_follows_its_part_is_found(void **state)
{
    static const struct quote_case cases[] = {
        {"exactly", "Berliner in Berlin", "Berlin", NO_HINT, "Berlin", 12},
        {"plainly", "a\nBerliner, a\nBerlin", "a Berlin", NO_HINT, "a\nBerlin", 12},
    };
    check(cases, COUNT_OF(cases));
}

/* A text in which the quote almost stands at every byte. */
static void
test_hostile_texts_take_bounded_time(void **state)
{
    size_t size = 4000000;
    char *bytes = mem_alloc(size + 1);
    memset(bytes, 'a', size);
    struct citation_text text;
    struct citation_place place;
    citation_text_init(&text, slice_of(bytes, size));
    assert_false(citation_find(&text, slice_of(bytes, LIMIT_QUOTE_BYTES), 7000000, &place));
    assert_false(citation_find(&text, slice_of(bytes, LIMIT_QUOTE_BYTES + 1), 0, &place));
    citation_text_done(&text);
    mem_free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes_are_found_where_they_stand),
        cmocka_unit_test(test_invented_quotes_are_not_found),
        cmocka_unit_test(test_word_that_follows_its_part_is_found),
        cmocka_unit_test(test_hostile_texts_take_bounded_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
