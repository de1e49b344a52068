/* expr/aggregate_parts.h - what an aggregate is split into: see expr/aggregate.h.
 *
 * Threads: read-only after aggregate_new().
 */
#ifndef EXPR_AGGREGATE_PARTS_H
#define EXPR_AGGREGATE_PARTS_H

#include "expr/aggregate.h"
#include "expr/node.h"

/* More make an aggregate that does not stream. */
#define AGGREGATE_STREAMS_MAX 64
#define AGGREGATE_LEAVES_MAX 64

/* The rows. */
#define AGGREGATE_ROWS 0

/* The values that a generator gives for each value of another stream, which it is given as an array
 * of one. Parents have lower indices. */
struct aggregate_stream {
    const struct node *generator; /* NULL: the rows */
    uint32_t parent;
    /* Its only leaf takes the values as they come, and nothing is generated when it wants no more.
     * All other streams stand for an array that is there before it is used. */
    bool is_lazy;
};

enum leaf_kind {
    LEAF_LENGTH,
    LEAF_ADD,
    LEAF_MIN, /* by node, or by the value itself if that is NULL */
    LEAF_MAX,
    LEAF_NTH,          /* .[index] */
    LEAF_LAST,         /* .[-1], last(f) */
    LEAF_FIRST_OUTPUT, /* first(f) */
    LEAF_REDUCE,       /* node */
};

struct aggregate_leaf {
    uint8_t kind; /* enum leaf_kind */
    uint32_t stream;
    const struct node *node;
    uint64_t index;
};

struct aggregate {
    const struct expr *expr;
    /* The expression with a look at two slots in the place of each leaf, the first of which are
     * those of leaf 0: its value, and true; or what it raised, and false; or null and null if it
     * gives nothing. NULL: does not stream. */
    const struct node *rest;
    uint32_t first_slot;
    uint32_t slot_count;
    uint32_t stream_count;
    uint32_t leaf_count;
    struct aggregate_stream streams[AGGREGATE_STREAMS_MAX];
    struct aggregate_leaf leaves[AGGREGATE_LEAVES_MAX];
};

#endif
