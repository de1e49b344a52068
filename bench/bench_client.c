/* bench/bench_client.c - how many exchanges a second the HTTP client carries, and what they cost.
 *
 * A stub server in a second process answers each POST after a delay, from the same two cores.
 * Usage: bench_client [exchanges in_flight delay_ms]; without arguments three usual settings.
 */
#include "stub.h"

#include "base/clock.h"
#include "base/exchange.h"
#include "base/mem.h"
#include "base/queue.h"
#include "net/address.h"
#include "net/http_client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY_BYTES 1024

static int64_t
now_us(void)
{
    return clock_mono_us(clock_system());
}

static pid_t
stub_start(uint16_t *port, int64_t delay_ms)
{
    int listener = stub_listen(port);
    pid_t pid = fork();
    if (pid == 0)
        stub_serve(listener, delay_ms);
    close(listener);
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
