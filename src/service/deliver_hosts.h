/* service/deliver_hosts.h - places of hosts: how many deliveries may be on their way to each, and
 * which wait for a place; private to service/.
 *
 * A host that fails has one place instead of several and rests after each failure, longer from one
 * to the next, until it takes something again.
 *
 * Threads: the sender's.
 */
#ifndef SERVICE_DELIVER_HOSTS_H
#define SERVICE_DELIVER_HOSTS_H

#include "base/id.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

/* Deliveries of one host that are in hand without a place. */
#define HOST_WAITING_MAX 32

struct host {
    struct host *next;
    uint32_t sending_count;
    uint32_t waiting_count;
    struct id sending[LIMIT_DELIVERIES_TO_HOST];
    struct id waiting[HOST_WAITING_MAX]; /* the oldest first */
    uint32_t failures;                   /* one after the other */
    int64_t rests_until_us;
    size_t name_size;
    char name[];
};

struct hosts {
    struct host *first;
    uint32_t count;
    struct host *turn; /* who has been asked last; NULL: begin at the first */
};

/* NULL: there are LIMIT_DELIVERY_HOSTS that all have something in hand. */
struct host *hosts_take(struct hosts *hosts, struct slice name);

/* Keeps the delivery in hand, if it is not. False: there is no room for it. */
bool host_offer(struct host *host, const struct id *delivery);

/* The next delivery for which its host has a place now, which it takes; hosts take turns. False:
 * there is none. */
bool hosts_next(struct hosts *hosts, int64_t now_us, struct host **host, struct id *delivery);

/* Gives a place back. */
void host_leave(struct host *host, const struct id *delivery);

/* The host has answered, or failed, and wants to be left alone for so long: what waits for it is
 * not in hand any more, so that it is looked at again when the host has rested. */
void host_note(struct host *host, bool has_failed, int64_t wait_us, int64_t now_us);

/* Whether a delivery that has waited too long need not be tried once more: the host fails, and it
 * is not on its way. */
bool host_has_given_up(const struct host *host, const struct id *delivery);

/* When the soonest host with something in hand has rested; INT64_MAX: none rests. */
int64_t hosts_rested_us(const struct hosts *hosts, int64_t now_us);

void hosts_done(struct hosts *hosts);

#endif
