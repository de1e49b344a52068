#include "net/credential.h"

#include "base/status.h"

#include <strings.h>

static const char *const parts[] = {
    "auth", "cookie", "credential", "key", "password", "secret", "session", "signature", "token",
};

static bool
is_name(struct slice name, const char *wanted)
{
    return name.size == strlen(wanted) && strncasecmp(name.ptr, wanted, name.size) == 0;
}

static bool
has_part(struct slice name, const char *part)
{
    size_t size = strlen(part);
    for (size_t i = 0; i + size <= name.size; i++)
        if (strncasecmp(name.ptr + i, part, size) == 0)
            return true;
    return false;
}

/* An Idempotency-Key is no credential: the other server needs it as much. */
bool
credential_is_header(struct slice name)
{
    if (is_name(name, "host"))
        return true;
    if (is_name(name, "idempotency-key"))
        return false;
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (has_part(name, parts[i]))
            return true;
    return false;
}
