/* engine/search_words.h - what a person types into a search, as terms.
 *
 * Words apart by spaces; "words in quotes" stand one after the other; a * at the end stands for any
 * ending, a - in front excludes. Everything else only parts words.
 *
 * Threads: pure.
 */
#ifndef ENGINE_SEARCH_WORDS_H
#define ENGINE_SEARCH_WORDS_H

#include "base/limits.h"
#include "base/status.h"
#include "store/store.h"

struct search_words {
    struct search_term terms[LIMIT_SEARCH_TERMS]; /* slices of the text */
    size_t count;
};

/* INVALID with words: nothing that could be found, or too much. */
MUST_USE enum status search_words_read(struct search_words *out, struct slice text,
                                       struct error *error);

#endif
