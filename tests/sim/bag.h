/* A growing list of pointers from which any may be taken.
 *
 * Threads: one.
 */
#ifndef SIM_BAG_H
#define SIM_BAG_H

#include <stddef.h>

/* Zeroed: empty. */
struct bag {
    void **items;
    size_t count;
    size_t capacity;
};

void bag_add(struct bag *bag, void *item);

/* Takes out the one at that place; the others keep their order. */
void *bag_take(struct bag *bag, size_t index);

/* The items are the caller's. */
void bag_done(struct bag *bag);

#endif
