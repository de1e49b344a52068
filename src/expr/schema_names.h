/* expr/schema_names.h - what a schema's references are looked up in: names, each of an owner.
 *
 * Threads: one at a time.
 */
#ifndef EXPR_SCHEMA_NAMES_H
#define EXPR_SCHEMA_NAMES_H

#include "base/slice.h"

struct schema_name {
    const void *owner;
    struct slice text;
    void *what; /* NULL: the slot is free */
};

/* Zeroed: empty. Borrows owners, texts and what they lead to. */
struct schema_names {
    struct schema_name *slots;
    uint32_t count;
    uint32_t slot_count; /* 0 or a power of two */
};

void schema_names_done(struct schema_names *names);

/* NULL if it is not there. */
void *schema_names_find(const struct schema_names *names, const void *owner, struct slice text);

/* The owner must not have it yet; what is not NULL. */
void schema_names_add(struct schema_names *names, const void *owner, struct slice text, void *what);

#endif
