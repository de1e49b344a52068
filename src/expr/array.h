/* expr/array.h - built-ins on arrays, objects and values of any kind.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_ARRAY_H
#define EXPR_ARRAY_H

#include "expr/machine.h"

native_fn array_native_length;
native_fn array_native_add;
native_fn array_native_reverse;
native_fn array_native_flatten; /* (depth) */
native_fn array_native_transpose;
native_fn array_native_contains; /* (part) */
native_fn array_native_indices;  /* (wanted) */
native_fn array_native_to_entries;
native_fn array_native_from_entries;
native_fn array_native_keys_unsorted;
native_fn array_native_not;
native_fn array_native_type;
native_fn array_native_error;
native_fn array_native_error_value; /* (error) */

#endif
