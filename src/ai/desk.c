#include "ai/desk.h"

#include "ai/desk_call.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#define TICKET_BUCKETS 4096
#define LANE_BUCKETS 64
/* Calls do not wait here for a provider that wants to be left alone for longer. */
#define HOLD_US_MAX INT64_C(60000000)

/* The calls of one run that wait at a booth. */
struct lane {
    struct fair_flow flow; /* the first member: a flow leads to its lane */
    struct id run;
    size_t count;
    struct lane *next;
};

struct list {
    struct queue_node *first, *last;
};

/* One provider's window. */
struct booth {
    const struct ai_setup *setup;
    struct throttle throttle;
    _Atomic uint32_t seen_out, seen_slots; /* of the throttle, for who looks from outside */
    _Atomic bool seen_open;
    struct fair_owner owner;
    struct fair fair; /* those never sent */
    struct lane *lanes[LANE_BUCKETS];
    struct list again; /* those that met overload, oldest first */
    size_t waiting;    /* in both, given back ones included */
    struct list ready;
    struct fair_flow pool_flow; /* its turn in the pool */
    int64_t due_us;             /* when to look again; INT64_MAX: something will happen first */
};

struct ai_desk {
    struct ai_desk_options options;
    struct queue *mailbox;
    struct pool *pool;
    struct thread *thread;
    struct fair_owner pool_owner;
    atomic_uint_fast64_t last_ticket;
    struct booth *booths;
    struct desk_call *tickets[TICKET_BUCKETS];
    size_t count; /* calls whose exchange was not given back */
    bool is_stopping;
    bool is_stopped; /* nothing of it runs any more */
};

static struct desk_call *
call_of(struct queue_node *node)
{
    return (struct desk_call *)((char *)node - offsetof(struct desk_call, node));
}

static void
list_push(struct list *list, struct queue_node *node)
{
    node->next = NULL;
    if (list->last == NULL)
        list->first = node;
    else
        list->last->next = node;
    list->last = node;
}

static struct queue_node *
list_take(struct list *list)
{
    struct queue_node *node = list->first;
    if (node == NULL)
        return NULL;
    list->first = node->next;
    if (list->first == NULL)
        list->last = NULL;
    return node;
}

static int64_t
now_us(const struct ai_desk *desk)
{
    return clock_mono_us(desk->options.clock);
}

void
desk_post(struct ai_desk *desk, struct desk_message *message, enum desk_news news)
{
    message->news = news;
    queue_push(desk->mailbox, &message->node);
}

const struct ai_desk_options *
desk_options(const struct ai_desk *desk)
{
    return &desk->options;
}

/* --- tickets --- */

static struct desk_call **
ticket_place(struct ai_desk *desk, uint64_t ticket)
{
    struct desk_call **place = &desk->tickets[ticket % TICKET_BUCKETS];
    while (*place != NULL && (*place)->ticket != ticket)
        place = &(*place)->next;
    return place;
}

/* Gives the exchange back; the call stays as long as it is in a list. */
static void
give_back(struct desk_call *call)
{
    struct ai_desk *desk = call->desk;
    struct desk_call **place = ticket_place(desk, call->ticket);
    assert(*place == call);
    *place = call->next;
    desk->count--;
    struct exchange *exchange = call->exchange;
    call->exchange = NULL;
    exchange->done(exchange);
}

static void
call_free(struct desk_call *call)
{
    exchange_free(&call->sent);
    mem_free(call);
}

static void
end_cancelled(struct desk_call *call)
{
    call->exchange->end = EXCHANGE_CANCELLED;
    snprintf(call->exchange->words, sizeof(call->exchange->words), "cancelled");
    give_back(call);
}

static void
end_failed(struct desk_call *call, const struct ai_failure *failure)
{
    desk_call_fail(call, failure);
    give_back(call);
}

/* --- waiting --- */

static struct lane *
lane_get(struct booth *booth, const struct id *run)
{
    struct lane **place = &booth->lanes[run->bytes[ID_BYTES - 1] % LANE_BUCKETS];
    for (struct lane *lane = *place; lane != NULL; lane = lane->next)
        if (id_equal(&lane->run, run))
            return lane;
    struct lane *lane = mem_alloc(sizeof(*lane));
    lane->run = *run;
    lane->flow.owner = &booth->owner;
    lane->next = *place;
    *place = lane;
    return lane;
}

static void
lane_drop(struct booth *booth, struct lane *lane)
{
    struct lane **place = &booth->lanes[lane->run.bytes[ID_BYTES - 1] % LANE_BUCKETS];
    while (*place != lane)
        place = &(*place)->next;
    *place = lane->next;
    mem_free(lane);
}

static void
wait_in_turn(struct desk_call *call)
{
    struct booth *booth = call->booth;
    call->state = DESK_WAITING;
    call->lane = lane_get(booth, &call->exchange->run);
    call->lane->count++;
    booth->waiting++;
    fair_push(&booth->fair, &call->lane->flow, &call->node);
}

static void
wait_again(struct desk_call *call)
{
    call->state = DESK_WAITING;
    call->booth->waiting++;
    list_push(&call->booth->again, &call->node);
}

static struct desk_call *
take_waiting(struct booth *booth)
{
    struct queue_node *node = list_take(&booth->again);
    bool is_again = node != NULL;
    if (node == NULL)
        node = fair_take(&booth->fair);
    if (node == NULL)
        return NULL;
    booth->waiting--;
    struct desk_call *call = call_of(node);
    if (!is_again && --call->lane->count == 0)
        lane_drop(booth, call->lane);
    call->lane = NULL;
    return call;
}

/* The next one that still has its exchange; the others go. */
static struct desk_call *
take_live(struct booth *booth)
{
    struct desk_call *call = take_waiting(booth);
    while (call != NULL && call->exchange == NULL) {
        call_free(call);
        call = take_waiting(booth);
    }
    return call;
}

/* --- going --- */

static void
post(struct desk_call *call, task_fn *run)
{
    bool is_heavy = call->setup->provider->answer != NULL;
    call->state = DESK_AWAY;
    call->task.run = run;
    pool_post(call->desk->pool, &call->task, is_heavy ? &call->booth->pool_flow : NULL);
}

static void
send_done(struct exchange *exchange)
{
    struct desk_call *call = exchange->owner;
    ai_live_end(call);
    desk_post(call->desk, &call->message, DESK_CAME);
}

static void
send_call(struct desk_call *call)
{
    struct ai_desk *desk = call->desk;
    call->state = DESK_SENT;
    call->sent_us = now_us(desk);
    call->live = (struct ai_live){0};
    call->sent->done = send_done;
    call->sent->owner = call;
    call->sent_ticket = desk->options.send(desk->options.network, call->sent);
}

static void
begin_waiting(struct ai_desk *desk, struct booth *booth)
{
    while (booth->waiting > 0 && throttle_enter(&booth->throttle, now_us(desk))) {
        struct desk_call *call = take_live(booth);
        if (call != NULL)
            post(call, desk_call_build);
        else
            throttle_leave(&booth->throttle);
    }
}

static void
send_ready(struct ai_desk *desk, struct booth *booth)
{
    while (booth->ready.first != NULL) {
        struct desk_call *call = call_of(booth->ready.first);
        if (call->exchange != NULL &&
            !throttle_send(&booth->throttle, now_us(desk), call->tokens, &booth->due_us))
            return;
        list_take(&booth->ready);
        if (call->exchange != NULL) {
            send_call(call);
            continue;
        }
        throttle_leave(&booth->throttle);
        call_free(call);
    }
}

/* Fails all that wait; calls that are in the list of ready ones leave it when their turn comes. */
static void
fail_waiting(struct booth *booth, const struct ai_failure *failure)
{
    for (struct desk_call *call = take_live(booth); call != NULL; call = take_live(booth)) {
        end_failed(call, failure);
        call_free(call);
    }
    for (struct queue_node *node = booth->ready.first; node != NULL; node = node->next)
        if (call_of(node)->exchange != NULL)
            end_failed(call_of(node), failure);
}

/* Who has to wait for long does so where it costs no memory. */
static void
refuse_long_waits(struct ai_desk *desk, struct booth *booth)
{
    int64_t left_us = booth->throttle.held_until_us - now_us(desk);
    if (left_us <= HOLD_US_MAX || (booth->waiting == 0 && booth->ready.first == NULL))
        return;
    struct ai_failure failure = {.retry_after_ms = left_us / 1000};
    ai_fail(&failure, 429, "overloaded",
            "the provider %.*s is overloaded and asks for a pause of %lld s",
            SLICE_FORMAT(booth->setup->name), (long long)(left_us / 1000000));
    fail_waiting(booth, &failure);
}

static void
booth_go(struct ai_desk *desk, struct booth *booth)
{
    booth->due_us = INT64_MAX;
    refuse_long_waits(desk, booth);
    begin_waiting(desk, booth);
    send_ready(desk, booth);
    bool waits_for_breaker =
        booth->waiting > 0 && throttle_is_open(&booth->throttle) && booth->throttle.out == 0;
    if (waits_for_breaker && booth->throttle.held_until_us < booth->due_us)
        booth->due_us = booth->throttle.held_until_us;
}

/* --- coming home --- */

/* Out of the booth, with whatever end the exchange has. An answer that was quicker than the cancel
 * was paid for. */
static void
finish(struct desk_call *call)
{
    assert(call->is_answered || call->is_cancelled);
    const struct exchange *exchange = call->exchange;
    bool is_good = exchange->end == EXCHANGE_ANSWERED && exchange->http_status == 200;
    if (call->is_cancelled && !is_good)
        end_cancelled(call);
    else
        give_back(call);
    call_free(call);
}

static void
on_built(struct desk_call *call)
{
    if (!call->is_cancelled && !call->is_answered) {
        call->state = DESK_READY;
        list_push(&call->booth->ready, &call->node);
        return;
    }
    throttle_leave(&call->booth->throttle);
    finish(call);
}

/* Whether the desk itself sends it again. */
static bool
may_go_again(struct desk_call *call, enum throttle_end end)
{
    int64_t now = now_us(call->desk);
    if ((end != THROTTLE_OVERLOADED && end != THROTTLE_CROWDED) || call->is_cancelled)
        return false;
    if (call->overloaded_us == 0)
        call->overloaded_us = now;
    return now - call->overloaded_us < LIMIT_AI_OVERLOAD_MS * 1000;
}

static void
go_again(struct desk_call *call)
{
    exchange_free(&call->sent);
    call->is_answered = false;
    call->exchange->end = EXCHANGE_PENDING;
    wait_again(call);
}

/* The try after a pause failed as well. */
static void
fail_with(struct booth *booth, const struct desk_call *call)
{
    struct ai_failure failure = {0};
    const char *why = call->failure.code[0] != '\0' ? call->failure.words : call->exchange->words;
    ai_fail(&failure, 503, "provider_failed",
            "the provider failed %u times in a row, lastly: %.400s", booth->throttle.failures, why);
    fail_waiting(booth, &failure);
}

static void
on_read(struct desk_call *call)
{
    struct booth *booth = call->booth;
    struct throttle_news news = desk_call_news(call);
    uint32_t openings = booth->throttle.openings;
    throttle_leave(&booth->throttle);
    throttle_hear(&booth->throttle, now_us(call->desk), &news);
    if (may_go_again(call, news.end)) {
        go_again(call);
        return;
    }
    if (openings > 0 && booth->throttle.openings > openings)
        fail_with(booth, call);
    finish(call);
}

/* --- messages --- */

static struct booth *
find_booth(struct ai_desk *desk, struct slice name)
{
    for (size_t i = 0; i < desk->options.setup_count; i++)
        if (slice_equal(desk->booths[i].setup->name, name))
            return &desk->booths[i];
    return NULL;
}

static void
refuse(struct desk_call *call, int http_status, const char *code, const char *words)
{
    struct ai_failure failure = {.retry_after_ms = http_status == 429 ? 1000 : 0};
    ai_fail(&failure, http_status, code, "%s", words);
    end_failed(call, &failure);
    call_free(call);
}

static void
on_submit(struct ai_desk *desk, struct desk_call *call)
{
    call->next = desk->tickets[call->ticket % TICKET_BUCKETS];
    desk->tickets[call->ticket % TICKET_BUCKETS] = call;
    desk->count++;
    struct slice name = desk_call_provider(call->exchange->body, &call->exchange->arena);
    call->booth = find_booth(desk, name);
    if (desk->is_stopping) {
        end_cancelled(call);
        call_free(call);
    } else if (name.size == 0) {
        refuse(call, 400, "bad_config", "the model is not of the form provider/model");
    } else if (call->booth == NULL) {
        const char *words =
            arena_format(&call->exchange->arena, "no provider \"%.*s\" is configured",
                         SLICE_FORMAT(slice_cut(name, 60)));
        refuse(call, 400, "no_provider", words);
    } else if (desk->count > LIMIT_AI_CALLS) {
        refuse(call, 429, "overloaded", "too many calls to models wait already");
    } else {
        call->setup = call->booth->setup;
        wait_in_turn(call);
    }
}

static void
cancel_call(struct desk_call *call)
{
    struct ai_desk *desk = call->desk;
    call->is_cancelled = true;
    switch (call->state) {
    case DESK_WAITING:
    case DESK_READY:
        end_cancelled(call);
        break;
    case DESK_SENT:
        desk->options.cancel(desk->options.network, call->sent_ticket);
        break;
    case DESK_AWAY:
        break;
    }
}

static void
on_stop(struct ai_desk *desk)
{
    desk->is_stopping = true;
    for (size_t i = 0; i < TICKET_BUCKETS; i++)
        for (struct desk_call *call = desk->tickets[i]; call != NULL;) {
            struct desk_call *next = call->next;
            cancel_call(call);
            call = next;
        }
}

static void
on_call(struct ai_desk *desk, struct desk_call *call)
{
    switch (call->message.news) {
    case DESK_SUBMIT:
        on_submit(desk, call);
        break;
    case DESK_BUILT:
        on_built(call);
        break;
    case DESK_CAME:
        post(call, desk_call_read);
        break;
    case DESK_READ:
        on_read(call);
        break;
    case DESK_CANCEL:
    case DESK_STOP:
        break;
    }
}

static void
on_message(struct ai_desk *desk, struct desk_message *message)
{
    if (message->news == DESK_CANCEL) {
        struct desk_call *call = *ticket_place(desk, message->ticket);
        mem_free(message);
        if (call != NULL && !call->is_cancelled)
            cancel_call(call);
    } else if (message->news == DESK_STOP) {
        mem_free(message);
        on_stop(desk);
    } else {
        on_call(desk, (struct desk_call *)message);
    }
}

/* --- turns --- */

static int
due_ms(const struct ai_desk *desk)
{
    int64_t due_us = INT64_MAX;
    for (size_t i = 0; i < desk->options.setup_count; i++)
        if (desk->booths[i].due_us < due_us)
            due_us = desk->booths[i].due_us;
    if (due_us == INT64_MAX)
        return -1;
    int64_t left_us = due_us - now_us(desk);
    return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000);
}

static void
show_booths(struct ai_desk *desk)
{
    for (size_t i = 0; i < desk->options.setup_count; i++) {
        struct booth *booth = &desk->booths[i];
        booth->seen_out = booth->throttle.out;
        booth->seen_slots = (uint32_t)booth->throttle.slots;
        booth->seen_open = throttle_is_open(&booth->throttle);
    }
}

int
ai_desk_turn(struct ai_desk *desk, int wait_ms)
{
    int due = due_ms(desk);
    if (wait_ms < 0 || (due >= 0 && due < wait_ms))
        wait_ms = due;
    struct queue_node *node = queue_wait(desk->mailbox, wait_ms);
    for (; node != NULL; node = queue_pop(desk->mailbox))
        on_message(desk, (struct desk_message *)node);
    for (size_t i = 0; i < desk->options.setup_count; i++)
        booth_go(desk, &desk->booths[i]);
    show_booths(desk);
    return due_ms(desk);
}

/* --- for Prometheus --- */

#define LABELS_BYTES 160

/* Operators choose the names of providers: as labels want them. */
static void
provider_labels(const struct booth *booth, char out[LABELS_BYTES])
{
    char name[LABELS_BYTES / 2];
    size_t size = 0;
    struct slice given = slice_cut(booth->setup->name, sizeof(name) - 1);
    for (size_t i = 0; i < given.size; i++)
        name[size++] = strchr("\"\\\n", given.ptr[i]) == NULL ? given.ptr[i] : '_';
    name[size] = '\0';
    snprintf(out, LABELS_BYTES, "provider=\"%s\"", name);
}

void
ai_desk_print_metrics(const struct ai_desk *desk, struct buffer *out)
{
    static const struct {
        const char *name, *help;
    } gauges[] = {
        {"windrow_ai_calls_in_flight", "Calls of models on their way, by provider."},
        {"windrow_ai_calls_in_flight_max", "How many the provider is thought to bear at once."},
        {"windrow_ai_provider_down", "1 while a provider failed so often that it is only tried."},
    };
    for (size_t g = 0; g < COUNT_OF(gauges); g++) {
        metrics_begin(out, gauges[g].name, METRIC_GAUGE, gauges[g].help);
        for (size_t i = 0; i < desk->options.setup_count; i++) {
            const struct booth *booth = &desk->booths[i];
            const int64_t values[] = {booth->seen_out, booth->seen_slots, booth->seen_open};
            char labels[LABELS_BYTES];
            provider_labels(booth, labels);
            metrics_number(out, gauges[g].name, labels, values[g]);
        }
    }
}

static bool
is_done(const struct ai_desk *desk)
{
    return desk->is_stopping && desk->count == 0;
}

static void
run(void *context)
{
    struct ai_desk *desk = context;
    while (!is_done(desk))
        ai_desk_turn(desk, -1);
}

/* --- the desk --- */

static void
booth_init(struct ai_desk *desk, size_t index)
{
    const struct ai_setup *setup = &desk->options.setups[index];
    struct booth *booth = &desk->booths[index];
    booth->setup = setup;
    booth->due_us = INT64_MAX;
    booth->pool_flow.owner = &desk->pool_owner;
    throttle_init(&booth->throttle, &(struct throttle_options){
                                        .concurrency = setup->concurrency,
                                        .requests_per_us = setup->requests_per_ms / 1000,
                                        .tokens_per_us = setup->tokens_per_ms / 1000,
                                        .seed = desk->options.seed + index,
                                        .now_us = now_us(desk),
                                    });
}

enum status
ai_desk_new(struct ai_desk **out, const struct ai_desk_options *options)
{
    *out = NULL;
    struct ai_desk *desk = mem_alloc(sizeof(*desk));
    desk->options = *options;
    struct pool_options pool = {.name = "ai", .threads = options->threads};
    enum status status = pool_start(&desk->pool, &pool);
    if (status != STATUS_OK) {
        mem_free(desk);
        return status;
    }
    desk->mailbox = queue_new(false);
    desk->booths = mem_alloc_array(options->setup_count, sizeof(*desk->booths));
    for (size_t i = 0; i < options->setup_count; i++)
        booth_init(desk, i);
    *out = desk;
    return STATUS_OK;
}

enum status
ai_desk_start(struct ai_desk *desk)
{
    return thread_start(&desk->thread, "ai-desk", 0, run, desk);
}

uint64_t
ai_desk_submit(struct ai_desk *desk, struct exchange *exchange)
{
    struct desk_call *call = mem_alloc(sizeof(*call));
    uint64_t ticket = atomic_fetch_add(&desk->last_ticket, 1) + 1;
    call->desk = desk;
    call->exchange = exchange;
    call->ticket = ticket;
    exchange->end = EXCHANGE_PENDING;
    desk_post(desk, &call->message, DESK_SUBMIT);
    return ticket;
}

void
ai_desk_cancel(struct ai_desk *desk, uint64_t ticket)
{
    struct desk_message *message = mem_alloc(sizeof(*message));
    message->ticket = ticket;
    desk_post(desk, message, DESK_CANCEL);
}

/* What was given back while it waited is still in its list. */
static void
booth_done(struct booth *booth)
{
    assert(take_live(booth) == NULL);
    for (struct queue_node *node = list_take(&booth->ready); node != NULL;
         node = list_take(&booth->ready))
        call_free(call_of(node));
}

void
ai_desk_stop(struct ai_desk *desk)
{
    if (desk->is_stopped)
        return;
    desk->is_stopped = true;
    desk_post(desk, mem_alloc(sizeof(struct desk_message)), DESK_STOP);
    if (desk->thread == NULL)
        run(desk);
    thread_join(&desk->thread);
    pool_stop(&desk->pool);
}

void
ai_desk_free(struct ai_desk **desk)
{
    struct ai_desk *gone = *desk;
    if (gone == NULL)
        return;
    *desk = NULL;
    ai_desk_stop(gone);
    for (size_t i = 0; i < gone->options.setup_count; i++)
        booth_done(&gone->booths[i]);
    for (struct queue_node *node = queue_pop(gone->mailbox); node != NULL;
         node = queue_pop(gone->mailbox))
        mem_free(node);
    queue_free(&gone->mailbox);
    mem_free(gone->booths);
    mem_free(gone);
}
