#include "steps/host.h"

#include <string.h>
#include <strings.h>

struct slice
host_of_url(struct slice url)
{
    url = slice_trim(url);
    bool is_tls = url.size > 8 && strncasecmp(url.ptr, "https://", 8) == 0;
    size_t begin = is_tls ? 8 : 7;
    size_t end = begin;
    if (!is_tls && (url.size <= 7 || strncasecmp(url.ptr, "http://", 7) != 0))
        return slice_of("", 0);
    while (end < url.size && strchr("/?#", url.ptr[end]) == NULL) {
        if (url.ptr[end++] == '@')
            begin = end;
    }
    struct slice host = slice_of(url.ptr + begin, end - begin);
    struct slice port = is_tls ? SLICE(":443") : SLICE(":80");
    bool is_default =
        host.size > port.size && memcmp(host.ptr + host.size - port.size, port.ptr, port.size) == 0;
    return is_default ? slice_cut(host, host.size - port.size) : host;
}
