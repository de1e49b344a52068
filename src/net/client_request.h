/* net/client_request.h - which requests may be sent, and what becomes of one that is redirected.
 *
 * Sources: RFC 9110 sections 5.5, 5.6.2, 9.1 and 15.4; the Fetch standard, "HTTP-redirect fetch".
 * Threads: the client's thread.
 */
#ifndef NET_CLIENT_REQUEST_H
#define NET_CLIENT_REQUEST_H

#include "base/arena.h"
#include "base/exchange.h"
#include "base/status.h"

#include <curl/curl.h>
#include <stdbool.h>

struct transfer;
struct url;

/* Bytes of all headers of a request: servers give up at 8 to 64 KiB. */
#define REQUEST_HEADER_BYTES_MAX ((size_t)65536)

/* What an answer may be packed in. */
#define REQUEST_ENCODINGS "gzip, deflate"

/* Whether method and headers are well-formed and leave the framing to libcurl. INVALID, with words
 * that name the header. */
MUST_USE enum status request_check(const struct exchange *exchange, struct error *error);

/* The headers of the next hop in the exchange's arena, libcurl's own unwanted ones taken away. NULL
 * when the arena has no room. */
struct curl_slist *request_headers(struct transfer *transfer);

/* Whether the request carries a body, even an empty one. */
bool request_has_body(const struct transfer *transfer);

/* Whether sending it twice does no harm. */
bool request_only_reads(const struct transfer *transfer);

/* Makes the transfer the request that answers a redirect with this status. */
void request_redirect(struct transfer *transfer, const struct url *target, int http_status);

#endif
