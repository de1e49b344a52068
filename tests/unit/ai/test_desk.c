/* The desk on a made-up clock and network: what is sent when, again, and how everything ends. */
#include "test.h"

#include "ai/desk.h"
#include "ai/throttle.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>

#define SECOND INT64_C(1000000)
#define CALLS 64
#define BODY(content)                                                                              \
    "{\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{\"message\":{\"content\":\"" content "\"},"     \
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":10}}"

struct fake_clock {
    struct clock clock;
    int64_t us;
};

struct world {
    struct fake_clock clock;
    struct ai_desk *desk;
    struct exchange *sent[CALLS]; /* on their way, oldest first */
    size_t sent_count;
    size_t sent_ever;
    struct exchange *done[CALLS]; /* by number */
    size_t done_count;
    uint64_t tickets[CALLS];
    size_t submitted;
};

static int64_t
fake_unix_ms(struct clock *clock)
{
    return ((struct fake_clock *)clock)->us / 1000;
}

static int64_t
fake_mono_us(struct clock *clock)
{
    return ((struct fake_clock *)clock)->us;
}

static uint64_t
fake_send(void *context, struct exchange *exchange)
{
    struct world *world = context;
    assert_true(world->sent_count < CALLS);
    world->sent[world->sent_count++] = exchange;
    return ++world->sent_ever;
}

static void
take_sent(struct world *world, size_t index)
{
    world->sent_count--;
    memmove(&world->sent[index], &world->sent[index + 1],
            (world->sent_count - index) * sizeof(struct exchange *));
}

/* Tickets are not kept apart: whatever is on its way ends. */
static void
fake_cancel(void *context, uint64_t ticket)
{
    struct world *world = context;
    struct exchange *exchange = world->sent[0];
    take_sent(world, 0);
    exchange->end = EXCHANGE_CANCELLED;
    exchange->done(exchange);
}

static enum status
fake_text(void *context, const struct id *workspace, struct slice digest, struct arena *arena,
          struct slice *out)
{
    *out = SLICE("The kept text says Ur.");
    return digest.ptr[0] == 'a' ? STATUS_OK : STATUS_NOT_FOUND;
}

static void
on_done(struct exchange *exchange)
{
    struct world *world = exchange->owner;
    world->done[exchange->timeout_ms - 1] = exchange;
    world->done_count++;
}

static const struct ai_model model = {.context_bytes = 10000, .input_price = 2000000};

static bool
echo(const struct ai_request *request, struct arena *arena, struct ai_answer *out,
     struct ai_failure *failure)
{
    if (request->prompt.size == 0)
        return ai_fail(failure, 400, "no_source", "there is nothing to echo");
    *out = (struct ai_answer){.text = request->prompt, .model = SLICE("echo-1")};
    return true;
}

static const struct ai_provider echoing = {.kind = "echo", .answer = echo};

static struct ai_setup setups[2];

static struct world *
world_new(uint32_t concurrency)
{
    struct world *world = mem_alloc(sizeof(*world));
    world->clock = (struct fake_clock){{fake_unix_ms, fake_mono_us}, SECOND};
    setups[0] = (struct ai_setup){.name = SLICE("open"),
                                  .provider = &ai_openai,
                                  .base_url = SLICE("https://api.example/v1"),
                                  .models = &model,
                                  .model_count = 1,
                                  .max_tokens_name = "max_tokens",
                                  .timeout_ms = 60000,
                                  .concurrency = concurrency};
    setups[1] = (struct ai_setup){.name = SLICE("echo"),
                                  .provider = &echoing,
                                  .models = &model,
                                  .model_count = 1,
                                  .concurrency = 2};
    struct ai_desk_options options = {.setups = setups,
                                      .setup_count = 2,
                                      .clock = &world->clock.clock,
                                      .seed = 1,
                                      .threads = 2,
                                      .send = fake_send,
                                      .cancel = fake_cancel,
                                      .network = world,
                                      .text = fake_text};
    assert_int_equal(ai_desk_new(&world->desk, &options), STATUS_OK);
    return world;
}

static void
world_free(struct world *world)
{
    ai_desk_free(&world->desk);
    for (size_t i = 0; i < CALLS; i++)
        exchange_free(&world->done[i]);
    mem_free(world);
}

/* Gives the call's number. Its timeout is the number too, so that `done` knows it. */
static size_t
submit(struct world *world, const char *body, uint8_t run)
{
    size_t number = world->submitted++;
    struct exchange *exchange = exchange_new(LIMIT_EXCHANGE_BYTES);
    exchange->url = SLICE(AI_URL);
    exchange->body = slice_text(body);
    exchange->timeout_ms = (int64_t)number + 1;
    exchange->run.bytes[ID_BYTES - 1] = run;
    exchange->done = on_done;
    exchange->owner = world;
    assert_true(exchange_add_header(exchange, SLICE("Idempotency-Key"), SLICE("key-1")));
    world->tickets[number] = ai_desk_submit(world->desk, exchange);
    return number;
}

static size_t
ask(struct world *world)
{
    return submit(world, "{\"model\":\"open/m\",\"prompt\":\"hi\"}", 1);
}

/* Turns until the desk has come so far; the pool's threads take their real time. */
static void
turn_until(struct world *world, size_t sent, size_t done)
{
    for (int i = 0; i < 2000 && (world->sent_count < sent || world->done_count < done); i++)
        ai_desk_turn(world->desk, 5);
    assert_int_equal(world->sent_count, sent);
    assert_int_equal(world->done_count, done);
}

/* Moves the clock to where the desk wants to be asked again. */
static void
pass_pause(struct world *world)
{
    int wait_ms = ai_desk_turn(world->desk, 0);
    for (int i = 0; i < 2000 && wait_ms < 0; i++)
        wait_ms = ai_desk_turn(world->desk, 1);
    assert_true(wait_ms >= 0);
    world->clock.us += (int64_t)wait_ms * 1000;
    ai_desk_turn(world->desk, 0);
}

static void
answer(struct world *world, int http_status, const char *body, const char *retry_after)
{
    assert_true(world->sent_count > 0);
    struct exchange *exchange = world->sent[0];
    take_sent(world, 0);
    exchange->end = EXCHANGE_ANSWERED;
    exchange->http_status = http_status;
    exchange->answer_body = slice_text(body);
    if (retry_after != NULL)
        exchange->answer_headers[exchange->answer_header_count++] =
            (struct exchange_header){SLICE("retry-after"), slice_text(retry_after)};
    exchange->done(exchange);
}

static void
check(struct world *world, size_t number, int http_status, const char *words)
{
    struct exchange *exchange = world->done[number];
    assert_non_null(exchange);
    assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
    if (exchange->http_status != http_status ||
        memmem(exchange->answer_body.ptr, exchange->answer_body.size, words, strlen(words)) == NULL)
        fail_msg("%d %.*s, not %d %s", exchange->http_status, SLICE_FORMAT(exchange->answer_body),
                 http_status, words);
}

static void
test_an_answer_is_neutral_and_has_its_cost(void **state)
{
    struct world *world = world_new(8);
    size_t number = ask(world);
    turn_until(world, 1, 0);
    const struct exchange *sent = world->sent[0];
    assert_true(slice_is(sent->url, "https://api.example/v1/chat/completions"));
    assert_true(slice_is(sent->headers[sent->header_count - 1].value, "key-1"));
    assert_int_equal(sent->timeout_ms, 1);
    answer(world, 200, BODY("hello"), NULL);
    turn_until(world, 0, 1);
    check(world, number, 200,
          "{\"text\":\"hello\",\"model\":\"m-1\",\"id\":\"c\",\"finish\":\"stop\",\"usage\":{"
          "\"input\":1000,\"output\":10},\"cost_microcredits\":2000}");
    world_free(world);
}

static void
test_requests_that_cannot_be_sent(void **state)
{
#define HEX_63 "000000000000000000000000000000000000000000000000000000000000000"
    static const struct {
        const char *body;
        int http_status;
        const char *words;
    } table[] = {
        {"{\"model\":\"none/m\",\"prompt\":\"x\"}", 400, "\"no_provider\""},
        {"{\"prompt\":\"x\",\"model\":\"none/m\"}", 400, "\"no_provider\""},
        {"{\"model\":\"m\"}", 400, "\"bad_config\""},
        {"nonsense", 400, "\"bad_config\""},
        {"{\"model\":\"open/m\",\"prompt\":3}", 400, "\"bad_config\""},
        {"{\"model\":\"open/m\",\"sources\":[{\"number\":7,\"digest\":\"b" HEX_63 "\"}]}", 400,
         "source 7"},
        {"{\"model\":\"echo/e\",\"prompt\":\"\"}", 400, "\"no_source\""},
        {"{\"model\":\"echo/e\",\"prompt\":\"x\"}", 200, "{\"text\":\"x\",\"model\":\"echo-1\""},
    };
    struct world *world = world_new(8);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        size_t number = submit(world, table[i].body, 1);
        turn_until(world, 0, i + 1);
        check(world, number, table[i].http_status, table[i].words);
    }
    submit(world, "{\"model\":\"open/m\",\"sources\":[{\"number\":7,\"digest\":\"a" HEX_63 "\"}]}",
           1);
    turn_until(world, 1, COUNT_OF(table));
    assert_non_null(strstr(world->sent[0]->body.ptr, "The kept text says Ur."));
    world_free(world);
}

static void
test_overload_is_met_here_and_in_order(void **state)
{
    struct world *world = world_new(1);
    size_t first = ask(world);
    size_t second = submit(world, "{\"model\":\"open/m\",\"prompt\":\"second\"}", 1);
    turn_until(world, 1, 0);
    answer(world, 429, "", "7");
    pass_pause(world);
    assert_in_range(world->clock.us, 8 * SECOND, 9 * SECOND);
    turn_until(world, 1, 0);
    assert_null(strstr(world->sent[0]->body.ptr, "second"));
    answer(world, 200, BODY("one"), NULL);
    turn_until(world, 1, 1);
    answer(world, 200, BODY("two"), NULL);
    turn_until(world, 0, 2);
    check(world, first, 200, "one");
    check(world, second, 200, "two");
    world_free(world);
}

static void
test_overload_without_end_is_given_back(void **state)
{
    struct world *world = world_new(1);
    size_t number = ask(world);
    for (int i = 0; i < 100 && world->done_count == 0; i++) {
        turn_until(world, 1, 0);
        answer(world, 429, "", "30");
        for (int k = 0; k < 1000 && world->done_count == 0 && world->sent_count == 0; k++) {
            int wait_ms = ai_desk_turn(world->desk, 1);
            if (wait_ms > 0)
                world->clock.us += (int64_t)wait_ms * 1000;
        }
    }
    check(world, number, 429, "\"overloaded\"");
    assert_true(slice_is(exchange_answer_header(world->done[number], "retry-after-ms"), "30000"));
    assert_in_range(world->clock.us, LIMIT_AI_OVERLOAD_MS * 1000,
                    LIMIT_AI_OVERLOAD_MS * 1000 + 60 * SECOND);
    world_free(world);
}

static void
test_a_long_pause_is_waited_for_elsewhere(void **state)
{
    struct world *world = world_new(1);
    for (int i = 0; i < 3; i++)
        ask(world);
    turn_until(world, 1, 0);
    answer(world, 429, "", "600");
    turn_until(world, 0, 3);
    for (size_t i = 0; i < 3; i++)
        check(world, i, 429, "\"overloaded\"");
    world_free(world);
}

static void
test_failures_are_not_repeated(void **state)
{
    struct world *world = world_new(1);
    size_t number = ask(world);
    turn_until(world, 1, 0);
    answer(world, 500, "{\"error\":\"boom\"}", NULL);
    turn_until(world, 0, 1);
    check(world, number, 500, "boom");
    number = ask(world);
    turn_until(world, 1, 1);
    answer(world, 200, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", NULL);
    turn_until(world, 0, 2);
    check(world, number, 502, "\"provider_failed\"");
    world_free(world);
}

static void
test_a_dead_provider_is_tried_by_one_alone(void **state)
{
    struct world *world = world_new(1);
    for (int i = 0; i < THROTTLE_FAILURES; i++) {
        ask(world);
        turn_until(world, 1, (size_t)i);
        answer(world, 500, "", NULL);
        turn_until(world, 0, (size_t)i + 1);
    }
    for (int i = 0; i < 5; i++)
        ask(world);
    ai_desk_turn(world->desk, 0);
    assert_int_equal(world->sent_count, 0);
    pass_pause(world);
    turn_until(world, 1, THROTTLE_FAILURES);
    answer(world, 500, "{\"error\":\"still dead\"}", NULL);
    turn_until(world, 0, THROTTLE_FAILURES + 5);
    check(world, THROTTLE_FAILURES, 500, "still dead");
    check(world, THROTTLE_FAILURES + 4, 503, "in a row, lastly: ");
    check(world, THROTTLE_FAILURES + 4, 503, "still dead");
    /* The next one waits longer, and finds it alive. */
    ask(world);
    ask(world);
    pass_pause(world);
    turn_until(world, 1, THROTTLE_FAILURES + 5);
    answer(world, 200, BODY("x"), NULL);
    turn_until(world, 1, THROTTLE_FAILURES + 6);
    world_free(world);
}

static void
test_calls_are_cancelled_wherever_they_are(void **state)
{
    struct world *world = world_new(1);
    size_t sent = ask(world);
    size_t waiting = ask(world);
    turn_until(world, 1, 0);
    ai_desk_cancel(world->desk, world->tickets[waiting]);
    turn_until(world, 1, 1);
    assert_int_equal(world->done[waiting]->end, EXCHANGE_CANCELLED);
    answer(world, 429, "", "5");
    while (ai_desk_turn(world->desk, 1) < 0)
        ;
    /* It is built again and waits for the pause to end. */
    ai_desk_cancel(world->desk, world->tickets[sent]);
    turn_until(world, 0, 2);
    assert_int_equal(world->done[sent]->end, EXCHANGE_CANCELLED);
    world->clock.us += 10 * SECOND;
    size_t third = ask(world);
    turn_until(world, 1, 2);
    ai_desk_cancel(world->desk, world->tickets[third]);
    turn_until(world, 0, 3);
    assert_int_equal(world->done[third]->end, EXCHANGE_CANCELLED);
    ai_desk_cancel(world->desk, world->tickets[third]);
    ai_desk_cancel(world->desk, 9999);
    size_t last = ask(world);
    turn_until(world, 1, 3);
    answer(world, 200, BODY("x"), NULL);
    turn_until(world, 0, 4);
    check(world, last, 200, "x");
    world_free(world);
}

static void
test_runs_take_turns(void **state)
{
    struct world *world = world_new(1);
    for (int i = 0; i < 10; i++)
        submit(world, "{\"model\":\"open/m\",\"prompt\":\"long run\"}", 1);
    size_t other = submit(world, "{\"model\":\"open/m\",\"prompt\":\"short run\"}", 2);
    for (size_t i = 0; world->done[other] == NULL; i++) {
        assert_true(i < 3);
        turn_until(world, 1, i);
        answer(world, 200, BODY("x"), NULL);
        turn_until(world, 1, i + 1);
    }
    world_free(world);
}

static void
test_stopping_ends_everything(void **state)
{
    struct world *world = world_new(2);
    for (int i = 0; i < 6; i++)
        ask(world);
    submit(world, "{\"model\":\"echo/e\",\"prompt\":\"x\"}", 1);
    for (int i = 0; i < 2000 && world->sent_count < 2; i++)
        ai_desk_turn(world->desk, 1);
    ask(world);
    ai_desk_free(&world->desk);
    assert_int_equal(world->done_count, 8);
    assert_int_equal(world->sent_count, 0);
    for (size_t i = 0; i < 8; i++)
        assert_true(i == 6 || world->done[i]->end == EXCHANGE_CANCELLED);
    world_free(world);
}

static void
count_done(struct exchange *exchange)
{
    size_t *counts = exchange->owner;
    counts[exchange->end == EXCHANGE_ANSWERED]++;
    exchange_free(&exchange);
}

static void
test_the_queue_is_bounded(void **state)
{
    struct world *world = world_new(1);
    size_t counts[2] = {0};
    for (int i = 0; i < LIMIT_AI_CALLS + 10; i++) {
        struct exchange *exchange = exchange_new(KIB(64));
        exchange->body = SLICE("{\"model\":\"open/m\",\"prompt\":\"hi\"}");
        exchange->done = count_done;
        exchange->owner = counts;
        ai_desk_submit(world->desk, exchange);
    }
    ai_desk_turn(world->desk, 0);
    assert_int_equal(counts[1], 10);
    world_free(world);
    assert_int_equal(counts[0], LIMIT_AI_CALLS);
}

static void
test_a_desk_with_its_own_thread(void **state)
{
    struct world *world = world_new(1);
    assert_int_equal(ai_desk_start(world->desk), STATUS_OK);
    size_t number = submit(world, "{\"model\":\"echo/e\",\"prompt\":\"x\"}", 1);
    ai_desk_free(&world->desk);
    assert_non_null(world->done[number]);
    world_free(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_is_neutral_and_has_its_cost),
        cmocka_unit_test(test_requests_that_cannot_be_sent),
        cmocka_unit_test(test_overload_is_met_here_and_in_order),
        cmocka_unit_test(test_overload_without_end_is_given_back),
        cmocka_unit_test(test_a_long_pause_is_waited_for_elsewhere),
        cmocka_unit_test(test_failures_are_not_repeated),
        cmocka_unit_test(test_a_dead_provider_is_tried_by_one_alone),
        cmocka_unit_test(test_calls_are_cancelled_wherever_they_are),
        cmocka_unit_test(test_runs_take_turns),
        cmocka_unit_test(test_stopping_ends_everything),
        cmocka_unit_test(test_the_queue_is_bounded),
        cmocka_unit_test(test_a_desk_with_its_own_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
