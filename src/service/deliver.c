#include "service/deliver.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "service/deliver_hosts.h"
#include "service/host.h"

#include <assert.h>

/* Read of what is due at once. */
#define PAGE 256
/* After a round a new one begins only when this many times its length have passed, so that walking
 * past what waits does not become all there is to do. */
#define ROUND_SHARE 20
/* When the store could not be read. */
#define AGAIN_MS 1000
/* The longest sleep. */
#define LOOK_US INT64_C(60000000)
/* The longest wait between two attempts. */
#define DELAY_MS_MAX INT64_C(7200000)
/* More of them are longer than that, whatever the first wait is. */
#define DOUBLINGS_MAX 20
/* How long a delivery that has ended can be looked at. */
#define KEEP_MS (INT64_C(30) * 86400000)
/* Those that are over at once: the others are met again. */
#define OVERDUE_MAX 64
/* Expired ones that each attempt removes. */
#define TRIM_ROWS 4

struct message;
typedef void sender_message_fn(struct sender *sender, struct message *message);

struct message {
    struct queue_node node;
    sender_message_fn *handle;
};

struct sender {
    struct service *service;
    struct queue *mailbox;
    struct thread *thread;
    struct rng rng;
    struct hosts hosts;
    uint32_t sending_count;
    uint32_t away;          /* these, and others that are being stored */
    struct delivery_due at; /* how far this round has come; its host is not kept */
    bool is_walking;        /* a round is under way */
    bool has_left_some;     /* this round has met what found no place */
    int64_t round_began_us, next_round_us;
    int64_t look_us;              /* when the next one is due, as far as the store knows */
    _Atomic int64_t news_unix_ms; /* the soonest due time committed since we last looked */
    _Atomic bool is_woken;
    struct message wake;
};

/* A delivery on its way: read, sent, and what came of it stored. */
struct sending {
    struct message message;
    struct sender *sender;
    struct host *host; /* NULL: nothing is sent */
    struct arena arena;
    struct delivery_row row;
    struct exchange *exchange;
    int64_t began_unix_ms, began_us;
    int64_t next_due_unix_ms; /* of the next attempt; 0: there is none */
};

static struct clock *
clock_of(const struct sender *sender)
{
    return sender->service->options.clock;
}

static void
sending_end(struct sending *sending)
{
    if (sending->host != NULL) {
        host_leave(sending->host, &sending->row.id);
        sending->sender->sending_count--;
    }
    sending->sender->away--;
    exchange_free(&sending->exchange);
    arena_done(&sending->arena);
    mem_free(sending);
}

/* --- when to look --- */

/* Something is due then. */
static void
look_in(struct sender *sender, int64_t ms)
{
    int64_t at_us = clock_mono_us(clock_of(sender)) + ms * 1000;
    if (at_us < sender->look_us)
        sender->look_us = at_us;
}

/* What is due at a time that the round may have passed: it goes back to there. */
static void
meet_again(struct sender *sender, int64_t due_unix_ms)
{
    if (due_unix_ms <= sender->at.due_unix_ms)
        sender->at = (struct delivery_due){.due_unix_ms = due_unix_ms - 1, .host = SLICE("")};
    look_in(sender, due_unix_ms - clock_unix_ms(clock_of(sender)));
}

/* --- what came of it --- */

/* A round may have met it while it was still on its way, and left it. */
static void
stored_handle(struct sender *sender, struct message *message)
{
    struct sending *sending = (struct sending *)message;
    int64_t due_unix_ms = sending->next_due_unix_ms;
    sending_end(sending);
    if (due_unix_ms > 0)
        meet_again(sender, due_unix_ms);
}

/* On the writer's thread. A delivery that is gone, or was changed meanwhile, is as well. */
static void
stored(struct intent *intent)
{
    struct sending *sending = intent->owner;
    intent_free(&intent);
    sending->message.handle = stored_handle;
    queue_push(sending->sender->mailbox, &sending->message.node);
}

static void
end_row(struct delivery_row *row, enum delivery_state state, int64_t now_unix_ms)
{
    row->state = state;
    row->due_unix_ms = 0;
    row->ended_unix_ms = now_unix_ms;
    row->expires_unix_ms = now_unix_ms + KEEP_MS;
}

/* Twice as long from one attempt to the next, but no longer than it has been tried since it was
 * stored or replayed; a quarter more or less, so that a crowd that began together spreads out. */
static int64_t
delay_ms(struct sender *sender, const struct delivery_row *row, int64_t now_unix_ms)
{
    const struct deliveries_options *options = &sender->service->options.deliveries;
    int64_t delay = now_unix_ms - (row->give_up_unix_ms - options->give_up_ms);
    int64_t doubled = options->retry_ms
                      << (row->attempts < DOUBLINGS_MAX ? row->attempts : DOUBLINGS_MAX);
    if (delay > doubled)
        delay = doubled;
    if (delay < options->retry_ms)
        delay = options->retry_ms;
    if (delay > DELAY_MS_MAX)
        delay = DELAY_MS_MAX;
    return delay - delay / 4 + (int64_t)rng_below(&sender->rng, (uint64_t)(delay / 2) + 1);
}

/* What was in hand is met again, a little later. */
static void
begin_again(struct sender *sender, int64_t ms)
{
    sender->at = (struct delivery_due){.host = SLICE("")};
    look_in(sender, ms);
}

static void
fill_row(struct sender *sender, struct delivery_row *row, const struct attempt_end *end)
{
    int64_t now = clock_unix_ms(clock_of(sender));
    int64_t delay = delay_ms(sender, row, now);
    row->attempts++;
    row->http_status = end->http_status;
    row->error = slice_text(end->words);
    if (end->is_taken) {
        end_row(row, DELIVERY_DELIVERED, now);
        return;
    }
    delay = delay > end->wait_ms ? delay : end->wait_ms;
    row->due_unix_ms = now + delay;
    if (end->is_hopeless || row->due_unix_ms > row->give_up_unix_ms)
        end_row(row, DELIVERY_DEAD, now);
}

/* The new row hangs in the intent; what it points to lives with the sending. */
static void
store_end(struct sending *sending, const struct delivery_row *row)
{
    struct service *service = sending->sender->service;
    struct intent *intent = intent_new(KIB(16));
    struct delivery_update *update = arena_alloc(&intent->arena, sizeof(*update));
    struct store_trim *trim = arena_alloc(&intent->arena, sizeof(*trim));
    *update = (struct delivery_update){DELIVERY_PENDING, *row};
    sending->next_due_unix_ms = row->due_unix_ms;
    *trim = (struct store_trim){clock_unix_ms(service->options.clock), TRIM_ROWS};
    intent_add(intent, STORE_DELIVERY_UPDATE, row->tries.size + 256)->delivery_update = update;
    intent_add(intent, STORE_DELIVERY_TRIM, 64)->trim = trim;
    intent->flow = &service->notes_flow;
    intent->owner = sending;
    intent->done = stored;
    writer_push(service->writer, intent);
}

static void
answered_handle(struct sender *sender, struct message *message)
{
    struct sending *sending = (struct sending *)message;
    struct delivery_row row = sending->row;
    int64_t now_us = clock_mono_us(clock_of(sender));
    /* We are stopping: it will be sent again. */
    if (sending->exchange->end == EXCHANGE_CANCELLED) {
        sending_end(sending);
        return;
    }
    struct attempt_end end = {
        .began_unix_ms = sending->began_unix_ms,
        .took_ms = (now_us - sending->began_us) / 1000,
    };
    attempt_read(&end, sending->exchange);
    host_note(sending->host, end.is_hosts_fault, end.wait_ms * 1000, now_us);
    if (end.is_hosts_fault)
        begin_again(sender, (sending->host->rests_until_us - now_us) / 1000 + 1);
    row.tries = attempt_add(&row, &end, sending->exchange, &sending->arena);
    fill_row(sender, &row, &end);
    store_end(sending, &row);
}

/* On the transport's thread. */
static void
answered(struct exchange *exchange)
{
    struct sending *sending = exchange->owner;
    queue_push(sending->sender->mailbox, &sending->message.node);
}

/* --- sending --- */

/* Without an attempt. */
static void
bury(struct sending *sending, const char *words)
{
    struct delivery_row row = sending->row;
    row.error = slice_text(words);
    end_row(&row, DELIVERY_DEAD, clock_unix_ms(clock_of(sending->sender)));
    store_end(sending, &row);
}

static void
send_row(struct sending *sending)
{
    struct sender *sender = sending->sender;
    struct service *service = sender->service;
    int64_t now = clock_unix_ms(clock_of(sender));
    enum status status = attempt_make(service, &sending->row, now, &sending->exchange);
    if (status == STATUS_NOT_FOUND) {
        bury(sending, "the run has been deleted");
        return;
    }
    if (status != STATUS_OK) {
        begin_again(sender, AGAIN_MS);
        sending_end(sending);
        return;
    }
    sending->began_unix_ms = now;
    sending->began_us = clock_mono_us(clock_of(sender));
    sending->message.handle = answered_handle;
    sending->exchange->done = answered;
    sending->exchange->owner = sending;
    service->options.transport.call(service->options.transport.context, sending->exchange);
}

/* Reads the delivery. What was in hand may have ended meanwhile, or be put off: NULL. */
static struct sending *
take(struct sender *sender, struct host *host, const struct id *delivery)
{
    struct sending *sending = mem_alloc(sizeof(*sending));
    sending->sender = sender;
    sending->host = host;
    sender->away++;
    if (host != NULL)
        sender->sending_count++;
    arena_init(&sending->arena, MIB(4));
    enum status status =
        store_delivery_get(sender->service->store, &sending->arena, delivery, &sending->row);
    bool is_due = status == STATUS_OK && sending->row.state == DELIVERY_PENDING &&
                  sending->row.due_unix_ms <= clock_unix_ms(clock_of(sender));
    sending->row.id = *delivery;
    if (is_due)
        return sending;
    int64_t due_unix_ms = status == STATUS_OK ? sending->row.due_unix_ms : 0;
    sending_end(sending);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        begin_again(sender, AGAIN_MS);
    else if (due_unix_ms > 0)
        meet_again(sender, due_unix_ms);
    return NULL;
}

static void
send_those_in_hand(struct sender *sender)
{
    struct host *host = NULL;
    struct id delivery;
    while (sender->sending_count < LIMIT_DELIVERIES_IN_FLIGHT &&
           hosts_next(&sender->hosts, clock_mono_us(clock_of(sender)), &host, &delivery)) {
        struct sending *sending = take(sender, host, &delivery);
        if (sending != NULL)
            send_row(sending);
    }
}

/* --- the round --- */

struct walk {
    struct sender *sender;
    int64_t now_unix_ms;
    uint32_t count;
    uint32_t overdue_count;
    struct id overdue[OVERDUE_MAX];
};

static bool
walk_past(const struct delivery_due *due, void *context)
{
    struct walk *walk = context;
    struct sender *sender = walk->sender;
    struct host *host = hosts_take(&sender->hosts, due->host);
    bool is_given_up = due->give_up_unix_ms < walk->now_unix_ms &&
                       (host == NULL || host_has_given_up(host, &due->id));
    if (is_given_up && walk->overdue_count < OVERDUE_MAX)
        walk->overdue[walk->overdue_count++] = due->id;
    else if (is_given_up || host == NULL || !host_offer(host, &due->id))
        sender->has_left_some = true;
    sender->at = (struct delivery_due){due->due_unix_ms, due->id, SLICE(""), 0};
    walk->count++;
    return true;
}

/* At the time at which the walk has looked. */
static void
end_round(struct sender *sender, int64_t now_us, int64_t now_unix_ms)
{
    int64_t due_unix_ms = 0;
    enum status status = store_delivery_next(sender->service->store, now_unix_ms, &due_unix_ms);
    sender->is_walking = false;
    sender->look_us = now_us + LOOK_US;
    if (status == STATUS_OK && (due_unix_ms - now_unix_ms) * 1000 < LOOK_US)
        sender->look_us = now_us + (due_unix_ms - now_unix_ms) * 1000;
    if (sender->has_left_some) {
        /* What was left is met again from the beginning. */
        sender->at = (struct delivery_due){.host = SLICE("")};
        sender->next_round_us = now_us + ROUND_SHARE * (now_us - sender->round_began_us);
        if (sender->next_round_us < sender->look_us)
            sender->look_us = sender->next_round_us;
    }
}

static void
walk_on(struct sender *sender)
{
    int64_t now_us = clock_mono_us(clock_of(sender));
    struct walk walk = {.sender = sender, .now_unix_ms = clock_unix_ms(clock_of(sender))};
    const struct delivery_due after = sender->at;
    enum status status = store_delivery_due(sender->service->store, walk.now_unix_ms, &after, PAGE,
                                            walk_past, &walk);
    for (uint32_t k = 0; k < walk.overdue_count; k++) {
        struct sending *sending = take(sender, NULL, &walk.overdue[k]);
        if (sending != NULL)
            bury(sending, "given up: its receiver has not answered for too long");
    }
    if (status != STATUS_OK) {
        sender->is_walking = false;
        sender->look_us = now_us + AGAIN_MS * INT64_C(1000);
    } else if (walk.count < PAGE) {
        end_round(sender, now_us, walk.now_unix_ms);
    }
}

static void
begin_round(struct sender *sender, int64_t now_us)
{
    bool is_time = now_us >= sender->look_us && now_us >= sender->next_round_us;
    if (sender->is_walking || !is_time)
        return;
    sender->is_walking = true;
    sender->has_left_some = false;
    sender->round_began_us = now_us;
}

/* Handles what is due; the monotonic time in us of the next turn. */
static int64_t
sender_turn(struct sender *sender)
{
    int64_t now_us = clock_mono_us(clock_of(sender));
    begin_round(sender, now_us);
    if (sender->is_walking)
        walk_on(sender);
    send_those_in_hand(sender);
    if (sender->is_walking)
        return now_us;
    int64_t rested_us = hosts_rested_us(&sender->hosts, now_us);
    int64_t look_us =
        sender->look_us > sender->next_round_us ? sender->look_us : sender->next_round_us;
    bool is_full = sender->sending_count == LIMIT_DELIVERIES_IN_FLIGHT;
    return rested_us < look_us && !is_full ? rested_us : look_us;
}

/* --- the thread --- */

static void
wake_handle(struct sender *sender, struct message *message)
{
    atomic_store(&sender->is_woken, false);
    int64_t news = atomic_exchange(&sender->news_unix_ms, INT64_MAX);
    if (news != INT64_MAX)
        meet_again(sender, news);
}

/* 0: it makes nothing due. */
static int64_t
due_of(const struct store_op *op)
{
    if (op->kind == STORE_DELIVERY_INSERT)
        return op->delivery->due_unix_ms;
    return op->kind == STORE_DELIVERY_UPDATE ? op->delivery_update->row.due_unix_ms : 0;
}

void
deliver_note_commit(struct sender *sender, const struct intent *intent)
{
    int64_t news = INT64_MAX;
    for (size_t i = 0; i < intent->op_count; i++) {
        int64_t due = due_of(&intent->ops[i]);
        news = due > 0 && due < news ? due : news;
    }
    if (news == INT64_MAX || intent->status != STATUS_OK)
        return;
    int64_t known = atomic_load(&sender->news_unix_ms);
    while (news < known && !atomic_compare_exchange_weak(&sender->news_unix_ms, &known, news))
        continue;
    if (!atomic_exchange(&sender->is_woken, true))
        queue_push_soon(sender->mailbox, &sender->wake.node);
}

static int
wait_for_ms(struct sender *sender, int64_t due_us)
{
    int64_t wait_us = due_us - clock_mono_us(clock_of(sender));
    return wait_us <= 0 ? 0 : wait_us > LOOK_US ? (int)(LOOK_US / 1000) : (int)(wait_us / 1000 + 1);
}

static void
handle_all(struct sender *sender, struct queue_node *node)
{
    while (node != NULL) {
        struct message *message = (struct message *)node;
        message->handle(sender, message);
        node = queue_pop(sender->mailbox);
    }
}

static void
sender_thread(void *context)
{
    struct sender *sender = context;
    while (!queue_is_closed(sender->mailbox)) {
        int64_t due_us = sender_turn(sender);
        handle_all(sender, queue_wait(sender->mailbox, wait_for_ms(sender, due_us)));
    }
}

enum status
deliver_start(struct service *service)
{
    struct sender *sender = mem_alloc(sizeof(*sender));
    sender->service = service;
    sender->mailbox = queue_new(false);
    sender->wake.handle = wake_handle;
    sender->at.host = SLICE("");
    atomic_store(&sender->news_unix_ms, INT64_MAX);
    rng_seed_system(&sender->rng);
    service->sender = sender;
    return thread_start(&sender->thread, "deliver", 0, sender_thread, sender);
}

void
deliver_stop(struct service *service)
{
    if (service->sender == NULL)
        return;
    queue_close(service->sender->mailbox);
    thread_join(&service->sender->thread);
}

void
deliver_settle(struct service *service)
{
    if (service->sender != NULL)
        handle_all(service->sender, queue_pop(service->sender->mailbox));
}

void
deliver_end(struct service *service)
{
    struct sender *sender = service->sender;
    if (sender == NULL)
        return;
    deliver_settle(service);
    assert(sender->away == 0);
    hosts_done(&sender->hosts);
    queue_free(&sender->mailbox);
    mem_free(sender);
    service->sender = NULL;
}

/* --- for whoever asks --- */

enum status
service_delivery_list(struct service *service, const struct delivery_page *page,
                      store_delivery_fn *visit, void *context)
{
    return store_delivery_list(service->store, page, visit, context);
}

enum status
service_delivery_find(struct service *service, const struct id *workspace, struct slice text,
                      struct arena *arena, struct delivery_row *out)
{
    struct id id;
    if (!id_parse(&id, text))
        return STATUS_NOT_FOUND;
    enum status status = store_delivery_get(service->store, arena, &id, out);
    if (status == STATUS_OK && !id_equal(&out->workspace, workspace))
        return STATUS_NOT_FOUND;
    return status;
}

static void
replayed(struct intent *intent)
{
    const struct run_asker *asker = intent->owner;
    asker->moved(intent->status, asker->context);
    intent_free(&intent);
}

void
service_delivery_replay(struct service *service, const struct delivery_row *row,
                        const struct run_asker *asker)
{
    if (row->state == DELIVERY_PENDING) {
        asker->moved(STATUS_CONFLICT, asker->context);
        return;
    }
    int64_t now = clock_unix_ms(service->options.clock);
    struct intent *intent = intent_new(MIB(1));
    struct delivery_update *update = arena_alloc(&intent->arena, sizeof(*update));
    struct run_asker *copy = arena_alloc(&intent->arena, sizeof(*copy));
    *update = (struct delivery_update){row->state, *row};
    *copy = *asker;
    update->row.state = DELIVERY_PENDING;
    update->row.due_unix_ms = now;
    update->row.give_up_unix_ms = now + service->options.deliveries.give_up_ms;
    update->row.ended_unix_ms = update->row.expires_unix_ms = 0;
    update->row.error = arena_copy(&intent->arena, row->error);
    update->row.tries = arena_copy(&intent->arena, row->tries);
    intent_add(intent, STORE_DELIVERY_UPDATE, row->tries.size + 256)->delivery_update = update;
    intent_add_idempotency(intent, asker->idempotency, IDEMPOTENCY_DELIVERY, &row->id);
    intent->owner = copy;
    intent->done = replayed;
    writer_push(service->writer, intent);
}
