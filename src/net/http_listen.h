/* net/http_listen.h - listening sockets from text such as "127.0.0.1:8064".
 *
 * Forms: "127.0.0.1:8064", "[::1]:8064", "localhost:8064" (IPv4), ":8064" (every address, both
 * families), "unix:/path/to/socket". Port 0 asks the system for a free one.
 *
 * Sources: socket(7), ip(7), unix(7).
 * Threads: any.
 */
#ifndef NET_HTTP_LISTEN_H
#define NET_HTTP_LISTEN_H

#include "base/status.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct http_listen_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } address;
    socklen_t size;
    bool every_family; /* ":port": falls back to IPv4 where there is no IPv6 */
};

/* INVALID with words. */
MUST_USE enum status http_listen_parse(struct http_listen_address *out, const char *text,
                                       struct error *error);

/* Opens count bound, listening, non-blocking sockets, one for each thread that accepts; the kernel
 * shares new connections out among them. A port of 0 in *address becomes the real one. A server
 * that already has the port is noticed. CONFLICT: the address is taken; FORBIDDEN; IO. */
MUST_USE enum status http_listen_open(int *fds, size_t count, struct http_listen_address *address,
                                      struct error *error);

/* The same from a listening stream socket that somebody else has made and keeps, whose descriptor
 * is taken over; *address becomes its own. INVALID: it is none. */
MUST_USE enum status http_listen_adopt(int *fds, size_t count, int listener,
                                       struct http_listen_address *address, struct error *error);

/* 0 for a unix socket. */
unsigned http_listen_port(const struct http_listen_address *address);

/* Removes a unix socket's file; nothing for others. */
void http_listen_clean(const struct http_listen_address *address);

#endif
