/* steps/ai_quotes.h - the quotes in an answer, looked up where they are said to stand.
 *
 * What comes of them is data: {number, field, source, title, document, url, quote, start, end,
 * digest, verified, confidence}. docs/citations.md has what each means.
 *
 * Threads: any.
 */
#ifndef STEPS_AI_QUOTES_H
#define STEPS_AI_QUOTES_H

#include "ai/request.h"
#include "engine/step.h"

/* The array of citations in the conclusion's arena, in the order of `claimed` (an array of {field,
 * source, quote, confidence, start?}, or VALUE_NONE). A quote that does not stand in the source
 * that it names is looked up in the others; one that stands nowhere is kept, and not verified.
 * False: the conclusion's failure is filled, a text could not be had. */
bool ai_quotes_check(struct value *out, struct step_conclusion *conclusion,
                     const struct ai_request *request, struct value claimed);

/* The highest confidence of the verified citations of that field, of all with .ptr NULL; null:
 * there are none, or they have none. */
struct value ai_quotes_confidence(struct value citations, struct slice field);

#endif
