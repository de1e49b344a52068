/* engine/events.h - what happens to runs, for those who watch them: written down in the commits
 * that make it happen.
 *
 * An event is one line of JSON, {"type": "step.completed", "at": …, "generation": …, …}; its id is
 * given by the store (store/rows.h). Moves of a run are told in the commit that moves it, but that
 * it has begun. That, and what its tables and steps do, is looked for whenever the run is pumped,
 * by comparing its state with what was told; it is told soon in a commit of its own, or with the
 * next move, so that a short run writes one row. What was told is read back when the run is taken
 * up, so that a crash repeats nothing. A generation tells each step and each table twice at most.
 * What a person decides is told in the commit that stores it.
 *
 * A run computed in place writes no events: they follow from its row, until a retry changes that.
 *
 * Threads: as each function says.
 */
#ifndef ENGINE_EVENTS_H
#define ENGINE_EVENTS_H

#include "base/buffer.h"
#include "base/value.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct run;
struct run_events;

/* --- of runs in memory: the engine's thread --- */

/* Nothing is told yet of this generation. */
struct run_events *run_events_new(const struct run *run);
void run_events_free(struct run_events **events);

/* On a work thread: what this generation has told already. */
MUST_USE enum status run_events_load(struct run *run, struct store *store);

/* A call of that node begins: it began, and so did what it stands behind. */
void run_events_note_call(struct run *run, uint16_t node);

/* Looks for what tables and steps did since the last look. */
void run_events_look(struct run *run);

/* The run begins or goes on; `before`: the state that it leaves. */
void run_events_begin(struct run *run, enum run_state before);

/* The run, moved by `event`, leaves memory; failure: VALUE_NONE if there is none. */
void run_events_end(struct run *run, enum run_event event, struct value failure);

/* Puts what is to be told into an intent that the run's guard holds. */
void run_events_add(struct run *run, struct intent *intent);

/* The run leaves memory: what is not told is forgotten. */
void run_events_leave(struct run *run);

/* --- of others: any thread --- */

/* Tells that a run is moved as `row` says. */
void events_add_move(struct intent *intent, const struct run_row *row, enum run_event event,
                     int64_t now_unix_ms);

/* Tells of the run, of which id and generation are looked at, what somebody outside has said: an
 * object whose members stand in the event. */
void events_add_said(struct intent *intent, const struct run_row *row, const char *type,
                     struct value said, int64_t now_unix_ms);

/* The first line of every run: that it was stored. */
void events_put_stored(struct buffer *out, const struct run_row *row);

/* Two lines: that a run which was computed in place, and nothing else is known of, began and how it
 * ended. */
void events_put_whole(struct buffer *out, const struct run_row *row);

/* A retry makes the row forget the generation that was computed in place: its events are kept, with
 * the ids that they always had. IO: it could not be read whether they are there. */
MUST_USE enum status events_keep_whole(struct intent *intent, struct store *store,
                                       const struct run_row *row);

/* Calls for each line of a body, without its end. */
typedef void event_line_fn(struct slice line, void *context);
void events_each(struct slice body, event_line_fn *visit, void *context);

/* The type that a line begins with: "run.started". Empty if it is none of ours. */
struct slice event_type(struct slice line);

/* Whether nothing comes behind an event of that type in its generation. */
bool event_is_end(struct slice type);

#endif
