/* ai/local_wanted.h - what is asked for: fields with their types, and the words that tell of them.
 *
 * A field's *core* words are those of its name ("netIncome": net, income); each also has the
 * lexicon's words of the same meaning. Its *hints* are the words of its description and title.
 *
 * Threads: made by one, then read-only.
 */
#ifndef AI_LOCAL_WANTED_H
#define AI_LOCAL_WANTED_H

#include "ai/local_lexicon.h"
#include "ai/request.h"
#include "base/hash.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fields of one request; those of a schema behind them stay unanswered. */
#define LOCAL_FIELDS_MAX 512
/* Core words of one field; further ones are hints. */
#define LOCAL_CORES_MAX 6
#define LOCAL_HINTS_MAX 24
/* The weight of a use by which a verb tells of who does it: "founded" of "founder". */
#define LOCAL_AGENT_WEIGHT 75
/* The core of a use that is a hint. */
#define LOCAL_HINT 255

struct local_field {
    struct slice name; /* as citations name it: "address.city" */
    enum ai_field_type type;
    struct value choices; /* array of strings, or VALUE_NONE */
    struct value schema;  /* that the value keeps to, VALUE_NONE: none */
    uint8_t core_count;
    uint8_t hint_count;
    uint8_t unit;
    unsigned roles; /* of all its words */
    bool wants_percent;
    bool wants_year;
    bool wants_full_date;
};

/* One field's use of a word. */
struct local_use {
    uint16_t field;
    uint8_t core;   /* which of the field's, or LOCAL_HINT */
    uint8_t weight; /* 100: the word itself */
    uint32_t next;  /* index + 1 of the word's next use, 0: none */
};

struct local_term {
    uint64_t stem;  /* 0: free */
    uint32_t first; /* index + 1 of the first use */
};

struct local_wanted {
    const struct local_lexicon *lexicon;
    struct local_field *fields;
    size_t field_count;
    struct local_term *terms; /* a power of two of slots */
    size_t term_slots;
    struct local_use *uses;
    size_t use_count;
    size_t use_max;
    bool has_pairs;      /* some uses are of two words, see local_pair_stem() */
    uint64_t filter[64]; /* bits of the stems: most words of a text are none of ours */
};

/* Room for field_max fields (at most LOCAL_FIELDS_MAX); borrows the lexicon. Ends with
 * local_wanted_done(). */
void local_wanted_init(struct local_wanted *wanted, const struct local_lexicon *lexicon,
                       size_t field_max);
void local_wanted_done(struct local_wanted *wanted);

/* What a field is made of. */
struct local_field_made {
    struct slice path; /* as citations name it */
    struct slice name; /* the words that it is found by */
    struct slice description;
    struct slice unit;
    enum ai_field_type type;
    struct value choices;
    struct value schema;
};

/* Adds a field and returns its index; field_count must be below what init was given. */
size_t local_wanted_add(struct local_wanted *wanted, const struct local_field_made *made);

/* Makes the stem known as a use of the field: what else than its own words tells of it. */
void local_wanted_use(struct local_wanted *wanted, struct local_use use, uint64_t stem);

/* Stands for two words behind each other. */
static inline uint64_t
local_pair_stem(uint64_t first, uint64_t second)
{
    return hash_mix(first ^ HASH_ODD_A, second);
}

/* The first use of the stem (then through .next), NULL if nobody wants it. */
static inline const struct local_use *
local_wanted_find(const struct local_wanted *wanted, uint64_t stem)
{
    if ((wanted->filter[stem >> 6 & 63] >> (stem & 63) & 1) == 0)
        return NULL;
    for (size_t at = stem >> 12;; at++) {
        const struct local_term *term = &wanted->terms[at & (wanted->term_slots - 1)];
        if (term->stem == 0)
            return NULL;
        if (term->stem == stem)
            return &wanted->uses[term->first - 1];
    }
}

static inline const struct local_use *
local_use_next(const struct local_wanted *wanted, const struct local_use *use)
{
    return use->next == 0 ? NULL : &wanted->uses[use->next - 1];
}

#endif
