/* Who asks: keys by their digest, the last ones from memory. */
#include "service/keys.h"

#include "base/digest.h"
#include "base/limits.h"
#include "base/mem.h"
#include "service/host.h"

#include <pthread.h>
#include <string.h>

/* Callers kept in memory, by the digest of their key; a slot is simply taken over. */
#define KEY_CACHE_SLOTS 256
/* A key that another process revoked may be answered from memory for so long. */
#define KEY_CACHE_MS 1000
/* When a key was used is stored so often. */
#define KEY_USE_MS 60000

struct cached_key {
    struct digest secret;
    struct caller caller;
    int64_t until_mono_us;
};

struct key_cache {
    pthread_mutex_t mutex;
    uint64_t epoch; /* how often something was forgotten */
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

/* Few keys are revoked: all are looked up anew, and none that is being read now is kept. */
void
key_cache_forget(struct key_cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    cache->epoch++;
    memset(cache->slots, 0, sizeof(cache->slots));
    pthread_mutex_unlock(&cache->mutex);
}

static struct cached_key *
slot_of(struct key_cache *cache, const struct digest *secret)
{
    return &cache->slots[secret->bytes[0]];
}

/* *epoch: to be given to cache_keep() after the key was read. */
static bool
cache_look(struct service *service, const struct digest *secret, struct caller *out,
           uint64_t *epoch)
{
    struct key_cache *cache = service->keys;
    int64_t now_us = clock_mono_us(service->options.clock);
    pthread_mutex_lock(&cache->mutex);
    const struct cached_key *slot = slot_of(cache, secret);
    bool is_there =
        now_us < slot->until_mono_us && memcmp(&slot->secret, secret, sizeof(*secret)) == 0;
    if (is_there)
        *out = slot->caller;
    *epoch = cache->epoch;
    pthread_mutex_unlock(&cache->mutex);
    return is_there;
}

static void
cache_keep(struct service *service, const struct cached_key *key, uint64_t epoch)
{
    struct key_cache *cache = service->keys;
    pthread_mutex_lock(&cache->mutex);
    if (cache->epoch == epoch)
        *slot_of(cache, &key->secret) = *key;
    pthread_mutex_unlock(&cache->mutex);
}

/* --- last use --- */

static void
use_stored(struct intent *intent)
{
    intent_free(&intent);
}

/* Nobody waits for it; with a full disk it is left out. */
static void
note_use(struct service *service, const struct key_row *row, int64_t now_unix_ms)
{
    struct error error = {0};
    if (now_unix_ms - row->used_unix_ms < KEY_USE_MS || service->options.is_reader ||
        service_trouble(service, &error) != STATUS_OK)
        return;
    struct intent *intent = intent_new(KIB(4));
    struct key_row *used = arena_alloc(&intent->arena, sizeof(*used));
    *used = (struct key_row){.id = row->id, .used_unix_ms = now_unix_ms};
    intent_add(intent, STORE_KEY_USED, 64)->key = used;
    intent->flow = &service->notes_flow;
    intent->done = use_stored;
    writer_push(service->writer, intent);
}

/* --- look-up --- */

static struct rate_limit
rate_of(const struct id *whose, struct slice json)
{
    struct access_limits limits;
    access_limits_parse(&limits, json);
    return (struct rate_limit){*whose, limits.rate, limits.burst};
}

/* A key without a workspace opens nothing, rather than that of somebody else. */
static enum status
read_workspace(struct service *service, struct arena *arena, struct caller *caller)
{
    struct workspace_row row;
    enum status status = store_workspace_get(service->store, arena, &caller->workspace, &row);
    if (status == STATUS_NOT_FOUND)
        return STATUS_UNAUTHORIZED;
    if (status != STATUS_OK)
        return status;
    caller->rates[1] = rate_of(&row.id, row.limits);
    caller->is_metered = row.is_metered;
    return row.is_closed ? STATUS_FORBIDDEN : STATUS_OK;
}

static bool
is_valid(const struct key_row *row, int64_t now_unix_ms)
{
    return row->revoked_unix_ms == 0 &&
           (row->expires_unix_ms == 0 || row->expires_unix_ms > now_unix_ms);
}

static int64_t
trusted_ms(const struct key_row *row, int64_t now_unix_ms)
{
    int64_t left = row->expires_unix_ms == 0 ? KEY_CACHE_MS : row->expires_unix_ms - now_unix_ms;
    return left < KEY_CACHE_MS ? left : KEY_CACHE_MS;
}

static struct caller
caller_of(struct service *service, const struct key_row *row)
{
    struct caller caller = {
        .workspace = row->workspace,
        .key = row->id,
        .scopes = row->scopes,
        .is_operator = id_equal(&row->workspace, &service->workspace),
        .rates = {rate_of(&row->id, row->limits)},
    };
    if (caller.rates[0].rate.count == 0)
        caller.rates[0] = (struct rate_limit){row->id, service->options.key_rate,
                                              service->options.key_rate.count};
    return caller;
}

/* status: whether the row could be read. */
static enum status
admit(struct service *service, enum status status, const struct key_row *row, struct arena *arena,
      struct caller *out)
{
    int64_t now = clock_unix_ms(service->options.clock);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !is_valid(row, now)))
        return STATUS_UNAUTHORIZED;
    if (status != STATUS_OK)
        return status;
    *out = caller_of(service, row);
    return read_workspace(service, arena, out);
}

static enum status
read_key_in(struct service *service, struct cached_key *key, struct arena *arena)
{
    struct key_row row;
    int64_t now = clock_unix_ms(service->options.clock);
    enum status status = store_key_by_secret(service->store, arena, &key->secret, &row);
    status = admit(service, status, &row, arena, &key->caller);
    if (status != STATUS_OK)
        return status;
    key->until_mono_us = clock_mono_us(service->options.clock) + trusted_ms(&row, now) * 1000;
    note_use(service, &row, now);
    return STATUS_OK;
}

static enum status
read_key(struct service *service, struct cached_key *key)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    enum status status = read_key_in(service, key, &arena);
    arena_done(&arena);
    return status;
}

static enum status
find_caller(struct service *service, const struct digest *secret, struct caller *out)
{
    uint64_t epoch = 0;
    if (cache_look(service, secret, out, &epoch))
        return STATUS_OK;
    struct cached_key key = {.secret = *secret};
    enum status status = read_key(service, &key);
    if (status != STATUS_OK)
        return status;
    cache_keep(service, &key, epoch);
    *out = key.caller;
    return STATUS_OK;
}

/* The key is looked up by its digest, so that the time taken tells nothing about stored keys. */
enum status
service_key_check(struct service *service, struct slice client_id, struct slice secret,
                  struct caller *out)
{
    struct id id;
    *out = (struct caller){0};
    if (secret.size == 0 || secret.size > KEY_SECRET_BYTES_MAX)
        return STATUS_UNAUTHORIZED;
    struct digest digest = digest_of(secret);
    enum status status = find_caller(service, &digest, out);
    if (status == STATUS_OK && client_id.size > 0 &&
        (!id_parse(&id, client_id) || !id_equal(&id, &out->key)))
        status = STATUS_UNAUTHORIZED;
    if (status != STATUS_OK)
        *out = (struct caller){0};
    return status;
}

enum status
service_key_caller(struct service *service, const struct id *key, struct caller *out)
{
    struct arena arena;
    struct key_row row;
    arena_init(&arena, KIB(64));
    enum status status = store_key_get(service->store, &arena, key, &row);
    status = admit(service, status, &row, &arena, out);
    arena_done(&arena);
    if (status != STATUS_OK)
        *out = (struct caller){0};
    return status;
}

enum status
service_caller_without_key(struct service *service, const struct id *workspace, struct caller *out)
{
    struct arena arena;
    struct workspace_row row;
    arena_init(&arena, KIB(64));
    *out = (struct caller){.workspace = *workspace};
    enum status status = store_workspace_get(service->store, &arena, workspace, &row);
    if (status == STATUS_OK)
        out->rates[1] = rate_of(&row.id, row.limits);
    arena_done(&arena);
    return status;
}

void
service_rate_take(struct service *service, const struct caller *caller, bool is_peek,
                  struct rate_answer *out)
{
    *out = (struct rate_answer){.is_limited = false};
    if (caller->rates[0].rate.count == 0 && caller->rates[1].rate.count == 0)
        return;
    rates_take(service->rates, caller->rates, CALLER_RATES, clock_mono_us(service->options.clock),
               is_peek, out);
}
