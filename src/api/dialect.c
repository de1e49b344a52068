#include "api/dialect.h"

#include "api/native/native.h"
#include "api/sixtyfour/sixtyfour.h"
#include "api/tutor/tutor.h"
#include "api/wiserows/wiserows.h"

#include <assert.h>

/* One line each; of those that claim a path the first has it. */
const struct dialect *const dialects[DIALECT_COUNT] = {
    &native_dialect,
    &tutor_dialect,
    &sixtyfour_dialect,
    &wiserows_dialect,
};

static bool
is_claimed(const struct dialect *dialect, const struct http_request *request)
{
    for (const char *const *path = dialect->paths; *path != NULL; path++) {
        if (route_path_fits(*path, request))
            return true;
    }
    return false;
}

const struct dialect *
dialect_of(const struct http_request *request)
{
    /* Most requests are of this one: nothing else is looked at for them. */
    if (slice_is(http_request_segment(request, 0), "v1"))
        return dialects[0];
    for (size_t i = 1; i < DIALECT_COUNT; i++) {
        if (is_claimed(dialects[i], request))
            return dialects[i];
    }
    return dialects[0];
}

size_t
dialect_index(const struct dialect *dialect)
{
    size_t i = 0;
    while (i < DIALECT_COUNT && dialects[i] != dialect)
        i++;
    assert(i < DIALECT_COUNT);
    return i;
}
