/* The network between the engine and the server: exchanges on their way.
 *
 * Each request has a fate, drawn when it is sent: the server does what it asks for at some moment
 * or never, and the answer comes later, or something else in its place (overload, an error, a
 * broken connection, a time-out). A cancelled exchange ends soon, or its answer was quicker.
 *
 * Threads: one.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "bag.h"

#include <stdbool.h>
#include <stdint.h>

struct exchange;
struct world;

struct net {
    struct bag flights;
    uint64_t last_ticket;
};

/* The engine's port. */
uint64_t net_call(struct world *world, struct exchange *exchange);
void net_cancel(struct world *world, uint64_t ticket);

/* When something of a flight is due; INT64_MAX: nothing flies. */
int64_t net_next_us(const struct net *net);

/* Does one thing that is due, if there is one. */
void net_step(struct world *world);

/* The process died: what was on the wire may still reach the server, and everything ends. */
void net_kill(struct world *world);
void net_done(struct net *net);

#endif
