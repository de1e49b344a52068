#include "ai/throttle.h"

#include <assert.h>
#include <math.h>

#define SECOND_US 1000000.0
#define SLOTS_AT_FIRST 4.0
/* Of the slots, after a server said that it is overloaded. */
#define SLOTS_CUT 0.7
/* Of what was accepted lately, when the rate was found too high. */
#define RATE_CUT 0.95
/* Of the rate, when too little is known to measure. */
#define RATE_CUT_BLIND 0.5
/* How much of itself the rate gains in a second: soon after a cut, and at most; it doubles every
 * GROWTH_DOUBLES_US. */
#define GROWTH_LOW 0.02
#define GROWTH_HIGH 0.10
#define GROWTH_DOUBLES_US 5000000.0
/* Shorter times say little about a rate. */
#define MEASURED_US_MIN 500000.0
/* How long what was accepted is remembered, and the silence after which nothing of it counts. */
#define MEMORY_US 5000000.0
#define SILENCE_US 5000000.0
/* What a server told counts as long. */
#define TOLD_US INT64_C(10000000)
/* Holds without a time asked for. */
#define HOLD_LOW_US INT64_C(500000)
#define HOLD_HIGH_US INT64_C(30000000)
/* Nobody is asked to wait for less than that, so that rounding makes no busy loop. */
#define WAIT_US_MIN INT64_C(200)

/* --- rates --- */

static double
smaller_rate(double a, double b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

/* 0: any. */
static double
bucket_rate(const struct throttle_bucket *bucket, int64_t now_us)
{
    double rate = smaller_rate(bucket->configured, bucket->learned);
    if (now_us - bucket->told_us < TOLD_US)
        rate = smaller_rate(rate, bucket->told);
    return rate;
}

static void
bucket_fill(struct throttle_bucket *bucket, int64_t now_us)
{
    double rate = bucket_rate(bucket, now_us);
    double most = rate * THROTTLE_BURST_US > 1 ? rate * THROTTLE_BURST_US : 1;
    bucket->level += rate * (double)(now_us - bucket->filled_us);
    bucket->filled_us = now_us;
    if (rate == 0)
        bucket->level = 0;
    if (bucket->level > most)
        bucket->level = most;
}

/* Takes from it, be it below zero; without a rate nothing is kept. */
static void
bucket_take(struct throttle_bucket *bucket, int64_t now_us, double amount)
{
    bucket_fill(bucket, now_us);
    if (bucket_rate(bucket, now_us) > 0)
        bucket->level -= amount;
}

/* Microseconds until it holds as much. A call of more tokens than it ever holds goes when it is
 * full, and leaves a debt. */
static double
bucket_wait_us(struct throttle_bucket *bucket, int64_t now_us, double amount)
{
    double rate = bucket_rate(bucket, now_us);
    if (rate == 0)
        return 0;
    bucket_fill(bucket, now_us);
    double most = rate * THROTTLE_BURST_US > 1 ? rate * THROTTLE_BURST_US : 1;
    double wanted = amount < most ? amount : most;
    return bucket->level >= wanted ? 0 : (wanted - bucket->level) / rate;
}

/* The rate becomes known: what was saved up without one is not for now. */
static void
bucket_learn(struct throttle_bucket *bucket, int64_t now_us, double rate)
{
    bucket_fill(bucket, now_us);
    bucket->learned = rate;
    bucket->level = 0;
}

/* --- what servers tell --- */

/* "250ms", "6m0s", "1h2m3.5s", or seconds: as microseconds; 0: something else. */
static double
read_time_us(struct slice text)
{
    double sum = 0, number = 0, place = 0;
    text = slice_trim(text);
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.ptr[i];
        bool is_ms = byte == 'm' && i + 1 < text.size && text.ptr[i + 1] == 's';
        double unit = byte == 'h' ? 3600 : byte == 'm' ? 60 : 1;
        if (byte >= '0' && byte <= '9') {
            number = place == 0 ? number * 10 + (byte - '0') : number + (byte - '0') * place;
            place /= 10;
        } else if (byte == '.' && place == 0) {
            place = 0.1;
        } else if (byte == 'h' || byte == 'm' || byte == 's') {
            sum += number * (is_ms ? 0.001 : unit);
            number = place = 0;
            i += is_ms;
        } else {
            return 0;
        }
    }
    /* A number that large is a date. */
    return sum + number < 1e6 ? (sum + number) * SECOND_US : 0;
}

static double
read_header(const struct exchange *exchange, const char *name)
{
    int64_t number = 0;
    struct slice text = slice_trim(exchange_answer_header(exchange, name));
    return slice_parse_int64(text, &number) && number >= 0 ? (double)number : -1;
}

struct told_names {
    const char *limit, *remaining, *reset;
};

/* A bucket says when it will be full again, so that its rate is what was used through that time; a
 * window says when it ends, and its rate is what remains through that time. The larger one of both
 * is too small for neither. */
static void
hear_told(struct throttle_bucket *bucket, int64_t now_us, const struct exchange *exchange,
          const struct told_names *names)
{
    double limit = read_header(exchange, names->limit);
    double remaining = read_header(exchange, names->remaining);
    double reset_us = read_time_us(exchange_answer_header(exchange, names->reset));
    if (limit <= 0 || remaining < 0 || remaining > limit || reset_us <= 0)
        return;
    double used = limit - remaining;
    bucket_fill(bucket, now_us);
    bucket->told = (used > remaining ? used : remaining) / reset_us;
    bucket->told_us = now_us;
}

static void
hear_headers(struct throttle *throttle, int64_t now_us, const struct exchange *exchange)
{
    static const struct told_names requests = {"x-ratelimit-limit-requests",
                                               "x-ratelimit-remaining-requests",
                                               "x-ratelimit-reset-requests"};
    static const struct told_names tokens = {
        "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"};
    if (exchange == NULL)
        return;
    hear_told(&throttle->requests, now_us, exchange, &requests);
    hear_told(&throttle->tokens, now_us, exchange, &tokens);
}

/* --- holds --- */

static void
hold(struct throttle *throttle, int64_t until_us)
{
    if (until_us > throttle->held_until_us)
        throttle->held_until_us = until_us;
}

/* 100 to 110 percent: many programs that were told the same time do not come back as one. */
static int64_t
jittered(struct throttle *throttle, int64_t us)
{
    return us + (int64_t)rng_below(&throttle->rng, (uint64_t)us / 10 + 1);
}

static void
hold_overloaded(struct throttle *throttle, int64_t now_us, int64_t retry_after_ms)
{
    int64_t us = retry_after_ms * 1000;
    if (us == 0) {
        us = HOLD_LOW_US;
        for (uint32_t i = 1; i < throttle->overloads && us < HOLD_HIGH_US; i++)
            us *= 2;
    }
    hold(throttle, now_us + jittered(throttle, us));
}

/* --- learning --- */

static void
close_breaker(struct throttle *throttle)
{
    throttle->failures = throttle->openings = 0;
}

/* Counts what is accepted, in memory that fades; after a silence it begins anew. */
static void
count_accepted(struct throttle *throttle, int64_t now_us, double count)
{
    double elapsed_us = (double)(now_us - throttle->counted_us);
    if (elapsed_us > SILENCE_US) {
        throttle->busy_us = now_us;
        throttle->accepted = 0;
    }
    throttle->accepted = throttle->accepted * exp(-elapsed_us / MEMORY_US) + count;
    throttle->counted_us = now_us;
}

/* What was accepted lately, in a microsecond; 0: not enough is known. */
static double
measured_rate(struct throttle *throttle, int64_t now_us)
{
    count_accepted(throttle, now_us, 0);
    double busy_us = (double)(now_us - throttle->busy_us);
    if (busy_us < MEASURED_US_MIN)
        return 0;
    return throttle->accepted / (MEMORY_US * (1 - exp(-busy_us / MEMORY_US)));
}

static void
cut_rate(struct throttle *throttle, int64_t now_us)
{
    double rate = RATE_CUT * measured_rate(throttle, now_us);
    if (rate == 0)
        rate = RATE_CUT_BLIND * throttle->requests.learned;
    if (rate > 0)
        bucket_learn(&throttle->requests, now_us, rate);
    throttle->cut_us = throttle->grown_us = now_us;
    throttle->is_short = false;
}

/* Calls that went out before the last cut tell nothing new. */
static void
hear_overload(struct throttle *throttle, int64_t now_us, const struct throttle_news *news)
{
    throttle->is_starting = false;
    close_breaker(throttle);
    if (news->sent_us >= throttle->cut_us) {
        throttle->overloads++;
        cut_rate(throttle, now_us);
        if (news->end == THROTTLE_CROWDED)
            throttle->slots = fmax(1, throttle->slots * SLOTS_CUT);
    }
    hold_overloaded(throttle, now_us, news->retry_after_ms);
}

static void
grow_rate(struct throttle *throttle, int64_t now_us)
{
    double elapsed_us = (double)(now_us - throttle->grown_us);
    if (throttle->requests.learned == 0 || elapsed_us < SECOND_US / 10)
        return;
    throttle->grown_us = now_us;
    if (!throttle->is_short)
        return;
    throttle->is_short = false;
    double growth = GROWTH_LOW * exp2((double)(now_us - throttle->cut_us) / GROWTH_DOUBLES_US);
    growth = fmin(growth, GROWTH_HIGH);
    bucket_fill(&throttle->requests, now_us);
    throttle->requests.learned *= 1 + growth * fmin(elapsed_us / SECOND_US, 1);
}

static void
grow_slots(struct throttle *throttle)
{
    if (throttle->out + 1 < throttle->slots)
        return;
    throttle->slots += throttle->is_starting ? 1 : 1 / throttle->slots;
    throttle->slots = fmin(throttle->slots, throttle->slots_most);
}

static void
hear_failure(struct throttle *throttle, int64_t now_us, const struct throttle_news *news)
{
    throttle->failures++;
    bool is_open = throttle_is_open(throttle);
    if (throttle->failures < THROTTLE_FAILURES ||
        (is_open && news->sent_us < throttle->held_until_us))
        return;
    int64_t us = THROTTLE_OPEN_LOW_US;
    for (uint32_t i = 0; i < throttle->openings && us < THROTTLE_OPEN_HIGH_US; i++)
        us *= 2;
    throttle->openings++;
    hold(throttle,
         now_us + jittered(throttle, us < THROTTLE_OPEN_HIGH_US ? us : THROTTLE_OPEN_HIGH_US));
}

void
throttle_hear(struct throttle *throttle, int64_t now_us, const struct throttle_news *news)
{
    hear_headers(throttle, now_us, news->exchange);
    if (news->tokens_used > 0)
        bucket_take(&throttle->tokens, now_us, news->tokens_used - news->tokens_guessed);
    switch (news->end) {
    case THROTTLE_OVERLOADED:
    case THROTTLE_CROWDED:
        hear_overload(throttle, now_us, news);
        return;
    case THROTTLE_FAILED:
        count_accepted(throttle, now_us, 1);
        hear_failure(throttle, now_us, news);
        return;
    case THROTTLE_OK:
        break;
    case THROTTLE_UNKNOWN:
        return;
    }
    count_accepted(throttle, now_us, 1);
    throttle->overloads = 0;
    close_breaker(throttle);
    grow_slots(throttle);
    grow_rate(throttle, now_us);
}

/* --- calls --- */

void
throttle_init(struct throttle *throttle, const struct throttle_options *options)
{
    assert(options->concurrency > 0);
    *throttle = (struct throttle){
        .slots_most = options->concurrency,
        .slots = fmin(SLOTS_AT_FIRST, options->concurrency),
        .is_starting = true,
        .requests = {.configured = options->requests_per_us, .filled_us = options->now_us},
        .tokens = {.configured = options->tokens_per_us, .filled_us = options->now_us},
        .busy_us = options->now_us,
        .counted_us = options->now_us,
        .cut_us = options->now_us,
        .grown_us = options->now_us,
    };
    throttle->requests.told_us = throttle->tokens.told_us = options->now_us - TOLD_US;
    throttle->requests.level = options->requests_per_us * THROTTLE_BURST_US;
    throttle->tokens.level = options->tokens_per_us * THROTTLE_BURST_US;
    rng_seed(&throttle->rng, options->seed);
}

bool
throttle_enter(struct throttle *throttle, int64_t now_us)
{
    bool is_open = throttle_is_open(throttle);
    if (is_open && (throttle->out > 0 || now_us < throttle->held_until_us))
        return false;
    if (throttle->out + 1 > throttle->slots)
        return false;
    throttle->out++;
    return true;
}

void
throttle_leave(struct throttle *throttle)
{
    assert(throttle->out > 0);
    throttle->out--;
}

bool
throttle_send(struct throttle *throttle, int64_t now_us, double tokens, int64_t *at_us)
{
    double held_us = (double)(throttle->held_until_us - now_us);
    double requests_us = bucket_wait_us(&throttle->requests, now_us, 1);
    double tokens_us = bucket_wait_us(&throttle->tokens, now_us, tokens);
    double wait_us = fmax(held_us, fmax(requests_us, tokens_us));
    if (held_us <= 0 && requests_us > 0)
        throttle->is_short = true;
    if (wait_us > 0) {
        int64_t us = (int64_t)ceil(fmin(wait_us, 3600 * SECOND_US));
        *at_us = now_us + (us < WAIT_US_MIN ? WAIT_US_MIN : us);
        return false;
    }
    bucket_take(&throttle->requests, now_us, 1);
    bucket_take(&throttle->tokens, now_us, tokens);
    return true;
}

bool
throttle_is_open(const struct throttle *throttle)
{
    return throttle->openings > 0;
}
