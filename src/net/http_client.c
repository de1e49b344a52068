#include "net/http_client.h"

#include "base/mem.h"
#include "net/client_thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define THREADS_DEFAULT 1
#define SHARDS_DEFAULT 16

struct http_client {
    char *ca_file; /* NULL: the system's */
    unsigned thread_count;
    atomic_uint_fast64_t next_number;
    struct client_thread *threads[HTTP_CLIENT_THREADS_MAX];
};

static enum status
check_options(const struct http_client_options *options, struct error *error)
{
    if (options->threads > HTTP_CLIENT_THREADS_MAX)
        return error_set(error, STATUS_INVALID, "more than %d threads", HTTP_CLIENT_THREADS_MAX);
    if (options->shards > HTTP_CLIENT_SHARDS_MAX)
        return error_set(error, STATUS_INVALID, "more than %d shards", HTTP_CLIENT_SHARDS_MAX);
    if (options->ca_file != NULL && access(options->ca_file, R_OK) != 0)
        return error_set(error, STATUS_NOT_FOUND, "%s: cannot be read", options->ca_file);
    return STATUS_OK;
}

enum status
http_client_new(struct http_client **out, const struct http_client_options *options,
                struct error *error)
{
    *out = NULL;
    enum status status = check_options(options, error);
    if (status != STATUS_OK)
        return status;

    struct http_client *client = mem_alloc(sizeof(*client));
    struct http_client_options full = *options;
    if (full.ca_file != NULL)
        client->ca_file = mem_copy_text(full.ca_file, strlen(full.ca_file));
    full.ca_file = client->ca_file;
    full.threads = full.threads == 0 ? THREADS_DEFAULT : full.threads;
    full.shards = full.shards == 0 ? SHARDS_DEFAULT : full.shards;
    if (full.max_in_flight == 0)
        full.max_in_flight = (size_t)full.threads * full.shards * HTTP_CLIENT_SHARD_CONNECTIONS;
    atomic_init(&client->next_number, 1);

    while (client->thread_count < full.threads && status == STATUS_OK) {
        status = client_thread_new(&client->threads[client->thread_count], &full);
        client->thread_count += status == STATUS_OK;
    }
    if (status != STATUS_OK) {
        http_client_free(&client);
        return error_set(error, status, "cannot start a thread of the HTTP client");
    }
    *out = client;
    return STATUS_OK;
}

uint64_t
http_client_submit(struct http_client *client, struct exchange *exchange)
{
    assert(exchange->end == EXCHANGE_PENDING);
    assert(exchange->timeout_ms > 0);
    assert(exchange->done != NULL);
    uint64_t number = atomic_fetch_add_explicit(&client->next_number, 1, memory_order_relaxed);
    uint64_t index = number % client->thread_count;
    uint64_t ticket = number * HTTP_CLIENT_THREADS_MAX + index;

    struct transfer *transfer = arena_alloc(&exchange->arena, sizeof(*transfer));
    transfer->order.kind = ORDER_SUBMIT;
    transfer->order.ticket = ticket;
    transfer->exchange = exchange;
    exchange->transport = transfer;
    queue_push_soon(client->threads[index]->orders, &transfer->order.node);
    return ticket;
}

void
http_client_cancel(struct http_client *client, uint64_t ticket)
{
    uint64_t index = ticket % HTTP_CLIENT_THREADS_MAX;
    assert(index < client->thread_count);
    struct order *order = mem_alloc(sizeof(*order));
    order->kind = ORDER_CANCEL;
    order->ticket = ticket;
    queue_push(client->threads[index]->orders, &order->node);
}

void
http_client_free(struct http_client **client)
{
    struct http_client *gone = *client;
    if (gone == NULL)
        return;
    for (unsigned i = 0; i < gone->thread_count; i++)
        client_thread_free(&gone->threads[i]);
    mem_free(gone->ca_file);
    mem_free(gone);
    *client = NULL;
}
