#include "net.h"

#include "world.h"

#include "base/exchange.h"
#include "base/mem.h"

#include <stdio.h>

#define RETRY_AFTER_S 2
#define RETRY_AFTER "2"

enum fate {
    FATE_ANSWER,
    FATE_OVERLOAD, /* 429, or 503 with Retry-After: free */
    FATE_ERROR,    /* 500 */
    FATE_UNREACHABLE,
    FATE_BROKEN,
    FATE_TIMED_OUT,
    FATE_CANCELLED,
};

struct flight {
    struct exchange *exchange;
    struct served *served;
    uint64_t ticket;
    enum fate fate;
    int64_t effect_us; /* INT64_MAX: the server never does it, or has */
    int64_t end_us;
};

static int64_t
delay_us(struct world *world)
{
    int64_t max_us = world->habits.answer_us_max;
    if (world->is_calm || max_us == 0)
        return 0;
    /* Mostly quick, sometimes slow. */
    return (int64_t)world_below(world,
                                (uint64_t)(world_below(world, 4) == 0 ? max_us : max_us / 20 + 1));
}

/* What may happen to a request without changing what comes of it: of those that use up an attempt,
 * fewer than there are. */
static enum fate
draw_fate(struct world *world, const struct served *served, const struct exchange *exchange)
{
    if (world->is_calm || !world_draws(world, world->habits.trouble))
        return FATE_ANSWER;
    enum fate fate = (enum fate)(FATE_OVERLOAD + world_below(world, 5));
    bool may_use_up =
        server_status(served, exchange) == 200 && served->troubles + 1 < served->attempts;
    if (fate != FATE_OVERLOAD && !may_use_up)
        return FATE_ANSWER;
    return fate;
}

static bool
body_is_odd(const struct exchange *exchange)
{
    return memmem(exchange->body.ptr, exchange->body.size, "\"odd\"", 5) != NULL;
}

uint64_t
net_call(struct world *world, struct exchange *exchange)
{
    struct flight *flight = mem_alloc(sizeof(*flight));
    int64_t now_us = world->clock.mono_us;
    flight->exchange = exchange;
    flight->ticket = ++world->net.last_ticket;
    bag_add(&world->net.flights, flight);
    flight->effect_us = INT64_MAX;
    flight->end_us = now_us;
    if (world->is_dead) {
        flight->fate = FATE_UNREACHABLE;
        return flight->ticket;
    }
    flight->served = server_receive(world, exchange);
    flight->fate = body_is_odd(exchange) ? FATE_ANSWER : draw_fate(world, flight->served, exchange);
    flight->effect_us = now_us + delay_us(world) + server_delay_us(exchange);
    flight->end_us = flight->effect_us + delay_us(world);
    if (flight->fate == FATE_TIMED_OUT)
        flight->end_us = now_us + exchange->timeout_ms * 1000;
    bool happens = flight->fate == FATE_ANSWER ||
                   (flight->fate != FATE_OVERLOAD && flight->fate != FATE_UNREACHABLE &&
                    world_below(world, 2) == 0);
    if (!happens)
        flight->effect_us = INT64_MAX;
    world_trace(world, "call %.8s %.*s fate %d", flight->served->key, SLICE_FORMAT(exchange->body),
                flight->fate);
    return flight->ticket;
}

void
net_cancel(struct world *world, uint64_t ticket)
{
    for (size_t i = 0; i < world->net.flights.count; i++) {
        struct flight *flight = world->net.flights.items[i];
        if (flight->ticket != ticket)
            continue;
        /* The answer may be quicker than the wish. */
        if (world_below(world, 4) == 0)
            return;
        flight->fate = FATE_CANCELLED;
        flight->end_us = world->clock.mono_us + (int64_t)world_below(world, 1000);
        return;
    }
}

static int64_t
flight_next_us(const struct flight *flight)
{
    return flight->effect_us < flight->end_us ? flight->effect_us : flight->end_us;
}

int64_t
net_next_us(const struct net *net)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < net->flights.count; i++) {
        int64_t due = flight_next_us(net->flights.items[i]);
        next = due < next ? due : next;
    }
    return next;
}

static void
end_without_answer(struct exchange *exchange, enum exchange_end end, const char *words)
{
    exchange->end = end;
    snprintf(exchange->words, sizeof(exchange->words), "%s", words);
}

static void
answer_trouble(struct exchange *exchange, int status)
{
    exchange->end = EXCHANGE_ANSWERED;
    exchange->http_status = status;
    if (status != 500)
        exchange->answer_headers[exchange->answer_header_count++] =
            (struct exchange_header){SLICE("retry-after"), SLICE(RETRY_AFTER)};
}

static void
fill_end(struct world *world, struct flight *flight)
{
    struct exchange *exchange = flight->exchange;
    switch (flight->fate) {
    case FATE_ANSWER:
        exchange->end = EXCHANGE_ANSWERED;
        server_answer(flight->served, exchange);
        return;
    case FATE_OVERLOAD:
        answer_trouble(exchange, world_below(world, 2) == 0 ? 429 : 503);
        return;
    case FATE_ERROR:
        answer_trouble(exchange, 500);
        return;
    case FATE_UNREACHABLE:
        end_without_answer(exchange, EXCHANGE_UNREACHABLE, "no route to the server");
        return;
    case FATE_BROKEN:
        end_without_answer(exchange, EXCHANGE_BROKEN, "the connection broke");
        return;
    case FATE_TIMED_OUT:
        end_without_answer(exchange, EXCHANGE_TIMED_OUT, "no answer in time");
        return;
    case FATE_CANCELLED:
        end_without_answer(exchange, EXCHANGE_CANCELLED, "cancelled");
        return;
    }
}

static void
note_end(struct world *world, struct flight *flight)
{
    struct served *served = flight->served;
    bool is_ok = flight->fate == FATE_ANSWER && flight->exchange->http_status == 200 &&
                 !body_is_odd(flight->exchange);
    served->end = is_ok ? SERVED_OK : flight->fate == FATE_CANCELLED ? SERVED_CUT : SERVED_FAILED;
    served->answered_us = world->clock.mono_us;
    if (flight->fate == FATE_OVERLOAD)
        served->not_before_us = world->clock.mono_us + RETRY_AFTER_S * 1000000;
    served->troubles += flight->fate > FATE_OVERLOAD && flight->fate != FATE_CANCELLED;
}

static void
end_flight(struct world *world, struct flight *flight)
{
    fill_end(world, flight);
    if (flight->served != NULL && !world->is_dead)
        note_end(world, flight);
    struct exchange *exchange = flight->exchange;
    if (flight->served != NULL)
        world_trace(world, "answer %.8s end %d status %d", flight->served->key, exchange->end,
                    exchange->http_status);
    mem_free(flight);
    exchange->done(exchange);
}

void
net_step(struct world *world)
{
    struct bag *flights = &world->net.flights;
    size_t begin =
        world->habits.is_shuffled && flights->count > 0 ? world_below(world, flights->count) : 0;
    for (size_t i = 0; i < flights->count; i++) {
        size_t at = (begin + i) % flights->count;
        struct flight *flight = flights->items[at];
        if (flight_next_us(flight) > world->clock.mono_us)
            continue;
        if (flight->effect_us <= flight->end_us) {
            flight->served->effects++;
            flight->effect_us = INT64_MAX;
        } else {
            end_flight(world, bag_take(flights, at));
        }
        return;
    }
}

void
net_kill(struct world *world)
{
    struct bag *flights = &world->net.flights;
    while (flights->count > 0) {
        struct flight *flight = bag_take(flights, 0);
        if (flight->effect_us != INT64_MAX && world_below(world, 2) == 0)
            flight->served->effects++;
        flight->fate = FATE_CANCELLED;
        end_flight(world, flight);
    }
}

void
net_done(struct net *net)
{
    bag_done(&net->flights);
}
