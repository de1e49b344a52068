#include "ai/local_words.h"

#include "base/hash.h"

/* Constant: stems are compared within one request only, and no table of them can be flooded, since
 * what a request asks for is small. */
#define STEM_SEED UINT64_C(0x57696e64726f7721)

enum letter_kind { SEPARATOR, SMALL, CAPITAL, DIGIT, LATIN_1, LATIN_A, FOREIGN };

/* U+00C0 to U+00FF, then U+0100 to U+017F, as the small letters that they are without accents. */
static const char latin_1[] = "aaaaaaaceeeeiiiidnoooooxouuuuytsaaaaaaaceeeeiiiidnoooooxouuuuyty";
static const char latin_a[] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllll"
                              "nnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static enum letter_kind
letter_kind(unsigned char byte)
{
    if (byte >= 'a' && byte <= 'z')
        return SMALL;
    if (byte >= 'A' && byte <= 'Z')
        return CAPITAL;
    if (byte >= '0' && byte <= '9')
        return DIGIT;
    if (byte < 0xC3 || byte == 0xE2)
        return SEPARATOR;
    return byte == 0xC3 ? LATIN_1 : byte <= 0xC5 ? LATIN_A : FOREIGN;
}

struct letters {
    char folded[LOCAL_WORD_LETTERS + 4];
    size_t size;
    unsigned capitals;
    unsigned digits;
    unsigned count;
};

static void
letters_add(struct letters *letters, char letter)
{
    if (letters->size < LOCAL_WORD_LETTERS)
        letters->folded[letters->size++] = letter;
}

/* Bytes of a character that begins with 0xC3 or a larger byte, cut at the end of the text. */
static size_t
character_bytes(unsigned char first, size_t left)
{
    size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    return size < left ? size : left;
}

static size_t
letters_add_foreign(struct letters *letters, const unsigned char *at, size_t left)
{
    size_t size = character_bytes(at[0], left);
    for (size_t i = 0; i < size; i++)
        letters_add(letters, (char)at[i]);
    return size;
}

/* A letter with an accent; returns its bytes. */
static size_t
letters_add_latin(struct letters *letters, const unsigned char *at, size_t left)
{
    if (left < 2 || (at[1] & 0xC0) != 0x80)
        return letters_add_foreign(letters, at, 1);
    unsigned low = at[1] & 0x3Fu;
    if (at[0] == 0xC3) {
        letters->capitals += low < 0x1F;
        letters_add(letters, latin_1[low]);
    } else {
        unsigned index = (at[0] - 0xC4u) << 6 | low;
        letters->capitals += index % 2 == 0;
        letters_add(letters, latin_a[index]);
    }
    return 2;
}

/* Adds the character at `at` if it belongs to a word; returns its bytes, or 0. */
static size_t
letters_take(struct letters *letters, const unsigned char *at, size_t left)
{
    switch (letter_kind(at[0])) {
    case SMALL:
        letters_add(letters, (char)at[0]);
        return 1;
    case CAPITAL:
        letters->capitals++;
        letters_add(letters, (char)(at[0] + ('a' - 'A')));
        return 1;
    case DIGIT:
        letters->digits++;
        letters_add(letters, (char)at[0]);
        return 1;
    case LATIN_1:
    case LATIN_A:
        return letters_add_latin(letters, at, left);
    case FOREIGN:
        return letters_add_foreign(letters, at, left);
    case SEPARATOR:
        break;
    }
    return 0;
}

static bool
ends_with(const struct letters *letters, const char *ending, size_t least)
{
    size_t size = strlen(ending);
    return letters->size >= size + least &&
           memcmp(letters->folded + letters->size - size, ending, size) == 0;
}

static bool
has_vowel(const char *letters, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (memchr("aeiouy", letters[i], 6) != NULL)
            return true;
    return false;
}

static void
strip_plural(struct letters *letters)
{
    if (ends_with(letters, "ies", 2)) {
        letters->size -= 2;
        letters->folded[letters->size - 1] = 'y';
    } else if (ends_with(letters, "sses", 1) || ends_with(letters, "xes", 2) ||
               ends_with(letters, "ches", 2) || ends_with(letters, "shes", 2)) {
        letters->size -= 2;
    } else if (ends_with(letters, "s", 3) && !ends_with(letters, "ss", 0) &&
               !ends_with(letters, "us", 0) && !ends_with(letters, "is", 0)) {
        letters->size--;
    }
}

static void
strip_verb(struct letters *letters)
{
    size_t before = letters->size;
    if (ends_with(letters, "ing", 3) && has_vowel(letters->folded, letters->size - 3))
        letters->size -= 3;
    else if (ends_with(letters, "ed", 3) && has_vowel(letters->folded, letters->size - 2))
        letters->size -= 2;
    else if (ends_with(letters, "ee", 4) || ends_with(letters, "ly", 4))
        letters->size -= 2;
    const char *last = letters->folded + letters->size - 1;
    if (letters->size < before && last[0] == last[-1] && memchr("lsz", *last, 3) == NULL)
        letters->size--;
}

/* "found" is the past of "find", and not what "founded" comes from. */
static bool
is_found(const struct letters *letters)
{
    return letters->size == 5 && memcmp(letters->folded, "found", 5) == 0;
}

static uint64_t
letters_stem(struct letters *letters)
{
    if (is_found(letters))
        return hash_bytes(SLICE("find"), STEM_SEED);
    if (letters->digits == 0 && letters->size > 3) {
        strip_plural(letters);
        strip_verb(letters);
        if (letters->size > 3 && letters->folded[letters->size - 1] == 'e')
            letters->size--;
    }
    return hash_bytes(slice_of(letters->folded, letters->size), STEM_SEED);
}

static unsigned
letters_flags(const struct letters *letters, unsigned char first)
{
    unsigned flags = 0;
    if ((first >= 'A' && first <= 'Z') || (first >= 0xC3 && letters->capitals > 0))
        flags |= LOCAL_WORD_CAPITAL;
    if (letters->capitals >= 2 && letters->capitals + letters->digits == letters->count)
        flags |= LOCAL_WORD_UPPER;
    if (first >= '0' && first <= '9')
        flags |= LOCAL_WORD_DIGIT;
    if (letters->digits == letters->count)
        flags |= LOCAL_WORD_NUMBER;
    return flags;
}

bool
local_word_next(struct slice text, size_t *at, struct local_word *out)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    size_t start = *at;
    while (start < text.size && letter_kind(bytes[start]) == SEPARATOR)
        start++;
    *at = start;
    if (start == text.size)
        return false;
    struct letters letters;
    letters.size = letters.capitals = letters.digits = letters.count = 0;
    size_t end = start;
    while (end < text.size) {
        size_t size = letters_take(&letters, bytes + end, text.size - end);
        if (size == 0)
            break;
        letters.count++;
        end += size;
    }
    *at = end;
    *out = (struct local_word){.start = (uint32_t)start,
                               .end = (uint32_t)end,
                               .flags = letters_flags(&letters, bytes[start])};
    out->stem = letters_stem(&letters);
    return true;
}

size_t
local_words_read(struct slice text, struct local_word *words, size_t max)
{
    size_t count = 0;
    size_t at = 0;
    while (count < max && local_word_next(text, &at, &words[count]))
        count++;
    return count;
}

uint64_t
local_stem(struct slice word)
{
    struct local_word found;
    size_t at = 0;
    return local_word_next(word, &at, &found) ? found.stem : 0;
}

size_t
local_word_fold(struct slice word, char out[LOCAL_WORD_LETTERS])
{
    struct letters letters = {.size = 0};
    for (size_t at = 0; at < word.size;) {
        size_t size = letters_take(&letters, (const unsigned char *)word.ptr + at, word.size - at);
        if (size == 0)
            break;
        at += size;
    }
    memcpy(out, letters.folded, letters.size);
    return letters.size;
}
