#include "store/begun.h"

#include "base/mem.h"

#include <string.h>

#define SLOTS_FIRST 256

void
begun_init(struct begun *begun)
{
    *begun = (struct begun){.slot_count = 0};
    pthread_mutex_init(&begun->lock, NULL);
}

void
begun_done(struct begun *begun)
{
    pthread_mutex_destroy(&begun->lock);
    mem_free(begun->slots);
}

/* The slot of the id, or the free one where it belongs. Ids are random or digests, but for the
 * bytes that count. */
static struct id *
find_slot(const struct begun *begun, const struct id *id)
{
    uint32_t at = 0;
    for (size_t i = 0; i < ID_BYTES; i++)
        at = at * 31 + id->bytes[i];
    while (true) {
        struct id *slot = &begun->slots[at++ & (begun->slot_count - 1)];
        if (id_is_zero(slot) || id_equal(slot, id))
            return slot;
    }
}

static void
grow(struct begun *begun)
{
    struct begun old = *begun;
    begun->slot_count = old.slot_count == 0 ? SLOTS_FIRST : 2 * old.slot_count;
    begun->slots = mem_alloc_array(begun->slot_count, sizeof(struct id));
    for (uint32_t i = 0; i < old.slot_count; i++)
        if (!id_is_zero(&old.slots[i]))
            *find_slot(begun, &old.slots[i]) = old.slots[i];
    mem_free(old.slots);
}

static void
forget(struct begun *begun)
{
    mem_free(begun->slots);
    begun->slots = NULL;
    begun->slot_count = begun->count = 0;
    begun->is_ended = true;
}

static void
note(struct begun *begun, const struct id *id)
{
    if (2 * (begun->count + 1) > begun->slot_count)
        grow(begun);
    struct id *slot = find_slot(begun, id);
    begun->count += id_is_zero(slot);
    *slot = *id;
    if (begun->count > BEGUN_MAX)
        forget(begun);
}

void
begun_note(struct begun *begun, const struct id *id)
{
    pthread_mutex_lock(&begun->lock);
    if (!begun->is_ended)
        note(begun, id);
    pthread_mutex_unlock(&begun->lock);
}

void
begun_end(struct begun *begun)
{
    pthread_mutex_lock(&begun->lock);
    forget(begun);
    pthread_mutex_unlock(&begun->lock);
}

bool
begun_unless(struct begun *begun, const struct id *id, void (*act)(void *context), void *context)
{
    pthread_mutex_lock(&begun->lock);
    bool is_known = !begun->is_ended;
    if (is_known && (begun->slots == NULL || id_is_zero(find_slot(begun, id))))
        act(context);
    pthread_mutex_unlock(&begun->lock);
    return is_known;
}
