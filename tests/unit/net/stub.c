#include "stub.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/thread.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define REQUEST_BYTES_MAX 262144

struct connection {
    struct stub *stub;
    struct thread *thread;
    int fd;
    int served;
    SSL *tls;
    struct buffer request;
};

struct stub_inside {
    int listener;
    int stop[2]; /* a pipe; readable (closed) once the stub stops */
    SSL_CTX *tls;
    struct thread *thread;
    size_t count;
    struct connection connections[CONNECTIONS_MAX];
};

static void
must(bool good)
{
    if (!good)
        abort();
}

static bool
connection_wait(struct connection *connection)
{
    struct pollfd fds[2] = {{.fd = connection->fd, .events = POLLIN},
                            {.fd = connection->stub->inside->stop[0], .events = POLLIN}};
    if (connection->tls != NULL && SSL_pending(connection->tls) > 0)
        return true;
    return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
}

static ssize_t
connection_read(struct connection *connection, char *bytes, size_t size)
{
    if (connection->tls != NULL)
        return SSL_read(connection->tls, bytes, (int)size);
    return read(connection->fd, bytes, size);
}

static bool
send_bytes(struct connection *connection, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = connection->tls != NULL ? SSL_write(connection->tls, bytes, (int)size)
                                                : send(connection->fd, bytes, size, MSG_NOSIGNAL);
        if (count <= 0)
            return false;
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

static bool
send_text(struct connection *connection, const char *text)
{
    return send_bytes(connection, text, strlen(text));
}

static bool
send_answer(struct connection *connection, int status, const char *headers, struct slice body)
{
    struct buffer answer;
    buffer_init(&answer, MIB(64));
    buffer_append_format(&answer, "HTTP/1.1 %d Words\r\n%sContent-Length: %zu\r\n\r\n", status,
                         headers, body.size);
    buffer_append_slice(&answer, body);
    bool good = send_bytes(connection, answer.ptr, answer.size);
    buffer_done(&answer);
    return good;
}

static bool
send_big(struct connection *connection, size_t size)
{
    char *body = mem_alloc(size);
    memset(body, 'x', size);
    bool good = send_answer(connection, 200, "", slice_of(body, size));
    mem_free(body);
    return good;
}

static bool
send_headers(struct connection *connection, int count)
{
    struct buffer headers;
    buffer_init(&headers, MIB(1));
    for (int i = 0; i < count; i++)
        buffer_append_format(&headers, "X-Number-%d: %d\r\n", i, i);
    buffer_append_byte(&headers, '\0');
    bool good = send_answer(connection, 200, headers.ptr, SLICE("ok"));
    buffer_done(&headers);
    return good;
}

static bool
send_gzip(struct connection *connection)
{
    static const char unpacked[] =
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x2b\xcd\x2b\x48\x4c\xce"
        "\x4e\x4d\x01\x00\x96\x62\x2f\xca\x08\x00\x00\x00";
    return send_answer(connection, 200, "Content-Encoding: gzip\r\n",
                       slice_of(unpacked, sizeof(unpacked) - 1));
}

static bool
send_redirect(struct connection *connection, const char *rest)
{
    char headers[2112];
    snprintf(headers, sizeof(headers), "Location: %s\r\n", rest + 4);
    return send_answer(connection, (int)strtol(rest, NULL, 10), headers, SLICE("moved"));
}

static bool
send_hang(struct connection *connection)
{
    char byte;
    while (connection_wait(connection) && connection_read(connection, &byte, 1) > 0)
        continue;
    return false;
}

/* The rest never comes. */
static bool
send_half(struct connection *connection)
{
    return send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf") &&
           send_hang(connection);
}

static bool
send_endless(struct connection *connection)
{
    bool good = send_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (good)
        good = send_text(connection, "10\r\n0123456789abcdef\r\n");
    return false;
}

static bool
send_second_close(struct connection *connection)
{
    return connection->served == 1 && send_answer(connection, 200, "", SLICE("first"));
}

/* The path after a prefix, or NULL. */
static const char *
after(const char *path, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(path, prefix, size) == 0 ? path + size : NULL;
}

static bool
serve_text(struct connection *connection, const char *path)
{
    if (strcmp(path, "/chunked") == 0)
        return send_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                     "4\r\none \r\n9\r\ntwo three\r\n0\r\nX-Trailer: late\r\n\r\n");
    if (strcmp(path, "/interim") == 0)
        return send_text(connection, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
                                     "HTTP/1.1 200 OK\r\nX-Late: 2\r\nContent-Length: 2\r\n\r\nok");
    if (strcmp(path, "/cut") == 0)
        send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    if (strcmp(path, "/garbage") == 0)
        send_text(connection, "\x01\x02\x03 what is this\r\n\r\n");
    return false;
}

/* Whether the connection goes on. */
static bool
serve(struct connection *connection, const char *path)
{
    const char *rest = NULL;
    atomic_fetch_add(&connection->stub->requests, 1);
    connection->served++;
    if (strcmp(path, "/echo") == 0)
        return send_answer(connection, 200, "X-Mixed-Case:  a value \r\n",
                           buffer_slice(&connection->request));
    if ((rest = after(path, "/status/")) != NULL)
        return send_answer(connection, (int)strtol(rest, NULL, 10), "", SLICE("words"));
    if ((rest = after(path, "/to/")) != NULL)
        return send_redirect(connection, rest);
    if ((rest = after(path, "/big/")) != NULL)
        return send_big(connection, strtoul(rest, NULL, 10));
    if ((rest = after(path, "/headers/")) != NULL)
        return send_headers(connection, (int)strtol(rest, NULL, 10));
    if (strcmp(path, "/loop") == 0)
        return send_answer(connection, 302, "Location: /loop\r\n", SLICE(""));
    if (strcmp(path, "/gzip") == 0)
        return send_gzip(connection);
    if (strcmp(path, "/encoded") == 0)
        return send_answer(connection, 200, "Content-Encoding: rot13\r\n", SLICE("jbeqf"));
    if (strcmp(path, "/hang") == 0)
        return send_hang(connection);
    if (strcmp(path, "/half") == 0)
        return send_half(connection);
    if (strcmp(path, "/endless") == 0)
        return send_endless(connection);
    if (strcmp(path, "/second-close") == 0)
        return send_second_close(connection);
    return serve_text(connection, path);
}

static size_t
content_length(const char *request)
{
    const char *at = strcasestr(request, "\r\ncontent-length:");
    return at == NULL ? 0 : strtoul(at + 17, NULL, 10);
}

/* Bytes of the first request in the buffer, 0 while it is not whole. */
static size_t
whole_request(struct buffer *request)
{
    buffer_append_byte(request, '\0');
    request->size--;
    const char *end = strstr(request->ptr, "\r\n\r\n");
    if (end == NULL)
        return 0;
    size_t size = (size_t)(end - request->ptr) + 4 + content_length(request->ptr);
    return size <= request->size ? size : 0;
}

static bool
serve_request(struct connection *connection)
{
    char path[2048];
    size_t size = whole_request(&connection->request);
    if (size == 0)
        return true;
    must(sscanf(connection->request.ptr, "%*s %2047s", path) == 1);
    bool goes_on = serve(connection, path);
    buffer_consume(&connection->request, size);
    return goes_on;
}

static void
connection_run(void *context)
{
    struct connection *connection = context;
    bool goes_on = connection->tls == NULL || SSL_accept(connection->tls) == 1;
    while (goes_on && connection_wait(connection)) {
        char *room = buffer_reserve(&connection->request, 16384);
        ssize_t count = room == NULL ? 0 : connection_read(connection, room, 16384);
        if (count <= 0)
            break;
        buffer_commit(&connection->request, (size_t)count);
        goes_on = serve_request(connection);
    }
    shutdown(connection->fd, SHUT_RDWR);
}

static void
accept_run(void *context)
{
    struct stub *stub = context;
    struct stub_inside *inside = stub->inside;
    struct pollfd fds[2] = {{.fd = inside->listener, .events = POLLIN},
                            {.fd = inside->stop[0], .events = POLLIN}};
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        int fd = accept4(inside->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        must(inside->count < CONNECTIONS_MAX);
        struct connection *connection = &inside->connections[inside->count++];
        *connection = (struct connection){.stub = stub, .fd = fd};
        buffer_init(&connection->request, REQUEST_BYTES_MAX);
        if (inside->tls != NULL) {
            connection->tls = SSL_new(inside->tls);
            SSL_set_fd(connection->tls, fd);
        }
        atomic_fetch_add(&stub->connections, 1);
        must(thread_start(&connection->thread, "stub", 0, connection_run, connection) == STATUS_OK);
    }
}

static SSL_CTX *
make_tls(const char *certificate_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"stub", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    must(X509_sign(certificate, key, EVP_sha256()) > 0);

    FILE *file = fopen(certificate_path, "we");
    must(file != NULL && PEM_write_X509(file, certificate) == 1 && fclose(file) == 0);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    must(SSL_CTX_use_certificate(context, certificate) == 1 &&
         SSL_CTX_use_PrivateKey(context, key) == 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

void
stub_start(struct stub *stub, const char *certificate_path)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    struct stub_inside *inside = mem_alloc(sizeof(*inside));
    *stub = (struct stub){.inside = inside};
    if (certificate_path != NULL)
        inside->tls = make_tls(certificate_path);
    inside->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(inside->listener, (struct sockaddr *)&address, size) == 0 &&
         listen(inside->listener, 256) == 0 &&
         getsockname(inside->listener, (struct sockaddr *)&address, &size) == 0);
    stub->port = ntohs(address.sin_port);
    must(pipe2(inside->stop, O_CLOEXEC) == 0);
    must(thread_start(&inside->thread, "stub-accept", 0, accept_run, stub) == STATUS_OK);
}

void
stub_stop(struct stub *stub)
{
    struct stub_inside *inside = stub->inside;
    close(inside->stop[1]);
    thread_join(&inside->thread);
    for (size_t i = 0; i < inside->count; i++) {
        struct connection *connection = &inside->connections[i];
        thread_join(&connection->thread);
        SSL_free(connection->tls);
        buffer_done(&connection->request);
        close(connection->fd);
    }
    close(inside->stop[0]);
    close(inside->listener);
    SSL_CTX_free(inside->tls);
    mem_free(inside);
    stub->inside = NULL;
}
