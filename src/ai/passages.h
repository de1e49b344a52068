/* ai/passages.h - the parts of long texts that are worth a model's attention.
 *
 * A text is cut into passages of a few hundred bytes at the ends of paragraphs, lines or sentences.
 * Passages are ranked by how well their words fit those of a query, rare words counting more; the
 * best ones that fit into a budget are given in the order of the texts, so that they read on.
 *
 * Words are compared without regard to the case of ASCII letters and to a final "s"; of scripts
 * that write without spaces (Chinese, Japanese), each character is a word.
 *
 * Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
 * Threads: pure, any thread.
 */
#ifndef AI_PASSAGES_H
#define AI_PASSAGES_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest passage; shorter ones are joined up to half of it. */
#define PASSAGE_BYTES_MAX ((size_t)1200)

/* Different words of one query; further ones are passed over. */
#define PASSAGE_QUERY_WORDS_MAX 256

struct passage {
    uint32_t text; /* index of the text that it is part of */
    uint32_t words;
    size_t start; /* byte offset in it */
    size_t size;
    double score; /* 0: none of the query's words is in it */
};

struct passages {
    struct passage *items;
    size_t count;
};

/* The passages of all texts, in their order: together they are the texts. False: the arena is
 * full. */
bool passages_split(struct passages *out, const struct slice *texts, size_t text_count,
                    struct arena *arena);

/* Sets the scores, by the words of all queries together. */
void passages_rank(struct passages *passages, const struct slice *texts,
                   const struct slice *queries, size_t query_count);

/* Keeps those with the best scores, of equal ones the earliest, as long as they have at most
 * budget_bytes together; in their old order. False: the arena is full. */
bool passages_keep(struct passages *passages, size_t budget_bytes, struct arena *arena);

#endif
