/* net/http_tls.h - a server's certificate and key, and which TLS it speaks with them.
 *
 * TLS 1.2 and 1.3, forward-secret authenticated ciphers only, no renegotiation, no compression, no
 * early data; HTTP/1.1 by ALPN. Sessions are taken up again by tickets, so that the server keeps
 * nothing of them. New files can be read while connections are open: those go on as they began.
 *
 * Sources: RFC 8446, RFC 5246, RFC 9325 (what to speak), RFC 7301 (ALPN), RFC 5077 (tickets).
 * Threads: new, reload and free from the owner, session from any. The process must ignore SIGPIPE.
 */
#ifndef NET_HTTP_TLS_H
#define NET_HTTP_TLS_H

#include "base/status.h"

#include <stdint.h>

struct http_tls;
struct ssl_st;

/* Reads two PEM files: the certificate, followed by those that lead to its root, and its private
 * key, not encrypted. On OK *out is the caller's to free, after the server that uses it. Words name
 * the file. NOT_FOUND, FORBIDDEN, IO: it cannot be read; INVALID: it is not what it should be. */
MUST_USE enum status http_tls_new(struct http_tls **out, const char *certificate_path,
                                  const char *key_path, struct error *error);

/* Reads the files again, for connections to come. As above, and INVALID for a certificate that is
 * not valid at now_unix_ms; nothing changes then. */
MUST_USE enum status http_tls_reload(struct http_tls *tls, int64_t now_unix_ms,
                                     struct error *error);

/* INVALID with words: clients will refuse the certificate at this time, as it is not valid yet or
 * any more. */
MUST_USE enum status http_tls_check_time(const struct http_tls *tls, int64_t now_unix_ms,
                                         struct error *error);

/* When the certificate ends. */
int64_t http_tls_expires_unix_ms(const struct http_tls *tls);

/* Private to net/http_*: the server's side of a new connection over this descriptor, which stays
 * the caller's. Ends with SSL_free(). */
struct ssl_st *http_tls_session(struct http_tls *tls, int fd);

/* Leaves NULL; does nothing if it was NULL. */
void http_tls_free(struct http_tls **tls);

#endif
