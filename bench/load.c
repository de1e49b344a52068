/* bench/load.c - how many requests a second a server answers, and how long each takes.
 *
 * Each connection sends one request, waits for its whole answer and sends the next. Connections
 * that are only held send one request at first and then keep quiet.
 *
 * Usage: load ADDRESS PORT PATH [-c CONNECTIONS] [-d SECONDS] [-w WARM_SECONDS] [-h HELD]
 *             [-b BODY] [-k KEY] [-e STATUS]
 * With a body the method is POST, else GET. Prints one line of JSON; times are microseconds.
 */
#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define EVENTS 256
#define HEAD_BYTES 16384
#define REQUEST_BYTES 65536
#define SAMPLES_MAX ((size_t)1 << 22)
#define WAIT_MS 10000

struct options {
    const char *address;
    const char *path;
    const char *body;
    const char *key;
    uint16_t port;
    unsigned connections;
    unsigned held;
    double seconds;
    double warm_seconds;
    int status;
};

struct connection {
    int fd;
    bool is_quiet; /* held: nothing more is sent after the first answer */
    bool has_head;
    size_t left_bytes; /* of the body, once the head has come */
    size_t head_bytes;
    int64_t sent_us;
    char head[HEAD_BYTES];
};

struct load {
    struct options options;
    int epoll;
    struct connection *connections;
    char *request;
    size_t request_bytes;
    uint32_t *samples;
    size_t count;
    size_t answered;
    size_t failed; /* answers with another status than the expected one */
    size_t broken; /* connections that the server closed */
    int64_t count_from_us;
};

static void
die(const char *words)
{
    fprintf(stderr, "load: %s: %s\n", words, errno == 0 ? "failed" : strerror(errno));
    exit(1);
}

static int64_t
now_us(void)
{
    return clock_mono_us(clock_system());
}

static void
make_request(struct load *load)
{
    const struct options *options = &load->options;
    load->request = mem_alloc(REQUEST_BYTES);
    char length[96] = "";
    if (options->body != NULL)
        snprintf(length, sizeof(length),
                 "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                 strlen(options->body));
    int size = snprintf(
        load->request, REQUEST_BYTES, "%s %s HTTP/1.1\r\nHost: %s:%u\r\n%s%s%s%s\r\n%s",
        options->body == NULL ? "GET" : "POST", options->path, options->address, options->port,
        options->key == NULL ? "" : "X-Api-Key: ", options->key == NULL ? "" : options->key,
        options->key == NULL ? "" : "\r\n", length, options->body == NULL ? "" : options->body);
    if (size < 0 || size >= REQUEST_BYTES)
        die("the request is too long");
    load->request_bytes = (size_t)size;
}

static void
send_request(struct load *load, struct connection *connection)
{
    connection->has_head = false;
    connection->head_bytes = 0;
    connection->sent_us = now_us();
    ssize_t sent = write(connection->fd, load->request, load->request_bytes);
    if (sent != (ssize_t)load->request_bytes)
        die("cannot send a request at once");
}

static void
open_connection(struct load *load, struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load->options.port)};
    if (inet_pton(AF_INET, load->options.address, &address.sin_addr) != 1)
        die("the address is not one of IPv4");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        die("cannot connect");
    connection->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("cannot watch a connection");
}

static void
note_answer(struct load *load, struct connection *connection)
{
    int64_t now = now_us();
    load->answered++;
    if (connection->is_quiet)
        return;
    if (connection->sent_us >= load->count_from_us && load->count < SAMPLES_MAX)
        load->samples[load->count++] = (uint32_t)(now - connection->sent_us);
    send_request(load, connection);
}

/* The head is whole: what it says of the status and of the bytes behind it. */
static void
read_head(struct load *load, struct connection *connection, size_t end)
{
    char *head = connection->head;
    head[end - 1] = '\0';
    long status = strtol(head + strlen("HTTP/1.1 "), NULL, 10);
    const char *length = strcasestr(head, "\r\ncontent-length:");
    if (length == NULL)
        die("an answer has no length");
    size_t body_bytes = strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    size_t here = connection->head_bytes - end;
    if (here > body_bytes)
        die("an answer is longer than it says");
    if (status != load->options.status && load->failed++ == 0)
        fprintf(stderr, "load: %s\n%.*s\n", head, (int)here, head + end);
    connection->has_head = true;
    connection->left_bytes = body_bytes - here;
}

static void
close_connection(struct load *load, struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
    load->broken++;
}

static void
take_head(struct load *load, struct connection *connection)
{
    size_t room = HEAD_BYTES - 1 - connection->head_bytes;
    if (room == 0)
        die("an answer's head is too long");
    ssize_t count = read(connection->fd, connection->head + connection->head_bytes, room);
    if (count <= 0) {
        close_connection(load, connection);
        return;
    }
    connection->head_bytes += (size_t)count;
    char *end = memmem(connection->head, connection->head_bytes, "\r\n\r\n", 4);
    if (end == NULL)
        return;
    read_head(load, connection, (size_t)(end - connection->head) + 4);
    if (connection->left_bytes == 0)
        note_answer(load, connection);
}

static void
take_body(struct load *load, struct connection *connection)
{
    char bytes[65536];
    size_t wanted = connection->left_bytes < sizeof(bytes) ? connection->left_bytes : sizeof(bytes);
    ssize_t count = read(connection->fd, bytes, wanted);
    if (count <= 0) {
        close_connection(load, connection);
        return;
    }
    connection->left_bytes -= (size_t)count;
    if (connection->left_bytes == 0)
        note_answer(load, connection);
}

static void
turn(struct load *load)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(load->epoll, events, EVENTS, WAIT_MS);
    if (count == 0)
        die("no answer for ten seconds");
    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;
        if (connection->has_head && connection->left_bytes > 0)
            take_body(load, connection);
        else
            take_head(load, connection);
    }
}

/* All held connections have had their answer before the measuring begins. */
static void
hold(struct load *load)
{
    for (unsigned i = 0; i < load->options.held; i++) {
        struct connection *connection = &load->connections[load->options.connections + i];
        connection->is_quiet = true;
        open_connection(load, connection);
        send_request(load, connection);
        while (load->answered + 64 <= i)
            turn(load);
    }
    while (load->answered < load->options.held)
        turn(load);
}

static int
compare_samples(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t
percentile(const struct load *load, unsigned of_thousand)
{
    return load->count == 0 ? 0 : load->samples[load->count * of_thousand / 1000];
}

static void
run(struct load *load)
{
    hold(load);
    size_t answered = load->answered;
    for (unsigned i = 0; i < load->options.connections; i++) {
        open_connection(load, &load->connections[i]);
        send_request(load, &load->connections[i]);
    }
    int64_t from_us = now_us() + (int64_t)(load->options.warm_seconds * 1e6);
    int64_t end_us = from_us + (int64_t)(load->options.seconds * 1e6);
    while (now_us() < from_us)
        turn(load);
    load->count_from_us = now_us();
    answered = load->answered;
    while (now_us() < end_us)
        turn(load);
    double spent = (double)(now_us() - load->count_from_us) / 1e6;
    answered = load->answered - answered;
    qsort(load->samples, load->count, sizeof(*load->samples), compare_samples);
    printf("{\"rate\":%.1f,\"answers\":%zu,\"all_answers\":%zu,\"p50_us\":%u,\"p99_us\":%u,"
           "\"failed\":%zu,"
           "\"broken\":%zu}\n",
           (double)answered / spent, answered, load->answered, percentile(load, 500),
           percentile(load, 990), load->failed, load->broken);
}

static void
read_options(struct options *into, int count, char **arguments)
{
    *into = (struct options){
        .connections = 64, .seconds = 3, .warm_seconds = 0.5, .status = 200, .path = "/"};
    if (count < 4)
        die("expected ADDRESS PORT PATH");
    into->address = arguments[1];
    into->port = (uint16_t)strtoul(arguments[2], NULL, 10);
    into->path = arguments[3];
    int letter = 0;
    while ((letter = getopt(count - 3, arguments + 3, "c:d:w:h:b:k:e:")) >= 0) {
        switch (letter) {
        case 'c':
            into->connections = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'd':
            into->seconds = strtod(optarg, NULL);
            break;
        case 'w':
            into->warm_seconds = strtod(optarg, NULL);
            break;
        case 'h':
            into->held = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'b':
            into->body = optarg;
            break;
        case 'k':
            into->key = optarg;
            break;
        case 'e':
            into->status = (int)strtol(optarg, NULL, 10);
            break;
        default:
            die("unknown option");
        }
    }
}

int
main(int count, char **arguments)
{
    struct load load = {.count_from_us = INT64_MAX};
    read_options(&load.options, count, arguments);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    make_request(&load);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.samples = mem_alloc_array(SAMPLES_MAX, sizeof(*load.samples));
    load.connections =
        mem_alloc_array(load.options.connections + load.options.held, sizeof(*load.connections));
    run(&load);
    return 0;
}
