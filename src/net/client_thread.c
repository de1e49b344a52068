#include "net/client_thread.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 256
#define SWEEP_US INT64_C(1000000)
#define SHOW_US INT64_C(100000)

static thread_fn run;

static void
start_libcurl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
}

/* libcurl and OpenSSL cost time and memory, so they start with the first exchange. */
static void
wake_libcurl(struct client_thread *thread)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (thread->share != NULL)
        return;
    pthread_once(&once, start_libcurl);
    thread->share = curl_share_init();
    if (thread->share == NULL)
        abort();
    /* No lock functions: the share belongs to this thread. */
    curl_share_setopt(thread->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(thread->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

static bool
watch_orders(struct client_thread *thread)
{
    int fd = queue_fd(thread->orders);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    thread->epoll = epoll_create1(EPOLL_CLOEXEC);
    return thread->epoll >= 0 && epoll_ctl(thread->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

enum status
client_thread_new(struct client_thread **out, const struct http_client_options *options)
{
    *out = NULL;
    struct client_thread *thread = mem_alloc(sizeof(*thread));
    *thread = (struct client_thread){
        .orders = queue_new(true),
        .rules = options->rules,
        .ca_file = options->ca_file,
        .running_max = (options->max_in_flight + options->threads - 1) / options->threads,
        .shard_count = options->shards,
        .origins.has_http2 = options->http2,
        .shards = mem_alloc_array(options->shards + 1, sizeof(struct shard)),
    };
    for (size_t i = 0; i <= thread->shard_count; i++)
        thread->shards[i] = (struct shard){
            .thread = thread, .is_http2 = i == thread->shard_count, .timer_us = INT64_MAX};
    if (!watch_orders(thread) ||
        thread_start(&thread->thread, "http-client", 0, run, thread) != STATUS_OK) {
        client_thread_free(&thread);
        return STATUS_IO;
    }
    *out = thread;
    return STATUS_OK;
}

void
client_thread_free(struct client_thread **thread)
{
    struct client_thread *gone = *thread;
    if (gone == NULL)
        return;
    if (gone->thread != NULL) {
        struct order *order = mem_alloc(sizeof(*order));
        order->kind = ORDER_STOP;
        queue_push(gone->orders, &order->node);
        thread_join(&gone->thread);
    }
    if (gone->epoll >= 0)
        close(gone->epoll);
    queue_free(&gone->orders);
    mem_free(gone->shards);
    mem_free(gone->sockets);
    mem_free(gone);
    *thread = NULL;
}

static struct transfer **
bucket_of(struct client_thread *thread, uint64_t ticket)
{
    /* The low part of a ticket names the thread. */
    return &thread->buckets[ticket / HTTP_CLIENT_THREADS_MAX % CLIENT_TICKET_BUCKETS];
}

static void
remember(struct client_thread *thread, struct transfer *transfer)
{
    struct transfer **bucket = bucket_of(thread, transfer->order.ticket);
    transfer->next_in_bucket = *bucket;
    *bucket = transfer;
}

static void
forget(struct client_thread *thread, struct transfer *transfer)
{
    struct transfer **at = bucket_of(thread, transfer->order.ticket);
    while (*at != transfer)
        at = &(*at)->next_in_bucket;
    *at = transfer->next_in_bucket;
}

static struct transfer *
find(struct client_thread *thread, uint64_t ticket)
{
    struct transfer *transfer = *bucket_of(thread, ticket);
    while (transfer != NULL && transfer->order.ticket != ticket)
        transfer = transfer->next_in_bucket;
    return transfer;
}

/* Takes the transfer out of wherever it runs or waits. */
static void
detach(struct client_thread *thread, struct transfer *transfer)
{
    if (transfer->shard != NULL) {
        shard_stop(transfer);
        thread->running--;
    }
    origin_leave(&thread->origins, transfer);
    transfer_list_remove(transfer);
}

/* The exchange has its end: gives it back. The transfer is gone after this. */
static void
finish(struct client_thread *thread, struct transfer *transfer)
{
    struct exchange *exchange = transfer->exchange;
    assert(exchange->end != EXCHANGE_PENDING);
    detach(thread, transfer);
    forget(thread, transfer);
    thread->looked_at -= exchange->look != NULL;
    exchange->transport = NULL;
    exchange->done(exchange);
}

/* Those who waited for the pilot to reach their origin need not try it themselves. */
static void
finish_followers(struct client_thread *thread, struct transfer *pilot)
{
    const struct exchange *exchange = pilot->exchange;
    bool is_unreachable = exchange->end == EXCHANGE_UNREACHABLE ||
                          (exchange->end == EXCHANGE_BROKEN && !pilot->notes.has_request);
    if (!is_unreachable)
        return;
    struct transfer *follower = origin_follower(pilot);
    while (follower != NULL) {
        transfer_end_unsent(follower, exchange->words);
        finish(thread, follower);
        follower = origin_follower(pilot);
    }
}

/* The shard with room that comes first from a place chosen by the origin: so few exchanges stay
 * together and find each other's connections, and many spread. */
static struct shard *
choose_shard(struct client_thread *thread, const struct origin *origin)
{
    if (origin->protocol != ORIGIN_PROTOCOL_HTTP1)
        return &thread->shards[thread->shard_count];
    struct shard *least = NULL;
    for (size_t i = 0; i < thread->shard_count; i++) {
        struct shard *shard = &thread->shards[(origin->hash + i) % thread->shard_count];
        if (shard->running < HTTP_CLIENT_SHARD_CONNECTIONS)
            return shard;
        if (least == NULL || shard->running < least->running)
            least = shard;
    }
    return least;
}

static void
start(struct client_thread *thread, struct transfer *transfer)
{
    if (shard_start(choose_shard(thread, transfer->origin), transfer)) {
        thread->running++;
        return;
    }
    transfer_end_unsent(transfer, "the exchange has no room for its headers");
    finish(thread, transfer);
}

static void
admit(struct client_thread *thread, struct transfer *transfer)
{
    if (thread->running >= thread->running_max) {
        transfer_list_add(&thread->waiting, transfer);
        return;
    }
    int64_t timeout_ms = transfer->exchange->timeout_ms;
    if (timeout_ms > TRANSFER_TIMEOUT_MS_MAX)
        timeout_ms = TRANSFER_TIMEOUT_MS_MAX;
    if (transfer->deadline_us == 0)
        transfer->deadline_us = thread->now_us + timeout_ms * 1000;
    if (origin_join(&thread->origins, transfer, thread->now_us))
        start(thread, transfer);
}

/* Starts what may start. */
static void
pump(struct client_thread *thread)
{
    while (thread->running < thread->running_max) {
        struct transfer *transfer = origin_pop(&thread->origins, thread->now_us);
        if (transfer == NULL)
            break;
        start(thread, transfer);
    }
    while (thread->running < thread->running_max && thread->waiting.first != NULL) {
        struct transfer *transfer = thread->waiting.first;
        transfer_list_remove(transfer);
        admit(thread, transfer);
    }
}

void
client_thread_nudge(struct client_thread *thread, struct transfer *transfer)
{
    if (transfer->list == NULL)
        transfer_list_add(&thread->nudged, transfer);
}

static void
nudge(struct client_thread *thread)
{
    while (thread->nudged.first != NULL) {
        struct transfer *transfer = thread->nudged.first;
        transfer_list_remove(transfer);
        /* The end of a pause is what libcurl has for "look at this one now". */
        curl_easy_pause(transfer->slot->easy, CURLPAUSE_RECV);
        curl_easy_pause(transfer->slot->easy, CURLPAUSE_CONT);
    }
}

static void
cancel(struct client_thread *thread, struct transfer *transfer)
{
    transfer_end(transfer, EXCHANGE_CANCELLED, "cancelled");
    finish(thread, transfer);
}

static void
cancel_all(struct client_thread *thread)
{
    for (size_t i = 0; i < CLIENT_TICKET_BUCKETS; i++)
        while (thread->buckets[i] != NULL)
            cancel(thread, thread->buckets[i]);
}

static void
take(struct client_thread *thread, struct transfer *transfer)
{
    wake_libcurl(thread);
    transfer->thread = thread;
    remember(thread, transfer);
    thread->looked_at += transfer->exchange->look != NULL;
    if (thread->is_stopping)
        cancel(thread, transfer);
    else if (transfer_prepare(transfer))
        admit(thread, transfer);
    else
        finish(thread, transfer);
}

static void
obey(struct client_thread *thread, struct order *order)
{
    struct transfer *transfer = NULL;
    switch (order->kind) {
    case ORDER_SUBMIT:
        take(thread, (struct transfer *)(void *)order);
        return;
    case ORDER_CANCEL:
        transfer = find(thread, order->ticket);
        if (transfer != NULL)
            cancel(thread, transfer);
        break;
    case ORDER_STOP:
        thread->is_stopping = true;
        cancel_all(thread);
        break;
    }
    mem_free(order);
}

static void
obey_orders(struct client_thread *thread)
{
    struct queue_node *node = queue_drain(thread->orders);
    while (node != NULL) {
        struct order *order = (struct order *)(void *)node;
        node = node->next;
        obey(thread, order);
    }
}

static void
conclude(struct client_thread *thread, struct transfer *transfer, CURLcode code)
{
    if (transfer_conclude(transfer, code) == TRANSFER_REDIRECTED) {
        detach(thread, transfer);
        admit(thread, transfer);
        return;
    }
    finish_followers(thread, transfer);
    finish(thread, transfer);
}

static void
conclude_ended(struct client_thread *thread)
{
    for (size_t i = 0; i <= thread->shard_count; i++) {
        CURLcode code = CURLE_OK;
        struct transfer *transfer = shard_pop_ended(&thread->shards[i], &code);
        while (transfer != NULL) {
            conclude(thread, transfer, code);
            transfer = shard_pop_ended(&thread->shards[i], &code);
        }
    }
}

/* libcurl watches the time of those that run; this is for those that wait for their origin. */
static void
sweep_late(struct client_thread *thread)
{
    if (thread->origins.waiting == 0 || thread->now_us < thread->next_sweep_us)
        return;
    thread->next_sweep_us = thread->now_us + SWEEP_US;
    struct transfer *late = origin_find_late(&thread->origins, thread->now_us);
    while (late != NULL) {
        transfer_end(late, EXCHANGE_TIMED_OUT,
                     "no whole answer within %lld ms; the connection did not come about",
                     (long long)late->exchange->timeout_ms);
        finish(thread, late);
        late = origin_find_late(&thread->origins, thread->now_us);
    }
}

/* Who looks may have had no eyes for a piece when it came; the next may be far. */
static void
show_all(struct client_thread *thread)
{
    if (thread->looked_at == 0 || thread->now_us < thread->next_show_us)
        return;
    thread->next_show_us = thread->now_us + SHOW_US;
    for (size_t i = 0; i < CLIENT_TICKET_BUCKETS; i++)
        for (struct transfer *at = thread->buckets[i]; at != NULL; at = at->next_in_bucket)
            transfer_show(at);
}

static void
close_idle(struct client_thread *thread)
{
    size_t open = 0;
    for (size_t i = 0; i <= thread->shard_count; i++) {
        struct shard *shard = &thread->shards[i];
        if (shard->running == 0 && thread->now_us - shard->idle_since_us >= SHARD_IDLE_MS * 1000)
            shard_close(shard);
        open += shard->multi != NULL;
    }
    if (open == 0)
        shard_free_slots(thread);
}

/* When the loop must go round without an event. */
static int64_t
next_time(const struct client_thread *thread)
{
    int64_t next_us = thread->origins.waiting > 0 ? thread->next_sweep_us : INT64_MAX;
    if (thread->looked_at > 0 && thread->next_show_us < next_us)
        next_us = thread->next_show_us;
    for (size_t i = 0; i <= thread->shard_count; i++) {
        const struct shard *shard = &thread->shards[i];
        if (shard->multi == NULL)
            continue;
        if (shard->timer_us < next_us)
            next_us = shard->timer_us;
        int64_t idle_us = shard->idle_since_us + INT64_C(1000) * SHARD_IDLE_MS;
        if (shard->running == 0 && idle_us < next_us)
            next_us = idle_us;
    }
    return next_us;
}

static int
wait_ms(const struct client_thread *thread)
{
    int64_t next_us = next_time(thread);
    if (next_us == INT64_MAX)
        return -1;
    int64_t left_us = next_us - clock_mono_us(clock_system());
    if (left_us <= 0)
        return 0;
    return left_us > 60000000 ? 60000 : (int)((left_us + 999) / 1000);
}

static void
heed_events(struct client_thread *thread, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == queue_fd(thread->orders))
            obey_orders(thread);
        else
            shard_on_event(thread, events[i].data.fd, events[i].events);
    }
}

/* Many answers may come in one turn; whoever waits for them is woken once. */
static void
turn(struct client_thread *thread)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(thread->epoll, events, EVENTS_AT_ONCE, wait_ms(thread));
    assert(count >= 0 || errno == EINTR);
    thread->now_us = clock_mono_us(clock_system());
    queue_hold();
    heed_events(thread, events, count);
    pump(thread);
    for (size_t i = 0; i <= thread->shard_count; i++)
        shard_on_time(&thread->shards[i]);
    conclude_ended(thread);
    nudge(thread);
    sweep_late(thread);
    show_all(thread);
    pump(thread);
    close_idle(thread);
    queue_release();
}

static void
run(void *context)
{
    struct client_thread *thread = context;
    thread->now_us = clock_mono_us(clock_system());
    while (!thread->is_stopping)
        turn(thread);
    while (queue_count(thread->orders) > 0)
        obey_orders(thread);
    for (size_t i = 0; i <= thread->shard_count; i++)
        shard_close(&thread->shards[i]);
    shard_free_slots(thread);
    origin_table_done(&thread->origins);
    if (thread->share != NULL)
        curl_share_cleanup(thread->share);
}
