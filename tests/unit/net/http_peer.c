#include "http_peer.h"

#include "certificate.h"
#include "test.h"

#include "base/clock.h"
#include "net/http_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PEER_BYTES_MAX MIB(64)
/* With which a server of TLS 1.3 follows the handshake. */
#define PEER_TICKETS 2

/* With TLS: what all servers show and all peers speak. */
static struct http_tls *server_tls;
static SSL_CTX *peer_tls;

static void
forget_tls(void)
{
    http_tls_free(&server_tls);
    SSL_CTX_free(peer_tls);
}

void
peer_speak_tls(void)
{
    struct certificate certificate;
    struct error error;
    certificate_make(&certificate, CERTIFICATE_CURVE);
    assert_int_equal(http_tls_new(&server_tls, certificate.path, certificate.key_path, &error),
                     STATUS_OK);
    certificate_remove(&certificate);
    peer_tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(peer_tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    signal(SIGPIPE, SIG_IGN);
    atexit(forget_tls);
}

struct http_server *
peer_start_server(struct http_server_config config)
{
    if (config.address == NULL)
        config.address = "127.0.0.1:0";
    if (config.tls == NULL)
        config.tls = server_tls;
    struct http_server *server = NULL;
    struct error error;
    if (http_server_start(&server, &config, &error) != STATUS_OK)
        fail_msg("start: %s", error.text);
    return server;
}

void
peer_stop_server(struct http_server **server)
{
    http_server_stop(*server, 0);
    http_server_free(server);
    assert_null(*server);
}

static struct peer
peer_of(int fd)
{
    assert_true(fd >= 0);
    struct peer peer = {.fd = fd};
    buffer_init(&peer.in, PEER_BYTES_MAX);
    return peer;
}

struct peer
peer_new(void)
{
    return peer_of(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/* A server that turns the peer away does so before the handshake is over. */
static void
peer_shake(struct peer *peer)
{
    if (peer_tls == NULL)
        return;
    peer->tls = SSL_new(peer_tls);
    SSL_set_fd(peer->tls, peer->fd);
    ERR_clear_error();
    if (SSL_connect(peer->tls) != 1)
        return;
    /* The tickets are read, since what is unread when a peer closes makes its kernel send a reset,
     * which overtakes what the peer has sent. */
    char byte;
    SSL_clear_mode(peer->tls, SSL_MODE_AUTO_RETRY);
    for (int i = 0; i < PEER_TICKETS; i++)
        SSL_peek(peer->tls, &byte, 1);
    SSL_set_mode(peer->tls, SSL_MODE_AUTO_RETRY);
}

void
peer_dial(struct peer *peer, const struct http_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_server_port(server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (connect(peer->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        fail_msg("connect: %s", strerror(errno));
    peer_shake(peer);
}

struct peer
peer_connect(const struct http_server *server)
{
    struct peer peer = peer_new();
    peer_dial(&peer, server);
    return peer;
}

struct peer
peer_connect_local(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    struct peer peer = peer_of(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(peer.fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        fail_msg("connect %s: %s", path, strerror(errno));
    peer_shake(&peer);
    return peer;
}

void
peer_close(struct peer *peer)
{
    SSL_free(peer->tls);
    peer->tls = NULL;
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
    buffer_done(&peer->in);
}

void
peer_reset(struct peer *peer)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    peer_close(peer);
}

void
peer_half_close(struct peer *peer)
{
    assert_int_equal(shutdown(peer->fd, SHUT_WR), 0);
}

static void
peer_await(struct peer *peer, short events)
{
    struct pollfd wait = {.fd = peer->fd, .events = events};
    if ((events & POLLIN) != 0 && peer->tls != NULL && SSL_pending(peer->tls) > 0)
        return;
    if (poll(&wait, 1, PEER_WAIT_MS) != 1)
        fail_msg("nothing came for %d ms; so far: %.*s", PEER_WAIT_MS,
                 SLICE_FORMAT(buffer_slice(&peer->in)));
}

ssize_t
peer_send_some(struct peer *peer, struct slice bytes)
{
    if (peer->tls == NULL)
        return send(peer->fd, bytes.ptr, bytes.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    size_t sent = 0;
    ERR_clear_error();
    int result = SSL_write_ex(peer->tls, bytes.ptr, bytes.size, &sent);
    if (result == 1)
        return (ssize_t)sent;
    errno = SSL_get_error(peer->tls, result) == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
    return -1;
}

ssize_t
peer_receive(struct peer *peer, void *out, size_t size)
{
    if (peer->tls == NULL)
        return recv(peer->fd, out, size, 0);
    size_t got = 0;
    ERR_clear_error();
    return SSL_read_ex(peer->tls, out, size, &got) == 1 ? (ssize_t)got : -1;
}

void
peer_send(struct peer *peer, struct slice bytes)
{
    size_t sent = 0;
    while (sent < bytes.size) {
        peer_await(peer, POLLOUT);
        ssize_t count = peer_send_some(peer, slice_of(bytes.ptr + sent, bytes.size - sent));
        if (count < 0 && errno != EAGAIN)
            return; /* The server has closed; what it says is read by the test. */
        sent += count < 0 ? 0 : (size_t)count;
    }
}

void
peer_send_text(struct peer *peer, const char *text)
{
    peer_send(peer, slice_text(text));
}

/* False at the end. */
static bool
peer_read_some(struct peer *peer)
{
    peer_await(peer, POLLIN);
    char *room = buffer_reserve(&peer->in, 65536);
    assert_non_null(room);
    ssize_t count = peer_receive(peer, room, 65536);
    if (count <= 0)
        return false;
    buffer_commit(&peer->in, (size_t)count);
    return true;
}

/* Bytes up to and with the text, which must come. */
static size_t
peer_find(struct peer *peer, const char *text)
{
    for (;;) {
        char *found =
            peer->in.size == 0 ? NULL : memmem(peer->in.ptr, peer->in.size, text, strlen(text));
        if (found != NULL)
            return (size_t)(found - peer->in.ptr) + strlen(text);
        if (!peer_read_some(peer))
            fail_msg("closed before \"%s\"; so far: %.*s", text,
                     SLICE_FORMAT(buffer_slice(&peer->in)));
    }
}

void
peer_read_until(struct peer *peer, const char *text)
{
    buffer_consume(&peer->in, peer_find(peer, text));
}

static void
peer_move(struct peer *peer, struct buffer *out, size_t size)
{
    while (peer->in.size < size) {
        if (!peer_read_some(peer))
            fail_msg("closed %zu bytes early", size - peer->in.size);
    }
    buffer_append(out, peer->in.ptr, size);
    buffer_consume(&peer->in, size);
}

static void
peer_read_chunks(struct peer *peer, struct buffer *out)
{
    size_t size = 0;
    do {
        size_t line = peer_find(peer, "\r\n");
        char digits[17] = "";
        assert_true(line - 2 < sizeof(digits));
        memcpy(digits, peer->in.ptr, line - 2);
        size = strtoul(digits, NULL, 16);
        buffer_consume(&peer->in, line);
        peer_move(peer, out, size);
        assert_int_equal(peer_find(peer, "\r\n"), 2);
        buffer_consume(&peer->in, 2);
    } while (size > 0);
}

void
peer_read_reply(struct peer *peer, struct reply *reply, bool to_head)
{
    buffer_init(&reply->head, PEER_BYTES_MAX);
    buffer_init(&reply->body, PEER_BYTES_MAX);
    peer_move(peer, &reply->head, peer_find(peer, "\r\n\r\n"));
    assert_memory_equal(reply->head.ptr, "HTTP/1.1 ", 9);
    int64_t number = 0;
    assert_true(slice_parse_int64(slice_of(reply->head.ptr + 9, 3), &number));
    reply->status = (int)number;
    if (to_head)
        return;
    if (reply_header(reply, "Transfer-Encoding").ptr != NULL) {
        peer_read_chunks(peer, &reply->body);
    } else if (reply_header(reply, "Content-Length").ptr != NULL) {
        assert_true(slice_parse_int64(reply_header(reply, "Content-Length"), &number));
        peer_move(peer, &reply->body, (size_t)number);
    }
}

void
reply_done(struct reply *reply)
{
    buffer_done(&reply->head);
    buffer_done(&reply->body);
}

struct slice
reply_header(const struct reply *reply, const char *name)
{
    char start[64];
    int size = snprintf(start, sizeof(start), "\r\n%s: ", name);
    char *found = memmem(reply->head.ptr, reply->head.size, start, (size_t)size);
    if (found == NULL)
        return slice_of(NULL, 0);
    found += size;
    char *end = memmem(found, reply->head.size - (size_t)(found - reply->head.ptr), "\r\n", 2);
    assert_non_null(end);
    return slice_of(found, (size_t)(end - found));
}

bool
peer_read_end(struct peer *peer)
{
    size_t before = peer->in.size;
    while (peer_read_some(peer))
        continue;
    return before == 0 && peer->in.size == 0;
}

void
peer_expect(struct peer *peer, const char *request, int status, const char *body)
{
    struct reply reply;
    peer_send_text(peer, request);
    peer_read_reply(peer, &reply, strncmp(request, "HEAD ", 5) == 0);
    if (reply.status != status)
        fail_msg("%s: status %d: %.*s", request, reply.status,
                 SLICE_FORMAT(buffer_slice(&reply.body)));
    if (body != NULL && !slice_is(buffer_slice(&reply.body), body))
        fail_msg("%s: %.*s", request, SLICE_FORMAT(buffer_slice(&reply.body)));
    reply_done(&reply);
}

void
peer_wait_for(peer_condition_fn *condition, void *context, const char *words)
{
    int64_t deadline_us = clock_mono_us(clock_system()) + PEER_WAIT_MS * INT64_C(1000);
    while (!condition(context)) {
        if (clock_mono_us(clock_system()) > deadline_us)
            fail_msg("waited in vain until %s", words);
        poll(NULL, 0, 1);
    }
}

struct open_wanted {
    const struct http_server *server;
    uint64_t count;
};

static bool
open_is(void *context)
{
    const struct open_wanted *wanted = context;
    return http_server_counts(wanted->server).open == wanted->count;
}

void
peer_wait_open(const struct http_server *server, uint64_t count)
{
    struct open_wanted wanted = {server, count};
    peer_wait_for(open_is, &wanted, "so many connections are open");
}
