/* net/url.h - one absolute http or https URL, read once and strictly.
 *
 * The text that url_parse() gives is what the transport sends, so what was checked is what is
 * used. User names, control bytes, other schemes and host names with odd bytes are refused.
 *
 * Sources: RFC 3986; libcurl's URL API, which reads it here and again when it connects.
 * Threads: plain values, any thread.
 */
#ifndef NET_URL_H
#define NET_URL_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of a URL. Servers give up at 8 KiB; signed links come to some KiB. */
#define URL_BYTES_MAX ((size_t)16384)

/* Longer beginnings are not remembered. */
#define URL_MEMO_BYTES 256

struct url {
    const char *text;  /* NUL-terminated, without fragment */
    struct slice host; /* lower case, without brackets and final dot */
    uint16_t port;
    bool tls;     /* https */
    bool literal; /* the host is an address, so there is no name to look up */
};

/* Copies into the arena. INVALID: not a URL that may be used; LIMIT: too long, or the arena is
 * full. The words never repeat the URL, which may hold a key. */
MUST_USE enum status url_parse(struct url *out, struct arena *arena, struct slice text,
                               struct error *error);

/* The beginning of a URL up to its path, as it was read last: most URLs of a client begin like the
 * one before, and libcurl's reader takes longer than all else that is done with them. Zeroed:
 * nothing. */
struct url_memo {
    size_t given_size, text_size;
    char given[URL_MEMO_BYTES]; /* as it was written */
    char text[URL_MEMO_BYTES];  /* as it is sent */
    size_t host_size;
    char host[URL_MEMO_BYTES];
    uint16_t port;
    bool tls, literal;
};

/* Like url_parse(), and the same in all its answers. */
MUST_USE enum status url_parse_again(struct url *out, struct url_memo *memo, struct arena *arena,
                                     struct slice text, struct error *error);

/* The URL that a Location header means, seen from `from`. Same answers. */
MUST_USE enum status url_follow(struct url *out, struct arena *arena, const struct url *from,
                                struct slice location, struct error *error);

/* Same scheme, host and port: what credentials are meant for. */
bool url_same_origin(const struct url *a, const struct url *b);

#endif
