/* Texts that are found by their words: here by looking at each. Words are runs of bytes that are
 * letters, digits or not ASCII; a text's score is how often the words of the search stand there. */
#include "base/buffer.h"
#include "base/limits.h"
#include "base/mem.h"
#include "store/simulated/world.h"

#include <stdlib.h>

static char
lower(char byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

static bool
is_of_word(char byte)
{
    char low = lower(byte);
    return (low >= 'a' && low <= 'z') || (byte >= '0' && byte <= '9') || (byte & 0x80) != 0;
}

/* Takes the next word off *rest; empty at the end. */
static struct slice
next_word(struct slice *rest)
{
    size_t begin = 0;
    while (begin < rest->size && !is_of_word(rest->ptr[begin]))
        begin++;
    size_t end = begin;
    while (end < rest->size && is_of_word(rest->ptr[end]))
        end++;
    struct slice word = slice_of(rest->ptr + begin, end - begin);
    *rest = slice_of(rest->ptr + end, rest->size - end);
    return word;
}

static bool
is_same_word(struct slice text, struct slice wanted, bool is_prefix)
{
    if (text.size < wanted.size || (!is_prefix && text.size != wanted.size))
        return false;
    for (size_t i = 0; i < wanted.size; i++) {
        if (lower(text.ptr[i]) != lower(wanted.ptr[i]))
            return false;
    }
    return true;
}

/* Whether the words stand at the beginning of the text, one after the other. */
static bool
begins_with(struct slice text, const struct search_term *term)
{
    struct slice wanted = term->words, word;
    while ((word = next_word(&wanted)).size > 0) {
        struct slice rest = wanted;
        bool is_last = next_word(&rest).size == 0;
        if (!is_same_word(next_word(&text), word, is_last && term->is_prefix))
            return false;
    }
    return true;
}

static uint32_t
count_term(struct slice text, const struct search_term *term)
{
    struct slice wanted = term->words;
    uint32_t count = 0;
    if (next_word(&wanted).size == 0)
        return 0;
    while (text.size > 0) {
        count += begins_with(text, term);
        next_word(&text);
    }
    return count;
}

static bool
has_tag(struct slice tags, struct slice tag)
{
    struct slice word;
    while ((word = next_word(&tags)).size > 0) {
        if (is_same_word(word, tag, false))
            return true;
    }
    return false;
}

/* 0: it is not found. */
static uint32_t
score_of(const struct index_row *row, const struct store_search *search)
{
    uint32_t score = 0, missing = 0;
    if (!id_equal(&row->workspace, &search->workspace))
        return 0;
    for (size_t i = 0; i < search->tag_count; i++) {
        if (!has_tag(row->tags, search->tags[i]))
            return 0;
    }
    for (size_t i = 0; i < search->term_count; i++) {
        const struct search_term *term = &search->terms[i];
        uint32_t count = 5 * count_term(row->title, term) + count_term(row->body, term);
        if (term->is_excluded && count > 0)
            return 0;
        missing += !term->is_excluded && count == 0;
        score += count;
    }
    return missing > 0 && !search->any ? 0 : score;
}

struct found {
    const struct index_row *row;
    uint32_t score;
};

static int
compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return memcmp(x->row->id.bytes, y->row->id.bytes, ID_BYTES);
}

/* How many of the newest ones; *out is the caller's to free. */
static size_t
find_all(struct world *world, const struct store_search *search, struct found **out)
{
    const struct table *table = &world->tables[KIND_INDEX];
    size_t count = 0;
    *out = mem_alloc_array(table->count + 1, sizeof(**out));
    for (size_t i = 0; i < table->count; i++) {
        struct found found = {.row = table->rows[i]};
        found.score = score_of(found.row, search);
        if (found.score > 0)
            (*out)[count++] = found;
    }
    if (count > LIMIT_SEARCH_RANKED) {
        memmove(*out, *out + count - LIMIT_SEARCH_RANKED, LIMIT_SEARCH_RANKED * sizeof(**out));
        count = LIMIT_SEARCH_RANKED;
    }
    qsort(*out, count, sizeof(**out), compare_found);
    return count;
}

/* The beginning of the text, with the marks around the words of the search. */
static void
put_snippet(struct buffer *out, struct slice text, const struct store_search *search)
{
    struct slice rest = slice_cut(text, 200), word;
    const char *behind = rest.ptr;
    while ((word = next_word(&rest)).size > 0) {
        bool is_found = false;
        for (size_t i = 0; i < search->term_count; i++)
            is_found = is_found ||
                       (!search->terms[i].is_excluded && count_term(word, &search->terms[i]) > 0);
        buffer_append(out, behind, (size_t)(word.ptr - behind));
        if (is_found)
            buffer_append_byte(out, STORE_MARK_BEGIN);
        buffer_append_slice(out, word);
        if (is_found)
            buffer_append_byte(out, STORE_MARK_END);
        behind = word.ptr + word.size;
    }
    buffer_append_slice(out, rest);
}

enum status
simulated_search(struct store *store, const struct store_search *search, store_hit_fn *visit,
                 void *context)
{
    struct world *world = world_of(store);
    struct found *all;
    enum status status = read_begin(world);
    size_t count = find_all(world, search, &all);
    for (size_t i = search->skip;
         status == STATUS_OK && i < count && i - search->skip < search->limit; i++) {
        struct buffer snippet;
        buffer_init(&snippet, 4096);
        put_snippet(&snippet, all[i].row->body, search);
        struct search_hit hit = {
            .id = all[i].row->id, .score = all[i].score, .snippet = buffer_slice(&snippet)};
        bool goes_on = visit(&hit, context);
        buffer_done(&snippet);
        if (!goes_on)
            break;
    }
    mem_free(all);
    return read_end(world, status);
}

enum status
simulated_search_count(struct store *store, const struct store_search *search, uint32_t most,
                       uint32_t *out)
{
    struct world *world = world_of(store);
    struct found *all;
    enum status status = read_begin(world);
    size_t count = find_all(world, search, &all);
    *out = count < most ? (uint32_t)count : most;
    mem_free(all);
    return read_end(world, status);
}

enum status
simulated_index_get(struct store *store, struct arena *arena, const struct index_row *which,
                    struct index_row *out)
{
    return get_by_key(store, KIND_INDEX, which, out, arena);
}
