#include "service/search_fit.h"

#include "base/utf8.h"

/* Of a word, as much as tells records apart. */
#define WORD_BYTES 32

/* Letters of U+00C0 to U+017F without their accents, in lower case; a space: it is no letter. */
static const char latin[] =
    "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrr"
    "ssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* How a letter is compared; 0: it is none, and no digit. */
static uint32_t
folded(uint32_t point)
{
    if ((point >= 'a' && point <= 'z') || (point >= '0' && point <= '9'))
        return point;
    if (point >= 'A' && point <= 'Z')
        return point + ('a' - 'A');
    if (point < 0xC0 || (point >= 0x2000 && point <= 0x206F))
        return 0;
    if (point <= 0x17F)
        return latin[point - 0xC0] == ' ' ? 0 : (uint32_t)latin[point - 0xC0];
    bool is_capital = (point >= 0x391 && point <= 0x3A9) || (point >= 0x410 && point <= 0x42F);
    if (is_capital)
        return point + 0x20;
    return point >= 0x400 && point <= 0x40F ? point + 0x50 : point;
}

/* The next letter of the text, 0 for what parts words, once for any number of such signs. Moves
 * *at behind it. */
static uint32_t
next_letter(struct slice text, size_t *at)
{
    uint32_t letter = folded(utf8_point(text.ptr + *at));
    *at += utf8_size(text.ptr[*at]);
    while (letter == 0 && *at < text.size && folded(utf8_point(text.ptr + *at)) == 0)
        *at += utf8_size(text.ptr[*at]);
    return letter;
}

/* The place of the first letter; the size if there is none. */
static size_t
first_letter(struct slice text)
{
    size_t at = 0;
    while (at < text.size && folded(utf8_point(text.ptr + at)) == 0)
        at += utf8_size(text.ptr[at]);
    return at;
}

/* Whether nothing but signs stands behind. */
static bool
is_over(struct slice text, size_t at)
{
    return at >= text.size ||
           first_letter(slice_of(text.ptr + at, text.size - at)) == text.size - at;
}

/* Compares words with the text from `at`, which is moved behind what is alike. */
static bool
begins_with(struct slice text, size_t *at, struct slice words)
{
    for (size_t i = first_letter(words); !is_over(words, i);) {
        uint32_t wanted = next_letter(words, &i);
        if (*at >= text.size || next_letter(text, at) != wanted)
            return false;
    }
    return true;
}

/* How near the words come to the text: 0 not at all, 1 a word begins so, 2 the text begins so, 3 it
 * is the same. */
static uint8_t
nearness(struct slice text, struct slice words)
{
    bool is_first = true;
    for (size_t at = first_letter(text); at < text.size; is_first = false) {
        size_t end = at;
        if (begins_with(text, &end, words))
            return is_first ? (is_over(text, end) ? 3 : 2) : 1;
        while (at < text.size && next_letter(text, &at) != 0)
            continue;
    }
    return 0;
}

static char
lower(char byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

/* The first word as it is compared; a letter that is not ASCII stands as a NUL, which no JSON has.
 */
static size_t
first_word(struct slice words, char out[WORD_BYTES])
{
    size_t size = 0;
    for (size_t at = first_letter(words); at < words.size && size < WORD_BYTES;) {
        uint32_t letter = folded(utf8_point(words.ptr + at));
        if (letter == 0)
            break;
        out[size++] = (char)(letter < 0x80 ? letter : 0);
        at += utf8_size(words.ptr[at]);
    }
    return size;
}

static bool
has_bytes(struct slice text, const char *word, size_t size)
{
    for (size_t at = 0; at + size <= text.size; at++) {
        size_t same = 0;
        while (same < size && lower(text.ptr[at + same]) == word[same])
            same++;
        if (same == size)
            return true;
    }
    return false;
}

/* Whether the texts of the JSON stand in it as they are compared, but for capitals. */
static bool
is_plain(struct slice json)
{
    uint8_t all = 0, escapes = 0;
    for (size_t i = 0; i < json.size; i++) {
        all |= (uint8_t)json.ptr[i];
        escapes |= json.ptr[i] == '\\';
    }
    return all < 0x80 && escapes == 0;
}

bool
search_fit_may(const struct search_words *words, struct slice json)
{
    if (!is_plain(json))
        return true;
    for (size_t i = 0; i < words->count; i++) {
        char word[WORD_BYTES];
        size_t size = first_word(words->terms[i].words, word);
        if (!words->terms[i].is_excluded && !has_bytes(json, word, size))
            return false;
    }
    return true;
}

void
search_fit_begin(struct search_fit *fit, const struct search_words *words)
{
    *fit = (struct search_fit){.words = words};
}

static void
add_text(struct search_fit *fit, struct slice text, bool is_name)
{
    for (size_t i = 0; i < fit->words->count; i++) {
        uint8_t near = nearness(text, fit->words->terms[i].words);
        near = (uint8_t)(is_name ? 5 * near : near);
        fit->best[i] = near > fit->best[i] ? near : fit->best[i];
    }
}

void
search_fit_add(struct search_fit *fit, struct value value, bool is_name)
{
    if (value.kind == VALUE_STRING)
        add_text(fit, slice_cut(value_slice(value), SEARCH_FIT_BYTES), is_name);
    for (uint32_t i = 0; value.kind == VALUE_ARRAY && i < value.count; i++)
        search_fit_add(fit, value_items(value)[i], is_name);
    for (uint32_t i = 0; value.kind == VALUE_OBJECT && i < value.count; i++)
        search_fit_add(fit, value_members(value)[i].value, is_name);
}

uint32_t
search_fit_score(const struct search_fit *fit)
{
    uint32_t score = 0;
    for (size_t i = 0; i < fit->words->count; i++) {
        if (fit->words->terms[i].is_excluded ? fit->best[i] > 0 : fit->best[i] == 0)
            return 0;
        score += fit->best[i];
    }
    return score;
}
