#include "service/host.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"

#include <pthread.h>

/* Lookups kept; a slot is simply taken over. */
#define CACHE_SLOTS 256
/* What another process stored may be seen so much later. */
#define CACHE_MS 1000
/* Longer texts and names are looked up in the store each time. */
#define CACHE_TEXT_BYTES 96
#define CACHE_NAME_BYTES 200

struct cached_workflow {
    struct workflow_row row; /* slug and name lie below */
    uint64_t epoch;
    int64_t until_mono_us;
    size_t text_size;
    char text[CACHE_TEXT_BYTES];
    char slug[CACHE_TEXT_BYTES];
    char name[CACHE_NAME_BYTES];
};

struct workflow_cache {
    pthread_mutex_t mutex;
    uint64_t seed;
    uint64_t epoch; /* raised by each change: what was read before it is not kept */
    struct cached_workflow slots[CACHE_SLOTS];
};

struct workflow_cache *
workflow_cache_new(void)
{
    struct workflow_cache *cache = mem_alloc(sizeof(*cache));
    pthread_mutex_init(&cache->mutex, NULL);
    rng_secret(&cache->seed, sizeof(cache->seed));
    return cache;
}

void
workflow_cache_free(struct workflow_cache **cache)
{
    if (*cache == NULL)
        return;
    pthread_mutex_destroy(&(*cache)->mutex);
    mem_free(*cache);
    *cache = NULL;
}

void
workflow_cache_forget(struct workflow_cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    cache->epoch++;
    pthread_mutex_unlock(&cache->mutex);
}

static struct cached_workflow *
slot_of(struct workflow_cache *cache, struct slice text)
{
    return &cache->slots[hash_bytes(text, cache->seed) % CACHE_SLOTS];
}

/* Gives the epoch to keep() with when it is not there. */
static bool
look(struct service *service, struct slice text, struct arena *arena, struct workflow_row *out,
     uint64_t *epoch)
{
    struct workflow_cache *cache = service->workflows;
    int64_t now_us = clock_mono_us(service->options.clock);
    pthread_mutex_lock(&cache->mutex);
    const struct cached_workflow *slot = slot_of(cache, text);
    bool is_there = slot->epoch == cache->epoch && now_us < slot->until_mono_us &&
                    slice_equal(slice_of(slot->text, slot->text_size), text);
    *epoch = cache->epoch;
    if (is_there) {
        *out = slot->row;
        out->slug = arena_copy(arena, slot->row.slug);
        out->name = arena_copy(arena, slot->row.name);
    }
    pthread_mutex_unlock(&cache->mutex);
    return is_there && out->slug.ptr != NULL && out->name.ptr != NULL;
}

static void
keep(struct service *service, struct slice text, const struct workflow_row *row, uint64_t epoch)
{
    if (text.size > CACHE_TEXT_BYTES || row->slug.size > CACHE_TEXT_BYTES ||
        row->name.size > CACHE_NAME_BYTES)
        return;
    struct workflow_cache *cache = service->workflows;
    int64_t until_us = clock_mono_us(service->options.clock) + CACHE_MS * 1000;
    pthread_mutex_lock(&cache->mutex);
    struct cached_workflow *slot = slot_of(cache, text);
    slot->row = *row;
    slot->epoch = epoch;
    slot->until_mono_us = until_us;
    slot->text_size = text.size;
    memcpy(slot->text, text.ptr, text.size);
    memcpy(slot->slug, row->slug.ptr, row->slug.size);
    memcpy(slot->name, row->name.ptr, row->name.size);
    slot->row.slug.ptr = slot->slug;
    slot->row.name.ptr = slot->name;
    pthread_mutex_unlock(&cache->mutex);
}

enum status
workflow_cache_find(struct service *service, struct slice id_or_slug, struct arena *arena,
                    struct workflow_row *out)
{
    uint64_t epoch = 0;
    if (look(service, id_or_slug, arena, out, &epoch))
        return STATUS_OK;
    struct id id;
    enum status status = STATUS_NOT_FOUND;
    if (id_parse(&id, id_or_slug))
        status = store_workflow_get(service->store, arena, &id, out);
    if (status == STATUS_NOT_FOUND)
        status = store_workflow_by_slug(service->store, arena, id_or_slug, out);
    if (status == STATUS_OK)
        keep(service, id_or_slug, out, epoch);
    return status;
}

/* An alias's row has the id of its workflow. */
static enum status
read_alias(struct service *service, const struct id *workspace, struct slice alias,
           struct arena *arena, struct workflow_row *out)
{
    struct object_row row, which = {.workspace = *workspace, .kind = OBJECT_ALIAS};
    enum status status = store_object_named(service->store, arena, &which, alias, &row);
    return status == STATUS_OK ? store_workflow_get(service->store, arena, &row.id, out) : status;
}

enum status
workflow_cache_find_alias(struct service *service, const struct id *workspace, struct slice alias,
                          struct arena *arena, struct workflow_row *out)
{
    uint64_t epoch = 0;
    char hex[ID_HEX_BYTES];
    id_hex(workspace, hex);
    /* No slug and no id has a slash. */
    struct slice text = slice_text(arena_format(arena, "%s/%.*s", hex, SLICE_FORMAT(alias)));
    if (look(service, text, arena, out, &epoch))
        return STATUS_OK;
    enum status status = read_alias(service, workspace, alias, arena, out);
    if (status == STATUS_OK)
        keep(service, text, out, epoch);
    return status;
}
