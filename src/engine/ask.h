/* engine/ask.h - what a step asks of somebody outside, as it is stored, and how it is answered.
 *
 * A step that waits for an answer (step_type.ask) leaves an object (OBJECT_APPROVAL, OBJECT_WAIT)
 * whose name is a digest of run, generation, step and key, and which is due when it may be removed.
 * The first commit that changes the object decides: an answer from outside, or the engine when the
 * time is over. That commit records the step's effect too, so that the run finds it wherever it is.
 * A decided object is archived.
 *
 * Threads: as each function says.
 */
#ifndef ENGINE_ASK_H
#define ENGINE_ASK_H

#include "base/arena.h"
#include "base/value.h"
#include "engine/engine.h"
#include "engine/key.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* How long an object is kept when the time is over, beside the run that knows more: 30 days. */
#define ASK_KEPT_MS INT64_C(2592000000)

/* Where a question stands in its run. */
struct ask_place {
    struct id run;
    uint32_t generation;
    struct slice step, key;
};

/* Reads the object of that kind; as store_object_find(). Any thread that may read the store. */
MUST_USE enum status ask_find(struct store *store, struct arena *arena, enum object_kind kind,
                              const struct id *workspace, const struct ask_place *place,
                              struct object_row *out);

/* An object as it was read. */
struct ask_body {
    struct value whole; /* of which the others are parts */
    struct id run, workflow;
    struct ask_place place;
    uint8_t hash[STORE_HASH_BYTES]; /* of the effect */
    struct slice item;              /* the key, for people */
    struct value shown;             /* what who answers is shown */
    int64_t opened_unix_ms;
    int64_t until_unix_ms;
    bool is_ok_late; /* what holds without an answer in time: a value, else a failure */
    struct value late;
    struct value answer;   /* {ok, value, late, …}; VALUE_NULL: none yet */
    struct value comments; /* what was said without answering, an array */
};

/* False: it is damaged. Pure; all in the arena. */
bool ask_body_read(struct ask_body *out, struct arena *arena, const struct object_row *row);
struct slice ask_body_print(struct arena *arena, const struct ask_body *body);

/* An answer: what the step's item gets, and what is noted beside it about who gave it. */
struct ask_answer {
    const struct object_row *row; /* as it was read */
    const struct ask_body *body;  /* of it */
    bool is_ok;
    bool is_late;
    struct value value; /* or the failure {code, message, …} */
};

/* Adds to the intent what an answer changes in the store: CONFLICT if the object has changed.
 * Pure. */
void ask_add_answer(struct intent *intent, const struct ask_answer *answer, int64_t now_unix_ms);

/* Adds to the intent that somebody says something without answering: one more of body->comments,
 * and an event of the run. CONFLICT if the object has changed, or the run does not go on in that
 * generation. Pure. */
void ask_add_comment(struct intent *intent, const struct object_row *row,
                     const struct ask_body *body, struct value comment, int64_t now_unix_ms);

/* Gives an answer from outside and lets the run go on. CONFLICT: it was answered meanwhile, or the
 * run has ended, or one above it has. Any thread; all is copied. */
void engine_ask_answer(struct engine *engine, const struct ask_answer *answer,
                       const struct run_asker *asker);

/* The timer row of a question: this and the object's id. It wakes the run when the time is over,
 * and from the answer on at once, until the run has seen that. */
#define ASK_TIMER "/ask/"

#endif
