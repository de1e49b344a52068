/* foreign/sixtyfour_graph.h - a graph of blocks, read and checked: ids, edges, order, types of
 * rows.
 *
 * Threads: pure.
 */
#ifndef FOREIGN_SIXTYFOUR_GRAPH_H
#define FOREIGN_SIXTYFOUR_GRAPH_H

#include "foreign/sixtyfour.h"

#define GRAPH_UUID_BYTES 37

struct graph_block {
    uint16_t index; /* in the definition */
    uint32_t number;
    struct slice given; /* block_id as it was sent; empty: none */
    char id[GRAPH_UUID_BYTES];
    struct slice name;
    struct value kind; /* its line of the catalog */
    struct value specs;
    struct slice step;
    enum row_type type;
    bool is_placed; /* in the order */
    uint16_t parent_count;
    struct graph_block **parents; /* by number */
};

struct graph {
    uint16_t count;
    struct graph_block *blocks; /* in the order of the definition */
    struct graph_block **order; /* parents first, then by number */
    struct arena *arena;
    struct sixtyfour_problem *problem;
    foreign_note_fn *note;
    void *context;
};

/* INVALID with graph->problem. The caller has set what the graph needs: arena, problem, note. */
MUST_USE enum status graph_read(struct graph *graph, struct value definition);

/* Whether it has no parents. */
bool graph_block_is_source(const struct graph_block *block);

/* Sets graph->problem at a place of the definition; gives INVALID. */
enum status graph_fail(struct graph *graph, const char *type, const char *words, const char *format,
                       ...) PRINTF_LIKE(4, 5);

/* The same at a place of a block ("specs.url"). */
enum status graph_fail_block(struct graph *graph, const struct graph_block *block,
                             const char *place, const char *words);

#endif
