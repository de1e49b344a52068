/* ai/local_lexicon.h - what the embedded provider knows about words: their part in a label.
 *
 * A small general lexicon: words that carry no meaning of their own ("the", "of"), words that a
 * label may carry or leave out ("total", "name"), words of negation, and groups of everyday
 * business words that mean the same ("revenue", "sales", "turnover", "Umsatz"). It knows no names
 * of countries, companies or data sets.
 *
 * Threads: filled once, then read-only.
 */
#ifndef AI_LOCAL_LEXICON_H
#define AI_LOCAL_LEXICON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum local_role {
    LOCAL_ROLE_STOP = 1,      /* says nothing by itself */
    LOCAL_ROLE_GENERIC = 2,   /* "total", "name": a label means the same without it */
    LOCAL_ROLE_RESIDUAL = 4,  /* "other", "unknown": no member of a list */
    LOCAL_ROLE_NOT = 8,       /* turns a statement round */
    LOCAL_ROLE_REMARK = 16,   /* "note", "source": what follows is about the value */
    LOCAL_ROLE_NAMED = 32,    /* "city", "founder": what is asked for has a proper name */
    LOCAL_ROLE_TOLD = 64,     /* "summary", "reason": what is asked for is sentences */
    LOCAL_ROLE_YEARLY = 128,  /* "year", "founded": a bare year may be meant */
    LOCAL_ROLE_PERCENT = 256, /* "share", "margin": a percentage may be meant */
    LOCAL_ROLE_YES = 512,
    LOCAL_ROLE_NO = 1024,
    LOCAL_ROLE_PARTIAL = 8192, /* "quarter": a number is of a part of a year */
    LOCAL_ROLE_ASK = 4096,     /* "summarise", "sentences": says how to answer, not of what */
    LOCAL_ROLE_LINK = 2048,    /* "is", "was", "of": joins what is asked for with its value */
};

struct local_lexeme {
    uint64_t stem; /* 0: free */
    uint16_t roles;
    uint16_t group; /* words of one group mean the same; 0: of none */
};

#define LOCAL_LEXICON_SLOTS 1024

struct local_lexicon {
    struct local_lexeme slots[LOCAL_LEXICON_SLOTS];
};

void local_lexicon_init(struct local_lexicon *lexicon);

/* NULL if it knows nothing about the word. */
const struct local_lexeme *local_lexicon_find(const struct local_lexicon *lexicon, uint64_t stem);

/* The word's roles, 0 if it knows none. */
unsigned local_lexicon_roles(const struct local_lexicon *lexicon, uint64_t stem);

/* Calls visit for each other word of the group. */
typedef void local_alike_fn(void *context, uint64_t stem);
void local_lexicon_each_alike(const struct local_lexicon *lexicon, uint64_t stem,
                              local_alike_fn *visit, void *context);

#endif
