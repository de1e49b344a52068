#include "service/deliver_hosts.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

#define REST_US_MIN INT64_C(1000000)
#define REST_US_MAX INT64_C(60000000)

static bool
is_idle(const struct host *host)
{
    return host->sending_count == 0 && host->waiting_count == 0;
}

/* Makes room for one more: a host that does well and has nothing in hand goes first, else one that
 * fails. */
static bool
make_room(struct hosts *hosts)
{
    struct host **found = NULL;
    for (struct host **at = &hosts->first; *at != NULL; at = &(*at)->next) {
        if (is_idle(*at) && (found == NULL || (*at)->failures < (*found)->failures))
            found = at;
    }
    if (found == NULL)
        return false;
    struct host *gone = *found;
    *found = gone->next;
    hosts->count--;
    hosts->turn = NULL;
    mem_free(gone);
    return true;
}

struct host *
hosts_take(struct hosts *hosts, struct slice name)
{
    for (struct host *host = hosts->first; host != NULL; host = host->next) {
        if (slice_equal(slice_of(host->name, host->name_size), name))
            return host;
    }
    if (hosts->count == LIMIT_DELIVERY_HOSTS && !make_room(hosts))
        return NULL;
    struct host *host = mem_alloc(sizeof(*host) + name.size);
    host->name_size = name.size;
    memcpy(host->name, name.ptr, name.size);
    host->next = hosts->first;
    hosts->first = host;
    hosts->count++;
    return host;
}

static bool
has(const struct id *ids, uint32_t count, const struct id *wanted)
{
    for (uint32_t i = 0; i < count; i++) {
        if (id_equal(&ids[i], wanted))
            return true;
    }
    return false;
}

bool
host_offer(struct host *host, const struct id *delivery)
{
    if (has(host->sending, host->sending_count, delivery) ||
        has(host->waiting, host->waiting_count, delivery))
        return true;
    if (host->waiting_count == HOST_WAITING_MAX)
        return false;
    host->waiting[host->waiting_count++] = *delivery;
    return true;
}

static bool
has_place(const struct host *host, int64_t now_us)
{
    uint32_t places = host->failures == 0 ? LIMIT_DELIVERIES_TO_HOST : 1;
    return host->waiting_count > 0 && host->sending_count < places &&
           host->rests_until_us <= now_us;
}

bool
hosts_next(struct hosts *hosts, int64_t now_us, struct host **host, struct id *delivery)
{
    struct host *at = hosts->turn == NULL ? NULL : hosts->turn->next;
    for (uint32_t i = 0; i < hosts->count; i++, at = at->next) {
        at = at == NULL ? hosts->first : at;
        if (!has_place(at, now_us))
            continue;
        *delivery = at->waiting[0];
        at->waiting_count--;
        memmove(at->waiting, at->waiting + 1, at->waiting_count * sizeof(at->waiting[0]));
        at->sending[at->sending_count++] = *delivery;
        hosts->turn = *host = at;
        return true;
    }
    return false;
}

void
host_leave(struct host *host, const struct id *delivery)
{
    uint32_t i = 0;
    while (i < host->sending_count && !id_equal(&host->sending[i], delivery))
        i++;
    assert(i < host->sending_count);
    host->sending[i] = host->sending[--host->sending_count];
}

void
host_note(struct host *host, bool has_failed, int64_t wait_us, int64_t now_us)
{
    if (!has_failed) {
        host->failures = 0;
        host->rests_until_us = 0;
        return;
    }
    int64_t rest_us = host->failures > 5 ? REST_US_MAX : REST_US_MIN << host->failures;
    /* Those that were on their way with the one that failed first say nothing new. */
    if (now_us < host->rests_until_us)
        rest_us = 0;
    else if (host->failures < UINT32_MAX)
        host->failures++;
    int64_t until_us = now_us + (rest_us > wait_us ? rest_us : wait_us);
    if (until_us > host->rests_until_us)
        host->rests_until_us = until_us;
    host->waiting_count = 0;
}

bool
host_has_given_up(const struct host *host, const struct id *delivery)
{
    return host->failures > 0 && !has(host->sending, host->sending_count, delivery);
}

int64_t
hosts_rested_us(const struct hosts *hosts, int64_t now_us)
{
    int64_t soonest_us = INT64_MAX;
    for (const struct host *host = hosts->first; host != NULL; host = host->next) {
        bool waits = host->waiting_count > 0 && host->rests_until_us > now_us;
        if (waits && host->rests_until_us < soonest_us)
            soonest_us = host->rests_until_us;
    }
    return soonest_us;
}

void
hosts_done(struct hosts *hosts)
{
    while (hosts->first != NULL) {
        struct host *gone = hosts->first;
        hosts->first = gone->next;
        mem_free(gone);
    }
    *hosts = (struct hosts){0};
}
