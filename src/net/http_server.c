#include "net/http_loop.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

struct http_server {
    struct http_listen_address address;
    bool is_adopted;     /* its socket lives on with who made it */
    unsigned loop_count; /* that were made */
    struct http_loop *loops[LIMIT_HTTP_LOOPS];
    struct thread *threads[LIMIT_HTTP_LOOPS];
};

static void
default_ms(int64_t *value, int64_t otherwise)
{
    if (*value == 0)
        *value = otherwise;
}

static struct http_server_config
config_complete(const struct http_server_config *given)
{
    struct http_server_config config = *given;
    if (config.loop_count == 0)
        config.loop_count = 1;
    if (config.max_connections == 0)
        config.max_connections = LIMIT_HTTP_CONNECTIONS;
    config.max_connections = (config.max_connections - 1) / config.loop_count + 1;
    if (config.max_per_address > 0)
        config.max_per_address = (config.max_per_address - 1) / config.loop_count + 1;
    if (config.max_body_bytes == 0)
        config.max_body_bytes = LIMIT_INPUT_BYTES;
    if (config.max_held_bytes == 0)
        config.max_held_bytes = LIMIT_HTTP_HELD_BYTES;
    if (config.clock == NULL)
        config.clock = clock_system();
    default_ms(&config.shake_ms, 10000);
    default_ms(&config.idle_ms, 75000);
    default_ms(&config.head_ms, 10000);
    default_ms(&config.body_ms, 30000);
    default_ms(&config.write_ms, 30000);
    default_ms(&config.heartbeat_ms, 15000);
    return config;
}

/* Takes the listener over. */
static enum status
server_add_loop(struct http_server *server, const struct http_server_config *config, int listener)
{
    unsigned index = server->loop_count;
    enum status status = http_loop_new(&server->loops[index], config, index, listener);
    if (status != STATUS_OK)
        return status;
    server->loop_count++;
    char name[16];
    snprintf(name, sizeof(name), "http-%u", index);
    return thread_start(&server->threads[index], name, 0, http_loop_run, server->loops[index]);
}

static enum status
open_listeners(struct http_server *server, const struct http_server_config *config, int *listeners,
               struct error *error)
{
    if (server->is_adopted)
        return http_listen_adopt(listeners, config->loop_count, config->listener, &server->address,
                                 error);
    enum status status = http_listen_parse(&server->address, config->address, error);
    if (status != STATUS_OK)
        return status;
    return http_listen_open(listeners, config->loop_count, &server->address, error);
}

enum status
http_server_start(struct http_server **out, const struct http_server_config *config,
                  struct error *error)
{
    *out = NULL;
    assert(config->handler != NULL && config->loop_count <= LIMIT_HTTP_LOOPS);
    struct http_server_config complete = config_complete(config);
    struct http_server *server = mem_alloc(sizeof(*server));
    int listeners[LIMIT_HTTP_LOOPS];
    server->is_adopted = config->listener > 0;
    enum status status = open_listeners(server, &complete, listeners, error);
    if (status != STATUS_OK) {
        mem_free(server);
        return status;
    }
    for (size_t i = 0; i < complete.loop_count; i++) {
        if (status == STATUS_OK)
            status = server_add_loop(server, &complete, listeners[i]);
        else
            close(listeners[i]);
    }
    if (status == STATUS_OK) {
        *out = server;
        return STATUS_OK;
    }
    http_server_stop(server, 0);
    http_server_free(&server);
    return error_set(error, status, "cannot start the HTTP threads");
}

unsigned
http_server_port(const struct http_server *server)
{
    return http_listen_port(&server->address);
}

void
http_server_stop(struct http_server *server, int64_t grace_ms)
{
    for (size_t i = 0; i < server->loop_count; i++) {
        if (server->threads[i] == NULL)
            continue;
        struct http_loop *loop = server->loops[i];
        atomic_store(&loop->grace_ms, grace_ms);
        queue_push(loop->messages, &loop->stop_message.node);
    }
    for (size_t i = 0; i < server->loop_count; i++)
        thread_join(&server->threads[i]);
}

void
http_server_free(struct http_server **server)
{
    struct http_server *gone = *server;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->loop_count; i++) {
        assert(gone->threads[i] == NULL);
        http_loop_free(&gone->loops[i]);
    }
    if (!gone->is_adopted)
        http_listen_clean(&gone->address);
    mem_free(gone);
    *server = NULL;
}

struct http_counts
http_server_counts(const struct http_server *server)
{
    struct http_counts sum = {0};
    for (size_t i = 0; i < server->loop_count; i++) {
        const struct http_loop_counts *counts = &server->loops[i]->counts;
        sum.accepted += atomic_load_explicit(&counts->accepted, memory_order_relaxed);
        sum.turned_away += atomic_load_explicit(&counts->turned_away, memory_order_relaxed);
        sum.requests += atomic_load_explicit(&counts->requests, memory_order_relaxed);
        sum.refused += atomic_load_explicit(&counts->refused, memory_order_relaxed);
        sum.shakes_failed += atomic_load_explicit(&counts->shakes_failed, memory_order_relaxed);
        sum.open += atomic_load_explicit(&counts->open, memory_order_relaxed);
    }
    return sum;
}
