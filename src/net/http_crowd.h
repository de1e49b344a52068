/* net/http_crowd.h - inside the HTTP server: how many connections each address has, so that no
 * client takes them all.
 *
 * An address is an IPv4 address or the first half of an IPv6 address, which is what one household
 * or one machine is given. Connections from a unix socket have no address and are not counted.
 *
 * Sources: RFC 6177 (what an end site gets).
 * Threads: the loop's.
 */
#ifndef NET_HTTP_CROWD_H
#define NET_HTTP_CROWD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_CROWD_BUCKETS 1024

struct http_crowd_member;

struct http_crowd {
    uint64_t seed;
    struct http_crowd_member *buckets[HTTP_CROWD_BUCKETS];
};

void http_crowd_init(struct http_crowd *crowd);

/* Frees what is left. */
void http_crowd_done(struct http_crowd *crowd);

/* Counts a connection of this peer in. False: it has `max` of them already. */
bool http_crowd_enter(struct http_crowd *crowd, const struct sockaddr_in6 *peer, size_t max);

/* One that was let in has ended. */
void http_crowd_leave(struct http_crowd *crowd, const struct sockaddr_in6 *peer);

/* Whether the peer is a program of this machine: 127.0.0.0/8, ::1 or a unix socket. */
bool http_crowd_is_local(const struct sockaddr_in6 *peer);

#endif
