#include "net/http_wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static enum http_wire_result
result_of_errno(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK ? HTTP_WIRE_AGAIN : HTTP_WIRE_FAILED;
}

enum http_wire_result
http_wire_read(struct http_wire *wire, void *out, size_t size, size_t *got)
{
    *got = 0;
    ssize_t count = 0;
    do {
        count = recv(wire->fd, out, size, 0);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return result_of_errno();
    *got = (size_t)count;
    return count == 0 ? HTTP_WIRE_END : HTTP_WIRE_OK;
}

bool
http_wire_is_at_end(struct http_wire *wire)
{
    char byte;
    return recv(wire->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

enum http_wire_result
http_wire_write(struct http_wire *wire, struct iovec *parts, size_t count, size_t *sent)
{
    *sent = 0;
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

void
http_wire_shut(struct http_wire *wire)
{
    /* A failure means that the other side is gone already; the next read will say so. */
    if (shutdown(wire->fd, SHUT_WR) != 0)
        return;
}

void
http_wire_close(struct http_wire *wire)
{
    close(wire->fd);
    wire->fd = -1;
}
