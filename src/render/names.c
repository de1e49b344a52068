#include "render/names.h"

enum status
names_check(struct value object, const char *what, const char *const *names, size_t count,
            struct error *error)
{
    for (uint32_t i = 0; i < object.count; i++) {
        struct slice name = value_slice(value_members(object)[i].key);
        bool is_known = false;
        for (size_t j = 0; j < count && !is_known; j++)
            is_known = slice_is(name, names[j]);
        if (is_known)
            continue;
        const char *nearest = slice_nearest(name, names, count);
        return error_set(error, STATUS_INVALID, "%s \"%.*s\" is not known%s%s%s", what,
                         SLICE_FORMAT(slice_cut(name, 100)),
                         nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
                         nearest == NULL ? "" : "\"?");
    }
    return STATUS_OK;
}
