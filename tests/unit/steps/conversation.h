/* tests/unit/steps/conversation.h - one step that asks a model, and what it is answered.
 *
 * The world of a call is made up: kept texts, files and folders are those of the struct.
 *
 * Threads: one.
 */
#ifndef TESTS_STEPS_CONVERSATION_H
#define TESTS_STEPS_CONVERSATION_H

#include "scene.h"

/* A document, by the name of its file or its URL. */
struct made_up {
    const char *name;
    const char *text;
    const char *title; /* NULL: none */
};

struct conversation {
    struct scene scene;
    struct step_progress progress;
    struct exchange *exchange; /* of the call that was prepared last */
    struct step_conclusion conclusion;
    const struct made_up *documents; /* end with one without name */
    struct value kept;               /* texts, in the order in which they were kept */
};

/* A workflow whose step `it` has that type and config (YAML in one line), under local/extractive-1
 * as default model; root as in scene_open(). */
void conversation_open(struct conversation *talk, const char *type, const char *config,
                       const char *root);
void conversation_close(struct conversation *talk);

/* Each gives JSON of what comes of it, or "code: words" of the failure. */
/* What the first call is asked with. */
const char *conversation_begin(struct conversation *talk);
/* The value of the call that is asked next, when the transport ends with that status and body; a
 * call that sends nothing has neither. */
const char *conversation_answer(struct conversation *talk, int status, const char *body);
/* As that, with the neutral answer {"text": …}. */
const char *conversation_say(struct conversation *talk, const char *text);
/* What the next call is asked with, or "answer", or "value: " and the value. */
const char *conversation_follow(struct conversation *talk);

/* Where the first problem of such a workflow is, within the step's config, and its words:
 * "fields.a: words". Lives until the next call. */
const char *conversation_problem(const char *type, const char *config);

/* Whether the text is the pattern, in which '*' stands for any text. */
bool conversation_is_like(const char *text, const char *pattern);

#endif
