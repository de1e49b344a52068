/* ai/local_rank.h - answers free questions with the best sentences of the sources, verbatim.
 *
 * Sentences are ranked by the words of the prompt (BM25) and by how much they have in common with
 * the others (TextRank); if the prompt has no word of the sources, by the latter alone. The best,
 * as many as the prompt asks for ("in two sentences"; else three), stand in the order of the
 * sources, joined by spaces, and each is cited.
 *
 * Sources: Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009;
 *          Mihalcea and Tarau, "TextRank: bringing order into texts", EMNLP 2004.
 * Threads: one at a time.
 */
#ifndef AI_LOCAL_RANK_H
#define AI_LOCAL_RANK_H

#include "ai/local_lexicon.h"
#include "ai/local_output.h"
#include "base/value.h"

/* The answer as a string, empty if the sources have no sentence; adds the citations. */
struct value local_rank(struct local_output *output, const struct local_lexicon *lexicon);

#endif
