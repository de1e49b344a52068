/* steps/sources.h - the texts that an answer is drawn from.
 *
 * As a workflow has them (FIELD_SOURCES), sources are texts, or places: a file, the documents of a
 * folder, a page of the web. Each place takes a call of its own, asked with {"source": {…}} and
 * nothing else, so that it is read once, whatever is asked about it later. What a template gives is
 * never taken for a place: a row can not make the program read a file.
 *
 * Threads: pure but for sources_conclude(), which reads documents by its env.
 */
#ifndef STEPS_SOURCES_H
#define STEPS_SOURCES_H

#include "engine/step.h"

/* The array of what is wanted by the node's field `sources` as it was rendered: {"text", "title"?},
 * {"file", "title"?}, {"page", "title"?}, {"documents", "match"?}. What rendered to null or to an
 * empty text is left out. */
bool sources_wanted(struct step_scope *scope, struct value rendered, struct value *out,
                    struct step_failure *failure);

/* Where one has come in reading what is wanted. */
struct sources {
    struct value wanted; /* array, as above */
    uint32_t at;         /* of the first that was not read */
    struct value ready;  /* array of sources as ai/request.h has them */
};

/* Goes on to the next place. True: *asked is what the call for it is asked with; false: all that is
 * wanted is ready, or *failure has a code. */
bool sources_next(struct sources *sources, struct arena *arena, struct value *asked,
                  struct step_failure *failure);

/* Takes the answer of the call for the place at which sources_next() stopped. */
bool sources_take(struct sources *sources, struct arena *arena, struct value answer,
                  struct step_failure *failure);

/* Whether a call is asked for a place. */
bool sources_is_call(struct value asked);

/* The three for such a call, as in engine/step.h. A text's value is that of step_text_value(), a
 * folder's {"documents": [{file, name}]}. */
struct slice sources_host(struct value asked);
step_prepare_fn sources_prepare;
step_conclude_fn sources_conclude;

#endif
