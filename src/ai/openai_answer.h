/* ai/openai_answer.h - what a Chat Completions server answered, in one piece or as a stream.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_OPENAI_ANSWER_H
#define AI_OPENAI_ANSWER_H

#include "ai/provider.h"

/* Part of ai_openai. A stream that ended before its last piece fails with http_status 0. */
ai_read_fn openai_read;
ai_live_fn openai_live;

#endif
