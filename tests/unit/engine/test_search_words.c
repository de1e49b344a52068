/* What is typed into a search, as terms. */
#include "base/buffer.h"
#include "engine/search_words.h"
#include "test.h"

#include <string.h>

/* [words] for each term, with - in front and * behind; or the words of the refusal. */
static void
print_terms(struct buffer *out, const char *text)
{
    static struct search_words words;
    struct error error = {0};
    if (search_words_read(&words, slice_text(text), &error) != STATUS_OK) {
        buffer_append_text(out, error.text);
        return;
    }
    for (size_t i = 0; i < words.count; i++)
        buffer_append_format(out, "%s[%.*s]%s", words.terms[i].is_excluded ? "-" : "",
                             SLICE_FORMAT(words.terms[i].words),
                             words.terms[i].is_prefix ? "*" : "");
}

static void
test_texts_as_terms(void **state)
{
    static const char *const table[][2] = {
        {"a b", "[a][b]"},
        {"  a\t\nb  ", "[a][b]"},
        {"\"a b\" c", "[a b][c]"},
        {"\"a b", "[a b]"},
        {"a*", "[a*]*"},
        {"\"a b\"* c", "[a b]*[c]"},
        {"a -b", "[a]-[b]"},
        {"a -\"b c\"", "[a]-[b c]"},
        {"a & b", "[a][b]"},
        {"a – b", "[a][b]"},
        {"don't", "[don't]"},
        {"Größe", "[Größe]"},
        {"a\"b", "[a\"b]"},
        {"", "query: expected a word to look for"},
        {"-a", "query: expected a word to look for"},
        {"- \"\" * « »", "query: expected a word to look for"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer found;
        buffer_init(&found, KIB(16));
        print_terms(&found, table[i][0]);
        if (!slice_is(buffer_slice(&found), table[i][1]))
            fail_msg("%s: %.*s", table[i][0], SLICE_FORMAT(buffer_slice(&found)));
        buffer_done(&found);
    }
}

static void
test_too_much_is_refused(void **state)
{
    static char text[LIMIT_SEARCH_BYTES + 2];
    static struct search_words words;
    struct error error = {0};
    for (size_t i = 0; i + 1 < sizeof(text); i++)
        text[i] = 'a';
    assert_int_equal(search_words_read(&words, slice_text(text), &error), STATUS_INVALID);
    for (size_t i = 0; i < 2 * (LIMIT_SEARCH_TERMS + 1); i++)
        text[i] = i % 2 == 0 ? 'a' : ' ';
    text[2 * (LIMIT_SEARCH_TERMS + 1)] = '\0';
    assert_int_equal(search_words_read(&words, slice_text(text), &error), STATUS_INVALID);
    text[2 * LIMIT_SEARCH_TERMS] = '\0';
    assert_int_equal(search_words_read(&words, slice_text(text), &error), STATUS_OK);
    assert_int_equal(words.count, LIMIT_SEARCH_TERMS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_as_terms),
        cmocka_unit_test(test_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
