#include "service/passes.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "service/host.h"

#include <pthread.h>
#include <string.h>

#define BUCKETS 2048
#define BUCKET_SLOTS (LIMIT_PASSES / BUCKETS)
#define RANDOM_BYTES 32

/* Nothing of the text itself is kept. */
struct pass {
    struct digest text;
    struct id key;
    int64_t until_us; /* monotonic; what is past is free */
};

struct passes {
    pthread_mutex_t mutex;
    struct pass slots[BUCKETS][BUCKET_SLOTS];
};

struct passes *
passes_new(void)
{
    struct passes *passes = mem_alloc(sizeof(*passes));
    pthread_mutex_init(&passes->mutex, NULL);
    return passes;
}

void
passes_free(struct passes **passes)
{
    if (*passes == NULL)
        return;
    pthread_mutex_destroy(&(*passes)->mutex);
    mem_free(*passes);
    *passes = NULL;
}

static struct pass *
bucket_of(struct passes *passes, const struct digest *text)
{
    return passes->slots[(text->bytes[0] << 8 | text->bytes[1]) % BUCKETS];
}

static void
keep(struct passes *passes, const struct pass *pass)
{
    pthread_mutex_lock(&passes->mutex);
    struct pass *bucket = bucket_of(passes, &pass->text);
    struct pass *first = bucket;
    for (size_t i = 1; i < BUCKET_SLOTS; i++) {
        if (bucket[i].until_us < first->until_us)
            first = &bucket[i];
    }
    *first = *pass;
    pthread_mutex_unlock(&passes->mutex);
}

void
service_pass_make(struct service *service, const struct caller *caller, int64_t ttl_ms,
                  char out[PASS_TEXT_BYTES])
{
    uint8_t random[RANDOM_BYTES];
    struct buffer text;
    rng_secret(random, sizeof(random));
    buffer_init(&text, PASS_TEXT_BYTES);
    base64url_encode(&text, slice_of((const char *)random, sizeof(random)));
    memcpy(out, text.ptr, text.size);
    out[text.size] = '\0';
    struct pass pass = {
        .text = digest_of(buffer_slice(&text)),
        .key = caller->key,
        .until_us = clock_mono_us(service->options.clock) + ttl_ms * 1000,
    };
    buffer_done(&text);
    keep(service->passes, &pass);
}

/* False: there is none, or it is over. */
static bool
take(struct service *service, const struct digest *text, bool is_peek, struct id *key)
{
    bool is_there = false;
    int64_t now_us = clock_mono_us(service->options.clock);
    pthread_mutex_lock(&service->passes->mutex);
    struct pass *bucket = bucket_of(service->passes, text);
    for (size_t i = 0; i < BUCKET_SLOTS && !is_there; i++) {
        if (memcmp(&bucket[i].text, text, sizeof(*text)) != 0)
            continue;
        is_there = now_us < bucket[i].until_us;
        *key = bucket[i].key;
        if (!is_peek)
            bucket[i] = (struct pass){.until_us = 0};
    }
    pthread_mutex_unlock(&service->passes->mutex);
    return is_there;
}

enum status
service_pass_check(struct service *service, struct slice text, bool is_peek, struct caller *out)
{
    struct id key;
    *out = (struct caller){0};
    if (text.size != PASS_TEXT_BYTES - 1)
        return STATUS_UNAUTHORIZED;
    struct digest digest = digest_of(text);
    if (!take(service, &digest, is_peek, &key))
        return STATUS_UNAUTHORIZED;
    return service_key_caller(service, &key, out);
}
