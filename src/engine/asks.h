/* engine/asks.h - steps of runs in memory that wait for an answer from outside; private to engine/.
 *
 * What a step asks is stored before anybody can answer it. Then the step holds no slot, and the run
 * may leave memory. Whether it is answered is always read from the store: whoever answers only
 * tells that there is something to be read.
 *
 * Threads: the engine's, but for the functions of ask.c.
 */
#ifndef ENGINE_ASKS_H
#define ENGINE_ASKS_H

#include "engine/ask.h"
#include "engine/run.h"

/* A step asks on one item; its outcome goes to the job's item as that of a call does. */
void asks_take(struct run *run, struct chunk_job *job, const struct chunk_call *wanted);
/* The run is leaving: what it has asked is not waited for any more. */
void asks_abandon(struct run *run);
/* That question of the run was answered. */
void asks_tell(struct engine *engine, const struct id *run, const struct id *question);
/* Whether all that it asks is open: nothing of it is on its way. */
bool asks_all_wait(const struct run *run);
/* The soonest end of what is open; INT64_MAX: nothing is. */
int64_t asks_soonest(const struct run *run);
/* The run is read back: a timer row of a question, as it stands then. */
void asks_note_timer(struct run *run, const struct timer_row *row);
/* It goes on, as the store has it: those that were due then have done their work, since it looks
 * for answers now, and does so after a crash. */
void asks_begin(struct run *run);

/* What steps see under run.tokens: {step: token} of those that ask; VALUE_NONE: there are none, or
 * nobody could answer. */
struct value asks_tokens(const struct engine *engine, const struct plan *plan, const struct id *run,
                         struct arena *arena);

/* --- ask.c: pure, any thread --- */

void ask_name(const struct ask_place *place, char out[2 * DIGEST_BYTES + 1]);
/* Ids of questions sort by the time at which they were asked. */
struct id ask_id(const struct ask_place *place, int64_t now_unix_ms);
void ask_add_effect(struct intent *intent, const struct ask_answer *answer, int64_t now_unix_ms);
struct timer_row *ask_timer_row(struct arena *arena, const struct ask_body *body,
                                const struct id *id);

#endif
