/* The input is two URLs, one a line. With the memory of the first the second is read as without. */
#include "fuzz.h"

#include "base/limits.h"
#include "net/url.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, '\n', size);
    if (end == NULL)
        return 0;
    struct slice first = slice_of(text, (size_t)(end - text));
    struct slice second = slice_of(end + 1, size - first.size - 1);
    struct arena arena;
    struct url_memo memo = {0};
    struct url before, plain, again;
    struct error error = {0};
    arena_init(&arena, MIB(1));
    status_ignore(url_parse_again(&before, &memo, &arena, first, &error));
    enum status status = url_parse(&plain, &arena, second, &error);
    assert(url_parse_again(&again, &memo, &arena, second, &error) == status);
    if (status == STATUS_OK) {
        assert(strcmp(plain.text, again.text) == 0 && slice_equal(plain.host, again.host));
        assert(plain.port == again.port && plain.tls == again.tls);
        assert(plain.literal == again.literal && url_same_origin(&plain, &again));
    }
    arena_done(&arena);
    return 0;
}
