#include "render/address.h"

#include <strings.h>

static bool
has_scheme(struct slice address, const char *scheme)
{
    size_t size = strlen(scheme);
    return address.size > size && strncasecmp(address.ptr, scheme, size) == 0;
}

static bool
is_plain(struct slice address)
{
    for (size_t i = 0; i < address.size; i++) {
        unsigned char byte = (unsigned char)address.ptr[i];
        if (byte <= ' ' || byte == 0x7F || byte == '\\' || byte == '<' || byte == '>' ||
            byte == '"')
            return false;
    }
    return address.size > 0 && address.size <= ADDRESS_BYTES_MAX;
}

/* A colon before any of "/?#" ends a scheme. */
static bool
is_relative(struct slice address)
{
    for (size_t i = 0; i < address.size; i++) {
        if (address.ptr[i] == ':')
            return false;
        if (memchr("/?#", address.ptr[i], 3) != NULL)
            break;
    }
    return !slice_starts_with(address, SLICE("//"));
}

bool
address_is_web(struct slice address)
{
    size_t host = has_scheme(address, "https://") ? 8 : has_scheme(address, "http://") ? 7 : 0;
    return host > 0 && is_plain(address) && memchr("/?#:@", address.ptr[host], 5) == NULL;
}

bool
address_is_safe(struct slice address)
{
    if (!is_plain(address))
        return false;
    if (address.ptr[0] == '#')
        return address.size > 1;
    return address_is_web(address) || has_scheme(address, "mailto:") || is_relative(address);
}
