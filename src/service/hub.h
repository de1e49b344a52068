/* service/hub.h - who waits for what of which run; private to service/.
 *
 * The hub is an actor: what it keeps belongs to its own turn, everything else reaches it as a
 * message. The writer tells it of every commit that moves a run or tells of one; whether anybody
 * waits for that run is looked up in a small table of counters first, so that a commit which nobody
 * waits for costs one load.
 *
 * No wake-up is lost: who comes counts himself into that table, then the store is looked at. A
 * commit is in the store before its message is sent; so it is either seen by the look, or its
 * writer sees the counter.
 *
 * Sources: Dekker's mutual exclusion, for the order of store and load on both sides.
 * Threads: hub_turn() and hub_give() on the hub's own; the rest from any.
 */
#ifndef SERVICE_HUB_H
#define SERVICE_HUB_H

#include "base/id.h"
#include "base/pool.h"
#include "base/queue.h"
#include "base/status.h"
#include "service/watch.h"

#include <stdbool.h>
#include <stdint.h>

struct clock;
struct hub;
struct intent;
struct store;

struct hub_options {
    struct store *store; /* borrowed, for reads */
    struct clock *clock;
    uint32_t watchers_max;
    /* Asks how far a run is: hub_note_progress() tells, soon and from any thread. NULL: nobody
     * knows. */
    void (*ask_progress)(void *world, const struct id *run);
    /* Runs a task where the store may be read for long. */
    void (*post)(void *world, struct task *task);
    void *world;
};

struct hub *hub_new(const struct hub_options *options);

/* No turn may be under way, nor a task of the hub; whoever still waits is told now. */
void hub_free(struct hub **hub);

/* The writer's thread: that intent is committed. */
void hub_note_commit(struct hub *hub, const struct intent *intent);

/* How far a run is, as the members of a JSON object; empty: it is not in memory. Any thread; for
 * each time that it was asked. */
void hub_note_progress(struct hub *hub, const struct id *run, struct slice members);

/* As the functions of service/watch.h. */
uint64_t hub_ticket(struct hub *hub);
MUST_USE enum status hub_wait_end(struct hub *hub, const struct end_watch *watch);
MUST_USE enum status hub_watch_events(struct hub *hub, const struct event_watch *watch);
void hub_leave(struct hub *hub, uint64_t ticket);
void hub_room(struct hub *hub, uint64_t ticket);
uint32_t hub_wish(const struct hub *hub, const struct id *run);
void hub_note_text(struct hub *hub, const struct watch_text *text);
void hub_stop(struct hub *hub);

/* How many wait now. */
uint32_t hub_count(const struct hub *hub);

/* Handles what has come and what is due; returns the monotonic time in us of the next turn
 * (INT64_MAX: only when a message comes). */
int64_t hub_turn(struct hub *hub);

/* Where messages wait, and how one is handed in that was taken out while waiting. */
struct queue *hub_mailbox(struct hub *hub);
void hub_give(struct hub *hub, struct queue_node *message);

#endif
