#include "base/mem.h"
#include "base/status.h"
#include "document/charset.h"

#include <string.h>
#include <uchardet/uchardet.h>

/* Bytes of words that uchardet gets: enough for its statistics, and it is slow. */
#define SAMPLE_BYTES ((size_t)64 * 1024)
/* Words and different bytes above ASCII from which on a guess among Latin alphabets is worth more
 * than the frequency of windows-1252. */
#define LATIN_WORDS 8
#define LATIN_BYTES 4

static const struct charset *
known(const char *name)
{
    return charset_find(slice_text(name));
}

/* --- marks and zeros --- */

static bool
has_mark(struct slice prefix, const char *name, struct slice mark, struct charset_guess *out)
{
    if (!slice_starts_with(prefix, mark))
        return false;
    *out = (struct charset_guess){known(name), mark.size};
    return true;
}

static bool
guess_by_mark(struct slice prefix, struct charset_guess *out)
{
    /* The mark of UTF-32 begins with that of UTF-16. */
    return has_mark(prefix, "utf-8", SLICE("\xEF\xBB\xBF"), out) ||
           has_mark(prefix, "utf-32le", SLICE("\xFF\xFE\0\0"), out) ||
           has_mark(prefix, "utf-32be", SLICE("\0\0\xFE\xFF"), out) ||
           has_mark(prefix, "utf-16le", SLICE("\xFF\xFE"), out) ||
           has_mark(prefix, "utf-16be", SLICE("\xFE\xFF"), out);
}

/* Whether zeros stand mostly at the odd places (side 1) or the even ones, and some of them beside
 * line feeds, if there are any. */
static bool
has_zeros_on(struct slice prefix, size_t side)
{
    size_t zeros[2] = {0, 0};
    size_t feeds = 0;
    size_t paired = 0;
    for (size_t i = 0; i < prefix.size; i++) {
        zeros[i % 2] += prefix.ptr[i] == '\0';
        if (prefix.ptr[i] != '\n')
            continue;
        feeds++;
        bool has_other = (i ^ 1) < prefix.size;
        paired += has_other && i % 2 != side && prefix.ptr[i ^ 1] == '\0';
    }
    bool is_sided = zeros[1 - side] <= zeros[side] / 32;
    return zeros[side] > prefix.size / 64 && is_sided && paired >= feeds / 16 + (feeds > 0);
}

/* Delimiters, digits and line ends have one zero byte each in UTF-16, always on the same side;
 * zeros for another reason lie on both. NULL: it is not UTF-16. */
static const struct charset *
guess_by_zeros(struct slice prefix)
{
    if (has_zeros_on(prefix, 1))
        return known("utf-16le");
    return has_zeros_on(prefix, 0) ? known("utf-16be") : NULL;
}

struct charset_guess
charset_guess_unicode(struct slice prefix)
{
    struct charset_guess guess = {NULL, 0};
    if (guess_by_mark(prefix, &guess))
        return guess;
    guess.charset = guess_by_zeros(prefix);
    if (guess.charset == NULL)
        guess.charset = known("utf-8");
    return guess;
}

/* --- UTF-8 --- */

/* Bytes of other encodings seldom make well-formed characters, and never most of them. What the end
 * of the prefix cuts is not bad. */
static bool
is_mostly_utf8(struct slice prefix, bool is_whole)
{
    size_t good = 0;
    size_t bad = 0;
    while (prefix.size > 0 && (is_whole || prefix.size >= CHARSET_CHARACTER_BYTES)) {
        size_t size = slice_character(prefix);
        good += size > 1;
        bad += size == 0;
        size += size == 0;
        prefix = slice_of(prefix.ptr + size, prefix.size - size);
    }
    return good >= bad;
}

/* --- statistics --- */

/* The words of a text that are not all ASCII: the others would only dilute the statistics. */
struct sample {
    char *text;
    size_t size;
    size_t words;
    size_t high_count; /* bytes above ASCII */
    bool is_seen[128]; /* which of them */
};

static bool
is_high(char byte)
{
    return (byte & 0x80) != 0;
}

/* Letters, and in the East Asian charsets the second byte of a character. */
static bool
is_in_word(const char *begin, const char *at)
{
    bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
    bool is_second = at > begin && is_high(at[-1]) && (unsigned char)*at >= 0x40;
    return is_high(*at) || is_letter || is_second;
}

static void
add_word(struct sample *sample, struct slice word)
{
    size_t high_count = 0;
    for (size_t i = 0; i < word.size; i++)
        high_count += is_high(word.ptr[i]);
    if (high_count == 0 || word.size + 1 > SAMPLE_BYTES - sample->size)
        return;
    for (size_t i = 0; i < word.size; i++) {
        if (is_high(word.ptr[i]))
            sample->is_seen[word.ptr[i] & 0x7F] = true;
    }
    memcpy(sample->text + sample->size, word.ptr, word.size);
    sample->text[sample->size + word.size] = ' ';
    sample->size += word.size + 1;
    sample->high_count += high_count;
    sample->words++;
}

static void
take_words(struct sample *sample, struct slice prefix)
{
    const char *end = prefix.ptr + prefix.size;
    const char *at = prefix.ptr;
    while (at < end) {
        const char *begin = at;
        while (at < end && is_in_word(prefix.ptr, at))
            at++;
        add_word(sample, slice_of(begin, (size_t)(at - begin)));
        at += at < end;
    }
}

/* When a guess of uchardet is believed. */
enum trust {
    TRUST_ALPHABET, /* another alphabet: words are mostly above ASCII */
    TRUST_LATIN,    /* Latin letters: told from windows-1252 only by frequency */
    TRUST_WIDE,     /* several bytes a character: all of them must be some */
};

/* The guesses that are believed at all; the others are rare, and mostly wrong. ISO charsets hold
 * control characters where Windows has letters. */
static const struct {
    const char *guess;
    const char *name;
    const char *with_controls; /* NULL: the same */
    enum trust trust;
} believed[] = {
    {"WINDOWS-1251", "windows-1251", NULL, TRUST_ALPHABET},
    {"KOI8-R", "koi8-r", NULL, TRUST_ALPHABET},
    {"IBM866", "ibm866", NULL, TRUST_ALPHABET},
    {"ISO-8859-5", "iso-8859-5", "windows-1251", TRUST_ALPHABET},
    {"WINDOWS-1253", "windows-1253", NULL, TRUST_ALPHABET},
    {"ISO-8859-7", "iso-8859-7", "windows-1253", TRUST_ALPHABET},
    {"WINDOWS-1255", "windows-1255", NULL, TRUST_ALPHABET},
    {"ISO-8859-8", "iso-8859-8", "windows-1255", TRUST_ALPHABET},
    {"WINDOWS-1256", "windows-1256", NULL, TRUST_ALPHABET},
    {"ISO-8859-6", "iso-8859-6", "windows-1256", TRUST_ALPHABET},
    {"TIS-620", "windows-874", NULL, TRUST_ALPHABET},
    {"ISO-8859-11", "windows-874", NULL, TRUST_ALPHABET},
    {"WINDOWS-1250", "windows-1250", NULL, TRUST_LATIN},
    {"ISO-8859-2", "iso-8859-2", "windows-1250", TRUST_LATIN},
    {"ISO-8859-9", "windows-1254", NULL, TRUST_LATIN},
    {"WINDOWS-1257", "windows-1257", NULL, TRUST_LATIN},
    {"ISO-8859-13", "iso-8859-13", "windows-1257", TRUST_LATIN},
    {"ISO-8859-15", "iso-8859-15", "windows-1252", TRUST_LATIN},
    {"SHIFT_JIS", "shift_jis", NULL, TRUST_WIDE},
    {"EUC-JP", "euc-jp", NULL, TRUST_WIDE},
    {"GB18030", "gb18030", NULL, TRUST_WIDE},
    {"BIG5", "big5", NULL, TRUST_WIDE},
    {"EUC-KR", "euc-kr", NULL, TRUST_WIDE},
    {"UHC", "euc-kr", NULL, TRUST_WIDE},
    {"EUC-TW", "euc-tw", NULL, TRUST_WIDE},
};

static bool
has_controls(const struct sample *sample)
{
    return memchr(sample->is_seen, true, 0x20) != NULL;
}

static size_t
count_different(const struct sample *sample)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof(sample->is_seen); i++)
        count += sample->is_seen[i];
    return count;
}

/* Whether all of the prefix is text in that charset. */
static bool
is_text_in(const struct charset *charset, struct slice prefix, bool is_whole)
{
    struct decoder *decoder = decoder_new(charset);
    bool is_good = decoder != NULL;
    size_t at = 0;
    while (is_good) {
        char text[4096];
        struct slice left = slice_of(prefix.ptr + at, prefix.size - at);
        struct decoded done = decoder_run(decoder, left, is_whole, text, sizeof(text));
        is_good = memchr(text, 0xFF, done.text_bytes) == NULL;
        at += done.source_bytes;
        if (done.source_bytes == 0 || at == prefix.size)
            break;
    }
    decoder_free(&decoder);
    return is_good;
}

static bool
is_trusted(enum trust trust, const struct charset *charset, const struct sample *sample,
           struct slice prefix)
{
    switch (trust) {
    case TRUST_ALPHABET:
        return sample->high_count * 2 > sample->size;
    case TRUST_LATIN:
        return sample->words >= LATIN_WORDS && count_different(sample) >= LATIN_BYTES;
    case TRUST_WIDE:
        return is_text_in(charset, prefix, false);
    }
    return false;
}

static const struct charset *
believe(const char *guess, const struct sample *sample, struct slice prefix)
{
    for (size_t i = 0; i < COUNT_OF(believed); i++) {
        if (strcmp(guess, believed[i].guess) != 0)
            continue;
        bool is_windows = believed[i].with_controls != NULL && has_controls(sample);
        const struct charset *charset =
            known(is_windows ? believed[i].with_controls : believed[i].name);
        if (is_trusted(believed[i].trust, charset, sample, prefix))
            return charset;
    }
    return known("windows-1252");
}

static const struct charset *
guess_by_statistics(struct slice prefix)
{
    struct sample sample = {.text = mem_alloc(SAMPLE_BYTES)};
    take_words(&sample, prefix);
    const struct charset *charset = known("windows-1252");
    uchardet_t detector = uchardet_new();
    if (uchardet_handle_data(detector, sample.text, sample.size) == 0) {
        uchardet_data_end(detector);
        charset = believe(uchardet_get_charset(detector), &sample, prefix);
    }
    uchardet_delete(detector);
    mem_free(sample.text);
    return charset;
}

struct charset_guess
charset_guess(struct slice prefix, bool is_whole, const struct charset *said)
{
    struct charset_guess guess = {said, 0};
    if (guess_by_mark(prefix, &guess))
        return guess;
    const struct charset *utf_16 = guess_by_zeros(prefix);
    bool is_open = said == NULL || said == known("utf-16");
    if (is_open && utf_16 != NULL)
        guess.charset = utf_16;
    else if (said == NULL && is_mostly_utf8(prefix, is_whole))
        guess.charset = known("utf-8");
    else if (said == NULL)
        guess.charset = guess_by_statistics(prefix);
    return guess;
}
