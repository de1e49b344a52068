/* expr/order.h - comparing and sorting values within the budget.
 *
 * The order is that of value_compare(); arrays and objects are walked here, because every element
 * costs a step. When the budget ends in between, the answer is meaningless and the machine has no
 * steps left, which stops the evaluation at its next node.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_ORDER_H
#define EXPR_ORDER_H

#include "expr/machine.h"

int order_compare(struct expr_machine *machine, struct value a, struct value b);

static inline bool
order_equal(struct expr_machine *machine, struct value a, struct value b)
{
    return order_compare(machine, a, b) == 0;
}

/* An element and what it is sorted by. */
struct sort_entry {
    struct value key;
    struct value item;
};

/* Stable. False over the budget. */
bool order_sort(struct expr_machine *machine, struct sort_entry *entries, size_t count);

native_fn order_native_sort;
native_fn order_native_sort_by;   /* (keys): as many keys as elements */
native_fn order_native_group_by;  /* (keys) */
native_fn order_native_unique_by; /* (keys) */
native_fn order_native_min_by;    /* (keys) */
native_fn order_native_max_by;    /* (keys) */
native_fn order_native_min;
native_fn order_native_max;
native_fn order_native_bsearch;
native_fn order_native_keys;

#endif
