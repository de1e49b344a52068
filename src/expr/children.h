/* expr/children.h - the nodes right below a node.
 *
 * Threads: pure.
 */
#ifndef EXPR_CHILDREN_H
#define EXPR_CHILDREN_H

#include "expr/node.h"

typedef bool node_test_fn(const struct node *node, void *context);

/* Whether the test holds for one of them (the rest is not looked at then). The body of a definition
 * is not below its calls; their arguments are. */
bool node_any_child(const struct node *node, node_test_fn *test, void *context);

#endif
