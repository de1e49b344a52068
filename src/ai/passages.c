#include "ai/passages.h"

#include "base/hash.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* BM25's own: how soon repetition stops to count, and how much length does. */
#define SATURATION 1.2
#define LENGTH_WEIGHT 0.75

#define TABLE_SLOTS (2 * PASSAGE_QUERY_WORDS_MAX)
#define TABLE_SEED UINT64_C(0x77696e64726f77)

/* --- words --- */

static bool
is_word_byte(unsigned char byte)
{
    return byte >= 0x80 || (byte >= '0' && byte <= '9') ||
           ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* First bytes of Chinese, Japanese and Korean characters in UTF-8. */
static bool
is_word_by_itself(unsigned char byte)
{
    return byte >= 0xe3 && byte <= 0xed;
}

static struct slice
take_word(struct slice *rest)
{
    const unsigned char *at = (const unsigned char *)rest->ptr;
    size_t start = 0;
    while (start < rest->size && !is_word_byte(at[start]))
        start++;
    size_t end = start;
    if (end < rest->size && is_word_by_itself(at[end]))
        end = rest->size - end < 3 ? rest->size : end + 3;
    else
        while (end < rest->size && is_word_byte(at[end]) && !is_word_by_itself(at[end]))
            end++;
    struct slice word = slice_of(rest->ptr + start, end - start);
    *rest = slice_of(rest->ptr + end, rest->size - end);
    return word;
}

/* The word's hash, as it is compared; hashes stand for words here. */
static uint64_t
word_hash(struct slice word)
{
    char folded[64];
    size_t size = word.size < sizeof(folded) ? word.size : sizeof(folded);
    for (size_t i = 0; i < size; i++)
        folded[i] =
            (char)(word.ptr[i] >= 'A' && word.ptr[i] <= 'Z' ? word.ptr[i] | 0x20 : word.ptr[i]);
    if (size > 3 && folded[size - 1] == 's')
        size--;
    uint64_t hash = hash_bytes(slice_of(folded, size), TABLE_SEED);
    return hash == 0 ? 1 : hash;
}

/* --- splitting --- */

struct splitting {
    struct arena *arena;
    struct passages *out;
    size_t capacity;
};

static bool
grow(struct splitting *splitting)
{
    struct passages *out = splitting->out;
    size_t capacity = splitting->capacity == 0 ? 64 : 2 * splitting->capacity;
    struct passage *items = arena_try_alloc(splitting->arena, capacity * sizeof(*items));
    if (items == NULL)
        return false;
    if (out->count > 0)
        memcpy(items, out->items, out->count * sizeof(*items));
    out->items = items;
    splitting->capacity = capacity;
    return true;
}

static bool
add_passage(struct splitting *splitting, uint32_t text, size_t start, size_t size)
{
    struct passages *out = splitting->out;
    if (out->count == splitting->capacity && !grow(splitting))
        return false;
    out->items[out->count++] = (struct passage){.text = text, .start = start, .size = size};
    return true;
}

/* How good a place to cut is behind that byte: 4 behind a paragraph, 3 a line, 2 a sentence, 1 a
 * word, 0 elsewhere. */
static int
cut_quality(struct slice text, size_t at)
{
    char byte = text.ptr[at];
    char before = at == 0 ? ' ' : text.ptr[at - 1];
    if (byte == '\f' || (byte == '\n' && before == '\n'))
        return 4;
    if (byte == '\n')
        return 3;
    if (byte != ' ' && byte != '\t')
        return 0;
    return before == '.' || before == '!' || before == '?' ? 2 : 1;
}

/* Bytes of the passage that the text begins with. */
static size_t
passage_size(struct slice text)
{
    if (text.size <= PASSAGE_BYTES_MAX)
        return text.size;
    size_t best_size = 0;
    int best = 0;
    for (size_t at = PASSAGE_BYTES_MAX / 2; at < PASSAGE_BYTES_MAX; at++) {
        int quality = cut_quality(text, at);
        if (quality > best) {
            best = quality;
            best_size = at + 1;
        }
    }
    if (best > 0)
        return best_size;
    size_t size = slice_cut(text, PASSAGE_BYTES_MAX).size;
    return size > 0 ? size : PASSAGE_BYTES_MAX;
}

bool
passages_split(struct passages *out, const struct slice *texts, size_t text_count,
               struct arena *arena)
{
    *out = (struct passages){0};
    struct splitting splitting = {.arena = arena, .out = out};
    for (size_t i = 0; i < text_count; i++)
        for (size_t start = 0; start < texts[i].size;) {
            struct slice rest = slice_of(texts[i].ptr + start, texts[i].size - start);
            size_t size = passage_size(rest);
            if (!add_passage(&splitting, (uint32_t)i, start, size))
                return false;
            start += size;
        }
    return true;
}

/* --- ranking --- */

struct query_word {
    uint64_t hash; /* 0: the slot is free */
    uint32_t passages;
    uint32_t seen; /* number of the passage that it was counted in last, from 1 */
    uint32_t times;
    double weight;
};

struct query {
    struct query_word slots[TABLE_SLOTS];
    size_t count;
    double mean_words;
};

/* Its slot, or the free one where it belongs. */
static struct query_word *
query_find(struct query *query, uint64_t hash)
{
    size_t at = hash % TABLE_SLOTS;
    while (query->slots[at].hash != 0 && query->slots[at].hash != hash)
        at = (at + 1) % TABLE_SLOTS;
    return &query->slots[at];
}

static void
query_add(struct query *query, struct slice text)
{
    while (query->count < PASSAGE_QUERY_WORDS_MAX) {
        struct slice word = take_word(&text);
        if (word.size == 0)
            return;
        struct query_word *slot = query_find(query, word_hash(word));
        if (slot->hash == 0)
            query->count++;
        slot->hash = word_hash(word);
    }
}

static struct slice
passage_text(const struct passage *passage, const struct slice *texts)
{
    return slice_of(texts[passage->text].ptr + passage->start, passage->size);
}

/* In how many passages each word is, and how long passages are. */
static void
count_words(struct query *query, struct passages *passages, const struct slice *texts)
{
    double words = 0;
    for (size_t i = 0; i < passages->count; i++) {
        struct passage *passage = &passages->items[i];
        struct slice rest = passage_text(passage, texts);
        for (struct slice word = take_word(&rest); word.size > 0; word = take_word(&rest)) {
            passage->words++;
            struct query_word *slot = query_find(query, word_hash(word));
            if (slot->hash == 0 || slot->seen == i + 1)
                continue;
            slot->seen = (uint32_t)i + 1;
            slot->passages++;
        }
        words += passage->words;
    }
    query->mean_words = words / (double)passages->count;
}

static void
weigh_words(struct query *query, size_t passage_count)
{
    for (size_t i = 0; i < TABLE_SLOTS; i++) {
        struct query_word *slot = &query->slots[i];
        double with = slot->passages;
        slot->weight = log(1 + ((double)passage_count - with + 0.5) / (with + 0.5));
        slot->seen = 0;
    }
}

/* Adds what each word's next occurrence brings: the saturating sum is built step by step. */
static double
score_passage(struct query *query, const struct passage *passage, struct slice rest, uint32_t mark)
{
    double length =
        SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * passage->words / query->mean_words);
    double score = 0;
    for (struct slice word = take_word(&rest); word.size > 0; word = take_word(&rest)) {
        struct query_word *slot = query_find(query, word_hash(word));
        if (slot->hash == 0)
            continue;
        if (slot->seen != mark)
            slot->times = 0;
        slot->seen = mark;
        double before = slot->times;
        slot->times++;
        double after = slot->times;
        score += slot->weight * (SATURATION + 1) *
                 (after / (after + length) - before / (before + length));
    }
    return score;
}

void
passages_rank(struct passages *passages, const struct slice *texts, const struct slice *queries,
              size_t query_count)
{
    struct query query = {0};
    for (size_t i = 0; i < query_count; i++)
        query_add(&query, queries[i]);
    if (passages->count == 0)
        return;
    count_words(&query, passages, texts);
    weigh_words(&query, passages->count);
    for (size_t i = 0; i < passages->count; i++) {
        struct passage *passage = &passages->items[i];
        passage->score =
            score_passage(&query, passage, passage_text(passage, texts), (uint32_t)i + 1);
    }
}

/* --- keeping --- */

static int
by_score(const void *a, const void *b)
{
    const struct passage *first = *(const struct passage *const *)a;
    const struct passage *second = *(const struct passage *const *)b;
    if (first->score != second->score)
        return first->score > second->score ? -1 : 1;
    return first < second ? -1 : first > second;
}

bool
passages_keep(struct passages *passages, size_t budget_bytes, struct arena *arena)
{
    size_t count = passages->count;
    struct passage **best =
        count == 0 ? NULL : arena_try_alloc(arena, count * sizeof(struct passage *));
    if (count > 0 && best == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        best[i] = &passages->items[i];
    if (count > 0)
        qsort(best, count, sizeof(struct passage *), by_score);
    /* One that has no room gives way to a smaller one; size 0 marks those that go. */
    for (size_t i = 0; i < count; i++) {
        if (best[i]->size <= budget_bytes)
            budget_bytes -= best[i]->size;
        else
            best[i]->size = 0;
    }
    passages->count = 0;
    for (size_t i = 0; i < count; i++)
        if (passages->items[i].size > 0)
            passages->items[passages->count++] = passages->items[i];
    return true;
}
