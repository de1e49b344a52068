/* ai/local_tree.h - a JSON Schema as a tree of fields to be found, and back as a value.
 *
 * Objects nest LOCAL_NESTING_MAX deep; what is no object, text, number, truth or list of texts
 * stays without a field, and so without a value.
 *
 * Threads: one at a time.
 */
#ifndef AI_LOCAL_TREE_H
#define AI_LOCAL_TREE_H

#include "ai/local_wanted.h"
#include "base/arena.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>

/* Objects of a schema inside each other. */
#define LOCAL_NESTING_MAX 6

struct local_node {
    struct value name; /* of the property */
    struct value schema;
    size_t field; /* SIZE_MAX: none */
    bool is_object;
    bool is_list;
    bool is_required;
    bool may_be_null;
    struct local_node *children; /* in written order */
    struct local_node *next;
};

/* The schema's tree; its nodes live in the arena, its fields are added to wanted. */
struct local_node *local_tree_new(struct arena *arena, struct local_wanted *wanted,
                                  struct value schema);

/* Fields that the schema has room for, at most LOCAL_FIELDS_MAX. */
size_t local_tree_count(struct arena *arena, struct value schema);

/* The value of a field: VALUE_NONE if it was not found. */
typedef struct value local_tree_value_fn(void *context, size_t field);

/* The tree as a value. Without a value a property is null, if it may be; else left out, unless it
 * is required: then an empty list, or null, which the check of the answer will refuse. */
struct value local_tree_value(struct arena *arena, const struct local_node *node,
                              local_tree_value_fn *value_of, void *context);

#endif
