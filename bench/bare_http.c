/* bench/bare_http.c - the bare HTTP server: a fixed 199-byte JSON for every request.
 *
 * Usage: bare_http [LOOPS] [ADDRESS] [later]
 * http.mjs gives it load; "later" answers from a second thread, in
 * batches, as a group commit does. Ends at the end of its input (run it with </dev/null only in
 * tests) and prints what it served and what a request cost.
 */
#include "base/mem.h"
#include "base/queue.h"
#include "base/thread.h"
#include "net/http_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char body[] =
    "{\"data\":{\"id\":\"507f1f77bcf86cd799439011\",\"workflowId\":\"507f191e810c19729de860ea\","
    "\"status\":\"completed\",\"output\":{\"score\":42,\"words\":\"fixed answers of ours...\"},"
    "\"createdAt\":\"2026-11-21T07:00:00.000Z\"}}";

/* A request on its way to the second thread. */
struct later {
    struct queue_node node;
    struct http_request *request;
};

static struct queue *waiting;

static void
answer(struct http_request *request)
{
    const struct http_answer fixed = {
        .status = 200, .content_type = "application/json", .body = {body, sizeof(body) - 1}};
    http_answer(request, &fixed);
}

static void
answer_now(struct http_request *request, void *context)
{
    answer(request);
}

/* Those of this turn, one list a loop, the newest first. */
static struct queue_node *gathered[LIMIT_HTTP_LOOPS];

static void
answer_later(struct http_request *request, void *context)
{
    struct later *later = arena_alloc(http_request_arena(request), sizeof(*later));
    later->request = request;
    later->node.next = gathered[http_request_loop(request)];
    gathered[http_request_loop(request)] = &later->node;
}

static void
hand_on(void *context, unsigned index)
{
    queue_hold();
    while (gathered[index] != NULL) {
        struct queue_node *node = gathered[index];
        gathered[index] = node->next;
        queue_push_soon(waiting, node);
    }
    queue_release();
}

static void
answer_waiting(void *context)
{
    while (!queue_is_closed(waiting)) {
        struct queue_node *first = queue_wait(waiting, -1);
        struct queue_node *rest = queue_drain(waiting);
        queue_hold();
        if (first != NULL)
            answer(((struct later *)first)->request);
        while (rest != NULL) {
            struct later *later = (struct later *)rest;
            rest = rest->next;
            answer(later->request);
        }
        queue_release();
    }
}

static double
seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Time of the processor a request: steadier than the rate when the load shares the machine. */
static void
print_cost(struct http_counts counts)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    double requests = counts.requests == 0 ? 1 : (double)counts.requests;
    double user_us = seconds_of(use.ru_utime) * 1e6 / requests;
    double system_us = seconds_of(use.ru_stime) * 1e6 / requests;
    printf("%llu requests on %llu connections; %.2f us each (%.2f user, %.2f system), %ld KiB\n",
           (unsigned long long)counts.requests, (unsigned long long)counts.accepted,
           user_us + system_us, user_us, system_us, use.ru_maxrss);
}

int
main(int argc, char **argv)
{
    bool is_later = argc > 3 && strcmp(argv[3], "later") == 0;
    struct http_server_config config = {
        .address = argc > 2 ? argv[2] : "127.0.0.1:8064",
        .loop_count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1,
        .handler = is_later ? answer_later : answer_now,
        .on_turn_end = is_later ? hand_on : NULL,
    };
    struct http_server *server = NULL;
    struct thread *thread = NULL;
    struct error error;
    waiting = queue_new(false);
    if (thread_start(&thread, "answers", 0, answer_waiting, NULL) != STATUS_OK)
        return 1;
    if (http_server_start(&server, &config, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    fprintf(stderr, "port %u, a body of %zu bytes; end of input stops\n", http_server_port(server),
            sizeof(body) - 1);
    while (getchar() != EOF)
        continue;

    http_server_stop(server, 1000);
    struct http_counts counts = http_server_counts(server);
    print_cost(counts);
    queue_close(waiting);
    thread_join(&thread);
    http_server_free(&server);
    queue_free(&waiting);
    return 0;
}
