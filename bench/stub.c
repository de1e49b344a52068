#include "stub.h"

#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 256
#define BACKLOG 4096
#define DESCRIPTORS_MAX 65536
#define REQUEST_BYTES 8192
#define BODY_BYTES 768

struct due {
    struct due *next;
    int64_t at_us;
    int fd;
};

/* The request under way on one connection. */
struct request {
    size_t size_bytes;
    char bytes[REQUEST_BYTES];
};

struct stub {
    int epoll;
    int listener;
    int64_t delay_us;
    struct due *first;
    struct due *last;
    struct request *requests[DESCRIPTORS_MAX]; /* by descriptor */
    char answer[1024];
    size_t answer_bytes;
};

static int64_t
now_us(void)
{
    return clock_mono_us(clock_system());
}

static void
make_answer(struct stub *stub)
{
    char body[BODY_BYTES + 1];
    int start = snprintf(body, sizeof(body), "{\"ok\":true,\"score\":42,\"words\":\"");
    memset(body + start, 'a', (size_t)(BODY_BYTES - start - 2));
    body[BODY_BYTES - 2] = '"';
    body[BODY_BYTES - 1] = '}';
    body[BODY_BYTES] = '\0';
    stub->answer_bytes = (size_t)snprintf(stub->answer, sizeof(stub->answer),
                                          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                          "Content-Length: %d\r\n\r\n%s",
                                          BODY_BYTES, body);
}

static void
answer(struct stub *stub, int fd)
{
    if (write(fd, stub->answer, stub->answer_bytes) != (ssize_t)stub->answer_bytes)
        shutdown(fd, SHUT_RDWR);
}

static void
accept_all(struct stub *stub)
{
    for (;;) {
        int fd = accept4(stub->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        if (fd >= DESCRIPTORS_MAX)
            abort();
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(stub->epoll, EPOLL_CTL_ADD, fd, &event);
        if (stub->requests[fd] == NULL)
            stub->requests[fd] = mem_alloc(sizeof(struct request));
        stub->requests[fd]->size_bytes = 0;
    }
}

/* Bytes of the whole request, or 0 while its head is not there. */
static size_t
whole_bytes(struct request *request)
{
    const char *end = memmem(request->bytes, request->size_bytes, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    request->bytes[request->size_bytes] = '\0';
    const char *length = strcasestr(request->bytes, "\r\ncontent-length:");
    size_t body_bytes =
        length == NULL || length > end ? 0 : strtoul(strchr(length, ':') + 1, NULL, 10);
    return (size_t)(end - request->bytes) + 4 + body_bytes;
}

static void
answer_later(struct stub *stub, int fd)
{
    struct due *due = mem_alloc(sizeof(*due));
    *due = (struct due){.at_us = now_us() + stub->delay_us, .fd = fd};
    if (stub->first == NULL)
        stub->first = due;
    else
        stub->last->next = due;
    stub->last = due;
}

static void
take(struct stub *stub, int fd)
{
    struct request *request = stub->requests[fd];
    size_t room = REQUEST_BYTES - 1 - request->size_bytes;
    ssize_t count = room == 0 ? 0 : read(fd, request->bytes + request->size_bytes, room);
    if (count <= 0) {
        close(fd);
        return;
    }
    request->size_bytes += (size_t)count;
    size_t whole = whole_bytes(request);
    if (whole == 0 || request->size_bytes < whole)
        return;
    request->size_bytes = 0;
    if (stub->delay_us == 0)
        answer(stub, fd);
    else
        answer_later(stub, fd);
}

/* Milliseconds until the next answer is due; -1: none waits. */
static int
answer_due(struct stub *stub)
{
    while (stub->first != NULL) {
        struct due *due = stub->first;
        int64_t left_us = due->at_us - now_us();
        if (left_us > 0)
            return (int)((left_us + 999) / 1000);
        stub->first = due->next;
        answer(stub, due->fd);
        mem_free(due);
    }
    return -1;
}

int
stub_listen(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        abort();
    *port = ntohs(address.sin_port);
    return fd;
}

_Noreturn void
stub_serve(int listener, int64_t delay_ms)
{
    struct stub *stub = mem_alloc(sizeof(*stub));
    stub->epoll = epoll_create1(EPOLL_CLOEXEC);
    stub->listener = listener;
    stub->delay_us = delay_ms * 1000;
    make_answer(stub);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(stub->epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(stub->epoll, events, EVENTS, answer_due(stub));
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_all(stub);
            else
                take(stub, events[i].data.fd);
        }
    }
}
