#include "net/http_crowd.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"

#include <assert.h>
#include <string.h>
#include <sys/socket.h>

struct http_crowd_member {
    struct http_crowd_member *next;
    struct in6_addr address;
    size_t count;
};

void
http_crowd_init(struct http_crowd *crowd)
{
    *crowd = (struct http_crowd){0};
    rng_secret(&crowd->seed, sizeof(crowd->seed));
}

void
http_crowd_done(struct http_crowd *crowd)
{
    for (size_t i = 0; i < HTTP_CROWD_BUCKETS; i++) {
        while (crowd->buckets[i] != NULL) {
            struct http_crowd_member *gone = crowd->buckets[i];
            crowd->buckets[i] = gone->next;
            mem_free(gone);
        }
    }
}

/* IPv4 in its mapped form, whichever kind of socket it came to. False: it has none. */
static bool
address_of(const struct sockaddr_in6 *peer, struct in6_addr *out)
{
    *out = (struct in6_addr){0};
    if (peer->sin6_family == AF_INET6) {
        *out = peer->sin6_addr;
        return true;
    }
    if (peer->sin6_family != AF_INET)
        return false;
    out->s6_addr[10] = out->s6_addr[11] = 0xff;
    memcpy(&out->s6_addr[12], (const char *)peer + offsetof(struct sockaddr_in, sin_addr), 4);
    return true;
}

bool
http_crowd_is_local(const struct sockaddr_in6 *peer)
{
    struct in6_addr address;
    if (!address_of(peer, &address))
        return true;
    if (IN6_IS_ADDR_V4MAPPED(&address))
        return address.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&address);
}

/* Where the member of this address hangs, or would. */
static struct http_crowd_member **
crowd_place(struct http_crowd *crowd, const struct in6_addr *address)
{
    uint64_t hash = hash_bytes(slice_of((const char *)address, sizeof(*address)), crowd->seed);
    struct http_crowd_member **at = &crowd->buckets[hash % HTTP_CROWD_BUCKETS];
    while (*at != NULL && memcmp(&(*at)->address, address, sizeof(*address)) != 0)
        at = &(*at)->next;
    return at;
}

/* What is counted as one address. */
static bool
key_of(const struct sockaddr_in6 *peer, struct in6_addr *out)
{
    if (!address_of(peer, out))
        return false;
    if (!IN6_IS_ADDR_V4MAPPED(out))
        memset(&out->s6_addr[8], 0, 8);
    return true;
}

bool
http_crowd_enter(struct http_crowd *crowd, const struct sockaddr_in6 *peer, size_t max)
{
    struct in6_addr key;
    if (!key_of(peer, &key))
        return true;
    struct http_crowd_member **at = crowd_place(crowd, &key);
    if (*at == NULL) {
        *at = mem_alloc(sizeof(**at));
        (*at)->address = key;
    }
    if ((*at)->count >= max)
        return false;
    (*at)->count++;
    return true;
}

void
http_crowd_leave(struct http_crowd *crowd, const struct sockaddr_in6 *peer)
{
    struct in6_addr key;
    if (!key_of(peer, &key))
        return;
    struct http_crowd_member **at = crowd_place(crowd, &key);
    assert(*at != NULL && (*at)->count > 0);
    if (--(*at)->count > 0)
        return;
    struct http_crowd_member *gone = *at;
    *at = gone->next;
    mem_free(gone);
}
