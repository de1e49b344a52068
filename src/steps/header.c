#include "steps/header.h"

#include <inttypes.h>

enum status
header_take(struct value *out, struct arena *arena, struct value names, struct error *error)
{
    struct value known = value_empty_object();
    *out = value_empty_array();
    for (uint32_t i = 0; i < names.count; i++) {
        struct value name = value_string_copy(arena, value_slice(value_items(names)[i]));
        if (name.kind == VALUE_STRING && value_find(known, value_slice(name)).kind != VALUE_NONE)
            return error_set(error, STATUS_INVALID, "header: \"%.*s\" is given twice",
                             SLICE_FORMAT(slice_cut(value_slice(name), 100)));
        if (name.kind == VALUE_STRING)
            known = value_object_set(arena, known, name, value_null());
        if (name.kind == VALUE_STRING && known.kind == VALUE_OBJECT)
            *out = value_array_append(arena, *out, name);
        if (out->count != i + 1)
            return error_set(error, STATUS_LIMIT, "header: the names are too long");
    }
    return STATUS_OK;
}

struct value
header_number(struct arena *arena, int64_t count)
{
    struct value names = value_empty_array();
    for (int64_t i = 1; i <= count; i++)
        names =
            value_array_append(arena, names, value_text(arena_format(arena, "column_%" PRId64, i)));
    return names;
}
