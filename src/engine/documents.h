/* engine/documents.h - texts that are found by their words: how they are asked for, by the API and
 * by steps.
 *
 * A document is an object with what is known about it, {title, externalId, collection, metadata},
 * and a text of the store's index with the same id. What it can be filtered by stands there as
 * tags.
 *
 * Threads: any that may wait for the store.
 */
#ifndef ENGINE_DOCUMENTS_H
#define ENGINE_DOCUMENTS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/value.h"
#include "store/store.h"

/* The words of the index that stand for the collection and the members of the metadata; *out is
 * begun here, whatever comes of it. INVALID: there are too many. */
MUST_USE enum status document_tags(struct buffer *out, struct value collection,
                                   struct value metadata, struct error *error);

struct document_search {
    struct id workspace;
    struct slice query;  /* see engine/search_words.h */
    struct value filter; /* {collection?, metadata?}; VALUE_NONE: none */
    bool any;            /* one of the words is enough */
    uint32_t limit;      /* 1 to 100 */
    uint32_t skip;
};

struct document_hit {
    struct object_row row;
    double score;
    struct slice snippet; /* with STORE_MARK_BEGIN and _END around the words */
};

struct document_hits {
    struct document_hit *hits; /* in the arena, the best first */
    size_t count;
    uint32_t total; /* at most LIMIT_SEARCH_COUNTED are counted */
};
/* INVALID: the query, or the filter. */
MUST_USE enum status documents_search(struct store *store, const struct document_search *search,
                                      struct arena *arena, struct document_hits *out,
                                      struct error *error);

#endif
