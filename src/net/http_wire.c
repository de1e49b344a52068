#include "net/http_wire.h"

#include "base/limits.h"
#include "net/http_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* One call writes no more than this through TLS, so that other connections have their turn. */
#define TLS_WRITE_BYTES_MAX KIB(256)

void
http_wire_open(struct http_wire *wire, int fd, struct http_tls *tls)
{
    *wire = (struct http_wire){.fd = fd};
    if (tls != NULL)
        wire->tls = http_tls_session(tls, fd);
}

/* --- plain --- */

static enum http_wire_result
result_of_errno(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK ? HTTP_WIRE_AGAIN : HTTP_WIRE_FAILED;
}

static ssize_t
receive(int fd, void *out, size_t size, int flags)
{
    ssize_t count = 0;
    do {
        count = recv(fd, out, size, flags);
    } while (count < 0 && errno == EINTR);
    return count;
}

static enum http_wire_result
plain_read(struct http_wire *wire, void *out, size_t size, size_t *got)
{
    ssize_t count = receive(wire->fd, out, size, 0);
    if (count < 0)
        return result_of_errno();
    *got = (size_t)count;
    return count == 0 ? HTTP_WIRE_END : HTTP_WIRE_OK;
}

static enum http_wire_result
plain_write(struct http_wire *wire, struct iovec *parts, size_t count, size_t *sent)
{
    ssize_t written = 0;
    do {
        if (count == 1) {
            written = send(wire->fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
        } else {
            struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
            written = sendmsg(wire->fd, &message, MSG_NOSIGNAL);
        }
    } while (written < 0 && errno == EINTR);
    if (written < 0)
        return result_of_errno();
    *sent = (size_t)written;
    return HTTP_WIRE_OK;
}

/* --- TLS --- */

/* TLS begins with a byte that is no letter, every method with one that is. Only the first byte of a
 * connection tells: a hello that comes in parts has letters further on. */
static bool
speaks_http(int fd)
{
    unsigned char first = 0;
    if (receive(fd, &first, 1, MSG_PEEK) != 1)
        return false;
    return (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
}

enum http_wire_shake
http_wire_shake(struct http_wire *wire)
{
    if (BIO_number_read(SSL_get_rbio(wire->tls)) == 0 && speaks_http(wire->fd)) {
        SSL_free(wire->tls);
        wire->tls = NULL;
        return HTTP_SHAKE_PLAIN;
    }
    ERR_clear_error();
    int result = SSL_do_handshake(wire->tls);
    if (result == 1)
        return HTTP_SHAKE_DONE;
    switch (SSL_get_error(wire->tls, result)) {
    case SSL_ERROR_WANT_READ:
        return HTTP_SHAKE_READ;
    case SSL_ERROR_WANT_WRITE:
        return HTTP_SHAKE_WRITE;
    default:
        wire->is_broken = true;
        return HTTP_SHAKE_FAILED;
    }
}

/* A client that has us write while it sends, by asking for new keys, and takes nothing of it is
 * dropped like a broken one: waiting for the other direction here would only help such clients. */
static enum http_wire_result
tls_result(struct http_wire *wire, int result, int wanted)
{
    int error = SSL_get_error(wire->tls, result);
    if (error == wanted)
        return HTTP_WIRE_AGAIN;
    if (error == SSL_ERROR_ZERO_RETURN)
        return HTTP_WIRE_END;
    wire->is_broken = true;
    return HTTP_WIRE_FAILED;
}

static enum http_wire_result
tls_read(struct http_wire *wire, void *out, size_t size, size_t *got)
{
    ERR_clear_error();
    int result = SSL_read_ex(wire->tls, out, size, got);
    return result == 1 ? HTTP_WIRE_OK : tls_result(wire, result, SSL_ERROR_WANT_READ);
}

/* The bytes of the parts from `skip` on, as many as a record holds: where they lie if they are in
 * one piece, else gathered in `room`. */
static struct iovec
next_record(const struct iovec *parts, size_t count, size_t skip, char *room)
{
    size_t size = 0;
    for (size_t i = 0; i < count && size < SSL3_RT_MAX_PLAIN_LENGTH; i++) {
        if (skip >= parts[i].iov_len) {
            skip -= parts[i].iov_len;
            continue;
        }
        char *from = (char *)parts[i].iov_base + skip;
        size_t left = parts[i].iov_len - skip;
        size_t wanted = SSL3_RT_MAX_PLAIN_LENGTH - size;
        if (size == 0 && (left >= wanted || i + 1 == count))
            return (struct iovec){from, left < wanted ? left : wanted};
        memcpy(room + size, from, left < wanted ? left : wanted);
        size += left < wanted ? left : wanted;
        skip = 0;
    }
    return (struct iovec){room, size};
}

static enum http_wire_result
tls_write(struct http_wire *wire, const struct iovec *parts, size_t count, size_t *sent)
{
    static _Thread_local char room[SSL3_RT_MAX_PLAIN_LENGTH];
    while (*sent < TLS_WRITE_BYTES_MAX) {
        struct iovec record = next_record(parts, count, *sent, room);
        if (record.iov_len == 0)
            break;
        size_t written = 0;
        ERR_clear_error();
        int result = SSL_write_ex(wire->tls, record.iov_base, record.iov_len, &written);
        *sent += written;
        if (result != 1) {
            enum http_wire_result outcome = tls_result(wire, result, SSL_ERROR_WANT_WRITE);
            return *sent > 0 && outcome == HTTP_WIRE_AGAIN ? HTTP_WIRE_OK : outcome;
        }
    }
    return HTTP_WIRE_OK;
}

/* --- both --- */

enum http_wire_result
http_wire_read(struct http_wire *wire, void *out, size_t size, size_t *got)
{
    *got = 0;
    return wire->tls == NULL ? plain_read(wire, out, size, got) : tls_read(wire, out, size, got);
}

bool
http_wire_is_at_end(struct http_wire *wire)
{
    char byte;
    if (wire->tls == NULL)
        return receive(wire->fd, &byte, 1, MSG_PEEK) == 0;
    size_t got = 0;
    ERR_clear_error();
    int result = SSL_peek_ex(wire->tls, &byte, 1, &got);
    return result != 1 && tls_result(wire, result, SSL_ERROR_WANT_READ) != HTTP_WIRE_AGAIN;
}

bool
http_wire_is_pending(const struct http_wire *wire)
{
    return wire->tls != NULL && SSL_pending(wire->tls) > 0;
}

enum http_wire_result
http_wire_write(struct http_wire *wire, struct iovec *parts, size_t count, size_t *sent)
{
    *sent = 0;
    return wire->tls == NULL ? plain_write(wire, parts, count, sent)
                             : tls_write(wire, parts, count, sent);
}

void
http_wire_limit(struct http_wire *wire, size_t bytes)
{
    int size = (int)bytes;
    /* A failure leaves the usual size. */
    if (setsockopt(wire->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) != 0)
        return;
}

void
http_wire_finish(struct http_wire *wire)
{
    if (wire->tls == NULL || wire->is_broken)
        return;
    ERR_clear_error();
    /* If the few bytes do not fit, the client has more to take than it ever will. */
    if (SSL_shutdown(wire->tls) < 0)
        wire->is_broken = true;
}

void
http_wire_shut(struct http_wire *wire)
{
    http_wire_finish(wire);
    /* A failure means that the other side is gone already; the next read will say so. */
    if (shutdown(wire->fd, SHUT_WR) != 0)
        return;
}

void
http_wire_close(struct http_wire *wire)
{
    SSL_free(wire->tls);
    wire->tls = NULL;
    close(wire->fd);
    wire->fd = -1;
}
