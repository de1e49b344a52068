/* ai/citations.h - looks quotes up in the texts that they are said to come from.
 *
 * A quote stands in a text when its bytes do. Where they do not, both are compared with white
 * space, quotation marks and dashes made equal, since a model retypes these: any run of white space
 * is one space, soft hyphens and zero-width characters are nothing, “ ” „ « » ‘ ’ and the like are
 * one mark, hyphens and dashes another. Letters, digits and all other signs have to be the same. A
 * quote that would begin or end within a word or a number does not stand there: "1,000" is no quote
 * of "11,000". Both ways take time in proportion to the text.
 *
 * Threads: pure; a citation_text belongs to one thread.
 */
#ifndef AI_CITATIONS_H
#define AI_CITATIONS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* A text in which several quotes are looked up. */
struct citation_text {
    struct slice text; /* UTF-8, borrowed */
    char *plain;       /* with like characters made equal; NULL until a quote needs it */
    size_t plain_size;
};

/* Ends with citation_text_done(), which frees nothing of the text. */
void citation_text_init(struct citation_text *text, struct slice bytes);
void citation_text_done(struct citation_text *text);

/* Where a quote stands: bytes [start, end) of the text. */
struct citation_place {
    size_t start, end;
};

/* Looks the quote up, without white space and ellipses at its ends, and without quotation marks
 * around it if it does not stand there with them. `hint`: the byte at which it is said to begin,
 * taken if that is true; otherwise the first place counts. False: it does not stand there; so for a
 * quote without a letter or a digit, and for one of more than LIMIT_QUOTE_BYTES. */
bool citation_find(struct citation_text *text, struct slice quote, size_t hint,
                   struct citation_place *out);

#endif
