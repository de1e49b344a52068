/* ai/local_classify.h - which label the sources speak of most.
 *
 * Each label has the words of its name and of its description; a word that several labels have
 * counts less. A label that is named by a labelled value ("Priority: high") is told apart at once.
 * The sentence that speaks for the winner most is cited.
 *
 * Threads: one at a time.
 */
#ifndef AI_LOCAL_CLASSIFY_H
#define AI_LOCAL_CLASSIFY_H

#include "ai/local_lexicon.h"
#include "ai/local_output.h"
#include "base/value.h"

/* {"label": name}; null in its place if the sources have no word of any label. */
struct value local_classify(struct local_output *output, const struct local_lexicon *lexicon);

#endif
