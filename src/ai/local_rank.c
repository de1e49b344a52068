#include "ai/local_rank.h"

#include "ai/local_layout.h"
#include "ai/local_wanted.h"
#include "ai/local_words.h"
#include "base/limits.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

/* BM25: how soon a repeated word adds nothing, and how much a long sentence loses. */
#define BM25_K1 1.2
#define BM25_B 0.75
#define QUERY_TERMS_MAX 48
#define PROMPT_BYTES 4000
/* Sentences that go into the last round, and their words that are compared. */
#define RANK_SENTENCES 64
#define RANK_WORDS 48
#define WORDS_LEAST 4
/* TextRank: the part of a sentence's weight that others give it, and rounds until it is steady. */
#define DAMPING 0.85
#define ROUNDS 24
#define RANK_WEIGHT 0.35
/* A sentence that scores less than this part of the best one is left out. */
#define SCORE_LEAST 0.4
#define ANSWER_SENTENCES 3
#define ANSWER_SENTENCES_MAX 50
/* Bytes that a token stands for, where the answer's length is limited in tokens. */
#define TOKEN_BYTES 4

struct sentence {
    double score;
    double rank;
    size_t source;
    struct slice text;
    uint64_t key;
    uint64_t stems[RANK_WORDS]; /* in order, each once */
    size_t stem_count;
};

struct ranking {
    const struct ai_request *request;
    const struct local_lexicon *lexicon;
    struct local_wanted terms; /* one field; .core is the term */
    size_t term_count;
    double idf[QUERY_TERMS_MAX];
    uint64_t with_term[QUERY_TERMS_MAX]; /* sentences that have it */
    uint64_t sentences;
    uint64_t words;
    size_t source;
    bool counts;           /* the first reading */
    const char *last;      /* the statement before: cells of a row are one */
    struct sentence *best; /* a heap, the worst first */
    size_t best_count;
};

/* --- The words that are asked for --- */

static void
add_terms(struct ranking *ranking, struct slice text)
{
    struct local_word word;
    unsigned skipped = LOCAL_ROLE_STOP | LOCAL_ROLE_ASK;
    for (size_t at = 0; local_word_next(text, &at, &word);) {
        bool is_known = local_wanted_find(&ranking->terms, word.stem) != NULL;
        if (ranking->term_count == QUERY_TERMS_MAX || is_known ||
            (local_lexicon_roles(ranking->lexicon, word.stem) & skipped) != 0)
            continue;
        local_wanted_use(&ranking->terms,
                         (struct local_use){.core = (uint8_t)ranking->term_count++, .weight = 100},
                         word.stem);
    }
}

/* How many sentences the prompt asks for. */
static size_t
wanted_sentences(struct slice prompt)
{
    static const char *const numbers[] = {"",    "one",   "two",   "three", "four", "five",
                                          "six", "seven", "eight", "nine",  "ten"};
    struct local_word word;
    uint64_t sentence = local_stem(SLICE("sentence"));
    uint64_t bullet = local_stem(SLICE("bullet"));
    int64_t number = 0;
    for (size_t at = 0; local_word_next(prompt, &at, &word);) {
        if (number > 0 && (word.stem == sentence || word.stem == bullet))
            return number > ANSWER_SENTENCES_MAX ? ANSWER_SENTENCES_MAX : (size_t)number;
        struct slice text = slice_of(prompt.ptr + word.start, word.end - word.start);
        if (!slice_parse_int64(text, &number))
            number = 0;
        for (size_t i = 1; i < sizeof(numbers) / sizeof(numbers[0]); i++)
            if (word.stem == local_stem(slice_text(numbers[i])))
                number = (int64_t)i;
    }
    return ANSWER_SENTENCES;
}

/* --- Reading --- */

static void
take_counts(struct ranking *ranking, const unsigned *frequency, size_t words)
{
    ranking->sentences++;
    ranking->words += words;
    for (size_t i = 0; i < ranking->term_count; i++)
        ranking->with_term[i] += frequency[i] > 0;
}

static double
bm25(const struct ranking *ranking, const unsigned *frequency, size_t words)
{
    double average = (double)ranking->words / (double)(ranking->sentences + 1) + 1;
    double length = 1 - BM25_B + BM25_B * (double)words / average;
    double score = 0;
    for (size_t i = 0; i < ranking->term_count; i++)
        score += ranking->idf[i] * frequency[i] * (BM25_K1 + 1) / (frequency[i] + BM25_K1 * length);
    return score;
}

/* Lets the sentence at `at` sink below better ones. */
static void
heap_sink(struct ranking *ranking, size_t at)
{
    struct sentence *heap = ranking->best;
    for (;;) {
        size_t least = at;
        for (size_t child = at * 2 + 1; child <= at * 2 + 2; child++)
            if (child < ranking->best_count && heap[child].score < heap[least].score)
                least = child;
        if (least == at)
            return;
        struct sentence moved = heap[at];
        heap[at] = heap[least];
        heap[least] = moved;
        at = least;
    }
}

static void
sentence_stems(struct sentence *sentence, const struct local_lexicon *lexicon)
{
    struct local_word word;
    for (size_t at = 0;
         sentence->stem_count < RANK_WORDS && local_word_next(sentence->text, &at, &word);) {
        sentence->key = sentence->key * UINT64_C(31) + word.stem;
        if ((local_lexicon_roles(lexicon, word.stem) & LOCAL_ROLE_STOP) != 0)
            continue;
        size_t place = sentence->stem_count;
        while (place > 0 && sentence->stems[place - 1] > word.stem)
            place--;
        if (place > 0 && sentence->stems[place - 1] == word.stem)
            continue;
        memmove(sentence->stems + place + 1, sentence->stems + place,
                (sentence->stem_count - place) * sizeof(sentence->stems[0]));
        sentence->stems[place] = word.stem;
        sentence->stem_count++;
    }
}

static bool
is_known(const struct ranking *ranking, uint64_t key)
{
    for (size_t i = 0; i < ranking->best_count; i++)
        if (ranking->best[i].key == key)
            return true;
    return false;
}

static void
keep(struct ranking *ranking, struct slice text, double score)
{
    bool is_full = ranking->best_count == RANK_SENTENCES;
    if (is_full && score <= ranking->best[0].score)
        return;
    struct sentence sentence = {.score = score, .source = ranking->source, .text = text};
    sentence_stems(&sentence, ranking->lexicon);
    if (is_known(ranking, sentence.key))
        return;
    if (is_full) {
        ranking->best[0] = sentence;
        heap_sink(ranking, 0);
        return;
    }
    ranking->best[ranking->best_count++] = sentence;
    for (size_t i = ranking->best_count == RANK_SENTENCES ? RANK_SENTENCES / 2 : 0; i > 0; i--)
        heap_sink(ranking, i - 1);
}

/* A statement that can stand alone: a sentence, or a labelled line that is too short for one. */
static void
visit(void *context, const struct local_piece *piece)
{
    struct ranking *ranking = context;
    unsigned frequency[QUERY_TERMS_MAX] = {0};
    bool is_line = piece->is_value && !piece->is_item && piece->text.size < LOCAL_PROSE_BYTES;
    struct slice text = is_line ? piece->quote : piece->text;
    struct local_word word;
    size_t words = 0;
    if ((piece->is_value && !is_line) || text.ptr == ranking->last)
        return;
    ranking->last = text.ptr;
    for (size_t at = 0; local_word_next(text, &at, &word); words++) {
        const struct local_use *use = local_wanted_find(&ranking->terms, word.stem);
        if (use != NULL)
            frequency[use->core]++;
    }
    if (ranking->counts)
        take_counts(ranking, frequency, words);
    else if (words >= WORDS_LEAST || is_line)
        keep(ranking, text, bm25(ranking, frequency, words));
}

static void
read_sources(struct ranking *ranking)
{
    for (ranking->source = 0; ranking->source < ranking->request->source_count; ranking->source++)
        local_layout_read(ranking->request->sources[ranking->source].text, visit, ranking);
}

/* --- Judging --- */

static double
likeness(const struct sentence *a, const struct sentence *b)
{
    size_t common = 0;
    for (size_t i = 0, j = 0; i < a->stem_count && j < b->stem_count;) {
        common += a->stems[i] == b->stems[j];
        bool is_less = a->stems[i] < b->stems[j];
        bool is_more = a->stems[i] > b->stems[j];
        i += !is_more;
        j += !is_less;
    }
    if (common == 0)
        return 0;
    return (double)common / (log((double)a->stem_count + 1) + log((double)b->stem_count + 1));
}

static void
text_rank(struct ranking *ranking)
{
    size_t count = ranking->best_count;
    double *like = mem_alloc_array(count * count + 1, sizeof(*like));
    double *sum = mem_alloc_array(count + 1, sizeof(*sum));
    double *next = mem_alloc_array(count + 1, sizeof(*next));
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            like[i * count + j] = like[j * count + i] =
                likeness(&ranking->best[i], &ranking->best[j]);
            sum[i] += like[i * count + j];
            sum[j] += like[i * count + j];
        }
    for (size_t i = 0; i < count; i++)
        ranking->best[i].rank = 1;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) {
            next[i] = 1 - DAMPING;
            for (size_t j = 0; j < count; j++)
                if (sum[j] > 0)
                    next[i] += DAMPING * like[i * count + j] / sum[j] * ranking->best[j].rank;
        }
        for (size_t i = 0; i < count; i++)
            ranking->best[i].rank = next[i];
    }
    mem_free(like);
    mem_free(sum);
    mem_free(next);
}

/* Joins both measures, each as a part of its best. */
static void
join_scores(struct ranking *ranking)
{
    double most = 0;
    double top = 0;
    for (size_t i = 0; i < ranking->best_count; i++) {
        most = fmax(most, ranking->best[i].score);
        top = fmax(top, ranking->best[i].rank);
    }
    double weight = most > 0 ? RANK_WEIGHT : 1;
    for (size_t i = 0; i < ranking->best_count; i++) {
        struct sentence *sentence = &ranking->best[i];
        double found = most > 0 ? sentence->score / most : 0;
        double rank = top > 0 ? sentence->rank / top : 0;
        sentence->score = (1 - weight) * found + weight * rank;
    }
}

static int
by_score(const void *a, const void *b)
{
    double left = ((const struct sentence *)a)->score;
    double right = ((const struct sentence *)b)->score;
    return (left < right) - (left > right);
}

static int
by_place(const void *a, const void *b)
{
    const struct sentence *left = a;
    const struct sentence *right = b;
    if (left->source != right->source)
        return left->source < right->source ? -1 : 1;
    return (left->text.ptr > right->text.ptr) - (left->text.ptr < right->text.ptr);
}

/* How many of the sentences, the best first, are said. */
static size_t
choose(struct ranking *ranking)
{
    size_t count = wanted_sentences(ranking->request->prompt);
    int64_t max_tokens = ranking->request->max_tokens;
    size_t bytes = 0;
    size_t chosen = 0;
    qsort(ranking->best, ranking->best_count, sizeof(*ranking->best), by_score);
    while (chosen < ranking->best_count && chosen < count) {
        const struct sentence *sentence = &ranking->best[chosen];
        bytes += sentence->text.size + 1;
        bool is_too_long = max_tokens > 0 && bytes / TOKEN_BYTES > (uint64_t)max_tokens;
        if (chosen > 0 && (is_too_long || sentence->score < SCORE_LEAST * ranking->best[0].score))
            break;
        chosen++;
    }
    qsort(ranking->best, chosen, sizeof(*ranking->best), by_place);
    return chosen;
}

static struct value
say(struct ranking *ranking, struct local_output *output, size_t count)
{
    struct buffer text;
    buffer_init(&text, LIMIT_VALUE_BYTES);
    for (size_t i = 0; i < count; i++) {
        const struct sentence *sentence = &ranking->best[i];
        struct value line = local_output_line(output->arena, sentence->text);
        if (i > 0)
            buffer_append_byte(&text, ' ');
        buffer_append_slice(&text, value_slice(line));
        local_output_cite(output, &(struct local_citation){.source = sentence->source,
                                                           .text = sentence->text,
                                                           .quote = sentence->text,
                                                           .confidence = sentence->score});
    }
    struct value said = value_string_copy(output->arena, buffer_slice(&text));
    buffer_done(&text);
    return said;
}

struct value
local_rank(struct local_output *output, const struct local_lexicon *lexicon)
{
    struct ranking *ranking = mem_alloc(sizeof(*ranking));
    ranking->request = output->request;
    ranking->lexicon = lexicon;
    ranking->best = mem_alloc_array(RANK_SENTENCES, sizeof(*ranking->best));
    local_wanted_init(&ranking->terms, lexicon, 1);
    add_terms(ranking, slice_cut(output->request->prompt, PROMPT_BYTES));
    ranking->counts = true;
    read_sources(ranking);
    for (size_t i = 0; i < ranking->term_count; i++)
        ranking->idf[i] =
            log(1 + ((double)ranking->sentences - (double)ranking->with_term[i] + 0.5) /
                        ((double)ranking->with_term[i] + 0.5));
    ranking->counts = false;
    read_sources(ranking);
    text_rank(ranking);
    join_scores(ranking);
    struct value said = say(ranking, output, choose(ranking));
    local_wanted_done(&ranking->terms);
    mem_free(ranking->best);
    mem_free(ranking);
    return said;
}
