/* tests/unit/net/client_world.h - two stubs, one client, and exchanges between them.
 *
 * The C library's look-up of names is replaced, so that tests need no network and can hold it:
 *
 *   good….test         127.0.0.1, like localhost and 127.0.0.1 with a final dot
 *   mixed.test         169.254.169.254, then 127.0.0.1
 *   six.test           two IPv6 addresses for documentation, then 127.0.0.1
 *   rebound.test       127.0.0.1 in every spelling IPv6 has for it
 *   anything else      not found
 *
 * Threads: the test's, but the exchanges come back from the client's.
 */
#ifndef TESTS_UNIT_NET_CLIENT_WORLD_H
#define TESTS_UNIT_NET_CLIENT_WORLD_H

#include "stub.h"

#include "base/exchange.h"
#include "base/queue.h"
#include "net/address.h"
#include "net/http_client.h"

#include <stdbool.h>
#include <stddef.h>

#define WAIT_MS 10000

struct world {
    struct stub stub;
    struct stub other; /* another origin */
    struct queue *ended;
    struct address_rules *rules;
    struct http_client *client;
};

/* Look-ups since names_hold(true), and the most at one time. */
extern int names_asked;
extern int names_at_once_most;

/* Makes look-ups wait, or lets them go. */
void names_hold(bool held);
void names_wait_asked(int count);

/* allow: a list of rules, or NULL for both stubs. */
struct world *world_new(const char *allow, size_t max_in_flight);
void world_free(struct world *world);

/* host: NULL for the stub's address, else the host, with the stub's port. */
struct exchange *world_exchange(struct world *world, const char *method, const char *host,
                                const char *path);

/* The next exchange that ended. */
struct exchange *world_next(struct world *world);

/* Runs one to its end. */
struct exchange *world_run(struct world *world, struct exchange *exchange);
struct exchange *world_get(struct world *world, const char *path);

/* Sends one exchange that must be answered: what was submitted before has been admitted then. */
void world_check_alive(struct world *world);

bool body_has(const struct exchange *exchange, const char *text);

/* Checks the end and a part of the words, and frees. */
void check_end(struct exchange *exchange, enum exchange_end end, const char *words);

#endif
