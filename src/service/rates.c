#include "service/rates.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"

#include <assert.h>
#include <pthread.h>

/* Places that are looked at for one bucket. */
#define PROBES 8
#define TAKEN_MAX 4

struct bucket {
    struct id whose;
    int64_t full_ns; /* when it is full again; in the past: it is full */
};

struct rates {
    pthread_mutex_t mutex;
    uint64_t seed;
    struct bucket buckets[LIMIT_RATE_BUCKETS];
};

struct rates *
rates_new(void)
{
    struct rates *rates = mem_alloc(sizeof(*rates));
    pthread_mutex_init(&rates->mutex, NULL);
    rng_secret(&rates->seed, sizeof(rates->seed));
    return rates;
}

void
rates_free(struct rates **rates)
{
    struct rates *gone = *rates;
    *rates = NULL;
    if (gone == NULL)
        return;
    pthread_mutex_destroy(&gone->mutex);
    mem_free(gone);
}

/* The bucket of that id; or in its place the one that is full soonest, which loses least. */
static struct bucket *
find(struct rates *rates, const struct id *whose)
{
    uint64_t hash = hash_bytes(slice_of((const char *)whose->bytes, ID_BYTES), rates->seed);
    struct bucket *victim = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct bucket *bucket = &rates->buckets[(hash + i) % LIMIT_RATE_BUCKETS];
        if (id_equal(&bucket->whose, whose))
            return bucket;
        if (victim == NULL || bucket->full_ns < victim->full_ns)
            victim = bucket;
    }
    *victim = (struct bucket){.whose = *whose};
    return victim;
}

static int64_t
step_ns(const struct rate_limit *limit)
{
    return limit->rate.per_ms * 1000000 / limit->rate.count;
}

static int64_t
rounded_up_ms(int64_t ns)
{
    return (ns + 999999) / 1000000;
}

/* What one bucket says; *full_ns: when it would be full again after this request. */
static struct rate_answer
look(const struct bucket *bucket, const struct rate_limit *limit, int64_t now_ns, int64_t *full_ns)
{
    int64_t one_ns = step_ns(limit);
    int64_t room_ns = one_ns * limit->burst;
    int64_t from_ns = bucket->full_ns > now_ns ? bucket->full_ns : now_ns;
    int64_t over_ns = from_ns + one_ns - now_ns - room_ns;
    struct rate_answer answer = {.is_limited = true, .limit = limit->burst};
    *full_ns = from_ns + one_ns;
    answer.is_refused = over_ns > 0;
    if (answer.is_refused)
        answer.retry_after_ms = rounded_up_ms(over_ns);
    else
        answer.remaining = (uint32_t)(-over_ns / one_ns);
    answer.reset_ms = rounded_up_ms((answer.is_refused ? from_ns : *full_ns) - now_ns);
    return answer;
}

static bool
is_worse(const struct rate_answer *a, const struct rate_answer *than)
{
    if (!than->is_limited || a->is_refused != than->is_refused)
        return !than->is_limited || a->is_refused;
    return a->is_refused ? a->retry_after_ms > than->retry_after_ms
                         : a->remaining < than->remaining;
}

void
rates_take(struct rates *rates, const struct rate_limit *limits, uint32_t count, int64_t now_us,
           bool is_peek, struct rate_answer *out)
{
    int64_t full_ns[TAKEN_MAX];
    assert(count <= TAKEN_MAX);
    *out = (struct rate_answer){.is_limited = false};
    pthread_mutex_lock(&rates->mutex);
    for (uint32_t i = 0; i < count; i++) {
        if (limits[i].rate.count == 0)
            continue;
        struct rate_answer one =
            look(find(rates, &limits[i].whose), &limits[i], now_us * 1000, &full_ns[i]);
        one.which = i;
        if (is_worse(&one, out))
            *out = one;
    }
    for (uint32_t i = 0; i < count && !out->is_refused && !is_peek; i++) {
        if (limits[i].rate.count > 0)
            find(rates, &limits[i].whose)->full_ns = full_ns[i];
    }
    pthread_mutex_unlock(&rates->mutex);
}
