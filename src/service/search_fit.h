/* service/search_fit.h - how well a record with a few short texts fits what a person searches for.
 *
 * For records that have no index: their texts are compared one by one. Words are found by how they
 * begin ("acm" finds "Acme"), without regard to case and to accents of Latin letters. A record is
 * better the nearer a word comes to being one whole text of it, and names count more.
 *
 * Threads: pure.
 */
#ifndef SERVICE_SEARCH_FIT_H
#define SERVICE_SEARCH_FIT_H

#include "base/value.h"
#include "engine/search_words.h"

/* Of one record. */
struct search_fit {
    const struct search_words *words;
    uint8_t best[LIMIT_SEARCH_TERMS]; /* for each term; 0: it was not found yet */
};

/* Whether a record with this JSON may fit: false only if it does not. Takes a fraction of what it
 * takes to parse and compare it. */
bool search_fit_may(const struct search_words *words, struct slice json);

void search_fit_begin(struct search_fit *fit, const struct search_words *words);

/* Compares all texts within the value, SEARCH_FIT_BYTES of each; texts of names count more. */
#define SEARCH_FIT_BYTES 4096
void search_fit_add(struct search_fit *fit, struct value value, bool is_name);

/* 0: it does not fit; greater is better. */
uint32_t search_fit_score(const struct search_fit *fit);

#endif
