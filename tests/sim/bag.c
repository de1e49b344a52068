#include "bag.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

void
bag_add(struct bag *bag, void *item)
{
    if (bag->count == bag->capacity) {
        bag->capacity = bag->capacity == 0 ? 16 : 2 * bag->capacity;
        bag->items = mem_resize(bag->items, bag->capacity * sizeof(*bag->items));
    }
    bag->items[bag->count++] = item;
}

void *
bag_take(struct bag *bag, size_t index)
{
    assert(index < bag->count);
    void *item = bag->items[index];
    bag->count--;
    memmove(bag->items + index, bag->items + index + 1, (bag->count - index) * sizeof(*bag->items));
    return item;
}

void
bag_done(struct bag *bag)
{
    mem_free(bag->items);
    *bag = (struct bag){0};
}
