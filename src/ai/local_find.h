/* ai/local_find.h - finds what the sources say about the wanted fields.
 *
 * Each statement of a text is seen once. Labels decide first: how many of a field's words they
 * have, and how many words beside them ("Population growth rate" says little of a population). Then
 * a value of the field's type is taken from what the label names (ai/local_take.h), or from a
 * sentence that has the field's words, the nearer the better (ai/local_sentence.h).
 *
 * Sources: Etzioni and others, "Web-scale information extraction in KnowItAll", 2004, and
 *          Brin, "Extracting patterns and relations from the World Wide Web", 1998 (values by their
 *          neighbourhood, agreement of several places); the weights are our own, tuned on
 *          tests/unit/ai/test_local.c and bench/local.mjs.
 * Threads: one at a time.
 */
#ifndef AI_LOCAL_FIND_H
#define AI_LOCAL_FIND_H

#include "ai/local_layout.h"
#include "ai/local_pool.h"
#include "ai/local_wanted.h"
#include "ai/local_words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Words of one statement that are looked at. */
#define LOCAL_PIECE_WORDS 512
/* Words of ours in one label, and values in one statement, that are looked at. */
#define LOCAL_LEVEL_HITS 12
#define LOCAL_PIECE_VALUES 24

/* What a label is, for any field. */
struct local_level {
    uint32_t serial;
    const struct local_use *hits[LOCAL_LEVEL_HITS];
    size_t hit_count;
    double content; /* words with a meaning; those in brackets count less */
    unsigned generic;
    bool is_remark;
    uint16_t year;
    bool has_scale; /* it was read */
    struct local_scale scale;
};

/* What the labels above a statement, and the words in it, say about one field. */
struct local_match {
    uint64_t epoch; /* of the statement that this is about */
    double cores[LOCAL_CORES_MAX];
    double matched[LOCAL_LABELS_MAX]; /* words of each level that are the field's */
    int anchor;                       /* the innermost level with such a word, -1: none */
    bool has_core;                    /* in a label */
    unsigned hints;
    uint16_t words[LOCAL_CORES_MAX * 2]; /* places of core words in the sentence */
    uint8_t word_cores[LOCAL_CORES_MAX * 2];
    double word_weights[LOCAL_CORES_MAX * 2];
    size_t word_count;
    unsigned word_hints;
};

struct local_finder {
    const struct local_wanted *wanted;
    enum local_style style;
    size_t source;
    struct local_pool *pools;    /* one a field */
    struct local_match *matches; /* one a field */
    uint16_t *touched;           /* fields that the statement may tell of */
    size_t touched_count;
    uint64_t epoch;
    struct local_level levels[LOCAL_LABELS_MAX];
    /* The statement being read. */
    const struct local_piece *piece;
    struct local_word words[LOCAL_PIECE_WORDS];
    unsigned roles[LOCAL_PIECE_WORDS];
    size_t word_count;
    struct local_found values[LOCAL_PIECE_VALUES];
    size_t value_count;
    struct local_scale scale; /* that the labels above name */
    bool has_values;
    bool has_roles;
};

/* Borrows wanted. Ends with local_finder_free(). */
struct local_finder *local_finder_new(const struct local_wanted *wanted);
void local_finder_free(struct local_finder **finder);

/* Reads the text of the source with that index. */
void local_finder_read(struct local_finder *finder, size_t source, struct slice text);

/* For the parts of the finder: the typed values of the statement, and the roles of its words. */
void local_finder_need_values(struct local_finder *finder);
void local_finder_need_roles(struct local_finder *finder);

/* How well labels say that what they name is the field: 0 to 1. */
double local_label_score(const struct local_finder *finder, const struct local_field *field,
                         const struct local_match *match);

/* The part of the field's core words that were met, in labels or in the sentence. */
double local_match_cover(const struct local_field *field, const struct local_match *match);

#endif
