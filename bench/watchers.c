/* bench/watchers.c - many clients that watch one run, and what sockets alone can do.
 *
 * Usage: watchers PORT PATH KEY COUNT   opens COUNT streams of server-sent events, prints "ready"
 *                                       when each has its answer's head, reads all to their ends,
 *                                       then prints one line of JSON
 *        watchers bare COUNT BYTES PIECE  a process that sends so many bytes to each of COUNT
 *                                       sockets in such pieces, and this one that reads them
 */
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_BYTES 65536
#define EVENTS_AT_ONCE 512
#define MARK "\nid: "

struct watcher {
    int fd;
    bool has_head;
    uint64_t events, bytes, last;
    int64_t ended_us;
    char tail[64]; /* the end of what was read before, in which a mark may begin */
    size_t tail_size;
};

static struct watcher *watchers;
static size_t count, open_count, head_count;
static int64_t first_us; /* of an event behind the history */
static int poll_fd;

static void
die(const char *words)
{
    fprintf(stderr, "watchers: %s: %s\n", words, strerror(errno));
    exit(1);
}

static int64_t
now_us(void)
{
    return clock_mono_us(clock_system());
}

static void
raise_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int
dial(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    /* One address may not have all the connections. */
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)fd % 50)};
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0)
        die("socket");
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        die("connect");
    return fd;
}

static void
watch(struct watcher *watcher, int fd)
{
    watcher->fd = fd;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watcher};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll");
    open_count++;
}

/* Ids must rise. */
static void
count_events(struct watcher *watcher, const char *text, size_t size)
{
    const char *at = text;
    while ((at = memmem(at, size - (size_t)(at - text), MARK, strlen(MARK))) != NULL) {
        at += strlen(MARK);
        if (memchr(at, '\n', size - (size_t)(at - text)) == NULL)
            return;
        uint64_t id = strtoull(at, NULL, 10);
        if (id <= watcher->last)
            die("an id did not rise");
        watcher->last = id;
        watcher->events++;
    }
}

/* Keeps what may be the beginning of an id that the next read ends. */
static void
take(struct watcher *watcher, char *text, size_t size)
{
    static char joined[READ_BYTES + 64];
    memcpy(joined, watcher->tail, watcher->tail_size);
    memcpy(joined + watcher->tail_size, text, size);
    size += watcher->tail_size;
    count_events(watcher, joined, size);
    size_t from = size;
    while (from > 0 && size - from < sizeof(watcher->tail) - 1 && joined[from - 1] != '\n')
        from--;
    from -= from > 0;
    /* A whole line of an id was counted; what stands behind it begins no id. */
    bool is_open = size - from < sizeof(watcher->tail) && memchr(joined + from, '\n', size - from);
    watcher->tail_size = is_open ? size - from : 0;
    memcpy(watcher->tail, joined + from, watcher->tail_size);
}

static void
read_some(struct watcher *watcher)
{
    static char text[READ_BYTES];
    ssize_t got = recv(watcher->fd, text, sizeof(text), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        close(watcher->fd);
        watcher->ended_us = now_us();
        open_count--;
        return;
    }
    if (!watcher->has_head) {
        watcher->has_head = true;
        head_count++;
        if (got < 12 || memcmp(text, "HTTP/1.1 200", 12) != 0) {
            text[got < 300 ? got : 300] = '\0';
            fprintf(stderr, "%s\n", text);
            die("not 200");
        }
    } else if (first_us == 0 && head_count == count) {
        first_us = now_us();
    }
    watcher->bytes += (uint64_t)got;
    take(watcher, text, (size_t)got);
}

static void
read_until(bool (*is_done)(void))
{
    struct epoll_event events[EVENTS_AT_ONCE];
    while (!is_done()) {
        int ready = epoll_wait(poll_fd, events, EVENTS_AT_ONCE, 60000);
        if (ready == 0)
            die("nothing came for a minute");
        for (int i = 0; i < ready; i++)
            read_some(events[i].data.ptr);
    }
}

static bool
all_have_heads(void)
{
    return head_count == count;
}

static bool
all_are_closed(void)
{
    return open_count == 0;
}

static void
make(const char *number)
{
    count = (size_t)strtoul(number, NULL, 10);
    watchers = calloc(count, sizeof(*watchers));
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    raise_limit();
}

static void
print(double seconds)
{
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        least = watchers[i].events < least ? watchers[i].events : least;
        most = watchers[i].events > most ? watchers[i].events : most;
        bytes += watchers[i].bytes;
    }
    printf("{\"watchers\":%zu,\"least\":%llu,\"most\":%llu,\"bytes\":%llu,\"seconds\":%.3f}\n",
           count, (unsigned long long)least, (unsigned long long)most, (unsigned long long)bytes,
           seconds);
}

static void
watch_run(char **argv)
{
    char request[1024];
    make(argv[4]);
    int size =
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nx-api-key: %s\r\n\r\n",
                 argv[2], argv[3]);
    for (size_t i = 0; i < count; i++) {
        int fd = dial((uint16_t)strtoul(argv[1], NULL, 10));
        if (send(fd, request, (size_t)size, MSG_NOSIGNAL) != size)
            die("send");
        watch(&watchers[i], fd);
    }
    read_until(all_have_heads);
    printf("ready\n");
    fflush(stdout);
    read_until(all_are_closed);
    print((double)(now_us() - first_us) / 1e6);
}

/* Each socket gets a piece in its turn. */
static void
send_all(int *fds, uint64_t bytes, size_t piece)
{
    char *text = malloc(piece);
    memset(text, 'x', piece);
    for (uint64_t sent = 0; sent < bytes; sent += piece) {
        for (size_t i = 0; i < count; i++) {
            if (send(fds[i], text, piece, MSG_NOSIGNAL) < 0)
                die("send");
        }
    }
    _exit(0);
}

static void
run_bare(char **argv)
{
    make(argv[2]);
    int *fds = calloc(count, sizeof(*fds));
    for (size_t i = 0; i < count; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
            die("socketpair");
        fds[i] = pair[0];
        watch(&watchers[i], pair[1]);
        watchers[i].has_head = true;
    }
    int64_t from_us = now_us();
    pid_t pid = fork();
    if (pid == 0)
        send_all(fds, strtoull(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    read_until(all_are_closed);
    waitpid(pid, NULL, 0);
    print((double)(now_us() - from_us) / 1e6);
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 5 && strcmp(argv[1], "bare") == 0)
        run_bare(argv);
    else if (argc == 5)
        watch_run(argv);
    else
        return 2;
    return 0;
}
