#include "engine/search_words.h"

static bool
is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool
is_ascii_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

/* Whether there is anything that an index has: of what is not ASCII, signs such as dashes and
 * quotes (U+0080 to U+00BF, U+2000 to U+207F) are none. */
static bool
has_word(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];
        uint8_t next = i + 1 < text.size ? (uint8_t)text.ptr[i + 1] : 0;
        if (byte == 0xe2 && (next == 0x80 || next == 0x81))
            i += 2;
        else if (byte == 0xc2)
            i += 1;
        else if (is_ascii_word(text.ptr[i]) || byte >= 0x80)
            return true;
    }
    return false;
}

static size_t
skip_spaces(struct slice text, size_t at)
{
    while (at < text.size && is_space(text.ptr[at]))
        at++;
    return at;
}

/* Reads the term at `at` and gives the place behind it. */
static size_t
read_term(struct search_term *out, struct slice text, size_t at)
{
    *out = (struct search_term){.is_excluded = text.ptr[at] == '-'};
    at += out->is_excluded;
    bool is_quoted = at < text.size && text.ptr[at] == '"';
    at += is_quoted;
    size_t begin = at;
    while (at < text.size && (is_quoted ? text.ptr[at] != '"' : !is_space(text.ptr[at])))
        at++;
    out->words = slice_of(text.ptr + begin, at - begin);
    at += is_quoted && at < text.size;
    out->is_prefix =
        is_quoted ? at < text.size && text.ptr[at] == '*' : at > begin && text.ptr[at - 1] == '*';
    return at + (is_quoted && out->is_prefix);
}

enum status
search_words_read(struct search_words *out, struct slice text, struct error *error)
{
    bool has_wanted = false;
    out->count = 0;
    if (text.size > LIMIT_SEARCH_BYTES)
        return error_set(error, STATUS_INVALID, "query: at most %zu bytes", LIMIT_SEARCH_BYTES);
    for (size_t at = skip_spaces(text, 0); at < text.size; at = skip_spaces(text, at)) {
        struct search_term term;
        at = read_term(&term, text, at);
        if (!has_word(term.words))
            continue;
        if (out->count == LIMIT_SEARCH_TERMS)
            return error_set(error, STATUS_INVALID, "query: at most %d words and phrases",
                             LIMIT_SEARCH_TERMS);
        has_wanted = has_wanted || !term.is_excluded;
        out->terms[out->count++] = term;
    }
    return has_wanted ? STATUS_OK
                      : error_set(error, STATUS_INVALID, "query: expected a word to look for");
}
