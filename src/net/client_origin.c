#include "net/client_origin.h"

#include "base/mem.h"

#include <assert.h>

/* FNV-1a. */
static uint64_t
hash_url(const struct url *url)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < url->host.size; i++)
        hash = (hash ^ (unsigned char)url->host.ptr[i]) * UINT64_C(1099511628211);
    hash = (hash ^ url->port) * UINT64_C(1099511628211);
    return (hash ^ url->tls) * UINT64_C(1099511628211);
}

static bool
is_of(const struct origin *origin, const struct url *url, uint64_t hash)
{
    return origin->hash == hash && origin->port == url->port && origin->tls == url->tls &&
           slice_equal(slice_of(origin->host, origin->host_size), url->host);
}

static void
queue_add(struct origin_table *table, struct origin *origin, enum origin_queue queue)
{
    struct origin_list *list = queue == ORIGIN_QUEUE_RIPE ? &table->ripe : &table->cold;
    assert(origin->queue == ORIGIN_QUEUE_NONE);
    origin->queue = queue;
    origin->next_in_queue = NULL;
    if (list->first == NULL)
        list->first = origin;
    else
        list->last->next_in_queue = origin;
    list->last = origin;
}

static struct origin *
queue_take(struct origin_list *list)
{
    struct origin *origin = list->first;
    if (origin == NULL)
        return NULL;
    list->first = origin->next_in_queue;
    origin->queue = ORIGIN_QUEUE_NONE;
    return origin;
}

/* Something changed: those who wait there may be able to start. */
static void
ripen(struct origin_table *table, struct origin *origin)
{
    if (origin->queue == ORIGIN_QUEUE_NONE && origin->waiting.first != NULL)
        queue_add(table, origin, ORIGIN_QUEUE_RIPE);
}

static void
forget_unused(struct origin_table *table)
{
    for (size_t i = 0; i < ORIGIN_BUCKETS; i++) {
        struct origin **at = &table->buckets[i];
        while (*at != NULL) {
            struct origin *origin = *at;
            if (origin->users > 0 || origin->queue != ORIGIN_QUEUE_NONE) {
                at = &origin->next_in_bucket;
                continue;
            }
            *at = origin->next_in_bucket;
            mem_free(origin);
            table->count--;
        }
    }
}

static struct origin *
find_or_add(struct origin_table *table, const struct url *url)
{
    uint64_t hash = hash_url(url);
    struct origin **bucket = &table->buckets[hash % ORIGIN_BUCKETS];
    for (struct origin *origin = *bucket; origin != NULL; origin = origin->next_in_bucket)
        if (is_of(origin, url, hash))
            return origin;

    if (table->count >= ORIGIN_COUNT_MAX)
        forget_unused(table);
    struct origin *origin = mem_alloc(sizeof(*origin) + url->host.size);
    *origin = (struct origin){
        .next_in_bucket = *bucket,
        .hash = hash,
        .tls = url->tls,
        .literal = url->literal,
        .port = url->port,
        .protocol = url->tls && table->has_http2 ? ORIGIN_PROTOCOL_UNKNOWN : ORIGIN_PROTOCOL_HTTP1,
        .host_size = url->host.size,
    };
    memcpy(origin->host, url->host.ptr, url->host.size);
    *bucket = origin;
    table->count++;
    return origin;
}

void
origin_table_done(struct origin_table *table)
{
    assert(table->waiting == 0);
    while (queue_take(&table->ripe) != NULL || queue_take(&table->cold) != NULL)
        continue;
    forget_unused(table);
    assert(table->count == 0);
}

static bool
is_cold(const struct origin *origin, int64_t now_us)
{
    return !origin->literal && now_us >= origin->fresh_until_us;
}

static bool
is_known(const struct origin *origin, int64_t now_us)
{
    return !is_cold(origin, now_us) && origin->protocol != ORIGIN_PROTOCOL_UNKNOWN;
}

bool
origin_join(struct origin_table *table, struct transfer *transfer, int64_t now_us)
{
    struct origin *origin = transfer->origin;
    if (origin == NULL) {
        origin = find_or_add(table, &transfer->url);
        origin->users++;
        transfer->origin = origin;
    }
    if (is_known(origin, now_us))
        return true;
    transfer_list_add(&origin->waiting, transfer);
    table->waiting++;
    if (origin->pilot == NULL)
        ripen(table, origin);
    return false;
}

static struct transfer *
take_first(struct origin_table *table, struct origin *origin)
{
    struct transfer *transfer = origin->waiting.first;
    transfer_list_remove(transfer);
    table->waiting--;
    return transfer;
}

/* A new pilot, or NULL if there is one or no look-up is free. */
static struct transfer *
choose_pilot(struct origin_table *table, struct origin *origin, int64_t now_us)
{
    if (origin->pilot != NULL || origin->waiting.first == NULL)
        return NULL;
    bool looks_up = is_cold(origin, now_us);
    if (looks_up && table->look_ups == ORIGIN_LOOK_UPS_MAX) {
        queue_add(table, origin, ORIGIN_QUEUE_COLD);
        return NULL;
    }
    origin->pilot = take_first(table, origin);
    origin->pilot->holds_look_up = looks_up;
    table->look_ups += looks_up;
    return origin->pilot;
}

struct transfer *
origin_pop(struct origin_table *table, int64_t now_us)
{
    for (;;) {
        struct origin *origin = queue_take(&table->ripe);
        if (origin == NULL)
            return NULL;
        struct transfer *transfer = NULL;
        if (!is_known(origin, now_us))
            transfer = choose_pilot(table, origin, now_us);
        else if (origin->waiting.first != NULL)
            transfer = take_first(table, origin);
        if (is_known(origin, now_us))
            ripen(table, origin);
        if (transfer != NULL)
            return transfer;
    }
}

static void
release_look_up(struct origin_table *table, struct transfer *transfer)
{
    if (!transfer->holds_look_up)
        return;
    transfer->holds_look_up = false;
    table->look_ups--;
    struct origin *next = queue_take(&table->cold);
    if (next != NULL)
        queue_add(table, next, ORIGIN_QUEUE_RIPE);
}

void
origin_note_resolved(struct origin_table *table, struct transfer *transfer, int64_t now_us)
{
    if (!transfer->holds_look_up)
        return;
    release_look_up(table, transfer);
    transfer->origin->fresh_until_us = now_us + ORIGIN_FRESH_MS * 1000;
    ripen(table, transfer->origin);
}

void
origin_note_connected(struct origin_table *table, struct transfer *transfer,
                      enum origin_protocol protocol)
{
    struct origin *origin = transfer->origin;
    origin->protocol = protocol;
    /* On a kept connection no name was looked up: the next who waits is the pilot for that. */
    release_look_up(table, transfer);
    if (origin->pilot != transfer)
        return;
    origin->pilot = NULL;
    ripen(table, origin);
}

void
origin_leave(struct origin_table *table, struct transfer *transfer)
{
    struct origin *origin = transfer->origin;
    if (origin == NULL)
        return;
    release_look_up(table, transfer);
    if (transfer->list == &origin->waiting) {
        transfer_list_remove(transfer);
        table->waiting--;
    }
    transfer->origin = NULL;
    origin->users--;
    if (origin->pilot != transfer)
        return;
    origin->pilot = NULL;
    ripen(table, origin);
}

struct transfer *
origin_follower(struct transfer *pilot)
{
    struct origin *origin = pilot->origin;
    return origin == NULL || origin->pilot != pilot ? NULL : origin->waiting.first;
}

struct transfer *
origin_find_late(struct origin_table *table, int64_t now_us)
{
    for (size_t i = 0; i < ORIGIN_BUCKETS && table->waiting > 0; i++)
        for (struct origin *origin = table->buckets[i]; origin != NULL;
             origin = origin->next_in_bucket)
            for (struct transfer *t = origin->waiting.first; t != NULL; t = t->next)
                if (now_us >= t->deadline_us)
                    return t;
    return NULL;
}
