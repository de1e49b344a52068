/* bench/bench_client.c - how many exchanges a second the HTTP client carries, and what they cost.
 *
 * A stub server in a second process answers each POST after a delay, from the same two cores.
 * Usage: bench_client [exchanges in_flight delay_ms]; without arguments three usual settings.
 */
#include "base/clock.h"
#include "base/exchange.h"
#include "base/mem.h"
#include "base/queue.h"
#include "net/address.h"
#include "net/http_client.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS 256
#define REQUEST_BYTES 4096
#define BODY_BYTES 1024

static int64_t
now_us(void)
{
    return clock_mono_us(clock_system());
}

/* ---- The stub: one loop; all answers have the same delay, so they leave in order of arrival. */

struct due {
    struct due *next;
    int64_t at_us;
    int fd;
};

struct stub {
    int epoll;
    int listener;
    int64_t delay_us;
    struct due *first;
    struct due *last;
    size_t got[65536]; /* bytes of the request under way, by descriptor */
};

static void
stub_answer(int fd)
{
    char answer[1024];
    char body[768];
    memset(body, 'a', sizeof(body));
    int size = snprintf(answer, sizeof(answer),
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%.*s",
                        sizeof(body), (int)sizeof(body), body);
    if (write(fd, answer, (size_t)size) != size)
        close(fd);
}

static void
stub_accept(struct stub *stub)
{
    for (;;) {
        int fd = accept4(stub->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(stub->epoll, EPOLL_CTL_ADD, fd, &event);
        stub->got[fd] = 0;
    }
}

/* Requests have a header that ends with an empty line and a body of BODY_BYTES. */
static void
stub_read(struct stub *stub, int fd)
{
    char bytes[REQUEST_BYTES];
    ssize_t count = read(fd, bytes, sizeof(bytes));
    if (count <= 0) {
        close(fd);
        return;
    }
    char *end = memmem(bytes, (size_t)count, "\r\n\r\n", 4);
    size_t head = end == NULL ? 0 : (size_t)(end - bytes) + 4;
    stub->got[fd] += (size_t)count - head;
    if (stub->got[fd] < BODY_BYTES)
        return;
    stub->got[fd] = 0;
    if (stub->delay_us == 0) {
        stub_answer(fd);
        return;
    }
    struct due *due = mem_alloc(sizeof(*due));
    *due = (struct due){.at_us = now_us() + stub->delay_us, .fd = fd};
    if (stub->first == NULL)
        stub->first = due;
    else
        stub->last->next = due;
    stub->last = due;
}

static int
stub_answer_due(struct stub *stub)
{
    while (stub->first != NULL) {
        struct due *due = stub->first;
        int64_t left_us = due->at_us - now_us();
        if (left_us > 0)
            return (int)((left_us + 999) / 1000);
        stub->first = due->next;
        stub_answer(due->fd);
        mem_free(due);
    }
    return -1;
}

static void
stub_run(int listener, int64_t delay_ms)
{
    struct stub *stub = mem_alloc(sizeof(*stub));
    *stub = (struct stub){.epoll = epoll_create1(EPOLL_CLOEXEC), .listener = listener};
    stub->delay_us = delay_ms * 1000;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(stub->epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(stub->epoll, events, EVENTS, stub_answer_due(stub));
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                stub_accept(stub);
            else
                stub_read(stub, events[i].data.fd);
        }
    }
}

static pid_t
stub_start(uint16_t *port, int64_t delay_ms)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        abort();
    *port = ntohs(address.sin_port);
    pid_t pid = fork();
    if (pid == 0)
        stub_run(fd, delay_ms);
    close(fd);
    return pid;
}

/* ---- The load. */

struct load {
    struct http_client *client;
    struct queue *ended;
    char url[64];
    char body[BODY_BYTES];
    size_t failed;
};

static void
load_done(struct exchange *exchange)
{
    struct load *load = exchange->owner;
    queue_push(load->ended, &exchange->node);
}

static void
load_submit(struct load *load)
{
    struct exchange *exchange = exchange_new(1 << 20);
    exchange->method = SLICE("POST");
    exchange->url = slice_text(load->url);
    exchange->body = slice_of(load->body, sizeof(load->body));
    exchange->timeout_ms = 30000;
    exchange->max_answer_bytes = 1 << 20;
    exchange->done = load_done;
    exchange->owner = load;
    if (!exchange_add_header(exchange, SLICE("Content-Type"), SLICE("application/json")) ||
        !exchange_add_header(exchange, SLICE("Authorization"), SLICE("Bearer 0123456789abcdef")))
        abort();
    http_client_submit(load->client, exchange);
}

static void
load_collect(struct load *load, struct queue_node *node)
{
    struct exchange *exchange = (struct exchange *)(void *)node;
    if (exchange->end != EXCHANGE_ANSWERED || exchange->http_status != 200) {
        if (load->failed++ == 0)
            printf("failed: %d %s\n", exchange->end, exchange->words);
    }
    exchange_free(&exchange);
}

static size_t
resident_kib(void)
{
    size_t total = 0;
    size_t resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL || fscanf(file, "%zu %zu", &total, &resident) != 2)
        abort();
    fclose(file);
    return resident * 4;
}

static int64_t
cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static void
load_run(struct load *load, size_t count, size_t in_flight, int64_t delay_ms)
{
    size_t idle_kib = resident_kib();
    size_t busy_kib = 0;
    int64_t begin_us = now_us();
    int64_t begin_cpu_us = cpu_us();
    size_t submitted = 0;
    for (size_t ended = 0; ended < count;) {
        while (submitted < count && submitted - ended < in_flight) {
            load_submit(load);
            submitted++;
        }
        struct queue_node *node = queue_wait(load->ended, -1);
        if (busy_kib == 0)
            busy_kib = resident_kib();
        while (node != NULL) {
            load_collect(load, node);
            ended++;
            node = queue_pop(load->ended);
        }
    }
    double seconds = (double)(now_us() - begin_us) / 1e6;
    double ideal = (double)count / (double)in_flight * (double)delay_ms / 1000;
    printf("%zu exchanges, %zu in flight, %lld ms each: %.2f s (ideal %.2f), %.0f/s, %.1f us CPU "
           "each, %.1f KiB resident each in flight, %zu failed\n",
           count, in_flight, (long long)delay_ms, seconds, ideal, (double)count / seconds,
           (double)(cpu_us() - begin_cpu_us) / (double)count,
           busy_kib > idle_kib ? (double)(busy_kib - idle_kib) / (double)in_flight : 0.0,
           load->failed);
}

static void
bench(size_t count, size_t in_flight, int64_t delay_ms)
{
    struct load load = {.ended = queue_new(false)};
    struct address_rules *rules = NULL;
    struct error error = {0};
    uint16_t port = 0;
    pid_t stub = stub_start(&port, delay_ms);
    snprintf(load.url, sizeof(load.url), "http://127.0.0.1:%u/answer", port);
    memset(load.body, 'b', sizeof(load.body));
    if (address_rules_parse(&rules, SLICE("127.0.0.1"), &error) != STATUS_OK)
        abort();
    struct http_client_options options = {.rules = rules};
    if (http_client_new(&load.client, &options, &error) != STATUS_OK)
        abort();
    load_run(&load, count, in_flight, delay_ms);
    http_client_free(&load.client);
    address_rules_free(&rules);
    queue_free(&load.ended);
    kill(stub, SIGKILL);
    waitpid(stub, NULL, 0);
}

int
main(int argument_count, char **arguments)
{
    if (argument_count == 4) {
        bench(strtoul(arguments[1], NULL, 10), strtoul(arguments[2], NULL, 10),
              strtol(arguments[3], NULL, 10));
        return 0;
    }
    bench(10000, 1000, 200);
    bench(50000, 100, 0);
    bench(50000, 1000, 0);
    bench(20000, 4000, 200);
    return 0;
}
