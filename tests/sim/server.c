#include "server.h"

#include "kin.h"
#include "world.h"

#include "base/exchange.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/chunk.h"
#include "store/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ADDRESS "http://sim.test/"
#define SLOW_US 50000000

static struct slice
header_of(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->header_count; i++) {
        struct slice have = exchange->headers[i].name;
        if (have.size == strlen(name) && strncasecmp(have.ptr, name, have.size) == 0)
            return exchange->headers[i].value;
    }
    return slice_of("", 0);
}

/* A member of the JSON body as text, in a buffer that the next call uses again. */
static const char *
body_member(const struct exchange *exchange, const char *name)
{
    static char text[64];
    struct arena arena;
    arena_init(&arena, KIB(256));
    struct value body;
    text[0] = '\0';
    if (json_parse(&body, &arena, exchange->body, JSON_BORROW, NULL, NULL) == STATUS_OK) {
        struct value member = value_find_or_null(body, slice_text(name));
        if (member.kind == VALUE_STRING)
            snprintf(text, sizeof(text), "%.*s", SLICE_FORMAT(value_slice(member)));
        else if (member.kind == VALUE_INT)
            snprintf(text, sizeof(text), "%lld", (long long)member.integer);
    }
    arena_done(&arena);
    return text;
}

static struct digest
digest_request(const struct exchange *exchange)
{
    struct digest_context *context = digest_context_new();
    digest_context_add(context, exchange->method);
    digest_context_add(context, slice_of(" ", 1));
    digest_context_add(context, exchange->url);
    digest_context_add(context, slice_of("\n", 1));
    digest_context_add(context, exchange->body);
    struct digest digest = digest_context_finish(context);
    digest_context_free(&context);
    return digest;
}

static struct served *
find_key(struct server *server, struct slice key)
{
    for (size_t i = 0; i < server->served.count; i++) {
        struct served *served = server->served.items[i];
        if (slice_is(key, served->key))
            return served;
    }
    return NULL;
}

static bool
is_first_of_request(struct server *server, const struct digest *request)
{
    for (size_t i = 0; i < server->served.count; i++) {
        const struct served *served = server->served.items[i];
        if (memcmp(&served->request, request, sizeof(*request)) == 0)
            return false;
    }
    return true;
}

static struct served *
add_key(struct world *world, struct slice key, const struct exchange *exchange)
{
    struct served *served = mem_alloc(sizeof(*served));
    snprintf(served->key, sizeof(served->key), "%.*s", SLICE_FORMAT(key));
    served->request = digest_request(exchange);
    served->is_first = is_first_of_request(&world->server, &served->request);
    served->attempts = 1;
    struct slice url = exchange->url;
    size_t skip = strlen(ADDRESS);
    bool is_ours = slice_starts_with(url, SLICE(ADDRESS)) && url.size > skip + 26 &&
                   id_parse(&served->run, slice_of(url.ptr + skip, 24));
    if (is_ours) {
        served->attempts = (uint32_t)(url.ptr[skip + 25] - '0');
        snprintf(served->step, sizeof(served->step), "%.*s", (int)(url.size - skip - 27),
                 url.ptr + skip + 27);
    } else {
        world_fail(world, "a call to %.*s", SLICE_FORMAT(url));
    }
    served->about = digest_of(slice_text(body_member(exchange, "k")));
    bag_add(&world->server.served, served);
    return served;
}

static bool
is_recorded(const struct server *server, const char *key)
{
    for (size_t i = 0; i < server->recorded.count; i++) {
        if (strcmp(server->recorded.items[i], key) == 0)
            return true;
    }
    return false;
}

/* The same key again: with the same body, and only if no answer can have been kept. */
static void
check_again(struct world *world, const struct served *served, const struct exchange *exchange)
{
    struct digest request = digest_request(exchange);
    if (memcmp(&request, &served->request, sizeof(request)) != 0)
        world_fail(world, "key %.8s is used with a second body: %.*s", served->key,
                   SLICE_FORMAT(exchange->body));
    if (served->process != world->process) {
        world->server.repeats += served->end == SERVED_OK || served->end == SERVED_UNDER_WAY;
        return;
    }
    if (served->end == SERVED_UNDER_WAY)
        world_fail(world, "key %.8s is called while its call is under way", served->key);
    if (world->clock.mono_us < served->not_before_us)
        world_fail(world, "key %.8s is called earlier than the server asked for", served->key);
    if (served->end == SERVED_OK)
        world_fail(world, "key %.8s is called again though it was answered", served->key);
}

static uint32_t
calls_under_way(const struct world *world, const struct id *run)
{
    uint32_t count = 0;
    for (size_t i = 0; i < world->server.served.count; i++) {
        const struct served *served = world->server.served.items[i];
        count += served->end == SERVED_UNDER_WAY && served->process == world->process &&
                 id_equal(&served->run, run);
    }
    return count;
}

static void
check_slots(struct world *world)
{
    uint32_t most = world->habits.calls_max;
    uint32_t count = 0;
    for (size_t i = 0; i < world->server.served.count; i++) {
        const struct served *served = world->server.served.items[i];
        count += served->end == SERVED_UNDER_WAY && served->process == world->process;
    }
    if (most > 0 && count >= most)
        world_fail(world, "more calls are under way than there are slots");
}

static uint32_t
calls_in_last_second(const struct world *world, const struct id *run)
{
    uint32_t count = 0;
    for (size_t i = 0; i < world->server.served.count; i++) {
        const struct served *served = world->server.served.items[i];
        count += served->process == world->process && id_equal(&served->run, run) &&
                 world->clock.mono_us - served->sent_us < 1000000;
    }
    return count;
}

static void
check_run(struct world *world, const struct served *served)
{
    const struct story *story = kin_story(world, &served->run);
    const struct kin *kin = kin_find(world, &served->run);
    if (story == NULL || !story->is_stored)
        world_fail(world, "key %.8s is called for a run that is not stored", served->key);
    else if (kin != NULL && run_state_is_ended(kin->state))
        world_fail(world, "a run below %s calls after its end (generation %u, %s)", story->name,
                   kin->generation, run_state_name(kin->state));
    else if (kin != NULL && kin_is_detached(world, kin))
        return;
    else if (!story_may_call(story))
        world_fail(world, "run %s calls after its end (generation %u, %s)", story->name,
                   story->generation, run_state_name(story->state));
    else if (story->scene->concurrency > 0 &&
             calls_under_way(world, &served->run) >= story->scene->concurrency)
        world_fail(world, "run %s has more calls under way than it may", story->name);
    else if (story->scene->rate > 0 &&
             calls_in_last_second(world, &served->run) >= story->scene->rate)
        world_fail(world, "run %s calls more often than it may", story->name);
}

/* Waits end by the wall clock, of which the engine knows milliseconds. */
#define WAIT_SLACK_US 1000

/* Nothing can be said where that clock was set. */
static void
check_wait(struct world *world, const struct served *served, const struct exchange *exchange)
{
    long long wait_us = strtoll(body_member(exchange, "wait_ms"), NULL, 10) * 1000;
    const char *since = body_member(exchange, "since");
    if (since[0] == '\0' || world->habits.clock_jump > 0)
        return;
    for (size_t i = 0; i < world->server.served.count; i++) {
        const struct served *other = world->server.served.items[i];
        bool is_it = strcmp(other->step, since) == 0 && id_equal(&other->run, &served->run) &&
                     memcmp(&other->about, &served->about, sizeof(served->about)) == 0;
        if (is_it && other->end == SERVED_OK &&
            world->clock.mono_us - other->answered_us >= wait_us - WAIT_SLACK_US)
            return;
    }
    world_fail(world, "step %s calls before its wait of %lld ms since %s is over", served->step,
               wait_us / 1000, since);
}

bool
server_shares(struct slice step)
{
    return slice_is(step, "kept") || slice_is(step, "alike");
}

/* Where nothing goes wrong for good, nobody has to ask for what another has asked for. With few
 * credits who asked first may be refused, and those who waited for him ask for themselves; who
 * waits for credits has looked for a kept answer before. */
static void
check_alike(struct world *world, const struct served *served, const struct exchange *exchange)
{
    if (!server_shares(slice_text(served->step)) || server_status(served, exchange) != 200 ||
        world->ledger.is_scarce)
        return;
    for (size_t i = 0; i < world->server.served.count; i++) {
        const struct served *other = world->server.served.items[i];
        if (other == served || memcmp(&other->request, &served->request, DIGEST_BYTES) != 0)
            continue;
        if (other->end == SERVED_UNDER_WAY && other->process == world->process)
            world_fail(world, "step %s asks for what is on its way", served->step);
        if (other->end == SERVED_OK && other->is_recorded && strcmp(served->step, "kept") == 0)
            world_fail(world, "step %s asks for what is kept", served->step);
    }
}

struct served *
server_receive(struct world *world, const struct exchange *exchange)
{
    struct slice key = header_of(exchange, "Idempotency-Key");
    if (key.size != 2 * DIGEST_BYTES)
        world_fail(world, "a call without its idempotency key");
    struct served *served = find_key(&world->server, key);
    if (served == NULL)
        served = add_key(world, key, exchange);
    else
        check_again(world, served, exchange);
    if (is_recorded(&world->server, served->key))
        world_fail(world, "key %.8s is called though its result is recorded", served->key);
    check_run(world, served);
    check_slots(world);
    check_wait(world, served, exchange);
    check_alike(world, served, exchange);
    served->not_before_us = 0;
    served->process = world->process;
    served->sent_us = world->clock.mono_us;
    served->end = SERVED_UNDER_WAY;
    served->sent++;
    return served;
}

/* --- answers --- */

int64_t
server_delay_us(const struct exchange *exchange)
{
    return strcmp(body_member(exchange, "mode"), "slow") == 0 ? SLOW_US : 0;
}

int
server_status(const struct served *served, const struct exchange *exchange)
{
    const char *mode = body_member(exchange, "mode");
    if (strcmp(mode, "bad") == 0 || (strcmp(mode, "flaky") == 0 && served->is_first))
        return 400;
    return strcmp(mode, "down") == 0 ? 500 : 200;
}

static void
add_answer_header(struct exchange *exchange, const char *name, const char *value)
{
    exchange->answer_headers[exchange->answer_header_count++] =
        (struct exchange_header){slice_text(name), slice_text(value)};
}

/* Two items, and the number of the next page but on the last. */
static void
add_page(struct buffer *text, const char *page, bool is_short)
{
    long number = strtol(page, NULL, 10);
    buffer_append_format(text, ",\"items\":[\"%lda\",\"%ldb\"],\"next\":", number, number);
    if (number < (is_short ? 2 : 4))
        buffer_append_int64(text, number + 1);
    else
        buffer_append_text(text, "null");
}

void
server_answer(const struct served *served, struct exchange *exchange)
{
    struct digest digest = digest_of(exchange->body);
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(&digest, hex);
    struct buffer text;
    buffer_init(&text, KIB(4));
    int status = server_status(served, exchange);
    bool is_odd = strcmp(body_member(exchange, "mode"), "odd") == 0;
    bool is_flaky = strcmp(body_member(exchange, "mode"), "flaky") == 0;
    const char *page = body_member(exchange, "page");
    if (status != 200)
        buffer_append_format(&text, "{\"error\":\"%s\"", status == 500 ? "down" : "no");
    else
        buffer_append_format(&text, "{\"score\":%u.50,\"word\":\"%.6s\"", digest.bytes[0], hex);
    if (status == 200 && page[0] != '\0')
        add_page(&text, page, is_flaky);
    buffer_append_text(&text, is_odd ? "" : "}");
    exchange->http_status = status;
    add_answer_header(exchange, "content-type", "application/json");
    add_answer_header(exchange, "date", "Sat, 21 Nov 2026 07:00:00 GMT");
    exchange->answer_body = arena_copy(&exchange->arena, buffer_slice(&text));
    buffer_done(&text);
}

/* --- what must not come again --- */

static void
add_recorded(struct world *world, const struct effect_row *row, uint32_t failed_generation)
{
    char *key = mem_alloc(2 * DIGEST_BYTES + 1);
    struct effect_name name = {&row->run, row->step, row->key, row->call, row->hash};
    effect_idempotency_key(&name, failed_generation, key);
    struct served *served = find_key(&world->server, slice_text(key));
    if (served != NULL)
        served->is_recorded = true;
    bag_add(&world->server.recorded, key);
}

/* A success ends the calls under every key that its effect may have; a failure those of its own
 * generation: a later one calls under a key of its own. */
void
server_note_recorded(struct world *world, const struct effect_row *row)
{
    uint32_t end = row->state == EFFECT_OK ? row->generation + 1 : row->generation;
    for (uint32_t g = 0; g < end; g++)
        add_recorded(world, row, g);
}

void
server_check_end(struct world *world)
{
    for (size_t i = 0; i < world->server.served.count; i++) {
        const struct served *served = world->server.served.items[i];
        if (served->process == world->process && served->end == SERVED_OK && !served->is_recorded)
            world_fail(world, "step %s: key %.8s was answered, and never recorded", served->step,
                       served->key);
    }
}

void
server_done(struct server *server)
{
    for (size_t i = 0; i < server->served.count; i++)
        mem_free(server->served.items[i]);
    for (size_t i = 0; i < server->recorded.count; i++)
        mem_free(server->recorded.items[i]);
    bag_done(&server->served);
    bag_done(&server->recorded);
}
