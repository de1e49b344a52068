/* expr/access.h - reading, setting and deleting parts of values by key, slice and path.
 *
 * A key is a string (of an object), a number (of an array, negative from its end), or an object
 * {"start", "end"}, a slice of an array or string. Null stands for what is not there yet.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_ACCESS_H
#define EXPR_ACCESS_H

#include "expr/machine.h"

/* .[key] */
struct value access_get(struct expr_machine *machine, struct value container, struct value key);

/* .name or .[integer], the keys of static paths. */
static inline struct value
access_static(struct expr_machine *machine, struct value container, struct value key)
{
    if (container.kind == VALUE_OBJECT && key.kind == VALUE_STRING && key.count < 256)
        return value_find_or_null(container, value_slice(key));
    return access_get(machine, container, key);
}

/* {"start": from, "end": upto}; VALUE_NONE stands for null. */
struct value access_slice_key(struct expr_machine *machine, struct value from, struct value upto);

/* container with .[key] set; a body that is the owner's is changed in place (value_object_put());
 * owner 0: none is. */
struct value access_set(struct expr_machine *machine, uint32_t owner, struct value container,
                        struct value key, struct value value);

/* container without .[key]. */
struct value access_delete(struct expr_machine *machine, struct value container, struct value key);

/* Whether .[key] is there. */
struct value access_has(struct expr_machine *machine, struct value container, struct value key);

/* Along a path, an array of keys; nothing is raised for what is not there. */
struct value access_get_path(struct expr_machine *machine, struct value root, struct value path);
struct value access_set_path(struct expr_machine *machine, struct value root, struct value path,
                             struct value value);
/* Several paths at once, so that deleting one does not move the others. */
struct value access_delete_paths(struct expr_machine *machine, struct value root,
                                 struct value paths);

/* Where the smaller array stands in the larger one. */
struct value access_indices(struct expr_machine *machine, struct value array, struct value wanted);

native_fn access_native_setpath;
/* setpath of a fold's own state. */
native_fn access_native_setpath_owning;
native_fn access_native_delpaths;
native_fn access_native_has;

#endif
