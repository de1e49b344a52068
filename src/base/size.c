#include "base/size.h"

#include <strings.h>

#define QUOTED_BYTES_MAX 40

static const struct {
    const char *name;
    int64_t bytes;
} units[] = {
    {"", 1},
    {"B", 1},
    {"KB", 1000},
    {"MB", 1000 * 1000},
    {"GB", INT64_C(1000) * 1000 * 1000},
    {"TB", INT64_C(1000) * 1000 * 1000 * 1000},
    {"KiB", 1 << 10},
    {"MiB", 1 << 20},
    {"GiB", 1 << 30},
    {"TiB", INT64_C(1) << 40},
};

/* 0: there is no such unit. */
static int64_t
unit_bytes(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (strlen(units[i].name) == name.size &&
            strncasecmp(units[i].name, name.ptr, name.size) == 0)
            return units[i].bytes;
    return 0;
}

enum status
size_parse(int64_t *out_bytes, struct slice text, struct error *error)
{
    size_t digits = 0;
    int64_t count = 0;
    *out_bytes = 0;
    while (digits < text.size && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    int64_t unit = unit_bytes(slice_trim(slice_of(text.ptr + digits, text.size - digits)));
    if (unit > 0 && slice_parse_int64(slice_of(text.ptr, digits), &count) &&
        !__builtin_mul_overflow(count, unit, out_bytes))
        return STATUS_OK;
    *out_bytes = 0;
    return error_set(error, STATUS_INVALID, "not a size (such as 64KiB, 8MiB or 2GB): \"%.*s\"",
                     SLICE_FORMAT(slice_cut(text, QUOTED_BYTES_MAX)));
}
