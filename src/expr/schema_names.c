#include "expr/schema_names.h"

#include "base/hash.h"
#include "base/mem.h"

#define FIRST_SLOTS 64

void
schema_names_done(struct schema_names *names)
{
    mem_free(names->slots);
    *names = (struct schema_names){.count = 0};
}

/* The slot of that name, or the free one where it belongs. */
static struct schema_name *
slot_of(const struct schema_names *names, const void *owner, struct slice text)
{
    uint32_t mask = names->slot_count - 1;
    uint32_t slot = (uint32_t)hash_bytes(text, (uintptr_t)owner) & mask;
    for (;; slot = (slot + 1) & mask) {
        struct schema_name *at = &names->slots[slot];
        if (at->what == NULL || (at->owner == owner && slice_equal(at->text, text)))
            return at;
    }
}

static void
grow(struct schema_names *names)
{
    struct schema_names old = *names;
    names->slot_count = old.slot_count == 0 ? FIRST_SLOTS : old.slot_count * 2;
    names->slots = mem_alloc_array(names->slot_count, sizeof(*names->slots));
    for (uint32_t i = 0; i < old.slot_count; i++) {
        if (old.slots[i].what != NULL)
            *slot_of(names, old.slots[i].owner, old.slots[i].text) = old.slots[i];
    }
    mem_free(old.slots);
}

void *
schema_names_find(const struct schema_names *names, const void *owner, struct slice text)
{
    return names->slot_count == 0 ? NULL : slot_of(names, owner, text)->what;
}

void
schema_names_add(struct schema_names *names, const void *owner, struct slice text, void *what)
{
    if (++names->count * 2 > names->slot_count)
        grow(names);
    *slot_of(names, owner, text) = (struct schema_name){owner, text, what};
}
