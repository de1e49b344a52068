#include "ai/citations.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

/* What a code point counts as. */
#define NOTHING UINT32_C(0xFFFFFFFF)
#define MARK '\''
#define ELLIPSIS UINT32_C(0x2026)

static uint32_t
like_general_punctuation(uint32_t point)
{
    if (point <= 0x200A || point == 0x2028 || point == 0x2029 || point == 0x202F || point == 0x205F)
        return ' ';
    if (point <= 0x200F || (point >= 0x202A && point <= 0x202E) || point >= 0x2060)
        return NOTHING;
    if (point <= 0x2015)
        return '-';
    if (point >= 0x2018 && point <= 0x201F)
        return MARK;
    return point == 0x2039 || point == 0x203A ? MARK : point;
}

static uint32_t
like(uint32_t point)
{
    if (point <= ' ')
        return ' ';
    if (point < 0x80)
        return point == '"' || point == '`' ? MARK : point;
    switch (point) {
    case 0xA0:   /* no-break space */
    case 0x3000: /* ideographic space */
        return ' ';
    case 0xAD:   /* soft hyphen */
    case 0xFEFF: /* byte order mark */
        return NOTHING;
    case 0xAB: /* « */
    case 0xBB: /* » */
    case 0xB4: /* acute accent, by itself */
        return MARK;
    case 0x2212: /* minus */
        return '-';
    default:
        return point >= 0x2000 && point <= 0x2064 && point != 0x2044
                   ? like_general_punctuation(point)
                   : point;
    }
}

/* Goes through a text: what counts, and where each of it begins. */
struct walk {
    struct slice text;
    size_t at;   /* of the next character */
    size_t from; /* where the character given last begins */
    bool after_space;
};

/* The next one, a run of white space as one space; 0 at the end. */
static uint32_t
walk_next(struct walk *walk)
{
    while (walk->at < walk->text.size) {
        walk->from = walk->at;
        uint32_t point = like(utf8_point(walk->text.ptr + walk->at));
        walk->at += utf8_size(walk->text.ptr[walk->at]);
        if (point == NOTHING || (point == ' ' && walk->after_space))
            continue;
        walk->after_space = point == ' ';
        return point;
    }
    walk->from = walk->text.size;
    return 0;
}

/* No longer than the text: every class is as short as its members. */
static char *
make_plain(struct slice text, size_t *size)
{
    char *plain = mem_alloc(text.size + 1);
    struct walk walk = {.text = text};
    uint32_t point;
    *size = 0;
    while ((point = walk_next(&walk)) != 0)
        *size += utf8_write(plain + *size, point);
    return plain;
}

void
citation_text_init(struct citation_text *text, struct slice bytes)
{
    *text = (struct citation_text){.text = bytes};
}

void
citation_text_done(struct citation_text *text)
{
    mem_free(text->plain);
    *text = (struct citation_text){0};
}

/* --- the quote --- */

static bool
strip_end(struct slice *quote, struct slice what)
{
    if (quote->size < what.size)
        return false;
    if (memcmp(quote->ptr + quote->size - what.size, what.ptr, what.size) != 0)
        return false;
    quote->size -= what.size;
    return true;
}

static bool
strip_begin(struct slice *quote, struct slice what)
{
    if (!slice_starts_with(*quote, what))
        return false;
    *quote = slice_of(quote->ptr + what.size, quote->size - what.size);
    return true;
}

/* Three dots say that the quote was shortened there. */
static struct slice
strip(struct slice quote)
{
    bool goes_on = true;
    while (goes_on) {
        quote = slice_trim(quote);
        goes_on = strip_end(&quote, SLICE("...")) || strip_end(&quote, SLICE("…")) ||
                  strip_begin(&quote, SLICE("...")) || strip_begin(&quote, SLICE("…"));
    }
    return quote;
}

/* --- where it stands --- */

/* Places that are looked at for one quote: more have to be a text made to waste time. */
#define PLACES_MAX 1000

static bool
is_word_byte(char byte)
{
    unsigned char letter = (unsigned char)byte | 0x20;
    return (letter >= 'a' && letter <= 'z') || (byte >= '0' && byte <= '9');
}

static bool
cuts_word(struct slice all, size_t at)
{
    return at > 0 && at < all.size && is_word_byte(all.ptr[at - 1]) && is_word_byte(all.ptr[at]);
}

/* The first place where it does not begin or end in the middle of a word. */
static bool
find_words(struct slice all, struct slice quote, size_t *start)
{
    size_t from = 0;
    for (unsigned tries = 0; tries < PLACES_MAX && quote.size <= all.size - from; tries++) {
        const char *found = memmem(all.ptr + from, all.size - from, quote.ptr, quote.size);
        if (found == NULL)
            return false;
        *start = (size_t)(found - all.ptr);
        if (!cuts_word(all, *start) && !cuts_word(all, *start + quote.size))
            return true;
        from = *start + 1;
    }
    return false;
}

static bool
find_exactly(struct slice all, struct slice quote, size_t hint, struct citation_place *out)
{
    if (quote.size > all.size)
        return false;
    bool is_there =
        hint <= all.size - quote.size && memcmp(all.ptr + hint, quote.ptr, quote.size) == 0;
    if (!is_there && !find_words(all, quote, &hint))
        return false;
    *out = (struct citation_place){hint, hint + quote.size};
    return true;
}

/* From bytes [start, end) of the plain text to those of the text itself. */
static void
place_in_text(struct slice text, size_t start, size_t end, struct citation_place *out)
{
    struct walk walk = {.text = text};
    char bytes[4];
    uint32_t point;
    for (size_t plain = 0; plain < end && (point = walk_next(&walk)) != 0;) {
        if (plain == start)
            out->start = walk.from;
        plain += utf8_write(bytes, point);
    }
    out->end = walk.at;
}

static bool
find_plainly(struct citation_text *text, struct slice plain, struct citation_place *out)
{
    size_t start = 0;
    bool is_quoted = plain.size > 2 && plain.ptr[0] == MARK && plain.ptr[plain.size - 1] == MARK;
    if (text->plain == NULL)
        text->plain = make_plain(text->text, &text->plain_size);
    struct slice all = slice_of(text->plain, text->plain_size);
    bool is_there = find_words(all, plain, &start);
    if (!is_there && is_quoted) {
        plain = slice_of(plain.ptr + 1, plain.size - 2);
        is_there = find_words(all, plain, &start);
    }
    if (is_there)
        place_in_text(text->text, start, start + plain.size, out);
    return is_there;
}

static bool
says_something(struct slice plain)
{
    for (size_t i = 0; i < plain.size; i += utf8_size(plain.ptr[i])) {
        uint32_t point = utf8_point(plain.ptr + i);
        if (point < 0x80 ? is_word_byte(plain.ptr[i]) : point != ELLIPSIS)
            return true;
    }
    return false;
}

bool
citation_find(struct citation_text *text, struct slice quote, size_t hint,
              struct citation_place *out)
{
    size_t size = 0;
    *out = (struct citation_place){0};
    if (quote.size > LIMIT_QUOTE_BYTES)
        return false;
    quote = strip(quote);
    char *bytes = make_plain(quote, &size);
    struct slice plain = strip(slice_of(bytes, size));
    bool is_there = says_something(plain) &&
                    (find_exactly(text->text, quote, hint, out) || find_plainly(text, plain, out));
    mem_free(bytes);
    return is_there;
}
