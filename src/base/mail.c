#include "base/mail.h"

#include <string.h>

/* RFC 5321, 4.5.3.1.1. */
#define LOCAL_BYTES_MAX 64

static bool
is_dot_atom(struct slice text, const char *more)
{
    bool was_dot = true;
    for (size_t i = 0; i < text.size; i++) {
        char sign = text.ptr[i];
        bool is_plain = (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z') ||
                        (sign >= '0' && sign <= '9') ||
                        (sign != '\0' && strchr(more, sign) != NULL);
        if (sign == '.' ? was_dot : !is_plain)
            return false;
        was_dot = sign == '.';
    }
    return !was_dot;
}

bool
mail_address_is_good(struct slice address)
{
    const char *at = address.size == 0 ? NULL : memchr(address.ptr, '@', address.size);
    if (at == NULL || address.size > MAIL_ADDRESS_BYTES_MAX)
        return false;
    size_t local = (size_t)(at - address.ptr);
    return local <= LOCAL_BYTES_MAX &&
           is_dot_atom(slice_of(address.ptr, local), "!#$%&'*+-/=?^_`{|}~") &&
           is_dot_atom(slice_of(at + 1, address.size - local - 1), "-");
}
