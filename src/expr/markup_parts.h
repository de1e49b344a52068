/* expr/markup_parts.h - what a markup is made of; for its two halves.
 *
 * Threads: read-only once made.
 */
#ifndef EXPR_MARKUP_PARTS_H
#define EXPR_MARKUP_PARTS_H

#include "expr/markup.h"

enum markup_kind {
    MARKUP_TEXT,
    MARKUP_VALUE, /* escaped */
    MARKUP_RAW,
    MARKUP_NUMBER,
    MARKUP_CITED,
    MARKUP_CITE,
    MARKUP_EACH,
    MARKUP_IF,
};

struct markup_node {
    enum markup_kind kind;
    struct slice text;         /* TEXT */
    struct expr *expr;         /* all others */
    size_t offset;             /* of its source in the text */
    struct slice *names;       /* CITED, CITE: the path */
    size_t name_count;         /* at least 2 */
    struct slice name;         /* EACH: of an element */
    struct markup_node *body;  /* EACH, IF */
    struct markup_node *other; /* what stands behind {{else}} */
    struct markup_node *next;
};

struct markup {
    struct markup_node *first;
};

#endif
