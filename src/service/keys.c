#include "service/host.h"

#include "base/digest.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define KEY_RANDOM_BYTES 32
/* Callers kept in memory, by the digest of their key; a slot is simply taken over. */
#define KEY_CACHE_SLOTS 256
/* A revoked key may be answered from memory for so long. */
#define KEY_CACHE_MS 1000

struct cached_key {
    struct digest secret;
    struct caller caller;
    int64_t until_mono_us;
};

struct key_cache {
    pthread_mutex_t mutex;
    struct cached_key slots[KEY_CACHE_SLOTS];
};

struct key_cache *
key_cache_new(void)
{
    struct key_cache *cache = mem_alloc(sizeof(*cache));
    pthread_mutex_init(&cache->mutex, NULL);
    return cache;
}

void
key_cache_free(struct key_cache **cache)
{
    if (*cache == NULL)
        return;
    pthread_mutex_destroy(&(*cache)->mutex);
    mem_free(*cache);
    *cache = NULL;
}

/* base64url without padding (RFC 4648 section 5). */
static void
secret_print(const uint8_t random[KEY_RANDOM_BYTES], char out[KEY_TEXT_BYTES])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    memcpy(out, "wk_", 3);
    size_t at = 3;
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < KEY_RANDOM_BYTES; i++) {
        bits = bits << 8 | random[i];
        count += 8;
        while (count >= 6) {
            count -= 6;
            out[at++] = digits[bits >> count & 63];
        }
    }
    if (count > 0)
        out[at++] = digits[bits << (6 - count) & 63];
    out[at] = '\0';
}

struct key_request {
    struct new_key key;
    struct key_row row;
    key_created_fn *created;
    void *context;
};

static void
key_committed(struct intent *intent)
{
    struct key_request *request = intent->owner;
    enum status status = intent->status;
    request->created(status, status == STATUS_OK ? &request->key : NULL, request->context);
    intent_free(&intent);
    mem_free(request);
}

void
service_key_create(struct service *service, struct slice name, uint32_t scopes,
                   key_created_fn *created, void *context)
{
    struct key_request *request = mem_alloc(sizeof(*request));
    uint8_t random[KEY_RANDOM_BYTES];
    rng_secret(random, sizeof(random));
    secret_print(random, request->key.secret);
    request->key.id = id_next(&service->ids);
    request->created = created;
    request->context = context;

    struct intent *intent = intent_new(KIB(8));
    request->row = (struct key_row){
        .workspace = service->workspace,
        .id = request->key.id,
        .secret = digest_of(slice_text(request->key.secret)),
        .name = arena_copy(&intent->arena, name),
        .scopes = scopes,
        .created_unix_ms = clock_unix_ms(service->options.clock),
    };
    intent_add(intent, STORE_KEY_INSERT, 256)->key = &request->row;
    intent->done = key_committed;
    intent->owner = request;
    writer_push(service->writer, intent);
}

static struct cached_key *
slot_of(struct key_cache *cache, const struct digest *secret)
{
    return &cache->slots[secret->bytes[0]];
}

static bool
cache_look(struct service *service, const struct digest *secret, struct caller *out)
{
    struct key_cache *cache = service->keys;
    int64_t now_us = clock_mono_us(service->options.clock);
    pthread_mutex_lock(&cache->mutex);
    const struct cached_key *slot = slot_of(cache, secret);
    bool is_there =
        now_us < slot->until_mono_us && memcmp(&slot->secret, secret, sizeof(*secret)) == 0;
    if (is_there)
        *out = slot->caller;
    pthread_mutex_unlock(&cache->mutex);
    return is_there;
}

static void
cache_keep(struct service *service, const struct digest *secret, const struct caller *caller)
{
    struct key_cache *cache = service->keys;
    int64_t until_us = clock_mono_us(service->options.clock) + KEY_CACHE_MS * 1000;
    pthread_mutex_lock(&cache->mutex);
    *slot_of(cache, secret) = (struct cached_key){*secret, *caller, until_us};
    pthread_mutex_unlock(&cache->mutex);
}

static enum status
look_in_store(struct service *service, const struct digest *secret, struct caller *out)
{
    struct arena arena;
    arena_init(&arena, KIB(16));
    struct key_row row;
    enum status status = store_key_by_secret(service->store, &arena, secret, &row);
    arena_done(&arena);
    if (status == STATUS_NOT_FOUND)
        return STATUS_UNAUTHORIZED;
    if (status != STATUS_OK)
        return status;
    int64_t now = clock_unix_ms(service->options.clock);
    if (row.revoked_unix_ms != 0 || (row.expires_unix_ms != 0 && row.expires_unix_ms <= now))
        return STATUS_UNAUTHORIZED;
    *out = (struct caller){row.workspace, row.id, row.scopes};
    return STATUS_OK;
}

/* The key is looked up by its digest, so that the time taken tells nothing about stored keys. */
enum status
service_key_check(struct service *service, struct slice client_id, struct slice secret,
                  struct caller *out)
{
    *out = (struct caller){0};
    if (secret.size == 0 || secret.size > 256)
        return STATUS_UNAUTHORIZED;
    struct digest digest = digest_of(secret);
    if (!cache_look(service, &digest, out)) {
        enum status status = look_in_store(service, &digest, out);
        if (status != STATUS_OK)
            return status;
        cache_keep(service, &digest, out);
    }
    struct id id;
    if (client_id.size > 0 && (!id_parse(&id, client_id) || !id_equal(&id, &out->key))) {
        *out = (struct caller){0};
        return STATUS_UNAUTHORIZED;
    }
    return STATUS_OK;
}
