/* ai/local_sentence.h - takes a field's value from a sentence that has the field's words.
 *
 * Threads: as the finder.
 */
#ifndef AI_LOCAL_SENTENCE_H
#define AI_LOCAL_SENTENCE_H

#include "ai/local_find.h"

/* Adds what the finder's statement, a sentence, says of the field. */
void local_sentence_judge(struct local_finder *finder, size_t field);

#endif
