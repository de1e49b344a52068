/* api/native/searches.h - what searches take beside their filters, and how they are answered:
 * {query, limit, page} -> {"data": […], "metadata": {page, limit, totalCount, totalPages}}.
 *
 * Source: docs.metal.ai, Search guide.
 * Threads: as handlers, see api/call.h.
 */
#ifndef API_NATIVE_SEARCHES_H
#define API_NATIVE_SEARCHES_H

#include "api/native/native.h"
#include "service/search_fit.h"

struct native_search {
    struct slice query;
    int64_t page;   /* from 1 */
    uint32_t limit; /* from 1 */
    uint32_t skip;  /* finds on the pages before */
};

/* Of a body that fits its schema; the limit is brought to 1 to `most`. False: the page is too deep,
 * and the call was answered. */
bool native_read_search(struct call *call, uint32_t most, struct native_search *out);

/* Ends and answers what native_begin_list() has begun, unless status is a fault. */
void native_end_search(struct call *call, struct buffer *out, const struct native_search *search,
                       uint32_t total, enum status status);

/* --- without an index --- */

/* A search that compares what there is, one by one (service/search_fit.h). */
struct native_finding {
    struct native_search search;
    struct search_words words;
    struct native_find *finds; /* room for LIMIT_RECORDS_SEARCHED of them */
    uint32_t count;
};

/* Reads what the body asks for, into the call's arena; NULL: that was wrong, and was answered. */
struct native_finding *native_open_finding(struct call *call, uint32_t most);

/* For each that was compared: the score is 0 for what does not fit. */
void native_add_find(struct native_finding *finding, const struct id *id, uint32_t score);

/* Appends the one of that id; NOT_FOUND: it went meanwhile. */
typedef enum status native_put_find_fn(struct call *call, const struct id *id, struct buffer *out);

/* Answers the page that is wanted, the best first, of those alike the newest. */
void native_answer_finding(struct call *call, struct native_finding *finding,
                           native_put_find_fn *put);

#endif
