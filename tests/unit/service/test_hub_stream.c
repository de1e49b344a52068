/* Streams of events: the hub driven turn by turn, over the simulated store, with sinks that are
 * full or gone on order. */
#include "test.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/limits.h"
#include "service/hub.h"
#include "store/simulated/simulated.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct id run_a = {{1, 1}};
static const struct id run_b = {{1, 2}};

static struct store *store;
static struct hub *hub;
static int64_t now_us;
static struct task *posted[4096];
static size_t posted_count;

static int64_t
fake_mono_us(struct clock *unused)
{
    return now_us;
}

static int64_t
fake_unix_ms(struct clock *unused)
{
    return now_us / 1000;
}

static struct clock fake_clock = {fake_unix_ms, fake_mono_us};

static void
keep_task(void *world, struct task *task)
{
    assert_true(posted_count < COUNT_OF(posted));
    posted[posted_count++] = task;
}

static int asked;

static void
count_question(void *world, const struct id *run)
{
    asked++;
}

/* --- the store --- */

static void
commit(struct intent *intent)
{
    struct error error = {0};
    assert_int_equal(store_commit(store, &intent, 1, &error), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    hub_note_commit(hub, intent);
    intent_free(&intent);
}

static struct run_row
run_of(const struct id *id, enum run_state state, uint32_t generation)
{
    return (struct run_row){
        .workspace = {{7}},
        .id = *id,
        .workflow = {{8}},
        .version = 1,
        .generation = generation,
        .state = state,
        .trigger = SLICE("api"),
        .created_unix_ms = 1,
        .ended_unix_ms = run_state_is_ended(state) ? 2 : 0,
        .input = SLICE("{}"),
        .counts = SLICE("{\"tables\":[{\"table\":\"\",\"items\":1,\"completed\":1}]}"),
    };
}

static void
put_run(const struct id *id, enum run_state state)
{
    struct run_row row = run_of(id, state, 1);
    struct intent *intent = intent_new(KIB(16));
    intent_add(intent, STORE_RUN_INSERT, 64)->run = &row;
    commit(intent);
}

/* Tells `count` events of that type; an end moves the run too. */
static uint64_t
tell(const struct id *id, const char *type, uint32_t count, uint32_t generation)
{
    static const struct {
        const char *type;
        enum run_state state;
    } ends[] = {{"run.completed", RUN_STATE_COMPLETED},
                {"run.failed", RUN_STATE_FAILED},
                {"run.retried", RUN_STATE_QUEUED}};
    struct intent *intent = intent_new(KIB(256));
    struct buffer body;
    buffer_init(&body, KIB(256));
    for (uint32_t i = 0; i < count; i++)
        buffer_append_format(&body, "{\"type\":\"%s\",\"n\":%u}\n", type, i);
    struct events_row events = {.run = *id, .generation = generation, .count = count};
    events.body = buffer_slice(&body);
    struct run_row row;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        if (strcmp(type, ends[i].type) != 0)
            continue;
        row = run_of(id, ends[i].state, generation);
        intent_add(intent, STORE_RUN_MOVE, 64)->run = &row;
    }
    intent_add(intent, STORE_EVENTS_INSERT, 64)->events = &events;
    commit(intent);
    buffer_done(&body);
    return events.last;
}

/* --- sinks --- */

struct client {
    uint64_t ticket;
    bool is_begun, is_ended, is_broken;
    bool is_full, has_left; /* on order */
    uint64_t first, last;   /* ids of what came; they must rise by one but for those unused */
    uint32_t count, writes, snapshots, tokens;
    uint64_t heard_from, heard; /* bytes of what a model said */
    char types[512];            /* of the first ones, with commas behind */
};

static struct client clients[2000];
static size_t client_count;

static void
begin(void *context)
{
    struct client *client = context;
    assert_false(client->is_begun);
    client->is_begun = true;
}

/* Text that does not begin where the last ended begins anew. */
static void
take_token(struct client *client, const char *text)
{
    size_t from = (size_t)strtoull(strstr(text, "\"from\":") + strlen("\"from\":"), NULL, 10);
    const char *said = strstr(text, "\"text\":\"") + strlen("\"text\":\"");
    size_t size = strcspn(said, "\"");
    client->tokens++;
    client->heard_from = from <= client->heard ? client->heard_from : from;
    client->heard = from + size;
}

static void
take_event(struct client *client, const char *text)
{
    if (strncmp(text, "event: progress\n", strlen("event: progress\n")) == 0) {
        client->snapshots++;
        return;
    }
    if (strncmp(text, "event: token\n", strlen("event: token\n")) == 0) {
        take_token(client, text);
        return;
    }
    uint64_t id = strtoull(text + strlen("id: "), NULL, 10);
    const char *type = strstr(text, "event: ") + strlen("event: ");
    assert_true(id > client->last);
    /* The second and third are of runs computed in place. */
    if (client->count > 0 && id != EVENT_FIRST_STORED)
        assert_int_equal(id, client->last + 1);
    client->first = client->count == 0 ? id : client->first;
    client->last = id;
    client->count++;
    size_t used = strlen(client->types);
    size_t size = strcspn(type, "\n");
    if (used + size + 2 < sizeof(client->types))
        snprintf(client->types + used, sizeof(client->types) - used, "%.*s,", (int)size, type);
}

static enum status
take_text(void *context, struct slice text)
{
    struct client *client = context;
    assert_true(client->is_begun);
    assert_false(client->is_ended);
    if (client->has_left)
        return STATUS_CANCELLED;
    if (client->is_full)
        return STATUS_LIMIT;
    client->writes++;
    char *copy = malloc(text.size + 1);
    memcpy(copy, text.ptr, text.size);
    copy[text.size] = '\0';
    assert_string_equal(copy + text.size - 2, "\n\n");
    for (char *at = copy; at < copy + text.size; at = strstr(at, "\n\n") + 2)
        take_event(client, at);
    free(copy);
    return STATUS_OK;
}

static bool
has_left(void *context)
{
    return ((struct client *)context)->has_left;
}

static void
end(void *context, bool is_broken)
{
    struct client *client = context;
    assert_false(client->is_ended);
    client->is_ended = true;
    client->is_broken = is_broken;
}

static const struct event_sink sink = {begin, take_text, has_left, end};

static struct client *
watch(const struct id *run, uint64_t after)
{
    assert_true(client_count < COUNT_OF(clients));
    struct client *client = &clients[client_count++];
    *client = (struct client){.ticket = hub_ticket(hub)};
    struct event_watch wanted = {client->ticket, *run, after, &sink, client};
    assert_int_equal(hub_watch_events(hub, &wanted), STATUS_OK);
    return client;
}

/* Turns until nothing is left to do now. */
static void
settle(void)
{
    hub_turn(hub);
    while (posted_count > 0) {
        struct task *task = posted[--posted_count];
        task->run(task, NULL);
        hub_turn(hub);
    }
    hub_turn(hub);
    now_us += 100000;
    hub_turn(hub);
}

static int
open_hub(void **state)
{
    store = simulated_store_new(1);
    now_us = 1000000;
    client_count = posted_count = 0;
    hub = hub_new(&(struct hub_options){.store = store,
                                        .clock = &fake_clock,
                                        .watchers_max = 5000,
                                        .ask_progress = count_question,
                                        .post = keep_task});
    asked = 0;
    put_run(&run_a, RUN_STATE_QUEUED);
    put_run(&run_b, RUN_STATE_QUEUED);
    return 0;
}

static int
close_hub(void **state)
{
    settle();
    hub_free(&hub);
    store_close(&store);
    for (size_t i = 0; i < client_count; i++)
        assert_true(clients[i].is_ended);
    return 0;
}

/* --- tests --- */

static void
test_what_was_and_what_comes(void **state)
{
    tell(&run_a, "run.started", 1, 1);
    struct client *client = watch(&run_a, 0);
    settle();
    assert_string_equal(client->types, "run.queued,run.started,");
    tell(&run_a, "step.started", 2, 1);
    settle();
    assert_int_equal(client->count, 4);
    tell(&run_b, "run.started", 1, 1);
    tell(&run_a, "run.completed", 1, 1);
    assert_false(client->is_ended);
    settle();
    assert_string_equal(client->types,
                        "run.queued,run.started,step.started,step.started,run.completed,");
    assert_true(client->is_ended);
    assert_false(client->is_broken);
    assert_int_equal(hub_count(hub), 0);
}

/* Committed before the page is read, between that and its coming home, and behind it. */
static void
test_nothing_is_lost_while_a_page_is_read(void **state)
{
    struct client *client = watch(&run_a, 0);
    hub_turn(hub);
    tell(&run_a, "run.started", 1, 1);
    assert_int_equal(posted_count, 1);
    posted[0]->run(posted[0], NULL);
    posted_count = 0;
    tell(&run_a, "step.started", 1, 1);
    hub_turn(hub);
    tell(&run_a, "step.completed", 1, 1);
    settle();
    assert_string_equal(client->types, "run.queued,run.started,step.started,step.completed,");
    assert_int_equal(client->last, EVENT_FIRST_STORED + 2);
}

static void
test_it_goes_on_behind_any_id(void **state)
{
    tell(&run_a, "step.started", 10, 1);
    for (uint64_t after = 0; after <= EVENT_FIRST_STORED + 9; after++) {
        struct client *client = watch(&run_a, after);
        settle();
        uint64_t first = after < 1                    ? 1
                         : after < EVENT_FIRST_STORED ? EVENT_FIRST_STORED
                                                      : after + 1;
        if (client->count > 0)
            assert_int_equal(client->first, first);
        else
            assert_int_equal(after, EVENT_FIRST_STORED + 9);
    }
    tell(&run_a, "run.failed", 1, 1);
    settle();
    for (size_t i = 0; i < client_count; i++) {
        assert_int_equal(clients[i].last, EVENT_FIRST_STORED + 10);
        assert_true(clients[i].is_ended);
    }
}

static void
test_a_run_computed_in_place_tells_by_its_row(void **state)
{
    const struct id whole = {{1, 9}};
    put_run(&whole, RUN_STATE_COMPLETED);
    for (uint64_t after = 0; after < EVENT_FIRST_STORED; after++) {
        struct client *client = watch(&whole, after);
        settle();
        assert_int_equal(client->count, EVENT_FIRST_STORED - 1 - after);
        assert_true(client->is_ended && !client->is_broken);
    }
    assert_string_equal(clients[0].types, "run.queued,run.started,run.completed,");
}

static void
test_an_ended_run_gives_its_history_and_the_end(void **state)
{
    tell(&run_a, "run.started", 1, 1);
    tell(&run_a, "run.failed", 1, 1);
    tell(&run_a, "run.retried", 1, 2);
    struct client *first = watch(&run_a, 0);
    settle();
    assert_false(first->is_ended);
    tell(&run_a, "run.completed", 1, 2);
    struct client *second = watch(&run_a, 0);
    settle();
    assert_string_equal(first->types,
                        "run.queued,run.started,run.failed,run.retried,run.completed,");
    assert_string_equal(second->types, first->types);
    assert_true(first->is_ended && second->is_ended);
}

/* A client that comes too late to be full of: it gets all when there is room, from the log or from
 * the store. */
static void
test_a_full_stream_goes_on_when_there_is_room(void **state)
{
    struct client *client = watch(&run_a, 0);
    struct client *other = watch(&run_a, 0);
    settle();
    client->is_full = true;
    tell(&run_a, "step.started", 3, 1);
    settle();
    assert_int_equal(client->count, 1);
    assert_int_equal(other->count, 4);
    client->is_full = false;
    hub_room(hub, client->ticket);
    settle();
    assert_int_equal(client->count, 4);
    client->is_full = true;
    for (int i = 0; i < 100; i++)
        tell(&run_a, "step.started", 100, 1);
    settle();
    client->is_full = false;
    hub_room(hub, client->ticket);
    settle();
    assert_int_equal(client->count, 10004);
    assert_int_equal(other->count, 10004);
}

static void
test_a_client_that_takes_nothing_is_dropped(void **state)
{
    struct client *client = watch(&run_a, 0);
    settle();
    client->is_full = true;
    tell(&run_a, "step.started", 1, 1);
    settle();
    now_us += LIMIT_WATCH_FULL_MS * 1000 - 300000;
    settle();
    assert_false(client->is_ended);
    now_us += 200000;
    settle();
    assert_true(client->is_ended);
    assert_true(client->is_broken);
    /* And resumes where it was. */
    struct client *again = watch(&run_a, client->last);
    settle();
    assert_int_equal(again->first, EVENT_FIRST_STORED);
}

static void
test_a_client_that_leaves_is_forgotten(void **state)
{
    struct client *first = watch(&run_a, 0);
    struct client *second = watch(&run_a, 0);
    settle();
    first->has_left = true;
    hub_room(hub, first->ticket);
    settle();
    assert_true(first->is_ended);
    second->has_left = true;
    tell(&run_a, "step.started", 1, 1);
    settle();
    assert_true(second->is_ended);
    assert_int_equal(hub_count(hub), 0);
    hub_room(hub, second->ticket);
    settle();
}

static void
test_a_store_that_cannot_be_read_breaks_the_stream(void **state)
{
    struct client *client = watch(&run_a, 0);
    simulated_set_faults(store, &(struct simulated_faults){.read_io = 1000});
    settle();
    simulated_set_faults(store, &(struct simulated_faults){0});
    assert_true(client->is_ended);
    assert_true(client->is_broken);
}

/* All get all, in few writes each, whenever they come. */
static void
test_many_watch_one_run(void **state)
{
    for (int i = 0; i < 1000; i++) {
        watch(&run_a, 0);
        if (i % 10 == 0)
            tell(&run_a, "step.started", 1, 1);
    }
    settle();
    for (int i = 0; i < 100; i++)
        tell(&run_a, "step.completed", 1, 1);
    settle();
    tell(&run_a, "run.completed", 1, 1);
    settle();
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(clients[i].count, 202);
        assert_true(clients[i].is_ended && !clients[i].is_broken);
        assert_true(clients[i].writes < 12);
    }
}

/* Asked only while somebody watches, one question at a time, five a second; told when it changed.
 */
static void
test_snapshots_between_events(void **state)
{
    settle();
    assert_int_equal(asked, 0);
    struct client *client = watch(&run_a, 0);
    settle();
    assert_int_equal(asked, 1);
    settle();
    assert_int_equal(asked, 1);
    hub_note_progress(hub, &run_a, SLICE("\"n\":1"));
    hub_turn(hub);
    assert_int_equal(client->snapshots, 1);
    for (int tenth = 0; tenth < 100; tenth++) {
        settle();
        hub_note_progress(hub, &run_a, SLICE("\"n\":1"));
    }
    assert_in_range(asked, 25, 51);
    assert_int_equal(client->snapshots, 1);
    client->is_full = true;
    hub_note_progress(hub, &run_a, SLICE("\"n\":2"));
    settle();
    hub_note_progress(hub, &run_b, SLICE("\"n\":9"));
    client->is_full = false;
    hub_room(hub, client->ticket);
    settle();
    /* Who comes is shown the newest at once. */
    struct client *other = watch(&run_a, 0);
    settle();
    assert_int_equal(other->snapshots, 1);
    tell(&run_a, "run.completed", 1, 1);
    settle();
    int before = asked;
    now_us += 10000000;
    settle();
    assert_int_equal(asked, before);
}

static uint64_t
say(uint64_t call, uint64_t from, const char *text, bool is_end)
{
    const struct watch_text said = {.run = run_a,
                                    .call = call,
                                    .step = SLICE("write"),
                                    .from = from,
                                    .text = slice_text(text),
                                    .is_end = is_end};
    hub_note_text(hub, &said);
    return from + said.text.size;
}

static void
test_what_models_say(void **state)
{
    assert_int_equal(hub_wish(hub, &run_a), 0);
    struct client *client = watch(&run_a, 0);
    settle();
    uint32_t wish = hub_wish(hub, &run_a);
    assert_true(wish > 0);
    uint64_t said = say(1, 0, "one ", false);
    said = say(1, said, "two ", false);
    settle();
    assert_int_equal(client->tokens, 1);
    assert_int_equal(client->heard, 8);
    struct client *other = watch(&run_a, 0);
    settle();
    assert_int_equal(hub_wish(hub, &run_a), wish);
    assert_int_equal(other->tokens, 1);
    assert_int_equal(other->heard, 8);
    /* The last words come before the end. */
    say(1, said, "three", false);
    say(1, 0, "", true);
    hub_turn(hub);
    assert_int_equal(client->heard, 13);
    struct client *late = watch(&run_a, 0);
    settle();
    assert_int_equal(late->tokens, 0);
    client->has_left = other->has_left = late->has_left = true;
    tell(&run_a, "step.completed", 1, 1);
    settle();
    assert_int_equal(hub_wish(hub, &run_a), 0);
    watch(&run_a, 0);
    settle();
    assert_true(hub_wish(hub, &run_a) != wish);
}

/* Of a long text those who come are shown the newest part; memory stays bounded. */
static void
test_a_long_text_is_shown_from_its_newest_part(void **state)
{
    static char words[4001];
    memset(words, 'x', 4000);
    struct client *client = watch(&run_a, 0);
    settle();
    uint64_t said = 0;
    for (int i = 0; i < 100; i++) {
        said = say(1, said, words, false);
        settle();
    }
    assert_int_equal(client->heard, 400000);
    assert_int_equal(client->heard_from, 0);
    struct client *late = watch(&run_a, 0);
    settle();
    assert_int_equal(late->heard, 400000);
    assert_in_range(late->heard_from, 400000 - LIMIT_WATCH_TEXT_BYTES - 4000, 400000 - 1000);
    for (uint64_t call = 2; call < LIMIT_WATCH_CALLS + 100; call++)
        say(call, 0, "x", false);
    settle();
}

static void
test_a_stop_ends_streams(void **state)
{
    struct client *client = watch(&run_a, 0);
    settle();
    struct client *late = watch(&run_a, 0);
    hub_stop(hub);
    settle();
    assert_true(client->is_ended && !client->is_broken);
    assert_true(late->is_ended);
    struct event_watch wanted = {1, run_a, 0, &sink, client};
    assert_int_equal(hub_watch_events(hub, &wanted), STATUS_UNAVAILABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_hub, close_hub)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_and_what_comes),
        TEST(test_nothing_is_lost_while_a_page_is_read),
        TEST(test_it_goes_on_behind_any_id),
        TEST(test_a_run_computed_in_place_tells_by_its_row),
        TEST(test_an_ended_run_gives_its_history_and_the_end),
        TEST(test_a_full_stream_goes_on_when_there_is_room),
        TEST(test_a_client_that_takes_nothing_is_dropped),
        TEST(test_a_client_that_leaves_is_forgotten),
        TEST(test_a_store_that_cannot_be_read_breaks_the_stream),
        TEST(test_many_watch_one_run),
        TEST(test_snapshots_between_events),
        TEST(test_what_models_say),
        TEST(test_a_long_text_is_shown_from_its_newest_part),
        TEST(test_a_stop_ends_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
