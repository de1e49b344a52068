#include "net/http_listen.h"

#include "base/limits.h"
#include "base/slice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status
parse_local(struct http_listen_address *out, const char *path, struct error *error)
{
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof(out->address.local.sun_path))
        return error_set(error, STATUS_INVALID, "a socket's path has 1 to %zu bytes",
                         sizeof(out->address.local.sun_path) - 1);
    out->address.local.sun_family = AF_UNIX;
    memcpy(out->address.local.sun_path, path, size + 1);
    out->size = (socklen_t)sizeof(out->address.local);
    return STATUS_OK;
}

static bool
parse_host(struct http_listen_address *out, const char *host, uint16_t port)
{
    if (inet_pton(AF_INET, host, &out->address.v4.sin_addr) == 1) {
        out->address.v4.sin_family = AF_INET;
        out->address.v4.sin_port = htons(port);
        out->size = (socklen_t)sizeof(out->address.v4);
        return true;
    }
    size_t size = strlen(host);
    char inner[INET6_ADDRSTRLEN];
    if (size < 2 || host[0] != '[' || host[size - 1] != ']' || size - 2 >= sizeof(inner))
        return false;
    memcpy(inner, host + 1, size - 2);
    inner[size - 2] = '\0';
    if (inet_pton(AF_INET6, inner, &out->address.v6.sin6_addr) != 1)
        return false;
    out->address.v6.sin6_family = AF_INET6;
    out->address.v6.sin6_port = htons(port);
    out->size = (socklen_t)sizeof(out->address.v6);
    return true;
}

enum status
http_listen_parse(struct http_listen_address *out, const char *text, struct error *error)
{
    *out = (struct http_listen_address){0};
    if (strncmp(text, "unix:", 5) == 0)
        return parse_local(out, text + 5, error);

    const char *colon = strrchr(text, ':');
    int64_t port = -1;
    if (colon == NULL || !slice_parse_int64(slice_text(colon + 1), &port) || port < 0 ||
        port > UINT16_MAX)
        return error_set(error, STATUS_INVALID, "\"%s\" does not end with a port, as in :8064",
                         text);

    char host[64];
    size_t size = (size_t)(colon - text);
    if (size >= sizeof(host))
        return error_set(error, STATUS_INVALID, "\"%s\" is not an IP address and a port", text);
    memcpy(host, text, size);
    host[size] = '\0';
    out->every_family = size == 0;
    const char *name = size == 0 ? "[::]" : strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (!parse_host(out, name, (uint16_t)port))
        return error_set(error, STATUS_INVALID,
                         "\"%s\" is not an IP address and a port; names are not looked up", text);
    return STATUS_OK;
}

static enum status
errno_status(int saved_errno, struct error *error)
{
    enum status status = STATUS_IO;
    if (saved_errno == EADDRINUSE)
        status = STATUS_CONFLICT;
    else if (saved_errno == EACCES || saved_errno == EPERM)
        status = STATUS_FORBIDDEN;
    return error_set(error, status, "cannot listen: %s", strerror(saved_errno));
}

/* Dead clients on held connections are found by keep-alive probes: after 60 s, 4 times 15 s. */
static bool
set_tcp_options(int fd)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {SOL_SOCKET, SO_REUSEADDR, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 60},
        {IPPROTO_TCP, TCP_KEEPINTVL, 15},
        {IPPROTO_TCP, TCP_KEEPCNT, 4},
        {IPPROTO_TCP, TCP_NOTSENT_LOWAT, LIMIT_HTTP_UNSENT_BYTES},
    };
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        /* Accepted sockets inherit them all. */
        if (setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int)) != 0)
            return false;
    }
    return true;
}

static int
open_socket(const struct http_listen_address *address, bool shared)
{
    int family = address->address.any.sa_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int no = 0;
    int yes = 1;
    bool right = family == AF_UNIX || set_tcp_options(fd);
    if (address->every_family && family == AF_INET6)
        right = right && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) == 0;
    if (shared && family != AF_UNIX)
        right = right && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) == 0;
    if (right && bind(fd, &address->address.any, address->size) == 0)
        return fd;
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return -1;
}

/* A socket's file stays when its server died; it is removed if nobody answers behind it. */
static void
remove_dead_local(const struct http_listen_address *address)
{
    struct stat about;
    if (stat(address->address.local.sun_path, &about) != 0 || !S_ISSOCK(about.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, &address->address.any, address->size) != 0 && errno == ECONNREFUSED)
        unlink(address->address.local.sun_path);
    close(fd);
}

/* ":port" is every IPv6 and IPv4 address, or every IPv4 address where there is no IPv6. */
static int
bind_address(struct http_listen_address *address, bool shared)
{
    int fd = open_socket(address, shared);
    bool no_ipv6 = fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
    if (address->every_family && address->address.any.sa_family == AF_INET6 && no_ipv6) {
        uint16_t port = ntohs(address->address.v6.sin6_port);
        *address = (struct http_listen_address){.every_family = true};
        if (parse_host(address, "0.0.0.0", port))
            fd = open_socket(address, shared);
    }
    return fd;
}

static enum status
open_one(int *out, struct http_listen_address *address, bool shared, struct error *error)
{
    int fd = bind_address(address, shared);
    if (fd < 0)
        return errno_status(errno, error);
    socklen_t size = sizeof(address->address);
    if (listen(fd, LIMIT_HTTP_BACKLOG) != 0 || getsockname(fd, &address->address.any, &size) != 0) {
        enum status status = errno_status(errno, error);
        close(fd);
        return status;
    }
    *out = fd;
    return STATUS_OK;
}

/* SO_REUSEPORT lets a second server in unseen, so the port is first bound without it. */
static enum status
check_port_is_free(struct http_listen_address *address, struct error *error)
{
    int probe = bind_address(address, false);
    if (probe < 0)
        return errno_status(errno, error);
    close(probe);
    return STATUS_OK;
}

enum status
http_listen_open(int *fds, size_t count, struct http_listen_address *address, struct error *error)
{
    bool local = address->address.any.sa_family == AF_UNIX;
    if (local)
        remove_dead_local(address);
    enum status status = STATUS_OK;
    if (!local && count > 1)
        status = check_port_is_free(address, error);

    size_t opened = 0;
    while (status == STATUS_OK && opened < count) {
        if (!local || opened == 0)
            status = open_one(&fds[opened], address, count > 1, error);
        else if ((fds[opened] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0)) < 0)
            status = errno_status(errno, error);
        if (status == STATUS_OK)
            opened++;
    }
    while (status != STATUS_OK && opened > 0)
        close(fds[--opened]);
    return status;
}

static bool
is_listening(int fd)
{
    int accepts = 0;
    int type = 0;
    socklen_t size = sizeof(int);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 && accepts != 0 &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

enum status
http_listen_adopt(int *fds, size_t count, int listener, struct http_listen_address *address,
                  struct error *error)
{
    *address = (struct http_listen_address){.size = sizeof(address->address)};
    if (!is_listening(listener) ||
        getsockname(listener, &address->address.any, &address->size) != 0 ||
        fcntl(listener, F_SETFL, O_NONBLOCK) != 0 || fcntl(listener, F_SETFD, FD_CLOEXEC) != 0)
        return error_set(error, STATUS_INVALID,
                         "the descriptor %d that was handed over is no listening socket", listener);
    fds[0] = listener;
    for (size_t i = 1; i < count; i++) {
        fds[i] = fcntl(listener, F_DUPFD_CLOEXEC, 0);
        if (fds[i] >= 0)
            continue;
        enum status status = errno_status(errno, error);
        while (i > 1)
            close(fds[--i]);
        return status;
    }
    return STATUS_OK;
}

unsigned
http_listen_port(const struct http_listen_address *address)
{
    if (address->address.any.sa_family == AF_INET)
        return ntohs(address->address.v4.sin_port);
    if (address->address.any.sa_family == AF_INET6)
        return ntohs(address->address.v6.sin6_port);
    return 0;
}

void
http_listen_clean(const struct http_listen_address *address)
{
    if (address->address.any.sa_family == AF_UNIX)
        unlink(address->address.local.sun_path);
}
