/* foreign/sixtyfour_direct.h - Sixtyfour's direct endpoints as workflows of ours: one question
 * about one person or company, or about each of a list.
 *
 * A run's input is {data: {…}, request: {…}}: what is known already, for a list an array of such,
 * and what else was sent. Its output is what the endpoint answers.
 *
 * Sources: docs.sixtyfour.ai (Enrich lead, Enrich company, Find email and so on).
 * Threads: pure.
 */
#ifndef FOREIGN_SIXTYFOUR_DIRECT_H
#define FOREIGN_SIXTYFOUR_DIRECT_H

#include "base/arena.h"
#include "base/value.h"

struct step_decl;

#define SIXTYFOUR_LEADS_MAX 100    /* of a bulk question */
#define SIXTYFOUR_REFERENCES_MAX 5 /* pages that a judgement reads beside that of the data */

/* Answers {structured_data, notes, references, confidence_score}: the fields that are wanted, out
 * of the data and the page whose address is in it. For companies with `people`, which is empty; for
 * criteria with qualification_score and qualified (foreign/sixtyfour_ask.h), and out of the pages
 * of the request's `references` too: addresses, or {url}. */
struct sixtyfour_enrichment {
    const char *name;   /* "enrich-lead" */
    struct slice owner; /* slugs are unique on a server: of each owner another */
    bool is_company;
    struct value criteria; /* VALUE_NONE: nothing is judged */
    struct value given;    /* what sixtyfour_fields_read() took, */
    struct value fields;   /* and gave */
};

/* The workflow file, its slug made of its content: another one for other fields. VALUE_NONE: the
 * arena is full. */
struct value sixtyfour_enrichment_make(const struct sixtyfour_enrichment *wanted,
                                       struct arena *arena);

struct sixtyfour_lookup {
    const char *name; /* "find-email" */
    struct slice owner;
    const struct step_decl *connector;
};

/* Answers what a connector gives: an object together with the data, another value under `result`.
 * The connector's inputs are members of the data or of the request by the same names. As above. */
struct value sixtyfour_lookup_make(const struct sixtyfour_lookup *wanted, struct arena *arena);

/* The same of a list of data, at most SIXTYFOUR_LEADS_MAX: answers as many objects in that order;
 * where the connector fails the data with `error`, in words. */
struct value sixtyfour_lookup_make_bulk(const struct sixtyfour_lookup *wanted, struct arena *arena);

/* The first input that the connector has to have and that neither has; NULL: all are there. */
const char *sixtyfour_lookup_missing(const struct step_decl *connector, struct value data,
                                     struct value request);

#endif
