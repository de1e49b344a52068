/* ai/local_words.h - the words of a text: where they are, and what makes two of them alike.
 *
 * A word is a run of letters and digits. Its stem is a hash of the word in small letters without
 * accents and without the commonest English endings, so that "Employees" and "employed" are alike,
 * as are "Gründung" and "grundung". A hash stands for a word: two words that fall together by
 * chance (one in 2^64) count as one, which costs a wrong match and nothing else.
 *
 * Sources: Porter, "An algorithm for suffix stripping", 1980, of which this keeps a few rules;
 *          Unicode 15, Latin-1 Supplement and Latin Extended-A (accents).
 * Threads: pure, any thread.
 */
#ifndef AI_LOCAL_WORDS_H
#define AI_LOCAL_WORDS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Letters of a word that count; the rest of a longer one is passed over. */
#define LOCAL_WORD_LETTERS 32

enum local_word_flags {
    LOCAL_WORD_CAPITAL = 1, /* begins with a capital letter */
    LOCAL_WORD_UPPER = 2,   /* two or more letters, all capital */
    LOCAL_WORD_DIGIT = 4,   /* begins with a digit */
    LOCAL_WORD_NUMBER = 8,  /* nothing but digits */
};

struct local_word {
    uint64_t stem;
    uint32_t start; /* byte offsets in the text */
    uint32_t end;
    uint32_t flags;
};

/* The next word at *at or behind it; moves *at behind the word. False at the end. The text has less
 * than 4 GiB. */
bool local_word_next(struct slice text, size_t *at, struct local_word *out);

/* Fills words[0..max) and returns how many there are, at most max. */
size_t local_words_read(struct slice text, struct local_word *words, size_t max);

/* The stem of a single word; 0 if there is no word. */
uint64_t local_stem(struct slice word);

/* The word in small letters without accents; returns its bytes, at most LOCAL_WORD_LETTERS. */
size_t local_word_fold(struct slice word, char out[LOCAL_WORD_LETTERS]);

#endif
