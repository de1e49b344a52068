#include "ai/local_list.h"

#include "ai/local_letters.h"
#include "ai/local_line.h"
#include "ai/local_words.h"

/* Words of a member; longer runs are statements about the list. */
#define MEMBER_WORDS 9

bool
local_list_is_and(struct slice word)
{
    static const char *const words[] = {"and", "und", "et", "y", "e", "en", "&"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is(word, words[i]))
            return true;
    return false;
}

/* The text up to a remark: "; note - ...", " - note: ...". */
static struct slice
without_remark(struct slice text)
{
    static const char *const remarks[] = {"; note", ";note", ", note -", "note:", "note -"};
    for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++) {
        const char *found =
            text.size == 0 ? NULL : memmem(text.ptr, text.size, remarks[i], strlen(remarks[i]));
        if (found != NULL && found > text.ptr)
            text.size = (size_t)(found - text.ptr);
    }
    return text;
}

/* Without brackets at the end, percentages and numbers there, and a full stop. */
static struct slice
strip_end(struct slice text)
{
    for (;;) {
        text = slice_trim(text);
        if (text.size == 0)
            return text;
        char last = text.ptr[text.size - 1];
        size_t cut = 0;
        if (last == ')' || last == ']') {
            size_t depth = 0;
            for (cut = text.size; cut > 0; cut--) {
                char byte = text.ptr[cut - 1];
                depth += byte == ')' || byte == ']';
                if ((byte == '(' || byte == '[') && --depth == 0)
                    break;
            }
            cut = cut > 0 ? cut - 1 : text.size - 1;
        } else if (last == '%' || local_is_digit(last)) {
            cut = text.size;
            while (cut > 0 && (local_is_digit(text.ptr[cut - 1]) ||
                               memchr("%., <>~", text.ptr[cut - 1], 7) != NULL))
                cut--;
            if (cut > 0 && text.ptr[cut] != ' ' && last != '%')
                return text;
        } else if (memchr(".,:;*_\"'`", last, 9) != NULL) {
            cut = text.size - 1;
        } else {
            return text;
        }
        text.size = cut;
    }
}

/* "less than 1" is what a percentage leaves of itself. */
static struct slice
strip_measure(struct slice text)
{
    static const char *const measures[] = {" less than", " more than", " about", " over", " only"};
    for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++) {
        size_t size = strlen(measures[i]);
        if (text.size > size && memcmp(text.ptr + text.size - size, measures[i], size) == 0)
            text.size -= size;
    }
    return text;
}

/* Cuts at brackets inside: "Malay (Cocos dialect) 68.8%" is "Malay". */
static struct slice
before_brackets(struct slice text)
{
    for (size_t i = 2; i < text.size; i++)
        if (text.ptr[i] == '(' && text.ptr[i - 1] == ' ')
            return slice_of(text.ptr, i);
    return text;
}

static struct slice
strip_start(struct slice text)
{
    struct local_word word;
    size_t at = 0;
    text = local_line_bare(text);
    struct local_line line = local_line_of(text);
    text = local_line_bare(line.text);
    if (local_word_next(text, &at, &word) && word.start == 0 && word.end < text.size &&
        local_list_is_and(slice_of(text.ptr, word.end)))
        text = slice_trim(slice_of(text.ptr + word.end, text.size - word.end));
    return text;
}

static bool
is_member(const struct local_lexicon *lexicon, struct slice text)
{
    struct local_word word;
    size_t at = 0;
    size_t words = 0;
    bool has_letters = false;
    while (local_word_next(text, &at, &word)) {
        unsigned roles = local_lexicon_roles(lexicon, word.stem);
        bool is_small = (word.flags & LOCAL_WORD_CAPITAL) == 0;
        if (words == 0 && ((roles & LOCAL_ROLE_RESIDUAL) != 0 || (word.flags & LOCAL_WORD_NUMBER)))
            return false;
        if (words == 0 && is_small && (roles & (LOCAL_ROLE_NOT | LOCAL_ROLE_REMARK)) != 0)
            return false;
        has_letters = has_letters || (word.flags & LOCAL_WORD_DIGIT) == 0;
        words++;
    }
    return has_letters && words <= MEMBER_WORDS && text.size <= LOCAL_MEMBER_BYTES;
}

struct splitter {
    const struct local_lexicon *lexicon;
    struct slice *members;
    size_t count;
    size_t max;
};

static void
add(struct splitter *splitter, struct slice text)
{
    text = strip_measure(strip_end(before_brackets(strip_start(slice_trim(text)))));
    if (splitter->count < splitter->max && is_member(splitter->lexicon, text))
        splitter->members[splitter->count++] = text;
}

/* The bytes of " and " before the last member, or 0. */
static size_t
and_here(struct slice text, size_t at)
{
    if (text.ptr[at] != ' ')
        return 0;
    size_t end = at + 1;
    while (end < text.size && end - at < 6 && text.ptr[end] != ' ')
        end++;
    bool is_and = end < text.size && text.ptr[end] == ' ' &&
                  local_list_is_and(slice_of(text.ptr + at + 1, end - at - 1));
    return is_and ? end - at : 0;
}

/* "Research and Development" is one member unless others stand before it. */
static bool
is_break(struct slice text, size_t at, bool has_comma, size_t *size)
{
    char byte = text.ptr[at];
    bool between_digits = byte == ',' && at > 0 && local_is_digit(text.ptr[at - 1]) &&
                          at + 1 < text.size && local_is_digit(text.ptr[at + 1]);
    *size = 1;
    if (byte == '\n' || byte == ';' || (byte == ',' && !between_digits))
        return true;
    *size = has_comma ? and_here(text, at) : 0;
    return *size > 0;
}

size_t
local_list_split(const struct local_lexicon *lexicon, struct slice text, struct slice *members,
                 size_t max)
{
    struct splitter splitter = {.lexicon = lexicon, .members = members, .max = max};
    text = without_remark(text);
    bool has_comma = memchr(text.ptr, ',', text.size) != NULL;
    bool has_break = has_comma || memchr(text.ptr, '\n', text.size) != NULL ||
                     memchr(text.ptr, ';', text.size) != NULL;
    size_t depth = 0;
    size_t from = 0;
    for (size_t at = 0; at < text.size; at++) {
        char byte = text.ptr[at];
        size_t size = 0;
        if (byte == '(' || (byte == '[' && at > from))
            depth++;
        else if ((byte == ')' || byte == ']') && depth > 0)
            depth--;
        if (byte == '\n')
            depth = 0;
        if (depth > 0 || !is_break(text, at, has_comma || !has_break, &size))
            continue;
        add(&splitter, slice_of(text.ptr + from, at - from));
        from = at + size;
        at += size - 1;
    }
    if (from < text.size)
        add(&splitter, slice_of(text.ptr + from, text.size - from));
    return splitter.count;
}
