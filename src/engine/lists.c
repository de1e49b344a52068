#include "base/mem.h"
#include "engine/run.h"

#include <string.h>

/* Room at the end: what was taken from the front comes first. */
static void
make_room(struct chunk_list *list)
{
    if (list->begin > 0)
        memmove(list->numbers, list->numbers + list->begin,
                (list->end - list->begin) * sizeof(*list->numbers));
    list->end -= list->begin;
    list->begin = 0;
    if (2 * list->end < list->capacity)
        return;
    list->capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
    list->numbers = mem_resize(list->numbers, list->capacity * sizeof(*list->numbers));
}

void
chunk_list_push(struct chunk_list *list, uint32_t number)
{
    if (list->end == list->capacity)
        make_room(list);
    list->numbers[list->end++] = number;
}

bool
chunk_list_pop(struct chunk_list *list, uint32_t *number)
{
    if (list->begin == list->end)
        return false;
    *number = list->numbers[list->begin++];
    return true;
}

void
chunk_list_done(struct chunk_list *list)
{
    mem_free(list->numbers);
    *list = (struct chunk_list){0};
}

bool
chunk_set_has(const struct chunk_set *set, uint32_t number)
{
    if (number < set->through)
        return true;
    uint32_t at = number - set->base;
    return number >= set->base && at < set->capacity_bits && (set->bits[at / 64] >> at % 64 & 1);
}

/* Drops whole words that lie below `through`. */
static void
chunk_set_trim(struct chunk_set *set)
{
    uint32_t words = (set->through - set->base) / 64;
    if (words == 0)
        return;
    uint32_t all = set->capacity_bits / 64;
    if (words > all)
        words = all;
    memmove(set->bits, set->bits + words, (all - words) * sizeof(*set->bits));
    memset(set->bits + (all - words), 0, words * sizeof(*set->bits));
    set->base += words * 64;
}

void
chunk_set_add(struct chunk_set *set, uint32_t number)
{
    if (number < set->through)
        return;
    uint32_t at = number - set->base;
    if (at >= set->capacity_bits) {
        uint32_t old = set->capacity_bits / 64;
        uint32_t words = old == 0 ? 4 : old;
        while (words * 64 <= at)
            words *= 2;
        set->bits = mem_resize(set->bits, words * sizeof(*set->bits));
        memset(set->bits + old, 0, (words - old) * sizeof(*set->bits));
        set->capacity_bits = words * 64;
    }
    set->bits[at / 64] |= UINT64_C(1) << at % 64;
    while (set->through - set->base < set->capacity_bits &&
           (set->bits[(set->through - set->base) / 64] >> (set->through - set->base) % 64 & 1))
        set->through++;
    chunk_set_trim(set);
}

void
chunk_set_done(struct chunk_set *set)
{
    mem_free(set->bits);
    *set = (struct chunk_set){0};
}
